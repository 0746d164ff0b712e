/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends a guest that made a mistake.  It must not use printf, stdio or malloc:
 * they may be broken.
 */
#include <hcall.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_ABORTED 134 /* 128 + SIGABRT, as a shell sees abort() */

static void
say(const char *text)
{
	hc_write(STDERR_FILENO, (long)text, (long)strlen(text));
}

/* Digits go backwards into the caller's tail, so no length is guessed. */
static const char *
hex(uintptr_t value, char *end)
{
	*end = '\0';
	do {
		*--end = "0123456789abcdef"[value % 16];
		value /= 16;
	} while (value != 0);
	return end;
}

void
panic(const char *message, const void *where)
{
	char digits[2 * sizeof(where) + 1];

	say("guest: ");
	say(message);
	say(": 0x");
	say(hex((uintptr_t)where, digits + sizeof(digits) - 1));
	say("\n");
	/* _exit() runs if tgkill is not allowed, or the signal is handled. */
	hc_tgkill(hc_getpid(), hc_gettid(), SIGABRT);
	_exit(STATUS_ABORTED);
}

void
abort(void)
{
	panic("aborted", __builtin_return_address(0));
}
