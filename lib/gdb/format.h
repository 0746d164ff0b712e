/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of an agent expression's printf (agent.h): C's conversions of
 * integers, characters, pointers and strings, and C's escapes, which GDB leaves
 * in the format.  It must not know where the text
 * goes, nor where memory is.
 */
#ifndef GDB_FORMAT_H
#define GDB_FORMAT_H

#include "gdb/agent.h"
#include "gdb/text.h"

#define FORMAT_WIDTH_MAX  200 /* of a field */
#define FORMAT_STRING_MAX 200 /* bytes of a string that are read */

/*
 * Append the text, strings read by env->read_mem().  False, with the text up to
 * there: a conversion is unknown or has no argument, or a string cannot be
 * read.
 */
bool format_print(struct text *out, const struct agent_env *env,
    const struct agent_print *print);

#endif
