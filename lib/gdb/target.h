/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of a machine that can be debugged: the only way from the GDB
 * stub to a machine.  It must not know KVM, sockets, or the protocol.
 *
 * The machine is all-stop: either the threads run that the last resume() let
 * run, or none runs and everything may be inspected.  It runs after resume()
 * and detach(), and before a debugger attaches; it stops when the machine
 * itself calls stub_stop(), which may call any operation.  Between those
 * calls:
 *
 *	stopped		every operation may be called; none of them blocks
 *	running		only attach(), interrupt(), pause(), kill(), detach(),
 *			and those marked [any]
 *
 * Each operation returns 0 (or a count, where its comment says so) or -errno,
 * with Linux numbers; the debugger's user reads that errno.  A NULL operation
 * is one that the machine does not have: the packets that need it are answered
 * as unknown and are not advertised.  Those marked [must] may not be NULL.
 * Pointers passed in are valid until the operation returns, pointers returned
 * until the next operation.
 */
#ifndef GDB_TARGET_H
#define GDB_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent_env;
struct regs;
struct regs_layout;
struct text;
struct trace;

/* The most threads a machine may have at one time. */
#define TARGET_THREADS_MAX 256

/* In place of a thread's id, which is > 0: all threads, or any of them. */
#define TARGET_ALL 0

/* The most hypercalls that catch_syscalls() names one by one. */
#define TARGET_CATCHES 512

/* The size of Linux's siginfo_t. */
#define TARGET_SIGINFO_SIZE 128

/* A thread's action when the machine resumes. */
enum target_action_kind {
	ACTION_STOP, /* stay stopped */
	ACTION_CONTINUE,
	ACTION_STEP,  /* one instruction, then stop with STOP_STEP */
	ACTION_RANGE, /* step while rip is in [lo, hi), then STOP_STEP */
};

/*
 * A signal (Linux number, 0: none) is delivered before the thread moves: the
 * one that it stopped for, or another.  The signal that it stopped for is
 * discarded otherwise; a thread whose fault is discarded retries the
 * instruction.
 */
struct target_action {
	int tid; /* TARGET_ALL: every thread not named before */
	enum target_action_kind kind;
	int signal;
	uint64_t lo, hi; /* ACTION_RANGE */
};

/*
 * The first action that names a thread applies to it; a thread that no action
 * names stays stopped (GDB manual, vCont).
 */
struct target_resume {
	const struct target_action *actions;
	size_t n;
	bool interrupted; /* by the debugger, before anything moves */
};

/* Why a machine stopped.  ORDER: kinds[] in stops.c. */
enum stop_kind {
	STOP_NONE,        /* nothing happened: it is at its entry, say */
	STOP_SIGNAL,      /* `signal` is about to be delivered */
	STOP_INTERRUPT,   /* interrupt() was called */
	STOP_STEP,        /* an instruction or a range was stepped */
	STOP_BREAK,       /* an inserted BREAK_SOFT at rip, not executed */
	STOP_HWBREAK,     /* an inserted BREAK_HARD at rip, not executed */
	STOP_INT3,        /* `signal` is that of an INT3 (byte 0xcc) before
			     rip that insert() did not put there */
	STOP_WATCH_WRITE, /* written: `addr`; rip is after the access */
	STOP_WATCH_READ,
	STOP_WATCH_ACCESS,
	STOP_SYSCALL_ENTRY,  /* hypercall `status`, not done yet */
	STOP_SYSCALL_RETURN, /* hypercall `status`, done */
	STOP_THREAD_CREATED, /* thread_events(): before its first instruction */
	STOP_THREAD_EXITED,  /* it has ended with `status`, and lives no more */
	STOP_HISTORY_BEGIN,  /* reverse(): there is nothing before this */
	STOP_HISTORY_END,    /* there is nothing after this */
	STOP_PLACE,          /* where a command has led the way */
	STOP_EXITED,         /* the guest has ended with `status` */
	STOP_KILLED,         /* the guest was ended by `signal` */
};

/*
 * One stop.  When several threads stop at once the machine reports one and
 * keeps the others for the next resume(), unless the breakpoint that they hit
 * was removed meanwhile; no hit is lost or reported twice.
 */
struct stop {
	enum stop_kind kind;
	int tid;       /* the thread; any live one for STOP_INTERRUPT */
	int signal;    /* Linux number */
	int status;    /* exit status, or hypercall number */
	uint64_t addr; /* the watched address that was touched */
};

/* ORDER: the protocol's numbers, Z0 to Z4. */
enum break_type {
	BREAK_SOFT,
	BREAK_HARD,
	WATCH_WRITE,
	WATCH_READ,
	WATCH_ACCESS,
	BREAK_TYPES,
};

/* The most expressions of one breakpoint. */
#define TARGET_CODES_MAX 64

/* An agent expression, which agent_check() has accepted. */
struct target_code {
	const uint8_t *bytes;
	size_t n;
	bool is_command; /* else a condition */
};

/* A breakpoint with conditions does not stop the guest while all are false; its
 * commands run in place of the stop. */
struct target_break {
	enum break_type type;
	uint64_t addr;
	uint64_t kind; /* breakpoints: 1; watchpoints: length in bytes, > 0 */
	const struct target_code *code; /* code[codes] */
	size_t codes;
};

/* The parts of struct regs, which cost a call each. */
enum regs_bank {
	REGS_CORE = 1 << 0,    /* everything before xsave[] */
	REGS_XSAVE = 1 << 1,   /* xsave[] and xsave_valid */
	REGS_CONTROL = 1 << 2, /* everything after xsave[] */
};

enum region_access {
	REGION_READ = 1 << 0,
	REGION_WRITE = 1 << 1,
	REGION_EXEC = 1 << 2,
};

/* [start, end) has the same access everywhere; 0: nothing is mapped there. */
struct target_region {
	uint64_t start;
	uint64_t end; /* 0 stands for 2^64 */
	unsigned access;
	const char *name; /* or NULL: "[stack]", a path */
};

/* The file number of the image, which outlives a guest; other files end with
 * it. */
#define TARGET_IMAGE INT_MAX

/* How a program is started again.  args[size] holds texts that end in NULs. */
struct target_run {
	const char *path; /* "": the program that the target has */
	const char *args; /* without the program's own name */
	size_t size;      /* 0: the arguments of the first start */
};

/* Settings of the next starts of the program. */
enum target_setting {
	SETTING_ENV,       /* NAME=VALUE is in the environment */
	SETTING_UNSET_ENV, /* NAME is not */
	SETTING_RESET_ENV, /* it is that of the first start again */
	SETTING_FOLDER,    /* the working folder; "": that of the first start */
};

/* An object of the dynamic loader's list (struct link_map of <link.h>). */
#define TARGET_LIBRARIES 1024
#define TARGET_PATH      4096

struct target_library {
	uint64_t map;     /* its struct link_map; 0: before the first */
	uint64_t bias;    /* its address minus the one in its headers */
	uint64_t dynamic; /* its dynamic section */
	bool image;       /* it is the executable image itself */
	char name[TARGET_PATH];
};

/* How a file is opened. */
enum target_file {
	TARGET_FILE_READ = 1 << 0,
	TARGET_FILE_WRITE = 1 << 1,
	TARGET_FILE_APPEND = 1 << 2,
	TARGET_FILE_CREATE = 1 << 3, /* if it is not there */
	TARGET_FILE_EXCLUSIVE = 1 << 4,
	TARGET_FILE_TRUNCATE = 1 << 5,
};

/* A file's attributes, as stat(2) has them. */
struct target_stat {
	uint64_t dev, ino, rdev;
	uint32_t mode, nlink, uid, gid;
	uint64_t size, block_size, blocks;
	int64_t atime, mtime, ctime; /* seconds */
};

struct target_ops {
	/*
	 * [must] The ids of the live threads, in the order of their creation,
	 * into tids[max]; returns how many.  [any]
	 */
	size_t (*threads)(void *ctx, int *tids, size_t max);

	/* A thread's name, or NULL.  [any] */
	const char *(*thread_name)(void *ctx, int tid);

	/*
	 * [must] A thread's registers: at least the banks asked for.  Pending
	 * I/O is completed first.  write_regs() gets a struct that read_regs()
	 * has filled and the debugger has changed.
	 */
	int (*read_regs)(void *ctx, int tid, struct regs *regs, unsigned banks);
	int (*write_regs)(
	    void *ctx, int tid, const struct regs *regs, unsigned banks);

	/* [must] The registers of this machine, which never change.  [any] */
	const struct regs_layout *(*regs_layout)(void *ctx);

	/*
	 * [must] Memory as the guest sees it, through its page tables.
	 * Returns how many bytes from the start were accessible, > 0, or
	 * -EFAULT.  Reading changes nothing and shows no inserted breakpoint;
	 * writing ignores the guest's own protection and writes below inserted
	 * breakpoints.  len > 0; the range may wrap or leave the address space.
	 */
	int64_t (*read_mem)(
	    void *ctx, int tid, uint64_t addr, void *buf, size_t len);
	int64_t (*write_mem)(
	    void *ctx, int tid, uint64_t addr, const void *buf, size_t len);

	/*
	 * The bytes that read_mem() would read, in place: bytes[returned] are
	 * valid until the machine runs or anything is written or inserted.  0:
	 * they have to be copied by read_mem().
	 */
	size_t (*view_mem)(void *ctx, int tid, uint64_t addr, size_t len,
	    const uint8_t **bytes);

	/* The region or the hole that addr lies in.  They tile 2^64. */
	int (*region)(void *ctx, uint64_t addr, struct target_region *region);

	/*
	 * Memory of the guest for the debugger: len bytes, rounded up to pages,
	 * with REGION_* rights.  The debugger itself may write to all of it.
	 * Returns the address, or -errno.  release() gets that address.
	 */
	int64_t (*allocate)(void *ctx, uint64_t len, unsigned access);
	int (*release)(void *ctx, uint64_t addr);

	/*
	 * Insert and remove a breakpoint.  Inserting one that is there gives it
	 * the new expressions; removing one that is not there succeeds and
	 * changes nothing.  -EOPNOTSUPP:
	 * the machine lacks that type, and the debugger does without;
	 * -ENOSPC: the table is full; -EFAULT: nothing is mapped there.
	 */
	int (*insert)(void *ctx, const struct target_break *brk);
	int (*remove)(void *ctx, const struct target_break *brk);

	/* With insert: the operations that the expressions of breakpoints may
	 * use; conditions do not print.  Its context is not used. */
	const struct agent_env *agent;

	/*
	 * The trace of this machine, or NULL without a guest.  The machine
	 * calls trace_hit() where a tracepoint is met, and trace_stepped()
	 * while it says so; with them come now(), which returns microseconds
	 * since 1970, and the two after it.  [any]
	 */
	struct trace *(*trace)(void *ctx);
	uint64_t (*now)(void *ctx);

	/*
	 * Plant and remove a tracepoint, at an address or at a hypercall's
	 * entry: 0, or as insert() and remove().  detach() does not remove it,
	 * unless trace_leave() ends the run.
	 */
	int (*trace_at)(void *ctx, uint64_t addr, bool on);
	int (*trace_call)(void *ctx, unsigned number, bool on);

	/* The name of hypercall *number or of the first one after it, which
	 * *number becomes; NULL: there is none.  [any] */
	const char *(*call_name)(void *ctx, unsigned *number);

	/*
	 * [must] Run.  Returns at once; stub_stop() follows, after this has
	 * returned.  On an error nothing runs.  If it is interrupted nothing
	 * moves, and the stop is as that of interrupt().
	 */
	int (*resume)(void *ctx, const struct target_resume *how);

	/*
	 * Go back: by one instruction of thread `tid`, or with TARGET_ALL to
	 * the last stop that resume() would have made before the present;
	 * STOP_STEP, or that stop, follows, or STOP_HISTORY_BEGIN.  A
	 * watchpoint stops before the access.  All else is as with resume(),
	 * which stops with STOP_HISTORY_END where the machine cannot go
	 * further.  NULL: the machine has no history.
	 */
	int (*reverse)(void *ctx, int tid);

	/*
	 * [must] A debugger attaches, until detach(): from now on a fault is a
	 * stop, not the guest's end.  A running thread keeps running.
	 */
	void (*attach)(void *ctx);

	/*
	 * [must] Stop soon, wherever the guest is: one stub_stop() follows,
	 * STOP_INTERRUPT or any stop that comes first.  It also follows in a
	 * machine that is stopped, and that does not move before.  The stop is
	 * of a thread that the last resume() let run: GDB fails an assertion
	 * if another one stops while it steps over a breakpoint.
	 */
	void (*interrupt)(void *ctx);

	/*
	 * Stop all threads for a moment, and return when they have stopped,
	 * with what stopped them: STOP_INTERRUPT, or what came first.  No
	 * stub_stop() follows.  Not while the machine is stopped.
	 */
	int (*pause)(void *ctx, struct stop *stop);

	/* [must] End the guest now.  No stop follows. */
	void (*kill)(void *ctx);

	/*
	 * [must] The debugger leaves or dies; the machine runs or is stopped:
	 * remove all that was inserted, forget stops not reported, run.  The
	 * only stop before the next attach() is the guest's end.
	 */
	void (*detach)(void *ctx);

	/*
	 * End the guest if it lives, and start the program again from its
	 * image, stopped at the entry.  Returns at once; after this has
	 * returned, stub_started() follows, or stub_not_started().  -ENOENT:
	 * the target does not have that program; -E2BIG: the arguments do not
	 * fit.  On an error nothing has changed.  [any]
	 */
	int (*restart)(void *ctx, const struct target_run *run);

	/* Change a setting: 0, or -E2BIG: it does not fit.  [any] */
	int (*set)(void *ctx, enum target_setting what, const char *text);

	/* The guest's process id, > 0.  [any] */
	int (*pid)(void *ctx);

	/*
	 * Whether the guest began before the debugger, which then detaches
	 * from it when it quits; NULL: yes.  [any]
	 */
	bool (*was_there)(void *ctx);

	/* The name of the executable image as the guest knows it.  [any] */
	const char *(*exec_path)(void *ctx);

	/* The image's address minus the one in its headers.  [any] */
	uint64_t (*load_bias)(void *ctx);

	/* The object after the one in *library, or false after the last, and
	 * without a loader.  The guest can make the list endless. */
	bool (*next_library)(void *ctx, struct target_library *library);

	/* The address, for this thread, of the thread-local variable at
	 * `offset` of the block of the object with that struct link_map; 0: of
	 * the executable.  -ENOENT if there is none. */
	int (*tls_address)(
	    void *ctx, int tid, uint64_t map, uint64_t offset, uint64_t *addr);

	/*
	 * The guest's files as a debugger may see them: the machine decides
	 * which there are, and none is the host's.  open_file(), with a set of
	 * enum target_file and the mode of a new file, returns a number >= 0
	 * for the operations after it, read_file() and write_file() the number
	 * of bytes, 0 at the end; read_link() the length of a link's text, cut
	 * to `size`.  stat_name() describes a link itself unless `follow`.
	 * The image's number by exec_path() is TARGET_IMAGE.  [any]
	 */
	int (*open_file)(
	    void *ctx, const char *path, unsigned how, unsigned mode);
	int64_t (*read_file)(
	    void *ctx, int file, uint64_t offset, void *buf, size_t len);
	int64_t (*write_file)(
	    void *ctx, int file, uint64_t offset, const void *buf, size_t len);
	int (*stat_file)(void *ctx, int file, struct target_stat *st);
	void (*close_file)(void *ctx, int file);
	int (*stat_name)(
	    void *ctx, const char *path, bool follow, struct target_stat *st);
	int64_t (*read_link)(
	    void *ctx, const char *path, char *buf, size_t size);
	int (*remove_file)(void *ctx, const char *path);

	/* The auxiliary vector as it was at the start; returns the number of
	 * bytes read, 0 at the end. */
	int64_t (*auxv)(void *ctx, uint64_t offset, void *buf, size_t len);

	/* The Linux siginfo_t of a thread's stop, which is delivered if the
	 * thread resumes with that signal. */
	int (*siginfo)(void *ctx, int tid, uint8_t info[TARGET_SIGINFO_SIZE]);
	int (*set_siginfo)(
	    void *ctx, int tid, const uint8_t info[TARGET_SIGINFO_SIZE]);

	/* Write a table of the guest's state as GDB's osdata.dtd has it, into
	 * an empty text; "": the table of tables.  -ENOENT: no such table. */
	int (*osdata)(void *ctx, const char *table, struct text *out);

	/*
	 * Run a `monitor` command, which writes its output by text_printf()
	 * of text.h; -ENOENT if the machine does not have it; -EINPROGRESS if
	 * it has no output yet: the machine runs, prints, and stops where it
	 * was.  Registers that it names are those of thread `tid`.
	 * monitor_help() gives the name and the purpose of the nth, false after
	 * the last.
	 */
	int (*monitor)(void *ctx, int tid, const char *cmd, struct text *out);
	bool (*monitor_help)(
	    void *ctx, size_t nth, const char **name, const char **purpose);

	/* Deliver these signals at once, without a STOP_SIGNAL: bit n - 1 is
	 * signal n (Linux number).  [any] */
	void (*pass_signals)(void *ctx, uint64_t set);

	/* Deliver only these signals if the debugger leaves while it has not
	 * decided; before this is called, a choice of the machine's.  [any] */
	void (*program_signals)(void *ctx, uint64_t set);

	/* Stop for each thread that is made or ends, except the last.  [any] */
	void (*thread_events)(void *ctx, bool on);

	/* The thread's handle in its C library, a pthread_t; -ENOENT if it has
	 * none yet. */
	int (*thread_handle)(void *ctx, int tid, uint64_t *handle);

	/*
	 * Stop at entry to and return from the hypercalls nr[n], or all if n
	 * is 0; at none if `on` is false.  At its entry a call can be changed
	 * by its argument registers and orig_rax (-1: it is not made), at its
	 * return its result by rax.
	 */
	int (*catch_syscalls)(void *ctx, bool on, const uint32_t *nr, size_t n);
};

#endif
