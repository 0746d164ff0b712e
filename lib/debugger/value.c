/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values of typed words.  Nothing here may know commands.
 */
#include "debugger/value.h"

#include "debugger/symbolfile.h"
#include "gdb/regs.h"
#include "image/symbols.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 255 /* the longest term */

/* gdb's names for some registers. */
static const struct {
	const char *name;
	enum reg_number number;
} aliases[] = {
	{ "pc", REG_rip },
	{ "sp", REG_rsp },
	{ "fp", REG_rbp },
};

/* A register's number, or REG_COUNT. */
static unsigned
find_register(const char *name)
{
	unsigned i;

	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].name, name) == 0)
			return aliases[i].number;
	for (i = 0; i < REG_COUNT; i++)
		if (regs_place(i) != PLACE_XSAVE &&
		    strcmp(regs_name(i), name) == 0)
			return i;
	return REG_COUNT;
}

static bool
take_register(
    struct debugger_target *t, int tid, const char *name, uint64_t *value)
{
	static struct regs regs;
	const struct target_ops *ops = debugger_target_ops();
	unsigned number = find_register(name);

	*value = 0;
	return number < REG_COUNT &&
	       ops->read_regs(t, tid, &regs, REGS_CORE | REGS_CONTROL) == 0 &&
	       regs_get(&regs, ops->regs_layout(t), number, (uint8_t *)value);
}

static bool
take_number(const char *word, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(word, &end, 0);
	return !*end && errno == 0;
}

static bool
take_term(struct debugger_target *t, int tid, const char *term, uint64_t *value)
{
	if (term[0] == '$')
		return take_register(t, tid, term + 1, value);
	if (isdigit((unsigned char)term[0]))
		return take_number(term, value);
	term += term[0] == '&'; /* as gdb's users write an address */
	return term[0] && debugger_symbol(t->image, symbols_value, term,
			      t->machine->image.bias, value);
}

bool
debugger_value(struct debugger_target *t, int tid, const char *text,
    uint64_t *value, struct text *out)
{
	char term[NAME_MAX_LEN + 1];
	uint64_t sum = 0, one;
	const char *at = text;
	bool minus = false;
	size_t n;

	for (;; at++) {
		n = strcspn(at, "+-");
		if (n >= sizeof(term))
			break;
		memcpy(term, at, n);
		term[n] = '\0';
		if (!take_term(t, tid, term, &one))
			break;
		sum += minus ? -one : one;
		at += n;
		if (!*at) {
			*value = sum;
			return true;
		}
		minus = *at == '-';
	}
	text_printf(out, "\"");
	text_plain(out, text);
	text_printf(out,
	    "\" is not a number: write one as in C, a register such as $rip, "
	    "a symbol of the program, or a sum such as main+4.\n");
	return false;
}
