/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes configurations: any text sets options within their limits, or is
 * refused.  Sentences are thrown away.
 */
#include "../bin/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct options options;

/* What whoever uses the options relies on. */
static void
check_options(const struct options *o)
{
	unsigned i;

	if (o->envs > OPTIONS_ENV || o->env[o->envs] ||
	    o->args_n > OPTIONS_ARGS || o->args[o->args_n + 1] ||
	    o->volumes_n > OPTIONS_VOLUMES || o->nets > OPTIONS_NET ||
	    o->sandbox > SANDBOX_NONE || o->on_deny > ON_DENY_KILL)
		abort();
	for (i = 0; i < o->envs; i++)
		if (!strchr(o->env[i], '='))
			abort();
	for (i = 0; i < o->args_n; i++)
		if (strlen(o->args[i + 1]) >= CONFIG_SIZE)
			abort();
	for (i = 0; i < o->volumes_n; i++) {
		const char *guest = o->volumes[i].guest;

		if (!*o->volumes[i].host || guest[0] != '/' ||
		    strstr(guest, "//") || strstr(guest, "/../") ||
		    (guest[1] && guest[strlen(guest) - 1] == '/'))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
#ifdef __GLIBC__
	/* Descriptor 2 is the sanitizers'. */
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (nowhere)
		stderr = nowhere;
#endif
	if (size > CONFIG_SIZE)
		return 0;
	options = (struct options){ .sandbox = SANDBOX_BEST_EFFORT };
	if (config_parse(&options, "f", (const char *)data, size) == 0)
		check_options(&options);
	return 0;
}
