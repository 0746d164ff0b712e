/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on POSIX message queues.  Nothing here may know vCPUs or KVM.
 *
 * A message goes directly to a thread that waits for one, and the message of a
 * thread that waits for room goes into the queue when another is taken, as on
 * Linux: so a queue has no message while a thread waits for one, and is full
 * while a thread waits for room.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/wait.h"
#include "hypercall/signal/send.h"
#include "hypercall/task/ipc.h"
#include "hypercall/task/messages.h"
#include "hypercall/task/mqueue.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <string.h>

#define PRIORITIES 32768 /* Linux's MQ_PRIO_MAX */

/* The kernel's struct sigevent, which it reads whole. */
struct event {
	union sigval value;
	int32_t signal;
	int32_t notify;
	uint8_t rest[48];
};

_Static_assert(
    sizeof(struct event) == sizeof(struct sigevent), "it is Linux's");

/* A thread that waits: its message, or the place for one. */
struct hc_mq_waiter {
	struct hc_mq_waiter *next;
	uint32_t done; /* a futex */
	int64_t priority;
	uint32_t size;
	uint8_t *text;
};

/* Fetch a name, as Linux checks it: 0 or -errno. */
static int
get_name(const struct hc_call *call, uint64_t va, char name[NAME_MAX + 1])
{
	char path[HC_PATH];
	int64_t len = gmem_string(call->guest->mem, path, sizeof(path), va);
	int r = len < 0 ? (int)len : queue_check_name(path, (size_t)len);

	if (r == 0)
		memcpy(name, path, (size_t)len + 1);
	return r;
}

int64_t
hc_do_mq_open(struct hc_call *call)
{
	const struct hc_args_mq_open *a = &call->mq_open;
	struct hc_guest *guest = call->guest;
	char name[NAME_MAX + 1];
	struct hc_file *file;
	struct mq_attr attr;
	int64_t r;

	if (a->attr && gmem_read(guest->mem, &attr, a->attr, sizeof(attr)) < 0)
		return -EFAULT;
	r = get_name(call, a->name, name);
	if (r == 0)
		r = hc_fd_room(&guest->fds);
	if (r < 0)
		return r;
	(void)ipc_lock(guest);
	r = ipc_unlock(
	    guest, queue_open(guest, name, (unsigned)a->flags,
		       (unsigned)a->mode, a->attr ? &attr : NULL, &file));
	return r < 0 ? r : hc_fd_install(&guest->fds, file, 0, true);
}

int64_t
hc_do_mq_unlink(struct hc_call *call)
{
	char name[NAME_MAX + 1];
	int r = get_name(call, call->mq_unlink.name, name);

	return r < 0 ? r : hc_mq_unlink(call->guest, name);
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

/* The queue is not empty any more, and nobody waited for that: send the signal
 * that mq_notify() asked for. */
static void
notify(struct hc_guest *guest, struct hc_mqueue *q)
{
	siginfo_t info = { .si_signo = q->notify.signal, .si_code = SI_MESGQ };

	queue_forget_closed(q);
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
		queue_touch(q, true);
		copy(q->receivers, w->priority, w->text, w->size);
		finish(&q->receivers);
		return 0;
	}
	if (q->messages.count == q->most)
		return blocks(file) ? await(call, &q->senders, w, until)
				    : -EAGAIN;
	put(q, w);
	queue_touch(q, true);
	if (q->messages.count == 1)
		notify(call->guest, q);
	queue_show(q);
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
	queue_touch(q, true);
	if (!q->senders) {
		queue_show(q);
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
	queue_forget_closed(q);
	if (call->mq_notify.event && q->notify.set) {
		r = -EBUSY;
	} else {
		q->notify.set = call->mq_notify.event != 0;
		q->notify.signal = event.signal;
		q->notify.value = event.value;
		queue_touch(q, false);
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
	struct hc_mqueue *q = file->queue->queue;
	const int64_t flags = hc_host(SYS_fcntl, file->host, F_GETFL);
	int64_t r = 0;

	(void)ipc_lock(guest);
	*old = (struct mq_attr){ .mq_flags = (long)(flags & O_NONBLOCK),
		.mq_maxmsg = q->most,
		.mq_msgsize = q->size,
		.mq_curmsgs = q->messages.count };
	if (new) {
		queue_touch(q, false);
		r = hc_host(SYS_fcntl, file->host, F_SETFL,
		    (flags & ~(int64_t)O_NONBLOCK) | new->mq_flags);
	}
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
