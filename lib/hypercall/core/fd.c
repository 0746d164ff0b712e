/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors and open files.  Nothing here may know what they are for.
 */
#include "hypercall/core/fd.h"

#include "hypercall/core/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Copies of the host's descriptors for epoll, of all files. */
static atomic_uint copies;

static unsigned
index_of(const struct hc_fds *fds, const struct hc_file *file)
{
	return (unsigned)(file - fds->file);
}

void
hc_fds_init(struct hc_fds *fds)
{
	int host;

	pthread_mutex_init(&fds->lock, NULL);
	pthread_mutex_init(&fds->growing, NULL);
	for (host = 0; host <= STDERR_FILENO; host++) {
		struct hc_file *file = &fds->file[host];
		int flags = fcntl(host, F_GETFL);

		if (flags < 0 || (flags & O_PATH))
			continue;
		file->host = host;
		file->kept = true;
		file->read_only = (flags & O_ACCMODE) == O_RDONLY;
		file->refs = 1;
		fds->fd[host].file = (uint16_t)(host + 1);
	}
}

/* Add a holder, unless the file has lost its last. */
static bool
hold_live(struct hc_file *file)
{
	unsigned refs = file->refs;

	while (refs > 0)
		if (atomic_compare_exchange_weak(&file->refs, &refs, refs + 1))
			return true;
	return false;
}

struct hc_file *
hc_fd_get(struct hc_fds *fds, uint64_t fd)
{
	/* Linux takes descriptors as 32-bit numbers. */
	uint32_t n = (uint32_t)fd;
	struct hc_file *file;
	unsigned place;

	if (n >= HC_FDS)
		return NULL;
	while ((place = fds->fd[n].file) != 0) {
		file = &fds->file[place - 1];
		if (!hold_live(file))
			continue;
		/* If reopened meanwhile, it is another descriptor's. */
		if (fds->fd[n].file == place)
			return file;
		hc_file_put(file);
	}
	return NULL;
}

void
hc_file_hold(struct hc_file *file)
{
	file->refs++;
}

/*
 * The last holder alone reads what it needs to close the file: the place may be
 * another file's as soon as it has no holder, and before that another holder
 * may still lend the file's memory.
 */
void
hc_file_put(struct hc_file *file)
{
	unsigned refs = file->refs, keys = 0;
	struct hc_guest *memory_of = NULL;
	struct hc_key key[HC_KEYS];
	bool kept = false;
	int host = -1;

	do {
		if (refs > 1)
			continue;
		host = file->host;
		kept = file->kept;
		memory_of = file->memory_of;
		keys = file->keys;
		memcpy(key, file->key, keys * sizeof(key[0]));
	} while (!atomic_compare_exchange_weak(&file->refs, &refs, refs - 1));
	if (refs > 1)
		return;
	for (; keys > 1; copies--)
		close(key[--keys].host);
	if (kept)
		return;
	if (memory_of)
		hc_memfile_gone(memory_of, host);
	close(host);
}

struct hc_file *
hc_file_new(struct hc_fds *fds, int host)
{
	unsigned i;

	pthread_mutex_lock(&fds->lock);
	for (i = 0; i < HC_FILES; i++) {
		struct hc_file *file = &fds->file[i];

		if (file->refs != 0)
			continue;
		file->host = host;
		file->kept = false;
		file->read_only = false;
		file->directory = false;
		file->top = false;
		file->mount = 0;
		file->number = 0;
		file->named = false;
		file->bound = false;
		file->netlink = false;
		file->ours = false;
		file->refuses = 0;
		file->may = 0;
		file->own = 0;
		file->bytes = 0;
		file->keys = 0;
		hc_memfile_new(fds, file);
		file->refs = 1;
		pthread_mutex_unlock(&fds->lock);
		return file;
	}
	pthread_mutex_unlock(&fds->lock);
	close(host);
	return NULL;
}

static int
find_key(struct hc_file *file, unsigned number, bool make)
{
	unsigned i;
	int host = file->host;

	for (i = 0; i < file->keys; i++)
		if (file->key[i].number == number)
			return file->key[i].host;
	if (!make)
		return i > 0 ? -ENOENT : host;
	if (i == HC_KEYS)
		return -ENOSPC;
	if (i > 0) {
		host = copies < HC_COPIES ? fcntl(host, F_DUPFD_CLOEXEC, 0)
					  : -1;
		if (host < 0)
			return -ENOSPC;
		copies++;
	}
	file->key[file->keys++] = (struct hc_key){ number, host };
	return host;
}

int
hc_fd_key(struct hc_fds *fds, struct hc_file *file, unsigned number, bool make)
{
	int host;

	pthread_mutex_lock(&fds->lock);
	host = find_key(file, number, make);
	pthread_mutex_unlock(&fds->lock);
	return host;
}

int
hc_fd_install(
    struct hc_fds *fds, struct hc_file *file, uint64_t from, bool cloexec)
{
	unsigned fd;

	pthread_mutex_lock(&fds->lock);
	fd = from > fds->next ? (unsigned)from : fds->next;
	while (fd < HC_FDS && fds->fd[fd].file)
		fd++;
	if (from <= fds->next)
		fds->next = fd;
	if (fd < HC_FDS) {
		fds->fd[fd].cloexec = cloexec;
		fds->fd[fd].file = (uint16_t)(index_of(fds, file) + 1);
	}
	pthread_mutex_unlock(&fds->lock);
	if (fd < HC_FDS)
		return (int)fd;
	hc_file_put(file);
	return -EMFILE;
}

int
hc_fd_open(struct hc_fds *fds, int host, unsigned may, bool cloexec)
{
	struct hc_file *file = hc_file_new(fds, host);

	if (!file)
		return -EMFILE;
	file->may = (uint8_t)may;
	return hc_fd_install(fds, file, 0, cloexec);
}

/* Set the descriptor's file; return the old one, which the caller puts. */
static struct hc_file *
exchange(struct hc_fds *fds, unsigned fd, unsigned place)
{
	unsigned old = atomic_exchange(&fds->fd[fd].file, (uint16_t)place);

	if (place == 0 && fd < fds->next)
		fds->next = fd;
	return old ? &fds->file[old - 1] : NULL;
}

int
hc_fd_replace(
    struct hc_fds *fds, struct hc_file *file, uint64_t fd, bool cloexec)
{
	uint32_t n = (uint32_t)fd;
	struct hc_file *old;

	if (n >= HC_FDS) {
		hc_file_put(file);
		return -EBADF;
	}
	pthread_mutex_lock(&fds->lock);
	fds->fd[n].cloexec = cloexec;
	old = exchange(fds, n, index_of(fds, file) + 1);
	pthread_mutex_unlock(&fds->lock);
	if (old)
		hc_file_put(old);
	return (int)n;
}

int
hc_fd_close(struct hc_fds *fds, uint64_t fd)
{
	uint32_t n = (uint32_t)fd;
	struct hc_file *old;

	if (n >= HC_FDS)
		return -EBADF;
	pthread_mutex_lock(&fds->lock);
	old = exchange(fds, n, 0);
	pthread_mutex_unlock(&fds->lock);
	if (!old)
		return -EBADF;
	hc_file_put(old);
	return 0;
}

int
hc_file_may_change(const struct hc_file *file)
{
	if (file->may & HC_MAY_INODE)
		return 0;
	return file->read_only && !file->own ? -EROFS : -EPERM;
}

bool
hc_file_only_appends(const struct hc_file *file, int64_t flags)
{
	return flags >= 0 && (flags & O_APPEND) && !(file->may & HC_MAY_FLAGS);
}

char *
hc_file_names(struct hc_fds *fds, const struct hc_file *file)
{
	return fds->name[index_of(fds, file)];
}
