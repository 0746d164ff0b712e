/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the turn of threads: one has it at a time, they get it in the order in
 * which they asked, and nobody waits for it when the guest is over.
 */
#include "hypercall/record/turn.h"
#include "tap.h"

#include <signal.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS  200

static struct hc_turn turn;
static struct hc_thread thread[THREADS];
static volatile bool over;

/* The threads change these while they have the turn. */
static volatile int inside, wrong, order[THREADS], n;

static bool
is_over(const struct hc_thread *t)
{
	(void)t;
	return over;
}

static _Atomic(struct hc_thread *) kicked;

static void
kick(struct hc_thread *t)
{
	kicked = t;
}

/* The debugger's question, without a debugger. */
static bool
rest(struct hc_thread *t)
{
	(void)t;
	return false;
}

static const struct hc_thread_ops ops = {
	.is_over = is_over,
	.kick = kick,
	.rest = rest,
};

static void
start(void)
{
	int i;

	turn = (struct hc_turn){ 0 };
	over = false;
	for (i = 0; i < THREADS; i++)
		thread[i] = (struct hc_thread){ .ops = &ops };
	hc_turn_init(&turn, &thread[0]);
}

static void *
take_often(void *arg)
{
	struct hc_thread *t = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		wrong += hc_turn_take(&turn, t) != HC_TURN_TAKEN;
		wrong += inside++ != 0 || !hc_turn_has(t);
		n++;
		wrong += --inside != 0;
		hc_turn_leave(&turn, t);
		wrong += hc_turn_has(t);
	}
	return NULL;
}

static void
run(void *(*what)(void *), pthread_t host[THREADS])
{
	int i;

	for (i = 0; i < THREADS; i++)
		pthread_create(&host[i], NULL, what, &thread[i]);
}

static void
join(const pthread_t host[THREADS])
{
	int i;

	for (i = 0; i < THREADS; i++)
		pthread_join(host[i], NULL);
}

static void
test_one(void)
{
	pthread_t host[THREADS];

	start();
	n = 0;
	run(take_often, host);
	join(host);
	is_int(wrong, 0, "one thread has the turn at a time");
	is_int(n, THREADS * ROUNDS, "all get it");
	ok(!hc_turn_is_wanted(&turn), "in the end nobody waits");
}

static void *
take_once(void *arg)
{
	struct hc_thread *t = arg;

	if (hc_turn_take(&turn, t) != HC_TURN_TAKEN)
		return NULL;
	order[n++] = (int)(t - thread);
	hc_turn_leave(&turn, t);
	return NULL;
}

static void
wait_until_wanted_by(const struct hc_thread *t)
{
	bool last = false;

	while (!last) {
		usleep(1000);
		pthread_mutex_lock(&turn.lock);
		last = turn.last == t;
		pthread_mutex_unlock(&turn.lock);
	}
}

static void
test_order(void)
{
	static const int asked[] = { 2, 1, 3 };
	pthread_t host[THREADS];
	int i;

	start();
	n = 0;
	for (i = 0; i < THREADS - 1; i++) {
		pthread_create(&host[i], NULL, take_once, &thread[asked[i]]);
		wait_until_wanted_by(&thread[asked[i]]);
	}
	ok(hc_turn_is_wanted(&turn), "they wait for the one that has it");
	while (!kicked)
		usleep(1000);
	ok(kicked == &thread[0] && thread[0].to_preempt,
	    "which is to be preempted, if it has no event");
	hc_turn_leave(&turn, &thread[0]);
	for (i = 0; i < THREADS - 1; i++)
		pthread_join(host[i], NULL);
	ok(n == 3 && order[0] == 2 && order[1] == 1 && order[2] == 3,
	    "and get it in the order in which they asked");
}

static void
on_signal(int signal)
{
	(void)signal;
}

/* The waits of one that is kicked all the time are shorter than a slice. */
static void
test_kicked(void)
{
	const struct sigaction action = { .sa_handler = on_signal };
	pthread_t host;
	unsigned ms;

	start();
	kicked = NULL;
	if (sigaction(SIGUSR1, &action, NULL) < 0)
		bail("a handler");
	pthread_create(&host, NULL, take_once, &thread[1]);
	wait_until_wanted_by(&thread[1]);
	for (ms = 0; !kicked && ms < 30000; ms += HC_TURN_MS / 5) {
		pthread_kill(host, SIGUSR1);
		usleep(HC_TURN_MS / 5 * 1000);
	}
	ok(kicked == &thread[0], "kicks do not keep a thread from its turn");
	hc_turn_leave(&turn, &thread[0]);
	pthread_join(host, NULL);
}

static void *
await_once(void *arg)
{
	return (void *)(intptr_t)hc_turn_await(&turn, arg);
}

static void
test_given(void)
{
	pthread_t host;
	void *taken;

	start();
	pthread_create(&host, NULL, await_once, &thread[3]);
	hc_turn_give(&turn, &thread[0], &thread[3]);
	pthread_join(host, &taken);
	ok((intptr_t)taken == HC_TURN_TAKEN && hc_turn_has(&thread[3]) &&
		!hc_turn_has(&thread[0]),
	    "it is given to a certain thread");
	pthread_create(&host, NULL, await_once, &thread[1]);
	over = true;
	pthread_join(host, &taken);
	is_int((intptr_t)taken, HC_TURN_OVER,
	    "nobody waits when the guest is over");
}

static void *
take_late(void *arg)
{
	return (void *)(intptr_t)hc_turn_take(&turn, arg);
}

static void
test_stalled(void)
{
	pthread_t host;
	void *taken;

	start();
	pthread_create(&host, NULL, take_late, &thread[1]);
	pthread_join(host, &taken);
	is_int((intptr_t)taken, HC_TURN_STALLED,
	    "nobody waits long for a thread without events");
}

int
main(void)
{
	test_one();
	test_order();
	test_kicked();
	test_given();
	test_stalled();
	return done_testing();
}
