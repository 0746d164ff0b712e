/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads as vCPUs on host threads.  Nothing here may know why they are made.
 */
#include "vm/thread.h"

#include "vm/context.h"
#include "vm/cpu.h"
#include "vm/deliver.h"
#include "vm/error.h"
#include "vm/run.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* Takes a host thread out of KVM_RUN and out of waits.  Nothing on x86-64 uses
 * it, and no guest is sent it. */
#define KICK_SIGNAL SIGSTKFLT

/* Room for a handler's vector of IOV_MAX parts, many times. */
#define HOST_STACK (UINT64_C(1) << 20)

/* Thread ids go round below this, as Linux' do (its PID_MAX_LIMIT); 1 is the
 * first thread's for ever. */
#define TID_END (4 << 20)

static _Thread_local struct vcpu *current;

static struct vcpu *
vcpu_of(struct hc_thread *thread)
{
	return (struct vcpu *)(void *)((char *)thread -
				       offsetof(struct vcpu, thread));
}

/* KVM_RUN looks at its flag when it starts, and a wait at ours; both are left
 * by the signal. */
static void
take_kick(struct vcpu *vcpu)
{
	vcpu->thread.kicked = 1;
	atomic_signal_fence(memory_order_seq_cst);
	vcpu->kvm.run->immediate_exit = 1;
}

static void
on_kick(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	if (current)
		take_kick(current);
	hc_host_kicked(context);
}

/* A timer of the guest's has run out. */
static void
on_tick(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	if (info->si_code == SI_TIMER)
		hc_signal_outside(info->si_value.sival_ptr, 0);
	if (current)
		hc_host_kicked(context);
}

static int
expect_kicks(void)
{
	/* With SA_RESTART the kernel tells whether a call would be made again:
	 * hc_host_kicked(). */
	const struct sigaction kick = {
		.sa_sigaction = on_kick,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};

	const struct sigaction tick = {
		.sa_sigaction = on_tick,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};

	return sigaction(KICK_SIGNAL, &kick, NULL) < 0 ||
		       sigaction(HC_TICK, &tick, NULL) < 0
		   ? -errno
		   : 0;
}

void
thread_kick(struct vcpu *vcpu)
{
	if (vcpu->hosted && vcpu != current)
		pthread_kill(vcpu->host, KICK_SIGNAL);
}

void
thread_kick_hc(struct hc_thread *thread)
{
	struct vcpu *vcpu = vcpu_of(thread);

	if (vcpu == current)
		take_kick(vcpu);
	else
		thread_kick(vcpu);
}

void
machine_signal(struct machine *m, int signal, void *context)
{
	const struct debug *d = &m->debug;

	/* A guest that waits for its debugger would never take it. */
	if (d->on && !d->attached && !d->running && m->die &&
	    hc_signal_ends(&m->guest.signals, signal))
		m->die(signal);
	hc_signal_outside(&m->guest, signal);
	if (current)
		hc_host_kicked(context);
}

bool
thread_over(const struct machine *m)
{
	return m->outcome.kind != OUTCOME_RUNNING || m->timed_out;
}

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

/* A vCPU that was never used, with what all threads share. */
static int
make_vcpu(struct machine *m, struct vcpu **made)
{
	struct vcpu *vcpu = &m->vcpu[m->vcpus];
	struct machine_error error;
	int r;

	if (m->vcpus == MACHINE_VCPUS)
		return -EAGAIN;
	r = machine_add_vcpu(m, &error);
	if (r < 0)
		return r;
	*made = vcpu;
	r = cpu_init(vcpu, 0, 0, &error);
	if (r < 0) {
		m->vcpus--;
		kvmcore_vcpu_close(&vcpu->kvm);
	}
	return r;
}

/* A vCPU for a new thread, taken: parked before, or made. */
static int
take_vcpu(struct machine *m, struct vcpu **taken)
{
	unsigned i;
	int r;

	for (i = 0; i < m->vcpus; i++)
		if (m->vcpu[i].state == VCPU_PARKED)
			break;
	*taken = &m->vcpu[i];
	r = i == m->vcpus ? make_vcpu(m, taken) : 0;
	if (r == 0 && !(*taken)->hosted)
		r = thread_host(*taken);
	/* The guest can live without one more thread. */
	if (r < 0)
		return -EAGAIN;
	(*taken)->state = VCPU_TAKEN;
	(*taken)->thread.tid = new_tid(m);
	return 0;
}

/* The registers of a thread that is in a hypercall, as they will be behind it,
 * all but the result. */
static int
registers_behind_call(struct vcpu *vcpu, struct user_context *c)
{
	bool door = !vcpu->frame && monitor_in_door(vcpu_regs(vcpu)->rip);
	int r = vcpu->frame ? 0 : vcpu_settle(vcpu);

	if (r == 0)
		r = vcpu_user_context(vcpu, c);
	if (r < 0)
		return r;
	if (door) {
		c->regs.rip = c->regs.rcx;
		c->regs.rflags = c->regs.r11;
	}
	return 0;
}

static int
copy_state(struct vcpu *child, struct vcpu *parent)
{
	struct user_context c;
	struct kvm_xsave xsave;
	int r = registers_behind_call(parent, &c);

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

int
thread_create(struct hc_thread *parent, struct hc_thread **child)
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
	vcpu->ended = vcpu->faulted = vcpu->served = false;
	vcpu->again = vcpu->attend = false;
	vcpu->unfinished = 0;
	vcpu->raised.si_signo = 0;
	vcpu->frame = NULL;
	*child = &vcpu->thread;
	return 0;
}

void
thread_start(struct hc_thread *child, uint64_t stack, const uint64_t *tls)
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

bool
thread_next(struct hc_thread *thread, int *tid, char name[HC_THREAD_NAME])
{
	struct machine *m = vcpu_of(thread)->machine;
	const struct hc_thread *next = NULL;
	unsigned i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->vcpus; i++) {
		const struct hc_thread *other = &m->vcpu[i].thread;

		if (m->vcpu[i].state == VCPU_LIVE && other->tid > *tid &&
		    (!next || other->tid < next->tid))
			next = other;
	}
	if (next) {
		*tid = next->tid;
		memcpy(name, next->name, HC_THREAD_NAME);
		name[HC_THREAD_NAME - 1] = '\0';
	}
	pthread_mutex_unlock(&m->lock);
	return next != NULL;
}

/* The thread has ended itself: its vCPU is free for another. */
static void
release(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	/* Nothing pending may be completed in the next thread's life. */
	int r = vcpu_settle(vcpu);
	bool last;

	if (r < 0)
		machine_end(m, OUTCOME_FAILED, 0, "KVM_RUN of vCPU %u: %s",
		    vcpu->id, strerror(-r));
	pthread_mutex_lock(&m->lock);
	vcpu->state = VCPU_PARKED;
	if (vcpu->thread.tid == 1)
		m->main_status = vcpu->status;
	last = --m->live == 0;
	/* As of a process, the status is that of its first thread. */
	if (last)
		machine_end_quietly(m, OUTCOME_EXIT, m->main_status);
	debug_gone(vcpu);
	pthread_mutex_unlock(&m->lock);
}

static bool
wait_for_life(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	bool over;

	pthread_mutex_lock(&m->lock);
	while (!(over = thread_over(m)) && !thread_lives(vcpu))
		pthread_cond_wait(&vcpu->born, &m->lock);
	pthread_mutex_unlock(&m->lock);
	return !over;
}

/* Kick all that are not out yet.  False: there are none. */
static bool
kick_others(struct machine *m)
{
	bool any = false;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (!vcpu->hosted || vcpu->out)
			continue;
		any = true;
		if (vcpu->state == VCPU_PARKED)
			pthread_cond_signal(&vcpu->born);
		else
			thread_kick(vcpu);
	}
	return any;
}

static struct timespec
next_kick(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += THREAD_KICK_AGAIN_MS * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* The machine is over, and this host thread done with it. */
static void
leave(struct vcpu *vcpu)
{
	struct machine *m = vcpu->machine;
	struct timespec again;

	pthread_mutex_lock(&m->lock);
	vcpu->out = true;
	pthread_cond_signal(&m->left);
	debug_left(m);
	if (!m->gathering) {
		m->gathering = true;
		while (kick_others(m)) {
			again = next_kick();
			pthread_cond_timedwait(&m->left, &m->lock, &again);
		}
	}
	pthread_mutex_unlock(&m->lock);
}

/* Before looking whether it is over: a kick that comes now is for what we then
 * see. */
static bool
may_run(struct vcpu *vcpu)
{
	vcpu->thread.kicked = 0;
	atomic_signal_fence(memory_order_seq_cst);
	vcpu->kvm.run->immediate_exit = 0;
	return !vcpu->ended && !thread_over(vcpu->machine);
}

void
thread_run(struct vcpu *vcpu)
{
	bool debugged = vcpu->machine->debug.on;

	current = vcpu;
	while (wait_for_life(vcpu)) {
		if (debugged)
			debug_run(vcpu);
		else
			while (may_run(vcpu))
				if (deliver(vcpu))
					vcpu_enter(vcpu);
		if (vcpu->ended)
			release(vcpu);
	}
	leave(vcpu);
	current = NULL;
}

/*
 * What comes to novillo from outside, a timeout's tick for one, is for its
 * first thread, which waits for the others: a handler must not look at a thread
 * that is joined meanwhile.  Faults are told to who makes them.
 */
static void
leave_signals_to_first(void)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, KICK_SIGNAL);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *
host_thread(void *arg)
{
	leave_signals_to_first();
	thread_run(arg);
	return NULL;
}

int
thread_host(struct vcpu *vcpu)
{
	pthread_attr_t attr;
	int r = expect_kicks();

	if (r < 0)
		return r;
	r = pthread_attr_init(&attr);
	if (r == 0)
		r = pthread_attr_setstacksize(&attr, HOST_STACK);
	if (r == 0)
		r = pthread_create(&vcpu->host, &attr, host_thread, vcpu);
	if (r == 0)
		vcpu->hosted = true;
	pthread_attr_destroy(&attr);
	return -r;
}

void
machine_run(struct machine *m)
{
	struct vcpu *first = &m->vcpu[0];
	int r = expect_kicks();

	if (r < 0)
		machine_end(
		    m, OUTCOME_FAILED, 0, "sigaction: %s", strerror(-r));
	first->host = pthread_self();
	first->hosted = true;
	thread_run(first);
	thread_join(m);
	if (m->timed_out)
		machine_end_quietly(m, OUTCOME_TIMEOUT, 0);
}

void
thread_join(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (m->vcpu[i].hosted &&
		    !pthread_equal(m->vcpu[i].host, pthread_self())) {
			/* It is out, and must not be kicked any more. */
			m->vcpu[i].hosted = false;
			pthread_join(m->vcpu[i].host, NULL);
		}
}
