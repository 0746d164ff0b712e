/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contents of /proc on the guest as a process, in Linux's format (proc(5)).
 * Nothing here may know how a file is opened.
 */
#include "hypercall/core/device.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/own/own.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>

#define KIB 1024U

/* Put the current contents of a part of guest memory. */
static void
put_memory(struct hc_text *text, struct hc_span span)
{
	char bytes[512];

	while (span.from < span.to) {
		uint64_t len = span.to - span.from;

		if (len > sizeof(bytes))
			len = sizeof(bytes);
		if (gmem_read(text->call->guest->mem, bytes, span.from, len) <
		    0)
			return;
		hc_text_bytes(text, bytes, len);
		span.from += len;
	}
}

void
hc_own_cmdline(struct hc_text *text)
{
	put_memory(text, text->call->guest->world.args);
}

void
hc_own_environ(struct hc_text *text)
{
	put_memory(text, text->call->guest->world.env);
}

void
hc_own_auxv(struct hc_text *text)
{
	put_memory(text, text->call->guest->world.auxv);
}

/* The thread whose number the file's name has, or the first; and its name. */
static int
thread_of(const struct hc_text *text, char name[HC_THREAD_NAME])
{
	struct hc_thread *thread = text->call->thread;
	int tid = text->number ? text->number : HC_PID;
	int next = tid - 1;

	memset(name, 0, HC_THREAD_NAME);
	if (tid == thread->tid)
		memcpy(name, thread->name, HC_THREAD_NAME - 1);
	else
		(void)hc_thread_next(thread, &next, name);
	return tid;
}

static unsigned
count_threads(const struct hc_call *call)
{
	char name[HC_THREAD_NAME];
	unsigned n = 0;
	int tid = 0;

	while (hc_thread_next(call->thread, &tid, name))
		n++;
	return n;
}

void
hc_own_comm(struct hc_text *text)
{
	char name[HC_THREAD_NAME];

	(void)thread_of(text, name);
	hc_text_put(text, "%s\n", name);
}

void
hc_own_cwd(struct hc_text *text)
{
	struct hc_file *cwd = hc_tree_cwd(text->call->guest);
	char name[HC_PATH] = "/";
	int64_t n = cwd ? hc_own_file_name(text->call->guest, cwd, name) : 1;

	if (n > 0)
		hc_text_bytes(text, name, (size_t)n);
	if (cwd)
		hc_file_put(cwd);
}

void
hc_own_exe(struct hc_text *text)
{
	const char *exe = text->call->guest->exe;

	hc_text_bytes(text, exe, strlen(exe));
}

HC_OWN_LINE(thread_self, "%d/task/%d", HC_PID, text->call->thread->tid)

void
hc_own_descriptor(struct hc_text *text, const struct stat *st)
{
	static const struct {
		unsigned type;
		const char *kind;
	} kinds[] = {
		{ S_IFIFO, "pipe" },
		{ S_IFSOCK, "socket" },
		{ S_IFREG, "file" },
		{ S_IFDIR, "folder" },
		{ 0, "anon_inode" },
	};
	static const char *const devices[] = {
#define DEVICE(path, name) [HC_MINOR_##name] = path,
#include "hypercall/own/own.def"
	};
	size_t i;

	if (S_ISCHR(st->st_mode)) {
		bool harmless = hc_is_harmless(st->st_rdev);

		hc_text_put(text, "%s",
		    harmless ? devices[minor(st->st_rdev)] : "/dev/tty");
		return;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((st->st_mode & S_IFMT) == kinds[i].type)
			hc_text_put(text, "%s:[%" PRIu64 "]", kinds[i].kind,
			    (uint64_t)st->st_ino);
}

static const struct {
	const char *name;
	const char *unit;
} limits[HC_LIMITS] = {
	[RLIMIT_CPU] = { "Max cpu time", "seconds" },
	[RLIMIT_FSIZE] = { "Max file size", "bytes" },
	[RLIMIT_DATA] = { "Max data size", "bytes" },
	[RLIMIT_STACK] = { "Max stack size", "bytes" },
	[RLIMIT_CORE] = { "Max core file size", "bytes" },
	[RLIMIT_RSS] = { "Max resident set", "bytes" },
	[RLIMIT_NPROC] = { "Max processes", "processes" },
	[RLIMIT_NOFILE] = { "Max open files", "files" },
	[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
	[RLIMIT_AS] = { "Max address space", "bytes" },
	[RLIMIT_LOCKS] = { "Max file locks", "locks" },
	[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
	[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
	[RLIMIT_NICE] = { "Max nice priority", "" },
	[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
	[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void
put_limit_row(struct hc_text *text, uint64_t limit)
{
	if (limit == RLIM_INFINITY)
		hc_text_put(text, "%-20s ", "unlimited");
	else
		hc_text_put(text, "%-20" PRIu64 " ", limit);
}

void
hc_own_limits(struct hc_text *text)
{
	unsigned i;

	hc_text_put(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
	    "Hard Limit", "Units");
	for (i = 0; i < HC_LIMITS; i++) {
		hc_text_put(text, "%-25s ", limits[i].name);
		put_limit_row(text, text->call->guest->limit[i].now);
		put_limit_row(text, text->call->guest->limit[i].most);
		hc_text_put(text, "%-10s\n", limits[i].unit);
	}
}

/* The attributes of a page that a line of maps shows. */
#define MAP_BITS (PTE_TAKEN | PTE_PRESENT | PTE_WRITE | PTE_NX | PTE_BACKING)

/* A line of maps: pages that are alike. */
struct line {
	uint64_t from, to;
	uint64_t bits;                       /* PTE_*, 0: nothing is mapped */
	const struct hc_mapped_range *range; /* of the file's, or NULL */
};

/* The line that begins at `va`.  It ends at the first seam, even between equal
 * pages. */
static struct line
line_at(const struct hc_guest *guest, uint64_t va)
{
	const uint64_t seams[] = { guest->space.brk_start,
		page_up(guest->space.brk), guest->world.stack };
	struct line line = { .from = va };
	unsigned i;

	line.to = pt_run(
	    &guest->mem->pt, va, guest->mem->size, MAP_BITS, &line.bits);
	for (i = 0; i < sizeof(seams) / sizeof(seams[0]); i++)
		if (seams[i] > va && seams[i] < line.to)
			line.to = seams[i];
	line.range = hc_mapped_find(&guest->mapped, va, &line.to);
	return line;
}

static const char *
line_name(const struct hc_guest *guest, const struct line *line)
{
	const struct space *space = &guest->space;
	const struct hc_mapped_range *range = line->range;

	if (range) {
		const char *name = guest->mapped.file[range->file].name;

		return *name ? name : guest->exe;
	}
	if (line->from >= space->brk_start && line->from < space->brk)
		return "[heap]";
	return guest->world.stack && line->from >= guest->world.stack
		   ? "[stack]"
		   : "";
}

static void
put_mapping(
    struct hc_text *text, const struct hc_guest *guest, const struct line *line)
{
	const struct hc_mapped_range *range = line->range;
	const char *name = line_name(guest, line);
	uint64_t device = 0, inode = 0, offset = 0;
	bool there = line->bits & PTE_PRESENT;
	char start[128];
	int n;

	if (range) {
		device = guest->mapped.file[range->file].device;
		inode = guest->mapped.file[range->file].inode;
		offset = range->offset + (line->from - range->from);
	}
	/* Linux pads the columns before a name to 73. */
	n = snprintf(start, sizeof(start),
	    "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64
	    " %02x:%02x %" PRIu64,
	    line->from, line->to, there ? 'r' : '-',
	    there && line->bits & PTE_WRITE ? 'w' : '-',
	    there && !(line->bits & PTE_NX) ? 'x' : '-',
	    line->bits & PTE_SHARED ? 's' : 'p', offset, major(device),
	    minor(device), inode);
	hc_text_bytes(text, start, (size_t)n);
	if (*name) {
		hc_text_put(text, "%*s", n < 73 ? 73 - n : 1, "");
		hc_text_bytes(text, name, strlen(name));
	}
	hc_text_bytes(text, "\n", 1);
}

/* The bytes of a mapping whose pages have the bits of `mask` as in `want`. */
static uint64_t
count(const struct hc_guest *guest, const struct line *line, uint64_t mask,
    uint64_t want)
{
	uint64_t va = line->from, bytes = 0, end, bits;

	for (; va < line->to; va = end) {
		end = pt_run(&guest->mem->pt, va, line->to, mask, &bits);
		if (bits == want)
			bytes += end - va;
	}
	return bytes;
}

/* Those of the guest's own memory; those that are accessible.  A page that
 * waits for its first use is neither. */
static uint64_t
charged(const struct hc_guest *guest, const struct line *line)
{
	return count(guest, line, PTE_CHARGED | PTE_LAZY, PTE_CHARGED);
}

static uint64_t
resident(const struct hc_guest *guest, const struct line *line)
{
	const uint64_t mask = PTE_PRESENT | PTE_LAZY;

	return count(guest, line, mask, PTE_PRESENT);
}

/*
 * The rows from Rss on, in bytes, which debuggers read for a core.  Pages that
 * count as the guest's memory may differ from the file's, or have no file:
 * these are Linux's anonymous ones.
 */
static void
put_resident(struct hc_text *text, uint64_t there, uint64_t ours)
{
	uint64_t size = ours > there ? ours : there;
	const struct {
		const char *name;
		uint64_t bytes;
	} rows[] = {
		{ "Rss:", size },
		{ "Pss:", size },
		{ "Shared_Clean:", 0 },
		{ "Shared_Dirty:", 0 },
		{ "Private_Clean:", size - ours },
		{ "Private_Dirty:", ours },
		{ "Referenced:", size },
		{ "Anonymous:", ours },
		{ "Swap:", 0 },
	};
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		hc_text_put(text, "%-15s %8" PRIu64 " kB\n", rows[i].name,
		    rows[i].bytes / KIB);
}

/* The sizes of a mapping. */
static void
put_sizes_of(
    struct hc_text *text, const struct hc_guest *guest, const struct line *line)
{
	bool there = line->bits & PTE_PRESENT;

	hc_text_put(text,
	    "%-15s %8" PRIu64 " kB\n%-15s %8" PRIu64 " kB\n%-15s %8" PRIu64
	    " kB\n",
	    "Size:", (line->to - line->from) / KIB,
	    "KernelPageSize:", PAGE_4K / KIB, "MMUPageSize:", PAGE_4K / KIB);
	put_resident(text, resident(guest, line), charged(guest, line));
	hc_text_put(text, "VmFlags:%s%s%s%s mr mw me%s\n", there ? " rd" : "",
	    there && line->bits & PTE_WRITE ? " wr" : "",
	    there && !(line->bits & PTE_NX) ? " ex" : "",
	    line->bits & PTE_SHARED ? " sh" : "",
	    line->bits & PTE_SHARED ? " ms" : "");
}

/* Under the lock of guest memory, since mappings must not change meanwhile. */
static void
put_mappings(struct hc_text *text, const struct hc_guest *guest, bool sizes)
{
	struct line line;
	uint64_t va;

	gmem_lock(guest->mem);
	for (va = 0; va < guest->mem->size && text->size < HC_TEXT;
	     va = line.to) {
		line = line_at(guest, va);
		if (!line.bits)
			continue;
		put_mapping(text, guest, &line);
		if (sizes)
			put_sizes_of(text, guest, &line);
	}
	gmem_unlock(guest->mem);
}

void
hc_own_maps(struct hc_text *text)
{
	put_mappings(text, text->call->guest, false);
}

void
hc_own_smaps(struct hc_text *text)
{
	put_mappings(text, text->call->guest, true);
}

/* Bytes of the guest's address space by kind. */
struct sizes {
	uint64_t all, there, ours, code, stack, data;
};

static struct sizes
measure(const struct hc_guest *guest)
{
	struct sizes sizes = { 0 };
	struct line line;
	uint64_t va;

	gmem_lock(guest->mem);
	for (va = 0; va < guest->mem->size && !gmem_is_over(guest->mem);
	     va = line.to) {
		uint64_t size;

		line = line_at(guest, va);
		if (!line.bits)
			continue;
		size = line.to - va;
		sizes.all += size;
		if (!(line.bits & PTE_PRESENT))
			continue;
		sizes.there += resident(guest, &line);
		sizes.ours += charged(guest, &line);
		if (!(line.bits & PTE_NX))
			sizes.code += size;
		else if (guest->world.stack && va >= guest->world.stack)
			sizes.stack += size;
		else if (line.bits & PTE_WRITE)
			sizes.data += size;
	}
	gmem_unlock(guest->mem);
	return sizes;
}

/* The sum of all mappings. */
void
hc_own_smaps_rollup(struct hc_text *text)
{
	const struct hc_guest *guest = text->call->guest;
	const struct sizes s = measure(guest);

	hc_text_put(text,
	    "%08" PRIx64 "-%08" PRIx64 " ---p 00000000 00:00 0%32s[rollup]\n",
	    guest->space.low, guest->mem->size, "");
	put_resident(text, s.there, s.ours);
}

void
hc_own_statm(struct hc_text *text)
{
	struct sizes s = measure(text->call->guest);

	hc_text_put(text,
	    "%" PRIu64 " %" PRIu64 " 0 %" PRIu64 " 0 %" PRIu64 " 0\n",
	    s.all / PAGE_4K, s.there / PAGE_4K, s.code / PAGE_4K,
	    (s.data + s.stack) / PAGE_4K);
}

uint64_t
hc_own_clock(int clock)
{
	struct timespec t = { 0, 0 };

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * HC_NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

/* The signals whose action is `handler`, or with `caught` a guest's handler. */
static hc_sigset
signals_with(const struct hc_guest *guest, bool caught)
{
	hc_sigset set = 0;
	unsigned i;

	for (i = 0; i < HC_SIGNALS; i++) {
		uint64_t handler = guest->signals.action[i].handler;

		if (caught ? handler > 1 : handler == 1)
			set |= UINT64_C(1) << i;
	}
	return set;
}

/* The fields of stat up to starttime, then the rest. */
void
hc_own_process_stat(struct hc_text *text)
{
	const struct hc_guest *guest = text->call->guest;
	const struct hc_world *world = &guest->world;
	struct sizes s = measure(guest);
	char name[HC_THREAD_NAME];
	int tid = thread_of(text, name);
	uint64_t ticks = hc_own_clock(CLOCK_PROCESS_CPUTIME_ID) / HC_OWN_TICK;

	/* pid comm state ppid pgrp session tty tpgid flags, faults, times,
	 * priority nice threads itrealvalue starttime */
	hc_text_put(text,
	    "%d (%s) %c 0 %d %d 0 -1 0 0 0 0 0 %" PRIu64
	    " 0 0 0 20 0 %u 0 %" PRIu64,
	    tid, name, hc_thread_is_held(text->call->thread, tid) ? 't' : 'R',
	    HC_PID, HC_PID, ticks, count_threads(text->call),
	    world->started / HC_OWN_TICK);
	/* vsize rss rsslim startcode endcode startstack esp eip, signals,
	 * wchan nswap cnswap exit_signal processor rt_priority policy, delays,
	 * guest times, start_data end_data start_brk */
	hc_text_put(text,
	    " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	    " %" PRIu64 " 0 0 %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	    " 0 0 0 17 0 0 0 0 0 0 %" PRIu64 " %" PRIu64 " %" PRIu64,
	    s.all, s.there / PAGE_4K, guest->limit[RLIMIT_RSS].now,
	    world->code.from, world->code.to, world->stack_from,
	    guest->signals.all.set, text->call->thread->signals.blocked,
	    signals_with(guest, false), signals_with(guest, true),
	    world->data.from, world->data.to, guest->space.brk_start);
	hc_text_put(text,
	    " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0\n",
	    world->args.from, world->args.to, world->env.from, world->env.to);
}

static void
put_sizes(struct hc_text *text, const struct hc_guest *guest)
{
	struct sizes s = measure(guest);
	const struct {
		const char *name;
		uint64_t bytes;
	} lines[] = {
		{ "VmPeak", s.all },
		{ "VmSize", s.all },
		{ "VmLck", 0 },
		{ "VmPin", 0 },
		{ "VmHWM", s.there },
		{ "VmRSS", s.there },
		{ "RssAnon", s.ours },
		{ "RssFile", s.there - s.ours },
		{ "RssShmem", 0 },
		{ "VmData", s.data },
		{ "VmStk", s.stack },
		{ "VmExe", s.code },
		{ "VmLib", 0 },
		{ "VmPTE", guest->mem->pt.used * PAGE_4K },
		{ "VmSwap", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		hc_text_put(text, "%s:\t%8" PRIu64 " kB\n", lines[i].name,
		    lines[i].bytes / KIB);
}

static void
put_signals(struct hc_text *text)
{
	const struct hc_thread_signals *signals = &text->call->thread->signals;
	const struct {
		const char *name;
		hc_sigset set;
	} lines[] = {
		{ "SigPnd", signals->mine.set },
		{ "ShdPnd", text->call->guest->signals.all.set },
		{ "SigBlk", signals->blocked },
		{ "SigIgn", signals_with(text->call->guest, false) },
		{ "SigCgt", signals_with(text->call->guest, true) },
		{ "CapInh", 0 },
		{ "CapPrm", 0 },
		{ "CapEff", 0 },
		{ "CapBnd", 0 },
		{ "CapAmb", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		hc_text_put(
		    text, "%s:\t%016" PRIx64 "\n", lines[i].name, lines[i].set);
}

static unsigned
count_queued(struct hc_signals *signals)
{
	unsigned n;
	uint16_t i;

	pthread_mutex_lock(&signals->lock);
	n = signals->used;
	for (i = signals->unused; i; i = signals->queued[i - 1].next)
		n--;
	pthread_mutex_unlock(&signals->lock);
	return n;
}

#define GROUPS 4096 /* are listed; if there are more, none is */

static void
put_groups(struct hc_text *text)
{
	gid_t list[GROUPS];
	int64_t i, n = hc_host(SYS_getgroups, GROUPS, list);

	hc_text_put(text, "Groups:\t");
	for (i = 0; i < n; i++)
		hc_text_put(text, "%u ", list[i]);
	hc_text_put(text, "%s\n", n > 0 ? "" : " ");
}

static void
put_rest(struct hc_text *text)
{
	hc_text_put(text, "NoNewPrivs:\t%d\nSeccomp:\t0\n",
	    text->call->guest->no_new_privs);
	hc_own_put_cpu_mask(text, "Cpus_allowed:\t");
	hc_own_put_cpus(text, "Cpus_allowed_list:\t");
	hc_text_put(text,
	    "Mems_allowed:\t1\nMems_allowed_list:\t0\n"
	    "voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n");
}

void
hc_own_status(struct hc_text *text)
{
	const struct hc_world *world = &text->call->guest->world;
	char name[HC_THREAD_NAME];
	int tid = thread_of(text, name);
	unsigned uid = world->uid, gid = world->gid;

	hc_text_put(text,
	    "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%d\n"
	    "Ngid:\t0\nPid:\t%d\nPPid:\t0\nTracerPid:\t0\n",
	    name, world->umask,
	    hc_thread_is_held(text->call->thread, tid) ? "t (tracing stop)"
						       : "R (running)",
	    HC_PID, tid);
	hc_text_put(text,
	    "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\n", uid,
	    uid, uid, uid, gid, gid, gid, gid, text->call->guest->fds.size);
	put_groups(text);
	hc_text_put(text, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n",
	    HC_PID, tid, HC_PID, HC_PID);
	put_sizes(text, text->call->guest);
	hc_text_put(text, "Threads:\t%u\nSigQ:\t%u/%" PRIu64 "\n",
	    count_threads(text->call),
	    count_queued(&text->call->guest->signals),
	    text->call->guest->limit[RLIMIT_SIGPENDING].now);
	put_signals(text);
	put_rest(text);
}

HC_OWN_LINE(personality, "%08" PRIx32 "\n", text->call->guest->persona)
