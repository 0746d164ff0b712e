/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals, with Linux's numbers and structures.
 */
#ifndef SIGNAL_H
#define SIGNAL_H

#include <stddef.h>
#include <sys/types.h>

#define SIGHUP	 1
#define SIGINT	 2
#define SIGQUIT	 3
#define SIGILL	 4
#define SIGTRAP	 5
#define SIGABRT	 6
#define SIGBUS	 7
#define SIGFPE	 8
#define SIGKILL	 9
#define SIGUSR1	 10
#define SIGSEGV	 11
#define SIGUSR2	 12
#define SIGPIPE	 13
#define SIGALRM	 14
#define SIGTERM	 15
#define SIGCHLD	 17
#define SIGCONT	 18
#define SIGSTOP	 19
#define SIGTSTP	 20
#define SIGTTIN	 21
#define SIGTTOU	 22
#define SIGURG	 23
#define SIGXCPU	 24
#define SIGXFSZ	 25
#define SIGWINCH 28
#define SIGSYS	 31

#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SIGRTMIN 32 /* no C library reserves the first ones */

#define SA_SIGINFO   0x00000004UL
#define SA_RESTORER  0x04000000UL /* sigaction() sets it */
#define SA_ONSTACK   0x08000000UL
#define SA_RESTART   0x10000000UL
#define SA_NODEFER   0x40000000UL
#define SA_RESETHAND 0x80000000UL

#define SS_ONSTACK    1
#define SS_DISABLE    2
#define SS_AUTODISARM (1 << 31)

#define SI_USER	  0
#define SI_QUEUE  -1
#define SI_TIMER  -2
#define SI_TKILL  -6
#define SI_KERNEL 0x80

#define ILL_ILLOPN  2
#define FPE_INTDIV  1
#define FPE_FLTDIV  3
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define TRAP_TRACE  2

typedef unsigned long sigset_t; /* bit n - 1 is signal n */

typedef struct {
	void *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;

union sigval {
	int sival_int;
	void *sival_ptr;
};

typedef struct {
	int si_signo;
	int si_errno;
	int si_code;
	int si_padding;
	union {
		void *si_addr;
		struct {
			int si_pid;
			unsigned si_uid;
			union sigval si_value;
		};
		struct {
			int si_timerid;
			int si_overrun;
		};
		long si_all[14];
	};
} siginfo_t;

/* The registers in a ucontext_t, in the kernel's order. */
enum {
	REG_R8,
	REG_R9,
	REG_R10,
	REG_R11,
	REG_R12,
	REG_R13,
	REG_R14,
	REG_R15,
	REG_RDI,
	REG_RSI,
	REG_RBP,
	REG_RBX,
	REG_RDX,
	REG_RAX,
	REG_RCX,
	REG_RSP,
	REG_RIP,
	REG_EFL,
	REG_CSGSFS, /* and SS */
	REG_ERR,
	REG_TRAPNO,
	REG_OLDMASK,
	REG_CR2,
	REG_COUNT,
};

typedef struct ucontext {
	unsigned long uc_flags;
	struct ucontext *uc_link;
	stack_t uc_stack;
	unsigned long uc_gregs[REG_COUNT];
	unsigned char *uc_fpregs; /* an XSAVE area */
	unsigned long uc_reserved[8];
	sigset_t uc_sigmask;
} ucontext_t;

/* The structure and its order are the kernel's. */
struct sigaction {
	union {
		void (*sa_handler)(int);
		void (*sa_sigaction)(int, siginfo_t *, void *);
	};
	unsigned long sa_flags;
	void (*sa_restorer)(void);
	sigset_t sa_mask;
};

int sigemptyset(sigset_t *set);
int sigaddset(sigset_t *set, int signal);
int sigismember(const sigset_t *set, int signal);

int sigaction(int signal, const struct sigaction *new, struct sigaction *old);
int sigprocmask(int how, const sigset_t *set, sigset_t *old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigaltstack(const stack_t *new, stack_t *old);
int pause(void);

struct timespec;
int sigtimedwait(
    const sigset_t *set, siginfo_t *info, const struct timespec *timeout);
int kill(pid_t pid, int signal);
int raise(int signal);

#endif
