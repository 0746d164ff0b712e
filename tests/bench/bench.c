/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What novillo costs, against the floor: the least that any program needs for
 * the same.  It knows novillo only as a command.
 *
 *	bench [OPTION]... NOVILLO FLOOR GUESTS
 *
 * NOVILLO and FLOOR are the programs, GUESTS the folder of the
 * guests.  Both sides of a figure run in turns, so that both see the same
 * machine; what counts is the median of the ratios of a turn.
 *
 *	--rounds=N	turns a figure (31)
 *	--virtual	the clock counts instructions and is right at once: a
 *			few turns are enough, and only CPU time counts, because
 *			waiting is as long as this clock is wrong
 *	--json=FILE	the figures for programs
 *	--only=PART	one part of it: see the table `parts`
 *	--vs=COMMAND	time this command in turns with novillo, too: a guest
 *			that does nothing, or makes %n hypercalls
 *
 * Status: 0, every figure is within its limit; 1, one is not; 2, not measured.
 */
#include "child.h"
#include "talk.h"

#include <elf.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KIB            1024.0
#define DEFAULT_MEMORY (UINT64_C(1) << 30) /* novillo's */
#define LARGE_MEMORY   (UINT64_C(512) << 20)
#define CALLS          10000
#define CALLS_TEXT     "10000"
#define WATCHED_CALLS  1000
#define STARTS_A_ROUND 8 /* they are that much shorter */
#define ROUNDS_MAX     1024
#define IMAGE_VADDR    0x400000
#define IMAGE_SMALL    (UINT64_C(64) << 10)
#define IMAGE_LARGE    (UINT64_C(256) << 20)
#define STEPS          2000
#define WATCHED_STEPS  1000
#define DUMP           (UINT64_C(64) << 20)
#define DUMP_HEX       0xff00U  /* what GDB asks for at a time: it fits, */
#define DUMP_BINARY    0x10000U /* as digits, into a packet */

/* What novillo may cost. */
#define HYPERCALL_LIMIT 1.10
#define START_LIMIT     1.3
#define IMAGE_LIMIT     1.5
#define MEMORY_LIMIT    (1.5 * 1024) /* KiB */
#define DUMP_LIMIT      1.25         /* 80 % of the rate */
#define FLOOR_LIMIT     1.25         /* of a step by raw ioctls */
#define SERVER_LIMIT    1.0          /* of gdbserver's step */
#define STEP_RUNS       2    /* KVM_RUN: where the host needs a second */
#define STEP_CALLS      5    /* these, poll, read, write */
#define SLACK           0.05 /* the first steps may cost more */
#define NO_LIMIT        (-1.0)

static struct {
	unsigned rounds;
	bool virtual;
	FILE *json;
	const char *vs, *only;
	const char *novillo, *floor;
	char empty[4096], spin[4096], compute[4096];
	unsigned figures, missed;
} bench = { .rounds = 31 };

/* What `run` costs, less what `less` costs if there is that. */
struct side {
	const char *name;
	const struct command *run;
	const struct command *less;
};

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

struct spread {
	double median, min, max;
};

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct spread
spread_of(const double *values, unsigned n)
{
	static double sorted[ROUNDS_MAX];

	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), ascending);
	return (struct spread){
		.median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
		.min = sorted[0],
		.max = sorted[n - 1],
	};
}

/* The verdict on a figure; one without limit is only told. */
static void
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

static void
begin_json(const char *what)
{
	if (bench.json)
		fprintf(bench.json, "%s\n\t{ \"figure\": \"%s\"",
		    bench.figures ? "," : "[", what);
	bench.figures++;
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

struct turns {
	double ours[ROUNDS_MAX], base[ROUNDS_MAX];
};

static void
report(const char *what, const char *clock, const struct side *ours,
    const struct side *base, const struct turns *t, unsigned n, double limit)
{
	static double ratio[ROUNDS_MAX];
	char name[128];
	unsigned i;

	for (i = 0; i < n; i++)
		ratio[i] = t->ours[i] / t->base[i];
	snprintf(name, sizeof(name), "%s, %s", what, clock);
	begin_json(name);
	printf("%s\n", name);
	print_side(ours->name, t->ours, n);
	print_side(base->name, t->base, n);
	printf("  ratio %.3f", spread_of(ratio, n).median);
	judge(spread_of(ratio, n).median, limit, "");
	fflush(stdout);
}

/* What a figure may be at most, by either clock. */
struct limits {
	double cpu, wall;
};

/* In microseconds a `unit`, of which a run has `units`. */
static void
compare_by(const char *what, const struct side *ours, const struct side *base,
    unsigned rounds, double units, struct limits limit)
{
	static struct turns wall, cpu;
	unsigned i;

	cost_of(ours); /* into the caches */
	cost_of(base);
	for (i = 0; i < rounds; i++) {
		struct cost a = cost_of(ours);
		struct cost b = cost_of(base);

		wall.ours[i] = a.wall / units / 1e3;
		wall.base[i] = b.wall / units / 1e3;
		cpu.ours[i] = a.cpu / units / 1e3;
		cpu.base[i] = b.cpu / units / 1e3;
	}
	report(what, "CPU time", ours, base, &cpu, rounds, limit.cpu);
	if (!bench.virtual)
		report(
		    what, "wall clock", ours, base, &wall, rounds, limit.wall);
}

static void
compare(const char *what, const struct side *ours, const struct side *base,
    unsigned rounds, double units, double limit)
{
	const struct limits both = { limit, limit };

	compare_by(what, ours, base, rounds, units, both);
}

static unsigned
start_rounds(void)
{
	unsigned n = bench.virtual ? bench.rounds
				   : bench.rounds * STARTS_A_ROUND;

	return n < ROUNDS_MAX ? n : ROUNDS_MAX;
}

static void
time_hypercall(void)
{
	const struct command ours = { .arg = { bench.novillo, bench.spin,
					  CALLS_TEXT } };
	const struct command ours_less = { .arg = { bench.novillo, bench.spin,
					       "0" } };
	const struct command base = { .arg = { bench.floor, "hypercall",
					  CALLS_TEXT } };
	const struct command base_less = { .arg = { bench.floor, "hypercall",
					       "0" } };
	const struct side novillo = { "novillo", &ours, &ours_less };
	const struct side floor = { "floor", &base, &base_less };

	compare("hypercall round trip", &novillo, &floor, bench.rounds, CALLS,
	    HYPERCALL_LIMIT);
}

static void
time_start(void)
{
	char memory[32];
	const struct command ours = { .arg = { bench.novillo, bench.empty } };
	const struct command image = { .arg = { bench.floor, "start", memory,
					   bench.empty } };
	const struct command least = { .arg = {
					   bench.floor, "start", memory } };
	const struct side novillo = { "novillo", &ours, NULL };
	const struct side floor = { "floor", &image, NULL };
	const struct side without = { "floor", &least, NULL };

	snprintf(memory, sizeof(memory), "%" PRIu64, DEFAULT_MEMORY);
	compare("start to exit of an empty guest", &novillo, &floor,
	    start_rounds(), 1, START_LIMIT);
	compare("the same against a floor without image", &novillo, &without,
	    start_rounds(), 1, NO_LIMIT);
}

/* Bytes that nothing makes shorter: xorshift64*. */
static void
fill(int fd, uint64_t from, uint64_t size)
{
	static uint64_t words[8192];
	uint64_t state = 1;
	size_t i;

	while (from < size) {
		uint64_t n = size - from;

		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			state ^= state >> 12;
			state ^= state << 25;
			state ^= state >> 27;
			words[i] = state * UINT64_C(0x2545f4914f6cdd1d);
		}
		n = n < sizeof(words) ? n : sizeof(words);
		if (pwrite(fd, words, n, (off_t)from) != (ssize_t)n)
			give_up("the image cannot be filled");
		from += n;
	}
}

/*
 * An image of `size` bytes that ends at once, as a path: one segment of text.
 * Its file has no name, so nothing is left behind; holes in it cost a loader
 * that reads them as much as bytes.
 */
static const char *
make_image(uint64_t size, char path[64], bool full)
{
	static const uint8_t code[] = {
		0xb8, 231, 0, 0, 0, /* mov $231, %eax: exit_group */
		0x31, 0xff,         /* xor %edi, %edi */
		0xe7, 0x10,         /* out %eax, $0x10 */
	};
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr phdr;
		uint8_t code[sizeof(code)];
	} image = {
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
			    ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = IMAGE_VADDR + sizeof(Elf64_Ehdr) +
			    sizeof(Elf64_Phdr),
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
		},
		.phdr = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = IMAGE_VADDR,
			.p_filesz = size,
			.p_memsz = size,
			.p_align = 4096,
		},
	};
	const char *folder = getenv("TMPDIR");
	char name[4096];
	int fd;

	memcpy(image.code, code, sizeof(code));
	snprintf(name, sizeof(name), "%s/novillo-bench.XXXXXX",
	    folder ? folder : "/tmp");
	fd = mkstemp(name);
	if (fd < 0 || unlink(name) < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    write(fd, &image, sizeof(image)) != (ssize_t)sizeof(image))
		give_up("%s cannot be written", name);
	if (full)
		fill(fd, sizeof(image), size);
	/* The programs inherit it. */
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return path;
}

static void
time_image(void)
{
	char path[2][64], memory[64];
	const struct command large = { .arg = { bench.novillo, memory,
					   make_image(
					       IMAGE_LARGE, path[0], false) } };
	const struct command small = { .arg = { bench.novillo, memory,
					   make_image(
					       IMAGE_SMALL, path[1], false) } };
	const struct side ours = { "256 MiB", &large, NULL };
	const struct side base = { "64 KiB", &small, NULL };

	snprintf(memory, sizeof(memory), "--memory=%" PRIu64 "M",
	    LARGE_MEMORY >> 20);
	compare("start of a large image against a small one", &ours, &base,
	    start_rounds(), 1, IMAGE_LIMIT);
}

/* Words between blanks; %n becomes the number of hypercalls. */
static struct command
command_of(char *line, const char *calls)
{
	struct command command = { .arg = { NULL } };
	unsigned n = 0;
	char *word;

	for (word = strtok(line, " "); word; word = strtok(NULL, " ")) {
		if (n == CHILD_ARGS - 1)
			give_up("--vs has more than %d words", CHILD_ARGS - 1);
		command.arg[n++] = strcmp(word, "%n") == 0 ? calls : word;
	}
	if (n == 0)
		give_up("--vs names no command");
	return command;
}

static void
time_other(void)
{
	bool calls = strstr(bench.vs, "%n") != NULL;
	const struct command other = command_of(strdup(bench.vs), CALLS_TEXT);
	const struct command other_less = command_of(strdup(bench.vs), "0");
	const struct command spin = { .arg = { bench.novillo, bench.spin,
					  CALLS_TEXT } };
	const struct command spin_less = { .arg = { bench.novillo, bench.spin,
					       "0" } };
	const struct command empty = { .arg = { bench.novillo, bench.empty } };
	const struct side ours = { "novillo", calls ? &spin : &empty,
		calls ? &spin_less : NULL };
	const struct side base = { "other", &other,
		calls ? &other_less : NULL };

	compare(calls ? "hypercall against the other"
		      : "start to exit against the other",
	    &ours, &base, calls ? bench.rounds : start_rounds(),
	    calls ? CALLS : 1, NO_LIMIT);
}

/* By counting: what CALLS hypercalls more cost in system calls. */
static void
count_hypercall(void)
{
	char number[32];
	const struct command less = { .arg = {
					  bench.novillo, bench.spin, "0" } };
	const struct command more = { .arg = {
					  bench.novillo, bench.spin, number } };
	struct child_calls a, b;
	struct child_memory memory;
	double runs, others, served;
	unsigned i;

	snprintf(number, sizeof(number), "%d", WATCHED_CALLS);
	child_watch(&less, DEFAULT_MEMORY, &a, &memory);
	child_watch(&more, DEFAULT_MEMORY, &b, &memory);
	for (i = 0, others = 0; i < CHILD_IOCTLS; i++)
		others += (double)(b.ioctl[i] - a.ioctl[i]);
	runs = (double)(b.ioctl[CHILD_KVM_RUN] - a.ioctl[CHILD_KVM_RUN]);
	served = (double)(b.all - a.all) - others;
	others -= runs;
	printf("system calls of a hypercall: KVM_RUN %.3f, other ioctls %.3f,"
	       " served %.3f\n",
	    runs / WATCHED_CALLS, others / WATCHED_CALLS,
	    served / WATCHED_CALLS);
	begin_json("ioctls of a hypercall");
	printf("  ioctls %.3f", (runs + others) / WATCHED_CALLS);
	judge((runs + others) / WATCHED_CALLS, 1, "");
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

/* Each ioctl that the floor does without; how many have no reason. */
static unsigned
print_extra_ioctls(
    const struct child_calls *ours, const struct child_calls *base)
{
	unsigned i, unexplained = 0;

	for (i = 0; i < CHILD_IOCTLS; i++) {
		if (ours->ioctl[i] <= base->ioctl[i])
			continue;
		printf("  %s: %" PRIu64 " against %" PRIu64 ": %s\n",
		    ioctls[i].name, ours->ioctl[i], base->ioctl[i],
		    ioctls[i].reason ? ioctls[i].reason : "no reason known");
		if (!ioctls[i].reason)
			unexplained++;
	}
	return unexplained;
}

static void
look_at_start(void)
{
	char bytes[32];
	const struct command run = { .arg = { bench.novillo, bench.empty } };
	const struct command floor = { .arg = { bench.floor, "start", bytes,
					   bench.empty } };
	struct child_calls ours, base;
	struct child_memory memory;
	unsigned unexplained;

	snprintf(bytes, sizeof(bytes), "%" PRIu64, DEFAULT_MEMORY);
	child_watch(&floor, DEFAULT_MEMORY, &base, &memory);
	child_watch(&run, DEFAULT_MEMORY, &ours, &memory);
	printf("ioctls of a start that the floor does without\n");
	unexplained = print_extra_ioctls(&ours, &base);
	begin_json("ioctls of a start without reason");
	printf("  without reason %u", unexplained);
	judge(unexplained, 0, "");
}

/*
 * What `command` holds beyond its guest's pages, and prints it.  It is asked
 * often: how much of a library a page fault brings in depends on where the
 * kernel put it this time.
 */
static double
memory_of(const char *name, const struct command *command)
{
	static double beyond[ROUNDS_MAX], shared[ROUNDS_MAX];
	struct child_calls calls;
	struct child_memory m;
	struct spread s;
	unsigned i;

	for (i = 0; i < bench.rounds; i++) {
		child_watch(command, DEFAULT_MEMORY, &calls, &m);
		beyond[i] = (double)(m.peak - m.guest) / KIB;
		shared[i] = (double)m.shared / KIB;
	}
	s = spread_of(beyond, bench.rounds);
	printf("  %-9s %9.0f KiB (%.0f to %.0f), %.0f of them shared;"
	       " the guest's: %.0f KiB\n",
	    name, s.median, s.min, s.max,
	    spread_of(shared, bench.rounds).median, (double)m.guest / KIB);
	return s.median;
}

static void
look_at_memory(void)
{
	char bytes[32];
	const struct command run = { .arg = { bench.novillo, bench.empty } };
	const struct command floor = { .arg = { bench.floor, "start", bytes,
					   bench.empty } };
	double beyond;

	snprintf(bytes, sizeof(bytes), "%" PRIu64, DEFAULT_MEMORY);
	printf("peak memory beyond the guest's pages\n");
	beyond = memory_of("novillo", &run);
	memory_of("floor", &floor);
	begin_json("peak memory beyond the guest's pages, KiB");
	printf("  %.0f KiB", beyond);
	judge(beyond, MEMORY_LIMIT, " KiB");
}

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
	char guest[4200];
	const struct talk none = { .packet = packet };
	const struct talk steps = { .packet = packet, .times = STEPS };
	struct command base_less = base;
	struct command ours = { .arg = { bench.novillo, LINE_OPTION, guest,
				    "1000" } };
	struct command ours_less = ours;
	const struct side novillo = { "novillo", &ours, &ours_less };
	const struct side other = { name, &base, &base_less };

	snprintf(guest, sizeof(guest), "%s.elf", bench.compute);
	ours.talk = base.talk = &steps;
	ours_less.talk = base_less.talk = &none;
	compare(what, &novillo, &other, bench.rounds, STEPS, limit);
}

static bool
has_gdbserver(void)
{
	return system("gdbserver --version >/dev/null 2>&1") == 0;
}

static void
time_step(void)
{
	const struct command floor = { .arg = { bench.floor, "step" } };
	char line[8400];
	const struct command gdbserver = { .arg = { "/bin/sh", "-c", line } };

	time_step_against(
	    "step by a debugger", STEP_PACKET, "floor", floor, FLOOR_LIMIT);
	snprintf(line, sizeof(line),
	    "exec gdbserver --once - %s.native 1000 <&%d >&%d 2>/dev/null",
	    bench.compute, CHILD_LINE, CHILD_LINE);
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
static void
count_step(void)
{
	char guest[4200];
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

	snprintf(guest, sizeof(guest), "%s.elf", bench.compute);
	child_watch(&less, DEFAULT_MEMORY, &a, &memory);
	child_watch(&more, DEFAULT_MEMORY, &b, &memory);
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
time_dump(const char *packet, unsigned size)
{
	char path[64], what[64], size_text[16];
	const char *image = make_image(DUMP, path, true);
	const struct limits limits = { NO_LIMIT, DUMP_LIMIT };
	const unsigned pieces = (unsigned)(DUMP / size);
	const struct talk once = {
		.packet = packet,
		.warm = pieces,
		.address = IMAGE_VADDR,
		.size = size,
		.pieces = pieces,
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
	snprintf(
	    what, sizeof(what), "a MiB of memory to a debugger, by %s", packet);
	compare_by(what, &novillo, &floor, bench.rounds,
	    3.0 * pieces * size / KIB / KIB, limits);
}

static void
time_dumps(void)
{
	time_dump("m", DUMP_HEX);
	time_dump("x", DUMP_BINARY);
}

static const struct option options[] = {
	{ "rounds", required_argument, NULL, 'n' },
	{ "virtual", no_argument, NULL, 'v' },
	{ "json", required_argument, NULL, 'j' },
	{ "only", required_argument, NULL, 'o' },
	{ "vs", required_argument, NULL, 'c' },
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
	snprintf(
	    bench.empty, sizeof(bench.empty), "%s/empty.elf", argv[optind + 2]);
	snprintf(
	    bench.spin, sizeof(bench.spin), "%s/spin.elf", argv[optind + 2]);
	snprintf(bench.compute, sizeof(bench.compute), "%s/compute",
	    argv[optind + 2]);
}

static const struct {
	const char *name;
	void (*measure)(void);
} parts[] = {
	{ "call-count", count_hypercall },
	{ "start-count", look_at_start },
	{ "memory", look_at_memory },
	{ "step-count", count_step },
	{ "start", time_start },
	{ "image", time_image },
	{ "call", time_hypercall },
	{ "step", time_step },
	{ "dump", time_dumps },
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
	if (bench.vs)
		time_other();
	if (bench.json)
		fprintf(bench.json, "\n]\n");
	if (bench.json && fclose(bench.json) != 0)
		give_up("the file of --json cannot be written");
	printf("%u figures, %u missed\n", bench.figures, bench.missed);
	return bench.missed ? 1 : 0;
}
