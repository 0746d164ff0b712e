/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls that make, move and remove names, and on the folder a guest is
 * in.  Nothing here may know how a name is resolved.
 */
#include "hypercall/core/forward.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/file/file.h"
#include "hypercall/task/mqueue.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1U << 0)
#define RENAME_EXCHANGE  (1U << 1)
#endif

static bool
is_dots(const struct hc_found *found)
{
	const size_t n = strspn(found->last, ".");

	return n <= 2 && (!found->last[n] || found->last[n] == '/');
}

static bool
has_slash(const struct hc_found *found)
{
	return strchr(found->last, '/') != NULL;
}

/* The type of the file of this name in the held folder, S_IF*; 0: there is
 * none. */
static unsigned
type_of(const struct hc_found *found)
{
	char name[sizeof(found->last)];
	struct stat st;

	if (found->entry == HC_ENTRY_POINT)
		return found->folder ? S_IFDIR : S_IFREG;
	if (found->entry == HC_ENTRY_SHARED || found->entry == HC_ENTRY_QUEUE)
		return 0;
	strcpy(name, found->last);
	name[strcspn(name, "/")] = '\0';
	return hc_host(SYS_newfstatat, found->fd, name, &st,
		   AT_SYMLINK_NOFOLLOW) == 0
		   ? st.st_mode & S_IFMT
		   : 0;
}

/* The folder of a name that is made, a folder's with `folder`, is held: 0 or
 * -errno; hc_found_put() if it is 0. */
static int
find_new(struct hc_call *call, uint64_t dirfd, uint64_t va, bool folder,
    struct hc_found *found)
{
	int r = hc_path_find(call, dirfd, va, HC_PATH_ENTRY, found);

	if (r == 0 && found->entry == HC_ENTRY_NONE)
		r = -EROFS;
	else if (r == 0 && found->entry == HC_ENTRY_SHARED)
		r = hc_shared_has(call->guest, found->last) ? -EEXIST : -EPERM;
	else if (r == 0 && found->entry == HC_ENTRY_QUEUE)
		r = hc_mq_number(call->guest, found->last) ? -EEXIST : -EPERM;
	else if (r == 0 && found->entry != HC_ENTRY_HOST)
		r = -EEXIST;
	else if (r == 0 && found->read_only)
		r = type_of(found)                ? -EEXIST
		    : has_slash(found) && !folder ? -ENOENT
						  : -EROFS;
	return r < 0 ? (int)hc_found_put(found, r) : 0;
}

/* The same for a name that is removed.  The host refuses to remove "." and
 * "..", and has an error for each. */
static int
find_old(
    struct hc_call *call, uint64_t dirfd, uint64_t va, struct hc_found *found)
{
	int r = hc_path_find(call, dirfd, va, HC_PATH_ENTRY, found);

	if (r == 0 && found->entry == HC_ENTRY_OWN)
		r = -EPERM;
	else if (r == 0 && found->entry == HC_ENTRY_NONE)
		r = -ENOENT;
	else if (r == 0 && found->read_only && !is_dots(found))
		r = -EROFS;
	return r < 0 ? (int)hc_found_put(found, r) : 0;
}

static int64_t
mkdir_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t mode)
{
	struct hc_found found;
	int64_t r = find_new(call, dirfd, path, true, &found);

	if (r < 0)
		return r;
	return hc_found_put(&found, hc_host(SYS_mkdirat, found.fd, found.last,
					(unsigned)mode & HC_MODE));
}

int64_t
hc_do_mkdir(struct hc_call *call)
{
	return mkdir_call(
	    call, (uint64_t)AT_FDCWD, call->mkdir.path, call->mkdir.mode);
}

int64_t
hc_do_mkdirat(struct hc_call *call)
{
	return mkdir_call(
	    call, call->mkdirat.dirfd, call->mkdirat.path, call->mkdirat.mode);
}

/* Devices are refused, and sockets, which bind() makes. */
static int64_t
mknod_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t mode)
{
	const unsigned kind = (unsigned)mode & S_IFMT;
	struct hc_found found;
	int64_t r;

	if (kind == S_IFCHR || kind == S_IFBLK || kind == S_IFSOCK)
		return -EPERM;
	if (kind != 0 && kind != S_IFREG && kind != S_IFIFO)
		return -EINVAL;
	r = find_new(call, dirfd, path, false, &found);
	if (r < 0)
		return r;
	return hc_found_put(&found, hc_host(SYS_mknodat, found.fd, found.last,
					kind | ((unsigned)mode & HC_MODE), 0));
}

int64_t
hc_do_mknod(struct hc_call *call)
{
	return mknod_call(
	    call, (uint64_t)AT_FDCWD, call->mknod.path, call->mknod.mode);
}

int64_t
hc_do_mknodat(struct hc_call *call)
{
	return mknod_call(
	    call, call->mknodat.dirfd, call->mknodat.path, call->mknodat.mode);
}

/* Is a folder to be removed?  The slashes after the name are taken away. */
static bool
takes_folder(struct hc_found *found, bool folder)
{
	const bool slash = has_slash(found);

	found->last[strcspn(found->last, "/")] = '\0';
	return folder || slash;
}

static int
unlink_shared(struct hc_guest *guest, struct hc_found *found, bool folder)
{
	if (takes_folder(found, folder) && hc_shared_has(guest, found->last))
		return -ENOTDIR;
	return hc_shared_unlink(guest, found->last);
}

static int64_t
unlink_queue(struct hc_guest *guest, struct hc_found *found, bool folder)
{
	if (takes_folder(found, folder) && hc_mq_number(guest, found->last))
		return -ENOTDIR;
	return hc_mq_unlink(guest, found->last);
}

static int64_t
unlink_call(struct hc_call *call, uint64_t dirfd, uint64_t path, uint64_t flags)
{
	const bool folder = flags & AT_REMOVEDIR;
	struct hc_found found;
	int64_t r;

	if ((unsigned)flags & ~(unsigned)AT_REMOVEDIR)
		return -EINVAL;
	r = find_old(call, dirfd, path, &found);
	if (r < 0)
		return r;
	if (found.entry == HC_ENTRY_SHARED)
		r = unlink_shared(call->guest, &found, folder);
	else if (found.entry == HC_ENTRY_QUEUE)
		r = unlink_queue(call->guest, &found, folder);
	/* A mount point stays, as on Linux. */
	else if (found.entry == HC_ENTRY_POINT)
		r = found.folder == folder
			? (has_slash(&found) && !folder ? -ENOTDIR : -EBUSY)
		    : folder ? -ENOTDIR
			     : -EISDIR;
	else
		r = hc_host(
		    SYS_unlinkat, found.fd, found.last, (unsigned)flags);
	return hc_found_put(&found, r);
}

int64_t
hc_do_unlink(struct hc_call *call)
{
	return unlink_call(call, (uint64_t)AT_FDCWD, call->unlink.path, 0);
}

int64_t
hc_do_rmdir(struct hc_call *call)
{
	return unlink_call(
	    call, (uint64_t)AT_FDCWD, call->rmdir.path, AT_REMOVEDIR);
}

int64_t
hc_do_unlinkat(struct hc_call *call)
{
	return unlink_call(call, call->unlinkat.dirfd, call->unlinkat.path,
	    call->unlinkat.flags);
}

/* The error of moving a mount point, or a file to one: other errors are found
 * first.  0: it would be moved to its own place. */
static int
busy(const struct hc_found *from, const struct hc_found *to, unsigned flags)
{
	const unsigned moved = type_of(from), there = type_of(to);
	const bool exchange = flags & RENAME_EXCHANGE;

	if (!moved || (exchange && !there))
		return -ENOENT;
	if (there && (flags & RENAME_NOREPLACE))
		return -EEXIST;
	if ((moved != S_IFDIR && has_slash(from)) ||
	    ((exchange ? there : moved) != S_IFDIR && has_slash(to)))
		return -ENOTDIR;
	if (moved == S_IFDIR && there && there != S_IFDIR && !exchange)
		return -ENOTDIR;
	if (moved != S_IFDIR && there == S_IFDIR && !exchange)
		return -EISDIR;
	return from->point == to->point && from->point_len == to->point_len
		   ? 0
		   : -EBUSY;
}

/* Is it in a folder of the guest's own files? */
static bool
is_apart(const struct hc_found *found)
{
	return found->entry == HC_ENTRY_SHARED ||
	       found->entry == HC_ENTRY_QUEUE;
}

/* Both names in one volume, and neither a mount point.  0 or -errno. */
static int
may_rename(struct hc_guest *guest, const struct hc_found *from,
    const struct hc_found *to, unsigned flags)
{
	if (from->entry == HC_ENTRY_OWN || to->entry == HC_ENTRY_OWN)
		return -EPERM;
	if (from->entry == HC_ENTRY_NONE)
		return -ENOENT;
	if (from->entry != to->entry && (is_apart(from) || is_apart(to)))
		return -EXDEV;
	if (from->entry == HC_ENTRY_QUEUE)
		return hc_mq_number(guest, from->last) ? -EPERM : -ENOENT;
	if (from->entry == HC_ENTRY_SHARED)
		return 0;
	if (from->mount != to->mount)
		return -EXDEV;
	if (is_dots(from))
		return -EBUSY;
	if (is_dots(to))
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (from->read_only || to->entry == HC_ENTRY_NONE)
		return -EROFS;
	return from->entry == HC_ENTRY_POINT || to->entry == HC_ENTRY_POINT
		   ? busy(from, to, flags)
		   : 0;
}

static int
rename_shared(struct hc_guest *guest, const struct hc_found *from,
    const struct hc_found *to, unsigned flags)
{
	if (has_slash(from) || has_slash(to))
		return -ENOTDIR;
	if (flags & RENAME_EXCHANGE)
		return hc_shared_exchange(guest, from->last, to->last);
	return hc_shared_rename(
	    guest, from->last, to->last, !(flags & RENAME_NOREPLACE));
}

static int64_t
rename_call(struct hc_call *call, const uint64_t at[4], uint64_t flags)
{
	const unsigned known = RENAME_NOREPLACE | RENAME_EXCHANGE;
	struct hc_found from, to;
	int64_t r;

	/* RENAME_WHITEOUT would make device nodes. */
	if (((unsigned)flags & ~known) || (unsigned)flags == known)
		return -EINVAL;
	r = hc_path_find(call, at[0], at[1], HC_PATH_ENTRY, &from);
	if (r < 0)
		return r;
	r = hc_path_find(call, at[2], at[3], HC_PATH_ENTRY, &to);
	if (r == 0)
		r = may_rename(call->guest, &from, &to, (unsigned)flags);
	if (r == 0 && from.entry == HC_ENTRY_SHARED)
		r = rename_shared(call->guest, &from, &to, (unsigned)flags);
	else if (r == 0 && from.entry != HC_ENTRY_POINT)
		r = hc_host(SYS_renameat2, from.fd, from.last, to.fd, to.last,
		    (unsigned)flags);
	return hc_found_put(&from, hc_found_put(&to, r));
}

int64_t
hc_do_rename(struct hc_call *call)
{
	return rename_call(call,
	    (uint64_t[]){ (uint64_t)AT_FDCWD, call->rename.from,
		(uint64_t)AT_FDCWD, call->rename.to },
	    0);
}

int64_t
hc_do_renameat(struct hc_call *call)
{
	const struct hc_args_renameat *a = &call->renameat;

	return rename_call(
	    call, (uint64_t[]){ a->olddir, a->from, a->newdir, a->to }, 0);
}

int64_t
hc_do_renameat2(struct hc_call *call)
{
	const struct hc_args_renameat2 *a = &call->renameat2;

	return rename_call(call,
	    (uint64_t[]){ a->olddir, a->from, a->newdir, a->to }, a->flags);
}

/* May the file be linked there?  Only into the volume that it is in: what came
 * from elsewhere stays without a name. */
static int
may_link(const struct hc_found *from, const struct hc_found *to)
{
	if (from->leads != HC_LEADS_HOST || to->entry == HC_ENTRY_OWN)
		return -EPERM;
	if (to->entry == HC_ENTRY_NONE)
		return -EROFS;
	if (to->entry == HC_ENTRY_POINT)
		return -EEXIST;
	if (to->entry == HC_ENTRY_QUEUE)
		return -EXDEV;
	if (to->entry == HC_ENTRY_SHARED)
		return !from->shared ? -EXDEV : has_slash(to) ? -ENOENT : 0;
	if (from->mount == to->mount && !to->read_only)
		return 0;
	return type_of(to)     ? -EEXIST
	       : has_slash(to) ? -ENOENT
	       : to->read_only ? -EROFS
			       : -EXDEV;
}

/* The held file is linked, and not its name. */
static int64_t
link_call(struct hc_call *call, const uint64_t at[4], uint64_t flags)
{
	const unsigned known = AT_SYMLINK_FOLLOW | AT_EMPTY_PATH;
	struct hc_found from, to;
	int64_t r;

	if ((unsigned)flags & ~known)
		return -EINVAL;
	r = hc_hold(call, at[0], at[1],
	    ((unsigned)flags & AT_EMPTY_PATH) |
		(flags & AT_SYMLINK_FOLLOW ? 0 : (unsigned)AT_SYMLINK_NOFOLLOW),
	    &from);
	if (r < 0)
		return r;
	r = hc_path_find(call, at[2], at[3], HC_PATH_ENTRY, &to);
	if (r == 0)
		r = may_link(&from, &to);
	if (r == 0 && to.entry == HC_ENTRY_SHARED)
		r = hc_shared_link(call->guest, from.shared, to.last);
	else if (r == 0)
		r = hc_host(SYS_linkat, call->guest->tree.self,
		    hc_held_name(from.fd).text, to.fd, to.last,
		    AT_SYMLINK_FOLLOW);
	return hc_found_put(&from, hc_found_put(&to, r));
}

int64_t
hc_do_link(struct hc_call *call)
{
	return link_call(call,
	    (uint64_t[]){ (uint64_t)AT_FDCWD, call->link.from,
		(uint64_t)AT_FDCWD, call->link.to },
	    0);
}

int64_t
hc_do_linkat(struct hc_call *call)
{
	const struct hc_args_linkat *a = &call->linkat;

	return link_call(call,
	    (uint64_t[]){ a->olddir, a->from, a->newdir, a->to }, a->flags);
}

static int64_t
symlink_call(
    struct hc_call *call, uint64_t target, uint64_t dirfd, uint64_t path)
{
	struct hc_found found;
	char text[HC_PATH];
	int64_t r = gmem_string(call->guest->mem, text, sizeof(text), target);

	if (r < 0)
		return r;
	r = find_new(call, dirfd, path, false, &found);
	if (r < 0)
		return r;
	return hc_found_put(
	    &found, hc_host(SYS_symlinkat, text, found.fd, found.last));
}

int64_t
hc_do_symlink(struct hc_call *call)
{
	return symlink_call(
	    call, call->symlink.target, (uint64_t)AT_FDCWD, call->symlink.path);
}

int64_t
hc_do_symlinkat(struct hc_call *call)
{
	return symlink_call(call, call->symlinkat.target, call->symlinkat.dirfd,
	    call->symlinkat.path);
}

/* May the guest work in this folder?  Its names must be searchable. */
static int
may_enter(int fd)
{
	return (int)hc_host(SYS_faccessat, fd, ".", X_OK);
}

/* The folder that was found as an open file, held. */
static int
take_folder(
    struct hc_guest *guest, struct hc_found *found, struct hc_file **file)
{
	struct stat st;
	int r = (int)hc_host(SYS_newfstatat, found->fd, "", &st, AT_EMPTY_PATH);

	if (r == 0)
		r = S_ISDIR(st.st_mode) ? may_enter(found->fd) : -ENOTDIR;
	if (r < 0)
		return r;
	*file = hc_file_new(&guest->fds, found->fd);
	found->fd = -1;
	if (!*file)
		return -ENOMEM;
	hc_found_file(&guest->tree, found, &st, *file);
	(*file)->may = found->changeable ? HC_MAY_INODE : 0;
	return 0;
}

/* The folder of a descriptor, held once more. */
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

static int
enter_found(struct hc_call *call, struct hc_found *found)
{
	struct hc_guest *guest = call->guest;
	struct hc_file *file;
	int r;

	if (found->leads == HC_LEADS_OWN)
		r = hc_own_open(call, &found->own, O_PATH | O_DIRECTORY, &file);
	else if (found->leads == HC_LEADS_PROGRAM)
		r = -ENOTDIR;
	else if (found->leads == HC_LEADS_DESCRIPTOR)
		r = call->own_only
			? HC_ELSEWHERE
			: enter_file(guest, (uint64_t)found->own.number, &file);
	else
		r = take_folder(guest, found, &file);
	if (r == 0)
		hc_tree_move(guest, file);
	return (int)hc_found_put(found, r);
}

int
hc_tree_enter(struct hc_guest *guest, const char *name)
{
	struct hc_call call = { .guest = guest };
	struct hc_found found;
	int r = hc_path_find_for(guest, name, HC_PATH_FOLLOW, &found);

	return r < 0 ? r : enter_found(&call, &found);
}

int64_t
hc_do_chdir(struct hc_call *call)
{
	struct hc_found found;
	int r = hc_path_find(
	    call, (uint64_t)AT_FDCWD, call->chdir.path, HC_PATH_FOLLOW, &found);

	return r < 0 ? r : enter_found(call, &found);
}

int64_t
hc_do_fchdir(struct hc_call *call)
{
	struct hc_file *file;
	int r = enter_file(call->guest, call->fchdir.fd, &file);

	if (r == 0)
		hc_tree_move(call->guest, file);
	return r;
}

/* Does a name end as that of a file which has none any more? */
static bool
is_deleted(const char *name, size_t len)
{
	static const char end[] = " (deleted)";

	return len >= sizeof(end) &&
	       strcmp(name + len - (sizeof(end) - 1), end) == 0;
}

/* The name of the working folder: its length, or -errno. */
static int64_t
name_cwd(struct hc_guest *guest, char name[HC_PATH])
{
	struct hc_file *cwd = hc_tree_cwd(guest);
	struct stat st;
	int64_t r;

	strcpy(name, "/");
	if (!cwd)
		return 1;
	r = hc_own_file_name(guest, cwd, name);
	if (r > 0 && is_deleted(name, (size_t)r) &&
	    (hc_host(SYS_newfstatat, cwd->host, "", &st, AT_EMPTY_PATH) < 0 ||
		st.st_nlink == 0))
		r = -ENOENT;
	hc_file_put(cwd);
	return r;
}

int64_t
hc_do_getcwd(struct hc_call *call)
{
	char name[HC_PATH];
	int64_t r = name_cwd(call->guest, name);

	if (r < 0)
		return r;
	if ((uint64_t)r + 1 > call->getcwd.size)
		return -ERANGE;
	return gmem_write(
		   call->guest->mem, call->getcwd.buf, name, (size_t)r + 1) < 0
		   ? -EFAULT
		   : r + 1;
}

#define ENTRIES_MOST 4096U /* bytes of entries that are copied at once */

/* An entry of getdents64(), and where one of getdents() has its name: both have
 * the same size: the older has its type in the last byte. */
enum {
	ENTRY_INODE = offsetof(struct dirent64, d_ino),
	ENTRY_SIZE = offsetof(struct dirent64, d_reclen),
	ENTRY_TYPE = offsetof(struct dirent64, d_type),
	ENTRY_NAME = offsetof(struct dirent64, d_name),
	OLD_NAME = ENTRY_TYPE,
};

/* The ".." of a volume's uppermost folder is the folder itself, as in a root,
 * and not the folder that contains it on the host. */
static void
hide_parent(const struct hc_tree *tree, const struct hc_file *file,
    uint8_t *bytes, int64_t n)
{
	const uint64_t inode = tree->mount[file->mount - 1].id.ino;
	uint16_t size;

	for (; n > 0; n -= size, bytes += size) {
		memcpy(&size, bytes + ENTRY_SIZE, sizeof(size));
		if (strcmp((char *)bytes + ENTRY_NAME, "..") == 0)
			memcpy(bytes + ENTRY_INODE, &inode, sizeof(inode));
	}
}

/* Entries of a folder, in a copy of novillo's. */
static int64_t
get_entries(const struct hc_call *call, const struct hc_file *file,
    uint8_t bytes[ENTRIES_MOST], uint64_t count)
{
	size_t room = (uint32_t)count;
	int64_t n;

	if (room > ENTRIES_MOST)
		room = ENTRIES_MOST;
	if (file->own)
		return hc_own_getdents(call, file, bytes, room);
	if (call->own_only)
		return HC_ELSEWHERE;
	n = hc_host(SYS_getdents64, file->host, bytes, room);
	if (n > 0 && file->top)
		hide_parent(&call->guest->tree, file, bytes, n);
	return n;
}

/* Where the guest's buffer is bad, the entries are read again next time. */
static int64_t
give_entries(const struct hc_call *call, const struct hc_file *file,
    uint64_t va, const void *bytes, int64_t n, int64_t back)
{
	if (n <= 0 || gmem_write(call->guest->mem, va, bytes, (size_t)n) == 0)
		return n;
	(void)hc_host(SYS_lseek, file->host, back, SEEK_SET);
	return -EFAULT;
}

static int64_t
copy_entries(struct hc_call *call, const struct hc_file *file, uint64_t va,
    uint64_t count, void (*convert)(uint8_t *bytes, int64_t n))
{
	int64_t at = hc_host(SYS_lseek, file->host, 0, SEEK_CUR);
	uint8_t bytes[ENTRIES_MOST];
	int64_t n = get_entries(call, file, bytes, count);

	if (convert)
		convert(bytes, n);
	return give_entries(call, file, va, bytes, n, at);
}

int64_t
hc_do_getdents64(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(
	    &call->guest->fds, call->getdents64.fd);
	int64_t r;

	if (!file)
		return -EBADF;
	if (file->own || file->top || call->own_only)
		r = copy_entries(call, file, call->getdents64.entries,
		    call->getdents64.count, NULL);
	else
		r = hc_forward_on(call, hc_row(HC_getdents64), file);
	hc_file_put(file);
	return r;
}

static void
make_old(uint8_t *bytes, int64_t n)
{
	uint16_t size;

	for (; n > 0; n -= size, bytes += size) {
		uint8_t type = bytes[ENTRY_TYPE];

		memcpy(&size, bytes + ENTRY_SIZE, sizeof(size));
		memmove(bytes + OLD_NAME, bytes + ENTRY_NAME,
		    size - (size_t)ENTRY_NAME);
		bytes[size - 1] = type;
	}
}

int64_t
hc_do_getdents(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->getdents.fd);
	int64_t r;

	if (!file)
		return -EBADF;
	r = copy_entries(
	    call, file, call->getdents.entries, call->getdents.count, make_old);
	hc_file_put(file);
	return r;
}

/* A volume is held by O_PATH, so it is opened once more. */
static void
sync_volume(const struct hc_tree *tree, const struct hc_mount *m)
{
	int64_t fd = hc_host(SYS_openat, tree->self, hc_held_name(m->host).text,
	    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)hc_host(SYS_syncfs, (int)fd);
	hc_host(SYS_close, (int)fd);
}

/* The host's other file systems do not concern the guest. */
int64_t
hc_do_sync(struct hc_call *call)
{
	const struct hc_tree *tree = &call->guest->tree;
	unsigned i;

	for (i = 0; i < tree->mounts; i++)
		if (!tree->mount[i].read_only)
			sync_volume(tree, &tree->mount[i]);
	return 0;
}
