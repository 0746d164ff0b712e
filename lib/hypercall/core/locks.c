/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Record locks.  Nothing here may know how a lock is asked for.
 */
#include "hypercall/core/locks.h"

#include "hypercall/core/fd.h"
#include "hypercall/core/hostcall.h"

#include <assert.h>
#include <fcntl.h>
#include <sys/stat.h>

#define MOST_ADDED 2U         /* by a lock within another */
#define LOST       UINT32_MAX /* the owner of locks that nobody removes */

void
hc_locks_init(struct hc_locks *locks)
{
	pthread_mutex_init(&locks->lock, NULL);
}

int
hc_locks_begin(struct hc_locks *locks)
{
	int r = -ENOLCK;

	pthread_mutex_lock(&locks->lock);
	if (locks->used + locks->expected + MOST_ADDED <= HC_LOCKS) {
		locks->expected += MOST_ADDED;
		r = 0;
	}
	pthread_mutex_unlock(&locks->lock);
	return r;
}

void
hc_locks_end(struct hc_locks *locks)
{
	pthread_mutex_lock(&locks->lock);
	locks->expected -= MOST_ADDED;
	pthread_mutex_unlock(&locks->lock);
}

static bool
has_same_owner(const struct hc_lock *a, const struct hc_lock *b)
{
	return a->owner == b->owner && a->inode == b->inode &&
	       a->device == b->device;
}

static void
add(struct hc_locks *locks, struct hc_lock lock)
{
	assert(locks->used < HC_LOCKS);
	locks->list[locks->used++] = lock;
}

static void
drop(struct hc_locks *locks, unsigned i)
{
	locks->list[i] = locks->list[--locks->used];
}

/* Keep of lock `i` what is before and after `new`. */
static void
cut(struct hc_locks *locks, unsigned i, const struct hc_lock *new)
{
	struct hc_lock *old = &locks->list[i];
	struct hc_lock after = *old;

	if (old->to < new->from || old->from > new->to)
		return;
	after.from = new->to + 1;
	if (old->from >= new->from && after.to <= new->to)
		drop(locks, i);
	else if (old->from >= new->from)
		*old = after;
	else {
		old->to = new->from - 1;
		if (after.to > new->to)
			add(locks, after);
	}
}

/* Make lock `i` part of `new`, which has the same type, if they touch. */
static void
join(struct hc_locks *locks, unsigned i, struct hc_lock *new)
{
	const struct hc_lock old = locks->list[i];

	if (old.to + 1 < new->from || old.from > new->to + 1)
		return;
	if (old.from < new->from)
		new->from = old.from;
	if (old.to > new->to)
		new->to = old.to;
	drop(locks, i);
}

static void
note(struct hc_locks *locks, struct hc_lock new)
{
	unsigned i;

	for (i = locks->used; i-- > 0;) {
		const struct hc_lock *old = &locks->list[i];

		if (!has_same_owner(old, &new))
			continue;
		if (old->type == new.type)
			join(locks, i, &new);
		else
			cut(locks, i, &new);
	}
	if (new.type != F_UNLCK)
		add(locks, new);
}

/* Would it leave two parts of a lock? */
static bool
divides(const struct hc_locks *locks, const struct hc_lock *new)
{
	unsigned i;

	for (i = 0; i < locks->used; i++)
		if (has_same_owner(&locks->list[i], new) &&
		    locks->list[i].from < new->from &&
		    locks->list[i].to > new->to)
			return true;
	return false;
}

int64_t
hc_locks_place(struct hc_locks *locks, int host, int cmd, const void *request,
    const struct hc_lock *lock)
{
	int64_t r = -ENOLCK;

	pthread_mutex_lock(&locks->lock);
	if (lock->type != F_UNLCK || locks->used + locks->expected < HC_LOCKS ||
	    !divides(locks, lock))
		r = hc_host(SYS_fcntl, host, cmd, request);
	if (r == 0)
		note(locks, *lock);
	pthread_mutex_unlock(&locks->lock);
	return r;
}

/* Drop those of this owner on the host's file. */
static void
drop_owner(struct hc_locks *locks, const struct stat *st, uint32_t owner)
{
	const struct hc_lock its = {
		.device = st->st_dev,
		.inode = st->st_ino,
		.owner = owner,
	};
	unsigned i;

	for (i = locks->used; i-- > 0;)
		if (has_same_owner(&locks->list[i], &its))
			drop(locks, i);
}

/* An O_PATH descriptor holds no locks; the host says so of its own. */
void
hc_locks_release(struct hc_locks *locks, const struct hc_file *file)
{
	const struct flock all = { .l_type = F_UNLCK };
	struct stat st;

	if (locks->used == 0 || (file->refuses & HC_PATH_ONLY) ||
	    hc_host(SYS_fstat, file->host, &st) < 0)
		return;
	pthread_mutex_lock(&locks->lock);
	if (hc_host(SYS_fcntl, file->host, F_SETLK, &all) == 0)
		drop_owner(locks, &st, 0);
	pthread_mutex_unlock(&locks->lock);
}

/* The host removes those of the guest on the closed file, and those of the open
 * file unless that stays: mapped, or in another descriptor of the host's. */
void
hc_locks_forget(struct hc_locks *locks, const struct hc_file *file)
{
	const bool stays = file->outlives || !(file->may & HC_MAY_FLAGS);
	struct stat st;
	unsigned i;

	if (hc_host(SYS_fstat, file->host, &st) < 0)
		return;
	pthread_mutex_lock(&locks->lock);
	for (i = locks->used; i-- > 0;) {
		struct hc_lock *l = &locks->list[i];

		if (l->device != st.st_dev || l->inode != st.st_ino)
			continue;
		if (l->owner == file->place + 1 && stays)
			l->owner = LOST;
		else if (l->owner == 0 || l->owner == file->place + 1)
			drop(locks, i);
	}
	pthread_mutex_unlock(&locks->lock);
}
