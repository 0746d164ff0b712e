/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests AF_NETLINK: a guest asks for interfaces, addresses and routes.  The
 * numbers and layouts are those of <linux/rtnetlink.h>.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <tap.h>
#include <unistd.h>

#define AF_NETLINK	       16
#define NETLINK_KOBJECT_UEVENT 15
#define SOL_NETLINK	       270
#define NETLINK_ADD_MEMBERSHIP 1
#define NETLINK_EXT_ACK	       11

#define NLMSG_ERROR  2
#define NLMSG_DONE   3
#define RTM_NEWLINK  16
#define RTM_DELLINK  17
#define RTM_GETLINK  18
#define RTM_SETLINK  19
#define RTM_NEWADDR  20
#define RTM_GETADDR  22
#define RTM_NEWROUTE 24
#define RTM_GETROUTE 26
#define RTM_GETNEIGH 30

#define NLM_F_REQUEST 1
#define NLM_F_ACK     4
#define NLM_F_DUMP    0x300

#define RTA_DST		    1
#define IFLA_IFNAME	    3
#define IFLA_TARGET_NETNSID 46
#define RTN_LOCAL	    2

#define LOOPBACK 1 /* the interface's number */
#define HEADER	 16
#define ANY(a)	 ((struct sockaddr *)(a))

struct address {
	sa_family_t family;
	unsigned short pad;
	unsigned port, groups;
};

struct header {
	unsigned len;
	unsigned short type, flags;
	unsigned seq, port;
};

/* A request with the largest of the structures, and an attribute. */
struct request {
	struct header header;
	unsigned char body[16];
	unsigned short attribute_len, attribute;
	unsigned char value[16];
};

static const struct address kernel = { .family = AF_NETLINK };
static unsigned sequence;
static char answer[32768];

static long
error(long r)
{
	return r < 0 ? -errno : r;
}

/* A request with `size` bytes of a structure for that family. */
static struct request
request(int type, int flags, unsigned size, int family)
{
	struct request r = { .header = { .len = HEADER + size,
				 .type = (unsigned short)type,
				 .flags = (unsigned short)(NLM_F_REQUEST | flags),
				 .seq = ++sequence } };

	r.body[0] = (unsigned char)family;
	return r;
}

static long
ask(int fd, const struct request *r, size_t len)
{
	return error(sendto(fd, r, len, 0, ANY(&kernel), sizeof(kernel)));
}

static struct header
header_at(const char *at)
{
	struct header header;

	memcpy(&header, at, sizeof(header));
	return header;
}

/* The type of the one message that answers, which is then in `answer`. */
static long
one_answer(int fd)
{
	long n = error(recv(fd, answer, sizeof(answer), MSG_DONTWAIT));

	return n < HEADER ? n : header_at(answer).type;
}

/* The number of the error that a message reports. */
static int
error_in(const char *message)
{
	int number;

	memcpy(&number, message + HEADER, sizeof(number));
	return number;
}

/*
 * Receive the answers to a dump.  How many messages of `type` came before its
 * end; -1: there was another.  `found` reports if one was accepted.
 */
static long
dump(int fd, int type, bool (*accept)(const char *, unsigned), bool *found)
{
	long count = 0;

	*found = false;
	for (;;) {
		long at, n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		struct header h;

		if (n < HEADER)
			return -1;
		for (at = 0; n - at >= HEADER; at += (h.len + 3) & ~3U) {
			h = header_at(answer + at);
			if (h.len < HEADER || h.seq != sequence)
				return -1;
			if (h.type == NLMSG_DONE)
				return count;
			if (h.type != type)
				return -1;
			count++;
			*found = *found || accept(answer + at, h.len);
		}
	}
}

/* Has the message of `size` bytes of a structure an attribute with these? */
static bool
has(const char *message, unsigned size, int type, const void *bytes, size_t n)
{
	unsigned end = header_at(message).len, at = HEADER + size;

	while (end - at >= 4) {
		unsigned short len, what;

		memcpy(&len, message + at, 2);
		memcpy(&what, message + at + 2, 2);
		if (what == type && len >= 4 + n &&
		    memcmp(message + at + 4, bytes, n) == 0)
			return true;
		if (len < 4 || ((len + 3U) & ~3U) > end - at)
			return false;
		at += (len + 3U) & ~3U;
	}
	return false;
}

static bool
is_loopback(const char *message, unsigned len)
{
	int index;

	memcpy(&index, message + HEADER + 4, sizeof(index));
	return len > HEADER + 16 && index == LOOPBACK &&
	       has(message, 16, IFLA_IFNAME, "lo", 3);
}

static bool
is_localhost(const char *message, unsigned len)
{
	const unsigned char bytes[] = { 127, 0, 0, 1 };

	return len > HEADER + 8 && message[HEADER] == AF_INET &&
	       has(message, 8, 2, bytes, 4);
}

static bool
is_any(const char *message, unsigned len)
{
	return message[HEADER] == AF_INET && len >= HEADER + 12;
}

static void
test_sockets(void)
{
	struct address own = { .family = AF_NETLINK }, other = { 0 };
	socklen_t len = sizeof(own);
	int type = 0, a = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	int b = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	ok(a > 2 && b > 2, "sockets are made, raw and for datagrams");
	same(error(socket(AF_NETLINK, SOCK_STREAM, 0)), -94,
	    "a stream is ESOCKTNOSUPPORT");
	same(error(socket(AF_NETLINK, SOCK_RAW, 99)), -EPROTONOSUPPORT,
	    "an unknown family of messages is EPROTONOSUPPORT");
	same(error(getsockname(a, ANY(&own), &len)), 0, "a socket has a name");
	same(len, sizeof(own), "of 12 bytes");
	same(own.port, 0, "without a port before it is bound");
	own = kernel;
	same(error(bind(a, ANY(&own), 11)), -EINVAL, "bind wants 12 bytes");
	same(error(bind(a, ANY(&own), sizeof(own))), 0, "it is bound");
	getsockname(a, ANY(&own), &len);
	ok(own.family == AF_NETLINK && own.port != 0 && own.groups == 0,
	    "and then it has a port");
	same(error(bind(a, ANY(&kernel), sizeof(kernel))), -EINVAL,
	    "which stays");
	same(error(connect(b, ANY(&kernel), sizeof(kernel))), 0,
	    "the other is connected");
	getsockname(b, ANY(&other), &len);
	ok(other.port != 0 && other.port != own.port, "and has another port");
	len = sizeof(type);
	getsockopt(a, SOL_SOCKET, SO_TYPE, &type, &len);
	same(type, SOCK_RAW, "the type is as it was asked for");
	same(error(read(b, answer, 1)), -EAGAIN, "nothing comes unasked");
	type = 1;
	same(error(setsockopt(a, SOL_NETLINK, NETLINK_EXT_ACK, &type,
		 sizeof(type))), 0, "errors may be asked for in words");
	close(a);
	close(b);
}

static void
test_links(int fd)
{
	struct request r = request(RTM_GETLINK, NLM_F_DUMP, 1, 0);
	struct address own = { 0 }, from = { 0 };
	socklen_t len = sizeof(from);
	bool found;
	long n;

	same(ask(fd, &r, 20), 20, "interfaces are asked for, by a family alone");
	n = recvfrom(fd, answer, HEADER, MSG_PEEK | MSG_TRUNC, ANY(&from),
	    &len);
	ok(n > HEADER, "MSG_TRUNC reports the whole length");
	ok(len == sizeof(from) && memcmp(&from, &kernel, len) == 0,
	    "the kernel answers");
	getsockname(fd, ANY(&own), &len);
	same(header_at(answer).port, own.port, "to this socket's port");
	ok(dump(fd, RTM_NEWLINK, is_loopback, &found) > 0 && found,
	    "lo is among the interfaces");
	r = request(RTM_GETLINK, 0, 16, 0);
	r.body[4] = LOOPBACK;
	ask(fd, &r, 32);
	same(one_answer(fd), RTM_NEWLINK, "an interface by its number");
	ok(is_loopback(answer, header_at(answer).len), "is lo");
	r = request(RTM_GETLINK, 0, 16, 0);
	r.header.len = HEADER + 16 + 8;
	r.attribute_len = 7;
	r.attribute = IFLA_IFNAME;
	memcpy(r.value, "lo", 3);
	ask(fd, &r, r.header.len);
	same(one_answer(fd), RTM_NEWLINK, "an interface by its name");
	ok(is_loopback(answer, header_at(answer).len), "is lo");
	memcpy(r.value, "?!", 3);
	ask(fd, &r, r.header.len);
	same(one_answer(fd), NLMSG_ERROR, "a name that is not there");
	same(error_in(answer), -ENODEV, "is ENODEV");
}

static void
test_addresses(int fd)
{
	struct request r = request(RTM_GETADDR, NLM_F_DUMP, 8, AF_INET);
	bool found;

	same(ask(fd, &r, sizeof(r)), sizeof(r),
	    "what follows a request without a length does not matter");
	ok(dump(fd, RTM_NEWADDR, is_localhost, &found) > 0 && found,
	    "127.0.0.1 is among the addresses");
	r = request(RTM_GETADDR, NLM_F_DUMP, 1, 0);
	send(fd, &r, 17, 0);
	ok(dump(fd, RTM_NEWADDR, is_localhost, &found) > 0 && found,
	    "and among those of all families");
}

static void
test_routes(int fd)
{
	struct request r = request(RTM_GETROUTE, NLM_F_DUMP, 12, AF_INET);
	bool found;

	ask(fd, &r, r.header.len);
	ok(dump(fd, RTM_NEWROUTE, is_any, &found) > 0 && found,
	    "there are routes");
	r = request(RTM_GETROUTE, 0, 12, AF_INET);
	r.body[1] = 32;
	r.body[12] = 8; /* the attribute, after a shorter structure */
	r.body[14] = RTA_DST;
	memcpy(&r.attribute_len, "\177\0\0\1", 4);
	r.header.len = HEADER + 12 + 8;
	ask(fd, &r, r.header.len);
	same(one_answer(fd), RTM_NEWROUTE, "a route by its end");
	same(answer[HEADER + 7], RTN_LOCAL, "leads to this machine");
}

/* Messages that hold several requests, or none. */
static void
test_datagrams(int fd)
{
	struct request two[2];
	struct iovec iov[] = { { two, 10 }, { (char *)two + 10, 54 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	two[0] = request(RTM_GETLINK, 0, 16, 0);
	two[0].body[4] = LOOPBACK;
	memcpy((char *)two + 32, two, 32);
	same(error(sendmsg(fd, &m, 0)), 64, "two requests in two parts");
	same(one_answer(fd), RTM_NEWLINK, "have an answer");
	same(one_answer(fd), RTM_NEWLINK, "and another one");
	same(error(write(fd, two, 64)), 64, "they may be written also");
	same(one_answer(fd), RTM_NEWLINK, "and have an answer");
	same(one_answer(fd), RTM_NEWLINK, "and another one");
	two[0].header.len = 15;
	same(ask(fd, two, 32), 32, "a length below a header's");
	same(one_answer(fd), -EAGAIN, "is ignored");
	two[0].header.len = 33;
	same(ask(fd, two, 32), 32, "and so is one past the end");
	same(one_answer(fd), -EAGAIN, "of what was sent");
	same(error(sendto(fd, two, 32, 0, ANY(&kernel), 11)), -EINVAL,
	    "an address has 12 bytes");
	same(error(sendto(fd, two, 32, 1 /* MSG_OOB */, NULL, 0)),
	    -EOPNOTSUPP, "nothing is urgent");
	same(error(listen(fd, 1)), -EOPNOTSUPP, "nobody listens");
}

#ifndef HYPERCALL_BY_SYSCALL
static bool
is_read(int type)
{
	return type == RTM_GETLINK || type == RTM_GETADDR ||
	       type == RTM_GETROUTE || type == RTM_GETNEIGH;
}

/* Unlike on Linux, even as root, a guest changes nothing. */
static void
test_kinds(int fd)
{
	struct request r;
	long refused = 0, all = 0;
	int type;

	for (type = 0; type < 200; type++) {
		if (is_read(type))
			continue;
		r = request(type, NLM_F_ACK, 16, 0);
		all++;
		refused += ask(fd, &r, 32) == -EPERM;
		refused += send(fd, &r, 32, 0) < 0;
	}
	same(refused, 2 * all, "all other kinds of requests are EPERM");
	r = request(RTM_GETLINK, NLM_F_DUMP, 16, 7 /* AF_BRIDGE */);
	same(ask(fd, &r, 32), -EPERM, "and other families");
	r = request(RTM_GETLINK, 0, 16, 0);
	r.header.len = HEADER + 16 + 8;
	r.attribute_len = 8;
	r.attribute = IFLA_TARGET_NETNSID;
	same(ask(fd, &r, r.header.len), -EPERM, "and other name spaces");
	r.attribute_len = 9;
	same(ask(fd, &r, r.header.len), -EINVAL,
	    "an attribute longer than its message is EINVAL");
	same(one_answer(fd), -EAGAIN, "the kernel has seen none of them");
	same(error(socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT)),
	    -EPROTONOSUPPORT, "there are no events of the host's devices");
}

static long
send_right(int over, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET,
			  SCM_RIGHTS } };
	struct iovec iov = { "x", 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return error(sendmsg(over, &m, 0));
}

/* No other way leads to the host's socket. */
static void
test_ways(int fd)
{
	struct request r = request(RTM_NEWLINK, NLM_F_ACK, 16, 0);
	struct iovec iov = { &r, 32 };
	int pipes[2], pair[2];

	same(error(write(fd, &r, 32)), -EPERM, "write changes nothing");
	same(hc_writev(fd, (long)&iov, 1), -EBADF, "writev is refused");
	hc_pipe2((long)pipes, 0);
	write(pipes[1], &r, 32);
	same(hc_splice(pipes[0], 0, fd, 0, 32, 0), -EBADF, "and splice");
	same(hc_sendfile(fd, pipes[0], 0, 32), -EBADF, "and sendfile");
	same(one_answer(fd), -EAGAIN, "the kernel has seen none of them");
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	same(send_right(pair[0], fd), -EPERM, "nobody else gets the socket");
}

static void
test_names(void)
{
	struct address own = { .family = AF_NETLINK, .groups = 1 };
	socklen_t len = sizeof(own);
	unsigned group = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW, 0);

	same(error(sendto(fd, "", 0, 0, ANY(&own), len)), -EPERM,
	    "nothing is sent to groups");
	same(error(bind(fd, ANY(&own), len)), 0, "a group is left out");
	getsockname(fd, ANY(&own), &len);
	same(own.groups, 0, "and getsockname does not report it");
	same(error(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		 sizeof(group))), -ENOPROTOOPT, "nor is it joined");
	own.port = 1;
	same(error(connect(fd, ANY(&own), len)), -EPERM,
	    "the kernel alone is spoken to");
	close(fd);
}
#endif

int
main(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, 0);

	test_sockets();
	test_links(fd);
	test_addresses(fd);
	test_routes(fd);
	test_datagrams(fd);
#ifndef HYPERCALL_BY_SYSCALL
	test_kinds(fd);
	test_ways(fd);
	test_names();
#endif
	return tap_done();
}
