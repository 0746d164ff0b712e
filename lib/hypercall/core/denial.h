/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Denied calls and addresses: each is reported once, by the hooks of the
 * guest's policy, and all are counted.  Calls and addresses that are noted
 * while the guest shows its needs.  It must not know how the user is informed.
 */
#ifndef HC_DENIAL_H
#define HC_DENIAL_H

#include "hypercall/core/netrule.h"
#include "hypercall/core/set.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The addresses that are kept and reported; a guest can try any number. */
#define HC_DENIED_RULES 16U

struct hc_guest;

struct hc_denials {
	_Atomic uint64_t times; /* how often anything was denied */
	pthread_mutex_t lock;   /* for all below */
	/* Each would permit one denied address. */
	struct hc_net_rule rule[HC_DENIED_RULES];
	unsigned rules;
	bool more; /* there were other addresses */
};

/* Made by a guest that is to show its needs: it may do more than it would be
 * allowed, and what it does is kept. */
struct hc_learned {
	struct hc_set from;          /* the calls it would be allowed */
	struct hc_set calls;         /* those it made beyond them */
	struct hc_denials addresses; /* by rules: all that it used */
};

void hc_denials_init(struct hc_denials *denials);

/* Keep a rule that is not there yet, as far as there is room.  True: it is
 * new. */
bool
hc_denials_keep(struct hc_denials *denials, const struct hc_net_rule *rule);

/* Call `number` is not allowed: count and report it. */
void hc_deny_call(struct hc_guest *guest, uint32_t number);

/* The same for an address, which `would` would permit; NULL: no rule would. */
void hc_deny_address(struct hc_guest *guest, const struct hc_net_rule *would);

/* Report that memory has run out, or that pages were refused that are writable
 * and executable, if they have been and for the first time. */
void hc_report_memory(struct hc_guest *guest);

#endif
