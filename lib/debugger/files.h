/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of gdb/target.h on the guest's files.  It must not know
 * packets, nor how a name is resolved.
 */
#ifndef DEBUGGER_FILES_H
#define DEBUGGER_FILES_H

#include "gdb/target.h"

int
debugger_open_file(void *ctx, const char *path, unsigned how, unsigned mode);
int64_t
debugger_read_file(void *ctx, int file, uint64_t offset, void *buf, size_t len);
int64_t debugger_write_file(
    void *ctx, int file, uint64_t offset, const void *buf, size_t len);
int debugger_stat_file(void *ctx, int file, struct target_stat *st);
void debugger_close_file(void *ctx, int file);
int debugger_stat_name(
    void *ctx, const char *path, bool follow, struct target_stat *st);
int64_t debugger_read_link(void *ctx, const char *path, char *buf, size_t size);
int debugger_remove_file(void *ctx, const char *path);

#endif
