/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of the structures that a trace shows, as a table by type.  It must
 * not know calls.
 */
#ifndef HC_SHAPES_H
#define HC_SHAPES_H

#include "hypercall/core/names.h"
#include "hypercall/trace/show.h"

enum shape_how {
	SIGNED,
	UNSIGNED,
	HEX,
	OCTAL,
	ADDRESS,
	LIMIT, /* of a resource */
	TEXT,
	FLAGS,
	ENUM,
	INSIDE, /* a nested structure */
	SPECIAL,
};

struct shape_field {
	const char *name;
	uint16_t at, size;
	enum shape_how how;
	const struct hc_name *names;
	const char *type; /* of a nested structure */
	/* Show the field, given the whole structure.  False, for a field
	 * without a name, if there is nothing to show. */
	bool (*special)(struct hc_show *show, const uint8_t *whole);
};

enum shape_kind {
	BRACED,   /* {a=1, b=2} */
	BARE,     /* the only field writes its own brackets */
	NUMBER,   /* [1], and [1] => [2] */
	ARGUMENT, /* [1], and [1 => 2] */
};

/* A type and its fields, which end with one that has neither a name nor a
 * function. */
struct shape {
	const char *type;
	size_t size;
	enum shape_kind kind;
	const struct shape_field *fields;
};

/* The shape of the type whose name has `len` bytes, which "[2]" may follow, or
 * NULL. */
const struct shape *shape_find(const char *type, size_t len);

#endif
