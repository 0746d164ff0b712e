/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instructions of agent expressions, decoded.  It must not know who makes
 * them: the interpreter (agent.h) or machine code (native.h).
 */
#ifndef GDB_AGENTINSN_H
#define GDB_AGENTINSN_H

#include "gdb/agent.h"

/* clang-format off */
enum agent_opcode {
#define UNARY(name, opcode, result)  OP_##name = (opcode),
#define BINARY(name, opcode, result) OP_##name = (opcode),
#define REF(name, opcode, bytes)     OP_##name = (opcode),
#define FLOAT(name, opcode)          OP_##name = (opcode),
#define OTHER(name, opcode, operands, consumed, produced, needs, function) \
	OP_##name = (opcode),
#include "gdb/agent.def"
	OPCODES
};
/* clang-format on */

struct agent_insn {
	uint8_t opcode;
	uint64_t operand;
	size_t next; /* the place after it */
	unsigned consumed, produced;
	const uint8_t *format; /* printf: format[format_size], with its NUL */
	size_t format_size;
};

/* The instruction at place `at` of code[n]. */
enum agent_error
agent_decode(const uint8_t *code, size_t n, size_t at, struct agent_insn *insn);

#endif
