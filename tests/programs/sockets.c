/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options, requests and control messages of sockets, and the C library's
 * resolver asking a server of this program's own, for t-programs.sh, which runs
 * this natively and as a guest.  It prints only text that must be the same in
 * both.
 */
#define _GNU_SOURCE
#include "show.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34) /* its resolver needs no other library */
#define RESOLVER
#include <arpa/nameser.h>
#include <resolv.h>
#endif
#endif

#ifndef TCP_INQ
#define TCP_INQ 36
#endif

#define OPTION(level, option, value)          \
	{                                     \
#option, level, option, value \
	}

static const struct option {
	const char *name;
	int level, option, value;
} stream[] = {
	OPTION(SOL_SOCKET, SO_DONTROUTE, 0),
	OPTION(SOL_SOCKET, SO_PRIORITY, 3),
	OPTION(SOL_SOCKET, SO_TIMESTAMP, 1),
	OPTION(SOL_SOCKET, SO_TIMESTAMPNS, 1),
	OPTION(SOL_SOCKET, SO_RXQ_OVFL, 1),
	OPTION(IPPROTO_IP, IP_FREEBIND, 1),
	OPTION(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1),
	OPTION(IPPROTO_IP, IP_MINTTL, 1),
	OPTION(IPPROTO_IP, IP_RECVERR, 1),
	OPTION(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1),
	OPTION(IPPROTO_TCP, TCP_INQ, 1),
	OPTION(IPPROTO_TCP, TCP_WINDOW_CLAMP, 65536),
}, datagram[] = {
	OPTION(IPPROTO_IP, IP_MULTICAST_TTL, 3),
	OPTION(IPPROTO_IP, IP_MULTICAST_LOOP, 0),
	OPTION(IPPROTO_IP, IP_MULTICAST_ALL, 0),
	OPTION(IPPROTO_IP, IP_RECVERR, 1),
	OPTION(IPPROTO_IP, IP_RECVTTL, 1),
}, datagram6[] = {
	OPTION(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 3),
	OPTION(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0),
	OPTION(IPPROTO_IPV6, IPV6_RECVERR, 1),
};

static void
options(int fd, const struct option *o, size_t n)
{
	for (; n > 0; n--, o++) {
		int value = -1;
		socklen_t len = sizeof(value);

		show(o->name, setsockopt(fd, o->level, o->option, &o->value,
				  sizeof(o->value)));
		SHOW(getsockopt(fd, o->level, o->option, &value, &len));
		printf("%d of %d bytes\n", value, (int)len);
	}
	close(fd);
}

#define ALL(list) list, sizeof(list) / sizeof(list[0])

static void
congestion(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char name[16] = "";
	socklen_t len = sizeof(name);

	SHOW(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	SHOW(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	printf("%s\n", name);
	SHOW(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "none", 4));
	close(fd);
}

/* The ids of the peer: this program itself. */
static void
peer(void)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	int pair[2], type = 0;

	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	SHOW(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &len));
	printf("%d %d %d\n", peer.pid == getpid(), peer.uid == getuid(),
	    peer.gid == getgid());
	len = 2;
	SHOW(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &len));
	SHOW(len);
	close(pair[0]);
	close(pair[1]);
	SHOW(socketpair(AF_UNIX, SOCK_RAW, 0, pair));
	len = sizeof(type);
	SHOW(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &type, &len));
	SHOW(type == SOCK_DGRAM);
	close(pair[0]);
	close(pair[1]);
	SHOW(pair[0] = socket(AF_UNIX, SOCK_STREAM, 0));
	len = sizeof(peer);
	SHOW(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &len));
	printf("%d %d %d\n", peer.pid, (int)peer.uid, (int)peer.gid);
	close(pair[0]);
}

static void
control_messages(const struct msghdr *m)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR((struct msghdr *)m, c))
		printf("level %d type %d of %d bytes\n", c->cmsg_level,
		    c->cmsg_type, (int)c->cmsg_len);
}

static int
bound(struct sockaddr_in *in)
{
	socklen_t len = sizeof(*in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*in = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bind(fd, (struct sockaddr *)in, sizeof(*in));
	getsockname(fd, (struct sockaddr *)in, &len);
	return fd;
}

/* A datagram with a TTL of its own, and what is reported with it. */
static void
messages(void)
{
	const int one = 1, ttl = 7;
	union {
		struct cmsghdr header;
		char bytes[256];
	} control = { 0 };
	struct sockaddr_in in;
	struct iovec iov = { "text", 4 };
	struct msghdr m = { .msg_name = &in,
		.msg_namelen = sizeof(in),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(ttl)) };
	char text[16];
	int fd = bound(&in);

	setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one));
	control.header.cmsg_level = IPPROTO_IP;
	control.header.cmsg_type = IP_TTL;
	control.header.cmsg_len = CMSG_LEN(sizeof(ttl));
	memcpy(CMSG_DATA(&control.header), &ttl, sizeof(ttl));
	SHOW(sendmsg(fd, &m, 0));
	iov = (struct iovec){ text, sizeof(text) };
	m.msg_controllen = sizeof(control);
	SHOW(recvmsg(fd, &m, 0));
	control_messages(&m);
	close(fd);
}

/* A reply from the address that was asked, as servers on all addresses send. */
static void
sources(void)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = { 0 };
	struct in_pktinfo info = {
		.ipi_spec_dst.s_addr = htonl(INADDR_LOOPBACK + 4),
	};
	struct sockaddr_in in, from = { 0 };
	socklen_t len = sizeof(from);
	struct iovec iov = { "text", 4 };
	struct msghdr m = { .msg_name = &in,
		.msg_namelen = sizeof(in),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	char text[16];
	int fd = bound(&in), server = socket(AF_INET, SOCK_DGRAM, 0);

	control.header.cmsg_level = IPPROTO_IP;
	control.header.cmsg_type = IP_PKTINFO;
	control.header.cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(&control.header), &info, sizeof(info));
	SHOW(sendmsg(server, &m, 0));
	SHOW(recvfrom(
	    fd, text, sizeof(text), 0, (struct sockaddr *)&from, &len));
	SHOW(from.sin_addr.s_addr == info.ipi_spec_dst.s_addr);
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	SHOW(sendmsg(server, &m, 0));
	close(server);
	close(fd);
}

/* A port without a socket refuses, and the error queue has the reason. */
static void
refused(void)
{
	const int one = 1;
	struct sockaddr_in in;
	char text[16], control[512];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct {
		uint32_t number;
		uint8_t origin, type, code, pad;
		uint32_t info, data;
	} error; /* struct sock_extended_err of <linux/errqueue.h> */
	int fd;

	close(bound(&in));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	SHOW(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one)));
	SHOW(connect(fd, (struct sockaddr *)&in, sizeof(in)));
	SHOW(recvmsg(fd, &m, MSG_ERRQUEUE));
	SHOW(send(fd, "text", 4, 0));
	SHOW(recv(fd, text, sizeof(text), 0));
	m.msg_controllen = sizeof(control);
	SHOW(recvmsg(fd, &m, MSG_ERRQUEUE));
	printf("flags %#x, %d bytes\n", m.msg_flags, (int)m.msg_controllen);
	control_messages(&m);
	if (m.msg_controllen >= CMSG_LEN(sizeof(error))) {
		memcpy(&error, CMSG_DATA((struct cmsghdr *)control),
		    sizeof(error));
		printf("%s, origin %d, type %d\n", strerror((int)error.number),
		    error.origin, error.type);
	}
	close(fd);
}

/* Requests on a connected socket, and on any descriptor. */
static void
requests(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int value = 7, one = 1, a = socket(AF_INET, SOCK_STREAM, 0), b, c;

	bind(a, (struct sockaddr *)&in, len);
	listen(a, 1);
	getsockname(a, (struct sockaddr *)&in, &len);
	b = socket(AF_INET, SOCK_STREAM, 0);
	SHOW(connect(b, (struct sockaddr *)&in, len));
	c = accept(a, NULL, NULL);
	SHOW(ioctl(b, SIOCATMARK, &value));
	SHOW(value);
	value = 7;
	SHOW(ioctl(b, TIOCOUTQ, &value));
	SHOW(value);
	SHOW(send(b, "x!", 2, MSG_OOB));
	SHOW(recv(c, &one, 1, 0));
	SHOW(ioctl(c, SIOCATMARK, &value));
	SHOW(value);
	SHOW(ioctl(c, FIOASYNC, &one));
	SHOW(ioctl(c, FIOCLEX));
	SHOW(fcntl(c, F_GETFD));
	SHOW(ioctl(c, FIONCLEX));
	SHOW(fcntl(c, F_GETFD));
	SHOW(ioctl(99, FIOCLEX));
	close(a);
	close(b);
	close(c);
}

static void
interfaces(void)
{
	struct ifreq list[16];
	struct ifconf conf = { .ifc_len = 7 };
	int i, k, fd = socket(AF_INET, SOCK_DGRAM, 0);

	SHOW(ioctl(fd, SIOCGIFCONF, &conf));
	SHOW(conf.ifc_len);
	conf.ifc_len = sizeof(list);
	conf.ifc_req = list;
	SHOW(ioctl(fd, SIOCGIFCONF, &conf));
	for (i = 0; i < conf.ifc_len / (int)sizeof(list[0]); i++) {
		printf("%s\n", list[i].ifr_name);
		SHOW(ioctl(fd, SIOCGIFFLAGS, &list[i]));
		SHOW(list[i].ifr_flags);
		SHOW(ioctl(fd, SIOCGIFADDR, &list[i]));
		SHOW(list[i].ifr_addr.sa_family);
		SHOW(ioctl(fd, SIOCGIFNETMASK, &list[i]));
		SHOW(ioctl(fd, SIOCGIFBRDADDR, &list[i]));
		SHOW(((struct sockaddr_in *)&list[i].ifr_broadaddr)
			 ->sin_addr.s_addr);
		SHOW(ioctl(fd, SIOCGIFHWADDR, &list[i]));
		SHOW(list[i].ifr_hwaddr.sa_family);
		for (k = 0; k < 6; k++)
			printf("%02x ", (uint8_t)list[i].ifr_hwaddr.sa_data[k]);
		SHOW(ioctl(fd, SIOCGIFMTU, &list[i]));
		SHOW(list[i].ifr_mtu);
		SHOW(ioctl(fd, SIOCGIFINDEX, &list[i]));
		SHOW(list[i].ifr_ifindex);
		list[i].ifr_name[0] = '?';
		SHOW(ioctl(fd, SIOCGIFNAME, &list[i]));
		printf("%s\n", list[i].ifr_name);
	}
	SHOW(if_nametoindex("none"));
	close(fd);
}

static void
address(const char *what, const struct sockaddr *a)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (a && a->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr,
		    text, sizeof(text));
	else if (a && a->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
		    &((const struct sockaddr_in6 *)a)->sin6_addr, text,
		    sizeof(text));
	printf(" %s %d %s", what, a ? a->sa_family : -1, text);
}

/* How the kernel answers a request for all neighbours: a musl without Linux's
 * headers builds this too. */
static void
neighbours(void)
{
	enum { REQUEST = 1, DUMP = 0x300, DONE = 3, NEW = 28, GET = 30 };
	/* struct nlmsghdr and struct ndmsg, which is zero. */
	const uint32_t ask[7] = { sizeof(ask), GET | (REQUEST | DUMP) << 16,
		77 };
	static uint32_t got[4096];
	int fd = socket(AF_NETLINK, SOCK_RAW, 0);
	int type;

	SHOW(send(fd, ask, sizeof(ask), 0));
	SHOW(recv(fd, got, sizeof(got), 0) >= 16);
	SHOW(got[2]);
	type = (int)(got[1] & 0xffff);
	SHOW(type == NEW || type == DONE);
	close(fd);
}

/* The C library asks over AF_NETLINK. */
static void
library(void)
{
	const struct addrinfo hint = { .ai_flags = AI_ADDRCONFIG |
						   AI_NUMERICHOST,
		.ai_socktype = SOCK_STREAM };
	struct if_nameindex *names = if_nameindex(), *n;
	struct ifaddrs *list = NULL, *i;
	struct addrinfo *info = NULL, *a;

	for (n = names; n && n->if_index; n++)
		printf("interface %u %s\n", n->if_index, n->if_name);
	SHOW(getifaddrs(&list));
	for (i = list; i; i = i->ifa_next) {
		printf("%s flags %#x", i->ifa_name, i->ifa_flags);
		address("address", i->ifa_addr);
		address("mask", i->ifa_netmask);
		address("to", i->ifa_dstaddr);
		printf("\n");
	}
	SHOW(getaddrinfo("127.0.0.1", NULL, &hint, &info));
	for (a = info; a; a = a->ai_next) {
		address("info", a->ai_addr);
		printf("\n");
	}
	SHOW(getaddrinfo("::1", NULL, &hint, &a) != 0);
}

#ifdef RESOLVER
/* Answer each question for an address with 10.1.2.3. */
static void *
serve(void *arg)
{
	static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0,
		4, 10, 1, 2, 3 };
	int fd = *(const int *)arg;
	uint8_t m[1024];

	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t end = 12, n = recvfrom(fd, m, 512, 0,
				      (struct sockaddr *)&from, &len);

		if (n < 17)
			continue;
		while (end < n && m[end] > 0)
			end += m[end] + 1;
		end += 5;
		m[2] |= 0x84; /* an answer with authority */
		m[3] = 0;
		m[7] = 1;
		m[9] = m[11] = 0;
		memcpy(m + end, record, sizeof(record));
		sendto(fd, m, (size_t)end + sizeof(record), 0,
		    (struct sockaddr *)&from, len);
	}
	return NULL;
}

static void
resolve(void)
{
	static int fd;
	struct sockaddr_in in;
	uint8_t answer[512];
	pthread_t thread;

	fd = bound(&in);
	pthread_create(&thread, NULL, serve, &fd);
	res_init();
	_res.nscount = 1;
	_res.nsaddr_list[0] = in;
	SHOW(res_query("example.test", C_IN, T_A, answer, sizeof(answer)));
}
#endif

int
main(void)
{
	int fd;

	for (fd = 3; fd < 100; fd++)
		close(fd);
	options(socket(AF_INET, SOCK_STREAM, 0), ALL(stream));
	options(socket(AF_INET, SOCK_DGRAM, 0), ALL(datagram));
	options(socket(AF_INET6, SOCK_DGRAM, 0), ALL(datagram6));
	congestion();
	peer();
	messages();
	sources();
	refused();
	requests();
	interfaces();
	library();
	neighbours();
#ifdef RESOLVER
	resolve();
#endif
	return 0;
}
