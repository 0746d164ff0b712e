/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket options in a trace: names, and values by their types.  Nothing here
 * may know whether a guest can have them.
 */
#include "hypercall/core/kinds.h"
#include "hypercall/trace/show.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define VALUE_MAX 512

#define OPTION(level, option, may, type) \
	{ level, option, #option, #type, sizeof(type) },

static const struct option {
	int level, option;
	const char *name, *type;
	size_t size;
} options[] = {
#include "hypercall/core/sockopt.def"
};

static const struct option *
find_option(int level, int option)
{
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].level == level && options[i].option == option)
			return &options[i];
	return NULL;
}

void
show_option(struct hc_line *line, int level, int option)
{
	const struct option *o = find_option(level, option);

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
	const struct option *o = find_option(level, option);

	if (o && len == o->size && strncmp(o->type, "struct", 6) == 0)
		show_struct(show, o->type, o->size, va);
	else if (len == sizeof(int) && (!o || o->type[0] != 'c'))
		show_struct(show, "int", sizeof(int), va);
	else
		show_buffer(show, va, len);
}
