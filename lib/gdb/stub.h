/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GDB remote stub: one debugger's sessions with one machine, one after the
 * other.  It must not know KVM, sockets or files: bytes go in and come out,
 * and the machine is behind target.h.  It never blocks nor allocates.
 *
 * The loop around it, which owns the connection:
 *
 *	stub_open() when a debugger connects
 *	while stub_wants_input(): stub_input() with what was received
 *	while stub_output() gives bytes: send them, stub_sent()
 *	when stub_wants_close() and all is sent, or the connection is lost:
 *		stub_closed()
 *
 * and whoever runs the machine calls stub_stop() when it stopped.  All calls
 * come from one thread.
 */
#ifndef GDB_STUB_H
#define GDB_STUB_H

#include "gdb/regs.h"
#include "gdb/rsp.h"
#include "gdb/target.h"

/* Files a debugger may have open at one time. */
#define STUB_FILES_MAX 8

/* The longest document made up for qXfer: 256 threads of 128 characters, and
 * a target description of 18 KiB. */
#define STUB_TEXT_MAX 0x10000

enum stub_state {
	STUB_RUNNING,
	STUB_STOPPED,
	STUB_GONE, /* the guest has ended, `stop` says how */
};

/* What the debugger on the line can do, and has asked for. */
enum stub_client {
	CLIENT_MULTIPROCESS = 1 << 0, /* thread ids carry a process id */
	CLIENT_SWBREAK = 1 << 1,
	CLIENT_HWBREAK = 1 << 2,
	CLIENT_ERROR_TEXT = 1 << 3,     /* GDB's E.text */
	CLIENT_EXTENDED = 1 << 4,       /* the session outlives the guest */
	CLIENT_THREAD_SUFFIX = 1 << 5,  /* LLDB: ;thread:ID; behind packets */
	CLIENT_LIST_THREADS = 1 << 6,   /* LLDB: all threads in stop replies */
	CLIENT_ERROR_STRINGS = 1 << 7,  /* LLDB: ENN;text */
	CLIENT_NATIVE_SIGNALS = 1 << 8, /* LLDB numbers signals as Linux */
};

/*
 * A session begins attached: if the machine runs, it is interrupted, and no
 * input is wanted until it has stopped.  `D` lets go of it, and so does the
 * end of the session.
 */
struct stub {
	const struct target_ops *ops;
	void *ctx;

	/* The machine. */
	enum stub_state state;
	struct stop stop; /* the last one */

	/* The session. */
	bool open;
	bool attached;
	bool attaching;   /* interrupted on attaching, not yet stopped */
	bool awaited;     /* the debugger waits for a stop reply */
	bool interrupted; /* by the debugger's Ctrl-C */
	bool close;
	unsigned client; /* of enum stub_client */
	int general;     /* the thread that Hg chose, or TARGET_ALL */
	int resumed;     /* the thread that Hc chose, or TARGET_ALL */
	struct stub_file {
		bool open;
		int file; /* the target's number */
		uint64_t size;
	} files[STUB_FILES_MAX];

	/* The registers that were read last since it stopped. */
	int regs_tid;
	unsigned regs_banks;
	struct regs regs;

	struct rsp rsp;
	struct reply reply;
	char text[STUB_TEXT_MAX];
};

/* Once.  The machine counts as running until it says otherwise. */
void stub_init(struct stub *stub, const struct target_ops *ops, void *ctx);

/* A debugger is on the line.  There was none. */
void stub_open(struct stub *stub);

/* Bytes from it: how many were taken.  The others must be offered again. */
size_t stub_input(struct stub *stub, const uint8_t *bytes, size_t n);
bool stub_wants_input(const struct stub *stub);

/* Bytes for it; n of them are on their way. */
const uint8_t *stub_output(const struct stub *stub, size_t *n);
void stub_sent(struct stub *stub, size_t n);

/* Hang up once everything is sent. */
bool stub_wants_close(const struct stub *stub);

/* The line is down: what was inserted is removed, and the guest runs on. */
void stub_closed(struct stub *stub);

/*
 * The machine has stopped, or has ended.  To be called whether there is a
 * session or not: first of all when a guest is made that waits for one.
 */
void stub_stop(struct stub *stub, const struct stop *stop);

#endif
