/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a guest between two instructions of a vCPU, as a recording has
 * it (preemption.h).  It must not know how the vCPU came there.
 */
#ifndef POSITION_H
#define POSITION_H

#include "vm/machine.h"

/*
 * Complete a position, whose words have their addresses, with the state in
 * which the vCPU rests.  False: KVM does not give its registers, or memory
 * cannot be compared now.
 */
bool position_take(struct vcpu *vcpu, struct hc_position *position);

/* Only its registers, and no words.  False: KVM does not give them. */
bool position_look(struct vcpu *vcpu, struct hc_position *position);

/* Does the vCPU rest there? */
bool position_is_here(struct vcpu *vcpu, const struct hc_position *position);

/* The general registers that differ from it: 1 << number. */
uint32_t
position_differs(struct vcpu *vcpu, const struct hc_position *position);

/* Add the word that holds `address`, while there is room. */
void position_add(struct hc_position *position, uint64_t address);

#endif
