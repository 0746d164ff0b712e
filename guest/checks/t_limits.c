/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that limits of resources limit: the number of descriptors, the size of
 * files, addresses, data and the stack.
 */
#include <errno.h>
#include <hcall.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <tap.h>
#include <unistd.h>

#define FEW  100
#define MANY 3000
#define MOST 65536

static struct pollfd list[MANY];

/* Set the limit that can be raised again; the old one. */
static rlim_t
set_limit(int resource, rlim_t now)
{
	struct rlimit limit;
	rlim_t old;

	getrlimit(resource, &limit);
	old = limit.rlim_cur;
	limit.rlim_cur = now;
	setrlimit(resource, &limit);
	return old;
}

static void
test_few(void)
{
	rlim_t old = set_limit(RLIMIT_NOFILE, FEW);
	int pair[2], fd, last = 0;

	hc_pipe((long)pair);
	while ((fd = dup(pair[0])) >= 0)
		last = fd;
	same(errno, EMFILE, "too many descriptors are EMFILE");
	same(last, FEW - 1, "the limit is past the last");
	same(hc_dup2(0, FEW), -EBADF, "dup2 does not reach the limit");
	same(hc_fcntl(0, 0, FEW), -EINVAL, "F_DUPFD starts below it");
	same(hc_poll((long)list, FEW + 1, 0), -EINVAL,
	    "nor is there a longer list");
	close(50);
	same(dup(pair[1]), 50, "the lowest that is closed is the next");
	hc_close_range(pair[0], ~0U, 0);
	same(hc_fcntl(FEW - 1, 1, 0), -EBADF, "close_range closes all");
	set_limit(RLIMIT_NOFILE, old);
}

static void
test_many(void)
{
	struct rlimit limit;
	rlim_t old;
	int fd, pair[2], last = 0, i;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < MANY) {
		skip("the limit of descriptors is low", "many descriptors");
		return;
	}
	old = set_limit(RLIMIT_NOFILE, MANY);
	hc_pipe((long)pair);
	while ((fd = dup(pair[1])) >= 0)
		last = fd;
	same(last, MANY - 1, "the limit can be raised");
	for (i = 0; i < MANY; i++)
		list[i] = (struct pollfd){ i < 3 ? -1 : i, POLLOUT, 0 };
	same(poll(list, MANY, -1), MANY - 4, "all are in one list");
	same(list[MANY - 1].revents, POLLOUT, "the last as well");
	same(list[pair[0]].revents, 0, "but for the end that is read");
	hc_close_range(pair[0], ~0U, 0);
	set_limit(RLIMIT_NOFILE, old);
}

/* Each is an open file of its own, also of the host's. */
static void
test_most(void)
{
	const long one[1] = { 1 };
	long fd, first = -1, last = 0;
	struct rlimit limit;
	rlim_t old;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < MOST) {
		skip("the limit of descriptors is low", "65,536 descriptors");
		return;
	}
	old = set_limit(RLIMIT_NOFILE, MOST);
	while ((fd = hc_eventfd2(0, 0)) >= 0) {
		first = first < 0 ? fd : first;
		last = fd;
	}
	if (fd == -ENFILE) {
		skip("the host has fewer open files", "65,536 descriptors");
	} else {
		same(fd, -EMFILE, "descriptors run out");
		same(last, MOST - 1, "after 65,536");
	}
	same(hc_write(last, (long)one, sizeof(one)), sizeof(one),
	    "the last can be written to");
	hc_close_range(first, ~0U, 0);
	same(hc_eventfd2(0, 0), first, "all are closed at once");
	close((int)first);
	set_limit(RLIMIT_NOFILE, old);
}

static int signals;

static void
on_signal(int signal)
{
	signals += signal == SIGXFSZ;
}

static void
test_size(void)
{
	static const struct sigaction action = { .sa_handler = on_signal };
	static char bytes[1500];
	int fd = (int)hc_memfd_create((long)"", 0);
	rlim_t old = set_limit(RLIMIT_FSIZE, 1000);

	sigaction(SIGXFSZ, &action, NULL);
	same(write(fd, bytes, sizeof(bytes)), 1000, "a file has a limit");
	same(signals, 0, "up to which it can be written");
	same(hc_write(fd, (long)bytes, 1), -EFBIG, "a byte more is EFBIG");
	same(signals, 1, "and SIGXFSZ");
	same(hc_ftruncate(fd, 1001), -EFBIG, "so is to make it longer");
	same(signals, 2, "the same");
	same(ftruncate(fd, 10), 0, "but not shorter");
	same(lseek(fd, 990, SEEK_SET), 990, "nor to go there");
	same(write(fd, bytes, sizeof(bytes)), 10, "and write what fits");
	set_limit(RLIMIT_FSIZE, old);
	same(write(fd, bytes, sizeof(bytes)), sizeof(bytes),
	    "without the limit all is written");
	close(fd);
}

#define MIB 0x100000UL

static void
test_memory(void)
{
	const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
	rlim_t old = set_limit(RLIMIT_AS, MIB);

	same(hc_mmap(0, MIB, 0, anonymous, -1, 0), -ENOMEM,
	    "addresses are limited");
	same(
	    hc_brk(hc_brk(0) + (long)MIB), hc_brk(0), "also those of the heap");
	set_limit(RLIMIT_AS, old);
	old = set_limit(RLIMIT_DATA, 4096);
	same(hc_mmap(0, MIB, PROT_READ | PROT_WRITE, anonymous, -1, 0), -ENOMEM,
	    "data are limited");
	ok(hc_mmap(0, MIB, PROT_READ, anonymous, -1, 0) > 0,
	    "but not what is only read");
	set_limit(RLIMIT_DATA, old);
}

#define DEEP (1 * MIB)

static volatile char *touched;
static rlim_t stack_limit;

/* The touch is made again, with the old limit. */
static void
on_overrun(int signal, siginfo_t *info, void *context)
{
	(void)context;
	signals += signal == SIGSEGV && info->si_addr == touched &&
		   info->si_code == SEGV_MAPERR;
	set_limit(RLIMIT_STACK, stack_limit);
}

static void
test_stack(void)
{
	static const struct sigaction action = {
		.sa_sigaction = on_overrun,
		.sa_flags = SA_SIGINFO,
	};
	volatile char *here = __builtin_frame_address(0);
	struct rlimit limit;
	int pair[2];

	getrlimit(RLIMIT_STACK, &limit);
	ok(limit.rlim_cur >= 4 * MIB, "the stack may have some MiB");
	sigaction(SIGSEGV, &action, NULL);
	signals = 0;
	stack_limit = set_limit(RLIMIT_STACK, DEEP / 2);
	getrlimit(RLIMIT_STACK, &limit);
	same((long)limit.rlim_cur, DEEP / 2, "or less");
	touched = here - DEEP / 4;
	*touched = 1;
	same(signals, 0, "it grows down to its limit");
	touched = here - DEEP;
	*touched = 2;
	same(signals, 1, "past which it is SIGSEGV");
	same(*touched, 2, "until there is another limit");
	set_limit(RLIMIT_STACK, DEEP / 2);
	*touched = 3;
	same(signals, 1, "what it has it keeps");
	hc_pipe((long)pair);
	hc_write(pair[1], (long)"x", 1);
	touched = here - 2 * DEEP;
	same(hc_read(pair[0], (long)touched, 1), -EFAULT,
	    "no call writes past the limit either");
	set_limit(RLIMIT_STACK, stack_limit);
	same(hc_read(pair[0], (long)touched, 1), 1, "but with another");
	same(*touched, 'x', "there");
}

int
main(void)
{
	test_few();
	test_many();
	test_most();
	test_size();
	test_memory();
	test_stack();
	return tap_done();
}
