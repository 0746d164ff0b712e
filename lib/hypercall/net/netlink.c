/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests over AF_NETLINK.  Nothing here may know the call that sends them,
 * nor look at the kernel's answers.
 */
#include "hypercall/net/netlink.h"

#include "hypercall/core/hostcall.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#ifndef IFLA_ALT_IFNAME
#define IFLA_ALT_IFNAME 53
#endif

#define BIT(n) (UINT64_C(1) << (n))

/*
 * The requests that a guest may make: the size of the structure after the
 * header, and the families and attributes that it may name.  Those left out
 * lead to other name spaces and processes (IFLA_TARGET_NETNSID,
 * IFLA_NET_NS_PID), to other parts of the kernel (AF_BRIDGE, RTNL_FAMILY_IPMR)
 * or are unknown.
 */
static const struct request {
	uint16_t type;
	uint16_t size;
	uint64_t families;
	uint64_t attributes;
} requests[] = {
	{ RTM_GETLINK, sizeof(struct ifinfomsg),
	    BIT(AF_UNSPEC) | BIT(AF_INET) | BIT(AF_INET6) | BIT(AF_PACKET),
	    BIT(IFLA_IFNAME) | BIT(IFLA_MASTER) | BIT(IFLA_EXT_MASK) |
		BIT(IFLA_ALT_IFNAME) },
	{ RTM_GETADDR, sizeof(struct ifaddrmsg),
	    BIT(AF_UNSPEC) | BIT(AF_INET) | BIT(AF_INET6),
	    BIT(IFA_ADDRESS) | BIT(IFA_LOCAL) },
	{ RTM_GETROUTE, sizeof(struct rtmsg),
	    BIT(AF_UNSPEC) | BIT(AF_INET) | BIT(AF_INET6),
	    BIT(RTA_DST) | BIT(RTA_SRC) | BIT(RTA_OIF) | BIT(RTA_TABLE) |
		BIT(RTA_IP_PROTO) | BIT(RTA_SPORT) | BIT(RTA_DPORT) },
	{ RTM_GETNEIGH, sizeof(struct ndmsg),
	    BIT(AF_UNSPEC) | BIT(AF_INET) | BIT(AF_INET6),
	    BIT(NDA_DST) | BIT(NDA_IFINDEX) | BIT(NDA_MASTER) },
};

static const struct request *
find_request(uint16_t type)
{
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].type == type)
			return &requests[i];
	return NULL;
}

static bool
has_bit(uint64_t set, unsigned n)
{
	return n < 64 && (set >> n & 1);
}

/* A rest that is too short for an attribute is padding, as for Linux. */
static int
judge_attributes(const struct request *may, const uint8_t *at, size_t len)
{
	while (len >= sizeof(struct rtattr)) {
		struct rtattr attribute;
		size_t whole;

		memcpy(&attribute, at, sizeof(attribute));
		if (attribute.rta_len < sizeof(attribute) ||
		    attribute.rta_len > len)
			return -EINVAL;
		if (!has_bit(may->attributes, attribute.rta_type))
			return -EPERM;
		whole = RTA_ALIGN((size_t)attribute.rta_len);
		if (whole >= len)
			return 0;
		at += whole;
		len -= whole;
	}
	return 0;
}

/* The `len` bytes after the header.  Linux also takes, and C libraries send, a
 * family alone instead of the structure. */
static int
judge_body(const struct request *may, const uint8_t *body, size_t len)
{
	size_t head = may->size;

	if (len < sizeof(struct rtgenmsg))
		return -EINVAL;
	if (!has_bit(may->families, body[0]))
		return -EPERM;
	if (len < head)
		head = RTA_ALIGN(sizeof(struct rtgenmsg));
	return len > head ? judge_attributes(may, body + head, len - head) : 0;
}

int
hc_netlink_judge(const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	while (len - at >= NLMSG_HDRLEN) {
		const struct request *may;
		struct nlmsghdr header;
		size_t whole;
		int r;

		memcpy(&header, bytes + at, sizeof(header));
		if (header.nlmsg_len < NLMSG_HDRLEN ||
		    header.nlmsg_len > len - at)
			break;
		may = find_request(header.nlmsg_type);
		r = may ? judge_body(may, bytes + at + NLMSG_HDRLEN,
			      header.nlmsg_len - NLMSG_HDRLEN)
			: -EPERM;
		if (r < 0)
			return r;
		whole = NLMSG_ALIGN((size_t)header.nlmsg_len);
		at = whole < len - at ? at + whole : len;
	}
	return (int)at;
}

/* Ports as Linux gives them to a process' second socket and those after it. */
static uint32_t
to_port(uint32_t noise)
{
	return (noise | UINT32_C(0x80000000)) & ~UINT32_C(0x1000);
}

int
hc_netlink_bind(struct hc_file *file)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	int64_t r = -EADDRINUSE;
	unsigned tries;

	if (file->bound)
		return 0;
	for (tries = 0; r == -EADDRINUSE && tries < 16; tries++) {
		uint32_t noise = 0;

		r = hc_host(SYS_getrandom, &noise, sizeof(noise), 0);
		if (r < 0)
			return (int)r;
		own.nl_pid = to_port(noise);
		r = hc_host(SYS_bind, file->host, &own, sizeof(own));
	}
	/* Another thread has bound it: it has another port. */
	if (r == -EINVAL)
		r = 0;
	if (r == 0)
		file->bound = true;
	return (int)r;
}

static int
copy(struct hc_netlink *request, const struct iovec *iov, size_t n)
{
	for (request->whole = 0; n > 0; n--, iov++) {
		size_t len = iov->iov_len;

		if (len > sizeof(request->bytes) - request->whole)
			return -EMSGSIZE;
		if (gmem_copy(request->bytes + request->whole, iov->iov_base,
			len) < len)
			return -EFAULT;
		request->whole += len;
	}
	return 0;
}

/* A message that the kernel ignores, as it does what the guest sent. */
static void
put_nothing(struct hc_netlink *request)
{
	const struct nlmsghdr header = {
		.nlmsg_len = sizeof(header),
		.nlmsg_type = NLMSG_NOOP,
	};

	memcpy(request->bytes, &header, sizeof(header));
	request->len = sizeof(header);
}

int
hc_netlink_take(struct hc_netlink *request, struct hc_file *file,
    const struct iovec *iov, size_t n)
{
	int r = copy(request, iov, n);

	if (r == 0)
		r = hc_netlink_judge(request->bytes, request->whole);
	if (r < 0)
		return r;
	request->len = (size_t)r;
	if (r == 0 && request->whole > 0)
		put_nothing(request);
	return hc_netlink_bind(file);
}
