/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measures guests that wait for the host's work: echoes by TCP, blocks of a
 * file, a mapped file.  Novillo is compared with the same program on Linux
 * itself, and with the floor, which serves the same calls.
 */
#include "figure.h"
#include "files.h"
#include "parts.h"
#include "talk.h"

#include <sys/syscall.h>

#define ECHOES         1000
#define WATCHED_ECHOES 500
#define ECHO_SMALL     64
#define ECHO_LARGE     65536
#define BLOCK          (UINT64_C(1) << 20)
#define BLOCKS         64
#define BLOCKS_VIRTUAL 16 /* by a clock that is slow */
#define PASSES         4  /* beyond the first */
#define PASSES_TEXT    "5"
#define MAPPED         (UINT64_C(1) << 30)
#define MAPPED_VIRTUAL (UINT64_C(16) << 20)
#define PAIRS          20000
#define PAIRS_TEXT     "20000"
#define WATCHED_PAIRS  1000
#define PAIR_LIMIT     1.5
#define SLACK          0.05

static const char *
number_text(uint64_t number, char text[static 32])
{
	snprintf(text, 32, "%llu", (unsigned long long)number);
	return text;
}

/* One program in three ways, with the same arguments and input. */
struct trio {
	struct command novillo, native, floor;
};

static struct trio
trio_of(const char *elf, const char *native, const char *memory,
    const char *bytes, const char *first, const char *second)
{
	return (struct trio){
		.novillo = { .arg = { bench.novillo, "--allow=@net,@memory",
				 memory, guest_path(elf), first, second } },
		.native = { .arg = { guest_path(native), first, second } },
		.floor = { .arg = { bench.floor, "serve", bytes,
			       guest_path(elf), first, second } },
	};
}

static void
compare_trio(const char *what, const struct trio *t, const struct trio *less,
    double units)
{
	const struct side novillo = { "novillo", &t->novillo,
		less ? &less->novillo : NULL };
	const struct side native = { "native", &t->native,
		less ? &less->native : NULL };
	const struct side floor = { "floor", &t->floor,
		less ? &less->floor : NULL };

	compare_native(what, &novillo, &native, &floor, units);
}

static struct trio
echo_trio(const struct talk *talk)
{
	static unsigned port;
	static char port_text[32], bytes[32];
	struct trio t;

	if (port == 0)
		port = child_free_port();
	t = trio_of("echo_server.elf", "echo_server.native", "--memory=1G",
	    number_text(DEFAULT_MEMORY, bytes), number_text(port, port_text),
	    "1");
	t.novillo.talk = t.native.talk = t.floor.talk = talk;
	t.novillo.port = t.native.port = t.floor.port = port;
	return t;
}

static void
time_echo(unsigned size)
{
	const struct talk none = { .size = size };
	const struct talk some = { .size = size,
		.warm = 10,
		.times = bench.virtual ? ECHOES / 10 : ECHOES };
	const struct trio echoes = echo_trio(&some), less = echo_trio(&none);
	char what[64];

	snprintf(what, sizeof(what), "an echo of %u bytes by TCP", size);
	compare_trio(what, &echoes, &less, some.times);
}

void
time_echoes(void)
{
	time_echo(ECHO_SMALL);
	time_echo(ECHO_LARGE);
}

/* Counts the exits and calls: out, recvfrom, in and out, sendto, in. */
void
count_echo(void)
{
	const struct talk none = { .size = ECHO_SMALL };
	const struct talk some = { .size = ECHO_SMALL,
		.times = WATCHED_ECHOES };
	const struct command less = echo_trio(&none).novillo;
	const struct command more = echo_trio(&some).novillo;
	const struct child_calls calls = calls_between(&less, &more);

	printf("system calls of an echo\n");
	judge_count("KVM_RUN of an echo", (double)calls.ioctl[CHILD_KVM_RUN],
	    WATCHED_ECHOES, 2);
	judge_count("recvfrom of an echo", (double)calls.number[SYS_recvfrom],
	    WATCHED_ECHOES, 1);
	judge_count("sendto of an echo", (double)calls.number[SYS_sendto],
	    WATCHED_ECHOES, 1);
	judge_count(
	    "calls of an echo in all", (double)calls.all, WATCHED_ECHOES, 4);
}

static struct trio
reading(const char *passes, char path[static FILE_PATH])
{
	static char bytes[32];
	struct trio t = trio_of("read_blocks.elf", "read_blocks.native",
	    "--memory=1G", number_text(DEFAULT_MEMORY, bytes), passes, NULL);

	t.novillo.in = t.native.in = t.floor.in = path;
	return t;
}

static unsigned
blocks(void)
{
	return bench.virtual ? BLOCKS_VIRTUAL : BLOCKS;
}

void
time_reads(void)
{
	char path[FILE_PATH];
	struct trio more, less;

	file_sparse(BLOCK * blocks(), path);
	more = reading(PASSES_TEXT, path);
	less = reading("1", path);
	compare_trio(
	    "a MiB of a file by read", &more, &less, PASSES * blocks());
}

/* Watches the destination of the host's reads. */
void
count_reads(void)
{
	char path[FILE_PATH];
	struct command less, more;
	struct child_calls calls;

	file_sparse(BLOCK * blocks(), path);
	less = reading("1", path).novillo;
	more = reading(PASSES_TEXT, path).novillo;
	calls = calls_between(&less, &more);
	printf("system calls of a MiB by read\n");
	/* The last read of a pass returns 0, and a pass begins with lseek. */
	judge_count("calls of a MiB in all", (double)calls.all,
	    PASSES * blocks(), 2 + 4.0 / blocks());
	judge_count("MiB not read straight into guest memory",
	    PASSES * (blocks() + 1) - (double)calls.straight, PASSES * blocks(),
	    0);
}

/* The run counts from start to end: a mapping can be made only once. */
void
time_map(void)
{
	const uint64_t size = bench.virtual ? MAPPED_VIRTUAL : MAPPED;
	char path[FILE_PATH], bytes[32], memory[64];
	struct trio t;

	snprintf(memory, sizeof(memory), "--memory=%lluM",
	    (unsigned long long)(2 * size >> 20));
	t = trio_of("sum_file.elf", "sum_file.native", memory,
	    number_text(2 * size, bytes), NULL, NULL);
	t.novillo.in = t.native.in = t.floor.in = file_sparse(size, path);
	compare_trio("a MiB of a mapped file, all pages touched", &t, NULL,
	    (double)(size >> 20));
}

static struct trio
pairs_of(const char *times)
{
	static char path[FILE_PATH], bytes[32];
	struct trio t = trio_of("map_page.elf", "map_page.native",
	    "--memory=1G", number_text(DEFAULT_MEMORY, bytes), times, NULL);

	t.novillo.in = t.native.in = t.floor.in = file_sparse(BLOCK, path);
	return t;
}

void
count_pairs(void)
{
	char times[32];
	const struct command less = pairs_of("0").novillo;
	const struct command more =
	    pairs_of(number_text(WATCHED_PAIRS, times)).novillo;
	const struct child_calls calls = calls_between(&less, &more);

	printf("system calls of mmap and munmap of a file's page\n");
	judge_count("KVM_RUN of a mapped page",
	    (double)calls.ioctl[CHILD_KVM_RUN], WATCHED_PAIRS, 2);
	judge_count("calls of a mapped page in all", (double)calls.all,
	    WATCHED_PAIRS, 8 + SLACK);
}

void
time_pairs(void)
{
	const struct trio some = pairs_of(PAIRS_TEXT), none = pairs_of("0");
	const struct side novillo = { "novillo", &some.novillo, &none.novillo };
	const struct side native = { "native", &some.native, &none.native };
	const struct side floor = { "floor", &some.floor, &none.floor };

	compare("mmap and munmap of a file's page", &novillo, &floor,
	    bench.rounds, PAIRS, PAIR_LIMIT);
	compare("the same against Linux itself", &novillo, &native,
	    bench.rounds, PAIRS, NO_LIMIT);
}
