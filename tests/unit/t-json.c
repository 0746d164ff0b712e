/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests the JSON reader: texts that RFC 8259 allows, texts that it does not,
 * and the reported place of an error.
 */
#include "json/json.h"
#include "tap.h"

static struct json json;
static char heard[4096];
static size_t heard_len;

static void
hear(const char *what)
{
	heard_len += (size_t)snprintf(
	    heard + heard_len, sizeof(heard) - heard_len, "%s", what);
}

static void
hear_text(char before, char after)
{
	char text[1024] = { before };
	size_t len;

	if (!json_text(&json, text + 1, sizeof(text) - 2, &len)) {
		hear("(too long)");
		return;
	}
	text[len + 1] = after;
	text[len + 2] = '\0';
	hear(text);
}

static void
hear_event(enum json_event event)
{
	switch (event) {
	case JSON_OBJECT: hear("{"); break;
	case JSON_OBJECT_END: hear("}"); break;
	case JSON_ARRAY: hear("["); break;
	case JSON_ARRAY_END: hear("]"); break;
	case JSON_NAME: hear_text('<', '>'); break;
	case JSON_STRING: hear_text('(', ')'); break;
	case JSON_NUMBER: hear_text('#', ' '); break;
	case JSON_TRUE: hear("T"); break;
	case JSON_FALSE: hear("F"); break;
	case JSON_NULL: hear("N"); break;
	default: break;
	}
}

/* Read a text to its end, from memory of just its size; the last event. */
static enum json_event
read_all(const char *text, size_t size)
{
	char *exact = malloc(size + 1);
	enum json_event event;

	if (!exact)
		bail("no memory");
	memcpy(exact, text, size);
	heard[heard_len = 0] = '\0';
	json_init(&json, exact, size);
	while ((event = json_next(&json)) > JSON_END)
		hear_event(event);
	free(exact);
	return event;
}

static const struct {
	const char *text;
	const char *heard;
} good[] = {
	{ "{}", "{}" },
	{ "[]", "[]" },
	{ " \t\r\n[ \n] \n", "[]" },
	{ "0", "#0 " },
	{ "\"\"", "()" },
	{ "true", "T" },
	{ "[true,false,null]", "[TFN]" },
	{ "[[],{},[{}]]", "[[]{}[{}]]" },
	{ "{\"a\":{\"a\":1},\"b\":{\"a\":2}}", "{<a>{<a>#1 }<b>{<a>#2 }}" },
	{ "{\"\":0}", "{<>#0 }" },
	{ "{\"a\":1,\"A\":2,\"ab\":3}", "{<a>#1 <A>#2 <ab>#3 }" },
	{ "[0,-0,1,10,-19,0.0,-0.10,1e1,1E+1,1.5e-10]",
	    "[#0 #-0 #1 #10 #-19 #0.0 #-0.10 #1e1 #1E+1 #1.5e-10 ]" },
	{ "123456789012345678901234567890",
	    "#123456789012345678901234567890 " },
	{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "(\"\\/\b\f\n\r\t)" },
	{ "\"\\u0041\\u00e9\\u20aC\\uD834\\udd1e\"",
	    "(A\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e)" },
	{ "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"
	  "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
	    "(\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"
	    "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf)" },
	{ "\"\x7f\"", "(\x7f)" },
	{ "\"\\uFFFF\\uDBFF\\uDFFF\"", "(\xef\xbf\xbf\xf4\x8f\xbf\xbf)" },
};

static const struct {
	const char *text;
	unsigned line, column;
	const char *error;
} bad[] = {
	{ "", 1, 1, "the text is empty" },
	{ " \n\t", 2, 2, "the text is empty" },
	{ "\xef\xbb\xbf{}", 1, 1, "byte order mark" },
	{ "[\n1,\n2", 3, 2, "without a ]" },
	{ "{", 1, 2, "without a }" },
	{ "{\"a\"", 1, 5, "a colon is missing" },
	{ "{\"a\":", 1, 6, "without a }" },
	{ "{\"a\":1", 1, 7, "without a }" },
	{ "{\"a\":1,", 1, 8, "without a }" },
	{ "{\"a\" 1}", 1, 6, "a colon is missing" },
	{ "{\"a\":}", 1, 6, "a value is missing" },
	{ "{\"a\":,}", 1, 6, "a value is missing" },
	{ "{\"a\":1,}", 1, 8, "a comma with nothing after it" },
	{ "{,\"a\":1}", 1, 2, "a name in double quotes" },
	{ "{a:1}", 1, 2, "a name in double quotes" },
	{ "{1:1}", 1, 2, "a name in double quotes" },
	{ "{\"a\":1 \"b\":2}", 1, 8, "a comma or } is missing" },
	{ "{\"a\":1]", 1, 7, "a ] without its [" },
	{ "[1}", 1, 3, "a } without its {" },
	{ "[1,]", 1, 4, "a comma with nothing after it" },
	{ "[,1]", 1, 2, "a value is missing" },
	{ "[1,,2]", 1, 4, "a value is missing" },
	{ "[1 2]", 1, 4, "a comma or ] is missing" },
	{ "]", 1, 1, "a ] without its [" },
	{ "{}}", 1, 3, "a } without its {" },
	{ "{} {}", 1, 4, "more text after the value" },
	{ "1 2", 1, 3, "more text after the value" },
	{ "[] x", 1, 4, "more text after the value" },
	{ "{\"a\":1,\n \"b\":2,\n \"a\":3}", 3, 2, "occurs twice" },
	{ "{\"a/b\":1,\"\\u0061\\/b\":2}", 1, 10, "occurs twice" },
	{ "{\"\":1,\"\":2}", 1, 7, "occurs twice" },
	{ "'a'", 1, 1, "double quotes" },
	{ "[1, // one\n2]", 1, 5, "no comments" },
	{ "[1 /* one */]", 1, 4, "no comments" },
	{ "# x", 1, 1, "no comments" },
	{ "True", 1, 1, "only true, false and null" },
	{ "nul", 1, 1, "only true, false and null" },
	{ "[nullx]", 1, 2, "only true, false and null" },
	{ "NaN", 1, 1, "only true, false and null" },
	{ "[-Infinity]", 1, 2, "a sign without a number" },
	{ "[-]", 1, 2, "a sign without a number" },
	{ "+1", 1, 1, "a value is missing" },
	{ ".5", 1, 1, "a value is missing" },
	{ "[01]", 1, 2, "begins with 0" },
	{ "-00", 1, 1, "begins with 0" },
	{ "1.", 1, 1, "after its point" },
	{ "1.e1", 1, 1, "after its point" },
	{ "1e", 1, 1, "in its exponent" },
	{ "1e+", 1, 1, "in its exponent" },
	{ "1e+-1", 1, 1, "in its exponent" },
	{ "0x10", 1, 2, "more text after the value" },
	{ "[1a]", 1, 3, "a comma or ] is missing" },
	{ "\"abc", 1, 1, "without an end" },
	{ "\"abc\\\"", 1, 1, "without an end" },
	{ "\"abc\\", 1, 5, "unknown escape" },
	{ "\"a\nb\"", 1, 3, "the line ends in a string" },
	{ "\"a\tb\"", 1, 3, "a control character" },
	{ "\"\\x41\"", 1, 2, "unknown escape" },
	{ "\"\\'\"", 1, 2, "unknown escape" },
	{ "\"\\u12\"", 1, 2, "four hexadecimal digits" },
	{ "\"\\u12g4\"", 1, 2, "four hexadecimal digits" },
	{ "\"\\u", 1, 2, "four hexadecimal digits" },
	{ "\"\\ud800\"", 1, 2, "surrogate pair" },
	{ "\"\\ud800\\n\"", 1, 2, "surrogate pair" },
	{ "\"\\ud800\\u0041\"", 1, 2, "surrogate pair" },
	{ "\"\\ud800\\ud800\"", 1, 2, "surrogate pair" },
	{ "\"\\ud800\\u", 1, 2, "surrogate pair" },
	{ "\"\\udc00\"", 1, 2, "surrogate pair" },
	{ "\"\x80\"", 1, 2, "not UTF-8" },
	{ "\"\xc0\x80\"", 1, 2, "not UTF-8" },
	{ "\"\xc1\xbf\"", 1, 2, "not UTF-8" },
	{ "\"\xe0\x9f\xbf\"", 1, 2, "not UTF-8" },
	{ "\"\xed\xa0\x80\"", 1, 2, "not UTF-8" },
	{ "\"\xf0\x8f\xbf\xbf\"", 1, 2, "not UTF-8" },
	{ "\"\xf4\x90\x80\x80\"", 1, 2, "not UTF-8" },
	{ "\"\xf5\x80\x80\x80\"", 1, 2, "not UTF-8" },
	{ "\"\xff\"", 1, 2, "not UTF-8" },
	{ "\"\xe2\x82\"", 1, 2, "not UTF-8" },
	{ "\"\xe2\x82", 1, 2, "not UTF-8" },
	{ "\"\xe2\x28\xa1\"", 1, 2, "not UTF-8" },
	{ "[\"\xc3\xa9\", x]", 1, 7, "only true, false and null" },
	{ "[\r\n\r\n x]", 3, 2, "only true, false and null" },
};

static void
test_good(void)
{
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		enum json_event end = read_all(
		    good[i].text, strlen(good[i].text));

		ok(end == JSON_END && strcmp(heard, good[i].heard) == 0,
		    "good text %zu is read as what it says", i);
		if (end == JSON_ERROR)
			printf("# %s\n", json.error);
	}
}

static void
test_bad(void)
{
	unsigned line, column;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum json_event end = read_all(
		    bad[i].text, strlen(bad[i].text));
		bool right;

		/* Compare the error only: the text is freed. */
		right = end == JSON_ERROR &&
			strstr(json.error, bad[i].error) != NULL;
		json.text = bad[i].text;
		json_where(&json, &line, &column);
		ok(right && line == bad[i].line && column == bad[i].column,
		    "bad text %zu: %u:%u: %s", i, bad[i].line, bad[i].column,
		    bad[i].error);
		if (end == JSON_ERROR)
			printf("# %u:%u: %s\n", line, column, json.error);
	}
}

static void
test_nul(void)
{
	static const char nul[] = "[1]\0";
	static const char in_string[] = "\"a\0b\"";
	size_t len;
	char text[8];

	is_int(read_all(nul, sizeof(nul)), JSON_ERROR,
	    "a NUL after the value is more than the value");
	is_int(read_all(in_string, sizeof(in_string) - 1), JSON_ERROR,
	    "a NUL in a string is a control character");
	json_init(&json, "\"a\\u0000b\"", 10);
	is_int(json_next(&json), JSON_STRING, "an escaped one is a character");
	ok(json_text(&json, text, sizeof(text), &len),
	    "the text has an escaped NUL");
	is_int(len, 3, "the length counts an escaped NUL");
	ok(memcmp(text, "a\0b", 4) == 0, "the escaped NUL is in its place");
}

static void
test_sizes(void)
{
	size_t len;
	char text[6] = "??????";

	json_init(&json, "\"ab\xe2\x82\xac\"", 7);
	json_next(&json);
	ok(!json_text(&json, text, 0, &len), "no text fits into no bytes");
	ok(!json_text(&json, text, 5, &len), "no text fits without its NUL");
	ok(text[5] == '?', "nothing is written after the buffer");
	ok(json_text(&json, text, 6, &len) && len == 5, "it fits exactly");
	json_init(&json, "\"\"", 2);
	json_next(&json);
	ok(!json_text(&json, text, 0, &len),
	    "an empty text needs room for its NUL");
	ok(json_text(&json, text, 1, &len) && len == 0,
	    "an empty text fits into one byte");
}

static void
test_depth(void)
{
	char text[2 * JSON_DEPTH + 2];

	memset(text, '[', JSON_DEPTH);
	memset(text + JSON_DEPTH, ']', JSON_DEPTH);
	is_int(read_all(text, sizeof(text) - 2), JSON_END,
	    "%d arrays can be in each other", JSON_DEPTH);
	memset(text, '[', JSON_DEPTH + 1);
	memset(text + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
	is_int(read_all(text, sizeof(text)), JSON_ERROR, "one more cannot");
	is_str(json.error, "nested deeper than 32", "and that is said");
}

static size_t
write_names(char *text, unsigned n)
{
	size_t len = 0;
	unsigned i;

	text[len++] = '{';
	for (i = 0; i < n; i++)
		len += (size_t)sprintf(
		    text + len, "%s\"n%u\":{\"m\":0}", i ? "," : "", i);
	text[len++] = '}';
	return len;
}

static void
test_names(void)
{
	static char text[32 * JSON_NAMES];

	/* The end of an inner object frees the object's names. */
	is_int(read_all(text, write_names(text, JSON_NAMES - 1)), JSON_END,
	    "an object can have %d names, and objects in it theirs",
	    JSON_NAMES - 1);
	is_int(read_all(text, write_names(text, JSON_NAMES)), JSON_ERROR,
	    "with one more there is no room for the name in the last");
	is_str(json.error, "more names than 256", "and that is said");
}

static void
test_stays(void)
{
	json_init(&json, "[]", 2);
	json_next(&json);
	json_next(&json);
	ok(json_next(&json) == JSON_END && json_next(&json) == JSON_END,
	    "the end stays the end");
	json_init(&json, "[x 1]", 5);
	json_next(&json);
	ok(json_next(&json) == JSON_ERROR && json_next(&json) == JSON_ERROR,
	    "and an error an error");
}

int
main(void)
{
	test_good();
	test_bad();
	test_nul();
	test_sizes();
	test_depth();
	test_names();
	test_stays();
	return done_testing();
}
