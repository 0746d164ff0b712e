/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trace lines, as strace would print them.  Nothing here may change what it
 * shows: guest memory is only read.
 */
#include "hypercall/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define SHOWN_BYTES 32 /* of a buffer, as strace's default */
#define SHOWN_PARTS 4  /* of a vector */

static __attribute__((format(printf, 2, 3))) void
put(struct hc_trace *t, const char *format, ...)
{
	size_t room = sizeof(t->line) - t->used;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->line + t->used, room, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	t->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void
put_bytes(struct hc_trace *t, const uint8_t *bytes, size_t len)
{
	static const char letters[] = "abtnvfr"; /* for 7 to 13 */
	size_t i;

	for (i = 0; i < len; i++) {
		uint8_t c = bytes[i];

		if (c == '"' || c == '\\')
			put(t, "\\%c", c);
		else if (c >= 7 && c <= 13)
			put(t, "\\%c", letters[c - 7]);
		else if (c >= ' ' && c < 127)
			put(t, "%c", c);
		else if (i + 1 < len && bytes[i + 1] >= '0' &&
			 bytes[i + 1] <= '7')
			put(t, "\\%03o", c); /* or the digit would join it */
		else
			put(t, "\\%o", c);
	}
}

static void
put_address(struct hc_trace *t, uint64_t va)
{
	if (va)
		put(t, "0x%" PRIx64, va);
	else
		put(t, "NULL");
}

static void
put_buffer(
    struct hc_trace *t, const struct gmem *mem, uint64_t va, uint64_t len)
{
	size_t shown = len < SHOWN_BYTES ? (size_t)len : SHOWN_BYTES;
	uint8_t bytes[SHOWN_BYTES];

	if (gmem_read(mem, bytes, va, shown) < 0) {
		put_address(t, va);
		return;
	}
	put(t, "\"");
	put_bytes(t, bytes, shown);
	put(t, len > shown ? "\"..." : "\"");
}

static void
put_string(struct hc_trace *t, const struct gmem *mem, uint64_t va)
{
	char text[256];
	int64_t len = gmem_string(mem, text, sizeof(text), va);

	if (len == -EFAULT)
		put_address(t, va);
	else
		put_buffer(t, mem, va, len < 0 ? sizeof(text) : (size_t)len);
}

static void
put_flags(struct hc_trace *t, const struct hc_name *set, uint64_t value)
{
	const char *between = "";
	uint64_t rest = value;

	for (; set->name; set++) {
		if (!set->value || (rest & set->value) != set->value)
			continue;
		put(t, "%s%s", between, set->name);
		rest &= ~set->value;
		between = "|";
	}
	if (rest || !value)
		put(t, rest ? "%s0x%" PRIx64 : "%s%" PRIu64, between, rest);
}

static void
put_enum(struct hc_trace *t, const struct hc_name *set, uint64_t value)
{
	for (; set->name; set++) {
		if (set->value == value) {
			put(t, "%s", set->name);
			return;
		}
	}
	put(t, "0x%" PRIx64, value);
}

/* A set that has a name for 0 is printed by it: PROT_NONE. */
static void
put_named(struct hc_trace *t, const struct hc_arg *arg, uint64_t value)
{
	const struct hc_name *set;

	for (set = arg->names; value == 0 && set->name; set++) {
		if (set->value == 0) {
			put(t, "%s", set->name);
			return;
		}
	}
	put_flags(t, arg->names, value);
}

static void
put_timespec(struct hc_trace *t, const void *bytes)
{
	const struct timespec *ts = bytes;

	put(t, "{tv_sec=%lld, tv_nsec=%ld}", (long long)ts->tv_sec,
	    ts->tv_nsec);
}

static void
put_utsname(struct hc_trace *t, const void *bytes)
{
	const struct utsname *u = bytes;

	put(t, "{sysname=\"%.64s\", nodename=\"%.64s\", ...}", u->sysname,
	    u->nodename);
}

static const struct {
	const char *type;
	void (*put)(struct hc_trace *t, const void *bytes);
} structures[] = {
	{ "struct timespec", put_timespec },
	{ "struct utsname", put_utsname },
};

static void
put_struct(struct hc_trace *t, const struct gmem *mem, const struct hc_arg *arg,
    uint64_t va)
{
	_Alignas(16) uint8_t copy[512];
	size_t i;

	for (i = 0; i < sizeof(structures) / sizeof(structures[0]); i++) {
		if (strcmp(structures[i].type, arg->type) != 0 ||
		    arg->size > sizeof(copy) ||
		    gmem_read(mem, copy, va, arg->size) < 0)
			continue;
		structures[i].put(t, copy);
		return;
	}
	put_address(t, va);
}

/* `left`: how many bytes of the whole vector mean anything. */
static void
put_vector(struct hc_trace *t, const struct gmem *mem, uint64_t va,
    uint64_t count, uint64_t left)
{
	struct iovec iov[SHOWN_PARTS];
	size_t shown = count < SHOWN_PARTS ? (size_t)count : SHOWN_PARTS;
	size_t i;

	if (gmem_read(mem, iov, va, shown * sizeof(iov[0])) < 0) {
		put_address(t, va);
		return;
	}
	put(t, "[");
	for (i = 0; i < shown; i++) {
		uint64_t len = iov[i].iov_len < left ? iov[i].iov_len : left;

		put(t, "%s{iov_base=", i ? ", " : "");
		put_buffer(t, mem, (uintptr_t)iov[i].iov_base, len);
		put(t, ", iov_len=%zu}", iov[i].iov_len);
		left -= len;
	}
	put(t, count > shown ? ", ...]" : "]");
}

/* Does the call write what this argument points to? */
static bool
is_output(enum hc_arg_kind kind)
{
	return kind == HC_ARG_OUT || kind == HC_ARG_OUTBUF ||
	       kind == HC_ARG_OUTIOV || kind == HC_ARG_IOCTL;
}

static void
put_input(struct hc_trace *t, const struct hc_call *call,
    const struct hc_arg *arg, uint64_t value)
{
	const struct gmem *mem = call->guest->mem;
	uint64_t length = call->arg[arg->length];

	switch (arg->kind) {
	case HC_ARG_INT:
	case HC_ARG_FD: put(t, "%d", (int)value); break;
	case HC_ARG_UINT: put(t, "%" PRIu64, value); break;
	case HC_ARG_HEX: put(t, value ? "0x%" PRIx64 : "0", value); break;
	case HC_ARG_FLAGS: put_named(t, arg, value); break;
	case HC_ARG_ENUM: put_enum(t, arg->names, value); break;
	case HC_ARG_STR: put_string(t, mem, value); break;
	case HC_ARG_INBUF: put_buffer(t, mem, value, length); break;
	case HC_ARG_INIOV: put_vector(t, mem, value, length, UINT64_MAX); break;
	case HC_ARG_IN: put_struct(t, mem, arg, value); break;
	default: put_address(t, value); break;
	}
}

static void
put_output(struct hc_trace *t, const struct hc_call *call,
    const struct hc_arg *arg, uint64_t value, int64_t result)
{
	const struct gmem *mem = call->guest->mem;

	if (result < 0 || !value)
		put_address(t, value);
	else if (arg->kind == HC_ARG_OUTBUF)
		put_buffer(t, mem, value, (uint64_t)result);
	else if (arg->kind == HC_ARG_OUTIOV)
		put_vector(
		    t, mem, value, call->arg[arg->length], (uint64_t)result);
	else if (arg->kind == HC_ARG_OUT)
		put_struct(t, mem, arg, value);
	else
		put_address(t, value);
}

static unsigned
first_arg(const struct hc_row *row)
{
	return row->argc == HC_ARGS ? HC_ARGS - 1 : 0; /* ToroV's */
}

void
hc_trace_enter(struct hc_trace *t, const struct hc_call *call, uint32_t number)
{
	const struct hc_row *row = hc_row(number);
	unsigned i;

	t->used = 0;
	if (!row) {
		put(t, "hypercall_%" PRIu32 "(", number);
		return;
	}
	put(t, "%s(", row->name);
	t->next = first_arg(row);
	for (i = t->next; i < row->argc && !is_output(row->args[i].kind); i++) {
		put(t, i > t->next ? ", " : "");
		put_input(t, call, &row->args[i], call->arg[i]);
	}
	t->next = i;
}

#ifndef HAVE_STRERRORNAME_NP
/* A C library without names for errors has texts for them. */
static const char *
strerrorname_np(int error)
{
	(void)error;
	return "error";
}
#endif

static void
put_result(struct hc_trace *t, const struct hc_row *row, int64_t result)
{
	if (result < 0)
		put(t, "-1 %s (%s)", strerrorname_np((int)-result),
		    strerror((int)-result));
	else if (row && (row->classes & HC_MEMORY) && result)
		put(t, "0x%" PRIx64, (uint64_t)result);
	else
		put(t, "%" PRId64, result);
}

void
hc_trace_leave(struct hc_trace *t, const struct hc_call *call, uint32_t number,
    int64_t result)
{
	const struct hc_row *row = hc_row(number);
	unsigned i;

	if (row && !hc_set_has(&t->wanted, number))
		return;
	for (i = t->next; row && i < row->argc; i++) {
		put(t, i > first_arg(row) ? ", " : "");
		if (is_output(row->args[i].kind))
			put_output(
			    t, call, &row->args[i], call->arg[i], result);
		else
			put_input(t, call, &row->args[i], call->arg[i]);
	}
	put(t, ") = ");
	if (call->end != HC_GOES_ON)
		put(t, "?");
	else
		put_result(t, row, result);
	if (t->used > sizeof(t->line) - 2)
		t->used = sizeof(t->line) - 2;
	t->line[t->used++] = '\n';
	if (write(t->fd, t->line, t->used) < 0)
		t->used =
		    0; /* a trace that cannot be written stays unwritten */
}
