/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a debugger waits for: steps, and memory.  It knows novillo only as a
 * command.
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
#define DUMP_HEX      0xff00U  /* what GDB asks for at a time: it fits, */
#define DUMP_BINARY   0x10000U /* as digits, into a packet */

/* What novillo may cost. */
#define DUMP_LIMIT    1.25 /* 80 % of the rate */
#define FLOOR_LIMIT   1.25 /* of a step by raw ioctls; */
#define FLOOR_VIRTUAL 1.6  /* where no hardware takes its time for one */
#define SERVER_LIMIT  1.0  /* of gdbserver's step */
#define STEP_RUNS     2    /* KVM_RUN: where the host needs a second */
#define STEP_CALLS    5    /* these, poll, read, write */
#define SLACK         0.05 /* the first steps may cost more */

/*
 * A debugger's steps; the guest computes all the while.  GDB asks for them by
 * vCont, and gdbserver takes `s` for something else.
 */
#define STEP_PACKET "s"
#define GDB_STEP    "vCont;s"
#define LINE_OPTION "--gdb=" CHILD_LINE_TEXT

static void
time_step_against(const char *what, const char *packet, const char *name,
    struct command base, double limit)
{
	const char *guest = guest_path("compute.elf");
	const struct talk none = { .packet = packet };
	const struct talk steps = { .packet = packet, .times = STEPS };
	struct command base_less = base;
	struct command ours = { .arg = { bench.novillo, LINE_OPTION, guest,
				    "1000" } };
	struct command ours_less = ours;
	const struct side novillo = { "novillo", &ours, &ours_less };
	const struct side other = { name, &base, &base_less };

	ours.talk = base.talk = &steps;
	ours_less.talk = base_less.talk = &none;
	compare(what, &novillo, &other, bench.rounds, STEPS, limit);
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
	if (has_gdbserver())
		time_step_against("the same against gdbserver", GDB_STEP,
		    "gdbserver", gdbserver, SERVER_LIMIT);
	else
		printf("no gdbserver here to be compared with\n");
}

static double
per_step(uint64_t less, uint64_t more)
{
	return ((double)more - (double)less) / WATCHED_STEPS;
}

static void
judge_step(const char *what, uint64_t less, uint64_t more, double limit)
{
	char name[64];

	snprintf(name, sizeof(name), "%s of a debugger's step", what);
	begin_json(name);
	printf("  %s %.3f", what, per_step(less, more));
	judge(per_step(less, more), limit, "");
}

/* By counting: what each step costs in system calls. */
void
count_step(void)
{
	const char *guest = guest_path("compute.elf");
	const struct talk none = { .packet = STEP_PACKET };
	const struct talk some = { .packet = STEP_PACKET,
		.times = WATCHED_STEPS };
	const struct command less = { .arg = { bench.novillo, LINE_OPTION,
					  guest, "1000" },
		.talk = &none };
	const struct command more = { .arg = { bench.novillo, LINE_OPTION,
					  guest, "1000" },
		.talk = &some };
	struct child_calls a, b;
	struct child_memory memory;

	child_watch(&less, DEFAULT_ADDRESSES, &a, &memory);
	child_watch(&more, DEFAULT_ADDRESSES, &b, &memory);
	printf("system calls of a debugger's step\n");
	judge_step("KVM_RUN", a.ioctl[CHILD_KVM_RUN], b.ioctl[CHILD_KVM_RUN],
	    STEP_RUNS + SLACK);
	judge_step("KVM_SET_GUEST_DEBUG", a.ioctl[CHILD_KVM_SET_GUEST_DEBUG],
	    b.ioctl[CHILD_KVM_SET_GUEST_DEBUG], 1 + SLACK);
	judge_step("read", a.number[SYS_read], b.number[SYS_read], 1 + SLACK);
	judge_step(
	    "write", a.number[SYS_write], b.number[SYS_write], 1 + SLACK);
	judge_step("futex", a.number[SYS_futex], b.number[SYS_futex], SLACK);
	judge_step("call in all", a.all, b.all, STEP_CALLS + SLACK);
}

/*
 * The rate counts, not who works for it: it is the wall clock that has a limit.
 * Pages are touched for the first time in a first pass, which does not count:
 * a guest that is dumped has done that.
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
