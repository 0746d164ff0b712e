/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Test Anything Protocol for host unit tests, in one header with static
 * state: include it in a test's one source file and nowhere else.  It knows
 * nothing of the tests.
 *
 *	int
 *	main(void)
 *	{
 *		plan(2);
 *		ok(rsp_sum("") == 0, "an empty packet sums to zero");
 *		is_int(rsp_sum("OK"), 0x9a, "OK sums to %#x", 0x9a);
 *		return done_testing();
 *	}
 *
 * A test's name is a sentence, true when the test passes.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAP_PRINTF(n) __attribute__((format(printf, n, n + 1)))

static struct {
	unsigned planned; /* 0: the plan follows the tests */
	unsigned run;
	unsigned failed;
} tap;

/* Print how many tests will run.  Optional; call it before the first test. */
static inline void
plan(unsigned n)
{
	tap.planned = n;
	printf("1..%u\n", n);
}

/*
 * Print one line and flush it at once: a crash in the next test must not lose
 * the line, and fork() must not print it twice.
 */
__attribute__((format(printf, 3, 0))) static inline bool
tap_report(bool passed, const char *directive, const char *fmt, va_list ap)
{
	tap.run++;
	tap.failed += !passed;
	printf("%sok %u - ", passed ? "" : "not ", tap.run);
	vprintf(fmt, ap);
	printf("%s\n", directive);
	fflush(stdout);
	return passed;
}

TAP_PRINTF(4)
static inline bool
tap_ok(bool passed, const char *where, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_report(passed, "", fmt, ap);
	va_end(ap);
	if (!passed)
		printf("# %s: false: %s\n", where, what);
	return passed;
}

TAP_PRINTF(4)
static inline bool
tap_is_int(intmax_t got, intmax_t want, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_report(got == want, "", fmt, ap);
	va_end(ap);
	if (got != want)
		printf("# %s: got %jd (%#jx), want %jd (%#jx)\n", where, got,
		    (uintmax_t)got, want, (uintmax_t)want);
	return got == want;
}

TAP_PRINTF(4)
static inline bool
tap_is_str(
    const char *got, const char *want, const char *where, const char *fmt, ...)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_report(same, "", fmt, ap);
	va_end(ap);
	if (!same)
		printf("# %s: got %s, want %s\n", where, got ? got : "(null)",
		    want ? want : "(null)");
	return same;
}

/*
 * The tests.  Each takes a name in printf form and returns whether the test
 * passed; a comment line explains a failure.
 */
#define TAP_TEXT(x)        #x
#define TAP_LINE(x)        TAP_TEXT(x)
#define TAP_WHERE          __FILE__ ":" TAP_LINE(__LINE__)
#define ok(cond, ...)      tap_ok(!!(cond), TAP_WHERE, #cond, __VA_ARGS__)
#define is_int(got, ...)   tap_is_int((intmax_t)(got), TAP_INT(__VA_ARGS__))
#define is_str(got, ...)   tap_is_str((got), TAP_STR(__VA_ARGS__))
#define TAP_INT(want, ...) (intmax_t)(want), TAP_WHERE, __VA_ARGS__
#define TAP_STR(want, ...) (want), TAP_WHERE, __VA_ARGS__

/* Count n tests that cannot run here as passed, and print the reason. */
TAP_PRINTF(2)
static inline void
skip(unsigned n, const char *fmt, ...)
{
	va_list ap;

	while (n-- > 0) {
		printf("ok %u # SKIP ", ++tap.run);
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		printf("\n");
	}
	fflush(stdout);
}

/* End a program whose tests cannot run here; call it before plan() or tests. */
TAP_PRINTF(1)
__attribute__((noreturn)) static inline void
skip_all(const char *fmt, ...)
{
	va_list ap;

	printf("1..0 # SKIP ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(EXIT_SUCCESS);
}

/* Must a test fail, and not skip, where no guest can run?  See tests/lib.sh. */
static inline bool
kvm_is_required(void)
{
	const char *required = getenv("NOVILLO_REQUIRE_KVM");

	return required && strcmp(required, "1") == 0;
}

/* Give up, with a failure: the tests themselves cannot go on. */
TAP_PRINTF(1)
__attribute__((noreturn)) static inline void
bail(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out!  ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(EXIT_FAILURE);
}

/* Write a file on the host with this text. */
static inline void
host_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	if (!f || fputs(text, f) == EOF || fclose(f) != 0)
		bail("cannot make %s", name);
}

/* The result of main(): success if every planned test ran and passed. */
static inline int
done_testing(void)
{
	if (tap.planned == 0)
		printf("1..%u\n", tap.run);
	else if (tap.planned != tap.run)
		printf("# planned %u, ran %u\n", tap.planned, tap.run);
	if (tap.run == 0 || tap.failed > 0)
		printf("# %u of %u failed\n", tap.failed, tap.run);
	if (tap.run == 0 || (tap.planned != 0 && tap.planned != tap.run))
		return EXIT_FAILURE;
	return tap.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
