/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors and open files.  Nothing here may know what they are for.
 */
#include "hypercall/core/fd.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/core/ipc.h"
#include "hypercall/core/memfile.h"
#include "hypercall/core/shared.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Copies of the host's descriptors for epoll, of all files. */
static atomic_uint copies;

_Static_assert(HC_FILES <= HC_PLACES && HC_NAMED <= HC_PLACES,
    "the lists of places are long enough");

static struct hc_fds *
fds_of(struct hc_file *file)
{
	return (struct hc_fds *)(void *)((char *)(file - file->place) -
					 offsetof(struct hc_fds, file));
}

/* Linux's table has 64 descriptors at first, then 128 and so on (fs/file.c). */
#define FIRST_SIZE 64U

static void
take_descriptor(struct hc_fds *fds, unsigned fd)
{
	unsigned size = fds->size;

	hc_place_take(&fds->open, fd);
	while (fd >= size)
		size *= 2;
	fds->size = size;
}

void
hc_fds_set_memory(struct hc_fds *fds, uint64_t memory)
{
	const uint64_t share = memory / HC_SOCKET_SHARE;

	if (share < HC_SOCKETS_LEAST)
		fds->sockets_most = HC_SOCKETS_LEAST;
	else
		fds->sockets_most = share < HC_SOCKETS ? (unsigned)share
						       : HC_SOCKETS;
}

void
hc_fds_init(struct hc_fds *fds)
{
	int host;

	pthread_mutex_init(&fds->lock, NULL);
	pthread_mutex_init(&fds->growing, NULL);
	hc_locks_init(&fds->locks);
	fds->limit = HC_FDS;
	fds->size = FIRST_SIZE;
	fds->sockets_most = HC_SOCKETS;
	for (host = 0; host <= STDERR_FILENO; host++) {
		struct hc_file *file = &fds->file[host];
		int flags = fcntl(host, F_GETFL);

		if (flags < 0 || (flags & O_PATH))
			continue;
		file->place = (unsigned)host;
		file->host = host;
		file->kept = true;
		file->read_only = (flags & O_ACCMODE) == O_RDONLY;
		file->refs = 1;
		hc_place_take(&fds->used, (unsigned)host);
		take_descriptor(fds, (unsigned)host);
		fds->fd[host].file = (uint32_t)(host + 1);
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

struct hc_file *
hc_fds_next_file(struct hc_fds *fds, unsigned *at)
{
	unsigned place;

	do {
		pthread_mutex_lock(&fds->lock);
		place = hc_place_taken(&fds->used, *at, HC_FILES);
		pthread_mutex_unlock(&fds->lock);
		*at = place + 1;
	} while (place < HC_FILES && !hold_live(&fds->file[place]));
	return place < HC_FILES ? &fds->file[place] : NULL;
}

void
hc_file_hold(struct hc_file *file)
{
	file->refs++;
}

int64_t
hc_file_flags(const struct hc_file *file)
{
	int64_t flags = hc_host(SYS_fcntl, file->host, F_GETFL, 0);

	if (flags < 0)
		return flags;
	/* Novillo itself opens files with O_NOFOLLOW, or once more without. */
	flags &= ~(int64_t)O_NOFOLLOW;
	flags |= file->no_follow ? O_NOFOLLOW : 0;
	if (file->refuses & HC_PATH_ONLY)
		return O_PATH | (flags & O_NOFOLLOW);
	if (!file->refuses)
		return flags;
	return (flags & ~(int64_t)O_ACCMODE) |
	       (file->refuses & HC_NO_WRITE ? O_RDONLY : O_WRONLY);
}

bool
hc_file_hold_queue(struct hc_file *file, const struct hc_mq_open *queue)
{
	if (!hold_live(file))
		return false;
	if (file->queue == queue)
		return true;
	hc_file_put(file);
	return false;
}

/* A file has lost its last holder: its place is free again. */
static void
give_place(struct hc_file *file)
{
	struct hc_fds *fds = fds_of(file);

	pthread_mutex_lock(&fds->lock);
	if (file->named)
		hc_place_give(&fds->named, file->named - 1U);
	hc_memfile_unlist(fds, file);
	fds->sockets -= file->buffered;
	fds->backlogs -= file->backlog;
	hc_place_give(&fds->used, file->place);
	pthread_mutex_unlock(&fds->lock);
}

/*
 * The last holder alone reads what it needs to close the file: the place may be
 * another file's as soon as it is given back, and before that another holder
 * may still lend the file's memory.
 */
void
hc_file_put(struct hc_file *file)
{
	struct hc_fds *fds = fds_of(file);
	unsigned refs = file->refs, keys = 0;
	struct hc_guest *memory_of = NULL;
	struct hc_shared *shared = NULL;
	atomic_bool *gone = NULL;
	struct hc_key key[HC_KEYS];
	uint32_t bytes = 0;
	bool kept = false;
	int host = -1;

	do {
		if (refs > 1)
			continue;
		host = file->host;
		kept = file->kept;
		memory_of = file->memory_of;
		shared = file->shared;
		bytes = file->bytes;
		gone = file->gone;
		keys = file->keys;
		memcpy(key, file->key, keys * sizeof(key[0]));
	} while (!atomic_compare_exchange_weak(&file->refs, &refs, refs - 1));
	if (refs > 1)
		return;
	if (file->locked && !kept)
		hc_locks_forget(&fds->locks, file);
	give_place(file);
	for (; keys > 1; copies--)
		close(key[--keys].host);
	if (kept)
		return;
	if (memory_of)
		hc_memfile_gone(memory_of, host);
	close(host);
	hc_shared_put(shared);
	fds->own_bytes -= bytes;
	if (gone)
		*gone = true;
}

#define REFS sizeof(((struct hc_file *)0)->refs)

_Static_assert(offsetof(struct hc_file, refs) == 0, "the count is first");

/* Make the file at a free place; the list is locked. */
static struct hc_file *
make_file(struct hc_fds *fds, unsigned place, int host, bool buffered)
{
	struct hc_file *file = &fds->file[place];

	/* Others may look at `refs`. */
	memset((char *)file + REFS, 0, sizeof(*file) - REFS);
	file->place = place;
	file->host = host;
	file->buffered = buffered;
	hc_memfile_new(fds, file);
	hc_place_take(&fds->used, place);
	fds->sockets += buffered;
	file->refs = 1;
	return file;
}

/* The part of a listener never shrinks, since two threads may call listen at
 * once. */
unsigned
hc_fd_backlog(struct hc_fds *fds, struct hc_file *file, unsigned wanted)
{
	unsigned most = fds->sockets_most / HC_LISTENERS, room;

	pthread_mutex_lock(&fds->lock);
	room = fds->sockets_most - fds->backlogs + file->backlog;
	if (most > room)
		most = room;
	if (wanted > most)
		wanted = most;
	if (wanted > file->backlog) {
		fds->backlogs += wanted - file->backlog;
		file->backlog = (uint16_t)wanted;
	}
	pthread_mutex_unlock(&fds->lock);
	return wanted;
}

void
hc_fd_keep_backlog(struct hc_fds *fds, struct hc_file *file)
{
	pthread_mutex_lock(&fds->lock);
	file->backlog = 0;
	pthread_mutex_unlock(&fds->lock);
}

static struct hc_file *
new_file(struct hc_fds *fds, int host, bool buffered)
{
	struct hc_file *file = NULL;
	unsigned place;

	pthread_mutex_lock(&fds->lock);
	place = hc_place_free(&fds->used, 0, HC_FILES);
	if (place < HC_FILES &&
	    !(buffered && fds->sockets >= fds->sockets_most))
		file = make_file(fds, place, host, buffered);
	pthread_mutex_unlock(&fds->lock);
	if (!file)
		close(host);
	return file;
}

struct hc_file *
hc_file_new(struct hc_fds *fds, int host)
{
	return new_file(fds, host, false);
}

struct hc_file *
hc_file_new_socket(struct hc_fds *fds, int host)
{
	return new_file(fds, host, true);
}

static int
find_room(struct hc_fds *fds, bool buffered)
{
	const unsigned limit = fds->limit;
	int r = 0;

	pthread_mutex_lock(&fds->lock);
	if (hc_place_free(&fds->open, 0, limit) == limit)
		r = -EMFILE;
	else if (buffered && fds->sockets >= fds->sockets_most)
		r = -ENFILE;
	pthread_mutex_unlock(&fds->lock);
	return r;
}

int
hc_fd_room(struct hc_fds *fds)
{
	return find_room(fds, false);
}

int
hc_fd_room_for_socket(struct hc_fds *fds)
{
	return find_room(fds, true);
}

unsigned
hc_fd_next(struct hc_fds *fds, unsigned fd)
{
	pthread_mutex_lock(&fds->lock);
	fd = hc_place_taken(&fds->open, fd, HC_FDS);
	pthread_mutex_unlock(&fds->lock);
	return fd;
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
	const unsigned limit = fds->limit;
	unsigned fd = limit;

	pthread_mutex_lock(&fds->lock);
	if (from < limit)
		fd = hc_place_free(&fds->open, (unsigned)from, limit);
	if (fd < limit) {
		take_descriptor(fds, fd);
		fds->fd[fd].cloexec = cloexec;
		fds->fd[fd].file = file->place + 1;
	}
	pthread_mutex_unlock(&fds->lock);
	if (fd < limit)
		return (int)fd;
	hc_file_put(file);
	return -EMFILE;
}

static int
open_file(struct hc_fds *fds, struct hc_file *file, unsigned may, bool cloexec)
{
	if (!file)
		return -ENFILE;
	file->may = (uint8_t)may;
	return hc_fd_install(fds, file, 0, cloexec);
}

int
hc_fd_open(struct hc_fds *fds, int host, unsigned may, bool cloexec)
{
	return open_file(fds, hc_file_new(fds, host), may, cloexec);
}

int
hc_fd_open_socket(struct hc_fds *fds, int host, unsigned may, bool cloexec)
{
	return open_file(fds, hc_file_new_socket(fds, host), may, cloexec);
}

/* Set the descriptor's file; return the old one, which the caller puts.  The
 * list is locked. */
static struct hc_file *
exchange(struct hc_fds *fds, unsigned fd, unsigned place)
{
	unsigned old = atomic_exchange(&fds->fd[fd].file, place);

	if (old && fds->file[old - 1].queue)
		fds->file[old - 1].queue->queue->closed = true;
	if (place)
		take_descriptor(fds, fd);
	else
		hc_place_give(&fds->open, fd);
	return old ? &fds->file[old - 1] : NULL;
}

/* A descriptor that led to the file leads there no more. */
static void
leave(struct hc_fds *fds, struct hc_file *file)
{
	hc_locks_release(&fds->locks, file);
	hc_file_put(file);
}

int
hc_fd_replace(
    struct hc_fds *fds, struct hc_file *file, uint64_t fd, bool cloexec)
{
	uint32_t n = (uint32_t)fd;
	struct hc_file *old;

	if (n >= fds->limit) {
		hc_file_put(file);
		return -EBADF;
	}
	pthread_mutex_lock(&fds->lock);
	fds->fd[n].cloexec = cloexec;
	old = exchange(fds, n, file->place + 1);
	pthread_mutex_unlock(&fds->lock);
	if (old)
		leave(fds, old);
	return (int)n;
}

bool
hc_answer_stat(
    const struct hc_guest *guest, const struct hc_file *file, struct stat *st)
{
	if (!file->answers || !file->answers->stat)
		return false;
	file->answers->stat(guest, file, st);
	return true;
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
	leave(fds, old);
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
	return fds->name[file->named - 1];
}

char *
hc_file_make_names(struct hc_fds *fds, struct hc_file *file)
{
	unsigned place;

	if (file->named)
		return hc_file_names(fds, file);
	place = hc_place_free(&fds->named, 0, HC_NAMED);
	/* Only sockets have names, and there are fewer. */
	assert(place < HC_NAMED);
	hc_place_take(&fds->named, place);
	file->named = (uint16_t)(place + 1);
	return memset(fds->name[place], 0, HC_NAMES);
}

char *
hc_fds_next_names(struct hc_fds *fds, unsigned *at)
{
	*at = hc_place_taken(&fds->named, *at, HC_NAMED);
	return *at < HC_NAMED ? fds->name[*at] : NULL;
}
