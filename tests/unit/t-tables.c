/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables for `info os` and `monitor`: one that does not fit is still whole, and
 * says so.
 */
#include "tap.h"

#include "debugger/tables.h"

#include <errno.h>
#include <stdalign.h>
#include <unistd.h>

static alignas(4096) struct machine machine;
static struct debugger_target target = { .machine = &machine };
static char buf[65536];
static struct text out;

static bool
ends_in(const char *end)
{
	return !out.full && out.len >= strlen(end) &&
	       strcmp(buf + out.len - strlen(end), end) == 0;
}

static void
test_xml(void)
{
	unsigned wrong = 0;

	text_init(&out, buf, sizeof(buf));
	is_int(debugger_table_xml(&target, "", &out), 0,
	    "there is a table of tables");
	ok(strstr(buf, ">sockets<") && !strstr(buf, "...") && !out.full,
	    "which lists the others");
	is_int(debugger_table_xml(&target, "nothing", &out), -ENOENT,
	    "there is no other table");
	for (size_t size = 700; size < 1500; size++) {
		text_init(&out, buf, size);
		(void)debugger_table_xml(&target, "", &out);
		wrong += !ends_in("</osdata>\n") || !strstr(buf, ">...<");
	}
	is_int(wrong, 0, "a table that does not fit ends in a row of dots");
}

/* Each cell but a row's last is filled with blanks. */
static void
test_text(void)
{
	static const char end[] = "...           ...           ...           "
				  "...           ...           ...\n";
	unsigned wrong = 0;

	for (size_t i = 0; i < HYPERCALL_END; i++)
		machine.guest.count[i] = 1;
	alarm(60);
	for (size_t size = 700; size < 1500; size++) {
		text_init(&out, buf, size);
		(void)debugger_table_text(&target, "hypercalls", &out);
		wrong += !ends_in(end);
	}
	alarm(0);
	is_int(wrong, 0, "so does one in text, wherever the room ends");
}

int
main(void)
{
	test_xml();
	test_text();
	return done_testing();
}
