/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX message queues as files.  Nothing here may know messages that wait, nor
 * calls.
 *
 * The host's file of an open queue is an eventfd, and those that poll see its
 * value: 0 can be written only, the highest, which stands for a full queue,
 * read only, and any other both.  Each change of the queue changes the value,
 * so it also wakes those that wait for an edge.  From the highest value the way
 * to another leads through 0: a thread that polls a full queue just when a
 * message is taken may see it as empty, and is woken at once.
 */
#include "hypercall/task/mqueue.h"

#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/ipc.h"
#include "hypercall/task/ipc.h"
#include "hypercall/task/messages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define SOME      UINT64_C(1)      /* the first value that is neither: */
#define FULL      (UINT64_MAX - 1) /* of an eventfd */
#define STATUS    128              /* bytes of text */
#define STATUS_ST 80               /* st_size on Linux: FILENT_SIZE */

/* The kernel's O_ACCMODE.  musl's has O_PATH in it. */
#define ACCESS 3U

/* Linux counts this for a message besides its bytes: struct msg_msg, and struct
 * posix_msg_tree_node. */
#define OVERHEAD (48U + 48U)

static uint64_t
value_of(const struct hc_mqueue *q)
{
	return q->messages.count == 0        ? 0
	       : q->messages.count < q->most ? SOME
					     : FULL;
}

/* Give the eventfd another value. */
static uint64_t
change_value(int event, uint64_t from, uint64_t to)
{
	uint64_t add = SOME, old;

	if (to == FULL)
		add = FULL - from;
	if (from > 0 && (to == 0 || from == FULL))
		(void)hc_host(SYS_read, event, &old, sizeof(old));
	if (to == 0)
		return 0;
	if (from == FULL)
		from = 0;
	(void)hc_host(SYS_write, event, &add, sizeof(add));
	return from + add;
}

/* One whose last holder is just leaving is not shown. */
static void
show_open(struct hc_mq_open *o, uint64_t value)
{
	if (!hc_file_hold_queue(o->file, o))
		return;
	o->value = change_value(o->file->host, o->value, value);
	hc_file_put(o->file);
}

void
queue_show(struct hc_mqueue *q)
{
	struct hc_mq_open *o;

	for (o = q->open; o; o = o->next)
		if (!o->gone)
			show_open(o, value_of(q));
}

/* Give back a queue's open files that have no holder. */
static void
sweep_open(struct hc_mqueue *q)
{
	struct hc_mq_open *o, **at = &q->open;

	while ((o = *at) != NULL) {
		if (!o->gone) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		o->used = false;
	}
}

/* Give back queues without a name and open files, and their memory. */
static void
sweep(struct hc_ipc *ipc)
{
	struct hc_mqueue *q;
	uintptr_t from, to;

	for (q = ipc->mqueue; q < ipc->mqueue + HC_MQUEUES; q++) {
		if (!q->used)
			continue;
		sweep_open(q);
		if (q->name[0] || q->open)
			continue;
		q->used = false;
		from = ((uintptr_t)q->messages.bytes + PAGE_4K - 1) &
		       ~(uintptr_t)(PAGE_4K - 1);
		to = (uintptr_t)(q + 1) & ~(uintptr_t)(PAGE_4K - 1);
		(void)hc_host(SYS_madvise, from, to - from, MADV_DONTNEED);
	}
}

int
queue_check_name(const char *name, size_t len)
{
	if (len == 0)
		return -ENOENT;
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EACCES;
	return len > NAME_MAX ? -ENAMETOOLONG : 0;
}

/* The queue of this name, or NULL and in *place a free place or NULL. */
static struct hc_mqueue *
find(struct hc_ipc *ipc, const char *name, struct hc_mqueue **place)
{
	struct hc_mqueue *q;

	*place = NULL;
	for (q = ipc->mqueue; q < ipc->mqueue + HC_MQUEUES; q++) {
		if (q->used && strcmp(q->name, name) == 0)
			return q;
		if (!q->used && !*place)
			*place = q;
	}
	return NULL;
}

static uint64_t
bytes_of_all(const struct hc_ipc *ipc)
{
	const struct hc_mqueue *q;
	uint64_t bytes = 0;

	for (q = ipc->mqueue; q < ipc->mqueue + HC_MQUEUES; q++)
		bytes += q->used ? q->bytes : 0;
	return bytes;
}

/* Times in whole seconds, as this file system has them on Linux. */
static struct timespec
now(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec = 0;
	return t;
}

/* Make the queue at a free place: 0 or -errno. */
static int
make(struct hc_guest *guest, struct hc_mqueue *q, const char *name,
    unsigned mode, const struct mq_attr *attr)
{
	const uint64_t limit = guest->limit[RLIMIT_MSGQUEUE].now;
	uint64_t bytes;

	if (!q)
		return -ENOSPC;
	if (attr->mq_maxmsg <= 0 || attr->mq_maxmsg > HC_MQ_MESSAGES ||
	    attr->mq_msgsize <= 0 || attr->mq_msgsize > HC_MESSAGE_BYTES)
		return -EINVAL;
	bytes = (uint64_t)attr->mq_maxmsg *
		(OVERHEAD + (uint64_t)attr->mq_msgsize);
	if (bytes_of_all(&guest->ipc) + bytes > limit)
		return -EMFILE;
	q->used = true;
	strcpy(q->name, name);
	q->number = ++guest->ipc.mq_made;
	q->mode = (uint16_t)(mode & HC_MQ_MODE & ~guest->world.umask);
	q->most = (uint32_t)attr->mq_maxmsg;
	q->size = (uint32_t)attr->mq_msgsize;
	q->bytes = (uint32_t)bytes;
	q->open = NULL;
	q->senders = q->receivers = NULL;
	q->closed = q->notify.set = false;
	q->messages.count = q->messages.text = q->messages.used = 0;
	queue_touch(q, true);
	return 0;
}

/* May the guest, who owns all queues, open one so?  0 or -errno. */
static int
may_open(
    const struct hc_guest *guest, const struct hc_mqueue *q, unsigned flags)
{
	static const unsigned wanted[ACCESS] = {
		[O_RDONLY] = S_IRUSR,
		[O_WRONLY] = S_IWUSR,
		[O_RDWR] = S_IRUSR | S_IWUSR,
	};

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if ((flags & ACCESS) == ACCESS)
		return -EINVAL;
	return guest->world.uid == 0 ||
		       !(wanted[flags & ACCESS] & ~(unsigned)q->mode)
		   ? 0
		   : -EACCES;
}

static struct hc_mq_open *
take_open(struct hc_ipc *ipc)
{
	struct hc_mq_open *o = ipc->mq_open;

	while (o < ipc->mq_open + HC_MQ_OPENS && o->used)
		o++;
	return o < ipc->mq_open + HC_MQ_OPENS ? o : NULL;
}

static int64_t
make_event(unsigned flags)
{
	const unsigned kept = flags & (unsigned)(O_NONBLOCK | O_APPEND);
	int64_t event = hc_host(SYS_eventfd2, 0, EFD_CLOEXEC);

	if (event >= 0 && kept)
		(void)hc_host(SYS_fcntl, (int)event, F_SETFL, kept);
	return event;
}

static unsigned
refused(unsigned flags)
{
	static const unsigned refuses[] = { HC_NO_WRITE, HC_NO_READ, 0,
		HC_NO_READ | HC_NO_WRITE };

	return refuses[flags & ACCESS];
}

static int64_t read_status(struct hc_call *call, struct hc_file *file,
    const uint64_t *at, uint8_t *buf, uint64_t len);
static int64_t seek_status(
    struct hc_call *call, struct hc_file *file, int64_t offset, int whence);
static void stat_file(
    const struct hc_guest *guest, const struct hc_file *file, struct stat *st);

static const struct hc_answers answers = {
	.read = read_status,
	.stat = stat_file,
	.seek = seek_status,
};

/* An open file of the queue, held: 0 or -errno. */
static int64_t
open_queue(struct hc_guest *guest, struct hc_mqueue *q, unsigned flags,
    struct hc_file **file)
{
	struct hc_mq_open *o = take_open(&guest->ipc);
	int64_t host;

	if (!o)
		return -ENFILE;
	host = make_event(flags);
	if (host < 0)
		return host;
	*file = hc_file_new(&guest->fds, (int)host);
	if (!*file)
		return -ENFILE;
	*o = (struct hc_mq_open){
		.used = true, .queue = q, .file = *file, .next = q->open
	};
	q->open = o;
	(*file)->refuses = (uint8_t)refused(flags);
	(*file)->may = HC_MAY_FLAGS;
	(*file)->stays = true;
	(*file)->answers = &answers;
	(*file)->gone = &o->gone;
	(*file)->queue = o;
	if (q->messages.count > 0)
		show_open(o, value_of(q));
	return 0;
}

int64_t
queue_open(struct hc_guest *guest, const char *name, unsigned flags,
    unsigned mode, const struct mq_attr *attr, struct hc_file **file)
{
	static const struct mq_attr usual = { .mq_maxmsg = HC_MQ_MESSAGES,
		.mq_msgsize = HC_MESSAGE_BYTES };
	struct hc_mqueue *q, *place;
	int r;

	sweep(&guest->ipc);
	q = find(&guest->ipc, name, &place);
	if (q) {
		r = may_open(guest, q, flags);
	} else {
		q = place;
		r = flags & O_CREAT
			? make(guest, q, name, mode, attr ? attr : &usual)
			: -ENOENT;
	}
	return r < 0 ? r : open_queue(guest, q, flags, file);
}

static int64_t
remove_name(struct hc_guest *guest, const char *name)
{
	struct hc_mqueue *place, *q = find(&guest->ipc, name, &place);

	if (!q)
		return -ENOENT;
	strcpy(q->last, q->name);
	q->name[0] = '\0';
	sweep(&guest->ipc);
	return 0;
}

void
queue_touch(struct hc_mqueue *q, bool modified)
{
	q->accessed = q->changed = now();
	if (modified)
		q->modified = q->changed;
}

void
queue_forget_closed(struct hc_mqueue *q)
{
	if (atomic_exchange(&q->closed, false))
		q->notify.set = false;
}

/* The line of text that mq_overview(7) describes: its length. */
static uint64_t
put_status(struct hc_mqueue *q, char text[STATUS])
{
	queue_forget_closed(q);
	return (uint64_t)snprintf(text, STATUS,
	    "QSIZE:%-10u NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
	    q->messages.text,
	    q->notify.set && !q->notify.signal ? SIGEV_NONE : 0,
	    q->notify.set ? q->notify.signal : 0, q->notify.set ? HC_PID : 0);
}

static int64_t
read_status(struct hc_call *call, struct hc_file *file, const uint64_t *at,
    uint8_t *buf, uint64_t len)
{
	struct hc_mq_open *o = file->queue;
	struct hc_mqueue *q = o->queue;
	char text[STATUS];
	uint64_t n, from;

	(void)ipc_lock(call->guest);
	n = put_status(q, text);
	from = at ? *at : o->at;
	if (from >= n || len == 0)
		return ipc_unlock(call->guest, 0);
	if (len > n - from)
		len = n - from;
	if (gmem_copy(buf, text + from, len) < len)
		return ipc_unlock(call->guest, -EFAULT);
	if (!at)
		o->at += len;
	queue_touch(q, false);
	return ipc_unlock(call->guest, (int64_t)len);
}

/* As Linux seeks in a file without holes. */
static int64_t
place_of(const struct hc_mq_open *o, int64_t offset, int whence)
{
	switch (whence) {
	case SEEK_SET: return offset < 0 ? -EINVAL : offset;
	case SEEK_CUR:
	case SEEK_END:
		if (__builtin_add_overflow(offset,
			whence == SEEK_CUR ? (int64_t)o->at : STATUS_ST,
			&offset))
			return -EOVERFLOW;
		return offset < 0 ? -EINVAL : offset;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (offset < 0 || offset >= STATUS_ST)
			return -ENXIO;
		return whence == SEEK_DATA ? offset : STATUS_ST;
	default: return -EINVAL;
	}
}

static int64_t
seek_status(
    struct hc_call *call, struct hc_file *file, int64_t offset, int whence)
{
	int64_t r;

	(void)ipc_lock(call->guest);
	r = place_of(file->queue, offset, whence);
	if (r >= 0)
		file->queue->at = (uint64_t)r;
	return ipc_unlock(call->guest, r);
}

static void
stat_queue(
    const struct hc_guest *guest, const struct hc_mqueue *q, struct stat *st)
{
	*st = (struct stat){
		.st_dev = makedev(0, HC_MQ_DEVICE),
		.st_ino = q->number,
		.st_mode = S_IFREG | q->mode,
		.st_nlink = q->name[0] ? 1 : 0,
		.st_uid = guest->world.uid,
		.st_gid = guest->world.gid,
		.st_size = STATUS_ST,
		.st_blksize = PAGE_4K,
		.st_atim = q->accessed,
		.st_mtim = q->modified,
		.st_ctim = q->changed,
	};
}

static void
stat_file(
    const struct hc_guest *guest, const struct hc_file *file, struct stat *st)
{
	stat_queue(guest, file->queue->queue, st);
}

static struct hc_mqueue *
with_number(struct hc_ipc *ipc, int number)
{
	struct hc_mqueue *q;

	for (q = ipc->mqueue; q < ipc->mqueue + HC_MQUEUES; q++)
		if (q->used && q->name[0] && q->number == (uint64_t)number)
			return q;
	return NULL;
}

bool
hc_mq_next(struct hc_guest *guest, int *number, char name[NAME_MAX + 1])
{
	struct hc_ipc *ipc = ipc_lock(guest);
	struct hc_mqueue *q, *next = NULL;

	for (q = ipc->mqueue; q < ipc->mqueue + HC_MQUEUES; q++)
		if (q->used && q->name[0] && q->number >= (uint64_t)*number &&
		    (!next || q->number < next->number))
			next = q;
	if (next) {
		*number = (int)next->number;
		strcpy(name, next->name);
	}
	return ipc_unlock(guest, next != NULL);
}

int
hc_mq_number(struct hc_guest *guest, const char *name)
{
	struct hc_mqueue *place, *q = find(ipc_lock(guest), name, &place);

	return (int)ipc_unlock(guest, q && name[0] ? (int64_t)q->number : 0);
}

int
hc_mq_stat(struct hc_guest *guest, int number, struct stat *st)
{
	const struct hc_mqueue *q = with_number(ipc_lock(guest), number);

	if (q)
		stat_queue(guest, q, st);
	return (int)ipc_unlock(guest, q ? 0 : -ENOENT);
}

int64_t
hc_mq_open(struct hc_guest *guest, const char *name, unsigned flags,
    unsigned mode, struct hc_file **file)
{
	(void)ipc_lock(guest);
	return ipc_unlock(
	    guest, queue_open(guest, name, flags, mode, NULL, file));
}

int64_t
hc_mq_unlink(struct hc_guest *guest, const char *name)
{
	(void)ipc_lock(guest);
	return ipc_unlock(guest, remove_name(guest, name));
}

int64_t
hc_mq_path(
    struct hc_guest *guest, const struct hc_file *file, char path[HC_PATH])
{
	const struct hc_mqueue *q = file->queue->queue;
	int n;

	(void)ipc_lock(guest);
	n = snprintf(path, HC_PATH, "/%s%s", q->name[0] ? q->name : q->last,
	    q->name[0] ? "" : " (deleted)");
	return ipc_unlock(guest, n);
}
