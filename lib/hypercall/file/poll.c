/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that wait for several files at once: poll and select.  Nothing
 * here may know vCPUs or KVM.
 *
 * The guest's list is copied, the copy gets the host's descriptors, and the
 * files are held as long as the host waits.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/wait.h"
#include "hypercall/signal/send.h"

#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>

/* The host ignores these numbers. */
enum { IGNORED = -1, NOT_OPEN = -2 };

/*
 * Space for lists.  Those of up to POLL_SHORT descriptors are on the caller's
 * stack; at most POLL_LONG calls at once wait for more.
 */
#define POLL_SHORT 1024U
#define POLL_LONG  4U

struct short_list {
	struct pollfd host[POLL_SHORT];
	struct hc_file *held[POLL_SHORT];
};

static struct long_list {
	atomic_bool taken;
	struct pollfd host[HC_FDS];
	struct hc_file *held[HC_FDS];
} long_lists[POLL_LONG];

/* The list for the host's poll(), and the files that are held for it. */
struct polled {
	struct pollfd *host;
	struct hc_file **held;
	unsigned n;
	struct long_list *list; /* NULL: it is short */
};

/* Get space for `n` descriptors, as Linux does: 0 or -ENOMEM. */
static int
begin_polled(struct polled *p, struct short_list *space, unsigned n)
{
	unsigned i;

	*p = (struct polled){ .host = space->host, .held = space->held };
	if (n <= POLL_SHORT)
		return 0;
	for (i = 0; i < POLL_LONG; i++) {
		struct long_list *list = &long_lists[i];

		if (atomic_exchange(&list->taken, true))
			continue;
		p->host = list->host;
		p->held = list->held;
		p->list = list;
		return 0;
	}
	return -ENOMEM;
}

static void
end_polled(struct polled *p)
{
	while (p->n > 0)
		if (p->held[--p->n])
			hc_file_put(p->held[p->n]);
	if (p->list)
		p->list->taken = false;
}

/* Add the guest's descriptor; false: it is not open. */
static bool
add_polled(struct hc_guest *guest, struct polled *p, int fd, int events)
{
	struct hc_file *file = hc_fd_get(&guest->fds, (uint64_t)fd);

	p->held[p->n] = file;
	p->host[p->n++] = (struct pollfd){
		.fd = file ? file->host : NOT_OPEN,
		.events = (short)events,
	};
	return file != NULL;
}

/* A time to wait; without limit if it is not set. */
struct timeout {
	bool is_set;
	struct timespec length;
};

/* The time runs from the call's start to its end, whatever ends it. */
static void
begin_time(struct hc_call *call, const struct timeout *t)
{
	if (t->is_set)
		(void)hc_wait_begin(
		    &call->thread->wait, CLOCK_MONOTONIC, t->length);
}

static int64_t
end_time(struct hc_call *call, const struct timeout *t, int64_t result)
{
	return t->is_set ? hc_wait_end(&call->thread->wait, result) : result;
}

/* With `at_once`, the host does not wait. */
static int64_t
wait_polled(struct hc_call *call, struct polled *p, const struct timeout *t,
    bool at_once)
{
	struct timespec left = { 0 };

	if (t->is_set && !at_once)
		left = hc_wait_left(&call->thread->wait);
	return hc_host_wait(call->thread, SYS_ppoll, p->host, p->n,
	    t->is_set || at_once ? &left : NULL, NULL, 0, 0);
}

static int
get_timespec(struct hc_call *call, struct timeout *t, uint64_t va)
{
	*t = (struct timeout){ .is_set = va != 0 };
	if (va == 0)
		return 0;
	if (gmem_read(call->guest->mem, &t->length, va, sizeof(t->length)) < 0)
		return -EFAULT;
	return hc_is_timespec(&t->length) ? 0 : -EINVAL;
}

/* End the time and write the rest of it back, if its place is writable; as on
 * Linux also after an error. */
static int64_t
give_left(
    struct hc_call *call, const struct timeout *t, uint64_t va, int64_t result)
{
	struct timespec left;

	if (t->is_set) {
		left = hc_wait_left(&call->thread->wait);
		(void)gmem_write(call->guest->mem, va, &left, sizeof(left));
	}
	return end_time(call, t, result);
}

/* Translate the guest's list of `n` in its place.  The number of descriptors
 * that are not open. */
static unsigned
translate_list(struct hc_guest *guest, struct polled *p, unsigned n)
{
	unsigned absent = 0;

	while (p->n < n) {
		const struct pollfd *guests = &p->host[p->n];

		if (guests->fd < 0) {
			p->held[p->n] = NULL;
			p->host[p->n++].fd = IGNORED;
		} else if (!add_polled(guest, p, guests->fd, guests->events)) {
			absent++;
		}
	}
	return absent;
}

static int
give_events(struct hc_guest *guest, const struct polled *p, uint64_t va)
{
	unsigned i;

	for (i = 0; i < p->n; i++) {
		bool absent = p->host[i].fd == NOT_OPEN;
		short events = absent ? POLLNVAL : p->host[i].revents;

		if (gmem_write(guest->mem,
			va + i * sizeof(struct pollfd) +
			    offsetof(struct pollfd, revents),
			&events, sizeof(events)) < 0)
			return -EFAULT;
	}
	return 0;
}

/* Wait for the `n` descriptors of the guest's list, which `p` has room for. */
static int64_t
poll_list(struct hc_call *call, struct polled *p, uint64_t fds, unsigned n,
    const struct timeout *timeout)
{
	const size_t size = n * sizeof(struct pollfd);
	const struct gmem *mem = call->guest->mem;
	unsigned absent;
	int64_t r;

	if (gmem_read(mem, p->host, fds, size) < 0 ||
	    !gmem_range(mem, fds, size, GMEM_WRITE))
		return -EFAULT;
	absent = translate_list(call->guest, p, n);
	r = wait_polled(call, p, timeout, absent > 0);
	if (r >= 0 && give_events(call->guest, p, fds) < 0)
		r = -EFAULT;
	return r >= 0 ? r + absent : r;
}

static int64_t
poll_call(struct hc_call *call, uint64_t fds, uint32_t n,
    const struct timeout *timeout)
{
	struct short_list space;
	struct polled p;
	int64_t r;

	if (n > call->guest->fds.limit)
		return -EINVAL;
	r = begin_polled(&p, &space, n);
	if (r < 0)
		return r;
	r = poll_list(call, &p, fds, n, timeout);
	end_polled(&p);
	return r;
}

int64_t
hc_do_poll(struct hc_call *call)
{
	int ms = (int)call->poll.timeout;
	struct timeout t = { .is_set = ms >= 0 };

	if (t.is_set)
		t.length = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	begin_time(call, &t);
	return end_time(call, &t,
	    poll_call(call, call->poll.fds, (uint32_t)call->poll.nfds, &t));
}

int64_t
hc_do_ppoll(struct hc_call *call)
{
	struct timeout t;
	int64_t r = get_timespec(call, &t, call->ppoll.timeout);

	if (r == 0)
		r = hc_begin_mask(call, call->ppoll.mask, call->ppoll.size);
	if (r < 0)
		return r;
	begin_time(call, &t);
	r = poll_call(call, call->ppoll.fds, (uint32_t)call->ppoll.nfds, &t);
	return give_left(call, &t, call->ppoll.timeout, r);
}

/* The sets of select(), and the events of poll() that each stands for, as in
 * Linux (fs/select.c). */
enum { SETS = 3, SET_WORDS = HC_FDS / 64 };

static const struct {
	int events, revents;
} meaning[SETS] = {
	{ POLLIN | POLLRDNORM | POLLRDBAND,
	    POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR },
	{ POLLOUT | POLLWRNORM | POLLWRBAND,
	    POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR },
	{ POLLPRI, POLLPRI },
};

struct sets {
	uint64_t bits[SETS][SET_WORDS];
	uint64_t va[SETS]; /* 0: the set is absent */
	unsigned n;        /* descriptors in each */
	size_t size;       /* bytes */
};

static bool
in_set(const struct sets *sets, int set, unsigned fd)
{
	return sets->bits[set][fd / 64] >> fd % 64 & 1;
}

/* As on Linux, no more is read than the table of descriptors is long: programs
 * pass large numbers with small sets. */
static int
get_sets(
    struct hc_call *call, int32_t n, const uint64_t va[SETS], struct sets *sets)
{
	const unsigned size = call->guest->fds.size;
	int i;

	if (n < 0)
		return -EINVAL;
	sets->n = (unsigned)n < size ? (unsigned)n : size;
	sets->size = (sets->n + 63) / 64 * sizeof(uint64_t);
	for (i = 0; i < SETS; i++) {
		sets->va[i] = va[i];
		memset(sets->bits[i], 0, sets->size);
		if (sets->va[i] && gmem_read(call->guest->mem, sets->bits[i],
				       sets->va[i], sets->size) < 0)
			return -EFAULT;
		if (sets->n % 64)
			sets->bits[i][sets->n / 64] &= ~(
			    ~UINT64_C(0) << sets->n % 64);
	}
	return 0;
}

/* The lowest descriptor from `fd` on that is in any set, or sets->n. */
static unsigned
next_in_sets(const struct sets *sets, unsigned fd)
{
	while (fd < sets->n) {
		unsigned at = fd / 64;
		uint64_t bits = sets->bits[0][at] | sets->bits[1][at] |
				sets->bits[2][at];

		bits &= ~UINT64_C(0) << fd % 64;
		if (bits)
			fd = at * 64 + (unsigned)__builtin_ctzll(bits);
		else
			fd = (at + 1) * 64;
		if (bits)
			break;
	}
	return fd < sets->n ? fd : sets->n;
}

static unsigned
count_in_sets(const struct sets *sets)
{
	unsigned fd, n = 0;

	for (fd = 0; (fd = next_in_sets(sets, fd)) < sets->n; fd++)
		n++;
	return n;
}

/* Make a list of the descriptors in any set. */
static int
translate_sets(
    struct hc_guest *guest, struct polled *p, const struct sets *sets)
{
	unsigned fd;
	int i;

	for (fd = 0; (fd = next_in_sets(sets, fd)) < sets->n; fd++) {
		int events = 0;

		for (i = 0; i < SETS; i++)
			if (in_set(sets, i, fd))
				events |= meaning[i].events;
		if (!add_polled(guest, p, (int)fd, events))
			return -EBADF;
	}
	return 0;
}

/* Leave in the sets what is ready, of which `p` has the list in order; the
 * number of bits in them. */
static int64_t
find_ready(struct sets *sets, const struct polled *p)
{
	unsigned at, fd, next = 0;
	int64_t count = 0;
	int i;

	for (at = 0; at < p->n; at++, next = fd + 1) {
		fd = next_in_sets(sets, next);
		for (i = 0; i < SETS; i++) {
			if (!in_set(sets, i, fd))
				continue;
			if (p->host[at].revents & meaning[i].revents)
				count++;
			else
				sets->bits[i][fd / 64] &= ~(
				    UINT64_C(1) << fd % 64);
		}
	}
	return count;
}

static int
give_sets(struct hc_guest *guest, const struct sets *sets)
{
	int i;

	for (i = 0; i < SETS; i++)
		if (sets->va[i] && gmem_write(guest->mem, sets->va[i],
				       sets->bits[i], sets->size) < 0)
			return -EFAULT;
	return 0;
}

static int64_t
select_call(struct hc_call *call, int32_t n, const uint64_t va[SETS],
    const struct timeout *timeout)
{
	struct short_list space;
	struct polled p;
	struct sets sets;
	int64_t r = get_sets(call, n, va, &sets);

	if (r == 0)
		r = begin_polled(&p, &space, count_in_sets(&sets));
	if (r < 0)
		return r;
	r = translate_sets(call->guest, &p, &sets);
	if (r == 0)
		r = wait_polled(call, &p, timeout, false);
	if (r >= 0)
		r = find_ready(&sets, &p);
	if (r >= 0 && give_sets(call->guest, &sets) < 0)
		r = -EFAULT;
	end_polled(&p);
	return r;
}

int64_t
hc_do_select(struct hc_call *call)
{
	const struct hc_args_select *a = &call->select;
	const struct gmem *mem = call->guest->mem;
	uint64_t va = a->timeout;
	struct timeout t = { .is_set = va != 0 };
	struct timeval tv = { 0 };
	struct timespec left;
	int64_t r;

	if (t.is_set && gmem_read(mem, &tv, va, sizeof(tv)) < 0)
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0)
		return -EINVAL;
	/* Linux accepts more than a second of microseconds here. */
	if (tv.tv_sec > INT64_MAX - tv.tv_usec / 1000000)
		return -EINVAL;
	t.length.tv_sec = tv.tv_sec + tv.tv_usec / 1000000;
	t.length.tv_nsec = tv.tv_usec % 1000000 * 1000;
	begin_time(call, &t);
	r = select_call(call, (int32_t)a->nfds,
	    (const uint64_t[SETS]){ a->readfds, a->writefds, a->exceptfds },
	    &t);
	if (t.is_set) {
		left = hc_wait_left(&call->thread->wait);
		tv = (struct timeval){ left.tv_sec, left.tv_nsec / 1000 };
		(void)gmem_write(mem, va, &tv, sizeof(tv));
	}
	return end_time(call, &t, r);
}

int64_t
hc_do_pselect6(struct hc_call *call)
{
	const struct hc_args_pselect6 *a = &call->pselect6;
	uint64_t mask[2] = { 0 }; /* its address and its size */
	struct timeout t;
	int64_t r;

	if (a->mask &&
	    gmem_read(call->guest->mem, mask, a->mask, sizeof(mask)) < 0)
		return -EFAULT;
	r = get_timespec(call, &t, a->timeout);
	if (r == 0)
		r = hc_begin_mask(call, mask[0], mask[1]);
	if (r < 0)
		return r;
	begin_time(call, &t);
	r = select_call(call, (int32_t)a->nfds,
	    (const uint64_t[SETS]){ a->readfds, a->writefds, a->exceptfds },
	    &t);
	return give_left(call, &t, a->timeout, r);
}
