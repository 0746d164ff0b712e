/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assembles agent expressions from text as GDB's `maint agent` lists them:
 * lines, or pieces between semicolons, of an optional place, an instruction's
 * name and its operand.  It must not know the tests.
 */
#ifndef AGENTASM_H
#define AGENTASM_H

#include "gdb/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct agentasm_row {
	const char *name;
	uint8_t opcode;
	unsigned operands;
} agentasm_rows[] = {
/* clang-format off */
#define UNARY(name, opcode, result)  { #name, opcode, 0 },
#define BINARY(name, opcode, result) { #name, opcode, 0 },
#define REF(name, opcode, bytes)     { #name, opcode, 0 },
#define FLOAT(name, opcode)          { #name, opcode, 0 },
#define OTHER(name, opcode, operands, consumed, produced, needs, function) \
	{ #name, opcode, operands },
#include "gdb/agent.def"
	/* clang-format on */
};

#define AGENTASM_ROWS (sizeof(agentasm_rows) / sizeof(agentasm_rows[0]))

static size_t
agentasm_number(uint8_t *out, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
	return bytes;
}

/* printf "FORMAT", N args: the format has only \n as an escape. */
static size_t
agentasm_printf(uint8_t *out, const char *text)
{
	const char *start = strchr(text, '"');
	const char *end = strrchr(text, '"');
	size_t size = 0;
	uint8_t *format = out + 3;

	if (!start || end == start)
		return 0;
	for (const char *p = start + 1; p < end; p++) {
		bool newline = p[0] == '\\' && p[1] == 'n';

		format[size++] = newline ? '\n' : (uint8_t)*p;
		p += newline;
	}
	format[size++] = '\0';
	agentasm_number(out, 1, strtoul(end + 2, NULL, 10));
	agentasm_number(out + 1, 2, size);
	return 3 + size;
}

/* Assemble one instruction: its size, or 0 if the text is not one. */
static size_t
agentasm_line(uint8_t *out, char *line)
{
	char *name = line + strspn(line, " 0123456789");
	char *operand = name + strcspn(name, " ");

	if (*operand)
		*operand++ = '\0';
	for (size_t i = 0; i < AGENTASM_ROWS; i++) {
		if (strcmp(agentasm_rows[i].name, name) != 0)
			continue;
		out[0] = agentasm_rows[i].opcode;
		if (strcmp(name, "printf") == 0)
			return 1 + agentasm_printf(out + 1, operand);
		return 1 + agentasm_number(out + 1, agentasm_rows[i].operands,
			       strtoull(operand, NULL, 0));
	}
	return 0;
}

/* Assemble into code[AGENT_CODE_MAX + 1]; lines that are not instructions are
 * skipped. */
static size_t
agentasm(uint8_t *code, const char *text)
{
	char *copy = strdup(text);
	size_t n = 0;

	for (char *line = strtok(copy, ";\n"); line; line = strtok(NULL, ";\n"))
		if (n + strlen(line) + 12 <= AGENT_CODE_MAX)
			n += agentasm_line(code + n, line);
	free(copy);
	return n;
}

#endif
