/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of files in memory.  Nothing here may know how a name is resolved.
 */
#include "hypercall/core/shared.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/core/memfile.h"
#include "hypercall/core/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

void
hc_shared_init(struct hc_shared_folder *folder)
{
	pthread_mutex_init(&folder->lock, NULL);
}

static struct hc_shared_folder *
lock(struct hc_guest *guest)
{
	pthread_mutex_lock(&guest->shared.lock);
	return &guest->shared;
}

/* The lock of memory may be held, but where something was freed. */
static void
unlock(struct hc_guest *guest)
{
	const uint64_t freed = guest->shared.freed;

	guest->shared.freed = 0;
	pthread_mutex_unlock(&guest->shared.lock);
	if (freed == 0)
		return;
	gmem_lock(guest->mem);
	space_give_back(&guest->space, freed);
	gmem_unlock(guest->mem);
}

static struct hc_shared_name *
name_of(struct hc_shared_folder *folder, const char *text)
{
	unsigned i;

	for (i = 0; i < HC_SHARED; i++)
		if (folder->name[i].file &&
		    strcmp(folder->name[i].text, text) == 0)
			return &folder->name[i];
	return NULL;
}

static struct hc_shared_name *
free_name(struct hc_shared_folder *folder)
{
	unsigned i;

	for (i = 0; i < HC_SHARED; i++)
		if (!folder->name[i].file)
			return &folder->name[i];
	return NULL;
}

/* Give back what nothing leads to any more.  A file without a name and a holder
 * gets neither. */
static void
sweep(struct hc_guest *guest)
{
	unsigned i;

	for (i = 0; i < HC_SHARED; i++) {
		struct hc_shared *file = &guest->shared.file[i];

		if (!file->inode || file->names > 0 || file->holders > 0 ||
		    file->stays ||
		    hc_host(SYS_fcntl, file->host, F_ADD_SEALS,
			F_SEAL_WRITE | F_SEAL_GROW) < 0)
			continue;
		guest->shared.freed += hc_memfile_bytes(file->host);
		hc_host(SYS_close, file->host);
		file->inode = 0;
	}
}

static void
add_name(struct hc_shared_name *name, struct hc_shared *file, const char *text)
{
	strcpy(name->text, text);
	name->file = file;
	file->names++;
}

static void
remove_name(struct hc_shared_name *name)
{
	strcpy(name->file->last, name->text);
	name->file->names--;
	name->file = NULL;
}

/* A descriptor for a call that holds the file. */
static int
hold(struct hc_shared *file, struct hc_shared **held)
{
	int64_t fd = hc_host(SYS_fcntl, file->host, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return (int)fd;
	hc_shared_hold(file);
	*held = file;
	return (int)fd;
}

int
hc_shared_find(
    struct hc_guest *guest, const char *name, struct hc_shared **file)
{
	struct hc_shared_name *found = name_of(lock(guest), name);
	int r = found ? hold(found->file, file) : -ENOENT;

	unlock(guest);
	return r;
}

/* A file in memory whose mode may be any that a guest asks for, where the host
 * permits that. */
static int64_t
make_host(void)
{
	static const unsigned kinds[] = { MFD_EXEC, 0, MFD_NOEXEC_SEAL };
	int64_t fd = -EINVAL;
	size_t i;

	for (i = 0; fd < 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		fd = hc_host(SYS_memfd_create, "shm",
		    MFD_CLOEXEC | MFD_ALLOW_SEALING | kinds[i]);
	return fd;
}

static int
make_file(struct hc_guest *guest, struct hc_shared *file)
{
	int64_t r, fd = make_host();
	struct stat st;

	if (fd < 0)
		return (int)fd;
	r = hc_memfile_made(guest, (int)fd);
	if (r == 0)
		r = hc_host(SYS_fstat, (int)fd, &st);
	if (r < 0) {
		hc_host(SYS_close, (int)fd);
		return (int)r;
	}
	file->host = (int)fd;
	file->inode = st.st_ino;
	file->names = 0;
	file->stays = false;
	return 0;
}

/* Make a file at a free place. */
static int
make_placed(struct hc_guest *guest, struct hc_shared **file)
{
	struct hc_shared *f = guest->shared.file;

	while (f < guest->shared.file + HC_SHARED && f->inode)
		f++;
	*file = f;
	return f < guest->shared.file + HC_SHARED ? make_file(guest, f)
						  : -ENOSPC;
}

static int
make_named(struct hc_guest *guest, const char *text, struct hc_shared **held)
{
	struct hc_shared_name *name = free_name(&guest->shared);
	struct hc_shared *file;
	int r = name ? make_placed(guest, &file) : -ENOSPC;

	if (r < 0)
		return r;
	add_name(name, file, text);
	r = hold(file, held);
	if (r < 0)
		remove_name(name);
	return r;
}

int
hc_shared_make(
    struct hc_guest *guest, const char *name, struct hc_shared **file)
{
	int r = -EEXIST;

	if (!name_of(lock(guest), name)) {
		sweep(guest);
		r = make_named(guest, name, file);
	}
	unlock(guest);
	return r;
}

static int
reserve(struct hc_guest *guest, uint64_t size)
{
	int r;

	gmem_lock(guest->mem);
	r = space_reserve(&guest->space, size);
	gmem_unlock(guest->mem);
	hc_report_memory(guest);
	return r;
}

int
hc_shared_make_segment(
    struct hc_guest *guest, uint64_t size, struct hc_shared **file)
{
	int64_t r = reserve(guest, size);

	if (r < 0)
		return (int)r;
	(void)lock(guest);
	r = make_placed(guest, file);
	if (r == 0)
		r = hc_host(SYS_ftruncate, (*file)->host, size);
	if (r == 0)
		hc_shared_hold(*file);
	else
		guest->shared.freed += size;
	unlock(guest);
	return (int)r;
}

void
hc_shared_sweep(struct hc_guest *guest)
{
	(void)lock(guest);
	sweep(guest);
	unlock(guest);
}

void
hc_shared_hold(struct hc_shared *file)
{
	if (file)
		file->holders++;
}

void
hc_shared_put(struct hc_shared *file)
{
	if (file)
		file->holders--;
}

bool
hc_shared_has(struct hc_guest *guest, const char *name)
{
	bool has = name_of(lock(guest), name) != NULL;

	unlock(guest);
	return has;
}

int
hc_shared_link(struct hc_guest *guest, struct hc_shared *file, const char *name)
{
	struct hc_shared_folder *folder = lock(guest);
	struct hc_shared_name *new = free_name(folder);
	int r = 0;

	if (name_of(folder, name))
		r = -EEXIST;
	else if (file->names == 0)
		r = -ENOENT;
	else if (!new)
		r = -ENOSPC;
	else
		add_name(new, file, name);
	unlock(guest);
	return r;
}

int
hc_shared_unlink(struct hc_guest *guest, const char *name)
{
	struct hc_shared_name *old = name_of(lock(guest), name);

	if (old) {
		remove_name(old);
		sweep(guest);
	}
	unlock(guest);
	return old ? 0 : -ENOENT;
}

int
hc_shared_rename(
    struct hc_guest *guest, const char *from, const char *to, bool replace)
{
	struct hc_shared_folder *folder = lock(guest);
	struct hc_shared_name *old = name_of(folder, from);
	struct hc_shared_name *there = name_of(folder, to);
	int r = !old ? -ENOENT : there && !replace ? -EEXIST : 0;

	/* As on Linux, two names of one file stay. */
	if (r == 0 && !(there && there->file == old->file)) {
		if (there)
			remove_name(there);
		strcpy(old->text, to);
		sweep(guest);
	}
	unlock(guest);
	return r;
}

int
hc_shared_exchange(struct hc_guest *guest, const char *one, const char *other)
{
	struct hc_shared_folder *folder = lock(guest);
	struct hc_shared_name *a = name_of(folder, one);
	struct hc_shared_name *b = name_of(folder, other);

	if (a && b) {
		struct hc_shared *file = a->file;

		a->file = b->file;
		b->file = file;
	}
	unlock(guest);
	return a && b ? 0 : -ENOENT;
}

bool
hc_shared_next(struct hc_guest *guest, unsigned *at, char text[NAME_MAX + 1],
    uint64_t *inode)
{
	struct hc_shared_folder *folder = lock(guest);
	bool found;

	while (*at < HC_SHARED && !folder->name[*at].file)
		++*at;
	found = *at < HC_SHARED;
	if (found) {
		strcpy(text, folder->name[*at].text);
		*inode = folder->name[*at].file->inode;
	}
	unlock(guest);
	return found;
}

int64_t
hc_shared_path(
    struct hc_guest *guest, const struct hc_shared *file, char path[HC_PATH])
{
	struct hc_shared_folder *folder = lock(guest);
	unsigned i = 0;
	int n;

	while (i < HC_SHARED && folder->name[i].file != file)
		i++;
	n = snprintf(path, HC_PATH, HC_SHARED_PLACE "/%s%s",
	    i < HC_SHARED ? folder->name[i].text : file->last,
	    i < HC_SHARED ? "" : " (deleted)");
	unlock(guest);
	return n;
}

void
hc_shared_statfs(struct hc_guest *guest, struct statfs *fs)
{
	uint64_t used;

	gmem_lock(guest->mem);
	used = guest->space.used;
	gmem_unlock(guest->mem);
	memset(fs, 0, sizeof(*fs));
	fs->f_type = TMPFS_MAGIC;
	fs->f_bsize = fs->f_frsize = (__typeof__(fs->f_bsize))PAGE_4K;
	fs->f_namelen = NAME_MAX;
	fs->f_blocks = guest->space.limit / PAGE_4K;
	fs->f_bfree = fs->f_bavail = (guest->space.limit - used) / PAGE_4K;
	fs->f_files = HC_SHARED;
}
