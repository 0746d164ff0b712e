/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Non-stop mode, for the session and the packets.  Only lib/gdb includes it.
 */
#ifndef GDB_NONSTOP_H
#define GDB_NONSTOP_H

#include "gdb/packet.h"

/* The mode ends. */
void nonstop_end(struct stub *stub);

/* The debugger has attached: all threads stop.  0 or -errno. */
int nonstop_attach(struct stub *stub);

/* A new guest stands, and the reply to the packet that ran it reports that. */
void nonstop_started(struct stub *stub);

/*
 * Let the machine rest for a packet; then let those threads run that the
 * debugger lets run, if there are any.  0 or -errno; the machine may have
 * ended.
 */
int nonstop_pause(struct stub *stub);
int nonstop_go(struct stub *stub);

/* The machine has stopped. */
void nonstop_stop(struct stub *stub, const struct stop *stop);

/* vCont, with the machine at rest: 0 or -errno. */
int nonstop_resume(
    struct stub *stub, const struct target_action *actions, size_t n);

/* Ctrl-C: one thread that runs gets it. */
int nonstop_interrupt(struct stub *stub);

/* The reply to '?'. */
int nonstop_query(struct stub *stub, struct reply *reply);

/* Write a notification, without its frame.  False: there is none to send. */
bool nonstop_notification(struct stub *stub, struct reply *reply);

#endif
