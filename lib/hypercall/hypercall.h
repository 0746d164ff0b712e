/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls as the VMM serves them: the table, a call in the making, and the
 * guest it is made for.  It sees the guest only through gmem and must not know
 * vCPUs or KVM: a handler gets arguments, not registers.
 */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include "abi/hypercall.h"
#include "hypercall/fd.h"
#include "hypercall/path.h"
#include "hypercall/signal.h"
#include "hypercall/wait.h"
#include "mem/gmem.h"
#include "mem/space.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* rdi rsi rdx r10 r8 r9, and rcx for ToroV. */
#define HC_ARGS 7

/* The names under which calls are allowed together: @base and so on. */
enum hc_class {
	HC_BASE = 1 << 0,
	HC_FILE = 1 << 1,
	HC_NET = 1 << 2,
	HC_POLL = 1 << 3,
	HC_TIME = 1 << 4,
	HC_MEMORY = 1 << 5,
	/* Calls that look at names.  To those of novillo's own files (own.h) they
	 * may be allowed alone. */
	HC_OWN = 1 << 6,
};

enum hc_arg_kind {
	HC_ARG_NONE,
	HC_ARG_INT,
	HC_ARG_UINT,
	HC_ARG_HEX,
	HC_ARG_OCT,
	HC_ARG_OFF,
	HC_ARG_FD,
	HC_ARG_DIRFD,
	HC_ARG_ADDR,
	HC_ARG_FLAGS,
	HC_ARG_ENUM,
	HC_ARG_STR,
	HC_ARG_PATH,
	/* From here on with a length, which is another argument; a mode is there
	 * if that argument, the flags, says that it is. */
	HC_ARG_MODE,
	HC_ARG_INBUF,
	HC_ARG_OUTBUF,
	HC_ARG_INIOV,
	HC_ARG_OUTIOV,
	HC_ARG_INARR,
	HC_ARG_OUTARR,
	HC_ARG_INOUTARR,
	HC_ARG_SOCKADDR,
	HC_ARG_OUTADDR,
	HC_ARG_OUTLEN,
	/* And from here on without one again. */
	HC_ARG_IN,
	HC_ARG_OUT,
	HC_ARG_INOUT,
	HC_ARG_REM,
	/* What these are, the argument before them says: hc_arg_of(). */
	HC_ARG_IOCTL,
	HC_ARG_FCNTL,
};

/*
 * A value and its name; a set of them ends with a null name.  In a set of flags
 * a name with a mask is one of several for those bits: O_RDONLY, of O_ACCMODE.
 */
struct hc_name {
	uint64_t value;
	const char *name;
	uint64_t mask;
};

struct hc_arg {
	const char *name;
	uint8_t kind;     /* enum hc_arg_kind */
	uint8_t length;   /* which argument is the length */
	uint16_t size;    /* of the structure */
	const char *type; /* its C type */
	const struct hc_name
	    *names; /* of FLAGS and ENUM; of NONE, the result's */
};

struct hc_call;

/* The host's calls that a row needs, at most. */
#define HC_NEEDS 12

struct hc_row {
	const char *name; /* NULL: no such call */
	unsigned classes; /* enum hc_class */
	unsigned argc;
	const struct hc_arg *args;
	/* The host's calls that serve it, ended by -1: all that a handler ever
	 * makes.  One alone and no handler: the call is forwarded to it. */
	int16_t needs[HC_NEEDS];
	int64_t (*handler)(struct hc_call *call);
};

/* The table, by number. */
const struct hc_row *hc_row(uint32_t number);

/* The names of signals, but of those that have only numbers; a name that is
 * NULL is their end. */
const struct hc_name *hc_signal_names(void);

/* What a request of this kind, IOCTL or FCNTL, takes for its argument; NULL if
 * the request is not served. */
const struct hc_arg *hc_request(enum hc_arg_kind kind, uint32_t request);

/* Argument i of a call: what its row says or, of a request's, what that is. */
const struct hc_arg *
hc_arg_of(const struct hc_call *call, const struct hc_row *row, unsigned i);

/* The class with this name ("base"), or 0; and the name of one class. */
unsigned hc_class_by_name(const char *name, size_t len);
const char *hc_class_name(unsigned class);

/* A set of hypercalls, and of those that may be made on novillo's own files
 * alone. */
struct hc_set {
	uint64_t bits[(HYPERCALL_END + 63) / 64];
	uint64_t own[(HYPERCALL_END + 63) / 64];
};

bool hc_set_has(const struct hc_set *set, uint32_t number);

/* Is the call there for novillo's own files at least? */
bool hc_set_has_own(const struct hc_set *set, uint32_t number);

/*
 * Change `set` by one word: the name of a call or a @class, which is put in,
 * or taken out if the word begins with a minus.  False if it is neither.
 * Of the calls of @own, @base and @own put in what they do on own files alone.
 */
bool hc_set_change(struct hc_set *set, const char *word, size_t len);

/*
 * Make `set` from `list`, such words with commas between, in their order.  0, or
 * -EINVAL with *bad and *bad_len telling the word that is neither.
 */
int hc_set_parse(
    struct hc_set *set, const char *list, const char **bad, size_t *bad_len);

/* Limits by RLIMIT_*; and what setrlimit() may raise them to. */
#define HC_LIMITS 16

struct hc_limit {
	uint64_t now, most;
};

struct hc_trace;
struct hc_guest;
struct hc_net_rule;

/* What the guest may do, and what becomes of it when it tries more. */
struct hc_policy {
	struct hc_set allowed;
	bool kill; /* a forbidden call ends the guest, as SIGSYS would */
	/* A call was refused: told once for each number. */
	void (*denied)(const struct hc_guest *guest, uint32_t number);
	/* One was made that no guest can have: told once, too. */
	void (*refused)(const struct hc_guest *guest, uint32_t number);
	struct hc_set told;
	/* The addresses it may be bound to and send to; see netrule.h. */
	const struct hc_net_rule *net;
	unsigned nets;
	/* One was refused, which this rule would let through: told once for
	 * each of bind and connect. */
	void (*denied_address)(
	    const struct hc_guest *guest, const struct hc_net_rule *would);
	bool told_address[2];
};

/* Devices of the host's that a guest may open. */
enum hc_device {
#define DEVICE(path, name, minor) HC_DEVICE_##name,
#include "hypercall/own.def"
	HC_DEVICES,
};

/* Of guest memory: from, and to behind it. */
struct hc_span {
	uint64_t from, to;
};

/* What else novillo's own files tell of: the machine says it at the start. */
struct hc_world {
	char exe[HC_PATH]; /* the program, as the guest sees it; or "" */
	struct hc_span args, env, auxv;
	uint64_t stack;   /* from here to the end of memory; 0: there is none */
	uint64_t started; /* nanoseconds of CLOCK_BOOTTIME */
	uint32_t uid, gid;
	int device[HC_DEVICES]; /* the host's, or -1 */
	/* What the guest's CPUID says; NULL: nothing. */
	void (*cpuid)(uint32_t function, uint32_t index, uint32_t reg[4]);
};

/* All that hypercalls act on; one for the guest. */
struct hc_guest {
	struct gmem *mem;
	struct space space;
	struct hc_policy policy;
	struct hc_fds fds;
	struct hc_tree tree;
	struct hc_world world;
	struct hc_signals signals;
	struct hc_limit limit[HC_LIMITS];
	bool dumpable, no_new_privs; /* as prctl() was told */
	int nice;                    /* as setpriority() was told */
	bool files_limited;          /* novillo's RLIMIT_FSIZE is one */
	struct hc_trace *trace;      /* NULL: not traced */
	_Atomic uint64_t count[HYPERCALL_END];
};

/* The calling thread's segment bases, which live in its vCPU. */
enum hc_base_register {
	HC_FS,
	HC_GS,
};

#define HC_THREAD_NAME 16 /* with its NUL, as on Linux */

/*
 * A thread of the guest.  What it is made of is the machine's business, which
 * offers the functions below; those that make one return 0 or -errno.
 */
struct hc_thread {
	int tid;
	char name[HC_THREAD_NAME]; /* at first, that of who made it */
	bool named;                /* by the guest */
	struct hc_thread_signals signals;
	uint64_t clear_tid;    /* where its end is told, or 0 */
	uint64_t robust;       /* the head of its list of robust locks, or 0 */
	_Atomic uint64_t lock; /* another's, that it waits for, or 0 */
	struct hc_wait wait;
	/* Nonzero: the run loop has something to look at, and no call shall
	 * begin to wait.  Written in signal handlers, cleared by the loop. */
	volatile int kicked;
	/* Take the thread out of the guest and out of a wait. */
	void (*kick)(struct hc_thread *thread);
	int (*get_base)(
	    struct hc_thread *thread, enum hc_base_register which, uint64_t *v);
	int (*set_base)(
	    struct hc_thread *thread, enum hc_base_register which, uint64_t v);
	/*
	 * A thread like `parent`, made from its registers as they are behind
	 * the call it is in; the call's result is 0 there.  It runs once it is
	 * started, with this stack if that is not 0, and FS base if `tls` is
	 * not NULL.  What is made must be started: a failure is told before.
	 */
	int (*create)(struct hc_thread *parent, struct hc_thread **child);
	void (*start)(
	    struct hc_thread *child, uint64_t stack, const uint64_t *tls);
	/*
	 * Of the threads that live, the one with the lowest number above *tid:
	 * its number and name.  False: there is none.  NULL where there is but
	 * one thread.
	 */
	bool (*next)(
	    struct hc_thread *thread, int *tid, char name[HC_THREAD_NAME]);
};

/*
 * One call.  The caller fills guest, thread and arg; a handler that ends the
 * thread or the guest says so in `end` and `status`, an exit status or, of
 * what kills the guest, a signal, and `why`: what the call did.
 */
enum hc_end {
	HC_GOES_ON,
	HC_LEAVES_HANDLER, /* the registers are those of a signal's frame */
	HC_ENDS_THREAD,
	HC_ENDS_GUEST,
	HC_KILLS_GUEST,
};

struct hc_call {
	struct hc_guest *guest;
	struct hc_thread *thread;
	uint64_t arg[HC_ARGS];
	bool own_only; /* it may look at novillo's own files, and descriptors */
	bool denied;   /* it was not allowed */
	uint64_t sp;   /* the caller's stack pointer */
	enum hc_end end;
	int status;
	const char *why;
};

/* A guest with this memory, the standard streams, and nothing else: it may
 * make the calls of @base. */
void hc_guest_init(struct hc_guest *guest, struct gmem *mem);

/*
 * Results of calls that were interrupted, and the guest sees none but EINTR.
 * What becomes of the call depends on what is found to do:
 *
 *	nothing			it is made again
 *	a handler to run	-EINTR: that is its result
 *				-HC_RESTARTS: with SA_RESTART it is made again
 *				behind the handler, else its result is EINTR
 *				-HC_NOT_MADE: it had not begun to wait, and is
 *				made behind the handler
 */
#define HC_RESTARTS 512 /* Linux' own ERESTARTSYS */
#define HC_NOT_MADE 513

static inline bool
hc_is_interrupted(int64_t result)
{
	return result == -EINTR || result == -HC_RESTARTS ||
	       result == -HC_NOT_MADE;
}

/*
 * From the handler of the signal that kicks, which has set `kicked`: if
 * `context`, a ucontext_t, is that of a host call about to wait, or to wait
 * again, it shall return instead.
 */
void hc_host_kicked(void *context);

/* Serve call `number`: its result as Linux gives it, -errno on error. */
int64_t hc_dispatch(struct hc_call *call, uint32_t number);

#endif
