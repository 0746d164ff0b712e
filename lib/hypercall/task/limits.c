/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on the resources of a guest: limits, memory, processors.  Nothing
 * here may know vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/task/task.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

_Static_assert(HC_LIMITS == RLIM_NLIMITS, "there are as many as on Linux");

/* Descriptors of novillo's own, besides those of guests. */
#define OWN_FILES 64U

/* The guest inherits the limits of novillo, whose descriptors its own are, and
 * which writes its files. */
static struct hc_limit
limit_size(void)
{
	struct rlimit host;

	if (getrlimit(RLIMIT_FSIZE, &host) < 0)
		host.rlim_cur = RLIM_INFINITY;
	return (struct hc_limit){ host.rlim_cur, host.rlim_cur };
}

static struct hc_limit
limit_files(void)
{
	struct hc_limit limit = { HC_FDS, HC_FDS };
	struct rlimit host;

	if (getrlimit(RLIMIT_NOFILE, &host) < 0)
		return limit;
	if (host.rlim_max < HC_FDS + OWN_FILES)
		limit.most = host.rlim_max > OWN_FILES
				 ? host.rlim_max - OWN_FILES
				 : 0;
	limit.now = host.rlim_cur < limit.most ? host.rlim_cur : limit.most;
	return limit;
}

void
hc_limits_init(struct hc_guest *guest)
{
	static const struct hc_limit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct hc_limit *limit = guest->limit;
	unsigned i;

	for (i = 0; i < HC_LIMITS; i++)
		limit[i] = none;
	limit[RLIMIT_AS] = (struct hc_limit){ guest->mem->size,
		guest->mem->size };
	limit[RLIMIT_CORE].now = 0;
	limit[RLIMIT_NOFILE] = limit_files();
	limit[RLIMIT_FSIZE] = limit_size();
	limit[RLIMIT_SIGPENDING] = (struct hc_limit){ HC_QUEUED, HC_QUEUED };
	limit[RLIMIT_MSGQUEUE] = (struct hc_limit){ HC_MQ_BYTES, HC_MQ_BYTES };
	limit[RLIMIT_NICE] = limit[RLIMIT_RTPRIO] = (struct hc_limit){ 0, 0 };
}

void
hc_limits_apply(struct hc_guest *guest)
{
	const uint64_t files = guest->limit[RLIMIT_NOFILE].now;
	const uint64_t stack = guest->limit[RLIMIT_STACK].now;
	const uint64_t end = guest->mem->size;

	guest->fds.limit = files < HC_FDS ? (unsigned)files : HC_FDS;
	guest->space.stack_floor = stack < end ? page_up(end - stack) : 0;
}

/* Write the old limit to `old` and read a new one from `new`, unless they are
 * 0. */
static int64_t
limit_call(struct hc_call *call, uint64_t resource, uint64_t new, uint64_t old)
{
	const struct gmem *mem = call->guest->mem;
	struct hc_limit want, *limit;
	struct hc_limit before;

	if ((uint32_t)resource >= HC_LIMITS)
		return -EINVAL;
	limit = &call->guest->limit[(uint32_t)resource];
	before = *limit;
	if (new) {
		if (gmem_read(mem, &want, new, sizeof(want)) < 0)
			return -EFAULT;
		if (want.now > want.most)
			return -EINVAL;
		if (want.most > limit->most)
			return -EPERM;
		*limit = want;
		call->guest->limits_set |= 1U << (uint32_t)resource;
		hc_limits_apply(call->guest);
	}
	return old ? gmem_write(mem, old, &before, sizeof(before)) : 0;
}

struct hc_pages
hc_count_pages(const struct hc_guest *guest, uint64_t from, uint64_t to)
{
	const uint64_t stack = guest->world.stack ? guest->world.stack : to;
	struct hc_pages pages = { 0 };
	uint64_t va, end, bits;

	for (va = from; va < to; va = end) {
		end = pt_run(&guest->mem->pt, va,
		    va < stack && stack < to ? stack : to,
		    PTE_TAKEN | PTE_WRITE | PTE_SHARED, &bits);
		if (!(bits & PTE_TAKEN))
			continue;
		pages.all += end - va;
		if ((bits & PTE_WRITE) && !(bits & PTE_SHARED) && va < stack)
			pages.data += end - va;
	}
	return pages;
}

bool
hc_may_map(const struct hc_guest *guest, uint64_t all, uint64_t data)
{
	const uint32_t both = 1U << RLIMIT_AS | 1U << RLIMIT_DATA;
	const struct hc_limit *limit = &guest->limit[RLIMIT_DATA];
	/* As on Linux, for programs from before mmap counted (mm/mmap.c). */
	const uint64_t most = limit->now ? limit->now : limit->most;
	struct hc_pages has;

	if (!(guest->limits_set & both))
		return true;
	has = hc_count_pages(guest, 0, guest->mem->size);
	return (all == 0 || has.all + all <= guest->limit[RLIMIT_AS].now) &&
	       (data == 0 || has.data + data <= most);
}

int64_t
hc_do_getrlimit(struct hc_call *call)
{
	if ((uint32_t)call->getrlimit.resource >= HC_LIMITS)
		return -EINVAL;
	return call->getrlimit.limit
		   ? limit_call(call, call->getrlimit.resource, 0,
			 call->getrlimit.limit)
		   : -EFAULT;
}

int64_t
hc_do_setrlimit(struct hc_call *call)
{
	return call->setrlimit.limit
		   ? limit_call(call, call->setrlimit.resource,
			 call->setrlimit.limit, 0)
		   : -EFAULT;
}

int64_t
hc_do_prlimit64(struct hc_call *call)
{
	if ((uint32_t)call->prlimit64.resource >= HC_LIMITS)
		return -EINVAL;
	if (!hc_is_task(call, (int)call->prlimit64.pid))
		return -ESRCH;
	return limit_call(call, call->prlimit64.resource, call->prlimit64.new,
	    call->prlimit64.old);
}

/* The guest's memory and the host's uptime; the host's load is not reported. */
int64_t
hc_do_sysinfo(struct hc_call *call)
{
	const struct hc_guest *guest = call->guest;
	struct sysinfo host, info;
	int64_t r = hc_host(SYS_sysinfo, &host);

	if (r < 0)
		return r;
	memset(&info, 0, sizeof(info));
	info.uptime = host.uptime;
	info.totalram = guest->space.limit;
	info.freeram = guest->space.limit - guest->space.used;
	info.procs = 1;
	info.mem_unit = 1;
	return gmem_write(guest->mem, call->sysinfo.info, &info, sizeof(info));
}

/*
 * Processors: as many as the host lets novillo use, for all threads of a guest.
 * They are numbered from 0, whatever the host's numbers are.
 */
#define CPU_WORDS 128 /* 8192 processors, as many as Linux can have */

int64_t
hc_count_cpus(const struct hc_guest *guest)
{
	uint64_t mask[CPU_WORDS] = { 0 };
	int64_t bytes, i, n = 0;

	if (guest->world.cpus > 0)
		return guest->world.cpus;
	bytes = hc_host(SYS_sched_getaffinity, 0, sizeof(mask), mask);
	for (i = 0; i < bytes / 8; i++)
		n += __builtin_popcountll(mask[i]);
	return bytes < 0 ? bytes : n;
}

static void
fill_cpus(uint64_t mask[CPU_WORDS], int64_t n)
{
	int64_t i;

	memset(mask, 0, CPU_WORDS * sizeof(mask[0]));
	for (i = 0; i < n; i++)
		mask[i / 64] |= UINT64_C(1) << i % 64;
}

int64_t
hc_do_sched_getaffinity(struct hc_call *call)
{
	uint64_t mask[CPU_WORDS];
	uint64_t size = (uint32_t)call->sched_getaffinity.size;
	int64_t n;

	if (size % sizeof(mask[0]))
		return -EINVAL;
	n = hc_count_cpus(call->guest);
	if (n < 0)
		return n;
	if (size * 8 < (uint64_t)n)
		return -EINVAL;
	if (!hc_is_task(call, (int)call->sched_getaffinity.pid))
		return -ESRCH;
	fill_cpus(mask, n);
	/* As on Linux, only the words that hold processors are written. */
	n = (n + 63) / 64 * 8;
	return gmem_write(call->guest->mem, call->sched_getaffinity.mask, mask,
		   (size_t)n) < 0
		   ? -EFAULT
		   : n;
}

/* The mask must have a processor, and has no other effect: a thread runs
 * wherever the host lets it. */
int64_t
hc_do_sched_setaffinity(struct hc_call *call)
{
	uint64_t mask[CPU_WORDS] = { 0 }, ours[CPU_WORDS];
	uint64_t size = (uint32_t)call->sched_setaffinity.size;
	uint64_t common = 0;
	int64_t n, i;

	if (size > sizeof(mask))
		size = sizeof(mask);
	if (gmem_read(
		call->guest->mem, mask, call->sched_setaffinity.mask, size) < 0)
		return -EFAULT;
	if (!hc_is_task(call, (int)call->sched_setaffinity.pid))
		return -ESRCH;
	n = hc_count_cpus(call->guest);
	if (n < 0)
		return n;
	fill_cpus(ours, n);
	for (i = 0; i < CPU_WORDS; i++)
		common |= mask[i] & ours[i];
	return common ? 0 : -EINVAL;
}
