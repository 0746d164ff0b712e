/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the host's kernel over AF_NETLINK, the route family: only those
 * that read the interfaces, their addresses and the routes.  Each is checked on
 * a private copy, which alone goes to the host.  It must not know which call
 * sends it.
 */
#ifndef HC_NETLINK_H
#define HC_NETLINK_H

#include "hypercall/core/hypercall.h"

#include <sys/uio.h>

#define HC_NETLINK 1024U /* bytes of one datagram */

struct hc_netlink {
	_Alignas(8) uint8_t bytes[HC_NETLINK];
	size_t len;   /* the bytes for the host */
	size_t whole; /* and those that the guest sent */
};

/*
 * May a guest send these requests?  How many of the bytes are requests: Linux
 * ignores what follows a header without a length.  Or -EINVAL: the length of a
 * part is wrong; -EPERM: there is another kind of message, family or attribute
 * among them.
 */
int hc_netlink_judge(const uint8_t *bytes, size_t len);

/*
 * Copy the datagram in the `n` parts of `iov`, which are guest memory as the
 * host sees it, judge it, and give the socket a port.  0 or -errno: also
 * -EFAULT; -EMSGSIZE: it is longer than HC_NETLINK.
 */
int hc_netlink_take(struct hc_netlink *request, struct hc_file *file,
    const struct iovec *iov, size_t n);

/*
 * Give the socket a port, if it has none.  Linux's own choice would be the
 * number of novillo's process.  0 or -errno.
 */
int hc_netlink_bind(struct hc_file *file);

#endif
