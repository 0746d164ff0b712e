/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on POSIX message queues.  Nothing here may know vCPUs or KVM.
 *
 * A message goes directly to a thread that waits for one, and the message of a
 * thread that waits for room goes into the queue when another is taken, as on
 * Linux: so a queue has no message while a thread waits for one, and is full
 * while a thread waits for room.
 *
 * The value of a file's eventfd is the number of messages, so each change wakes
 * those that wait for an edge: 0 can be written only, and the highest, which
 * stands for a full queue, read only.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/wait.h"
#include "hypercall/signal/send.h"
#include "hypercall/task/ipc.h"
#include "hypercall/task/messages.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define FULL       (UINT64_MAX - 1) /* of an eventfd */
#define PRIORITIES 32768            /* Linux' MQ_PRIO_MAX */
#define STATUS     128              /* bytes of text */
#define STATUS_ST  80               /* st_size on Linux: FILENT_SIZE */

/* Linux counts this for a message besides its bytes: struct msg_msg, and struct
 * posix_msg_tree_node. */
#define OVERHEAD (48U + 48U)

/* The kernel's struct sigevent begins so. */
struct event {
	union sigval value;
	int32_t signal;
	int32_t notify;
};

/* A thread that waits: its message, or the place for one. */
struct hc_mq_waiter {
	struct hc_mq_waiter *next;
	uint32_t done; /* a futex */
	int64_t priority;
	uint32_t size;
	uint8_t *text;
};

/* Show the queue's state to those that poll the file. */
static void
show_open(struct hc_mq_open *o, uint64_t value)
{
	uint64_t add = value, old;

	if (value == o->value)
		return;
	if (value < o->value)
		(void)hc_host(SYS_read, o->event, &old, sizeof(old));
	else
		add = value - o->value;
	if (add > 0)
		(void)hc_host(SYS_write, o->event, &add, sizeof(add));
	o->value = value;
}

static uint64_t
value_of(const struct hc_mqueue *q)
{
	return q->messages.count < q->most ? q->messages.count : FULL;
}

/* The same for all its open files.  Those without holders are given back. */
static void
show(struct hc_mqueue *q)
{
	struct hc_mq_open *o, **at = &q->open;

	while ((o = *at) != NULL) {
		if (!o->gone) {
			show_open(o, value_of(q));
			at = &o->next;
			continue;
		}
		(void)hc_host(SYS_close, o->event);
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
		show(q);
		if (q->name[0] || q->open)
			continue;
		q->used = false;
		from = ((uintptr_t)q->messages.bytes + PAGE_4K - 1) &
		       ~(uintptr_t)(PAGE_4K - 1);
		to = (uintptr_t)(q + 1) & ~(uintptr_t)(PAGE_4K - 1);
		(void)hc_host(SYS_madvise, from, to - from, MADV_DONTNEED);
	}
}

/* Fetch a name, as Linux checks it: 0 or -errno. */
static int
get_name(const struct hc_call *call, uint64_t va, char name[NAME_MAX + 1])
{
	char path[HC_PATH];
	int64_t len = gmem_string(call->guest->mem, path, sizeof(path), va);

	if (len < 0)
		return (int)len;
	if (len == 0)
		return -ENOENT;
	if (strchr(path, '/') || !strcmp(path, ".") || !strcmp(path, ".."))
		return -EACCES;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, path, (size_t)len + 1);
	return 0;
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
	q->inode = ++guest->ipc.mq_made;
	q->mode = (uint16_t)(mode & 0777 & ~guest->world.umask);
	q->most = (uint32_t)attr->mq_maxmsg;
	q->size = (uint32_t)attr->mq_msgsize;
	q->bytes = (uint32_t)bytes;
	q->open = NULL;
	q->senders = q->receivers = NULL;
	q->closed = q->notify.set = false;
	q->messages.count = q->messages.text = q->messages.used = 0;
	return 0;
}

/* May the guest, who owns all queues, open one so?  0 or -EACCES. */
static int
may_open(const struct hc_guest *guest, const struct hc_mqueue *q, unsigned mode)
{
	const unsigned wanted = mode == O_RDONLY   ? S_IRUSR
				: mode == O_WRONLY ? S_IWUSR
						   : S_IRUSR | S_IWUSR;

	return guest->world.uid == 0 || !(wanted & ~(unsigned)q->mode)
		   ? 0
		   : -EACCES;
}

/* Find or make the queue that a call opens. */
static int
get_queue(struct hc_call *call, const char *name, const struct mq_attr *attr,
    struct hc_mqueue **q)
{
	const unsigned flags = (unsigned)call->mq_open.flags;
	struct hc_mqueue *place;

	sweep(&call->guest->ipc);
	*q = find(&call->guest->ipc, name, &place);
	if (!*q) {
		if (!(flags & O_CREAT))
			return -ENOENT;
		*q = place;
		return make(call->guest, place, name,
		    (unsigned)call->mq_open.mode, attr);
	}
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	return may_open(call->guest, *q, flags & O_ACCMODE);
}

static struct hc_mq_open *
take_open(struct hc_ipc *ipc, struct hc_mqueue *q)
{
	struct hc_mq_open *o = ipc->mq_open;

	while (o < ipc->mq_open + HC_MQ_OPENS && o->used)
		o++;
	if (o == ipc->mq_open + HC_MQ_OPENS)
		return NULL;
	*o = (struct hc_mq_open){ .used = true, .queue = q, .next = q->open };
	q->open = o;
	return o;
}

/* The host's descriptors of an open file: its own, or -errno. */
static int64_t
make_event(struct hc_mq_open *o, unsigned flags)
{
	int64_t r = hc_host(SYS_eventfd2, 0,
	    EFD_CLOEXEC | (flags & O_NONBLOCK ? EFD_NONBLOCK : 0));

	if (r < 0)
		return r;
	o->event = (int)r;
	return hc_host(SYS_fcntl, o->event, F_DUPFD_CLOEXEC, 0);
}

static int64_t read_status(
    struct hc_call *call, struct hc_file *file, uint8_t *buf, uint64_t len);
static void stat_queue(
    const struct hc_guest *guest, const struct hc_file *file, struct stat *st);

static const struct hc_answers answers = { read_status, stat_queue };

/* A descriptor for the queue, or -errno. */
static int64_t
open_queue(struct hc_guest *guest, struct hc_mqueue *q, unsigned flags)
{
	struct hc_mq_open *o = take_open(&guest->ipc, q);
	struct hc_file *file = NULL;
	int64_t host;

	if (!o)
		return -ENFILE;
	o->event = -1;
	host = make_event(o, flags);
	if (host >= 0)
		file = hc_file_new(&guest->fds, (int)host);
	if (!file) {
		o->gone = true;
		return host < 0 ? host : -ENFILE;
	}
	if ((flags & O_ACCMODE) != O_RDWR)
		file->refuses = (flags & O_ACCMODE) == O_RDONLY ? HC_NO_WRITE
								: HC_NO_READ;
	file->may = HC_MAY_FLAGS;
	file->stays = true;
	file->answers = &answers;
	file->gone = &o->gone;
	file->queue = o;
	show(q);
	return hc_fd_install(&guest->fds, file, 0, true);
}

int64_t
hc_do_mq_open(struct hc_call *call)
{
	const unsigned flags = (unsigned)call->mq_open.flags;
	struct mq_attr attr = { .mq_maxmsg = HC_MQ_MESSAGES,
		.mq_msgsize = HC_MESSAGE_BYTES };
	char name[NAME_MAX + 1];
	struct hc_mqueue *q;
	int64_t r;

	if (call->mq_open.attr && gmem_read(call->guest->mem, &attr,
				      call->mq_open.attr, sizeof(attr)) < 0)
		return -EFAULT;
	r = get_name(call, call->mq_open.name, name);
	if (r == 0)
		r = hc_fd_room(&call->guest->fds);
	if (r == 0 && (flags & O_ACCMODE) == O_ACCMODE)
		r = -EINVAL;
	if (r < 0)
		return r;
	(void)ipc_lock(call->guest);
	r = get_queue(call, name, &attr, &q);
	if (r == 0)
		r = open_queue(call->guest, q, flags);
	return ipc_unlock(call->guest, r);
}

int64_t
hc_do_mq_unlink(struct hc_call *call)
{
	char name[NAME_MAX + 1];
	struct hc_mqueue *q, *place;
	int64_t r = get_name(call, call->mq_unlink.name, name);
	struct hc_ipc *ipc;

	if (r < 0)
		return r;
	ipc = ipc_lock(call->guest);
	q = find(ipc, name, &place);
	if (q) {
		q->name[0] = '\0';
		sweep(ipc);
	}
	return ipc_unlock(call->guest, q ? 0 : -ENOENT);
}

/* The file of a queue, held, if it may be used in that way: 0 or -EBADF. */
static int64_t
get_file(struct hc_call *call, uint64_t fd, unsigned way, struct hc_file **file)
{
	*file = hc_fd_get(&call->guest->fds, fd);
	if (*file && (*file)->queue && !((*file)->refuses & way))
		return 0;
	if (*file)
		hc_file_put(*file);
	return -EBADF;
}

static bool
blocks(const struct hc_file *file)
{
	return !(hc_host(SYS_fcntl, file->host, F_GETFL) & O_NONBLOCK);
}

/* The first of those that wait has what it waits for.  It leaves with the
 * lock. */
static void
finish(struct hc_mq_waiter **list)
{
	struct hc_mq_waiter *w = *list;

	*list = w->next;
	__atomic_store_n(&w->done, 1, __ATOMIC_SEQ_CST);
	(void)hc_host(
	    SYS_futex, &w->done, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static struct hc_mq_waiter **
place_of(struct hc_mq_waiter **list, const struct hc_mq_waiter *w)
{
	while (*list && *list != w)
		list = &(*list)->next;
	return list;
}

/* Wait at the end of a list: 0, -ETIMEDOUT or the result of an interrupted
 * call. */
static int64_t
await(struct hc_call *call, struct hc_mq_waiter **list, struct hc_mq_waiter *w,
    const struct timespec *until)
{
	int64_t r = 0;

	w->next = NULL;
	w->done = 0;
	*place_of(list, NULL) = w;
	while (!w->done && (r == 0 || r == -EAGAIN)) {
		(void)ipc_unlock(call->guest, 0);
		r = hc_host_wait(call->thread, SYS_futex, &w->done,
		    FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, until,
		    NULL, FUTEX_BITSET_MATCH_ANY);
		(void)ipc_lock(call->guest);
	}
	if (w->done)
		return 0;
	*place_of(list, w) = w->next;
	/* The time is a moment, so the wait can be begun again. */
	return r == -EINTR ? -HC_RESTARTS : r;
}

/* The time of a call, if it has one: 0 or -errno. */
static int64_t
get_time(const struct hc_call *call, uint64_t va, struct timespec *until)
{
	if (!va)
		return 0;
	if (gmem_read(call->guest->mem, until, va, sizeof(*until)) < 0)
		return -EFAULT;
	return hc_is_timespec(until) ? 0 : -EINVAL;
}

/* A registration ends when any descriptor of the queue is closed. */
static void
forget_closed(struct hc_mqueue *q)
{
	if (atomic_exchange(&q->closed, false))
		q->notify.set = false;
}

/* The queue is not empty any more, and nobody waited for that: send the signal
 * that mq_notify() asked for. */
static void
notify(struct hc_guest *guest, struct hc_mqueue *q)
{
	siginfo_t info = { .si_signo = q->notify.signal, .si_code = SI_MESGQ };

	forget_closed(q);
	if (!q->notify.set)
		return;
	q->notify.set = false;
	if (q->notify.signal == 0)
		return;
	info.si_pid = HC_PID;
	info.si_uid = guest->world.uid;
	info.si_value = q->notify.value;
	hc_signals_lock(guest);
	(void)hc_signal_send(guest, NULL, &info, 0);
	hc_signals_unlock(guest);
}

static void
put(struct hc_mqueue *q, const struct hc_mq_waiter *w)
{
	struct hc_messages *messages = &q->messages;
	struct hc_message *m = messages_first(messages);

	while (m && m->type >= w->priority)
		m = messages_next(messages, m);
	(void)messages_put(messages, m, w->priority, w->text, w->size);
}

static void
copy(struct hc_mq_waiter *to, int64_t priority, const void *text, uint32_t size)
{
	memcpy(to->text, text, size);
	to->size = size;
	to->priority = priority;
}

static int64_t
send_message(struct hc_call *call, const struct hc_file *file,
    struct hc_mq_waiter *w, const struct timespec *until)
{
	struct hc_mqueue *q = file->queue->queue;

	if (q->receivers) {
		copy(q->receivers, w->priority, w->text, w->size);
		finish(&q->receivers);
		return 0;
	}
	if (q->messages.count == q->most)
		return blocks(file) ? await(call, &q->senders, w, until)
				    : -EAGAIN;
	put(q, w);
	if (q->messages.count == 1)
		notify(call->guest, q);
	show(q);
	return 0;
}

int64_t
hc_do_mq_timedsend(struct hc_call *call)
{
	const struct hc_args_mq_timedsend *a = &call->mq_timedsend;
	uint8_t text[HC_MESSAGE_BYTES];
	struct hc_mq_waiter w = { .priority = (uint32_t)a->priority,
		.size = (uint32_t)a->size,
		.text = text };
	struct timespec until;
	struct hc_file *file;
	int64_t r = get_time(call, a->timeout, &until);

	if (r == 0 && (uint32_t)a->priority >= PRIORITIES)
		r = -EINVAL;
	if (r == 0)
		r = get_file(call, a->queue, HC_NO_WRITE, &file);
	if (r < 0)
		return r;
	if (a->size > file->queue->queue->size)
		r = -EMSGSIZE;
	else if (gmem_read(call->guest->mem, text, a->message, a->size) < 0)
		r = -EFAULT;
	if (r == 0) {
		(void)ipc_lock(call->guest);
		r = ipc_unlock(call->guest,
		    send_message(call, file, &w, a->timeout ? &until : NULL));
	}
	hc_file_put(file);
	return r;
}

/* Take the first message.  One that waits for room follows; else there is
 * more. */
static void
take(struct hc_mqueue *q, struct hc_message *m, struct hc_mq_waiter *to)
{
	copy(to, m->type, message_text(m), m->size);
	messages_remove(&q->messages, m);
	if (!q->senders) {
		show(q);
		return;
	}
	put(q, q->senders);
	finish(&q->senders);
}

static int64_t
receive_message(struct hc_call *call, const struct hc_file *file,
    struct hc_mq_waiter *w, const struct timespec *until)
{
	struct hc_mqueue *q = file->queue->queue;
	struct hc_message *m = messages_first(&q->messages);

	if (!m)
		return blocks(file) ? await(call, &q->receivers, w, until)
				    : -EAGAIN;
	take(q, m, w);
	return 0;
}

/* As on Linux, a message that cannot be written is lost. */
static int64_t
give(struct hc_call *call, const struct hc_mq_waiter *w)
{
	const struct hc_args_mq_timedreceive *a = &call->mq_timedreceive;
	const struct gmem *mem = call->guest->mem;
	const uint32_t priority = (uint32_t)w->priority;

	if (a->priority &&
	    gmem_write(mem, a->priority, &priority, sizeof(priority)) < 0)
		return -EFAULT;
	return gmem_write(mem, a->message, w->text, w->size) < 0
		   ? -EFAULT
		   : (int64_t)w->size;
}

int64_t
hc_do_mq_timedreceive(struct hc_call *call)
{
	const struct hc_args_mq_timedreceive *a = &call->mq_timedreceive;
	uint8_t text[HC_MESSAGE_BYTES];
	struct hc_mq_waiter w = { .text = text };
	struct timespec until;
	struct hc_file *file;
	int64_t r = get_time(call, a->timeout, &until);

	if (r == 0)
		r = get_file(call, a->queue, HC_NO_READ, &file);
	if (r < 0)
		return r;
	if (a->size < file->queue->queue->size) {
		r = -EMSGSIZE;
	} else {
		(void)ipc_lock(call->guest);
		r = ipc_unlock(call->guest, receive_message(call, file, &w,
						a->timeout ? &until : NULL));
	}
	hc_file_put(file);
	return r == 0 ? give(call, &w) : r;
}

/* SIGEV_THREAD is the C library's, by a socket to the kernel that no guest
 * has. */
static int64_t
get_event(const struct hc_call *call, uint64_t va, struct event *event)
{
	if (!va)
		return 0;
	if (gmem_read(call->guest->mem, event, va, sizeof(*event)) < 0)
		return -EFAULT;
	switch (event->notify) {
	case SIGEV_NONE: event->signal = 0; return 0;
	case SIGEV_SIGNAL:
		return event->signal < 0 || event->signal > HC_SIGNALS ? -EINVAL
								       : 0;
	case SIGEV_THREAD: return -ENOSYS;
	default: return -EINVAL;
	}
}

int64_t
hc_do_mq_notify(struct hc_call *call)
{
	struct event event = { 0 };
	struct hc_mqueue *q;
	struct hc_file *file;
	int64_t r = get_event(call, call->mq_notify.event, &event);

	if (r == 0)
		r = get_file(call, call->mq_notify.queue, 0, &file);
	if (r < 0)
		return r;
	(void)ipc_lock(call->guest);
	q = file->queue->queue;
	forget_closed(q);
	if (call->mq_notify.event && q->notify.set) {
		r = -EBUSY;
	} else {
		q->notify.set = call->mq_notify.event != 0;
		q->notify.signal = event.signal;
		q->notify.value = event.value;
	}
	(void)ipc_unlock(call->guest, 0);
	hc_file_put(file);
	return r;
}

/* Set O_NONBLOCK as *new says, if there is one; `old` is as before. */
static int64_t
exchange(struct hc_guest *guest, const struct hc_file *file,
    const struct mq_attr *new, struct mq_attr *old)
{
	const struct hc_mqueue *q = file->queue->queue;
	int64_t r = 0;

	(void)ipc_lock(guest);
	*old = (struct mq_attr){ .mq_flags = blocks(file) ? 0 : O_NONBLOCK,
		.mq_maxmsg = q->most,
		.mq_msgsize = q->size,
		.mq_curmsgs = q->messages.count };
	if (new)
		r = hc_host(SYS_fcntl, file->host, F_SETFL, new->mq_flags);
	return ipc_unlock(guest, r);
}

int64_t
hc_do_mq_getsetattr(struct hc_call *call)
{
	const struct hc_args_mq_getsetattr *a = &call->mq_getsetattr;
	struct mq_attr new, old;
	struct hc_file *file;
	int64_t r;

	if (a->attr &&
	    gmem_read(call->guest->mem, &new, a->attr, sizeof(new)) < 0)
		return -EFAULT;
	if (a->attr && (new.mq_flags & ~(long)O_NONBLOCK))
		return -EINVAL;
	r = get_file(call, a->queue, 0, &file);
	if (r < 0)
		return r;
	r = exchange(call->guest, file, a->attr ? &new : NULL, &old);
	hc_file_put(file);
	return r == 0 && a->old
		   ? gmem_write(call->guest->mem, a->old, &old, sizeof(old))
		   : r;
}

/* A line of text, and then the end, as mq_overview(7) says. */
static int64_t
read_status(
    struct hc_call *call, struct hc_file *file, uint8_t *buf, uint64_t len)
{
	struct hc_mq_open *o = file->queue;
	struct hc_mqueue *q = o->queue;
	char text[STATUS];
	uint64_t n;

	(void)ipc_lock(call->guest);
	forget_closed(q);
	n = (uint64_t)snprintf(text, sizeof(text),
	    "QSIZE:%-10u NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
	    q->messages.text,
	    q->notify.set && !q->notify.signal ? SIGEV_NONE : 0,
	    q->notify.set ? q->notify.signal : 0, q->notify.set ? HC_PID : 0);
	if (o->at > n)
		o->at = (uint32_t)n;
	if (len > n - o->at)
		len = n - o->at;
	if (gmem_copy(buf, text + o->at, len) < len)
		return ipc_unlock(call->guest, -EFAULT);
	o->at += (uint32_t)len;
	return ipc_unlock(call->guest, (int64_t)len);
}

/* An eventfd's device and times are left. */
static void
stat_queue(
    const struct hc_guest *guest, const struct hc_file *file, struct stat *st)
{
	const struct hc_mqueue *q = file->queue->queue;

	st->st_ino = q->inode;
	st->st_mode = S_IFREG | q->mode;
	st->st_nlink = q->name[0] ? 1 : 0;
	st->st_uid = guest->world.uid;
	st->st_gid = guest->world.gid;
	st->st_size = STATUS_ST;
}
