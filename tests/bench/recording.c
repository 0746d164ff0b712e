/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cost of recording, the time of a debugger's step back in a replay, and
 * the cost of the checkpoints for it.
 *
 * Novillo is known only as a command.
 */
#include "figure.h"
#include "line.h"
#include "parts.h"
#include "talk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS      200000 /* of a recording that is counted */
#define EVENT_BYTES 24.0
#define BLOCK       65536.0

/* The limits of recording, as ratios to a plain run. */
#define COMPUTE_LIMIT 1.05
#define CALL_LIMIT    1.10

/* Steps back from so many places of a recording; their limits, in ms. */
#define PLACES        40
#define RUN_US        60000 /* from one place to the next, at most */
#define MEDIAN_LIMIT  60.0
#define MOST_LIMIT    300.0 /* of 19 in 20, */
#define WORST_LIMIT   2000.0
#define FURTHER_LIMIT 20.0 /* and of the next one, the median */

/* The limit of a debugged replay, as a ratio to one without a debugger. */
#define COPIES_LIMIT  1.15
#define COPIES_ROUNDS 5

#define FILE_PATH_MAX 4096

static char log_path[FILE_PATH_MAX], log_option[FILE_PATH_MAX + 16],
    replay_option[FILE_PATH_MAX + 16];

static void
remove_log(void)
{
	(void)unlink(log_path);
}

static void
name_log(void)
{
	const char *dir = getenv("TMPDIR");

	if (log_path[0])
		return;
	snprintf(log_path, sizeof(log_path), "%s/novillo-bench-%d",
	    dir ? dir : "/tmp", (int)getpid());
	snprintf(log_option, sizeof(log_option), "--record=%s", log_path);
	snprintf(replay_option, sizeof(replay_option), "--replay=%s", log_path);
	atexit(remove_log);
}

static const char *
work_path(void)
{
	static char path[FILE_PATH_MAX];

	if (!bench.programs)
		return NULL;
	snprintf(path, sizeof(path), "%s/work.static", bench.programs);
	return access(path, X_OK) == 0 ? path : NULL;
}

static void
compare_recorded(const char *what, const char *const more[3],
    const char *const less[3], double units, double limit)
{
	const struct command ours = { .arg = { bench.novillo, log_option,
					  more[0], more[1], more[2] } };
	const struct command ours_less = { .arg = { bench.novillo, log_option,
					       less[0], less[1], less[2] } };
	const struct command base = { .arg = { bench.novillo, "--no-vdso",
					  more[0], more[1], more[2] } };
	const struct command base_less = { .arg = { bench.novillo, "--no-vdso",
					       less[0], less[1], less[2] } };
	const struct side recorded = { "recorded", &ours, &ours_less };
	const struct side plain = { "plain", &base, &base_less };
	const struct limits limits = { limit, NO_LIMIT };

	compare_by(what, &recorded, &plain, bench.rounds, units, limits);
}

void
time_record(void)
{
	const char *compute = guest_path("compute.elf");
	const char *work = work_path();

	name_log();
	compare_recorded("recording of a computation",
	    (const char *[3]){ compute, "200000" },
	    (const char *[3]){ compute, "1000" }, 1, COMPUTE_LIMIT);
	if (work)
		compare_recorded("recording of a hypercall",
		    (const char *[3]){ work, "calls", "40000" },
		    (const char *[3]){ work, "calls", "1" }, 40000, CALL_LIMIT);
}

static double
log_size(void)
{
	struct stat st;

	return stat(log_path, &st) == 0 ? (double)st.st_size : 0;
}

/* The recorder makes no call of its own but the writes of whole blocks. */
void
count_record(void)
{
	const struct command plain = { .arg = { bench.novillo, "--no-vdso",
					   work_path(), "calls", "200000" } };
	const struct command less = { .arg = { bench.novillo, log_option,
					  work_path(), "calls", "1" } };
	const struct command more = { .arg = { bench.novillo, log_option,
					  work_path(), "calls", "200000" } };
	static struct child_calls none, few, many;
	struct child_memory memory;
	double bytes;

	name_log();
	if (!work_path())
		return;
	child_watch(&plain, DEFAULT_ADDRESSES, &none, &memory);
	child_watch(&less, DEFAULT_ADDRESSES, &few, &memory);
	bytes = -log_size();
	child_watch(&more, DEFAULT_ADDRESSES, &many, &memory);
	bytes += log_size();
	printf("a recording of %d hypercalls\n", EVENTS);
	judge_count("bytes of an event", bytes, EVENTS, EVENT_BYTES);
	judge_count("writes of a block",
	    (double)(many.number[SYS_write] - few.number[SYS_write]),
	    bytes / BLOCK, 1.1);
	judge_count("calls of a hypercall more than without recording",
	    (double)(many.all - none.all), EVENTS,
	    bytes / BLOCK / EVENTS + 0.01);
}

/* Programs that are recorded for a few seconds. */
static const struct subject {
	const char *name;
	const char *program; /* of the bench; NULL: a guest */
	const char *arg[3];
	const char *input; /* written to a file that is standard input */
} subjects[] = {
	{ "a loop", NULL, { "compute.elf", "3000000" }, NULL },
	{ "Lua", "lua", { "-" },
	    "local t={} for i=0,1000 do t[i]=i end local s=0 "
	    "for i=1,40000000 do t[i%1000]=i*3 "
	    "s=(s+t[(i*7)%1000])%1000003 end print(s)\n" },
	{ "SQLite", "sql", { ":memory:" },
	    "pragma temp_store=memory;\n"
	    "create table t(a integer primary key, b text);\n"
	    "insert into t with recursive c(x) as (select 1 union all select "
	    "x+1 from c where x<400000) select x, 'text '||(x*7919%100003) "
	    "from c;\n"
	    "create index i on t(b);\n"
	    "select count(distinct b), max(b) from t;\n" },
};

static double
milliseconds(const double *sorted, unsigned n, double share)
{
	unsigned i = (unsigned)(share * n);

	return sorted[i < n ? i : n - 1] / 1e6;
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A step back and forward leads to the same registers, and back again. */
static void
check_step(struct line *line, const char *here)
{
	static char there[LINE_REPLY], again[LINE_REPLY];

	line_ask(line, "g", there);
	line_ask(line, "s", again);
	line_ask(line, "g", again);
	if (strcmp(again, here) != 0)
		give_up("a step forward did not lead to where a step back"
			" came from");
	line_ask(line, "bs", again);
	line_ask(line, "g", again);
	if (strcmp(again, there) != 0)
		give_up("a step back led elsewhere the second time");
}

static double
time_step_back(struct line *line, char *reply)
{
	const double began = child_now();

	line_ask(line, "bs", reply);
	return child_now() - began;
}

/* From random places on: returns how many there were. */
static unsigned
step_back(struct line *line, double *first, double *further)
{
	static char here[LINE_REPLY], reply[LINE_REPLY];
	unsigned n;

	srand(1);
	for (n = 0; n < PLACES; n++) {
		line_run(line, (unsigned)rand() % RUN_US, reply);
		if (reply[0] != 'T' || strstr(reply, "replaylog"))
			break;
		line_ask(line, "g", here);
		first[n] = time_step_back(line, reply);
		check_step(line, here);
		further[n] = time_step_back(line, reply);
	}
	return n;
}

static void
judge_steps(const char *name, double *first, double *further, unsigned n)
{
	char what[128];

	if (n == 0)
		give_up("%s: no place was met", name);
	qsort(first, n, sizeof(*first), by_value);
	qsort(further, n, sizeof(*further), by_value);
	printf("steps back in %s, from %u places\n", name, n);
	snprintf(what, sizeof(what), "median, ms, %s", name);
	judge_count(what, milliseconds(first, n, 0.5), 1, MEDIAN_LIMIT);
	snprintf(what, sizeof(what), "19 of 20, ms, %s", name);
	judge_count(what, milliseconds(first, n, 0.95), 1, MOST_LIMIT);
	snprintf(what, sizeof(what), "the longest, ms, %s", name);
	judge_count(what, milliseconds(first, n, 1), 1, WORST_LIMIT);
	snprintf(what, sizeof(what), "the next, median, ms, %s", name);
	judge_count(what, milliseconds(further, n, 0.5), 1, FURTHER_LIMIT);
}

static void
write_input(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) == EOF || fclose(f) != 0)
		give_up("cannot write %s", path);
}

static void
step_back_in(const struct subject *s)
{
	static double first[PLACES], further[PLACES];
	static char path[FILE_PATH_MAX], input[FILE_PATH_MAX + 16];
	struct command record = { .arg = { bench.novillo, log_option,
				      "--allow=@all", path } };
	struct line line;
	unsigned i, n;

	if (s->program && !bench.programs)
		return;
	if (s->program)
		snprintf(path, sizeof(path), "%s/%s.static", bench.programs,
		    s->program);
	else
		snprintf(path, sizeof(path), "%s", guest_path(s->arg[0]));
	if (access(path, X_OK) < 0)
		return;
	for (i = s->program ? 0 : 1, n = 4; s->arg[i]; i++)
		if (strcmp(s->arg[i], "-") != 0)
			record.arg[n++] = s->arg[i];
	if (s->input) {
		snprintf(input, sizeof(input), "%s.in", log_path);
		write_input(input, s->input);
		record.in = input;
	}
	(void)child_time(&record);
	if (s->input)
		(void)unlink(input);
	line_open(&line, bench.novillo, replay_option);
	n = step_back(&line, first, further);
	line_close(&line);
	judge_steps(s->name, first, further, n);
}

void
time_back(void)
{
	size_t i;

	name_log();
	for (i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		step_back_in(&subjects[i]);
}

/* A replay whose debugger only lets it run: it takes checkpoints. */
static void
time_copies_of(const char *mib)
{
	const struct command record = { .arg = { bench.novillo, log_option,
					    work_path(), "write", mib } };
	const struct talk go_on = { .packet = "c", .times = 1 };
	const struct command debugged = { .arg = { bench.novillo, replay_option,
					      "--gdb=" CHILD_LINE_TEXT },
		.talk = &go_on };
	const struct command plain = { .arg = {
					   bench.novillo, replay_option } };
	const struct side ours = { "debugged", &debugged, NULL };
	const struct side base = { "plain", &plain, NULL };
	const struct limits limits = { COPIES_LIMIT, NO_LIMIT };
	char what[128];

	(void)child_time(&record);
	snprintf(what, sizeof(what),
	    "replay with checkpoints, %s MiB written at random", mib);
	compare_by(what, &ours, &base, COPIES_ROUNDS, 1, limits);
}

void
time_copies(void)
{
	name_log();
	if (!work_path())
		return;
	time_copies_of("16");
	time_copies_of("256");
}
