/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that make, name and join sockets.  Nothing here may know vCPUs or
 * KVM, nor how an address is made the host's.
 */
#include "hypercall/address.h"
#include "hypercall/handlers.h"
#include "hypercall/host.h"

#include <netinet/in.h>
#include <string.h>

#define TYPE_MASK  0xfU
#define TYPE_FLAGS ((unsigned)(SOCK_NONBLOCK | SOCK_CLOEXEC))

/* The sockets there are.  The rest of the host's are doors into the kernel
 * that a guest has no use for, or ways around what narrows addresses. */
static const struct {
	int family;
	unsigned type;
	int protocol; /* or 0, which means it */
} sockets[] = {
	{ AF_UNIX, SOCK_STREAM, PF_UNIX },
	{ AF_UNIX, SOCK_DGRAM, PF_UNIX },
	{ AF_UNIX, SOCK_SEQPACKET, PF_UNIX },
	{ AF_INET, SOCK_STREAM, IPPROTO_TCP },
	{ AF_INET, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_INET6, SOCK_STREAM, IPPROTO_TCP },
	{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
};

/* 0, or what Linux answers a process without privileges. */
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
	if ((type & TYPE_MASK) == SOCK_RAW && r == -ESOCKTNOSUPPORT &&
	    family != AF_UNIX)
		return -EPERM;
	return r;
}

int64_t
hc_do_socket(struct hc_call *call)
{
	int family = (int)call->arg[0], protocol = (int)call->arg[2];
	unsigned type = (unsigned)call->arg[1];
	int64_t r = check_kind(family, type, protocol);

	if (r < 0)
		return r;
	r = hc_host(SYS_socket, family, type | SOCK_CLOEXEC, protocol);
	return hc_fd_result(call, r, type & SOCK_CLOEXEC);
}

int64_t
hc_do_socketpair(struct hc_call *call)
{
	int family = (int)call->arg[0], protocol = (int)call->arg[2];
	unsigned type = (unsigned)call->arg[1];
	int64_t r = check_kind(family, type, protocol);
	int host[2];

	if (r < 0)
		return r;
	if (!gmem_range(
		call->guest->mem, call->arg[3], sizeof(host), GMEM_WRITE))
		return -EFAULT;
	r = hc_host(
	    SYS_socketpair, family, type | SOCK_CLOEXEC, protocol, host);
	if (r < 0)
		return r;
	return hc_fd_pair(call, host, type & SOCK_CLOEXEC, call->arg[3]);
}

/* bind and connect: an address for the socket, remembered if it is a name. */
static int64_t
address_call(struct hc_call *call, long number, enum hc_address_use use,
    void (*remember)(
	struct hc_guest *, struct hc_file *, const struct hc_unix *))
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_fd_get(&guest->fds, call->arg[0]);
	struct hc_address a;
	int64_t r;

	if (!file)
		return -EBADF;
	r = hc_address_get(guest, &a, call->arg[1], call->arg[2], use);
	if (r == 0) {
		r = hc_host_wait(
		    call->thread, number, file->host, &a.u, a.len, 0, 0, 0);
		/* A connection that is taken back leaves an empty name. */
		if (r == 0 && (a.is_unix || file->named))
			remember(guest, file, &a.name);
		hc_address_put(&a);
	}
	hc_file_put(file);
	return r;
}

int64_t
hc_do_bind(struct hc_call *call)
{
	return address_call(call, SYS_bind, HC_ADDRESS_BIND, hc_unix_bound);
}

int64_t
hc_do_connect(struct hc_call *call)
{
	return address_call(
	    call, SYS_connect, HC_ADDRESS_CONNECT, hc_unix_connected);
}

/* The host binds a socket that listens and has no port to some port of every
 * address: the guest must be allowed that. */
static int64_t
check_unbound(struct hc_guest *guest, const struct hc_file *file)
{
	struct hc_address a = { .len = sizeof(a.u) };
	int64_t r = hc_host(SYS_getsockname, file->host, &a.u, &a.len);

	if (r < 0)
		return r;
	if ((a.u.any.sa_family == AF_INET && a.u.in.sin_port == 0) ||
	    (a.u.any.sa_family == AF_INET6 && a.u.in6.sin6_port == 0))
		return hc_address_judge(
		    guest, &a.u.any, a.len, HC_ADDRESS_BIND);
	return 0;
}

int64_t
hc_do_listen(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->arg[0]);
	int64_t r;

	if (!file)
		return -EBADF;
	r = check_unbound(call->guest, file);
	if (r == 0)
		r = hc_host(SYS_listen, file->host, (int)call->arg[1]);
	hc_file_put(file);
	return r;
}

/* A descriptor for the host's new connection; the address is its peer's. */
static int64_t
give_accepted(struct hc_call *call, const struct hc_file *listener,
    struct hc_address *a, const struct hc_address_out *out, int host,
    bool cloexec)
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_file_new(&guest->fds, host);

	if (!file)
		return -EMFILE;
	hc_unix_accepted(guest, file, listener);
	hc_address_peer(guest, file, a);
	if (hc_address_give(guest, out, a) < 0) {
		hc_file_put(file);
		return -EFAULT;
	}
	return hc_fd_install(&guest->fds, file, 0, cloexec);
}

static int64_t
accept_call(struct hc_call *call, unsigned flags)
{
	struct hc_address a = { .len = sizeof(a.u) };
	struct hc_address_out out;
	struct hc_file *file;
	int64_t r;

	if (flags & ~TYPE_FLAGS)
		return -EINVAL;
	file = hc_fd_get(&call->guest->fds, call->arg[0]);
	if (!file)
		return -EBADF;
	r = hc_address_room(call->guest, &out, call->arg[1], call->arg[2]);
	if (r == 0)
		r = hc_host_wait(call->thread, SYS_accept4, file->host, &a.u,
		    &a.len, flags | SOCK_CLOEXEC, 0, 0);
	if (r >= 0)
		r = give_accepted(
		    call, file, &a, &out, (int)r, flags & SOCK_CLOEXEC);
	hc_file_put(file);
	return r;
}

int64_t
hc_do_accept(struct hc_call *call)
{
	return accept_call(call, 0);
}

int64_t
hc_do_accept4(struct hc_call *call)
{
	return accept_call(call, (unsigned)call->arg[3]);
}

static int64_t
name_call(struct hc_call *call, long number,
    void (*translate)(
	struct hc_guest *, const struct hc_file *, struct hc_address *))
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_fd_get(&guest->fds, call->arg[0]);
	struct hc_address a = { .len = sizeof(a.u) };
	struct hc_address_out out = { 0 };
	int64_t r = 0;

	if (!file)
		return -EBADF;
	r = hc_address_room(guest, &out, call->arg[1], call->arg[2]);
	if (r == 0)
		r = hc_host(number, file->host, &a.u, &a.len);
	/* Here, unlike elsewhere, nowhere is a bad address. */
	if (r == 0 && out.va == 0)
		r = -EFAULT;
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
	return name_call(call, SYS_getsockname, hc_address_own);
}

int64_t
hc_do_getpeername(struct hc_call *call)
{
	return name_call(call, SYS_getpeername, hc_address_peer);
}
