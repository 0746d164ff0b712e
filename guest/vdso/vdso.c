/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vDSO: clocks without an exit, under the names and in the form that C
 * libraries know from Linux (vdso(7)).  The VMM puts it into a guest after the
 * page that it reads.  Nothing here may know which guest calls.
 *
 * A clock whose value the page does not have is asked for by a hypercall, which
 * renews the page.
 */
#include <hcall.h>

#include <clockpage.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

/* A packager's compiler may add a stack protector to any flags; nothing here
 * could report what it finds. */
#define EXPORT __attribute__((visibility("default"), no_stack_protector))

/* The name without a prefix also, as on Linux. */
#define ALIAS(name) __attribute__((weak, alias("__vdso_" name), \
    visibility("default")))

struct getcpu_cache;

int __vdso_clock_gettime(clockid_t clock, struct timespec *now);
int __vdso_clock_getres(clockid_t clock, struct timespec *resolution);
int __vdso_gettimeofday(struct timeval *now, void *zone);
time_t __vdso_time(time_t *now);
long
__vdso_getcpu(unsigned *cpu, unsigned *node, struct getcpu_cache *unused);

/* The linker script places it: the page before the vDSO. */
extern const struct clock_page vdso_clock_page
    __attribute__((visibility("hidden")));

EXPORT int
__vdso_clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t seconds, nanoseconds;

	if (!clock_page_read(
		&vdso_clock_page, (uint32_t)clock, &seconds, &nanoseconds))
		return (int)hypercall2(HC_clock_gettime, clock, (long)now);
	now->tv_sec = seconds;
	now->tv_nsec = nanoseconds;
	return 0;
}

EXPORT int
__vdso_clock_getres(clockid_t clock, struct timespec *resolution)
{
	return (int)hypercall2(HC_clock_getres, clock, (long)resolution);
}

EXPORT int
__vdso_gettimeofday(struct timeval *now, void *zone)
{
	struct timespec time;
	int r;

	if (zone != NULL || now == NULL)
		return (int)hypercall2(
		    HC_gettimeofday, (long)now, (long)zone);
	r = __vdso_clock_gettime(CLOCK_REALTIME, &time);
	if (r == 0) {
		now->tv_sec = time.tv_sec;
		now->tv_usec = (long)((unsigned long)time.tv_nsec / 1000);
	}
	return r;
}

EXPORT time_t
__vdso_time(time_t *now)
{
	struct timespec time;
	int r = __vdso_clock_gettime(CLOCK_REALTIME, &time);

	if (r < 0)
		return r;
	if (now != NULL)
		*now = time.tv_sec;
	return time.tv_sec;
}

EXPORT long
__vdso_getcpu(unsigned *cpu, unsigned *node, struct getcpu_cache *unused)
{
	(void)unused;
	return hypercall3(HC_getcpu, (long)cpu, (long)node, 0);
}

int clock_gettime(clockid_t clock, struct timespec *now)
    ALIAS("clock_gettime");
int clock_getres(clockid_t clock, struct timespec *resolution)
    ALIAS("clock_getres");
int gettimeofday(struct timeval *now, void *zone) ALIAS("gettimeofday");
time_t time(time_t *now) ALIAS("time");
long getcpu(unsigned *cpu, unsigned *node, struct getcpu_cache *unused)
    ALIAS("getcpu");
