/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System V's objects and POSIX message queues, by which a guest's threads share
 * memory, wait for each other and send messages.  They are the guest's own, and
 * nothing of them leads outside.  This file must not know calls.
 */
#ifndef HC_IPC_H
#define HC_IPC_H

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define HC_SEGMENTS       128U /* of shared memory */
#define HC_SEMAPHORE_SETS 128U
#define HC_SEMAPHORES     4096U /* of all sets */
#define HC_SEMAPHORE_MOST 32767 /* its highest value: Linux's SEMVMX */
#define HC_SEMAPHORE_OPS  500U  /* of one call: Linux's default SEMOPM */

#define HC_MESSAGE_QUEUES 32U
#define HC_MESSAGE_BYTES  8192U  /* of one message: Linux's MSGMAX */
#define HC_QUEUE_BYTES    16384U /* of a queue's messages: Linux's MSGMNB */

/* The same with what each begins with. */
#define HC_MESSAGES_SIZE (96U << 10)

#define HC_MQUEUES     256U    /* POSIX message queues: Linux's queues_max */
#define HC_MQ_MESSAGES 10U     /* of one: Linux's msg_max */
#define HC_MQ_OPENS    1024U   /* open files of all */
#define HC_MQ_BYTES    819200U /* of all: Linux's RLIMIT_MSGQUEUE */
#define HC_MQ_MODE     07777U  /* of one: the permissions that a guest sets */

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
 * A recorded guest has none: there the segment is memory that stays in its
 * place, without rights, when it is detached.  The list of mapped files
 * (mapped.h) says where that is in both cases, and nothing else does.
 */
struct hc_segment {
	struct hc_ipc_object object;
	uint64_t size;
	bool removed;           /* and goes with its last attachment */
	struct hc_shared *file; /* NULL in a recorded guest: */
	bool kept;              /* mapped, but not attached */
	int32_t creator, last;  /* processes: the guest or 0 */
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

/* Messages in order, each a struct hc_message, its text, and bytes up to the
 * next multiple of its alignment. */
struct hc_message {
	int64_t type; /* or priority */
	uint32_t size;
};

struct hc_messages {
	unsigned count;
	uint32_t text; /* bytes of text */
	uint32_t used; /* bytes of `bytes` */
	_Alignas(struct hc_message) uint8_t bytes[HC_MESSAGES_SIZE];
};

struct hc_message_queue {
	struct hc_ipc_object object;
	uint32_t most;            /* bytes of text */
	int32_t sender, receiver; /* processes: the guest or 0 */
	int64_t send_time, receive_time;
	struct hc_messages messages;
};

struct hc_file;
struct hc_mqueue;
struct hc_mq_waiter;

/* An open file of a POSIX message queue.  The host's file is an eventfd: poll()
 * sees the queue's state in its `value`. */
struct hc_mq_open {
	bool used;
	atomic_bool gone;     /* `file` has no holder any more */
	struct hc_file *file; /* until then */
	uint64_t value;
	uint64_t at; /* where its text is read from */
	struct hc_mqueue *queue;
	struct hc_mq_open *next; /* of the same queue */
};

struct hc_mqueue {
	bool used;
	char name[NAME_MAX + 1]; /* "": it has been removed, and was `last` */
	char last[NAME_MAX + 1];
	uint64_t number; /* 1 and so on: its inode */
	uint16_t mode;   /* permissions */
	uint32_t most;   /* messages */
	uint32_t size;   /* of the longest */
	uint32_t bytes;  /* that count against RLIMIT_MSGQUEUE */
	struct hc_mq_open *open;
	struct hc_mq_waiter *senders, *receivers; /* the longest wait first */
	atomic_bool closed; /* a descriptor: mq_notify() ends with it */
	struct {
		bool set;
		int signal; /* 0: none is sent */
		union sigval value;
	} notify;
	struct timespec accessed, modified, changed;
	struct hc_messages messages; /* by priority, then by age */
};

struct hc_ipc {
	struct hc_segment segment[HC_SEGMENTS];
	struct hc_semaphore_set set[HC_SEMAPHORE_SETS];
	struct hc_semaphore semaphore[HC_SEMAPHORES];
	struct hc_message_queue queue[HC_MESSAGE_QUEUES];
	struct hc_mqueue mqueue[HC_MQUEUES];
	struct hc_mq_open mq_open[HC_MQ_OPENS];
	/* Small, and last: see struct hc_guest. */
	uint64_t mq_made;     /* queues so far */
	pthread_mutex_t lock; /* the lock of memory may be taken with it */
};

#endif
