/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of sockets.  Nothing here may know the call that uses them.
 */
#include "hypercall/net/address.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/core/netrule.h"

#include <errno.h>
#include <string.h>

static enum hc_net_what
rule_kind(enum hc_address_use use)
{
	return use == HC_ADDRESS_BIND ? HC_NET_BIND : HC_NET_CONNECT;
}

/* The rule that would permit exactly this; false: there is none. */
static bool
rule_for(struct hc_net_rule *rule, const struct sockaddr *any, socklen_t len)
{
	const struct sockaddr_in *in = (const void *)any;
	const struct sockaddr_in6 *in6 = (const void *)any;

	if (len >= sizeof(*in) && any->sa_family != AF_INET6) {
		rule->family = AF_INET;
		rule->prefix = 32;
		rule->port = rule->last = ntohs(in->sin_port);
		memcpy(rule->addr, &in->sin_addr, sizeof(in->sin_addr));
		return true;
	}
	if (len < sizeof(*in6))
		return false;
	rule->port = rule->last = ntohs(in6->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		rule->family = AF_INET;
		rule->prefix = 32;
		memcpy(rule->addr, &in6->sin6_addr.s6_addr[12], 4);
		return true;
	}
	rule->family = AF_INET6;
	rule->prefix = 128;
	memcpy(rule->addr, &in6->sin6_addr, sizeof(in6->sin6_addr));
	return true;
}

int
hc_address_judge(struct hc_guest *guest, const struct sockaddr *any,
    socklen_t len, enum hc_address_use use)
{
	const struct hc_policy *policy = &guest->policy;
	struct hc_net_rule would = { .what = rule_kind(use) };
	const bool named = rule_for(&would, any, len);

	if (hc_net_allows(policy->net, policy->nets, would.what, any, len)) {
		if (named && policy->learned)
			(void)hc_denials_keep(
			    &policy->learned->addresses, &would);
		return 0;
	}
	hc_deny_address(guest, named ? &would : NULL);
	return -EACCES;
}

int
hc_address_judge_also(struct hc_guest *guest, int fd, struct hc_address *a)
{
	struct hc_address own = { 0 };
	int64_t r;

	own.len = sizeof(own.u);
	r = hc_host(SYS_getsockname, fd, &own.u, &own.len);
	if (r < 0)
		return (int)r;
	if (a->u.any.sa_family != AF_INET && a->u.any.sa_family != AF_INET6)
		return -EADDRNOTAVAIL;
	/* Both kinds have their port in the same place. */
	a->u.in.sin_port = own.u.in.sin_port;
	a->len = a->u.any.sa_family == AF_INET ? sizeof(a->u.in)
					       : sizeof(a->u.in6);
	return hc_address_judge(guest, &a->u.any, a->len, HC_ADDRESS_BIND);
}

/* Replace the guest's name by the host's. */
static int
use_unix(struct hc_guest *guest, struct hc_address *a, enum hc_address_use use)
{
	int r = use == HC_ADDRESS_BIND
		    ? hc_unix_place(guest, &a->name, &a->u.un, a->len)
		    : hc_unix_find(guest, &a->name, &a->u.un, a->len);

	if (r < 0)
		return r;
	a->is_unix = true;
	a->u.un = a->name.host;
	a->len = a->name.host_len;
	return 0;
}

/* The kernel itself is the only peer.  A guest gets no message that it did not
 * ask for, so groups are left out. */
static int
use_netlink(
    struct hc_guest *guest, struct hc_address *a, enum hc_address_use use)
{
	if (a->len < sizeof(a->u.nl))
		return -EINVAL;
	a->len = sizeof(a->u.nl);
	if (use != HC_ADDRESS_BIND)
		return a->u.nl.nl_pid || a->u.nl.nl_groups ? -EPERM : 0;
	a->u.nl.nl_groups = 0;
	if (a->u.nl.nl_pid == 0)
		return 0;
	return hc_address_judge(guest, &a->u.any, a->len, use);
}

int
hc_address_get(struct hc_guest *guest, struct hc_address *a, uint64_t va,
    uint64_t len, enum hc_address_use use)
{
	int32_t n = (int32_t)len;

	*a = (struct hc_address){ 0 };
	if (n < 0 || n > (int32_t)sizeof(a->u.storage))
		return -EINVAL;
	if (gmem_read(guest->mem, &a->u, va, (size_t)n) < 0)
		return -EFAULT;
	a->len = (socklen_t)n;
	if (a->len < sizeof(a->u.any.sa_family))
		return -EINVAL;
	switch (a->u.any.sa_family) {
	case AF_UNIX: return use_unix(guest, a, use);
	case AF_NETLINK: return use_netlink(guest, a, use);
	case AF_UNSPEC:
		/* AF_UNSPEC undoes a connect; Linux does not read the rest. */
		if (use == HC_ADDRESS_CONNECT)
			return 0;
		break;
	case AF_INET:
	case AF_INET6: break;
	default: return -EAFNOSUPPORT;
	}
	return hc_address_judge(guest, &a->u.any, a->len, use);
}

void
hc_address_put(struct hc_address *a)
{
	if (a->is_unix)
		hc_unix_put(&a->name);
}

int
hc_address_room(struct hc_guest *guest, struct hc_address_out *out, uint64_t va,
    uint64_t va_len)
{
	*out = (struct hc_address_out){ 0 };
	return va ? hc_address_place(guest, out, va, va_len) : 0;
}

int
hc_address_place(struct hc_guest *guest, struct hc_address_out *out,
    uint64_t va, uint64_t va_len)
{
	int32_t len;

	*out = (struct hc_address_out){
		.wanted = true,
		.va = va,
		.va_len = va_len,
	};
	if (gmem_read(guest->mem, &len, va_len, sizeof(len)) < 0 ||
	    !gmem_range(guest->mem, va_len, sizeof(len), GMEM_WRITE))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	out->room = len < (int32_t)sizeof(struct sockaddr_storage)
			? (socklen_t)len
			: (socklen_t)sizeof(struct sockaddr_storage);
	return 0;
}

void
hc_address_own(
    struct hc_guest *guest, const struct hc_file *file, struct hc_address *a)
{
	if (a->len > 0 && a->u.any.sa_family == AF_UNIX)
		a->len = hc_unix_own(guest, file, &a->u.un);
}

void
hc_address_peer(
    struct hc_guest *guest, const struct hc_file *file, struct hc_address *a)
{
	if (a->len > 0 && a->u.any.sa_family == AF_UNIX)
		a->len = hc_unix_peer(guest, file, &a->u.un, a->len);
}

int
hc_address_give(struct hc_guest *guest, const struct hc_address_out *out,
    const struct hc_address *a)
{
	size_t n = a->len < out->room ? a->len : out->room;
	int32_t len = (int32_t)a->len;

	if (!out->wanted)
		return 0;
	if (gmem_write(guest->mem, out->va, &a->u, n) < 0)
		return -EFAULT;
	return gmem_write(guest->mem, out->va_len, &len, sizeof(len));
}
