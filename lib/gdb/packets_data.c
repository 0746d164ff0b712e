/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that read and write registers and memory (GDB manual,
 * "Packets").  It must know the machine only through target.h.
 */
#include "gdb/packet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A debugger without the target description expects the registers that every
 * x86-64 has, and no more of them. */
static const struct regs_layout *
layout_of(struct stub *stub)
{
	static const struct regs_layout plain = { .xcr0 = 1 << XSAVE_X87 |
							  1 << XSAVE_SSE };

	return stub->client & CLIENT_PLAIN_REGS
		   ? &plain
		   : stub->ops->regs_layout(stub->ctx);
}

static unsigned
bank_of(unsigned number)
{
	static const unsigned banks[] = {
		[PLACE_CORE] = REGS_CORE,
		[PLACE_XSAVE] = REGS_XSAVE,
		[PLACE_CONTROL] = REGS_CONTROL,
	};

	return banks[regs_place(number)];
}

/* A register of stub->regs, whose bank has been read.  False if it is
 * unavailable. */
static bool
reg_value(struct stub *stub, const struct regs_layout *layout, unsigned number,
    uint8_t *value)
{
	return (!stub->framed || frame_has_reg(stub, number)) &&
	       regs_get(&stub->regs, layout, number, value);
}

static bool
write_unavailable(struct reply *reply, unsigned number)
{
	for (unsigned i = 0; i < regs_size(number); i++)
		if (!reply_text(reply, "xx"))
			return false;
	return true;
}

bool
reg_write(struct stub *stub, struct reply *reply, unsigned number)
{
	uint8_t value[REG_SIZE_MAX];

	if (!reg_value(stub, layout_of(stub), number, value))
		return write_unavailable(reply, number);
	return reply_hex(reply, value, regs_size(number));
}

/* The registers of `g`: the digits of those between unavailable ones at
 * once. */
static bool
write_regs(struct stub *stub, struct reply *reply)
{
	const struct regs_layout *layout = layout_of(stub);
	uint8_t block[REGS_SIZE_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < REG_COUNT; i++) {
		if (!regs_in_g(layout, i))
			continue;
		if (reg_value(stub, layout, i, block + n)) {
			n += regs_size(i);
			continue;
		}
		if (!reply_hex(reply, block, n) || !write_unavailable(reply, i))
			return false;
		n = 0;
	}
	return reply_hex(reply, block, n);
}

int
packet_read_regs(struct stub *stub, const struct args *args)
{
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	if (error != 0)
		return error;
	if (!stub_get_regs(stub, tid, REGS_CORE | REGS_XSAVE, &error))
		return error;
	if (!write_regs(stub, args->reply))
		return -EMSGSIZE;
	stub->sized = true;
	return REPLY_DATA;
}

/*
 * The registers of a `G` packet, which may hold only the first ones: digits
 * for each, or x for one that keeps its value.  Called once to check all of
 * them, and again to write.
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

		if (!regs_in_g(layout, i))
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
packet_write_regs(struct stub *stub, const struct args *args)
{
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

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
packet_read_reg(struct stub *stub, const struct args *args)
{
	unsigned number;
	int tid;
	int error = find_reg(stub, args, &number, &tid);

	if (error != 0)
		return error;
	if (!stub_get_regs(stub, tid, bank_of(number), &error))
		return error;
	return reply_done(reg_write(stub, args->reply, number));
}

/*
 * After a call of a function GDB writes back all that it has read, so an
 * unchanged value is accepted.  GDB shows the text of this error also in the
 * versions that do not announce that they take texts.
 */
static int
write_read_only(struct stub *stub, struct reply *reply, unsigned number,
    const uint8_t *value)
{
	uint8_t old[REG_SIZE_MAX];
	char text[96];

	regs_get(&stub->regs, layout_of(stub), number, old);
	if (memcmp(old, value, regs_size(number)) == 0)
		return REPLY_OK;
	snprintf(text, sizeof(text),
	    "%s belongs to the machine: it can be read, and not written",
	    regs_name(number));
	if (stub->client & CLIENT_NATIVE_SIGNALS)
		return reply_error(stub, reply, EPERM, text);
	return reply_sentence(reply, text);
}

int
packet_write_reg(struct stub *stub, const struct args *args)
{
	unsigned number;
	int tid;
	int error = find_reg(stub, args, &number, &tid);

	if (error != 0)
		return error;
	if (args->len != regs_size(number))
		return -EINVAL;
	if (!stub_get_regs(stub, tid, bank_of(number), &error))
		return error;
	if (regs_is_read_only(number))
		return write_read_only(stub, args->reply, number, args->bytes);
	if (!regs_set(&stub->regs, layout_of(stub), number, args->bytes))
		return -EIO;
	return stub_put_regs(stub, bank_of(number));
}

/*
 * So much is copied at a time: it is encoded from the nearest cache, while the
 * target fetches what follows.
 */
#define PIECE 4096U

/* As many bytes as are moved at a time, at most. */
#define LINE 64U

struct piece {
	uint8_t room[PIECE + LINE];
};

/*
 * Some processors copy ten times slower to an address that lies within a line
 * after the source's in its page: here both lie alike in their lines.
 */
static uint8_t *
place_for(struct piece *piece, uint64_t addr)
{
	return piece->room + ((addr - (uintptr_t)piece->room) & (LINE - 1));
}

/*
 * Memory for a reply: all of it in the machine, where nothing can change it
 * meanwhile, or a copy of a piece.  Returns how much, or -errno.
 */
static int64_t
look_at(struct stub *stub, int tid, uint64_t addr, size_t len,
    struct piece *piece, const uint8_t **bytes)
{
	const struct target_ops *ops = stub->ops;
	uint8_t *copy = place_for(piece, addr);
	size_t n = 0;

	if (ops->view_mem && !stub->framed && stub->state == STUB_STOPPED &&
	    !stub->nonstop)
		n = ops->view_mem(stub->ctx, tid, addr, len, bytes);
	if (n > 0)
		return (int64_t)n;
	n = len < PIECE ? len : PIECE;
	*bytes = copy;
	return stub->framed ? frame_read_mem(stub, tid, addr, copy, n)
			    : ops->read_mem(stub->ctx, tid, addr, copy, n);
}

/* Put memory into the reply.  A range that is only partly mapped gives the
 * bytes before the gap. */
static int
put_mem(struct stub *stub, const struct args *args, bool binary)
{
	const size_t room = reply_room(args->reply);
	const size_t len = args->num[1] < room ? (size_t)args->num[1] : room;
	struct piece piece;
	const uint8_t *bytes;
	size_t done = 0;
	int64_t n = 0;
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	if (error != 0 || len == 0)
		return error != 0 ? error : REPLY_DATA;
	for (; done < len; done += (size_t)n) {
		n = look_at(
		    stub, tid, args->num[0] + done, len - done, &piece, &bytes);
		if (n <= 0)
			break;
		if (binary)
			reply_binary(args->reply, bytes, (size_t)n);
		else
			reply_hex(args->reply, bytes, (size_t)n);
	}
	if (done > 0)
		return REPLY_DATA;
	return n < 0 ? (int)n : -EFAULT;
}

/*
 * The reply to GDB 16's `x` begins with 'b'; the one to LLDB's has nothing
 * before the bytes.
 */
static int
read_mem(struct stub *stub, const struct args *args, bool binary)
{
	if (binary && !(stub->client & CLIENT_NATIVE_SIGNALS))
		reply_text(args->reply, "b");
	return put_mem(stub, args, binary);
}

static bool
is_expected(const struct stub *stub, const struct args *args, bool binary)
{
	const struct stub_ahead *a = &stub->ahead;

	return a->packet + 1 == stub->packets && a->addr == args->num[0] &&
	       a->len == args->num[1] && a->thread == args->thread &&
	       a->binary == binary;
}

static int
serve_read(struct stub *stub, const struct args *args, bool binary)
{
	const bool continues = is_expected(stub, args, binary);
	const bool made = continues && stub->ahead.made;

	stub->ahead = (struct stub_ahead){
		.packet = stub->packets,
		.addr = args->num[0] + args->num[1],
		.len = args->num[1],
		.thread = args->thread,
		.binary = binary,
		.continues = continues,
	};
	return made ? REPLY_AHEAD : read_mem(stub, args, binary);
}

int
packet_read_on(struct stub *stub, struct reply *reply)
{
	const struct stub_ahead *a = &stub->ahead;
	const struct args args = {
		.num = { a->addr, a->len }, .thread = a->thread, .reply = reply
	};

	return read_mem(stub, &args, a->binary);
}

int
packet_read_mem(struct stub *stub, const struct args *args)
{
	return serve_read(stub, args, false);
}

/* LLDB's x0,0 asks whether the packet is supported. */
int
packet_read_binary(struct stub *stub, const struct args *args)
{
	if (stub->client & CLIENT_NATIVE_SIGNALS && args->num[1] == 0)
		return REPLY_OK;
	return serve_read(stub, args, true);
}

/*
 * M and X.  A range that is only partly mapped is written up to the gap; the
 * reply is an error then also.
 */
int
packet_write_mem(struct stub *stub, const struct args *args)
{
	int64_t n;
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

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
packet_features(struct stub *stub, const struct args *args)
{
	static const char annex[] = "target.xml";
	struct text text;

	if (args->text_len != sizeof(annex) - 1 ||
	    memcmp(args->text, annex, args->text_len) != 0)
		return -ENOENT;
	text_init(&text, stub->text, sizeof(stub->text));
	stub->client &= ~(unsigned)CLIENT_PLAIN_REGS;
	regs_xml(layout_of(stub), &text);
	return reply_slice(args->reply, &text, args->num[0], args->num[1]);
}

/* The kernel's siginfo_t of a thread, whose type GDB knows by the osabi. */
static int
get_siginfo(struct stub *stub, const struct args *args, int *tid,
    uint8_t info[TARGET_SIGINFO_SIZE])
{
	int error = stub_thread(stub, args->thread, tid);

	if (error != 0)
		return error;
	if (args->text_len != 0) /* this object has no annex */
		return -ENOENT;
	return stub->ops->siginfo(stub->ctx, *tid, info);
}

int
packet_siginfo(struct stub *stub, const struct args *args)
{
	struct text text = { .buf = stub->text,
		.size = TARGET_SIGINFO_SIZE,
		.len = TARGET_SIGINFO_SIZE };
	int tid;
	int error = get_siginfo(stub, args, &tid, (uint8_t *)stub->text);

	if (error != 0)
		return error;
	return reply_slice(args->reply, &text, args->num[0], args->num[1]);
}

/* A part of it is written; the reply is the number of bytes. */
int
packet_set_siginfo(struct stub *stub, const struct args *args)
{
	uint8_t info[TARGET_SIGINFO_SIZE];
	int tid;
	int error = get_siginfo(stub, args, &tid, info);

	if (error != 0)
		return error;
	if (args->len > sizeof(info) || args->num[0] > sizeof(info) - args->len)
		return -EINVAL;
	memcpy(info + args->num[0], args->bytes, args->len);
	error = stub->ops->set_siginfo(stub->ctx, tid, info);
	if (error != 0)
		return error;
	return reply_done(reply_number(args->reply, args->len));
}
