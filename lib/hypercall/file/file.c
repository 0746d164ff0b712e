/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on names of files.  Nothing here may know how a name is resolved.
 */
#include "hypercall/core/device.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/memfile.h"
#include "hypercall/core/sized.h"
#include "hypercall/file/file.h"
#include "hypercall/own/own.h"
#include "hypercall/task/mqueue.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* How often a name is tried again that others change while it is opened. */
#define OPEN_TRIES 8

/* The flags of open that count.  The others mean nothing here or are refused:
 * with O_ASYNC the host's signals would come to novillo. */
#define OPEN_FLAGS                                                             \
	((unsigned)(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC |        \
		    O_APPEND | O_NONBLOCK | O_DSYNC | O_DIRECT | O_DIRECTORY | \
		    O_NOFOLLOW | O_NOATIME | O_SYNC | O_PATH | O_TMPFILE))

/* Those that count beside O_PATH. */
#define PATH_FLAGS ((unsigned)(O_PATH | O_DIRECTORY | O_NOFOLLOW))

/* The bit of O_TMPFILE that O_DIRECTORY lacks. */
#define TMPFILE_FLAG ((unsigned)(O_TMPFILE & ~O_DIRECTORY))

static bool
is_tmpfile(unsigned flags)
{
	return flags & TMPFILE_FLAG;
}

static bool
writes(unsigned flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
}

/* As Linux, which looks at the flags before the name. */
static int
check_flags(unsigned flags)
{
	if (is_tmpfile(flags))
		return (flags & O_TMPFILE) == (unsigned)O_TMPFILE &&
			       !(flags & O_CREAT) &&
			       (flags & O_ACCMODE) != O_RDONLY
			   ? 0
			   : -EINVAL;
	return (flags & O_CREAT) && (flags & O_DIRECTORY) ? -EINVAL : 0;
}

/* May the held file be opened with these flags? */
static int
may_open(const struct hc_found *found, unsigned flags, const struct stat *st)
{
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (S_ISLNK(st->st_mode))
		return -ELOOP; /* with O_NOFOLLOW */
	if (S_ISDIR(st->st_mode) && !is_tmpfile(flags) &&
	    ((flags & O_CREAT) || writes(flags)))
		return -EISDIR;
	if (!S_ISDIR(st->st_mode) && (flags & O_DIRECTORY))
		return -ENOTDIR;
	if (S_ISBLK(st->st_mode) ||
	    (S_ISCHR(st->st_mode) && !hc_is_harmless(st->st_rdev)))
		return -EACCES;
	return found->read_only && writes(flags) ? -EROFS : 0;
}

/* Open the held file, and not its name, which may lead to another by now. */
static int64_t
open_held(const struct hc_call *call, int held, unsigned flags, unsigned mode)
{
	flags &= ~(unsigned)(O_CREAT | O_NOFOLLOW);
	if (!is_tmpfile(flags))
		flags &= ~(unsigned)O_EXCL;
	return hc_host_wait(call->thread, SYS_openat, call->guest->tree.self,
	    hc_held_name(held).text, flags | O_CLOEXEC | O_NOCTTY, mode, 0, 0);
}

/* Make the file in the held folder.  -EAGAIN: the name has appeared since. */
static int64_t
make(const struct hc_found *found, unsigned flags, unsigned mode)
{
	int64_t r;

	if (found->read_only)
		return -EROFS;
	r = hc_host(SYS_openat, found->fd, found->last,
	    flags | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, mode);
	return r == -EEXIST && !(flags & O_EXCL) ? -EAGAIN : r;
}

/* Take over what is held: it is open with O_PATH. */
static int64_t
take(struct hc_found *found, unsigned flags, const struct stat *st)
{
	int fd = found->fd;

	if ((flags & O_DIRECTORY) && !S_ISDIR(st->st_mode))
		return -ENOTDIR;
	found->fd = -1;
	return fd;
}

/* Open the found file.  A device is looked at first: opening one already has
 * effects. */
static int64_t
open_what(const struct hc_call *call, struct hc_found *found, unsigned flags,
    unsigned mode, struct stat *st)
{
	int64_t r;

	memset(st, 0, sizeof(*st));
	if (found->missing)
		return make(found, flags, mode & HC_MODE);
	r = hc_host(SYS_newfstatat, found->fd, "", st, AT_EMPTY_PATH);
	if (r < 0)
		return r;
	if ((flags & O_PATH) && !found->shared)
		return take(found, flags, st);
	r = flags & O_PATH ? 0 : may_open(found, flags, st);
	if (found->shared)
		flags &= ~(unsigned)O_TRUNC;
	/* The file that is made is not the folder that was looked at. */
	if (is_tmpfile(flags))
		memset(st, 0, sizeof(*st));
	return r < 0 ? r : open_held(call, found->fd, flags, mode & HC_MODE);
}

/* O_TRUNC of a file in memory, which counts by its size. */
static int64_t
empty_shared(
    struct hc_guest *guest, const struct hc_found *found, struct hc_file *file)
{
	struct hc_growth growth;
	int64_t r = hc_memfile_begin(&growth, guest, file, HC_AT_START, 0);

	return r < 0 ? r
		     : hc_memfile_end(
			   &growth, hc_host(SYS_ftruncate, found->fd, 0));
}

/* Open a file of the guest's tree. */
static int64_t
open_found(const struct hc_call *call, struct hc_found *found, unsigned flags,
    unsigned mode, struct hc_file **file)
{
	struct hc_guest *guest = call->guest;
	struct stat st;
	int64_t r = open_what(call, found, flags, mode, &st);

	if (r < 0)
		return r;
	*file = S_ISFIFO(st.st_mode) ? hc_file_new_socket(&guest->fds, (int)r)
				     : hc_file_new(&guest->fds, (int)r);
	if (!*file)
		return -ENFILE;
	hc_found_file(&guest->tree, found, &st, *file);
	(*file)->may = found->read_only ? HC_MAY_FLAGS : HC_MAY_CHANGE;
	if (!found->shared || !(flags & O_TRUNC))
		return 0;
	r = empty_shared(guest, found, *file);
	if (r < 0)
		hc_file_put(*file);
	return r;
}

/* Sockets, and files without a type as epoll's, are opened by their own calls
 * only. */
static bool
can_open_same(const struct hc_file *same)
{
	struct stat st;

	return hc_host(SYS_fstat, same->host, &st) == 0 &&
	       (st.st_mode & S_IFMT) != 0 && !S_ISSOCK(st.st_mode);
}

/* Open a descriptor of a file that is in no volume by its link in /proc: the
 * same open file, held once more, if it is open in that way. */
static int
open_same(struct hc_file *same, unsigned flags, struct hc_file **file)
{
	unsigned wanted = flags & O_ACCMODE;
	int64_t r = 0;

	if ((flags & O_CREAT) && (flags & O_EXCL))
		r = -EEXIST;
	else if ((flags & O_DIRECTORY) && !same->directory)
		r = -ENOTDIR;
	else if (!(flags & O_PATH) && !can_open_same(same))
		r = -ENXIO;
	else if (!(flags & O_PATH))
		r = hc_file_flags(same);
	if (r >= 0 && !(flags & O_PATH)) {
		unsigned mode = (unsigned)r & O_ACCMODE;

		r = (r & O_PATH) || (mode != O_RDWR && mode != wanted) ? -EACCES
								       : 0;
	}
	if (r < 0)
		return (int)r;
	hc_file_hold(same);
	*file = same;
	return 0;
}

/* Is this an end of a pipe that the guest made?  The other end of a stream is
 * not the guest's. */
static bool
is_own_pipe(const struct hc_file *same)
{
	struct stat st;

	return same->buffered && (same->may & HC_MAY_INODE) &&
	       hc_host(SYS_fstat, same->host, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Open that pipe once more, at the end that is asked for. */
static int64_t
open_pipe(const struct hc_call *call, const struct hc_file *same,
    unsigned flags, struct hc_file **file)
{
	int64_t r;

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	r = open_held(call, same->host, flags, 0);
	if (r < 0)
		return r;
	*file = hc_file_new_socket(&call->guest->fds, (int)r);
	if (!*file)
		return -ENFILE;
	(*file)->may = HC_MAY_CHANGE;
	return 0;
}

/* May the guest's program be opened with these flags? */
static int
may_open_program(unsigned flags)
{
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	return !(flags & O_PATH) && writes(flags) ? -ETXTBSY : 0;
}

/* Open the guest's program: once more; or, where no file may be opened, the
 * same open file, which all such descriptors share with its position. */
static int64_t
open_program(const struct hc_call *call, unsigned flags, struct hc_file **file)
{
	struct hc_guest *guest = call->guest;
	const bool again = !call->own_only && guest->tree.self >= 0;
	struct hc_found found;
	int64_t r = may_open_program(flags);

	if (r == 0)
		r = hc_found_program(guest, &found);
	if (r < 0)
		return r;
	if (again)
		r = open_held(call, found.fd, flags, 0);
	else
		r = hc_host(SYS_lseek, found.fd, 0, SEEK_SET);
	if (r < 0 || again)
		hc_found_put(&found, 0);
	if (r < 0)
		return r;
	*file = hc_file_new(&guest->fds, again ? (int)r : found.fd);
	if (!*file)
		return -ENFILE;
	(*file)->program = (*file)->read_only = true;
	if (!again && (flags & O_PATH))
		(*file)->refuses = HC_NO_READ | HC_NO_WRITE | HC_PATH_ONLY;
	return 0;
}

/* Open a descriptor's link in /proc: a file of a volume, and one of novillo's
 * own, is opened once more. */
static int64_t
open_again(const struct hc_call *call, int fd, unsigned flags, unsigned mode,
    struct hc_file **file)
{
	struct hc_file *same = hc_fd_get(&call->guest->fds, (uint64_t)fd);
	struct hc_found found = { .fd = -1 };
	int64_t r;

	if (!same)
		return -ENOENT;
	if (same->program) {
		r = open_program(call, flags, file);
	} else if ((same->mount || same->shared) && !call->own_only) {
		r = hc_found_descriptor(same, &found);
		if (r == 0)
			r = open_found(call, &found, flags, mode, file);
		hc_found_put(&found, 0);
	} else if (same->own) {
		r = hc_own_open(call,
		    &(struct hc_own){ same->own, same->number }, flags, file);
	} else if (!call->own_only && !(flags & O_PATH) && is_own_pipe(same)) {
		r = open_pipe(call, same, flags, file);
	} else {
		r = open_same(same, flags, file);
	}
	hc_file_put(same);
	return r;
}

/* Make and open one of /dev/shm.  -EAGAIN: the name has appeared since. */
static int64_t
make_shared(struct hc_call *call, struct hc_found *found, unsigned flags,
    unsigned mode, struct hc_file **file)
{
	struct hc_guest *guest = call->guest;
	int64_t r = hc_shared_make(guest, found->last, &found->shared);

	if (r < 0)
		return r == -EEXIST && !(flags & O_EXCL) ? -EAGAIN : r;
	found->fd = (int)r;
	found->leads = HC_LEADS_HOST;
	found->missing = false;
	found->changeable = true;
	flags &= ~(unsigned)(O_CREAT | O_EXCL | O_TRUNC);
	r = open_found(call, found, flags, 0, file);
	if (r < 0)
		return r;
	/* By its mode the file might not be opened. */
	r = hc_host(
	    SYS_fchmod, found->fd, mode & HC_MODE & ~guest->world.umask);
	if (r < 0)
		hc_file_put(*file);
	return r;
}

/* A request to open a file. */
struct opening {
	uint64_t dirfd, path;
	unsigned flags; /* as the guest gave them */
	unsigned mode;
	unsigned how; /* HC_PATH_BY_STEPS */
};

static int64_t
open_once(struct hc_call *call, const struct opening *o, unsigned flags,
    struct hc_file **file)
{
	const bool makes = (flags & O_CREAT) && !(flags & O_PATH);
	const bool stays = (flags & O_NOFOLLOW) || (makes && (flags & O_EXCL));
	struct hc_found found;
	int64_t r = hc_path_find(call, o->dirfd, o->path,
	    o->how | (stays ? 0 : HC_PATH_FOLLOW) | (makes ? HC_PATH_MAKE : 0),
	    &found);

	if (r == 0 && found.leads == HC_LEADS_OWN)
		r = hc_own_open(call, &found.own, flags, file);
	else if (r == 0 && found.leads == HC_LEADS_DESCRIPTOR)
		r = open_again(call, found.own.number, flags, o->mode, file);
	else if (r == 0 && found.leads == HC_LEADS_SHARED)
		r = make_shared(call, &found, flags, o->mode, file);
	else if (r == 0 && found.leads == HC_LEADS_QUEUE)
		r = hc_mq_open(call->guest, found.last, flags, o->mode, file);
	else if (r == 0 && found.leads == HC_LEADS_PROGRAM)
		r = open_program(call, flags, file);
	else if (r == 0)
		r = open_found(call, &found, flags, o->mode, file);
	/* A descriptor's link may lead to the same open file. */
	if (r == 0 && found.leads != HC_LEADS_DESCRIPTOR)
		(*file)->no_follow = flags & O_NOFOLLOW;
	return hc_found_put(&found, r);
}

/* The file that a name leads to, opened and held.  0 or -errno. */
static int64_t
open_name(struct hc_call *call, const struct opening *o, unsigned flags,
    struct hc_file **file)
{
	unsigned tries;
	int64_t r = -EAGAIN;

	for (tries = 0; tries < OPEN_TRIES && r == -EAGAIN; tries++)
		r = open_once(call, o, flags, file);
	/* The guest itself made and removed the file at each try. */
	return r == -EAGAIN ? -ENOENT : r;
}

static int64_t
open_call(struct hc_call *call, const struct opening *o)
{
	unsigned flags = o->flags & OPEN_FLAGS;
	struct hc_file *file;
	int64_t r;

	if (flags & O_PATH)
		flags &= PATH_FLAGS;
	r = check_flags(flags);
	/* No file is made or emptied for a call that fails. */
	if (r == 0)
		r = hc_fd_room(&call->guest->fds);
	if (r == 0)
		r = open_name(call, o, flags, &file);
	return r < 0 ? r
		     : hc_fd_install(
			   &call->guest->fds, file, 0, o->flags & O_CLOEXEC);
}

int64_t
hc_do_open(struct hc_call *call)
{
	return open_call(call, &(struct opening){
				   .dirfd = (uint64_t)AT_FDCWD,
				   .path = call->open.path,
				   .flags = (unsigned)call->open.flags,
				   .mode = (unsigned)call->open.mode,
			       });
}

int64_t
hc_do_openat(struct hc_call *call)
{
	return open_call(call, &(struct opening){
				   .dirfd = call->openat.dirfd,
				   .path = call->openat.path,
				   .flags = (unsigned)call->openat.flags,
				   .mode = (unsigned)call->openat.mode,
			       });
}

int64_t
hc_do_creat(struct hc_call *call)
{
	return open_call(call, &(struct opening){
				   .dirfd = (uint64_t)AT_FDCWD,
				   .path = call->creat.path,
				   .flags = O_CREAT | O_WRONLY | O_TRUNC,
				   .mode = (unsigned)call->creat.mode,
			       });
}

/* openat2() checks all flags.  The kernel's O_LARGEFILE is not that of a 64-bit
 * <fcntl.h>. */
#define LARGE_FILE  0100000U
#define HOW_FLAGS   (OPEN_FLAGS | (unsigned)(O_CLOEXEC | O_ASYNC) | LARGE_FILE)
#define HOW_WITH_FD (PATH_FLAGS | (unsigned)O_CLOEXEC)
#define HOW_MODE    07777U
#define HOW_FIRST   24U /* bytes of the first version of the structure */

static const struct {
	uint64_t resolve;
	unsigned how;
} resolves[] = {
	{ RESOLVE_NO_SYMLINKS, HC_PATH_NO_LINKS },
	{ RESOLVE_NO_MAGICLINKS, HC_PATH_NO_JUMPS },
	{ RESOLVE_BENEATH, HC_PATH_BENEATH },
};

/* RESOLVE_NO_XDEV, RESOLVE_IN_ROOT and RESOLVE_CACHED are as unknown here as on
 * a Linux before these flags. */
static int
get_resolve(uint64_t resolve, unsigned *how)
{
	size_t i;

	*how = 0;
	for (i = 0; i < sizeof(resolves) / sizeof(resolves[0]); i++) {
		if (resolve & resolves[i].resolve)
			*how |= resolves[i].how;
		resolve &= ~resolves[i].resolve;
	}
	return resolve ? -EINVAL : 0;
}

static bool
has_valid_mode(const struct open_how *how)
{
	bool makes = (how->flags & O_CREAT) ||
		     ((unsigned)how->flags & TMPFILE_FLAG);

	return (how->mode & ~(uint64_t)(makes ? HOW_MODE : 0)) == 0;
}

int64_t
hc_do_openat2(struct hc_call *call)
{
	struct opening o = {
		.dirfd = call->openat2.dirfd,
		.path = call->openat2.path,
	};
	struct open_how how;
	int r = -EINVAL;

	if (call->openat2.size >= HOW_FIRST)
		r = hc_fetch_sized(call, &how, sizeof(how), call->openat2.how,
		    call->openat2.size);
	if (r < 0)
		return r;
	if ((how.flags & ~(uint64_t)HOW_FLAGS) ||
	    ((how.flags & O_PATH) && (how.flags & ~(uint64_t)HOW_WITH_FD)) ||
	    !has_valid_mode(&how) || get_resolve(how.resolve, &o.how) < 0)
		return -EINVAL;
	o.flags = (unsigned)how.flags;
	o.mode = (unsigned)how.mode;
	return open_call(call, &o);
}

static int
hold_descriptor(struct hc_call *call, int fd, struct hc_found *found)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, (uint64_t)fd);
	int r;

	if (!file)
		return -ENOENT;
	r = hc_found_descriptor(file, found);
	hc_file_put(file);
	return r;
}

int
hc_hold(struct hc_call *call, uint64_t dirfd, uint64_t va, unsigned flags,
    struct hc_found *found)
{
	const bool follow = !(flags & AT_SYMLINK_NOFOLLOW);
	const bool empty = flags & AT_EMPTY_PATH;
	int r = hc_path_find(call, dirfd, va,
	    (follow ? HC_PATH_FOLLOW : 0) | (empty ? HC_PATH_EMPTY : 0), found);

	if (r == 0 && found->leads == HC_LEADS_DESCRIPTOR)
		r = hold_descriptor(call, found->own.number, found);
	else if (r == 0 && found->leads == HC_LEADS_PROGRAM)
		r = hc_found_program(call->guest, found);
	return r;
}

/* A file that is not novillo's own came by a descriptor if the call may look at
 * own files only; fstat() is permitted on that. */
static int64_t
host_stat(struct hc_call *call, const struct hc_found *found, struct stat *st)
{
	int64_t r;

	if (found->answers && hc_answer_stat(call->guest, found->answers, st))
		return 0;
	r = found->own.row ? hc_own_stat(call, &found->own, st)
			   : hc_host(SYS_fstat, found->fd, st);
	if (r == 0 && found->shared)
		st->st_nlink = found->shared->names;
	return r;
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
	r = hc_found_put(&found, host_stat(call, &found, &st));
	return r < 0 ? r : gmem_write(call->guest->mem, to, &st, sizeof(st));
}

int64_t
hc_do_stat(struct hc_call *call)
{
	return stat_call(
	    call, (uint64_t)AT_FDCWD, call->stat.path, call->stat.buf, 0);
}

int64_t
hc_do_lstat(struct hc_call *call)
{
	return stat_call(call, (uint64_t)AT_FDCWD, call->lstat.path,
	    call->lstat.buf, AT_SYMLINK_NOFOLLOW);
}

int64_t
hc_do_newfstatat(struct hc_call *call)
{
	return stat_call(call, call->newfstatat.dirfd, call->newfstatat.path,
	    call->newfstatat.buf, (unsigned)call->newfstatat.flags);
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
host_statx(struct hc_call *call, const struct hc_found *found, unsigned flags,
    struct statx *stx)
{
	struct stat st;
	int64_t r;

	if (!found->own.row && !call->own_only && !found->shared &&
	    !found->answers)
		return hc_host(SYS_statx, found->fd, "",
		    AT_EMPTY_PATH | (flags & AT_STATX_SYNC_TYPE),
		    (unsigned)call->statx.mask, stx);
	r = host_stat(call, found, &st);
	if (r == 0)
		statx_of(&st, stx);
	return r;
}

int64_t
hc_do_statx(struct hc_call *call)
{
	unsigned flags = (unsigned)call->statx.flags;
	struct hc_found found;
	struct statx stx;
	int64_t r;

	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH |
				AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	r = hc_hold(call, call->statx.dirfd, call->statx.path, flags, &found);
	if (r < 0)
		return r;
	r = hc_found_put(&found, host_statx(call, &found, flags, &stx));
	return r < 0 ? r
		     : gmem_write(call->guest->mem, call->statx.buf, &stx,
			   sizeof(stx));
}

/* The answer where only descriptors may be looked at: the way of opening. */
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
		return hc_own_access(call, &found->own, mode);
	if (found->program)
		return mode & W_OK ? -EACCES : 0;
	/* Without a volume a file can only have come by a descriptor. */
	if (call->own_only || call->guest->tree.mounts == 0)
		return may_use(found->fd, mode);
	if ((mode & W_OK) && found->read_only)
		return -EROFS;
	/* AT_EACCESS makes no difference: the guest has one user. */
	return hc_host(SYS_faccessat, call->guest->tree.self,
	    hc_held_name(found->fd).text, (int)mode);
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
	return hc_found_put(&found, may_access(call, &found, (unsigned)mode));
}

int64_t
hc_do_access(struct hc_call *call)
{
	return access_call(
	    call, (uint64_t)AT_FDCWD, call->access.path, call->access.mode, 0);
}

int64_t
hc_do_faccessat(struct hc_call *call)
{
	return access_call(call, call->faccessat.dirfd, call->faccessat.path,
	    call->faccessat.mode, 0);
}

int64_t
hc_do_faccessat2(struct hc_call *call)
{
	return access_call(call, call->faccessat2.dirfd, call->faccessat2.path,
	    call->faccessat2.mode, (unsigned)call->faccessat2.flags);
}

/* The text of the link, in text->bytes, and its length. */
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
	return r == -ENOENT ? -EINVAL : r; /* it is not a link */
}

/* The error for a name that is not a link's.  An empty name is ENOENT. */
static int64_t
no_link(const struct hc_call *call, uint64_t path)
{
	char first = 0;

	(void)gmem_read(call->guest->mem, &first, path, 1);
	return first ? -EINVAL : -ENOENT;
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
	r = hc_found_put(&found, read_link(call, &found, &text));
	if (r < 0)
		return r == -EINVAL ? no_link(call, path) : r;
	if ((uint64_t)r > size)
		r = (int64_t)size;
	return gmem_write(call->guest->mem, to, text.bytes, (size_t)r) < 0
		   ? -EFAULT
		   : r;
}

int64_t
hc_do_readlink(struct hc_call *call)
{
	return readlink_call(call, (uint64_t)AT_FDCWD, call->readlink.path,
	    call->readlink.buf, call->readlink.size);
}

int64_t
hc_do_readlinkat(struct hc_call *call)
{
	return readlink_call(call, call->readlinkat.dirfd,
	    call->readlinkat.path, call->readlinkat.buf, call->readlinkat.size);
}

int64_t
hc_do_umask(struct hc_call *call)
{
	call->guest->world.umask = (unsigned)call->umask.mask & 0777;
	return hc_host(SYS_umask, (unsigned)call->umask.mask);
}

/* Give the file that was opened a length: one in memory counts by it. */
static int64_t
set_length(struct hc_call *call, struct hc_file *file, uint64_t length)
{
	struct hc_growth growth;
	int64_t r;

	if (file->own)
		return -EINVAL;
	if (!file->mount && !file->shared)
		return -EACCES;
	r = hc_growth_reaches(call->guest, file->host, length);
	if (r == 0)
		r = hc_memfile_begin(
		    &growth, call->guest, file, HC_AT_START, length);
	return r < 0 ? r
		     : hc_memfile_end(
			   &growth, hc_host(SYS_ftruncate, file->host, length));
}

int64_t
hc_do_truncate(struct hc_call *call)
{
	struct hc_file *file;
	int64_t r;

	if ((int64_t)call->truncate.length < 0)
		return -EINVAL;
	r = open_name(call,
	    &(struct opening){
		.dirfd = (uint64_t)AT_FDCWD,
		.path = call->truncate.path,
	    },
	    O_WRONLY | O_NONBLOCK, &file);
	if (r < 0)
		return r == -ENXIO ? -EINVAL : r; /* a FIFO without a reader */
	r = set_length(call, file, call->truncate.length);
	hc_file_put(file);
	return r;
}

static int64_t
host_statfs(
    struct hc_call *call, const struct hc_found *found, struct statfs *fs)
{
	if (found->own.row)
		return hc_own_statfs(call->guest, &found->own, fs);
	if (found->shared) {
		hc_shared_statfs(call->guest, fs);
		return 0;
	}
	return call->own_only ? HC_ELSEWHERE
			      : hc_host(SYS_fstatfs, found->fd, fs);
}

int64_t
hc_do_statfs(struct hc_call *call)
{
	struct hc_found found;
	struct statfs fs;
	int64_t r = hc_hold(
	    call, (uint64_t)AT_FDCWD, call->statfs.path, 0, &found);

	if (r < 0)
		return r;
	r = hc_found_put(&found, host_statfs(call, &found, &fs));
	return r < 0 ? r
		     : gmem_write(
			   call->guest->mem, call->statfs.buf, &fs, sizeof(fs));
}
