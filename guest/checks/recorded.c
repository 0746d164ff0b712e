/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording could lose this: `recorded WHAT [FILE]`.
 *
 *	cut		the guest ends while one thread sleeps, and another
 *			waits in a call that has just got its bytes
 *	mxcsr, x87	a loop is as it was before but for MXCSR, or the x87's
 *			control word, when a signal comes; its handler prints
 *			both
 *	twin		one address for two answers of a call
 *	file FILE	a mapped file's pages are dropped, and read again
 *	changed FILE	the same after a change of theirs
 *	longer FILE	a mapping of a part of FILE is lengthened
 *	free		pages are freed, and then read
 */
#include <fcntl.h>
#include <hcall.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

static int line[2];
static char got[PAGE];
static struct timespec left = { 100, 0 };

static void
wait_for_bytes(void *arg)
{
	(void)arg;
	(void)read(line[0], got, sizeof(got));
}

static void
sleep_long(void *arg)
{
	(void)arg;
	nanosleep(&left, &left);
}

/* The bytes come while this thread computes: nobody sees them. */
static void
cut(const char *file)
{
	static struct thread reader, sleeper;
	const struct timespec a_while = { 0, 20000000 };
	static volatile unsigned rounds;

	(void)file;
	if (pipe(line) < 0 || thread_start(&reader, wait_for_bytes, NULL) < 0 ||
	    thread_start(&sleeper, sleep_long, NULL) < 0)
		return;
	nanosleep(&a_while, NULL);
	write(line[1], "bytes", 5);
	for (rounds = 0; rounds < 20000000; rounds++)
		;
	hc_exit_group(3);
}

static void
print_control(int signal, siginfo_t *info, void *context)
{
	const unsigned char *area = ((ucontext_t *)context)->uc_fpregs;
	unsigned short word;
	unsigned mxcsr;

	(void)signal;
	(void)info;
	memcpy(&word, area, sizeof(word));
	memcpy(&mxcsr, area + 24, sizeof(mxcsr));
	printf("%x %x\n", word, mxcsr);
	exit(0);
}

/* A signal in a second. */
static void
await_signal(void)
{
	const struct sigaction action = {
		.sa_sigaction = print_control,
		.sa_flags = SA_SIGINFO,
	};
	const long once[4] = { 0, 0, 1, 0 };

	sigaction(SIGALRM, &action, NULL);
	hc_setitimer(0, (long)once, 0);
}

static void
mxcsr(const char *file)
{
	const unsigned down = 0x3f80;

	(void)file;
	await_signal();
	asm volatile("1:	mov $1000000, %%ecx\n"
		     "2:	dec %%ecx\n"
		     "	jnz 2b\n"
		     "	ldmxcsr %0\n"
		     "	jmp 1b"
		     :
		     : "m"(down)
		     : "ecx", "memory");
}

static void
x87(const char *file)
{
	const unsigned short down = 0x77f;

	(void)file;
	await_signal();
	asm volatile("1:	mov $1000000, %%ecx\n"
		     "2:	dec %%ecx\n"
		     "	jnz 2b\n"
		     "	fldcw %0\n"
		     "	jmp 1b"
		     :
		     : "m"(down)
		     : "ecx", "memory");
}

/* The message's priority goes to where the message goes. */
static void
twin(const char *file)
{
	const long attributes[8] = { 0, 1, 64, 0 };
	long q = hc_mq_open(
	    (long)"twin", O_RDWR | O_CREAT, 0600, (long)attributes);
	int i;

	(void)file;
	hc_mq_timedsend(q, (long)"m", 1, 0x7654, 0);
	printf("%ld:", hc_mq_timedreceive(q, (long)got, 64, (long)got, 0));
	for (i = 0; i < 4; i++)
		printf(" %x", (unsigned char)got[i]);
	printf("\n");
}

static char *
map(const char *file, unsigned long len, int rights)
{
	int fd = open(file, O_RDONLY);
	char *at = mmap(NULL, len, rights, MAP_PRIVATE, fd, 0);

	if (at == MAP_FAILED)
		exit(1);
	return at;
}

static void
print_pages(const char *at, unsigned long len)
{
	unsigned long i;

	for (i = 0; i < len; i += PAGE)
		putchar(at[i] ? at[i] : '0');
	putchar('\n');
}

static void
drop(const char *file)
{
	char *at = map(file, 2 * PAGE, PROT_READ);

	printf("%d ", madvise(at, 2 * PAGE, MADV_DONTNEED));
	print_pages(at, 2 * PAGE);
}

static void
change(const char *file)
{
	char *at = map(file, 2 * PAGE, PROT_READ | PROT_WRITE);

	at[0] = 'c';
	printf("%d ", madvise(at, 2 * PAGE, MADV_DONTNEED));
	print_pages(at, 2 * PAGE);
}

static void
lengthen(const char *file)
{
	char *at = map(file, PAGE, PROT_READ);

	print_pages(mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE), 2 * PAGE);
}

static void
set_free(const char *file)
{
	char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)file;
	memset(at, 'f', 2 * PAGE);
	printf("%d ", madvise(at, 2 * PAGE, MADV_FREE));
	print_pages(at, 2 * PAGE);
}

static const struct {
	const char *name;
	void (*run)(const char *file);
} parts[] = {
	{ "cut", cut },
	{ "mxcsr", mxcsr },
	{ "x87", x87 },
	{ "twin", twin },
	{ "file", drop },
	{ "changed", change },
	{ "longer", lengthen },
	{ "free", set_free },
};

int
main(int argc, char **argv)
{
	unsigned i;

	for (i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(argv[1], parts[i].name) == 0) {
			parts[i].run(argv[2]);
			return 0;
		}
	return 2;
}
