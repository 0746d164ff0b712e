/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A window of a trampoline: the shim's pages for it, mapped among the guest's
 * addresses, where the guest has nothing, while the vCPU is in the guest.  It
 * must not know the code there.
 *
 * A processor, or KVM, may keep the entries that it has seen.  The guest has
 * nothing there and does not notice; once it has, they are flushed.
 *
 * One thread of the guest runs at a time.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct machine;
struct vcpu;

/* All zero: it was nowhere yet. */
struct window {
	uint64_t base; /* where it was opened last; 0: nothing is kept */
	bool open;
};

/* Open it at a page for this vCPU, which is about to enter.  False: the guest
 * has something there, or somebody is to see each of its instructions. */
bool window_open(struct vcpu *vcpu, uint64_t base);
void window_close(struct machine *m);

/* Before an entry: the guest may have something now where the window was. */
void window_settle(struct machine *m);

#endif
