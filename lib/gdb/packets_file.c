/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets on the guest's files, its image and its auxiliary vector (GDB
 * manual, "Host I/O Packets", "qXfer exec-file read"; LLDB's
 * docs/lldb-platform-packets.txt).  It must not open a file itself: the target
 * decides which files exist.
 */
#include "gdb/packet.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The File-I/O protocol's own numbers (GDB manual, "Constants"). */
static const struct {
	uint64_t fileio;
	unsigned how;
} open_flags[] = {
	{ 0x8, TARGET_FILE_APPEND },
	{ 0x200, TARGET_FILE_CREATE },
	{ 0x400, TARGET_FILE_TRUNCATE },
	{ 0x800, TARGET_FILE_EXCLUSIVE },
};

static const unsigned accesses[] = {
	TARGET_FILE_READ,
	TARGET_FILE_WRITE,
	TARGET_FILE_READ | TARGET_FILE_WRITE,
};

#define FILEIO_O_ACCMODE 3
#define FILEIO_MODES     07777

/* Errors with a number of their own; those of `same` are numbered as on Linux,
 * and the protocol has no others. */
#define FILEIO_EUNKNOWN     9999
#define FILEIO_ENOSYS       88
#define FILEIO_ENAMETOOLONG 91

static int
file_error(struct reply *reply, int error)
{
	static const uint8_t same[] = { EPERM, ENOENT, EINTR, EIO, EBADF,
		EACCES, EFAULT, EBUSY, EEXIST, ENODEV, ENOTDIR, EISDIR, EINVAL,
		ENFILE, EMFILE, EFBIG, ENOSPC, ESPIPE, EROFS };
	int number = FILEIO_EUNKNOWN;

	if (error == ENAMETOOLONG)
		number = FILEIO_ENAMETOOLONG;
	else if (error == ENOSYS)
		number = FILEIO_ENOSYS;
	else if (error > 0 && error <= UINT8_MAX &&
		 memchr(same, error, sizeof(same)))
		number = error;
	return reply_done(
	    reply_text(reply, "F-1,") && reply_number(reply, (uint64_t)number));
}

static int
file_result(struct reply *reply, uint64_t result)
{
	return reply_done(
	    reply_text(reply, "F") && reply_number(reply, result));
}

/* The result of an operation: 0, a length or -errno. */
static int
file_done(struct reply *reply, int64_t result)
{
	return result < 0 ? file_error(reply, (int)-result)
			  : file_result(reply, (uint64_t)result);
}

static struct stub_file *
find_file(struct stub *stub, uint64_t fd)
{
	if (fd >= STUB_FILES_MAX || !stub->files[fd].open)
		return NULL;
	return &stub->files[fd];
}

/* The only file system is the guest's, for every process. */
int
packet_file_setfs(struct stub *stub, const struct args *args)
{
	(void)stub;
	return file_result(args->reply, 0);
}

/* False: a flag that the protocol does not have. */
static bool
parse_flags(uint64_t flags, unsigned *how)
{
	uint64_t access = flags & FILEIO_O_ACCMODE;
	size_t i;

	if (access >= sizeof(accesses) / sizeof(accesses[0]))
		return false;
	*how = accesses[access];
	flags -= access;
	for (i = 0; i < sizeof(open_flags) / sizeof(open_flags[0]); i++)
		if (flags & open_flags[i].fileio) {
			*how |= open_flags[i].how;
			flags -= open_flags[i].fileio;
		}
	return flags == 0;
}

int
packet_file_open(struct stub *stub, const struct args *args)
{
	unsigned how;
	size_t fd = 0;
	int file;

	if (!parse_flags(args->num[0], &how))
		return file_error(args->reply, EINVAL);
	while (fd < STUB_FILES_MAX && stub->files[fd].open)
		fd++;
	if (fd == STUB_FILES_MAX)
		return file_error(args->reply, EMFILE);
	file = stub->ops->open_file(stub->ctx, args->text, how,
	    (unsigned)(args->num[1] & FILEIO_MODES));
	if (file < 0)
		return file_error(args->reply, -file);
	stub->files[fd] = (struct stub_file){ true, file };
	return file_result(args->reply, fd);
}

/* "F", the number of bytes in up to 5 digits, ";", the bytes. */
#define PREAD_HEADER 7

int
packet_file_pread(struct stub *stub, const struct args *args)
{
	const struct stub_file *file = find_file(stub, args->num[0]);
	size_t room = (RSP_PACKET_MAX - PREAD_HEADER) / 2;
	size_t len = args->num[1] < room ? (size_t)args->num[1] : room;
	uint8_t *hole = reply_hole(args->reply, PREAD_HEADER, len);
	int64_t n;

	if (!file)
		return file_error(args->reply, EBADF);
	n = stub->ops->read_file(
	    stub->ctx, file->file, args->num[2], hole, len);
	if (n < 0)
		return file_error(args->reply, (int)-n);
	file_result(args->reply, (uint64_t)n);
	reply_text(args->reply, ";");
	return reply_done(
	    reply_binary(args->reply, hole, (size_t)n) == (size_t)n);
}

int
packet_file_pwrite(struct stub *stub, const struct args *args)
{
	const struct stub_file *file = find_file(stub, args->num[0]);

	if (!file)
		return file_error(args->reply, EBADF);
	return file_done(
	    args->reply, stub->ops->write_file(stub->ctx, file->file,
			     args->num[1], args->bytes, args->len));
}

/* A field of struct stat: big-endian (GDB manual, "struct stat"). */
static void
put_field(uint8_t **at, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		*(*at)++ = (uint8_t)(value >> 8 * bytes);
}

#define FILEIO_STAT 64

/* dev ino mode nlink uid gid rdev; size blksize blocks; three times. */
static int
reply_stat(struct reply *reply, const struct target_stat *st)
{
	uint8_t stat[FILEIO_STAT];
	uint8_t *at = stat;

	put_field(&at, st->dev, 4);
	put_field(&at, st->ino, 4);
	put_field(&at, st->mode, 4);
	put_field(&at, st->nlink, 4);
	put_field(&at, st->uid, 4);
	put_field(&at, st->gid, 4);
	put_field(&at, st->rdev, 4);
	put_field(&at, st->size, 8);
	put_field(&at, st->block_size, 8);
	put_field(&at, st->blocks, 8);
	put_field(&at, (uint64_t)st->atime, 4);
	put_field(&at, (uint64_t)st->mtime, 4);
	put_field(&at, (uint64_t)st->ctime, 4);
	file_result(reply, sizeof(stat));
	reply_text(reply, ";");
	return reply_done(
	    reply_binary(reply, stat, sizeof(stat)) == sizeof(stat));
}

int
packet_file_fstat(struct stub *stub, const struct args *args)
{
	const struct stub_file *file = find_file(stub, args->num[0]);
	struct target_stat st;
	int r;

	if (!file)
		return file_error(args->reply, EBADF);
	r = stub->ops->stat_file(stub->ctx, file->file, &st);
	return r < 0 ? file_error(args->reply, -r)
		     : reply_stat(args->reply, &st);
}

int
packet_file_close(struct stub *stub, const struct args *args)
{
	struct stub_file *file = find_file(stub, args->num[0]);

	if (!file)
		return file_error(args->reply, EBADF);
	file->open = false;
	if (stub->ops->close_file)
		stub->ops->close_file(stub->ctx, file->file);
	return file_result(args->reply, 0);
}

static int
stat_named(struct stub *stub, const struct args *args, bool follow,
    struct target_stat *st)
{
	return stub->ops->stat_name(stub->ctx, args->text, follow, st);
}

int
packet_file_stat(struct stub *stub, const struct args *args)
{
	struct target_stat st;
	int r = stat_named(stub, args, true, &st);

	return r < 0 ? file_error(args->reply, -r)
		     : reply_stat(args->reply, &st);
}

int
packet_file_lstat(struct stub *stub, const struct args *args)
{
	struct target_stat st;
	int r = stat_named(stub, args, false, &st);

	return r < 0 ? file_error(args->reply, -r)
		     : reply_stat(args->reply, &st);
}

/* Three questions of LLDB. */
int
packet_file_size(struct stub *stub, const struct args *args)
{
	struct target_stat st;
	int r = stat_named(stub, args, true, &st);

	return r < 0 ? file_error(args->reply, -r)
		     : file_result(args->reply, st.size);
}

int
packet_file_mode(struct stub *stub, const struct args *args)
{
	struct target_stat st;
	int r = stat_named(stub, args, true, &st);

	return r < 0 ? file_error(args->reply, -r)
		     : file_result(args->reply, st.mode & FILEIO_MODES);
}

int
packet_file_exists(struct stub *stub, const struct args *args)
{
	struct target_stat st;

	return reply_done(reply_text(args->reply,
	    stat_named(stub, args, true, &st) < 0 ? "F,0" : "F,1"));
}

/* A path of Linux, with its NUL. */
#define LINK_MAX_TEXT 4096

int
packet_file_readlink(struct stub *stub, const struct args *args)
{
	char text[LINK_MAX_TEXT];
	int64_t n = stub->ops->read_link(
	    stub->ctx, args->text, text, sizeof(text));

	if (n < 0)
		return file_error(args->reply, (int)-n);
	file_result(args->reply, (uint64_t)n);
	reply_text(args->reply, ";");
	return reply_done(reply_binary(args->reply, (const uint8_t *)text,
			      (size_t)n) == (size_t)n);
}

int
packet_file_unlink(struct stub *stub, const struct args *args)
{
	return file_done(
	    args->reply, stub->ops->remove_file(stub->ctx, args->text));
}

int
packet_exec_file(struct stub *stub, const struct args *args)
{
	const char *path = stub->ops->exec_path(stub->ctx);
	struct text text;

	if (!path)
		return -ENOENT;
	text_init(&text, stub->text, sizeof(stub->text));
	text_printf(&text, "%s", path);
	return reply_slice(args->reply, &text, args->num[0], args->num[1]);
}

static void
xml_library(struct text *out, const struct target_library *library)
{
	text_printf(out, "<library name=\"");
	text_xml(out, library->name);
	text_printf(out,
	    "\" lm=\"0x%" PRIx64 "\" l_addr=\"0x%" PRIx64 "\" l_ld=\"0x%" PRIx64
	    "\" lmid=\"0x0\"/>\n",
	    library->map, library->bias, library->dynamic);
}

/* LLDB takes the executable's file from this list if the user has named none;
 * GDB asks by qXfer:exec-file. */
static void
xml_image(struct stub *stub, struct text *out, uint64_t map)
{
	struct target_library image = { .map = map };
	const char *path;

	if (!(stub->client & CLIENT_NATIVE_SIGNALS) || !stub->ops->exec_path ||
	    !stub->ops->load_bias)
		return;
	path = stub->ops->exec_path(stub->ctx);
	if (!path || strlen(path) >= sizeof(image.name))
		return;
	strcpy(image.name, path);
	image.bias = stub->ops->load_bias(stub->ctx);
	xml_library(out, &image);
}

/* GDB manual, "Library List Format for SVR4 Targets". */
int
packet_libraries(struct stub *stub, const struct args *args)
{
	struct target_library library = { .map = 0 };
	uint64_t main_map = 0;
	unsigned n = 0;
	struct text text;

	if (args->text_len != 0)
		return -ENOENT;
	text_init(&text, stub->text, sizeof(stub->text));
	/* The attribute comes before the list that it is found in. */
	while (n++ < TARGET_LIBRARIES &&
	       stub->ops->next_library(stub->ctx, &library))
		if (library.image)
			main_map = library.map;
	text_printf(&text, "<library-list-svr4 version=\"1.0\"");
	if (main_map)
		text_printf(&text, " main-lm=\"0x%" PRIx64 "\"", main_map);
	text_printf(&text, ">\n");
	xml_image(stub, &text, main_map);
	library.map = 0;
	for (n = 0; n < TARGET_LIBRARIES &&
		    stub->ops->next_library(stub->ctx, &library);
	     n++)
		if (!library.image)
			xml_library(&text, &library);
	text_printf(&text, "</library-list-svr4>\n");
	return reply_slice(args->reply, &text, args->num[0], args->num[1]);
}

int
packet_auxv(struct stub *stub, const struct args *args)
{
	size_t room = (RSP_PACKET_MAX - 1) / 2;
	size_t len = args->num[1] < room ? (size_t)args->num[1] : room;
	uint8_t *hole = reply_hole(args->reply, 1, len);
	int64_t n;

	if (args->text_len != 0)
		return -ENOENT;
	n = stub->ops->auxv(stub->ctx, args->num[0], hole, len);
	if (n < 0)
		return (int)n;
	reply_text(args->reply, n > 0 ? "m" : "l");
	return reply_done(
	    reply_binary(args->reply, hole, (size_t)n) == (size_t)n);
}
