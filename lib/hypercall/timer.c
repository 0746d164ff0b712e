/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers that end in a signal: those of setitimer, alarm and timer_create.
 * Nothing here may know vCPUs or KVM.
 *
 * Each has a timer of the host's, which runs out once and sends HC_TICK; some
 * thread then finds out which it was (hc_timers_tick()).  As on Linux, an
 * interval begins anew only when its signal is taken, and periods that have
 * passed meanwhile are counted.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/time.h>

#define NS_OF_SECOND  INT64_C(1000000000)
#define NS_OF_USECOND 1000
#define SECONDS_MAX   (INT64_MAX / NS_OF_SECOND / 2)
#define OVERRUN_MAX   INT32_MAX /* Linux' DELAYTIMER_MAX */

/* Nor is a signal sent sooner than this after the last was taken: a handler and
 * its return take several exits, and what they interrupt shall go on, too. */
#define SHORTEST_NS 250000

/* An interval whose signal is ignored is not looked at more often. */
#define IGNORED_NS 1000000

/* The processor time of us in user mode (Linux' MAKE_PROCESS_CPUCLOCK). */
#define CLOCK_USER_TIME ((clockid_t)(~0U << 3 | 1))

/* The kernel's struct sigevent, of which C libraries hide a part. */
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
	return t->tv_sec >= SECONDS_MAX ? SECONDS_MAX * NS_OF_SECOND
					: t->tv_sec * NS_OF_SECOND + t->tv_nsec;
}

static struct timespec
timespec_of(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / NS_OF_SECOND,
		.tv_nsec = ns % NS_OF_SECOND,
	};
}

static int64_t
now(const struct hc_timer *t)
{
	struct timespec ts = { 0 };

	(void)hc_host(SYS_clock_gettime, t->clock, &ts);
	return nanoseconds(&ts);
}

/* When its signal is to be sent. */
static int64_t
due(const struct hc_timer *t)
{
	return t->next && t->next < t->not_before ? t->not_before : t->next;
}

/* The host's timer: until then, or (0) not at all. */
static void
set_host(const struct hc_timer *t)
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

/* Behind `at`, and behind the present: how many periods that leaves out. */
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
		set_host(t);
	}
	if (info && number > HC_ITIMERS) {
		info->si_overrun = t->overrun;
		/* What is for the kernel alone. */
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
		set_host(t);
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

/* What is left, as Linux tells it: something, as long as it is to come. */
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
	set_host(t);
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
	if (new &&r == 0)
		set_timer(s, t, new, false);
	hc_signals_unlock(call->guest);
	return r;
}

static struct itimerval
timeval_of(const struct itimerspec *t)
{
	/* What is left is not told as nothing. */
	return (struct itimerval){
		.it_interval = { t->it_interval.tv_sec,
		    t->it_interval.tv_nsec / NS_OF_USECOND },
		.it_value = { t->it_value.tv_sec,
		    (t->it_value.tv_nsec + NS_OF_USECOND - 1) / NS_OF_USECOND },
	};
}

static bool
is_timeval(const struct timeval *t)
{
	return t->tv_sec >= 0 && t->tv_usec >= 0 && t->tv_usec < 1000000;
}

int64_t
hc_do_getitimer(struct hc_call *call)
{
	struct itimerspec old;
	struct itimerval value;

	if ((uint32_t)call->arg[0] >= HC_ITIMERS)
		return -EINVAL;
	(void)set_itimer(call, (uint32_t)call->arg[0], NULL, &old);
	value = timeval_of(&old);
	return gmem_write(
	    call->guest->mem, call->arg[1], &value, sizeof(value));
}

int64_t
hc_do_setitimer(struct hc_call *call)
{
	const struct gmem *mem = call->guest->mem;
	struct itimerval value = { 0 };
	struct itimerspec new, old;
	int64_t r;

	if (call->arg[1] &&
	    gmem_read(mem, &value, call->arg[1], sizeof(value)) < 0)
		return -EFAULT;
	if ((uint32_t)call->arg[0] >= HC_ITIMERS ||
	    !is_timeval(&value.it_value) || !is_timeval(&value.it_interval))
		return -EINVAL;
	new = (struct itimerspec){
		.it_interval = { value.it_interval.tv_sec,
		    value.it_interval.tv_usec * NS_OF_USECOND },
		.it_value = { value.it_value.tv_sec,
		    value.it_value.tv_usec * NS_OF_USECOND },
	};
	r = set_itimer(call, (uint32_t)call->arg[0], &new, &old);
	if (r < 0 || !call->arg[2])
		return r;
	value = timeval_of(&old);
	return gmem_write(mem, call->arg[2], &value, sizeof(value));
}

int64_t
hc_do_alarm(struct hc_call *call)
{
	const struct itimerspec new = {
		.it_value.tv_sec = (uint32_t)call->arg[0],
	};
	struct itimerspec old;
	int64_t r = set_itimer(call, ITIMER_REAL, &new, &old);

	if (r < 0)
		return r;
	/* Rounded, but what is left is not told as nothing. */
	if (old.it_value.tv_nsec >= NS_OF_SECOND / 2 ||
	    (old.it_value.tv_sec == 0 && old.it_value.tv_nsec > 0))
		old.it_value.tv_sec++;
	return old.it_value.tv_sec;
}

/* timer_create and its kin. */

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
	if (!call->arg[1])
		return 0;
	if (gmem_read(call->guest->mem, event, call->arg[1], sizeof(*event)) <
	    0)
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

/* The first that is free; with the lock. */
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
	if (!call->arg[1])
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
	int64_t r = hc_host_clock(call, call->arg[0], &clock);
	int id;

	if (r == 0 &&
	    (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM))
		r = -EPERM;
	if (r == 0)
		r = get_event(call, &event);
	if (r < 0)
		return r;
	hc_signals_lock(call->guest);
	r = make_timer(call, clock, &event);
	id = (int)r;
	if (r >= 0) {
		r = gmem_write(call->guest->mem, call->arg[2], &id, sizeof(id));
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

	if (!call->arg[2])
		return -EINVAL;
	if (gmem_read(mem, &new, call->arg[2], sizeof(new)) < 0)
		return -EFAULT;
	if (!hc_is_timespec(&new.it_interval) || !hc_is_timespec(&new.it_value))
		return -EINVAL;
	hc_signals_lock(call->guest);
	t = find_timer(s, call->arg[0]);
	if (t) {
		old = remaining(t);
		set_timer(s, t, &new, call->arg[1] & TIMER_ABSTIME);
	}
	hc_signals_unlock(call->guest);
	if (!t)
		return -EINVAL;
	return call->arg[3] ? gmem_write(mem, call->arg[3], &old, sizeof(old))
			    : 0;
}

int64_t
hc_do_timer_gettime(struct hc_call *call)
{
	struct itimerspec value;
	struct hc_timer *t;

	hc_signals_lock(call->guest);
	t = find_timer(&call->guest->signals, call->arg[0]);
	if (t)
		value = remaining(t);
	hc_signals_unlock(call->guest);
	if (!t)
		return -EINVAL;
	return gmem_write(
	    call->guest->mem, call->arg[1], &value, sizeof(value));
}

int64_t
hc_do_timer_getoverrun(struct hc_call *call)
{
	struct hc_timer *t;
	int64_t r = -EINVAL;

	hc_signals_lock(call->guest);
	t = find_timer(&call->guest->signals, call->arg[0]);
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
	t = find_timer(s, call->arg[0]);
	if (t)
		delete_timer(s, t);
	hc_signals_unlock(call->guest);
	return t ? 0 : -EINVAL;
}
