/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's side of the Test Anything Protocol.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <tap.h>

static unsigned tried;
static unsigned failed;

static void line(bool pass, const char *sentence, va_list ap) PRINTF_LIKE(2, 0);

static void
line(bool pass, const char *sentence, va_list ap)
{
	tried++;
	if (!pass)
		failed++;
	printf("%s %u - ", pass ? "ok" : "not ok", tried);
	vprintf(sentence, ap);
}

bool
ok(bool pass, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	line(pass, sentence, ap);
	va_end(ap);
	putchar('\n');
	return pass;
}

bool
same(long got, long want, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	line(got == want, sentence, ap);
	va_end(ap);
	putchar('\n');
	if (got != want)
		printf("# got %ld (%#lx), want %ld (%#lx)\n", got,
		    (unsigned long)got, want, (unsigned long)want);
	return got == want;
}

void
skip(const char *reason, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	line(true, sentence, ap);
	va_end(ap);
	printf(" # SKIP %s\n", reason);
}

void
skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	exit(EXIT_SUCCESS);
}

int
tap_done(void)
{
	printf("1..%u\n", tried);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
