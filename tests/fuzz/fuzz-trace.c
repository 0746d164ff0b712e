/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes trace lines: an input is a page of guest memory and calls with any
 * arguments, which are shown and not made.  Each call becomes one line of
 * printable text within its limit.
 */
#include "../unit/guestram.h"

#include "hypercall/dispatch/dispatch.h"
#include "hypercall/trace/show.h"
#include "hypercall/trace/trace.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define RAM  (UINT64_C(4) << 20)
#define DATA (UINT64_C(1) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gmem mem;
static struct hc_guest guest;
static struct hc_trace trace;
static struct output written; /* a pipe ... */
static int reader;            /* ... and its other end */
static struct hc_thread thread[2] = { { .tid = 1 }, { .tid = 2 } };

static void
start(void)
{
	const char *bad;
	int ends[2];
	size_t len;

	if (pipe(ends) < 0)
		abort();
	reader = ends[0];
	written.fd = ends[1];
	guestram_init(&mem, RAM);
	hc_guest_init(&guest, &mem);
	space_init(&guest.space, &mem, 2 << 20, 3 << 20);
	space_take(
	    &guest.space, DATA, PAGE_4K, space_bits(PROT_READ | PROT_WRITE));
	trace.lines = true;
	hc_set_parse(&trace.wanted, "@all", &bad, &len);
	trace.out = &written;
	trace.most = HC_TRACE_BYTES;
	hc_trace_init(&trace);
}

struct input {
	const uint8_t *at, *end;
};

static uint8_t
byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* A value: often a place in the page, up to its last byte; or 0; or any
 * number. */
static uint64_t
value(struct input *in)
{
	uint64_t v = 0;
	unsigned i;

	switch (byte(in) % 4) {
	case 0: return byte(in);
	case 1: return DATA + byte(in) * 16U;
	case 2: return DATA + PAGE_4K - byte(in);
	default:
		for (i = 0; i < 8; i++)
			v = v << 8 | byte(in);
		return v;
	}
}

/* Check that the text, which the pipe holds whole, is lines, without bytes that
 * a terminal obeys. */
static void
check_lines(void)
{
	static char text[8 * HC_LINE];
	ssize_t n = read(reader, text, sizeof(text)), i;
	size_t length = 0;

	for (i = 0; i < n; i++) {
		if (++length > HC_LINE)
			abort();
		if (text[i] == '\n')
			length = 0;
		else if (text[i] < ' ' || text[i] > '~')
			abort();
	}
	if (n <= 0 || length != 0)
		abort();
}

/* Fill the page with copies of the input: it is then the contents wherever a
 * call looks. */
static void
fill_page(const uint8_t *data, size_t size)
{
	uint8_t *page = mem.base + DATA;
	size_t at, n;

	for (at = 0; at < PAGE_4K; at += n) {
		n = size < PAGE_4K - at ? size : PAGE_4K - at;
		memcpy(page + at, data, n);
	}
}

/* Show two calls at once, so that the first is unfinished at times. */
static void
show_calls(struct input *in)
{
	static struct hc_traced t[2];
	struct hc_call call[2];
	unsigned i, a, over = byte(in) & 1;
	uint32_t number = (uint32_t)byte(in) << 8 | byte(in);

	for (i = 0; i < 2; i++) {
		call[i] = (struct hc_call){ .guest = &guest,
			.thread = &thread[i] };
		for (a = 0; a < HC_ARGS; a++)
			call[i].arg[a] = value(in);
		hc_trace_enter(&trace, &t[i], &call[i],
		    (number + i) % (HYPERCALL_END + 2));
	}
	memset(mem.base + DATA + byte(in), byte(in), byte(in));
	hc_trace_leave(&trace, &t[over], (int64_t)value(in));
	hc_trace_leave(&trace, &t[!over], (int64_t)value(in));
	check_lines();
}

/* Each type, also types that no row has. */
static void
show_types(struct input *in)
{
	static const struct {
		const char *name;
		size_t size;
	} types[] = {
#define TYPE(t) { #t, sizeof(t) }
		TYPE(struct pollfd),
		TYPE(struct epoll_event),
		TYPE(struct msghdr),
		TYPE(struct mmsghdr),
		TYPE(struct ifconf),
		TYPE(hc_if_addr),
		TYPE(hc_if_name),
		TYPE(struct itimerspec),
		TYPE(struct itimerval),
		TYPE(stack_t),
		TYPE(fd_set),
		TYPE(int[2]),
		{ "struct hc_sigaction", 32 },
		{ "hc_sigset", 8 },
		{ "struct termios", 36 },
	};
	static struct hc_line line;
	siginfo_t info = { 0 };
	struct hc_show show = {
		.line = &line,
		.mem = &mem,
		.output = byte(in) & 1,
		.most = HC_TRACE_BYTES,
		.left = UINT64_MAX,
	};
	size_t i = byte(in) % (sizeof(types) / sizeof(types[0]));

	line_begin(&line);
	show_struct(&show, types[i].name, types[i].size, value(in));
	show_array(&show, types[i].name, types[i].size, value(in), value(in));
	show_sockaddr(&show, value(in), value(in));
	show_bytes(&show, "struct linux_dirent64", value(in), value(in));
	show_bytes(&show, "cpu_set_t", value(in), value(in));
	show_vector(&show, value(in), value(in));
	/* A guest chooses all of it but the range of the number. */
	gmem_read(&mem, &info, value(in), sizeof(info));
	info.si_signo = 1 + byte(in) % 64;
	show_signal(&line, &info);
	line_tail(&line);
	if (line.used >= HC_LINE)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	if (!mem.base)
		start();
	if (size > 0)
		fill_page(data, size);
	while (in.at < in.end) {
		show_calls(&in);
		show_types(&in);
	}
	return 0;
}
