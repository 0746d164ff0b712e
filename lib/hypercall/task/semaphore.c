/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on System V's semaphores.  Nothing here may know vCPUs or KVM.
 *
 * SEM_UNDO has no effect: what is undone at the end of a process would be seen
 * by others, and there are none.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/task/ipc.h"

#include <errno.h>
#include <string.h>

static struct hc_semaphore_set *
as_set(void *object)
{
	return object;
}

static struct hc_semaphore *
first_of(struct hc_guest *guest, const struct hc_semaphore_set *set)
{
	return &guest->ipc.semaphore[set->first];
}

static bool
is_free(const struct hc_ipc *ipc, unsigned from, unsigned count)
{
	const struct hc_semaphore_set *s;

	for (s = ipc->set; s < ipc->set + HC_SEMAPHORE_SETS; s++)
		if (s->object.used && s->first < from + count &&
		    from < s->first + s->count)
			return false;
	return from + count <= HC_SEMAPHORES;
}

/* The first of `count` free semaphores, which follow another set if they are
 * not the first of all. */
static int64_t
find_semaphores(const struct hc_ipc *ipc, unsigned count)
{
	const struct hc_semaphore_set *s;

	if (is_free(ipc, 0, count))
		return 0;
	for (s = ipc->set; s < ipc->set + HC_SEMAPHORE_SETS; s++)
		if (s->object.used && is_free(ipc, s->first + s->count, count))
			return s->first + s->count;
	return -ENOSPC;
}

static int64_t
make_set(struct hc_guest *guest, struct hc_semaphore_set *set, int32_t key,
    unsigned count, unsigned flags)
{
	int64_t first = find_semaphores(&guest->ipc, count);

	if (count == 0 || first < 0)
		return count == 0 ? -EINVAL : first;
	set->first = (unsigned)first;
	set->count = count;
	set->time = 0;
	memset(first_of(guest, set), 0, count * sizeof(struct hc_semaphore));
	return ipc_make(guest, &ipc_sets, &set->object, key, flags);
}

int64_t
hc_do_semget(struct hc_call *call)
{
	const int32_t key = (int32_t)call->semget.key;
	const unsigned count = (unsigned)call->semget.count;
	const unsigned flags = (unsigned)call->semget.flags;
	struct hc_guest *guest = call->guest;
	struct hc_ipc_object *object;
	int64_t r;

	if (count > HC_SEMAPHORES)
		return -EINVAL;
	(void)ipc_lock(guest);
	r = ipc_find(guest, &ipc_sets, key, flags, &object);
	if (r == 0 && !object->used)
		r = make_set(guest, as_set(object), key, count, flags);
	else if (r == 0)
		r = count > as_set(object)->count
			? -EINVAL
			: ipc_use(guest, &ipc_sets, object, flags);
	return ipc_unlock(guest, r);
}

/* A call that operates on a set. */
struct operation {
	struct hc_semaphore_set *set;
	struct sembuf op[HC_SEMAPHORE_OPS];
	unsigned ops;
};

/* Change a semaphore by one operation: 0, -EAGAIN for none yet, or
 * -ERANGE. */
static int64_t
change(struct hc_semaphore *s, const struct sembuf *op)
{
	const int value = s->value + op->sem_op;

	if (value < 0 || (op->sem_op == 0 && s->value))
		return -EAGAIN;
	if (value > HC_SEMAPHORE_MOST)
		return -ERANGE;
	s->value = (uint16_t)value;
	return 0;
}

/* All operations or none: 0, or -errno; *at is that which cannot be made. */
static int64_t
operate(struct hc_guest *guest, const struct operation *o, unsigned *at)
{
	struct hc_semaphore *s = first_of(guest, o->set);
	int64_t r = 0;
	unsigned i;

	for (i = 0; i < o->ops && r == 0; i++)
		r = change(&s[o->op[i].sem_num], &o->op[i]);
	if (r == 0) {
		for (i = 0; i < o->ops; i++)
			s[o->op[i].sem_num].last = HC_PID;
		o->set->time = ipc_now(guest);
		ipc_wake(&o->set->object);
		return 0;
	}
	*at = --i;
	while (i-- > 0)
		s[o->op[i].sem_num].value =
		    (uint16_t)(s[o->op[i].sem_num].value - o->op[i].sem_op);
	return r;
}

/* Wait for the semaphore that operation `at` needs. */
static int64_t
await(struct hc_call *call, const struct operation *o, unsigned at,
    const struct timespec *until)
{
	const struct sembuf *op = &o->op[at];
	struct hc_semaphore *s = first_of(call->guest, o->set) + op->sem_num;
	uint16_t *waiters = op->sem_op ? &s->more : &s->zero;
	int64_t r;

	if (op->sem_flg & IPC_NOWAIT)
		return -EAGAIN;
	++*waiters;
	r = ipc_wait(call, &o->set->object, until);
	/* Another set may have the semaphore by now. */
	if (r != -EIDRM)
		--*waiters;
	return r == -ETIMEDOUT ? -EAGAIN : r;
}

/* The set, if it has all semaphores and the guest may use them so. */
static int64_t
find_set(struct hc_guest *guest, int id, struct operation *o)
{
	unsigned i, bits = 0;

	o->set = ipc_get(guest, &ipc_sets, id);
	if (!o->set)
		return -EINVAL;
	for (i = 0; i < o->ops; i++) {
		if (o->op[i].sem_num >= o->set->count)
			return -EFBIG;
		bits |= o->op[i].sem_op ? IPC_WRITE : 0;
	}
	return ipc_may(guest, &o->set->object, bits ? bits : IPC_READ);
}

static int64_t
make_operations(struct hc_call *call, uint64_t va, uint64_t ops,
    const struct timespec *until)
{
	const int id = (int)call->arg[0];
	struct operation o;
	unsigned at;
	int64_t r;

	if ((uint32_t)ops > HC_SEMAPHORE_OPS)
		return -E2BIG;
	o.ops = (unsigned)ops;
	if (gmem_read(call->guest->mem, o.op, va, o.ops * sizeof(o.op[0])) < 0)
		return -EFAULT;
	if (o.ops == 0 || id < 0)
		return -EINVAL;
	(void)ipc_lock(call->guest);
	r = find_set(call->guest, id, &o);
	while (r == 0) {
		r = operate(call->guest, &o, &at);
		if (r == 0)
			break;
		if (r == -EAGAIN)
			r = await(call, &o, at, until);
	}
	return ipc_unlock(call->guest, r);
}

int64_t
hc_do_semop(struct hc_call *call)
{
	return make_operations(call, call->semop.ops, call->semop.count, NULL);
}

int64_t
hc_do_semtimedop(struct hc_call *call)
{
	struct hc_wait *wait = &call->thread->wait;
	const uint64_t va = call->semtimedop.timeout;
	struct timespec time;

	if (va && gmem_read(call->guest->mem, &time, va, sizeof(time)) < 0)
		return -EFAULT;
	if (va && !hc_is_timespec(&time))
		return -EINVAL;
	if (va)
		hc_wait_begin(wait, CLOCK_MONOTONIC, time);
	return hc_wait_end(
	    wait, make_operations(call, call->semtimedop.ops,
		      call->semtimedop.count, va ? &wait->until : NULL));
}

/* GETALL and SETALL, on the semaphores' values at `va`. */
static int64_t
get_all(struct hc_call *call, const struct hc_semaphore_set *set, uint64_t va)
{
	const struct hc_semaphore *s = first_of(call->guest, set);
	uint16_t values[HC_SEMAPHORES];
	unsigned i;

	for (i = 0; i < set->count; i++)
		values[i] = s[i].value;
	return gmem_write(
	    call->guest->mem, va, values, set->count * sizeof(values[0]));
}

/* From here on threads look again. */
static int64_t
changed(struct hc_guest *guest, struct hc_semaphore_set *set)
{
	set->object.changed = ipc_now(guest);
	ipc_wake(&set->object);
	return 0;
}

static int64_t
set_all(struct hc_call *call, struct hc_semaphore_set *set, uint64_t va)
{
	struct hc_semaphore *s = first_of(call->guest, set);
	uint16_t values[HC_SEMAPHORES];
	unsigned i;

	if (gmem_read(call->guest->mem, values, va,
		set->count * sizeof(values[0])) < 0)
		return -EFAULT;
	for (i = 0; i < set->count; i++)
		if (values[i] > HC_SEMAPHORE_MOST)
			return -ERANGE;
	for (i = 0; i < set->count; i++) {
		s[i].value = values[i];
		s[i].last = HC_PID;
	}
	return changed(call->guest, set);
}

static int64_t
set_one(struct hc_guest *guest, struct hc_semaphore_set *set,
    struct hc_semaphore *s, int value)
{
	if (value < 0 || value > HC_SEMAPHORE_MOST)
		return -ERANGE;
	s->value = (uint16_t)value;
	s->last = HC_PID;
	return changed(guest, set);
}

static void
show_set(struct hc_guest *guest, const struct hc_ipc_object *object,
    union ipc_ds *ds)
{
	const struct hc_semaphore_set *set = (const void *)object;

	ds->set = (struct semid_ds){
		.sem_otime = set->time,
		.sem_ctime = object->changed,
		.sem_nsems = (unsigned short)set->count,
	};
	ipc_show(guest, object, &ds->set.sem_perm);
}

static int64_t
change_owner(struct hc_call *call, struct hc_semaphore_set *set)
{
	struct semid_ds ds;

	if (gmem_read(call->guest->mem, &ds, call->semctl.arg, sizeof(ds)) < 0)
		return -EFAULT;
	ipc_set(call->guest, &set->object, &ds.sem_perm);
	return 0;
}

static int64_t
limits(struct hc_call *call, int cmd)
{
	struct seminfo info = {
		.semmap = HC_SEMAPHORES,
		.semmni = HC_SEMAPHORE_SETS,
		.semmns = HC_SEMAPHORES,
		.semmnu = HC_SEMAPHORES,
		.semmsl = HC_SEMAPHORES,
		.semopm = HC_SEMAPHORE_OPS,
		.semume = HC_SEMAPHORE_OPS,
		.semusz = 20,
		.semvmx = HC_SEMAPHORE_MOST,
		.semaem = HC_SEMAPHORE_MOST,
	};
	const struct hc_semaphore_set *s = call->guest->ipc.set;
	int used, highest = ipc_highest(call->guest, &ipc_sets, &used);

	if (cmd == SEM_INFO) {
		info.semusz = used;
		info.semaem = 0;
		for (; s < call->guest->ipc.set + HC_SEMAPHORE_SETS; s++)
			info.semaem += s->object.used ? (int)s->count : 0;
	}
	return ipc_put(
	    call->guest, call->semctl.arg, &info, sizeof(info), highest);
}

/* Commands on one semaphore. */
static int64_t
control_one(struct hc_call *call, struct hc_semaphore_set *set, int cmd)
{
	const int number = (int)call->semctl.number;
	struct hc_semaphore *s = first_of(call->guest, set) + number;

	if (number < 0 || (unsigned)number >= set->count)
		return -EINVAL;
	switch (cmd) {
	case GETVAL: return s->value;
	case GETPID: return s->last;
	case GETNCNT: return s->more;
	case GETZCNT: return s->zero;
	default: return set_one(call->guest, set, s, (int)call->semctl.arg);
	}
}

#define SEM_STAT_ALL 20 /* SEM_STAT_ANY, which C libraries may lack */

/* The permissions that a command needs. */
static unsigned
wanted(int cmd)
{
	switch (cmd) {
	case SETVAL:
	case SETALL: return IPC_WRITE;
	case IPC_RMID:
	case IPC_SET: return 0;
	default: return IPC_READ;
	}
}

static bool
is_command(int cmd)
{
	return cmd == IPC_SET || cmd == IPC_RMID ||
	       (cmd >= GETPID && cmd <= SETALL);
}

static int64_t
control(struct hc_call *call, struct hc_ipc_object *object, int cmd)
{
	struct hc_semaphore_set *set = as_set(object);
	int64_t r = is_command(cmd) ? ipc_may(call->guest, object, wanted(cmd))
				    : -EINVAL;

	if (r < 0)
		return r;
	switch (cmd) {
	case IPC_SET: return change_owner(call, set);
	case IPC_RMID: ipc_remove(object); return 0;
	case GETALL: return get_all(call, set, call->semctl.arg);
	case SETALL: return set_all(call, set, call->semctl.arg);
	default: return control_one(call, set, cmd);
	}
}

const struct ipc_kind ipc_sets = {
	IPC_TABLE(set),
	.info = SEM_INFO,
	.stat = SEM_STAT,
	.stat_any = SEM_STAT_ALL,
	.shown = sizeof(struct semid_ds),
	.show = show_set,
	.limits = limits,
	.control = control,
};

int64_t
hc_do_semctl(struct hc_call *call)
{
	const int id = (int)call->semctl.id, cmd = (int)call->semctl.cmd;

	(void)ipc_lock(call->guest);
	return ipc_unlock(call->guest,
	    ipc_control(call, &ipc_sets, id, cmd, call->semctl.arg));
}
