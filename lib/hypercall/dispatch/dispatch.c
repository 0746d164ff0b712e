/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of handlers, and how a call is served.  Nothing here may know vCPUs
 * or KVM.
 */
#include "hypercall/dispatch/dispatch.h"

#include "hypercall/core/forward.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/refused.h"
#include "hypercall/own/own.h"
#include "hypercall/signal/send.h"
#include "hypercall/task/task.h"

#include <errno.h>
#include <signal.h>

static int64_t (*const handlers[HYPERCALL_END])(struct hc_call *) = {
#define HYPERCALL(number, call, ...) [number] = hc_do_##call,
#define FORWARD(...)
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL
};

void
hc_guest_init_bare(struct hc_guest *guest, struct gmem *mem)
{
	guest->mem = mem;
	guest->tree.self = -1;
	pthread_mutex_init(&guest->tree.entered, NULL);
	hc_shared_init(&guest->shared);
	pthread_mutex_init(&guest->ipc.lock, NULL);
	hc_denials_init(&guest->policy.denials);
	hc_signals_init(guest);
}

void
hc_guest_init(struct hc_guest *guest, struct gmem *mem)
{
	static const char base[] = "@base";

	hc_guest_init_bare(guest, mem);
	hc_world_init(guest);
	guest->dumpable = true;
	hc_limits_init(guest);
	hc_set_change(&guest->policy.allowed, base, sizeof(base) - 1);
	hc_fds_init(&guest->fds);
	hc_limits_apply(guest);
}

/* A call in the table that this guest may not make. */
static int64_t
deny(struct hc_call *call, uint32_t number)
{
	call->denied = true;
	hc_deny_call(call->guest, number);
	if (call->guest->policy.kill) {
		call->end = HC_KILLS_GUEST;
		call->status = SIGSYS;
		call->thread->signals.fatal = (siginfo_t){
			.si_signo = SIGSYS,
			.si_code = HC_SYS_SECCOMP,
		};
		call->why = "is not allowed";
	}
	return -EPERM;
}

static int64_t
run_handler(struct hc_call *call, const struct hc_row *row, uint32_t number)
{
	struct hc_guest *guest = call->guest;
	int64_t result;

	/* One thread at a time changes mappings.  The guest may have ended
	 * while the call waited for that. */
	if (row->classes & HC_MEMORY)
		gmem_lock(guest->mem);
	if ((row->classes & HC_MEMORY) && !guest->recorded &&
	    gmem_is_over(guest->mem))
		result = -HC_NOT_MADE;
	else
		result = handlers[number] ? handlers[number](call)
					  : hc_forward(call, row);
	if (row->classes & HC_MEMORY) {
		gmem_unlock(guest->mem);
		hc_report_memory(guest);
	}
	return result;
}

static int64_t
serve_allowed(struct hc_call *call, const struct hc_row *row, uint32_t number)
{
	int64_t result;

	atomic_fetch_add_explicit(
	    &call->guest->count[number], 1, memory_order_relaxed);
	result = call->guest->recorded
		     ? call->guest->recorded(call, row, number, run_handler)
		     : run_handler(call, row, number);
	if (result == -EPIPE || result == -EFBIG || (row->raises && result > 0))
		hc_raise_error(call, row, result);
	/* A mask that the call set for itself ends with it. */
	return call->thread->signals.swapped ? hc_end_swapped(call, result)
					     : result;
}

/* A call beyond what is allowed: one of a guest that shows its needs is noted
 * and served. */
static int64_t
serve_beyond(struct hc_call *call, const struct hc_row *row, uint32_t number)
{
	struct hc_policy *policy = &call->guest->policy;

	if (!policy->learned || !hc_set_has(&policy->allowed, number))
		return deny(call, number);
	(void)hc_set_add(&policy->learned->calls, number);
	call->own_only = false;
	return serve_allowed(call, row, number);
}

/* A call that is not allowed may still be allowed on novillo's own files; its
 * handler finds out whether it leads to one. */
static int64_t
serve(struct hc_call *call, uint32_t number)
{
	const struct hc_policy *policy = &call->guest->policy;
	const struct hc_set *allowed = policy->learned ? &policy->learned->from
						       : &policy->allowed;
	const struct hc_row *row = hc_row(number);
	int64_t result;

	if (!row)
		return hc_refuse(call, number);
	if (hc_set_has(allowed, number))
		return serve_allowed(call, row, number);
	if (!hc_set_has_own(allowed, number))
		return serve_beyond(call, row, number);
	call->own_only = true;
	result = serve_allowed(call, row, number);
	return result == HC_ELSEWHERE ? serve_beyond(call, row, number)
				      : result;
}

int64_t
hc_dispatch(struct hc_call *call, uint32_t number)
{
	struct hc_guest *guest = call->guest;
	int64_t result;

	gmem_begin(guest->mem);
	result = guest->traced ? guest->traced(call, number, serve)
			       : serve(call, number);
	gmem_settle(guest->mem);
	if (result == -EFAULT)
		hc_report_memory(guest);
	return result;
}
