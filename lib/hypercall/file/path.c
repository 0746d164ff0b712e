/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names in the guest's tree, and the tree itself.  Nothing here may know the
 * calls that use them.
 */
#include "hypercall/file/path.h"

#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/hypercall.h"
#include "hypercall/file/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The folder in which a relative name starts, held. */
static int
start(struct hc_call *call, uint64_t dirfd, const char *name,
    struct hc_file **dir)
{
	*dir = NULL;
	if (name[0] == '/')
		return 0;
	if ((int)dirfd == AT_FDCWD) {
		*dir = hc_tree_cwd(call->guest);
		return *dir ? 0 : -ENOENT;
	}
	*dir = hc_fd_get(&call->guest->fds, dirfd);
	if (!*dir)
		return -EBADF;
	return (*dir)->directory || !name[0] ? 0 : -ENOTDIR;
}

/* A call that may look at novillo's own files only has a name of another. */
static int
find_elsewhere(const char *name)
{
	char place[HC_PATH];

	return name[0] == '/' && hc_tree_normalize("", name, place) == 0 &&
		       hc_own_is_missing(place)
		   ? -ENOENT
		   : HC_ELSEWHERE;
}

static int
find(struct hc_call *call, struct hc_file *dir, const char *name, unsigned how,
    bool no_own, struct hc_found *found)
{
	struct walk w;
	int r;

	if (!name[0])
		return dir && (how & HC_PATH_EMPTY)
			   ? hc_found_descriptor(dir, found)
		       : call->own_only ? HC_ELSEWHERE
					: -ENOENT;
	if (name[0] == '/' && (how & HC_PATH_BENEATH))
		return -EXDEV;
	w.tree = &call->guest->tree;
	w.call = call;
	w.own_only = call->own_only;
	w.no_own = no_own;
	w.others = false;
	w.how = how;
	w.found = found;
	walk_start(&w, name, dir);
	r = walk_run(&w);
	return r == HC_ELSEWHERE ? find_elsewhere(name) : r;
}

static int
find_from(struct hc_call *call, uint64_t dirfd, const char *name, unsigned how,
    bool no_own, struct hc_found *found)
{
	struct hc_file *dir = NULL;
	/* Linux looks at an empty name before the descriptor. */
	int r = name[0] || (how & HC_PATH_EMPTY)
		    ? start(call, dirfd, name, &dir)
		    : -ENOENT;

	*found = (struct hc_found){ .fd = -1 };
	if (r == 0)
		r = find(call, dir, name, how, no_own, found);
	else if (r == -ENOENT && call->own_only)
		r = HC_ELSEWHERE;
	if (dir)
		hc_file_put(dir);
	return r;
}

int
hc_path_find(struct hc_call *call, uint64_t dirfd, uint64_t va, unsigned how,
    struct hc_found *found)
{
	char name[HC_PATH];
	int64_t len = gmem_string(call->guest->mem, name, sizeof(name), va);

	*found = (struct hc_found){ .fd = -1 };
	return len < 0 ? (int)len
		       : find_from(call, dirfd, name, how, false, found);
}

int
hc_path_find_name(struct hc_call *call, const char *name, unsigned how,
    struct hc_found *found)
{
	return find_from(call, (uint64_t)AT_FDCWD, name, how, false, found);
}

int
hc_path_find_for(struct hc_guest *guest, const char *name, unsigned how,
    struct hc_found *found)
{
	struct hc_call call = { .guest = guest };

	return find_from(&call, (uint64_t)AT_FDCWD, name, how, true, found);
}

int
hc_path_find_in(const struct hc_tree *tree, const char *name, unsigned how,
    struct hc_found *found)
{
	struct walk w;

	w.tree = tree;
	w.call = NULL;
	w.own_only = false;
	w.no_own = w.others = true;
	w.how = how;
	w.found = found;
	walk_start(&w, name, NULL);
	return walk_run(&w);
}

int64_t
hc_found_put(const struct hc_found *found, int64_t result)
{
	if (found->fd >= 0)
		hc_host(SYS_close, found->fd);
	hc_shared_put(found->shared);
	if (found->answers)
		hc_file_put(found->answers);
	return result;
}

void
hc_found_file(const struct hc_tree *tree, const struct hc_found *found,
    const struct stat *st, struct hc_file *file)
{
	const struct hc_identity id = { st->st_dev, st->st_ino };

	file->mount = found->mount;
	file->read_only = found->read_only;
	file->program = found->program;
	file->shared = found->shared;
	hc_shared_hold(found->shared);
	file->directory = S_ISDIR(st->st_mode);
	file->top = found->mount &&
		    hc_identity_is(&tree->mount[found->mount - 1].id, &id);
}

int
hc_found_descriptor(struct hc_file *file, struct hc_found *found)
{
	*found = (struct hc_found){
		.own = hc_own_of(file),
		.leads = file->own ? HC_LEADS_OWN : HC_LEADS_HOST,
		.mount = file->mount,
		.read_only = file->read_only,
		.changeable = file->may & HC_MAY_INODE,
		.program = file->program,
		.shared = file->shared,
		.fd = (int)hc_host(SYS_fcntl, file->host, F_DUPFD_CLOEXEC, 0),
	};
	if (found->fd < 0)
		found->shared = NULL;
	hc_shared_hold(found->shared);
	if (found->fd < 0)
		return found->fd;
	if (file->answers) {
		hc_file_hold(file);
		found->answers = file;
	}
	return 0;
}

int
hc_found_program(const struct hc_guest *guest, struct hc_found *found)
{
	*found = (struct hc_found){
		.leads = HC_LEADS_HOST,
		.read_only = true,
		.program = true,
		.fd = -1,
	};
	if (guest->world.program < 0)
		return -ENOENT;
	found->fd = (int)hc_host(
	    SYS_fcntl, guest->world.program, F_DUPFD_CLOEXEC, 0);
	return found->fd < 0 ? found->fd : 0;
}

/*
 * A kernel that has openat2() reports the missing open_how.  A filter that
 * forbids the call may return any error.
 */
bool
hc_has_openat2(void)
{
	return hc_host(SYS_openat2, -1, NULL, NULL, 0) == -EINVAL;
}

/* Files of procfs are refused: some of them are the VMM's own memory. */
static int
check_volume(int fd, const char *at, bool *file)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (fs.f_type == PROC_SUPER_MAGIC)
		return -EMEDIUMTYPE;
	*file = !S_ISDIR(st.st_mode);
	if (*file && !at[0])
		return -ENOTDIR;
	return S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? -ENODEV : 0;
}

static int
open_volume(const char *host, struct hc_mount *new)
{
	int r, fd = open(host, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	r = check_volume(fd, new->at, &new->file);
	if (r < 0) {
		close(fd);
		return r;
	}
	new->host = fd;
	new->mount = walk_look(fd, &new->id);
	return 0;
}

/* Is the place in a folder of novillo's own? */
static bool
is_own(const struct hc_tree *tree, const char *place, size_t len)
{
	char name[HC_PATH];
	size_t n;

	if (len == 0)
		return false;
	n = 1 + strcspn(place + 1, "/");
	memcpy(name, place, n);
	name[n] = '\0';
	return hc_own_covers(name + 1) && !hc_tree_at(tree, place, n);
}

/* Find the base of a volume: the lowest folder above it that exists. */
static void
find_base(struct hc_tree *tree, struct hc_mount *m, bool guest)
{
	char name[HC_PATH + 1];
	struct hc_found found;
	size_t len = m->len;
	int r = -ENOENT;

	while (r < 0 && len > 0) {
		while (m->at[--len] != '/')
			continue;
		if (guest && is_own(tree, m->at, len))
			break;
		memcpy(name, m->at, len);
		strcpy(name + len, "/");
		r = hc_path_find_in(tree, name, HC_PATH_FOLLOW, &found);
	}
	m->ready = true;
	if (r < 0)
		return;
	m->base = found.fd;
	m->base_mount = found.mount - 1U;
	m->base_len = len;
	(void)walk_look(m->base, &m->base_id);
}

/* Is this name in the folder a mount of the host's? */
static bool
is_mounted(int folder, const char *name)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV,
	};
	int64_t fd = hc_host(SYS_openat2, folder, name, &how, sizeof(how));

	if (fd >= 0)
		close((int)fd);
	return fd == -EXDEV;
}

/* Is everything closed to the host's names that hangs at the top of the
 * guest's root? */
static bool
is_closed(const struct hc_tree *tree, const struct hc_mount *root)
{
	bool closed = is_mounted(root->host, "dev") &&
		      is_mounted(root->host, "proc") &&
		      is_mounted(root->host, "sys");
	unsigned i;

	for (i = 0; closed && i < tree->mounts; i++) {
		const char *tail = tree->mount[i].at + 1;

		if (tree->mount[i].len > 0)
			closed = !strchr(tail, '/') &&
				 is_mounted(root->host, tail);
	}
	return closed;
}

/* Note where in each volume others hang. */
static void
note_points(struct hc_tree *tree, bool guest)
{
	unsigned i;

	for (i = 0; i < tree->mounts; i++)
		tree->mount[i].points = guest && tree->mount[i].len == 0
					    ? HC_POINTS_TOP
					    : HC_POINTS_NONE;
	for (i = 0; i < tree->mounts; i++) {
		const struct hc_mount *m = &tree->mount[i];
		struct hc_mount *in = &tree->mount[m->base_mount];

		if (m->base < 0)
			continue;
		if (!hc_identity_is(&m->base_id, &in->id))
			in->points = HC_POINTS_DEEP;
		else if (in->points == HC_POINTS_NONE)
			in->points = HC_POINTS_TOP;
	}
	for (i = 0; i < tree->mounts; i++) {
		struct hc_mount *m = &tree->mount[i];

		m->closed = guest && m->len == 0 && !tree->no_openat2 &&
			    is_closed(tree, m);
	}
}

/* The volume with the shortest name that has no base yet, or NULL. */
static struct hc_mount *
next_to_hang(struct hc_tree *tree)
{
	struct hc_mount *next = NULL;
	unsigned i;

	for (i = 0; i < tree->mounts; i++)
		if (!tree->mount[i].ready &&
		    (!next || tree->mount[i].len < next->len))
			next = &tree->mount[i];
	return next;
}

/* Hang every volume in its base, those with shorter names first. */
static void
hang(struct hc_tree *tree, bool guest)
{
	struct hc_mount *next;
	unsigned i;

	for (i = 0; i < tree->mounts; i++) {
		struct hc_mount *m = &tree->mount[i];

		if (m->base >= 0)
			close(m->base);
		m->base = -1;
		m->base_len = 0;
		m->ready = false;
		m->points = HC_POINTS_DEEP;
	}
	while ((next = next_to_hang(tree)))
		find_base(tree, next, guest);
	note_points(tree, guest);
}

/* Is each part of a place a name that Linux has? */
static bool
has_names(const char *place)
{
	size_t n = 0;

	for (; *place && n <= NAME_MAX; place++)
		n = *place == '/' ? 0 : n + 1;
	return n <= NAME_MAX;
}

void
hc_tree_open_self(struct hc_tree *tree)
{
	if (tree->self < 0)
		tree->self = open(
		    "/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int
add(struct hc_tree *tree, const char *host, const char *at, bool read_only,
    bool guest)
{
	struct hc_mount *new = &tree->mount[tree->mounts];
	int r;

	if (tree->mounts == HC_MOUNTS)
		return -ENOSPC;
	r = hc_tree_normalize("", at, new->at);
	if (r < 0)
		return r;
	if (!has_names(new->at))
		return -ENAMETOOLONG;
	new->len = strlen(new->at);
	new->read_only = read_only;
	new->base = -1;
	if (hc_tree_at(tree, new->at, new->len))
		return -EEXIST;
	hc_tree_open_self(tree);
	if (tree->self < 0)
		return errno == ENOENT ? -ENOSYS : -errno;
	tree->no_openat2 = !hc_has_openat2();
	r = open_volume(host, new);
	if (r < 0)
		return r;
	tree->mounts++;
	hang(tree, guest);
	return 0;
}

int
hc_tree_add(
    struct hc_tree *tree, const char *host, const char *at, bool read_only)
{
	return add(tree, host, at, read_only, false);
}

/* The guest starts in "/", or in the first folder there is. */
static int
start_in(struct hc_guest *guest, const struct hc_mount *mount)
{
	struct hc_file *cwd = hc_file_new(
	    &guest->fds, fcntl(mount->host, F_DUPFD_CLOEXEC, 0));

	if (!cwd)
		return -ENFILE;
	cwd->directory = cwd->top = true;
	cwd->mount = (uint8_t)(mount - guest->tree.mount + 1);
	cwd->read_only = mount->read_only;
	cwd->may = mount->read_only ? 0 : HC_MAY_INODE;
	hc_tree_move(guest, cwd);
	return 0;
}

int
hc_tree_mount(
    struct hc_guest *guest, const char *host, const char *at, bool read_only)
{
	struct hc_tree *tree = &guest->tree;
	int r = add(tree, host, at, read_only, true);
	const struct hc_mount *last;

	if (r < 0)
		return r;
	last = &tree->mount[tree->mounts - 1];
	return !last->file && (!tree->cwd || last->len == 0)
		   ? start_in(guest, last)
		   : 0;
}

int
hc_tree_inherit(const struct hc_tree *tree, int proc)
{
	int fd, r = 0;

	if (tree->self < 0)
		return 0;
	fd = openat(proc, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || dup3(fd, tree->self, O_CLOEXEC) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	return r;
}
