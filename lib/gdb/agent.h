/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GDB's agent expressions (GDB manual, "The GDB Agent Expression Mechanism"):
 * conditions, commands and collections of breakpoints and tracepoints, which
 * the debugger compiles to bytecode for a stack machine.  It must not know
 * packets, nor where registers and memory are; it is pure.
 *
 * agent_check() accepts or refuses bytecode as a whole.  agent_run() runs only
 * bytecode that was accepted, in a bounded number of steps.
 */
#ifndef GDB_AGENT_H
#define GDB_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_CODE_MAX  4096  /* bytes of an expression */
#define AGENT_STACK_MAX 64    /* values */
#define AGENT_STEPS_MAX 10000 /* instructions of one run */

/* ERROR(name, text): the reasons to refuse an expression, and to end it. */
#define AGENT_ERRORS(ERROR)                                        \
	ERROR(NONE, "no error")                                    \
	ERROR(LENGTH, "the expression is empty or too long")       \
	ERROR(OPCODE, "unknown instruction")                       \
	ERROR(FLOAT, "floating point is not supported")            \
	ERROR(NEEDS, "the instruction is not supported here")      \
	ERROR(TRUNCATED, "the expression ends in an instruction")  \
	ERROR(OPERAND, "the operand is out of range")              \
	ERROR(FORMAT, "the format does not end with a NUL")        \
	ERROR(TARGET, "a jump does not lead to an instruction")    \
	ERROR(END, "the expression runs past its end")             \
	ERROR(UNDERFLOW, "the stack has too few values")           \
	ERROR(OVERFLOW, "the stack has too many values")           \
	ERROR(HEIGHT, "a jump leads to a stack of another height") \
	ERROR(STEPS, "the expression runs too long")               \
	ERROR(DIVISION, "division by zero")                        \
	ERROR(MEMORY, "memory cannot be read")                     \
	ERROR(REGISTER, "a register cannot be read")               \
	ERROR(VARIABLE, "there is no such variable")               \
	ERROR(TRACE, "the trace is full")                          \
	ERROR(PRINT, "the text cannot be printed")

enum agent_error {
#define ERROR(name, text) AGENT_##name,
	AGENT_ERRORS(ERROR)
#undef ERROR
};

/* A printf: the NUL-terminated format, and its arguments, which are valid until
 * the operation returns. */
struct agent_print {
	uint64_t function; /* a function of the guest's to call, or 0 */
	uint64_t channel;  /* its first argument */
	const char *format;
	const uint64_t *args;
	size_t n;
};

/*
 * The machine around an expression.  Each operation returns false if it fails.
 * A NULL operation is not supported: expressions that need it are refused.
 */
struct agent_env {
	void *ctx;
	bool (*read_reg)(void *ctx, unsigned number, uint64_t *value);
	bool (*read_mem)(void *ctx, uint64_t addr, void *buf, size_t n);

	/* Trace state variables. */
	bool (*get_variable)(void *ctx, unsigned number, uint64_t *value);
	bool (*set_variable)(void *ctx, unsigned number, uint64_t value);

	/* Record [addr, addr + size), or up to a NUL; record a variable. */
	bool (*trace)(void *ctx, uint64_t addr, uint64_t size, bool string);
	bool (*trace_variable)(void *ctx, unsigned number);

	bool (*print)(void *ctx, const struct agent_print *print);
};

/*
 * Check code[n]: every instruction is known and complete, its operations are
 * in `env`, jumps lead to instructions, and at each instruction that can be
 * reached the stack has one height, whichever way leads there.
 */
enum agent_error
agent_check(const uint8_t *code, size_t n, const struct agent_env *env);

/*
 * Run code[n], which agent_check() has accepted for this env.  *value is the
 * value on top of the stack at the end, or 0; it is set without an error only.
 */
enum agent_error agent_run(const uint8_t *code, size_t n,
    const struct agent_env *env, uint64_t *value);

const char *agent_error_text(enum agent_error error);

#endif
