/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors and open files.  Nothing here may know what they are for.
 */
#include "hypercall/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
	for (host = 0; host <= STDERR_FILENO; host++) {
		struct hc_file *file = &fds->file[host];
		int flags = fcntl(host, F_GETFL);

		if (flags < 0 || (flags & O_PATH))
			continue;
		file->host = host;
		file->kept = true;
		/* What is handed in to be read keeps its mode and times. */
		file->read_only = (flags & O_ACCMODE) == O_RDONLY;
		file->refs = 1;
		fds->fd[host].file = (uint16_t)(host + 1);
	}
}

/* One holder more, unless it has none any more. */
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
		/* Closed and opened again meanwhile, it is another's. */
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

void
hc_file_put(struct hc_file *file)
{
	int host = file->host;
	bool kept = file->kept;

	if (atomic_fetch_sub(&file->refs, 1) == 1 && !kept)
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
		file->placed = false;
		file->named = false;
		file->bound = false;
		file->refuses = 0;
		file->own = 0;
		file->bytes = 0;
		file->refs = 1;
		pthread_mutex_unlock(&fds->lock);
		return file;
	}
	pthread_mutex_unlock(&fds->lock);
	close(host);
	return NULL;
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
hc_fd_open(struct hc_fds *fds, int host, bool cloexec)
{
	struct hc_file *file = hc_file_new(fds, host);

	return file ? hc_fd_install(fds, file, 0, cloexec) : -EMFILE;
}

/* What the descriptor led to, to be put; it leads to `file` or nowhere. */
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

char *
hc_file_place(struct hc_fds *fds, const struct hc_file *file)
{
	return fds->place[index_of(fds, file)];
}
