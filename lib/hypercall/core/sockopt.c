/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of socket options.  Nothing here may know the effect of an option.
 */
#include "hypercall/core/sockopt.h"

#include "hypercall/core/kinds.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
	GET = HC_SOCKOPT_GET,
	SET = HC_SOCKOPT_SET,
	BOTH = GET | SET,
};

#define OPTION(level, option, may, type) \
	{ level, option, may, sizeof(type), #option, #type },

static const struct hc_sockopt options[] = {
#include "hypercall/core/sockopt.def"
};

const struct hc_sockopt *
hc_sockopt(int level, int option)
{
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].level == level && options[i].option == option)
			return &options[i];
	return NULL;
}
