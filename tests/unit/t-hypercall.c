/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the hypercall table without a vCPU: its shape, sets of names, and
 * calls with every kind of bad argument.
 */
#include "guestram.h"
#include "tap.h"

#include "hypercall/core/hypercall.h"
#include "hypercall/core/refused.h"
#include "hypercall/dispatch/dispatch.h"
#include "hypercall/record/treat.h"

#include <asm/prctl.h>
#include <errno.h>
#include <pthread.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
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

static const struct hc_thread_ops thread_ops = {
	.get_base = get_base,
	.set_base = set_base,
};

static struct hc_thread thread = {
	.tid = 1,
	.ops = &thread_ops,
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
		complete = complete && row && row->classes;
		for (a = 0; row && a < row->argc && row->argc < HC_ARGS; a++) {
			const struct hc_arg *arg = &hc_args(row)[a];

			complete = complete && arg->name[0];
			pointers = pointers && (arg->kind < HC_ARG_INBUF ||
						   arg->length < row->argc);
		}
	}
	ok(ordered, "rows stand in the order of their numbers, each once");
	ok(complete, "each has a class and names for its arguments");
	ok(pointers, "each length is an argument of the same call");
	ok(!hc_row(HYPERCALL_END), "after the table there is no call");
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
	ok(apart, "a call that no guest can have is not in the table");
	ok(named, "calls are called as on Linux");
	ok(!hc_linux_name(UINT32_MAX), "a number without a call has no name");
	guest.policy.refused = count_refused;
	is_int(CALL(SYS_fork, 0), -ENOSYS, "fork is ENOSYS");
	is_int(told, 1, "the first fork is reported");
	is_int(CALL(SYS_fork, 0), -ENOSYS, "a second fork is ENOSYS");
	is_int(
	    CALL(HC_clone, SIGCHLD), -ENOSYS, "clone of a process is ENOSYS");
	is_int(told, 1, "fork is reported once");
	is_int(CALL(HC_clone, CLONE_VM | CLONE_VFORK | SIGCHLD), -ENOSYS,
	    "the clone of posix_spawn is ENOSYS");
	is_int(told, 2, "another refused call is reported");
	is_int(CALL(SYS_wait4, UINT64_MAX), -ECHILD, "there are no children");
	is_int(CALL(SYS_getxattr, 0), -EOPNOTSUPP,
	    "there are no extended attributes");
	is_int(CALL(334 /* rseq */, 0), -ENOSYS, "rseq is ENOSYS");
	is_int(told, 2, "rseq is not reported");
	guest.policy.refused = NULL;
}

/* Words as strace has them. */
static void
test_patterns(void)
{
	struct hc_set set;
	const char *bad;
	size_t len;

	is_int(hc_set_parse(&set, "!@time,read,/^write/", &bad, &len), 0,
	    "a list can have all but its words");
	ok(!hc_set_has(&set, HC_read) && !hc_set_has(&set, HC_writev) &&
		!hc_set_has(&set, HC_nanosleep) && hc_set_has(&set, HC_brk) &&
		hc_set_has(&set, HC_pwrite64),
	    "and has them");
	is_int(hc_set_parse(&set, "/^m.{2,3}$/,-/lock/,brk", &bad, &len), 0,
	    "a word can be a pattern, with a comma");
	ok(hc_set_has(&set, HC_mmap) && !hc_set_has(&set, HC_munmap) &&
		hc_set_has(&set, HC_brk) && !hc_set_has(&set, HC_mremap),
	    "which names calls");
	is_int(hc_set_parse(&set, "/sockopt", &bad, &len), 0,
	    "its last slash may be left out");
	ok(hc_set_has(&set, HC_getsockopt) && !hc_set_has(&set, HC_socket),
	    "as with strace");
	is_int(hc_set_parse(&set, "brk,/frob/", &bad, &len), -EINVAL,
	    "a pattern that matches nothing is a mistake");
	is_int((int)len, 6, "and is shown as a whole");
	is_int(hc_set_parse(&set, "/(/", &bad, &len), -EINVAL,
	    "so is one that is not a pattern");
	is_int(hc_set_parse(&set, "!", &bad, &len), -EINVAL,
	    "and a list of all but nothing");
	is_int(hc_set_parse(&set, "!-read", &bad, &len), -EINVAL,
	    "which takes nothing back");
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
	    "a set has its names and classes");
	ok(!hc_set_has(&set, HC_read), "a set has nothing else");
	is_int(hc_set_parse(&set, "@all", &bad, &len), 0, "@all is a class");
	ok(hc_set_has(&set, HC_torov_print), "@all has every call");
	is_int(hc_set_parse(&set, "write,wri", &bad, &len), -EINVAL,
	    "half a name is not a name");
	ok(len == 3 && memcmp(bad, "wri", 3) == 0, "the bad word is returned");
	is_int(hc_set_parse(&set, "", &bad, &len), -EINVAL,
	    "nothing is not a list");
	is_int(hc_set_parse(&set, "@memory,-mmap,-@time", &bad, &len), 0,
	    "words with a minus are accepted");
	ok(!hc_set_has(&set, HC_mmap) && hc_set_has(&set, HC_brk),
	    "a word with a minus removes its calls only");
	is_int(hc_set_parse(&set, "-mmap,@memory", &bad, &len), 0,
	    "words are taken in their order");
	ok(hc_set_has(&set, HC_mmap), "the last word on a call counts");
	is_int(hc_set_parse(&set, "@all,-", &bad, &len), -EINVAL,
	    "a minus alone is not a word");
	ok(len == 1 && *bad == '-', "a bad word is returned with its sign");
	is_int(hc_set_parse(&set, "--write", &bad, &len), -EINVAL,
	    "a word with two minuses is not a word");
	is_int(hc_set_parse(&set, "@base", &bad, &len), 0, "@base is a class");
	ok(!hc_set_has(&set, HC_open) && hc_set_has_own(&set, HC_open),
	    "@base opens only novillo's own files");
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
	    "is also taken out for names");
	ok(!hc_set_has_own(&set, UINT32_MAX) &&
		!hc_set_has_own(&set, HC_unlink),
	    "a call without names is not in the set for names");
	ok(!hc_set_has(&set, UINT32_MAX), "no set has a number out of range");
}

/*
 * Two threads that add the same calls to empty sets, one after the other.  They
 * wait for each other only now and then: next to other programs a meeting takes
 * as long as these let it, and in between the threads stay together, since the
 * first to come to a set has its memory to fetch.
 */
#define ROUNDS 20000
#define MEETS  1000

static _Atomic unsigned arrived;
static struct hc_set shared[ROUNDS];
static _Atomic unsigned added;

static void *
add_calls(void *unused)
{
	unsigned round, first = 0;
	uint32_t number;

	(void)unused;
	for (round = 0; round < ROUNDS; round++) {
		arrived += round % MEETS == 0;
		while (arrived < 2 * (round / MEETS + 1))
			sched_yield();
		for (number = 0; number < HYPERCALL_END; number++)
			first += hc_set_add(&shared[round], number);
	}
	added += first;
	return NULL;
}

static void
test_shared_set(void)
{
	pthread_t other;

	if (pthread_create(&other, NULL, add_calls, NULL) != 0)
		bail("pthread_create");
	add_calls(NULL);
	pthread_join(other, NULL);
	is_int(added, ROUNDS * HYPERCALL_END,
	    "exactly one of two threads that add a call is the first");
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
	    CALL(499 + 1, 0), -ENOSYS, "the number after the last is ENOSYS");
	is_int(CALL(UINT32_MAX, 0), -ENOSYS, "the largest number is ENOSYS");
	is_int(CALL(400, 0), -ENOSYS,
	    "a number in between without a call is ENOSYS");
	is_int(CALL(HC_unlink, 0), -EPERM, "one of @file is not allowed");
	is_int(denials, 1, "the denial is reported");
	is_int(CALL(HC_unlink, 0), -EPERM, "the second time it is the same");
	is_int(denials, 1, "the second denial is not reported");
	hc_set_parse(&guest.policy.allowed, "@all", &bad, &len);
	is_int(
	    CALL(HC_unlink, 0), -EFAULT, "the call is made when it is allowed");
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
	is_int(CALL(HC_read, 0, PAGE, 100), 1,
	    "a bad buffer is not served after its end");
	is_int(CALL(HC_write, 1, PAGE + PAGE_4K, 1), -EFAULT,
	    "unmapped memory is EFAULT");
	is_int(CALL(HC_write, 1, UINT64_MAX, UINT64_MAX), -EFAULT,
	    "the end of all addresses is EFAULT");
	is_int(CALL(HC_write, 1, 0, 0), 0, "nothing is written from nowhere");
	is_int(CALL(HC_write, 2, PAGE, 1), -EBADF,
	    "a stream that was closed is EBADF");
	is_int(CALL(HC_write, 3, PAGE, 1), -EBADF,
	    "a descriptor of the host is EBADF");
	is_int(CALL(HC_write, UINT64_MAX, PAGE, 1), -EBADF,
	    "descriptor -1 is EBADF");
	iov[0] = (struct iovec){ (void *)PAGE, 2 };
	iov[1] = (struct iovec){ (void *)1, 2 };
	is_int(CALL(HC_writev, 1, PAGE, 2), 2,
	    "a vector is served up to its first bad part");
	is_int(CALL(HC_writev, 1, PAGE + 16, 1), -EFAULT,
	    "one that starts badly is EFAULT");
	is_int(CALL(HC_writev, 1, PAGE, 1025), -EINVAL,
	    "one of more than 1024 parts is EINVAL");
	is_int(CALL(HC_writev, 1, PAGE, UINT64_MAX), -EINVAL,
	    "a vector of -1 parts is EINVAL");
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
	    "an unknown clock is EINVAL");
	is_int(CALL(HC_clock_gettime, CLOCK_MONOTONIC, RO), -EFAULT,
	    "clock_gettime into read-only memory is EFAULT");
	*ts = (struct timespec){ 0, 1000000000 };
	is_int(CALL(HC_nanosleep, PAGE, 0), -EINVAL,
	    "a second has fewer nanoseconds than that");
	*ts = (struct timespec){ -1, 0 };
	is_int(CALL(HC_nanosleep, PAGE, 0), -EINVAL,
	    "a negative second is EINVAL");
	*ts = (struct timespec){ 0, 1 };
	is_int(CALL(HC_nanosleep, PAGE, 0), 0, "one nanosecond passes");
	is_int(CALL(HC_nanosleep, 8, 0), -EFAULT, "a null pointer is EFAULT");
}

static void
test_process(void)
{
	is_int(CALL(HC_arch_prctl, ARCH_SET_FS, 0x1234), 0, "FS can be set");
	is_int(CALL(HC_arch_prctl, ARCH_GET_FS, PAGE), 0, "FS can be read");
	is_int(*(uint64_t *)(void *)(mem.base + PAGE), 0x1234, "as it was");
	is_int(CALL(HC_arch_prctl, ARCH_SET_GS, 0x8000000000000000), -EPERM,
	    "GS cannot be set to the shim's half");
	is_int(CALL(HC_arch_prctl, 1, 0), -EINVAL, "other codes are EINVAL");
	is_int(CALL(HC_prctl, PR_CAPBSET_READ, CAP_LAST_CAP), 0,
	    "no capability can be had");
	is_int(CALL(HC_prctl, PR_CAPBSET_READ, CAP_LAST_CAP + 1), -EINVAL,
	    "they have numbers up to a limit");
	is_int(CALL(HC_prctl, PR_CAPBSET_DROP, CAP_CHOWN), -EPERM,
	    "none can be dropped");
	is_int(CALL(HC_prctl, PR_SET_SECUREBITS, 0), -EPERM, "nor bits set");
	is_int(CALL(HC_prctl, PR_GET_SECCOMP), 0, "there is no filter");
	is_int(CALL(HC_uname, LAST), -EFAULT,
	    "uname does not write half a structure");
	is_int(CALL(HC_getrandom, PAGE, 16, 0), 16, "getrandom fills memory");
	is_int(CALL(HC_getrandom, RO, 16, 0), -EFAULT,
	    "getrandom does not fill read-only memory");
	is_int(CALL(HC_getpid, 0), 1, "a guest is the first of its world");
}

/* A copy of a replayed guest has no descriptors (vm/snapshot.c). */
static void
test_made_again(void)
{
	const char *wrong = NULL;
	unsigned i, again = 0;
	uint32_t nr;

	for (nr = 0; nr < HYPERCALL_END; nr++) {
		const struct hc_row *row = hc_row(nr);

		if (!row || hc_treatment(nr) != HC_AGAIN)
			continue;
		again++;
		if (row->classes & HC_FILE)
			wrong = row->name;
		for (i = 0; i < row->argc; i++)
			if (hc_args(row)[i].kind == HC_ARG_FD)
				wrong = row->name;
	}
	ok(again > 0 && !wrong,
	    "no call that a replay makes again works on descriptors: %s",
	    wrong ? wrong : "none");
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
	test_made_again();
	test_sets();
	test_patterns();
	test_refused();
	test_shared_set();
	test_numbers();
	test_io();
	test_time();
	test_process();
	return done_testing();
}
