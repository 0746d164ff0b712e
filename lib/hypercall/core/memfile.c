/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting files in memory.  Nothing here may know how a call writes.
 */
#include "hypercall/core/memfile.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/core/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The host's calls of rows that can raise a file's size: which of their files
 * they write, and their arguments with the offset and the number of bytes. */
enum { POSITION = -1, VECTOR = -2, REFUSED = -3 };

static const struct grower {
	int16_t number;
	uint8_t file;
	int8_t offset;
	int8_t length;
} growers[] = {
	{ SYS_write, 0, POSITION, 2 },
	{ SYS_pwrite64, 0, 3, 2 },
	{ SYS_writev, 0, POSITION, VECTOR },
	{ SYS_sendfile, 0, POSITION, 3 },
	{ SYS_pwritev, 0, 3, VECTOR },
	{ SYS_pwritev2, 0, 3, VECTOR },
	/* They can wait for data, and the host reads their offset from guest
	 * memory.  Not all of Linux's file systems can do this, either. */
	{ SYS_splice, 1, POSITION, REFUSED },
	{ SYS_copy_file_range, 1, POSITION, REFUSED },
};

static const struct grower *
find_grower(long number)
{
	size_t i;

	for (i = 0; i < sizeof(growers) / sizeof(growers[0]); i++)
		if (growers[i].number == number)
			return &growers[i];
	return NULL;
}

static uint64_t
pages_of(uint64_t size)
{
	return size > UINT64_MAX - PAGE_4K_MASK ? page_down(UINT64_MAX)
						: page_up(size);
}

static uint64_t
size_of(int host)
{
	struct stat st;

	return hc_host(SYS_fstat, host, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int64_t
hc_memfile_made(struct hc_guest *guest, int host)
{
	struct stat st;
	int64_t r;

	if (guest->fds.memory_made)
		return 0;
	r = hc_host(SYS_fstat, host, &st);
	if (r < 0)
		return r;
	guest->fds.memory_device = st.st_dev;
	guest->fds.memory_made = true;
	return 0;
}

/* No list is long, for the host numbers its files in memory one by one. */
static uint32_t *
list_of(struct hc_fds *fds, uint64_t inode)
{
	return &fds->owner[inode % HC_OWNERS];
}

void
hc_memfile_own(struct hc_guest *guest, struct hc_file *file)
{
	struct hc_fds *fds = &guest->fds;
	uint32_t *list = list_of(fds, file->inode);

	file->memory_of = guest;
	pthread_mutex_lock(&fds->lock);
	file->listed = true;
	file->next_owner = *list;
	*list = file->place + 1;
	pthread_mutex_unlock(&fds->lock);
}

void
hc_memfile_new(struct hc_fds *fds, struct hc_file *file)
{
	struct stat st;
	uint32_t n;

	if (!fds->memory_made || hc_host(SYS_fstat, file->host, &st) < 0 ||
	    st.st_dev != fds->memory_device)
		return;
	file->in_memory = true;
	file->inode = st.st_ino;
	for (n = *list_of(fds, st.st_ino); n; n = fds->file[n - 1].next_owner)
		if (fds->file[n - 1].inode == st.st_ino)
			fds->file[n - 1].memory_of = NULL;
}

void
hc_memfile_unlist(struct hc_fds *fds, struct hc_file *file)
{
	uint32_t *at;

	if (!file->listed)
		return;
	at = list_of(fds, file->inode);
	while (*at != file->place + 1)
		at = &fds->file[*at - 1].next_owner;
	*at = file->next_owner;
	file->listed = false;
}

void
hc_memfile_lent(struct hc_file *file)
{
	struct hc_shared *shared = file->shared;

	file->memory_of = NULL;
	if (shared)
		shared->stays = true;
}

static void
count_less(struct hc_guest *guest, uint64_t bytes)
{
	gmem_lock(guest->mem);
	space_give_back(&guest->space, bytes);
	gmem_unlock(guest->mem);
}

uint64_t
hc_memfile_bytes(int host)
{
	return pages_of(size_of(host));
}

void
hc_memfile_gone(struct hc_guest *guest, int host)
{
	count_less(guest, hc_memfile_bytes(host));
}

static uint64_t
start_of(int host, uint64_t offset, uint64_t size)
{
	int64_t flags = hc_host(SYS_fcntl, host, F_GETFL, 0);
	int64_t at;

	if (offset == HC_AT_START)
		return 0;
	if (offset == HC_NOWHERE)
		return size;
	if (offset == HC_AT_END || flags < 0 || (flags & O_APPEND))
		return size;
	if (offset != HC_AT_POSITION)
		return offset;
	at = hc_host(SYS_lseek, host, 0, SEEK_CUR);
	return at < 0 ? size : (uint64_t)at;
}

/* RLIMIT_FSIZE for this file; UINT64_MAX: it has none. */
static uint64_t
limit_of(const struct hc_guest *guest, int host, struct stat *st)
{
	if (!(guest->limits_set & 1U << RLIMIT_FSIZE) ||
	    hc_host(SYS_fstat, host, st) < 0 || !S_ISREG(st->st_mode))
		return UINT64_MAX;
	return guest->limit[RLIMIT_FSIZE].now;
}

/* Leave `room` bytes of the vector: the number of its parts. */
static long
cut_vector(struct iovec *iov, long parts, uint64_t room)
{
	long i;

	for (i = 0; i < parts; i++) {
		if (iov[i].iov_len >= room) {
			iov[i].iov_len = room;
			return i + 1;
		}
		room -= iov[i].iov_len;
	}
	return parts;
}

/* Leave `room` bytes of what the call writes; false if it writes something and
 * `room` is 0. */
static bool
cut(const struct grower *g, long *arg, uint64_t room)
{
	struct iovec *iov = (struct iovec *)arg[1];
	uint64_t any = 0;
	long i;

	if (g->length == VECTOR) {
		for (i = 0; i < arg[2]; i++)
			any |= iov[i].iov_len;
		arg[2] = cut_vector(iov, arg[2], room);
	} else {
		long *length = &arg[g->length == REFUSED ? 4 : g->length];

		any = (uint64_t)*length;
		if (any > room)
			*length = (long)room;
	}
	return any == 0 || room > 0;
}

/* The offset of the call as the guest gave it.  Those that memory files refuse
 * have theirs in memory, whose page a file may have lost: the host refuses the
 * call then. */
static uint64_t
offset_of(const struct grower *g, long number, const long *arg)
{
	uint64_t there = HC_AT_POSITION;

	if (g->length == REFUSED) {
		return arg[3] && gmem_copy(&there, (const void *)arg[3],
				     sizeof(there)) < sizeof(there)
			   ? HC_NOWHERE
			   : there;
	}
	if (number == SYS_pwritev2 && (arg[5] & RWF_APPEND))
		return HC_AT_END;
	if (g->offset == POSITION)
		return HC_AT_POSITION;
	there = (uint64_t)arg[g->offset];
	if (number == SYS_pwritev2 && there == HC_AT_POSITION)
		return there;
	return hc_memfile_offset(there, 0);
}

int64_t
hc_growth_limit(const struct hc_guest *guest, long number,
    struct hc_file *const held[2], long *arg)
{
	const struct grower *g = guest->limits_set ? find_grower(number) : NULL;
	uint64_t limit, start, offset;
	struct stat st;

	if (!g)
		return 0;
	limit = limit_of(guest, held[g->file]->host, &st);
	offset = offset_of(g, number, arg);
	if (limit == UINT64_MAX || offset == HC_NOWHERE)
		return 0;
	start = start_of(held[g->file]->host, offset, (uint64_t)st.st_size);
	/* So may an offset in memory be, which is the host's to refuse. */
	if (start > INT64_MAX)
		return 0;
	return cut(g, arg, start < limit ? limit - start : 0) ? 0 : -EFBIG;
}

int64_t
hc_growth_reaches(const struct hc_guest *guest, int host, uint64_t size)
{
	struct stat st;
	uint64_t limit = limit_of(guest, host, &st);

	return limit < size && size <= INT64_MAX && size > (uint64_t)st.st_size
		   ? -EFBIG
		   : 0;
}

/* The size that a file of `size` bytes may have after the call. */
static uint64_t
size_after(uint64_t start, uint64_t length, uint64_t size)
{
	if (length > UINT64_MAX - start)
		return UINT64_MAX;
	return start + length > size ? start + length : size;
}

/* Count what a file of size `from` has more at size `to`: 0 or -ENOMEM. */
static int
count_more(struct hc_guest *guest, uint64_t from, uint64_t to)
{
	int r;

	gmem_lock(guest->mem);
	r = space_reserve(&guest->space, pages_of(to) - pages_of(from));
	gmem_unlock(guest->mem);
	return r;
}

int64_t
hc_memfile_begin(struct hc_growth *growth, struct hc_guest *guest,
    struct hc_file *file, uint64_t offset, uint64_t length)
{
	uint64_t before;
	int64_t seals;

	*growth = (struct hc_growth){ .guest = guest };
	if (!file->in_memory)
		return 0;
	pthread_mutex_lock(&guest->fds.growing);
	before = size_of(file->host);
	seals = hc_host(SYS_fcntl, file->host, F_GET_SEALS, 0);
	growth->sealed = seals >= 0 && (seals & F_SEAL_SHRINK);
	growth->at = start_of(file->host, offset, before);
	growth->size = offset == HC_NOWHERE ||
			       (seals >= 0 && (seals & F_SEAL_GROW))
			   ? before
			   : size_after(growth->at, length, before);
	if (count_more(guest, before, growth->size) < 0) {
		pthread_mutex_unlock(&guest->fds.growing);
		hc_report_memory(guest);
		return -ENOSPC;
	}
	growth->file = file;
	return 0;
}

/* Write at the counted offset instead of the position, and move that after
 * it. */
static int64_t
fix_offset(struct hc_growth *growth, long *number, long *arg)
{
	switch (*number) {
	case SYS_write: *number = SYS_pwrite64; break;
	case SYS_writev:
		*number = SYS_pwritev;
		arg[4] = 0;
		break;
	case SYS_pwritev2: break;
	default: (void)hc_memfile_end(growth, 0); return -EINVAL;
	}
	arg[3] = (long)growth->at;
	growth->moves = true;
	return 0;
}

int64_t
hc_memfile_call(struct hc_growth *growth, struct hc_guest *guest, long *number,
    struct hc_file *const held[2], long *arg, uint64_t bytes)
{
	const struct grower *g = find_grower(*number);
	uint64_t offset;
	int64_t r;

	*growth = (struct hc_growth){ .guest = guest };
	if (!g || !held[g->file]->in_memory)
		return 0;
	if (g->length == REFUSED)
		return -EINVAL;
	if (g->length != VECTOR)
		bytes = (uint64_t)arg[g->length];
	offset = offset_of(g, *number, arg);
	if (offset <= INT64_MAX)
		offset = hc_memfile_offset(offset, bytes);
	r = hc_memfile_begin(growth, guest, held[g->file], offset, bytes);
	return r == 0 && offset == HC_AT_POSITION && growth->sealed
		   ? fix_offset(growth, number, arg)
		   : r;
}

int64_t
hc_memfile_end(struct hc_growth *growth, int64_t result)
{
	uint64_t size;

	if (!growth->file)
		return result;
	if (growth->moves && result > 0)
		(void)hc_host(SYS_lseek, growth->file->host,
		    growth->at + (uint64_t)result, SEEK_SET);
	size = size_of(growth->file->host);
	if (size <= growth->size) {
		count_less(
		    growth->guest, pages_of(growth->size) - pages_of(size));
	} else if (count_more(growth->guest, growth->size, size) < 0) {
		(void)hc_host(SYS_ftruncate, growth->file->host, growth->size);
		result = -ENOSPC;
	}
	pthread_mutex_unlock(&growth->guest->fds.growing);
	return result;
}

int64_t
hc_memfile_fcntl(
    struct hc_guest *guest, const struct hc_file *file, int cmd, unsigned arg)
{
	int64_t r;

	if (file->in_memory)
		pthread_mutex_lock(&guest->fds.growing);
	r = hc_host(SYS_fcntl, file->host, cmd, arg);
	if (file->in_memory)
		pthread_mutex_unlock(&guest->fds.growing);
	return r;
}
