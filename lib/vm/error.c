/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sentences for what failed.  Nothing here may know the machine.
 */
#include "vm/error.h"

#include <stdarg.h>
#include <stdio.h>

int
machine_fail(struct machine_error *error, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return r;
}

void
machine_end_quietly(struct machine *m, enum outcome_kind kind, int code)
{
	if (m->outcome.kind != OUTCOME_RUNNING)
		return;
	m->outcome.kind = kind;
	m->outcome.code = code;
}

void
machine_end(struct machine *m, enum outcome_kind kind, int code,
    const char *format, ...)
{
	va_list ap;

	if (m->outcome.kind != OUTCOME_RUNNING)
		return;
	machine_end_quietly(m, kind, code);
	va_start(ap, format);
	vsnprintf(m->outcome.text, sizeof(m->outcome.text), format, ap);
	va_end(ap);
}
