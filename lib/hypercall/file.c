/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on names of files.  Nothing here may know how a name is resolved.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"

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

static int64_t
open_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t how,
    uint64_t mode)
{
	struct hc_guest *guest = call->guest;
	unsigned flags = (unsigned)how & OPEN_FLAGS;
	struct hc_name_at name;
	struct hc_found found;
	struct hc_file *file;
	bool directory = false;
	int64_t r = hc_path_get(guest, &name, dirfd, path);

	if (r == 0)
		r = open_name(
		    call, &name, flags, (unsigned)mode, &found, &directory);
	hc_path_put(&name);
	if (r < 0)
		return r;
	file = hc_file_new(&guest->fds, (int)r);
	if (!file)
		return -ENFILE;
	file->read_only = found.read_only;
	file->directory = directory;
	if (directory)
		strcpy(hc_file_place(&guest->fds, file), found.place);
	return hc_fd_install(&guest->fds, file, 0, how & O_CLOEXEC);
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

/*
 * Hold what (dirfd, path) names: found->fd, to be closed by drop().  With
 * AT_EMPTY_PATH in `flags` an empty name is the descriptor itself.
 */
static int
hold(struct hc_call *call, uint64_t dirfd, uint64_t path, unsigned flags,
    struct hc_found *found)
{
	struct hc_guest *guest = call->guest;
	unsigned how = O_PATH | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0U);
	struct hc_name_at name;
	int r = hc_path_get(guest, &name, dirfd, path);

	if (r == 0 && !name.text[0] && (flags & AT_EMPTY_PATH) && name.dir) {
		found->read_only = name.dir->read_only;
		found->fd = fcntl(name.dir->host, F_DUPFD_CLOEXEC, 0);
		r = found->fd < 0 ? -errno : 0;
	} else if (r == 0) {
		r = hc_path_open(guest, &name, how, 0, found);
	}
	hc_path_put(&name);
	return r;
}

static int64_t
drop(const struct hc_found *found, int64_t result)
{
	close(found->fd);
	return result;
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
	r = hold(call, dirfd, path, flags, &found);
	if (r < 0)
		return r;
	r = drop(
	    &found, hc_host(SYS_newfstatat, found.fd, "", &st, AT_EMPTY_PATH));
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
	r = hold(call, call->arg[0], call->arg[1], flags, &found);
	if (r < 0)
		return r;
	r = drop(&found, hc_host(SYS_statx, found.fd, "",
			     AT_EMPTY_PATH | (flags & AT_STATX_SYNC_TYPE),
			     (unsigned)call->arg[3], &stx));
	return r < 0 ? r
		     : gmem_write(
			   call->guest->mem, call->arg[4], &stx, sizeof(stx));
}

static int64_t
access_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t mode,
    unsigned flags)
{
	struct hc_guest *guest = call->guest;
	struct hc_found found;
	int64_t r;

	if ((mode & ~(uint64_t)(R_OK | W_OK | X_OK)) ||
	    (flags &
		~(unsigned)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	r = hold(call, dirfd, path, flags, &found);
	if (r < 0)
		return r;
	if ((mode & W_OK) && found.read_only)
		return drop(&found, -EROFS);
	/* As the user that novillo acts for: there is no other. */
	return drop(&found, hc_host(SYS_faccessat, guest->tree.self,
				self_name(found.fd).text, (int)mode));
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

static int64_t
readlink_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t to,
    uint64_t size)
{
	struct hc_found found;
	char text[HC_PATH];
	int64_t r;

	if ((int64_t)size <= 0)
		return -EINVAL;
	r = hold(
	    call, dirfd, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &found);
	if (r < 0)
		return r;
	r = drop(&found, hc_host(SYS_readlinkat, found.fd, "", text,
			     size < sizeof(text) ? size : sizeof(text)));
	if (r < 0)
		return r == -ENOENT ? -EINVAL : r; /* it is no link */
	return gmem_write(call->guest->mem, to, text, (size_t)r) < 0 ? -EFAULT
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
	int64_t r = hold(call, dirfd, path, 0, &found);

	if (r < 0)
		return r;
	if (found.read_only)
		return drop(&found, -EROFS);
	return drop(&found, hc_host(SYS_fchmodat, call->guest->tree.self,
				self_name(found.fd).text, (unsigned)mode));
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
		r = file->read_only ? -EROFS
				    : hc_host(SYS_utimensat, file->host, NULL,
					  call->arg[2] ? times : NULL, 0);
		hc_file_put(file);
		return r;
	}
	r = hold(call, call->arg[0], call->arg[1], flags, &found);
	if (r < 0)
		return r;
	if (found.read_only)
		return drop(&found, -EROFS);
	return drop(&found, hc_host(SYS_utimensat, found.fd, "",
				call->arg[2] ? times : NULL, AT_EMPTY_PATH));
}

int64_t
hc_do_truncate(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	struct hc_name_at name;
	struct hc_found found;
	bool directory;
	int64_t r;

	if ((int64_t)call->arg[1] < 0)
		return -EINVAL;
	r = hc_path_get(guest, &name, (uint64_t)AT_FDCWD, call->arg[0]);
	if (r == 0)
		r = open_name(
		    call, &name, O_WRONLY | O_NONBLOCK, 0, &found, &directory);
	hc_path_put(&name);
	if (r < 0)
		return r;
	found.fd = (int)r;
	return drop(&found, hc_host(SYS_ftruncate, found.fd, call->arg[1]));
}

int64_t
hc_do_statfs(struct hc_call *call)
{
	struct hc_found found;
	struct statfs fs;
	int64_t r = hold(call, (uint64_t)AT_FDCWD, call->arg[0], 0, &found);

	if (r < 0)
		return r;
	r = drop(&found, hc_host(SYS_fstatfs, found.fd, &fs));
	return r < 0 ? r
		     : gmem_write(
			   call->guest->mem, call->arg[1], &fs, sizeof(fs));
}
