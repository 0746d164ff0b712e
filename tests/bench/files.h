/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files without a name, so that none is left; each as a path for the measured
 * programs, in `path`.  This header must not know their purpose.
 *
 * A function that fails does not return.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stdint.h>

#define FILE_PATH        64
#define FILE_IMAGE_VADDR 0x400000

/* `size` zero bytes. */
const char *file_sparse(uint64_t size, char path[static FILE_PATH]);

/* The given text. */
const char *file_text(const char *text, char path[static FILE_PATH]);

/*
 * An image of `size` bytes that ends at once: one segment of text.  A loader
 * that reads its holes takes as long as for bytes; a `full` image has no holes.
 */
const char *file_image(uint64_t size, bool full, char path[static FILE_PATH]);

#endif
