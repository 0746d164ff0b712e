/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions in processes of their own, some at once, and what they sum up to.
 * Nothing here may know what a session does.
 */
#include "endure.h"
#include "gauge.h"

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILURES_MAX 10 /* then the part gives up */

/* Sums over sessions, in memory that all of them share. */
struct sums {
	uint64_t hits, steps, interrupts;
	struct {
		uint64_t n, peak_kb, cpu_us;
	} tenth[TENTHS];
};
static struct sums *sums;

unsigned
random_below(struct session *s, unsigned n)
{
	/* Knuth's MMIX; its high bits are the better ones. */
	s->seed = s->seed * UINT64_C(6364136223846793005) +
		  UINT64_C(1442695040888963407);
	return (unsigned)(s->seed >> 33) % n;
}

static void
add(uint64_t *to, uint64_t n)
{
	__atomic_add_fetch(to, n, __ATOMIC_RELAXED);
}

static void
add_up(const struct session *s, unsigned count)
{
	unsigned t = (unsigned)((uint64_t)s->number * TENTHS / count);

	add(&sums->hits, s->hits);
	add(&sums->steps, s->steps);
	add(&sums->interrupts, s->interrupts);
	add(&sums->tenth[t].n, 1);
	add(&sums->tenth[t].peak_kb, (uint64_t)s->guest.peak_kb);
	add(&sums->tenth[t].cpu_us, s->guest.cpu_us);
}

/* In a child. */
static int
run_session(session_fn *fn, unsigned number, unsigned count)
{
	static struct session s;
	const char *why;
	bool hangs;

	s = (struct session){ .number = number,
		.seed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15),
		.guest = { .pid = -1, .line = -1, .out = -1, .err = -1 } };
	errno = 0;
	why = fn(&s);
	if (!why) {
		add_up(&s, count);
		return 0;
	}
	hangs = errno == ETIMEDOUT && s.guest.pid > 0;
	printf("session %u: %s (%s; last reply \"%.80s\"; %s)\n", number, why,
	    hangs ? "hangs" : "goes on", s.peer.text, guest_message(&s.guest));
	if (hangs)
		gauge_show(s.guest.pid, why);
	fflush(stdout);
	guest_kill(&s.guest);
	return 1;
}

static void
fork_session(session_fn *fn, unsigned number, unsigned count)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0)
		exit(run_session(fn, number, count));
}

/* Wait for one session; returns whether it failed. */
static bool
reap_session(void)
{
	int status;

	if (wait(&status) < 0)
		err(2, "wait");
	return status != 0;
}

static uint64_t
mean(uint64_t sum, uint64_t n)
{
	return n ? sum / n : 0;
}

/* Did the last tenth take more memory or time than the first? */
static bool
report_tenths(const char *what)
{
	uint64_t n = sums->tenth[0].n, m = sums->tenth[TENTHS - 1].n;
	uint64_t peak = mean(sums->tenth[0].peak_kb, n);
	uint64_t peak_end = mean(sums->tenth[TENTHS - 1].peak_kb, m);
	uint64_t cpu = mean(sums->tenth[0].cpu_us, n);
	uint64_t cpu_end = mean(sums->tenth[TENTHS - 1].cpu_us, m);
	bool grown = n >= TENTH_LEAST && (peak_end > peak + PEAK_GROWTH_KB ||
					     cpu_end > cpu * SLOWER + 1000);

	printf("%s: first tenth and last: mean peak %" PRIu64 " %" PRIu64
	       " kB, mean CPU time %" PRIu64 " %" PRIu64 " us%s\n",
	    what, peak, peak_end, cpu, cpu_end, grown ? ": GROWN" : "");
	return !grown;
}

static bool
report(const char *what, unsigned count, unsigned at_once, unsigned failed,
    struct gauge gauge[GAUGES])
{
	unsigned zombies, left = gauge_children(&zombies);
	bool good = failed == 0 && left == 0;

	printf("%s: %u sessions, %u at once, %u failed; %" PRIu64
	       " hits, %" PRIu64 " steps, %" PRIu64
	       " interrupts; processes left %u, zombies %u\n",
	    what, count, at_once, failed, sums->hits, sums->steps,
	    sums->interrupts, left, zombies);
	good = gauge_report("client", gauge) && good;
	return report_tenths(what) && good;
}

bool
pool_run(const char *what, session_fn *fn, unsigned count, unsigned at_once)
{
	struct gauge gauge[GAUGES];
	unsigned i, running = 0, failed = 0;

	sums = mmap(NULL, sizeof(*sums), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sums == MAP_FAILED)
		err(2, "mmap");
	gauge_take(&gauge[GAUGE_BEGIN], getpid());
	for (i = 0; i < count && failed < FAILURES_MAX; i++) {
		if (i == count / 2)
			gauge_take(&gauge[GAUGE_HALF], getpid());
		for (; running >= at_once; running--)
			failed += reap_session();
		fork_session(fn, i, count);
		running++;
	}
	for (; running > 0; running--)
		failed += reap_session();
	gauge_take(&gauge[GAUGE_END], getpid());
	return report(what, i, at_once, failed, gauge);
}
