/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures ordinary static programs as guests: computing, system calls, threads
 * that wait for each other, a start.  Novillo is compared with the same program
 * on Linux itself, and with the floor, which runs the same image.  This file
 * knows novillo only as a command.
 */
#include "figure.h"
#include "files.h"
#include "parts.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIB UINT64_C(1048576)

#define BUSYBOX        "/bin/busybox" /* unless the environment names another */
#define PRIMES         "3000000"
#define PRIMES_VIRTUAL "100000" /* by a clock that is slow */

/* A native run takes at least this time, at most twice as long, unless that
 * needs more than the maximum of work. */
#define LEAST_RUN  0.5e9 /* ns */
#define SHA_MOST   1024  /* MiB */
#define WORK_MOST  4096  /* pieces */
#define LONG_ROUND 3     /* a long round lasts as many others */

/* Computing reaches 98 % of the native speed.  If a KVM takes more time for new
 * memory and for exits, the limit is this much of the floor's time. */
#define NATIVE_SHARE 0.98
#define COMPUTE_MORE 1.02
#define MEMORY_MORE  1.05
#define CALLS_MORE   HYPERCALL_LIMIT

#define SYSCALLS      10000
#define SYSCALLS_TEXT "10000"
#define HOPS          4000
#define HOPS_TEXT     "4000"
#define WATCHED       1000
#define WATCHED_TEXT  "1000"
#define HOP_LIMIT     1.5
#define TOUCHED       64 /* MiB */
#define TOUCHED_TEXT  "64"
#define TOUCH_LIMIT   1.2
#define HELLO_LIMIT   1.3
#define HELLO_VIRTUAL 1.4  /* a start where no hardware takes its time */
#define SLACK         0.05 /* the watcher interrupts */

/* One program in three or four ways. */
struct quartet {
	struct command novillo, native, floor, other;
};

static const char *
bytes_text(void)
{
	static char text[32];

	snprintf(
	    text, sizeof(text), "%llu", (unsigned long long)DEFAULT_MEMORY);
	return text;
}

static struct quartet
quartet_of(
    const char *path, const char *first, const char *second, const char *in)
{
	const char *const guest[] = { path, first, second, NULL };
	struct quartet q = {
		/* The cost of the filter is a separate figure. */
		.novillo = { .arg = { bench.novillo, "--sandbox=none", path,
				 first, second },
		    .in = in },
		.native = { .arg = { path, first, second }, .in = in },
		.floor = { .arg = { bench.floor, "static", bytes_text(), path,
			       first, second },
		    .in = in },
	};

	if (bench.vs && strstr(bench.vs, "%g"))
		q.other = other_command(guest, in);
	return q;
}

/* Returns a program of the bench; NULL, with a message, if it was not built. */
static const char *
program_path(const char *name)
{
	static char path[4096];

	if (!bench.programs)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s.static", bench.programs, name);
	if (access(path, X_OK) == 0)
		return path;
	printf("not measured: there is no %s\n", path);
	return NULL;
}

static unsigned
long_rounds(void)
{
	return (bench.rounds + LONG_ROUND - 1) / LONG_ROUND;
}

static void
compare_with_other(const char *what, const struct quartet *q,
    const struct quartet *less, unsigned rounds, double units)
{
	const struct side ours = { "novillo", &q->novillo,
		less ? &less->novillo : NULL };
	const struct side other = { "other", &q->other,
		less ? &less->other : NULL };
	char name[128];

	if (!q->other.arg[0])
		return;
	snprintf(name, sizeof(name), "%s, against the other", what);
	compare(name, &ours, &other, rounds, units, NO_LIMIT);
}

/* `less` is the same without the work, so that a start is not counted. */
static void
compare_computing(const char *what, const struct quartet *q,
    const struct quartet *less, double units, double more)
{
	const struct side novillo = { "novillo", &q->novillo, &less->novillo };
	const struct side native = { "native", &q->native, &less->native };
	const struct side floor = { "floor", &q->floor, &less->floor };
	const struct side *const sides[] = { &novillo, &native, &floor };

	compare_native_closely(what, sides, long_rounds(), units,
	    (struct native_limits){ 1 / NATIVE_SHARE, more });
	compare_with_other(what, q, less, long_rounds(), units);
}

/* Makes an input of `pieces` pieces. */
typedef const char *make_input(unsigned pieces, char in[static FILE_PATH]);

/* Compares a program whose input sets its work, enough for a long run. */
static void
compare_scaled(const char *what, const char *path, const char *first,
    make_input *input, unsigned most, double more)
{
	char in[FILE_PATH], nothing[FILE_PATH];
	const struct quartet less = quartet_of(
	    path, first, NULL, input(0, nothing));
	struct quartet q;
	unsigned pieces = most / 64;

	for (;; pieces *= 2) {
		q = quartet_of(path, first, NULL, input(pieces, in));
		child_time(&q.native);
		if (pieces * 2 > most ||
		    child_time(&q.native).wall >= LEAST_RUN)
			break;
	}
	printf("%s, %u at once\n", what, pieces);
	compare_computing(what, &q, &less, pieces, more);
}

static struct quartet
primes(const char *below)
{
	struct quartet q = quartet_of(
	    guest_path("compute.elf"), below, NULL, NULL);

	/* The source is the same, the gate differs. */
	q.native.arg[0] = guest_path("compute.native");
	q.floor.arg[1] = "serve";
	q.other = (struct command){ .arg = { NULL } };
	return q;
}

void
time_compute(void)
{
	const struct quartet more = primes(
	    bench.virtual ? PRIMES_VIRTUAL : PRIMES);
	const struct quartet less = primes("2");

	compare_computing(
	    "computing without memory or calls", &more, &less, 1, COMPUTE_MORE);
}

static const char *
sha256_input(unsigned mib, char in[static FILE_PATH])
{
	return file_sparse(mib * MIB, in);
}

void
time_sha256(void)
{
	const char *busybox = getenv("BUSYBOX");

	if (!busybox)
		busybox = BUSYBOX;
	if (access(busybox, X_OK) < 0) {
		printf("not measured: there is no %s\n", busybox);
		return;
	}
	compare_scaled("a MiB by busybox sha256sum", busybox, "sha256sum",
	    sha256_input, SHA_MOST, CALLS_MORE);
}

static const char *
lua_input(unsigned pieces, char in[static FILE_PATH])
{
	static const char script[] =
	    "local function fib(n)\n"
	    "	return n < 2 and n or fib(n - 1) + fib(n - 2)\n"
	    "end\n"
	    "local sum, list = 0, {}\n"
	    "for i = 1, %u do\n"
	    "	sum = sum + fib(16)\n"
	    "	for k = 1, 1000 do list[k] = (k * i) %% 977 end\n"
	    "	table.sort(list)\n"
	    "	local text = table.concat(list, ',')\n"
	    "	sum = sum + #text:gsub('7', 'seven')\n"
	    "end\n"
	    "print(sum)\n";
	char text[sizeof(script) + 32];

	snprintf(text, sizeof(text), script, pieces);
	return file_text(text, in);
}

void
time_lua(void)
{
	const char *path = program_path("lua");

	if (path)
		compare_scaled("a round of Lua", path, NULL, lua_input,
		    WORK_MOST, COMPUTE_MORE);
}

static const char *
sqlite_input(unsigned pieces, char in[static FILE_PATH])
{
	static const char script[] =
	    "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price "
	    "REAL);\n"
	    "CREATE INDEX by_price ON item (price);\n"
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %u) INSERT INTO item SELECT i, printf('item %%05d', i), "
	    "i * 7919 %% 10007 FROM n;\n"
	    "SELECT count(*), sum(price) FROM item;\n";
	char text[sizeof(script) + 32];

	snprintf(text, sizeof(text), script, pieces * 1000);
	return file_text(text, in);
}

void
time_sqlite(void)
{
	const char *path = program_path("sql");

	if (path)
		compare_scaled("1000 inserts by SQLite, in memory", path,
		    ":memory:", sqlite_input, WORK_MOST, MEMORY_MORE);
}

void
time_hello(void)
{
	const char *path = program_path("work");
	struct quartet q;

	if (!path)
		return;
	q = quartet_of(path, NULL, NULL, NULL);
	const struct command confined = { .arg = { bench.novillo, path } };
	const struct side novillo = { "novillo", &confined, NULL };
	const struct side floor = { "floor", &q.floor, NULL };

	compare("start to exit of a static hello", &novillo, &floor,
	    start_rounds(), 1, bench.virtual ? HELLO_VIRTUAL : HELLO_LIMIT);
	compare_with_other(
	    "start to exit of a static hello", &q, NULL, start_rounds(), 1);
}

/* Compares the cost of `count` more pieces of work by ratio to the floor. */
static void
compare_work(const char *what, const char *kind, const char *count,
    double units, double limit)
{
	const char *path = program_path("work");
	struct quartet more, less;
	char name[128];

	if (!path)
		return;
	more = quartet_of(path, kind, count, NULL);
	less = quartet_of(path, kind, "0", NULL);
	const struct side novillo = { "novillo", &more.novillo, &less.novillo };
	const struct side floor = { "floor", &more.floor, &less.floor };
	const struct side native = { "native", &more.native, &less.native };

	snprintf(name, sizeof(name), "%s, against Linux itself", what);
	compare(what, &novillo, &floor, bench.rounds, units, limit);
	compare(name, &novillo, &native, long_rounds(), units, NO_LIMIT);
	compare_with_other(what, &more, &less, bench.rounds, units);
}

void
time_syscalls(void)
{
	compare_work("getppid by a static program", "calls", SYSCALLS_TEXT,
	    SYSCALLS, HYPERCALL_LIMIT);
}

void
time_touch(void)
{
	compare_work("a MiB of new memory, each page touched", "touch",
	    TOUCHED_TEXT, TOUCHED, TOUCH_LIMIT);
}

/* If one processor does all the work, the result does not depend on how soon
 * another wakes up. */
void
time_hops(void)
{
	cpu_set_t before, one;
	unsigned i;

	if (sched_getaffinity(0, sizeof(before), &before) < 0)
		give_up("sched_getaffinity");
	for (i = 0; !CPU_ISSET(i, &before); i++)
		;
	CPU_ZERO(&one);
	CPU_SET(i, &one);
	sched_setaffinity(0, sizeof(one), &one);
	compare_work("a hop between threads, on one processor", "hops",
	    HOPS_TEXT, HOPS, HOP_LIMIT);
	sched_setaffinity(0, sizeof(before), &before);
	compare_work("a hop between threads, on any processor", "hops",
	    HOPS_TEXT, HOPS, HOP_LIMIT);
}

/* Counts the calls of WATCHED pieces of work; returns false if the program is
 * missing. */
static bool
count_work(const char *kind, struct child_calls *calls)
{
	const char *path = program_path("work");
	struct quartet none, some;

	if (!path)
		return false;
	none = quartet_of(path, kind, "0", NULL);
	some = quartet_of(path, kind, WATCHED_TEXT, NULL);
	*calls = calls_between(&none.novillo, &some.novillo);
	return true;
}

void
count_syscalls(void)
{
	struct child_calls calls;

	if (!count_work("calls", &calls))
		return;
	printf("system calls of a static program's getppid\n");
	judge_count("KVM_RUN of a getppid", (double)calls.ioctl[CHILD_KVM_RUN],
	    WATCHED, 1);
	judge_count("calls of a getppid in all", (double)calls.all, WATCHED, 1);
}

/* The second of a hop's two calls is left out if the ball was faster. */
void
count_hops(void)
{
	struct child_calls calls;
	double futexes;

	if (!count_work("hops", &calls))
		return;
	futexes = (double)calls.number[SYS_futex];
	printf("system calls of two threads' futexes\n");
	judge_count("futexes of a hop", futexes, WATCHED, 2 + SLACK);
	judge_count("KVM_RUN of a futex", (double)calls.ioctl[CHILD_KVM_RUN],
	    futexes, 1 + SLACK);
	judge_count("calls of a futex in all", (double)calls.all, futexes,
	    2 + 2 * SLACK);
}
