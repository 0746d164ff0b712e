/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages.  Nothing here may know the call that uses them.
 */
#include "hypercall/net/control.h"

#include "hypercall/core/device.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/memfile.h"
#include "hypercall/core/plain.h"
#include "hypercall/net/address.h"
#include "hypercall/net/inflight.h"
#include "hypercall/core/kinds.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Replace the guest's descriptor at `at` by the host's. */
static int
send_right(struct hc_guest *guest, struct hc_control *c, uint8_t *at)
{
	struct hc_file *file;
	int fd;

	memcpy(&fd, at, sizeof(fd));
	file = fd < 0 ? NULL : hc_fd_get(&guest->fds, (uint64_t)fd);
	if (!file)
		return -EBADF;
	c->held[c->files++] = file;
	/* A folder would lead its receiver out of the tree.  A file of a
	 * read-only volume, one of novillo's own and one that refuses an access
	 * would lose that on its way back: only what a mark allows may get
	 * lost. */
	if (file->directory || file->read_only || file->own || file->refuses ||
	    file->stays)
		return -EPERM;
	file->outlives = true;
	hc_memfile_lent(file);
	hc_fd_keep_backlog(&guest->fds, file);
	memcpy(at, &file->host, sizeof(file->host));
	return 0;
}

static int
send_rights(struct hc_guest *guest, struct hc_control *c, uint8_t *at, size_t n)
{
	int r = 0;

	if (n > HC_RIGHTS - c->files)
		return -EINVAL;
	for (; r == 0 && n > 0; n--, at += sizeof(int))
		r = send_right(guest, c, at);
	return r;
}

/* The guest's own number and ids, which the host gets as those of novillo. */
static int
send_ids(const struct hc_guest *guest, uint8_t *at, size_t len)
{
	struct ucred own;

	if (len != sizeof(own))
		return -EINVAL;
	memcpy(&own, at, sizeof(own));
	if (own.pid != HC_PID || own.uid != guest->world.uid ||
	    own.gid != guest->world.gid)
		return -EPERM;
	own.pid = (pid_t)hc_host(SYS_getpid, 0);
	memcpy(at, &own, sizeof(own));
	return 0;
}

struct ucred
hc_known(struct ucred sender)
{
	sender.pid = sender.pid == hc_host(SYS_getpid, 0) ? HC_PID : 0;
	return sender;
}

/* Control messages that concern only the message they come with, or the socket
 * that receives them. */
enum {
	SENT = 1 << 0,
	RECEIVED = 1 << 1,
};

static const struct {
	int level, type;
	unsigned way;
} kinds[] = {
	{ SOL_SOCKET, SCM_RIGHTS, SENT | RECEIVED },
	{ SOL_SOCKET, SCM_CREDENTIALS, SENT | RECEIVED },
	{ SOL_SOCKET, SCM_TIMESTAMP, RECEIVED },
	{ SOL_SOCKET, SCM_TIMESTAMPNS, RECEIVED },
	{ SOL_SOCKET, SO_RXQ_OVFL, RECEIVED },
	{ IPPROTO_TCP, TCP_CM_INQ, RECEIVED },
	{ IPPROTO_UDP, UDP_GRO, RECEIVED },
	{ IPPROTO_UDP, UDP_SEGMENT, SENT },
	{ IPPROTO_IP, IP_PKTINFO, SENT | RECEIVED },
	{ IPPROTO_IP, IP_RECVERR, RECEIVED },
	{ IPPROTO_IP, IP_TOS, SENT | RECEIVED },
	{ IPPROTO_IP, IP_TTL, SENT | RECEIVED },
	{ IPPROTO_IPV6, IPV6_HOPLIMIT, SENT | RECEIVED },
	{ IPPROTO_IPV6, IPV6_PKTINFO, SENT | RECEIVED },
	{ IPPROTO_IPV6, IPV6_RECVERR, RECEIVED },
	{ IPPROTO_IPV6, IPV6_TCLASS, SENT | RECEIVED },
};

static bool
goes(const struct cmsghdr *header, unsigned way)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].level == header->cmsg_level &&
		    kinds[i].type == header->cmsg_type)
			return kinds[i].way & way;
	return false;
}

static bool
has(const struct cmsghdr *header, int type)
{
	return header->cmsg_level == SOL_SOCKET && header->cmsg_type == type;
}

/* The source of a message, which the host chooses if the guest leaves it out:
 * 0 or -errno. */
static int
send_source(struct hc_guest *guest, const struct hc_file *socket,
    const uint8_t *data, size_t len)
{
	struct hc_address a = { .u.any.sa_family = AF_INET };
	struct in_pktinfo info;

	if (len != sizeof(info))
		return -EINVAL;
	memcpy(&info, data, sizeof(info));
	a.u.in.sin_addr = info.ipi_spec_dst;
	if (info.ipi_spec_dst.s_addr == INADDR_ANY)
		return 0;
	return hc_address_judge_also(guest, socket->host, &a);
}

static int
send_source6(struct hc_guest *guest, const struct hc_file *socket,
    const uint8_t *data, size_t len)
{
	struct hc_address a = { .u.any.sa_family = AF_INET6 };
	struct in6_pktinfo info;

	if (len != sizeof(info))
		return -EINVAL;
	memcpy(&info, data, sizeof(info));
	a.u.in6.sin6_addr = info.ipi6_addr;
	if (IN6_IS_ADDR_UNSPECIFIED(&info.ipi6_addr))
		return 0;
	return hc_address_judge_also(guest, socket->host, &a);
}

static int
send_one(struct hc_guest *guest, struct hc_control *c,
    const struct hc_file *socket, const struct cmsghdr *header, uint8_t *data)
{
	size_t len = header->cmsg_len - CMSG_LEN(0);

	if (has(header, SCM_RIGHTS))
		return send_rights(guest, c, data, len / sizeof(int));
	if (has(header, SCM_CREDENTIALS))
		return send_ids(guest, data, len);
	if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO)
		return send_source(guest, socket, data, len);
	if (header->cmsg_level == IPPROTO_IPV6 &&
	    header->cmsg_type == IPV6_PKTINFO)
		return send_source6(guest, socket, data, len);
	return goes(header, SENT) ? 0 : -EINVAL;
}

int
hc_control_get(struct hc_guest *guest, struct hc_control *c,
    const struct hc_file *socket, uint64_t va, size_t len)
{
	size_t at = 0;
	int r = 0;

	c->files = 0;
	c->len = 0;
	if (len > sizeof(c->bytes))
		return -ENOBUFS;
	if (gmem_read(guest->mem, c->bytes, va, len) < 0)
		return -EFAULT;
	c->len = len;
	while (r == 0 && at < len && len - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr header;

		memcpy(&header, c->bytes + at, sizeof(header));
		if (header.cmsg_len < CMSG_LEN(0) || header.cmsg_len > len - at)
			return -EINVAL;
		r = send_one(
		    guest, c, socket, &header, c->bytes + at + CMSG_LEN(0));
		at += CMSG_ALIGN(header.cmsg_len);
	}
	return r;
}

void
hc_control_put(struct hc_control *c)
{
	while (c->files > 0)
		hc_file_put(c->held[--c->files]);
}

/* Could a socket of the guest's own receive what is sent over this one? */
static bool
stays_inside(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	/* The peer of a socket that has none has no user, and a process that
	 * we cannot see is 0. */
	return hc_host(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer,
		   &len) < 0 ||
	       peer.uid == (uid_t)-1 || peer.pid == getpid();
}

int
hc_control_depart(
    struct hc_guest *guest, struct hc_control *c, const struct hc_file *socket)
{
	unsigned i, n = 0;

	c->flight = 0;
	for (i = 0; i < c->files; i++)
		n += c->held[i]->buffered;
	if (n == 0 || !stays_inside(socket->host))
		return 0;
	if (hc_inflight_begin(&guest->fds, n) < 0)
		return -ETOOMANYREFS;
	c->flight = n;
	return 0;
}

void
hc_control_departed(
    struct hc_guest *guest, struct hc_control *c, int64_t result)
{
	if (c->flight > 0)
		hc_inflight_end(&guest->fds, result < 0 ? c->flight : 0);
}

static int
socket_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	hc_host(SYS_getsockopt, fd, SOL_SOCKET, option, &value, &len);
	return value;
}

/* Is it a socket of a kind that a guest can make? */
static bool
is_safe_socket(int fd)
{
	int family = socket_option(fd, SO_DOMAIN);
	int type = socket_option(fd, SO_TYPE);

	if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
		return false;
	return type == SOCK_STREAM || type == SOCK_DGRAM ||
	       (type == SOCK_SEQPACKET && family == AF_UNIX);
}

/* May a guest have this descriptor, which came over a socket?  *type is
 * S_IF*. */
static bool
is_safe(int fd, unsigned *type)
{
	struct stat st;
	int64_t flags = hc_host(SYS_fcntl, fd, F_GETFL, 0);

	if (flags < 0 || (flags & O_PATH) ||
	    hc_host(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) < 0)
		return false;
	*type = st.st_mode & S_IFMT;
	switch (*type) {
	case S_IFREG: return hc_is_plain(fd);
	case S_IFIFO: return true;
	case S_IFSOCK: return is_safe_socket(fd);
	case S_IFCHR: return hc_is_harmless(st.st_rdev);
	default: return false; /* KVM's descriptors have no file type */
	}
}

/* A guest's descriptor for one that was received; -1: it may not have it, or
 * does not want it. */
static int
receive_right(struct hc_guest *guest, int fd, bool wanted, unsigned flags)
{
	unsigned type = 0;
	bool safe = is_safe(fd, &type);
	bool buffered = type == S_IFSOCK || type == S_IFIFO;
	bool cloexec = flags & MSG_CMSG_CLOEXEC;

	/* A message that is only looked at stays in flight. */
	if (buffered && !(flags & MSG_PEEK))
		hc_inflight_received(&guest->fds);
	if (!safe || !wanted) {
		close(fd);
		return -1;
	}
	return buffered ? hc_fd_open_socket(&guest->fds, fd, 0, cloexec)
			: hc_fd_open(&guest->fds, fd, 0, cloexec);
}

/* Replace `n` host descriptors by guest descriptors, up to the first that the
 * guest may not have.  Their number. */
static size_t
receive_rights(struct hc_guest *guest, uint8_t *at, size_t n, unsigned flags)
{
	size_t i, good = 0;

	for (i = 0; i < n; i++, at += sizeof(int)) {
		int fd, own;

		memcpy(&fd, at, sizeof(fd));
		own = receive_right(guest, fd, good == i, flags);
		if (own < 0)
			continue;
		memcpy(at, &own, sizeof(own));
		good++;
	}
	return good;
}

static void
receive_ids(uint8_t *at, size_t len)
{
	struct ucred sender;

	if (len < sizeof(sender))
		return;
	memcpy(&sender, at, sizeof(sender));
	sender = hc_known(sender);
	memcpy(at, &sender, sizeof(sender));
}

/* Translate one message, at `at`; its length, which may have shrunk. */
static size_t
receive_one(struct hc_guest *guest, uint8_t *at, struct cmsghdr *header,
    unsigned flags, bool *cut)
{
	size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	size_t good;

	if (!goes(header, RECEIVED))
		return 0;
	if (has(header, SCM_CREDENTIALS))
		receive_ids(at + CMSG_LEN(0), header->cmsg_len - CMSG_LEN(0));
	if (!has(header, SCM_RIGHTS))
		return header->cmsg_len;
	good = receive_rights(guest, at + CMSG_LEN(0), n, flags);
	*cut = *cut || good < n;
	/* The guest must not see the host's numbers. */
	memset(at + CMSG_LEN(good * sizeof(int)), 0, (n - good) * sizeof(int));
	header->cmsg_len = CMSG_LEN(good * sizeof(int));
	memcpy(at, header, sizeof(*header));
	return good > 0 ? header->cmsg_len : 0;
}

void
hc_control_receive(struct hc_guest *guest, struct hc_control *c,
    struct msghdr *message, unsigned flags)
{
	size_t from = 0, to = 0, len = message->msg_controllen;
	bool cut = false;

	while (from < len && len - from >= sizeof(struct cmsghdr)) {
		struct cmsghdr header;
		size_t whole, left;

		memcpy(&header, c->bytes + from, sizeof(header));
		if (header.cmsg_len < CMSG_LEN(0) ||
		    header.cmsg_len > len - from)
			break;
		whole = CMSG_ALIGN(header.cmsg_len);
		left = receive_one(
		    guest, c->bytes + from, &header, flags, &cut);
		if (left > 0)
			memmove(c->bytes + to, c->bytes + from, left);
		to += CMSG_ALIGN(left);
		from += whole;
	}
	/* The last need not be padded. */
	c->len = to < len ? to : len;
	if (cut)
		message->msg_flags |= MSG_CTRUNC;
}
