/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of mapped files that are lost, because another program has truncated
 * the file.  This file must not know why a page is accessed.
 */
#ifndef LOSTPAGE_H
#define LOSTPAGE_H

#include "vm/machine.h"

/*
 * Survive an access of novillo's own to such a page, which reads as zero from
 * then on; if it was guest memory, the guest ends by SIGBUS.  0, or -1 after a
 * message.
 */
int lostpage_expect(struct machine *machine);

#endif
