/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V's objects of all kinds.  Nothing here may know what an object is
 * for.
 */
#include "hypercall/task/ipc.h"

#include "hypercall/core/hostcall.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <time.h>

#define PLACES 32768 /* as on Linux: an ID is a sequence and a place below */

struct hc_ipc *
ipc_lock(struct hc_guest *guest)
{
	pthread_mutex_lock(&guest->ipc.lock);
	return &guest->ipc;
}

int64_t
ipc_unlock(struct hc_guest *guest, int64_t result)
{
	pthread_mutex_unlock(&guest->ipc.lock);
	return result;
}

static struct hc_ipc_object *
row(struct hc_guest *guest, const struct ipc_kind *kind, uint32_t place)
{
	return (void *)((uint8_t *)&guest->ipc + kind->at + place * kind->size);
}

int64_t
ipc_find(struct hc_guest *guest, const struct ipc_kind *kind, int32_t key,
    unsigned flags, struct hc_ipc_object **object)
{
	struct hc_ipc_object *o;
	uint32_t i;

	*object = NULL;
	for (i = 0; i < kind->rows; i++) {
		o = row(guest, kind, i);
		if (o->used && key != IPC_PRIVATE && o->key == key) {
			*object = o;
			return (flags & IPC_CREAT) && (flags & IPC_EXCL)
				   ? -EEXIST
				   : 0;
		}
		if (!o->used && !*object)
			*object = o;
	}
	if (key != IPC_PRIVATE && !(flags & IPC_CREAT))
		return -ENOENT;
	return *object ? 0 : -ENOSPC;
}

static int64_t
id_of(const struct hc_guest *guest, const struct ipc_kind *kind,
    const struct hc_ipc_object *object)
{
	const uint8_t *table = (const uint8_t *)&guest->ipc + kind->at;
	const int64_t place = ((const uint8_t *)object - table) / kind->size;

	return (int64_t)object->sequence * PLACES + place;
}

int64_t
ipc_make(struct hc_guest *guest, const struct ipc_kind *kind,
    struct hc_ipc_object *object, int32_t key, unsigned flags)
{
	object->used = true;
	object->key = key;
	object->mode = flags & 0777;
	object->uid = guest->world.uid;
	object->gid = guest->world.gid;
	object->changed = ipc_now(guest);
	return id_of(guest, kind, object);
}

/* The guest made all objects, so the owner's permissions are its. */
int64_t
ipc_may(const struct hc_guest *guest, const struct hc_ipc_object *object,
    unsigned bits)
{
	const unsigned wanted = (bits >> 6 | bits >> 3 | bits) & 7U;

	return guest->world.uid == 0 || !(wanted & ~(object->mode >> 6))
		   ? 0
		   : -EACCES;
}

int64_t
ipc_use(const struct hc_guest *guest, const struct ipc_kind *kind,
    const struct hc_ipc_object *object, unsigned flags)
{
	int64_t r = ipc_may(guest, object, flags);

	return r < 0 ? r : id_of(guest, kind, object);
}

void *
ipc_get(struct hc_guest *guest, const struct ipc_kind *kind, int id)
{
	struct hc_ipc_object *o;

	if (id < 0 || (uint32_t)id % PLACES >= kind->rows)
		return NULL;
	o = row(guest, kind, (uint32_t)id % PLACES);
	return o->used && id_of(guest, kind, o) == id ? o : NULL;
}

void *
ipc_nth(struct hc_guest *guest, const struct ipc_kind *kind, int *id)
{
	struct hc_ipc_object *o;

	if (*id < 0 || (uint32_t)*id >= kind->rows)
		return NULL;
	o = row(guest, kind, (uint32_t)*id);
	*id = (int)id_of(guest, kind, o);
	return o->used ? o : NULL;
}

int
ipc_highest(struct hc_guest *guest, const struct ipc_kind *kind, int *used)
{
	uint32_t i, highest = 0;

	*used = 0;
	for (i = 0; i < kind->rows; i++)
		if (row(guest, kind, i)->used) {
			highest = i;
			++*used;
		}
	return (int)highest;
}

void
ipc_show(const struct hc_guest *guest, const struct hc_ipc_object *object,
    struct ipc_perm *to)
{
	*to = (struct ipc_perm){
		.__key = object->key,
		.__seq = object->sequence,
		.uid = object->uid,
		.gid = object->gid,
		.cuid = guest->world.uid,
		.cgid = guest->world.gid,
		.mode = object->mode,
	};
}

void
ipc_set(struct hc_guest *guest, struct hc_ipc_object *object,
    const struct ipc_perm *from)
{
	object->uid = from->uid;
	object->gid = from->gid;
	object->mode = from->mode & 0777;
	object->changed = ipc_now(guest);
}

int64_t
ipc_put(struct hc_guest *guest, uint64_t va, const void *from, size_t size,
    int64_t result)
{
	return gmem_write(guest->mem, va, from, size) < 0 ? -EFAULT : result;
}

bool
ipc_show_nth(struct hc_guest *guest, const struct ipc_kind *kind, int *id,
    union ipc_ds *ds)
{
	const struct hc_ipc_object *object = ipc_nth(guest, kind, id);

	if (object)
		kind->show(guest, object, ds);
	return object;
}

int64_t
ipc_control(struct hc_call *call, const struct ipc_kind *kind, int id, int cmd,
    uint64_t buf)
{
	const bool by_place = cmd == kind->stat || cmd == kind->stat_any;
	struct hc_ipc_object *object;
	union ipc_ds ds;
	int64_t r = 0;

	if (id < 0 || cmd < 0)
		return -EINVAL;
	if (cmd == IPC_INFO || cmd == kind->info)
		return kind->limits(call, cmd);
	object = by_place ? ipc_nth(call->guest, kind, &id)
			  : ipc_get(call->guest, kind, id);
	if (!object)
		return -EINVAL;
	if (!by_place && cmd != IPC_STAT)
		return kind->control(call, object, cmd);
	if (cmd != kind->stat_any)
		r = ipc_may(call->guest, object, IPC_READ);
	if (r < 0)
		return r;
	kind->show(call->guest, object, &ds);
	return ipc_put(call->guest, buf, &ds, kind->shown, by_place ? id : 0);
}

void
ipc_remove(struct hc_ipc_object *object)
{
	object->used = false;
	object->sequence++;
	ipc_wake(object);
}

void
ipc_wake(struct hc_ipc_object *object)
{
	__atomic_add_fetch(&object->changes, 1, __ATOMIC_SEQ_CST);
	if (object->waiters > 0)
		(void)hc_host(SYS_futex, &object->changes, FUTEX_WAKE_PRIVATE,
		    INT_MAX, NULL, NULL, 0);
}

int64_t
ipc_wait(struct hc_call *call, struct hc_ipc_object *object,
    const struct timespec *until)
{
	const uint32_t changes = object->changes;
	const uint16_t sequence = object->sequence;
	int64_t r;

	object->waiters++;
	(void)ipc_unlock(call->guest, 0);
	r = hc_host_wait(call->thread, SYS_futex, &object->changes,
	    FUTEX_WAIT_BITSET_PRIVATE, changes, until, NULL,
	    FUTEX_BITSET_MATCH_ANY);
	(void)ipc_lock(call->guest);
	object->waiters--;
	if (object->sequence != sequence)
		return -EIDRM;
	if (r == -ETIMEDOUT || r == -HC_NOT_MADE)
		return r;
	/* As on Linux, whatever SA_RESTART says. */
	return hc_is_interrupted(r) ? -EINTR : 0;
}

int64_t
ipc_now(const struct hc_guest *guest)
{
	struct timespec now;

	if (guest->recorded)
		return 0;
	(void)hc_host(SYS_clock_gettime, CLOCK_REALTIME, &now);
	return now.tv_sec;
}
