/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on System V's shared memory.  Nothing here may know vCPUs or KVM.
 *
 * A segment is a file in memory, and an attachment is a mapping that the list
 * of mapped files (mapped.h) has: so munmap() and mremap() of attachments need
 * no care.  A recorded guest has no such files.  Its segments are memory, which
 * is in the same list and stays in its place when it is detached, so a replay
 * makes these calls again and has the same bytes.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/task/ipc.h"
#include "hypercall/task/task.h"

#include "mem/mapping.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct hc_segment *
as_segment(void *object)
{
	return object;
}

/* The place of its file in the list. */
static unsigned
number_of(const struct hc_guest *guest, const struct hc_segment *s)
{
	return hc_mapped_segment((unsigned)(s - guest->ipc.segment));
}

/* As Linux names them in /proc/PID/maps. */
static void
describe(struct hc_guest *guest, const struct hc_segment *s, int32_t key)
{
	struct hc_mapped_file *file = &guest->mapped.file[number_of(guest, s)];

	snprintf(file->name, sizeof(file->name), "/SYSV%08x (deleted)",
	    (unsigned)key);
	file->device = s->file ? guest->fds.memory_device : 0;
	file->inode = s->file ? s->file->inode : 0;
}

/* The next range that has a part of the segment, or NULL: from range *i on,
 * which becomes the one past it. */
static const struct hc_mapped_range *
next_part(const struct hc_guest *guest, const struct hc_segment *s, unsigned *i)
{
	const struct hc_mapped *mapped = &guest->mapped;
	const unsigned number = number_of(guest, s);

	while (*i < mapped->ranges)
		if (mapped->range[(*i)++].file == number)
			return &mapped->range[*i - 1];
	return NULL;
}

static bool
unmap_part(struct hc_guest *guest, const struct hc_mapped_range *range)
{
	const uint64_t from = range->from, to = range->to;

	if (space_munmap(&guest->space, from, to - from) < 0)
		return false;
	hc_mapped_set(&guest->mapped, from, to, NULL, 0);
	return true;
}

static unsigned
count_attachments(struct hc_guest *guest, const struct hc_segment *s)
{
	unsigned i = 0, n = 0;

	gmem_lock(guest->mem);
	while (!s->kept && next_part(guest, s, &i))
		n++;
	gmem_unlock(guest->mem);
	return n;
}

/* The segment has no attachment. */
static void
destroy(struct hc_guest *guest, struct hc_segment *s)
{
	const struct hc_mapped_range *part;
	unsigned i = 0;

	gmem_lock(guest->mem);
	while ((part = next_part(guest, s, &i)) && unmap_part(guest, part))
		i = 0;
	gmem_unlock(guest->mem);
	ipc_remove(&s->object);
	hc_shared_put(s->file);
	if (s->file)
		hc_shared_sweep(guest);
}

/* Removed segments go with their last attachment, which munmap() may have
 * ended. */
void
hc_shm_sweep(struct hc_guest *guest)
{
	struct hc_segment *s;

	for (s = guest->ipc.segment; s < guest->ipc.segment + HC_SEGMENTS; s++)
		if (s->object.used && s->removed &&
		    count_attachments(guest, s) == 0)
			destroy(guest, s);
}

#define SIZE_MOST (UINT64_MAX - (1U << 24)) /* Linux's SHMMAX: no limit */

static int64_t
make_segment(struct hc_guest *guest, struct hc_segment *s, int32_t key,
    uint64_t size, unsigned flags)
{
	struct hc_shared *file = NULL;
	int64_t r;

	if (size == 0 || size > SIZE_MOST)
		return -EINVAL;
	if (size > guest->mem->size)
		return -ENOMEM;
	/* As on Linux without reserved huge pages. */
	if (flags & SHM_HUGETLB)
		return -ENOMEM;
	if (!guest->recorded) {
		r = hc_shared_make_segment(guest, page_up(size), &file);
		if (r < 0)
			return r;
	}
	s->size = size;
	s->file = file;
	s->removed = s->kept = false;
	s->creator = HC_PID;
	s->last = 0;
	s->attach_time = s->detach_time = 0;
	describe(guest, s, key);
	return ipc_make(guest, &ipc_segments, &s->object, key, flags);
}

int64_t
hc_do_shmget(struct hc_call *call)
{
	const int32_t key = (int32_t)call->shmget.key;
	const unsigned flags = (unsigned)call->shmget.flags;
	const uint64_t size = call->shmget.size;
	struct hc_guest *guest = call->guest;
	struct hc_ipc_object *object;
	int64_t r;

	(void)ipc_lock(guest);
	hc_shm_sweep(guest);
	r = ipc_find(guest, &ipc_segments, key, flags, &object);
	if (r == 0 && !object->used)
		r = make_segment(guest, as_segment(object), key, size, flags);
	else if (r == 0)
		r = size > as_segment(object)->size
			? -EINVAL
			: ipc_use(guest, &ipc_segments, object, flags);
	return ipc_unlock(guest, r);
}

/* Where and how a segment is attached. */
struct place {
	uint64_t at, len;
	unsigned prot, flags;
};

static int64_t
choose(const struct hc_call *call, struct place *place)
{
	const unsigned flags = (unsigned)call->shmat.flags;
	const uint64_t at = call->shmat.addr;

	place->at = flags & SHM_RND ? page_down(at) : at;
	place->prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) |
		      (flags & SHM_EXEC ? PROT_EXEC : 0);
	place->flags = MAP_SHARED;
	if ((place->at & PAGE_4K_MASK) || (!place->at && (flags & SHM_REMAP)))
		return -EINVAL;
	if (at)
		place->flags |= MAP_FIXED;
	if (at && !(flags & SHM_REMAP))
		place->flags |= MAP_FIXED_NOREPLACE;
	return 0;
}

/* The list of mapped files is full: without an entry there would be no
 * attachment. */
static int64_t
note(struct hc_guest *guest, const struct hc_segment *s, uint64_t at,
    uint64_t len)
{
	uint64_t end = at + len;

	hc_mapped_put(&guest->mapped, at, end, number_of(guest, s), 0);
	if (hc_mapped_find(&guest->mapped, at, &end))
		return (int64_t)at;
	(void)space_munmap(&guest->space, at, len);
	return -ENOMEM;
}

static int64_t
attach_file(struct hc_guest *guest, struct hc_segment *s, struct place *p)
{
	const struct space_file file = {
		.fd = s->file->host,
		.writable = p->prot & PROT_WRITE,
	};
	int64_t at = space_mmap(
	    &guest->space, p->at, p->len, p->prot, p->flags, &file);

	return at < 0 ? at : note(guest, s, (uint64_t)at, p->len);
}

/* The range with all of the segment, or NULL. */
static const struct hc_mapped_range *
find_whole(const struct hc_guest *guest, const struct hc_segment *s)
{
	unsigned i = 0;
	const struct hc_mapped_range *part = next_part(guest, s, &i);

	return part && part->offset == 0 &&
		       part->to - part->from == page_up(s->size)
		   ? part
		   : NULL;
}

/* Why a recorded guest cannot attach the segment, or NULL. */
static const char *
cannot_attach(const struct hc_guest *guest, const struct hc_segment *s)
{
	unsigned i = 0;

	if (!s->kept && next_part(guest, s, &i))
		return "shmat: the segment is attached already, and a second"
		       " attachment cannot be recorded: run it without"
		       " --record";
	if (s->last && !find_whole(guest, s))
		return "shmat: the guest has unmapped what the segment held,"
		       " and a recording has no other copy: run it without"
		       " --record";
	return NULL;
}

static int64_t
make_memory(
    struct hc_guest *guest, const struct hc_segment *s, const struct place *p)
{
	int64_t at = space_mmap(&guest->space, p->at, p->len,
	    PROT_READ | PROT_WRITE, MAP_ANONYMOUS | p->flags, NULL);

	return at < 0 ? at : note(guest, s, (uint64_t)at, p->len);
}

static int64_t
move_memory(struct hc_guest *guest, uint64_t from, const struct place *p)
{
	int64_t at;

	if (!p->at || p->at == from)
		return (int64_t)from;
	if ((p->flags & MAP_FIXED_NOREPLACE) &&
	    !space_is_free(&guest->space, p->at, p->len))
		return -EEXIST;
	at = space_mremap(&guest->space, from, p->len, p->len,
	    MREMAP_MAYMOVE | MREMAP_FIXED, p->at);
	if (at > 0)
		hc_mapped_move(
		    &guest->mapped, from, p->len, (uint64_t)at, p->len);
	return at;
}

/* The memory stays, without rights. */
static void
keep_memory(struct hc_guest *guest, struct hc_segment *s, uint64_t at)
{
	s->kept = true;
	(void)space_mprotect(&guest->space, at, page_up(s->size), PROT_NONE);
}

static int64_t
attach_memory(struct hc_call *call, struct hc_segment *s, struct place *p)
{
	struct hc_guest *guest = call->guest;
	const struct hc_mapped_range *whole = find_whole(guest, s);
	int64_t at;
	int r;

	call->why = cannot_attach(guest, s);
	if (call->why) {
		call->end = HC_STOPS_GUEST;
		return -ENOSYS;
	}
	at = whole ? move_memory(guest, whole->from, p)
		   : make_memory(guest, s, p);
	if (at < 0)
		return at;
	r = space_mprotect(&guest->space, (uint64_t)at, p->len, p->prot);
	s->kept = false;
	if (r < 0)
		keep_memory(guest, s, (uint64_t)at);
	return r < 0 ? r : at;
}

static int64_t
attach(struct hc_call *call, struct hc_segment *s, struct place *place)
{
	struct hc_guest *guest = call->guest;
	int64_t at;

	place->len = page_up(s->size);
	gmem_lock(guest->mem);
	if (!hc_may_map(guest, place->len, 0))
		at = -ENOMEM;
	else if (s->file)
		at = attach_file(guest, s, place);
	else
		at = attach_memory(call, s, place);
	gmem_unlock(guest->mem);
	hc_report_memory(guest);
	if (at > 0) {
		s->attach_time = ipc_now(guest);
		s->last = HC_PID;
	}
	/* As Linux: there is a mapping already. */
	return at == -EEXIST ? -EINVAL : at;
}

int64_t
hc_do_shmat(struct hc_call *call)
{
	const int id = (int)call->shmat.id;
	struct hc_guest *guest = call->guest;
	struct hc_segment *s;
	struct place place;
	int64_t r = choose(call, &place);

	if (r < 0)
		return r;
	(void)ipc_lock(guest);
	hc_shm_sweep(guest);
	s = ipc_get(guest, &ipc_segments, id);
	r = s ? ipc_may(guest, &s->object,
		    (place.prot & PROT_WRITE ? IPC_READ | IPC_WRITE
					     : IPC_READ) |
			(place.prot & PROT_EXEC ? 0111 : 0))
	      : -EINVAL;
	if (r == 0)
		r = attach(call, s, &place);
	return ipc_unlock(guest, r);
}

/* Is it a part of the segment's attachment at `at`? */
static bool
begins(
    const struct hc_mapped_range *part, const struct hc_segment *s, uint64_t at)
{
	return part->from >= at && part->from - at == part->offset &&
	       part->offset < s->size;
}

/* Unmap what there is of the attachment at `at`, as Linux: all of its parts.
 * False: there is none. */
static bool
detach_parts(struct hc_guest *guest, const struct hc_segment *s, uint64_t at)
{
	const struct hc_mapped_range *part;
	bool found = false;
	unsigned i = 0;

	while ((part = next_part(guest, s, &i))) {
		if (!begins(part, s, at))
			continue;
		found = true;
		if (!unmap_part(guest, part))
			break;
		i--;
	}
	return found;
}

static bool
detach_memory(struct hc_guest *guest, struct hc_segment *s, uint64_t at)
{
	const struct hc_mapped_range *whole = find_whole(guest, s);

	if (s->file || !whole || whole->from != at)
		return false;
	keep_memory(guest, s, at);
	return true;
}

static bool
detach(struct hc_guest *guest, struct hc_segment *s, uint64_t at)
{
	bool found;

	if (!s->object.used || s->kept)
		return false;
	gmem_lock(guest->mem);
	found = detach_memory(guest, s, at) || detach_parts(guest, s, at);
	gmem_unlock(guest->mem);
	if (found) {
		s->detach_time = ipc_now(guest);
		s->last = HC_PID;
	}
	return found;
}

int64_t
hc_do_shmdt(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	const uint64_t at = call->shmdt.addr;
	unsigned i = 0;

	if (at & PAGE_4K_MASK)
		return -EINVAL;
	(void)ipc_lock(guest);
	while (i < HC_SEGMENTS && !detach(guest, &guest->ipc.segment[i], at))
		i++;
	hc_shm_sweep(guest);
	return ipc_unlock(guest, i < HC_SEGMENTS ? 0 : -EINVAL);
}

static void
show_segment(struct hc_guest *guest, const struct hc_ipc_object *object,
    union ipc_ds *ds)
{
	const struct hc_segment *s = (const void *)object;

	ds->segment = (struct shmid_ds){
		.shm_segsz = s->size,
		.shm_atime = s->attach_time,
		.shm_dtime = s->detach_time,
		.shm_ctime = object->changed,
		.shm_cpid = s->creator,
		.shm_lpid = s->last,
		.shm_nattch = count_attachments(guest, s),
	};
	ipc_show(guest, object, &ds->segment.shm_perm);
	if (s->removed)
		ds->segment.shm_perm.mode |= SHM_DEST;
}

/* In a recorded guest, whose calls are made again, what counts as memory. */
uint64_t
hc_shm_resident(struct hc_guest *guest, unsigned place)
{
	const struct hc_segment *s = &guest->ipc.segment[place];
	struct stat st;

	if (!s->file)
		return s->last ? page_up(s->size) : 0;
	return hc_host(SYS_fstat, s->file->host, &st) < 0
		   ? 0
		   : (uint64_t)st.st_blocks * 512;
}

static int64_t
change_owner(struct hc_call *call, struct hc_segment *s)
{
	struct shmid_ds ds;

	if (gmem_read(call->guest->mem, &ds, call->shmctl.buf, sizeof(ds)) < 0)
		return -EFAULT;
	ipc_set(call->guest, &s->object, &ds.shm_perm);
	return 0;
}

/* Without attachments it goes at once.  With some, no key leads to it any
 * more. */
static int64_t
remove_segment(struct hc_guest *guest, struct hc_segment *s)
{
	s->removed = true;
	s->object.key = IPC_PRIVATE;
	hc_shm_sweep(guest);
	return 0;
}

static int64_t
usage(struct hc_call *call)
{
	struct shm_info info = { 0 };
	const struct hc_segment *s = call->guest->ipc.segment;
	int highest = ipc_highest(call->guest, &ipc_segments, &info.used_ids);
	unsigned i;

	for (i = 0; i < HC_SEGMENTS; i++) {
		if (!s[i].object.used)
			continue;
		info.shm_tot += page_up(s[i].size) / PAGE_4K;
		info.shm_rss += hc_shm_resident(call->guest, i) / PAGE_4K;
	}
	return ipc_put(
	    call->guest, call->shmctl.buf, &info, sizeof(info), highest);
}

#define SHM_STAT_ALL 15 /* SHM_STAT_ANY, which C libraries may lack */

static int64_t
limits(struct hc_call *call, int cmd)
{
	struct shminfo info = {
		.shmmax = SIZE_MOST,
		.shmmin = 1,
		.shmmni = HC_SEGMENTS,
		.shmseg = HC_SEGMENTS,
		.shmall = SIZE_MOST,
	};
	int used, highest = ipc_highest(call->guest, &ipc_segments, &used);

	return cmd == SHM_INFO ? usage(call)
			       : ipc_put(call->guest, call->shmctl.buf, &info,
				     sizeof(info), highest);
}

static int64_t
control(struct hc_call *call, struct hc_ipc_object *object, int cmd)
{
	struct hc_segment *s = as_segment(object);

	switch (cmd) {
	case IPC_SET: return change_owner(call, s);
	case IPC_RMID: return remove_segment(call->guest, s);
	/* As for mlock(): the user of novillo decides. */
	case SHM_LOCK:
	case SHM_UNLOCK: return 0;
	default: return -EINVAL;
	}
}

const struct ipc_kind ipc_segments = {
	IPC_TABLE(segment),
	.info = SHM_INFO,
	.stat = SHM_STAT,
	.stat_any = SHM_STAT_ALL,
	.shown = sizeof(struct shmid_ds),
	.show = show_segment,
	.limits = limits,
	.control = control,
};

int64_t
hc_do_shmctl(struct hc_call *call)
{
	const int id = (int)call->shmctl.id, cmd = (int)call->shmctl.cmd;

	(void)ipc_lock(call->guest);
	hc_shm_sweep(call->guest);
	return ipc_unlock(call->guest,
	    ipc_control(call, &ipc_segments, id, cmd, call->shmctl.buf));
}
