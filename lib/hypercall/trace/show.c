/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structures by their fields, from one table.  Nothing here may know calls.
 */
#include "hypercall/trace/show.h"

#include "hypercall/core/names.h"
#include "hypercall/trace/shapes.h"
#include "hypercall/trace/trace.h"

#include <inttypes.h>
#include <string.h>

/* Room for the largest structure, struct utsname with 390 bytes. */
#define SHOWN_STRUCT 512

bool
show_joins(const char *type)
{
	const struct shape *shape = shape_find(type, strlen(type));

	return shape && shape->kind == ARGUMENT;
}

static uint64_t
number(const struct shape_field *f, const uint8_t *bytes)
{
	uint64_t value = 0;

	memcpy(&value, bytes + f->at, f->size <= 8 ? f->size : 8);
	return value;
}

static int64_t
signed_number(const struct shape_field *f, const uint8_t *bytes)
{
	unsigned unused = 64 - 8U * f->size;

	return (int64_t)(number(f, bytes) << unused) >> unused;
}

/* 8192*1024, as strace shows it. */
static void
put_limit(struct hc_line *line, uint64_t value)
{
	if (value == UINT64_MAX)
		line_put(line, "RLIM64_INFINITY");
	else if (value > 1024 && value % 1024 == 0)
		line_put(line, "%" PRIu64 "*1024", value / 1024);
	else
		line_put(line, "%" PRIu64, value);
}

static void show_shape(
    struct hc_show *show, const struct shape *shape, const uint8_t *bytes);

/* False if there is nothing to show. */
static bool
show_value(
    struct hc_show *show, const struct shape_field *f, const uint8_t *bytes)
{
	uint64_t value = number(f, bytes);
	const char *text = (const char *)bytes + f->at;

	switch (f->how) {
	case SIGNED:
		line_put(show->line, "%" PRId64, signed_number(f, bytes));
		break;
	case UNSIGNED: line_put(show->line, "%" PRIu64, value); break;
	case HEX: line_put(show->line, "%#" PRIx64, value); break;
	case OCTAL: line_put(show->line, "%#03" PRIo64, value); break;
	case ADDRESS: line_address(show->line, value); break;
	case LIMIT: put_limit(show->line, value); break;
	case TEXT: line_text(show->line, text, strnlen(text, f->size)); break;
	case FLAGS: line_flags(show->line, f->names, value); break;
	case ENUM: show_enum(show->line, f->names, value); break;
	case INSIDE:
		show_shape(
		    show, shape_find(f->type, strlen(f->type)), bytes + f->at);
		break;
	case SPECIAL: return !f->special || f->special(show, bytes);
	}
	return true;
}

static void
show_shape(
    struct hc_show *show, const struct shape *shape, const uint8_t *bytes)
{
	const struct shape_field *f;
	const char *between = "";

	if (shape->kind != BRACED) {
		show_value(show, shape->fields, bytes);
		return;
	}
	line_put(show->line, "{");
	for (f = shape->fields; f->name || f->special; f++) {
		size_t before = show->line->used;

		line_put(show->line, "%s%s%s", between, f->name ? f->name : "",
		    f->name && f->how != SPECIAL ? "=" : "");
		if (show_value(show, f, bytes))
			between = ", ";
		else if (!show->line->cut)
			show->line->used = before;
	}
	line_put(show->line, "}");
}

/* One element of an array; false if there is nothing to show. */
static bool
show_element(struct hc_show *show, const struct shape *shape,
    const uint8_t *bytes, const char *between)
{
	size_t before = show->line->used;
	bool shown = true;

	line_put(show->line, "%s", between);
	if (shape->kind == BARE)
		shown = shape->fields->special(show, bytes);
	else
		show_shape(show, shape, bytes);
	if (!shown && !show->line->cut)
		show->line->used = before;
	return shown;
}

static void
show_elements(struct hc_show *show, const struct shape *shape, uint64_t va,
    uint64_t count)
{
	_Alignas(16) uint8_t copy[SHOWN_STRUCT];
	const char *between = "";
	uint64_t i;

	line_put(show->line, "[");
	for (i = 0; i < count; i++) {
		if (i == SHOWN_PARTS) {
			line_put(show->line, "%s...", between);
			break;
		}
		if (gmem_read(show->mem, copy, va, shape->size) < 0) {
			line_put(show->line, "%s...", between);
			break;
		}
		if (show_element(show, shape, copy, between))
			between = ", ";
		va += shape->size;
	}
	line_put(show->line, "]");
}

void
show_array(struct hc_show *show, const char *type, size_t size, uint64_t va,
    uint64_t count)
{
	const struct shape *shape = shape_find(type, strlen(type));

	if (!shape || shape->size != size || va == 0 ||
	    gmem_span(show->mem, va, size, GMEM_READ) < size) {
		if (va != 0 && count == 0)
			line_put(show->line, "[]");
		else
			line_address(show->line, va);
		return;
	}
	show_elements(show, shape, va, count);
}

void
show_struct(struct hc_show *show, const char *type, size_t size, uint64_t va)
{
	_Alignas(16) uint8_t copy[SHOWN_STRUCT];
	const struct shape *shape = shape_find(type, strcspn(type, "["));
	size_t before = show->line->used;
	bool number_;

	if (!shape || size % shape->size != 0 || size > sizeof(copy)) {
		line_address(show->line, va);
		return;
	}
	if (size != shape->size) {
		show_array(
		    show, shape->type, shape->size, va, size / shape->size);
		return;
	}
	if (gmem_read(show->mem, copy, va, size) < 0) {
		show->line->used = before;
		line_address(show->line, va);
		return;
	}
	number_ = shape->kind == NUMBER || shape->kind == ARGUMENT;
	line_put(show->line, number_ ? "[" : "");
	show_shape(show, shape, copy);
	line_put(show->line, number_ ? "]" : "");
}

void
show_buffer(const struct hc_show *show, uint64_t va, uint64_t len)
{
	size_t shown = len < show->most ? (size_t)len : show->most;
	uint8_t bytes[HC_TRACE_MOST];

	if (va == 0 || gmem_read(show->mem, bytes, va, shown) < 0) {
		line_address(show->line, va);
		return;
	}
	line_text(show->line, bytes, shown);
	if (len > shown)
		line_put(show->line, "...");
}

void
show_string(const struct hc_show *show, uint64_t va, size_t most)
{
	char text[HC_TRACE_MOST + 1];
	int64_t len = gmem_string(show->mem, text, most + 1, va);

	if (len == -EFAULT) {
		line_address(show->line, va);
		return;
	}
	line_text(show->line, text, len < 0 ? most : (size_t)len);
	if (len < 0)
		line_put(show->line, "...");
}

static void
show_part(struct hc_show *show, const struct iovec *part)
{
	uint64_t len = part->iov_len < show->left ? part->iov_len : show->left;

	line_put(show->line, "{iov_base=");
	show_buffer(show, (uintptr_t)part->iov_base, len);
	line_put(show->line, ", iov_len=%zu}", part->iov_len);
	show->left -= len;
}

void
show_vector(struct hc_show *show, uint64_t va, uint64_t count)
{
	struct iovec part;
	uint64_t i;

	if (va == 0 ||
	    (count > 0 && gmem_read(show->mem, &part, va, sizeof(part)) < 0)) {
		line_address(show->line, va);
		return;
	}
	line_put(show->line, "[");
	for (i = 0; i < count; i++) {
		line_put(show->line, i ? ", " : "");
		if (i == SHOWN_PARTS || (i > 0 && gmem_read(show->mem, &part,
						      va, sizeof(part)) < 0)) {
			line_put(show->line, "...");
			break;
		}
		show_part(show, &part);
		va += sizeof(part);
	}
	line_put(show->line, "]");
}

/* The lengths are read once and may change meanwhile: they only determine a
 * walk that ends with the buffer. */
static void
show_entries(const struct hc_show *show, uint64_t va, uint64_t len)
{
	uint16_t reclen;
	unsigned entries = 0;
	uint64_t at = 0;

	while (at < len) {
		if (gmem_read(show->mem, &reclen,
			va + at + offsetof(struct dirent64, d_reclen),
			sizeof(reclen)) < 0 ||
		    reclen < offsetof(struct dirent64, d_name))
			break;
		at += reclen;
		entries++;
	}
	line_put(show->line, "0x%" PRIx64 " /* %u entries */", va, entries);
}

/* The processors of a mask, of which the first bytes are shown. */
static void
show_processors(const struct hc_show *show, uint64_t va, uint64_t len)
{
	const size_t shown = len < HC_TRACE_MOST ? (size_t)len : HC_TRACE_MOST;
	uint8_t mask[HC_TRACE_MOST];
	const char *between = "";
	size_t cpu;

	if (va == 0 || gmem_read(show->mem, mask, va, shown) < 0) {
		line_address(show->line, va);
		return;
	}
	line_put(show->line, "[");
	for (cpu = 0; cpu < 8 * shown; cpu++) {
		if (!(mask[cpu / 8] >> cpu % 8 & 1))
			continue;
		line_put(show->line, "%s%zu", between, cpu);
		between = " ";
	}
	line_put(show->line, "]");
}

void
show_bytes(
    const struct hc_show *show, const char *type, uint64_t va, uint64_t len)
{
	if (!*type)
		show_buffer(show, va, len);
	else if (strcmp(type, "cpu_set_t") == 0)
		show_processors(show, va, len);
	else if (va)
		show_entries(show, va, len);
	else
		line_address(show->line, va);
}
