/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace lines, as strace would print them.  Nothing here may change what it
 * shows: guest memory is only read.
 *
 * A line is written at once, when its call returns.  If another thread's call
 * began later and returns earlier, the first is written as unfinished before,
 * so that lines are in the order in which calls began.
 */
#include "hypercall/trace/trace.h"

#include "hypercall/core/names.h"
#include "hypercall/core/refused.h"
#include "hypercall/trace/show.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define COMMAND (uint32_t) FUTEX_CMD_MASK

#define MAX_ERRNO 4095 /* a result below -MAX_ERRNO is not an error */

static struct hc_show
show_of(struct hc_traced *t, bool output)
{
	return (struct hc_show){
		.line = &t->line,
		.mem = t->call->guest->mem,
		.output = output,
		.most = t->most,
		.left = UINT64_MAX,
	};
}

/* Does the call write what this argument points to? */
static bool
is_output(enum hc_arg_kind kind)
{
	switch (kind) {
	case HC_ARG_OUT:
	case HC_ARG_REM:
	case HC_ARG_OUTBUF:
	case HC_ARG_OUTIOV:
	case HC_ARG_OUTARR:
	case HC_ARG_OUTADDR:
	case HC_ARG_OUTLEN: return true;
	default: return false;
	}
}

/* Does the call have this argument? */
static bool
is_present(const struct hc_call *call, const struct hc_arg *arg)
{
	if (arg->kind == HC_ARG_MODE)
		return (call->arg[arg->length] & O_CREAT) ||
		       (call->arg[arg->length] & O_TMPFILE) == O_TMPFILE;
	return arg->kind != HC_ARG_NONE;
}

/* Write the name of a descriptor's file, if that is wanted. */
static void
put_name(struct hc_traced *t, int fd)
{
	char name[SHOWN_PATH + 1];
	size_t n;

	n = t->name_fd ? t->name_fd(t->call->guest, fd, name, sizeof(name)) : 0;
	if (n > 0)
		line_put(
		    &t->line, "<%s%s>", name, n >= sizeof(name) ? "..." : "");
}

static void
put_fd(struct hc_traced *t, int fd)
{
	line_put(&t->line, "%d", fd);
	if (fd >= 0)
		put_name(t, fd);
}

static void
put_dirfd(struct hc_traced *t, int fd)
{
	if (fd == AT_FDCWD)
		line_put(&t->line, "AT_FDCWD");
	else
		line_put(&t->line, "%d", fd);
	put_name(t, fd);
}

static bool
is_option_call(const struct hc_traced *t)
{
	return t->number == HC_setsockopt || t->number == HC_getsockopt;
}

static void
put_int(struct hc_traced *t, int value)
{
	if (is_option_call(t))
		show_option(&t->line, (int)t->call->setsockopt.level, value);
	else
		line_put(&t->line, "%d", value);
}

/* Bytes that the call reads or has written. */
static void
put_bytes(struct hc_traced *t, struct hc_show *show, const struct hc_arg *arg,
    uint64_t va, uint64_t len)
{
	if (is_option_call(t))
		show_option_value(show, (int)t->call->setsockopt.level,
		    (int)t->call->setsockopt.option, va, (uint32_t)len);
	else
		show_bytes(show, arg->type, va, len);
}

static void
put_input(struct hc_traced *t, const struct hc_arg *arg, uint64_t value)
{
	struct hc_show show = show_of(t, false);
	struct hc_line *line = &t->line;
	uint64_t length = t->call->arg[arg->length];

	switch (arg->kind) {
	case HC_ARG_INT: put_int(t, (int)value); break;
	case HC_ARG_FD: put_fd(t, (int)value); break;
	case HC_ARG_OFF: line_put(line, "%" PRId64, (int64_t)value); break;
	case HC_ARG_UINT: line_put(line, "%" PRIu64, value); break;
	case HC_ARG_HEX: line_put(line, "%#" PRIx64, value); break;
	case HC_ARG_MODE:
	case HC_ARG_OCT: line_put(line, "%#03o", (unsigned)value); break;
	case HC_ARG_DIRFD: put_dirfd(t, (int)value); break;
	case HC_ARG_FLAGS:
		line_flags(line, hc_names(arg->names), (uint32_t)value);
		break;
	case HC_ARG_ENUM:
		show_enum(line, hc_names(arg->names), (uint32_t)value);
		break;
	case HC_ARG_STR: show_string(&show, value, show.most); break;
	case HC_ARG_PATH: show_string(&show, value, SHOWN_PATH); break;
	case HC_ARG_INBUF: put_bytes(t, &show, arg, value, length); break;
	case HC_ARG_INIOV: show_vector(&show, value, (uint32_t)length); break;
	case HC_ARG_SOCKADDR:
		show_sockaddr(&show, value, (uint32_t)length);
		break;
	case HC_ARG_IN:
	case HC_ARG_INOUT:
		show_struct(&show, arg->type, arg->size, value);
		break;
	case HC_ARG_INARR:
	case HC_ARG_INOUTARR:
		show_array(&show, arg->type, arg->size, value, length);
		break;
	default: line_address(line, value); break;
	}
}

/* The length that the call stored for its output. */
static uint32_t
written(const struct hc_call *call, const struct hc_arg *arg)
{
	uint32_t len = 0;

	if (gmem_read(call->guest->mem, &len, call->arg[arg->length],
		sizeof(len)) < 0)
		return 0;
	return len;
}

static void
put_output(struct hc_traced *t, const struct hc_arg *arg, uint64_t value,
    int64_t result)
{
	const struct hc_call *call = t->call;
	struct hc_show show = show_of(t, true);
	bool wrote = arg->kind == HC_ARG_REM ? result == -EINTR : result >= 0;

	switch (wrote ? arg->kind : HC_ARG_ADDR) {
	case HC_ARG_OUTBUF:
		show_bytes(&show, arg->type, value, (uint64_t)result);
		break;
	case HC_ARG_OUTIOV:
		show.left = (uint64_t)result;
		show_vector(&show, value, (uint32_t)call->arg[arg->length]);
		break;
	case HC_ARG_OUTARR:
		show_array(
		    &show, arg->type, arg->size, value, (uint64_t)result);
		break;
	case HC_ARG_OUTADDR:
		show_sockaddr(&show, value, written(call, arg));
		break;
	case HC_ARG_OUTLEN:
		put_bytes(t, &show, arg, value, written(call, arg));
		break;
	case HC_ARG_INOUTARR: /* of is_late(), as the next one */
		show_array(
		    &show, arg->type, arg->size, value, (uint64_t)result);
		break;
	case HC_ARG_INOUT:
		show.left = (uint64_t)result;
		/* fall through */
	case HC_ARG_REM:
	case HC_ARG_OUT: show_struct(&show, arg->type, arg->size, value); break;
	default: line_address(&t->line, value); break;
	}
}

/* Show the structure after the call, unless it is unchanged: "[0] => [6]". */
static void
put_change(struct hc_traced *t, const struct hc_arg *arg, uint64_t value)
{
	struct hc_show show = show_of(t, true);
	struct hc_line *line = &t->line;
	bool joins = show_joins(arg->type);
	size_t before = line->used, len = before - t->changes, now;

	if (!value || line->cut)
		return;
	show_struct(&show, arg->type, arg->size, value);
	now = line->used - before;
	if (line->cut || (!t->unfinished && now == len &&
			     memcmp(line->text + t->changes,
				 line->text + before, len) == 0)) {
		line->used = before;
		line->cut = false;
		return;
	}
	line->used = before;
	if (joins && !t->unfinished && len > 0)
		line->used--; /* the bracket */
	line_put(line, " => ");
	show_struct(&show, arg->type, arg->size, value);
}

static unsigned
first_arg(const struct hc_row *row)
{
	return row->argc == HC_ARGS ? HC_ARGS - 1 : 0; /* ToroV's */
}

/* Write the comma before an argument, once. */
static void
part(struct hc_traced *t, const struct hc_row *row)
{
	if (!t->comma && t->arg > first_arg(row))
		line_put(&t->line, ", ");
	t->comma = true;
}

/*
 * How many arguments a call has, where that depends on one of them: the rest is
 * what happens to be in registers.
 */
static unsigned
count_arguments(const struct hc_traced *t, const struct hc_row *row)
{
	static const struct {
		uint32_t call;
		unsigned arg;
		uint32_t mask, value;
		unsigned count;
	} fewer[] = {
		{ HC_futex, 1, COMMAND, FUTEX_WAIT, 4 },
		{ HC_futex, 1, COMMAND, FUTEX_WAKE, 3 },
		{ HC_futex, 1, COMMAND, FUTEX_REQUEUE, 5 },
		{ HC_mremap, 3, MREMAP_FIXED | MREMAP_DONTUNMAP, 0, 4 },
		{ HC_prctl, 0, UINT32_MAX, PR_SET_VMA, 5 },
		{ HC_prctl, 0, 0, 0, 2 },
	};
	size_t i;

	for (i = 0; i < sizeof(fewer) / sizeof(fewer[0]); i++)
		if (fewer[i].call == t->number &&
		    (t->call->arg[fewer[i].arg] & fewer[i].mask) ==
			fewer[i].value)
			return fewer[i].count;
	return row->argc;
}

/*
 * Is an argument that the call reads and writes shown only after the call?  The
 * former content of a message is of no interest, and the answer about an
 * interface has the question in it.
 */
static bool
is_late(const struct hc_traced *t, const struct hc_arg *arg)
{
	switch (t->number) {
	case HC_recvmsg: return arg->kind == HC_ARG_INOUT;
	case HC_recvmmsg:
	case HC_sendmmsg: return arg->kind == HC_ARG_INOUTARR;
	case HC_ioctl: return arg->kind == HC_ARG_INOUT;
	default: return false;
	}
}

/* Is a late argument of a call that failed shown as the call read it? */
static bool
is_asked(const struct hc_traced *t, const struct hc_arg *arg)
{
	return is_late(t, arg) && t->number != HC_recvmsg &&
	       t->number != HC_recvmmsg;
}

/* The limit of recvmmsg() comes after the messages, which are shown late: keep
 * it as the call reads it. */
static void
keep_limit(struct hc_traced *t, const struct hc_row *row)
{
	struct hc_line *line = &t->line;
	size_t before = line->used, n;

	if (t->number != HC_recvmmsg)
		return;
	put_input(t, &hc_args(row)[row->argc - 1], t->call->recvmmsg.timeout);
	n = line->used - before;
	if (!line->cut && n < sizeof(t->limit)) {
		memcpy(t->limit, line->text + before, n);
		t->limit[n] = '\0';
	}
	line->used = before;
	line->cut = false;
}

/* rt_sigreturn() restores a struct ucontext that is on the stack. */
static void
put_frame(struct hc_traced *t)
{
	struct hc_show show = show_of(t, false);

	line_put(&t->line, "{mask=");
	show_struct(&show, "hc_sigset", sizeof(uint64_t),
	    t->call->sp + offsetof(ucontext_t, uc_sigmask));
	line_put(&t->line, "}");
}

/* Show arguments up to the first that the call will write. */
static void
put_arguments(struct hc_traced *t, const struct hc_row *row)
{
	t->args = count_arguments(t, row);
	keep_limit(t, row);
	if (t->number == HC_rt_sigreturn)
		put_frame(t);
	for (t->arg = first_arg(row); t->arg < t->args; t->arg++) {
		const struct hc_arg *arg = hc_arg_of(t->call, row, t->arg);

		if (!is_present(t->call, arg))
			continue;
		part(t, row);
		if (is_output(arg->kind) || is_late(t, arg))
			return;
		t->changes = t->line.used;
		put_input(t, arg, t->call->arg[t->arg]);
		if (arg->kind == HC_ARG_INOUT)
			return;
		t->comma = false;
	}
}

/* An input that is shown after the call, as it was before it. */
static void
put_given(struct hc_traced *t, const struct hc_arg *arg, uint64_t value)
{
	if (arg->kind == HC_ARG_INOUT && t->limit[0])
		line_put(&t->line, "%s", t->limit);
	else
		put_input(t, arg, value);
}

/* Show the other arguments after the call. */
static void
put_rest(struct hc_traced *t, const struct hc_row *row, int64_t result)
{
	bool begun = t->arg < t->args;

	for (; t->arg < t->args; t->arg++) {
		const struct hc_arg *arg = hc_arg_of(t->call, row, t->arg);
		uint64_t value = t->call->arg[t->arg];

		if (!is_present(t->call, arg))
			continue;
		part(t, row);
		if (result < 0 && is_asked(t, arg)) {
			put_input(t, arg, value);
		} else if (is_output(arg->kind) || is_late(t, arg)) {
			put_output(t, arg, value, result);
		} else {
			if (!begun || arg->kind != HC_ARG_INOUT) {
				t->changes = t->line.used;
				put_given(t, arg, value);
			}
			if (arg->kind == HC_ARG_INOUT && result >= 0 &&
			    !t->limit[0])
				put_change(t, arg, value);
		}
		begun = false;
		t->comma = false;
	}
}

/* A number without a row, shown with all arguments that there can be. */
static void
put_unknown(struct hc_traced *t)
{
	unsigned i;

	if (hc_linux_name(t->number))
		line_put(&t->line, "%s(", hc_linux_name(t->number));
	else
		line_put(&t->line, "syscall_%#" PRIx32 "(", t->number);
	for (i = 0; i < HC_ARGS - 1; i++)
		line_put(
		    &t->line, "%s%#" PRIx64, i ? ", " : "", t->call->arg[i]);
}

#ifndef HAVE_STRERRORNAME_NP
/* For C libraries without names for errors: put_error() also has the text. */
static const char *
strerrorname_np(int error)
{
	(void)error;
	return "error";
}
#endif

static void
put_error(struct hc_traced *t, int error)
{
	const char *name = strerrorname_np(error);

	line_put(&t->line, "-1 %s (%s)%s", name ? name : "error",
	    strerror(error), t->call->denied ? " (not allowed)" : "");
}

/* A request without an argument, such as F_GETFL, can have names for its
 * result. */
static const struct hc_arg *
result_names(const struct hc_call *call, const struct hc_row *row)
{
	unsigned i;

	for (i = 0; i < row->argc; i++) {
		const struct hc_arg *arg = hc_arg_of(call, row, i);

		if (arg->kind == HC_ARG_NONE && arg->names)
			return arg;
	}
	return NULL;
}

/* Is the result a descriptor? */
static bool
returns_fd(uint32_t number)
{
	static const uint16_t calls[] = { HC_open, HC_openat, HC_openat2,
		HC_creat, HC_dup, HC_dup2, HC_dup3, HC_socket, HC_accept,
		HC_accept4, HC_epoll_create, HC_epoll_create1, HC_eventfd,
		HC_eventfd2, HC_signalfd, HC_signalfd4, HC_timerfd_create,
		HC_memfd_create, HC_mq_open };
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == number)
			return true;
	return false;
}

static void
put_value(struct hc_traced *t, const struct hc_row *row, uint64_t value)
{
	const struct hc_arg *names = row ? result_names(t->call, row) : NULL;

	if (names) {
		line_put(&t->line, "%#" PRIx64, value);
		if (value == 0)
			return;
		line_put(&t->line, " (flags ");
		line_flags(&t->line, hc_names(names->names), value);
		line_put(&t->line, ")");
	} else if (row && hc_args(row)[0].kind == HC_ARG_OCT) {
		/* umask(), whose first argument is a mode, returns one. */
		line_put(&t->line, "%#03" PRIo64, value);
	} else if (returns_fd(t->number)) {
		put_fd(t, (int)value);
	} else if (row && (row->classes & HC_MEMORY) && value) {
		line_put(&t->line, "%#" PRIx64, value);
	} else {
		line_put(&t->line, "%" PRId64, (int64_t)value);
	}
}

/* After the result, show what is left of the limit. */
static void
put_left(struct hc_traced *t, const struct hc_row *row, int64_t result)
{
	const struct hc_arg *arg;
	struct hc_show show = show_of(t, true);

	if (!t->limit[0] || !t->call->recvmmsg.timeout || result < 0)
		return;
	arg = &hc_args(row)[row->argc - 1];
	line_put(&t->line, " (left ");
	show_struct(&show, arg->type, arg->size, t->call->recvmmsg.timeout);
	line_put(&t->line, ")");
}

/* After the result, show the array as the call has changed it. */
static void
put_array(struct hc_traced *t, const struct hc_row *row, int64_t result)
{
	struct hc_show show = show_of(t, true);
	unsigned i;

	for (i = 0; row && i < row->argc; i++) {
		const struct hc_arg *arg = &hc_args(row)[i];

		if (arg->kind != HC_ARG_INOUTARR || is_late(t, arg) ||
		    result < 0)
			continue;
		if (result == 0) {
			line_put(&t->line, " (Timeout)");
			return;
		}
		line_put(&t->line, " (");
		show_array(&show, arg->type, arg->size, t->call->arg[i],
		    t->call->arg[arg->length]);
		line_put(&t->line, ")");
	}
}

static void
put_result(
    struct hc_traced *t, const struct hc_row *row, int64_t result, bool ending)
{
	line_put(&t->line, ") = ");
	if (t->call->end != HC_GOES_ON || (ending && result == -EINTR) ||
	    result == -HC_RESTARTS || result == -HC_NOT_MADE)
		line_put(
		    &t->line, "?%s", t->call->denied ? " (not allowed)" : "");
	else if (result < 0 && result >= -MAX_ERRNO)
		put_error(t, (int)-result);
	else
		put_value(t, row, (uint64_t)result);
}

static uint64_t
ns_between(const struct timespec *from, const struct timespec *to)
{
	int64_t ns = (to->tv_sec - from->tv_sec) * HC_NS_PER_SECOND +
		     (to->tv_nsec - from->tv_nsec);

	return ns > 0 ? (uint64_t)ns : 0;
}

/* The head of a line: thread and times. */
static int
make_head(struct hc_trace *trace, const struct hc_traced *t, char head[HEAD])
{
	uint64_t us;
	struct tm tm;
	int n = 0;

	if (trace->threads)
		n = snprintf(head, HEAD, "[pid %5d] ", t->tid);
	if (trace->times & HC_TRACE_CLOCK && localtime_r(&t->wall.tv_sec, &tm))
		n += snprintf(head + n, HEAD - (size_t)n,
		    "%02d:%02d:%02d.%06ld ", tm.tm_hour, tm.tm_min, tm.tm_sec,
		    t->wall.tv_nsec / 1000);
	if (trace->times & HC_TRACE_EPOCH)
		n += snprintf(head + n, HEAD - (size_t)n, "%lld.%06ld ",
		    (long long)t->wall.tv_sec, t->wall.tv_nsec / 1000);
	if (trace->times & HC_TRACE_RELATIVE) {
		us = trace->before.tv_sec
			 ? ns_between(&trace->before, &t->begun) / 1000
			 : 0;
		trace->before = t->begun;
		n += snprintf(head + n, HEAD - (size_t)n,
		    "%6" PRIu64 ".%06" PRIu64 " ", us / 1000000, us % 1000000);
	}
	return n;
}

/* Write the whole line at once. */
static void
emit(struct hc_trace *trace, struct hc_traced *t)
{
	struct hc_line *line = &t->line;
	char head[HEAD];
	size_t n = (size_t)make_head(trace, t, head);

	memcpy(line->text + HEAD - n, head, n);
	line->text[line->used++] = '\n';
	output_write(trace->out, line->text + HEAD - n, line->used - HEAD + n);
}

static void
read_clocks(const struct hc_trace *trace, struct hc_traced *t)
{
	if (trace->times & (HC_TRACE_CLOCK | HC_TRACE_EPOCH))
		clock_gettime(CLOCK_REALTIME, &t->wall);
	clock_gettime(CLOCK_MONOTONIC, &t->begun);
}

static const char *
name_of(const struct hc_traced *t, char text[24])
{
	const struct hc_row *row = hc_row(t->number);

	snprintf(text, 24, "syscall_%#" PRIx32, t->number);
	return row ? row->name : text;
}

/* Write the calls that began before `until` and have not ended, each once. */
static void
put_unfinished(struct hc_trace *trace, const struct hc_traced *until)
{
	struct hc_traced *t;
	char text[24];

	for (t = trace->first; t && t != until; t = t->next) {
		if (!t->wanted || t->unfinished)
			continue;
		line_tail(&t->line);
		line_put(&t->line, " <unfinished ...>");
		emit(trace, t);
		line_begin(&t->line);
		line_put(&t->line, "<... %s resumed>", name_of(t, text));
		t->unfinished = true;
		t->changes = t->line.used;
	}
}

void
hc_trace_init(struct hc_trace *trace)
{
	pthread_mutex_init(&trace->lock, NULL);
	trace->last = &trace->first;
	/* The sandbox may keep the first line from doing this. */
	tzset();
}

static void
enlist(struct hc_trace *trace, struct hc_traced *t)
{
	pthread_mutex_lock(&trace->lock);
	if (!trace->tid)
		trace->tid = t->tid;
	trace->threads = trace->threads || t->tid != trace->tid;
	read_clocks(trace, t);
	*trace->last = t;
	trace->last = &t->next;
	pthread_mutex_unlock(&trace->lock);
}

void
hc_trace_enter(struct hc_trace *trace, struct hc_traced *t,
    const struct hc_call *call, uint32_t number)
{
	const struct hc_row *row = hc_row(number);

	t->next = NULL;
	t->call = call;
	t->number = number;
	t->tid = call->thread->tid;
	t->most = trace->most;
	t->name_fd = trace->name_fd;
	t->args = 0;
	t->arg = 0;
	t->comma = t->unfinished = false;
	t->changes = 0;
	t->limit[0] = '\0';
	/* A number without a row cannot be excluded by its name. */
	t->wanted = trace->lines &&
		    (!row || hc_set_has(&trace->wanted, number));
	if (t->wanted) {
		line_begin(&t->line);
		if (row) {
			line_put(&t->line, "%s(", row->name);
			put_arguments(t, row);
		} else {
			put_unknown(t);
		}
	}
	enlist(trace, t);
}

static void
delist(struct hc_trace *trace, struct hc_traced *t)
{
	struct hc_traced **at = &trace->first;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (trace->last == &t->next)
		trace->last = at;
}

static void
count(struct hc_trace *trace, const struct hc_traced *t, int64_t result,
    uint64_t ns)
{
	struct hc_trace_count *c = &trace->count[t->number];

	if (!hc_row(t->number))
		c = &trace->count[HYPERCALL_END];
	else if (!hc_set_has(&trace->counted, t->number))
		return;
	c->calls++;
	c->errors += result < 0 && result >= -MAX_ERRNO;
	c->ns += ns;
}

/* Show what is known after the call. */
static void
put_end(struct hc_trace *trace, struct hc_traced *t, int64_t result)
{
	const struct hc_row *row = hc_row(t->number);

	if (row)
		put_rest(t, row, result);
	line_tail(&t->line);
	t->closes = t->line.used;
	put_result(t, row, result, trace->ending);
	put_array(t, row, result);
	put_left(t, row, result);
}

/* A guest that ends interrupts the calls of its other threads. */
static void
note_end(struct hc_trace *trace, const struct hc_call *call)
{
	if (call->end == HC_ENDS_GUEST || call->end == HC_KILLS_GUEST)
		trace->ending = true;
}

void
hc_trace_format(struct hc_trace *trace, struct hc_traced *t, int64_t result)
{
	pthread_mutex_lock(&trace->lock);
	put_end(trace, t, result);
	delist(trace, t);
	note_end(trace, t->call);
	pthread_mutex_unlock(&trace->lock);
}

void
hc_trace_leave(struct hc_trace *trace, struct hc_traced *t, int64_t result)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = ns_between(&t->begun, &now);
	pthread_mutex_lock(&trace->lock);
	if (t->wanted) {
		put_end(trace, t, result);
		if (trace->times & HC_TRACE_SPENT)
			line_put(&t->line, " <%" PRIu64 ".%06" PRIu64 ">",
			    ns / HC_NS_PER_SECOND, ns / 1000 % 1000000);
		put_unfinished(trace, t);
		if (t->unfinished)
			read_clocks(trace, t);
		emit(trace, t);
	}
	count(trace, t, result, ns);
	delist(trace, t);
	note_end(trace, t->call);
	pthread_mutex_unlock(&trace->lock);
}

/* The hook of a traced guest. */
static int64_t
serve_traced(struct hc_call *call, uint32_t number, hc_serve *serve)
{
	struct hc_trace *trace = call->guest->trace;
	struct hc_traced traced;
	int64_t result;

	hc_trace_enter(trace, &traced, call, number);
	result = call->guest->events ? hc_events_serve(call, number, serve)
				     : serve(call, number);
	hc_trace_leave(trace, &traced, result);
	return result;
}

void
hc_trace_attach(struct hc_guest *guest, struct hc_trace *trace)
{
	guest->trace = trace;
	guest->traced = serve_traced;
}

void
hc_trace_attach_events(struct hc_guest *guest, struct hc_events *events)
{
	guest->events = events;
	if (!guest->traced)
		guest->traced = hc_events_serve;
}

/* Take the lock and begin a line that is not a call, after calls in
 * progress. */
static void
begin_line(struct hc_trace *trace, struct hc_traced *t)
{
	pthread_mutex_lock(&trace->lock);
	put_unfinished(trace, NULL);
	read_clocks(trace, t);
	line_begin(&t->line);
}

static void
put_signal(struct hc_trace *trace, int tid, const siginfo_t *info)
{
	struct hc_traced t = { .tid = tid };

	begin_line(trace, &t);
	show_signal(&t.line, info);
	emit(trace, &t);
	pthread_mutex_unlock(&trace->lock);
}

void
hc_trace_signal(struct hc_guest *guest, int tid, const siginfo_t *info)
{
	if (guest->trace && guest->trace->lines)
		put_signal(guest->trace, tid, info);
	if (guest->events)
		hc_events_signal(guest->events, tid, info);
}

void
hc_trace_say(struct hc_trace *trace, const char *format, ...)
{
	struct hc_traced t = { 0 };
	va_list ap;
	int n;

	begin_line(trace, &t);
	t.tid = trace->tid;
	va_start(ap, format);
	n = vsnprintf(t.line.text + HEAD, HC_LINE - HEAD - 1, format, ap);
	va_end(ap);
	if (n > 0 && n < HC_LINE - HEAD - 1) {
		t.line.used += (size_t)n;
		emit(trace, &t);
	}
	pthread_mutex_unlock(&trace->lock);
}
