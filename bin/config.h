/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options from a configuration: JSON with ToroV's keys and with the names of
 * options.  It must not know what the options lead to.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "options.h"

#define CONFIG_SIZE 65536 /* bytes a configuration can have */

/*
 * Read the file at `path` into *options.  0, or -1 after one sentence on
 * stderr.  `options` then points into memory of the configuration's own, so
 * there is one at a time.
 */
int config_read(struct options *options, const char *path);

/* The same of a text in memory, which `path` names in sentences. */
int config_parse(
    struct options *options, const char *path, const char *text, size_t size);

#endif
