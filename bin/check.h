/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports that need no run: what a guest is, and what this host can do.  They
 * must not know how a guest is run.  Each returns an exit status (run.h).
 */
#ifndef CHECK_H
#define CHECK_H

#include "options.h"

/* --check: report what the guest is and whether it would run here. */
int check_guest(const struct options *options);

/* --probe: report what this host's KVM can do. */
int probe_kvm(void);

#endif
