/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for many descriptors.  The numbers and layouts are Linux x86-64's.
 */
#ifndef SYS_EPOLL_H
#define SYS_EPOLL_H

#include <stdint.h>

#define EPOLL_CLOEXEC 02000000

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

#define EPOLLIN	     0x1
#define EPOLLOUT     0x4
#define EPOLLERR     0x8
#define EPOLLHUP     0x10
#define EPOLLONESHOT (1U << 30)
#define EPOLLET	     (1U << 31)

typedef union epoll_data {
	void *ptr;
	int fd;
	uint32_t u32;
	uint64_t u64;
} epoll_data_t;

struct epoll_event {
	uint32_t events;
	epoll_data_t data;
} __attribute__((packed));

int epoll_create1(int flags);
int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
int
epoll_wait(int epfd, struct epoll_event *events, int count, int milliseconds);

#endif
