/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket options in a trace: names, and values by their types.  Nothing here
 * may know whether a guest can have them.
 */
#include "hypercall/core/sockopt.h"
#include "hypercall/trace/show.h"

#include <string.h>

void
show_option(struct hc_line *line, int level, int option)
{
	const struct hc_sockopt *o = hc_sockopt(level, option);

	if (o)
		line_put(line, "%s", o->name);
	else
		line_put(line, "%d", option);
}

/* A number may be as long as an int, where the option is another type or
 * unknown. */
void
show_option_value(
    struct hc_show *show, int level, int option, uint64_t va, uint32_t len)
{
	const struct hc_sockopt *o = hc_sockopt(level, option);

	if (o && len == o->size && strncmp(o->type, "struct", 6) == 0)
		show_struct(show, o->type, o->size, va);
	else if (len == sizeof(int) && (!o || o->type[0] != 'c'))
		show_struct(show, "int", sizeof(int), va);
	else
		show_buffer(show, va, len);
}
