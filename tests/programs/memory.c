/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory as programs of all kinds request it, for t-programs.sh, which runs
 * this natively and as a guest.  It prints only text that must be the same in
 * both.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define PAGE 4096UL
#define MIB  (1UL << 20)
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void
ok(int good, const char *what)
{
	printf("%s: %s\n", what, good ? "yes" : "no");
}

static char *
map(void *at, size_t len, int prot, int flags)
{
	void *p = mmap(at, len, prot, ANON | flags, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A runtime's arena reserves addresses first and commits memory by and by. */
static void
reservations(void)
{
	char *p = map(NULL, 256 * MIB, PROT_NONE, MAP_NORESERVE);
	char *hole;

	ok(p != NULL, "256 MiB of addresses");
	ok(mprotect(p + 64 * MIB, MIB, RW) == 0, "a part becomes memory");
	memset(p + 64 * MIB, 1, MIB);
	ok(map(p + 128 * MIB, MIB, RW, MAP_FIXED) == p + 128 * MIB,
	    "another is mapped over");
	p[128 * MIB] = 2;
	ok(mprotect(p + 64 * MIB, MIB, PROT_NONE) == 0 &&
		mprotect(p + 64 * MIB, MIB, RW) == 0 && p[64 * MIB] == 1,
	    "what was taken away comes back as it was");
	ok(map(p + 64 * MIB, MIB, PROT_NONE, MAP_FIXED) == p + 64 * MIB,
	    "memory becomes addresses again");
	ok(mprotect(p + 64 * MIB, MIB, RW) == 0 && p[64 * MIB] == 0,
	    "and is new when it comes back");
	ok(munmap(p + 100 * MIB, 10 * MIB) == 0, "a hole in the middle");
	hole = map(p + 100 * MIB, 10 * MIB, RW, 0);
	ok(hole == p + 100 * MIB, "a hint is taken where there is room");
	ok(mprotect(p + 99 * MIB, 20 * MIB, PROT_READ) == 0,
	    "rights across several mappings");
	ok(munmap(p, 256 * MIB) == 0, "all of it goes at once");
	ok(mprotect(p, PAGE, RW) == -1 && errno == ENOMEM, "and it is gone");
	p = map(NULL, 24UL << 30, PROT_NONE, MAP_NORESERVE);
	ok(p != NULL, "24 GiB of addresses");
	ok(mprotect(p + (17UL << 30), MIB, RW) == 0, "some of it is memory");
	p[17UL << 30] = 3;
	ok(mprotect(p + (9UL << 30), MIB, RW) == 0, "and some more");
	p[9UL << 30] = 4;
	ok(munmap(p, 24UL << 30) == 0, "and that, too, goes at once");
}

static void
fixed(void)
{
	char *p = map(NULL, 8 * PAGE, RW, 0);

	memset(p, 7, 8 * PAGE);
	ok(map(p + PAGE, PAGE, RW, MAP_FIXED_NOREPLACE) == NULL &&
		errno == EEXIST && p[PAGE] == 7,
	    "MAP_FIXED_NOREPLACE replaces nothing");
	ok(map(p + PAGE, PAGE, RW, MAP_FIXED) == p + PAGE && p[PAGE] == 0 &&
		p[2 * PAGE] == 7,
	    "MAP_FIXED replaces its pages alone");
	ok(map(p + 1, PAGE, RW, MAP_FIXED) == NULL && errno == EINVAL,
	    "an odd place is none");
	ok(munmap(p + PAGE, PAGE) == 0 &&
		map(p + PAGE, PAGE, RW, MAP_FIXED_NOREPLACE) == p + PAGE,
	    "MAP_FIXED_NOREPLACE takes what is free");
	ok(map(NULL, PAGE, RW, MAP_STACK | MAP_NORESERVE) != NULL,
	    "MAP_STACK and MAP_NORESERVE");
	ok((uintptr_t)map(NULL, PAGE, RW, MAP_32BIT) < UINT32_MAX,
	    "MAP_32BIT is low");
	ok(map(NULL, 0, RW, 0) == NULL && errno == EINVAL, "no length");
	ok(map(NULL, SIZE_MAX / 2, RW, 0) == NULL && errno == ENOMEM,
	    "too much");
	ok(map(p, PAGE, RW, 0) != p, "a hint that is taken is only a hint");
	ok(munmap(p, 8 * PAGE) == 0, "munmap");
	ok(munmap(p, 8 * PAGE) == 0, "munmap of nothing");
}

static void
moves(void)
{
	char *p = map(NULL, 2 * MIB, RW, 0);
	char *q, *to;

	memset(p, 3, 2 * MIB);
	map(p + 2 * MIB, PAGE, PROT_NONE, MAP_FIXED_NOREPLACE);
	ok(mremap(p, 2 * MIB, 4 * MIB, 0) == MAP_FAILED && errno == ENOMEM,
	    "mremap where there is no room");
	q = mremap(p, 2 * MIB, 4 * MIB, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && q != p && q[2 * MIB - 1] == 3 && q[2 * MIB] == 0,
	    "mremap moves, and what is added is zero");
	ok(mremap(q, 4 * MIB, MIB, 0) == q, "mremap makes smaller");
	to = map(NULL, MIB, PROT_NONE, 0);
	ok(mremap(q, MIB, MIB, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to &&
		to[MIB - 1] == 3,
	    "mremap to a place");
	ok(mprotect(q, PAGE, PROT_READ) == -1 && errno == ENOMEM,
	    "where it was is nothing");
	to = realloc(malloc(10 * MIB), 50 * MIB);
	ok(to != NULL, "realloc of much");
	free(to);
}

static void
advice(void)
{
	char *p = map(NULL, 4 * MIB, RW, 0);

	ok(madvise(p, 4 * MIB, MADV_HUGEPAGE) == 0, "MADV_HUGEPAGE");
	memset(p, 5, 4 * MIB);
	ok(madvise(p + MIB, MIB, MADV_DONTNEED) == 0 && p[MIB] == 0 &&
		p[2 * MIB] == 5,
	    "MADV_DONTNEED makes zeros");
	p[MIB] = 6;
	ok(p[MIB] == 6, "and memory it stays");
	ok(madvise(p, MIB, MADV_FREE) == 0, "MADV_FREE");
	ok(madvise(p, MIB, MADV_NOHUGEPAGE) == 0, "MADV_NOHUGEPAGE");
	ok(madvise(p, MIB, MADV_WILLNEED) == 0, "MADV_WILLNEED");
	ok(madvise(p, MIB, 12345) == -1 && errno == EINVAL, "no such advice");
	ok(munmap(p, 4 * MIB) == 0, "munmap");
}

/* The processor enforces rights: a read-only page is not written, nor is an
 * unmapped one.  The claim is the end by a signal. */
static void
breach(const char *how)
{
	volatile char *p = map(NULL, 2 * PAGE, RW, 0);

	p[PAGE] = 1;
	if (strcmp(how, "readonly") == 0)
		mprotect((void *)(p + PAGE), PAGE, PROT_READ);
	else if (strcmp(how, "none") == 0)
		mprotect((void *)(p + PAGE), PAGE, PROT_NONE);
	else
		munmap((void *)(p + PAGE), PAGE);
	p[0] = 1;
	p[PAGE] = 2;
	printf("written all the same\n");
}

/* A mapping larger than any machine's memory, used here and there. */
static void
vast(void)
{
	const size_t gib = 1UL << 30;
	char *p = map(NULL, 48 * gib, PROT_NONE, MAP_NORESERVE);
	char *q = map(NULL, 8 * gib, RW, MAP_NORESERVE);
	int i, good = 1;

	ok(p != NULL && q != NULL, "56 GiB of addresses");
	for (i = 0; i < 48; i += 7) {
		char *at = p + (size_t)i * gib + 123 * PAGE;

		good = good && mprotect(at, 2 * PAGE, RW) == 0;
		at[PAGE + 5] = (char)i;
	}
	ok(good, "memory in seven places of it");
	for (i = 0; i < 8; i++)
		q[(size_t)i * gib + 77] = (char)i;
	for (i = 0; i < 48; i += 7)
		good = good && p[(size_t)i * gib + 124 * PAGE + 5] == i;
	for (i = 0; i < 8; i++)
		good = good && q[(size_t)i * gib + 77] == i;
	ok(good, "and each keeps what it was given");
	q = mremap(p + 7 * gib + 123 * PAGE, 2 * PAGE, 2 * PAGE,
	    MREMAP_MAYMOVE | MREMAP_FIXED, p + 40 * gib);
	ok(q == p + 40 * gib && q[PAGE + 5] == 7, "and moves far");
	ok(munmap(p, 48 * gib) == 0, "all of it goes at once");
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "vast") == 0) {
		vast();
		return 0;
	}
	if (argc > 1) {
		breach(argv[1]);
		return 0;
	}
	reservations();
	fixed();
	moves();
	advice();
	return 0;
}
