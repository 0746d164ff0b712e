/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long use of novillo: `endure PART COUNT [AT_ONCE]`.  A part prints its
 * figures and fails if a session hangs, a result is wrong, or something grows.
 *
 *	watch	sessions that watch a word which three threads write
 *	gdb	the same by the real gdb
 *	steps	steps of one thread, alone and while others run
 *	killed	debuggers that are killed at random moments, on one guest
 *	crowd	rounds of guests that all exist at once, each with a debugger
 *	starts	guests that start and end in every way
 *
 * Environment: NOVILLO and top_builddir as in tests/lib.sh.
 */
#include "endure.h"
#include "gauge.h"

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

uint64_t symbol[SYMBOLS];
const char *novillo, *guests;

static const char *const symbol_names[SYMBOLS] = {
	[SYM_TOTAL] = "total",
	[SYM_OWN] = "own",
	[SYM_ROUNDS] = "rounds",
	[SYM_WORK] = "work",
	[SYM_MEET] = "meet",
	[SYM_WAIT] = "futex_wait",
};

static bool
run_watch(unsigned count, unsigned at_once)
{
	return pool_run("watch", watch_session, count, at_once);
}

static bool
run_gdb(unsigned count, unsigned at_once)
{
	return pool_run("gdb", gdb_session, count, at_once);
}

static bool
run_starts(unsigned count, unsigned at_once)
{
	return pool_run("starts", start_session, count, at_once);
}

static bool
run_steps_part(unsigned count, unsigned at_once)
{
	(void)at_once;
	return run_steps(count);
}

static bool
run_killed_part(unsigned count, unsigned at_once)
{
	(void)at_once;
	return run_killed(count);
}

static bool
run_crowd_part(unsigned count, unsigned at_once)
{
	(void)at_once;
	return run_crowd(count);
}

static const struct {
	const char *name;
	bool (*run)(unsigned count, unsigned at_once);
} parts[] = {
	{ "watch", run_watch },
	{ "gdb", run_gdb },
	{ "steps", run_steps_part },
	{ "killed", run_killed_part },
	{ "crowd", run_crowd_part },
	{ "starts", run_starts },
};

static const char *
environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value ? value : otherwise;
}

/* Where the tests are, as absolute names: a part changes its folder. */
static void
find_programs(void)
{
	static char paths[2][PATH_MAX];
	const char *build = environment("top_builddir", ".");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bin/novillo", build);
	novillo = realpath(environment("NOVILLO", path), paths[0]);
	snprintf(path, sizeof(path), "%s/guest", build);
	guests = realpath(path, paths[1]);
	if (!novillo || !guests)
		errx(2, "no novillo is built here");
}

static void
find_symbols(void)
{
	unsigned long addr;
	char command[PATH_MAX + 32], line[256], name[128];
	FILE *f;
	int i;

	snprintf(command, sizeof(command), "nm '%s/threads.elf'", guests);
	f = popen(command, "r");
	while (f && fgets(line, sizeof(line), f))
		for (i = 0; i < SYMBOLS; i++)
			if (sscanf(line, "%lx %*c %127s", &addr, name) == 2 &&
			    strcmp(name, symbol_names[i]) == 0)
				symbol[i] = addr;
	if (f)
		pclose(f);
	for (i = 0; i < SYMBOLS; i++)
		if (!symbol[i])
			errx(
			    2, "threads.elf has no symbol %s", symbol_names[i]);
}

int
main(int argc, char **argv)
{
	unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 0;
	unsigned at_once = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 0) : 1;
	time_t began = time(NULL);
	bool good;
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(argv[1], parts[i].name) == 0)
			break;
	if (argc < 3 || i == sizeof(parts) / sizeof(parts[0]) || !count ||
	    !at_once)
		errx(2, "usage: endure PART COUNT [AT_ONCE]");
	/* A process that novillo leaves becomes our child, and is counted. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		err(2, "PR_SET_CHILD_SUBREAPER");
	find_programs();
	find_symbols();
	good = parts[i].run(count, at_once);
	printf("%s: %s after %ld s\n", argv[1], good ? "passed" : "FAILED",
	    (long)(time(NULL) - began));
	return good ? 0 : 1;
}
