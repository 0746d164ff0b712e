/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the hypercall table without a vCPU: its shape, sets of names, and
 * calls with every kind of bad argument.
 */
#include "guestram.h"
#include "tap.h"

#include "hypercall/hypercall.h"
#include "hypercall/refused.h"

#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define RAM  (UINT64_C(8) << 20)
#define PAGE (UINT64_C(1) << 20)
#define LAST (PAGE + PAGE_4K - 1)
#define RO   (PAGE + 2 * PAGE_4K)

static struct gmem mem;
static struct hc_guest guest;
static uint64_t bases[2];

static int
get_base(struct hc_thread *thread, enum hc_base_register which, uint64_t *v)
{
	(void)thread;
	*v = bases[which];
	return 0;
}

static int
set_base(struct hc_thread *thread, enum hc_base_register which, uint64_t v)
{
	(void)thread;
	bases[which] = v;
	return 0;
}

static struct hc_thread thread = {
	.tid = 1,
	.get_base = get_base,
	.set_base = set_base,
};

#define CALL(number, ...) call(number, (uint64_t[HC_ARGS]){ __VA_ARGS__ })

static int64_t
call(uint32_t number, const uint64_t *args)
{
	struct hc_call c = { .guest = &guest, .thread = &thread };

	memcpy(c.arg, args, sizeof(c.arg));
	return hc_dispatch(&c, number);
}

static void
test_rows(void)
{
	static const int numbers[] = {
#define HYPERCALL(number, ...) number,
#include "abi/hypercall.def"
#undef HYPERCALL
	};
	size_t n = sizeof(numbers) / sizeof(numbers[0]);
	bool ordered = true, complete = true, pointers = true;
	size_t i, a;

	for (i = 0; i < n; i++) {
		const struct hc_row *row = hc_row((uint32_t)numbers[i]);

		ordered = ordered && (i == 0 || numbers[i] > numbers[i - 1]);
		complete = complete && row && row->classes &&
			   (row->handler || row->needs[0] >= 0);
		for (a = 0; row && a < row->argc && row->argc < HC_ARGS; a++) {
			const struct hc_arg *arg = &row->args[a];

			complete = complete && arg->name;
			pointers = pointers && (arg->kind < HC_ARG_INBUF ||
						   arg->length < row->argc);
		}
	}
	ok(ordered, "rows stand in the order of their numbers, each once");
	ok(complete, "each has a class, a handler and names for its arguments");
	ok(pointers, "each length is an argument of the same call");
	ok(!hc_row(HYPERCALL_END), "behind the table there is no call");
	ok(!hc_row(UINT32_MAX), "nor at the end of all numbers");
}

static unsigned told;

static void
count_refused(const struct hc_guest *of, uint32_t number)
{
	(void)of;
	(void)number;
	told++;
}

static void
test_refused(void)
{
	bool apart = true, named = true;
	uint32_t nr;

	for (nr = 0; nr < HYPERCALL_END; nr++) {
		const struct hc_row *row = hc_row(nr);
		const char *name = hc_linux_name(nr);

		apart = apart && !(row && hc_is_refused(nr));
		named = named && (!row || nr == HC_torov_print ||
				     (name && strcmp(name, row->name) == 0));
		named = named && (!hc_is_refused(nr) || name);
	}
	ok(apart, "what no guest can have is not in the table");
	ok(named, "calls are called as on Linux");
	ok(!hc_linux_name(UINT32_MAX), "a number that is none has no name");
	guest.policy.refused = count_refused;
	is_int(CALL(SYS_fork, 0), -ENOSYS, "fork is ENOSYS");
	is_int(told, 1, "and told");
	is_int(CALL(SYS_fork, 0), -ENOSYS, "and once more");
	is_int(CALL(HC_clone, SIGCHLD), -ENOSYS, "so is clone of a process");
	is_int(told, 1, "but told once");
	is_int(CALL(HC_clone, CLONE_VM | CLONE_VFORK | SIGCHLD), -ENOSYS,
	    "what posix_spawn asks for is ENOSYS");
	is_int(told, 2, "and another call");
	is_int(CALL(SYS_wait4, UINT64_MAX), -ECHILD, "there are no children");
	is_int(CALL(SYS_getxattr, 0), -EOPNOTSUPP, "nor attributes");
	is_int(CALL(334 /* rseq */, 0), -ENOSYS, "nor what nobody knows");
	is_int(told, 2, "which is nothing to tell");
	guest.policy.refused = NULL;
}

static void
test_sets(void)
{
	struct hc_set set;
	const char *bad;
	size_t len;

	is_int(hc_set_parse(&set, "write,@memory", &bad, &len), 0,
	    "names and classes make a set");
	ok(hc_set_has(&set, HC_write) && hc_set_has(&set, HC_mmap),
	    "which has both");
	ok(!hc_set_has(&set, HC_read), "and nothing else");
	is_int(hc_set_parse(&set, "@all", &bad, &len), 0, "@all is a class");
	ok(hc_set_has(&set, HC_torov_print), "that has every call");
	is_int(hc_set_parse(&set, "write,wri", &bad, &len), -EINVAL,
	    "half a name is none");
	ok(len == 3 && memcmp(bad, "wri", 3) == 0, "and it is told which");
	is_int(
	    hc_set_parse(&set, "", &bad, &len), -EINVAL, "nothing is no list");
	is_int(hc_set_parse(&set, "@memory,-mmap,-@time", &bad, &len), 0,
	    "words with a minus take out of a set");
	ok(!hc_set_has(&set, HC_mmap) && hc_set_has(&set, HC_brk),
	    "what they name, and nothing else");
	is_int(hc_set_parse(&set, "-mmap,@memory", &bad, &len), 0,
	    "words are taken in their order");
	ok(hc_set_has(&set, HC_mmap), "so the last word counts");
	is_int(hc_set_parse(&set, "@all,-", &bad, &len), -EINVAL,
	    "a minus alone is no word");
	ok(len == 1 && *bad == '-', "and is told with its sign");
	is_int(hc_set_parse(&set, "--write", &bad, &len), -EINVAL,
	    "nor are two of them");
	is_int(hc_set_parse(&set, "@base", &bad, &len), 0, "@base is a class");
	ok(!hc_set_has(&set, HC_open) && hc_set_has_own(&set, HC_open),
	    "in which files are opened that are novillo's own");
	is_int(hc_set_parse(&set, "@base,-@own", &bad, &len), 0, "without");
	ok(!hc_set_has_own(&set, HC_open) && hc_set_has(&set, HC_read),
	    "@own not even these");
	is_int(hc_set_parse(&set, "@own", &bad, &len), 0, "with @own alone");
	ok(!hc_set_has(&set, HC_open) && hc_set_has_own(&set, HC_open),
	    "nothing but these");
	is_int(hc_set_parse(&set, "@base,@file,-open", &bad, &len), 0,
	    "a call that is taken out");
	ok(!hc_set_has(&set, HC_open) && !hc_set_has_own(&set, HC_open) &&
		hc_set_has_own(&set, HC_openat),
	    "is taken out for them too");
	ok(!hc_set_has_own(&set, UINT32_MAX) &&
		!hc_set_has_own(&set, HC_unlink),
	    "what looks at no names is not there for them");
	ok(!hc_set_has(&set, UINT32_MAX), "no set has a number out of range");
}

static unsigned denials;

static void
on_denied(const struct hc_guest *g, uint32_t number)
{
	(void)g;
	denials += number == HC_unlink;
}

static void
test_numbers(void)
{
	const char *bad;
	size_t len;

	guest.policy.denied = on_denied;
	is_int(
	    CALL(499 + 1, 0), -ENOSYS, "the number behind the last is ENOSYS");
	is_int(CALL(UINT32_MAX, 0), -ENOSYS, "and so is the largest");
	is_int(CALL(400, 0), -ENOSYS, "and one in between that is not served");
	is_int(CALL(HC_unlink, 0), -EPERM, "one of @file is not allowed");
	is_int(denials, 1, "which is told");
	is_int(CALL(HC_unlink, 0), -EPERM, "the second time it is the same");
	is_int(denials, 1, "and not told again");
	hc_set_parse(&guest.policy.allowed, "@all", &bad, &len);
	is_int(
	    CALL(HC_unlink, 0), -EFAULT, "and when it is allowed, it is made");
}

static void
test_io(void)
{
	int pipes[2];
	struct iovec *iov = (void *)(mem.base + PAGE);

	if (pipe(pipes) < 0)
		bail("pipe");
	hc_fd_replace(&guest.fds, hc_file_new(&guest.fds, pipes[0]), 0, false);
	hc_fd_replace(&guest.fds, hc_file_new(&guest.fds, pipes[1]), 1, false);
	hc_fd_close(&guest.fds, 2);
	is_int(CALL(HC_write, 1, PAGE, 3), 3, "write writes");
	is_int(CALL(HC_read, 0, RO, 3), -EFAULT, "read-only memory is EFAULT");
	is_int(CALL(HC_read, 0, PAGE, 100), 3, "read reads what is there");
	is_int(CALL(HC_write, 1, LAST, 2), 1,
	    "a buffer that ends badly is served up to its end");
	is_int(CALL(HC_read, 0, PAGE, 100), 1, "not further");
	is_int(CALL(HC_write, 1, PAGE + PAGE_4K, 1), -EFAULT,
	    "unmapped memory is EFAULT");
	is_int(CALL(HC_write, 1, UINT64_MAX, UINT64_MAX), -EFAULT,
	    "the end of all addresses is EFAULT");
	is_int(CALL(HC_write, 1, 0, 0), 0, "nothing is written from nowhere");
	is_int(CALL(HC_write, 2, PAGE, 1), -EBADF,
	    "a stream that was closed is EBADF");
	is_int(CALL(HC_write, 3, PAGE, 1), -EBADF,
	    "and so is a descriptor of the host's");
	is_int(CALL(HC_write, UINT64_MAX, PAGE, 1), -EBADF, "and -1");
	iov[0] = (struct iovec){ (void *)PAGE, 2 };
	iov[1] = (struct iovec){ (void *)1, 2 };
	is_int(CALL(HC_writev, 1, PAGE, 2), 2,
	    "a vector is served up to its first bad part");
	is_int(CALL(HC_writev, 1, PAGE + 16, 1), -EFAULT,
	    "one that starts badly is EFAULT");
	is_int(CALL(HC_writev, 1, PAGE, 1025), -EINVAL,
	    "one of more than 1024 parts is EINVAL");
	is_int(CALL(HC_writev, 1, PAGE, UINT64_MAX), -EINVAL,
	    "and so is one of -1");
	is_int(CALL(HC_writev, 1, LAST - 7, 1), -EFAULT,
	    "one that is not all there is EFAULT");
	iov[0].iov_len = (size_t)INT64_MAX + 1;
	is_int(CALL(HC_writev, 1, PAGE, 1), -EINVAL,
	    "a part of 2^63 bytes is EINVAL");
	is_int(CALL(HC_ioctl, 1, 0xdead, PAGE), -ENOTTY,
	    "an unknown request is ENOTTY");
}

static void
test_time(void)
{
	struct timespec *ts = (void *)(mem.base + PAGE);

	is_int(CALL(HC_clock_gettime, CLOCK_MONOTONIC, PAGE), 0,
	    "clock_gettime answers");
	is_int(CALL(HC_clock_gettime, 77, PAGE), -EINVAL,
	    "not of a clock that there is not");
	is_int(CALL(HC_clock_gettime, CLOCK_MONOTONIC, RO), -EFAULT,
	    "nor into read-only memory");
	*ts = (struct timespec){ 0, 1000000000 };
	is_int(CALL(HC_nanosleep, PAGE, 0), -EINVAL,
	    "a second has fewer nanoseconds than that");
	*ts = (struct timespec){ -1, 0 };
	is_int(CALL(HC_nanosleep, PAGE, 0), -EINVAL, "and is not negative");
	*ts = (struct timespec){ 0, 1 };
	is_int(CALL(HC_nanosleep, PAGE, 0), 0, "one nanosecond passes");
	is_int(CALL(HC_nanosleep, 8, 0), -EFAULT, "a null pointer is EFAULT");
}

static void
test_process(void)
{
	is_int(CALL(HC_arch_prctl, ARCH_SET_FS, 0x1234), 0, "FS can be set");
	is_int(CALL(HC_arch_prctl, ARCH_GET_FS, PAGE), 0, "and read");
	is_int(*(uint64_t *)(void *)(mem.base + PAGE), 0x1234, "as it was");
	is_int(CALL(HC_arch_prctl, ARCH_SET_GS, 0x8000000000000000), -EPERM,
	    "but not to the monitor's half");
	is_int(CALL(HC_arch_prctl, 1, 0), -EINVAL, "other codes are EINVAL");
	is_int(CALL(HC_uname, LAST), -EFAULT,
	    "uname does not write half a structure");
	is_int(CALL(HC_getrandom, PAGE, 16, 0), 16, "getrandom fills memory");
	is_int(
	    CALL(HC_getrandom, RO, 16, 0), -EFAULT, "but not read-only memory");
	is_int(CALL(HC_getpid, 0), 1, "a guest is the first of its world");
}

int
main(void)
{
	guestram_init(&mem, RAM);
	hc_guest_init(&guest, &mem);
	space_init(&guest.space, &mem, 2 << 20, 7 << 20);
	space_take(
	    &guest.space, PAGE, PAGE_4K, space_bits(PROT_READ | PROT_WRITE));
	space_take(&guest.space, RO, PAGE_4K, space_bits(PROT_READ));
	test_rows();
	test_sets();
	test_refused();
	test_numbers();
	test_io();
	test_time();
	test_process();
	return done_testing();
}
