/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that attack themselves and their monitor, for t-hostile.sh.  Each
 * ends by itself or is ended, and prints its results.
 *
 * usage: hostile WHAT
 */
#define _GNU_SOURCE
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FUTEX_WAIT      0
#define FUTEX_WAKE      1
#define FUTEX_LOCK_PI   6
#define FUTEX_UNLOCK_PI 7
#define PAGE            4096UL
#define USER_END        0x7ffffffff000UL
#define RW              (PROT_READ | PROT_WRITE)
#define ANON            (MAP_PRIVATE | MAP_ANONYMOUS)
#define PAGE_OF(ptr)    ((char *)((uintptr_t)(ptr) & ~(PAGE - 1)))

static atomic_int gate, through;

static void
handle(int signal, void (*how)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = how;
	action.sa_flags = SA_SIGINFO | flags;
	sigaction(signal, &action, NULL);
}

/* A thread of clone(2), without the C library, with a stack of two pages. */
static int
raw_thread(int (*function)(void *), char *stack, void *arg)
{
	return clone(function, stack,
	    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		CLONE_SYSVSEM,
	    arg);
}

static int
wait_at_gate(void *arg)
{
	(void)arg;
	while (!gate)
		syscall(SYS_futex, &gate, FUTEX_WAIT, 0, NULL, NULL, 0);
	through++;
	return 0;
}

static void
open_gate(int n)
{
	gate = 1;
	while (through < n) {
		syscall(SYS_futex, &gate, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
		sched_yield();
	}
}

/* Ten thousand threads at once, twice: as many as the limit allows, and again
 * after their end. */
static void
threads(void)
{
	enum { WANTED = 10000, STACK = 2 * PAGE };
	char *stacks = mmap(NULL, WANTED * STACK, RW, ANON, -1, 0);
	int round, i, made;

	for (round = 0; round < 2; round++) {
		gate = through = made = 0;
		for (i = 1; i <= WANTED; i++)
			made += raw_thread(
				    wait_at_gate, stacks + i * STACK, NULL) > 0;
		printf("%d threads, then %s\n", made, strerror(errno));
		open_gate(made);
		usleep(200000);
	}
}

static void *
wait_in_vain(void *arg)
{
	wait_at_gate(arg);
	return NULL;
}

/* As many threads as possible wait for one futex, are moved to another, and
 * woken. */
static void
waiters(void)
{
	static atomic_int other;
	static pthread_t thread[1000];
	int n = 0, i;
	long moved = 0;

	while (n < 1000 &&
	       pthread_create(&thread[n], NULL, wait_in_vain, NULL) == 0)
		n++;
	while (moved < n) {
		long r = syscall(SYS_futex, &gate, 3 /* FUTEX_REQUEUE */, 0,
		    (void *)1000L, &other, 0);

		moved += r > 0 ? r : 0;
		sched_yield();
	}
	gate = 1;
	syscall(SYS_futex, &other, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
	for (i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	printf("%ld waiters of %d\n", moved, n);
}

/* The program unmaps its own mappings. */
static void
no_stack(void)
{
	char here;

	munmap(PAGE_OF(&here) - 16 * PAGE, 64 * PAGE);
	munmap(PAGE_OF(&here), PAGE);
	here = 1;
	printf("%d\n", here);
}

/* Without a stack `syscall` alone must still end the program. */
static void
no_stack_exit(void)
{
	char here;
	long at = (long)(PAGE_OF(&here) - 16 * PAGE);

	__asm__ volatile("syscall\n\t"
			 "movl $60, %%eax\n\t"
			 "movl $9, %%edi\n\t"
			 "syscall"
			 :
			 : "a"((long)SYS_munmap), "D"(at), "S"(64 * PAGE)
			 : "rcx", "r11", "memory");
}

static void
no_code(void)
{
	munmap(PAGE_OF(no_code), PAGE);
	munmap(PAGE_OF(no_code) - PAGE, 3 * PAGE);
	puts("still there");
}

static void
no_rights(void)
{
	mprotect(PAGE_OF(no_rights), PAGE, PROT_NONE);
	puts("still there");
}

static void
nothing(void)
{
	munmap(NULL, USER_END);
	puts("still there");
}

/* Map other memory over the range, in pieces so large that many succeed. */
static void
cover(void *from, unsigned long len, int prot)
{
	mmap(from, len, prot, ANON | MAP_FIXED, -1, 0);
}

static void
over_code(void)
{
	cover(PAGE_OF(over_code), PAGE, RW | PROT_EXEC);
	puts("still there");
}

static void
over_stack(void)
{
	char here = 5;

	cover(PAGE_OF(&here) - 16 * PAGE, 20 * PAGE, RW);
	printf("%d\n", here);
	exit(here);
}

static void
over_heap(void)
{
	char *p = malloc(1000), *end = sbrk(0);

	memset(p, 1, 1000);
	cover(PAGE_OF(p), (unsigned long)(end - PAGE_OF(p)), PROT_READ);
	sbrk(1 << 20);
	sbrk(-(1 << 20));
	printf("%d\n", p[5]);
	fflush(stdout);
	free(p);
	p = malloc(100000);
	memset(p, 1, 100000);
}

static void
over_all(void)
{
	unsigned long at;

	for (at = 0; at < 1UL << 47; at += 1UL << 36)
		mmap((void *)at, 1UL << 36, PROT_NONE,
		    ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
	for (at = 0; at < 1UL << 32; at += 1UL << 20)
		cover((void *)at, 1UL << 20, RW);
	puts("still there");
}

/* The guest cannot map the shim's own pages. */
static void
over_top(void)
{
	static const unsigned long at[] = { 0x7fffffffe000, 0x7ffffffff000,
		0x800000000000, 0xffff800000000000, 0xffffffff80000000,
		0xffffffffff600000, 0xfffffffffffff000 };
	unsigned i, taken = 0;

	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		taken += mmap((void *)at[i], PAGE, RW, ANON | MAP_FIXED, -1,
			     0) != MAP_FAILED;
		munmap((void *)at[i], PAGE);
		mprotect((void *)at[i], PAGE, RW);
		mremap((void *)at[i], PAGE, 2 * PAGE, MREMAP_MAYMOVE);
		madvise((void *)at[i], PAGE, MADV_DONTNEED);
	}
	printf("%u\n", taken);
}

/* C libraries end on their own errors, one of them by HLT. */
static void
double_free(void)
{
	char *volatile p = malloc(100);
	char *volatile q = p;

	free(p);
	free(q);
	free(q);
}

/* Nested signal handlers, on the stack and on an alternate one. */
static void
again(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	raise(signal);
}

static void
signals(void)
{
	handle(SIGUSR1, again, SA_NODEFER);
	raise(SIGUSR1);
}

static void
signals_altstack(void)
{
	/* A handler that leaves the stack would begin at its top again. */
	static _Alignas(4096) char guard[4096 + 16384];
	stack_t own = { .ss_sp = guard + 4096, .ss_size = 16384 };

	mprotect(guard, 4096, PROT_NONE);
	sigaltstack(&own, NULL);
	handle(SIGUSR1, again, SA_NODEFER | SA_ONSTACK);
	raise(SIGUSR1);
}

static void
fault_again(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	*(volatile char *)8 = 1;
}

static void
fault_handler(void)
{
	handle(SIGSEGV, fault_again, SA_NODEFER);
	*(volatile char *)8 = 1;
}

/* A handler never repairs its fault: the fault repeats until --timeout ends the
 * program. */
static void
ignore_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
}

static void
fault_ever(void)
{
	handle(SIGSEGV, ignore_fault, 0);
	puts("ready");
	fflush(stdout);
	*(volatile char *)8 = 1;
}

/* A handler raises its own signal and returns: this never ends either. */
static void
raise_more(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	raise(signal);
}

static void
signal_ever(void)
{
	handle(SIGUSR1, raise_more, 0);
	puts("ready");
	fflush(stdout);
	raise(SIGUSR1);
}

/* Two threads only send each other signals, while timers of all kinds tick at
 * their fastest. */
static void
count_signal(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	through++;
}

static void *
send_ever(void *arg)
{
	for (;;)
		pthread_kill(*(pthread_t *)arg, SIGUSR2);
	return NULL;
}

static void
signal_war(void)
{
	const struct itimerspec often = { { 0, 1 }, { 0, 1 } };
	static pthread_t self, other;
	struct sigevent event;
	timer_t timer;
	int n = 0;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGRTMIN;
	handle(SIGUSR2, count_signal, 0);
	handle(SIGRTMIN, count_signal, 0);
	puts("ready");
	fflush(stdout);
	while (n < 100 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
	       timer_settime(timer, 0, &often, NULL) == 0)
		n++;
	self = pthread_self();
	pthread_create(&other, NULL, send_ever, &self);
	send_ever(&other);
}

/* As many timers as possible, none of them ticking. */
static void
timers(void)
{
	struct sigevent event;
	timer_t timer;
	int n;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_NONE;
	for (n = 0; n < 1000000; n++)
		if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
			break;
	printf("%s\n", strerror(errno));
}

/* As many pending signals as possible, all unblocked at once. */
static void
signal_flood(void)
{
	union sigval value = { 0 };
	sigset_t set;
	int n = 0;

	handle(SIGRTMIN + 1, count_signal, 0);
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (n < 10000000 && sigqueue(getpid(), SIGRTMIN + 1, value) == 0)
		n++;
	printf("%s\n", strerror(errno));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	printf("%s\n", n == through ? "all came" : "some were lost");
}

/* rt_sigreturn from a frame that no handler received: zeros, junk, ones. */
static void
return_to(unsigned char fill)
{
	static unsigned char frame[8192] __attribute__((aligned(64)));

	memset(frame, fill, sizeof(frame));
	__asm__ volatile("movq %0, %%rsp\n\t"
			 "movl $15, %%eax\n\t"
			 "syscall\n\t"
			 "ud2"
			 :
			 : "r"(frame + 1024)
			 : "rax", "memory");
}

static void
return_zeros(void)
{
	return_to(0);
}

static void
return_ones(void)
{
	return_to(0xff);
}

static void
return_junk(void)
{
	return_to(0x5a);
}

static void
return_nowhere(void)
{
	__asm__ volatile("movq $-4096, %%rsp\n\t"
			 "movl $15, %%eax\n\t"
			 "syscall\n\t"
			 "ud2" ::
			     : "rax", "memory");
}

/* A handler changes its own frame a little each time: any result is the guest's
 * concern. */
static volatile unsigned seed;

static void
spoil(int signal, siginfo_t *info, void *context)
{
	unsigned char *frame = context;
	int i;

	(void)signal;
	(void)info;
	for (i = 0; i < 2; i++) {
		seed = seed * 1103515245 + 12345;
		/* Flags, stack, registers, mask, and the pointer to the fields
		 * after them, but not those fields. */
		frame[(seed >> 12) % 304] = (unsigned char)(seed >> 24);
	}
}

static void
return_spoiled(const char *number)
{
	seed = (unsigned)atoi(number) * 2654435761U;
	handle(SIGUSR1, spoil, 0);
	for (;;)
		raise(SIGUSR1);
}

/* Use up everything that has a limit. */
static void
descriptors(void)
{
	int round, n = 0, more = 0, fds[2];

	for (round = 0; round < 2; round++) {
		for (n = 0; dup(1) >= 0; n++)
			continue;
		printf("%s, ", strerror(errno));
		more += pipe(fds) == 0;
		more += eventfd(0, 0) >= 0;
		more += open("/dev/null", O_RDONLY) >= 0;
		more += memfd_create("x", 0) >= 0;
		printf("%d more\n", more);
		fflush(stdout);
		for (n = 3; n < 2000; n++)
			close(n);
	}
	for (n = 0; n < 100000; n++)
		if (pipe(fds) < 0)
			break;
	printf("%s\n", strerror(errno));
}

static void
memory(void)
{
	char *volatile last;
	unsigned long n = 0;
	char *p;

	while ((p = last = malloc(1 << 20))) {
		p[0] = 1;
		n++;
	}
	printf("%s\n", n > 10 ? "much" : "little");
	/* The result is checked, or a compiler may leave the call out. */
	do
		last = malloc(16);
	while (last);
	while (sbrk(4096) != (void *)-1)
		continue;
	printf("%s\n", strerror(errno));
}

/* As many mappings as possible, each with other rights than the next. */
static void
mappings(void)
{
	char *p = mmap(NULL, 1UL << 27, PROT_READ, ANON, -1, 0);
	unsigned long at;
	int refused = 0;

	for (at = 0; at < 1UL << 27; at += 2 * PAGE)
		refused += mprotect(p + at, PAGE, RW) < 0;
	printf("%s\n", munmap(p, 1UL << 27) == 0 ? "given back" : "kept");
	(void)refused;
}

/* Threads with nonsense in every argument. */
static int
leave_junk(void *arg)
{
	static const long junk[] = { 1, 8, 0x7fffffffe000, -4096, 1L << 47,
		-1 };
	long value = junk[(uintptr_t)arg % 6];

	/* The thread has no library: no TLS, no stack protector. */
	syscall(SYS_set_robust_list, value, 24);
	syscall(SYS_set_tid_address, value);
	syscall(SYS_rseq, value, 32, 0, 0);
	syscall(SYS_arch_prctl, 0x1002, value);
	syscall(SYS_arch_prctl, 0x1001, value);
	through++;
	return 0;
}

static void
thread_junk(void)
{
	static const long junk[] = { 0, 8, 0x7fffffffe000, -4096, 1L << 47,
		-1 };
	static char stacks[36][2 * PAGE] __attribute__((aligned(4096)));
	const long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			   CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID |
			   CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
	void *circle[3] = { circle, NULL, circle };
	uintptr_t i;
	long made = 0;

	for (i = 0; i < 36; i++)
		made += raw_thread(
			    leave_junk, stacks[i] + 2 * PAGE, (void *)i) > 0;
	while (through < made)
		sched_yield();
	for (i = 1; i < 6; i++)
		made += syscall(SYS_clone, flags & ~CLONE_THREAD, junk[i],
			    junk[i], junk[i], junk[i]) > 0;
	for (i = 0; i < 6; i++) {
		made += syscall(SYS_clone3, junk[i], 88) > 0;
		made += syscall(SYS_clone3, stacks, junk[i]) > 0;
	}
	syscall(SYS_set_robust_list, circle, 24);
	printf("%ld\n", made);
}

/* A thread that cannot run: its stack is nowhere. */
static void
thread_nowhere(void)
{
	usleep(1000);
	syscall(SYS_clone,
	    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
	    -8L, 0, 0, 0);
	for (;;)
		pause();
}

/* Instructions that no program may execute, each with the signal it raises. */
static sigjmp_buf back;

#define ROW(name, code)                      \
	{                                    \
		name, sizeof(code) - 1, code \
	}

static void
jump_back(int signal, siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	siglongjmp(back, signal);
}

static const struct {
	const char *name;
	size_t len;
	const char *code;
} instruction[] = {
	ROW("hlt", "\xf4"),
	ROW("cli", "\xfa"),
	ROW("in", "\xe4\x60"),
	ROW("out", "\xe6\x80"),
	ROW("outsb", "\x6e"),
	ROW("rdmsr", "\x0f\x32"),
	ROW("wrmsr", "\x0f\x30"),
	ROW("xsetbv", "\x0f\x01\xd1"),
	ROW("lgdt", "\x0f\x01\x14\x24"),
	ROW("lidt", "\x0f\x01\x1c\x24"),
	ROW("lldt", "\x0f\x00\xd0"),
	ROW("ltr", "\x0f\x00\xd8"),
	ROW("mov to cr0", "\x0f\x22\xc0"),
	ROW("mov from cr3", "\x0f\x20\xd8"),
	ROW("mov to cr4", "\x0f\x22\xe0"),
	ROW("mov to dr7", "\x0f\x23\xf8"),
	ROW("clts", "\x0f\x06"),
	ROW("invd", "\x0f\x08"),
	ROW("wbinvd", "\x0f\x09"),
	ROW("invlpg", "\x0f\x01\x3c\x24"),
	ROW("swapgs", "\x0f\x01\xf8"),
	ROW("sysret", "\x48\x0f\x07"),
	ROW("sysexit", "\x0f\x35"),
	ROW("rsm", "\x0f\xaa"),
	ROW("ud2", "\x0f\x0b"),
	ROW("int3", "\xcc"),
	ROW("int1", "\xf1"),
	ROW("int 13", "\xcd\x0d"),
	ROW("int 14", "\xcd\x0e"),
	ROW("int 2", "\xcd\x02"),
	ROW("int 32", "\xcd\x20"),
	ROW("int 255", "\xcd\xff"),
	ROW("mov to ds", "\xb8\xff\xff\x00\x00\x8e\xd8"),
	ROW("mov to ss", "\x31\xc0\x8e\xd0"),
	ROW("pop fs", "\x6a\x10\x0f\xa1"),
	ROW("far return", "\x6a\x08\x6a\x00\x48\xcb"),
	ROW("too long", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
			"\x66\x66\x66\x66\x66\x90"),
	ROW("push es", "\x06"),
	ROW("divide", "\x31\xc9\xf7\xf1"),
	ROW("far address", "\x48\xb8\x00\x00\x00\x00\x00\x00\x00\x80"
			   "\x8b\x00"),
	ROW("far stack", "\x48\xbc\x00\x00\x00\x00\x00\x00\x00\x80"
			 "\x50"),
	ROW("shim's", "\x48\xc7\xc0\x00\x00\x00\x80\x8a\x00"),
	ROW("jump there", "\x48\xc7\xc0\x00\x00\x00\x80\xff\xe0"),
};

static void
instructions(void)
{
	static const int signals[] = { SIGSEGV, SIGILL, SIGBUS, SIGTRAP,
		SIGFPE };
	static char stack[65536];
	stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	char *code = mmap(NULL, PAGE, RW, ANON, -1, 0);
	volatile size_t i;
	int r;

	sigaltstack(&own, NULL);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		handle(signals[i], jump_back, SA_ONSTACK);
	for (i = 0; i < sizeof(instruction) / sizeof(instruction[0]); i++) {
		mprotect(code, PAGE, RW);
		memset(code, 0xcc, 64);
		memcpy(code, instruction[i].code, instruction[i].len);
		mprotect(code, PAGE, PROT_READ | PROT_EXEC);
		r = sigsetjmp(back, 1);
		if (r == 0)
			((void (*)(void))(uintptr_t)code)();
		printf("%s: %s\n", instruction[i].name, strsignal(r));
	}
}

/* Threads unmap others' stacks, close descriptors they wait on, and end all. */
static void *
sleep_long(void *arg)
{
	char c;

	if (arg)
		(void)!read(*(int *)arg, &c, 1);
	for (;;)
		pause();
	return NULL;
}

static void
exit_under_all(void)
{
	static int fds[2];
	pthread_t t;
	int i;

	(void)!pipe(fds);
	for (i = 0; i < 50; i++)
		pthread_create(&t, NULL, sleep_long, i % 2 ? fds : NULL);
	close(fds[0]);
	close(fds[1]);
	_exit(6);
}

/* Threads without end: each starts two and ends. */
static int
breed(void *arg)
{
	char *stack;
	int i;

	(void)arg;
	for (i = 0; i < 2; i++) {
		stack = mmap(NULL, 2 * PAGE, RW, ANON, -1, 0);
		if (stack != MAP_FAILED &&
		    raw_thread(breed, stack + 2 * PAGE, NULL) < 0)
			munmap(stack, 2 * PAGE);
	}
	through++;
	return 0;
}

static void
bomb(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		breed(NULL);
}

/* Calls write to memory that is meanwhile unmapped, across the whole address
 * space. */
enum { LATE_ROUNDS = 12 };
#define LATE_SIZE (24UL << 20)

static int late_file;

static void *
read_late(void *at)
{
	return (void *)pread(late_file, at, LATE_SIZE, 0);
}

static void
late(void)
{
	char *file, *all, *at;
	pthread_t thread;
	int i;

	late_file = memfd_create("late", 0);
	if (ftruncate(late_file, LATE_SIZE) < 0)
		exit(2);
	file = mmap(NULL, LATE_SIZE, RW, MAP_SHARED, late_file, 0);
	memset(file, 1, LATE_SIZE);
	munmap(file, LATE_SIZE);
	all = mmap(NULL, LATE_ROUNDS * LATE_SIZE, PROT_NONE, ANON, -1, 0);
	for (i = 0; i < LATE_ROUNDS; i++) {
		at = all + i * LATE_SIZE;
		if (mprotect(at, LATE_SIZE, RW) < 0)
			exit(3);
		if (pthread_create(&thread, NULL, read_late, at))
			exit(4);
		usleep(500);
		munmap(at, LATE_SIZE);
		pthread_join(thread, NULL);
	}
	puts("read");
}

/* A signal interrupts a thread woken for a lock, and its handler jumps out: the
 * next waiter gets the lock. */
static int handed;
static atomic_int first_tid, second_tid;

static long
lock_call(int op)
{
	return syscall(SYS_futex, &handed, op, 0, NULL, NULL, 0);
}

static void
leave_thread(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	syscall(SYS_exit, 0);
}

static void *
take_and_give(void *tid)
{
	*(atomic_int *)tid = (int)syscall(SYS_gettid);
	lock_call(FUTEX_LOCK_PI);
	lock_call(FUTEX_UNLOCK_PI);
	return NULL;
}

static void
begin_taking(pthread_t *thread, atomic_int *tid)
{
	*tid = 0;
	pthread_create(thread, NULL, take_and_give, tid);
	while (!*tid)
		sched_yield();
	usleep(1500);
}

static void
handover(void)
{
	pthread_t first, second;
	int i;

	handle(SIGUSR1, leave_thread, 0);
	for (i = 0; i < 100; i++) {
		handed = 0;
		lock_call(FUTEX_LOCK_PI);
		begin_taking(&first, &first_tid);
		begin_taking(&second, &second_tid);
		lock_call(FUTEX_UNLOCK_PI);
		syscall(SYS_tgkill, getpid(), (int)first_tid, SIGUSR1);
		pthread_join(second, NULL);
		pthread_join(first, NULL);
	}
	puts("handed on");
}

/* One page of each of many large pages, which the host keeps whole. */
static void
remnants(void)
{
	const unsigned long large = 2UL << 20;
	int kept = 0;

	for (; kept < 400; kept++) {
		char *p = mmap(NULL, large, RW, ANON, -1, 0);

		if (p == MAP_FAILED)
			break;
		p[0] = p[PAGE] = 1;
		if (munmap(p + PAGE, large - PAGE) < 0)
			break;
	}
	printf("%d kept\n", kept);
}

/* One thread stores all the time while another revokes and restores the right
 * to write: no store may arrive after the right is gone. */
static volatile unsigned *counter;
static atomic_int withdrawn, ended;

static void
wait_for_right(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
	while (withdrawn && !ended)
		;
}

static void *
store_ever(void *arg)
{
	while (!ended)
		++*counter;
	return arg;
}

static void
rights(void)
{
	char *page = mmap(NULL, PAGE, RW, ANON, -1, 0);
	unsigned late = 0, round, seen, i;
	pthread_t thread;

	counter = (volatile unsigned *)page;
	handle(SIGSEGV, wait_for_right, 0);
	pthread_create(&thread, NULL, store_ever, NULL);
	for (round = 0; round < 1000; round++) {
		withdrawn = 1;
		mprotect(page, PAGE, PROT_READ);
		seen = *counter;
		for (i = 0; i < 20000; i++)
			late += *counter != seen && i > 0;
		mprotect(page, PAGE, RW);
		withdrawn = 0;
		for (i = 0; i < 100000 && *counter == seen; i++)
			;
	}
	ended = 1;
	pthread_join(thread, NULL);
	printf("%u stores without a right\n", late);
}

/* One thread replaces a mapping, or lets it grow in place, while another uses
 * it: the page is there at every moment. */
static int
replace_anonymous(char *page)
{
	return mmap(page, PAGE, RW, ANON | MAP_FIXED, -1, 0) == page;
}

static int
grow_file(char *page)
{
	return mremap(page, PAGE, 2 * PAGE, 0) == page &&
	       mremap(page, 2 * PAGE, PAGE, 0) == page;
}

static void
use_and(int (*change)(char *), char *page, const char *what)
{
	pthread_t thread;
	int i, done = 0;

	counter = (volatile unsigned *)page;
	ended = 0;
	pthread_create(&thread, NULL, store_ever, NULL);
	for (i = 0; i < 1000; i++)
		done += change(page);
	ended = 1;
	pthread_join(thread, NULL);
	printf("%s: %d\n", what, done);
}

static void
replaced(void)
{
	char *page = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);
	int file = memfd_create("grows", 0);

	munmap(page + PAGE, 3 * PAGE);
	if (ftruncate(file, 2 * PAGE) < 0)
		exit(2);
	use_and(replace_anonymous, page, "replaced");
	mmap(page, PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
	use_and(grow_file, page, "grown");
}

int
main(int argc, char **argv)
{
	static const struct part parts[] = {
		{ "threads", threads },
		{ "waiters", waiters },
		{ "no-stack", no_stack },
		{ "no-stack-exit", no_stack_exit },
		{ "no-code", no_code },
		{ "no-rights", no_rights },
		{ "nothing", nothing },
		{ "over-code", over_code },
		{ "over-stack", over_stack },
		{ "over-heap", over_heap },
		{ "over-all", over_all },
		{ "over-top", over_top },
		{ "signals", signals },
		{ "signals-altstack", signals_altstack },
		{ "fault-handler", fault_handler },
		{ "fault-ever", fault_ever },
		{ "signal-ever", signal_ever },
		{ "signal-war", signal_war },
		{ "timers", timers },
		{ "signal-flood", signal_flood },
		{ "return-zeros", return_zeros },
		{ "return-ones", return_ones },
		{ "return-junk", return_junk },
		{ "return-nowhere", return_nowhere },
		{ "descriptors", descriptors },
		{ "memory", memory },
		{ "mappings", mappings },
		{ "double-free", double_free },
		{ "thread-junk", thread_junk },
		{ "thread-nowhere", thread_nowhere },
		{ "instructions", instructions },
		{ "exit-under-all", exit_under_all },
		{ "bomb", bomb },
		{ "late", late },
		{ "handover", handover },
		{ "remnants", remnants },
		{ "rights", rights },
		{ "replaced", replaced },
	};

	if (argc == 3 && strcmp(argv[1], "return-spoiled") == 0)
		return_spoiled(argv[2]);
	return RUN_PART(parts, argc, argv, 0);
}
