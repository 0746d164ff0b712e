/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files without a name, so that nothing is left behind; each as a path for the
 * programs that are measured, in `path`.  They must not know what for.
 *
 * Nothing here returns if it cannot be done.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stdint.h>

#define FILE_PATH        64
#define FILE_IMAGE_VADDR 0x400000

/* `size` bytes of nothing. */
const char *file_sparse(uint64_t size, char path[static FILE_PATH]);

/* This text. */
const char *file_text(const char *text, char path[static FILE_PATH]);

/*
 * An image of `size` bytes that ends at once: one segment of text.  Holes in
 * it cost a loader that reads them as much as bytes; `full`, it has none.
 */
const char *file_image(uint64_t size, bool full, char path[static FILE_PATH]);

#endif
