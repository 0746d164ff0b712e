/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a debuggee must offer to be debugged: the only way from the GDB stub to
 * a machine.  It must not know KVM, sockets, or the protocol.
 *
 * The machine is all-stop: either every thread runs that the last resume()
 * let run, or none does and everything may be inspected.  It begins to run
 * when the stub calls resume(), attaches nobody, or detach()es; it stops when
 * the machine itself calls stub_stop().  Between those calls:
 *
 *	stopped		every operation may be called; none of them blocks
 *	running		only resume-free ones: interrupt(), kill(), detach(),
 *			and the facts that do not change (those marked [any])
 *
 * Each operation returns 0 (or a count, where it says so) or -errno, with
 * Linux numbers; the errno is what the debugger's user gets to read.  A NULL
 * operation is one the machine does not have: the packets that need it are
 * answered as unknown and not advertised.  Only those marked [must] may not
 * be NULL.  Pointers handed over are good until the operation returns, those
 * handed back until the next operation.
 */
#ifndef GDB_TARGET_H
#define GDB_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regs;
struct regs_layout;
struct text;

/* The most threads a machine may have at one time. */
#define TARGET_THREADS_MAX 256

/* In place of a thread's id, which is > 0: all of them, or none in special. */
#define TARGET_ALL 0

/* What a debugger asks a machine to do with a thread when it resumes. */
enum target_action_kind {
	ACTION_STOP, /* stay stopped */
	ACTION_CONTINUE,
	ACTION_STEP,  /* one instruction, then stop with STOP_STEP */
	ACTION_RANGE, /* step while rip is in [lo, hi), then STOP_STEP */
};

/*
 * A signal (Linux number, 0: none) is delivered before the thread moves: the
 * one it stopped for, or another.  A signal it stopped for that is not passed
 * is gone; a thread whose fault is not passed retries the instruction.
 */
struct target_action {
	int tid; /* TARGET_ALL: every thread not named before */
	enum target_action_kind kind;
	int signal;
	uint64_t lo, hi; /* ACTION_RANGE */
};

/*
 * The first action that names a thread is its own; a thread that none names
 * stays stopped (GDB manual, vCont).
 */
struct target_resume {
	const struct target_action *actions;
	size_t n;
};

/* Why a machine stopped.  ORDER stop_reasons in stops.c. */
enum stop_kind {
	STOP_NONE,        /* nothing happened: it stands where it was put */
	STOP_SIGNAL,      /* `signal` is about to be delivered */
	STOP_INTERRUPT,   /* interrupt() was called */
	STOP_STEP,        /* an instruction or a range was stepped */
	STOP_BREAK,       /* a BREAK_SOFT of ours at rip, not executed */
	STOP_HWBREAK,     /* a BREAK_HARD of ours at rip, not executed */
	STOP_WATCH_WRITE, /* written: `addr`; rip is after the access */
	STOP_WATCH_READ,
	STOP_WATCH_ACCESS,
	STOP_SYSCALL_ENTRY,  /* hypercall `status`, not done yet */
	STOP_SYSCALL_RETURN, /* hypercall `status`, done */
	STOP_EXITED,         /* the guest is gone; `status` is its own */
	STOP_KILLED,         /* the guest is gone, ended by `signal` */
};

/*
 * One stop.  When several threads have something to say at once the machine
 * reports one and keeps the others for the next resume() (unless what they
 * hit was removed meanwhile); no hit is lost, none is told twice.
 */
struct stop {
	enum stop_kind kind;
	int tid;       /* who; any live thread for STOP_INTERRUPT */
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

struct target_break {
	enum break_type type;
	uint64_t addr;
	uint64_t kind; /* breakpoints: 1; watchpoints: length in bytes, > 0 */
};

/* Which part of struct regs an operation is about: reading costs. */
enum regs_bank {
	REGS_CORE = 1 << 0,  /* everything before xsave[] */
	REGS_XSAVE = 1 << 1, /* xsave[] and xsave_valid */
};

enum region_access {
	REGION_READ = 1 << 0,
	REGION_WRITE = 1 << 1,
	REGION_EXEC = 1 << 2,
};

/* [start, end) has the same rights everywhere; 0: nothing is mapped there. */
struct target_region {
	uint64_t start;
	uint64_t end; /* 0 stands for 2^64 */
	unsigned access;
	const char *name; /* or NULL: "[stack]", a path */
};

struct target_ops {
	/*
	 * [must] The ids of the live threads, in the order they were made,
	 * into tids[max]; how many.  [any]
	 */
	size_t (*threads)(void *ctx, int *tids, size_t max);

	/* A thread's name, or NULL.  [any] */
	const char *(*thread_name)(void *ctx, int tid);

	/*
	 * [must] A thread's registers: at least the asked-for banks.  They are
	 * true at once: pending I/O is completed first.  write_regs() gets a
	 * struct that read_regs() filled, changed.
	 */
	int (*read_regs)(void *ctx, int tid, struct regs *regs, unsigned banks);
	int (*write_regs)(
	    void *ctx, int tid, const struct regs *regs, unsigned banks);

	/* [must] What registers this machine has.  Never changes.  [any] */
	const struct regs_layout *(*regs_layout)(void *ctx);

	/*
	 * [must] Memory as the guest sees it, through its page tables: how
	 * many bytes from the start could be had, > 0, else -EFAULT.  Reading
	 * changes nothing and shows no planted breakpoint; writing ignores
	 * the guest's own protection and goes below planted breakpoints.
	 * len > 0; the range may wrap or leave the address space.
	 */
	int64_t (*read_mem)(
	    void *ctx, int tid, uint64_t addr, void *buf, size_t len);
	int64_t (*write_mem)(
	    void *ctx, int tid, uint64_t addr, const void *buf, size_t len);

	/*
	 * What read_mem() would read, where it lies, if it need not be copied
	 * first: how many bytes are in *bytes, until the machine runs or
	 * anything is written or inserted.  0: read_mem() it is.
	 */
	size_t (*view_mem)(void *ctx, int tid, uint64_t addr, size_t len,
	    const uint8_t **bytes);

	/* The region that addr lies in, or the hole.  Regions tile 2^64. */
	int (*region)(void *ctx, uint64_t addr, struct target_region *region);

	/*
	 * Insert and remove.  Inserting what is there, and removing what is
	 * not, succeed and change nothing.  -EOPNOTSUPP: no such type, and the
	 * debugger shall do without; -ENOSPC: no more of them; -EFAULT: not
	 * there.
	 */
	int (*insert)(void *ctx, const struct target_break *brk);
	int (*remove)(void *ctx, const struct target_break *brk);

	/*
	 * [must] Run.  Returns at once; the next stop comes by stub_stop(),
	 * not before this has returned.  On an error nothing runs.
	 */
	int (*resume)(void *ctx, const struct target_resume *how);

	/*
	 * [must] Stop soon, wherever the guest is: one stub_stop() follows,
	 * STOP_INTERRUPT or whatever came first.
	 */
	void (*interrupt)(void *ctx);

	/* [must] End the guest now.  No stop follows. */
	void (*kill)(void *ctx);

	/*
	 * [must] The debugger leaves, or dies, running or stopped: remove all
	 * that was inserted, forget stops not told, run on freely.  No stop
	 * follows until interrupt() is called, but for the guest's end: a
	 * fault is that now.
	 */
	void (*detach)(void *ctx);

	/* Start the program again from its image, stopped at the entry. */
	int (*restart)(void *ctx);

	/* The guest's process id, > 0.  [any] */
	int (*pid)(void *ctx);

	/*
	 * Whether the guest was there before the debugger, which then leaves
	 * it alive when it quits; NULL: yes.  [any]
	 */
	bool (*was_there)(void *ctx);

	/* The name of the executable image as the guest knows it.  [any] */
	const char *(*exec_path)(void *ctx);

	/* Where the image lies, relative to what its headers say.  [any] */
	uint64_t (*load_bias)(void *ctx);

	/* Where the executable's thread-local variable at `offset` of their
	 * block is, of this thread: -ENOENT if there is none. */
	int (*tls_address)(void *ctx, int tid, uint64_t offset, uint64_t *addr);

	/*
	 * Files the debugger may read: the guest's own image by exec_path()
	 * and what the machine makes up, nothing of the host's.  open_file()
	 * gives a number >= 0 that read_file() takes, -ENOENT for anything
	 * else; read_file() gives the bytes had, 0 at the end.  [any]
	 */
	int (*open_file)(void *ctx, const char *path, uint64_t *size);
	int64_t (*read_file)(
	    void *ctx, int file, uint64_t offset, void *buf, size_t len);
	void (*close_file)(void *ctx, int file);

	/* The auxiliary vector as it stood at the start: its bytes' number. */
	int64_t (*auxv)(void *ctx, uint64_t offset, void *buf, size_t len);

	/* The Linux siginfo_t of a thread's stop. */
	int (*siginfo)(void *ctx, int tid, uint8_t info[128]);

	/*
	 * A `monitor` command, which writes its answer by text_printf() of
	 * text.h; -ENOENT if it is not one of the machine's.
	 * monitor_help() tells the name and the purpose of the nth, or false.
	 */
	int (*monitor)(void *ctx, const char *cmd, struct text *out);
	bool (*monitor_help)(
	    void *ctx, size_t nth, const char **name, const char **purpose);

	/* No STOP_SIGNAL for these: bit n - 1 is signal n (Linux number).  They
	 * are delivered at once.  [any] */
	void (*pass_signals)(void *ctx, uint64_t set);

	/*
	 * Stop at entry to and return from hypercalls: those in nr[n], all of
	 * them if n is 0, none if off.
	 */
	int (*catch_syscalls)(void *ctx, bool on, const uint16_t *nr, size_t n);
};

#endif
