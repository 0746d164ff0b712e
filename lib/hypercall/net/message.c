/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that send and receive.  Nothing here may know vCPUs or KVM, nor
 * how addresses and control messages are translated.
 *
 * The bytes themselves stay in guest memory, where the host reads and writes
 * them; headers and vectors are copied first.
 */
#include "hypercall/core/forward.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/wait.h"
#include "hypercall/net/address.h"
#include "hypercall/net/control.h"
#include "hypercall/net/netlink.h"

#include <stddef.h>
#include <string.h>

/* The flags a guest may use; others have no meaning here or are refused. */
#define SEND_FLAGS                                                     \
	((unsigned)(MSG_OOB | MSG_DONTROUTE | MSG_DONTWAIT | MSG_EOR | \
		    MSG_NOSIGNAL | MSG_MORE | MSG_CONFIRM | MSG_FASTOPEN))
#define RECEIVE_FLAGS                                               \
	((unsigned)(MSG_OOB | MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | \
		    MSG_WAITALL | MSG_ERRQUEUE))

/*
 * MSG_FASTOPEN connects.  A guest that may not call connect finds the feature
 * switched off (tcp(7), tcp_fastopen).
 */
static int
check_message_flags(const struct hc_guest *guest, unsigned flags)
{
	if ((flags & MSG_FASTOPEN) &&
	    !hc_set_has(&guest->policy.allowed, HC_connect))
		return -EOPNOTSUPP;
	return 0;
}

/* The flags that the guest sees: without novillo's own close-on-exec. */
#define SHOWN_FLAGS (~(unsigned)MSG_CMSG_CLOEXEC)

/* Linux's struct msghdr and struct mmsghdr are the C library's, 64-bit. */
_Static_assert(sizeof(struct msghdr) == 56, "struct msghdr is Linux's");
_Static_assert(sizeof(struct mmsghdr) == 64, "struct mmsghdr is Linux's");

/* One message in transit. */
struct message {
	struct hc_guest *guest;
	struct hc_thread *thread;
	struct hc_file *file;
	struct msghdr guest_header; /* as fetched */
	struct msghdr host;
	struct hc_address address;
	struct hc_control control;
	struct hc_netlink request;
	struct iovec iov[IOV_MAX];
};

/*
 * The buffers to be sent.  All must be accessible: half a datagram would be
 * another message.  The number of parts, or -errno.
 */
static int
whole_vector(struct hc_guest *guest, struct iovec iov[IOV_MAX], uint64_t va,
    uint64_t parts)
{
	uint64_t room = HC_MAX_RW;
	int n, count = (int)parts;

	if (gmem_read(guest->mem, iov, va, parts * sizeof(iov[0])) < 0)
		return -EFAULT;
	for (n = 0; n < count; n++)
		if ((int64_t)iov[n].iov_len < 0)
			return -EINVAL;
	for (n = 0; n < count; n++) {
		if (iov[n].iov_len > room)
			iov[n].iov_len = room;
		room -= iov[n].iov_len;
		iov[n].iov_base = gmem_range(guest->mem,
		    (uintptr_t)iov[n].iov_base, iov[n].iov_len, GMEM_READ);
		if (!iov[n].iov_base)
			return -EFAULT;
	}
	return n;
}

/* Fetch the header at `va` and its vector. */
static int
get_header(const struct hc_call *call, struct message *m, uint64_t va,
    enum gmem_access access)
{
	struct msghdr *g = &m->guest_header;
	int n;

	if (gmem_read(call->guest->mem, g, va, sizeof(*g)) < 0)
		return -EFAULT;
	if ((int32_t)g->msg_namelen < 0)
		return -EINVAL;
	if (g->msg_iovlen > IOV_MAX)
		return -EMSGSIZE;
	m->host = (struct msghdr){ .msg_iov = m->iov };
	n = access == GMEM_READ ? whole_vector(call->guest, m->iov,
				      (uintptr_t)g->msg_iov, g->msg_iovlen)
				: hc_vector(call, m->iov, (uintptr_t)g->msg_iov,
				      g->msg_iovlen, access);
	m->host.msg_iovlen = n < 0 ? 0 : (size_t)n;
	return n < 0 ? n : 0;
}

/* Does the host answer without looking at an address?  Then it knows better: a
 * connected stream of AF_UNIX is EISCONN. */
static bool
ignores_address(const struct hc_file *file)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	return hc_host(SYS_getsockopt, file->host, SOL_SOCKET, SO_DOMAIN,
		   &domain, &len) == 0 &&
	       hc_host(SYS_getsockopt, file->host, SOL_SOCKET, SO_TYPE, &type,
		   &len) == 0 &&
	       domain == AF_UNIX &&
	       (type == SOCK_STREAM || type == SOCK_SEQPACKET);
}

/* Fetch the address that `file` is to send to. */
static int
get_to(struct hc_guest *guest, const struct hc_file *file,
    struct hc_address *to, uint64_t va, uint64_t len)
{
	int r = hc_address_get(guest, to, va, len, HC_ADDRESS_SEND);
	uint32_t n = (uint32_t)len;

	if (r == 0 || r == -EFAULT || n < sizeof(sa_family_t) ||
	    n > sizeof(struct sockaddr_storage) || !ignores_address(file))
		return r;
	*to = (struct hc_address){
		.u.any.sa_family = AF_UNIX,
		.len = sizeof(to->u.any.sa_family),
	};
	return 0;
}

/* Cut an address that is too long, as Linux does in this call only. */
static int
get_address(struct message *m)
{
	const struct msghdr *g = &m->guest_header;
	uint64_t len = g->msg_namelen;
	int r;

	if (!g->msg_name || len == 0)
		return 0;
	if (len > sizeof(struct sockaddr_storage))
		len = sizeof(struct sockaddr_storage);
	r = get_to(m->guest, m->file, &m->address, (uintptr_t)g->msg_name, len);
	if (r < 0)
		return r;
	m->host.msg_name = &m->address.u;
	m->host.msg_namelen = m->address.len;
	return 0;
}

/* A message to the kernel itself is sent from the checked copy. */
static int
get_request(struct message *m)
{
	int r = hc_netlink_take(
	    &m->request, m->file, m->iov, m->host.msg_iovlen);

	if (r < 0)
		return r;
	m->iov[0].iov_base = m->request.bytes;
	m->iov[0].iov_len = m->request.len;
	m->host.msg_iovlen = 1;
	return 0;
}

static int64_t
send_prepared(struct message *m, unsigned flags)
{
	int64_t r = m->file->netlink ? get_request(m) : 0;

	if (r < 0)
		return r;
	if (m->control.len > 0) {
		m->host.msg_control = m->control.bytes;
		m->host.msg_controllen = m->control.len;
	}
	r = hc_host_wait(m->thread, SYS_sendmsg, m->file->host, &m->host,
	    flags & SEND_FLAGS, 0, 0, 0);
	return r >= 0 && m->file->netlink ? (int64_t)m->request.whole : r;
}

static int64_t
send_message(
    const struct hc_call *call, struct message *m, uint64_t va, unsigned flags)
{
	const struct msghdr *g = &m->guest_header;
	int64_t r = check_message_flags(m->guest, flags);

	if (r == 0)
		r = get_header(call, m, va, GMEM_READ);
	if (r < 0)
		return r;
	r = hc_control_get(m->guest, &m->control, m->file,
	    (uintptr_t)g->msg_control, g->msg_control ? g->msg_controllen : 0);
	if (r == 0)
		r = get_address(m);
	if (r == 0)
		r = hc_control_depart(m->guest, &m->control, m->file);
	if (r == 0) {
		r = send_prepared(m, flags);
		hc_control_departed(m->guest, &m->control, r);
	}
	hc_address_put(&m->address);
	m->address.is_unix = false;
	hc_control_put(&m->control);
	return r;
}

/* The places for the answer must be accessible before a message is taken. */
static int
check_room(const struct message *m, uint64_t va)
{
	const struct msghdr *g = &m->guest_header;
	const struct gmem *mem = m->guest->mem;
	size_t name = g->msg_namelen, control = g->msg_controllen;

	if (name > sizeof(struct sockaddr_storage))
		name = sizeof(struct sockaddr_storage);
	if (control > HC_CONTROL)
		control = HC_CONTROL;
	if (!gmem_range(mem, va, sizeof(*g), GMEM_WRITE) ||
	    (g->msg_name &&
		!gmem_range(mem, (uintptr_t)g->msg_name, name, GMEM_WRITE)) ||
	    (g->msg_control && !gmem_range(mem, (uintptr_t)g->msg_control,
				   control, GMEM_WRITE)))
		return -EFAULT;
	return 0;
}

static int64_t
receive_host(struct message *m, unsigned flags)
{
	const struct msghdr *g = &m->guest_header;

	m->address = (struct hc_address){ 0 };
	m->host.msg_name = &m->address.u;
	m->host.msg_namelen = sizeof(m->address.u);
	if (g->msg_control && g->msg_controllen > 0) {
		/* The host does not clear the gaps between them. */
		memset(m->control.bytes, 0, sizeof(m->control.bytes));
		m->host.msg_control = m->control.bytes;
		m->host.msg_controllen = g->msg_controllen < HC_CONTROL
					     ? g->msg_controllen
					     : HC_CONTROL;
	}
	return hc_host_wait(m->thread, SYS_recvmsg, m->file->host, &m->host,
	    (flags & RECEIVE_FLAGS) | MSG_CMSG_CLOEXEC, 0, 0, 0);
}

/* Write the received message's header to the guest: 0 or -EFAULT. */
static int
write_message(struct message *m, uint64_t va, unsigned flags)
{
	const struct msghdr *g = &m->guest_header;
	const struct gmem *mem = m->guest->mem;
	struct hc_address_out out = {
		.wanted = g->msg_name != NULL,
		.va = (uintptr_t)g->msg_name,
		.va_len = va + offsetof(struct msghdr, msg_namelen),
		.room = g->msg_namelen,
	};
	int32_t shown;
	size_t len;

	hc_control_receive(m->guest, &m->control, &m->host, flags);
	len = m->control.len;
	shown = (int32_t)((unsigned)m->host.msg_flags & SHOWN_FLAGS) |
		(int32_t)(flags & MSG_CMSG_CLOEXEC);
	m->address.len = m->host.msg_namelen;
	hc_address_peer(m->guest, m->file, &m->address);
	if (hc_address_give(m->guest, &out, &m->address) < 0 ||
	    (len > 0 && gmem_write(mem, (uintptr_t)g->msg_control,
			    m->control.bytes, len) < 0) ||
	    gmem_write(mem, va + offsetof(struct msghdr, msg_controllen), &len,
		sizeof(len)) < 0)
		return -EFAULT;
	return gmem_write(mem, va + offsetof(struct msghdr, msg_flags), &shown,
	    sizeof(shown));
}

static int64_t
receive_message(
    const struct hc_call *call, struct message *m, uint64_t va, unsigned flags)
{
	int64_t r = get_header(call, m, va, GMEM_WRITE);
	int written;

	if (r == 0)
		r = check_room(m, va);
	if (r == 0)
		r = receive_host(m, flags);
	if (r < 0)
		return r;
	written = write_message(m, va, flags);
	return written < 0 ? written : r;
}

typedef int64_t
message_call(const struct hc_call *, struct message *, uint64_t va, unsigned);

/* False: the descriptor is not a socket. */
static bool
message_begin(const struct hc_call *call, struct message *m, uint64_t fd)
{
	m->guest = call->guest;
	m->thread = call->thread;
	m->address.is_unix = false;
	m->file = hc_fd_get(&call->guest->fds, fd);
	return m->file != NULL;
}

static int64_t
one_message(struct hc_call *call, uint64_t fd, uint64_t msg, unsigned flags,
    message_call *serve)
{
	struct message m;
	int64_t r;

	if (!message_begin(call, &m, fd))
		return -EBADF;
	r = serve(call, &m, msg, flags);
	hc_file_put(m.file);
	return r;
}

int64_t
hc_do_sendmsg(struct hc_call *call)
{
	return one_message(call, call->sendmsg.fd, call->sendmsg.msg,
	    (unsigned)call->sendmsg.flags, send_message);
}

int64_t
hc_do_recvmsg(struct hc_call *call)
{
	return one_message(call, call->recvmsg.fd, call->recvmsg.msg,
	    (unsigned)call->recvmsg.flags, receive_message);
}

/* The deadline of recvmmsg, checked after each message as on Linux. */
struct limit {
	bool is_set;
	struct hc_wait wait;
};

static bool
is_over(const struct limit *limit)
{
	struct timespec left;

	if (!limit->is_set)
		return false;
	left = hc_wait_left(&limit->wait);
	return left.tv_sec == 0 && left.tv_nsec == 0;
}

/* Message after message.  An error after the first ends the call without being
 * reported, as on Linux. */
static int64_t
many_messages(struct hc_call *call, const struct hc_args_sendmmsg *a,
    message_call *serve, const struct limit *limit)
{
	uint32_t n, count = (uint32_t)a->count;
	uint64_t va = a->msgs;
	unsigned flags = (unsigned)a->flags;
	struct message m;
	int64_t r = 0;

	if (!message_begin(call, &m, a->fd))
		return -EBADF;
	if (count > IOV_MAX)
		count = IOV_MAX;
	for (n = 0; n < count; va += sizeof(struct mmsghdr)) {
		uint32_t len;

		r = serve(call, &m, va, flags);
		if (r < 0)
			break;
		len = (uint32_t)r;
		r = gmem_write(call->guest->mem,
		    va + offsetof(struct mmsghdr, msg_len), &len, sizeof(len));
		if (r < 0)
			break;
		n++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (is_over(limit))
			break;
	}
	hc_file_put(m.file);
	return n > 0 ? n : r;
}

int64_t
hc_do_sendmmsg(struct hc_call *call)
{
	const struct limit none = { 0 };

	return many_messages(call, &call->sendmmsg, send_message, &none);
}

int64_t
hc_do_recvmmsg(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	const struct hc_args_sendmmsg a = {
		.fd = call->recvmmsg.fd,
		.msgs = call->recvmmsg.msgs,
		.count = call->recvmmsg.count,
		.flags = call->recvmmsg.flags,
	};
	struct limit limit = { .is_set = call->recvmmsg.timeout != 0 };
	struct timespec left;
	int64_t r;

	if (!limit.is_set)
		return many_messages(call, &a, receive_message, &limit);
	if (gmem_read(mem, &left, call->recvmmsg.timeout, sizeof(left)) < 0)
		return -EFAULT;
	if (!hc_is_timespec(&left))
		return -EINVAL;
	hc_wait_begin(&limit.wait, CLOCK_MONOTONIC, left);
	r = many_messages(call, &a, receive_message, &limit);
	left = hc_wait_left(&limit.wait);
	if (r > 0 &&
	    gmem_write(mem, call->recvmmsg.timeout, &left, sizeof(left)) < 0)
		return -EFAULT;
	return r;
}

/* Send the bytes, which the host reads in guest memory. */
static int64_t
send_bytes(struct hc_call *call, struct hc_file *file, void *buf, uint64_t len,
    const struct hc_address *to)
{
	struct hc_netlink request;
	int64_t r;

	if (file->netlink) {
		r = hc_netlink_take(
		    &request, file, &(struct iovec){ buf, len }, 1);
		if (r < 0)
			return r;
		buf = request.bytes;
		len = request.len;
	}
	r = hc_host_wait(call->thread, SYS_sendto, file->host, buf, len,
	    (unsigned)call->sendto.flags & SEND_FLAGS, to ? &to->u : NULL,
	    to ? to->len : 0);
	return r >= 0 && file->netlink ? (int64_t)request.whole : r;
}

int64_t
hc_do_sendto(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_fd_get(&guest->fds, call->sendto.fd);
	uint64_t len = call->sendto.count < HC_MAX_RW ? call->sendto.count
						      : HC_MAX_RW;
	void *buf = gmem_range(guest->mem, call->sendto.buf, len, GMEM_READ);
	struct hc_address a = { 0 };
	bool named = call->sendto.addr != 0;
	int64_t r;

	if (!file)
		return -EBADF;
	r = buf ? check_message_flags(guest, (unsigned)call->sendto.flags)
		: -EFAULT;
	if (r == 0 && named)
		r = get_to(
		    guest, file, &a, call->sendto.addr, call->sendto.addrlen);
	if (r == 0) {
		r = send_bytes(call, file, buf, len, named ? &a : NULL);
		hc_address_put(&a);
	}
	hc_file_put(file);
	return r;
}

/* write to a socket of netlink.  It must have a port: a guest without sockets
 * may call write also, and then nothing that gives one. */
static int64_t
write_request(const struct hc_call *call, struct hc_file *file)
{
	uint64_t len = call->write.count;
	void *buf = gmem_range(
	    call->guest->mem, call->write.buf, len, GMEM_READ);
	struct hc_netlink request;
	int64_t r;

	if (!file->bound)
		return -EBADF;
	if (!buf)
		return -EFAULT;
	r = hc_netlink_take(&request, file, &(struct iovec){ buf, len }, 1);
	if (r < 0)
		return r;
	r = hc_host_wait(call->thread, SYS_write, file->host, request.bytes,
	    request.len, 0, 0, 0);
	return r < 0 ? r : (int64_t)request.whole;
}

int64_t
hc_do_write(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->write.fd);
	int64_t r;

	if (!file)
		return -EBADF;
	r = file->netlink ? write_request(call, file)
			  : hc_forward_on(call, hc_row(HC_write), file);
	hc_file_put(file);
	return r;
}

/* With MSG_TRUNC TCP discards bytes and does not look at the buffer (tcp(7)):
 * the host decides.  A recording would have bytes of a buffer that is none. */
static bool
may_discard(const struct hc_call *call)
{
	return ((unsigned)call->recvfrom.flags & MSG_TRUNC) &&
	       !call->guest->recorded;
}

int64_t
hc_do_recvfrom(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_fd_get(&guest->fds, call->recvfrom.fd);
	uint64_t len = call->recvfrom.count;
	void *buf = hc_buffer(call, call->recvfrom.buf, &len, GMEM_WRITE);
	struct hc_address a = { .len = sizeof(a.u) };
	struct hc_address_out out;
	int64_t r;

	if (!file)
		return -EBADF;
	r = hc_address_room(
	    guest, &out, call->recvfrom.addr, call->recvfrom.addrlen);
	if (!buf)
		len = call->recvfrom.count;
	if (r == 0 && !buf && !may_discard(call))
		r = -EFAULT;
	if (r == 0)
		r = hc_host_wait(call->thread, SYS_recvfrom, file->host, buf,
		    len, (unsigned)call->recvfrom.flags & RECEIVE_FLAGS, &a.u,
		    &a.len);
	if (r >= 0) {
		hc_address_peer(guest, file, &a);
		if (hc_address_give(guest, &out, &a) < 0)
			r = -EFAULT;
	}
	hc_file_put(file);
	return r;
}
