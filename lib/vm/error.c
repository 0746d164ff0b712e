/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of failures, and the end of a guest.  Nothing here may know what
 * failed.
 */
#include "vm/error.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int
machine_fail(struct machine_error *error, int r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error->text, sizeof(error->text), format, ap);
	va_end(ap);
	return r;
}

const char *
machine_file_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return "a regular file";
	case S_IFDIR: return "a folder";
	case S_IFLNK: return "a symbolic link";
	case S_IFIFO: return "a FIFO";
	case S_IFCHR: return "a character device";
	case S_IFBLK: return "a block device";
	case S_IFSOCK: return "a socket";
	default: return "of an unknown kind";
	}
}

static bool
end(struct machine *m, enum outcome_kind kind, int code, const char *text)
{
	bool first;

	pthread_mutex_lock(&m->ending);
	first = m->outcome.kind == OUTCOME_RUNNING;
	if (first) {
		m->outcome.code = code;
		memcpy(m->outcome.text, text, strlen(text) + 1);
		m->outcome.kind = kind;
	}
	pthread_mutex_unlock(&m->ending);
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

bool
machine_goes_on(struct machine *m, const char *why, uint64_t rip)
{
	if (!why)
		return true;
	m->stopped_at = rip;
	machine_end(m, OUTCOME_FAILED, 0, "%s", why);
	return false;
}

void
machine_settle_end(struct machine *m)
{
	const int by = m->ended_by;

	if (by == MACHINE_TIME_IS_UP)
		machine_end_quietly(m, OUTCOME_TIMEOUT, 0);
	else if (by == MACHINE_PAGE_LOST)
		machine_end(m, OUTCOME_SIGNAL, SIGBUS,
		    "a page of its memory is lost: was a file truncated?");
	else if (by)
		machine_end(m, OUTCOME_KILLED, by, "it was sent to novillo");
}
