/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cost of a start: time, memory, page faults, ioctls.  This file knows
 * novillo only as a command.
 */
#include "figure.h"
#include "files.h"
#include "parts.h"

#include <inttypes.h>

#define LARGE_MEMORY (UINT64_C(512) << 20)
#define IMAGE_SMALL  (UINT64_C(64) << 10)
#define IMAGE_LARGE  (UINT64_C(256) << 20)

/* The limits of novillo's cost. */
#define START_LIMIT   1.3
#define VIRTUAL_LIMIT 1.4  /* a start where no hardware takes its time */
#define BARE_LIMIT    1.25 /* without a sandbox */
#define IMAGE_LIMIT   1.5
#define MEMORY_LIMIT  (1.5 * 1024) /* KiB, besides a C library that all share */
#define OURS_LIMIT    704          /* KiB of all memory above the floor's */
#define FAULTS_LIMIT  72

void
time_start(void)
{
	const char *empty = guest_path("empty.elf");
	char memory[32];
	const struct command ours = { .arg = { bench.novillo, empty } };
	const struct command image = { .arg = { bench.floor, "start", memory,
					   empty } };
	const struct command least = { .arg = {
					   bench.floor, "start", memory } };
	const struct command bare = { .arg = { bench.novillo, "--sandbox=none",
					  empty } };
	const struct side novillo = { "novillo", &ours, NULL };
	const struct side floor = { "floor", &image, NULL };
	const struct side without = { "floor", &least, NULL };
	const struct side unconfined = { "bare", &bare, NULL };

	snprintf(memory, sizeof(memory), "%" PRIu64, DEFAULT_MEMORY);
	compare("start to exit of an empty guest", &novillo, &floor,
	    start_rounds(), 1, bench.virtual ? VIRTUAL_LIMIT : START_LIMIT);
	compare("the same against a floor without image", &novillo, &without,
	    start_rounds(), 1, NO_LIMIT);
	compare("the same without a sandbox", &unconfined, &floor,
	    start_rounds(), 1, BARE_LIMIT);
}
void
time_image(void)
{
	char path[2][FILE_PATH], memory[64];
	const struct command large = { .arg = { bench.novillo, memory,
					   file_image(
					       IMAGE_LARGE, false, path[0]) } };
	const struct command small = { .arg = { bench.novillo, memory,
					   file_image(
					       IMAGE_SMALL, false, path[1]) } };
	const struct side ours = { "256 MiB", &large, NULL };
	const struct side base = { "64 KiB", &small, NULL };

	snprintf(memory, sizeof(memory), "--memory=%" PRIu64 "M",
	    LARGE_MEMORY >> 20);
	compare("start of a large image against a small one", &ours, &base,
	    start_rounds(), 1, IMAGE_LIMIT);
}
static const struct {
	const char *name;
	const char *reason;
} ioctls[CHILD_IOCTLS] = {
#define IOCTL(name, reason) [CHILD_##name] = { #name, reason },
#include "ioctls.def"
#undef IOCTL
	[CHILD_FOREIGN] = { "not KVM's", NULL },
};

/* Print each ioctl that the floor does without; return how many lack a
 * reason. */
static unsigned
print_extra_ioctls(
    const struct child_calls *ours, const struct child_calls *base)
{
	unsigned i, unexplained = 0;

	for (i = 0; i < CHILD_IOCTLS; i++) {
		if (ours->ioctl[i] <= base->ioctl[i])
			continue;
		printf("  %s: %" PRId64 " against %" PRId64 ": %s\n",
		    ioctls[i].name, ours->ioctl[i], base->ioctl[i],
		    ioctls[i].reason ? ioctls[i].reason : "no reason known");
		if (!ioctls[i].reason)
			unexplained++;
	}
	return unexplained;
}

void
look_at_start(void)
{
	const char *empty = guest_path("empty.elf");
	char bytes[32];
	const struct command run = { .arg = { bench.novillo, empty } };
	const struct command floor = { .arg = { bench.floor, "start", bytes,
					   empty } };
	struct child_calls ours, base;
	struct child_memory memory;
	unsigned unexplained;

	snprintf(bytes, sizeof(bytes), "%" PRIu64, DEFAULT_MEMORY);
	child_watch(&floor, DEFAULT_MEMORY, &base, &memory);
	child_watch(&run, DEFAULT_ADDRESSES, &ours, &memory);
	printf("ioctls of a start that the floor does without\n");
	unexplained = print_extra_ioctls(&ours, &base);
	begin_json("ioctls of a start without reason");
	printf("  without reason %u", unexplained);
	judge(unexplained, 0, "");
}

/* In KiB. */
struct memory {
	double beyond, alone; /* alone: not shared with other processes */
};

/*
 * Returns and prints the memory of `command` beyond its guest's pages.  It is
 * measured often: a page fault brings in more or less of a library, depending
 * on where the kernel put it.
 */
static struct memory
memory_of(const char *name, const struct command *command, uint64_t ram)
{
	static double beyond[ROUNDS_MAX], alone[ROUNDS_MAX];
	struct child_calls calls;
	struct child_memory m;
	struct spread s;
	unsigned i;

	for (i = 0; i < bench.rounds; i++) {
		child_watch(command, ram, &calls, &m);
		beyond[i] = (double)(m.peak - m.guest) / KIB;
		alone[i] = beyond[i] - (double)m.shared / KIB;
	}
	s = spread_of(beyond, bench.rounds);
	printf("  %-9s %9.0f KiB (%.0f to %.0f), %.0f of them not shared;"
	       " the guest's: %.0f KiB\n",
	    name, s.median, s.min, s.max, spread_of(alone, bench.rounds).median,
	    (double)m.guest / KIB);
	return (
	    struct memory){ s.median, spread_of(alone, bench.rounds).median };
}

void
look_at_memory(void)
{
	const char *empty = guest_path("empty.elf");
	char bytes[32];
	const struct command run = { .arg = { bench.novillo, empty } };
	const struct command floor = { .arg = { bench.floor, "start", bytes,
					   empty } };
	struct memory ours, least;

	snprintf(bytes, sizeof(bytes), "%" PRIu64, DEFAULT_MEMORY);
	printf("peak memory beyond the guest's pages\n");
	ours = memory_of("novillo", &run, DEFAULT_ADDRESSES);
	least = memory_of("floor", &floor, DEFAULT_MEMORY);
	begin_json("peak memory of this process alone, KiB");
	printf("  not shared %.0f KiB", ours.alone);
	judge(ours.alone, MEMORY_LIMIT, " KiB");
	begin_json("peak memory beyond the floor's, KiB");
	printf("  beyond the floor's %.0f KiB", ours.beyond - least.beyond);
	judge(ours.beyond - least.beyond, OURS_LIMIT, " KiB");
}

/* Counts the pages that a start touches first: the kernel's work for them is
 * most of a start's cost. */
void
count_faults(void)
{
	static double ours[ROUNDS_MAX], base[ROUNDS_MAX];
	const char *empty = guest_path("empty.elf");
	char bytes[32];
	const struct command run = { .arg = { bench.novillo, empty } };
	const struct command floor = { .arg = { bench.floor, "start", bytes,
					   empty } };
	double more;
	unsigned i;

	snprintf(bytes, sizeof(bytes), "%" PRIu64, DEFAULT_MEMORY);
	for (i = 0; i < bench.rounds; i++) {
		ours[i] = child_time(&run).faults;
		base[i] = child_time(&floor).faults;
	}
	more = spread_of(ours, bench.rounds).median -
	       spread_of(base, bench.rounds).median;
	printf("page faults of a start\n  novillo %.0f, floor %.0f\n",
	    spread_of(ours, bench.rounds).median,
	    spread_of(base, bench.rounds).median);
	begin_json("page faults of a start beyond the floor's");
	printf("  %.0f more", more);
	judge(more, FAULTS_LIMIT, "");
}
