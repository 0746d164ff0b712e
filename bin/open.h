/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening what a run and a check need.  It must not know how a guest is run.
 */
#ifndef OPEN_H
#define OPEN_H

/*
 * Open /dev/kvm: the descriptor, or -1 after a message with the cause and the
 * cure.
 */
int open_kvm(void);

#endif
