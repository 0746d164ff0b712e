/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the hypercalls for sockets and for waiting, without a vCPU: a hostile
 * guest's arguments, their errors, and objects that a guest must not reach.
 */
#include "guestram.h"
#include "openfiles.h"
#include "scratch.h"
#include "tap.h"

#include "hypercall/core/hypercall.h"
#include "hypercall/dispatch/dispatch.h"
#include "hypercall/file/path.h"
#include "hypercall/core/netrule.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RAM     (UINT64_C(8) << 20)
#define DATA    (UINT64_C(1) << 20)
#define SIZE    (4 * PAGE_4K)
#define MINUS_1 UINT64_MAX
#define END     (DATA + SIZE)        /* nothing is mapped from here on */
#define RO      (END + PAGE_4K)      /* a page that is read-only */
#define ADDR    (DATA + PAGE_4K)     /* socket addresses */
#define LEN     (DATA + 2 * PAGE_4K) /* and their lengths */

static struct gmem mem;
static struct hc_guest guest;
static struct hc_thread thread = { .tid = 1 };

static int64_t
call(uint32_t number, const uint64_t *args)
{
	struct hc_call c = { .guest = &guest, .thread = &thread };

	memcpy(c.arg, args, sizeof(c.arg));
	return hc_dispatch(&c, number);
}

#define CALL(name, ...) call(HC_##name, (uint64_t[HC_ARGS]){ __VA_ARGS__ })

static void *
at(uint64_t va)
{
	return mem.base + va;
}

static void
put_len(int32_t len)
{
	memcpy(at(LEN), &len, sizeof(len));
}

static int32_t
get_len(void)
{
	int32_t len;

	memcpy(&len, at(LEN), sizeof(len));
	return len;
}

static void
put_in(uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	memcpy(at(ADDR), &in, sizeof(in));
}

/* Put an AF_UNIX address at ADDR; return its length. */
static uint64_t
put_un(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, name, strnlen(name, sizeof(un.sun_path)));
	memcpy(at(ADDR), &un, sizeof(un));
	return sizeof(sa_family_t) + strlen(name) + 1;
}

static uint64_t
guest_socket(int family, int type)
{
	return (uint64_t)CALL(socket, (uint64_t)family, (uint64_t)type, 0);
}

static void
test_kinds(void)
{
	static const struct {
		int family, type, protocol, result;
	} wrong[] = {
		{ AF_UNSPEC, SOCK_STREAM, 0, -EAFNOSUPPORT },
		{ AF_NETLINK, SOCK_STREAM, 0, -ESOCKTNOSUPPORT },
		{ AF_NETLINK, SOCK_RAW, 15, -EPROTONOSUPPORT }, /* uevents */
		{ AF_NETLINK, SOCK_RAW, 16, -EPROTONOSUPPORT }, /* generic */
		{ AF_NETLINK, SOCK_DGRAM, 4, -EPROTONOSUPPORT },
		{ AF_PACKET, SOCK_RAW, 0, -EAFNOSUPPORT },
		{ 38, SOCK_SEQPACKET, 0, -EAFNOSUPPORT }, /* AF_ALG */
		{ 40, SOCK_STREAM, 0, -EAFNOSUPPORT },    /* AF_VSOCK */
		{ 44, SOCK_RAW, 0, -EAFNOSUPPORT },       /* AF_XDP */
		{ -1, SOCK_STREAM, 0, -EAFNOSUPPORT },
		{ INT32_MAX, SOCK_STREAM, 0, -EAFNOSUPPORT },
		{ AF_INET, SOCK_RAW, IPPROTO_ICMP, -EPERM },
		{ AF_INET6, SOCK_RAW, 0, -EPERM },
		{ AF_INET, SOCK_DGRAM, IPPROTO_ICMP, -EPROTONOSUPPORT },
		{ AF_INET, SOCK_STREAM, 262, -EPROTONOSUPPORT }, /* MPTCP */
		{ AF_INET, SOCK_STREAM, -1, -EPROTONOSUPPORT },
		{ AF_INET, SOCK_SEQPACKET, 132, -ESOCKTNOSUPPORT },
		{ AF_INET, 0, 0, -ESOCKTNOSUPPORT },
		{ AF_INET, 0x7fffffff, 0, -EINVAL },
		{ AF_UNIX, SOCK_RDM, 0, -ESOCKTNOSUPPORT },
		{ AF_UNIX, SOCK_STREAM, 6, -EPROTONOSUPPORT },
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		is_int(
		    CALL(socket, (uint32_t)wrong[i].family,
			(uint32_t)wrong[i].type, (uint32_t)wrong[i].protocol),
		    wrong[i].result, "socket(%d, %d, %d) is refused",
		    wrong[i].family, wrong[i].type, wrong[i].protocol);
	is_int(CALL(socketpair, AF_INET, SOCK_STREAM, 0, DATA), -EOPNOTSUPP,
	    "there is no pair of TCP");
	is_int(CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, END - 4), -EFAULT,
	    "no pair is written over the end of memory");
	is_int(CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, RO), -EFAULT,
	    "nor into read-only memory");
}

static void
test_addresses(void)
{
	static const uint64_t lengths[] = { 129, UINT32_MAX, INT32_MAX,
		UINT64_C(1) << 31, UINT64_MAX, 0, 1 };
	uint64_t fd = guest_socket(AF_INET, SOCK_DGRAM);
	size_t i;

	put_in(0);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		is_int(CALL(bind, fd, ADDR, lengths[i]), -EINVAL,
		    "bind takes no address of %#llx bytes",
		    (unsigned long long)lengths[i]);
		is_int(CALL(sendto, fd, DATA, 1, 0, ADDR, lengths[i]), -EINVAL,
		    "nor does sendto");
	}
	is_int(CALL(bind, fd, ADDR, 15), -EINVAL, "nor half an address");
	is_int(CALL(bind, fd, END - 8, 16), -EFAULT,
	    "one over the end of memory is EFAULT");
	is_int(CALL(bind, fd, 0, 16), -EFAULT, "and so is none");
	is_int(CALL(bind, fd, UINT64_MAX - 7, 16), -EFAULT,
	    "and one around the end of all addresses");
	memset(at(ADDR), 0xff, 128);
	is_int(
	    CALL(bind, fd, ADDR, 128), -EAFNOSUPPORT, "an odd family is none");
	is_int(CALL(bind, 3, ADDR, 16), -EBADF,
	    "a descriptor of the host's is not the guest's");
	put_in(0);
	memmove(at(END - 16), at(ADDR), 16);
	is_int(CALL(bind, fd, END - 16, 16), 0, "the last bytes will do");
	memmove(at(ADDR + 1), at(ADDR), 16);
	is_int(
	    CALL(connect, fd, ADDR + 1, 16), 0, "and so will unaligned ones");
	CALL(close, fd);
}

/* Addresses that calls write. */
static void
test_rooms(void)
{
	uint64_t fd = guest_socket(AF_INET, SOCK_DGRAM);

	put_in(0);
	CALL(bind, fd, ADDR, 16);
	put_len(-1);
	is_int(CALL(getsockname, fd, ADDR, LEN), -EINVAL,
	    "there is no room of -1 bytes");
	put_len(INT32_MIN);
	is_int(CALL(getsockname, fd, ADDR, LEN), -EINVAL, "nor of -2^31");
	put_len(16);
	is_int(CALL(getsockname, fd, ADDR, 0), -EFAULT,
	    "the length must be somewhere");
	is_int(CALL(getsockname, fd, 0, LEN), -EFAULT, "and the address");
	put_len(0);
	is_int(CALL(getsockname, fd, 0, LEN), 0,
	    "room for 0 bytes needs no address");
	is_int(get_len(), 16, "and the length is reported");
	put_len(-1);
	is_int(CALL(getsockname, fd, 0, LEN), -EINVAL,
	    "the length is checked also without an address");
	is_int(CALL(getsockname, fd, 0, 0), -EFAULT, "and has to be there");
	put_len(16);
	is_int(CALL(getsockname, fd, ADDR, RO), -EFAULT,
	    "the length must be writable");
	is_int(CALL(getsockname, fd, RO, LEN), -EFAULT, "and the address");
	is_int(CALL(getsockname, fd, END - 8, LEN), -EFAULT,
	    "not over the end of memory");
	memset(at(ADDR), 0x55, 32);
	put_len(4);
	is_int(CALL(getsockname, fd, ADDR, LEN), 0, "little room is used");
	is_int(get_len(), 16, "and the whole length is reported");
	is_int(*(uint8_t *)at(ADDR + 4), 0x55, "nothing is written after it");
	put_len(INT32_MAX);
	is_int(CALL(getsockname, fd, ADDR, LEN), 0, "much room does no harm");
	is_int(*(uint8_t *)at(ADDR + 16), 0x55, "to the bytes after it");
	is_int(CALL(getpeername, fd, ADDR, LEN), -ENOTCONN,
	    "without a peer there is no name of one");
	put_len(-1);
	is_int(CALL(recvfrom, fd, DATA, 1, MSG_DONTWAIT, ADDR, LEN), -EINVAL,
	    "recvfrom takes no room of -1 either");
	is_int(CALL(accept, fd, ADDR, LEN), -EINVAL, "nor does accept");
	is_int(CALL(accept4, fd, 0, 0, 1), -EINVAL,
	    "accept4 takes the flags there are");
	CALL(close, fd);
}

static void
test_options(void)
{
	uint64_t fd = guest_socket(AF_INET, SOCK_STREAM);
	const int one = 1;

	memcpy(at(DATA), &one, sizeof(one));
	is_int(CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, DATA, 4), 0,
	    "an option of the list is set");
	is_int(CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, DATA, 3), -EINVAL,
	    "with all of its value");
	is_int(CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, DATA, MINUS_1),
	    -EINVAL, "a value does not have -1 bytes");
	is_int(CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, DATA, INT32_MAX),
	    0, "only the first of 2^31 - 1 bytes count");
	is_int(CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, END - 3, 4),
	    -EFAULT, "not over the end of memory");
	is_int(CALL(setsockopt, fd, SOL_SOCKET, SO_ATTACH_FILTER, DATA, 16),
	    -ENOPROTOOPT, "no filter is attached");
	is_int(CALL(setsockopt, fd, SOL_SOCKET, SO_TYPE, DATA, 4), -ENOPROTOOPT,
	    "a read-only option is not set");
	is_int(CALL(setsockopt, fd, MINUS_1, MINUS_1, DATA, 4), -ENOPROTOOPT,
	    "nor is an option that does not exist");
	is_int(CALL(setsockopt, fd, SOL_SOCKET, SO_PEERCRED, DATA, 4),
	    -ENOPROTOOPT, "a peer's ids are not set");
	is_int(CALL(setsockopt, fd, IPPROTO_TCP, TCP_ULP, DATA, 4),
	    -ENOPROTOOPT, "nor a protocol over TCP");
	put_len(4);
	is_int(CALL(getsockopt, fd, SOL_SOCKET, SO_TYPE, DATA, LEN), 0,
	    "SO_TYPE is reported");
	is_int(*(int *)at(DATA), SOCK_STREAM, "as SOCK_STREAM");
	put_len(-1);
	is_int(CALL(getsockopt, fd, SOL_SOCKET, SO_TYPE, DATA, LEN), -EINVAL,
	    "not into -1 bytes");
	put_len(INT32_MAX);
	is_int(CALL(getsockopt, fd, IPPROTO_TCP, 11, DATA, LEN), 0,
	    "TCP_INFO is as long as it is");
	ok(get_len() > 100 && get_len() <= 512, "its length is reported");
	put_len(4);
	is_int(CALL(getsockopt, fd, SOL_SOCKET, SO_TYPE, RO, LEN), -EFAULT,
	    "nothing is written into read-only memory");
	is_int(CALL(getsockopt, 99, SOL_SOCKET, SO_TYPE, DATA, LEN), -EBADF,
	    "nor of a descriptor that is not open");
	CALL(close, fd);
}

/* Interfaces are listed into the guest's memory, and only for a guest that may
 * make sockets. */
static void
test_interfaces(void)
{
	uint64_t fd = guest_socket(AF_INET, SOCK_DGRAM);
	struct hc_set allowed = guest.policy.allowed;
	struct ifconf *conf = at(DATA);

	*conf = (struct ifconf){ .ifc_len = INT32_MAX,
		.ifc_buf = (void *)(END - 8) };
	is_int(CALL(ioctl, fd, SIOCGIFCONF, DATA), -EFAULT,
	    "no list goes over the end of memory");
	is_int(conf->ifc_len, INT32_MAX, "and no length is reported");
	*conf = (struct ifconf){ .ifc_len = INT32_MIN, .ifc_buf = (void *)8 };
	is_int(CALL(ioctl, fd, SIOCGIFCONF, DATA), 0,
	    "room of -2^31 bytes takes nothing");
	is_int(conf->ifc_len, 0, "as is reported");
	is_int(CALL(ioctl, fd, SIOCGIFCONF, END - 8), -EFAULT,
	    "the request has to be there");
	is_int(CALL(ioctl, fd, SIOCGIFTXQLEN, DATA), -ENOTTY,
	    "other requests are refused");
	hc_set_change(&guest.policy.allowed, "-socket", 7);
	*conf = (struct ifconf){ 0 };
	is_int(CALL(ioctl, fd, SIOCGIFCONF, DATA), -ENOTTY,
	    "no list without leave to make sockets");
	guest.policy.allowed = allowed;
	CALL(close, fd);
}

/* A socket whose peer's ids are those of a process that is not the guest. */
static int
socketpair_of_child(int host[2])
{
	struct msghdr m = { 0 };
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(int))];
	} control;
	int way[2];
	char byte = 0;
	struct iovec iov = { &byte, 1 };

	m = (struct msghdr){ .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, way) < 0)
		return -1;
	if (fork() == 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, host) < 0)
			_exit(1);
		control.header =
		    (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
			    .cmsg_level = SOL_SOCKET,
			    .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), host, sizeof(int));
		_exit(sendmsg(way[1], &m, 0) != 1);
	}
	close(way[1]);
	if (recvmsg(way[0], &m, 0) != 1 || m.msg_controllen == 0)
		return -1;
	memcpy(host, CMSG_DATA(&control.header), sizeof(int));
	close(way[0]);
	wait(NULL);
	return 0;
}

/* The peer of a socket: this program is the guest, its parent is not. */
static void
test_peer(void)
{
	struct ucred peer;
	int host[2];
	uint64_t fd;

	CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, DATA);
	fd = *(uint32_t *)at(DATA);
	CALL(close, *(uint32_t *)at(DATA + 4));
	put_len(64);
	is_int(CALL(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, DATA, LEN), 0,
	    "SO_PEERCRED is reported");
	is_int(get_len(), sizeof(peer), "with its length");
	memcpy(&peer, at(DATA), sizeof(peer));
	is_int(peer.pid, 1, "the guest's own id is 1");
	is_int(peer.uid, getuid(), "its user is");
	is_int(peer.gid, getgid(), "and so is its group");
	CALL(close, fd);
	if (socketpair_of_child(host) < 0)
		bail("no child");
	fd = (uint64_t)hc_fd_open(&guest.fds, host[0], 0, false);
	memset(at(DATA), 0x55, 16);
	put_len(2);
	is_int(CALL(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, DATA, LEN), 0,
	    "two bytes of another process's");
	is_int(*(uint32_t *)at(DATA), 0x55550000, "are those of no id");
	CALL(close, fd);
}

/* A struct msghdr at DATA, of one part of `len` bytes at `va`. */
static struct msghdr *
put_message(uint64_t va, uint64_t len)
{
	struct msghdr *m = at(DATA);
	struct iovec *iov = at(DATA + 128);

	*iov = (struct iovec){ (void *)va, len };
	*m = (struct msghdr){ .msg_iov = (void *)(DATA + 128),
		.msg_iovlen = 1 };
	return m;
}

static uint64_t pair[2];

static void
make_pair(int type)
{
	int fds[2];

	if (CALL(socketpair, AF_UNIX, (uint64_t)type, 0, DATA) < 0)
		bail("socketpair");
	memcpy(fds, at(DATA), sizeof(fds));
	pair[0] = (uint64_t)fds[0];
	pair[1] = (uint64_t)fds[1];
}

static void
close_pair(void)
{
	CALL(close, pair[0]);
	CALL(close, pair[1]);
}

#define SEND() CALL(sendmsg, pair[0], DATA, MSG_DONTWAIT | MSG_NOSIGNAL)
#define RECV() CALL(recvmsg, pair[1], DATA, MSG_DONTWAIT)

static void
test_headers(void)
{
	struct msghdr *m;

	make_pair(SOCK_DGRAM);
	is_int(CALL(sendmsg, pair[0], END - 55, 0), -EFAULT,
	    "a header over the end of memory is EFAULT");
	is_int(CALL(sendmsg, pair[0], UINT64_MAX - 20, 0), -EFAULT,
	    "and so is one around the end of all addresses");
	m = put_message(LEN, 8);
	m->msg_iovlen = 1025;
	is_int(SEND(), -EMSGSIZE, "1025 parts are too many");
	m->msg_iovlen = SIZE_MAX;
	is_int(SEND(), -EMSGSIZE, "and so are 2^64 - 1");
	m->msg_iovlen = UINT64_C(1) << 60;
	is_int(SEND(), -EMSGSIZE, "also where their size is 0 in 64 bits");
	m->msg_iovlen = 1;
	m->msg_iov = (void *)(END - 8);
	is_int(SEND(), -EFAULT, "the vector must all be there");
	put_message(LEN, UINT64_C(1) << 63);
	is_int(SEND(), -EINVAL, "a part of 2^63 bytes is EINVAL");
	put_message(END - 4, 8);
	is_int(SEND(), -EFAULT, "half a datagram is not sent");
	is_int(CALL(sendto, pair[0], END - 4, 8, MSG_DONTWAIT), -EFAULT,
	    "nor by sendto");
	is_int(CALL(sendto, pair[0], DATA, UINT64_MAX, MSG_DONTWAIT), -EFAULT,
	    "nor one of 2^64 - 1 bytes");
	m = put_message(LEN, 8);
	m->msg_name = (void *)ADDR;
	m->msg_namelen = UINT32_MAX;
	is_int(SEND(), -EINVAL, "a name of -1 bytes is EINVAL");
	m->msg_namelen = INT32_MAX;
	memset(at(ADDR), 0xff, 256);
	is_int(SEND(), -EAFNOSUPPORT, "only 128 bytes of a long name are read");
	m->msg_name = (void *)(END - 64);
	is_int(SEND(), -EFAULT, "a name must be in memory");
	m = put_message(LEN, 8);
	is_int(SEND(), 8, "a good one is sent");
	m = put_message(RO, 8);
	is_int(RECV(), -EFAULT, "it is not received into read-only memory");
	m = put_message(LEN, 8);
	m->msg_name = (void *)(END - 64);
	m->msg_namelen = INT32_MAX;
	is_int(RECV(), -EFAULT, "nor without room for its sender");
	m->msg_namelen = 64;
	m->msg_control = (void *)(END - 8);
	m->msg_controllen = 64;
	is_int(RECV(), -EFAULT, "nor without room for its control data");
	m->msg_control = NULL;
	is_int(RECV(), 8, "and then is still there");
	is_int(m->msg_namelen, 0, "from somebody without a name");
	is_int(RECV(), -EAGAIN, "once");
	close_pair();
}

/* Send a control message with cmsg_len `len` and `n` descriptors. */
static int64_t
send_control(uint64_t len, int level, int type, const int *fds, size_t n)
{
	struct msghdr *m = put_message(LEN, 1);
	struct cmsghdr header = {
		.cmsg_len = len, .cmsg_level = level, .cmsg_type = type
	};

	memset(at(ADDR), 0, PAGE_4K);
	memcpy(at(ADDR), &header, sizeof(header));
	memcpy(at(ADDR + sizeof(header)), fds, n * sizeof(*fds));
	m->msg_control = (void *)ADDR;
	m->msg_controllen = CMSG_SPACE(n * sizeof(*fds));
	return SEND();
}

#define RIGHTS SOL_SOCKET, SCM_RIGHTS

static void
test_control(void)
{
	static const uint64_t lengths[] = { 0, 1, 15, 25, UINT64_MAX,
		UINT64_MAX - 7, UINT64_C(1) << 63, UINT64_C(1) << 32 };
	int fds[300];
	struct msghdr *m;
	size_t i;

	make_pair(SOCK_STREAM);
	for (i = 0; i < 300; i++)
		fds[i] = (int)pair[0];
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		is_int(send_control(lengths[i], RIGHTS, fds, 2), -EINVAL,
		    "a control message of %#llx bytes is EINVAL",
		    (unsigned long long)lengths[i]);
	is_int(send_control(CMSG_LEN(254 * 4), RIGHTS, fds, 254), -EINVAL,
	    "254 descriptors are too many");
	fds[1] = 3;
	is_int(send_control(CMSG_LEN(8), RIGHTS, fds, 2), -EBADF,
	    "the host's are not sent");
	fds[1] = -1;
	is_int(send_control(CMSG_LEN(8), RIGHTS, fds, 2), -EBADF, "nor is -1");
	is_int(send_control(CMSG_LEN(12), SOL_SOCKET, 2, fds, 3), -EPERM,
	    "nobody's credentials are sent");
	is_int(send_control(CMSG_LEN(4), IPPROTO_IP, IP_PKTINFO, fds, 1),
	    -EINVAL, "nor is a part of a source");
	is_int(send_control(CMSG_LEN(4), SOL_SOCKET, SO_TIMESTAMP, fds, 1),
	    -EINVAL, "nor what is only received");
	m = put_message(LEN, 1);
	m->msg_control = (void *)ADDR;
	m->msg_controllen = SIZE_MAX;
	is_int(SEND(), -ENOBUFS, "2^64 - 1 bytes of them are too many");
	m->msg_controllen = 64;
	m->msg_control = (void *)(END - 8);
	is_int(SEND(), -EFAULT, "they must be there");
	m->msg_control = NULL;
	is_int(SEND(), 1, "without any of them the message is sent");
	is_int(RECV(), 1, "and received");
	close_pair();
}

/* Receive from pair[1]: store the descriptors, return msg_flags. */
static int
receive_control(uint64_t room, int *fds, size_t *n)
{
	struct msghdr *m = put_message(LEN, 8);
	struct cmsghdr header;

	memset(at(ADDR), 0, PAGE_4K);
	m->msg_control = (void *)ADDR;
	m->msg_controllen = room;
	*n = 0;
	if (RECV() < 0)
		bail("nothing was received");
	if (m->msg_controllen < sizeof(header))
		return m->msg_flags;
	memcpy(&header, at(ADDR), sizeof(header));
	*n = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, at(ADDR + CMSG_LEN(0)), *n * sizeof(int));
	return m->msg_flags;
}

static void
send_from_host(const int *fds, size_t n)
{
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(16 * sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(n * sizeof(int)),
			  .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS } };
	struct hc_file *file = hc_fd_get(&guest.fds, pair[0]);
	char x = 'x';
	struct iovec iov = { &x, 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };

	memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	if (sendmsg(file->host, &m, 0) < 0)
		bail("cannot send descriptors");
	hc_file_put(file);
}

/* Files from outside: a guest receives some kinds and not others. */
static void
test_received_files(void)
{
	static const struct {
		const char *path;
		int flags;
		bool good;
	} files[] = {
		{ "/dev/null", O_RDWR, true },
		{ "/dev/kvm", O_RDWR, false },
		{ "/dev/tty", O_RDWR, false },
		{ "/", O_RDONLY, false },
		{ "/", O_PATH, false },
		{ "/etc/passwd", O_RDONLY, true },
		{ "/etc/passwd", O_PATH, false },
		{ "/proc/self/mem", O_RDWR, false },
		{ "/proc/self/ns/net", O_RDONLY, false },
		{ "/sys/kernel/uevent_seqnum", O_RDONLY, false },
	};
	int got[16], flags;
	size_t i, n;

	make_pair(SOCK_STREAM);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(files[i].path, files[i].flags | O_CLOEXEC);

		if (fd < 0) {
			skip(1, "no %s here", files[i].path);
			continue;
		}
		send_from_host(&fd, 1);
		close(fd);
		flags = receive_control(64, got, &n);
		ok(files[i].good ? n == 1 && !(flags & MSG_CTRUNC)
				 : n == 0 && (flags & MSG_CTRUNC),
		    "%s, flags %#x, is %sto be had", files[i].path,
		    (unsigned)files[i].flags, files[i].good ? "" : "not ");
		if (n == 1)
			CALL(close, (uint64_t)got[0]);
	}
	close_pair();
}

/* Several descriptors in one message, and a message without room for any. */
static void
test_received(void)
{
	unsigned before;
	int got[16], three[3], flags;
	size_t n;

	make_pair(SOCK_STREAM);
	before = count_open();
	three[0] = socket(AF_NETLINK, SOCK_RAW, 0);
	send_from_host(three, 1);
	close(three[0]);
	receive_control(64, got, &n);
	is_int(n, 0, "a socket whose messages are checked does not come");
	three[0] = open("/dev/null", O_RDWR);
	three[1] = epoll_create1(0);
	three[2] = three[0];
	send_from_host(three, 3);
	close(three[0]);
	close(three[1]);
	flags = receive_control(64, got, &n);
	is_int(n, 1, "only the descriptors before a bad one come");
	ok(flags & MSG_CTRUNC, "and it is reported");
	ok(memcmp(at(ADDR + CMSG_LEN(4)), (uint8_t[8]){ 0 }, 8) == 0,
	    "the host's numbers are not");
	CALL(close, (uint64_t)got[0]);
	is_int(count_open(), before, "all others are closed");
	three[0] = open("/dev/null", O_RDWR);
	send_from_host(three, 1);
	close(three[0]);
	flags = receive_control(0, got, &n);
	ok(flags & MSG_CTRUNC, "without room none comes");
	is_int(count_open(), before, "and none stays");
	close_pair();
}

/* Where no more descriptors may be sent, nothing is held for the message. */
static void
test_full_flight(void)
{
	uint64_t fd = guest_socket(AF_UNIX, SOCK_DGRAM), len = put_un("full");
	const int right = (int)fd;
	struct msghdr *m;
	unsigned before;

	make_pair(SOCK_DGRAM);
	is_int(CALL(bind, fd, ADDR, len), 0, "a socket has a name");
	memcpy(at(DATA + 1024), at(ADDR), len);
	is_int(CALL(sendto, pair[0], DATA, 1, 0, 0, 0), 1, "a message waits");
	is_int(send_control(CMSG_LEN(4), RIGHTS, &right, 1), 1, "one more");
	m = at(DATA);
	m->msg_name = (void *)(DATA + 1024);
	m->msg_namelen = (socklen_t)len;
	guest.fds.flight = HC_FLIGHT;
	before = count_open();
	is_int(SEND(), -ETOOMANYREFS, "the last is one too many");
	is_int(count_open(), before, "the socket of its name is not held");
	guest.fds.flight = 0;
	is_int(SEND(), 1, "it is sent when there is room");
	is_int(count_open(), before, "and then not held either");
	close_pair();
	CALL(close, fd);
}

static void
test_many(void)
{
	struct mmsghdr *m = at(DATA);
	struct timespec *limit = at(LEN + 64);

	make_pair(SOCK_DGRAM);
	put_message(LEN, 4);
	m[1] = m[0];
	is_int(CALL(sendmmsg, pair[0], DATA, 2, 0), 2, "two are sent");
	is_int(m[1].msg_len, 4, "and the length of each is reported");
	put_message(LEN, 8);
	m[1] = m[0];
	*limit = (struct timespec){ 0, 1000000000 };
	is_int(CALL(recvmmsg, pair[1], DATA, 2, 0, LEN + 64), -EINVAL,
	    "recvmmsg takes no odd limit");
	*limit = (struct timespec){ 0 };
	is_int(CALL(recvmmsg, pair[1], DATA, 2, 0, LEN + 64), 1,
	    "an expired limit ends recvmmsg");
	is_int(CALL(recvmmsg, pair[1], DATA, 9, MSG_DONTWAIT, 0), 1,
	    "all waiting messages are received");
	m[0] = (struct mmsghdr){ 0 };
	is_int(CALL(sendmmsg, pair[0], END - 64, UINT32_MAX, MSG_DONTWAIT), 1,
	    "4294967295 messages end where memory does");
	is_int(CALL(sendmmsg, pair[0], RO - 64, 1, 0), -EFAULT,
	    "none is before its start");
	is_int(CALL(sendmmsg, pair[0], DATA, 0, 0), 0, "none is none");
	close_pair();
}

/* A name of `len` bytes, with or without its NUL, is bound, found and
 * returned. */
static void
long_name(unsigned len)
{
	uint64_t fd = guest_socket(AF_UNIX, SOCK_DGRAM);
	uint64_t other = guest_socket(AF_UNIX, SOCK_DGRAM);
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memset(un.sun_path, 'n', len);
	memcpy(at(ADDR), &un, sizeof(un));
	is_int(CALL(bind, fd, ADDR, 110), 0, "%u bytes are bound", len);
	is_int(CALL(connect, other, ADDR, 110), 0, "and connected to");
	put_len(110);
	is_int(CALL(getpeername, other, ADDR, LEN), 0, "the name is returned");
	ok(memcmp(at(ADDR), &un, 2 + len) == 0, "whole");
	is_int(get_len(), len < 108 ? 3 + (int)len : 110, "with its length");
	is_int(CALL(sendto, fd, DATA, 1, 0, ADDR, 110), 1, "it is sent to");
	put_len(110);
	is_int(CALL(getsockname, fd, ADDR, LEN), 0, "also to itself");
	ok(memcmp(at(ADDR), &un, 2 + len) == 0, "whole");
	CALL(close, fd);
	CALL(close, other);
}

/* One that connects to `name` finds that name as its peer's. */
static void
is_peer(uint64_t fd, const char *name)
{
	uint64_t to = guest_socket(AF_UNIX, SOCK_DGRAM);
	struct sockaddr_un un = { 0 };

	is_int(CALL(connect, to, ADDR, put_un(name)), 0, "it is found");
	is_int(CALL(sendto, to, DATA, 1, 0, 0, 0), 1, "and sent to");
	is_int(CALL(recvfrom, fd, DATA, 2, MSG_DONTWAIT, 0, 0), 1,
	    "by the right socket");
	put_len(110);
	CALL(getpeername, to, ADDR, LEN);
	memcpy(&un, at(ADDR), sizeof(un) - 1);
	is_int(strncmp(un.sun_path, name, sizeof(un.sun_path)), 0,
	    "its name is the peer's");
	CALL(close, to);
}

static void
test_long_names(void)
{
	uint64_t fd = guest_socket(AF_UNIX, SOCK_DGRAM);
	uint64_t other = guest_socket(AF_UNIX, SOCK_DGRAM);
	char text[109] = "";

	long_name(100);
	long_name(103);
	long_name(107);
	long_name(108);
	memset(text, 'm', 107);
	memcpy(text, "dir/", 4);
	is_int(CALL(bind, fd, ADDR, put_un(text)), 0, "one in a folder");
	is_int(CALL(bind, other, ADDR, put_un(text + 4)), 0,
	    "its last part is bound in another");
	is_peer(fd, text);
	is_peer(other, text + 4);
	CALL(close, fd);
	fd = guest_socket(AF_UNIX, SOCK_DGRAM);
	is_int(CALL(bind, fd, ADDR, put_un(text + 4)), -EADDRINUSE,
	    "but not twice in one");
	CALL(close, fd);
	CALL(close, other);
}

/* A last part that leaves no room before it. */
static void
test_longest_names(void)
{
	uint64_t fd = guest_socket(AF_UNIX, SOCK_DGRAM);
	uint64_t other = guest_socket(AF_UNIX, SOCK_DGRAM);
	char text[109] = "";

	memset(text, 'l', 107);
	is_int(CALL(bind, fd, ADDR, put_un(text)), 0, "one is bound");
	strcpy(at(DATA), "dir");
	is_int(CALL(chdir, DATA), 0, "in another folder");
	is_int(CALL(bind, other, ADDR, put_un(text)), -ENAMETOOLONG,
	    "it is not bound at the same time");
	CALL(close, fd);
	is_int(
	    CALL(bind, other, ADDR, put_un(text)), 0, "but after it is closed");
	CALL(close, other);
	strcpy(at(DATA), "/");
	is_int(CALL(chdir, DATA), 0, "back");
}

static void
test_unix(void)
{
	uint64_t fd = guest_socket(AF_UNIX, SOCK_DGRAM);
	uint64_t other = guest_socket(AF_UNIX, SOCK_DGRAM);
	struct sockaddr_un un;
	struct stat st;

	is_int(CALL(bind, fd, ADDR, put_un("/dir/s")), 0, "a name is bound");
	is_int(stat("root/dir/s", &st), 0, "below the root");
	ok(S_ISSOCK(st.st_mode), "as a socket");
	put_len(110);
	is_int(CALL(getsockname, fd, ADDR, LEN), 0, "its name is returned");
	memcpy(&un, at(ADDR), sizeof(un));
	is_str(un.sun_path, "/dir/s", "as the guest gave it");
	is_int(get_len(), 9, "with its length");
	is_int(CALL(bind, other, ADDR, put_un("/../outside/s")), -ENOENT,
	    "nothing is bound outside");
	is_int(CALL(bind, other, ADDR, put_un("/out/s")), -ENOENT,
	    "not by a link either");
	is_int(CALL(connect, other, ADDR, put_un("/out/there")), -ENOENT,
	    "and nothing connected to");
	is_int(CALL(connect, other, ADDR, put_un("/outsock")), -ENOENT,
	    "by no link");
	is_int(CALL(connect, other, ADDR, put_un("/proc/self/fd/3")), -ENOENT,
	    "nor by a host's descriptor");
	is_int(CALL(bind, other, ADDR, put_un("/dir/..")), -EADDRINUSE,
	    "\"..\" is not a name for a socket");
	is_int(CALL(bind, other, ADDR, put_un("/rom")), -EADDRINUSE,
	    "a volume's place has a folder");
	is_int(CALL(bind, other, ADDR, put_un("/rom/s")), -EROFS,
	    "nothing is bound in a read-only volume");
	is_int(CALL(bind, other, ADDR, 111), -EINVAL,
	    "no name is longer than its field");
	is_int(CALL(connect, fd, ADDR, put_un("/dir/s")), 0,
	    "a socket is connected to");
	put_len(110);
	is_int(CALL(getpeername, fd, ADDR, LEN), 0,
	    "getpeername returns its peer");
	memcpy(&un, at(ADDR), sizeof(un));
	is_str(un.sun_path, "/dir/s", "by the guest's name");
	is_int(CALL(sendto, other, DATA, 1, 0, ADDR, put_un("/dir/s")), -EPERM,
	    "a connected socket refuses other peers");
	CALL(close, fd);
	CALL(close, other);
}

/* On the host, both names have the same last component and folder number. */
static void
test_same_names(void)
{
	uint64_t a = guest_socket(AF_UNIX, SOCK_DGRAM);
	uint64_t b = guest_socket(AF_UNIX, SOCK_DGRAM);
	uint64_t to = guest_socket(AF_UNIX, SOCK_DGRAM);
	struct sockaddr_un un;

	is_int(CALL(bind, a, ADDR, put_un("/x")), 0, "one is bound");
	is_int(CALL(bind, b, ADDR, put_un("dir/x")), 0, "and another");
	is_int(CALL(bind, to, ADDR, put_un("to")), 0, "and a third");
	is_int(CALL(sendto, a, DATA, 1, 0, ADDR, put_un("/to")), 1,
	    "one sends to it");
	is_int(CALL(sendto, b, DATA, 1, 0, ADDR, put_un("/to")), 1,
	    "the other sends to it");
	put_len(110);
	is_int(CALL(recvfrom, to, DATA, 8, 0, ADDR, LEN), 1, "it hears");
	memcpy(&un, at(ADDR), sizeof(un));
	is_str(un.sun_path, "/x", "from the one");
	put_len(110);
	is_int(CALL(recvfrom, to, DATA, 8, 0, ADDR, LEN), 1, "and hears");
	memcpy(&un, at(ADDR), sizeof(un));
	is_str(un.sun_path, "dir/x", "from the other");
	CALL(close, a);
	CALL(close, b);
	CALL(close, to);
}

/* One name, which is removed and bound again by each socket: the folder's
 * descriptor has the same number each time. */
static void
test_names_again(void)
{
	enum { N = 100 };
	struct sockaddr_un un[N] = { 0 };
	int host, i, j, bound = 0, equal = 0;
	uint64_t fd[N];

	for (i = 0; i < N; i++)
		fd[i] = guest_socket(AF_UNIX, SOCK_DGRAM);
	for (i = 0; i < N; i++) {
		host = guest.fds.file[guest.fds.fd[fd[i]].file - 1].host;
		bound += CALL(bind, fd[i], ADDR, put_un("/again")) == 0;
		getsockname(host, (void *)&un[i], &(socklen_t){ sizeof(*un) });
		strcpy((char *)at(DATA), "/again");
		CALL(unlink, DATA);
		for (j = 0; j < i; j++)
			equal += strcmp(un[i].sun_path, un[j].sun_path) == 0;
	}
	is_int(bound, N, "a name that is removed can be bound again");
	is_int(equal, 0, "as another on the host");
	for (i = 0; i < N; i++)
		CALL(close, fd[i]);
}

/* Put an abstract AF_UNIX address at ADDR; return its length. */
static uint64_t
put_abstract(const char *name)
{
	put_un("");
	memcpy((char *)at(ADDR) + sizeof(sa_family_t) + 1, name, strlen(name));
	return sizeof(sa_family_t) + 1 + strlen(name);
}

/* Another process connects to the name and reads, while the guest accepts at
 * `listener`: the process's error, 0 if the connection was closed, 1 if it was
 * not, 2 if the guest has it. */
static int
visit(int type, const struct sockaddr_un *un, uint64_t len, uint64_t listener)
{
	const int fd = socket(AF_UNIX, type, 0);
	int status, got = 0;
	pid_t pid = fork();
	int64_t r;
	char byte;

	if (pid == 0)
		_exit(connect(fd, (const void *)un, (socklen_t)len) < 0
			  ? errno
			  : recv(fd, &byte, 1, 0) != 0);
	close(fd);
	(void)CALL(fcntl, listener, F_SETFL, O_NONBLOCK);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		r = CALL(accept, listener, 0, 0);
		if (r >= 0) {
			got = 2;
			CALL(close, (uint64_t)r);
		}
		usleep(1000);
	}
	return got ? got : WEXITSTATUS(status);
}

/* A socket of this process, which is not the guest's, at an abstract name. */
static int
host_socket(int type, const struct sockaddr_un *un, socklen_t len)
{
	int fd = socket(AF_UNIX, type, 0);

	if (bind(fd, (const void *)un, len) < 0)
		bail("bind to an abstract name");
	if (type != SOCK_DGRAM && listen(fd, 5) < 0)
		bail("listen");
	return fd;
}

/* By a guest's abstract name nobody else of the host finds it, by its name on
 * the host nobody's connection is accepted, and the guest finds nobody else. */
static void
test_strangers(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	char name[32];
	unsigned i;

	snprintf(name, sizeof(name), "novillo %d", (int)getpid());
	for (i = 0; i < 3; i++) {
		const uint64_t len = put_abstract(name);
		const uint64_t fd = guest_socket(AF_UNIX, types[i]);
		const uint64_t own = guest_socket(AF_UNIX, types[i]);
		struct sockaddr_un un, chosen;
		socklen_t chosen_len = sizeof(chosen);
		struct hc_file *file;
		int64_t r;
		int there;

		memcpy(&un, at(ADDR), sizeof(un));
		there = host_socket(types[i], &un, (socklen_t)len);
		is_int(CALL(connect, own, ADDR, len), -ECONNREFUSED,
		    "a guest does not find the host's abstract name");
		is_int(CALL(sendto, own, DATA, 1, 0, ADDR, len),
		    types[i] == SOCK_STREAM  ? -EOPNOTSUPP
		    : types[i] == SOCK_DGRAM ? -ECONNREFUSED
					     : -ENOTCONN,
		    "nor does it send there");
		is_int(CALL(bind, fd, ADDR, len), 0, "and may have the same");
		close(there);
		(void)CALL(listen, fd, 5);
		is_int(visit(types[i], &un, len, fd), ECONNREFUSED,
		    "by which the host does not find the guest");
		is_int(
		    CALL(connect, own, ADDR, len), 0, "the guest itself does");
		file = hc_fd_get(&guest.fds, fd);
		getsockname(file->host, (void *)&chosen, &chosen_len);
		hc_file_put(file);
		if (types[i] != SOCK_DGRAM) {
			r = CALL(accept, fd, 0, 0);
			ok(r >= 0, "and is accepted");
			CALL(close, (uint64_t)r);
			is_int(visit(types[i], &chosen, chosen_len, fd), 0,
			    "a visitor by the name on the host is not");
		}
		CALL(close, fd);
		CALL(close, own);
	}
}

static struct hc_net_rule refused;
static unsigned refusals;

static void
on_refused(const struct hc_guest *g, const struct hc_net_rule *would)
{
	(void)g;
	refused = *would;
	refusals++;
}

/* A group is judged as an address that is bound.  `fd` has a port. */
static void
test_groups(uint64_t fd)
{
	static const char group[] = "bind:239.1.2.0/24";
	const struct ip_mreqn mreq = {
		.imr_multiaddr.s_addr = htonl(0xef010203),
		.imr_address.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct group_req req = { .gr_interface = 1 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct hc_net_rule rule;
	const struct hc_net_rule *rules = guest.policy.net;

	in.sin_addr = mreq.imr_multiaddr;
	memcpy(&req.gr_group, &in, sizeof(in));
	memcpy(at(DATA), &mreq, sizeof(mreq));
	is_int(CALL(setsockopt, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, DATA,
		   sizeof(mreq)),
	    -EACCES, "a group that is not allowed is not joined");
	ok(refused.what == HC_NET_BIND && refused.addr[0] == 239 &&
		refused.addr[3] == 3 && refused.port > 0,
	    "which is reported as its address, with the socket's port");
	memcpy(at(DATA), &req, sizeof(req));
	is_int(CALL(setsockopt, fd, IPPROTO_IP, MCAST_JOIN_GROUP, DATA,
		   sizeof(req)),
	    -EACCES, "in no way");
	hc_net_rule_parse(&rule, group, sizeof(group) - 1);
	guest.policy.net = &rule;
	is_int(CALL(setsockopt, fd, IPPROTO_IP, MCAST_JOIN_GROUP, DATA,
		   sizeof(req)),
	    0, "a group that a rule allows is joined");
	is_int(CALL(setsockopt, fd, IPPROTO_IP, MCAST_LEAVE_GROUP, DATA,
		   sizeof(req)),
	    0, "and left");
	guest.policy.net = rules;
}

/* The source of a message is judged also.  `fd` has a port. */
static void
test_sources(uint64_t fd)
{
	static const char loopback[] = "bind:127.0.0.1";
	const int other[] = { 0, (int)htonl(0x7f000002), 0 };
	const int own[] = { 0, (int)htonl(INADDR_LOOPBACK), 0 };
	const int mapped[] = { 0, 0, (int)htonl(0xffff), other[1], 0 };
	struct hc_net_rule rule;
	const struct hc_net_rule *rules = guest.policy.net;
	uint64_t before = pair[0];

	hc_net_rule_parse(&rule, loopback, sizeof(loopback) - 1);
	guest.policy.net = &rule;
	guest.policy.nets = 1;
	pair[0] = fd;
	is_int(send_control(CMSG_LEN(12), IPPROTO_IP, IP_PKTINFO, other, 3),
	    -EACCES, "a source that is not allowed is refused");
	is_int(
	    send_control(CMSG_LEN(20), IPPROTO_IPV6, IPV6_PKTINFO, mapped, 5),
	    -EACCES, "in no way");
	ok(refused.what == HC_NET_BIND && refused.addr[3] == 2 &&
		refused.port > 0,
	    "which is reported as its address, with the socket's port");
	is_int(send_control(CMSG_LEN(12), IPPROTO_IP, IP_PKTINFO, own, 3), 1,
	    "an allowed source is used");
	pair[0] = before;
	guest.policy.net = rules;
	guest.policy.nets = 2;
}

static void
test_rules(void)
{
	static const char bind8[] = "bind:127.0.0.1:0";
	static const char connect9[] = "connect:127.0.0.1:9";
	struct hc_net_rule rules[2];
	uint64_t fd = guest_socket(AF_INET, SOCK_DGRAM);
	uint64_t tcp = guest_socket(AF_INET, SOCK_STREAM);
	char text[HC_NET_RULE_TEXT];
	struct msghdr *m;

	hc_net_rule_parse(&rules[0], bind8, sizeof(bind8) - 1);
	hc_net_rule_parse(&rules[1], connect9, sizeof(connect9) - 1);
	guest.policy.net = rules;
	guest.policy.nets = 2;
	guest.policy.denied_address = on_refused;
	put_in(9);
	is_int(CALL(bind, fd, ADDR, 16), -EACCES, "another port is refused");
	is_int(refusals, 1, "which is reported");
	hc_net_rule_text(&refused, text);
	is_str(text, "bind:127.0.0.1:9", "with the rule that would allow it");
	is_int(CALL(bind, fd, ADDR, 16), -EACCES, "it stays refused");
	is_int(refusals, 1, "and is not reported again");
	is_int(CALL(listen, tcp, 1), -EACCES,
	    "listening without a port would take one of every address");
	put_in(0);
	is_int(
	    CALL(bind, fd, ADDR, 16), 0, "an allowed address is not refused");
	is_int(CALL(bind, tcp, ADDR, 16), 0, "for TCP either");
	is_int(CALL(listen, tcp, 1), 0, "a bound socket may listen");
	put_in(10);
	is_int(CALL(connect, fd, ADDR, 16), -EACCES, "connect is refused also");
	is_int(CALL(sendto, fd, DATA, 1, 0, ADDR, 16), -EACCES, "sendto");
	m = put_message(LEN, 1);
	m->msg_name = (void *)ADDR;
	m->msg_namelen = 16;
	is_int(CALL(sendmsg, fd, DATA, 0), -EACCES, "sendmsg");
	is_int(CALL(sendmmsg, fd, DATA, 1, 0), -EACCES, "and sendmmsg");
	memset(at(ADDR), 0, 2);
	is_int(CALL(sendto, fd, DATA, 1, 0, ADDR, 16), -EACCES,
	    "an address of no family is IPv4's there");
	is_int(CALL(connect, fd, ADDR, 16), 0,
	    "in connect it dissolves a connection");
	put_in(9);
	is_int(CALL(connect, fd, ADDR, 16), 0, "an allowed address connects");
	is_int(CALL(bind, guest_socket(AF_UNIX, SOCK_DGRAM), ADDR, put_un("r")),
	    0, "names of files are another matter");
	test_groups(fd);
	test_sources(fd);
	guest.policy.nets = 0;
	CALL(close, fd);
	CALL(close, tcp);
}

/* A port obtained through a connection that is then dissolved. */
static void
test_port_without_bind(void)
{
	static const char loopback[] = "bind:127.0.0.1";
	struct hc_net_rule rule;
	uint64_t to = guest_socket(AF_INET, SOCK_STREAM);
	uint64_t tcp = guest_socket(AF_INET, SOCK_STREAM);

	hc_net_rule_parse(&rule, loopback, sizeof(loopback) - 1);
	guest.policy.net = &rule;
	guest.policy.nets = 1;
	put_in(0);
	is_int(CALL(bind, to, ADDR, 16), 0, "a socket is bound as allowed");
	is_int(CALL(listen, to, 1), 0, "and listens");
	put_len(16);
	CALL(getsockname, to, ADDR, LEN);
	is_int(CALL(connect, tcp, ADDR, 16), 0, "a second socket connects");
	memset(at(ADDR), 0, 16);
	is_int(CALL(connect, tcp, ADDR, 16), 0, "and dissolves its connection");
	is_int(
	    CALL(listen, tcp, 1), -EACCES, "an unbound socket may not listen");
	guest.policy.nets = 0;
	/* The host may refuse it, as Linux 6.18 does. */
	ok(CALL(listen, tcp, 1) != -EACCES, "unless every address is allowed");
	CALL(close, tcp);
	CALL(close, to);
}

/* Calls other than connect that connect. */
static void
test_fast_open(void)
{
	const struct hc_set all = guest.policy.allowed;
	uint64_t to = guest_socket(AF_INET, SOCK_STREAM);
	uint64_t tcp = guest_socket(AF_INET, SOCK_STREAM);
	struct msghdr *m;

	hc_set_change(&guest.policy.allowed, "-connect", 8);
	put_in(0);
	CALL(bind, to, ADDR, 16);
	CALL(listen, to, 1);
	put_len(16);
	CALL(getsockname, to, ADDR, LEN);
	is_int(CALL(sendto, tcp, LEN, 1, MSG_FASTOPEN, ADDR, 16), -EOPNOTSUPP,
	    "without connect, sendto does not connect");
	m = put_message(LEN, 1);
	m->msg_name = (void *)ADDR;
	m->msg_namelen = 16;
	is_int(CALL(sendmsg, tcp, DATA, MSG_FASTOPEN), -EOPNOTSUPP,
	    "nor by sendmsg");
	is_int(CALL(sendmmsg, tcp, DATA, 1, MSG_FASTOPEN), -EOPNOTSUPP,
	    "nor by sendmmsg");
	guest.policy.allowed = all;
	is_int(CALL(sendto, tcp, LEN, 1, MSG_FASTOPEN, ADDR, 16), 1,
	    "with connect, sendto connects");
	CALL(close, tcp);
	CALL(close, to);
}

static void
test_poll(void)
{
	struct pollfd *p = at(DATA);
	struct timespec *left = at(LEN);
	uint64_t fd = (uint64_t)CALL(eventfd2, 1, 0);

	is_int(CALL(poll, DATA, HC_FDS + 1, 0), -EINVAL,
	    "as many as there are numbers are too many");
	is_int(CALL(poll, DATA, UINT64_MAX, 0), -EINVAL, "and so are -1");
	is_int(CALL(poll, END - 8, 2, 0), -EFAULT,
	    "a list over the end of memory is EFAULT");
	is_int(CALL(poll, RO, 1, 0), -EFAULT, "and so is a read-only one");
	is_int(CALL(poll, 0, 0, 0), 0, "there is nothing in none");
	p[0] = (struct pollfd){ 3, POLLIN, 0 };
	p[1] = (struct pollfd){ (int)fd, POLLIN, 0x77 };
	p[2] = (struct pollfd){ INT32_MAX, POLLIN, 0 };
	is_int(CALL(poll, DATA, 3, MINUS_1), 3,
	    "poll does not wait for a closed one");
	is_int(p[0].revents, POLLNVAL, "a descriptor of the host's is closed");
	is_int(p[1].revents, POLLIN, "the open one is reported");
	is_int(p[1].fd, (int)fd, "by the guest's own number");
	memmove(at(END - 8), &p[1], 8);
	is_int(CALL(poll, END - 8, 1, MINUS_1), 1, "the last bytes will do");
	memmove(at(DATA + 65), &p[1], 8);
	is_int(CALL(poll, DATA + 65, 1, MINUS_1), 1, "and odd ones");
	is_int(CALL(ppoll, DATA + 65, 1, 0, LEN, 7), -EINVAL,
	    "a mask of 7 bytes is EINVAL");
	is_int(CALL(ppoll, DATA + 65, 1, 0, END, 8), -EFAULT,
	    "and one that is not there EFAULT");
	is_int(CALL(ppoll, DATA + 65, 1, END - 8, 0, 0), -EFAULT,
	    "and so is half a time");
	p[0] = (struct pollfd){ 1000, POLLIN, 0 };
	*left = (struct timespec){ 7, 0 };
	is_int(CALL(ppoll, DATA, 1, LEN, 0, 0), 1, "a closed one is reported");
	ok(left->tv_sec == 6 && left->tv_nsec > 0,
	    "and the time that is left is the guest's");
	is_int(
	    CALL(ppoll, DATA, 1, 0, 0, 0), 1, "also if it would wait for ever");
	is_int(CALL(select, UINT32_MAX, 0, 0, 0, 0), -EINVAL,
	    "a set of -1 is EINVAL");
	memset(at(DATA), 0, 128);
	is_int(CALL(select, INT32_MAX, DATA, 0, 0, RO), 0,
	    "one of 2^31 - 1 has as many as the table of descriptors");
	is_int(CALL(select, 64, END - 4, 0, 0, 0), -EFAULT,
	    "half a word of a set is EFAULT");
	*(uint64_t *)at(DATA) = 1 << 3 | 1U << fd;
	is_int(CALL(select, 64, DATA, 0, 0, 0), fd == 3 ? 1 : -EBADF,
	    "the host's descriptors are in no set");
	is_int(CALL(pselect6, 0, 0, 0, 0, RO, END - 8), -EFAULT,
	    "half a mask is EFAULT");
	CALL(close, fd);
}

static void
test_epoll(void)
{
	struct epoll_event *e = at(DATA);
	uint64_t set = (uint64_t)CALL(epoll_create1, 0);
	uint64_t fd = (uint64_t)CALL(eventfd2, 1, EFD_NONBLOCK);

	is_int(CALL(epoll_create, 0), -EINVAL, "a set of none is none");
	is_int(CALL(epoll_create1, 1), -EINVAL, "nor are there other flags");
	is_int(CALL(eventfd2, 0, 2), -EINVAL, "also for a count");
	is_int(CALL(timerfd_create, 8, 0), -EPERM, "no timer wakes the host");
	*e = (struct epoll_event){ .events = EPOLLIN, .data.u64 = UINT64_MAX };
	is_int(CALL(epoll_ctl, set, EPOLL_CTL_ADD, 3, DATA), -EBADF,
	    "a descriptor of the host's is not waited for");
	is_int(CALL(epoll_ctl, set, EPOLL_CTL_ADD, fd, END - 11), -EFAULT,
	    "half an event is EFAULT");
	is_int(CALL(epoll_ctl, set, 77, fd, DATA), -EINVAL,
	    "there are three operations");
	is_int(CALL(epoll_ctl, set, EPOLL_CTL_ADD, fd, DATA), 0, "it is added");
	is_int(CALL(epoll_ctl, set, EPOLL_CTL_ADD, fd, DATA), -EEXIST, "once");
	is_int(CALL(epoll_wait, set, DATA, 0, 0), -EINVAL, "no room is EINVAL");
	is_int(CALL(epoll_wait, set, DATA, INT32_MAX, 0), -EINVAL,
	    "and so is too much");
	is_int(CALL(epoll_wait, set, RO, 1, 0), -EFAULT,
	    "read-only room is EFAULT");
	is_int(CALL(epoll_wait, set, END - 11, 1, 0), -EFAULT,
	    "and so is room for half an event");
	is_int(CALL(epoll_wait, set, END - 13, 99, 0), 1,
	    "where there is room for one, one comes");
	is_int(CALL(epoll_wait, fd, DATA, 1, 0), -EINVAL,
	    "a descriptor that is not a set is not waited for");
	is_int(CALL(epoll_pwait, set, DATA, 1, 0, LEN, 4), -EINVAL,
	    "a mask has eight bytes");
	is_int(CALL(epoll_pwait2, set, DATA, 1, END - 1, 0, 0), -EFAULT,
	    "half a time is EFAULT");
	is_int(CALL(timerfd_settime, set, 0, DATA, 0), -EINVAL,
	    "and a set is not a timer");
	CALL(close, fd);
	CALL(close, set);
}

/* Numbers of one file each need a descriptor of the host's, which is returned
 * with the file, and are limited. */
static void
test_numbers(void)
{
	const struct epoll_event event = { .events = EPOLLIN };
	uint64_t set = (uint64_t)CALL(epoll_create1, 0);
	unsigned before, files, n;
	int64_t r = 0;

	CALL(close_range, set + 1, UINT32_MAX, 0);
	before = count_open();
	memcpy(at(DATA), &event, sizeof(event));
	for (files = 0; files < 100 && r == 0; files++) {
		uint64_t fd = (uint64_t)CALL(eventfd2, 1, 0);

		for (n = 0; n < HC_KEYS && r == 0; n++)
			r = CALL(epoll_ctl, set, EPOLL_CTL_ADD,
			    n ? (uint64_t)CALL(dup, fd) : fd, DATA);
		if (files > 0 || r < 0)
			continue;
		is_int(CALL(epoll_ctl, set, EPOLL_CTL_ADD,
			   (uint64_t)CALL(dup, fd), DATA),
		    -ENOSPC, "one number more than 8 is not watched");
		is_int(CALL(epoll_ctl, set, EPOLL_CTL_MOD,
			   (uint64_t)CALL(dup, fd), DATA),
		    -ENOENT, "nor known");
	}
	is_int(r, -ENOSPC, "all copies together are limited");
	is_int(files, HC_COPIES / (HC_KEYS - 1) + 1, "to 256");
	CALL(close_range, set + 1, UINT32_MAX, 0);
	is_int(count_open(), before, "all are closed with their files");
	CALL(close, set);
}

static void
on_alarm(int signal)
{
	(void)signal;
}

static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Repeat a call of 100 ms that is interrupted every 15 ms. */
static void
test_again(const char *name, uint32_t number, const uint64_t *args)
{
	int64_t start = milliseconds();
	unsigned interrupted = 0;
	int64_t r;

	while ((r = call(number, args)) == -EINTR && interrupted < 100)
		interrupted++;
	is_int(r, 0, "%s ends", name);
	ok(interrupted > 0, "after interruptions");
	ok(milliseconds() - start >= 99 && milliseconds() - start < 250,
	    "when it would have without them");
}

#define AGAIN(name, ...) \
	test_again(#name, HC_##name, (uint64_t[HC_ARGS]){ __VA_ARGS__ })

static void
test_interrupted(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 15000 }, { 0, 15000 } };
	uint64_t set = (uint64_t)CALL(epoll_create1, 0);
	struct timespec time = { 0, 100000000 };
	struct timeval tv = { 0, 100000 };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	AGAIN(poll, 0, 0, 100);
	AGAIN(epoll_wait, set, DATA, 1, 100);
	memcpy(at(LEN), &tv, sizeof(tv));
	AGAIN(select, 0, 0, 0, 0, LEN);
	memcpy(at(LEN), &time, sizeof(time));
	AGAIN(ppoll, 0, 0, LEN, 0, 0);
	memcpy(at(LEN), &time, sizeof(time));
	AGAIN(nanosleep, LEN, 0);
	often = (struct itimerval){ 0 };
	setitimer(ITIMER_REAL, &often, NULL);
	CALL(close, set);
}

static void
make_world(void)
{
	const char *bad;
	size_t len;

	if (!scratch_make() || chdir(scratch) < 0 || mkdir("root", 0755) < 0 ||
	    mkdir("root/dir", 0755) < 0 || mkdir("root/rom", 0755) < 0 ||
	    mkdir("rom", 0755) < 0 || mkdir("outside", 0755) < 0 ||
	    symlink("../outside", "root/out") < 0 ||
	    symlink("../outside/there", "root/outsock") < 0 ||
	    mknod("outside/there", S_IFSOCK | 0777, 0) < 0)
		bail("cannot make a tree");
	guestram_init(&mem, RAM);
	hc_guest_init(&guest, &mem);
	hc_fd_close(&guest.fds, 0);
	hc_fd_close(&guest.fds, 1);
	hc_fd_close(&guest.fds, 2);
	hc_set_parse(&guest.policy.allowed, "@all", &bad, &len);
	space_init(&guest.space, &mem, 2 << 20, 7 << 20);
	space_take(
	    &guest.space, DATA, SIZE, space_bits(PROT_READ | PROT_WRITE));
	space_take(&guest.space, RO, PAGE_4K, space_bits(PROT_READ));
	if (hc_tree_mount(&guest, "root", "/", false) < 0 ||
	    hc_tree_mount(&guest, "rom", "/rom", true) < 0)
		bail("cannot mount");
}

int
main(void)
{
	unsigned before;
	unsigned fd;

	make_world();
	before = count_open();
	test_kinds();
	test_addresses();
	test_rooms();
	test_options();
	test_peer();
	test_interfaces();
	test_headers();
	test_control();
	test_received_files();
	test_received();
	test_full_flight();
	test_many();
	test_unix();
	test_long_names();
	test_longest_names();
	test_same_names();
	test_names_again();
	test_strangers();
	test_rules();
	test_port_without_bind();
	test_fast_open();
	test_poll();
	test_epoll();
	test_numbers();
	test_interrupted();
	for (fd = 0; (fd = hc_fd_next(&guest.fds, fd)) < HC_FDS; fd++)
		hc_fd_close(&guest.fds, fd);
	is_int(count_open(), before, "nothing is left open");
	return done_testing();
}
