/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the packet table and the functions that serve packets: parsed
 * arguments in, a kind of reply out.  Only lib/gdb includes it, and tests.
 */
#ifndef GDB_PACKET_H
#define GDB_PACKET_H

#include "gdb/stub.h"
#include "gdb/text.h"

/* What a handler returns, if not -errno. */
enum reply_kind {
	REPLY_OK,    /* "OK" */
	REPLY_EMPTY, /* "": no such packet, as far as the debugger is told */
	REPLY_DATA,  /* what was written to the reply */
	REPLY_LATER, /* the machine runs; its stop is the reply */
	REPLY_NONE,  /* this packet has none */
};

/* How a name must be met by a packet. */
enum packet_match {
	MATCH_EXACT,  /* it is the whole packet */
	MATCH_NAME,   /* the packet ends there, or one of : ; , follows */
	MATCH_PREFIX, /* anything follows */
};

/*
 * What follows the name: these, and characters for themselves.  An argument
 * list ends with 0, and the packet has to end there too.
 */
enum packet_arg {
	ARG_END,
	ARG_HEX,    /* a number of up to 16 digits: the next of num[] */
	ARG_THREAD, /* a thread-id: thread */
	ARG_NAME,   /* text up to a ':' or ',' or the end: text */
	ARG_PATH,   /* the same, in hex digits */
	ARG_BYTES,  /* pairs of hex digits up to the end: bytes[len] */
	ARG_TAIL,   /* anything up to the end: bytes[len] */
	ARG_OPT,    /* it may end here as well */
};

#define ARGS_MAX    12
#define ARG_NUMBERS 4

/* A thread-id that means every thread; TARGET_ALL means any. */
#define THREAD_EVERY (-1)

struct args {
	uint64_t num[ARG_NUMBERS]; /* 0 where the packet has none */
	size_t nums;
	int thread;       /* ARG_THREAD, or LLDB's suffix, or what Hg chose */
	const char *text; /* text[text_len]; a path has a NUL there */
	size_t text_len;
	const uint8_t *bytes;
	size_t len;
};

enum packet_flags {
	PACKET_ANYTIME = 0,
	PACKET_STOPPED = 1 << 0, /* needs a guest that is stopped */
	PACKET_SUFFIX = 1 << 1,  /* LLDB may say which thread, behind it */
	PACKET_LATER = 1 << 2,   /* may answer by a stop */
	PACKET_SILENT = 1 << 3,  /* has no answer */
};

typedef int
packet_handler(struct stub *stub, const struct args *args, struct reply *reply);

struct packet {
	const char *name;
	enum packet_match match;
	uint8_t args[ARGS_MAX];
	unsigned flags;
	size_t needs; /* an operation of the target: its offset + 1, or 0 */
	packet_handler *handler;
	const char *feature; /* what qSupported says of it, or NULL */
};

/* The table, its end after the last. */
const struct packet *packet_table(size_t *n);

/* The row that serves the packet, or NULL. */
const struct packet *packet_find(const uint8_t *text, size_t n);

/* Serve one: text[n] == 0, and text is taken apart. */
int packet_run(struct stub *stub, uint8_t *text, size_t n, struct reply *reply);

/* Whether the target can do what a row needs. */
bool packet_served(const struct stub *stub, const struct packet *packet);

/*
 * Read the thread-id at *at, before `end`, and go behind it: 0, or -EINVAL, or
 * -ESRCH if that process is none of ours.  And write one.
 */
int thread_parse(
    struct stub *stub, const uint8_t **at, const uint8_t *end, int *tid);
bool thread_write(struct stub *stub, struct reply *reply, int tid);

/* Read hex digits at *at; how many there were, more than 16 included. */
size_t hex_parse(const uint8_t **at, const uint8_t *end, uint64_t *value);

/* Whether there is such a thread. */
bool thread_alive(struct stub *stub, int tid);

/* The process id that the debugger sees. */
int stub_pid(struct stub *stub);

/* The live thread that a thread-id means: any is the one that stopped. */
int stub_thread(struct stub *stub, int id, int *tid);

/*
 * A thread's registers, read once a stop: NULL and *error if that fails.  To
 * write, change them and call stub_put_regs().
 */
struct regs *
stub_get_regs(struct stub *stub, int tid, unsigned banks, int *error);
int stub_put_regs(struct stub *stub, unsigned banks);

/* Write a register as digits; as x if it is unavailable. */
bool reg_write(struct stub *stub, struct reply *reply, unsigned number);

/*
 * The stop reply, as of a thread: the one that stopped, or LLDB asks for each.
 */
bool stop_reply(struct stub *stub, struct reply *reply, int tid);

/* Why that thread stands, in LLDB's words, or NULL; and the signal's number
 * as the debugger numbers it. */
const char *stop_reason(const struct stub *stub, int tid);
int stop_signal(const struct stub *stub, int tid);

/* The Linux number of a signal as the debugger numbers it, or -1. */
int signal_of(const struct stub *stub, uint64_t number);

/* Let the machine run: REPLY_LATER, or what speaks against it. */
int stub_resume(struct stub *stub, const struct target_resume *how);

/* Attach to the machine, which may run; let go of it; see it restarted. */
int stub_attach(struct stub *stub);
void stub_let_go(struct stub *stub);
void stub_restarted(struct stub *stub);

/* REPLY_DATA if all was written, else what is then to be answered. */
int reply_done(bool written);

/* The slice [offset, offset + len) of stub->text, as qXfer answers it. */
int reply_slice(struct reply *reply, const struct text *text, uint64_t offset,
    uint64_t len);

/* The packets' handlers. */
#define PACKET(name, match, args, flags, needs, handler, feature) \
	packet_handler handler;
#include "gdb/packets.def"

#endif
