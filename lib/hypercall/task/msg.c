/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on System V's message queues.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/task/ipc.h"
#include "hypercall/task/messages.h"

#include <errno.h>
#include <string.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

static int64_t
make_queue(struct hc_guest *guest, struct hc_message_queue *q, int32_t key,
    unsigned flags)
{
	q->most = HC_QUEUE_BYTES;
	q->sender = q->receiver = 0;
	q->send_time = q->receive_time = 0;
	q->messages.count = q->messages.text = q->messages.used = 0;
	return ipc_make(guest, &ipc_queues, &q->object, key, flags);
}

int64_t
hc_do_msgget(struct hc_call *call)
{
	const int32_t key = (int32_t)call->msgget.key;
	const unsigned flags = (unsigned)call->msgget.flags;
	struct hc_guest *guest = call->guest;
	struct hc_ipc_object *object;
	int64_t r;

	(void)ipc_lock(guest);
	r = ipc_find(guest, &ipc_queues, key, flags, &object);
	if (r == 0)
		r = object->used
			? ipc_use(guest, &ipc_queues, object, flags)
			: make_queue(guest, (void *)object, key, flags);
	return ipc_unlock(guest, r);
}

/* The queue, if the guest may use it so: 0 or -errno. */
static int64_t
find_queue(
    struct hc_guest *guest, int id, unsigned bits, struct hc_message_queue **q)
{
	*q = ipc_get(guest, &ipc_queues, id);
	return *q ? ipc_may(guest, &(*q)->object, bits) : -EINVAL;
}

/* As on Linux: empty messages count as one byte here. */
static bool
is_full(const struct hc_message_queue *q, uint32_t size)
{
	return q->messages.text + size > q->most ||
	       q->messages.count + 1 > q->most;
}

static int64_t
put_message(
    struct hc_call *call, int64_t type, const uint8_t *text, uint32_t size)
{
	const bool waits = !(call->msgsnd.flags & IPC_NOWAIT);
	struct hc_message_queue *q;
	int64_t r;

	r = find_queue(call->guest, (int)call->msgsnd.id, IPC_WRITE, &q);
	while (r == 0) {
		if (!is_full(q, size) &&
		    messages_put(&q->messages, NULL, type, text, size))
			break;
		r = waits ? ipc_wait(call, &q->object, NULL) : -EAGAIN;
		if (r == 0)
			r = ipc_may(call->guest, &q->object, IPC_WRITE);
	}
	if (r == 0) {
		q->sender = HC_PID;
		q->send_time = ipc_now(call->guest);
		ipc_wake(&q->object);
	}
	return r;
}

int64_t
hc_do_msgsnd(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	const uint64_t va = call->msgsnd.message, size = call->msgsnd.size;
	uint8_t text[HC_MESSAGE_BYTES];
	int64_t type;

	if (gmem_read(mem, &type, va, sizeof(type)) < 0)
		return -EFAULT;
	if (size > sizeof(text) || (int)call->msgsnd.id < 0 || type < 1)
		return -EINVAL;
	if (gmem_read(mem, text, va + sizeof(type), size) < 0)
		return -EFAULT;
	(void)ipc_lock(call->guest);
	return ipc_unlock(
	    call->guest, put_message(call, type, text, (uint32_t)size));
}

/* The message that a receiver asks for by type and flags, or NULL. */
static struct hc_message *
choose(struct hc_messages *messages, int64_t type, uint64_t flags)
{
	struct hc_message *m, *lowest = NULL;

	for (m = messages_first(messages); m; m = messages_next(messages, m)) {
		if (type == 0)
			return m;
		if (type > 0 && (m->type == type) == !(flags & MSG_EXCEPT))
			return m;
		if (type < 0 && (type == INT64_MIN || m->type <= -type) &&
		    (!lowest || m->type < lowest->type))
			lowest = m;
	}
	return lowest;
}

/* Take the message out: what there is of its text, its length and *type. */
static int64_t
take(struct hc_message_queue *q, struct hc_message *m, int64_t *type,
    uint8_t *text, uint64_t size)
{
	const uint64_t len = m->size < size ? m->size : size;

	*type = m->type;
	memcpy(text, message_text(m), len);
	messages_remove(&q->messages, m);
	return (int64_t)len;
}

static int64_t
take_message(struct hc_call *call, int64_t *type, uint8_t *text)
{
	const uint64_t flags = call->msgrcv.flags, size = call->msgrcv.size;
	struct hc_message_queue *q;
	struct hc_message *m = NULL;
	int64_t r;

	r = find_queue(call->guest, (int)call->msgrcv.id, IPC_READ, &q);
	while (r == 0) {
		m = choose(&q->messages, (int64_t)call->msgrcv.type, flags);
		if (m)
			break;
		r = flags & IPC_NOWAIT ? -ENOMSG
				       : ipc_wait(call, &q->object, NULL);
		if (r == 0)
			r = ipc_may(call->guest, &q->object, IPC_READ);
	}
	if (r == 0 && m->size > size && !(flags & MSG_NOERROR))
		r = -E2BIG;
	if (r < 0)
		return r;
	r = take(q, m, type, text, size);
	q->receiver = HC_PID;
	q->receive_time = ipc_now(call->guest);
	ipc_wake(&q->object);
	return r;
}

/* As on Linux, a message that cannot be written is lost. */
int64_t
hc_do_msgrcv(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	const uint64_t va = call->msgrcv.message;
	uint8_t text[HC_MESSAGE_BYTES];
	int64_t type, r;

	if ((int)call->msgrcv.id < 0 || (int64_t)call->msgrcv.size < 0)
		return -EINVAL;
	if (call->msgrcv.flags & MSG_COPY)
		return -ENOSYS;
	(void)ipc_lock(call->guest);
	r = ipc_unlock(call->guest, take_message(call, &type, text));
	if (r >= 0 &&
	    (gmem_write(mem, va, &type, sizeof(type)) < 0 ||
		gmem_write(mem, va + sizeof(type), text, (size_t)r) < 0))
		return -EFAULT;
	return r;
}

static void
show_queue(struct hc_guest *guest, const struct hc_ipc_object *object,
    union ipc_ds *ds)
{
	const struct hc_message_queue *q = (const void *)object;

	ds->queue = (struct msqid_ds){
		.msg_stime = q->send_time,
		.msg_rtime = q->receive_time,
		.msg_ctime = object->changed,
		.__msg_cbytes = q->messages.text,
		.msg_qnum = q->messages.count,
		.msg_qbytes = q->most,
		.msg_lspid = q->sender,
		.msg_lrpid = q->receiver,
	};
	ipc_show(guest, object, &ds->queue.msg_perm);
}

/* More than at first is for privileged processes, and there are none. */
static int64_t
change_owner(struct hc_call *call, struct hc_message_queue *q)
{
	struct msqid_ds ds;

	if (gmem_read(call->guest->mem, &ds, call->msgctl.buf, sizeof(ds)) < 0)
		return -EFAULT;
	if (ds.msg_qbytes > HC_QUEUE_BYTES)
		return -EPERM;
	ipc_set(call->guest, &q->object, &ds.msg_perm);
	q->most = (uint32_t)ds.msg_qbytes;
	ipc_wake(&q->object);
	return 0;
}

static int64_t
limits(struct hc_call *call, int cmd)
{
	const struct hc_message_queue *q = call->guest->ipc.queue;
	struct msginfo info = {
		.msgpool = HC_MESSAGE_QUEUES * HC_QUEUE_BYTES / 1024,
		.msgmap = HC_QUEUE_BYTES,
		.msgmax = HC_MESSAGE_BYTES,
		.msgmnb = HC_QUEUE_BYTES,
		.msgmni = HC_MESSAGE_QUEUES,
		.msgssz = 16,
		.msgtql = HC_QUEUE_BYTES,
		.msgseg = 0xffff,
	};
	int used, highest = ipc_highest(call->guest, &ipc_queues, &used);

	if (cmd == MSG_INFO) {
		info.msgpool = used;
		info.msgmap = info.msgtql = 0;
		for (; q < call->guest->ipc.queue + HC_MESSAGE_QUEUES; q++)
			if (q->object.used) {
				info.msgmap += (int)q->messages.count;
				info.msgtql += (int)q->messages.text;
			}
	}
	return ipc_put(
	    call->guest, call->msgctl.buf, &info, sizeof(info), highest);
}

#define MSG_STAT_ALL 13 /* MSG_STAT_ANY, which C libraries may lack */

static int64_t
control(struct hc_call *call, struct hc_ipc_object *object, int cmd)
{
	switch (cmd) {
	case IPC_SET: return change_owner(call, (void *)object);
	case IPC_RMID: ipc_remove(object); return 0;
	default: return -EINVAL;
	}
}

const struct ipc_kind ipc_queues = {
	IPC_TABLE(queue),
	.info = MSG_INFO,
	.stat = MSG_STAT,
	.stat_any = MSG_STAT_ALL,
	.shown = sizeof(struct msqid_ds),
	.show = show_queue,
	.limits = limits,
	.control = control,
};

int64_t
hc_do_msgctl(struct hc_call *call)
{
	const int id = (int)call->msgctl.id, cmd = (int)call->msgctl.cmd;

	(void)ipc_lock(call->guest);
	return ipc_unlock(call->guest,
	    ipc_control(call, &ipc_queues, id, cmd, call->msgctl.buf));
}
