/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that hand out the guest's image and its auxiliary vector (GDB
 * manual, "Host I/O Packets", "qXfer exec-file read").  It must not open a
 * file itself: what there is to be read, the target decides.
 */
#include "gdb/packet.h"

#include <errno.h>
#include <string.h>

/* The File-I/O protocol's own numbers (GDB manual, "Constants"). */
#define FILEIO_O_ACCMODE 3
#define FILEIO_MODE      0100444 /* a regular file, to be read */

/* Its errors are like Linux's as far as we have them, but for this one. */
#define FILEIO_EUNKNOWN     9999
#define FILEIO_ENAMETOOLONG 91

static int
file_error(struct reply *reply, int error)
{
	switch (error) {
	case ENOENT:
	case EBADF:
	case EACCES:
	case EINVAL:
	case EMFILE: break;
	case ENAMETOOLONG: error = FILEIO_ENAMETOOLONG; break;
	default: error = FILEIO_EUNKNOWN; break;
	}
	return reply_done(
	    reply_text(reply, "F-1,") && reply_number(reply, (uint64_t)error));
}

static int
file_result(struct reply *reply, uint64_t result)
{
	return reply_done(
	    reply_text(reply, "F") && reply_number(reply, result));
}

static struct stub_file *
find_file(struct stub *stub, uint64_t fd)
{
	if (fd >= STUB_FILES_MAX || !stub->files[fd].open)
		return NULL;
	return &stub->files[fd];
}

/* There is one file system, the guest's, whoever asks. */
int
packet_file_setfs(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	(void)stub;
	(void)args;
	return file_result(reply, 0);
}

int
packet_file_open(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	uint64_t size;
	size_t fd = 0;
	int file;

	if ((args->num[0] & FILEIO_O_ACCMODE) != 0)
		return file_error(reply, EACCES);
	while (fd < STUB_FILES_MAX && stub->files[fd].open)
		fd++;
	if (fd == STUB_FILES_MAX)
		return file_error(reply, EMFILE);
	file = stub->ops->open_file(stub->ctx, args->text, &size);
	if (file < 0)
		return file_error(reply, -file);
	stub->files[fd] = (struct stub_file){ true, file, size };
	return file_result(reply, fd);
}

/* "F", how many bytes in up to 5 digits, ";", the bytes. */
#define PREAD_HEADER 7

int
packet_file_pread(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	const struct stub_file *file = find_file(stub, args->num[0]);
	size_t room = (RSP_PACKET_MAX - PREAD_HEADER) / 2;
	size_t len = args->num[1] < room ? (size_t)args->num[1] : room;
	uint8_t *hole = reply_hole(reply, PREAD_HEADER, len);
	int64_t n;

	if (!file)
		return file_error(reply, EBADF);
	n = stub->ops->read_file(
	    stub->ctx, file->file, args->num[2], hole, len);
	if (n < 0)
		return file_error(reply, (int)-n);
	file_result(reply, (uint64_t)n);
	reply_text(reply, ";");
	return reply_done(reply_binary(reply, hole, (size_t)n) == (size_t)n);
}

/* A field of struct stat: big-endian (GDB manual, "struct stat"). */
static void
put_field(uint8_t **at, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		*(*at)++ = (uint8_t)(value >> 8 * bytes);
}

/* dev ino mode nlink uid gid rdev; size blksize blocks; three times. */
int
packet_file_fstat(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	const struct stub_file *file = find_file(stub, args->num[0]);
	uint8_t stat[64] = { 0 };
	uint8_t *at = stat;

	if (!file)
		return file_error(reply, EBADF);
	put_field(&at, 0, 4);
	put_field(&at, 1, 4);
	put_field(&at, FILEIO_MODE, 4);
	put_field(&at, 1, 4);
	at += 3 * 4;
	put_field(&at, file->size, 8);
	put_field(&at, 4096, 8);
	put_field(&at, file->size / 512, 8);
	file_result(reply, sizeof(stat));
	reply_text(reply, ";");
	return reply_done(
	    reply_binary(reply, stat, sizeof(stat)) == sizeof(stat));
}

int
packet_file_close(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	struct stub_file *file = find_file(stub, args->num[0]);

	if (!file)
		return file_error(reply, EBADF);
	file->open = false;
	if (stub->ops->close_file)
		stub->ops->close_file(stub->ctx, file->file);
	return file_result(reply, 0);
}

/* The size of the file that args names, or -errno. */
static int
size_of_named(struct stub *stub, const struct args *args, uint64_t *size)
{
	int file = stub->ops->open_file(stub->ctx, args->text, size);

	if (file < 0)
		return file;
	if (stub->ops->close_file)
		stub->ops->close_file(stub->ctx, file);
	return 0;
}

/* What there is, is no symbolic link. */
int
packet_file_readlink(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	uint64_t size;
	int r = size_of_named(stub, args, &size);

	return file_error(reply, r < 0 ? -r : EINVAL);
}

int
packet_file_size(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	uint64_t size;
	int r = size_of_named(stub, args, &size);

	return r < 0 ? file_error(reply, -r) : file_result(reply, size);
}

int
packet_exec_file(
    struct stub *stub, const struct args *args, struct reply *reply)
{
	const char *path = stub->ops->exec_path(stub->ctx);
	struct text text;

	if (!path)
		return -ENOENT;
	text_init(&text, stub->text, sizeof(stub->text));
	text_printf(&text, "%s", path);
	return reply_slice(reply, &text, args->num[0], args->num[1]);
}

int
packet_auxv(struct stub *stub, const struct args *args, struct reply *reply)
{
	size_t room = (RSP_PACKET_MAX - 1) / 2;
	size_t len = args->num[1] < room ? (size_t)args->num[1] : room;
	uint8_t *hole = reply_hole(reply, 1, len);
	int64_t n;

	if (args->text_len != 0)
		return -ENOENT;
	n = stub->ops->auxv(stub->ctx, args->num[0], hole, len);
	if (n < 0)
		return (int)n;
	reply_text(reply, n > 0 ? "m" : "l");
	return reply_done(reply_binary(reply, hole, (size_t)n) == (size_t)n);
}
