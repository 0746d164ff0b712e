/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The meaning of an exception: its name, its signal, its cause.  It must
 * not know how the exception arrived.
 */
#ifndef TRAP_H
#define TRAP_H

#include "vm/machine.h"

#include <signal.h>

#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_UD 6
#define VECTOR_PF 14

struct trap_info {
	const char *mnemonic; /* "PF" */
	const char *text;     /* "page fault" */
	int signal;           /* Linux's number */
	int code;             /* si_code */
};

/* For any vector: one that is not an exception is an INT n, and so a #GP. */
const struct trap_info *trap_info(unsigned vector);

/* The signal that this trap raises. */
int trap_signal(const struct machine *m, const struct trap *trap);

/* "SIGSEGV" for 11. */
const char *trap_signal_name(int signal);

/* The siginfo that Linux would give for the vCPU's last trap, at `rip`. */
void trap_siginfo(
    const struct vcpu *vcpu, uint64_t rip, int signal, siginfo_t *info);

/* The n of an INT n at `rip`, or -1. */
int trap_int_number(const struct machine *m, uint64_t rip);

/* The cause of this trap at `rip`, in one phrase. */
void trap_describe(const struct machine *m, const struct trap *trap,
    uint64_t rip, char *text, size_t size);

/* The error code in words, as "error 0x6: page not present, write, user mode";
 * "" if there is none. */
void trap_describe_error(const struct trap *trap, char *text, size_t size);

/* Did the processor fail to fetch an instruction there? */
bool trap_is_bad_jump(const struct trap *trap);

#endif
