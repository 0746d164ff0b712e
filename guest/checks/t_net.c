/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests sockets: a guest talks to itself over loopback and below its root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <tap.h>
#include <unistd.h>

#define FOLDER	     "t_net.scratch"
#define ANY(address) ((struct sockaddr *)(address))

static long
error(long r)
{
	return r < 0 ? -errno : r;
}

static struct sockaddr_in
loopback(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = htons((uint16_t)port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

static struct sockaddr_in6
loopback6(void)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	in6.sin6_addr.s6_addr[15] = 1;
	return in6;
}

static struct sockaddr_un
named(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strcpy(un.sun_path, name);
	return un;
}

/* Bytes written at one end come out of the other. */
static void
exchange(int from, int to, const char *how)
{
	char buf[16] = "";

	same(send(from, "there", 5, 0), 5, "%s: sent", how);
	same(recv(to, buf, sizeof(buf), 0), 5, "%s: and received", how);
	ok(memcmp(buf, "there", 5) == 0, "%s: as it was", how);
	same(write(to, "back", 4), 4, "%s: written", how);
	same(read(from, buf, sizeof(buf)), 4, "%s: and read", how);
	ok(memcmp(buf, "back", 4) == 0, "%s: as it was", how);
}

static void
test_stream(struct sockaddr *address, socklen_t len, const char *how)
{
	int listener = socket(address->sa_family, SOCK_STREAM, 0);
	int client = socket(address->sa_family, SOCK_STREAM, 0);
	struct sockaddr_storage peer = { 0 };
	socklen_t peer_len = sizeof(peer);
	char buf[4];
	int server;

	same(error(bind(listener, address, len)), 0, "%s: bound", how);
	same(error(listen(listener, 5)), 0, "%s: listens", how);
	if (address->sa_family != AF_UNIX)
		getsockname(listener, address, &len);
	same(error(connect(client, address, len)), 0, "%s: connected", how);
	server = accept(listener, ANY(&peer), &peer_len);
	ok(server > 2, "%s: accepted", how);
	same(peer.ss_family, address->sa_family, "%s: of that family", how);
	exchange(client, server, how);
	peer_len = sizeof(peer);
	same(getpeername(client, ANY(&peer), &peer_len), 0,
	    "%s: the peer has a name", how);
	ok(peer_len == len && memcmp(&peer, address, len) == 0,
	    "%s: the one that was connected to", how);
	same(shutdown(client, SHUT_WR), 0, "%s: shut down", how);
	same(read(server, buf, 4), 0, "%s: is the end for the other", how);
	close(client);
	same(error(send(server, "x", 1, MSG_NOSIGNAL)) >= -EPIPE, 1,
	    "%s: sending to nobody raises no signal", how);
	close(server);
	close(listener);
}

static void
test_datagrams(struct sockaddr *address, socklen_t len, const char *how)
{
	int a = socket(address->sa_family, SOCK_DGRAM, 0);
	int b = socket(address->sa_family, SOCK_DGRAM, 0);
	struct sockaddr_storage from = { 0 };
	socklen_t from_len = sizeof(from);
	char buf[16] = "";

	same(error(bind(a, address, len)), 0, "%s: bound", how);
	if (address->sa_family != AF_UNIX)
		getsockname(a, address, &len);
	same(error(sendto(b, "first", 5, 0, address, len)), 5, "%s: sent",
	    how);
	same(recvfrom(a, buf, sizeof(buf), 0, ANY(&from), &from_len), 5,
	    "%s: received", how);
	ok(memcmp(buf, "first", 5) == 0, "%s: as it was", how);
	if (address->sa_family != AF_UNIX)
		same(error(sendto(a, "answer", 6, 0, ANY(&from), from_len)), 6,
		    "%s: the sender can be answered", how);
	same(error(connect(b, address, len)), 0, "%s: connected", how);
	same(send(b, "more than four", 14, 0), 14, "%s: sent so", how);
	same(recv(a, buf, 4, MSG_TRUNC), 14,
	    "%s: MSG_TRUNC returns the whole length", how);
	same(error(recv(a, buf, 4, MSG_DONTWAIT)), -EAGAIN,
	    "%s: the rest is gone, and nothing waited for", how);
	close(a);
	close(b);
}

static void
test_internet(void)
{
	struct sockaddr_in in = loopback(0);
	struct sockaddr_in6 in6 = loopback6();
	int fd;

	test_stream(ANY(&in), sizeof(in), "TCP");
	in.sin_port = 0;
	test_datagrams(ANY(&in), sizeof(in), "UDP");
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, ANY(&in6), sizeof(in6)) < 0) {
		skip("no IPv6 here", "TCP and UDP over IPv6");
	} else {
		test_stream(ANY(&in6), sizeof(in6), "TCP over IPv6");
		in6.sin6_port = 0;
		test_datagrams(ANY(&in6), sizeof(in6), "UDP over IPv6");
	}
	close(fd);
}

static void
test_unix(void)
{
	struct sockaddr_un un = named("socket");
	socklen_t len = (socklen_t)(sizeof(sa_family_t) + strlen("socket") + 1);
	struct sockaddr_un from = { 0 };
	socklen_t from_len = sizeof(from);
	struct stat st;
	char buf[8];
	int a, b;

	test_stream(ANY(&un), len, "AF_UNIX");
	same(stat("socket", &st), 0, "its name is there");
	same(error(bind(a = socket(AF_UNIX, SOCK_STREAM, 0), ANY(&un), len)),
	    -EADDRINUSE, "and taken");
	same(error(connect(a, ANY(&un), len)), -ECONNREFUSED,
	    "nobody listens there any more");
	close(a);
	unlink("socket");
	test_datagrams(ANY(&un), len, "AF_UNIX datagrams");
	unlink("socket");

	a = socket(AF_UNIX, SOCK_DGRAM, 0);
	b = socket(AF_UNIX, SOCK_DGRAM, 0);
	bind(a, ANY(&un), len);
	un = named("other");
	bind(b, ANY(&un), sizeof(un));
	sendto(a, "x", 1, 0, ANY(&un), sizeof(un));
	same(recvfrom(b, buf, 8, 0, ANY(&from), &from_len), 1,
	    "a named socket sends to a named one");
	ok(from_len == len && strcmp(from.sun_path, "socket") == 0,
	    "who sees its name as the guest gave it");
	same(error(sendto(b, "y", 1, 0, ANY(&from), from_len)), 1,
	    "and can answer it");
	from_len = sizeof(from);
	same(getsockname(a, ANY(&from), &from_len), 0,
	    "getsockname returns the same");
	ok(strcmp(from.sun_path, "socket") == 0, "name");
	close(a);
	close(b);
	unlink("socket");
	unlink("other");
}

static void
test_unix_errors(void)
{
	struct sockaddr_un un = named("plain");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int file = open("plain", O_CREAT | O_WRONLY, 0600);

	same(error(connect(fd, ANY(&un), sizeof(un))), -ECONNREFUSED,
	    "a file is not a socket");
	un = named("none/socket");
	same(error(bind(fd, ANY(&un), sizeof(un))), -ENOENT,
	    "no folder, no name");
	close(file);
	close(fd);
	unlink("plain");
}

/* Send `fd` over `to`, and return the descriptor received at `from`. */
static long
pass(int to, int from, int fd, int *flags)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET,
			  SCM_RIGHTS } };
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	int got;

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(to, &message, 0) < 0)
		return -errno;
	memset(&control, 0, sizeof(control));
	message.msg_controllen = sizeof(control);
	if (recvmsg(from, &message, 0) < 0)
		return -errno;
	*flags = message.msg_flags;
	if (message.msg_controllen == 0)
		return -EIO;
	memcpy(&got, CMSG_DATA(&control.header), sizeof(got));
	return got;
}

/* A stream that is connected takes no address; one that is not has no peer. */
static void
test_send_to(void)
{
	struct sockaddr_un un = named("nowhere");
	int pair[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char buf[4];

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	same(error(sendto(pair[0], "x", 1, 0, ANY(&un), sizeof(un))), -EISCONN,
	    "a connected stream takes no address");
	same(error(sendto(fd, "x", 1, 0, ANY(&un), sizeof(un))), -EOPNOTSUPP,
	    "nor does one that is not connected");
	close(pair[0]);
	close(pair[1]);
	close(fd);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
	same(error(sendto(pair[0], "x", 1, 0, ANY(&un), sizeof(un))), 1,
	    "packets in sequence ignore an address");
	same(read(pair[1], buf, 4), 1, "and go to the peer");
	close(pair[0]);
	close(pair[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	same(error(sendto(pair[0], "x", 1, 0, ANY(&un), sizeof(un))), -ENOENT,
	    "a datagram goes to its address");
	close(pair[0]);
	close(pair[1]);
}

static void
test_rights(void)
{
	int pair[2], pipes[2], flags = 0;
	char buf[4] = "";
	long fd;

	same(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0,
	    "a pair of sockets is made");
	exchange(pair[0], pair[1], "pair");
	hc_pipe((long)pipes);
	fd = pass(pair[0], pair[1], pipes[1], &flags);
	ok(fd > 2 && fd != pipes[1], "a pipe is passed over it");
	same(write((int)fd, "abc", 3), 3, "and written to by its new number");
	same(read(pipes[0], buf, 3), 3, "which is the same pipe");
	same(pass(pair[0], pair[1], 99, &flags), -EBADF,
	    "a descriptor that is not open is not passed");
	close(pair[1]);
	same(error(send(pair[0], "x", 1, MSG_NOSIGNAL)), -EPIPE,
	    "nobody is there any more");
}

/* An abstract name of this test's, and of no other program; its length. */
static socklen_t
put_abstract(struct sockaddr_un *un, int number)
{
	*un = named("");
	snprintf(un->sun_path + 1, sizeof(un->sun_path) - 1, "t_net.%d.%d",
	    (int)getpid(), number);
	return (socklen_t)(2 + 1 + strlen(un->sun_path + 1));
}

/* Is this the address of the socket, or of its peer? */
static bool
has_name(int fd, const struct sockaddr_un *un, socklen_t len,
    int (*ask)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_un is = named("");
	socklen_t n = sizeof(is);

	return ask(fd, ANY(&is), &n) == 0 && n == len &&
	       memcmp(&is, un, len) == 0;
}

static void
test_abstract(void)
{
	struct sockaddr_un un, other;
	socklen_t len = put_abstract(&un, 1), other_len, size;
	int ear = socket(AF_UNIX, SOCK_STREAM, 0), a, b, late;
	struct ucred peer;

	same(error(bind(ear, ANY(&un), len)), 0, "an abstract name is bound");
	ok(has_name(ear, &un, len, getsockname), "and reported as it was given");
	same(error(bind(ear, ANY(&un), len)), -EINVAL, "once");
	late = socket(AF_UNIX, SOCK_STREAM, 0);
	same(error(bind(late, ANY(&un), len)), -EADDRINUSE,
	    "another socket does not get it");
	a = socket(AF_UNIX, SOCK_STREAM, 0);
	same(error(connect(a, ANY(&un), len)), -ECONNREFUSED,
	    "it does not listen");
	listen(ear, 5);
	same(error(connect(a, ANY(&un), len - 1)), -ECONNREFUSED,
	    "a shorter name is another one");
	same(error(connect(a, ANY(&un), 2)), -EINVAL, "and none is none");
	same(error(connect(a, ANY(&un), len)), 0, "it is connected to");
	b = accept(ear, NULL, NULL);
	exchange(a, b, "abstract");
	exchange(b, a, "abstract");
	ok(has_name(a, &un, len, getpeername), "the peer has the name");
	ok(has_name(b, &un, len, getsockname), "and so has the connection");
	size = sizeof(peer);
	same(getsockopt(b, SOL_SOCKET, SO_PEERCRED, &peer, &size), 0,
	    "who connected is known");
	ok(peer.pid == getpid() && peer.uid == (unsigned)hc_getuid() &&
		peer.gid == (unsigned)hc_getgid(),
	    "by its number and ids");
	close(ear);
	same(error(bind(late, ANY(&un), len)), 0,
	    "a connection does not keep the name of a listener");
	close(late);
	close(a);
	close(b);
	a = socket(AF_UNIX, SOCK_DGRAM, 0);
	b = socket(AF_UNIX, SOCK_DGRAM, 0);
	other_len = put_abstract(&other, 12);
	bind(a, ANY(&un), len);
	bind(b, ANY(&other), other_len);
	same(error(sendto(a, "x", 1, 0, ANY(&other), other_len)), 1,
	    "a datagram is sent to a name");
	size = sizeof(un);
	memset(&other, 0, sizeof(other));
	same(recvfrom(b, &late, 1, 0, ANY(&other), &size), 1, "and received");
	ok(size == len && memcmp(&other, &un, len) == 0, "from the other name");
	close(a);
	close(b);
}

/* A name that the system chooses. */
static void
test_chosen(void)
{
	struct sockaddr_un un = named("");
	int a = socket(AF_UNIX, SOCK_DGRAM, 0), b;
	socklen_t len = sizeof(un);

	same(error(bind(a, ANY(&un), 2)), 0, "the system chooses a name");
	getsockname(a, ANY(&un), &len);
	ok(len == 8 && un.sun_path[0] == 0 && un.sun_path[1] != 0,
	    "an abstract one of five digits");
	same(error(bind(a, ANY(&un), 2)), 0, "it stays");
	ok(has_name(a, &un, len, getsockname), "as it is");
	same(error(bind(a, ANY(&un), len)), -EINVAL, "and does not change");
	b = socket(AF_UNIX, SOCK_DGRAM, 0);
	same(error(connect(b, ANY(&un), len)), 0, "it can be used");
	same(send(b, "x", 1, 0), 1, "to send to");
	same(recv(a, &un, sizeof(un), 0), 1, "and what was sent comes");
	close(a);
	close(b);
}

/* Send a byte with the ids; 1 or -errno. */
static long
send_ids(int fd, struct ucred ids, size_t size)
{
	struct {
		struct cmsghdr header;
		struct ucred ids;
	} control = { { CMSG_LEN(size), SOL_SOCKET, SCM_CREDENTIALS }, ids };
	struct iovec part = { "i", 1 };
	const struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(size),
	};

	return error(sendmsg(fd, &message, 0));
}

/* Receive a byte: does it come with the ids of this process? */
static bool
receive_ids(int fd)
{
	struct {
		struct cmsghdr header;
		struct ucred ids;
		int gap;
	} control = { { 0, 0, 0 }, { 0, 0, 0 }, 0 };
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	return recvmsg(fd, &message, 0) == 1 &&
	       control.header.cmsg_len == CMSG_LEN(sizeof(struct ucred)) &&
	       control.header.cmsg_level == SOL_SOCKET &&
	       control.header.cmsg_type == SCM_CREDENTIALS &&
	       control.ids.pid == getpid() &&
	       control.ids.uid == (unsigned)hc_getuid() &&
	       control.ids.gid == (unsigned)hc_getgid();
}

static void
test_credentials(int type, const char *how)
{
	const struct ucred ids = { (int)getpid(), (unsigned)hc_getuid(),
		(unsigned)hc_getgid() };
	int pair[2], value = 1;
	socklen_t len = sizeof(value);

	socketpair(AF_UNIX, type, 0, pair);
	same(send_ids(pair[0], ids, sizeof(ids)), 1, "%s: ids are sent", how);
	ok(!receive_ids(pair[1]), "%s: to a socket that does not ask", how);
	same(error(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &value, len)), 0,
	    "%s: one asks", how);
	value = 0;
	getsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &value, &len);
	same(value, 1, "%s: and does so from then on", how);
	send_ids(pair[0], ids, sizeof(ids));
	ok(receive_ids(pair[1]), "%s: it gets them", how);
	send(pair[0], "x", 1, 0);
	ok(receive_ids(pair[1]), "%s: also if they were not sent", how);
	same(send_ids(pair[0], ids, sizeof(ids) - 4), -EINVAL,
	    "%s: two ids are too few", how);
	close(pair[0]);
	close(pair[1]);
}

/* Groups of datagrams, on the loopback device. */
static void
test_groups(void)
{
	const struct sockaddr_in in = loopback(0);
	struct {
		in_addr_t group, device;
	} mreq = { htonl(0xef010203U), htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const int add = 35, drop = 36;

	bind(fd, ANY(&in), sizeof(in));
	same(error(setsockopt(fd, IPPROTO_IP, add, &mreq, sizeof(mreq))), 0,
	    "a group is joined");
	same(error(setsockopt(fd, IPPROTO_IP, add, &mreq, sizeof(mreq))),
	    -EADDRINUSE, "once");
	same(error(setsockopt(fd, IPPROTO_IP, drop, &mreq, sizeof(mreq))), 0,
	    "and left");
	same(error(setsockopt(fd, IPPROTO_IP, drop, &mreq, sizeof(mreq))),
	    -EADDRNOTAVAIL, "once also");
	same(error(setsockopt(fd, IPPROTO_IP, add, &mreq, 7)), -EINVAL,
	    "a value that is cut is invalid");
	mreq.group = htonl(INADDR_LOOPBACK);
	same(error(setsockopt(fd, IPPROTO_IP, add, &mreq, sizeof(mreq))),
	    -EINVAL, "an address is not a group");
	close(fd);
}

static void
test_refusals(void)
{
	struct sockaddr_in in = loopback(1);
	socklen_t len = sizeof(int);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	int value = 1;

	same(error(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)),
	    -EPROTONOSUPPORT, "UDP makes no stream");
	same(error(accept(fd, NULL, NULL)), -EINVAL,
	    "who does not listen does not accept");
	same(error(getpeername(fd, ANY(&in), &len)), -ENOTCONN,
	    "and who is alone has no peer");
	same(error(shutdown(fd, SHUT_RD)), -ENOTCONN, "to shut out");
	same(error(shutdown(0, SHUT_RD)), -ENOTSOCK,
	    "a descriptor that is not a socket is ENOTSOCK");
	same(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)),
	    0, "an option is set");
	value = 0;
	same(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0,
	    "and asked for");
	same(value, 1, "as it was set");
	close(fd);
}

#ifndef HYPERCALL_BY_SYSCALL
/* Unlike on Linux, the host's other sockets are out of reach. */
static void
test_confined(void)
{
	const struct sockaddr_un up = named("../../../../../../run/systemd");
	struct sockaddr_un un = named("");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int pair[2], flags;

	same(error(connect(fd, ANY(&up), sizeof(up))), -ENOENT,
	    "no name leads out of the root");
	memcpy(un.sun_path, "\0/tmp/.X11-unix/X0", 18);
	same(error(connect(fd, ANY(&un), 20)), -ECONNREFUSED,
	    "nor to an abstract name of the host's");
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	same(send_ids(pair[0], (struct ucred){ 2, hc_getuid(), hc_getgid() },
		 sizeof(struct ucred)),
	    -EPERM, "nobody else's number is sent");
	same(send_ids(pair[0], (struct ucred){ 1, hc_getuid() + 1, hc_getgid() },
		 sizeof(struct ucred)),
	    -EPERM, "nor another user's");
	same(pass(pair[0], pair[1], open("/", O_RDONLY), &flags), -EPERM,
	    "a folder is not passed");
	same(error(socket(17, SOCK_RAW, 0)), -EAFNOSUPPORT,
	    "there is no AF_PACKET");
	same(error(socket(AF_INET, SOCK_RAW, 1)), -EPERM,
	    "raw sockets are not for a guest");
	same(error(setsockopt(pair[0], SOL_SOCKET, 25, "lo", 2)),
	    -ENOPROTOOPT, "no guest chooses the host's device");
}
#endif

int
main(void)
{
	hc_mkdir((long)FOLDER, 0700);
	if (hc_chdir((long)FOLDER) < 0)
		skip_all("no folder to work in");
	test_internet();
	test_unix();
	test_unix_errors();
	test_send_to();
	test_rights();
	test_abstract();
	test_chosen();
	test_credentials(SOCK_STREAM, "stream");
	test_credentials(SOCK_DGRAM, "datagram");
	test_groups();
	test_refusals();
#ifndef HYPERCALL_BY_SYSCALL
	test_confined();
#endif
	hc_chdir((long)"..");
	hc_rmdir((long)FOLDER);
	return tap_done();
}
