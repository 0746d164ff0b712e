/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that make, move and remove names, and on the folder a guest is
 * in.  Nothing here may know how a name is resolved.
 */
#include "hypercall/forward.h"
#include "hypercall/handlers.h"
#include "hypercall/host.h"
#include "hypercall/own.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1U << 0)
#define RENAME_EXCHANGE  (1U << 1)
#endif

/* A name whose folder is held: what the calls below act on. */
struct entry {
	struct hc_name_at name;
	struct hc_found found;
};

/* 0 or -errno; entry_put() if it is 0.  -EEXIST: it is one of novillo's own,
 * among which nothing is made, moved or removed. */
static int
entry_get(
    struct hc_call *call, struct entry *entry, uint64_t dirfd, uint64_t path)
{
	int r = hc_path_get(call->guest, &entry->name, dirfd, path);
	struct hc_own own;

	if (r == 0)
		r = hc_own_find(call, &entry->name, false, &own);
	if (r > 0)
		r = -EEXIST;
	if (r == 0)
		r = hc_path_parent(call->guest, &entry->name, &entry->found);
	hc_path_put(&entry->name);
	return r;
}

static int64_t
entry_put(struct entry *entry, int64_t result)
{
	close(entry->found.fd);
	return result;
}

static int64_t
mkdir_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t mode)
{
	struct entry e;
	int64_t r = entry_get(call, &e, dirfd, path);

	if (r < 0)
		return r;
	return entry_put(&e, hc_host(SYS_mkdirat, e.found.fd, e.found.name,
				 (unsigned)mode & HC_MODE));
}

int64_t
hc_do_mkdir(struct hc_call *call)
{
	return mkdir_call(call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1]);
}

int64_t
hc_do_mkdirat(struct hc_call *call)
{
	return mkdir_call(call, call->arg[0], call->arg[1], call->arg[2]);
}

/* Neither devices, nor sockets, which bind() makes. */
static int64_t
mknod_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t mode)
{
	const unsigned kind = (unsigned)mode & S_IFMT;
	struct entry e;
	int64_t r;

	if (kind == S_IFCHR || kind == S_IFBLK || kind == S_IFSOCK)
		return -EPERM;
	if (kind != 0 && kind != S_IFREG && kind != S_IFIFO)
		return -EINVAL;
	r = entry_get(call, &e, dirfd, path);
	if (r < 0)
		return r;
	return entry_put(&e, hc_host(SYS_mknodat, e.found.fd, e.found.name,
				 kind | ((unsigned)mode & HC_MODE), 0));
}

int64_t
hc_do_mknod(struct hc_call *call)
{
	return mknod_call(call, (uint64_t)AT_FDCWD, call->arg[0], call->arg[1]);
}

int64_t
hc_do_mknodat(struct hc_call *call)
{
	return mknod_call(call, call->arg[0], call->arg[1], call->arg[2]);
}

static int64_t
unlink_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t flags)
{
	struct entry e;
	int64_t r;

	if ((unsigned)flags & ~(unsigned)AT_REMOVEDIR)
		return -EINVAL;
	r = entry_get(call, &e, dirfd, path);
	if (r < 0)
		return r == -EEXIST ? -EPERM : r;
	return entry_put(&e,
	    hc_host(SYS_unlinkat, e.found.fd, e.found.name, (unsigned)flags));
}

int64_t
hc_do_unlink(struct hc_call *call)
{
	return unlink_call(call, (uint64_t)AT_FDCWD, call->arg[0], 0);
}

int64_t
hc_do_rmdir(struct hc_call *call)
{
	return unlink_call(
	    call, (uint64_t)AT_FDCWD, call->arg[0], AT_REMOVEDIR);
}

int64_t
hc_do_unlinkat(struct hc_call *call)
{
	return unlink_call(call, call->arg[0], call->arg[1], call->arg[2]);
}

/* Both names held; 0, and entry_put() for both, or -errno. */
static int
entries_get(struct hc_call *call, struct entry e[2], const uint64_t at[4])
{
	int r = entry_get(call, &e[0], at[0], at[1]);

	if (r < 0)
		return r == -EEXIST ? -EPERM : r;
	r = entry_get(call, &e[1], at[2], at[3]);
	if (r == -EEXIST)
		r = -EPERM;
	return r < 0 ? (int)entry_put(&e[0], r) : 0;
}

static int64_t
rename_call(struct hc_call *call, const uint64_t at[4], uint64_t flags)
{
	const unsigned known = RENAME_NOREPLACE | RENAME_EXCHANGE;
	struct entry e[2];
	int64_t r;

	/* Whiteouts are device nodes. */
	if ((unsigned)flags & ~known)
		return -EINVAL;
	r = entries_get(call, e, at);
	if (r < 0)
		return r;
	r = hc_host(SYS_renameat2, e[0].found.fd, e[0].found.name,
	    e[1].found.fd, e[1].found.name, (unsigned)flags);
	return entry_put(&e[0], entry_put(&e[1], r));
}

int64_t
hc_do_rename(struct hc_call *call)
{
	return rename_call(call,
	    (uint64_t[]){ (uint64_t)AT_FDCWD, call->arg[0], (uint64_t)AT_FDCWD,
		call->arg[1] },
	    0);
}

int64_t
hc_do_renameat(struct hc_call *call)
{
	return rename_call(call, call->arg, 0);
}

int64_t
hc_do_renameat2(struct hc_call *call)
{
	return rename_call(call, call->arg, call->arg[4]);
}

/*
 * A link to a symbolic link is one to that link: what it leads to might be
 * another thing by the time the host looks.  With a slash behind it the host
 * follows it all the same, out of the guest's tree, and its error tells what is
 * there; such a name is a folder's, of which no link is made.
 */
static int64_t
link_call(struct hc_call *call, const uint64_t at[4], uint64_t flags)
{
	struct entry e[2];
	int64_t r;

	if ((unsigned)flags & ~(unsigned)AT_SYMLINK_FOLLOW)
		return -EINVAL;
	r = entries_get(call, e, at);
	if (r < 0)
		return r;
	if (strchr(e[0].found.name, '/'))
		return entry_put(&e[0], entry_put(&e[1], -EPERM));
	r = hc_host(SYS_linkat, e[0].found.fd, e[0].found.name, e[1].found.fd,
	    e[1].found.name, 0);
	return entry_put(&e[0], entry_put(&e[1], r));
}

int64_t
hc_do_link(struct hc_call *call)
{
	return link_call(call,
	    (uint64_t[]){ (uint64_t)AT_FDCWD, call->arg[0], (uint64_t)AT_FDCWD,
		call->arg[1] },
	    0);
}

int64_t
hc_do_linkat(struct hc_call *call)
{
	return link_call(call, call->arg, call->arg[4]);
}

static int64_t
symlink_call(
    struct hc_call *call, uint64_t target, uint64_t dirfd, uint64_t path)
{
	char text[HC_PATH];
	struct entry e;
	int64_t r = gmem_string(call->guest->mem, text, sizeof(text), target);

	if (r < 0)
		return r;
	r = entry_get(call, &e, dirfd, path);
	if (r < 0)
		return r;
	return entry_put(
	    &e, hc_host(SYS_symlinkat, text, e.found.fd, e.found.name));
}

int64_t
hc_do_symlink(struct hc_call *call)
{
	return symlink_call(
	    call, call->arg[0], (uint64_t)AT_FDCWD, call->arg[1]);
}

int64_t
hc_do_symlinkat(struct hc_call *call)
{
	return symlink_call(call, call->arg[0], call->arg[1], call->arg[2]);
}

/* A folder to be in: one whose names may be looked up. */
static int
may_enter(int fd)
{
	return (int)hc_host(SYS_faccessat, fd, ".", X_OK);
}

/* A folder of the guest's tree, held. */
static int
find_folder(struct hc_guest *guest, const struct hc_name_at *name,
    struct hc_file **file)
{
	struct hc_found found;
	int r = hc_path_open(guest, name, O_PATH | O_DIRECTORY, 0, &found);

	if (r < 0)
		return r;
	r = may_enter(found.fd);
	if (r < 0) {
		close(found.fd);
		return r;
	}
	*file = hc_file_new(&guest->fds, found.fd);
	if (!*file)
		return -ENOMEM;
	(*file)->directory = (*file)->placed = true;
	(*file)->read_only = found.read_only;
	strcpy(hc_file_place(&guest->fds, *file), found.place);
	return 0;
}

/* The folder that an open file is, held once more. */
static int
enter_file(struct hc_guest *guest, uint64_t fd, struct hc_file **file)
{
	int r;

	*file = hc_fd_get(&guest->fds, fd);
	if (!*file)
		return -EBADF;
	r = !(*file)->directory ? -ENOTDIR
	    : (*file)->own      ? 0
				: may_enter((*file)->host);
	if (r < 0)
		hc_file_put(*file);
	return r;
}

int64_t
hc_do_chdir(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	struct hc_name_at name;
	struct hc_file *file;
	struct hc_own own;
	int r = hc_path_get(guest, &name, (uint64_t)AT_FDCWD, call->arg[0]);

	if (r == -ENOENT && call->own_only)
		r = HC_ELSEWHERE;
	if (r == 0)
		r = hc_own_find(call, &name, true, &own);
	if (r == HC_OWN_IS)
		r = hc_own_open(call, &own, O_PATH | O_DIRECTORY, &file);
	else if (r == HC_OWN_IS_DESCRIPTOR && call->own_only)
		r = HC_ELSEWHERE;
	else if (r == HC_OWN_IS_DESCRIPTOR)
		r = enter_file(guest, (uint64_t)own.number, &file);
	else if (r == 0)
		r = find_folder(guest, &name, &file);
	hc_path_put(&name);
	if (r == 0)
		hc_tree_move(guest, file);
	return r;
}

int64_t
hc_do_fchdir(struct hc_call *call)
{
	struct hc_file *file;
	int r = enter_file(call->guest, call->arg[0], &file);

	if (r == 0)
		hc_tree_move(call->guest, file);
	return r;
}

int64_t
hc_do_getcwd(struct hc_call *call)
{
	struct hc_guest *guest = call->guest;
	struct hc_file *cwd = hc_tree_cwd(guest);
	const char *place = cwd ? hc_file_place(&guest->fds, cwd) : "";
	size_t size;
	int64_t r;

	if (!*place)
		place = "/";
	size = strlen(place) + 1;
	if (size > call->arg[1])
		r = -ERANGE;
	else if (gmem_write(guest->mem, call->arg[0], place, size) < 0)
		r = -EFAULT;
	else
		r = (int64_t)size;
	if (cwd)
		hc_file_put(cwd);
	return r;
}

int64_t
hc_do_getdents64(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->arg[0]);
	int64_t r;

	if (!file)
		return -EBADF;
	if (file->own)
		r = hc_own_getdents(call, file);
	else
		r = call->own_only ? HC_ELSEWHERE
				   : hc_forward(call, hc_row(HC_getdents64));
	hc_file_put(file);
	return r;
}
