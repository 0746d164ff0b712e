/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine's KVM really does, found by running a few instructions in
 * a scratch guest: KVM_CHECK_EXTENSION promises more than some keep.  It must
 * not know who wants to know.
 */
#ifndef PROBE_H
#define PROBE_H

#include "vm/machine.h"

/* How a debug exception arrives. */
enum probe_way {
	PROBE_NONE,
	PROBE_EXIT_DEBUG, /* KVM_EXIT_DEBUG */
	PROBE_TRAP,       /* the guest's own vector, so our stub */
};

struct probe {
	bool io_bitmap;       /* the TSS I/O bitmap opens the gate */
	bool iopl;            /* IOPL 3 opens ports */
	unsigned syscall_cpl; /* in which `syscall` arrives at LSTAR */
	enum probe_way breakpoint;
	enum probe_way step;
	bool hw_breakpoint; /* DR0-3 on execution, by KVM_SET_GUEST_DEBUG */
	bool hw_watchpoint; /* DR0-3 on writes */
	uint64_t xfeatures; /* state components, as XCR0 numbers them */
	bool fsgsbase;
};

/* Fill *probe.  0, or -errno with *error told: guests cannot run here. */
int probe_run(int kvm, struct probe *probe, struct machine_error *error);

#endif
