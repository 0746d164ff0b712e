/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the printf family: each line of the table is a format, its arguments,
 * and the output that C11 requires.
 */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tap.h>

static void check(const char *want, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Compares the text and the count, which must be right without room also. */
static void
check(const char *want, const char *fmt, ...)
{
	char got[128];
	va_list ap;
	int n, unseen;

	va_start(ap, fmt);
	n = vsnprintf(got, sizeof(got), fmt, ap);
	va_end(ap);
	va_start(ap, fmt);
	unseen = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (!ok(strcmp(got, want) == 0 && n == (int)strlen(want) && unseen == n,
		"\"%s\" becomes \"%s\"", fmt, want))
		printf("# got \"%s\", counts %d and %d\n", got, n, unseen);
}

static void
test_integers(void)
{
	check("0", "%d", 0);
	check("-1", "%i", -1);
	check("2147483647 -2147483648", "%d %d", INT_MAX, INT_MIN);
	check("4294967295", "%u", UINT_MAX);
	check("9223372036854775807", "%ld", LONG_MAX);
	check("-9223372036854775808", "%lld", LLONG_MIN);
	check("18446744073709551615", "%lu", ULONG_MAX);
	check("1777777777777777777777", "%lo", ULONG_MAX);
	check("deadbeef DEADBEEF", "%x %X", 0xdeadbeef, 0xdeadbeef);
	check("-1 -1", "%hhd %hd", (signed char)-1, (short)-1);
	check("255 65535", "%hhu %hu", (unsigned char)-1, (unsigned short)-1);
	check("-1 1 -2", "%jd %zu %td", (intmax_t)-1, (size_t)1, (ptrdiff_t)-2);
}

static void
test_flags(void)
{
	check("+5 -5", "%+d %+d", 5, -5);
	check(" 5 -5", "% d % d", 5, -5);
	check("0x1f 0X1F 037", "%#x %#X %#o", 31, 31, 31);
	check("0 0", "%#x %#o", 0, 0);
	check("00042", "%05d", 42);
	check("-0042", "%05d", -42);
	check("+0042", "%+05d", 42);
	check("0x0000002a", "%#010x", 42);
	check("42   |", "%-5d|", 42);
}

static void
test_width_and_precision(void)
{
	check("   42", "%5d", 42);
	check("123456", "%3d", 123456);
	check("  007", "%5.3d", 7);
	check("-007 ", "%-5.3d", -7);
	check("[]", "[%.0d]", 0);
	check("[     ]", "[%5.d]", 0);
	check("[+]", "[%+.0d]", 0);
	check("[0]", "[%#.0o]", 0);
	check("0052", "%#.4o", 42);
	check("   42|42   |", "%*d|%*d|", 5, 42, -5, 42);
	check("007 7", "%.*d %.*d", 3, 7, -3, 7);
	check("00000000000000000000000000000000000000001", "%.41d", 1);
	check("                                         1", "%42d", 1);
}

static void
test_text(void)
{
	const char unterminated[3] = { 'a', 'b', 'c' };
	const char *volatile null = NULL;

	check("hello", "%s", "hello");
	check("  hi|hi  |", "%4s|%-4s|", "hi", "hi");
	check("hel", "%.3s", "hello");
	check("  he", "%4.2s", "hello");
	check("abc", "%.3s", unterminated);
	check("", "%s", "");
	check("(null)", "%s", null);
	check("A   B|", "%-4c%c|", 'A', 'B');
	check("100%", "%d%%", 100);
	check("0x1234", "%p", (void *)0x1234);
	check("    0x1234|", "%10p|", (void *)0x1234);
	check("0x0", "%p", (void *)null);
}

static void
test_bounds(void)
{
	volatile int huge = INT_MAX; /* hidden from the compiler: it warns */
	char buf[8] = "1234567";

	same(snprintf(buf, 4, "%s", "abcdef"), 6,
	    "snprintf returns the length the text would have");
	ok(memcmp(buf,
	       "abc\0"
	       "567",
	       8) == 0,
	    "and writes no byte beyond its bound");
	same(snprintf(buf, 1, "%d", 42), 2, "a bound of 1 leaves the NUL");
	ok(buf[0] == '\0', "and nothing else");
	same(snprintf(buf, 4, "%s", "abc"), 3, "an exact fit loses");
	ok(strcmp(buf, "ab") != 0 && strcmp(buf, "abc") == 0, "nothing");
	errno = 0;
	same(snprintf(NULL, 0, "%*d%*d", huge, 1, huge, 1), -1,
	    "a length beyond INT_MAX is an error");
	same(errno, EOVERFLOW, "which errno names");
}

static void
test_streams(void)
{
	same(printf("# printf\n"), 9, "printf returns the number of bytes");
	same(fprintf(stdout, "# %s\n", "fprintf"), 10, "so does fprintf");
	same(dprintf(1, "%s", ""), 0, "and dprintf of nothing");
	same(dprintf(99, "text"), -1, "dprintf to a bad fd is an error");
}

int
main(void)
{
	test_integers();
	test_flags();
	test_width_and_precision();
	test_text();
	test_bounds();
	test_streams();
	return tap_done();
}
