/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text from a file, made fit for a terminal.  This file must not know what the
 * text is, or where it is shown.
 */
#ifndef IMAGE_ESCAPE_H
#define IMAGE_ESCAPE_H

#include <stddef.h>

/* The room that text of `n` bytes needs at most, with its NUL. */
#define IMAGE_ESCAPED(n) (4 * (n) + 1)

/*
 * Copy `text` into to[room], room > 0.  Every byte that is not printable ASCII
 * becomes an escape of C, as in traces.  The copy is cut, never within an
 * escape, where `room` ends, and has a NUL.  Returns its length.
 */
size_t image_escape(char *to, size_t room, const char *text);

#endif
