/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work to be looked at from outside: `busy [ROUNDS]`.  The thread "cook"
 * computes in functions that call each other, "shop" waits for the cook and
 * fetches random bytes, and the first thread waits for both and then takes a
 * signal.
 */
#include <hcall.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <thread.h>

#define ROUNDS   40    /* by default */
#define CHOPS    60000 /* of a round */
#define STIRS    20000
#define BASKET   131072/* random bytes of a round */
#define SET_NAME 15    /* PR_SET_NAME */

static volatile unsigned pot;
static int done; /* rounds that are cooked */
static int rounds = ROUNDS;
static volatile int rung;

static void
set_name(const char *name)
{
	(void)hc_prctl(SET_NAME, (long)name, 0, 0, 0);
}

/* The shift keeps a compiler from making one multiplication of sixteen. */
__attribute__((noinline)) static unsigned
cut(unsigned x)
{
	unsigned i;

	for (i = 0; i < 16; i++)
		x = (x ^ x >> 7) * 1664525 + 1013904223;
	return x;
}

__attribute__((noinline)) static void
chop(void)
{
	unsigned i;

	for (i = 0; i < CHOPS; i++)
		pot += cut(i);
}

__attribute__((noinline)) static void
stir(void)
{
	unsigned i;

	for (i = 0; i < STIRS; i++)
		pot ^= cut(pot);
}

static void
cook(void *arg)
{
	int i;

	(void)arg;
	set_name("cook");
	for (i = 1; i <= rounds; i++) {
		chop();
		stir();
		__atomic_store_n(&done, i, __ATOMIC_RELEASE);
		futex_wake(&done, 1);
	}
}

static void
shop(void *arg)
{
	static char basket[BASKET];
	int i, now;

	(void)arg;
	set_name("shop");
	for (i = 1; i <= rounds; i++) {
		while ((now = __atomic_load_n(&done, __ATOMIC_ACQUIRE)) < i)
			futex_wait(&done, now, -1);
		(void)getrandom(basket, sizeof(basket), 0);
	}
}

static void
ring(int signal)
{
	rung = signal;
}

int
main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = ring };
	static struct thread cooks, shops;

	if (argc > 1)
		rounds = (int)strtol(argv[1], NULL, 10);
	sigaction(SIGUSR1, &action, NULL);
	if (thread_start(&cooks, cook, NULL) < 0 ||
	    thread_start(&shops, shop, NULL) < 0)
		return 1;
	thread_join(&cooks);
	thread_join(&shops);
	raise(SIGUSR1);
	return rung == SIGUSR1 ? 0 : 1;
}
