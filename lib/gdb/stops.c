/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stop replies: why the machine stopped, for GDB and for LLDB (GDB manual,
 * "Stop Reply Packets"; LLDB's docs/lldb-gdb-remote.txt).  It must not know
 * how the machine was stopped.
 */
#include "gdb/packet.h"
#include "gdb/signals.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* ORDER stop_kind in target.h. */
static const struct {
	const char *key;    /* in a stop reply, or NULL */
	const char *reason; /* in LLDB's words, or NULL */
	int signal;         /* 0: the stop's own */
	unsigned needs;     /* of enum stub_client, for the key */
	bool addr;          /* the key's value is the address */
	bool number;        /* the key's value is the hypercall's number */
	const char *value;  /* that value, or NULL */
} kinds[] = {
	[STOP_NONE] = { NULL, NULL, SIGTRAP, 0, false, false, NULL },
	[STOP_SIGNAL] = { NULL, "signal", 0, 0, false, false, NULL },
	[STOP_INTERRUPT] = { NULL, "signal", SIGINT, 0, false, false, NULL },
	[STOP_STEP] = { NULL, "trace", SIGTRAP, 0, false, false, NULL },
	[STOP_BREAK] = { "swbreak", "breakpoint", SIGTRAP, CLIENT_SWBREAK,
	    false, false, NULL },
	[STOP_HWBREAK] = { "hwbreak", "breakpoint", SIGTRAP, CLIENT_HWBREAK,
	    false, false, NULL },
	[STOP_INT3] = { NULL, "signal", 0, 0, false, false, NULL },
	[STOP_WATCH_WRITE] = { "watch", NULL, SIGTRAP, 0, true, false, NULL },
	[STOP_WATCH_READ] = { "rwatch", NULL, SIGTRAP, 0, true, false, NULL },
	[STOP_WATCH_ACCESS] = { "awatch", NULL, SIGTRAP, 0, true, false, NULL },
	[STOP_SYSCALL_ENTRY] = { "syscall_entry", NULL, SIGTRAP, 0, false, true,
	    NULL },
	[STOP_SYSCALL_RETURN] = { "syscall_return", NULL, SIGTRAP, 0, false,
	    true, NULL },
	[STOP_THREAD_CREATED] = { "create", NULL, SIGTRAP, 0, false, false,
	    NULL },
	[STOP_THREAD_EXITED] = { NULL, NULL, SIGTRAP, 0, false, false, NULL },
	[STOP_HISTORY_BEGIN] = { "replaylog", NULL, SIGTRAP, 0, false, false,
	    "begin" },
	[STOP_HISTORY_END] = { "replaylog", NULL, SIGTRAP, 0, false, false,
	    "end" },
	/* After another stop GDB might go on with what it was about to do. */
	[STOP_PLACE] = { NULL, NULL, 0, 0, false, false, NULL },
};

/* The registers in every stop reply: GDB reads them after each step. */
static const enum reg_number expedited[] = { REG_rbp, REG_rsp, REG_rip };

#define EXPEDITED (sizeof(expedited) / sizeof(expedited[0]))

/* In a stop reply to LLDB: bytes of a stack, and how many threads beside the
 * one that stopped are shown with registers and stack. */
#define STACK_SHOWN  256
#define FRAMES_SHOWN 8

static int
to_client(const struct stub *stub, int number)
{
	return stub->client & CLIENT_NATIVE_SIGNALS ? number
						    : signal_to_gdb(number);
}

int
signal_of(const struct stub *stub, uint64_t number)
{
	if (number > 255)
		return -1;
	if (!(stub->client & CLIENT_NATIVE_SIGNALS))
		return signal_from_gdb((int)number);
	return number <= SIGNALS_LINUX_MAX ? (int)number : -1;
}

/*
 * Its signal, as the debugger numbers it.  A thread other than the one that
 * stopped has none.  For STOP_NONE GDB gets SIGTRAP, which it never passes to
 * the guest; LLDB would take SIGTRAP for a hit of the breakpoint that it has
 * just set at the entry, and resume, so it gets SIGSTOP.
 */
static int
stop_signal(const struct stub *stub, int tid)
{
	int number = kinds[stub->stop.kind].signal;

	if (tid != stub->stop.tid)
		return 0;
	if (stub->stop.kind == STOP_NONE &&
	    stub->client & CLIENT_NATIVE_SIGNALS)
		return SIGSTOP;
	return to_client(stub, number != 0 ? number : stub->stop.signal);
}

/* Why the thread stopped, in LLDB's words, or NULL. */
static const char *
stop_reason(const struct stub *stub, int tid)
{
	if (tid != stub->stop.tid)
		return NULL;
	return kinds[stub->stop.kind].reason;
}

static bool
write_process(struct stub *stub, struct reply *reply)
{
	if (!(stub->client & CLIENT_MULTIPROCESS))
		return true;
	return reply_text(reply, ";process:") &&
	       reply_number(reply, (uint64_t)stub_pid(stub));
}

static bool
write_end(struct stub *stub, struct reply *reply)
{
	bool exited = stub->stop.kind == STOP_EXITED;
	int number = exited ? stub->stop.status
			    : to_client(stub, stub->stop.signal);

	return reply_text(reply, exited ? "W" : "X") &&
	       reply_byte(reply, (unsigned)number) &&
	       write_process(stub, reply);
}

/* The end of a thread, which has no registers any more. */
static bool
write_thread_end(struct stub *stub, struct reply *reply)
{
	return reply_text(reply, "w") &&
	       reply_byte(reply, (unsigned)stub->stop.status) &&
	       reply_text(reply, ";") &&
	       thread_write(stub, reply, stub->stop.tid);
}

/* gdb saves a trace in blocks of the size of the reply to `g`, which it takes
 * for that of all registers before it has seen one: so it has to ask. */
static bool
must_ask(const struct stub *stub)
{
	const unsigned gdb = stub->client &
			     (CLIENT_SWBREAK | CLIENT_LIST_THREADS);

	return stub->ops->trace && !stub->sized && gdb == CLIENT_SWBREAK;
}

static bool
write_expedited(struct stub *stub, struct reply *reply, int tid)
{
	int error;

	if (must_ask(stub) || !stub_get_regs(stub, tid, REGS_CORE, &error))
		return true;
	for (size_t i = 0; i < EXPEDITED; i++)
		if (!reply_byte(reply, expedited[i]) ||
		    !reply_text(reply, ":") ||
		    !reg_write(stub, reply, expedited[i]) ||
		    !reply_text(reply, ";"))
			return false;
	return true;
}

static bool
write_reason(struct stub *stub, struct reply *reply)
{
	const struct stop *stop = &stub->stop;
	unsigned needs = kinds[stop->kind].needs;
	bool written;

	if (!kinds[stop->kind].key || (stub->client & needs) != needs)
		return true;
	written = reply_text(reply, kinds[stop->kind].key) &&
		  reply_text(reply, ":");
	if (kinds[stop->kind].value)
		written = written && reply_text(reply, kinds[stop->kind].value);
	if (kinds[stop->kind].addr)
		written = written && reply_number(reply, stop->addr);
	if (kinds[stop->kind].number)
		written = written &&
			  reply_number(reply, (uint64_t)stop->status);
	return written && reply_text(reply, ";");
}

/* All threads and their pcs, which saves LLDB a packet per thread. */
static bool
write_threads(struct stub *stub, struct reply *reply)
{
	int tids[TARGET_THREADS_MAX];
	size_t n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);
	bool written = reply_text(reply, "threads:");
	struct regs *regs;
	int error;

	for (size_t i = 0; i < n; i++)
		written = written && (i == 0 || reply_text(reply, ",")) &&
			  thread_write(stub, reply, tids[i]);
	written = written && reply_text(reply, ";thread-pcs:");
	for (size_t i = 0; i < n; i++) {
		regs = stub_get_regs(stub, tids[i], REGS_CORE, &error);
		written = written && (i == 0 || reply_text(reply, ",")) &&
			  reply_number(reply, regs ? regs->rip : 0);
	}
	return written && reply_text(reply, ";");
}

void
json_stop(const struct stub *stub, struct text *out, int tid)
{
	const char *reason = stop_reason(stub, tid);

	text_printf(out, "\"tid\":%d", tid);
	if (stop_signal(stub, tid) != 0)
		text_printf(out, ",\"signal\":%d", stop_signal(stub, tid));
	if (reason)
		text_printf(out, ",\"reason\":\"%s\"", reason);
}

/* The memory that LLDB reads to find callers: bytes[returned], 0 if there is
 * none. */
static size_t
read_stack(struct stub *stub, int tid, uint64_t at, uint8_t bytes[STACK_SHOWN])
{
	int64_t n = stub->ops->read_mem(stub->ctx, tid, at, bytes, STACK_SHOWN);

	return n > 0 ? (size_t)n : 0;
}

static void
json_hex(struct text *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_printf(out, "%02x", bytes[i]);
}

/* A thread's registers and stack, for LLDB to unwind it. */
static void
json_frame(struct stub *stub, struct text *out, int tid)
{
	const struct regs_layout *layout = stub->ops->regs_layout(stub->ctx);
	uint8_t value[REG_SIZE_MAX], bytes[STACK_SHOWN];
	int error;
	size_t n;

	if (!stub_get_regs(stub, tid, REGS_CORE, &error))
		return;
	for (size_t i = 0; i < EXPEDITED; i++) {
		regs_get(&stub->regs, layout, expedited[i], value);
		text_printf(out, "%s\"%u\":\"",
		    i == 0 ? ",\"registers\":{" : ",", expedited[i]);
		json_hex(out, value, regs_size(expedited[i]));
		text_printf(out, "\"");
	}
	n = read_stack(stub, tid, stub->regs.rsp, bytes);
	text_printf(out, "},\"memory\":[{\"address\":%" PRIu64 ",\"bytes\":\"",
	    stub->regs.rsp);
	json_hex(out, bytes, n);
	text_printf(out, "\"}]");
}

/*
 * The state of all threads.  LLDB takes those that are not in this list for
 * threads without a reason to stop, and asks about each without a list.
 */
static bool
write_reasons(struct stub *stub, struct reply *reply, int tid)
{
	int tids[TARGET_THREADS_MAX];
	size_t n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);
	size_t frames = 0;
	struct text text;

	text_init(&text, stub->text, sizeof(stub->text));
	text_printf(&text, "[{");
	json_stop(stub, &text, tid);
	for (size_t i = 0; i < n && frames < FRAMES_SHOWN; i++) {
		if (tids[i] == tid)
			continue;
		text_printf(&text, "},{");
		json_stop(stub, &text, tids[i]);
		json_frame(stub, &text, tids[i]);
		frames++;
	}
	text_printf(&text, "}]");
	return reply_text(reply, "jstopinfo:") &&
	       reply_hex(reply, text.buf, text.len) && reply_text(reply, ";");
}

static bool
write_memory(struct stub *stub, struct reply *reply, int tid, uint64_t at)
{
	uint8_t bytes[STACK_SHOWN];
	size_t n = read_stack(stub, tid, at, bytes);

	if (n == 0)
		return true;
	return reply_text(reply, "memory:0x") && reply_number(reply, at) &&
	       reply_text(reply, "=") && reply_hex(reply, bytes, n) &&
	       reply_text(reply, ";");
}

/* The stack of the thread that stopped, and its frame if that is elsewhere. */
static bool
write_stack(struct stub *stub, struct reply *reply, int tid)
{
	int error;
	const struct regs *regs = stub_get_regs(stub, tid, REGS_CORE, &error);

	if (!regs)
		return true;
	return write_memory(stub, reply, tid, regs->rsp) &&
	       (regs->rbp - regs->rsp < STACK_SHOWN - 16 ||
		   write_memory(stub, reply, tid, regs->rbp));
}

static bool
write_lldb(struct stub *stub, struct reply *reply, int tid)
{
	const char *reason = stop_reason(stub, tid);

	if (!(stub->client & CLIENT_LIST_THREADS))
		return true;
	if (reason && !(reply_text(reply, "reason:") &&
			  reply_text(reply, reason) && reply_text(reply, ";")))
		return false;
	return write_threads(stub, reply) && write_stack(stub, reply, tid) &&
	       write_reasons(stub, reply, tid);
}

bool
stop_reply(struct stub *stub, struct reply *reply, int tid)
{
	if (stub->state == STUB_GONE)
		return write_end(stub, reply);
	if (stub->stop.kind == STOP_THREAD_EXITED && tid == stub->stop.tid)
		return write_thread_end(stub, reply);
	return reply_text(reply, "T") &&
	       reply_byte(reply, (unsigned)stop_signal(stub, tid)) &&
	       (tid != stub->stop.tid || write_reason(stub, reply)) &&
	       reply_text(reply, "thread:") && thread_write(stub, reply, tid) &&
	       reply_text(reply, ";") && write_expedited(stub, reply, tid) &&
	       write_lldb(stub, reply, tid);
}
