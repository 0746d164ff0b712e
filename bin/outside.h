/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that are sent to novillo, delivered to the guest.  It must not know
 * how a guest handles them.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "vm/machine.h"

/* The treatment of SIGINT and SIGQUIT, which a terminal sends. */
enum outside_terminal {
	OUTSIDE_GUEST,    /* the guest gets them, as all others */
	OUTSIDE_END,      /* they end the guest, even if it is stopped: --gdb */
	OUTSIDE_DEBUGGER, /* the debugger on our terminal gets them: --debug */
};

/* The numbers of those signals: how many, in numbers[OUTSIDE_SIGNALS]. */
#define OUTSIDE_SIGNALS 8
size_t outside_list(int numbers[OUTSIDE_SIGNALS]);

/*
 * Begin to deliver such signals to the guest.  A SIGUSR1 that would end the
 * guest calls `report` instead, in its handler.  0, or -1 after a message.
 */
int outside_start(
    struct machine *m, enum outside_terminal terminal, void (*report)(void));

/* Such a signal that would end novillo calls `drop` first, until the guest gets
 * them by outside_start().  0, or -1 after a message. */
int outside_expect(void (*drop)(void));

/* End novillo by the signal, as its parent expects.  If the signal has no such
 * effect this returns, and an exit status has to say it. */
void outside_end(int signal);

#endif
