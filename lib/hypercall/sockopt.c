/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on socket options: those of a list, and no others.  Nothing here
 * may know what an option does.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define VALUE_MAX 512

enum {
	GET = 1 << 0,
	SET = 1 << 1,
	BOTH = GET | SET,
};

#define OPTION(level, option, may, type)         \
	{                                        \
		level, option, may, sizeof(type) \
	}

/*
 * What is not here would reach past the socket (SO_BINDTODEVICE, filters,
 * SO_MARK), name processes of the host's (SO_PEERCRED), or is unknown.
 */
static const struct option {
	int level, option;
	unsigned may;
	size_t size; /* of its value, at most */
} options[] = {
	OPTION(SOL_SOCKET, SO_ACCEPTCONN, GET, int),
	OPTION(SOL_SOCKET, SO_BROADCAST, BOTH, int),
	OPTION(SOL_SOCKET, SO_DOMAIN, GET, int),
	OPTION(SOL_SOCKET, SO_ERROR, GET, int),
	OPTION(SOL_SOCKET, SO_KEEPALIVE, BOTH, int),
	OPTION(SOL_SOCKET, SO_LINGER, BOTH, struct linger),
	OPTION(SOL_SOCKET, SO_OOBINLINE, BOTH, int),
	OPTION(SOL_SOCKET, SO_PROTOCOL, GET, int),
	OPTION(SOL_SOCKET, SO_RCVBUF, BOTH, int),
	OPTION(SOL_SOCKET, SO_RCVLOWAT, BOTH, int),
	OPTION(SOL_SOCKET, SO_RCVTIMEO, BOTH, struct timeval),
	OPTION(SOL_SOCKET, SO_REUSEADDR, BOTH, int),
	OPTION(SOL_SOCKET, SO_REUSEPORT, BOTH, int),
	OPTION(SOL_SOCKET, SO_SNDBUF, BOTH, int),
	OPTION(SOL_SOCKET, SO_SNDLOWAT, GET, int),
	OPTION(SOL_SOCKET, SO_SNDTIMEO, BOTH, struct timeval),
	OPTION(SOL_SOCKET, SO_TYPE, GET, int),
	OPTION(IPPROTO_TCP, TCP_CONGESTION, GET, char[16]),
	OPTION(IPPROTO_TCP, TCP_CORK, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_DEFER_ACCEPT, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_FASTOPEN, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_INFO, GET, char[VALUE_MAX]),
	OPTION(IPPROTO_TCP, TCP_KEEPCNT, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_KEEPIDLE, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_KEEPINTVL, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_LINGER2, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_MAXSEG, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_NODELAY, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_NOTSENT_LOWAT, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_QUICKACK, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_SYNCNT, BOTH, int),
	OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT, BOTH, int),
	OPTION(IPPROTO_IP, IP_MTU, GET, int),
	OPTION(IPPROTO_IP, IP_MTU_DISCOVER, BOTH, int),
	OPTION(IPPROTO_IP, IP_PKTINFO, BOTH, int),
	OPTION(IPPROTO_IP, IP_RECVTOS, BOTH, int),
	OPTION(IPPROTO_IP, IP_RECVTTL, BOTH, int),
	OPTION(IPPROTO_IP, IP_TOS, BOTH, int),
	OPTION(IPPROTO_IP, IP_TTL, BOTH, int),
	OPTION(IPPROTO_IPV6, IPV6_MTU, GET, int),
	OPTION(IPPROTO_IPV6, IPV6_MTU_DISCOVER, BOTH, int),
	OPTION(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, BOTH, int),
	OPTION(IPPROTO_IPV6, IPV6_RECVPKTINFO, BOTH, int),
	OPTION(IPPROTO_IPV6, IPV6_RECVTCLASS, BOTH, int),
	OPTION(IPPROTO_IPV6, IPV6_TCLASS, BOTH, int),
	OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS, BOTH, int),
	OPTION(IPPROTO_IPV6, IPV6_V6ONLY, BOTH, int),
};

static const struct option *
find(int level, int option)
{
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].level == level && options[i].option == option)
			return &options[i];
	return NULL;
}

static int64_t
set_option(struct hc_call *call, int fd, const struct option *o)
{
	uint8_t value[VALUE_MAX] = { 0 };
	int32_t len = (int32_t)call->arg[4];
	size_t n;

	if (len < 0)
		return -EINVAL;
	n = (size_t)len < o->size ? (size_t)len : o->size;
	if (gmem_read(call->guest->mem, value, call->arg[3], n) < 0)
		return -EFAULT;
	return hc_host(SYS_setsockopt, fd, o->level, o->option, value, n);
}

static int64_t
get_option(struct hc_call *call, int fd, const struct option *o)
{
	const struct gmem *mem = call->guest->mem;
	uint8_t value[VALUE_MAX] = { 0 };
	int32_t len;
	int64_t r;

	if (gmem_read(mem, &len, call->arg[4], sizeof(len)) < 0)
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if ((size_t)len > o->size)
		len = (int32_t)o->size;
	r = hc_host(SYS_getsockopt, fd, o->level, o->option, value, &len);
	if (r < 0)
		return r;
	if (gmem_write(mem, call->arg[3], value, (size_t)len) < 0)
		return -EFAULT;
	return gmem_write(mem, call->arg[4], &len, sizeof(len));
}

static int64_t
option_call(struct hc_call *call, unsigned may,
    int64_t (*serve)(struct hc_call *, int, const struct option *))
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->arg[0]);
	const struct option *o = find((int)call->arg[1], (int)call->arg[2]);
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
	return option_call(call, SET, set_option);
}

int64_t
hc_do_getsockopt(struct hc_call *call)
{
	return option_call(call, GET, get_option);
}
