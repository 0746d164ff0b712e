/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypercall table and its dispatch.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/forward.h"
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/names.h"
#include "hypercall/refused.h"
#include "hypercall/trace.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>

/* What the argument words of hypercall.def become. */
#define ARG(...)            \
	{                   \
		__VA_ARGS__ \
	}
#define INT(n)            ARG(.name = #n, .kind = HC_ARG_INT)
#define UINT(n)           ARG(.name = #n, .kind = HC_ARG_UINT)
#define HEX(n)            ARG(.name = #n, .kind = HC_ARG_HEX)
#define OCT(n)            ARG(.name = #n, .kind = HC_ARG_OCT)
#define OFF(n)            ARG(.name = #n, .kind = HC_ARG_OFF)
#define MODE(n, l)        ARG(.name = #n, .kind = HC_ARG_MODE, .length = l)
#define FD(n)             ARG(.name = #n, .kind = HC_ARG_FD)
#define DIRFD(n)          ARG(.name = #n, .kind = HC_ARG_DIRFD)
#define ADDR(n)           ARG(.name = #n, .kind = HC_ARG_ADDR)
#define FLAGS(n, set)     ARG(.name = #n, .kind = HC_ARG_FLAGS, .names = set_##set)
#define ENUM(n, set)      ARG(.name = #n, .kind = HC_ARG_ENUM, .names = set_##set)
#define STR(n)            ARG(.name = #n, .kind = HC_ARG_STR)
#define PATH(n)           ARG(.name = #n, .kind = HC_ARG_PATH)
#define INBUF(n, l)       ARG(.name = #n, .kind = HC_ARG_INBUF, .length = l)
#define OUTBUF(n, l)      ARG(.name = #n, .kind = HC_ARG_OUTBUF, .length = l)
#define ENTRIES(n, l)     ARG(ENTRY(n), .kind = HC_ARG_OUTBUF, .length = l)
#define ENTRY(n)          .name = #n, .type = "struct linux_dirent64"
#define INIOV(n, l)       ARG(.name = #n, .kind = HC_ARG_INIOV, .length = l)
#define OUTIOV(n, l)      ARG(.name = #n, .kind = HC_ARG_OUTIOV, .length = l)
#define STRUCT(n, t)      .name = #n, .size = sizeof(t), .type = #t
#define IN(n, t)          ARG(STRUCT(n, t), .kind = HC_ARG_IN)
#define OUT(n, t)         ARG(STRUCT(n, t), .kind = HC_ARG_OUT)
#define INOUT(n, t)       ARG(STRUCT(n, t), .kind = HC_ARG_INOUT)
#define REM(n, t)         ARG(STRUCT(n, t), .kind = HC_ARG_REM)
#define ARRAY(n, t, l)    STRUCT(n, t), .length = l
#define INARR(n, t, l)    ARG(ARRAY(n, t, l), .kind = HC_ARG_INARR)
#define OUTARR(n, t, l)   ARG(ARRAY(n, t, l), .kind = HC_ARG_OUTARR)
#define INOUTARR(n, t, l) ARG(ARRAY(n, t, l), .kind = HC_ARG_INOUTARR)
#define SOCKADDR(n, l)    ARG(.name = #n, .kind = HC_ARG_SOCKADDR, .length = l)
#define OUTADDR(n, l)     ARG(.name = #n, .kind = HC_ARG_OUTADDR, .length = l)
#define OUTLEN(n, l)      ARG(.name = #n, .kind = HC_ARG_OUTLEN, .length = l)
#define IOCTL(n)          ARG(.name = #n, .kind = HC_ARG_IOCTL)
#define FCNTL(n)          ARG(.name = #n, .kind = HC_ARG_FCNTL)
#define UNUSED(n)         ARG(.name = #n, .kind = HC_ARG_NONE)
#define NOARGS            ARG(.kind = HC_ARG_NONE)

#define NEEDS(...)              \
	{                       \
		__VA_ARGS__, -1 \
	}
#define NEEDS_NONE \
	{          \
		-1 \
	}
/* Taking pages, giving them back, and touching them in advance. */
#define MAPPING SYS_mmap, SYS_madvise, SYS_mremap, SYS_munmap
/* What finding a name takes. */
#define FINDING                                                             \
	SYS_openat2, SYS_openat, SYS_close, SYS_newfstatat, SYS_readlinkat, \
	    SYS_fcntl, SYS_statx
/* What a timer takes. */
#define TIMING SYS_timer_create, SYS_timer_settime, SYS_clock_gettime
/* What receiving a message takes: descriptors in it are looked at. */
#define RECEIVING                                                            \
	SYS_recvmsg, SYS_newfstatat, SYS_fstatfs, SYS_fcntl, SYS_getsockopt, \
	    SYS_close

static const struct hc_row rows[] = {
#define HYPERCALL(number, call, class_set, needed, count, ...)  \
	{                                                       \
		.name = #call,                                  \
		.classes = class_set,                           \
		.argc = count,                                  \
		.args = (const struct hc_arg[]){ __VA_ARGS__ }, \
		.needs = needed,                                \
		.handler = hc_do_##call,                        \
	},
#define FORWARD(number, call, class_set, count, ...)            \
	{                                                       \
		.name = #call,                                  \
		.classes = class_set,                           \
		.argc = count,                                  \
		.args = (const struct hc_arg[]){ __VA_ARGS__ }, \
		.needs = NEEDS(SYS_##call),                     \
	},
#include "abi/hypercall.def"
#undef FORWARD
#undef HYPERCALL
};

enum row_number {
#define HYPERCALL(number, call, ...) ROW_##call,
#include "abi/hypercall.def"
#undef HYPERCALL
	ROWS,
};

/* Numbers are far apart, rows are large: 0, or a row's place and one. */
static const uint8_t place[HYPERCALL_END] = {
#define HYPERCALL(number, call, ...) [number] = ROW_##call + 1,
#include "abi/hypercall.def"
#undef HYPERCALL
};

_Static_assert(ROWS < UINT8_MAX, "a place fits into a byte");

/* The kernel's struct termios, which is not the C library's. */
#define TERMIOS(kind_) \
	ARG(.name = "argp", .kind = kind_, .type = "struct termios", .size = 36)
/* Nothing is handed in; the result has these names. */
#define GIVES(set)   ARG(.kind = HC_ARG_NONE, .names = set_##set)
#define GIVES_NUMBER ARG(.kind = HC_ARG_NONE)
#define REQUEST(kind, request, ...)                 \
	{                                           \
		HC_ARG_##kind, request, __VA_ARGS__ \
	}

static const struct {
	enum hc_arg_kind kind;
	uint32_t request;
	struct hc_arg arg;
} requests[] = {
	REQUEST(IOCTL, TCGETS, TERMIOS(HC_ARG_OUT)),
	REQUEST(IOCTL, TCSETS, TERMIOS(HC_ARG_IN)),
	REQUEST(IOCTL, TCSETSW, TERMIOS(HC_ARG_IN)),
	REQUEST(IOCTL, TCSETSF, TERMIOS(HC_ARG_IN)),
	REQUEST(IOCTL, TIOCGWINSZ, OUT(argp, struct winsize)),
	REQUEST(IOCTL, FIONREAD, OUT(argp, int)),
	REQUEST(IOCTL, FIONBIO, IN(argp, int)),
	REQUEST(FCNTL, F_DUPFD, INT(arg)),
	REQUEST(FCNTL, F_DUPFD_CLOEXEC, INT(arg)),
	REQUEST(FCNTL, F_GETFD, GIVES(descriptor)),
	REQUEST(FCNTL, F_SETFD, FLAGS(arg, descriptor)),
	REQUEST(FCNTL, F_GETFL, GIVES(open)),
	REQUEST(FCNTL, F_SETFL, FLAGS(arg, open)),
	REQUEST(FCNTL, F_GETLK, INOUT(arg, struct flock)),
	REQUEST(FCNTL, F_SETLK, IN(arg, struct flock)),
	REQUEST(FCNTL, F_SETLKW, IN(arg, struct flock)),
	REQUEST(FCNTL, F_OFD_GETLK, INOUT(arg, struct flock)),
	REQUEST(FCNTL, F_OFD_SETLK, IN(arg, struct flock)),
	REQUEST(FCNTL, F_OFD_SETLKW, IN(arg, struct flock)),
	REQUEST(FCNTL, F_GETPIPE_SZ, GIVES_NUMBER),
	REQUEST(FCNTL, F_SETPIPE_SZ, INT(arg)),
	REQUEST(FCNTL, F_GET_SEALS, GIVES_NUMBER),
};

static const struct {
	const char *name;
	unsigned class;
} classes[] = {
	{ "base", HC_BASE },
	{ "file", HC_FILE },
	{ "net", HC_NET },
	{ "poll", HC_POLL },
	{ "time", HC_TIME },
	{ "memory", HC_MEMORY },
	{ "own", HC_OWN },
	{ "all", ~0U },
};

#define CLASSES (sizeof(classes) / sizeof(classes[0]))

static bool
same_word(const char *name, const char *word, size_t len)
{
	return strlen(name) == len && memcmp(name, word, len) == 0;
}

const struct hc_row *
hc_row(uint32_t number)
{
	if (number >= HYPERCALL_END || place[number] == 0)
		return NULL;
	return &rows[place[number] - 1];
}

const struct hc_name *
hc_signal_names(void)
{
	return set_signal;
}

const struct hc_arg *
hc_request(enum hc_arg_kind kind, uint32_t request)
{
	size_t i;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].kind == kind && requests[i].request == request)
			return &requests[i].arg;
	return NULL;
}

const struct hc_arg *
hc_arg_of(const struct hc_call *call, const struct hc_row *row, unsigned i)
{
	static const struct hc_arg unknown = HEX(arg);
	const struct hc_arg *arg = &row->args[i];

	if (arg->kind != HC_ARG_IOCTL && arg->kind != HC_ARG_FCNTL)
		return arg;
	arg = hc_request(arg->kind, (uint32_t)call->arg[i - 1]);
	return arg ? arg : &unknown;
}

unsigned
hc_class_by_name(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		if (same_word(classes[i].name, name, len))
			return classes[i].class;
	return 0;
}

const char *
hc_class_name(unsigned class)
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		if (classes[i].class == class)
			return classes[i].name;
	return NULL;
}

bool
hc_set_has(const struct hc_set *set, uint32_t number)
{
	return number < HYPERCALL_END &&
	       (set->bits[number / 64] >> number % 64 & 1);
}

bool
hc_set_has_own(const struct hc_set *set, uint32_t number)
{
	return number < HYPERCALL_END &&
	       (set->own[number / 64] >> number % 64 & 1);
}

static void
put_bit(uint64_t *bits, uint32_t nr, bool in)
{
	const uint64_t bit = UINT64_C(1) << nr % 64;

	if (in)
		bits[nr / 64] |= bit;
	else
		bits[nr / 64] &= ~bit;
}

/* One call by a class or its name: false if that is not it. */
static bool
put_call(struct hc_set *set, uint32_t nr, unsigned class, bool named, bool in)
{
	const struct hc_row *row = hc_row(nr);
	bool whole = named || (row->classes & class & ~(unsigned)HC_OWN);

	if (whole)
		put_bit(set->bits, nr, in);
	else if (!(row->classes & HC_OWN) || !(class & (HC_OWN | HC_BASE)))
		return false;
	if (row->classes & HC_OWN)
		put_bit(set->own, nr, in);
	return true;
}

bool
hc_set_change(struct hc_set *set, const char *word, size_t len)
{
	bool in = len == 0 || word[0] != '-';
	unsigned class = 0;
	bool found = false;
	uint32_t nr;

	if (!in) {
		word++;
		len--;
	}
	if (len > 0 && word[0] == '@') {
		class = hc_class_by_name(word + 1, len - 1);
		found = class != 0;
	}
	for (nr = 0; nr < HYPERCALL_END; nr++) {
		const struct hc_row *row = hc_row(nr);

		if (!row)
			continue;
		if (put_call(
			set, nr, class, same_word(row->name, word, len), in))
			found = true;
	}
	return found;
}

int
hc_set_parse(
    struct hc_set *set, const char *list, const char **bad, size_t *bad_len)
{
	*set = (struct hc_set){ 0 };
	for (;; list++) {
		size_t len = strcspn(list, ",");

		if (!hc_set_change(set, list, len)) {
			*bad = list;
			*bad_len = len;
			return -EINVAL;
		}
		list += len;
		if (!*list)
			return 0;
	}
}

void
hc_guest_init(struct hc_guest *guest, struct gmem *mem)
{
	static const char base[] = "@base";

	guest->mem = mem;
	guest->tree.self = -1;
	hc_world_init(guest);
	guest->dumpable = true;
	hc_limits_init(guest);
	hc_signals_init(guest);
	hc_set_change(&guest->policy.allowed, base, sizeof(base) - 1);
	hc_fds_init(&guest->fds);
}

/* A call that there is and that this guest must not make. */
static int64_t
deny(struct hc_call *call, uint32_t number)
{
	struct hc_policy *policy = &call->guest->policy;

	call->denied = true;
	if (policy->denied && !hc_set_has(&policy->told, number))
		policy->denied(call->guest, number);
	policy->told.bits[number / 64] |= UINT64_C(1) << number % 64;
	if (policy->kill) {
		call->end = HC_KILLS_GUEST;
		call->status = SIGSYS;
		call->thread->signals.fatal = (siginfo_t){
			.si_signo = SIGSYS,
			.si_code = HC_SYS_SECCOMP,
		};
		call->why = "is not allowed";
	}
	return -EPERM;
}

static int64_t
serve_allowed(struct hc_call *call, const struct hc_row *row, uint32_t number)
{
	struct hc_guest *guest = call->guest;
	int64_t result;

	atomic_fetch_add_explicit(
	    &guest->count[number], 1, memory_order_relaxed);
	/* What changes mappings does so one thread at a time. */
	if (row->classes & HC_MEMORY)
		gmem_lock(guest->mem);
	result = row->handler ? row->handler(call) : hc_forward(call, row);
	if (row->classes & HC_MEMORY)
		gmem_unlock(guest->mem);
	if (result == -EPIPE)
		hc_broken_pipe(call, number);
	else if (result == -EFBIG)
		hc_too_large(call, number);
	/* A mask of the call's own has gone with it. */
	return call->thread->signals.swapped ? hc_end_swapped(call, result)
					     : result;
}

/* What is not allowed may still be allowed on novillo's own files: whether it
 * leads to one, the handler finds out. */
static int64_t
serve(struct hc_call *call, uint32_t number)
{
	const struct hc_set *allowed = &call->guest->policy.allowed;
	const struct hc_row *row = hc_row(number);
	int64_t result;

	if (!row)
		return hc_refuse(call, number);
	if (hc_set_has(allowed, number))
		return serve_allowed(call, row, number);
	if (!hc_set_has_own(allowed, number))
		return deny(call, number);
	call->own_only = true;
	result = serve_allowed(call, row, number);
	return result == HC_ELSEWHERE ? deny(call, number) : result;
}

static int64_t
serve_traced(struct hc_call *call, uint32_t number)
{
	struct hc_trace *trace = call->guest->trace;
	struct hc_traced traced;
	int64_t result;

	hc_trace_enter(trace, &traced, call, number);
	result = serve(call, number);
	hc_trace_leave(trace, &traced, result);
	return result;
}

int64_t
hc_dispatch(struct hc_call *call, uint32_t number)
{
	int64_t result;

	gmem_begin(call->guest->mem);
	result = call->guest->trace ? serve_traced(call, number)
				    : serve(call, number);
	gmem_settle(call->guest->mem);
	return result;
}
