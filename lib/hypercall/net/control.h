/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages of sockets (cmsg(3)), translated between guest and host:
 * descriptors are replaced, everything is checked on a private copy.  It must
 * not know which call uses them.
 */
#ifndef HC_CONTROL_H
#define HC_CONTROL_H

#include "hypercall/core/hypercall.h"

#include <sys/socket.h>

#define HC_CONTROL 2048U /* bytes of control messages of one message */
#define HC_RIGHTS  253U  /* descriptors in them, as on Linux */

struct hc_control {
	_Alignas(struct cmsghdr) uint8_t bytes[HC_CONTROL];
	size_t len;
	struct hc_file *held[HC_RIGHTS]; /* the files that are sent */
	unsigned files;
	unsigned flight; /* of HC_FLIGHT */
};

/*
 * Fetch and translate the control messages that the guest sends over `socket`:
 * SCM_RIGHTS, SCM_CREDENTIALS of the guest itself, and those that concern only
 * their message.  0, or -errno; hc_control_put() in either case.
 */
int hc_control_get(struct hc_guest *guest, struct hc_control *control,
    const struct hc_file *socket, uint64_t va, size_t len);
void hc_control_put(struct hc_control *control);

/*
 * Around a host call that sends them over `socket`: those that have buffers
 * count until they are received, unless another process receives them.  0, or
 * -ETOOMANYREFS.
 */
int hc_control_depart(struct hc_guest *guest, struct hc_control *control,
    const struct hc_file *socket);
void hc_control_departed(
    struct hc_guest *guest, struct hc_control *control, int64_t result);

/*
 * Translate the control messages that the host received into control->bytes, as
 * `message` describes them: descriptors that a guest may have are opened, the
 * others closed, which MSG_CTRUNC reports.  Unknown ones are left out.
 */
void hc_control_receive(struct hc_guest *guest, struct hc_control *control,
    struct msghdr *message, unsigned flags);

/* A process of the host as the guest knows it: by its number if it is the guest
 * itself, and as 0 if it is another. */
struct ucred hc_known(struct ucred sender);

#endif
