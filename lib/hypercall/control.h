/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages of sockets (cmsg(3)) on their way between guest and host:
 * descriptors are translated, everything is checked on a private copy.  It must
 * not know which call has them.
 */
#ifndef HC_CONTROL_H
#define HC_CONTROL_H

#include "hypercall/hypercall.h"

#include <sys/socket.h>

#define HC_CONTROL 2048U /* bytes of control messages of one message */
#define HC_RIGHTS  253U  /* descriptors in them, as on Linux */

struct hc_control {
	_Alignas(struct cmsghdr) uint8_t bytes[HC_CONTROL];
	size_t len;
	struct hc_file *held[HC_RIGHTS]; /* what is sent */
	unsigned files;
};

/*
 * What the guest would send: SCM_RIGHTS and nothing else.  0, or -errno;
 * hc_control_put() in either case.
 */
int hc_control_get(struct hc_guest *guest, struct hc_control *control,
    uint64_t va, size_t len);
void hc_control_put(struct hc_control *control);

/*
 * What the host has received into control->bytes, of which `message` tells,
 * becomes the guest's: descriptors that a guest may have are opened, the others
 * closed, and MSG_CTRUNC says so.
 */
void hc_control_receive(struct hc_guest *guest, struct hc_control *control,
    struct msghdr *message, bool cloexec);

#endif
