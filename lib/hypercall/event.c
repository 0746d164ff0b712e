/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on files that are events: epoll, eventfd, timerfd.  Nothing here
 * may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/wait.h"

#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#define MAX_EVENTS (INT_MAX / (int)sizeof(struct epoll_event))

/* Linux' struct epoll_event is packed on x86-64. */
_Static_assert(sizeof(struct epoll_event) == 12, "an event is Linux'");

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
	return (int)call->arg[0] > 0 ? create_epoll(call, 0) : -EINVAL;
}

int64_t
hc_do_epoll_create1(struct hc_call *call)
{
	return create_epoll(call, (unsigned)call->arg[0]);
}

/* An event's data are the guest's own, and come back to it as they are. */
static int64_t
control_epoll(struct hc_call *call, int set, int fd)
{
	int op = (int)call->arg[1];
	struct epoll_event event = { 0 };

	if (op != EPOLL_CTL_DEL && gmem_read(call->guest->mem, &event,
				       call->arg[3], sizeof(event)) < 0)
		return -EFAULT;
	/* It would keep the host from sleeping. */
	event.events &= ~(uint32_t)EPOLLWAKEUP;
	return hc_host(SYS_epoll_ctl, set, op, fd, &event);
}

int64_t
hc_do_epoll_ctl(struct hc_call *call)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *set = hc_fd_get(fds, call->arg[0]);
	struct hc_file *file = hc_fd_get(fds, call->arg[2]);
	int64_t r = -EBADF;

	if (set && file)
		r = control_epoll(call, set->host, file->host);
	if (set)
		hc_file_put(set);
	if (file)
		hc_file_put(file);
	return r;
}

/* Milliseconds until the moment, and not one too few. */
static int
milliseconds(struct timespec t)
{
	int64_t part = (t.tv_nsec + 999999) / 1000000;

	return t.tv_sec >= INT_MAX / 1000 ? INT_MAX
					  : (int)(t.tv_sec * 1000 + part);
}

/* Where the host puts events: as many as guest memory can take. */
struct place {
	void *events;
	int max;
};

static int
get_place(struct hc_call *call, struct place *place)
{
	const struct gmem *mem = call->guest->mem;
	const size_t size = sizeof(struct epoll_event);
	int32_t max = (int32_t)call->arg[2];
	uint64_t room;

	if (max <= 0 || max > MAX_EVENTS)
		return -EINVAL;
	room = gmem_span(mem, call->arg[1], (size_t)max * size, GMEM_WRITE);
	place->max = (int)(room / size);
	place->events = gmem_range(
	    mem, call->arg[1], (size_t)place->max * size, GMEM_WRITE);
	return place->max > 0 && place->events ? 0 : -EFAULT;
}

static int64_t
wait_epoll(struct hc_call *call, int timeout)
{
	struct hc_wait *wait = &call->thread->wait;
	struct hc_file *set = hc_fd_get(&call->guest->fds, call->arg[0]);
	struct place place;
	int64_t r;

	if (!set)
		return -EBADF;
	r = get_place(call, &place);
	if (r == 0 && timeout > 0) {
		hc_wait_begin(wait, CLOCK_MONOTONIC,
		    (struct timespec){
			timeout / 1000, timeout % 1000 * 1000000L });
		timeout = milliseconds(hc_wait_left(wait));
	}
	if (r == 0)
		r = hc_wait_end(wait,
		    hc_host_wait(call->thread, SYS_epoll_pwait, set->host,
			place.events, place.max, timeout, NULL, HC_SIGSET));
	hc_file_put(set);
	return r;
}

int64_t
hc_do_epoll_wait(struct hc_call *call)
{
	return wait_epoll(call, (int)call->arg[3]);
}

int64_t
hc_do_epoll_pwait(struct hc_call *call)
{
	int64_t r = hc_begin_mask(call, call->arg[4], call->arg[5]);

	return r < 0 ? r : wait_epoll(call, (int)call->arg[3]);
}

/* Nanoseconds, where the host has a call for them. */
static int64_t
wait_epoll_until(struct hc_call *call, int set, struct timespec timeout)
{
	struct hc_wait *wait = &call->thread->wait;
	struct timespec left;
	struct place place;
	int64_t r = get_place(call, &place);

	if (r < 0)
		return r;
	hc_wait_begin(wait, CLOCK_MONOTONIC, timeout);
	left = hc_wait_left(wait);
	return hc_wait_end(
	    wait, hc_host_wait(call->thread, SYS_epoll_pwait2, set,
		      place.events, place.max, &left, NULL, HC_SIGSET));
}

int64_t
hc_do_epoll_pwait2(struct hc_call *call)
{
	int64_t r = hc_begin_mask(call, call->arg[4], call->arg[5]);
	struct timespec timeout;
	struct hc_file *set;

	if (r < 0)
		return r;
	if (call->arg[3] == 0)
		return wait_epoll(call, -1);
	if (gmem_read(
		call->guest->mem, &timeout, call->arg[3], sizeof(timeout)) < 0)
		return -EFAULT;
	if (!hc_is_timespec(&timeout))
		return -EINVAL;
	set = hc_fd_get(&call->guest->fds, call->arg[0]);
	if (!set)
		return -EBADF;
	r = wait_epoll_until(call, set->host, timeout);
	hc_file_put(set);
	return r;
}

static int64_t
create_eventfd(struct hc_call *call, unsigned flags)
{
	const unsigned known = EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE;

	if (flags & ~known)
		return -EINVAL;
	return hc_fd_result(call,
	    hc_host(SYS_eventfd2, (uint32_t)call->arg[0], flags | EFD_CLOEXEC),
	    flags & EFD_CLOEXEC);
}

int64_t
hc_do_eventfd(struct hc_call *call)
{
	return create_eventfd(call, 0);
}

int64_t
hc_do_eventfd2(struct hc_call *call)
{
	return create_eventfd(call, (unsigned)call->arg[1]);
}

int64_t
hc_do_timerfd_create(struct hc_call *call)
{
	unsigned flags = (unsigned)call->arg[1];

	if (flags & ~(unsigned)(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	switch ((int)call->arg[0]) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME: break;
	/* They would wake the host. */
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM: return -EPERM;
	default: return -EINVAL;
	}
	return hc_fd_result(call,
	    hc_host(SYS_timerfd_create, (int)call->arg[0], flags | TFD_CLOEXEC),
	    flags & TFD_CLOEXEC);
}
