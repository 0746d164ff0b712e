/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the JSON reader: any text ends soon, errors lie inside the text, and
 * accepted text, written again in one way, reads the same.
 */
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A character takes at most the six bytes of \u0000. */
#define TEXT_MAX (1 << 17)
#define OUT_MAX  (7 * TEXT_MAX)

static struct json json;
static char text[TEXT_MAX + 1];
static char out[2][OUT_MAX];
static size_t out_len;

static void
put(char *to, const char *bytes, size_t n)
{
	if (n > OUT_MAX - out_len)
		abort();
	memcpy(to + out_len, bytes, n);
	out_len += n;
}

static void
put_string(char *to, size_t len)
{
	char escape[8];
	size_t i;

	put(to, "\"", 1);
	for (i = 0; i < len; i++) {
		if ((uint8_t)text[i] >= 0x20 && text[i] != '"' &&
		    text[i] != '\\') {
			put(to, text + i, 1);
			continue;
		}
		snprintf(escape, sizeof(escape), "\\u%04x", text[i]);
		put(to, escape, 6);
	}
	put(to, "\"", 1);
}

static void
put_text(char *to, enum json_event event)
{
	size_t len;

	/* The buffer has the promised size, and no more. */
	if (!json_text(&json, text, json.piece.len + 1, &len) ||
	    len > json.piece.len || text[len] != '\0')
		abort();
	if (event == JSON_NUMBER)
		put(to, text, len);
	else
		put_string(to, len);
}

/* Write one event, with the comma or colon that follows it. */
static void
put_event(char *to, enum json_event event)
{
	static const char *const fixed[] = {
		[JSON_OBJECT] = "{",
		[JSON_ARRAY] = "[",
		[JSON_OBJECT_END] = "},",
		[JSON_ARRAY_END] = "],",
		[JSON_TRUE] = "true,",
		[JSON_FALSE] = "false,",
		[JSON_NULL] = "null,",
	};

	if ((event == JSON_OBJECT_END || event == JSON_ARRAY_END) &&
	    to[out_len - 1] == ',')
		out_len--;
	if (event == JSON_NAME || event == JSON_STRING ||
	    event == JSON_NUMBER) {
		put_text(to, event);
		put(to, event == JSON_NAME ? ":" : ",", 1);
	} else {
		put(to, fixed[event], strlen(fixed[event]));
	}
}

/* Read all text and write it to `to`; returns whether it was JSON. */
static bool
copy(const char *data, size_t size, char *to)
{
	unsigned line, column;
	enum json_event event;
	size_t events = 0;

	out_len = 0;
	json_init(&json, data, size);
	while ((event = json_next(&json)) > JSON_END) {
		put_event(to, event);
		if (++events > size)
			abort();
	}
	json_where(&json, &line, &column);
	if (json.begin > size || line == 0 || column == 0 ||
	    line + column > size + 2)
		abort();
	if (event == JSON_ERROR)
		return false;
	if (json.depth != 0 || json.names != 0)
		abort();
	out_len--; /* the last comma */
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;

	if (size > TEXT_MAX || !copy((const char *)data, size, out[0]))
		return 0;
	len = out_len;
	if (!copy(out[0], len, out[1]) || out_len != len ||
	    memcmp(out[0], out[1], len) != 0)
		abort();
	return 0;
}
