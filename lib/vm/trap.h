/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an exception means: its name, its signal, its cause in words.  It must
 * not know how the exception arrived.
 */
#ifndef TRAP_H
#define TRAP_H

#include "vm/machine.h"

#include <signal.h>

struct trap_info {
	const char *mnemonic; /* "PF" */
	const char *text;     /* "page fault" */
	int signal;           /* Linux's number */
	int code;             /* si_code */
};

/* Of any vector: those that are no exception are an INT n, a #GP to Linux. */
const struct trap_info *trap_info(unsigned vector);

/* "SIGSEGV" for 11. */
const char *trap_signal_name(int signal);

/* What Linux would tell of the signal that ended this vCPU at `rip`. */
void trap_siginfo(
    const struct vcpu *vcpu, uint64_t rip, int signal, siginfo_t *info);

/* What follows the legacy and REX prefixes (AMD APM vol. 3, 1.2), or `last`. */
const uint8_t *trap_skip_prefixes(const uint8_t *code, const uint8_t *last);

/* The n of an INT n at `rip`; -1: there is none. */
int trap_int_number(const struct machine *m, uint64_t rip);

/* One phrase: what the guest did to get this trap at `rip`. */
void trap_describe(const struct machine *m, const struct trap *trap,
    uint64_t rip, char *text, size_t size);

/* The error code in words: "present, write, user"; empty if it says nothing. */
void trap_describe_error(const struct trap *trap, char *text, size_t size);

/* Did the processor fail to fetch an instruction there? */
bool trap_is_bad_jump(const struct trap *trap);

#endif
