/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON, read piece by piece.  Nothing here may know what the text is for, or
 * trust a byte of it.
 */
#include "json/json.h"

#include <string.h>

/* A limit as text. */
#define LIMIT(n)  LIMIT_(n)
#define LIMIT_(n) #n

void
json_init(struct json *j, const char *text, size_t size)
{
	*j = (struct json){ .text = text, .size = size, .line = 1 };
}

static enum json_event
fail(struct json *j, size_t at, const char *error)
{
	j->begin = at;
	j->error = error;
	return JSON_ERROR;
}

static bool
in_object(const struct json *j)
{
	return j->depth > 0 && j->open[j->depth - 1].object;
}

/* Is `c` next?  If so, skip it. */
static bool
match(struct json *j, char c)
{
	if (j->at == j->size || j->text[j->at] != c)
		return false;
	j->at++;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * Decode one character of UTF-8 from the `n` > 0 bytes at `p`: its length, or 0
 * if the bytes are not UTF-8 (Unicode 15, table 3-7).
 */
static size_t
take_utf8(const uint8_t *p, size_t n, uint32_t *c)
{
	size_t len = p[0] < 0x80   ? 1
		     : p[0] < 0xc2 ? 0
		     : p[0] < 0xe0 ? 2
		     : p[0] < 0xf0 ? 3
		     : p[0] < 0xf5 ? 4
				   : 0;
	size_t i;

	if (len == 0 || len > n)
		return 0;
	*c = len == 1 ? p[0] : p[0] & (0x7fU >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fU);
	}
	if ((len == 3 && (*c < 0x800 || *c >> 11 == 0xd800 >> 11)) ||
	    (len == 4 && (*c < 0x10000 || *c > 0x10ffff)))
		return 0;
	return len;
}

static size_t
put_utf8(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (char)(0xe0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | c >> 18);
	p[1] = (char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Decode the four digits of \u at `p`, of `n` bytes. */
static bool
take_hex4(const char *p, size_t n, uint32_t *c)
{
	size_t i;

	*c = 0;
	for (i = 0; i < 4; i++) {
		if (i == n)
			return false;
		if (is_digit(p[i]))
			*c = *c << 4 | (uint32_t)(p[i] - '0');
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			*c = *c << 4 | (uint32_t)((p[i] | 0x20) - 'a' + 10);
		else
			return false;
	}
	return true;
}

static const char half_pair[] =
    "\\u of one half of a surrogate pair, without the other";

/* Decode the \u escape at `p`, or the two of a surrogate pair. */
static const char *
take_unicode(const char *p, size_t n, uint32_t *c, size_t *used)
{
	uint32_t low;

	*used = 6;
	if (!take_hex4(p + 2, n - 2, c))
		return "\\u without four hexadecimal digits";
	if (*c >> 10 == 0xdc00 >> 10)
		return half_pair;
	if (*c >> 10 != 0xd800 >> 10)
		return NULL;
	if (n < 8 || p[6] != '\\' || p[7] != 'u' ||
	    !take_hex4(p + 8, n - 8, &low) || low >> 10 != 0xdc00 >> 10)
		return half_pair;
	*used = 12;
	*c = 0x10000 + ((*c & 0x3ff) << 10 | (low & 0x3ff));
	return NULL;
}

/*
 * Decode one character of a string, plain or escaped, from the `n` > 0 bytes at
 * `p`.  NULL, or its fault.
 */
static const char *
take_character(const char *p, size_t n, uint32_t *c, size_t *used)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if ((uint8_t)p[0] < 0x20)
		return p[0] == '\n' || p[0] == '\r'
			   ? "the line ends in a string: is a quote missing?"
			   : "a control character in a string: it must be"
			     " escaped";
	if (p[0] != '\\') {
		*used = take_utf8((const uint8_t *)p, n, c);
		return *used ? NULL : "a byte that is not UTF-8";
	}
	if (n > 1 && p[1] == 'u')
		return take_unicode(p, n, c, used);
	found = n > 1 && p[1] ? strchr(names, p[1]) : NULL;
	if (!found)
		return "an unknown escape in a string";
	*c = (uint8_t)values[found - names];
	*used = 2;
	return NULL;
}

/* Read and check a string, after its opening quote. */
static bool
take_string(struct json *j)
{
	size_t used;
	uint32_t c;

	j->piece.at = j->at;
	while (!match(j, '"')) {
		const char *error;

		if (j->at == j->size) {
			fail(j, j->begin, "a string without an end");
			return false;
		}
		error = take_character(
		    j->text + j->at, j->size - j->at, &c, &used);
		if (error) {
			fail(j, j->at, error);
			return false;
		}
		j->at += used;
	}
	j->piece.len = j->at - 1 - j->piece.at;
	return true;
}

/* Are two checked strings equal, whatever their escapes? */
static bool
same_string(const struct json *j, struct json_piece a, struct json_piece b)
{
	uint32_t c = 0, d = 0;
	size_t used = 0;

	while (a.len > 0 && b.len > 0 && c == d) {
		take_character(j->text + a.at, a.len, &c, &used);
		a.at += used;
		a.len -= used;
		take_character(j->text + b.at, b.len, &d, &used);
		b.at += used;
		b.len -= used;
	}
	return a.len == 0 && b.len == 0 && c == d;
}

static enum json_event
read_name(struct json *j)
{
	unsigned i;

	if (!match(j, '"'))
		return fail(j, j->at, "a name in double quotes is missing");
	if (!take_string(j))
		return JSON_ERROR;
	for (i = j->open[j->depth - 1].names; i < j->names; i++)
		if (same_string(j, j->name[i], j->piece))
			return fail(
			    j, j->begin, "the name occurs twice in its object");
	if (j->names == JSON_NAMES)
		return fail(j, j->begin, "more names than " LIMIT(JSON_NAMES));
	j->name[j->names++] = j->piece;
	j->state = JSON_WANTS_COLON;
	return JSON_NAME;
}

static enum json_event
open_value(struct json *j, bool object)
{
	if (j->depth == JSON_DEPTH)
		return fail(
		    j, j->begin, "nested deeper than " LIMIT(JSON_DEPTH));
	j->open[j->depth].object = object;
	j->open[j->depth].names = j->names;
	j->depth++;
	j->state = object ? JSON_WANTS_MEMBER : JSON_WANTS_ELEMENT;
	return object ? JSON_OBJECT : JSON_ARRAY;
}

/* A value was read: set what may follow it. */
static enum json_event
end_value(struct json *j, enum json_event event)
{
	j->state = j->depth > 0 ? JSON_WANTS_COMMA : JSON_WANTS_NOTHING;
	return event;
}

static enum json_event
close_value(struct json *j, char bracket)
{
	bool object = in_object(j);

	if (j->depth == 0 || bracket != (object ? '}' : ']'))
		return fail(j, j->begin,
		    bracket == '}' ? "a } without its {" : "a ] without its [");
	if (j->state == JSON_WANTS_NAME ||
	    (j->state == JSON_WANTS_VALUE && !object))
		return fail(j, j->begin, "a comma with nothing after it");
	if (j->state == JSON_WANTS_VALUE)
		return fail(j, j->begin, "a value is missing");
	j->at++;
	j->names = j->open[--j->depth].names;
	return end_value(j, object ? JSON_OBJECT_END : JSON_ARRAY_END);
}

static bool
take_digits(struct json *j)
{
	size_t first = j->at;

	while (j->at < j->size && is_digit(j->text[j->at]))
		j->at++;
	return j->at > first;
}

/* The grammar of numbers, RFC 8259 section 6. */
static enum json_event
read_number(struct json *j)
{
	bool zero;

	match(j, '-');
	zero = match(j, '0');
	if (zero ? take_digits(j) : !take_digits(j))
		return fail(j, j->begin,
		    zero ? "a number that begins with 0"
			 : "a sign without a number");
	if (match(j, '.') && !take_digits(j))
		return fail(
		    j, j->begin, "a number without digits after its point");
	if (match(j, 'e') || match(j, 'E')) {
		if (!match(j, '+'))
			match(j, '-');
		if (!take_digits(j))
			return fail(j, j->begin,
			    "a number without digits in its exponent");
	}
	j->piece.at = j->begin;
	j->piece.len = j->at - j->begin;
	return end_value(j, JSON_NUMBER);
}

static enum json_event
read_word(struct json *j)
{
	static const struct {
		const char *word;
		enum json_event event;
	} words[] = {
		{ "true", JSON_TRUE },
		{ "false", JSON_FALSE },
		{ "null", JSON_NULL },
	};
	size_t i, len;

	while (j->at < j->size && is_letter(j->text[j->at]))
		j->at++;
	len = j->at - j->begin;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len &&
		    memcmp(words[i].word, j->text + j->begin, len) == 0)
			return end_value(j, words[i].event);
	return fail(j, j->begin,
	    "only true, false and null are written without double quotes");
}

static enum json_event
read_value(struct json *j)
{
	char c = j->text[j->at];

	if (match(j, '{'))
		return open_value(j, true);
	if (match(j, '['))
		return open_value(j, false);
	if (match(j, '"'))
		return take_string(j) ? end_value(j, JSON_STRING) : JSON_ERROR;
	if (c == '-' || is_digit(c))
		return read_number(j);
	if (is_letter(c))
		return read_word(j);
	if (c == '/' || c == '#')
		return fail(j, j->at, "JSON has no comments");
	if (c == '\'')
		return fail(j, j->at, "a string needs double quotes");
	return fail(j, j->at, "a value is missing");
}

static void
skip_blanks(struct json *j)
{
	for (; j->at < j->size; j->at++) {
		char c = j->text[j->at];

		if (c == '\n') {
			j->line++;
			j->line_begin = j->at + 1;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			break;
		}
	}
	j->begin = j->at;
}

/* The end of the text was reached. */
static enum json_event
at_end(struct json *j)
{
	if (j->state == JSON_WANTS_NOTHING)
		return JSON_END;
	if (j->depth == 0)
		return fail(j, j->at, "the text is empty");
	return fail(j, j->at,
	    in_object(j) ? "it ends within an object, without a }"
			 : "it ends within an array, without a ]");
}

static enum json_event
complain_comma(struct json *j)
{
	char c = j->text[j->at];

	if (c == '/' || c == '#')
		return fail(j, j->at, "JSON has no comments");
	return fail(j, j->at,
	    in_object(j) ? "a comma or } is missing"
			 : "a comma or ] is missing");
}

enum json_event
json_next(struct json *j)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (j->error)
		return JSON_ERROR;
	if (j->at == 0 && j->size >= 3 && memcmp(j->text, mark, 3) == 0)
		return fail(j, 0,
		    "it begins with a byte order mark, which"
		    " JSON does not allow");
	skip_blanks(j);
	if (j->state == JSON_WANTS_COLON) {
		if (!match(j, ':'))
			return fail(j, j->at, "a colon is missing");
		j->state = JSON_WANTS_VALUE;
		skip_blanks(j);
	} else if (j->state == JSON_WANTS_COMMA && match(j, ',')) {
		j->state = in_object(j) ? JSON_WANTS_NAME : JSON_WANTS_VALUE;
		skip_blanks(j);
	}
	if (j->at == j->size)
		return at_end(j);
	if (j->text[j->at] == '}' || j->text[j->at] == ']')
		return close_value(j, j->text[j->at]);
	switch (j->state) {
	case JSON_WANTS_NOTHING:
		return fail(j, j->at, "there is more text after the value");
	case JSON_WANTS_COMMA: return complain_comma(j);
	case JSON_WANTS_NAME:
	case JSON_WANTS_MEMBER: return read_name(j);
	default: return read_value(j);
	}
}

bool
json_text(const struct json *j, char *text, size_t size, size_t *length)
{
	struct json_piece p = j->piece;
	char bytes[4];
	size_t used = 0, n;
	uint32_t c = 0;

	*length = 0;
	for (; p.len > 0; p.at += used, p.len -= used) {
		take_character(j->text + p.at, p.len, &c, &used);
		n = put_utf8(bytes, c);
		if (n > size - *length)
			return false;
		memcpy(text + *length, bytes, n);
		*length += n;
	}
	if (*length == size)
		return false;
	text[*length] = '\0';
	return true;
}

void
json_where(const struct json *j, unsigned *line, unsigned *column)
{
	size_t at;

	*line = j->line;
	*column = 1;
	/* Each UTF-8 character has one byte that is not a continuation. */
	for (at = j->line_begin; at < j->begin; at++)
		*column += (j->text[at] & 0xc0) != 0x80;
}
