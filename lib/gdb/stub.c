/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session: packets in, replies out, stops in between.  It must not know
 * what single packets mean, nor KVM, sockets or files.
 */
#include "gdb/packet.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void
stub_init(struct stub *stub, const struct target_ops *ops, void *ctx)
{
	memset(stub, 0, sizeof(*stub));
	stub->ops = ops;
	stub->ctx = ctx;
	stub->state = STUB_RUNNING;
}

int
stub_pid(struct stub *stub)
{
	return stub->ops->pid ? stub->ops->pid(stub->ctx) : 1;
}

int
stub_attach(struct stub *stub)
{
	stub->attached = true;
	if (stub->state != STUB_RUNNING)
		return 0;
	stub->attaching = true;
	stub->ops->interrupt(stub->ctx);
	return 0;
}

static void
close_files(struct stub *stub)
{
	for (size_t i = 0; i < STUB_FILES_MAX; i++) {
		if (stub->files[i].open && stub->ops->close_file)
			stub->ops->close_file(stub->ctx, stub->files[i].file);
		stub->files[i].open = false;
	}
}

void
stub_let_go(struct stub *stub)
{
	stub->attaching = false;
	stub->awaited = false;
	stub->interrupted = false;
	stub->regs_banks = 0;
	if (stub->attached && stub->state != STUB_GONE) {
		stub->ops->detach(stub->ctx);
		stub->state = STUB_RUNNING;
	}
	stub->attached = false;
}

void
stub_open(struct stub *stub)
{
	assert(!stub->open);
	rsp_init(&stub->rsp);
	stub->open = true;
	stub->close = false;
	stub->client = 0;
	stub->general = TARGET_ALL;
	stub->resumed = TARGET_ALL;
	stub_attach(stub);
}

void
stub_closed(struct stub *stub)
{
	if (!stub->open)
		return;
	close_files(stub);
	stub_let_go(stub);
	stub->open = false;
}

bool
stub_wants_input(const struct stub *stub)
{
	return stub->open && !stub->close && !stub->attaching &&
	       !rsp_pending(&stub->rsp);
}

bool
stub_wants_close(const struct stub *stub)
{
	return stub->open && stub->close && !rsp_pending(&stub->rsp);
}

const uint8_t *
stub_output(const struct stub *stub, size_t *n)
{
	return rsp_output(&stub->rsp, n);
}

void
stub_sent(struct stub *stub, size_t n)
{
	rsp_sent(&stub->rsp, n);
}

int
reply_done(bool written)
{
	return written ? REPLY_DATA : -EMSGSIZE;
}

static void
write_error(struct stub *stub, struct reply *reply, int error)
{
	const char *text = strerror(error);

	if (stub->client & CLIENT_ERROR_TEXT) {
		reply_text(reply, "E.");
		reply_binary(reply, text, strlen(text));
		return;
	}
	reply_text(reply, "E");
	reply_byte(reply, (unsigned)error);
	if (stub->client & CLIENT_ERROR_STRINGS) {
		reply_text(reply, ";");
		reply_hex(reply, text, strlen(text));
	}
}

/*
 * The one place that answers.  What is unsupported is told as an unknown
 * packet, which makes the debugger do without it.
 */
static void
conclude(struct stub *stub, int result)
{
	struct reply *reply = &stub->reply;

	if (result == REPLY_LATER || result == REPLY_NONE)
		return;
	if (result != REPLY_DATA)
		reply->len = 0;
	if (result == REPLY_OK)
		reply_text(reply, "OK");
	else if (result < 0 && result != -EOPNOTSUPP)
		write_error(stub, reply, -result);
	rsp_send(&stub->rsp, reply);
}

static void
on_packet(struct stub *stub)
{
	stub->reply.len = 0;
	conclude(stub,
	    packet_run(stub, stub->rsp.packet, stub->rsp.len, &stub->reply));
}

static void
on_event(struct stub *stub, enum rsp_event event)
{
	static const struct args none;

	switch (event) {
	case RSP_NONE: break;
	case RSP_PACKET: on_packet(stub); break;
	case RSP_INTERRUPT: packet_interrupt(stub, &none, NULL); break;
	case RSP_TOO_LONG: conclude(stub, -E2BIG); break;
	case RSP_MALFORMED: conclude(stub, -EINVAL); break;
	case RSP_DAMAGED: conclude(stub, -EBADMSG); break;
	}
}

size_t
stub_input(struct stub *stub, const uint8_t *bytes, size_t n)
{
	size_t used = 0;
	size_t took;

	while (used < n && stub_wants_input(stub)) {
		enum rsp_event event = rsp_feed(
		    &stub->rsp, bytes + used, n - used, &took);

		used += took;
		on_event(stub, event);
	}
	return used;
}

int
stub_resume(struct stub *stub, const struct target_resume *how)
{
	int error;

	stub->regs_banks = 0;
	stub->interrupted = false;
	error = stub->ops->resume(stub->ctx, how);
	if (error != 0)
		return error;
	stub->state = STUB_RUNNING;
	stub->awaited = true;
	return REPLY_LATER;
}

static bool
ends(enum stop_kind kind)
{
	return kind == STOP_EXITED || kind == STOP_KILLED;
}

/* An interrupt that nobody typed was ours, to attach: nothing happened. */
void
stub_stop(struct stub *stub, const struct stop *stop)
{
	bool told = stub->awaited;

	stub->stop = *stop;
	if (stop->kind == STOP_INTERRUPT && !stub->interrupted)
		stub->stop.kind = STOP_NONE;
	stub->state = ends(stop->kind) ? STUB_GONE : STUB_STOPPED;
	stub->attaching = false;
	stub->awaited = false;
	stub->interrupted = false;
	stub->regs_banks = 0;
	stub->general = TARGET_ALL;
	if (!told)
		return;
	stub->reply.len = 0;
	conclude(
	    stub, reply_done(stop_reply(stub, &stub->reply, stub->stop.tid)));
}

void
stub_restarted(struct stub *stub)
{
	int tid = 0;

	stub->ops->threads(stub->ctx, &tid, 1);
	stub->stop = (struct stop){ .kind = STOP_NONE, .tid = tid };
	stub->state = STUB_STOPPED;
	stub->attached = true;
	stub->regs_banks = 0;
	stub->general = TARGET_ALL;
}

bool
thread_alive(struct stub *stub, int tid)
{
	int tids[TARGET_THREADS_MAX];
	size_t n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);

	for (size_t i = 0; i < n; i++)
		if (tids[i] == tid)
			return true;
	return false;
}

int
stub_thread(struct stub *stub, int id, int *tid)
{
	*tid = id > 0 ? id : stub->stop.tid;
	return thread_alive(stub, *tid) ? 0 : -ESRCH;
}

struct regs *
stub_get_regs(struct stub *stub, int tid, unsigned banks, int *error)
{
	if (stub->regs_tid != tid)
		stub->regs_banks = 0;
	stub->regs_tid = tid;
	banks &= ~stub->regs_banks;
	*error = 0;
	if (banks != 0)
		*error = stub->ops->read_regs(
		    stub->ctx, tid, &stub->regs, banks);
	if (*error != 0)
		return NULL;
	stub->regs_banks |= banks;
	return &stub->regs;
}

/* They are read again: the hardware may have made something else of them. */
int
stub_put_regs(struct stub *stub, unsigned banks)
{
	stub->regs_banks = 0;
	return stub->ops->write_regs(
	    stub->ctx, stub->regs_tid, &stub->regs, banks);
}
