/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V's objects of all kinds have this in common: keys, IDs, permissions
 * and waiting.  It must not know what the objects are for.
 */
#ifndef HC_TASK_IPC_H
#define HC_TASK_IPC_H

#include "hypercall/core/hypercall.h"

#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

/* An object as control calls show it. */
union ipc_ds {
	struct msqid_ds queue;
	struct semid_ds set;
	struct shmid_ds segment;
};

/* One kind of objects: its table in struct hc_ipc, whose rows begin with struct
 * hc_ipc_object, and its own part of control calls. */
struct ipc_kind {
	uint32_t at, size, rows;
	int info;           /* the command that shows usage; */
	int stat, stat_any; /* those that show the object at a place */
	size_t shown;       /* bytes of union ipc_ds */
	void (*show)(struct hc_guest *guest, const struct hc_ipc_object *object,
	    union ipc_ds *ds);
	int64_t (*limits)(struct hc_call *call, int cmd);
	/* All other commands. */
	int64_t (*control)(
	    struct hc_call *call, struct hc_ipc_object *object, int cmd);
};

extern const struct ipc_kind ipc_queues, ipc_sets, ipc_segments;

#define IPC_TABLE(table)                                \
	.at = offsetof(struct hc_ipc, table),           \
	.size = sizeof(((struct hc_ipc *)0)->table[0]), \
	.rows = sizeof(((struct hc_ipc *)0)->table) /   \
		sizeof(((struct hc_ipc *)0)->table[0])

/* The bits of permissions that a call asks for. */
#define IPC_READ  0444U
#define IPC_WRITE 0222U

/* The functions below are called with the lock, which these take and give back;
 * unlocking returns `result`. */
struct hc_ipc *ipc_lock(struct hc_guest *guest);
int64_t ipc_unlock(struct hc_guest *guest, int64_t result);

/*
 * The object that `key` and `flags` of a get call mean: that which there is, or
 * a free place, which ipc_make() is for.  0, -ENOENT, -EEXIST or -ENOSPC.
 */
int64_t ipc_find(struct hc_guest *guest, const struct ipc_kind *kind,
    int32_t key, unsigned flags, struct hc_ipc_object **object);

/* Make it an object with these permissions, its owner the guest.  Its ID. */
int64_t ipc_make(struct hc_guest *guest, const struct ipc_kind *kind,
    struct hc_ipc_object *object, int32_t key, unsigned flags);

/* The ID of an object, which the guest may use as `flags` say; or -EACCES. */
int64_t ipc_use(const struct hc_guest *guest, const struct ipc_kind *kind,
    const struct hc_ipc_object *object, unsigned flags);

/* The object with this ID, or NULL.  By its place, which *id is: *id becomes
 * the ID. */
void *ipc_get(struct hc_guest *guest, const struct ipc_kind *kind, int id);
void *ipc_nth(struct hc_guest *guest, const struct ipc_kind *kind, int *id);

/* The highest place in use, or 0; and how many are in use. */
int ipc_highest(struct hc_guest *guest, const struct ipc_kind *kind, int *used);

/* May the guest use it so?  0 or -EACCES. */
int64_t ipc_may(const struct hc_guest *guest,
    const struct hc_ipc_object *object, unsigned bits);

/* Its owner and permissions: for a guest, and from a guest. */
void ipc_show(const struct hc_guest *guest, const struct hc_ipc_object *object,
    struct ipc_perm *to);
void ipc_set(struct hc_guest *guest, struct hc_ipc_object *object,
    const struct ipc_perm *from);

/* Write what a control call shows at `va`.  `result`, or -EFAULT. */
int64_t ipc_put(struct hc_guest *guest, uint64_t va, const void *from,
    size_t size, int64_t result);

/* Answer a control call, which shows what it shows at `buf`. */
int64_t ipc_control(struct hc_call *call, const struct ipc_kind *kind, int id,
    int cmd, uint64_t buf);

/* Fill in what control calls show of the object at place *id, which becomes its
 * ID; false: there is none. */
bool ipc_show_nth(struct hc_guest *guest, const struct ipc_kind *kind, int *id,
    union ipc_ds *ds);

/* Give back removed segments without attachments.  The bytes of the segment at
 * a place that have memory. */
void hc_shm_sweep(struct hc_guest *guest);
uint64_t hc_shm_resident(struct hc_guest *guest, unsigned place);

/* Free its place. */
void ipc_remove(struct hc_ipc_object *object);

/* Those that wait for a change of the object look again. */
void ipc_wake(struct hc_ipc_object *object);

/*
 * Wait for a change of the object, until a time of CLOCK_MONOTONIC unless it is
 * NULL.  Meanwhile the lock is free.  0; -ETIMEDOUT; -EIDRM if the object was
 * removed; -EINTR or -HC_NOT_MADE.
 */
int64_t ipc_wait(struct hc_call *call, struct hc_ipc_object *object,
    const struct timespec *until);

/* The time in seconds; 0 in a recorded guest, which makes its calls again. */
int64_t ipc_now(const struct hc_guest *guest);

#endif
