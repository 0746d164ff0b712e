/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in the guest's tree.  Nothing here may know what is done with what is
 * found.
 */
#include "hypercall/path.h"

#include "hypercall/host.h"
#include "hypercall/hypercall.h"
#include "hypercall/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* openat2() asks for another try when a folder moved under it. */
#define MOVED_TRIES 16

/* Behind the mount's name, at a slash or at the end; NULL: not below it. */
static const char *
below(const struct hc_mount *mount, const char *path)
{
	if (strncmp(path, mount->at, mount->len) != 0)
		return NULL;
	path += mount->len;
	return *path == '/' || *path == '\0' ? path : NULL;
}

static const struct hc_mount *
find_mount(const struct hc_tree *tree, const char *path, const char **rest)
{
	unsigned i;

	for (i = 0; i < tree->mounts; i++) {
		*rest = below(&tree->mount[i], path);
		if (*rest)
			return &tree->mount[i];
	}
	return NULL;
}

/* Is what is looked up in the one folder that is the whole tree? */
static bool
is_plain(const struct hc_tree *tree)
{
	return tree->mounts == 1 && tree->mount[0].len == 0;
}

bool
hc_tree_is_volume(const struct hc_tree *tree, const char *place)
{
	const char *rest;
	const struct hc_mount *mount = find_mount(tree, place, &rest);

	return mount && mount->len > 0;
}

int
hc_path_normalize(const char *from, const char *path, char out[HC_PATH])
{
	size_t len = *path == '/' ? 0 : strlen(from);

	memcpy(out, from, len);
	for (;;) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0)
			break;
		if (n == 2 && memcmp(path, "..", 2) == 0) {
			while (len > 0 && out[--len] != '/')
				continue;
		} else if (n != 1 || *path != '.') {
			if (len + n + 2 > HC_PATH)
				return -ENAMETOOLONG;
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
	}
	out[len] = '\0';
	return 0;
}

static bool
makes(unsigned flags)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

static bool
writes(unsigned flags)
{
	return !(flags & O_PATH) && (makes(flags) || (flags & O_TRUNC) ||
					(flags & O_ACCMODE) != O_RDONLY);
}

static int64_t
open_in(
    int root, const char *path, unsigned flags, unsigned mode, uint64_t resolve)
{
	const struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.mode = makes(flags) ? mode : 0,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	unsigned tries = 0;
	int64_t r;

	do
		r = hc_host(SYS_openat2, root, path, &how, sizeof(how));
	while (r == -EAGAIN && ++tries < MOVED_TRIES);
	return r;
}

/* In the folder `root`, from which nothing leads out. */
static int64_t
open_below(const struct hc_tree *tree, int root, const char *path,
    unsigned flags, unsigned mode)
{
	int64_t r;

	if (tree->no_openat2)
		r = hc_path_walk(root, path, flags, mode);
	else
		r = open_in(root, path, flags, mode, RESOLVE_IN_ROOT);
	/* What lies on another file system of the host is not the guest's. */
	return r == -EXDEV ? -EACCES : r;
}

/* By the absolute name in found->place. */
static int64_t
open_absolute(const struct hc_tree *tree, const char *text, unsigned flags,
    unsigned mode, struct hc_found *found)
{
	const char *rest;
	const struct hc_mount *mount = find_mount(tree, found->place, &rest);

	if (!mount)
		return -ENOENT;
	found->read_only = mount->read_only;
	if (found->read_only && writes(flags))
		return -EROFS;
	/* A slash at the end asks for a folder, and was taken away. */
	if (text[strlen(text) - 1] == '/') {
		if (flags & O_CREAT)
			return -EISDIR;
		flags |= O_DIRECTORY;
	}
	/* In the only folder the host takes the name as it is, with what ".."
	 * means behind a link. */
	if (is_plain(tree) && text[0] == '/')
		rest = text;
	rest += strspn(rest, "/");
	return open_below(tree, mount->host, *rest ? rest : ".", flags, mode);
}

/*
 * From a folder that the guest has open, wherever that is by now.  -EXDEV:
 * from there the name leads up or to the root.
 */
static int64_t
open_relative(const struct hc_file *dir, const char *text, unsigned flags,
    unsigned mode, struct hc_found *found)
{
	found->read_only = dir->read_only;
	if (found->read_only && writes(flags))
		return -EROFS;
	return open_in(dir->host, text, flags, mode, RESOLVE_BENEATH);
}

int
hc_path_open(struct hc_guest *guest, const struct hc_name_at *name,
    unsigned flags, unsigned mode, struct hc_found *found)
{
	const struct hc_tree *tree = &guest->tree;
	bool relative = name->text[0] != '/';
	int64_t r;

	found->own.row = 0;
	if (!name->text[0] || (relative && !name->dir))
		return -ENOENT;
	r = hc_path_normalize(
	    name->dir ? hc_file_place(&guest->fds, name->dir) : "", name->text,
	    found->place);
	if (r < 0)
		return (int)r;
	mode &= HC_MODE;
	/* Who knows of novillo's own files has asked for them already. */
	if (hc_own_covers(tree, found->place))
		return -ENOENT;
	r = -EXDEV;
	if (relative && is_plain(tree) && !tree->no_openat2)
		r = open_relative(name->dir, name->text, flags, mode, found);
	if (r == -EXDEV)
		r = open_absolute(tree, name->text, flags, mode, found);
	if (r < 0)
		return (int)r;
	found->fd = (int)r;
	return 0;
}

/* Cut the last component off; trailing slashes stay with it. */
static const char *
split(struct hc_name_at *name)
{
	char *text = name->text;
	size_t len = strlen(text);
	char *last;

	while (len > 0 && text[len - 1] == '/')
		len--;
	if (len == 0)
		return ".";
	while (len > 0 && text[len - 1] != '/')
		len--;
	last = text + len;
	if (len == 0) {
		memmove(text + 2, text, strlen(text) + 1);
		memcpy(text, ".", 2);
		return text + 2;
	}
	/* The slash before it is where the folder's name ends; of the root's
	 * nothing else is left. */
	if (len == 1) {
		memmove(text + 2, text + 1, strlen(text));
		memcpy(text, "/", 2);
		return text + 2;
	}
	last[-1] = '\0';
	return last;
}

int
hc_path_parent(
    struct hc_guest *guest, struct hc_name_at *name, struct hc_found *found)
{
	int r;

	if (!name->text[0])
		return -ENOENT;
	found->name = split(name);
	r = hc_path_open(guest, name, O_PATH | O_DIRECTORY, 0, found);
	if (r == 0 && found->read_only) {
		close(found->fd);
		return -EROFS;
	}
	return r;
}

/* Where the name starts that was fetched. */
static int
start_name(struct hc_guest *guest, struct hc_name_at *name, uint64_t dirfd)
{
	if (name->text[0] == '/')
		return 0;
	if ((int)dirfd == AT_FDCWD) {
		name->dir = hc_tree_cwd(guest);
		return name->dir ? 0 : -ENOENT;
	}
	name->dir = hc_fd_get(&guest->fds, dirfd);
	if (!name->dir)
		return -EBADF;
	return name->dir->directory || !name->text[0] ? 0 : -ENOTDIR;
}

int
hc_path_get(struct hc_guest *guest, struct hc_name_at *name, uint64_t dirfd,
    uint64_t va)
{
	int64_t len;

	name->dir = NULL;
	len = gmem_string(guest->mem, name->text, HC_PATH, va);
	return len < 0 ? (int)len : start_name(guest, name, dirfd);
}

int
hc_path_set(struct hc_guest *guest, struct hc_name_at *name, const char *text)
{
	name->dir = NULL;
	strcpy(name->text, text);
	return start_name(guest, name, (uint64_t)AT_FDCWD);
}

void
hc_path_put(struct hc_name_at *name)
{
	if (name->dir)
		hc_file_put(name->dir);
	name->dir = NULL;
}

struct hc_file *
hc_tree_cwd(struct hc_guest *guest)
{
	struct hc_file *cwd;

	pthread_mutex_lock(&guest->fds.lock);
	cwd = guest->tree.cwd;
	if (cwd)
		hc_file_hold(cwd);
	pthread_mutex_unlock(&guest->fds.lock);
	return cwd;
}

void
hc_tree_move(struct hc_guest *guest, struct hc_file *cwd)
{
	struct hc_file *old;

	pthread_mutex_lock(&guest->fds.lock);
	old = guest->tree.cwd;
	guest->tree.cwd = cwd;
	pthread_mutex_unlock(&guest->fds.lock);
	if (old)
		hc_file_put(old);
}

/*
 * An openat2() that says what is wrong with an open without a description of
 * how.  Of a filter that forbids it, the error may be any.
 */
static bool
has_openat2(void)
{
	return hc_host(SYS_openat2, -1, NULL, NULL, 0) == -EINVAL;
}

/* A file of procfs is more than a file: some are the VMM's own memory. */
static int
open_volume(const char *host)
{
	struct statfs fs;
	int fd = open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) == 0 && fs.f_type != PROC_SUPER_MAGIC)
		return fd;
	close(fd);
	return -EMEDIUMTYPE;
}

/* The folder the guest starts in: "/", or the first that is there. */
static int
start_in(struct hc_guest *guest, const struct hc_mount *mount)
{
	struct hc_file *cwd = hc_file_new(
	    &guest->fds, fcntl(mount->host, F_DUPFD_CLOEXEC, 0));

	if (!cwd)
		return -EMFILE;
	cwd->directory = cwd->placed = true;
	cwd->read_only = mount->read_only;
	strcpy(hc_file_place(&guest->fds, cwd), mount->at);
	hc_tree_move(guest, cwd);
	return 0;
}

int
hc_tree_mount(
    struct hc_guest *guest, const char *host, const char *at, bool read_only)
{
	struct hc_tree *tree = &guest->tree;
	struct hc_mount new = { .read_only = read_only };
	unsigned i;
	int r = hc_path_normalize("", at, new.at);

	if (r < 0)
		return r;
	if (tree->mounts == HC_MOUNTS)
		return -ENOSPC;
	new.len = strlen(new.at);
	for (i = 0; i < tree->mounts; i++)
		if (strcmp(tree->mount[i].at, new.at) == 0)
			return -EEXIST;
	if (tree->self < 0)
		tree->self = open(
		    "/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree->self < 0)
		return -ENOSYS;
	tree->no_openat2 = !has_openat2();
	new.host = open_volume(host);
	if (new.host < 0)
		return new.host;
	for (i = tree->mounts; i > 0 && tree->mount[i - 1].len < new.len; i--)
		tree->mount[i] = tree->mount[i - 1];
	tree->mount[i] = new;
	tree->mounts++;
	return tree->mounts == 1 || new.len == 0 ? start_in(guest, &new) : 0;
}
