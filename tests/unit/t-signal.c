/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the calls that report on the guest, and its signals, without a vCPU:
 * limits, processors, names, clocks, timers; actions, masks, and the signals
 * that end the guest.
 */
#include "guestcall.h"
#include "hypercall/signal/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define LAST        (PAGE + PAGE_4K - 1)
#define NONE        UINT64_C(-1)
#define BIT(signal) (UINT64_C(1) << ((signal)-1))

static uint64_t
word(uint64_t va)
{
	uint64_t w;

	memcpy(&w, at(va), sizeof(w));
	return w;
}

static void
set_word(uint64_t va, uint64_t w)
{
	memcpy(at(va), &w, sizeof(w));
}

static int64_t
handle(int signal, uint64_t handler)
{
	const struct hc_sigaction action = { .handler = handler };

	memcpy(at(PAGE), &action, sizeof(action));
	return CALL(HC_rt_sigaction, (uint64_t)signal, PAGE, 0, 8);
}

static int64_t
mask(int how, uint64_t set)
{
	set_word(PAGE, set);
	return CALL(HC_rt_sigprocmask, (uint64_t)how, PAGE, 0, 8);
}

static void
test_actions(void)
{
	struct hc_sigaction action = { 0x401000, NONE, 0x402000, NONE };

	memcpy(at(PAGE), &action, sizeof(action));
	is_int(CALL(HC_rt_sigaction, SIGUSR1, PAGE, PAGE + 64, 8), 0,
	    "an action is accepted");
	is_int(word(PAGE + 64), 0, "the old one was the default");
	is_int(CALL(HC_rt_sigaction, SIGUSR1, 0, PAGE + 64, 8), 0,
	    "and can be asked for");
	memcpy(&action, at(PAGE + 64), sizeof(action));
	ok(action.handler == 0x401000 && action.restorer == 0x402000,
	    "it is what it was made");
	is_int(
	    action.flags & 0x400, 0, "without the flags that Linux takes out");
	is_int(action.flags & SA_SIGINFO, SA_SIGINFO, "with those it knows");
	is_int(action.mask, ~(BIT(SIGKILL) | BIT(SIGSTOP)),
	    "and without SIGKILL and SIGSTOP in its mask");
	is_int(CALL(HC_rt_sigaction, SIGKILL, PAGE, 0, 8), -EINVAL,
	    "SIGKILL has no handler");
	is_int(CALL(HC_rt_sigaction, SIGSTOP, PAGE, 0, 8), -EINVAL,
	    "nor has SIGSTOP");
	is_int(CALL(HC_rt_sigaction, SIGKILL, 0, PAGE + 64, 8), 0,
	    "but it can be asked for");
	is_int(
	    CALL(HC_rt_sigaction, 0, PAGE, 0, 8), -EINVAL, "0 is not a signal");
	is_int(CALL(HC_rt_sigaction, 65, PAGE, 0, 8), -EINVAL, "nor is 65");
	is_int(CALL(HC_rt_sigaction, NONE, PAGE, 0, 8), -EINVAL, "nor is -1");
	is_int(CALL(HC_rt_sigaction, SIGUSR1, PAGE, 0, 4), -EINVAL,
	    "sets of signals have 8 bytes");
	is_int(CALL(HC_rt_sigaction, SIGUSR1, LAST, 0, 8), -EFAULT,
	    "an action that is not all there is EFAULT");
	is_int(CALL(HC_rt_sigaction, SIGUSR1, 0, RO, 8), -EFAULT,
	    "and so is read-only memory for the old");
	is_int(handle(SIGUSR1, 0), 0, "the default can be set again");
}

static void
test_masks(void)
{
	is_int(mask(SIG_BLOCK, BIT(SIGUSR1) | BIT(SIGKILL)), 0,
	    "signals are blocked");
	is_int(CALL(HC_rt_sigprocmask, 77, 0, PAGE, 8), 0,
	    "and reported, whatever the operation");
	is_int(word(PAGE), BIT(SIGUSR1), "all but SIGKILL");
	is_int(mask(SIG_SETMASK, BIT(SIGUSR2)), 0, "the mask is set");
	is_int(mask(SIG_UNBLOCK, BIT(SIGUSR2)), 0, "and cleared");
	is_int(thread.signals.blocked, 0, "and nothing is blocked");
	is_int(mask(3, 1), -EINVAL, "there are three ways to change it");
	is_int(CALL(HC_rt_sigprocmask, 0, PAGE, 0, 16), -EINVAL,
	    "sets of signals have 8 bytes");
	is_int(CALL(HC_rt_sigprocmask, 0, LAST, 0, 8), -EFAULT,
	    "one that is not there is EFAULT");
	is_int(CALL(HC_rt_sigprocmask, 0, 0, RO, 8), -EFAULT,
	    "and so is read-only memory for the old");
	is_int(CALL(HC_rt_sigpending, PAGE, 9), -EINVAL,
	    "a pending set has no more bytes");
	is_int(CALL(HC_rt_sigpending, RO, 8), -EFAULT, "and needs a place");
}

static struct hc_delivery delivery;

/* Judge and enter the next signal; return its number, or 0. */
static int
take(void)
{
	if (!hc_signal_next(&guest, &thread, &delivery.info))
		return 0;
	hc_signal_judge(&guest, &thread, false, &delivery);
	return delivery.info.si_signo;
}

/* Whether signal `n`, sent by the guest to itself, ends the guest. */
static bool
ends(int n)
{
	bool killed = CALL(HC_kill, 1, (uint64_t)n) == 0 &&
		      last.end == HC_KILLS_GUEST && last.status == n;

	/* A guest that is dead would take no further signal. */
	return killed && take() == n;
}

static void
test_kill(void)
{
	static const int harmless[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH,
		SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	bool right = true;
	size_t i;
	int n;

	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		right = right && !ends(harmless[i]) && last.end == HC_GOES_ON;
	ok(right, "signals that end nobody do nothing");
	for (n = 1, right = true; n <= HC_SIGNALS; n++) {
		bool does_nothing = false;

		for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
			does_nothing = does_nothing || harmless[i] == n;
		right = right && (does_nothing || ends(n));
	}
	ok(right, "all others end the guest");
	ok(last.why && *last.why, "which is reported");
	is_int(CALL(HC_kill, 1, 0), 0, "signal 0 asks whether it is there");
	is_int(last.end, HC_GOES_ON, "and does nothing");
	is_int(CALL(HC_kill, 0, 0), 0, "it is its own group");
	is_int(CALL(HC_kill, NONE, SIGKILL), -ESRCH, "there is nobody else");
	is_int(CALL(HC_kill, 2, SIGKILL), -ESRCH, "nor a process 2");
	is_int(CALL(HC_kill, 1, 65), -EINVAL, "65 is not a signal");
	is_int(CALL(HC_kill, 1, NONE), -EINVAL, "nor is -1");
	is_int(CALL(HC_tgkill, 1, 1, SIGABRT), 0, "tgkill sends");
	is_int(last.status, SIGABRT, "with the status of the call");
	is_int(CALL(HC_tgkill, 1, 2, SIGABRT), -ESRCH, "to threads there are");
	is_int(CALL(HC_tgkill, 2, 1, SIGABRT), -ESRCH, "of the guest");
	is_int(CALL(HC_tgkill, 0, 1, SIGABRT), -EINVAL, "not of 0");
	is_int(CALL(HC_tgkill, 1, 0, SIGABRT), -EINVAL, "nor to thread 0");
	is_int(CALL(HC_tkill, 1, SIGTERM), 0, "tkill sends");
	is_int(last.status, SIGTERM, "the same");
	is_int(CALL(HC_tkill, 7, SIGTERM), -ESRCH, "to threads there are");
	is_int(CALL(HC_tkill, NONE, SIGTERM), -EINVAL, "and not to -1");
	while (take())
		;
}

/* Each call that can write to a pipe, to one that nobody reads. */
static void
test_broken_pipes(void)
{
	enum { OUT = 10, FULL = 11, FILE_IN = 12 };
	static const struct {
		uint32_t number;
		uint64_t arg[HC_ARGS];
	} writers[] = {
		{ HC_write, { OUT, PAGE, 1 } },
		{ HC_writev, { OUT, PAGE, 1 } },
		{ HC_sendfile, { OUT, FILE_IN, 0, 1 } },
		{ HC_splice, { FULL, 0, OUT, 0, 1, 0 } },
		{ HC_splice, { FILE_IN, 0, OUT, 0, 1, 0 } },
		{ HC_tee, { FULL, OUT, 1, 0 } },
	};
	const struct iovec iov = { (void *)PAGE, 1 };
	int broken[2], full[2], file = open("/proc/self/exe", O_RDONLY);
	size_t i;

	if (file < 0 || pipe(broken) < 0 || pipe(full) < 0 ||
	    write(full[1], "xx", 2) != 2)
		bail("no pipes");
	close(broken[0]);
	signal(SIGPIPE, SIG_IGN);
	hc_fd_replace(
	    &guest.fds, hc_file_new(&guest.fds, broken[1]), OUT, false);
	hc_fd_replace(
	    &guest.fds, hc_file_new(&guest.fds, full[0]), FULL, false);
	hc_fd_replace(
	    &guest.fds, hc_file_new(&guest.fds, file), FILE_IN, false);
	for (i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		memcpy(at(PAGE), &iov, sizeof(iov));
		is_int(call(writers[i].number, writers[i].arg), -EPIPE,
		    "%zu: %s to a pipe that nobody reads is EPIPE", i,
		    hc_row(writers[i].number)->name);
		is_int(last.end == HC_KILLS_GUEST ? last.status : 0, SIGPIPE,
		    "%zu: and SIGPIPE", i);
		while (take())
			;
	}
	close(full[1]);
	CALL(HC_close_range, OUT, FILE_IN, 0);
}

/* A thread that is kicked does not wait for a reader, also not before the first
 * byte. */
static void
test_kicked_print(void)
{
	int full[2], out = dup(STDOUT_FILENO);

	fflush(stdout);
	if (pipe2(full, O_NONBLOCK) < 0)
		bail("no pipe");
	while (write(full[1], "x", 1) == 1)
		;
	fcntl(full[1], F_SETFL, 0);
	hc_fd_replace(
	    &guest.fds, hc_file_new(&guest.fds, full[1]), STDOUT_FILENO, false);
	strcpy(at(PAGE), "a line");
	thread.kicked = 1;
	alarm(60);
	ok(hc_is_interrupted(CALL(HC_torov_print, 0, 0, 0, 0, 0, 0, PAGE)),
	    "a kick ends the print of a line that nobody reads");
	alarm(0);
	thread.kicked = 0;
	close(full[0]);
	hc_fd_replace(
	    &guest.fds, hc_file_new(&guest.fds, out), STDOUT_FILENO, false);
}

static void
test_dispositions(void)
{
	handle(SIGTERM, 1);
	ok(!ends(SIGTERM) && last.end == HC_GOES_ON,
	    "a signal that is ignored does nothing");
	handle(SIGTERM, 0x401000);
	is_int(CALL(HC_kill, 1, SIGTERM), 0, "one with a handler is sent");
	is_int(last.end, HC_GOES_ON, "and ends nothing");
	is_int(take(), SIGTERM, "it comes");
	is_int(delivery.act, HC_SIGNAL_HANDLED, "to be handled");
	ok(delivery.info.si_code == SI_USER && delivery.info.si_pid == 1,
	    "with its sender");
	is_int(take(), 0, "once");
	handle(SIGTERM, 0);
	mask(SIG_BLOCK, BIT(SIGTERM));
	ok(!ends(SIGTERM) && last.end == HC_GOES_ON,
	    "one that is blocked waits");
	CALL(HC_tkill, 1, SIGTERM);
	is_int(CALL(HC_rt_sigpending, PAGE, 8), 0, "and sigpending reports it");
	is_int(word(PAGE), BIT(SIGTERM), "by its bit");
	is_int(mask(SIG_UNBLOCK, BIT(SIGTERM)), 0, "and comes");
	ok(take() == SIGTERM && delivery.act == HC_SIGNAL_KILLS,
	    "when it is let through, and ends the guest");
	ok(take() == SIGTERM && take() == 0,
	    "one for the thread and one for all both come");
	mask(SIG_BLOCK, BIT(SIGTERM));
	ends(SIGTERM);
	handle(SIGTERM, 1);
	is_int(guest.signals.all.set, 0, "ignored, it waits no more");
	handle(SIGTERM, 0);
	mask(SIG_SETMASK, 0);
	is_int(take(), 0, "and does not come");
}

static void
test_broken_pipe(void)
{
	int pipes[2], sockets[2];
	uint64_t fd, socket;
	struct iovec iov = { (void *)PAGE, 1 };

	/* novillo also ignores SIGPIPE. */
	signal(SIGPIPE, SIG_IGN);
	if (pipe(pipes) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0)
		bail("pipe");
	close(pipes[0]);
	close(sockets[0]);
	fd = (uint64_t)hc_fd_open(&guest.fds, pipes[1], HC_MAY_CHANGE, false);
	socket = (uint64_t)hc_fd_open(
	    &guest.fds, sockets[1], HC_MAY_CHANGE, false);
	is_int(CALL(HC_write, fd, PAGE, 1), -EPIPE, "a broken pipe is EPIPE");
	ok(last.end == HC_KILLS_GUEST && last.status == SIGPIPE,
	    "and ends the guest by SIGPIPE");
	memcpy(at(PAGE + 64), &iov, sizeof(iov));
	take();
	CALL(HC_writev, fd, PAGE + 64, 1);
	is_int(last.status, SIGPIPE, "so does a vector");
	take();
	CALL(HC_write, socket, PAGE, 1);
	is_int(last.status, SIGPIPE, "and a socket that nobody reads");
	take();
	is_int(CALL(HC_sendto, socket, PAGE, 1, MSG_NOSIGNAL), -EPIPE,
	    "with MSG_NOSIGNAL");
	is_int(last.end, HC_GOES_ON, "sendto has only the error");
	CALL(HC_sendto, socket, PAGE, 1, 0);
	is_int(last.status, SIGPIPE, "without it, the signal as well");
	take();
	memset(at(PAGE + 128), 0, sizeof(struct msghdr));
	is_int(CALL(HC_sendmsg, socket, PAGE + 128, MSG_NOSIGNAL), -EPIPE,
	    "sendmsg is the same");
	is_int(last.end, HC_GOES_ON, "with MSG_NOSIGNAL");
	CALL(HC_sendmsg, socket, PAGE + 128, 0);
	is_int(last.status, SIGPIPE, "and without");
	take();
	handle(SIGPIPE, 1);
	is_int(CALL(HC_write, fd, PAGE, 1), -EPIPE, "where it is ignored");
	is_int(last.end, HC_GOES_ON, "there is only the error");
	handle(SIGPIPE, 0x401000);
	is_int(CALL(HC_write, fd, PAGE, 1), -EPIPE, "with a handler");
	is_int(last.end, HC_GOES_ON, "as well");
	is_int(take(), SIGPIPE, "and the handler is called");
	handle(SIGPIPE, 0);
	mask(SIG_BLOCK, BIT(SIGPIPE));
	is_int(CALL(HC_write, fd, PAGE, 1), -EPIPE, "where it is blocked");
	ok(last.end == HC_GOES_ON && thread.signals.mine.set == BIT(SIGPIPE),
	    "it waits");
	mask(SIG_SETMASK, 0);
	is_int(take(), SIGPIPE, "until it is let through");
}

static void
test_too_large(void)
{
	const struct rlimit small = { 4096, RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	int host = fileno(tmpfile());
	uint64_t fd = (uint64_t)hc_fd_open(
	    &guest.fds, dup(host), HC_MAY_CHANGE, false);

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	is_int(CALL(HC_ftruncate, fd, 8192), -EFBIG, "a file has a limit");
	is_int(last.end, HC_GOES_ON, "the file system's limit sends no signal");
	guest.limit[RLIMIT_FSIZE].now = 4096;
	is_int(CALL(HC_ftruncate, fd, 8192), -EFBIG, "or the host's");
	ok(last.end == HC_KILLS_GUEST && last.status == SIGXFSZ,
	    "then it is SIGXFSZ");
	guest.limit[RLIMIT_FSIZE].now = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &none);
	take();
}

static void
test_two_threads(void)
{
	static struct hc_thread other = { .tid = 2 };

	hc_signals_join(&guest, &other, NULL);
	mask(SIG_BLOCK, BIT(SIGCHLD) | BIT(SIGUSR1));
	is_int(CALL(HC_kill, 1, SIGCHLD), 0, "a harmless signal is sent");
	is_int(last.end, HC_GOES_ON, "and does nothing where it is blocked");
	handle(SIGUSR1, 0x401000);
	is_int(CALL(HC_kill, 1, SIGUSR1), 0, "one for all");
	is_int(take(), 0, "does not come to a thread that blocks it");
	ok(other.signals.pending, "but to another");
	is_int(CALL(HC_tgkill, 1, 2, SIGUSR1), 0, "threads are sent to");
	is_int(other.signals.mine.set, BIT(SIGUSR1), "by their numbers");
	hc_signals_leave(&guest, &other);
	is_int(CALL(HC_tgkill, 1, 2, SIGUSR1), -ESRCH, "until they end");
	is_int(guest.signals.all.set, BIT(SIGCHLD) | BIT(SIGUSR1),
	    "signals that nobody took wait");
	mask(SIG_SETMASK, 0);
	is_int(take(), SIGUSR1, "for the thread that is left");
	is_int(take(), 0, "and that is all");
	handle(SIGUSR1, 0);
}

/* Send signal 0 with si_code to the guest, or to one of its threads. */
static int64_t
queue(int pid, int code)
{
	const siginfo_t info = { .si_code = code };

	memcpy(at(PAGE), &info, sizeof(info));
	return CALL(HC_rt_sigqueueinfo, (uint64_t)pid, 0, PAGE);
}

static int64_t
queue_to(int tgid, int tid, int code)
{
	const siginfo_t info = { .si_code = code };

	memcpy(at(PAGE), &info, sizeof(info));
	return CALL(
	    HC_rt_tgsigqueueinfo, (uint64_t)tgid, (uint64_t)tid, 0, PAGE);
}

/* A caller may claim that the kernel or kill() sent a signal:
 * rt_sigqueueinfo(2) and Linux's do_rt_sigqueueinfo(). */
static void
test_claims(void)
{
	static struct hc_thread other = { .tid = 2 };

	hc_signals_join(&guest, &other, NULL);
	is_int(queue(1, SI_KERNEL), 0, "a thread may claim all to itself");
	is_int(queue_to(1, 1, SI_TKILL), 0, "by rt_tgsigqueueinfo also");
	is_int(queue_to(1, 2, SI_USER), -EPERM, "to another it may not");
	is_int(queue_to(1, 2, SI_TKILL), -EPERM, "nor that it was tkill()");
	is_int(queue_to(1, 2, SI_QUEUE), 0, "but what sigqueue() sends");
	is_int(queue_to(7, 2, SI_USER), -EPERM, "EPERM is before ESRCH");
	is_int(queue_to(7, 2, SI_QUEUE), -ESRCH, "there is one guest");
	is_int(queue_to(1, 0, SI_USER), -EINVAL, "and EINVAL before EPERM");
	is_int(CALL(HC_rt_tgsigqueueinfo, 1, 2, HC_SIGNALS + 1, PAGE), -EPERM,
	    "the signal is checked last");
	is_int(queue_to(1, 2, SI_QUEUE), 0, "with a claim that is allowed");
	is_int(CALL(HC_rt_tgsigqueueinfo, 1, 2, HC_SIGNALS + 1, PAGE), -EINVAL,
	    "its number decides");
	is_int(queue(2, SI_QUEUE), 0, "any thread's number names the guest");
	is_int(queue(2, SI_USER), -EPERM, "but it is not the caller's own");
	is_int(queue(0, SI_QUEUE), -ESRCH, "0 is not the guest here");
	is_int(CALL(HC_kill, 2, 0), 0, "kill takes a thread's number as well");
	is_int(CALL(HC_kill, 2, 65), -EINVAL, "and then looks at the signal");
	is_int(CALL(HC_kill, 3, 65), -ESRCH, "but first at the receiver");
	is_int(CALL(HC_kill, 2, SIGTERM), 0, "a signal sent to it");
	is_int(last.end, HC_KILLS_GUEST, "is the guest's");
	while (take())
		;
	thread.tid = 2;
	other.tid = 1;
	is_int(queue(1, SI_USER), -EPERM,
	    "the second thread may not claim it to the guest");
	is_int(queue(2, SI_USER), 0, "but under its own number");
	thread.tid = 1;
	hc_signals_leave(&guest, &other);
}

static void
test_stack(void)
{
	stack_t stack = { .ss_sp = (void *)PAGE, .ss_size = 8192 };

	memcpy(at(PAGE), &stack, sizeof(stack));
	is_int(CALL(HC_sigaltstack, PAGE, PAGE + 64), 0,
	    "a stack for signals is accepted");
	memcpy(&stack, at(PAGE + 64), sizeof(stack));
	is_int(stack.ss_flags, SS_DISABLE, "there was none");
	is_int(CALL(HC_sigaltstack, 0, PAGE + 64), 0, "it can be asked for");
	memcpy(&stack, at(PAGE + 64), sizeof(stack));
	ok(stack.ss_sp == (void *)PAGE && stack.ss_size == 8192 &&
		stack.ss_flags == 0,
	    "and is what it was made");
	stack.ss_size = 2047;
	memcpy(at(PAGE), &stack, sizeof(stack));
	is_int(
	    CALL(HC_sigaltstack, PAGE, 0), -ENOMEM, "2047 bytes are too few");
	stack.ss_flags = 8;
	memcpy(at(PAGE), &stack, sizeof(stack));
	is_int(
	    CALL(HC_sigaltstack, PAGE, 0), -EINVAL, "unknown flags are EINVAL");
	stack.ss_flags = SS_DISABLE;
	memcpy(at(PAGE), &stack, sizeof(stack));
	is_int(CALL(HC_sigaltstack, PAGE, 0), 0, "it can be given up");
	is_int(CALL(HC_sigaltstack, LAST, 0), -EFAULT,
	    "one that is not there is EFAULT");
	is_int(CALL(HC_sigaltstack, 0, RO), -EFAULT,
	    "and so is read-only memory for the old");
}

static void
test_limits(void)
{
	struct rlimit limit = { 5, 7 };

	is_int(CALL(HC_getrlimit, RLIMIT_NOFILE, PAGE), 0,
	    "getrlimit reports limits");
	is_int(word(PAGE), guest.limit[RLIMIT_NOFILE].now, "of descriptors");
	is_int(
	    CALL(HC_prlimit64, 0, RLIMIT_AS, 0, PAGE), 0, "so does prlimit64");
	is_int(word(PAGE), RAM, "as much memory as there is");
	memcpy(at(PAGE), &limit, sizeof(limit));
	is_int(CALL(HC_prlimit64, 1, RLIMIT_CPU, PAGE, PAGE + 64), 0,
	    "limits can be set");
	ok(word(PAGE + 64) == UINT64_MAX, "and the old one is returned");
	is_int(CALL(HC_getrlimit, RLIMIT_CPU, PAGE + 64), 0, "they are kept");
	ok(word(PAGE + 64) == 5 && word(PAGE + 72) == 7, "as they were set");
	limit = (struct rlimit){ 8, 7 };
	memcpy(at(PAGE), &limit, sizeof(limit));
	is_int(CALL(HC_setrlimit, RLIMIT_CPU, PAGE), -EINVAL,
	    "not above what they may become");
	limit = (struct rlimit){ 1, 8 };
	memcpy(at(PAGE), &limit, sizeof(limit));
	is_int(CALL(HC_setrlimit, RLIMIT_CPU, PAGE), -EPERM,
	    "nobody raises the hard limit");
	is_int(CALL(HC_getrlimit, 16, PAGE), -EINVAL, "there is no limit 16");
	is_int(CALL(HC_getrlimit, NONE, PAGE), -EINVAL, "nor -1");
	is_int(CALL(HC_setrlimit, 16, PAGE), -EINVAL, "to be set");
	is_int(CALL(HC_prlimit64, 0, 16, 0, 0), -EINVAL, "by neither call");
	is_int(CALL(HC_prlimit64, 2, 0, 0, 0), -ESRCH, "nor a process 2");
	is_int(CALL(HC_getrlimit, 0, LAST), -EFAULT, "EFAULT for a bad place");
	is_int(CALL(HC_setrlimit, 0, 0), -EFAULT, "and for none");
	is_int(CALL(HC_getrlimit, 0, 0), -EFAULT, "either way");
}

static void
test_machine(void)
{
	struct sysinfo info;
	int64_t n;

	is_int(CALL(HC_sysinfo, PAGE), 0, "sysinfo answers");
	memcpy(&info, at(PAGE), sizeof(info));
	is_int(info.totalram, RAM, "with the guest's memory");
	is_int(info.freeram, RAM - 2 * P, "all but two pages are free");
	is_int(info.loads[0], 0, "and nothing of the host's load");
	is_int(CALL(HC_sysinfo, RO), -EFAULT, "EFAULT for read-only memory");
	n = CALL(HC_sched_getaffinity, 0, 1024, PAGE);
	is_int(n, 8, "processors fit into a word here");
	is_int(__builtin_popcountll(word(PAGE)),
	    (int64_t)sysconf(_SC_NPROCESSORS_ONLN) < 64
		? sysconf(_SC_NPROCESSORS_ONLN)
		: 64,
	    "they are as many as the host has");
	is_int(word(PAGE) & 1, 1, "from 0 on");
	is_int(CALL(HC_sched_getaffinity, 0, 4, PAGE), -EINVAL,
	    "sets of processors are words");
	is_int(CALL(HC_sched_getaffinity, 0, 0, PAGE), -EINVAL, "not none");
	is_int(CALL(HC_sched_getaffinity, 9, 8, PAGE), -ESRCH,
	    "there is no thread 9");
	is_int(CALL(HC_sched_getaffinity, 0, 8, RO), -EFAULT,
	    "EFAULT for read-only memory");
	set_word(PAGE, 1);
	is_int(CALL(HC_sched_setaffinity, 0, 8, PAGE), 0,
	    "one of them can be asked for");
	set_word(PAGE, 0);
	is_int(CALL(HC_sched_setaffinity, 0, 8, PAGE), -EINVAL, "not none");
	is_int(CALL(HC_sched_setaffinity, 0, UINT32_MAX, LAST), -EFAULT,
	    "nor a set that is not all there");
}

static void
test_prctl(void)
{
	is_int(CALL(HC_prctl, PR_GET_DUMPABLE), 1, "the guest is dumpable");
	is_int(CALL(HC_prctl, PR_SET_DUMPABLE, 0), 0, "that can be changed");
	is_int(CALL(HC_prctl, PR_GET_DUMPABLE), 0, "then it is not");
	is_int(
	    CALL(HC_prctl, PR_SET_DUMPABLE, 2), -EINVAL, "2 is the kernel's");
	strcpy(at(PAGE), "a name of more than 15 letters");
	is_int(CALL(HC_prctl, PR_SET_NAME, PAGE), 0, "a thread has a name");
	is_int(CALL(HC_prctl, PR_GET_NAME, PAGE + 64), 0, "and it is returned");
	is_str(at(PAGE + 64), "a name of more ", "as far as it fits");
	strcpy(at(PAGE), "short");
	CALL(HC_prctl, PR_SET_NAME, PAGE);
	CALL(HC_prctl, PR_GET_NAME, PAGE + 64);
	ok(memcmp(at(PAGE + 64), "short\0\0\0\0\0\0\0\0\0\0\0", 16) == 0,
	    "and nothing stays of a longer one");
	is_int(CALL(HC_prctl, PR_SET_NAME, 0), -EFAULT, "EFAULT for none");
	is_int(CALL(HC_prctl, PR_GET_NAME, RO), -EFAULT,
	    "and for read-only memory");
	is_int(CALL(HC_prctl, PR_GET_NO_NEW_PRIVS), 0, "privileges may grow");
	is_int(CALL(HC_prctl, PR_SET_NO_NEW_PRIVS, 2), -EINVAL, "or not");
	is_int(CALL(HC_prctl, PR_SET_NO_NEW_PRIVS, 1), 0, "if asked");
	is_int(CALL(HC_prctl, PR_GET_NO_NEW_PRIVS), 1, "and stays so");
	is_int(
	    CALL(HC_prctl, PR_CAPBSET_READ, 0), 0, "a guest has no capability");
	is_int(CALL(HC_prctl, PR_CAPBSET_READ, 99), -EINVAL,
	    "and some numbers are not one");
	is_int(CALL(HC_prctl, NONE), -EINVAL, "and nothing else");
}

static void
test_identity(void)
{
	is_int(CALL(HC_getpgrp, 0), 1, "its group is 1");
	is_int(CALL(HC_getpgid, 0), 1, "however it is asked for");
	is_int(CALL(HC_getsid, 1), 1, "and its session");
	is_int(CALL(HC_getpgid, 2), -ESRCH, "there is no other");
	is_int(CALL(HC_getsid, NONE), -ESRCH, "of either kind");
	is_int(CALL(HC_setsid, 0), -EPERM, "a leader cannot leave its session");
	is_int(CALL(HC_setpgid, 0, 0), -EPERM, "nor its group");
	is_int(CALL(HC_setpgid, 0, NONE), -EINVAL, "-1 is not a group");
	is_int(CALL(HC_getresuid, PAGE, PAGE + 4, PAGE + 8), 0,
	    "users are reported");
	is_int(((uid_t *)at(PAGE))[1], geteuid(), "as novillo's");
	is_int(CALL(HC_getresuid, PAGE, RO, PAGE + 8), -EFAULT,
	    "but not to read-only memory");
	is_int(CALL(HC_getresgid, PAGE, PAGE + 4, LAST), -EFAULT,
	    "nor groups to what is not there");
	is_int(
	    CALL(HC_getgroups, 0, 0), getgroups(0, NULL), "groups are counted");
	is_int(CALL(HC_getgroups, NONE, PAGE), -EINVAL, "-1 are EINVAL");
}

/* A clock by the number of its process or thread (clock_getcpuclockid(3)). */
#define CPU_CLOCK(pid, kind) (~(uint64_t)(pid) << 3 | (kind))

static void
test_clocks(void)
{
	is_int(CALL(HC_clock_getres, CLOCK_MONOTONIC, PAGE), 0,
	    "a clock has a resolution");
	is_int(CALL(HC_clock_getres, CLOCK_MONOTONIC, 0), 0,
	    "the place of the result may be NULL");
	is_int(CALL(HC_clock_getres, CLOCK_MONOTONIC, RO), -EFAULT,
	    "EFAULT for read-only memory");
	is_int(CALL(HC_clock_gettime, CLOCK_MONOTONIC, 0), -EFAULT,
	    "a time must have a place");
	is_int(CALL(HC_clock_gettime, 12, PAGE), -EINVAL, "12 is not a clock");
	is_int(CALL(HC_clock_gettime, UINT64_C(-6), PAGE), 0,
	    "its own processor clock has a number");
	is_int(CALL(HC_clock_gettime, CPU_CLOCK(1, 2), PAGE), 0,
	    "also by its process number");
	is_int(CALL(HC_clock_gettime, CPU_CLOCK(1, 6), PAGE), 0,
	    "and by its thread's");
	is_int(CALL(HC_clock_gettime, CPU_CLOCK(getpid(), 2), PAGE), -EINVAL,
	    "one of the host's processes has none");
	is_int(CALL(HC_clock_gettime, CPU_CLOCK(0, 3), PAGE), -EINVAL,
	    "nor has one of its descriptors");
	is_int(CALL(HC_clock_nanosleep, CPU_CLOCK(getpid(), 2), 0, PAGE, 0),
	    -EINVAL, "nor can it be slept by");
	is_int(CALL(HC_gettimeofday, PAGE, 0), 0, "gettimeofday answers");
	ok(word(PAGE) / 1000 == (uint64_t)time(NULL) / 1000,
	    "with the time of day");
	is_int(
	    CALL(HC_gettimeofday, RO, 0), -EFAULT, "not to read-only memory");
	memset(at(PAGE), 0, sizeof(struct timespec));
	is_int(CALL(HC_clock_nanosleep, CLOCK_REALTIME_ALARM, 0, PAGE, 0),
	    -EPERM, "no sleep wakes the host");
	is_int(CALL(HC_clock_nanosleep, CLOCK_BOOTTIME_ALARM, 1, PAGE, 0),
	    -EPERM, "nor one until a moment");
	ok(CALL(HC_time, PAGE) == (int64_t)word(PAGE), "time answers twice");
	is_int(CALL(HC_time, LAST), -EFAULT, "not to where there is no room");
	ok(CALL(HC_times, 0) > 0, "times answers");
	is_int(CALL(HC_times, LAST), -EFAULT, "not to where there is no room");
	is_int(CALL(HC_getrusage, RUSAGE_SELF, PAGE), 0, "getrusage answers");
	is_int(CALL(HC_getrusage, 7, PAGE), -EINVAL, "but not for 7");
	is_int(CALL(HC_getrusage, RUSAGE_SELF, 0), -EFAULT, "to somewhere");
}

/* Handle the host's timer while there is no call to interrupt. */
static void
on_tick(int signal)
{
	(void)signal;
	hc_signal_outside(&guest, 0);
}

/* Wait a second at most for the next signal. */
static int
take_soon(void)
{
	const struct timespec ms = { 0, 1000000 };
	int tries, n = 0;

	for (tries = 0; n == 0 && tries < 1000; tries++) {
		n = take();
		if (n == 0)
			nanosleep(&ms, NULL);
	}
	return n;
}

/* Sleep in spite of interruptions. */
static void
sleep_through(long ms)
{
	struct timespec left = { 0, ms * 1000000 };

	while (nanosleep(&left, &left) < 0)
		;
}

static void
test_itimers(void)
{
	struct itimerval value = { .it_value.tv_usec = 1000 };

	signal(HC_TICK, on_tick);
	handle(SIGALRM, 0x401000);
	is_int(CALL(HC_alarm, 0), 0, "no alarm succeeds");
	is_int(CALL(HC_alarm, 10), 0, "one is set");
	is_int(CALL(HC_alarm, 0), 10, "and cancelled, and returned");
	is_int(CALL(HC_getitimer, ITIMER_REAL, PAGE), 0, "no timer is set");
	is_int(word(PAGE + 16), 0, "which is reported");
	is_int(CALL(HC_getitimer, 3, PAGE), -EINVAL, "there are three");
	is_int(
	    CALL(HC_getitimer, 0, RO), -EFAULT, "EFAULT for read-only memory");
	memcpy(at(PAGE), &value, sizeof(value));
	is_int(CALL(HC_setitimer, ITIMER_REAL, PAGE, 0), 0, "one can be set");
	is_int(take_soon(), SIGALRM, "and ends in a signal");
	is_int(take(), 0, "once");
	value.it_value.tv_usec = 1000000;
	memcpy(at(PAGE), &value, sizeof(value));
	is_int(CALL(HC_setitimer, ITIMER_REAL, PAGE, 0), -EINVAL,
	    "a million microseconds are too many");
	memset(at(PAGE), 0, sizeof(value));
	is_int(CALL(HC_setitimer, ITIMER_REAL, PAGE, PAGE + 64), 0,
	    "and taken away");
	is_int(CALL(HC_setitimer, 3, PAGE, 0), -EINVAL, "3 is not a timer");
	is_int(
	    CALL(HC_setitimer, 0, LAST, 0), -EFAULT, "half a value is EFAULT");
}

/* A second less some nanoseconds is rounded up to a second: Linux's getitimer()
 * never returns a million microseconds. */
static void
test_itimer_carry(void)
{
	const struct itimerval second = { .it_value.tv_sec = 1 };
	const struct itimerval none = { 0 };
	struct itimerval value;
	long most = 0;
	int n;

	for (n = 0; n < 10000; n++) {
		memcpy(at(PAGE), &second, sizeof(second));
		CALL(HC_setitimer, ITIMER_REAL, PAGE, 0);
		CALL(HC_getitimer, ITIMER_REAL, PAGE);
		memcpy(&value, at(PAGE), sizeof(value));
		if (value.it_value.tv_usec > most)
			most = value.it_value.tv_usec;
	}
	ok(most < 1000000, "microseconds are less than a million");
	memcpy(at(PAGE), &none, sizeof(none));
	CALL(HC_setitimer, ITIMER_REAL, PAGE, 0);
}

static void
test_timers(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR2,
		.sigev_value.sival_int = 42,
	};
	struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } };
	int id, n;

	handle(SIGUSR2, 0x401000);
	memcpy(at(PAGE), &event, sizeof(event));
	is_int(CALL(HC_timer_create, CLOCK_MONOTONIC, PAGE, PAGE + 256), 0,
	    "a timer is made");
	memcpy(&id, at(PAGE + 256), sizeof(id));
	is_int(id, 0, "the first is 0");
	is_int(CALL(HC_timer_create, CLOCK_MONOTONIC, PAGE, RO), -EFAULT,
	    "one whose number has no place is not");
	is_int(CALL(HC_timer_create, CLOCK_BOOTTIME_ALARM, PAGE, PAGE + 256),
	    -EPERM, "nor one that wakes the host");
	memcpy(at(PAGE + 64), &often, sizeof(often));
	is_int(CALL(HC_timer_settime, 0, 0, PAGE + 64, 0), 0, "it is set");
	is_int(take_soon(), SIGUSR2, "and comes");
	is_int(delivery.info.si_value.sival_int, 42, "with its value");
	is_int(take_soon(), SIGUSR2, "again");
	sleep_through(20);
	is_int(take(), SIGUSR2, "expirations meanwhile come once");
	ok(delivery.info.si_overrun >= 10, "and is counted");
	is_int(CALL(HC_timer_getoverrun, 0), delivery.info.si_overrun,
	    "also by timer_getoverrun");
	mask(SIG_BLOCK, BIT(SIGUSR2));
	sleep_through(5);
	CALL(HC_rt_sigpending, PAGE, 8);
	hc_signal_next(&guest, &thread, &delivery.info);
	is_int(CALL(HC_timer_delete, 0), 0, "it is deleted");
	mask(SIG_SETMASK, 0);
	is_int(take(), 0, "with what it has sent");
	is_int(CALL(HC_timer_delete, 0), -EINVAL, "once");
	memcpy(at(PAGE), &event, sizeof(event));
	for (n = 0; n < HC_TIMERS; n++)
		if (CALL(HC_timer_create, CLOCK_MONOTONIC, PAGE, PAGE + 256) <
		    0)
			break;
	is_int(n, HC_TIMERS - HC_ITIMERS, "there are so many timers");
	is_int(CALL(HC_timer_create, CLOCK_MONOTONIC, PAGE, PAGE + 256),
	    -EAGAIN, "and no more");
}

/* More signals than there are places for their siginfo. */
static void
test_queue(void)
{
	siginfo_t info = { .si_code = SI_QUEUE };
	int64_t r;
	int n;

	mask(SIG_BLOCK, BIT(40));
	memcpy(at(PAGE + 256), &info, sizeof(info));
	for (n = 0; n <= HC_QUEUED; n++) {
		r = CALL(HC_rt_sigqueueinfo, 1, 40, PAGE + 256);
		if (r < 0)
			break;
	}
	is_int(n, HC_QUEUED, "so many signals can wait");
	is_int(r, -EAGAIN, "and no more");
	is_int(
	    CALL(HC_kill, 1, 41), 0, "a signal without siginfo needs no place");
	is_int(take(), 41, "and comes");
	handle(40, 1);
	mask(SIG_SETMASK, 0);
	is_int(take(), 0, "ignored, all are gone");
	handle(40, 0);
}

/* si_code decides: a thread can send any signal. */
static void
test_describe(void)
{
	static const char sent[] = "a thread of the guest sent it";
	static const char expired[] = "a timer expired";
	static const struct {
		siginfo_t info;
		const char *text, *claim;
	} cases[] = {
		{ { .si_signo = SIGALRM, .si_code = SI_TKILL, .si_pid = 1 },
		    sent, "SIGALRM by pthread_kill() is not a timer's" },
		{ { .si_signo = SIGPROF, .si_code = SI_USER, .si_pid = 1 },
		    sent, "nor is SIGPROF by kill()" },
		{ { .si_signo = SIGVTALRM, .si_code = SI_QUEUE, .si_pid = 1 },
		    sent, "nor is SIGVTALRM by sigqueue()" },
		{ { .si_signo = SIGALRM, .si_code = SI_KERNEL }, expired,
		    "SIGALRM by alarm() is a timer's" },
		{ { .si_signo = SIGUSR1, .si_code = SI_TIMER }, expired,
		    "so is any signal of timer_create()'s" },
		{ { .si_signo = SIGSEGV, .si_code = SI_KERNEL },
		    "a signal frame is invalid, or its stack is not writable",
		    "a frame that cannot be made is reported as such" },
		{ { .si_signo = SIGTERM, .si_code = SI_USER },
		    "it was sent to novillo",
		    "a signal from outside has no sender" },
	};
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hc_signal_describe(&cases[i].info, text, sizeof(text));
		is_str(text, cases[i].text, "%s", cases[i].claim);
	}
}

int
main(void)
{
	guestcall_init();
	test_actions();
	test_masks();
	test_kill();
	test_broken_pipes();
	test_kicked_print();
	test_dispositions();
	test_broken_pipe();
	test_too_large();
	test_two_threads();
	test_claims();
	test_stack();
	test_limits();
	test_machine();
	test_prctl();
	test_identity();
	test_clocks();
	test_itimers();
	test_itimer_carry();
	test_timers();
	test_queue();
	test_describe();
	return done_testing();
}
