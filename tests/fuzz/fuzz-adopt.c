/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes what the front takes over from a worker that its guest has conquered:
 * a stub and a plan in memory that the worker could write.  An input's first
 * byte says how the worker ends; three bytes each then change one byte of a
 * session in the middle of its work, and the first half of the input is also
 * the plan's texts.
 *
 * The adopted stub serves its session to the end, and the next one; no text of
 * the plan leads out of it.
 */
#include "../unit/faketarget.h"
#include "debugger/plan.h"
#include "gdb/stub.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stub stub;
static struct fake fake;
static struct rsp decoder;
static struct debugger_plan plan;

/* Send what there is; returns the number of packets. */
static unsigned
drain(void)
{
	const uint8_t *out;
	unsigned packets = 0;
	size_t i, n, used;

	for (out = stub_output(&stub, &n); n > 0;
	     out = stub_output(&stub, &n)) {
		for (i = 0; i < n; i += used)
			packets += rsp_feed(&decoder, out + i, n - i, &used) ==
				   RSP_PACKET;
		stub_sent(&stub, n);
	}
	return packets;
}

static unsigned
send_frame(const char *frame)
{
	size_t n = strlen(frame), used;
	unsigned packets = 0;

	while (n > 0 && stub_wants_input(&stub)) {
		used = stub_input(&stub, (const uint8_t *)frame, n);
		if (used == 0)
			abort();
		frame += used;
		n -= used;
		packets += drain();
	}
	/* A guest that runs has to stop for the first packet. */
	fake_run(&fake, 20);
	return packets + drain();
}

static void
begin(void)
{
	static const struct stop entry = { .kind = STOP_NONE, .tid = 1 };

	stub_init(&stub, fake_ops(), &fake);
	fake_init(&fake, &stub);
	stub_stop(&stub, &entry);
	stub_open(&stub);
	rsp_init(&decoder);
	decoder.noack = true;
	send_frame("$qC#b4+");
}

/* Change a byte of the stub, but of its large buffers only their lengths. */
static void
spoil(unsigned at, uint8_t value)
{
	const size_t small = offsetof(struct stub, rsp.packet);
	const size_t first = offsetof(struct stub, threads);
	uint8_t *bytes = (uint8_t *)&stub;

	if (at % 4 == 0)
		bytes[at / 4 % small] = value;
	else if (at % 4 == 1)
		bytes[offsetof(struct stub, rsp) +
		      at / 4 % offsetof(struct rsp, packet)] = value;
	else if (at & 0x8000)
		bytes[at / 4 % first] = value;
	else if (at & 0x4000)
		((uint8_t *)&stub.replies[0].len)[at / 4 % 8] = value;
	else
		((uint8_t *)&stub.replies[1].len)[at / 4 % 8] = value;
}

/* The worker has ended: the guest's end, or the next guest, or neither. */
static void
end_worker(unsigned how)
{
	const struct stop killed = {
		.kind = how & 4 ? STOP_EXITED : STOP_KILLED,
		.tid = 1,
		.signal = 9,
	};

	if (stub.state != STUB_STARTING)
		stub_stop(&stub, &killed);
	else if (how & 1)
		stub_started(&stub);
	else
		stub_not_started(&stub, "no reason");
	drain();
}

/* A packet to the present session, if it has one, and to the next. */
static void
go_on(void)
{
	send_frame("+$?#3f");
	send_frame("$g#67");
	stub_closed(&stub);
	stub_open(&stub);
	rsp_init(&decoder);
	decoder.noack = true;
	if (send_frame("$qC#b4") != 1 || send_frame("+$?#3f") != 1)
		abort();
	stub_closed(&stub);
	if (fake.open_files != 0)
		abort();
}

static void
check_inside(char *const *strings)
{
	const char *start = (const char *)&plan;

	for (; *strings; strings++)
		if (*strings >= start && *strings < start + sizeof(plan) &&
		    !memchr(*strings, '\0',
			sizeof(plan) - (size_t)(*strings - start)))
			abort();
}

static size_t
plan_end(const struct debugger_texts *texts)
{
	return texts->used < PLAN_TEXT ? texts->used : PLAN_TEXT;
}

static void
make_plan(const uint8_t *data, size_t size)
{
	static char name[] = "guest", variable[] = "A=1";
	static char *const first[] = { name, variable, NULL };
	static char *made[PLAN_ARGS + 1];
	size_t n = size < PLAN_TEXT ? size : PLAN_TEXT;

	/* Nothing is left of the input before, which seldom wrote further. */
	memset(plan.args.text, 0, plan_end(&plan.args));
	memset(plan.env.text, 0, plan_end(&plan.env));
	memcpy(plan.args.text, data, n);
	memcpy(plan.env.text, data, n);
	plan.args.used = plan.env.used = n;
	if (size >= 8 && data[0] & 1)
		memcpy(&plan.args.used, data + size - 8, 8);
	if (size >= 8 && data[0] & 2)
		memcpy(&plan.env.used, data + size - 8, 8);
	(void)debugger_plan_argv(&plan, first, made);
	check_inside(made);
	(void)debugger_plan_env(&plan, first, made);
	check_inside(made);
	(void)debugger_plan_set(&plan, SETTING_ENV, "B=2");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at;

	if (size == 0)
		return 0;
	begin();
	for (at = 1; at + 3 <= size; at += 3)
		spoil((unsigned)data[at] << 8 | data[at + 1], data[at + 2]);
	stub_adopt(&stub, fake_ops(), &fake);
	end_worker(data[0]);
	go_on();
	make_plan(data, size / 2);
	return 0;
}
