/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX message queues as files: their names, their open files and what these
 * show, and /dev/mqueue.  It must not know messages that wait, nor calls.
 *
 * Functions whose names begin with queue_ are for the calls of mqueue.c, which
 * have the lock of ipc.h; those with hc_mq_ take it.
 */
#ifndef HC_MQUEUE_H
#define HC_MQUEUE_H

#include "hypercall/core/hypercall.h"

#include <limits.h>
#include <mqueue.h>
#include <sys/stat.h>

#define HC_MQ_PLACE "/dev/mqueue"
#define HC_MQ_MAGIC 0x19800202 /* Linux's MQUEUE_MAGIC */

/* The minor number of its device: after novillo's own and the volumes'. */
#define HC_MQ_DEVICE (HC_MOUNTS + 6)

/* A name in user memory, as Linux checks it: 0 or -errno. */
int queue_check_name(const char *name, size_t len);

/* Find or make the queue that a call opens with open(2)'s flags, or NULL for
 * `attr` with those that are usual.  An open file of it, held: 0 or -errno. */
int64_t queue_open(struct hc_guest *guest, const char *name, unsigned flags,
    unsigned mode, const struct mq_attr *attr, struct hc_file **file);

/* The number of messages has changed: show it to those that poll. */
void queue_show(struct hc_mqueue *q);

/* Something was done with the queue, or to its messages: its times. */
void queue_touch(struct hc_mqueue *q, bool modified);

/* A registration ends when any descriptor of the queue is closed. */
void queue_forget_closed(struct hc_mqueue *q);

/* The first named queue whose number is not below *number, which becomes its
 * number, and its name; false: there is none.  The number of a name, or 0. */
bool hc_mq_next(struct hc_guest *guest, int *number, char name[NAME_MAX + 1]);
int hc_mq_number(struct hc_guest *guest, const char *name);

/* The attributes of the queue with this number, which lies in the folder: 0 or
 * -ENOENT. */
int hc_mq_stat(struct hc_guest *guest, int number, struct stat *st);

/* The same as queue_open(), for open(2).  Remove a name: 0 or -ENOENT. */
int64_t hc_mq_open(struct hc_guest *guest, const char *name, unsigned flags,
    unsigned mode, struct hc_file **file);
int64_t hc_mq_unlink(struct hc_guest *guest, const char *name);

/* The name of an open file's queue, as Linux shows it: its length. */
int64_t hc_mq_path(
    struct hc_guest *guest, const struct hc_file *file, char path[HC_PATH]);

#endif
