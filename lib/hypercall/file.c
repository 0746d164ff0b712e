/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on names of files.  Nothing here may know how a name is resolved.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/own.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* A name that others change while it is opened is tried again this often. */
#define OPEN_TRIES 8

/* What open takes (the rest is of no meaning here, or not for a guest: with
 * O_ASYNC the host's signals would come to novillo). */
#define OPEN_FLAGS                                                             \
	((unsigned)(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC |        \
		    O_APPEND | O_NONBLOCK | O_DSYNC | O_DIRECT | O_DIRECTORY | \
		    O_NOFOLLOW | O_NOATIME | O_SYNC | O_PATH | O_TMPFILE))

/* Devices that do nothing but what they are read or written for. */
bool
hc_is_harmless(dev_t device)
{
	static const unsigned char minors[] = { 3, 5, 7, 8, 9 };

	/* null, zero, full, random, urandom (Linux' devices.txt) */
	return major(device) == 1 && minor(device) < 10 &&
	       memchr(minors, (int)minor(device), sizeof(minors));
}

/* The text by which the host opens what descriptor `fd` holds. */
struct self_name {
	char text[16];
};

static struct self_name
self_name(int fd)
{
	struct self_name name;

	snprintf(name.text, sizeof(name.text), "%d", fd);
	return name;
}

/* May what is held be opened, and with these flags? */
static int
may_open(const struct hc_found *found, unsigned flags, struct stat *st)
{
	if (fstat(found->fd, st) < 0)
		return -errno;
	if (S_ISLNK(st->st_mode))
		return -ELOOP; /* with O_NOFOLLOW */
	if (S_ISDIR(st->st_mode) && (flags & O_CREAT))
		return -EISDIR;
	if (S_ISBLK(st->st_mode) ||
	    (S_ISCHR(st->st_mode) && !hc_is_harmless(st->st_rdev)))
		return -EACCES;
	if (found->read_only &&
	    ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC)))
		return -EROFS;
	return 0;
}

/* Open what is held, not what its name may lead to by now. */
static int64_t
open_held(const struct hc_call *call, int held, unsigned flags)
{
	flags &= ~(unsigned)(O_CREAT | O_EXCL | O_NOFOLLOW);
	return hc_host_wait(call->thread, SYS_openat, call->guest->tree.self,
	    self_name(held).text, flags | O_CLOEXEC | O_NOCTTY, 0, 0, 0);
}

/*
 * A host descriptor for the name, which is there or made, or -errno.  What is
 * there is held and looked at first: to open a device would already be too
 * much.  -EAGAIN: it was there and not there; try again.
 */
static int64_t
open_once(const struct hc_call *call, const struct hc_name_at *name,
    unsigned flags, unsigned mode, struct hc_found *found, bool *directory)
{
	struct hc_guest *guest = call->guest;
	const unsigned look = O_PATH | (flags & (O_NOFOLLOW | O_DIRECTORY));
	struct stat st;
	int64_t r;
	int held;

	r = hc_path_open(guest, name, look, 0, found);
	if (r == -ENOENT && (flags & O_CREAT)) {
		r = hc_path_open(
		    guest, name, flags | O_EXCL | O_NOCTTY, mode, found);
		return r == -EEXIST ? -EAGAIN : r < 0 ? r : found->fd;
	}
	if (r < 0)
		return r;
	held = found->fd;
	r = (flags & O_CREAT) && (flags & O_EXCL) ? -EEXIST
						  : may_open(found, flags, &st);
	if (r == 0) {
		*directory = S_ISDIR(st.st_mode);
		r = open_held(call, held, flags);
	}
	close(held);
	return r;
}

/* A dangling link: what it leads to is made, as on Linux. */
static int64_t
open_through_link(struct hc_guest *guest, const struct hc_name_at *name,
    unsigned flags, unsigned mode, struct hc_found *found)
{
	struct stat st;
	int64_t r;

	if (flags & O_EXCL)
		return -EEXIST;
	r = hc_path_open(
	    guest, name, flags | O_NOCTTY | O_NONBLOCK, mode, found);
	if (r < 0)
		return r;
	r = may_open(found, 0, &st);
	if (r == 0)
		return found->fd;
	close(found->fd);
	return r;
}

static int64_t
open_name(const struct hc_call *call, const struct hc_name_at *name,
    unsigned flags, unsigned mode, struct hc_found *found, bool *directory)
{
	struct hc_guest *guest = call->guest;
	unsigned tries;
	int64_t r = -EAGAIN;

	if ((flags & O_PATH) || (flags & O_TMPFILE) == O_TMPFILE) {
		struct stat st;

		r = hc_path_open(guest, name, flags, mode, found);
		if (r < 0)
			return r;
		*directory = fstat(found->fd, &st) == 0 && S_ISDIR(st.st_mode);
		return found->fd;
	}
	for (tries = 0; tries < OPEN_TRIES && r == -EAGAIN; tries++)
		r = open_once(call, name, flags, mode, found, directory);
	if (r == -EAGAIN)
		r = open_through_link(guest, name, flags, mode, found);
	return r;
}

/* The name of a call: who has no folder to be in has none to look in. */
static int
fetch_name(struct hc_call *call, struct hc_name_at *name, uint64_t dirfd,
    uint64_t path)
{
	int r = hc_path_get(call->guest, name, dirfd, path);

	return r == -ENOENT && call->own_only ? HC_ELSEWHERE : r;
}

/* And what it is of novillo's own: as hc_own_find(). */
static int
get_name(struct hc_call *call, struct hc_name_at *name, uint64_t dirfd,
    uint64_t path, bool follow, struct hc_own *own)
{
	int r = fetch_name(call, name, dirfd, path);

	own->row = 0;
	return r < 0 ? r : hc_own_find(call, name, follow, own);
}

/* A file of the guest's tree, held. */
static int64_t
open_found(struct hc_call *call, const struct hc_name_at *name, unsigned flags,
    unsigned mode, struct hc_file **file)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_found found;
	bool directory = false;
	int64_t r = open_name(call, name, flags, mode, &found, &directory);

	if (r < 0)
		return r;
	*file = hc_file_new(fds, (int)r);
	if (!*file)
		return -ENFILE;
	(*file)->read_only = found.read_only;
	(*file)->directory = directory;
	(*file)->placed = true;
	strcpy(hc_file_place(fds, *file), found.place);
	return 0;
}

/* An open file by its link in /proc: the same one, held once more, if it is
 * open in that way. */
static int
open_again(
    struct hc_guest *guest, int fd, unsigned flags, struct hc_file **file)
{
	unsigned wanted = flags & O_ACCMODE;
	int64_t r = 0;

	*file = hc_fd_get(&guest->fds, (uint64_t)fd);
	if (!*file)
		return -ENOENT;
	if ((flags & O_CREAT) && (flags & O_EXCL))
		r = -EEXIST;
	else if ((flags & O_DIRECTORY) && !(*file)->directory)
		r = -ENOTDIR;
	else if (!(flags & O_PATH))
		r = hc_file_flags(*file);
	if (r >= 0 && !(flags & O_PATH)) {
		unsigned mode = (unsigned)r & O_ACCMODE;

		r = (r & O_PATH) || (mode != O_RDWR && mode != wanted) ? -EACCES
								       : 0;
	}
	if (r < 0)
		hc_file_put(*file);
	return (int)r;
}

static int64_t
open_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t how,
    uint64_t mode)
{
	struct hc_guest *guest = call->guest;
	unsigned flags = (unsigned)how & OPEN_FLAGS;
	struct hc_name_at name;
	struct hc_file *file;
	struct hc_own own;
	int64_t r;

	r = get_name(call, &name, dirfd, path, !(flags & O_NOFOLLOW), &own);
	if (r == HC_OWN_IS)
		r = hc_own_open(call, &own, flags, &file);
	else if (r == HC_OWN_IS_DESCRIPTOR)
		r = open_again(guest, own.number, flags, &file);
	else if (r == 0)
		r = open_found(call, &name, flags, (unsigned)mode, &file);
	hc_path_put(&name);
	return r < 0 ? r : hc_fd_install(&guest->fds, file, 0, how & O_CLOEXEC);
}

int64_t
hc_do_open(struct hc_call *call)
{
	return open_call(
	    call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1], call->arg[2]);
}

int64_t
hc_do_openat(struct hc_call *call)
{
	return open_call(
	    call, call->arg[0], call->arg[1], call->arg[2], call->arg[3]);
}

int64_t
hc_do_creat(struct hc_call *call)
{
	return open_call(call, (uint64_t)AT_FDCWD, call->arg[0],
	    O_CREAT | O_WRONLY | O_TRUNC, call->arg[1]);
}

/* Hold what a descriptor leads to, whatever that is. */
static int
hold_file(const struct hc_file *file, struct hc_found *found)
{
	found->own = hc_own_of(file);
	found->read_only = file->read_only;
	found->fd = (int)hc_host(SYS_fcntl, file->host, F_DUPFD_CLOEXEC, 0);
	return found->fd < 0 ? found->fd : 0;
}

static int
hold_descriptor(struct hc_call *call, int fd, struct hc_found *found)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, (uint64_t)fd);
	int r;

	if (!file)
		return -ENOENT;
	r = hold_file(file, found);
	hc_file_put(file);
	return r;
}

static int
hold_named(struct hc_call *call, struct hc_name_at *name, bool follow,
    struct hc_found *found)
{
	unsigned how = O_PATH | (follow ? 0U : (unsigned)O_NOFOLLOW);
	struct hc_own own;
	int r = hc_own_find(call, name, follow, &own);

	if (r == HC_OWN_IS_DESCRIPTOR)
		return hold_descriptor(call, own.number, found);
	if (r == HC_OWN_IS_NOT)
		return hc_path_open(call->guest, name, how, 0, found);
	found->own = own;
	found->read_only = false;
	return r < 0 ? r : 0;
}

int
hc_hold(struct hc_call *call, uint64_t dirfd, uint64_t path, unsigned flags,
    struct hc_found *found)
{
	struct hc_name_at name;
	int r = fetch_name(call, &name, dirfd, path);

	found->fd = -1;
	if (r == 0 && !name.text[0] && (flags & AT_EMPTY_PATH) && name.dir)
		r = hold_file(name.dir, found);
	else if (r == 0)
		r = hold_named(
		    call, &name, !(flags & AT_SYMLINK_NOFOLLOW), found);
	hc_path_put(&name);
	return r;
}

int64_t
hc_drop(const struct hc_found *found, int64_t result)
{
	if (found->fd >= 0)
		close(found->fd);
	return result;
}

/* What is not novillo's own is a descriptor where the call may look at nothing
 * else; and then of that only what fstat() tells. */
static int64_t
tell(struct hc_call *call, const struct hc_found *found, struct stat *st)
{
	return found->own.row ? hc_own_stat(call, &found->own, st)
			      : hc_host(SYS_fstat, found->fd, st);
}

static int64_t
stat_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t to,
    unsigned flags)
{
	struct hc_found found;
	struct stat st;
	int64_t r;

	if (flags &
	    ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	r = hc_hold(call, dirfd, path, flags, &found);
	if (r < 0)
		return r;
	r = hc_drop(&found, tell(call, &found, &st));
	return r < 0 ? r : gmem_write(call->guest->mem, to, &st, sizeof(st));
}

int64_t
hc_do_stat(struct hc_call *call)
{
	return stat_call(
	    call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1], 0);
}

int64_t
hc_do_lstat(struct hc_call *call)
{
	return stat_call(call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1],
	    AT_SYMLINK_NOFOLLOW);
}

int64_t
hc_do_newfstatat(struct hc_call *call)
{
	return stat_call(call, call->arg[0], call->arg[1], call->arg[2],
	    (unsigned)call->arg[3]);
}

static struct statx_timestamp
statx_time(struct timespec t)
{
	return (struct statx_timestamp){
		.tv_sec = t.tv_sec,
		.tv_nsec = (uint32_t)t.tv_nsec,
	};
}

static void
statx_of(const struct stat *st, struct statx *stx)
{
	*stx = (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = (uint32_t)st->st_blksize,
		.stx_nlink = (uint32_t)st->st_nlink,
		.stx_uid = st->st_uid,
		.stx_gid = st->st_gid,
		.stx_mode = (uint16_t)st->st_mode,
		.stx_ino = st->st_ino,
		.stx_size = (uint64_t)st->st_size,
		.stx_blocks = (uint64_t)st->st_blocks,
		.stx_atime = statx_time(st->st_atim),
		.stx_ctime = statx_time(st->st_ctim),
		.stx_mtime = statx_time(st->st_mtim),
		.stx_rdev_major = major(st->st_rdev),
		.stx_rdev_minor = minor(st->st_rdev),
		.stx_dev_major = major(st->st_dev),
		.stx_dev_minor = minor(st->st_dev),
	};
}

static int64_t
tell_more(struct hc_call *call, const struct hc_found *found, unsigned flags,
    struct statx *stx)
{
	struct stat st;
	int64_t r;

	if (!found->own.row && !call->own_only)
		return hc_host(SYS_statx, found->fd, "",
		    AT_EMPTY_PATH | (flags & AT_STATX_SYNC_TYPE),
		    (unsigned)call->arg[3], stx);
	r = tell(call, found, &st);
	if (r == 0)
		statx_of(&st, stx);
	return r;
}

int64_t
hc_do_statx(struct hc_call *call)
{
	unsigned flags = (unsigned)call->arg[2];
	struct hc_found found;
	struct statx stx;
	int64_t r;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH |
				AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	r = hc_hold(call, call->arg[0], call->arg[1], flags, &found);
	if (r < 0)
		return r;
	r = hc_drop(&found, tell_more(call, &found, flags, &stx));
	return r < 0 ? r
		     : gmem_write(
			   call->guest->mem, call->arg[4], &stx, sizeof(stx));
}

/* Where nothing but descriptors may be looked at: as it was opened. */
static int64_t
may_use(int fd, unsigned mode)
{
	int64_t flags = hc_host(SYS_fcntl, fd, F_GETFL, 0);
	unsigned way = (unsigned)flags & O_ACCMODE;

	if (flags < 0)
		return flags;
	return ((mode & R_OK) && way == O_WRONLY) ||
		       ((mode & W_OK) && way == O_RDONLY) || (mode & X_OK)
		   ? -EACCES
		   : 0;
}

static int64_t
may_access(struct hc_call *call, const struct hc_found *found, unsigned mode)
{
	if (found->own.row)
		return hc_own_access(&found->own, mode);
	/* Without a volume there is nothing but descriptors either. */
	if (call->own_only || call->guest->tree.self < 0)
		return may_use(found->fd, mode);
	if ((mode & W_OK) && found->read_only)
		return -EROFS;
	/* As the user that novillo acts for: there is no other. */
	return hc_host(SYS_faccessat, call->guest->tree.self,
	    self_name(found->fd).text, (int)mode);
}

static int64_t
access_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t mode,
    unsigned flags)
{
	struct hc_found found;
	int64_t r;

	if ((mode & ~(uint64_t)(R_OK | W_OK | X_OK)) ||
	    (flags &
		~(unsigned)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	r = hc_hold(call, dirfd, path, flags, &found);
	if (r < 0)
		return r;
	return hc_drop(&found, may_access(call, &found, (unsigned)mode));
}

int64_t
hc_do_access(struct hc_call *call)
{
	return access_call(
	    call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1], 0);
}

int64_t
hc_do_faccessat(struct hc_call *call)
{
	return access_call(call, call->arg[0], call->arg[1], call->arg[2], 0);
}

int64_t
hc_do_faccessat2(struct hc_call *call)
{
	return access_call(call, call->arg[0], call->arg[1], call->arg[2],
	    (unsigned)call->arg[3]);
}

/* What the link says, in text->bytes, and how long that is. */
static int64_t
read_link(
    struct hc_call *call, const struct hc_found *found, struct hc_text *text)
{
	int64_t r;

	if (found->own.row)
		return hc_own_readlink(call, &found->own, text);
	if (call->own_only)
		return HC_ELSEWHERE;
	r = hc_host(
	    SYS_readlinkat, found->fd, "", text->bytes, sizeof(text->bytes));
	return r == -ENOENT ? -EINVAL : r; /* it is no link */
}

static int64_t
readlink_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t to,
    uint64_t size)
{
	struct hc_found found;
	struct hc_text text;
	int64_t r;

	if ((int64_t)size <= 0)
		return -EINVAL;
	r = hc_hold(
	    call, dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &found);
	if (r < 0)
		return r;
	r = hc_drop(&found, read_link(call, &found, &text));
	if (r < 0)
		return r;
	if ((uint64_t)r > size)
		r = (int64_t)size;
	return gmem_write(call->guest->mem, to, text.bytes, (size_t)r) < 0
		   ? -EFAULT
		   : r;
}

int64_t
hc_do_readlink(struct hc_call *call)
{
	return readlink_call(
	    call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1], call->arg[2]);
}

int64_t
hc_do_readlinkat(struct hc_call *call)
{
	return readlink_call(
	    call, call->arg[0], call->arg[1], call->arg[2], call->arg[3]);
}

static int64_t
chmod_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t mode)
{
	struct hc_found found;
	int64_t r = hc_hold(call, dirfd, path, 0, &found);

	if (r < 0)
		return r;
	if (found.own.row || found.read_only)
		return hc_drop(&found, found.own.row ? -EPERM : -EROFS);
	return hc_drop(
	    &found, hc_host(SYS_fchmodat, call->guest->tree.self,
			self_name(found.fd).text, (unsigned)mode & HC_MODE));
}

int64_t
hc_do_chmod(struct hc_call *call)
{
	return chmod_call(call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1]);
}

int64_t
hc_do_fchmodat(struct hc_call *call)
{
	return chmod_call(call, call->arg[0], call->arg[1], call->arg[2]);
}

/* Of a name, or with a null one of a descriptor. */
int64_t
hc_do_utimensat(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	unsigned flags = (unsigned)call->arg[3];
	struct timespec times[2];
	struct hc_found found;
	struct hc_file *file;
	int64_t r;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (call->arg[2] &&
	    gmem_read(guest->mem, times, call->arg[2], sizeof(times)) < 0)
		return -EFAULT;
	if (!call->arg[1]) {
		file = hc_fd_get(&guest->fds, call->arg[0]);
		if (!file)
			return -EBADF;
		r = file->own         ? -EPERM
		    : file->read_only ? -EROFS
				      : hc_host(SYS_utimensat, file->host, NULL,
					    call->arg[2] ? times : NULL, 0);
		hc_file_put(file);
		return r;
	}
	r = hc_hold(call, call->arg[0], call->arg[1], flags, &found);
	if (r < 0)
		return r;
	if (found.own.row || found.read_only)
		return hc_drop(&found, found.own.row ? -EPERM : -EROFS);
	return hc_drop(&found, hc_host(SYS_utimensat, found.fd, "",
				   call->arg[2] ? times : NULL, AT_EMPTY_PATH));
}

int64_t
hc_do_truncate(struct hc_call *call)
{
	struct hc_name_at name;
	struct hc_found found;
	struct hc_own own;
	bool directory;
	int64_t r;

	if ((int64_t)call->arg[1] < 0)
		return -EINVAL;
	r = get_name(call, &name, (uint64_t)AT_FDCWD, call->arg[0], true, &own);
	if (r > 0)
		r = -EACCES;
	else if (r == 0)
		r = open_name(
		    call, &name, O_WRONLY | O_NONBLOCK, 0, &found, &directory);
	hc_path_put(&name);
	if (r < 0)
		return r;
	found.fd = (int)r;
	return hc_drop(&found, hc_host(SYS_ftruncate, found.fd, call->arg[1]));
}

static int64_t
tell_fs(struct hc_call *call, const struct hc_found *found, struct statfs *fs)
{
	if (found->own.row)
		return hc_own_statfs(&found->own, fs);
	return call->own_only ? HC_ELSEWHERE
			      : hc_host(SYS_fstatfs, found->fd, fs);
}

int64_t
hc_do_statfs(struct hc_call *call)
{
	struct hc_found found;
	struct statfs fs;
	int64_t r = hc_hold(call, (uint64_t)AT_FDCWD, call->arg[0], 0, &found);

	if (r < 0)
		return r;
	r = hc_drop(&found, tell_fs(call, &found, &fs));
	return r < 0 ? r
		     : gmem_write(
			   call->guest->mem, call->arg[1], &fs, sizeof(fs));
}
