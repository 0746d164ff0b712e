/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets.  The numbers and layouts are Linux x86-64's.
 */
#ifndef SYS_SOCKET_H
#define SYS_SOCKET_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define AF_UNSPEC 0
#define AF_UNIX	  1
#define AF_INET	  2
#define AF_INET6  10

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3
#define SOCK_SEQPACKET 5
#define SOCK_NONBLOCK  04000
#define SOCK_CLOEXEC   02000000

#define SOL_SOCKET   1
#define SO_REUSEADDR 2
#define SO_TYPE	     3
#define SO_ERROR     4
#define SO_SNDBUF    7
#define SO_RCVBUF    8
#define SO_KEEPALIVE 9
#define SO_PASSCRED  16
#define SO_PEERCRED  17
#define SO_RCVTIMEO  20

#define MSG_PEEK	 0x2
#define MSG_CTRUNC	 0x8
#define MSG_TRUNC	 0x20
#define MSG_DONTWAIT	 0x40
#define MSG_WAITALL	 0x100
#define MSG_NOSIGNAL	 0x4000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SHUT_RD	  0
#define SHUT_WR	  1
#define SHUT_RDWR 2

#define SOMAXCONN 4096

#define SCM_RIGHTS	1
#define SCM_CREDENTIALS 2

typedef unsigned socklen_t;
typedef unsigned short sa_family_t;

struct sockaddr {
	sa_family_t sa_family;
	char sa_data[14];
};

struct sockaddr_storage {
	sa_family_t ss_family;
	char ss_data[118];
	unsigned long ss_align;
};

struct msghdr {
	void *msg_name;
	socklen_t msg_namelen;
	struct iovec *msg_iov;
	size_t msg_iovlen;
	void *msg_control;
	size_t msg_controllen;
	int msg_flags;
};

struct mmsghdr {
	struct msghdr msg_hdr;
	unsigned msg_len;
};

struct ucred {
	int pid;
	unsigned uid, gid;
};

struct cmsghdr {
	size_t cmsg_len; /* including this header */
	int cmsg_level;
	int cmsg_type;
};

#define CMSG_ALIGN(len)	  (((len) + 7) & ~(size_t)7)
#define CMSG_LEN(len)	  (sizeof(struct cmsghdr) + (len))
#define CMSG_SPACE(len)	  (sizeof(struct cmsghdr) + CMSG_ALIGN(len))
#define CMSG_DATA(header) ((unsigned char *)((header) + 1))

int socket(int family, int type, int protocol);
int socketpair(int family, int type, int protocol, int fds[2]);
int bind(int fd, const struct sockaddr *address, socklen_t len);
int connect(int fd, const struct sockaddr *address, socklen_t len);
int listen(int fd, int backlog);
int accept(int fd, struct sockaddr *address, socklen_t *len);
int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int shutdown(int fd, int how);
int getsockname(int fd, struct sockaddr *address, socklen_t *len);
int getpeername(int fd, struct sockaddr *address, socklen_t *len);
int getsockopt(int fd, int level, int option, void *value, socklen_t *len);
int
setsockopt(int fd, int level, int option, const void *value, socklen_t len);

ssize_t send(int fd, const void *buf, size_t count, int flags);
ssize_t recv(int fd, void *buf, size_t count, int flags);
ssize_t sendto(int fd, const void *buf, size_t count, int flags,
    const struct sockaddr *address, socklen_t len);
ssize_t recvfrom(int fd, void *buf, size_t count, int flags,
    struct sockaddr *address, socklen_t *len);
ssize_t sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t recvmsg(int fd, struct msghdr *message, int flags);

#endif
