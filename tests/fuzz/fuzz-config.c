/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes configurations: any text sets options within their limits, or is
 * refused.  Its messages are thrown away.
 */
#include "../bin/config.h"
#include "../bin/say.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct options options;

/* Properties that every user of the options relies on. */
static void
check_options(const struct options *o)
{
	unsigned i;

	if (o->envs > OPTIONS_ENV || o->env[o->envs] ||
	    o->args > OPTIONS_ARGS || o->arg[o->args + 1] ||
	    o->volumes > OPTIONS_VOLUMES || o->nets > OPTIONS_NET ||
	    o->sandbox > SANDBOX_NONE || o->on_deny > ON_DENY_KILL)
		abort();
	for (i = 0; i < o->envs; i++)
		if (!strchr(o->env[i], '='))
			abort();
	for (i = 0; i < o->args; i++)
		if (strlen(o->arg[i + 1]) >= CONFIG_SIZE)
			abort();
	for (i = 0; i < o->volumes; i++) {
		const char *guest = o->volume[i].guest;

		if (!*o->volume[i].host || guest[0] != '/' ||
		    strstr(guest, "//") || strstr(guest, "/../") ||
		    (guest[1] && guest[strlen(guest) - 1] == '/'))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Descriptor 2 belongs to the sanitizers. */
	if (say_output.fd == STDERR_FILENO)
		say_output.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (size > CONFIG_SIZE)
		return 0;
	options = (struct options){ .sandbox = SANDBOX_BEST_EFFORT };
	if (config_parse(&options, "f", (const char *)data, size) == 0)
		check_options(&options);
	return 0;
}
