/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's policy, from options to struct hc_guest.  It must not know how a
 * call is served.
 */
#ifndef POLICY_H
#define POLICY_H

#include "options.h"

/* Allow `guest` what the options allow, mount its volumes, and report what it
 * is denied.  0, or -1 after a message. */
int policy_set(const struct options *options, struct hc_guest *guest);

/* Let the guest begin in the folder that it knows by this name: 0 or -errno. */
int policy_enter(struct hc_guest *guest, const char *folder);

#endif
