/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files from which a guest reads signals (signalfd).  Nothing here may know
 * vCPUs or KVM.
 *
 * The host's file only says whether there is something to read, to whatever
 * waits for it.  It is an epoll set, which can be read from and never written
 * to, with an eventfd inside: a write to that wakes also those that wait for an
 * edge, and a read takes the readiness away.
 */
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/signal/send.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

/* The signals that are pending for any thread. */
static hc_sigset
all_pending(const struct hc_signals *s)
{
	const struct hc_thread *t;
	hc_sigset set = s->all.set;

	for (t = s->threads; t; t = t->signals.next)
		set |= t->signals.mine.set;
	return set;
}

/* Close what a file without holders has left. */
static bool
is_gone(struct hc_signals *s, struct hc_signal_file *f)
{
	if (!f->gone)
		return false;
	(void)hc_host(SYS_close, f->event);
	f->used = false;
	s->files--;
	return true;
}

static void
show(struct hc_signal_file *f, bool ready, bool sent)
{
	uint64_t value = 1;

	if (sent || (ready && !f->raised))
		(void)hc_host(SYS_write, f->event, &value, sizeof(value));
	else if (!ready && f->raised)
		(void)hc_host(SYS_read, f->event, &value, sizeof(value));
	f->raised = ready;
}

void
hc_signal_show(struct hc_signals *s, hc_sigset sent)
{
	struct hc_signal_file *f;
	hc_sigset pending;

	if (s->files == 0)
		return;
	pending = all_pending(s);
	for (f = s->file; f < s->file + HC_SIGNAL_FILES; f++)
		if (f->used && !is_gone(s, f))
			show(f, pending & f->mask, sent & f->mask);
}

/* The host's file with `event` in it. */
static int64_t
make_set(int event, unsigned flags)
{
	struct epoll_event in = { .events = EPOLLIN };
	int64_t set = hc_host(SYS_epoll_create1, EPOLL_CLOEXEC);
	int64_t r = set;

	if (set < 0)
		return set;
	r = hc_host(SYS_epoll_ctl, set, EPOLL_CTL_ADD, event, &in);
	if (r == 0 && (flags & SFD_NONBLOCK))
		r = hc_host(SYS_fcntl, set, F_SETFL, O_NONBLOCK);
	if (r == 0)
		return set;
	(void)hc_host(SYS_close, set);
	return r;
}

/* A free place, whose event is `event`; or NULL. */
static struct hc_signal_file *
take_place(struct hc_signals *s, int event, hc_sigset mask)
{
	struct hc_signal_file *f = s->file;

	while (f < s->file + HC_SIGNAL_FILES && f->used && !is_gone(s, f))
		f++;
	if (f == s->file + HC_SIGNAL_FILES)
		return NULL;
	f->used = true;
	f->gone = f->raised = false;
	f->event = event;
	f->mask = mask;
	s->files++;
	return f;
}

/* Signals of faults, whose siginfo has an address. */
#define FAULTS                                               \
	(HC_SIGNAL_BIT(SIGSEGV) | HC_SIGNAL_BIT(SIGBUS) |    \
	    HC_SIGNAL_BIT(SIGILL) | HC_SIGNAL_BIT(SIGTRAP) | \
	    HC_SIGNAL_BIT(SIGFPE))

/* The fields of a code between SI_USER and SI_KERNEL depend on the signal. */
static void
describe_cause(struct signalfd_siginfo *to, const siginfo_t *info)
{
	if (FAULTS & HC_SIGNAL_BIT(info->si_signo)) {
		to->ssi_addr = (uintptr_t)info->si_addr;
	} else if (info->si_signo == SIGCHLD) {
		to->ssi_pid = (uint32_t)info->si_pid;
		to->ssi_uid = info->si_uid;
		to->ssi_status = info->si_status;
		to->ssi_utime = (uint64_t)info->si_utime;
		to->ssi_stime = (uint64_t)info->si_stime;
	} else {
		to->ssi_band = (uint32_t)info->si_band;
		to->ssi_fd = info->si_fd;
	}
}

/* As Linux: the fields depend on the code, and others are 0. */
static void
describe(struct signalfd_siginfo *to, const siginfo_t *info)
{
	memset(to, 0, sizeof(*to));
	to->ssi_signo = (uint32_t)info->si_signo;
	to->ssi_errno = info->si_errno;
	to->ssi_code = info->si_code;
	if (info->si_code == SI_TIMER) {
		to->ssi_tid = (uint32_t)info->si_timerid;
		to->ssi_overrun = (uint32_t)info->si_overrun;
	} else if (info->si_code <= SI_USER || info->si_code == SI_KERNEL) {
		to->ssi_pid = (uint32_t)info->si_pid;
		to->ssi_uid = info->si_uid;
	} else {
		describe_cause(to, info);
	}
	if (info->si_code < SI_USER) {
		to->ssi_ptr = (uintptr_t)info->si_ptr;
		to->ssi_int = info->si_int;
	}
}

/* Wait for the first signal, unless the file does not block. */
static int64_t
await(struct hc_call *call, struct hc_file *file, siginfo_t *info)
{
	int64_t r;

	if (hc_signal_take_awaited(call, file->signals->mask, false, info))
		return 0;
	if (hc_host(SYS_fcntl, file->host, F_GETFL) & O_NONBLOCK)
		return -EAGAIN;
	r = hc_signal_wait(call, file->signals->mask, NULL, info);
	return r == -EINTR ? -HC_RESTARTS : r;
}

/* hc_answers.read. */
static int64_t
read_signals(struct hc_call *call, struct hc_file *file, const uint64_t *at,
    uint8_t *buf, uint64_t len)
{
	struct signalfd_siginfo one;
	siginfo_t info;
	uint64_t done = 0;
	int64_t r;

	(void)at;
	if (len < sizeof(one))
		return -EINVAL;
	r = await(call, file, &info);
	if (r < 0)
		return r;
	do {
		describe(&one, &info);
		if (gmem_copy(buf + done, &one, sizeof(one)) < sizeof(one))
			return done > 0 ? (int64_t)done : -EFAULT;
		done += sizeof(one);
	} while (
	    len - done >= sizeof(one) &&
	    hc_signal_take_awaited(call, file->signals->mask, false, &info));
	return (int64_t)done;
}

static const struct hc_answers answers = { .read = read_signals };

/* Give `file` a place, which takes `event` over. */
static bool
place(struct hc_guest *guest, struct hc_file *file, int event, hc_sigset mask)
{
	hc_signals_lock(guest);
	file->signals = take_place(&guest->signals, event, mask);
	if (file->signals) {
		file->answers = &answers;
		file->gone = &file->signals->gone;
	}
	hc_signal_show(&guest->signals, 0);
	hc_signals_unlock(guest);
	return file->signals;
}

/* The file of `event`, which it takes over, held; or -errno. */
static int64_t
make_file(struct hc_guest *guest, int event, hc_sigset mask, unsigned flags,
    struct hc_file **file)
{
	int64_t set = make_set(event, flags);

	*file = set < 0 ? NULL : hc_file_new(&guest->fds, (int)set);
	if (*file && place(guest, *file, event, mask))
		return 0;
	if (*file)
		hc_file_put(*file);
	(void)hc_host(SYS_close, event);
	return set < 0 ? set : -EMFILE;
}

static int64_t
create(struct hc_call *call, hc_sigset mask, unsigned flags)
{
	int64_t event = hc_host(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct hc_file *file;
	int64_t r = event;

	if (event >= 0)
		r = make_file(call->guest, (int)event, mask, flags, &file);
	if (r < 0)
		return r;
	file->may = HC_MAY_FLAGS;
	file->stays = true;
	return hc_fd_install(&call->guest->fds, file, 0, flags & SFD_CLOEXEC);
}

/* Threads that wait by the old mask look again. */
static int64_t
change(struct hc_call *call, int fd, hc_sigset mask)
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file = hc_fd_get(&guest->fds, (uint64_t)fd);

	if (!file)
		return -EBADF;
	if (!file->signals) {
		hc_file_put(file);
		return -EINVAL;
	}
	hc_signals_lock(guest);
	file->signals->mask = mask;
	hc_signal_show(&guest->signals, 0);
	hc_signal_rouse(&guest->signals);
	hc_signals_unlock(guest);
	hc_file_put(file);
	return fd;
}

static int64_t
make(struct hc_call *call, int fd, uint64_t va, uint64_t size, unsigned flags)
{
	hc_sigset mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (gmem_read(call->guest->mem, &mask, va, sizeof(mask)) < 0)
		return -EFAULT;
	if (flags & ~(unsigned)(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	mask &= ~HC_SIGNAL_UNBLOCKABLE;
	return fd == -1 ? create(call, mask, flags) : change(call, fd, mask);
}

int64_t
hc_do_signalfd(struct hc_call *call)
{
	return make(call, (int)call->signalfd.fd, call->signalfd.mask,
	    call->signalfd.size, 0);
}

int64_t
hc_do_signalfd4(struct hc_call *call)
{
	return make(call, (int)call->signalfd4.fd, call->signalfd4.mask,
	    call->signalfd4.size, (unsigned)call->signalfd4.flags);
}
