/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns, medians, verdicts.  This file must not know what is measured.
 */
#include "figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct bench bench = { .rounds = 31 };

#define SIDES_MAX 4

/* By side and turn, in microseconds per unit. */
struct turns {
	double side[SIDES_MAX][ROUNDS_MAX];
};

const char *
guest_path(const char *name)
{
	size_t size = strlen(bench.guests) + strlen(name) + 2;
	char *path = malloc(size);

	if (!path)
		give_up("malloc");
	snprintf(path, size, "%s/%s", bench.guests, name);
	return path;
}

static void
add_word(struct command *command, unsigned *n, const char *word)
{
	if (*n == CHILD_ARGS - 1)
		give_up("--vs has more than %d words", CHILD_ARGS - 1);
	command->arg[(*n)++] = word;
}

struct command
other_command(const char *const *guest, const char *in)
{
	struct command command = { .arg = { NULL }, .in = in };
	char *words = strdup(bench.vs);
	unsigned n = 0;
	char *word;

	for (word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		if (!guest || strcmp(word, "%g") != 0) {
			add_word(&command, &n, word);
			continue;
		}
		while (*guest)
			add_word(&command, &n, *guest++);
	}
	if (n == 0)
		give_up("--vs names no command");
	return command;
}

unsigned
start_rounds(void)
{
	unsigned n = bench.virtual ? bench.rounds
				   : bench.rounds * STARTS_A_ROUND;

	return n < ROUNDS_MAX ? n : ROUNDS_MAX;
}

static struct cost
cost_of(const struct side *side)
{
	struct cost cost = child_time(side->run);

	if (side->less) {
		struct cost less = child_time(side->less);

		cost.wall -= less.wall;
		cost.cpu -= less.cpu;
	}
	return cost;
}
static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread
spread_of(const double *values, unsigned n)
{
	static double sorted[ROUNDS_MAX];
	double below;

	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), ascending);
	below = n / 2.0 - sqrt(n); /* binomial, two standard deviations */
	return (struct spread){
		.median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
		.min = sorted[0],
		.max = sorted[n - 1],
		.low = sorted[below > 0 ? (unsigned)below : 0],
	};
}

void
judge(double value, double limit, const char *unit)
{
	bool met = value <= limit;

	if (bench.json)
		fprintf(bench.json, ", \"value\": %.6g", value);
	if (limit != NO_LIMIT) {
		printf(", at most %.4g%s: %s", limit, unit,
		    met ? "met" : "missed");
		if (bench.json)
			fprintf(bench.json, ", \"limit\": %.6g", limit);
		bench.missed += !met;
	}
	if (bench.json)
		fprintf(bench.json, " }");
	printf("\n");
}

void
begin_json(const char *what)
{
	if (bench.json)
		fprintf(bench.json, "%s\n\t{ \"figure\": \"%s\"",
		    bench.figures ? "," : "[", what);
	bench.figures++;
}

void
judge_count(const char *what, double count, double units, double limit)
{
	begin_json(what);
	printf("  %s %.3f", what, count / units);
	judge(count / units, limit, "");
}

struct child_calls
calls_between(const struct command *less, const struct command *more)
{
	struct child_calls a, b;
	struct child_memory memory;
	unsigned i;

	child_watch(less, DEFAULT_ADDRESSES, &a, &memory);
	child_watch(more, DEFAULT_ADDRESSES, &b, &memory);
	b.all -= a.all;
	b.straight -= a.straight;
	for (i = 0; i < CHILD_IOCTLS; i++)
		b.ioctl[i] -= a.ioctl[i];
	for (i = 0; i < CHILD_NUMBERS; i++)
		b.number[i] -= a.number[i];
	return b;
}

static void
print_side(const char *name, const double *values, unsigned n)
{
	struct spread s = spread_of(values, n);

	printf(
	    "  %-9s %9.2f us (%.2f to %.2f)\n", name, s.median, s.min, s.max);
	if (bench.json)
		fprintf(bench.json, ", \"%s\": [%.3f, %.3f, %.3f]", name,
		    s.median, s.min, s.max);
}
static struct spread
ratio_of(const struct turns *t, unsigned ours, unsigned base, unsigned n)
{
	static double ratio[ROUNDS_MAX];
	unsigned i;

	for (i = 0; i < n; i++)
		ratio[i] = t->side[ours][i] / t->side[base][i];
	return spread_of(ratio, n);
}

static struct turns wall, cpu;

/* Both clocks, in turns. */
static void
take_turns(const struct side *const sides[], unsigned count, unsigned rounds,
    double units)
{
	unsigned i, s;

	for (s = 0; s < count; s++)
		cost_of(sides[s]); /* this run fills the caches */
	for (i = 0; i < rounds; i++) {
		for (s = 0; s < count; s++) {
			struct cost cost = cost_of(sides[s]);

			wall.side[s][i] = cost.wall / units / 1e3;
			cpu.side[s][i] = cost.cpu / units / 1e3;
		}
	}
}

static void
print_sides(const char *what, const char *clock,
    const struct side *const sides[], unsigned count, const struct turns *t,
    unsigned n)
{
	char name[128];
	unsigned s;

	snprintf(name, sizeof(name), "%s, %s", what, clock);
	begin_json(name);
	printf("%s\n", name);
	for (s = 0; s < count; s++)
		print_side(sides[s]->name, t->side[s], n);
}

static void
report(const char *what, const char *clock, const struct side *const sides[2],
    const struct turns *t, unsigned n, double limit)
{
	double ratio = ratio_of(t, 0, 1, n).median;

	print_sides(what, clock, sides, 2, t, n);
	printf("  ratio %.3f", ratio);
	judge(ratio, limit, "");
	fflush(stdout);
}

void
compare_by(const char *what, const struct side *ours, const struct side *base,
    unsigned rounds, double units, struct limits limit)
{
	const struct side *const sides[] = { ours, base };

	take_turns(sides, 2, rounds, units);
	report(what, "CPU time", sides, &cpu, rounds, limit.cpu);
	if (!bench.virtual)
		report(what, "wall clock", sides, &wall, rounds, limit.wall);
}

void
compare(const char *what, const struct side *ours, const struct side *base,
    unsigned rounds, double units, double limit)
{
	const struct limits both = { limit, limit };

	compare_by(what, ours, base, rounds, units, both);
}

/* Compares CPU time alone: other programs wait no less. */
void
compare_closely(const char *what, const struct side *const sides[4],
    unsigned rounds, double units, double limit)
{
	struct spread ours, floor;

	take_turns(sides, 4, rounds, units);
	ours = ratio_of(&cpu, 0, 1, rounds);
	floor = ratio_of(&cpu, 2, 3, rounds);
	print_sides(what, "CPU time", sides, 4, &cpu, rounds);
	printf("  ratio %.4f, surely above %.4f, the floor's %.4f", ours.median,
	    ours.low, floor.median);
	if (limit < CLOSE_LIMIT * floor.median)
		limit = CLOSE_LIMIT * floor.median;
	judge(ours.low, limit, "");
	fflush(stdout);
}

static void
report_native(const char *what, const char *clock,
    const struct side *const sides[3], const struct turns *t, unsigned n)
{
	double ratio = ratio_of(t, 0, 1, n).median;
	double least = ratio_of(t, 2, 1, n).median;
	double limit = least *
		       (bench.virtual ? VIRTUAL_NATIVE_LIMIT : HYPERCALL_LIMIT);

	print_sides(what, clock, sides, 3, t, n);
	printf("  ratio %.3f, the floor's %.3f", ratio, least);
	judge(ratio, limit > NATIVE_LIMIT ? limit : NATIVE_LIMIT, "");
	fflush(stdout);
}

void
compare_native(const char *what, const struct side *ours,
    const struct side *native, const struct side *floor, double units)
{
	const struct side *const sides[] = { ours, native, floor };

	take_turns(sides, 3, bench.rounds, units);
	report_native(what, "CPU time", sides, &cpu, bench.rounds);
	if (!bench.virtual)
		report_native(what, "wall clock", sides, &wall, bench.rounds);
}

static void
report_native_closely(const char *what, const char *clock,
    const struct side *const sides[3], const struct turns *t, unsigned n,
    struct native_limits limits)
{
	struct spread ours = ratio_of(t, 0, 1, n);
	double least = ratio_of(t, 2, 1, n).median;
	double limit = limits.floor * least;

	print_sides(what, clock, sides, 3, t, n);
	printf("  %.1f %% of native, the floor's %.1f %%; ratio %.4f, surely"
	       " above %.4f, the floor's %.4f",
	    100 / ours.median, 100 / least, ours.median, ours.low, least);
	judge(ours.low, limit > limits.native ? limit : limits.native, "");
	fflush(stdout);
}

void
compare_native_closely(const char *what, const struct side *const sides[3],
    unsigned rounds, double units, struct native_limits limits)
{
	take_turns(sides, 3, rounds, units);
	report_native_closely(what, "CPU time", sides, &cpu, rounds, limits);
	if (!bench.virtual)
		report_native_closely(
		    what, "wall clock", sides, &wall, rounds, limits);
}
