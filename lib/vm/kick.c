/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kicks by a signal.  Nothing here may know what a vCPU does.
 */
#include "vm/kick.h"
#include "hypercall/signal/signal.h"

#include <errno.h>
#include <signal.h>

static _Thread_local struct vcpu *current;

/* KVM_RUN checks `immediate_exit` when it starts, and a wait checks `kicked`;
 * the signal ends both. */
static void
take_kick(struct vcpu *vcpu)
{
	vcpu->thread.kicked = 1;
	atomic_signal_fence(memory_order_seq_cst);
	vcpu->kvm.run->immediate_exit = 1;
}

void
kick_forget(struct vcpu *vcpu)
{
	vcpu->thread.kicked = 0;
	atomic_signal_fence(memory_order_seq_cst);
	vcpu->kvm.run->immediate_exit = 0;
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

/* A timer of the guest has expired. */
static void
on_tick(int signal, siginfo_t *info, void *context)
{
	int error = errno;

	(void)signal;
	if (info->si_code == SI_TIMER)
		hc_signal_outside(info->si_value.sival_ptr, 0);
	if (current)
		hc_host_kicked(context);
	errno = error;
}

int
kick_expect(void)
{
	/* With SA_RESTART the kernel shows whether it would make the call
	 * again: hc_host_kicked(). */
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
kick_set_current(struct vcpu *vcpu)
{
	current = vcpu;
}

struct vcpu *
kick_current(void)
{
	return current;
}

void
kick_vcpu(struct vcpu *vcpu)
{
	if (vcpu->host_state == HOST_RUNS && vcpu != current)
		kick_host_thread(vcpu->host);
}

void
kick_host_thread(pthread_t thread)
{
	pthread_kill(thread, KICK_SIGNAL);
}

void
kick_thread(struct hc_thread *thread)
{
	struct vcpu *vcpu = vcpu_of(thread);

	if (vcpu == current)
		take_kick(vcpu);
	else
		kick_vcpu(vcpu);
}
