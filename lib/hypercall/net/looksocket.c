/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets as an observer sees them.  Nothing here may know who looks.
 */
#include "hypercall/net/looksocket.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/net/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

const int16_t hc_look_socket_needs[] = { SYS_getsockopt, SYS_getsockname,
	SYS_getpeername, -1 };

/* A text of "[ADDRESS]:PORT". */
static void
put_inet(char text[HC_LOOK_ADDRESS], const struct hc_address *a)
{
	bool six = a->u.any.sa_family == AF_INET6;
	const void *bytes = six ? (const void *)&a->u.in6.sin6_addr
				: &a->u.in.sin_addr;
	char digits[INET6_ADDRSTRLEN] = "";

	inet_ntop(a->u.any.sa_family, bytes, digits, sizeof(digits));
	snprintf(text, HC_LOOK_ADDRESS, six ? "[%s]:%u" : "%s:%u", digits,
	    ntohs(six ? a->u.in6.sin6_port : a->u.in.sin_port));
}

static void
put_address(char text[HC_LOOK_ADDRESS], const struct hc_address *a)
{
	size_t len = (size_t)a->len;

	text[0] = '\0';
	if (len < sizeof(a->u.any.sa_family))
		return;
	if (a->u.any.sa_family == AF_INET || a->u.any.sa_family == AF_INET6)
		put_inet(text, a);
	if (a->u.any.sa_family != AF_UNIX)
		return;
	len -= offsetof(struct sockaddr_un, sun_path);
	if (a->len > offsetof(struct sockaddr_un, sun_path) &&
	    len <= sizeof(a->u.un.sun_path))
		snprintf(
		    text, HC_LOOK_ADDRESS, "%.*s", (int)len, a->u.un.sun_path);
}

static int
option(const struct hc_file *file, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return hc_host(SYS_getsockopt, file->host, SOL_SOCKET, name, &value,
		   &len) < 0
		   ? -1
		   : value;
}

static const char *
protocol_of(int domain, int type)
{
	if (domain == AF_UNIX)
		return "unix";
	if (domain == AF_NETLINK)
		return "netlink";
	if (domain != AF_INET && domain != AF_INET6)
		return "other";
	return type == SOCK_STREAM  ? "tcp"
	       : type == SOCK_DGRAM ? "udp"
				    : "other";
}

/* The two names; true if the socket has a peer. */
static bool
find_names(struct hc_guest *guest, const struct hc_file *file,
    struct hc_look_socket *look)
{
	struct hc_address a = { .len = sizeof(a.u) };

	look->local[0] = look->peer[0] = '\0';
	if (hc_host(SYS_getsockname, file->host, &a.u, &a.len) == 0) {
		hc_address_own(guest, file, &a);
		put_address(look->local, &a);
	}
	a.len = sizeof(a.u);
	if (hc_host(SYS_getpeername, file->host, &a.u, &a.len) < 0)
		return false;
	hc_address_peer(guest, file, &a);
	put_address(look->peer, &a);
	return true;
}

int
hc_look_socket(struct hc_guest *guest, unsigned fd, struct hc_look_socket *look)
{
	struct hc_file *file = hc_fd_get(&guest->fds, fd);
	int type;

	if (!file)
		return -EBADF;
	type = option(file, SO_TYPE);
	if (type >= 0) {
		look->protocol = protocol_of(option(file, SO_DOMAIN), type);
		look->state = find_names(guest, file, look)     ? "connected"
			      : option(file, SO_ACCEPTCONN) > 0 ? "listens"
								: "";
	}
	hc_file_put(file);
	return type < 0 ? -ENOTSOCK : 0;
}
