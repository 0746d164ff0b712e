/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests that the filter permits every system call of a hypercall's handler:
 * each row is called with every kind of argument, in a child under the filter
 * of a novillo that allows this row alone.
 */
#include "../fuzz/anycall.h"
#include "tap.h"

#include "../bin/needs.h"

#include "hypercall/core/refused.h"
#include "sandbox/filter.h"

#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ROUNDS 1500 /* calls of a row */

/* Exit status after a forbidden call; `pipes` holds the call's number. */
#define CAUGHT 99

static int pipes[2];

static void
on_refusal(int signal, siginfo_t *info, void *context)
{
	int nr = info->si_syscall;

	(void)signal;
	(void)context;
	if (write(pipes[1], &nr, sizeof(nr)) != sizeof(nr))
		abort();
	_exit(CAUGHT);
}

static int64_t
call(uint32_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct hc_call call = {
		.guest = &guest,
		.thread = &thread,
		.arg = { a, b, c, d },
	};

	return hc_dispatch(&call, number);
}

/* Open a descriptor of every kind; pipe2 and socketpair store pairs in DATA. */
static void
open_files(void)
{
	const uint64_t path = DATA + 512, here = (uint64_t)AT_FDCWD;

	strcpy((char *)mem.base + path, "/a");
	call(HC_openat, here, path, O_RDWR | O_CREAT, 0600);
	call(HC_openat, here, path, O_PATH, 0);
	strcpy((char *)mem.base + path, "/");
	call(HC_openat, here, path, O_RDONLY | O_DIRECTORY, 0);
	strcpy((char *)mem.base + path, "/dev/null");
	call(HC_openat, here, path, O_RDWR, 0);
	strcpy((char *)mem.base + path, "/proc/self/status");
	call(HC_openat, here, path, O_RDONLY, 0);
	call(HC_pipe2, DATA, O_NONBLOCK, 0, 0);
	call(HC_socketpair, AF_UNIX, SOCK_STREAM, 0, DATA);
	call(HC_socketpair, AF_UNIX, SOCK_DGRAM, 0, DATA);
	call(HC_listen, (uint64_t)call(HC_socket, AF_INET, SOCK_STREAM, 0, 0),
	    5, 0, 0);
	call(HC_socket, AF_INET, SOCK_STREAM, 0, 0);
	call(HC_socket, AF_INET, SOCK_DGRAM, 0, 0);
	call(HC_socket, AF_INET6, SOCK_DGRAM, 0, 0);
	call(HC_socket, AF_NETLINK, SOCK_RAW, 0, 0);
	call(HC_eventfd2, 0, 0, 0, 0);
	call(HC_epoll_create1, 0, 0, 0, 0);
	call(HC_memfd_create, path, MFD_ALLOW_SEALING, 0, 0);
}

/* Install the filter of bin/sandbox.c for the allowed hypercalls. */
static void
install_filter(uint32_t number, const struct hc_row *row)
{
	static struct filter_rule rules[FILTER_RULES];
	static struct filter_program program;
	/* A guest that has a file in memory may make one. */
	const struct hc_row *memory = hc_row(HC_memfd_create);
	struct needs needs = { .asked = NEEDS_ALWAYS, .pid = getpid() };
	struct sock_fprog p;
	unsigned i;

	for (i = 0; i < HC_NEEDS && row->needs[i] >= 0; i++)
		needs_call(&needs, row->needs[i]);
	for (i = 0; i < HC_NEEDS && memory->needs[i] >= 0; i++)
		needs_call(&needs, memory->needs[i]);
	for (i = 0; hc_set_has_own(&guest.policy.allowed, number) &&
		    hc_own_needs[i] >= 0;
	     i++)
		needs_call(&needs, hc_own_needs[i]);
	if (filter_make(&program, rules, needs_rules(&needs, rules)) < 0)
		bail("no filter for %s", row->name);
	p = (struct sock_fprog){ program.length, program.code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0)
		bail("seccomp: %s", strerror(errno));
}

static void
make_calls(uint32_t number, const struct hc_row *row)
{
	const struct sigaction refusal = {
		.sa_sigaction = on_refusal,
		.sa_flags = SA_SIGINFO,
	};
	struct input in = { .noise = UINT64_C(0x9e3779b97f4a7c15) + number };
	static const uint8_t bytes[HC_ARGS * 16]; /* every argument is noise */
	unsigned round, i;

	set_limits();
	sigaction(SIGSYS, &refusal, NULL);
	guest.policy.allowed = (struct hc_set){ 0 };
	hc_set_change(&guest.policy.allowed, row->name, strlen(row->name));
	install_filter(number, row);
	for (round = 0; round < ROUNDS; round++) {
		struct hc_call c = { .guest = &guest, .thread = &thread };

		in.at = bytes;
		in.end = bytes + sizeof(bytes);
		for (i = 0; i < row->argc; i++)
			c.arg[i] = argument(&in, &hc_args(row)[i]);
		hc_dispatch(&c, number);
		take_signals();
	}
	_exit(0);
}

static void
test_row(uint32_t number, const struct hc_row *row)
{
	int status = 0, nr = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		make_calls(number, row);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == CAUGHT &&
	    read(pipes[0], &nr, sizeof(nr)) != sizeof(nr))
		bail("the pipe: %s", strerror(errno));
	ok(status == 0, "the filter permits every system call of %s",
	    row->name);
	if (nr >= 0)
		printf("# it does not pass %s\n", hc_linux_name((uint32_t)nr));
	else if (status != 0)
		printf("# status 0x%x\n", (unsigned)status);
}

int
main(void)
{
	uint32_t number;

	if (pipe(pipes) < 0)
		bail("pipe: %s", strerror(errno));
	make_world();
	start_guest(leave_network());
	hc_signals_join(&guest, &thread, NULL);
	renew_memory();
	open_files();
	for (number = 0; number < HYPERCALL_END; number++)
		if (hc_row(number))
			test_row(number, hc_row(number));
	return done_testing();
}
