/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers that send a signal: those of setitimer, alarm and timer_create.
 * Nothing here may know vCPUs or KVM.
 *
 * Each has a one-shot timer of the host, which sends HC_TICK; a thread then
 * finds the expired timers (hc_timers_tick()).  As on Linux, an interval timer
 * is rearmed only when its signal is taken, and the periods that have passed
 * meanwhile are counted as overruns.
 */
#include "hypercall/core/clock.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/signal/send.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

#define NS_PER_US     1000
#define US_PER_SECOND 1000000
#define SECONDS_MAX   (INT64_MAX / HC_NS_PER_SECOND / 2)
#define OVERRUN_MAX   INT32_MAX /* Linux's DELAYTIMER_MAX */

/* The shortest time from taking a signal to sending the next: a handler and its
 * return take several exits, and the interrupted code must make progress. */
#define SHORTEST_NS 250000

/* The shortest period of an interval timer whose signal is ignored. */
#define IGNORED_NS 1000000

/* novillo's CPU time in user mode (Linux's MAKE_PROCESS_CPUCLOCK). */
#define CLOCK_USER_TIME ((clockid_t)(~0U << 3 | 1))

/* The kernel's struct sigevent, a part of which C libraries hide. */
struct event {
	union sigval value;
	int32_t signal;
	int32_t notify;
	int32_t tid;
	int32_t padding[11];
};

_Static_assert(sizeof(struct event) == 64, "as the kernel has it");

#define NOTIFY_THREAD_ID 4 /* SIGEV_THREAD_ID */

static int64_t
nanoseconds(const struct timespec *t)
{
	return t->tv_sec >= SECONDS_MAX
		   ? SECONDS_MAX * HC_NS_PER_SECOND
		   : t->tv_sec * HC_NS_PER_SECOND + t->tv_nsec;
}

static struct timespec
timespec_of(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / HC_NS_PER_SECOND,
		.tv_nsec = ns % HC_NS_PER_SECOND,
	};
}

static int64_t
now(const struct hc_timer *t)
{
	struct timespec ts = { 0 };

	(void)hc_host(SYS_clock_gettime, t->clock, &ts);
	return nanoseconds(&ts);
}

/* The time at which the timer's signal is to be sent. */
static int64_t
due(const struct hc_timer *t)
{
	return t->next && t->next < t->not_before ? t->not_before : t->next;
}

/* Arm the host's timer for that time, or disarm it if the time is 0. */
static void
set_host_timer(const struct hc_timer *t)
{
	const struct itimerspec when = { .it_value = timespec_of(due(t)) };

	if (t->has_host)
		(void)hc_host(
		    SYS_timer_settime, t->host, TIMER_ABSTIME, &when, NULL);
}

static int64_t
make_host(struct hc_guest *guest, struct hc_timer *t)
{
	struct event event = {
		.value.sival_ptr = guest,
		.signal = HC_TICK,
		.notify = SIGEV_SIGNAL,
	};
	int64_t r = hc_host(SYS_timer_create, t->clock, &event, &t->host);

	t->has_host = r == 0;
	return r;
}

/* Move the next expiry after `at`; return the number of periods skipped. */
static int64_t
forward(struct hc_timer *t, int64_t at)
{
	int64_t passed = at < t->next ? 0 : (at - t->next) / t->interval;

	t->next += (passed + 1) * t->interval;
	return passed;
}

void
hc_timer_taken(struct hc_signals *s, uint16_t number, siginfo_t *info)
{
	struct hc_timer *t = number ? &s->timer[number - 1] : NULL;

	if (!t || !t->queued)
		return;
	t->queued = false;
	t->overrun = 0;
	if (t->interval && t->next) {
		int64_t at = now(t), passed = forward(t, at);

		t->not_before = at + SHORTEST_NS;
		t->overrun = passed < OVERRUN_MAX ? (int)passed : OVERRUN_MAX;
		set_host_timer(t);
	}
	if (info && number > HC_ITIMERS) {
		info->si_overrun = t->overrun;
		/* Linux keeps this for itself; it is the timer's number. */
		info->si_timerid = number - HC_ITIMERS - 1;
	}
}

static void
fire(struct hc_guest *guest, struct hc_timer *t, uint16_t number, int64_t at)
{
	siginfo_t info = {
		.si_signo = t->signal,
		.si_code = number > HC_ITIMERS ? SI_TIMER : SI_KERNEL,
	};
	struct hc_thread *to = NULL;
	int r = HC_SENT_NOWHERE;

	if (number > HC_ITIMERS)
		info.si_value = t->value;
	if (t->tid)
		to = hc_signal_thread(guest, t->tid);
	if (!t->tid || to)
		r = hc_signal_send(guest, to, &info, number);
	t->queued = r != HC_SENT_NOWHERE && r >= 0;
	if (!t->interval) {
		t->next = 0;
	} else if (!t->queued) {
		(void)forward(t, at + IGNORED_NS);
		set_host_timer(t);
	}
}

void
hc_timers_tick(struct hc_guest *guest)
{
	struct hc_signals *s = &guest->signals;
	uint16_t n;

	for (n = 0; n < HC_TIMERS; n++) {
		struct hc_timer *t = &s->timer[n];
		int64_t at;

		if (!t->has_host || !t->next || t->queued)
			continue;
		at = now(t);
		if (at >= due(t))
			fire(guest, t, (uint16_t)(n + 1), at);
	}
}

/* The time left as Linux reports it: not 0 before the timer expires. */
static struct itimerspec
remaining(struct hc_timer *t)
{
	int64_t left = 0;

	if (t->next) {
		left = t->next - now(t);
		if (left <= 0 && t->interval)
			left = t->interval - -left % t->interval;
		else if (left <= 0)
			left = t->has_host ? 1 : 0;
	}
	return (struct itimerspec){
		.it_interval = timespec_of(t->interval),
		.it_value = timespec_of(left),
	};
}

static void
set_timer(struct hc_signals *s, struct hc_timer *t,
    const struct itimerspec *new, bool absolute)
{
	int64_t value = nanoseconds(&new->it_value);

	hc_signal_forget(s, (uint16_t)(t - s->timer + 1));
	t->queued = false;
	t->overrun = 0;
	t->not_before = 0;
	t->interval = nanoseconds(&new->it_interval);
	t->next = value == 0 || absolute ? value : now(t) + value;
	set_host_timer(t);
}

/* setitimer and alarm. */

static int64_t
set_itimer(struct hc_call *call, unsigned which, const struct itimerspec *new,
    struct itimerspec *old)
{
	static const struct {
		clockid_t clock;
		int signal;
	} kinds[HC_ITIMERS] = {
		[ITIMER_REAL] = { CLOCK_MONOTONIC, SIGALRM },
		[ITIMER_VIRTUAL] = { CLOCK_USER_TIME, SIGVTALRM },
		[ITIMER_PROF] = { CLOCK_PROCESS_CPUTIME_ID, SIGPROF },
	};
	struct hc_signals *s = &call->guest->signals;
	struct hc_timer *t = &s->timer[which];
	int64_t r = 0;

	hc_signals_lock(call->guest);
	t->clock = kinds[which].clock;
	t->signal = kinds[which].signal;
	*old = remaining(t);
	if (new && !t->has_host && nanoseconds(&new->it_value))
		r = make_host(call->guest, t);
	if (r == 0 && new)
		set_timer(s, t, new, false);
	hc_signals_unlock(call->guest);
	return r;
}

/* A remainder is not rounded to 0. */
static struct itimerval
timeval_of(const struct itimerspec *t)
{
	long us = (t->it_value.tv_nsec + NS_PER_US - 1) / NS_PER_US;

	return (struct itimerval){
		.it_interval = { t->it_interval.tv_sec,
		    t->it_interval.tv_nsec / NS_PER_US },
		.it_value = { t->it_value.tv_sec + us / US_PER_SECOND,
		    us % US_PER_SECOND },
	};
}

static bool
is_timeval(const struct timeval *t)
{
	return t->tv_sec >= 0 && t->tv_usec >= 0 && t->tv_usec < US_PER_SECOND;
}

int64_t
hc_do_getitimer(struct hc_call *call)
{
	struct itimerspec old;
	struct itimerval value;

	if ((uint32_t)call->getitimer.which >= HC_ITIMERS)
		return -EINVAL;
	(void)set_itimer(call, (uint32_t)call->getitimer.which, NULL, &old);
	value = timeval_of(&old);
	return gmem_write(
	    call->guest->mem, call->getitimer.value, &value, sizeof(value));
}

int64_t
hc_do_setitimer(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	struct itimerval value = { 0 };
	struct itimerspec new, old;
	int64_t r;

	if (call->setitimer.value &&
	    gmem_read(mem, &value, call->setitimer.value, sizeof(value)) < 0)
		return -EFAULT;
	if ((uint32_t)call->setitimer.which >= HC_ITIMERS ||
	    !is_timeval(&value.it_value) || !is_timeval(&value.it_interval))
		return -EINVAL;
	new = (struct itimerspec){
		.it_interval = { value.it_interval.tv_sec,
		    value.it_interval.tv_usec * NS_PER_US },
		.it_value = { value.it_value.tv_sec,
		    value.it_value.tv_usec * NS_PER_US },
	};
	r = set_itimer(call, (uint32_t)call->setitimer.which, &new, &old);
	if (r < 0 || !call->setitimer.old)
		return r;
	value = timeval_of(&old);
	return gmem_write(mem, call->setitimer.old, &value, sizeof(value));
}

int64_t
hc_do_alarm(struct hc_call *call)
{
	const struct itimerspec new = {
		.it_value.tv_sec = (uint32_t)call->alarm.seconds,
	};
	struct itimerspec old;
	int64_t r = set_itimer(call, ITIMER_REAL, &new, &old);

	if (r < 0)
		return r;
	/* Rounded to seconds, but a remainder not to 0. */
	if (old.it_value.tv_nsec >= HC_NS_PER_SECOND / 2 ||
	    (old.it_value.tv_sec == 0 && old.it_value.tv_nsec > 0))
		old.it_value.tv_sec++;
	return old.it_value.tv_sec;
}

/* timer_create and related calls. */

static struct hc_timer *
find_timer(struct hc_signals *s, uint64_t id)
{
	struct hc_timer *t;

	if ((uint32_t)id >= HC_TIMERS - HC_ITIMERS)
		return NULL;
	t = &s->timer[HC_ITIMERS + (uint32_t)id];
	return t->used ? t : NULL;
}

static int64_t
get_event(const struct hc_call *call, struct event *event)
{
	*event = (struct event){ .signal = SIGALRM, .notify = SIGEV_SIGNAL };
	if (!call->timer_create.event)
		return 0;
	if (gmem_read(call->guest->mem, event, call->timer_create.event,
		sizeof(*event)) < 0)
		return -EFAULT;
	switch (event->notify) {
	case SIGEV_NONE: event->signal = 0; break;
	case SIGEV_SIGNAL:
	case NOTIFY_THREAD_ID:
		if (event->signal < 1 || event->signal > HC_SIGNALS)
			return -EINVAL;
		break;
	default: return -EINVAL;
	}
	return 0;
}

/* Create the first free timer.  The caller has the lock. */
static int64_t
make_timer(struct hc_call *call, clockid_t clock, const struct event *event)
{
	struct hc_signals *s = &call->guest->signals;
	struct hc_timer *t;
	int64_t r = 0;
	int id;

	if (event->notify == NOTIFY_THREAD_ID &&
	    !hc_signal_thread(call->guest, event->tid))
		return -EINVAL;
	for (id = 0; id < HC_TIMERS - HC_ITIMERS; id++)
		if (!s->timer[HC_ITIMERS + id].used)
			break;
	if (id == HC_TIMERS - HC_ITIMERS)
		return -EAGAIN;
	t = &s->timer[HC_ITIMERS + id];
	*t = (struct hc_timer){
		.clock = clock,
		.signal = event->signal,
		.value = event->value,
		.tid = event->notify == NOTIFY_THREAD_ID ? event->tid : 0,
	};
	if (!call->timer_create.event)
		t->value.sival_int = id;
	if (event->signal)
		r = make_host(call->guest, t);
	t->used = r == 0;
	return r < 0 ? r : id;
}

static void
delete_timer(struct hc_signals *s, struct hc_timer *t)
{
	hc_signal_forget(s, (uint16_t)(t - s->timer + 1));
	if (t->has_host)
		(void)hc_host(SYS_timer_delete, t->host);
	*t = (struct hc_timer){ 0 };
}

int64_t
hc_do_timer_create(struct hc_call *call)
{
	struct hc_signals *s = &call->guest->signals;
	struct event event;
	clockid_t clock;
	int64_t r = hc_host_clock(call, call->timer_create.clock, &clock);
	int id;

	if (r == 0 &&
	    (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM))
		r = -EPERM;
	/* Any thread may read it later. */
	if (r == 0 && clock == CLOCK_THREAD_CPUTIME_ID)
		r = hc_thread_clock(call, call->thread->tid, &clock);
	if (r == 0)
		r = get_event(call, &event);
	if (r < 0)
		return r;
	hc_signals_lock(call->guest);
	r = make_timer(call, clock, &event);
	id = (int)r;
	if (r >= 0) {
		r = gmem_write(
		    call->guest->mem, call->timer_create.id, &id, sizeof(id));
		if (r < 0)
			delete_timer(s, find_timer(s, (uint64_t)id));
	}
	hc_signals_unlock(call->guest);
	return r;
}

int64_t
hc_do_timer_settime(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	struct hc_signals *s = &call->guest->signals;
	struct itimerspec new, old;
	struct hc_timer *t;

	if (!call->timer_settime.new)
		return -EINVAL;
	if (gmem_read(mem, &new, call->timer_settime.new, sizeof(new)) < 0)
		return -EFAULT;
	if (!hc_is_timespec(&new.it_interval) || !hc_is_timespec(&new.it_value))
		return -EINVAL;
	hc_signals_lock(call->guest);
	t = find_timer(s, call->timer_settime.id);
	if (t) {
		old = remaining(t);
		set_timer(
		    s, t, &new, call->timer_settime.flags & TIMER_ABSTIME);
	}
	hc_signals_unlock(call->guest);
	if (!t)
		return -EINVAL;
	return call->timer_settime.old
		   ? gmem_write(mem, call->timer_settime.old, &old, sizeof(old))
		   : 0;
}

int64_t
hc_do_timer_gettime(struct hc_call *call)
{
	struct itimerspec value;
	struct hc_timer *t;

	hc_signals_lock(call->guest);
	t = find_timer(&call->guest->signals, call->timer_gettime.id);
	if (t)
		value = remaining(t);
	hc_signals_unlock(call->guest);
	if (!t)
		return -EINVAL;
	return gmem_write(
	    call->guest->mem, call->timer_gettime.value, &value, sizeof(value));
}

int64_t
hc_do_timer_getoverrun(struct hc_call *call)
{
	struct hc_timer *t;
	int64_t r = -EINVAL;

	hc_signals_lock(call->guest);
	t = find_timer(&call->guest->signals, call->timer_getoverrun.id);
	if (t)
		r = t->overrun;
	hc_signals_unlock(call->guest);
	return r;
}

int64_t
hc_do_timer_delete(struct hc_call *call)
{
	struct hc_signals *s = &call->guest->signals;
	struct hc_timer *t;

	hc_signals_lock(call->guest);
	t = find_timer(s, call->timer_delete.id);
	if (t)
		delete_timer(s, t);
	hc_signals_unlock(call->guest);
	return t ? 0 : -EINVAL;
}
