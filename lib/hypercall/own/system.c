/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contents of /proc and /sys on the machine that the guest sees (proc(5)).
 * Nothing here may know how a file is opened.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/own/own.h"
#include "hypercall/task/task.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KIB 1024U

#define UUID 16 /* bytes */

/* A random UUID, of version 4 (RFC 4122, 4.4). */
static void
make_random(uint8_t uuid[UUID])
{
	if (hc_host(SYS_getrandom, uuid, UUID, 0) != UUID)
		memset(uuid, 0, UUID);
	uuid[6] = (uint8_t)((uuid[6] & 0xf) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static void
put_uuid(struct hc_text *text, const uint8_t uuid[UUID])
{
	unsigned i;

	for (i = 0; i < UUID; i++)
		hc_text_put(text, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	hc_text_put(text, "\n");
}

void
hc_own_uuid(struct hc_text *text)
{
	uint8_t uuid[UUID];

	make_random(uuid);
	put_uuid(text, uuid);
}

void
hc_own_boot_id(struct hc_text *text)
{
	put_uuid(text, text->call->guest->world.boot_id);
}

void
hc_world_init(struct hc_guest *guest)
{
	struct hc_world *world = &guest->world;
	unsigned i;

	world->started = hc_own_clock(CLOCK_BOOTTIME);
	world->umask = umask(0);
	(void)umask(world->umask);
	make_random(world->boot_id);
	world->uid = getuid();
	world->gid = getgid();
	world->program = -1;
	for (i = 0; i < HC_DEVICES; i++)
		world->device[i] = -1;
}

static unsigned
count_cpus(const struct hc_call *call)
{
	int64_t n = hc_count_cpus(call->guest);

	return n > 0 ? (unsigned)n : 1;
}

void
hc_own_put_cpus(struct hc_text *text, const char *before)
{
	unsigned n = count_cpus(text->call);

	if (n > 1)
		hc_text_put(text, "%s0-%u\n", before, n - 1);
	else
		hc_text_put(text, "%s0\n", before);
}

void
hc_own_put_cpu_mask(struct hc_text *text, const char *before)
{
	unsigned n = count_cpus(text->call), first = n % 32 ? n % 32 : 32;

	hc_text_put(text, "%s%x", before, ~0U >> (32 - first));
	for (n -= first; n > 0; n -= 32)
		hc_text_put(text, ",ffffffff");
	hc_text_put(text, "\n");
}

void
hc_own_cpus_mask(struct hc_text *text)
{
	hc_own_put_cpu_mask(text, "");
}

/* One processor in the mask of all. */
void
hc_own_cpu_mask(struct hc_text *text)
{
	unsigned words = (count_cpus(text->call) + 31) / 32;
	unsigned cpu = (unsigned)text->number;
	const char *between = "";

	while (words-- > 0) {
		hc_text_put(text, *between ? "%s%08x" : "%s%x", between,
		    words == cpu / 32 ? 1U << cpu % 32 : 0);
		between = ",";
	}
	hc_text_put(text, "\n");
}

void
hc_own_cpus(struct hc_text *text)
{
	hc_own_put_cpus(text, "");
}

HC_OWN_LINE(hostname, "%s\n", hc_uname.nodename)
HC_OWN_LINE(osrelease, "%s\n", hc_uname.release)
HC_OWN_LINE(ostype, "%s\n", hc_uname.sysname)
HC_OWN_LINE(domainname, "%s\n", hc_uname.domainname)
HC_OWN_LINE(kernel_version, "%s\n", hc_uname.version)
HC_OWN_LINE(randomize_va_space, "%u\n",
    text->call->guest->world.random_places ? 2U : 0U)
HC_OWN_LINE(
    threads_max, "%" PRIu64 "\n", text->call->guest->limit[RLIMIT_NPROC].most)
HC_OWN_LINE(nr_open, "%u\n", HC_FDS)
HC_OWN_LINE(mmap_min_addr, "%" PRIu64 "\n", SPACE_LOWEST)
HC_OWN_LINE(version, "%s version %s (%s) %s\n", hc_uname.sysname,
    hc_uname.release, hc_uname.nodename, hc_uname.version)

/* The load of the host is hidden from the guest. */
HC_OWN_LINE(loadavg, "0.00 0.00 0.00 1/1 %d\n", text->call->thread->tid)

void
hc_own_meminfo(struct hc_text *text)
{
	const struct hc_guest *guest = text->call->guest;
	uint64_t used = guest->space.used;
	uint64_t all = guest->space.limit;
	const struct {
		const char *name;
		uint64_t bytes;
	} lines[] = {
		{ "MemTotal:", all },
		{ "MemFree:", all - used },
		{ "MemAvailable:", all - used },
		{ "Buffers:", 0 },
		{ "Cached:", 0 },
		{ "SwapCached:", 0 },
		{ "Active:", used },
		{ "Inactive:", 0 },
		{ "SwapTotal:", 0 },
		{ "SwapFree:", 0 },
		{ "Dirty:", 0 },
		{ "AnonPages:", used },
		{ "Mapped:", 0 },
		{ "Shmem:", 0 },
		{ "Slab:", 0 },
		{ "SReclaimable:", 0 },
		{ "CommitLimit:", all },
		{ "Committed_AS:", used },
		{ "AnonHugePages:", 0 },
	};
	static const char *const pages[] = {
		"Total:", "Free:", "Rsvd:", "Surp:"
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		hc_text_put(text, "%-15s%9" PRIu64 " kB\n", lines[i].name,
		    lines[i].bytes / KIB);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		hc_text_put(text, "HugePages_%-7s%7d\n", pages[i], 0);
	hc_text_put(text, "%-15s%9" PRIu64 " kB\n%-15s%9d kB\n",
	    "Hugepagesize:", PAGE_2M / KIB, "Hugetlb:", 0);
}

/* Events of memory management: the host's are hidden. */
void
hc_own_vmstat(struct hc_text *text)
{
	static const char *const events[] = { "pgpgin", "pgpgout", "pswpin",
		"pswpout", "pgfault", "pgmajfault", "oom_kill" };
	const struct space *space = &text->call->guest->space;
	size_t i;

	hc_text_put(text,
	    "nr_free_pages %" PRIu64 "\nnr_anon_pages %" PRIu64 "\n",
	    (space->limit - space->used) / PAGE_4K, space->used / PAGE_4K);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		hc_text_put(text, "%s 0\n", events[i]);
}

/* Nanoseconds since the host's start, and those in which all processors did
 * nothing for the guest. */
static uint64_t
uptime(const struct hc_call *call, uint64_t *idle)
{
	uint64_t up = hc_own_clock(CLOCK_BOOTTIME);
	uint64_t busy = hc_own_clock(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t all = up * count_cpus(call);

	*idle = all > busy ? all - busy : 0;
	return up;
}

void
hc_own_uptime(struct hc_text *text)
{
	uint64_t idle, up = uptime(text->call, &idle);

	hc_text_put(text,
	    "%" PRIu64 ".%02" PRIu64 " %" PRIu64 ".%02" PRIu64 "\n",
	    up / HC_NS_PER_SECOND, up % HC_NS_PER_SECOND / HC_OWN_TICK,
	    idle / HC_NS_PER_SECOND, idle % HC_NS_PER_SECOND / HC_OWN_TICK);
}

void
hc_own_system_stat(struct hc_text *text)
{
	uint64_t idle, up = uptime(text->call, &idle);
	uint64_t busy = hc_own_clock(CLOCK_PROCESS_CPUTIME_ID);
	uint64_t now = hc_own_clock(CLOCK_REALTIME);
	unsigned i, n = count_cpus(text->call);

	hc_text_put(text, "cpu  %" PRIu64 " 0 0 %" PRIu64 " 0 0 0 0 0 0\n",
	    busy / HC_OWN_TICK, idle / HC_OWN_TICK);
	for (i = 0; i < n; i++)
		hc_text_put(text,
		    "cpu%u %" PRIu64 " 0 0 %" PRIu64 " 0 0 0 0 0 0\n", i,
		    busy / n / HC_OWN_TICK, idle / n / HC_OWN_TICK);
	hc_text_put(text,
	    "intr 0\nctxt 0\nbtime %" PRIu64
	    "\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n",
	    (now - up) / HC_NS_PER_SECOND);
}

/* Each processor is a core of its own. */
HC_OWN_LINE(cpu_number, "%d\n", text->number)
HC_OWN_LINE(cpu_package, "0\n")
