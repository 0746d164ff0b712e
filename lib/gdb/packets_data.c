/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that read and write registers and memory (GDB manual,
 * "Packets").  It must not know the machine but through target.h.
 */
#include "gdb/packet.h"

#include <errno.h>
#include <string.h>

static const struct regs_layout *
layout_of(struct stub *stub)
{
	return stub->ops->regs_layout(stub->ctx);
}

static unsigned
bank_of(unsigned number)
{
	return regs_in_core(number) ? REGS_CORE : REGS_XSAVE;
}

/* A register of stub->regs, whose bank has been read. */
bool
reg_write(struct stub *stub, struct reply *reply, unsigned number)
{
	uint8_t value[REG_SIZE_MAX];

	if (regs_get(&stub->regs, layout_of(stub), number, value))
		return reply_hex(reply, value, regs_size(number));
	for (unsigned i = 0; i < regs_size(number); i++)
		if (!reply_text(reply, "xx"))
			return false;
	return true;
}

int
packet_read_regs(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	const struct regs_layout *layout = layout_of(stub);
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	if (error != 0)
		return error;
	if (!stub_get_regs(stub, tid, REGS_CORE | REGS_XSAVE, &error))
		return error;
	for (unsigned i = 0; i < REG_COUNT; i++)
		if (regs_has(layout, i) && !reg_write(stub, reply, i))
			return -EMSGSIZE;
	return REPLY_DATA;
}

/*
 * The registers of a `G` packet, which may be fewer than there are: each one
 * as it comes, or x for one to be left alone.  All are looked at before any
 * is written.
 */
static int
take_regs(struct stub *stub, const struct args *args, bool write)
{
	const struct regs_layout *layout = layout_of(stub);
	uint8_t value[REG_SIZE_MAX];
	const uint8_t *at = args->bytes;
	size_t left = args->len;

	for (unsigned i = 0; i < REG_COUNT && left > 0; i++) {
		unsigned size = regs_size(i);

		if (!regs_has(layout, i))
			continue;
		if (left < 2 * (size_t)size)
			return -EINVAL;
		if (hex_decode(value, at, size)) {
			if (write)
				regs_set(&stub->regs, layout, i, value);
		} else if (*at != 'x') {
			return -EINVAL;
		}
		at += 2 * (size_t)size;
		left -= 2 * (size_t)size;
	}
	return left == 0 && args->len > 0 ? 0 : -EINVAL;
}

int
packet_write_regs(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	(void)reply;
	if (error == 0)
		error = take_regs(stub, args, false);
	if (error != 0)
		return error;
	if (!stub_get_regs(stub, tid, REGS_CORE | REGS_XSAVE, &error))
		return error;
	take_regs(stub, args, true);
	return stub_put_regs(stub, REGS_CORE | REGS_XSAVE);
}

static int
find_reg(struct stub *stub, const struct args *args, unsigned *number, int *tid)
{
	if (args->num[0] >= REG_COUNT)
		return -EINVAL;
	*number = (unsigned)args->num[0];
	if (!regs_has(layout_of(stub), *number))
		return -EINVAL;
	return stub_thread(stub, args->thread, tid);
}

int
packet_read_reg(struct stub *stub, const struct args *args, struct reply *reply)
{
	unsigned number;
	int tid;
	int error = find_reg(stub, args, &number, &tid);

	if (error != 0)
		return error;
	if (!stub_get_regs(stub, tid, bank_of(number), &error))
		return error;
	return reply_done(reg_write(stub, reply, number));
}

int
packet_write_reg(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	unsigned number;
	int tid;
	int error = find_reg(stub, args, &number, &tid);

	(void)reply;
	if (error != 0)
		return error;
	if (args->len != regs_size(number))
		return -EINVAL;
	if (!stub_get_regs(stub, tid, bank_of(number), &error))
		return error;
	if (!regs_set(&stub->regs, layout_of(stub), number, args->bytes))
		return -EIO;
	return stub_put_regs(stub, bank_of(number));
}

/*
 * Memory for a reply of which `before` bytes are something else: where it
 * lies, or read into the reply, from where `append` spreads the bytes out.
 * Fewer than asked for is an answer, too.
 */
static int
read_mem(struct stub *stub, const struct args *args, struct reply *reply,
    size_t before, const uint8_t **bytes, size_t *got)
{
	const struct target_ops *ops = stub->ops;
	size_t room = (RSP_PACKET_MAX - before) / 2;
	size_t len = args->num[1] < room ? (size_t)args->num[1] : room;
	uint8_t *hole = reply_hole(reply, before, len);
	int64_t n;
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	*bytes = hole;
	*got = 0;
	if (error != 0 || len == 0)
		return error;
	if (ops->view_mem)
		*got = ops->view_mem(stub->ctx, tid, args->num[0], len, bytes);
	if (*got > 0)
		return 0;
	n = ops->read_mem(stub->ctx, tid, args->num[0], hole, len);
	if (n <= 0)
		return n < 0 ? (int)n : -EFAULT;
	*got = (size_t)n;
	return 0;
}

int
packet_read_mem(struct stub *stub, const struct args *args, struct reply *reply)
{
	const uint8_t *bytes;
	size_t n;
	int error = read_mem(stub, args, reply, 0, &bytes, &n);

	if (error != 0)
		return error;
	return reply_done(reply_hex(reply, bytes, n));
}

/*
 * GDB 16's `x` begins its answer with 'b'; LLDB's has nothing before the
 * bytes, and x0,0 asks whether there is such a packet.
 */
int
packet_read_binary(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	bool lldb = (stub->client & CLIENT_NATIVE_SIGNALS) != 0;
	const uint8_t *bytes;
	size_t n;
	int error;

	if (lldb && args->num[1] == 0)
		return REPLY_OK;
	error = read_mem(stub, args, reply, 1, &bytes, &n);
	if (error != 0)
		return error;
	if (!lldb)
		reply_text(reply, "b");
	return reply_done(reply_binary(reply, bytes, n) == n);
}

/*
 * M and X.  What could be written of a range that is not all there stays
 * written; the answer is an error all the same.
 */
int
packet_write_mem(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	int64_t n;
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	(void)reply;
	if (error != 0)
		return error;
	if (args->num[1] != args->len)
		return -EINVAL;
	if (args->len == 0)
		return REPLY_OK;
	n = stub->ops->write_mem(
	    stub->ctx, tid, args->num[0], args->bytes, args->len);
	if (n < 0)
		return (int)n;
	return (size_t)n == args->len ? REPLY_OK : -EFAULT;
}

int
packet_features(struct stub *stub, const struct args *args, struct reply *reply)
{
	static const char annex[] = "target.xml";
	struct text text;

	if (args->text_len != sizeof(annex) - 1 ||
	    memcmp(args->text, annex, args->text_len) != 0)
		return -ENOENT;
	text_init(&text, stub->text, sizeof(stub->text));
	regs_xml(layout_of(stub), &text);
	return reply_slice(reply, &text, args->num[0], args->num[1]);
}

/* The kernel's siginfo_t, which GDB knows by its osabi. */
int
packet_siginfo(struct stub *stub, const struct args *args, struct reply *reply)
{
	struct text text = { .buf = stub->text, .size = 128, .len = 128 };
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	if (error == 0)
		error = stub->ops->siginfo(
		    stub->ctx, tid, (uint8_t *)stub->text);
	if (error != 0)
		return error;
	return reply_slice(reply, &text, args->num[0], args->num[1]);
}
