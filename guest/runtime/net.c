/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The POSIX calls on sockets, and Linux's calls that wait for descriptors, each
 * one hypercall.  This file keeps no state.
 */
#include "runtime.h"

#include <hcall.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

int
socket(int family, int type, int protocol)
{
	return (int)guest_result(hc_socket(family, type, protocol));
}

int
socketpair(int family, int type, int protocol, int fds[2])
{
	return (int)guest_result(
	    hc_socketpair(family, type, protocol, (long)fds));
}

int
bind(int fd, const struct sockaddr *address, socklen_t len)
{
	return (int)guest_result(hc_bind(fd, (long)address, len));
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return (int)guest_result(hc_connect(fd, (long)address, len));
}

int
listen(int fd, int backlog)
{
	return (int)guest_result(hc_listen(fd, backlog));
}

int
accept(int fd, struct sockaddr *address, socklen_t *len)
{
	return (int)guest_result(hc_accept(fd, (long)address, (long)len));
}

int
accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	return (int)guest_result(
	    hc_accept4(fd, (long)address, (long)len, flags));
}

int
shutdown(int fd, int how)
{
	return (int)guest_result(hc_shutdown(fd, how));
}

int
getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
	return (int)guest_result(hc_getsockname(fd, (long)address, (long)len));
}

int
getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
	return (int)guest_result(hc_getpeername(fd, (long)address, (long)len));
}

int
getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	return (int)guest_result(
	    hc_getsockopt(fd, level, option, (long)value, (long)len));
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	return (int)guest_result(
	    hc_setsockopt(fd, level, option, (long)value, len));
}

ssize_t
send(int fd, const void *buf, size_t count, int flags)
{
	return sendto(fd, buf, count, flags, NULL, 0);
}

ssize_t
recv(int fd, void *buf, size_t count, int flags)
{
	return recvfrom(fd, buf, count, flags, NULL, NULL);
}

ssize_t
sendto(int fd, const void *buf, size_t count, int flags,
    const struct sockaddr *address, socklen_t len)
{
	return guest_result(hc_sendto(
	    fd, (long)buf, (long)count, flags, (long)address, len));
}

ssize_t
recvfrom(int fd, void *buf, size_t count, int flags, struct sockaddr *address,
    socklen_t *len)
{
	return guest_result(hc_recvfrom(
	    fd, (long)buf, (long)count, flags, (long)address, (long)len));
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	return guest_result(hc_sendmsg(fd, (long)message, flags));
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	return guest_result(hc_recvmsg(fd, (long)message, flags));
}

int
poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
	return (int)guest_result(
	    hc_poll((long)fds, (long)count, milliseconds));
}

int
select(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
    struct timeval *timeout)
{
	return (int)guest_result(hc_select(count, (long)readable,
	    (long)writable, (long)exceptional, (long)timeout));
}

int
epoll_create1(int flags)
{
	return (int)guest_result(hc_epoll_create1(flags));
}

int
epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	return (int)guest_result(hc_epoll_ctl(epfd, op, fd, (long)event));
}

int
epoll_wait(int epfd, struct epoll_event *events, int count, int milliseconds)
{
	return (int)guest_result(
	    hc_epoll_wait(epfd, (long)events, count, milliseconds));
}

int
eventfd(unsigned count, int flags)
{
	return (int)guest_result(hc_eventfd2(count, flags));
}

int
signalfd(int fd, const sigset_t *mask, int flags)
{
	return (int)guest_result(
	    hc_signalfd4(fd, (long)mask, sizeof(*mask), flags));
}

int
timerfd_create(clockid_t clock, int flags)
{
	return (int)guest_result(hc_timerfd_create(clock, flags));
}

int
timerfd_settime(int fd, int flags, const struct itimerspec *value,
    struct itimerspec *old)
{
	return (int)guest_result(
	    hc_timerfd_settime(fd, flags, (long)value, (long)old));
}

int
timerfd_gettime(int fd, struct itimerspec *value)
{
	return (int)guest_result(hc_timerfd_gettime(fd, (long)value));
}
