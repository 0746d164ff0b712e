/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a guest's socket, for an observer within novillo.  It must not
 * know who looks, and changes nothing.
 */
#ifndef HC_LOOKSOCKET_H
#define HC_LOOKSOCKET_H

#include "hypercall/core/hypercall.h"

#define HC_LOOK_ADDRESS 128

/* Texts; an address is "" if there is none, and the guest's own view of it. */
struct hc_look_socket {
	const char *protocol; /* "tcp", "udp", "unix", "netlink" or "other" */
	const char *state;    /* "listens", "connected" or "" */
	char local[HC_LOOK_ADDRESS];
	char peer[HC_LOOK_ADDRESS];
};

/* The guest's descriptor `fd`.  0; -EBADF; -ENOTSOCK. */
int hc_look_socket(
    struct hc_guest *guest, unsigned fd, struct hc_look_socket *look);

/* The calls of the host that this needs, ended by -1. */
extern const int16_t hc_look_socket_needs[];

#endif
