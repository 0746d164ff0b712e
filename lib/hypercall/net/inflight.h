/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The count of descriptors with buffers that are sent over AF_UNIX and not
 * received yet.  It must not know messages.
 *
 * The host drops such a descriptor without a word if its message is read
 * without control messages, or if the socket where the message waits is closed.
 * So the count may be too high.  As it nears HC_FLIGHT, inflight.c looks at all
 * sockets of the guest: where nothing waits to be read, nothing is in flight.
 * A socket in flight that has messages itself waits in another, or can never be
 * received.
 */
#ifndef HC_INFLIGHT_H
#define HC_INFLIGHT_H

#include "hypercall/core/fd.h"

/* Around a host call that sends `n` of them, which is more than none: 0 or
 * -ETOOMANYREFS.  Where hc_inflight_begin() returned 0, hc_inflight_end()
 * follows, with how many were not sent. */
int hc_inflight_begin(struct hc_fds *fds, unsigned n);
void hc_inflight_end(struct hc_fds *fds, unsigned unsent);

/* One was received. */
void hc_inflight_received(struct hc_fds *fds);

#endif
