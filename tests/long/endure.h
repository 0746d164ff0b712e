/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long use of novillo: the bounds, and what the parts share.  The counts are in
 * local.mk; doc/endurance.md has the figures.
 */
#ifndef ENDURE_H
#define ENDURE_H

#include "peer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RSS_GROWTH_KB  256 /* of one process, from half to end */
#define PEAK_GROWTH_KB 128 /* of the mean peak, first to last tenth */
#define TENTH_LEAST    10  /* runs: the mean of fewer says nothing */
#define SLOWER         2   /* times the CPU time, last to first tenth */
#define WORKERS        3   /* threads of the guest that is watched */
#define CROWD          100 /* guests at once */
#define TENTHS         10

/* The guest's functions and variables that are used here. */
enum symbol {
	SYM_TOTAL,
	SYM_OWN,
	SYM_ROUNDS,
	SYM_WORK,
	SYM_MEET,
	SYM_WAIT,
	SYMBOLS
};
extern uint64_t symbol[SYMBOLS];
extern const char *novillo, *guests;

/* A novillo.  `line` is the debugger's end of its line, `out` the reading end
 * of its output; -1 if there is none.  `err` is a file with its messages. */
struct guest {
	pid_t pid;
	int line, out, err;
	int status;      /* as of waitpid(), after its end */
	long peak_kb;    /* maximum RSS */
	uint64_t cpu_us; /* user and system time */
	char message[200];
};

/* Start novillo with a line (`--gdb=fd:N`), or without one.  `args` ends with
 * NULL: options, the guest's name below the folder of guests, arguments. */
void guest_start(struct guest *guest, bool line, const char *const args[]);

/* Start any other program, without a line. */
void guest_start_command(struct guest *guest, const char *const argv[]);

/* Wait for the end, HANG_MS at most; false if it does not end. */
bool guest_end(struct guest *guest);

/* Read all of the output, up to its end, into text[size]. */
void guest_output(struct guest *guest, char *text, size_t size);

void guest_kill(struct guest *guest);

/* The first line of its messages. */
const char *guest_message(struct guest *guest);

/* One session of a pool.  A session returns NULL, or a text that says what was
 * wrong; `errno` is ETIMEDOUT if something hung. */
struct session {
	unsigned number;
	uint64_t seed;
	struct guest guest;
	struct peer peer;
	uint64_t hits, steps, interrupts; /* counts of the part's own */
};
typedef const char *session_fn(struct session *s);

unsigned random_below(struct session *s, unsigned n);

/* Run `count` sessions, `at_once` of them at once, each in a process of its
 * own, and print the figures; false if one failed or something has grown. */
bool
pool_run(const char *what, session_fn *fn, unsigned count, unsigned at_once);

/* The parts; see endure.c. */
session_fn watch_session, gdb_session, start_session;
bool run_steps(unsigned count);
bool run_killed(unsigned count);
bool run_crowd(unsigned rounds);

#endif
