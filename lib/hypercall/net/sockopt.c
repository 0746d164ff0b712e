/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on socket options: those of a list, and no others.  Nothing here
 * may know the effect of an option.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/sockopt.h"
#include "hypercall/net/address.h"
#include "hypercall/net/control.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The options that join a group, and where in its value the group is. */
static const struct {
	int level, option, family; /* AF_UNSPEC: a whole address is there */
	size_t at;
} joins[] = {
	{ IPPROTO_IP, IP_ADD_MEMBERSHIP, AF_INET, 0 },
	{ IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, AF_INET, 0 },
	{ IPPROTO_IPV6, IPV6_JOIN_GROUP, AF_INET6, 0 },
	{ IPPROTO_IP, MCAST_JOIN_GROUP, AF_UNSPEC,
	    offsetof(struct group_req, gr_group) },
	{ IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, AF_UNSPEC,
	    offsetof(struct group_source_req, gsr_group) },
	{ IPPROTO_IPV6, MCAST_JOIN_GROUP, AF_UNSPEC,
	    offsetof(struct group_req, gr_group) },
	{ IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, AF_UNSPEC,
	    offsetof(struct group_source_req, gsr_group) },
};

/* The group that is at `value`. */
static struct hc_address
group_at(const uint8_t *value, int family)
{
	struct hc_address a = { .u.any.sa_family = (sa_family_t)family };

	if (family == AF_INET)
		memcpy(&a.u.in.sin_addr, value, sizeof(a.u.in.sin_addr));
	else if (family == AF_INET6)
		memcpy(&a.u.in6.sin6_addr, value, sizeof(a.u.in6.sin6_addr));
	else
		memcpy(&a.u, value, sizeof(a.u));
	return a;
}

static int
judge(struct hc_guest *guest, int fd, const struct hc_sockopt *o,
    const uint8_t *value)
{
	struct hc_address group;
	size_t i;

	for (i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
		if (joins[i].level != o->level || joins[i].option != o->option)
			continue;
		group = group_at(value + joins[i].at, joins[i].family);
		return hc_address_judge_also(guest, fd, &group);
	}
	return 0;
}

static int64_t
set_option(struct hc_call *call, int fd, const struct hc_sockopt *o)
{
	uint8_t value[HC_SOCKOPT_MOST] = { 0 };
	int32_t len = (int32_t)call->setsockopt.length;
	size_t n;
	int64_t r;

	if (len < 0)
		return -EINVAL;
	n = (size_t)len < o->size ? (size_t)len : o->size;
	if (gmem_read(call->guest->mem, value, call->setsockopt.value, n) < 0)
		return -EFAULT;
	r = judge(call->guest, fd, o, value);
	if (r < 0)
		return r;
	return hc_host(SYS_setsockopt, fd, o->level, o->option, value, n);
}

/* The peer's ids; of the host's processes, the guest knows none but itself. */
static int64_t
get_peer(int fd, uint8_t *value, int32_t *len)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	int64_t r = hc_host(
	    SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);

	if (r < 0)
		return r;
	peer = hc_known(peer);
	memcpy(value, &peer, sizeof(peer));
	if (*len > (int32_t)size)
		*len = (int32_t)size;
	return 0;
}

static int64_t
get_value(int fd, const struct hc_sockopt *o, uint8_t *value, int32_t *len)
{
	if (o->level == SOL_SOCKET && o->option == SO_PEERCRED)
		return get_peer(fd, value, len);
	return hc_host(SYS_getsockopt, fd, o->level, o->option, value, len);
}

static int64_t
get_option(struct hc_call *call, int fd, const struct hc_sockopt *o)
{
	const struct gmem *mem = call->guest->mem;
	uint8_t value[HC_SOCKOPT_MOST] = { 0 };
	int32_t len;
	int64_t r;

	if (gmem_read(mem, &len, call->getsockopt.length, sizeof(len)) < 0)
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if ((size_t)len > o->size)
		len = (int32_t)o->size;
	r = get_value(fd, o, value, &len);
	if (r < 0)
		return r;
	if (gmem_write(mem, call->getsockopt.value, value, (size_t)len) < 0)
		return -EFAULT;
	return gmem_write(mem, call->getsockopt.length, &len, sizeof(len));
}

static int64_t
option_call(struct hc_call *call, uint64_t fd, int level, int option,
    unsigned may,
    int64_t (*serve)(struct hc_call *, int, const struct hc_sockopt *))
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, fd);
	const struct hc_sockopt *o = hc_sockopt(level, option);
	int64_t r = -ENOPROTOOPT;

	if (!file)
		return -EBADF;
	if (o && (o->may & may))
		r = serve(call, file->host, o);
	hc_file_put(file);
	return r;
}

int64_t
hc_do_setsockopt(struct hc_call *call)
{
	return option_call(call, call->setsockopt.fd,
	    (int)call->setsockopt.level, (int)call->setsockopt.option,
	    HC_SOCKOPT_SET, set_option);
}

int64_t
hc_do_getsockopt(struct hc_call *call)
{
	return option_call(call, call->getsockopt.fd,
	    (int)call->getsockopt.level, (int)call->getsockopt.option,
	    HC_SOCKOPT_GET, get_option);
}
