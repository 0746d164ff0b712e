/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests bytes, strings and conversions of text to numbers.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <tap.h>

#define LENGTH 300

static unsigned char source[LENGTH];

/* Whether `to` holds LENGTH bytes: source moved by `shift`, else untouched. */
static bool
moved(const unsigned char *to, size_t at, size_t from, size_t n)
{
	size_t i;

	for (i = 0; i < LENGTH; i++) {
		bool inside = i >= at && i - at < n;

		if (to[i] != source[inside ? i - at + from : i])
			return false;
	}
	return true;
}

static void
test_memory(void)
{
	unsigned char buf[LENGTH];
	bool copied = true, shifted = true;
	size_t n, at;

	for (n = 0; n < LENGTH; n++)
		source[n] = (unsigned char)(n * 7 + n / 256);
	for (n = 0; n <= 40; n++) {
		for (at = 0; at <= 40; at++) {
			memcpy(buf, source, LENGTH);
			memmove(buf + at, buf + 20, n);
			shifted = shifted && moved(buf, at, 20, n);
			memcpy(buf, source, LENGTH);
			memcpy(buf + at, source + 100, n);
			copied = copied && moved(buf, at, 100, n);
		}
	}
	ok(copied, "memcpy copies every length to every place, and no more");
	ok(shifted, "memmove moves up, down and onto itself");
	memcpy(buf, source, LENGTH);
	ok(memset(buf + 3, 0x1ff, 5) == buf + 3, "memset returns its target");
	ok(buf[2] == source[2] && buf[3] == 0xff && buf[7] == 0xff &&
		buf[8] == source[8],
	    "and sets as many bytes as asked");
	ok(memcmp("a\0b", "a\0c", 3) < 0 && memcmp("a\0b", "a\0c", 2) == 0,
	    "memcmp compares beyond a NUL, up to its length");
	ok(memcmp("\xff", "\x01", 1) > 0, "memcmp compares unsigned bytes");
	ok(memchr(source, source[9], LENGTH) == source + 9 &&
		memchr("abc", 'c', 2) == NULL,
	    "memchr finds the first byte within its bound");
}

static void
test_comparison(void)
{
	ok(strlen("") == 0 && strlen("hello") == 5, "strlen counts");
	ok(strnlen("hello", 3) == 3 && strnlen("hi", 9) == 2,
	    "strnlen stops at its bound");
	ok(strcmp("", "") == 0 && strcmp("a", "b") < 0 && strcmp("b", "a") > 0,
	    "strcmp orders");
	ok(strcmp("ab", "a") > 0 && strcmp("a", "ab") < 0,
	    "the shorter of two strings comes first");
	ok(strcmp("\xff", "a") > 0, "strcmp compares unsigned characters");
	ok(strncmp("abc", "abd", 2) == 0 && strncmp("abc", "abd", 3) < 0,
	    "strncmp stops at its bound");
	ok(strncmp("a\0b", "a\0c", 3) == 0, "strncmp stops at a NUL");
}

static void
test_search(void)
{
	const char *s = "hello";

	ok(strchr(s, 'l') == s + 2 && strchr(s, 'x') == NULL,
	    "strchr finds the first");
	ok(strrchr(s, 'l') == s + 3 && strrchr(s, 'x') == NULL &&
		strrchr(s, 'h') == s,
	    "strrchr finds the last");
	ok(strchr(s, '\0') == s + 5 && strrchr(s, '\0') == s + 5,
	    "both find the end");
	ok(strstr(s, "ll") == s + 2 && strstr(s, "lo!") == NULL &&
		strstr(s, "") == s,
	    "strstr finds a part");
	ok(strspn("aabbc", "ab") == 4 && strcspn("aabbc", "cb") == 2,
	    "strspn and strcspn count");
}

static void
test_copies(void)
{
	char buf[16];
	char *copy;

	ok(strcmp(strcat(strcpy(buf, "foo"), "bar"), "foobar") == 0,
	    "strcpy and strcat make one string of two");
	memset(buf, 'x', sizeof(buf));
	strncpy(buf, "ab", 5);
	ok(memcmp(buf, "ab\0\0\0x", 6) == 0, "strncpy fills up with NULs");
	copy = strdup("again");
	ok(copy != NULL && strcmp(copy, "again") == 0, "strdup copies");
	free(copy);
	ok(strcmp(strerror(ENOENT), "No such file or directory") == 0 &&
		strcmp(strerror(12345), "Unknown error") == 0,
	    "strerror knows what it knows");
}

static void
test_number(const char *text, int base, long want, long rest)
{
	char *end;

	same(strtol(text, &end, base), want, "strtol of \"%s\", base %d", text,
	    base);
	same(end - text, rest, "ends after %ld characters", rest);
}

static void
test_numbers(void)
{
	test_number("42", 10, 42, 2);
	test_number(" \t-42x", 10, -42, 5);
	test_number("+7", 0, 7, 2);
	test_number("0x1F", 0, 31, 4);
	test_number("0x1F", 16, 31, 4);
	test_number("0xg", 0, 0, 1);
	test_number("017", 0, 15, 3);
	test_number("zz", 36, 1295, 2);
	test_number("9", 8, 0, 0);
	test_number("-", 10, 0, 0);
	test_number("-9223372036854775808", 10, LONG_MIN, 20);
	errno = 0;
	test_number("9223372036854775808", 10, LONG_MAX, 19);
	same(errno, ERANGE, "and sets errno to ERANGE");
	ok(strtoul("18446744073709551615", NULL, 0) == ULONG_MAX,
	    "strtoul knows all 64 bits");
	ok(strtoul("-1", NULL, 0) == ULONG_MAX, "strtoul negates");
	same(atoi("123abc"), 123, "atoi reads what is a number");
}

int
main(void)
{
	test_memory();
	test_comparison();
	test_search();
	test_copies();
	test_numbers();
	return tap_done();
}
