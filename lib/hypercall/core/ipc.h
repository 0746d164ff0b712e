/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects by which a guest's threads share memory, wait for each other and send
 * messages: System V's.  They are the guest's own, and nothing of them leads
 * outside.  This file must not know calls.
 */
#ifndef HC_IPC_H
#define HC_IPC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define HC_SEGMENTS       128U /* of shared memory */
#define HC_SEMAPHORE_SETS 128U
#define HC_SEMAPHORES     4096U /* of all sets */
#define HC_SEMAPHORE_MOST 32767 /* its highest value: Linux' SEMVMX */
#define HC_SEMAPHORE_OPS  500U  /* of one call: Linux' default SEMOPM */

/*
 * The part that all kinds have in common.  An ID is the object's place in its
 * table and `sequence`, which a removal changes: calls that wait see that.
 */
struct hc_ipc_object {
	bool used;
	uint16_t sequence;
	uint16_t mode; /* permissions */
	int32_t key;   /* 0: IPC_PRIVATE */
	uint32_t uid, gid;
	int64_t changed;  /* when its owner was */
	uint32_t changes; /* a futex: those that wait look again */
	unsigned waiters;
};

/*
 * Shared memory: a file in memory without a name, mapped where it is attached.
 * A recorded guest has none: there the segment is memory that stays where it
 * was first attached, without rights while it is not.
 */
struct hc_segment {
	struct hc_ipc_object object;
	uint64_t size;
	bool removed;           /* and goes with its last attachment */
	struct hc_shared *file; /* NULL in a recorded guest: */
	uint64_t home;          /* where it is, or 0 */
	bool attached;
	int32_t creator, last; /* processes: the guest or 0 */
	int64_t attach_time, detach_time;
};

struct hc_semaphore {
	uint16_t value;
	uint16_t more, zero; /* threads that wait for it to rise, or for 0 */
	uint16_t last;       /* the process that changed it, or 0 */
};

struct hc_semaphore_set {
	struct hc_ipc_object object;
	unsigned first, count; /* its semaphores */
	int64_t time;          /* of the last operation */
};

struct hc_ipc {
	pthread_mutex_t lock; /* the lock of memory may be taken with it */
	struct hc_segment segment[HC_SEGMENTS];
	struct hc_semaphore_set set[HC_SEMAPHORE_SETS];
	struct hc_semaphore semaphore[HC_SEMAPHORES];
};

#endif
