/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on System V's shared memory.  Nothing here may know vCPUs or KVM.
 *
 * A segment is a file in memory, and an attachment is a mapping that the list
 * of mapped files (mapped.h) has: so munmap() and mremap() of attachments need
 * no care.  A recorded guest has no such files.  Its segments are memory that
 * stays in its place while it is not attached, so a replay makes these calls
 * again and has the same bytes.
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

/* As Linux names them in /proc/PID/maps. */
static void
describe(const struct hc_guest *guest, const struct hc_segment *s,
    struct hc_mapped_file *file)
{
	snprintf(file->name, sizeof(file->name), "/SYSV%08x (deleted)",
	    (unsigned)s->object.key);
	file->device = guest->fds.memory_device;
	file->inode = s->file->inode;
}

static bool
is_of(const struct hc_guest *guest, const struct hc_mapped_range *range,
    const struct hc_segment *s)
{
	const struct hc_mapped_file *file = &guest->mapped.file[range->file];

	return s->file && file->inode == s->file->inode &&
	       file->device == guest->fds.memory_device;
}

static unsigned
count_attachments(struct hc_guest *guest, const struct hc_segment *s)
{
	unsigned i, n = 0;

	gmem_lock(guest->mem);
	for (i = 0; i < guest->mapped.ranges; i++)
		n += is_of(guest, &guest->mapped.range[i], s);
	if (s->attached)
		n += !space_is_free(&guest->space, s->home, page_up(s->size));
	gmem_unlock(guest->mem);
	return n;
}

/* The segment has no attachment. */
static void
destroy(struct hc_guest *guest, struct hc_segment *s)
{
	if (s->home) {
		gmem_lock(guest->mem);
		(void)space_munmap(&guest->space, s->home, page_up(s->size));
		gmem_unlock(guest->mem);
	}
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
	s->home = 0;
	s->removed = s->attached = false;
	s->creator = HC_PID;
	s->last = 0;
	s->attach_time = s->detach_time = 0;
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
	struct hc_mapped_file file;
	uint64_t end = at + len;

	describe(guest, s, &file);
	hc_mapped_set(&guest->mapped, at, end, &file, 0);
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

	/* As Linux: there is a mapping already. */
	if (at == -EEXIST)
		return -EINVAL;
	return at < 0 ? at : note(guest, s, (uint64_t)at, p->len);
}

/* Memory where the segment is from now on, or has been moved. */
static int64_t
settle(struct hc_guest *guest, const struct hc_segment *s, struct place *p)
{
	struct space *space = &guest->space;
	const unsigned fixed = p->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);

	if (!s->home)
		return space_mmap(space, p->at, p->len, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | fixed, NULL);
	if (!p->at || p->at == s->home)
		return (int64_t)s->home;
	if ((fixed & MAP_FIXED_NOREPLACE) &&
	    !space_is_free(space, p->at, p->len))
		return -EEXIST;
	return space_mremap(space, s->home, p->len, p->len,
	    MREMAP_MAYMOVE | MREMAP_FIXED, p->at);
}

static int64_t
attach_memory(struct hc_call *call, struct hc_segment *s, struct place *p)
{
	int64_t at;
	int r;

	if (s->attached) {
		call->end = HC_STOPS_GUEST;
		call->why = "shmat: the segment is attached already, and a"
			    " second attachment cannot be recorded: run it"
			    " without --record";
		return -ENOSYS;
	}
	at = settle(call->guest, s, p);
	if (at < 0)
		return at == -EEXIST ? -EINVAL : at;
	s->home = (uint64_t)at;
	r = space_mprotect(&call->guest->space, s->home, p->len, p->prot);
	s->attached = r == 0;
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
	return at;
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

/* The range that begins an attachment at `at`, of this segment. */
static bool
begins(const struct hc_guest *guest, const struct hc_mapped_range *range,
    const struct hc_segment *s, uint64_t at)
{
	return is_of(guest, range, s) && range->from >= at &&
	       range->from - at == range->offset && range->offset < s->size;
}

/* Unmap what there is of the attachment at `at`, as Linux: all of its parts.
 * False: there is none. */
static bool
detach_file(struct hc_guest *guest, const struct hc_segment *s, uint64_t at)
{
	const struct hc_mapped_range *range;
	bool found = false;
	unsigned i = 0;

	while (s->file && i < guest->mapped.ranges) {
		range = &guest->mapped.range[i];
		if (!begins(guest, range, s, at)) {
			i++;
			continue;
		}
		found = true;
		if (space_munmap(&guest->space, range->from,
			range->to - range->from) < 0)
			break;
		hc_mapped_set(&guest->mapped, range->from, range->to, NULL, 0);
	}
	return found;
}

/* The memory stays, without rights. */
static bool
detach_memory(struct hc_guest *guest, struct hc_segment *s, uint64_t at)
{
	if (!s->attached || s->home != at)
		return false;
	s->attached = false;
	(void)space_mprotect(&guest->space, at, page_up(s->size), PROT_NONE);
	return true;
}

static bool
detach(struct hc_guest *guest, struct hc_segment *s, uint64_t at)
{
	bool found;

	if (!s->object.used)
		return false;
	gmem_lock(guest->mem);
	found = detach_file(guest, s, at) || detach_memory(guest, s, at);
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
		return s->home ? page_up(s->size) : 0;
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
