/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A main for fuzz targets where libFuzzer is missing: mutates seed files and
 * feeds them to LLVMFuzzerTestOneInput(), repeatable by its seed.  It must not
 * know the target.
 *
 *	fuzz-X [--runs=N] [--seconds=N] [--seed=N] [--piece=N] [--binary]
 *		[--state=FOLDER] FILE...
 *
 * With neither runs nor seconds, each file is fed once, unchanged.
 *
 * A run is one input from a fresh state.  With --piece most inputs are made of
 * some lines of a seed, of less than 2 N bytes, and every WHOLE-th of a whole
 * seed: in a long input most of the time goes into what has not changed.  With
 * --binary seeds have no lines, and an input begins at any byte of one.
 *
 * If the program is compiled with -fsanitize-coverage=inline-bool-flag (clang),
 * an input that reaches a new place of it becomes a seed.  FOLDER keeps such
 * inputs, as files RUN-PLACES, the number of runs, and the input of a crash.
 * With it N runs are made in pieces: --runs counts those of earlier pieces.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SEEDS_MAX 8192
#define SIZE_MAX_ (1 << 17)
#define KEPT_MAX  (1 << 14) /* a longer seed would slow down many runs */
#define MUTATIONS 16
#define BLOCK     32 /* bytes that a change moves at most */
#define WHOLE     256
#define COUNT     "count"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct seed {
	uint8_t *bytes;
	size_t size;
} seeds[SEEDS_MAX];
static unsigned seed_count;
static uint64_t state = 1;
static size_t piece; /* bytes of a seed that an input begins with, or 0 */
static bool binary;  /* the seeds have no lines */

/* xorshift64*: it makes the same numbers on every machine. */
static uint32_t
next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(state * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static uint32_t
below(size_t n)
{
	return n ? (uint32_t)(next() % n) : 0;
}

/* Copy bytes to a new seed; one too many is dropped. */
static void
add_seed(const uint8_t *bytes, size_t size)
{
	struct seed *s = &seeds[seed_count];

	if (seed_count == SEEDS_MAX)
		return;
	s->bytes = malloc(size ? size : 1);
	if (!s->bytes)
		exit(2);
	memcpy(s->bytes, bytes, size);
	s->size = size;
	seed_count++;
}

static void
read_seed(int folder, const char *path)
{
	static uint8_t bytes[SIZE_MAX_];
	int fd = openat(folder, path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (n < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	add_seed(bytes, (size_t)n);
	close(fd);
}

/* memcpy() without a sanitizer's look at every byte: inputs are ours. */
static void
copy(void *to, const void *from, size_t n)
{
	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(n)
			 :
			 : "memory");
}

/* memmove() within an input.  That of clang's ASan copies byte by byte. */
static void
shift(uint8_t *data, size_t to, size_t from, size_t n)
{
	static uint8_t held[SIZE_MAX_];

	copy(held, data + from, n);
	copy(data + to, held, n);
}

/* Numbers at which checks are off by one. */
static void
put_number(uint8_t *data, size_t size)
{
	static const uint64_t edges[] = { 0, 1, 0x7f, 0xff, 0x1000, 0x7fffffff,
		0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX, UINT64_MAX - 8,
		UINT64_MAX - 0xfff, 0x400000, 0x38, 0x40 };
	uint64_t value = edges[below(sizeof(edges) / sizeof(edges[0]))];
	size_t width = (size_t)1 << below(4);
	size_t at = below(size);

	if (width > size - at)
		width = size - at;
	memcpy(data + at, &value, width);
}

/* The start of the line that holds bytes[at]; `at` if there are no lines. */
static size_t
line_start(const uint8_t *bytes, size_t at)
{
	const uint8_t *before;

	if (binary)
		return at;
	before = memrchr(bytes, '\n', at);
	return before ? (size_t)(before - bytes) + 1 : 0;
}

/* The end of the line that holds bytes[at], or some end if there are no
 * lines. */
static size_t
line_end(const uint8_t *bytes, size_t at, size_t size)
{
	size_t left = size - at;
	const uint8_t *stop;

	if (binary)
		return at + (left < BLOCK ? left : 1 + below(BLOCK));
	stop = memchr(bytes + at, '\n', left);
	return stop ? (size_t)(stop - bytes) + 1 : size;
}

/* Insert a line of another seed at the start of a line; returns the new
 * size. */
static size_t
put_line(uint8_t *data, size_t size)
{
	const struct seed *other = &seeds[below(seed_count)];
	size_t in = below(other->size);
	size_t from = line_start(other->bytes, in);
	size_t n = line_end(other->bytes, in, other->size) - from;
	size_t at = line_start(data, below(size));

	if (size + n > SIZE_MAX_ || (piece > 0 && n > piece && below(WHOLE)))
		return size;
	shift(data, at + n, at, size - at);
	copy(data + at, other->bytes + from, n);
	return size + n;
}

/* Make one change; returns the new size. */
static size_t
mutate(uint8_t *data, size_t size)
{
	const struct seed *other = &seeds[below(seed_count)];
	size_t at = below(size);
	size_t n = 1 + below(BLOCK);

	switch (below(10)) {
	case 0:
		if (size > 0)
			data[at] ^= (uint8_t)(1U << below(8));
		return size;
	case 1:
		if (size > 0)
			data[at] = (uint8_t)next();
		return size;
	case 2:
		if (size > 0)
			put_number(data, size);
		return size;
	case 3: /* cut */ return below(4) ? size : at;
	case 4: /* take out */
		n = n < size - at ? n : size - at;
		shift(data, at, at + n, size - at - n);
		return size - n;
	case 5: /* put in */
		if (size + n > SIZE_MAX_)
			return size;
		shift(data, at + n, at, size - at);
		memset(data + at, (int)next(), n);
		return size + n;
	case 6:
	case 7:
	case 8: return put_line(data, size);
	default: /* a piece of another seed */
		n = n * 4 < other->size ? n * 4 : other->size;
		if (at + n > SIZE_MAX_)
			return size;
		copy(data + at, other->bytes + below(other->size - n + 1), n);
		return at + n > size ? at + n : size;
	}
}

/* The hooks below run before a sanitizer is ready. */
#ifdef __clang__
#define BARE __attribute__((no_sanitize("address", "undefined", "coverage")))
#else
#define BARE __attribute__((no_sanitize("address", "undefined")))
#endif

/*
 * Coverage: the compiler makes a flag for each edge of the program, if it is
 * asked to, which the code sets when it takes the edge.  The linker puts them
 * next to each other.
 */
void __sanitizer_cov_bool_flag_init(bool *from, bool *to);

static const bool *flags;
static unsigned places, all_places;

BARE void
__sanitizer_cov_bool_flag_init(bool *from, bool *to)
{
	flags = from;
	all_places = (unsigned)(to - from);
}

/* Count the places that were reached up to now. */
BARE static void
count_places(void)
{
	unsigned i, n = 0;

	for (i = 0; i < all_places; i++)
		n += flags[i];
	places = n;
}

/*
 * The state between pieces.  The folder stays open: a target may change the
 * working folder.
 */
static int state_folder = -1;
static uint64_t total; /* runs, with those of earlier pieces */
static const uint8_t *input;
static size_t input_size;

/* Replace the file whole: the process may be killed meanwhile. */
static void
write_state(const char *name, const void *bytes, size_t size)
{
	static const char new[] = "new";
	int fd;

	if (state_folder < 0)
		return;
	fd = openat(state_folder, new, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size ||
	    renameat(state_folder, new, state_folder, name) < 0)
		perror(name);
	close(fd);
}

static void
save_count(void)
{
	char text[32];

	write_state(COUNT, text,
	    (size_t)snprintf(text, sizeof(text), "%" PRIu64 "\n", total));
}

static void
save_crash(void)
{
	if (input)
		write_state("crash", input, input_size);
	save_count();
}

static void
on_abort(int signal)
{
	(void)signal;
	save_crash();
}

/* Hooks of the sanitizers, which need not be there. */
void
__sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));
const char *__asan_default_options(void);

/* Inputs are freed at once and never used again, so a long quarantine would
 * only touch more memory. */
BARE const char *
__asan_default_options(void)
{
	return "quarantine_size_mb=1:malloc_context_size=1";
}

/* The run and the places of a kept input's name. */
static bool
parse_kept(const char *name, uint64_t *run, unsigned *reached)
{
	return sscanf(name, "%" SCNu64 "-%u", run, reached) == 2;
}

static DIR *
list_state(void)
{
	DIR *dir = fdopendir(openat(state_folder, ".", O_RDONLY));

	if (!dir) {
		perror("the state's folder");
		exit(2);
	}
	return dir;
}

/* Make a folder and those above it. */
static void
make_folders(const char *path)
{
	char name[PATH_MAX];
	size_t i;

	for (i = 1; i < sizeof(name) && path[i - 1]; i++)
		if (path[i] == '/' || !path[i]) {
			snprintf(name, sizeof(name), "%.*s", (int)i, path);
			(void)mkdir(name, 0755);
		}
}

static void
open_state(const char *path)
{
	const struct dirent *e;
	unsigned reached;
	uint64_t run;
	DIR *dir;
	FILE *f;
	int fd;

	make_folders(path);
	state_folder = open(path, O_RDONLY | O_DIRECTORY);
	if (state_folder < 0) {
		perror(path);
		exit(2);
	}
	dir = list_state();
	while ((e = readdir(dir)) != NULL)
		if (parse_kept(e->d_name, &run, &reached))
			read_seed(state_folder, e->d_name);
	closedir(dir);
	fd = openat(state_folder, COUNT, O_RDONLY);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (f && fscanf(f, "%" SCNu64, &total) != 1)
		total = 0;
	if (f)
		fclose(f);
}

/* The places that had been reached when half of the runs were made. */
static unsigned
places_at_half(void)
{
	unsigned reached, most = 0;
	const struct dirent *e;
	uint64_t run;
	DIR *dir = list_state();

	while ((e = readdir(dir)) != NULL)
		if (parse_kept(e->d_name, &run, &reached) && run <= total / 2 &&
		    reached > most)
			most = reached;
	closedir(dir);
	return most;
}

/* The input has reached a new place. */
static void
keep(const uint8_t *bytes, size_t size)
{
	char name[64];

	if (size > KEPT_MAX)
		return;
	add_seed(bytes, size);
	snprintf(name, sizeof(name), "%012" PRIu64 "-%u", total, places);
	write_state(name, bytes, size);
}

static void
feed(const uint8_t *bytes, size_t size)
{
	input = bytes;
	input_size = size;
	LLVMFuzzerTestOneInput(bytes, size);
	count_places();
}

/* Copy a seed, or lines of it from any of its lines on; returns the size. */
static size_t
take_seed(uint8_t *data)
{
	const struct seed *s = &seeds[below(seed_count)];
	size_t from = 0, size = s->size, n = 1 + below(2 * piece);
	const uint8_t *end;

	if (piece > 0 && n < size && below(WHOLE) > 0) {
		from = line_start(s->bytes, below(size));
		n = n < size - from ? n : size - from;
		end = binary ? NULL : memrchr(s->bytes + from, '\n', n);
		size = end ? (size_t)(end + 1 - (s->bytes + from)) : n;
	}
	copy(data, s->bytes + from, size);
	return size;
}

static void
one_run(void)
{
	static uint8_t data[SIZE_MAX_];
	unsigned changes = 1 + below(1 + below(MUTATIONS));
	unsigned before = places;
	size_t size = take_seed(data);
	uint8_t *exact;

	while (changes-- > 0)
		size = mutate(data, size);
	/* The copy has exactly that size, so that a sanitizer detects one byte
	 * more. */
	exact = malloc(size ? size : 1);
	if (!exact)
		exit(2);
	copy(exact, data, size);
	feed(exact, size);
	if (places > before)
		keep(exact, size);
	input = NULL;
	free(exact);
	total++;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The seconds of CPU that the process has used, with its children. */
static double
cpu_used(void)
{
	struct rusage used[2];
	double seconds = 0;
	unsigned i;

	getrusage(RUSAGE_SELF, &used[0]);
	getrusage(RUSAGE_CHILDREN, &used[1]);
	for (i = 0; i < 2; i++)
		seconds += (double)(used[i].ru_utime.tv_sec +
				    used[i].ru_stime.tv_sec) +
			   (double)(used[i].ru_utime.tv_usec +
				    used[i].ru_stime.tv_usec) /
			       1e6;
	return seconds;
}

static void
tell(const char *name, uint64_t done, double spent)
{
	printf("%s: %" PRIu64 " runs, %.0f a second of CPU, no crash\n", name,
	    done, spent > 0 ? (double)done / spent : 0.0);
	if (state_folder >= 0)
		printf("%s: %" PRIu64 " runs in all\n", name, total);
	if (all_places > 0)
		printf(
		    "%s: %u of %u places reached\n", name, places, all_places);
	if (all_places > 0 && state_folder >= 0)
		printf("%s: %u of them after half of the runs\n", name,
		    places_at_half());
}

static void
feed_seeds(void)
{
	unsigned i, count = seed_count;

	for (i = 0; i < count; i++)
		feed(seeds[i].bytes, seeds[i].size);
	input = NULL;
}

/* Make runs until `runs` are made, those before this piece included, or until
 * the time is up.  0 stands for no limit. */
static void
run_piece(const char *name, uint64_t runs, double seconds)
{
	double began = now(), used = cpu_used();
	uint64_t before = total;

	if (runs == 0 && seconds <= 0)
		return;
	while (runs == 0 || total < runs) {
		one_run();
		if (total % 4096 == 0)
			save_count();
		if (seconds > 0 && total % 64 == 0 && now() - began > seconds)
			break;
	}
	save_count();
	tell(name, total - before, cpu_used() - used);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "runs", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'x' },
		{ "piece", required_argument, NULL, 'p' },
		{ "binary", no_argument, NULL, 'b' },
		{ "state", required_argument, NULL, 'd' },
		{ 0 },
	};
	const struct sigaction aborted = {
		.sa_handler = on_abort,
		.sa_flags = (int)SA_RESETHAND,
	};
	uint64_t runs = 0;
	double seconds = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r': runs = strtoull(optarg, NULL, 0); break;
		case 's': seconds = atof(optarg); break;
		case 'x': state = strtoull(optarg, NULL, 0) | 1; break;
		case 'p': piece = strtoull(optarg, NULL, 0); break;
		case 'b': binary = true; break;
		case 'd': open_state(optarg); break;
		default: return 2;
		}
	}
	for (; optind < argc; optind++)
		read_seed(AT_FDCWD, argv[optind]);
	if (seed_count == 0)
		return 2;
	/* Each piece makes other changes. */
	state = (state + total * UINT64_C(0x9e3779b97f4a7c15)) | 1;
	sigaction(SIGABRT, &aborted, NULL);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(save_crash);
	feed_seeds();
	run_piece(argv[0], runs, seconds);
	return 0;
}
