/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes agent expressions: any bytes are refused or run to an end within the
 * bounds, and refused bytes are refused always.  The first byte chooses the
 * operations that the machine lacks.
 */
#include "gdb/agent.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned calls; /* operations called by one run */

static bool
read_reg(void *ctx, unsigned number, uint64_t *value)
{
	(void)ctx;
	calls++;
	*value = number;
	return number != 3;
}

static bool
read_mem(void *ctx, uint64_t addr, void *buf, size_t n)
{
	(void)ctx;
	calls++;
	memset(buf, (int)addr, n);
	return addr % 5 != 0;
}

static bool
get_variable(void *ctx, unsigned number, uint64_t *value)
{
	return read_reg(ctx, number, value);
}

static bool
set_variable(void *ctx, unsigned number, uint64_t value)
{
	(void)ctx;
	(void)value;
	calls++;
	return number != 3;
}

static bool
trace(void *ctx, uint64_t addr, uint64_t size, bool string)
{
	(void)ctx;
	(void)size;
	(void)string;
	calls++;
	return addr % 5 != 0;
}

static bool
trace_variable(void *ctx, unsigned number)
{
	return set_variable(ctx, number, 0);
}

static bool
print(void *ctx, const struct agent_print *print)
{
	uint64_t sum = strlen(print->format);

	(void)ctx;
	calls++;
	for (size_t i = 0; i < print->n; i++)
		sum += print->args[i];
	return sum % 5 != 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t lacks = size > 0 ? data[0] : 0;
	const struct agent_env env = {
		.read_reg = lacks & 1 ? NULL : read_reg,
		.read_mem = lacks & 2 ? NULL : read_mem,
		.get_variable = lacks & 4 ? NULL : get_variable,
		.set_variable = lacks & 4 ? NULL : set_variable,
		.trace = lacks & 8 ? NULL : trace,
		.trace_variable = lacks & 8 ? NULL : trace_variable,
		.print = lacks & 16 ? NULL : print,
	};
	enum agent_error error, again;
	uint64_t value;

	if (size == 0)
		return 0;
	error = agent_check(data + 1, size - 1, &env);
	again = agent_check(data + 1, size - 1, &env);
	if (error != again || !agent_error_text(error))
		abort();
	if (error != AGENT_NONE)
		return 0;
	calls = 0;
	error = agent_run(data + 1, size - 1, &env, &value);
	/* The check has excluded all errors before this one. */
	if (calls > AGENT_STEPS_MAX ||
	    (error != AGENT_NONE && error < AGENT_STEPS))
		abort();
	return 0;
}
