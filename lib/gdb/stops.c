/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stop replies: why the machine stopped, as GDB and LLDB want to be told (GDB
 * manual, "Stop Reply Packets"; LLDB's docs/lldb-gdb-remote.txt).  It must not
 * know how it stopped.
 */
#include "gdb/packet.h"
#include "gdb/signals.h"

#include <signal.h>
#include <string.h>

/* ORDER stop_kind in target.h. */
static const struct {
	const char *key;    /* in a stop reply; the address follows for some */
	const char *reason; /* in LLDB's words */
	int signal;         /* 0: the stop's own */
	unsigned needs;     /* of enum stub_client, to be told the key */
	bool addr;
	bool number; /* of the hypercall */
} kinds[] = {
	[STOP_NONE] = { NULL, NULL, SIGTRAP, 0, false, false },
	[STOP_SIGNAL] = { NULL, "signal", 0, 0, false, false },
	[STOP_INTERRUPT] = { NULL, "signal", SIGINT, 0, false, false },
	[STOP_STEP] = { NULL, "trace", SIGTRAP, 0, false, false },
	[STOP_BREAK] = { "swbreak", "breakpoint", SIGTRAP, CLIENT_SWBREAK,
	    false, false },
	[STOP_HWBREAK] = { "hwbreak", "breakpoint", SIGTRAP, CLIENT_HWBREAK,
	    false, false },
	[STOP_WATCH_WRITE] = { "watch", NULL, SIGTRAP, 0, true, false },
	[STOP_WATCH_READ] = { "rwatch", NULL, SIGTRAP, 0, true, false },
	[STOP_WATCH_ACCESS] = { "awatch", NULL, SIGTRAP, 0, true, false },
	[STOP_SYSCALL_ENTRY] = { "syscall_entry", NULL, SIGTRAP, 0, false,
	    true },
	[STOP_SYSCALL_RETURN] = { "syscall_return", NULL, SIGTRAP, 0, false,
	    true },
};

/* What every stop tells unasked: what GDB looks at after each step. */
static const enum reg_number expedited[] = { REG_rbp, REG_rsp, REG_rip };

#define EXPEDITED (sizeof(expedited) / sizeof(expedited[0]))

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
 * Another thread than the one that stopped only stands with it.  Where nothing
 * happened GDB is told of a SIGTRAP, which it never hands to the guest; LLDB
 * would take that for a hit of the breakpoint it has just set at the entry,
 * and goes on.
 */
int
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

const char *
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

static bool
write_expedited(struct stub *stub, struct reply *reply, int tid)
{
	int error;

	if (!stub_get_regs(stub, tid, REGS_CORE, &error))
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
	if (kinds[stop->kind].addr)
		written = written && reply_number(reply, stop->addr);
	if (kinds[stop->kind].number)
		written = written &&
			  reply_number(reply, (uint64_t)stop->status);
	return written && reply_text(reply, ";");
}

/* All threads and where they stand, which saves LLDB asking each. */
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

static bool
write_lldb(struct stub *stub, struct reply *reply, int tid)
{
	const char *reason = stop_reason(stub, tid);

	if (!(stub->client & CLIENT_LIST_THREADS))
		return true;
	if (reason && !(reply_text(reply, "reason:") &&
			  reply_text(reply, reason) && reply_text(reply, ";")))
		return false;
	return write_threads(stub, reply);
}

bool
stop_reply(struct stub *stub, struct reply *reply, int tid)
{
	if (stub->state == STUB_GONE)
		return write_end(stub, reply);
	return reply_text(reply, "T") &&
	       reply_byte(reply, (unsigned)stop_signal(stub, tid)) &&
	       (tid != stub->stop.tid || write_reason(stub, reply)) &&
	       reply_text(reply, "thread:") && thread_write(stub, reply, tid) &&
	       reply_text(reply, ";") && write_expedited(stub, reply, tid) &&
	       write_lldb(stub, reply, tid);
}
