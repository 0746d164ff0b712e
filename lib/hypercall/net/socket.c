/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that make, name and join sockets.  Nothing here may know vCPUs or
 * KVM, nor how an address is translated.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/file/file.h"
#include "hypercall/net/address.h"
#include "hypercall/net/netlink.h"

#include <netinet/in.h>
#include <string.h>

#define TYPE_MASK  0xfU
#define TYPE_FLAGS ((unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC))

/* The permitted sockets.  The others that the host has open doors into the
 * kernel that a guest does not need, or evade the rules for addresses. */
static const struct {
	int family;
	unsigned type;
	int protocol; /* a guest may also say 0 */
} sockets[] = {
	{ AF_UNIX, SOCK_STREAM, PF_UNIX },
	{ AF_UNIX, SOCK_DGRAM, PF_UNIX },
	{ AF_UNIX, SOCK_SEQPACKET, PF_UNIX },
	{ AF_UNIX, SOCK_RAW, PF_UNIX }, /* a datagram */
	{ AF_INET, SOCK_STREAM, IPPROTO_TCP },
	{ AF_INET, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_INET6, SOCK_STREAM, IPPROTO_TCP },
	{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
	{ AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE },
};

/* 0, or Linux's answer to a process without privileges. */
static int
check_kind(int family, unsigned type, int protocol)
{
	int r = -EAFNOSUPPORT;
	size_t i;

	if (type & ~(TYPE_MASK | TYPE_FLAGS))
		return -EINVAL;
	for (i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		if (sockets[i].family != family)
			continue;
		if (sockets[i].type != (type & TYPE_MASK)) {
			if (r == -EAFNOSUPPORT)
				r = -ESOCKTNOSUPPORT;
			continue;
		}
		if (protocol == 0 || protocol == sockets[i].protocol)
			return 0;
		r = -EPROTONOSUPPORT;
	}
	if ((type & TYPE_MASK) == SOCK_RAW && r == -ESOCKTNOSUPPORT)
		return -EPERM;
	return r;
}

/* A descriptor for the host's new socket. */
static int64_t
give_socket(struct hc_call *call, int host, int family, bool cloexec)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *file = hc_file_new_socket(fds, host);

	if (!file)
		return -ENFILE;
	file->may = HC_MAY_CHANGE;
	/* A receiver could send anything. */
	file->netlink = file->stays = family == AF_NETLINK;
	return hc_fd_install(fds, file, 0, cloexec);
}

int64_t
hc_do_socket(struct hc_call *call)
{
	int family = (int)call->socket.family,
	    protocol = (int)call->socket.protocol;
	unsigned type = (unsigned)call->socket.type;
	int64_t r = check_kind(family, type, protocol);

	if (r < 0)
		return r;
	r = hc_host(SYS_socket, family, type | SOCK_CLOEXEC, protocol);
	if (r < 0)
		return r;
	return give_socket(call, (int)r, family, type & SOCK_CLOEXEC);
}

int64_t
hc_do_socketpair(struct hc_call *call)
{
	int family = (int)call->socketpair.family,
	    protocol = (int)call->socketpair.protocol;
	unsigned type = (unsigned)call->socketpair.type;
	int64_t r = check_kind(family, type, protocol);
	int host[2];

	if (r < 0)
		return r;
	/* The others have none (net/socket.c, sock_no_socketpair()). */
	if (family != AF_UNIX)
		return -EOPNOTSUPP;
	if (!gmem_range(call->guest->mem, call->socketpair.fds, sizeof(host),
		GMEM_WRITE))
		return -EFAULT;
	r = hc_host(
	    SYS_socketpair, family, type | SOCK_CLOEXEC, protocol, host);
	if (r < 0)
		return r;
	return hc_fd_pair(
	    call, host, type & SOCK_CLOEXEC, call->socketpair.fds);
}

/* Give the address to the host. */
static int64_t
use_address(struct hc_thread *thread, struct hc_file *file, long number,
    const struct hc_address *a)
{
	/* Either call lets a socket of netlink have any port. */
	if (file->netlink && a->u.any.sa_family == AF_NETLINK &&
	    a->u.nl.nl_pid == 0 && !file->bound) {
		int r = hc_netlink_bind(file);

		if (r < 0 || number == SYS_bind)
			return r;
	}
	return hc_host_wait(thread, number, file->host, &a->u, a->len, 0, 0, 0);
}

/* bind and connect: an address for the socket, recorded if it is a name. */
static int64_t
address_call(struct hc_call *call, const struct hc_args_bind *args, long number,
    enum hc_address_use use,
    void (*remember)(
	struct hc_guest *, struct hc_file *, const struct hc_unix *))
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_fd_get(&guest->fds, args->fd);
	struct hc_address a;
	int64_t r;

	if (!file)
		return -EBADF;
	r = hc_address_get(guest, &a, args->addr, args->addrlen, use);
	if (r == 0 && use == HC_ADDRESS_BIND && a.is_unix && a.name.held < 0) {
		r = hc_unix_bind(guest, file, &a.name);
	} else if (r == 0) {
		r = use_address(call->thread, file, number, &a);
		/* An undone connect leaves an empty name. */
		if (r == 0 && (a.is_unix || file->named))
			remember(guest, file, &a.name);
		if (r == 0 && use == HC_ADDRESS_BIND)
			file->bound = true;
		hc_address_put(&a);
	}
	hc_file_put(file);
	return r;
}

int64_t
hc_do_bind(struct hc_call *call)
{
	return address_call(
	    call, &call->bind, SYS_bind, HC_ADDRESS_BIND, hc_unix_bound);
}

int64_t
hc_do_connect(struct hc_call *call)
{
	const struct hc_args_bind args = {
		.fd = call->connect.fd,
		.addr = call->connect.addr,
		.addrlen = call->connect.addrlen,
	};

	return address_call(
	    call, &args, SYS_connect, HC_ADDRESS_CONNECT, hc_unix_connected);
}

/*
 * A socket that listens without a bind does so on every address, at some port,
 * which the rules must permit.  It has a port already if it was connected once
 * and the connect undone.
 */
static int64_t
check_unbound(struct hc_guest *guest, const struct hc_file *file)
{
	struct hc_address a = { .len = sizeof(a.u) };
	int64_t r;

	if (file->bound)
		return 0;
	r = hc_host(SYS_getsockname, file->host, &a.u, &a.len);
	if (r < 0 || a.u.any.sa_family == AF_UNIX)
		return r;
	return hc_address_judge(guest, &a.u.any, a.len, HC_ADDRESS_BIND);
}

int64_t
hc_do_listen(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->listen.fd);
	int64_t r;

	if (!file)
		return -EBADF;
	r = check_unbound(call->guest, file);
	if (r == 0)
		r = hc_host(SYS_listen, file->host,
		    hc_fd_backlog(&call->guest->fds, file,
			(uint32_t)call->listen.backlog));
	hc_file_put(file);
	return r;
}

/* A descriptor for the host's new connection, and the address of its peer. */
static int64_t
give_accepted(struct hc_call *call, const struct hc_file *listener,
    struct hc_address *a, const struct hc_address_out *out, int host,
    bool cloexec)
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_file_new_socket(&guest->fds, host);

	if (!file)
		return -ENFILE;
	file->may = HC_MAY_CHANGE;
	hc_unix_accepted(guest, file, listener);
	hc_address_peer(guest, file, a);
	if (hc_address_give(guest, out, a) < 0) {
		hc_file_put(file);
		return -EFAULT;
	}
	return hc_fd_install(&guest->fds, file, 0, cloexec);
}

/* An abstract name is for the guest's own sockets, though others of the host
 * may connect to it by the name that it has there. */
static bool
is_stranger(struct hc_guest *guest, const struct hc_file *listener, int host)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	if (!listener->named || !hc_unix_is_abstract(guest, listener))
		return false;
	(void)hc_host(
	    SYS_getsockopt, host, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer.pid != hc_host(SYS_getpid, 0);
}

/* The host's next connection. */
static int64_t
accept_one(struct hc_call *call, const struct hc_file *file,
    struct hc_address *a, unsigned flags)
{
	int64_t r;

	for (;;) {
		*a = (struct hc_address){ .len = sizeof(a->u) };
		r = hc_host_wait(call->thread, SYS_accept4, file->host, &a->u,
		    &a->len, flags | SOCK_CLOEXEC, 0, 0);
		if (r < 0 || !is_stranger(call->guest, file, (int)r))
			return r;
		close((int)r);
	}
}

static int64_t
accept_call(struct hc_call *call, uint64_t fd, uint64_t addr, uint64_t addrlen,
    unsigned flags)
{
	struct hc_address_out out;
	struct hc_address a;
	struct hc_file *file;
	int64_t r;

	if (flags & ~TYPE_FLAGS)
		return -EINVAL;
	file = hc_fd_get(&call->guest->fds, fd);
	if (!file)
		return -EBADF;
	r = hc_address_room(call->guest, &out, addr, addrlen);
	/* As on Linux, the connection stays in the queue. */
	if (r == 0)
		r = hc_fd_room_for_socket(&call->guest->fds);
	if (r == 0)
		r = accept_one(call, file, &a, flags);
	if (r >= 0)
		r = give_accepted(
		    call, file, &a, &out, (int)r, flags & SOCK_CLOEXEC);
	hc_file_put(file);
	return r;
}

int64_t
hc_do_accept(struct hc_call *call)
{
	return accept_call(
	    call, call->accept.fd, call->accept.addr, call->accept.addrlen, 0);
}

int64_t
hc_do_accept4(struct hc_call *call)
{
	const struct hc_args_accept4 *a = &call->accept4;

	return accept_call(
	    call, a->fd, a->addr, a->addrlen, (unsigned)a->flags);
}

static int64_t
name_call(struct hc_call *call, const struct hc_args_getsockname *args,
    long number,
    void (*translate)(
	struct hc_guest *, const struct hc_file *, struct hc_address *))
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_fd_get(&guest->fds, args->fd);
	struct hc_address a = { .len = sizeof(a.u) };
	struct hc_address_out out = { 0 };
	int64_t r = 0;

	if (!file)
		return -EBADF;
	r = hc_address_place(guest, &out, args->addr, args->addrlen);
	if (r == 0)
		r = hc_host(number, file->host, &a.u, &a.len);
	if (r == 0) {
		translate(guest, file, &a);
		r = hc_address_give(guest, &out, &a);
	}
	hc_file_put(file);
	return r;
}

int64_t
hc_do_getsockname(struct hc_call *call)
{
	return name_call(
	    call, &call->getsockname, SYS_getsockname, hc_address_own);
}

int64_t
hc_do_getpeername(struct hc_call *call)
{
	const struct hc_args_getsockname args = {
		.fd = call->getpeername.fd,
		.addr = call->getpeername.addr,
		.addrlen = call->getpeername.addrlen,
	};

	return name_call(call, &args, SYS_getpeername, hc_address_peer);
}
