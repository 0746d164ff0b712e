/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening novillo's own files, and what an open one answers.  Nothing here may
 * know how they are found.
 */
#include "hypercall/own/own.h"

#include "hypercall/core/device.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/seal.h"
#include "hypercall/signal/send.h"
#include "hypercall/task/mqueue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

/* Is there room for one more snapshot? */
static bool
has_room(const struct hc_guest *guest, uint64_t bytes)
{
	return guest->fds.own_bytes + bytes <= HC_OWN_BYTES;
}

static int
fill(const struct hc_call *call, const struct hc_own *own, int fd,
    uint32_t *bytes)
{
	struct hc_text text;
	int r;

	hc_text_begin(&text, fd);
	hc_own_make(&text, call, own);
	r = hc_text_end(&text);
	if (r == 0)
		r = (int)hc_host(SYS_lseek, fd, 0, SEEK_SET);
	if (r == 0)
		r = (int)hc_host(SYS_fcntl, fd, F_ADD_SEALS,
		    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	*bytes = (uint32_t)page_up(text.size);
	return r;
}

/* The host's descriptor of a new snapshot, or -errno. */
static int
make_snapshot(
    const struct hc_call *call, const struct hc_own *own, uint32_t *bytes)
{
	static const char name[] = "novillo";
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int64_t fd;
	int r;

	fd = hc_host(SYS_memfd_create, name, flags | MFD_NOEXEC_SEAL);
	if (fd == -EINVAL) /* before Linux 6.3 */
		fd = hc_host(SYS_memfd_create, name, flags);
	if (fd < 0)
		return (int)fd;
	r = fill(call, own, (int)fd, bytes);
	if (r == 0)
		return (int)fd;
	hc_host(SYS_close, (int)fd);
	return r;
}

/* One of the guest's. */
static int
snapshot(const struct hc_call *call, const struct hc_own *own, uint32_t *bytes)
{
	int fd;

	if (!has_room(call->guest, PAGE_4K))
		return -ENOMEM;
	fd = make_snapshot(call, own, bytes);
	if (fd < 0 || has_room(call->guest, *bytes))
		return fd;
	hc_host(SYS_close, fd);
	return -ENOMEM;
}

/* Set the name of the thread that the file is about: hc_answers.write. */
static int64_t
write_name(struct hc_call *call, struct hc_file *file, const uint8_t *buf,
    uint64_t len)
{
	struct hc_guest *guest = call->guest;
	char name[HC_THREAD_NAME] = "";
	struct hc_thread *t;
	const int tid = file->number ? file->number : HC_PID;
	const uint64_t n = len < sizeof(name) ? len : sizeof(name) - 1;

	if (gmem_copy(name, buf, n) < n)
		return -EFAULT;
	hc_signals_lock(guest);
	t = guest->signals.threads;
	while (t && t->tid != tid)
		t = t->signals.next;
	if (t) {
		memcpy(t->name, name, sizeof(name));
		t->named = true;
	}
	hc_signals_unlock(guest);
	return t ? (int64_t)len : -ESRCH;
}

/* The end of a text for lseek(2), which on Linux is its size, or -EINVAL of one
 * that consists of records. */
static int64_t
end_of(const char *path)
{
	static const char *const plain[] = { "auxv", "cmdline",
		"coredump_filter", "environ", "oom_score_adj" };
	size_t i;

	if (strncmp(path, "/sys/", strlen("/sys/")) == 0)
		return (int64_t)PAGE_4K;
	if (strncmp(path, "/proc/sys/", strlen("/proc/sys/")) == 0)
		return 0;
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(strrchr(path, '/') + 1, plain[i]) == 0)
			return 0;
	return -EINVAL;
}

/* hc_answers.seek. */
static int64_t
seek_text(
    struct hc_call *call, struct hc_file *file, int64_t offset, int whence)
{
	const struct hc_own own = hc_own_of(file);
	int64_t end;

	(void)call;
	if (whence == SEEK_SET || whence == SEEK_CUR)
		return hc_host(SYS_lseek, file->host, offset, whence);
	end = whence == SEEK_END ? end_of(hc_own_row_of(&own)->path) : -EINVAL;
	return end < 0 || __builtin_add_overflow(end, offset, &end)
		   ? -EINVAL
		   : hc_host(SYS_lseek, file->host, end, SEEK_SET);
}

static const struct hc_answers texts = { .seek = seek_text };
static const struct hc_answers names = {
	.seek = seek_text,
	.write = write_name,
};

/* May it be written?  Not in a recorded guest, whose calls that show the name
 * are made again. */
static bool
is_writable(const struct hc_guest *guest, const struct hc_own_row *row)
{
	return row->kind == HC_OWN_TEXT && (row->mode & 0200) &&
	       !guest->recorded;
}

/* May the guest open it with `flags`?  0 or -errno. */
static int
may_open_own(
    const struct hc_guest *guest, const struct hc_own_row *row, unsigned flags)
{
	unsigned mode = flags & O_ACCMODE;

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	/* With O_NOFOLLOW: only O_PATH holds a link. */
	if (S_ISLNK(hc_own_type(row)) && !(flags & O_PATH))
		return -ELOOP;
	if (hc_own_is_folder(row))
		return !(flags & O_PATH) && (mode != O_RDONLY ||
						(flags & (O_CREAT | O_TRUNC)))
			   ? -EISDIR
			   : 0;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if (row->kind == HC_OWN_TEXT && !(flags & O_PATH) &&
	    !is_writable(guest, row) && (mode != O_RDONLY || (flags & O_TRUNC)))
		return -EACCES;
	return 0;
}

static int
host_descriptor(
    const struct hc_call *call, const struct hc_own *own, uint32_t *bytes)
{
	const struct hc_own_row *row = hc_own_row_of(own);
	int fd;

	switch (row->kind) {
	case HC_OWN_DEVICE: fd = call->guest->world.device[row->device]; break;
	case HC_OWN_TERMINAL:
		fd = hc_own_terminal();
		if (fd < 0)
			return fd;
		break;
	default: return snapshot(call, own, bytes);
	}
	if (fd < 0)
		return -ENOENT;
	return (int)hc_host(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
}

static unsigned
refused(const struct hc_own_row *row, unsigned flags)
{
	unsigned mode = flags & O_ACCMODE;

	if (flags & O_PATH)
		return HC_NO_READ | HC_NO_WRITE | HC_PATH_ONLY;
	if (hc_own_is_folder(row))
		return HC_NO_READ | HC_NO_WRITE;
	return mode == O_RDONLY   ? HC_NO_WRITE
	       : mode == O_WRONLY ? HC_NO_READ
				  : 0;
}

static int
new_file(
    const struct hc_call *call, const struct hc_own *own, struct hc_file **file)
{
	struct hc_fds *fds = &call->guest->fds;
	uint32_t bytes = 0;
	int fd, r = 0;

	/* Another snapshot finds room, or not, when this one is counted. */
	pthread_mutex_lock(&fds->growing);
	fd = host_descriptor(call, own, &bytes);
	*file = fd < 0 ? NULL : hc_file_new(fds, fd);
	if (*file) {
		(*file)->bytes = bytes;
		fds->own_bytes += bytes;
	} else {
		r = fd < 0 ? fd : -ENFILE;
	}
	pthread_mutex_unlock(&fds->growing);
	return r;
}

static int
open_queue(
    struct hc_guest *guest, int number, unsigned flags, struct hc_file **file)
{
	char name[NAME_MAX + 1];
	int next = number;

	return hc_mq_next(guest, &next, name) && next == number
		   ? (int)hc_mq_open(
			 guest, name, flags & ~(unsigned)O_CREAT, 0, file)
		   : -ENOENT;
}

int
hc_own_open(const struct hc_call *call, const struct hc_own *own,
    unsigned flags, struct hc_file **file)
{
	const struct hc_own_row *row = hc_own_row_of(own);
	int r = may_open_own(call->guest, row, flags);

	if (r == 0 && row->kind == HC_OWN_QUEUE && !(flags & O_PATH))
		return open_queue(call->guest, own->number, flags, file);
	if (r == 0)
		r = new_file(call, own, file);
	if (r < 0)
		return r;
	/* A terminal is its stream's; everything else is novillo's. */
	if (row->kind != HC_OWN_TERMINAL) {
		(*file)->own = (uint16_t)own->row;
		(*file)->number = own->number;
	}
	(*file)->read_only = row->kind == HC_OWN_TEXT;
	if (row->kind == HC_OWN_TEXT)
		(*file)->answers = is_writable(call->guest, row) ? &names
								 : &texts;
	(*file)->directory = hc_own_is_folder(row);
	(*file)->refuses = (uint8_t)refused(row, flags);
	return 0;
}

int
hc_own_snapshot(const struct hc_call *call, const struct hc_own *own)
{
	uint32_t bytes;

	if (hc_own_row_of(own)->kind == HC_OWN_TEXT)
		return make_snapshot(call, own, &bytes);
	return hc_own_is_folder(hc_own_row_of(own)) ? -EISDIR : -EACCES;
}
