/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the debugger's operations on files to hypercall/file/look.h.  Nothing
 * here may resolve a name.
 */
#include "debugger/files.h"

#include "debugger/target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A number that the stub has is the host's descriptor, but for the image's:
 * that is open in every run. */
static int
descriptor_of(void *ctx, int file)
{
	return file == TARGET_IMAGE
		   ? ((const struct debugger_target *)ctx)->image
		   : file;
}

static const struct hc_look *
look_of(void *ctx)
{
	return &((const struct debugger_target *)ctx)->look;
}

/* Any thread of the guest that lives, for files that describe threads. */
static struct hc_thread *
some_thread(void *ctx)
{
	struct machine *m = ((struct debugger_target *)ctx)->machine;
	unsigned i;

	for (i = 0; i < m->vcpus; i++)
		if (thread_lives(&m->vcpu[i]))
			return &m->vcpu[i].thread;
	return &m->vcpu[0].thread;
}

static struct target_stat
stat_of(const struct stat *st)
{
	return (struct target_stat){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.rdev = st->st_rdev,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.size = (uint64_t)st->st_size,
		.block_size = (uint64_t)st->st_blksize,
		.blocks = (uint64_t)st->st_blocks,
		.atime = st->st_atim.tv_sec,
		.mtime = st->st_mtim.tv_sec,
		.ctime = st->st_ctim.tv_sec,
	};
}

/* The flags of open(2). */
static unsigned
flags_of(unsigned how)
{
	static const struct {
		unsigned how, flag;
	} flags[] = {
		{ TARGET_FILE_APPEND, O_APPEND },
		{ TARGET_FILE_CREATE, O_CREAT },
		{ TARGET_FILE_EXCLUSIVE, O_EXCL },
		{ TARGET_FILE_TRUNCATE, O_TRUNC },
	};
	unsigned all = !(how & TARGET_FILE_WRITE)  ? O_RDONLY
		       : !(how & TARGET_FILE_READ) ? O_WRONLY
						   : O_RDWR;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (how & flags[i].how)
			all |= flags[i].flag;
	return all;
}

int
debugger_open_file(void *ctx, const char *path, unsigned how, unsigned mode)
{
	if (how == TARGET_FILE_READ &&
	    strcmp(path, ((const struct debugger_target *)ctx)->path) == 0)
		return TARGET_IMAGE;
	return hc_look_open(
	    look_of(ctx), some_thread(ctx), path, flags_of(how), mode);
}

/* A file's last byte is at INT64_MAX. */
int64_t
debugger_read_file(void *ctx, int file, uint64_t offset, void *buf, size_t len)
{
	ssize_t n;

	if (offset > INT64_MAX)
		return 0;
	n = pread(descriptor_of(ctx, file), buf, len, (off_t)offset);
	return n < 0 ? -errno : n;
}

int64_t
debugger_write_file(
    void *ctx, int file, uint64_t offset, const void *buf, size_t len)
{
	ssize_t n;

	/* The filter lets this call pass if a file can be opened for it. */
	if (file == TARGET_IMAGE || !hc_look_writes(look_of(ctx)))
		return -EBADF;
	if (offset > INT64_MAX)
		return -EFBIG;
	n = pwrite(file, buf, len, (off_t)offset);
	return n < 0 ? -errno : n;
}

int
debugger_stat_file(void *ctx, int file, struct target_stat *st)
{
	struct stat host;

	if (fstat(descriptor_of(ctx, file), &host) < 0)
		return -errno;
	*st = stat_of(&host);
	return 0;
}

void
debugger_close_file(void *ctx, int file)
{
	(void)ctx;
	if (file != TARGET_IMAGE)
		close(file);
}

int
debugger_stat_name(
    void *ctx, const char *path, bool follow, struct target_stat *st)
{
	struct stat host;
	int r = hc_look_stat(
	    look_of(ctx), some_thread(ctx), path, follow, &host);

	if (r == 0)
		*st = stat_of(&host);
	return r;
}

int64_t
debugger_read_link(void *ctx, const char *path, char *buf, size_t size)
{
	return hc_look_readlink(
	    look_of(ctx), some_thread(ctx), path, buf, size);
}

int
debugger_remove_file(void *ctx, const char *path)
{
	return hc_look_remove(look_of(ctx), some_thread(ctx), path);
}
