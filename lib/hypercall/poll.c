/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that wait for several files at once: poll and select.  Nothing
 * here may know vCPUs or KVM.
 *
 * The guest's list is copied, the host's descriptors put into the copy, and the
 * files held as long as the host waits.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/wait.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/select.h>
#include <sys/time.h>

/* What poll() waits for; `fd` is the guest's, for whoever asks. */
struct polled {
	struct pollfd host[HC_FDS];
	struct hc_file *held[HC_FDS];
	unsigned n;
};

/* One more, with the guest's descriptor; false: it is not open. */
static bool
add_polled(struct hc_guest *guest, struct polled *p, int fd, int events)
{
	struct hc_file *file = hc_fd_get(&guest->fds, (uint64_t)fd);

	p->held[p->n] = file;
	p->host[p->n++] = (struct pollfd){
		.fd = file ? file->host : -1,
		.events = (short)events,
	};
	return file != NULL;
}

static void
put_polled(struct polled *p)
{
	while (p->n > 0)
		if (p->held[--p->n])
			hc_file_put(p->held[p->n]);
}

/* A time to wait: without end if it is not set. */
struct timeout {
	bool is_set;
	struct timespec length;
};

static int64_t
wait_polled(struct hc_call *call, struct polled *p, const struct timeout *t)
{
	struct hc_wait *wait = &call->thread->wait;
	struct timespec left;

	if (!t->is_set)
		return hc_host_wait(
		    call->thread, SYS_ppoll, p->host, p->n, NULL, NULL, 0, 0);
	hc_wait_begin(wait, CLOCK_MONOTONIC, t->length);
	left = hc_wait_left(wait);
	return hc_wait_end(wait, hc_host_wait(call->thread, SYS_ppoll, p->host,
				     p->n, &left, NULL, 0, 0));
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

/* What is left of the time goes back to where it came from, if it can. */
static void
tell_left(struct hc_call *call, const struct timeout *t, uint64_t va)
{
	struct timespec left = hc_wait_left(&call->thread->wait);

	if (t->is_set)
		(void)gmem_write(call->guest->mem, va, &left, sizeof(left));
}

/* The guest's list, made the host's.  How many are not open. */
static unsigned
translate_list(struct hc_guest *guest, struct polled *p,
    const struct pollfd *list, unsigned n)
{
	unsigned i, absent = 0;

	for (i = 0; i < n; i++) {
		if (list[i].fd < 0) {
			p->held[p->n] = NULL;
			p->host[p->n++] = (struct pollfd){ .fd = -1 };
		} else if (!add_polled(guest, p, list[i].fd, list[i].events)) {
			absent++;
		}
	}
	return absent;
}

static int
tell_events(struct hc_guest *guest, const struct polled *p,
    const struct pollfd *list, uint64_t va)
{
	unsigned i;

	for (i = 0; i < p->n; i++) {
		bool absent = list[i].fd >= 0 && !p->held[i];
		short events = absent ? POLLNVAL : p->host[i].revents;

		if (gmem_write(guest->mem,
			va + i * sizeof(*list) +
			    offsetof(struct pollfd, revents),
			&events, sizeof(events)) < 0)
			return -EFAULT;
	}
	return 0;
}

static int64_t
poll_call(struct hc_call *call, const struct timeout *timeout)
{
	static const struct timeout none = { .is_set = true };
	struct hc_guest *guest = call->guest;
	uint32_t n = (uint32_t)call->arg[1];
	struct pollfd list[HC_FDS];
	struct polled p;
	unsigned absent;
	int64_t r;

	if (n > HC_FDS)
		return -EINVAL;
	if (gmem_read(guest->mem, list, call->arg[0], n * sizeof(*list)) < 0 ||
	    !gmem_range(
		guest->mem, call->arg[0], n * sizeof(*list), GMEM_WRITE))
		return -EFAULT;
	p.n = 0;
	absent = translate_list(guest, &p, list, n);
	r = wait_polled(call, &p, absent > 0 ? &none : timeout);
	if (r >= 0 && tell_events(guest, &p, list, call->arg[0]) < 0)
		r = -EFAULT;
	put_polled(&p);
	return r >= 0 ? r + absent : r;
}

int64_t
hc_do_poll(struct hc_call *call)
{
	int ms = (int)call->arg[2];
	struct timeout t = { .is_set = ms >= 0 };

	if (t.is_set)
		t.length = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	return poll_call(call, &t);
}

int64_t
hc_do_ppoll(struct hc_call *call)
{
	struct timeout t;
	int64_t r = get_timespec(call, &t, call->arg[2]);

	if (r == 0)
		r = hc_begin_mask(call, call->arg[3], call->arg[4]);
	if (r < 0)
		return r;
	r = poll_call(call, &t);
	if (r >= 0)
		tell_left(call, &t, call->arg[2]);
	return r;
}

/* The sets of select(), and what each bit of theirs means to poll(): Linux'
 * own choice (fs/select.c). */
enum { SETS = 3, SET_WORDS = HC_FDS / 64 };

static const struct {
	int asked, told;
} meaning[SETS] = {
	{ POLLIN | POLLRDNORM | POLLRDBAND,
	    POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR },
	{ POLLOUT | POLLWRNORM | POLLWRBAND,
	    POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR },
	{ POLLPRI, POLLPRI },
};

struct sets {
	uint64_t bits[SETS][SET_WORDS];
	uint64_t va[SETS]; /* 0: there is no such set */
	unsigned n;        /* descriptors in each */
	size_t size;       /* bytes */
};

static bool
in_set(const struct sets *sets, int set, unsigned fd)
{
	return sets->bits[set][fd / 64] >> fd % 64 & 1;
}

static int
get_sets(struct hc_call *call, struct sets *sets)
{
	int32_t n = (int32_t)call->arg[0];
	int i;

	if (n < 0)
		return -EINVAL;
	*sets = (struct sets){ 0 };
	sets->n = n < (int32_t)HC_FDS ? (unsigned)n : HC_FDS;
	sets->size = (sets->n + 63) / 64 * sizeof(uint64_t);
	for (i = 0; i < SETS; i++) {
		sets->va[i] = call->arg[1 + i];
		if (sets->va[i] && gmem_read(call->guest->mem, sets->bits[i],
				       sets->va[i], sets->size) < 0)
			return -EFAULT;
	}
	return 0;
}

/* All that are in some set, as a list. */
static int
translate_sets(struct hc_guest *guest, struct polled *p,
    const struct sets *sets, uint16_t fds[HC_FDS])
{
	unsigned fd;
	int i;

	for (fd = 0; fd < sets->n; fd++) {
		int events = 0;

		for (i = 0; i < SETS; i++)
			if (in_set(sets, i, fd))
				events |= meaning[i].asked;
		if (!events)
			continue;
		fds[p->n] = (uint16_t)fd;
		if (!add_polled(guest, p, (int)fd, events))
			return -EBADF;
	}
	return 0;
}

/* The sets as they have become; how many bits are in them. */
static int64_t
tell_sets(struct hc_guest *guest, struct sets *sets, const struct polled *p,
    const uint16_t fds[HC_FDS])
{
	struct sets told = { 0 };
	int64_t count = 0;
	unsigned at;
	int i;

	for (i = 0; i < SETS; i++) {
		for (at = 0; at < p->n; at++) {
			if (!in_set(sets, i, fds[at]) ||
			    !(p->host[at].revents & meaning[i].told))
				continue;
			told.bits[i][fds[at] / 64] |= UINT64_C(1)
						      << fds[at] % 64;
			count++;
		}
		if (sets->va[i] && gmem_write(guest->mem, sets->va[i],
				       told.bits[i], sets->size) < 0)
			return -EFAULT;
	}
	return count;
}

static int64_t
select_call(struct hc_call *call, const struct timeout *timeout)
{
	uint16_t fds[HC_FDS];
	struct polled p;
	struct sets sets;
	int64_t r = get_sets(call, &sets);

	if (r < 0)
		return r;
	p.n = 0;
	r = translate_sets(call->guest, &p, &sets, fds);
	if (r == 0)
		r = wait_polled(call, &p, timeout);
	if (r >= 0)
		r = tell_sets(call->guest, &sets, &p, fds);
	put_polled(&p);
	return r;
}

int64_t
hc_do_select(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	uint64_t va = call->arg[4];
	struct timeout t = { .is_set = va != 0 };
	struct timeval tv = { 0 };
	struct timespec left;
	int64_t r;

	if (t.is_set && gmem_read(mem, &tv, va, sizeof(tv)) < 0)
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0)
		return -EINVAL;
	/* Linux takes more than a second of microseconds here. */
	if (tv.tv_sec > INT64_MAX - tv.tv_usec / 1000000)
		return -EINVAL;
	t.length.tv_sec = tv.tv_sec + tv.tv_usec / 1000000;
	t.length.tv_nsec = tv.tv_usec % 1000000 * 1000;
	r = select_call(call, &t);
	if (r < 0 || !t.is_set)
		return r;
	left = hc_wait_left(&call->thread->wait);
	tv = (struct timeval){ left.tv_sec, left.tv_nsec / 1000 };
	(void)gmem_write(mem, va, &tv, sizeof(tv));
	return r;
}

int64_t
hc_do_pselect6(struct hc_call *call)
{
	uint64_t mask[2] = { 0 }; /* its address and its size */
	struct timeout t;
	int64_t r;

	if (call->arg[5] &&
	    gmem_read(call->guest->mem, mask, call->arg[5], sizeof(mask)) < 0)
		return -EFAULT;
	r = get_timespec(call, &t, call->arg[4]);
	if (r == 0)
		r = hc_begin_mask(call, mask[0], mask[1]);
	if (r < 0)
		return r;
	r = select_call(call, &t);
	if (r >= 0)
		tell_left(call, &t, call->arg[4]);
	return r;
}
