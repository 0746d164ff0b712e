/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that compute without a call while others wait, or a signal does, as
 * its argument says.  Each number that it prints depends on where they were
 * interrupted.
 */
#include <hcall.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thread.h>

#define ROUNDS 4

static volatile int turn, stop, by_door;
static volatile unsigned long rounds[2];

static void
call_by_syscall(void)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(HC_getpid)
			 : "rcx", "r11", "memory");
}

/* Two threads spin for each other, maybe right after a call. */
static void
play(int me)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (by_door)
			call_by_syscall();
		while (turn != me)
			rounds[me]++;
		turn = !me;
	}
}

static void
play_second(void *arg)
{
	(void)arg;
	play(1);
}

static void
spin(void)
{
	static struct thread t;

	thread_start(&t, play_second, NULL);
	play(0);
	thread_join(&t);
	printf("%lu %lu\n", rounds[0], rounds[1]);
}

static void
spin_by_door(void)
{
	by_door = 1;
	spin();
}

/* One thread writes two words under a sequence lock; the other reads them, and
 * counts how often it has to try again. */
static volatile unsigned long sequence, word[2];

static void
write_words(void *arg)
{
	unsigned long i;

	(void)arg;
	for (i = 0; !stop; i++) {
		sequence++;
		word[0] = i;
		word[1] = i * 3;
		sequence++;
	}
}

static void
seqlock(void)
{
	static struct thread t;
	unsigned long seen, a, b, last = 0, reads = 0, again = 0, sum = 0;
	unsigned changes = 0;

	thread_start(&t, write_words, NULL);
	while (changes < 3) {
		seen = sequence;
		changes += seen != last;
		last = seen;
		a = word[0];
		b = word[1];
		if ((seen & 1) || seen != sequence) {
			again++;
			continue;
		}
		reads++;
		sum += a ^ b ^ reads;
	}
	stop = 1;
	thread_join(&t);
	printf("%lu reads, %lu again, sum %lu, at %lu\n", reads, again, sum,
	    sequence);
}

/* Repeated instructions fill and copy memory until the other has run. */
static char from[65536], to[65536];

static void
set_stop(void *arg)
{
	(void)arg;
	stop = 1;
}

static void
fill(char *at, int byte, size_t len)
{
	__asm__ volatile("rep stosb"
			 : "+D"(at), "+c"(len)
			 : "a"(byte)
			 : "memory");
}

static void
copy(char *dst, const char *src, size_t len)
{
	__asm__ volatile("rep movsb"
			 : "+D"(dst), "+S"(src), "+c"(len)
			 :
			 : "memory");
}

static void
repeat(void)
{
	static struct thread t;
	unsigned long n = 0, sum = 0, i;

	thread_start(&t, set_stop, NULL);
	for (; !stop; n++) {
		fill(from, (int)n, sizeof(from));
		copy(to, from, sizeof(to) - n % 100);
	}
	thread_join(&t);
	for (i = 0; i < sizeof(to); i++)
		sum += (unsigned char)to[i] * i;
	printf("%lu rounds, sum %lu\n", n, sum);
}

/* The handler of a timer's signal ends a loop that counts in a register, and
 * others in memory and in a vector. */
static void
on_alarm(int signal)
{
	(void)signal;
	stop++;
}

static void
alarmed(void)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	/* Interval and first expiration, in seconds and microseconds. */
	const long soon[] = { 0, 20000, 0, 20000 };
	unsigned long n = 0, most = 0;
	double x = 1;

	sigaction(SIGALRM, &action, NULL);
	hc_setitimer(0, (long)soon, 0);
	while (stop < 1)
		n++;
	while (stop < 2)
		rounds[0]++;
	while (stop < 3) {
		x = x * 1.0000001 + 0.5;
		most += x > 1e6;
	}
	stop = 0;
	printf("%lu %lu %lu %lu\n", n, rounds[0], most, (unsigned long)x);
}

/* Two threads spin for each other and count in the four lanes of a YMM register
 * alone, which must survive preemptions and calls: a thread's lanes stay as far
 * apart as they were. */
static double lanes[2][4] = { { 0, 1, 2, 3 }, { 400, 500, 600, 700 } };

static void
play_in_vector(int me)
{
	static const double one[4] = { 1, 1, 1, 1 };
	long result;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		__asm__ volatile(
		    "vmovupd %[lanes], %%ymm7\n\t"
		    "vmovupd %[one], %%ymm8\n"
		    "1:\tvaddpd %%ymm8, %%ymm7, %%ymm7\n\t"
		    "cmpl %[me], %[turn]\n\t"
		    "jne 1b\n\t"
		    "syscall\n\t"
		    "vmovupd %%ymm7, %[lanes]\n\t"
		    "vzeroupper"
		    : "=a"(result), [lanes] "+m"(lanes[me])
		    : "a"(HC_getpid), [one] "m"(one), [turn] "m"(turn),
		    [me] "r"(me)
		    : "rcx", "r11", "cc", "memory", "xmm7", "xmm8");
		turn = !me;
	}
}

static void
play_second_in_vector(void *arg)
{
	(void)arg;
	play_in_vector(1);
}

static void
count_in_vectors(void)
{
	static struct thread t;
	unsigned i;

	thread_start(&t, play_second_in_vector, NULL);
	play_in_vector(0);
	thread_join(&t);
	for (i = 0; i < 2; i++)
		printf("%ld +%ld +%ld +%ld\n", (long)lanes[i][0],
		    (long)(lanes[i][1] - lanes[i][0]),
		    (long)(lanes[i][2] - lanes[i][0]),
		    (long)(lanes[i][3] - lanes[i][0]));
}

/* Does the processor have AVX, and XCR0 enable it? */
static int
has_avx(void)
{
	const unsigned needed = 3U << 27; /* OSXSAVE and AVX */
	unsigned a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if ((c & needed) != needed)
		return 0;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (a & 6) == 6;
}

static void
vectors(void)
{
	if (has_avx())
		count_in_vectors();
	else
		puts("no AVX");
}

static const struct {
	const char *name;
	void (*run)(void);
} subjects[] = {
	{ "spin", spin },
	{ "door", spin_by_door },
	{ "seqlock", seqlock },
	{ "repeat", repeat },
	{ "alarm", alarmed },
	{ "vectors", vectors },
};

int
main(int argc, char **argv)
{
	unsigned i;

	for (i = 0; argc > 1 && i < sizeof(subjects) / sizeof(*subjects); i++)
		if (strcmp(argv[1], subjects[i].name) == 0) {
			subjects[i].run();
			return 0;
		}
	return 2;
}
