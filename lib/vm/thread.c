/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads as vCPUs.  Nothing here may know why a thread is made.
 */
#include "vm/thread.h"

#include "vm/context.h"
#include "vm/cpu.h"
#include "vm/hostthread.h"
#include "vm/kick.h"
#include "vm/x86.h"

#include <errno.h>
#include <string.h>

/* Thread ids start again at 2 from here, as with Linux's PID_MAX_LIMIT; 1 is
 * always the first thread's. */
#define TID_END (4 << 20)

static bool
tid_in_use(const struct machine *m, int tid)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (m->vcpu[i].state != VCPU_PARKED &&
		    m->vcpu[i].thread.tid == tid)
			return true;
	return false;
}

static int
new_tid(struct machine *m)
{
	do
		m->last_tid = m->last_tid + 1 < TID_END ? m->last_tid + 1 : 2;
	while (tid_in_use(m, m->last_tid));
	return m->last_tid;
}

/* Make a parked vCPU. */
static int
make_vcpu(struct machine *m)
{
	struct vcpu *vcpu = &m->vcpu[m->vcpus];
	struct machine_error error;
	int r;

	if (m->vcpus == MACHINE_VCPUS)
		return -EAGAIN;
	r = machine_add_vcpu(m, &error);
	if (r == 0)
		thread_init(vcpu);
	return r;
}

/* Give the vCPU its start state and its host thread.  If that fails, the vCPU
 * stays parked, and this is repeated when it is taken again: KVM never gives
 * its id away twice. */
static int
start_vcpu(struct vcpu *vcpu)
{
	struct machine_error error;
	int r = cpu_init(vcpu, 0, 0, &error);

	return r < 0 ? r : hostthread_start(vcpu);
}

/* Take a parked vCPU, or a new one, for a new thread. */
static int
take_vcpu(struct machine *m, struct vcpu **taken)
{
	unsigned i;
	int r;

	for (i = 0; i < m->vcpus; i++)
		if (m->vcpu[i].state == VCPU_PARKED)
			break;
	*taken = &m->vcpu[i];
	r = i == m->vcpus ? make_vcpu(m) : 0;
	if (r == 0 && (*taken)->host_state == HOST_NONE)
		r = start_vcpu(*taken);
	/* That is an error for the guest alone. */
	if (r < 0)
		return -EAGAIN;
	/* While its last number does not count: that may be given again. */
	(*taken)->thread.tid = new_tid(m);
	(*taken)->state = VCPU_TAKEN;
	return 0;
}

/* The registers that a thread will have after its present hypercall, without
 * the result. */
static int
registers_after_call(struct vcpu *vcpu, struct user_context *c)
{
	int r = vcpu->flight.frame ? 0 : vcpu_settle(vcpu);

	return r < 0 ? r : vcpu_user_context(vcpu, c);
}

static int
copy_state(struct vcpu *child, struct vcpu *parent)
{
	struct user_context c;
	struct kvm_xsave xsave;
	int r = registers_after_call(parent, &c);

	if (r == 0)
		r = kvmcore_get_xsave(&parent->kvm, &xsave);
	if (r == 0)
		r = kvmcore_set_xsave(&child->kvm, &xsave);
	if (r < 0)
		return r;
	c.regs.rax = 0;
	cpu_set_registers(child, &c);
	return 0;
}

static void
give_back(struct vcpu *vcpu)
{
	pthread_mutex_lock(&vcpu->machine->lock);
	vcpu->state = VCPU_PARKED;
	pthread_mutex_unlock(&vcpu->machine->lock);
}

static int
create_thread(struct hc_thread *parent, struct hc_thread **child)
{
	struct machine *m = vcpu_of(parent)->machine;
	struct vcpu *vcpu;
	int r;

	pthread_mutex_lock(&m->lock);
	r = take_vcpu(m, &vcpu);
	pthread_mutex_unlock(&m->lock);
	if (r < 0)
		return r;
	r = copy_state(vcpu, vcpu_of(parent));
	if (r < 0) {
		give_back(vcpu);
		return r;
	}
	memcpy(vcpu->thread.name, parent->name, sizeof(parent->name));
	vcpu->thread.named = parent->named;
	vcpu->thread.clear_tid = vcpu->thread.robust = 0;
	vcpu->thread.wait = (struct hc_wait){ 0 };
	vcpu->flight = (struct flight){ 0 };
	*child = &vcpu->thread;
	return 0;
}

static void
start_thread(struct hc_thread *child, uint64_t stack, const uint64_t *tls)
{
	struct vcpu *vcpu = vcpu_of(child);
	struct machine *m = vcpu->machine;

	if (stack)
		vcpu_regs(vcpu)->rsp = stack;
	if (tls)
		vcpu->kvm.run->s.regs.sregs.fs.base = *tls;
	pthread_mutex_lock(&m->lock);
	debug_born(vcpu);
	vcpu->state = VCPU_LIVE;
	m->live++;
	pthread_cond_signal(&vcpu->born);
	pthread_mutex_unlock(&m->lock);
}

void
thread_take(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;

	pthread_mutex_lock(&m->lock);
	vcpu->state = VCPU_PARKED;
	m->live--;
	debug_gone(vcpu);
	pthread_mutex_unlock(&m->lock);
}

/* Nothing is at address 0, and no breakpoint before it: the thread comes to
 * rest there and makes no instruction. */
void
thread_give(struct vcpu *vcpu, const struct hc_thread *thread)
{
	struct machine *m = vcpu->machine;
	const struct user_context c = { 0 };

	vcpu->thread = *thread;
	vcpu->flight = (struct flight){ 0 };
	cpu_set_registers(vcpu, &c);
	pthread_mutex_lock(&m->lock);
	m->debug.want_new = WANT_STOP;
	debug_born(vcpu);
	vcpu->state = VCPU_LIVE;
	m->live++;
	pthread_cond_signal(&vcpu->born);
	pthread_mutex_unlock(&m->lock);
}

static bool
next_thread(struct hc_thread *thread, int *tid, char name[HC_THREAD_NAME])
{
	struct machine *m = vcpu_of(thread)->machine;
	const struct hc_thread *found = NULL;
	unsigned i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->vcpus; i++) {
		const struct hc_thread *other = &m->vcpu[i].thread;

		if (m->vcpu[i].state == VCPU_LIVE && other->tid > *tid &&
		    (!found || other->tid < found->tid))
			found = other;
	}
	if (found) {
		*tid = found->tid;
		memcpy(name, found->name, HC_THREAD_NAME);
		name[HC_THREAD_NAME - 1] = '\0';
	}
	pthread_mutex_unlock(&m->lock);
	return found != NULL;
}

static bool
is_held(struct hc_thread *thread, int tid)
{
	struct machine *m = vcpu_of(thread)->machine;
	const struct vcpu *vcpu;
	bool held;

	pthread_mutex_lock(&m->lock);
	vcpu = machine_thread(m, tid);
	held = vcpu && debug_holds(vcpu);
	pthread_mutex_unlock(&m->lock);
	return held;
}

/* musl stores the host thread of the first vCPU while it may run already. */
static int
cpu_clock(struct hc_thread *thread, int tid, clockid_t *clock)
{
	struct machine *m = vcpu_of(thread)->machine;
	const struct vcpu *vcpu;
	int r;

	if (tid == thread->tid)
		return -pthread_getcpuclockid(pthread_self(), clock);
	pthread_mutex_lock(&m->lock);
	vcpu = machine_thread(m, tid);
	r = vcpu ? -pthread_getcpuclockid(vcpu->host, clock) : -EINVAL;
	pthread_mutex_unlock(&m->lock);
	return r;
}

static bool
is_over(const struct hc_thread *thread)
{
	return machine_is_over(
	    vcpu_of((struct hc_thread *)(uintptr_t)thread)->machine);
}

static bool
rest(struct hc_thread *thread)
{
	struct vcpu *vcpu = vcpu_of(thread);

	return vcpu->machine->debug.on && debug_rest_waiting(vcpu);
}

static const uint32_t base_msr[] = {
	[HC_FS] = MSR_FS_BASE,
	[HC_GS] = MSR_GS_BASE,
};

/* A base where exits bring it to a debugger and entries take it, or NULL. */
static __u64 *
synced_base(struct vcpu *vcpu, enum hc_base_register which)
{
	struct kvm_run *run = vcpu->kvm.run;
	struct kvm_sregs *sregs = &run->s.regs.sregs;

	if (!(run->kvm_valid_regs & KVM_SYNC_X86_SREGS))
		return NULL;
	return which == HC_FS ? &sregs->fs.base : &sregs->gs.base;
}

static int
get_base(struct hc_thread *thread, enum hc_base_register which, uint64_t *v)
{
	struct vcpu *vcpu = vcpu_of(thread);
	const __u64 *synced = synced_base(vcpu, which);

	if (!synced)
		return kvmcore_get_msr(&vcpu->kvm, base_msr[which], v);
	*v = *synced;
	return 0;
}

/* A caught call is made at rest: registers that wait for the next entry must
 * not bring the old base back. */
static int
set_base(struct hc_thread *thread, enum hc_base_register which, uint64_t v)
{
	struct vcpu *vcpu = vcpu_of(thread);
	__u64 *synced = synced_base(vcpu, which);

	if (synced)
		*synced = v;
	return kvmcore_set_msr(&vcpu->kvm, base_msr[which], v);
}

void
thread_init(struct vcpu *vcpu)
{
	static const struct hc_thread_ops ops = {
		.kick = kick_thread,
		.get_base = get_base,
		.set_base = set_base,
		.create = create_thread,
		.start = start_thread,
		.is_over = is_over,
		.rest = rest,
		.next = next_thread,
		.is_held = is_held,
		.cpu_clock = cpu_clock,
	};

	vcpu->thread.ops = &ops;
}
