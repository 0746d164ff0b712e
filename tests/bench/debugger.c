/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations that a debugger waits for: steps, and memory.  This file knows
 * novillo only as a command.
 */
#include "figure.h"
#include "files.h"
#include "parts.h"
#include "talk.h"

#include <stdlib.h>
#include <sys/syscall.h>

#define STEPS         2000
#define READS         20000
#define WATCHED_STEPS 2000
#define DUMP          (UINT64_C(64) << 20)
#define DUMP_HEX      0xff00U  /* GDB requests this at a time: it fits, */
#define DUMP_BINARY   0x10000U /* as digits, into a packet */

/* The limits of novillo's cost. */
#define DUMP_LIMIT    1.25 /* 80 % of the rate */
#define FLOOR_LIMIT   1.25 /* of a step by raw ioctls; */
#define FLOOR_VIRTUAL 1.6  /* where no hardware takes its time for one */
#define SERVER_LIMIT  1.0  /* of gdbserver's step */
#define STEP_RUNS     2    /* KVM_RUN, if the host needs a second */
#define STEP_CALLS    4    /* KVM_RUN, read, write; perhaps poll */
#define STEP_FUTEX    0.5  /* the vCPU's thread looks 50 times a second */
#define HIT_CALLS     16   /* of a breakpoint in a loop: four packets */
#define SLACK         0.05 /* the first steps may cost more */

/*
 * A debugger's steps, while the guest computes.  GDB requests them by vCont;
 * gdbserver understands `s` differently.
 */
#define STEP_PACKET "s"
#define GDB_STEP    "vCont;s"
#define LINE_OPTION "--gdb=" CHILD_LINE_TEXT

/* The packets of gdb for a hit of a breakpoint in a loop, after steps into
 * it. */
static const char *const hit_turns[] = { "vCont;s", "Z0,@,1", "vCont;c",
	"z0,@,1", NULL };
#define TURNS      4
#define HITS       500
#define LOOP_STEPS 2000

/* A line of source in that loop, stepped as gdb's `next` does. */
static const char *const range_turns[] = { "vCont;r@,@+10", NULL };
#define RANGES 1000

/*
 * The same guest with more and with fewer rounds; each round after LOOP_STEPS
 * steps is a hit of the breakpoint or the watchpoint that is set there.  The
 * condition is const8 0, end: never true; or with `reg eflags` before it, which
 * the guest cannot test.
 */
#define ROUNDS_LESS    "1000"
#define ROUNDS_MORE    "21000"
#define ROUNDS_VIRTUAL "2000" /* a clock that is exact needs few */
#define FALSE          ";X3,220027"
#define FALSE_FLAGS    ";X6,260011220027"

/* The same with 100 times as many hits, which the guest tests. */
#define TESTED_MORE    "2001000"
#define TESTED_VIRTUAL "101000"

static const char *const false_hits[] = { "Z0,@,1" FALSE_FLAGS, "vCont;c",
	NULL };
static const char *const tested_hits[] = { "Z0,@,1" FALSE, "vCont;c", NULL };
static const char *const false_watch[] = { "Z2,10000000,40" FALSE, "vCont;c",
	NULL };
static const char *const trace_hits[] = { "QTinit", "QTBuffer:circular:1",
	"QTDP:1:@:E:0:0-", "QTDP:-1:@:R03FFFF", "QTStart", "vCont;c", NULL };
#define BESIDE "128" /* bytes from the page's beginning, not watched */

/* The debugger's limits there. */
#define FALSE_LIMIT  1.5 /* of hit, step, go on by raw ioctls */
#define TESTED_LIMIT 1.0
#define TRACE_LIMIT  3.0
#define WATCH_RUNS   2.5 /* KVM_RUN per hit, */
#define BESIDE_RUNS  2.0 /* per write beside it, */
#define WATCH_FUTEX  2   /* and futex calls */

/* Breakpoints, a byte each, from the beginning of a guest's code. */
#define BREAKPOINTS 10000
#define BREAK_PART  1000
#define TEXT        0x401000
#define FLAT_LIMIT  1.25 /* of the last ones against the first */

/* The talk `more` costs what `none` costs, and `times` operations. */
static void
time_talk_against(const char *what, const struct talk *none,
    const struct talk *more, unsigned times, const char *name,
    struct command base, double limit)
{
	const char *guest = guest_path("compute.elf");
	struct command base_less = base;
	struct command ours = { .arg = { bench.novillo, LINE_OPTION, guest,
				    "1000" } };
	struct command ours_less = ours;
	const struct side novillo = { "novillo", &ours, &ours_less };
	const struct side other = { name, &base, &base_less };

	ours.talk = base.talk = more;
	ours_less.talk = base_less.talk = none;
	compare(what, &novillo, &other, bench.rounds, times, limit);
}

static void
time_step_against(const char *what, const char *packet, const char *name,
    struct command base, double limit)
{
	const struct talk none = { .packet = packet };
	const struct talk steps = { .packet = packet, .times = STEPS };

	time_talk_against(what, &none, &steps, STEPS, name, base, limit);
}

/* Turns in the guest's loop against those of gdbserver: `each` packets make one
 * of `times`. */
static void
time_turns_against(const char *what, const char *const *turns, unsigned times,
    unsigned each, struct command gdbserver)
{
	const struct talk none = {
		.packet = GDB_STEP, .turns = turns, .warm = LOOP_STEPS
	};
	struct talk more = none;

	more.times = times * each;
	time_talk_against(
	    what, &none, &more, times, "gdbserver", gdbserver, SERVER_LIMIT);
}

static bool
has_gdbserver(void)
{
	return system("gdbserver --version >/dev/null 2>&1") == 0;
}

/* gdbserver's command for /bin/sh, with one argument of the program. */
static struct command
gdbserver_command(const char *program)
{
	static char line[8400];

	snprintf(line, sizeof(line),
	    "exec gdbserver --once - %s \"$0\" <&%d >&%d 2>/dev/null",
	    guest_path(program), CHILD_LINE, CHILD_LINE);
	return (struct command){ .arg = { "/bin/sh", "-c", line, "1000" } };
}

void
time_step(void)
{
	const struct command floor = { .arg = { bench.floor, "step" } };
	const struct command gdbserver = gdbserver_command("compute.native");

	time_step_against("step by a debugger", STEP_PACKET, "floor", floor,
	    bench.virtual ? FLOOR_VIRTUAL : FLOOR_LIMIT);
	if (!has_gdbserver()) {
		printf("no gdbserver here to be compared with\n");
		return;
	}
	time_step_against("the same against gdbserver", GDB_STEP, "gdbserver",
	    gdbserver, SERVER_LIMIT);
	time_turns_against("range of steps against gdbserver", range_turns,
	    RANGES, 1, gdbserver);
	time_turns_against("hit of a breakpoint against gdbserver", hit_turns,
	    HITS, TURNS, gdbserver);
}

/* A guest's rounds under the same turns, once more and once fewer. */
struct rounds {
	struct talk talk;
	struct command more, less;
};

static unsigned
round_hits(void)
{
	return bench.virtual ? 1000 : 20000;
}

static void
set_rounds(struct rounds *r, const char *const *turns, struct command command,
    unsigned which)
{
	r->talk = (struct talk){
		.packet = GDB_STEP,
		.turns = turns,
		.warm = LOOP_STEPS,
		.ends = true,
	};
	while (turns && turns[r->talk.times])
		r->talk.times++;
	r->more = r->less = command;
	r->more.talk = r->less.talk = turns ? &r->talk : NULL;
	r->more.arg[which] = bench.virtual ? ROUNDS_VIRTUAL : ROUNDS_MORE;
	r->less.arg[which] = ROUNDS_LESS;
}

static void
compare_rounds(const char *what, const struct rounds *ours, const char *name,
    const struct rounds *base, double limit)
{
	const struct side novillo = { "novillo", &ours->more, &ours->less };
	const struct side other = { name, &base->more, &base->less };

	compare(what, &novillo, &other, bench.rounds, round_hits(), limit);
}

/* Hits that no debugger hears of. */
void
time_hits(void)
{
	const struct command novillo = { .arg = { bench.novillo, LINE_OPTION,
					     guest_path("hot.elf") } };
	const struct command floor = { .arg = { bench.floor, "hits" } };
	struct rounds ours, base;

	set_rounds(&ours, false_hits, novillo, 3);
	set_rounds(&base, NULL, floor, 2);
	compare_rounds(
	    "hit with a false condition", &ours, "floor", &base, FALSE_LIMIT);
	set_rounds(&ours, tested_hits, novillo, 3);
	ours.more.arg[3] = bench.virtual ? TESTED_VIRTUAL : TESTED_MORE;
	compare_rounds("100 hits that the guest tests against one", &ours,
	    "floor", &base, TESTED_LIMIT);
	set_rounds(&ours, false_hits, novillo, 3);
	if (has_gdbserver()) {
		set_rounds(
		    &base, false_hits, gdbserver_command("hot.native"), 3);
		compare_rounds("the same against gdbserver", &ours, "gdbserver",
		    &base, SERVER_LIMIT);
	}
	set_rounds(&ours, trace_hits, novillo, 3);
	set_rounds(&base, NULL, floor, 2);
	compare_rounds("hit of a tracepoint that collects registers", &ours,
	    "floor", &base, TRACE_LIMIT);
}

/* The last breakpoints of many against the first. */
void
time_breaks(void)
{
	const struct command command = { .arg = { bench.novillo, LINE_OPTION,
					     guest_path("hot.elf") } };
	struct talk talk[4];
	struct command run[4];
	const struct side last = { "last", &run[0], &run[1] };
	const struct side first = { "first", &run[2], &run[3] };
	unsigned i;

	for (i = 0; i < 4; i++) {
		talk[i] = (struct talk){
			.packet = "Z0,",
			.warm = i < 2 ? BREAKPOINTS - BREAK_PART : 0,
			.times = i % 2 ? 0 : BREAK_PART,
			.address = TEXT,
			.size = 1,
			.pieces = BREAKPOINTS,
			.runs = true,
		};
		run[i] = command;
		run[i].talk = &talk[i];
	}
	compare("the last of 10,000 breakpoints against the first", &last,
	    &first, bench.rounds, BREAK_PART, FLAT_LIMIT);
}

/* Registers read after steps, as simple debuggers do. */
void
time_registers(void)
{
	static const char *const read_only[] = { "g", NULL };
	static const char *const step_read[] = { "vCont;s", "g", NULL };
	/* One step is enough to know where the guest is: each takes as long as
	 * ten times a read. */
	struct talk none = {
		.packet = GDB_STEP, .turns = read_only, .warm = 1
	};
	struct talk more = none;

	if (!has_gdbserver()) {
		printf("no gdbserver here to be compared with\n");
		return;
	}
	more.times = READS;
	time_talk_against("registers read, against gdbserver", &none, &more,
	    READS, "gdbserver", gdbserver_command("compute.native"),
	    SERVER_LIMIT);
	none.turns = more.turns = step_read;
	none.warm = more.warm = LOOP_STEPS;
	more.times = 2 * STEPS;
	time_talk_against("step and registers, against gdbserver", &none, &more,
	    STEPS, "gdbserver", gdbserver_command("compute.native"),
	    SERVER_LIMIT);
}

/* The calls that novillo makes for `times` operations of a talk. */
struct count {
	const char *what;
	unsigned times;
	struct child_calls calls;
};

/* Without its runs a count would meet every limit. */
static void
count_more(
    struct count *count, const struct command *less, const struct command *more)
{
	count->calls = calls_between(less, more);
	if (count->calls.ioctl[CHILD_KVM_RUN] < count->times)
		give_up("%s: no KVM_RUN for each", count->what);
	printf("system calls of %s\n", count->what);
}

static void
count_talk(struct count *count, struct talk talk, unsigned packets)
{
	const struct talk none = talk;
	struct command less = { .arg = { bench.novillo, LINE_OPTION,
				    guest_path("compute.elf"), "1000" } };
	struct command more = less;

	talk.times = count->times * packets;
	less.talk = &none;
	more.talk = &talk;
	count_more(count, &less, &more);
}

static void
judge_each(
    const struct count *count, const char *call, int64_t calls, double limit)
{
	char name[64];

	snprintf(name, sizeof(name), "%s of %s", call, count->what);
	judge_count(name, (double)calls, count->times, limit + SLACK);
}

/* Counts the system calls of each step, and of each hit. */
void
count_step(void)
{
	struct count step = { "a debugger's step", WATCHED_STEPS, { 0 } };
	struct count hit = { "a breakpoint's hit", HITS, { 0 } };
	const struct child_calls *calls = &step.calls;

	count_talk(&step, (struct talk){ .packet = STEP_PACKET }, 1);
	judge_each(&step, "KVM_RUN", calls->ioctl[CHILD_KVM_RUN], STEP_RUNS);
	judge_each(&step, "KVM_SET_GUEST_DEBUG",
	    calls->ioctl[CHILD_KVM_SET_GUEST_DEBUG], 1);
	judge_each(&step, "read", calls->number[SYS_read], 1);
	judge_each(&step, "write",
	    calls->number[SYS_write] + calls->number[SYS_pwritev2], 1);
	judge_each(&step, "futex", calls->number[SYS_futex], STEP_FUTEX);
	judge_each(&step, "call in all", calls->all, STEP_CALLS);

	count_talk(&hit,
	    (struct talk){
		.packet = GDB_STEP, .turns = hit_turns, .warm = LOOP_STEPS },
	    TURNS);
	judge_each(&hit, "call in all", hit.calls.all, HIT_CALLS);
}

/* Count what a page-protected watchpoint with a false condition costs: for a
 * write to it, or beside it. */
static void
count_writes(const char *what, const char *at, double runs)
{
	struct count count = { what, round_hits(), { 0 } };
	struct rounds r;

	set_rounds(&r, false_watch,
	    (struct command){ .arg = { bench.novillo, LINE_OPTION,
				  guest_path("hot.elf"), "", at } },
	    3);
	count_more(&count, &r.less, &r.more);
	judge_each(&count, "KVM_RUN", count.calls.ioctl[CHILD_KVM_RUN], runs);
	judge_each(&count, "futex", count.calls.number[SYS_futex], WATCH_FUTEX);
}

void
count_watch(void)
{
	count_writes("a watchpoint's false hit", "0", WATCH_RUNS);
	count_writes("a write beside a watchpoint", BESIDE, BESIDE_RUNS);
}

/*
 * The limit applies to the wall clock: the rate matters, not the worker.  A
 * first pass, which does not count, touches the pages for the first time, as a
 * guest has done before a dump.
 */
static void
time_dump(const char *packet, unsigned size, bool full)
{
	char path[FILE_PATH], what[64], size_text[16];
	const char *image = file_image(DUMP, full, path);
	const struct limits limits = { NO_LIMIT, DUMP_LIMIT };
	const unsigned pieces = (unsigned)(DUMP / size);
	const struct talk once = {
		.packet = packet,
		.warm = pieces,
		.address = FILE_IMAGE_VADDR,
		.size = size,
		.pieces = pieces,
		.runs = !full,
	};
	struct talk often = once;
	const struct command ours = { .arg = { bench.novillo, LINE_OPTION,
					  "--memory=128M", image },
		.talk = &often };
	const struct command ours_less = { .arg = { bench.novillo, LINE_OPTION,
					       "--memory=128M", image },
		.talk = &once };
	const struct command base = { .arg = { bench.floor, "memory", packet,
					  size_text, image },
		.talk = &often };
	const struct command base_less = { .arg = { bench.floor, "memory",
					       packet, size_text, image },
		.talk = &once };
	const struct side novillo = { "novillo", &ours, &ours_less };
	const struct side floor = { "floor", &base, &base_less };

	often.times = 3 * pieces;
	snprintf(size_text, sizeof(size_text), "%u", size);
	snprintf(what, sizeof(what), "a MiB of %s to a debugger, by %s",
	    full ? "noise" : "zeros", packet);
	compare_by(what, &novillo, &floor, bench.rounds,
	    3.0 * pieces * size / KIB / KIB, limits);
}

void
time_dumps(void)
{
	time_dump("m", DUMP_HEX, true);
	time_dump("x", DUMP_BINARY, true);
	time_dump("m", DUMP_HEX, false);
	time_dump("x", DUMP_BINARY, false);
}
