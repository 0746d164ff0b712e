/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GDB remote stub: the sessions of debuggers with one machine, one after
 * the other.  It must not know KVM, sockets or files: bytes come in and go
 * out, and target.h hides the machine.  It never blocks nor allocates.
 *
 * The loop around it owns the connection:
 *
 *	stub_open() when a peer connects
 *	while stub_wants_input(): stub_input() with the bytes received
 *	while stub_output() returns bytes: send them, stub_sent()
 *	when stub_wants_close() and all is sent, or the connection is lost:
 *		stub_closed()
 *
 * The machine's owner calls stub_stop() when the machine has stopped.  All
 * calls come from one thread.
 *
 * The life of a session:
 *
 *	        stub_open()        first packet
 *	NONE ---------------> NEW --------------> OPEN --- k ---> CLOSING
 *	 ^                     |                   |                 |
 *	 |                     | any other byte    |                 |
 *	 |                     v                   |                 |
 *	 |                  REFUSED                |                 |
 *	 +---------------------+-------------------+-----------------+
 *	                           stub_closed()
 *
 * A peer has no effect on the machine before its first packet has come whole
 * and with the right sum (rsp.h says what that excludes).  That packet
 * attaches: if the machine runs, it is interrupted, and the packet is served
 * when the machine has stopped.
 */
#ifndef GDB_STUB_H
#define GDB_STUB_H

#include "gdb/regs.h"
#include "gdb/rsp.h"
#include "gdb/target.h"

/* The most files that a debugger may have open at a time. */
#define STUB_FILES_MAX 8

/* The least read of memory that may be a part of a dump. */
#define STUB_BULK 4096

/* The longest document that is made for qXfer: 256 threads of 160 characters,
 * and a target description of 18 KiB. */
#define STUB_TEXT_MAX 0x10000

/* The machine. */
enum stub_state {
	STUB_RUNNING,
	STUB_STOPPED,
	STUB_GONE,     /* the guest has ended, `stop` says how */
	STUB_STARTING, /* the next one is being made: no packet is served */
};

enum stub_session {
	SESSION_NONE,    /* nobody is connected */
	SESSION_NEW,     /* a peer is, which may be anything */
	SESSION_OPEN,    /* a debugger is */
	SESSION_CLOSING, /* hang up once everything is sent */
	SESSION_REFUSED, /* the same: the peer is not a debugger */
};

/* Whether the debugger holds the machine: vAttach and D change that. */
enum stub_hold {
	HOLD_NONE,
	HOLD_PENDING, /* interrupted, not yet stopped */
	HOLD_TAKEN,
};

/* The reply that the next stop brings. */
enum stub_due {
	DUE_NOTHING,
	DUE_STOP,   /* a stop reply */
	DUE_OK,     /* that a `monitor` command is done, without a stop */
	DUE_PACKET, /* the reply to the first packet, which is in rsp.packet */
};

/* Features that the debugger supports, and asked for. */
enum stub_client {
	CLIENT_MULTIPROCESS = 1 << 0, /* thread ids carry a process id */
	CLIENT_SWBREAK = 1 << 1,
	CLIENT_HWBREAK = 1 << 2,
	CLIENT_ERROR_TEXT = 1 << 3,     /* GDB's E.text */
	CLIENT_EXTENDED = 1 << 4,       /* the session outlives the guest */
	CLIENT_THREAD_SUFFIX = 1 << 5,  /* LLDB: ;thread:ID; after packets */
	CLIENT_LIST_THREADS = 1 << 6,   /* LLDB: all threads in stop replies */
	CLIENT_ERROR_STRINGS = 1 << 7,  /* LLDB: ENN;text */
	CLIENT_NATIVE_SIGNALS = 1 << 8, /* LLDB numbers signals as Linux */
	CLIENT_PLAIN_REGS = 1 << 9,     /* reads no target description */
};

/* A thread in non-stop mode that does not simply run: see nonstop.c. */
struct stub_thread {
	enum {
		THREAD_STOPPED,  /* the debugger does not know it yet */
		THREAD_REPORTED, /* it does */
		THREAD_MOVING,   /* it makes a step or a range */
	} state;
	struct target_action action; /* with the thread's id */
	struct stop stop;            /* unless it is moving */
};

/*
 * The read that would continue the last packet, if that was one.  After two
 * that continue each other its reply is made ahead, while the debugger works on
 * the last one; any other packet leaves it unused.
 */
struct stub_ahead {
	unsigned packet; /* the number of the last read */
	uint64_t addr, len;
	int thread;
	bool binary;
	bool continues; /* the last read continued another */
	bool made;
};

struct stub {
	const struct target_ops *ops;
	void *ctx;

	/* The machine. */
	enum stub_state state;
	struct stop stop; /* the last one, or the one that is reported */

	/* The session. */
	enum stub_session session;
	enum stub_hold hold;
	enum stub_due due;
	bool interrupted; /* by the debugger's Ctrl-C, until that is reported */
	unsigned client;  /* of enum stub_client */
	bool serving;     /* a packet, whose reply is not written yet */
	bool ending;      /* `monitor exit`: no guest and no session follow */
	/* For every guest: QPassSignals, QProgramSignals, QThreadEvents. */
	uint64_t pass, program;
	bool programmed, events;
	unsigned packets; /* that were served */
	struct stub_ahead ahead;
	unsigned turn;   /* the one of replies[] that is written and sent */
	int general_tid; /* the thread that Hg chose, or TARGET_ALL */
	int resume_tid;  /* the thread that Hc chose, or TARGET_ALL */
	struct stub_file {
		bool open;
		int file; /* the target's number */
	} files[STUB_FILES_MAX];

	/* Non-stop mode. */
	bool nonstop;
	int announced; /* the thread whose stop is to be confirmed, or 0 */
	size_t listed;
	struct stub_thread threads[TARGET_THREADS_MAX];

	/* Tracing. */
	bool sized;      /* the debugger has seen the reply to `g` */
	uint32_t framed; /* the trace frame that is shown: index + 1, or 0 */
	struct {
		unsigned point, part, at; /* what qTsP sends next */
		unsigned variable;        /* and qTsV */
	} upload;

	/* The registers that were read last since the machine stopped. */
	int regs_tid;
	unsigned regs_banks;
	struct regs regs;

	struct rsp rsp;
	/* The other one is a notification of non-stop mode, or made ahead. */
	struct reply replies[2];
	char text[STUB_TEXT_MAX];
};

/* To be called once.  The machine counts as running until stub_stop(). */
void stub_init(struct stub *stub, const struct target_ops *ops, void *ctx);

/* A peer has connected.  There was none. */
void stub_open(struct stub *stub);

/* Bytes from the peer.  Returns how many were taken; the others must be
 * offered again. */
size_t stub_input(struct stub *stub, const uint8_t *bytes, size_t n);
bool stub_wants_input(const struct stub *stub);

/*
 * While the peer is silent: whether the reply to its next packet may be made
 * ahead; make it; make it anew when it is asked for, since other processes may
 * have changed the memory that they share with the guest.
 */
bool stub_may_read_ahead(const struct stub *stub);
void stub_read_ahead(struct stub *stub);
void stub_forget_ahead(struct stub *stub);

/* Bytes for the peer; n of them are on their way. */
const uint8_t *stub_output(const struct stub *stub, size_t *n);
void stub_sent(struct stub *stub, size_t n);

/* Hang up now; because the peer is not a debugger. */
bool stub_wants_close(const struct stub *stub);
bool stub_refuses(const struct stub *stub);

/* Whether a debugger is connected: the first packet has come. */
bool stub_has_debugger(const struct stub *stub);

/* Whether the debugger holds a guest that lives. */
bool stub_has_guest(const struct stub *stub);

/* The connection is closed: breakpoints are removed, and a guest that the
 * debugger held runs on. */
void stub_closed(struct stub *stub);

/*
 * Show text that the machine prints: text[n], n > 0.  Returns how much was
 * taken; 0: the last output has to be sent first.  It is shown only while the
 * debugger waits for a stop or for the end of a command, and is lost otherwise.
 */
size_t stub_console(struct stub *stub, const char *text, size_t n);

/*
 * The machine has stopped, or has ended.  To be called whether there is a
 * session or not, and first when a guest is made that waits for a debugger.
 */
void stub_stop(struct stub *stub, const struct stop *stop);

/*
 * One of these follows restart(): a new guest waits at its entry, or there is
 * none, and `why` says why.
 */
void stub_started(struct stub *stub);
void stub_not_started(struct stub *stub, const char *why);

/*
 * Go on with a stub that lay in memory which another process could write: only
 * plain values are taken over from it, and every one is checked.  Bytes that
 * were not sent yet are lost.  Then the guest's end is due by stub_stop(), or
 * the next guest.
 */
void stub_adopt(struct stub *stub, const struct target_ops *ops, void *ctx);

/* Another process goes on with the session: close what only this one has open.
 */
void stub_leave(struct stub *stub);

/* Go on in another process, with the same session and a guest in the same state
 * of the protocol: running or stopped. */
void stub_settle(struct stub *stub, const struct target_ops *ops, void *ctx);

/* That process has gone while it worked: bytes that were not sent are lost.
 * Does the debugger wait for a stop or for the end of a command? */
bool stub_mend(struct stub *stub);

#endif
