/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options from a configuration: JSON whose keys are ToroV's and the names of
 * options.  It must not know the options' effect.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "options.h"

#define CONFIG_SIZE 65536 /* bytes of a configuration, at most */

/*
 * Read the file at `path` into *options.  0, or -1 after one message on stderr.
 * *options then points into static memory, so a process reads one
 * configuration.
 */
int config_read(struct options *options, const char *path);

/* The same for a text in memory; messages name `path`. */
int config_parse(
    struct options *options, const char *path, const char *text, size_t size);

#endif
