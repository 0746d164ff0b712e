/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An observer's view of the guest's files.  Nothing here may know who looks.
 */
#include "hypercall/file/look.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/file/path.h"
#include "hypercall/own/own.h"

#include <fcntl.h>
#include <string.h>

const int16_t hc_look_needs[] = { SYS_newfstatat, -1 };

const int16_t hc_look_opening_needs[] = { SYS_openat2, SYS_openat,
	SYS_readlinkat, SYS_statx, -1 };

const int16_t hc_look_writing_needs[] = { SYS_pwrite64, SYS_unlinkat, -1 };

void
hc_look_init(struct hc_look *look, struct hc_guest *guest)
{
	look->guest = guest;
	look->names = 0;
	look->tree.mounts = 0;
	look->tree.self = -1;
}

void
hc_look_give(struct hc_look *look, const char *name, int fd)
{
	look->name[look->names++] = (struct hc_look_name){ name, fd };
}

bool
hc_look_opens(const struct hc_look *look)
{
	return look->guest->tree.mounts > 0 || look->tree.mounts > 0;
}

static bool
guest_opens(const struct hc_guest *guest)
{
	return hc_set_has(&guest->policy.allowed, HC_openat) ||
	       hc_set_has(&guest->policy.allowed, HC_open);
}

bool
hc_look_writes(const struct hc_look *look)
{
	return look->guest->tree.mounts > 0 && guest_opens(look->guest);
}

static bool
writes(unsigned flags)
{
	return (flags & O_ACCMODE) != O_RDONLY ||
	       (flags & (O_CREAT | O_TRUNC | O_APPEND));
}

/* The file that a name led to; looked_put() is to follow. */
struct looked {
	struct hc_call call;
	struct hc_found found;
	int given; /* a descriptor of novillo's, or -1 */
};

static int
looked_put(const struct looked *l, int64_t result)
{
	return (int)hc_found_put(&l->found, result);
}

/* The descriptor that was given for this name, or -1. */
static int
find_given(const struct hc_look *look, const char *name)
{
	unsigned i;

	for (i = 0; i < look->names; i++) {
		const char *given = look->name[i].name;

		if (!given)
			given = look->guest->exe;
		if (*given && strcmp(given, name) == 0)
			return look->name[i].fd;
	}
	return -1;
}

/* Normalise a name by its text alone: 0 or -errno. */
static int
place_of(struct hc_guest *guest, const char *name, char place[HC_PATH])
{
	struct hc_file *cwd = hc_tree_cwd(guest);
	char from[HC_PATH] = "";

	if (cwd && hc_own_file_name(guest, cwd, from) < 0)
		from[0] = '\0';
	if (cwd)
		hc_file_put(cwd);
	return hc_tree_normalize(from, name, place);
}

/* The descriptor that was given for the target of novillo's own link `name`, or
 * for the name that was found; or -1. */
static int
find_given_target(
    const struct hc_look *look, struct looked *l, const char *name)
{
	const struct hc_found *found = &l->found;
	const struct hc_file file = { .host = found->fd,
		.mount = found->mount };
	char place[HC_PATH];
	struct hc_text text;
	struct hc_found own;
	int given = -1;

	if (found->mount && !found->missing && found->fd >= 0)
		return hc_tree_name(&look->guest->tree, &file, place) < 0
			   ? -1
			   : find_given(look, place);
	if (hc_path_find_name(&l->call, name, 0, &own) == 0 &&
	    own.leads == HC_LEADS_OWN &&
	    hc_own_readlink(&l->call, &own.own, &text) > 0) {
		text.bytes[text.used] = '\0';
		given = find_given(look, text.bytes);
	}
	return (int)hc_found_put(&own, given);
}

/* In the observer's own folders, and then the guest's. */
static int
find_file(const struct hc_look *look, struct looked *l, const char *name,
    unsigned how)
{
	char place[HC_PATH];
	int r = -ENOENT;

	if (look->tree.mounts > 0 && name[0] && !(how & HC_PATH_ENTRY) &&
	    place_of(look->guest, name, place) == 0)
		r = hc_path_find_in(
		    &look->tree, place, how & ~HC_PATH_MAKE, &l->found);
	if (r != -ENOENT)
		return r;
	r = hc_path_find_name(&l->call, name, how, &l->found);
	if (r == 0 && l->found.leads == HC_LEADS_PROGRAM)
		l->given = look->guest->world.program;
	if (l->given < 0 && (how & HC_PATH_FOLLOW))
		l->given = find_given_target(look, l, name);
	return r;
}

static int
find(const struct hc_look *look, struct hc_thread *thread, const char *name,
    unsigned how, struct looked *l)
{
	int r;

	l->call = (struct hc_call){ .guest = look->guest, .thread = thread };
	l->found = (struct hc_found){ .fd = -1 };
	l->given = -1;
	if (strlen(name) >= HC_PATH)
		return -ENAMETOOLONG;
	l->given = find_given(look, name);
	r = find_file(look, l, name, how);
	return l->given >= 0 ? 0 : r;
}

/* May the held file be opened with `flags`? */
static int
may_open(const struct hc_found *found, unsigned flags)
{
	struct stat st;

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (fstat(found->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return found->read_only && writes(flags) ? -EROFS : 0;
}

/* Open the held file, and not its name. */
static int
open_held(const struct hc_tree *tree, int held, unsigned flags)
{
	flags &= ~(unsigned)(O_CREAT | O_EXCL);
	return (int)hc_host(SYS_openat, tree->self, hc_held_name(held).text,
	    flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

int
hc_look_program(struct hc_guest *guest, const char *name, char place[HC_PATH])
{
	struct hc_found found;
	int r = hc_path_find_for(guest, name, HC_PATH_FOLLOW, &found);

	place[0] = '\0';
	if (r == 0 && found.leads != HC_LEADS_HOST)
		r = -EACCES;
	if (r == 0)
		r = place_of(guest, name, place);
	if (r == 0)
		r = may_open(&found, O_RDONLY);
	if (r == 0)
		r = open_held(&guest->tree, found.fd, O_RDONLY);
	return (int)hc_found_put(&found, r);
}

static int
open_elsewhere(const struct hc_look *look, const struct looked *l,
    unsigned flags, unsigned mode)
{
	const struct hc_tree *tree = look->guest->tree.self >= 0
					 ? &look->guest->tree
					 : &look->tree;
	const struct hc_found *found = &l->found;
	int r;

	if (found->missing)
		return found->read_only
			   ? -EROFS
			   : (int)hc_host(SYS_openat, found->fd, found->last,
				 flags | O_EXCL | O_NOCTTY | O_NOFOLLOW |
				     O_CLOEXEC,
				 mode & HC_MODE);
	r = may_open(found, flags);
	return r < 0 ? r : open_held(tree, found->fd, flags);
}

static int
open_looked(const struct hc_look *look, const struct looked *l, unsigned flags,
    unsigned mode)
{
	if (writes(flags) && (l->given >= 0 || l->found.leads == HC_LEADS_OWN))
		return -EACCES;
	if (l->given >= 0)
		return (int)hc_host(SYS_fcntl, l->given, F_DUPFD_CLOEXEC, 0);
	if (l->found.leads == HC_LEADS_OWN)
		return hc_own_snapshot(&l->call, &l->found.own);
	/* A descriptor's link would open the file in the guest's place. */
	if (l->found.leads == HC_LEADS_DESCRIPTOR ||
	    l->found.leads == HC_LEADS_SHARED ||
	    l->found.leads == HC_LEADS_QUEUE)
		return -EACCES;
	if (writes(flags) && !guest_opens(look->guest))
		return -EPERM;
	return open_elsewhere(look, l, flags, mode);
}

int
hc_look_open(const struct hc_look *look, struct hc_thread *thread,
    const char *name, unsigned flags, unsigned mode)
{
	struct looked l;
	int r = find(look, thread, name,
	    HC_PATH_FOLLOW | (flags & O_CREAT ? HC_PATH_MAKE : 0), &l);

	if (r == 0)
		r = open_looked(look, &l, flags, mode);
	else if (writes(flags) && !guest_opens(look->guest))
		r = -EPERM;
	return looked_put(&l, r);
}

/* The attributes of an open file of the guest's, by its link. */
static int
stat_descriptor(const struct hc_look *look, int fd, struct stat *st)
{
	struct hc_file *file = hc_fd_get(&look->guest->fds, (uint64_t)fd);
	int r;

	if (!file)
		return -ENOENT;
	r = (int)hc_host(SYS_newfstatat, file->host, "", st, AT_EMPTY_PATH);
	hc_file_put(file);
	return r;
}

static int
stat_looked(const struct hc_look *look, const struct looked *l, struct stat *st)
{
	if (l->given >= 0)
		return fstat(l->given, st) < 0 ? -errno : 0;
	if (l->found.leads == HC_LEADS_OWN)
		return hc_own_stat(&l->call, &l->found.own, st);
	if (l->found.leads == HC_LEADS_DESCRIPTOR)
		return stat_descriptor(look, l->found.own.number, st);
	return fstat(l->found.fd, st) < 0 ? -errno : 0;
}

int
hc_look_stat(const struct hc_look *look, struct hc_thread *thread,
    const char *name, bool follow, struct stat *st)
{
	struct looked l;
	int r = find(look, thread, name, follow ? HC_PATH_FOLLOW : 0, &l);

	if (r == 0)
		r = stat_looked(look, &l, st);
	return looked_put(&l, r);
}

static int64_t
readlink_looked(const struct looked *l, char *bytes, size_t size)
{
	int64_t r;

	if (l->given >= 0)
		return -EINVAL;
	if (l->found.leads == HC_LEADS_OWN) {
		struct hc_text text;

		r = hc_own_readlink(&l->call, &l->found.own, &text);
		if (r > 0 && (size_t)r > size)
			r = (int64_t)size;
		if (r > 0)
			memcpy(bytes, text.bytes, (size_t)r);
		return r;
	}
	r = hc_host(SYS_readlinkat, l->found.fd, "", bytes, size);
	return r == -ENOENT ? -EINVAL : r; /* it is not a link */
}

int64_t
hc_look_readlink(const struct hc_look *look, struct hc_thread *thread,
    const char *name, char *bytes, size_t size)
{
	struct looked l;
	int64_t r = find(look, thread, name, 0, &l);

	if (r == 0)
		r = readlink_looked(&l, bytes, size);
	return hc_found_put(&l.found, r);
}

int
hc_look_remove(
    const struct hc_look *look, struct hc_thread *thread, const char *name)
{
	struct looked l;
	int r = find(look, thread, name, HC_PATH_ENTRY, &l);
	const struct hc_found *found = &l.found;

	if (r == 0 && (l.given >= 0 || found->entry == HC_ENTRY_OWN ||
			  found->entry == HC_ENTRY_SHARED ||
			  found->entry == HC_ENTRY_QUEUE))
		r = -EACCES;
	if (r != -EACCES && !guest_opens(look->guest))
		r = -EPERM;
	if (r == 0 && found->entry == HC_ENTRY_NONE)
		r = -ENOENT;
	if (r == 0 && found->entry == HC_ENTRY_POINT)
		r = -EBUSY;
	if (r == 0 && found->read_only)
		r = -EROFS;
	if (r == 0)
		r = (int)hc_host(SYS_unlinkat, found->fd, found->last, 0);
	return looked_put(&l, r);
}
