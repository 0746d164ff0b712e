/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vDSO: its functions are found, clocks that are read through it agree with
 * those of hypercalls and never go back, on one thread and between threads, and
 * nobody but the VMM writes its page.  The guest's own clock_gettime() is the
 * vDSO's.
 *
 * Every claim holds also on a host where the vDSO makes hypercalls.
 */
#include <clockpage.h>
#include <errno.h>
#include <hcall.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <tap.h>
#include <thread.h>
#include <time.h>

#include "../runtime/runtime.h"

#define SECOND 1000000000L
#define MS     1000000L

#define THREADS 3
#define PAGE    4096

/* The clocks that Linux's vDSO reads without a call. */
static const struct {
	clockid_t clock;
	const char *name;
} clocks[] = {
	{ CLOCK_REALTIME, "CLOCK_REALTIME" },
	{ CLOCK_MONOTONIC, "CLOCK_MONOTONIC" },
	{ CLOCK_MONOTONIC_RAW, "CLOCK_MONOTONIC_RAW" },
	{ CLOCK_BOOTTIME, "CLOCK_BOOTTIME" },
};
#define CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

static long
nanoseconds(const struct timespec *t)
{
	return t->tv_sec * SECOND + t->tv_nsec;
}

static long
by_vdso(clockid_t clock)
{
	struct timespec t = { -1, 0 };

	clock_gettime(clock, &t);
	return nanoseconds(&t);
}

static long
by_hypercall(clockid_t clock)
{
	struct timespec t = { -1, 0 };

	hc_clock_gettime(clock, (long)&t);
	return nanoseconds(&t);
}

static void
test_functions(void)
{
	static const char *const names[] = { "__vdso_clock_gettime",
		"__vdso_clock_getres", "__vdso_gettimeofday", "__vdso_time",
		"__vdso_getcpu" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(guest_vdso(names[i]) != NULL, "the vDSO has %s", names[i]);
	ok(guest_vdso("__vdso_none") == NULL, "it does not have another name");
}

static void
test_bracket(clockid_t clock, const char *name)
{
	long first = by_hypercall(CLOCK_MONOTONIC);
	long wrong = 0, rounds = 0;

	do {
		long before = by_hypercall(clock);
		long now = by_vdso(clock);
		long after = by_hypercall(clock);

		wrong += before > now || now > after;
	} while (++rounds < 50 ||
		 by_hypercall(CLOCK_MONOTONIC) - first < 30 * MS);
	same(wrong, 0, "%s lies between two hypercalls", name);
}

static void
test_monotonic(clockid_t clock, const char *name)
{
	long first = by_vdso(CLOCK_MONOTONIC);
	long last = by_vdso(clock);
	long back = 0, rounds = 0;

	do {
		long now = by_vdso(clock);

		back += now < last;
		last = now;
	} while (++rounds < 100 || by_vdso(CLOCK_MONOTONIC) - first < 250 * MS);
	same(back, 0, "%s does not go back", name);
}

/* The latest time that any thread has seen. */
static long latest;
static long backward;

static void
chase(void *arg)
{
	long first = by_vdso(CLOCK_MONOTONIC);
	long now = first, seen;

	(void)arg;
	while (now - first < 300 * MS) {
		seen = __atomic_load_n(&latest, __ATOMIC_SEQ_CST);
		now = by_vdso(CLOCK_MONOTONIC);
		if (now < seen)
			__atomic_fetch_add(&backward, 1, __ATOMIC_SEQ_CST);
		while (seen < now && !__atomic_compare_exchange_n(&latest,
					 &seen, now, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
			continue;
	}
}

static void
test_threads(void)
{
	static struct thread threads[THREADS];
	int i, started = 0;

	for (i = 0; i < THREADS; i++)
		started += thread_start(&threads[i], chase, NULL) == 0;
	for (i = 0; i < started; i++)
		thread_join(&threads[i]);
	same(started, THREADS, "there are threads");
	same(backward, 0, "no thread reads less than another has read");
}

/* 150 ms are more than the page is good for. */
static void
test_pause(void)
{
	const struct timespec pause = { 0, 150 * MS };
	long before = by_vdso(CLOCK_MONOTONIC), now, after;

	nanosleep(&pause, NULL);
	now = by_vdso(CLOCK_MONOTONIC);
	after = by_hypercall(CLOCK_MONOTONIC);
	ok(now - before >= 150 * MS, "the clock has gone on during a pause");
	ok(now <= after, "and is not ahead");
}

static void
test_others(void)
{
	long (*getcpu)(unsigned *cpu, unsigned *node, void *unused);
	int (*getres)(clockid_t clock, struct timespec *resolution);
	int (*gettimeofday_there)(struct timeval *now, void *zone);
	int (*clock_there)(clockid_t clock, struct timespec *now);
	time_t (*time_there)(time_t *now);
	struct timeval tv = { 0, 0 };
	struct timespec t = { -1, -1 };
	unsigned cpu = 1U << 30;
	long before, now;
	time_t kept = 0;

	*(void **)&getcpu = guest_vdso("__vdso_getcpu");
	*(void **)&getres = guest_vdso("__vdso_clock_getres");
	*(void **)&gettimeofday_there = guest_vdso("__vdso_gettimeofday");
	*(void **)&clock_there = guest_vdso("__vdso_clock_gettime");
	*(void **)&time_there = guest_vdso("__vdso_time");
	same(getcpu(&cpu, NULL, NULL), 0, "getcpu answers");
	ok(cpu < 1U << 30, "with a number");
	same(getres(CLOCK_MONOTONIC, &t), 0, "clock_getres answers");
	ok(t.tv_sec == 0 && t.tv_nsec > 0, "with a resolution");
	before = by_hypercall(CLOCK_REALTIME);
	same(gettimeofday_there(&tv, NULL), 0, "gettimeofday answers");
	now = tv.tv_sec * SECOND + tv.tv_usec * 1000 + 999;
	ok(before <= now && tv.tv_usec < 1000000 &&
		now - 999 <= by_hypercall(CLOCK_REALTIME),
	    "with the time between two hypercalls");
	now = time_there(&kept);
	ok(now == kept && now >= before / SECOND - 1 &&
		now <= by_hypercall(CLOCK_REALTIME) / SECOND,
	    "time answers the same seconds");
	same(clock_there(77, &t), -EINVAL, "77 is not a clock");
	same(clock_there(-1000, &t), -EINVAL, "nor is -1000");
	same(clock_there(CLOCK_THREAD_CPUTIME_ID, &t), 0,
	    "a clock that is not in the page answers");
}

/* How many instructions of the vDSO have been stepped through. */
static volatile long steps;

/* A trap: int3 begins and ends the stepping, which is a flag in the frame. */
static void
on_trap(int signal, siginfo_t *info, void *context)
{
	unsigned long *regs =
	    (unsigned long *)((ucontext_t *)context)->uc_gregs;

	(void)signal;
	if (info->si_code != TRAP_TRACE)
		regs[REG_EFL] ^= 0x100;
	else if (regs[REG_RIP] - getauxval(AT_SYSINFO_EHDR) < 2 * PAGE)
		steps++;
}

#ifdef HYPERCALL_BY_SYSCALL
#define READING_MOST 1000 /* Linux's own depends on its host */

static bool
goes_by_tsc(void)
{
	return true;
}
#else
#define READING_MOST 80

static volatile struct clock_page *
find_page(void)
{
	return (void *)(getauxval(AT_SYSINFO_EHDR) - PAGE);
}

/* A host may find at any time that its TSC is not steady. */
static bool
goes_by_tsc(void)
{
	return find_page()->sequence % 2 == 0;
}
#endif

/* A reading takes few instructions. */
static void
test_cost(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_trap,
		.sa_flags = SA_SIGINFO,
	};
	struct timespec now;
	long least = 1001;
	int i;

	sigaction(SIGTRAP, &action, NULL);
	for (i = 0; i < 5; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		steps = 0;
		__asm__ volatile("int3" : : : "memory");
		clock_gettime(CLOCK_MONOTONIC, &now);
		__asm__ volatile("int3" : : : "memory");
		if (steps < least)
			least = steps;
	}
	if (goes_by_tsc())
		ok(least > 10 && least <= READING_MOST,
		    "a reading takes %ld instructions", least);
	else
		skip("the host's clocks do not go by the TSC",
		    "a reading takes %ld instructions", least);
}

static void
test_page(void)
{
#ifdef HYPERCALL_BY_SYSCALL
	skip("Linux's is another", "the page of clocks");
#else
	volatile struct clock_page *page = find_page();
	const struct timespec pause = { 0, 150 * MS };
	uint32_t before;

	same(hc_mprotect((long)page, PAGE, PROT_READ | PROT_WRITE), -EACCES,
	    "the page of clocks does not become writable");
	same(hc_clock_gettime(CLOCK_MONOTONIC, (long)page), -EFAULT,
	    "and no hypercall writes to it");
	before = page->sequence;
	if (!goes_by_tsc()) {
		skip("the host's clocks do not go by the TSC",
		    "a page that is too old is renewed");
		return;
	}
	nanosleep(&pause, NULL);
	same(page->sequence, before, "nothing renews the page in a pause");
	by_vdso(CLOCK_MONOTONIC);
	ok(page->sequence != before, "a page that is too old is renewed");
#endif
}

int
main(void)
{
	size_t i;

	test_functions();
	for (i = 0; i < CLOCKS; i++) {
		test_monotonic(clocks[i].clock, clocks[i].name);
		test_bracket(clocks[i].clock, clocks[i].name);
	}
	test_threads();
	test_pause();
	test_others();
	test_cost();
	test_page();
	return tap_done();
}
