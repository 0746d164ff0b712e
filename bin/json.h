/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON (RFC 8259), read piece by piece from a text in memory.  It is strict,
 * allocates nothing, and must not know what the text is for.
 *
 *	json_init(&json, text, size);
 *	while ((event = json_next(&json)) > JSON_END)
 *		...
 *
 * Stricter than the RFC asks for: a byte order mark, a name given twice in an
 * object, and half of a surrogate pair are errors.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 32  /* arrays and objects in each other */
#define JSON_NAMES 256 /* in one object and in those around it */

enum json_event {
	JSON_ERROR, /* see `error` and json_where(); it stays so */
	JSON_END,   /* all of the text was one value; it stays so */
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_NAME, /* what follows is its value */
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

/* What may come next. */
enum json_state {
	JSON_WANTS_VALUE,
	JSON_WANTS_ELEMENT, /* a value or the array's end */
	JSON_WANTS_NAME,
	JSON_WANTS_MEMBER, /* a name or the object's end */
	JSON_WANTS_COLON,
	JSON_WANTS_COMMA, /* or the end of the array or object */
	JSON_WANTS_NOTHING,
};

/* A piece of the text, as it stands there. */
struct json_piece {
	size_t at;
	size_t len;
};

struct json {
	const char *text;
	size_t size;
	size_t at; /* what was not read yet */
	enum json_state state;
	const char *error; /* NULL: none so far */
	/* The name, string (without its quotes) or number last told, and where
	 * it begins; or where the error is. */
	struct json_piece piece;
	size_t begin;
	size_t line_begin;
	unsigned line;
	/* What is open, and the names seen in it. */
	unsigned depth;
	struct {
		bool object;
		unsigned names; /* of those around it */
	} open[JSON_DEPTH];
	unsigned names;
	struct json_piece name[JSON_NAMES];
};

void json_init(struct json *json, const char *text, size_t size);

enum json_event json_next(struct json *json);

/*
 * The name, string or number last told, without escapes, as UTF-8 with a NUL
 * behind it that is not counted.  False if `size` bytes are too few; piece.len
 * and one are always enough.
 */
bool
json_text(const struct json *json, char *text, size_t size, size_t *length);

/* Where that is, or the error: lines and characters, counted from 1. */
void json_where(const struct json *json, unsigned *line, unsigned *column);

#endif
