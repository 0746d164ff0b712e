/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface between the packet table and the functions that serve packets:
 * parsed arguments in, a reply and its kind out.  Only lib/gdb and tests
 * include it.
 */
#ifndef GDB_PACKET_H
#define GDB_PACKET_H

#include "gdb/stub.h"
#include "gdb/text.h"

/* The result of a handler, or -errno. */
enum reply_kind {
	REPLY_OK,      /* "OK" */
	REPLY_EMPTY,   /* "": the debugger takes the packet for unknown */
	REPLY_DATA,    /* the payload that was written to the reply */
	REPLY_AHEAD,   /* the same in the other reply, before the packet came */
	REPLY_BY_STOP, /* the machine runs; its stop is the reply */
	REPLY_NONE,    /* the packet never has a reply */
};

/* How a packet matches a row's name. */
enum packet_match {
	MATCH_EXACT,  /* the name is the whole packet */
	MATCH_NAME,   /* the packet ends there, or one of : ; , follows */
	MATCH_PREFIX, /* anything follows */
};

/*
 * The arguments after the name: these, and characters that stand for
 * themselves.  An argument list ends with 0, where the packet must end.
 */
enum packet_arg {
	ARG_END,
	ARG_HEX,    /* a number of up to 16 digits: the next of num[] */
	ARG_THREAD, /* a thread-id: thread */
	ARG_NAME,   /* text up to a ':' or ',' or the end: text */
	ARG_PATH,   /* the same, in hex digits */
	ARG_BYTES,  /* pairs of hex digits up to the end: bytes[len] */
	ARG_TAIL,   /* anything up to the end: bytes[len] */
	ARG_OPT,    /* the packet may end here */
};

#define ARGS_MAX    12
#define ARG_NUMBERS 4

/* The thread-id of every thread; TARGET_ALL, 0, is the one of any thread. */
#define THREAD_EVERY (-1)

struct args {
	uint64_t num[ARG_NUMBERS]; /* 0 where the packet has no number */
	size_t nums;
	int thread;       /* ARG_THREAD, or LLDB's suffix, or Hg's choice */
	const char *text; /* text[text_len]; a path has a NUL after it */
	size_t text_len;
	const uint8_t *bytes;
	size_t len;
	struct trace *trace; /* PACKET_TRACE: the machine's, or NULL for a q */
	struct reply *reply; /* REPLY_DATA goes there */
};

enum packet_flags {
	PACKET_ANYTIME = 0,
	PACKET_STOPPED = 1 << 0, /* needs a guest that is stopped */
	PACKET_SUFFIX = 1 << 1,  /* LLDB may append the thread */
	PACKET_BY_STOP = 1 << 2, /* its reply may be a stop */
	PACKET_SILENT = 1 << 3,  /* GDB gets no reply, not even an error */
	PACKET_LIVE = 1 << 4,    /* changes what a trace frame only shows */
	PACKET_TRACE = 1 << 5,   /* works on the machine's trace */
};

typedef int packet_handler(struct stub *stub, const struct args *args);

struct packet {
	char name[32];
	enum packet_match match;
	uint8_t args[ARGS_MAX];
	unsigned flags;
	size_t needs;     /* an operation of the target: its offset + 1, or 0 */
	char feature[68]; /* its text in the reply to qSupported, or "" */
};

/* The table of n rows. */
const struct packet *packet_table(size_t *n);

/* The row that serves the packet, or NULL. */
const struct packet *packet_find(const uint8_t *text, size_t n);

/* Serve a packet: text[n] == 0, and text is overwritten. */
int packet_run(struct stub *stub, uint8_t *text, size_t n, struct reply *reply);

/* Whether the target has the operation that a row needs. */
bool packet_served(const struct stub *stub, const struct packet *packet);

/*
 * Read the thread-id at *at, before `end`, and move *at past it: 0, -EINVAL,
 * or -ESRCH if it names another process.  Write a thread-id.
 */
int thread_parse(
    struct stub *stub, const uint8_t **at, const uint8_t *end, int *tid);
bool thread_write(struct stub *stub, struct reply *reply, int tid);

/* Read 1 to 16 hex digits at *at, before `end`, and move *at past them; false
 * if there are none or more. */
bool hex_parse(const uint8_t **at, const uint8_t *end, uint64_t *value);

/* Whether a thread of that id lives. */
bool thread_alive(struct stub *stub, int tid);

/* The process id that the debugger sees. */
int stub_pid(struct stub *stub);

/* Let the machine rest, and set *trace to its trace, or NULL if it has none.
 * 0 or -errno. */
int stub_trace(struct stub *stub, struct trace **trace);

/* The guest has ended. */
void stub_end_trace(struct stub *stub);

/* Look at the machine itself again, not at a trace frame. */
void stub_leave_frame(struct stub *stub);

/*
 * The trace frame that is looked at: its registers, of which some may not have
 * been collected, and its memory, as target.h's read_mem().
 */
void frame_regs(struct stub *stub, struct regs *regs);
bool frame_has_reg(struct stub *stub, unsigned number);
int64_t
frame_read_mem(struct stub *stub, int tid, uint64_t addr, void *buf, size_t n);
bool frame_variable(struct stub *stub, uint64_t number, uint64_t *value);

/* The live thread that a thread-id means; any thread is the one that stopped.
 * -ESRCH if it does not live. */
int stub_thread(struct stub *stub, int id, int *tid);

/*
 * A thread's registers, which are read once per stop: NULL and *error if that
 * fails.  To write them, change them and call stub_put_regs().
 */
struct regs *
stub_get_regs(struct stub *stub, int tid, unsigned banks, int *error);
int stub_put_regs(struct stub *stub, unsigned banks);

/* Write a register as digits, or as x if it is unavailable. */
bool reg_write(struct stub *stub, struct reply *reply, unsigned number);

/* Write the stop reply of a thread: GDB asks for the one that stopped, LLDB
 * for each. */
bool stop_reply(struct stub *stub, struct reply *reply, int tid);

/* The same in JSON, with the thread's number: members of an object. */
void json_stop(const struct stub *stub, struct text *out, int tid);

/* The Linux number of a signal as the debugger numbers it, or -1. */
int signal_of(const struct stub *stub, uint64_t number);

/* Let the machine run: REPLY_BY_STOP or -errno; it has stopped. */
int stub_resume(struct stub *stub, const struct target_resume *how);
/* The same backwards, as the operation reverse(). */
int stub_reverse(struct stub *stub, int tid);

/* A command has let it run, which ends with the next stop. */
int stub_begin_command(struct stub *stub);
void stub_take_stop(struct stub *stub, const struct stop *stop);

/*
 * Attach to the machine, which is interrupted if it runs; detach from it.
 */
void stub_attach(struct stub *stub);
void stub_detach(struct stub *stub);

/* End the guest, which lives. */
void end_guest(struct stub *stub);

/* Is whatever stop comes the answer to a Ctrl-C?  To LLDB it is.  GDB waits for
 * the interrupt, as for a signal that is pending. */
bool takes_any_stop(const struct stub *stub);

/* Is there a guest, running or stopped? */
bool stub_lives(const struct stub *stub);

/* Write the reply to the read of memory that would continue the last one. */
int packet_read_on(struct stub *stub, struct reply *reply);

/* REPLY_DATA if all was written, else the error for a reply that is full. */
int reply_done(bool written);

/* Write an error with a text, as far as the debugger takes texts. */
int reply_error(
    const struct stub *stub, struct reply *reply, int error, const char *text);

/* Write an error as a sentence, where GDB shows it whatever it has offered. */
int reply_sentence(struct reply *reply, const char *text);

/* Write the slice [offset, offset + len) of a document as the reply to a qXfer
 * read. */
int reply_slice(struct reply *reply, const struct text *text, uint64_t offset,
    uint64_t len);

/* The packets' handlers. */
#define PACKET(name, match, args, flags, needs, handler, feature) \
	packet_handler handler;
#include "gdb/packets.def"

#endif
