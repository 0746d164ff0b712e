/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting a debugger on our own guest: --debug.  It must not know what is
 * said on the line.
 */
#ifndef GDBSTART_H
#define GDBSTART_H

#include <sys/types.h>

struct gdbstart {
	const char *debugger; /* a gdb, by name or path */
	const char *guest;    /* its file, or NULL: gdb gets it by the line */
	pid_t pid;
	int pidfd; /* readable when it has ended */
	int line;  /* to it */
};

/*
 * Start it on our terminal, whose Ctrl-C is its from then on, and wait until
 * it is on the line.  0, or -1 after a sentence.
 */
int gdbstart(struct gdbstart *start);

/* Wait until it has ended. */
void gdbstart_wait(const struct gdbstart *start);

#endif
