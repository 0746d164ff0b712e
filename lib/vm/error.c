/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sentences for what failed.  Nothing here may know the machine.
 */
#include "vm/error.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
machine_fail(struct machine_error *error, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return r;
}

/* Two threads may want to end the guest at once. */
static pthread_mutex_t ending = PTHREAD_MUTEX_INITIALIZER;

static bool
end(struct machine *m, enum outcome_kind kind, int code, const char *text)
{
	bool first;

	pthread_mutex_lock(&ending);
	first = m->outcome.kind == OUTCOME_RUNNING;
	if (first) {
		m->outcome.code = code;
		memcpy(m->outcome.text, text, strlen(text) + 1);
		m->outcome.kind = kind;
	}
	pthread_mutex_unlock(&ending);
	return first;
}

bool
machine_end_quietly(struct machine *m, enum outcome_kind kind, int code)
{
	return end(m, kind, code, "");
}

bool
machine_end(struct machine *m, enum outcome_kind kind, int code,
    const char *format, ...)
{
	char text[sizeof(m->outcome.text)];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return end(m, kind, code, text);
}
