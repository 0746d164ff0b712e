/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real behaviour of this host's KVM, found by running a few instructions in
 * a scratch guest: some KVMs do less than KVM_CHECK_EXTENSION promises.  It
 * must not know what the result is for.
 */
#ifndef PROBE_H
#define PROBE_H

#include "vm/machine.h"

/* How a debug exception arrives. */
enum probe_way {
	PROBE_NONE,
	PROBE_EXIT_DEBUG, /* KVM_EXIT_DEBUG */
	PROBE_TRAP,       /* a stub of the shim */
};

struct probe {
	bool io_bitmap;       /* the TSS I/O bitmap opens the gate */
	bool iopl;            /* IOPL 3 opens ports */
	unsigned syscall_cpl; /* privilege level in which `syscall` arrives */
	enum probe_way breakpoint;
	enum probe_way step;
	bool hw_breakpoint; /* DR0-3 on execution, by KVM_SET_GUEST_DEBUG */
	bool hw_watchpoint; /* DR0-3 on writes */
	uint64_t xfeatures; /* state components, as XCR0 numbers them */
	bool fsgsbase;
};

/* Fill *probe.  0, or -errno with *error filled in: no guest can run here. */
int probe_run(int kvm, struct probe *probe, struct machine_error *error);

#endif
