/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on files that are events: epoll, eventfd, timerfd.  Nothing here
 * may know vCPUs or KVM.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/wait.h"
#include "hypercall/file/file.h"
#include "hypercall/signal/send.h"

#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#define MAX_EVENTS (INT_MAX / (int)sizeof(struct epoll_event))

/* Linux's struct epoll_event is packed on x86-64. */
_Static_assert(sizeof(struct epoll_event) == 12, "an event is Linux's");

/* Without HC_MAY_INODE, here and below: all of the host's descriptors of these
 * kinds share one inode. */
static int64_t
create_epoll(struct hc_call *call, unsigned flags)
{
	if (flags & ~(unsigned)EPOLL_CLOEXEC)
		return -EINVAL;
	return hc_fd_result(call, hc_host(SYS_epoll_create1, EPOLL_CLOEXEC),
	    flags & EPOLL_CLOEXEC);
}

int64_t
hc_do_epoll_create(struct hc_call *call)
{
	return (int)call->epoll_create.size > 0 ? create_epoll(call, 0)
						: -EINVAL;
}

int64_t
hc_do_epoll_create1(struct hc_call *call)
{
	return create_epoll(call, (unsigned)call->epoll_create1.flags);
}

/* The set, held; or NULL.  The host's set in which signals are shown is none
 * for the guest. */
static int64_t
get_set(struct hc_call *call, uint64_t epfd, struct hc_file **set)
{
	*set = hc_fd_get(&call->guest->fds, epfd);
	if (!*set)
		return -EBADF;
	if (!(*set)->signals)
		return 0;
	hc_file_put(*set);
	*set = NULL;
	return -EINVAL;
}

/* An event's data belong to the guest and are returned unchanged. */
static int64_t
control_epoll(struct hc_call *call, int set, int fd, bool is_set)
{
	int op = (int)call->epoll_ctl.op;
	struct epoll_event event = { 0 };

	if (op != EPOLL_CTL_DEL &&
	    gmem_read(call->guest->mem, &event, call->epoll_ctl.event,
		sizeof(event)) < 0)
		return -EFAULT;
	/* EPOLLWAKEUP would keep the host from sleeping. */
	event.events &= ~(uint32_t)EPOLLWAKEUP;
	/* The host does not take it for a set, and it only saves wakes. */
	if (is_set)
		event.events &= ~(uint32_t)EPOLLEXCLUSIVE;
	return hc_host(SYS_epoll_ctl, set, op, fd, &event);
}

int64_t
hc_do_epoll_ctl(struct hc_call *call)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *set, *file = hc_fd_get(fds, call->epoll_ctl.fd);
	int64_t r = file ? get_set(call, call->epoll_ctl.epfd, &set) : -EBADF;

	if (r < 0)
		set = NULL;
	else
		r = hc_fd_key(fds, file, (unsigned)call->epoll_ctl.fd,
		    (int)call->epoll_ctl.op == EPOLL_CTL_ADD);
	if (r >= 0)
		r = control_epoll(call, set->host, (int)r, file->signals);
	if (set)
		hc_file_put(set);
	if (file)
		hc_file_put(file);
	return r;
}

/* Milliseconds until the moment, rounded up. */
static int
milliseconds(struct timespec t)
{
	int64_t part = (t.tv_nsec + 999999) / 1000000;

	return t.tv_sec >= INT_MAX / 1000 ? INT_MAX
					  : (int)(t.tv_sec * 1000 + part);
}

/* The buffer for the host's events: as many as guest memory can take. */
struct buffer {
	void *events;
	int max;
};

static int
get_buffer(
    struct hc_call *call, uint64_t events, int32_t max, struct buffer *buffer)
{
	const struct gmem *mem = call->guest->mem;
	const size_t size = sizeof(struct epoll_event);
	uint64_t room;

	if (max <= 0 || max > MAX_EVENTS)
		return -EINVAL;
	room = gmem_span(mem, events, (size_t)max * size, GMEM_WRITE);
	buffer->max = (int)(room / size);
	buffer->events = gmem_range(
	    mem, events, (size_t)buffer->max * size, GMEM_WRITE);
	return buffer->max > 0 && buffer->events ? 0 : -EFAULT;
}

static int64_t
wait_epoll(struct hc_call *call, uint64_t epfd, uint64_t events, int32_t max,
    int timeout)
{
	struct hc_wait *wait = &call->thread->wait;
	struct hc_file *set;
	struct buffer buffer;
	int64_t r = get_set(call, epfd, &set);

	if (r < 0)
		return r;
	r = get_buffer(call, events, max, &buffer);
	if (r == 0 && timeout > 0) {
		hc_wait_begin(wait, CLOCK_MONOTONIC,
		    (struct timespec){
			timeout / 1000, timeout % 1000 * 1000000L });
		timeout = milliseconds(hc_wait_left(wait));
	}
	if (r == 0)
		r = hc_wait_end(wait,
		    hc_host_wait(call->thread, SYS_epoll_pwait, set->host,
			buffer.events, buffer.max, timeout, NULL, HC_SIGSET));
	hc_file_put(set);
	return r;
}

int64_t
hc_do_epoll_wait(struct hc_call *call)
{
	return wait_epoll(call, call->epoll_wait.epfd, call->epoll_wait.events,
	    (int32_t)call->epoll_wait.maxevents, (int)call->epoll_wait.timeout);
}

int64_t
hc_do_epoll_pwait(struct hc_call *call)
{
	int64_t r = hc_begin_mask(
	    call, call->epoll_pwait.mask, call->epoll_pwait.size);

	return r < 0 ? r
		     : wait_epoll(call, call->epoll_pwait.epfd,
			   call->epoll_pwait.events,
			   (int32_t)call->epoll_pwait.maxevents,
			   (int)call->epoll_pwait.timeout);
}

/* A time-out in nanoseconds, where the host has a call for it. */
static int64_t
wait_epoll_until(struct hc_call *call, int set, struct timespec timeout)
{
	struct hc_wait *wait = &call->thread->wait;
	struct timespec left;
	struct buffer buffer;
	int64_t r = get_buffer(call, call->epoll_pwait2.events,
	    (int32_t)call->epoll_pwait2.maxevents, &buffer);

	if (r < 0)
		return r;
	hc_wait_begin(wait, CLOCK_MONOTONIC, timeout);
	left = hc_wait_left(wait);
	return hc_wait_end(
	    wait, hc_host_wait(call->thread, SYS_epoll_pwait2, set,
		      buffer.events, buffer.max, &left, NULL, HC_SIGSET));
}

int64_t
hc_do_epoll_pwait2(struct hc_call *call)
{
	int64_t r = hc_begin_mask(
	    call, call->epoll_pwait2.mask, call->epoll_pwait2.size);
	struct timespec timeout;
	struct hc_file *set;

	if (r < 0)
		return r;
	if (call->epoll_pwait2.timeout == 0)
		return wait_epoll(call, call->epoll_pwait2.epfd,
		    call->epoll_pwait2.events,
		    (int32_t)call->epoll_pwait2.maxevents, -1);
	if (gmem_read(call->guest->mem, &timeout, call->epoll_pwait2.timeout,
		sizeof(timeout)) < 0)
		return -EFAULT;
	if (!hc_is_timespec(&timeout))
		return -EINVAL;
	r = get_set(call, call->epoll_pwait2.epfd, &set);
	if (r < 0)
		return r;
	r = wait_epoll_until(call, set->host, timeout);
	hc_file_put(set);
	return r;
}

static int64_t
create_eventfd(struct hc_call *call, uint32_t count, unsigned flags)
{
	const unsigned known = EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE;

	if (flags & ~known)
		return -EINVAL;
	return hc_fd_result(call,
	    hc_host(SYS_eventfd2, count, flags | EFD_CLOEXEC),
	    flags & EFD_CLOEXEC);
}

int64_t
hc_do_eventfd(struct hc_call *call)
{
	return create_eventfd(call, (uint32_t)call->eventfd.count, 0);
}

int64_t
hc_do_eventfd2(struct hc_call *call)
{
	return create_eventfd(call, (uint32_t)call->eventfd2.count,
	    (unsigned)call->eventfd2.flags);
}

int64_t
hc_do_timerfd_create(struct hc_call *call)
{
	unsigned flags = (unsigned)call->timerfd_create.flags;

	if (flags & ~(unsigned)(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	switch ((int)call->timerfd_create.clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME: break;
	/* ALARM clocks would wake the host. */
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM: return -EPERM;
	default: return -EINVAL;
	}
	return hc_fd_result(call,
	    hc_host(SYS_timerfd_create, (int)call->timerfd_create.clock,
		flags | TFD_CLOEXEC),
	    flags & TFD_CLOEXEC);
}
