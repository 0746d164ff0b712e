/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line for each exit from the guest: why, where, and what was done about it.
 * It must not change the machine, nor know how an exit is handled.
 */
#ifndef EXITLINE_H
#define EXITLINE_H

#include "output/output.h"
#include "vm/machine.h"
#include "vm/report.h"

struct exit_lines {
	struct output *out;
	struct image_bytes program, interp; /* for names; NULL: there is none */
};

/* KVM_RUN has returned `r`: call `handle`, and write the line. */
void exitline_show(
    struct vcpu *vcpu, int r, void (*handle)(struct vcpu *vcpu, int r));

#endif
