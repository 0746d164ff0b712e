/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A main for fuzz targets where there is no libFuzzer: mutates seed files and
 * feeds them to LLVMFuzzerTestOneInput(), repeatable by its seed.  It must not
 * know what is fuzzed.
 *
 *	fuzz-X [--runs=N] [--seconds=N] [--seed=N] FILE...
 *
 * With neither runs nor seconds, each file is fed once as it is.
 */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEEDS_MAX 256
#define SIZE_MAX_ (1 << 17)
#define MUTATIONS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct seed {
	uint8_t *bytes;
	size_t size;
} seeds[SEEDS_MAX];
static unsigned seed_count;
static uint64_t state = 1;

/* xorshift64*: the same numbers on every machine. */
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

static void
read_seed(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct seed *s = &seeds[seed_count];

	if (!f || seed_count == SEEDS_MAX) {
		fprintf(stderr, "%s: %s\n", path,
		    f ? "too many seeds" : strerror(errno));
		exit(2);
	}
	s->bytes = malloc(SIZE_MAX_);
	if (!s->bytes)
		exit(2);
	s->size = fread(s->bytes, 1, SIZE_MAX_, f);
	seed_count++;
	fclose(f);
}

/* Numbers at which checks are wrong by one. */
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

/* Put in a line of another seed, where a line begins; the new size. */
static size_t
put_line(uint8_t *data, size_t size)
{
	const struct seed *other = &seeds[below(seed_count)];
	const uint8_t *from = other->bytes + below(other->size);
	const uint8_t *end = other->bytes + other->size;
	const uint8_t *line, *stop;
	size_t at = below(size);
	size_t n;

	for (line = from; line > other->bytes && line[-1] != '\n'; line--)
		;
	stop = memchr(line, '\n', (size_t)(end - line));
	n = (size_t)((stop ? stop + 1 : end) - line);
	while (at > 0 && data[at - 1] != '\n')
		at--;
	if (size + n > SIZE_MAX_)
		return size;
	memmove(data + at + n, data + at, size - at);
	memcpy(data + at, line, n);
	return size + n;
}

/* One change; the new size. */
static size_t
mutate(uint8_t *data, size_t size)
{
	const struct seed *other = &seeds[below(seed_count)];
	size_t at = below(size);
	size_t n = 1 + below(32);

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
		memmove(data + at, data + at + n, size - at - n);
		return size - n;
	case 5: /* put in */
		if (size + n > SIZE_MAX_)
			return size;
		memmove(data + at + n, data + at, size - at);
		memset(data + at, (int)next(), n);
		return size + n;
	case 6:
	case 7:
	case 8: return put_line(data, size);
	default: /* a piece of another seed */
		n = n * 4 < other->size ? n * 4 : other->size;
		if (at + n > SIZE_MAX_)
			return size;
		memcpy(data + at, other->bytes + below(other->size - n + 1), n);
		return at + n > size ? at + n : size;
	}
}

static void
one_run(void)
{
	static uint8_t data[SIZE_MAX_];
	const struct seed *s = &seeds[below(seed_count)];
	unsigned changes = 1 + below(MUTATIONS);
	size_t size = s->size;
	uint8_t *exact;

	memcpy(data, s->bytes, size);
	while (changes-- > 0)
		size = mutate(data, size);
	/* In memory of just that size, so that a sanitizer sees one more. */
	exact = malloc(size ? size : 1);
	if (!exact)
		exit(2);
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "runs", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'x' },
		{ 0 },
	};
	uint64_t runs = 0, done;
	time_t end = 0;
	int option;
	unsigned i;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r': runs = strtoull(optarg, NULL, 0); break;
		case 's': end = time(NULL) + atoi(optarg); break;
		case 'x': state = strtoull(optarg, NULL, 0) | 1; break;
		default: return 2;
		}
	}
	for (; optind < argc; optind++)
		read_seed(argv[optind]);
	for (i = 0; i < seed_count; i++)
		LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].size);
	if (seed_count == 0)
		return 2;
	for (done = 0;
	     (runs && done < runs) || (end && (done % 256 || time(NULL) < end));
	     done++)
		one_run();
	printf("%s: %llu runs, no crash\n", argv[0], (unsigned long long)done);
	return 0;
}
