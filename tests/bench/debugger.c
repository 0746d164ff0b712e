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

/* Hits of a breakpoint against those of gdbserver. */
static void
time_hits_against(struct command gdbserver)
{
	const struct talk none = {
		.packet = GDB_STEP, .turns = hit_turns, .warm = LOOP_STEPS
	};
	struct talk hits = none;

	hits.times = TURNS * HITS;
	time_talk_against("hit of a breakpoint against gdbserver", &none, &hits,
	    HITS, "gdbserver", gdbserver, SERVER_LIMIT);
}

static bool
has_gdbserver(void)
{
	return system("gdbserver --version >/dev/null 2>&1") == 0;
}

void
time_step(void)
{
	const struct command floor = { .arg = { bench.floor, "step" } };
	char line[8400];
	const struct command gdbserver = { .arg = { "/bin/sh", "-c", line } };

	time_step_against("step by a debugger", STEP_PACKET, "floor", floor,
	    bench.virtual ? FLOOR_VIRTUAL : FLOOR_LIMIT);
	snprintf(line, sizeof(line),
	    "exec gdbserver --once - %s 1000 <&%d >&%d 2>/dev/null",
	    guest_path("compute.native"), CHILD_LINE, CHILD_LINE);
	if (!has_gdbserver()) {
		printf("no gdbserver here to be compared with\n");
		return;
	}
	time_step_against("the same against gdbserver", GDB_STEP, "gdbserver",
	    gdbserver, SERVER_LIMIT);
	time_hits_against(gdbserver);
}

/* The calls that novillo makes during `times` operations of a talk. */
struct count {
	const char *what;
	unsigned times;
	struct child_calls less, more;
};

static void
count_talk(struct count *count, struct talk talk, unsigned packets)
{
	const struct talk none = talk;
	struct command run = { .arg = { bench.novillo, LINE_OPTION,
				   guest_path("compute.elf"), "1000" } };
	struct child_memory memory;

	talk.times = count->times * packets;
	run.talk = &none;
	child_watch(&run, DEFAULT_ADDRESSES, &count->less, &memory);
	run.talk = &talk;
	child_watch(&run, DEFAULT_ADDRESSES, &count->more, &memory);
	printf("system calls of %s\n", count->what);
}

static void
judge_count(const struct count *count, const char *call, uint64_t less,
    uint64_t more, double limit)
{
	double each = ((double)more - (double)less) / count->times;
	char name[64];

	snprintf(name, sizeof(name), "%s of %s", call, count->what);
	begin_json(name);
	printf("  %s %.3f", call, each);
	judge(each, limit + SLACK, "");
}

/* Counts the system calls of each step, and of each hit. */
void
count_step(void)
{
	struct count step = { "a debugger's step", WATCHED_STEPS, { 0 },
		{ 0 } };
	struct count hit = { "a breakpoint's hit", HITS, { 0 }, { 0 } };
	const struct child_calls *a = &step.less, *b = &step.more;

	count_talk(&step, (struct talk){ .packet = STEP_PACKET }, 1);
	judge_count(&step, "KVM_RUN", a->ioctl[CHILD_KVM_RUN],
	    b->ioctl[CHILD_KVM_RUN], STEP_RUNS);
	judge_count(&step, "KVM_SET_GUEST_DEBUG",
	    a->ioctl[CHILD_KVM_SET_GUEST_DEBUG],
	    b->ioctl[CHILD_KVM_SET_GUEST_DEBUG], 1);
	judge_count(&step, "read", a->number[SYS_read], b->number[SYS_read], 1);
	judge_count(&step, "write", a->number[SYS_pwritev2],
	    b->number[SYS_pwritev2], 1);
	judge_count(
	    &step, "futex", a->number[SYS_futex], b->number[SYS_futex], 0);
	judge_count(&step, "call in all", a->all, b->all, STEP_CALLS);

	count_talk(&hit,
	    (struct talk){
		.packet = GDB_STEP, .turns = hit_turns, .warm = LOOP_STEPS },
	    TURNS);
	judge_count(&hit, "call in all", hit.less.all, hit.more.all, HIT_CALLS);
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
