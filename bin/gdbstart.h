/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --debug: starting gdb or lldb on our own guest.  It must not know packets.
 */
#ifndef GDBSTART_H
#define GDBSTART_H

#include <sys/types.h>

struct gdbstart {
	const char *debugger; /* a gdb or lldb, by name or path */
	const char *guest;    /* its file, or NULL: gdb reads it from us */
	pid_t pid;
	int pidfd;      /* readable when the debugger has ended */
	int connection; /* to it */
};

/*
 * Start the debugger on our terminal, whose Ctrl-C it gets from then on, and
 * wait until it has connected.  0, or -1 after a message.
 */
int gdbstart(struct gdbstart *start);

/* Remove what gdbstart() has made and not removed.  A signal's handler may. */
void gdbstart_drop(void);

/* Wait until the debugger has ended, unless novillo is to end before. */
void gdbstart_wait(const struct gdbstart *start);

#endif
