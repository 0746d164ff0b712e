/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures novillo against the floor: the minimum that any program needs for
 * the same result.  It knows novillo only as a command.
 *
 *	bench [OPTION]... NOVILLO FLOOR GUESTS
 *
 * NOVILLO and FLOOR are the programs, GUESTS the folder of the guests.  Both
 * sides of a figure run in turns, so that both see the same machine; the median
 * of the ratios per turn is compared.
 *
 *	--rounds=N	turns a figure (31)
 *	--virtual	the clock counts instructions and is exact: a few turns
 *			are enough, and only CPU time counts, because waits last
 *			as long as this clock is wrong
 *	--json=FILE	the figures for programs
 *	--only=PART	one part of it: see the table `parts`
 *	--vs=COMMAND	also time this command in turns with novillo: a guest
 *			that does nothing, or makes %n hypercalls; or, if a word
 *			is %g, each ordinary program of the bench: the program
 *			and its arguments replace %g
 *	--programs=DIR	the folder of these programs
 *
 * Status: 0, every figure is within its limit; 1, one is not; 2, not measured.
 */
#include "figure.h"
#include "parts.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
	{ "rounds", required_argument, NULL, 'n' },
	{ "virtual", no_argument, NULL, 'v' },
	{ "json", required_argument, NULL, 'j' },
	{ "only", required_argument, NULL, 'o' },
	{ "vs", required_argument, NULL, 'c' },
	{ "programs", required_argument, NULL, 'p' },
	{ 0 },
};

static void
parse(int argc, char **argv)
{
	bool rounds = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'n':
			bench.rounds = (unsigned)strtoul(optarg, NULL, 10);
			rounds = true;
			break;
		case 'v': bench.virtual = true; break;
		case 'j': bench.json = fopen(optarg, "w"); break;
		case 'o': bench.only = optarg; break;
		case 'c': bench.vs = optarg; break;
		case 'p': bench.programs = optarg; break;
		default: exit(2);
		}
	if (bench.virtual && !rounds)
		bench.rounds = 3;
	if (bench.rounds < 1 || bench.rounds > ROUNDS_MAX)
		give_up("--rounds is from 1 to %d", ROUNDS_MAX);
	if (argc - optind != 3)
		give_up("usage: bench [OPTION]... NOVILLO FLOOR GUESTS");
	bench.novillo = argv[optind];
	bench.floor = argv[optind + 1];
	bench.guests = argv[optind + 2];
}

static const struct {
	const char *name;
	void (*measure)(void);
} parts[] = {
	{ "call-count", count_hypercall },
	{ "start-count", look_at_start },
	{ "faults", count_faults },
	{ "memory", look_at_memory },
	{ "step-count", count_step },
	{ "watch-count", count_watch },
	{ "start", time_start },
	{ "image", time_image },
	{ "call", time_hypercall },
	{ "step", time_step },
	{ "hit", time_hits },
	{ "break", time_breaks },
	{ "registers", time_registers },
	{ "dump", time_dumps },
	{ "filter", time_filter },
	{ "echo-count", count_echo },
	{ "echo", time_echoes },
	{ "read-count", count_reads },
	{ "read", time_reads },
	{ "map", time_map },
	{ "pair-count", count_pairs },
	{ "pair", time_pairs },
	{ "compute", time_compute },
	{ "hello", time_hello },
	{ "syscall-count", count_syscalls },
	{ "syscall", time_syscalls },
	{ "hop-count", count_hops },
	{ "hop", time_hops },
	{ "touch", time_touch },
	{ "sha256", time_sha256 },
	{ "lua", time_lua },
	{ "sqlite", time_sqlite },
	{ "record-count", count_record },
	{ "record", time_record },
	{ "back", time_back },
	{ "copies", time_copies },
};

int
main(int argc, char **argv)
{
	bool measured = false;
	size_t i;

	parse(argc, argv);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (bench.only && strcmp(bench.only, parts[i].name) != 0)
			continue;
		parts[i].measure();
		measured = true;
	}
	if (!measured)
		give_up("--only=%s: there is no such part", bench.only);
	if (bench.vs && !strstr(bench.vs, "%g"))
		time_other();
	if (bench.json)
		fprintf(bench.json, "\n]\n");
	if (bench.json && fclose(bench.json) != 0)
		give_up("the file of --json cannot be written");
	printf("%u figures, %u missed\n", bench.figures, bench.missed);
	return bench.missed ? 1 : 0;
}
