/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables: one row each in tables[], with a function that fills it.  Nothing
 * here may know packets, or change the machine.
 */
#include "debugger/tables.h"

#include "hypercall/file/look.h"
#include "hypercall/net/looksocket.h"
#include "hypercall/trace/trace.h"
#include "vm/counts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 6
#define CELL_MAX    (HC_PATH + 32)
#define CELL_WIDTH  14  /* in text, except in the last column */
#define TABLE_TAIL  512 /* room for the row "..." and the end */

/* A table on its way to a text. */
struct rows {
	const struct table *table;
	struct text *out;
	bool xml;
	bool cut; /* a row did not fit */
	unsigned column;
	size_t start; /* where the row begins */
};

struct table {
	const char *name;
	const char *title;
	const char *purpose;
	const char *columns[COLUMNS_MAX + 1];
	void (*fill)(struct debugger_target *t, struct rows *rows);
};

/* The next cell of the row, which it begins, and ends after its last column. */
__attribute__((format(printf, 2, 3))) static void
cell(struct rows *r, const char *format, ...)
{
	static char value[CELL_MAX];
	const char *const *column = &r->table->columns[r->column];
	struct text *out = r->out;
	va_list ap;
	size_t at;
	int used;

	va_start(ap, format);
	(void)vsnprintf(value, sizeof(value), format, ap);
	va_end(ap);
	if (r->column++ == 0) {
		r->start = out->len;
		text_printf(out, "%s", r->xml ? "<item>\n" : "");
	}
	at = out->len;
	if (r->xml) {
		text_printf(out, "<column name=\"%s\">", *column);
		text_xml(out, value);
		text_printf(out, "</column>\n");
	} else {
		text_plain(out, value);
		used = (int)(out->len - at);
		if (column[1])
			text_printf(out, "%*s",
			    used < CELL_WIDTH ? CELL_WIDTH - used : 1, "");
	}
	if (column[1])
		return;
	text_printf(out, "%s", r->xml ? "</item>\n" : "\n");
	r->column = 0;
}

/* A row that does not fit is taken back, and those after it are left out. */
static bool
has_room(struct rows *r)
{
	if (r->out->full && !r->cut) {
		r->cut = true;
		r->out->len = r->start;
	}
	return !r->cut;
}

static void fill_types(struct debugger_target *t, struct rows *r);

static void
fill_processes(struct debugger_target *t, struct rows *r)
{
	const struct hc_guest *guest = &t->machine->guest;

	cell(r, "%d", debugger_target_ops()->pid(t));
	cell(r, "%u", guest->world.uid);
	cell(r, "%u", t->machine->live);
	cell(r, "%s", guest->exe);
}

/* The name of a hypercall that a thread is in, or "". */
static const char *
call_name(int64_t number)
{
	const struct hc_row *row = number < 0 || number >= HYPERCALL_END
				       ? NULL
				       : hc_row((uint32_t)number);

	return row ? row->name : "";
}

static void
fill_threads(struct debugger_target *t, struct rows *r)
{
	const struct target_ops *ops = debugger_target_ops();
	struct machine *m = t->machine;
	unsigned i;

	for (i = 0; i < m->vcpus && has_room(r); i++) {
		struct vcpu *vcpu = &m->vcpu[i];

		if (!thread_lives(vcpu))
			continue;
		cell(r, "%d", vcpu->thread.tid);
		cell(r, "%s", ops->thread_name(t, vcpu->thread.tid));
		cell(r, "%u", i);
		cell(r, "%" PRIu64, vcpu->runs);
		cell(r, "%s", call_name(debug_call_number(vcpu)));
	}
}

static void
fill_files(struct debugger_target *t, struct rows *r)
{
	static char link[HC_PATH];
	struct hc_fds *fds = &t->machine->guest.fds;
	char name[sizeof("/proc/self/fd/") + 10];
	unsigned fd;
	int64_t n;

	for (fd = 0; (fd = hc_fd_next(fds, fd)) < HC_FDS && has_room(r); fd++) {
		snprintf(name, sizeof(name), "/proc/self/fd/%u", fd);
		n = hc_look_readlink(&t->look, &t->machine->vcpu[0].thread,
		    name, link, sizeof(link));
		if (n < 0)
			continue;
		cell(r, "%u", fd);
		cell(r, "%.*s", (int)n, link);
	}
}

static void
fill_sockets(struct debugger_target *t, struct rows *r)
{
	struct hc_fds *fds = &t->machine->guest.fds;
	struct hc_look_socket s;
	unsigned fd;

	for (fd = 0; (fd = hc_fd_next(fds, fd)) < HC_FDS && has_room(r); fd++) {
		if (hc_look_socket(&t->machine->guest, fd, &s) < 0)
			continue;
		cell(r, "%u", fd);
		cell(r, "%s", s.protocol);
		cell(r, "%s", s.state);
		cell(r, "%s", s.local);
		cell(r, "%s", s.peer);
	}
}

/* Errors and times are counted while calls are traced. */
static void
fill_hypercalls(struct debugger_target *t, struct rows *r)
{
	const struct hc_guest *guest = &t->machine->guest;
	const struct hc_trace_count *count;
	uint32_t i;

	for (i = 0; i < HYPERCALL_END && has_room(r); i++) {
		if (!hc_row(i) || !guest->count[i])
			continue;
		cell(r, "%" PRIu32, i);
		cell(r, "%s", hc_row(i)->name);
		cell(r, "%" PRIu64, guest->count[i]);
		count = guest->trace ? &guest->trace->count[i] : NULL;
		cell(r, "%" PRIu64, count ? count->calls : 0);
		cell(r, "%" PRIu64, count ? count->errors : 0);
		cell(r, "%" PRIu64, count ? count->ns / 1000 : 0);
	}
}

static void
fill_slots(struct debugger_target *t, struct rows *r)
{
	unsigned i;

	for (i = 0; i < MACHINE_SLOTS && has_room(r); i++) {
		uint64_t at, size = machine_slot(t->machine, i, &at);

		if (!size)
			continue;
		cell(r, "%u", i);
		cell(r, "0x%" PRIx64, at);
		cell(r, "%" PRIu64, size >> 10);
	}
}

static void
put_count(void *ctx, const char *kind, const char *name, uint64_t n)
{
	struct rows *r = ctx;

	if (strcmp(kind, "hypercall") == 0 || !has_room(r))
		return;
	cell(r, "%s", kind);
	cell(r, "%" PRIu64, n);
	cell(r, "%s", name);
}

static void
fill_exits(struct debugger_target *t, struct rows *r)
{
	machine_each_count(t->machine, put_count, r);
}

/* As when the guest went last. */
static void
fill_conditions(struct debugger_target *t, struct rows *r)
{
	const struct sieves *s = &t->machine->debug.sieves;
	unsigned i;

	for (i = 0; i < s->lasts && has_room(r); i++) {
		cell(r, "0x%" PRIx64, s->last[i].address);
		cell(r, "%s", s->last[i].planted ? "guest" : "novillo");
	}
}

static const struct table tables[] = {
	{ "", "Types", "", { "Type", "Description", "Title" }, fill_types },
	{ "processes", "Processes", "the guest",
	    { "pid", "user", "threads", "command" }, fill_processes },
	{ "threads", "Threads",
	    "the guest's threads, their vCPUs and entries into the guest",
	    { "tid", "name", "vcpu", "entries", "hypercall" }, fill_threads },
	{ "files", "Files", "the guest's descriptors", { "fd", "name" },
	    fill_files },
	{ "sockets", "Sockets", "those that are sockets",
	    { "fd", "protocol", "state", "local", "peer" }, fill_sockets },
	{ "hypercalls", "Hypercalls",
	    "calls so far; errors and times of those traced",
	    { "number", "name", "calls", "traced", "errors", "microseconds" },
	    fill_hypercalls },
	{ "slots", "Memory slots", "RAM that KVM has been given",
	    { "slot", "address", "KiB" }, fill_slots },
	{ "conditions", "Conditions",
	    "breakpoints whose condition the guest can test, and who did",
	    { "address", "tested by" }, fill_conditions },
	{ "exits", "Exits", "entries into the guest, exits and stops so far",
	    { "kind", "count", "name" }, fill_exits },
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void
fill_types(struct debugger_target *t, struct rows *r)
{
	size_t i;

	(void)t;
	for (i = 1; i < TABLES && has_room(r); i++) {
		cell(r, "%s", tables[i].name);
		cell(r, "%s", tables[i].purpose);
		cell(r, "%s", tables[i].title);
	}
}

static const struct table *
find_table(const char *name)
{
	size_t i = 0;

	while (i < TABLES && strcmp(tables[i].name, name) != 0)
		i++;
	return i < TABLES ? &tables[i] : NULL;
}

/* Fill it, with room kept for what follows. */
static void
write_rows(struct debugger_target *t, struct rows *r)
{
	r->out->size -= TABLE_TAIL;
	r->table->fill(t, r);
	(void)has_room(r);
	r->out->size += TABLE_TAIL;
	if (!r->cut)
		return;
	r->out->full = false;
	r->column = 0;
	do
		cell(r, "...");
	while (r->column);
}

int
debugger_table_xml(void *ctx, const char *name, struct text *out)
{
	struct rows rows = { find_table(name), out, .xml = true };

	if (!rows.table)
		return -ENOENT;
	text_printf(out,
	    "<?xml version=\"1.0\"?>\n"
	    "<!DOCTYPE target SYSTEM \"osdata.dtd\">\n"
	    "<osdata type=\"%s\">\n",
	    *name ? name : "types");
	write_rows(ctx, &rows);
	text_printf(out, "</osdata>\n");
	return 0;
}

int
debugger_table_text(void *ctx, const char *name, struct text *out)
{
	struct rows rows = { find_table(name), out, .xml = false };
	size_t i;

	if (!rows.table)
		return -ENOENT;
	for (i = 0; rows.table->columns[i]; i++)
		cell(&rows, "%s", rows.table->columns[i]);
	write_rows(ctx, &rows);
	return 0;
}
