/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Denials, each reported once.  Nothing here may know how the user is informed.
 */
#include "hypercall/core/denial.h"

#include "hypercall/core/hypercall.h"

void
hc_denials_init(struct hc_denials *denials)
{
	pthread_mutex_init(&denials->lock, NULL);
}

void
hc_deny_call(struct hc_guest *guest, uint32_t number)
{
	struct hc_policy *policy = &guest->policy;

	policy->denials.times++;
	if (hc_set_add(&policy->reported, number) && policy->denied)
		policy->denied(guest, number);
}

static bool
keep_rule(struct hc_denials *denials, const struct hc_net_rule *rule)
{
	unsigned i;

	for (i = 0; i < denials->rules; i++)
		if (hc_net_rule_equals(&denials->rule[i], rule))
			return false;
	denials->more = denials->rules == HC_DENIED_RULES;
	if (denials->more)
		return false;
	denials->rule[denials->rules++] = *rule;
	return true;
}

bool
hc_denials_keep(struct hc_denials *denials, const struct hc_net_rule *rule)
{
	bool new;

	pthread_mutex_lock(&denials->lock);
	new = keep_rule(denials, rule);
	pthread_mutex_unlock(&denials->lock);
	return new;
}

void
hc_deny_address(struct hc_guest *guest, const struct hc_net_rule *would)
{
	struct hc_denials *denials = &guest->policy.denials;

	denials->times++;
	if (would && hc_denials_keep(denials, would) &&
	    guest->policy.denied_address)
		guest->policy.denied_address(guest, would);
}

void
hc_report_memory(struct hc_guest *guest)
{
	struct hc_policy *policy = &guest->policy;

	if (guest->space.lacked && policy->out_of_memory &&
	    !atomic_exchange(&policy->reported_memory, true))
		policy->out_of_memory(guest, guest->space.lacked);
	if (guest->space.jit_refused && policy->denied_jit &&
	    !atomic_exchange(&policy->reported_jit, true))
		policy->denied_jit(guest);
}
