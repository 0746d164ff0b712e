/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the hypercall dispatcher as a hostile guest would, without a vCPU: an
 * input is a list of bytes to poke into guest memory and of calls, with values
 * that are likely to hurt for the argument's type in its row.  The calls are
 * really made, in a scratch folder, a private network and within limits.
 *
 * These must hold: no report of a sanitizer, our descriptors untouched, the
 * file outside the guest's folder unchanged.
 */
#include "anycall.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t calls, inputs;

static struct input
input_of(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size, UINT64_C(0xcbf29ce484222325) };
	size_t i;

	for (i = 0; i < size; i++)
		in.noise = (in.noise ^ data[i]) * UINT64_C(0x100000001b3);
	in.noise |= 1;
	return in;
}

static void
make_call(struct input *in)
{
	struct hc_call call = { .guest = &guest, .thread = &thread };
	uint32_t number = (uint32_t)(byte(in) << 8 | byte(in)) % HYPERCALL_END;
	const struct hc_row *row = hc_row(number);
	unsigned i;

	for (; !row; row = hc_row(number))
		number = (number + 1) % HYPERCALL_END;
	for (i = 0; i < row->argc; i++)
		call.arg[i] = argument(in, &hc_args(row)[i]);
	hc_dispatch(&call, number);
	take_signals();
	calls++;
}

static void
poke(struct input *in)
{
	uint64_t va = place(byte(in));
	uint64_t value = byte(in) & 1 ? word(in) : place(byte(in));

	if (byte(in) & 1)
		value = edge(byte(in));
	gmem_write(&mem, va, &value, sizeof(value));
}

static void
tell_calls(void)
{
	printf("%llu calls in %llu inputs\n", (unsigned long long)calls,
	    (unsigned long long)inputs);
}

static void
begin(void)
{
	static bool made, net;
	unsigned fd;

	if (!made) {
		make_world();
		net = leave_network();
		start_guest(net);
		atexit(tell_calls);
		made = true;
	}
	for (fd = 0; (fd = hc_fd_next(&guest.fds, fd)) < HC_FDS; fd++)
		hc_fd_close(&guest.fds, fd);
	hc_signals_leave(&guest, &thread);
	hc_signals_join(&guest, &thread, NULL);
	renew_memory();
}

static bool
has_secret(void)
{
	static uint8_t page[PAGE_4K];
	uint64_t va;

	for (va = 0; va < RAM; va += sizeof(page))
		if (memmem(page, gmem_copy(page, mem.base + va, sizeof(page)),
			SECRET, strlen(SECRET)))
			return true;
	return false;
}

static void
check(void)
{
	char text[64] = { 0 };
	struct stat st;

	if (fstat(ours, &st) < 0 || st.st_nlink != 1 ||
	    pread(ours, text, sizeof(text) - 1, 0) < 0 ||
	    strcmp(text, SECRET) != 0) {
		fprintf(stderr, "the file outside was touched\n");
		abort();
	}
	if (inputs++ % 64 == 0 && has_secret()) {
		fprintf(stderr, "the file outside was read\n");
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);

	begin();
	while (in.at < in.end)
		if (byte(&in) & 3)
			make_call(&in);
		else
			poke(&in);
	check();
	return 0;
}
