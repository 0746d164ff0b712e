/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON (RFC 8259), read piece by piece from a text in memory.  It is strict and
 * allocates nothing; it must not know what the text is for.
 *
 *	json_init(&json, text, size);
 *	while ((event = json_next(&json)) > JSON_END)
 *		...
 *
 * It is stricter than the RFC: a byte order mark, a name that occurs twice in
 * an object, and half of a surrogate pair are errors.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH 32  /* nested arrays and objects */
#define JSON_NAMES 256 /* names in an object and in all around it */

enum json_event {
	JSON_ERROR, /* see `error` and json_where(); it stays */
	JSON_END,   /* the text was one value; it stays */
	JSON_OBJECT,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
	JSON_NAME, /* its value follows */
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

/* The element that may come next. */
enum json_state {
	JSON_WANTS_VALUE,
	JSON_WANTS_ELEMENT, /* a value or the array's end */
	JSON_WANTS_NAME,
	JSON_WANTS_MEMBER, /* a name or the object's end */
	JSON_WANTS_COLON,
	JSON_WANTS_COMMA, /* or the end of the array or object */
	JSON_WANTS_NOTHING,
};

/* A piece of the text, with its escapes. */
struct json_piece {
	size_t at;
	size_t len;
};

struct json {
	const char *text;
	size_t size;
	size_t at; /* the first byte not read yet */
	enum json_state state;
	const char *error; /* NULL: none so far */
	/* The last name, string (without quotes) or number, and where it
	 * begins; or where the error is. */
	struct json_piece piece;
	size_t begin;
	size_t line_begin;
	unsigned line;
	/* The arrays and objects around, and the names read in them. */
	unsigned depth;
	struct {
		bool object;
		unsigned names; /* in those around it */
	} open[JSON_DEPTH];
	unsigned names;
	struct json_piece name[JSON_NAMES];
};

void json_init(struct json *json, const char *text, size_t size);

enum json_event json_next(struct json *json);

/*
 * Write the last name, string or number as UTF-8, without escapes, and a NUL.
 * *length does not count the NUL.  False if `size` is too small; piece.len + 1
 * is always enough.
 */
bool
json_text(const struct json *json, char *text, size_t size, size_t *length);

/* The place of the last piece, or of the error: line and character, from 1. */
void json_where(const struct json *json, unsigned *line, unsigned *column);

#endif
