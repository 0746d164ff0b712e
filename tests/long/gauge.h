/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures a process through /proc, and shows the state of one that hangs.  It
 * must not know what the process does.
 */
#ifndef GAUGE_H
#define GAUGE_H

#include <stdbool.h>
#include <sys/types.h>

struct gauge {
	unsigned long rss_kb, peak_kb;
	unsigned fds, threads;
};

/* At the begin, at half and at the end. */
enum gauge_when { GAUGE_BEGIN, GAUGE_HALF, GAUGE_END, GAUGES };

void gauge_take(struct gauge *gauge, pid_t pid);

/* Print the three, and a line for each that has grown since half; false if one
 * has. */
bool gauge_report(const char *what, const struct gauge gauge[GAUGES]);

/* Processes whose parent is this process; zombies are counted, threads not. */
unsigned gauge_children(unsigned *zombies);

/* The first child of a process, or 0. */
pid_t gauge_child_of(pid_t pid);

/* Write the state of a process that hangs, all its threads, to a file in the
 * working folder, and print the file's name. */
void gauge_show(pid_t pid, const char *why);

#endif
