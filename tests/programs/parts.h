/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of several parts, one of which is run by name.  This header must not
 * know the purpose of a part.
 */
#ifndef PARTS_H
#define PARTS_H

#include <stddef.h>
#include <string.h>

struct part {
	const char *name;
	void (*run)(void);
};

/* Run the part that the only argument names: `status`; 2 if it is unknown. */
static inline int
run_part(const struct part *parts, size_t n, int argc, char **argv, int status)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (argc == 2 && strcmp(argv[1], parts[i].name) == 0) {
			parts[i].run();
			return status;
		}
	return 2;
}

#define RUN_PART(parts, argc, argv, status) \
	run_part(parts, sizeof(parts) / sizeof((parts)[0]), argc, argv, status)

#endif
