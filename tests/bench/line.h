/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debugger's line to a program that serves one: any packets, and Ctrl-C.  It
 * must not know their meaning.
 */
#ifndef LINE_H
#define LINE_H

#include <sys/types.h>

#define LINE_REPLY 4096

struct line {
	int fd;
	pid_t pid;
	char last[96]; /* the beginning of the last reply */
};

/* Start the program with this option and a line, or end by give_up(). */
void line_open(struct line *line, const char *program, const char *option);

/* Send the packet; the payload of its reply, as it came, with an end. */
void line_ask(struct line *line, const char *packet, char reply[LINE_REPLY]);

/* Let the guest run for so many microseconds: why it has stopped. */
void line_run(struct line *line, unsigned us, char reply[LINE_REPLY]);

/* End the guest and the program. */
void line_close(struct line *line);

#endif
