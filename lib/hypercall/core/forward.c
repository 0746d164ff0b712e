/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that the host's call of the same name serves: each argument is
 * translated as its row describes it.  Nothing here may know what a call means.
 *
 * Buffers and structures are not copied: the host's kernel accesses guest
 * memory itself, and so reads it once.
 */
#include "hypercall/core/forward.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/core/memfile.h"

#include <limits.h>
#include <string.h>
#include <sys/signalfd.h>

/* Where the addresses of processes end on Linux, whatever is mapped. */
#define USER_END UINT64_C(0x7ffffffff000)

/* Linux's first check of a buffer, with its length as it was given. */
static bool
is_in_user_space(uint64_t va, uint64_t len)
{
	return len <= USER_END && va <= USER_END - len;
}

void *
hc_buffer(const struct hc_call *call, uint64_t va, uint64_t *len,
    enum gmem_access access)
{
	if (*len > HC_MAX_RW)
		*len = HC_MAX_RW;
	return gmem_part(call->guest->mem, va, len, access);
}

int
hc_vector(const struct hc_call *call, struct iovec iov[IOV_MAX], uint64_t va,
    uint64_t parts, enum gmem_access access)
{
	int64_t count = (int)parts;
	uint64_t room = HC_MAX_RW;
	int n;

	if (count < 0 || count > IOV_MAX)
		return -EINVAL;
	if (gmem_read(
		call->guest->mem, iov, va, (size_t)count * sizeof(iov[0])) < 0)
		return -EFAULT;
	for (n = 0; n < count; n++)
		if ((int64_t)iov[n].iov_len < 0)
			return -EINVAL;
	for (n = 0; n < count; n++)
		if (!is_in_user_space(
			(uintptr_t)iov[n].iov_base, iov[n].iov_len))
			return -EFAULT;
	for (n = 0; n < count; n++) {
		uint64_t wanted = iov[n].iov_len < room ? iov[n].iov_len : room;
		uint64_t len = wanted;

		iov[n].iov_base = hc_buffer(
		    call, (uintptr_t)iov[n].iov_base, &len, access);
		iov[n].iov_len = len;
		if (!iov[n].iov_base)
			return n > 0 ? n : -EFAULT;
		room -= len;
		if (len < wanted)
			return n + 1;
	}
	return n;
}

/* A call on its way to the host. */
struct forward {
	struct hc_call *call;
	const struct hc_row *row;
	long arg[HC_ARGS];
	struct hc_file *first; /* the first descriptor's file, or NULL */
	struct hc_file *held[2];
	unsigned files;
	uint64_t bytes; /* of the vector */
	char text[HC_STRING];
	struct iovec iov[IOV_MAX];
};

/* May the call use the file in that way?  The host checks all but novillo's
 * own. */
static int
check_way(const struct hc_file *file, unsigned way)
{
	if (!(file->refuses & way))
		return 0;
	return file->directory && way == HC_NO_READ &&
		       !(file->refuses & HC_PATH_ONLY)
		   ? -EISDIR
		   : -EBADF;
}

/* A socket's messages to the kernel are checked, which no forwarded call
 * does. */
int
hc_may_write(const struct hc_file *file)
{
	return file->netlink ? -EBADF : check_way(file, HC_NO_WRITE);
}

/* A file that novillo answers for is read and written as it answers. */
static int
check_answered(
    const struct forward *f, const struct hc_answers *answers, unsigned way)
{
	if (way == 0 || (way == HC_NO_READ && !answers->read))
		return 0;
	switch (f->row->needs[0]) {
	case SYS_write: return answers->write ? 0 : -EINVAL;
	case SYS_read:
	case SYS_readv: return 0;
	case SYS_pread64:
	case SYS_preadv:
	case SYS_preadv2: return answers->seek ? 0 : -ESPIPE;
	default: return -EINVAL;
	}
}

/* The one place where a descriptor becomes the host's. */
static int
put_file(struct forward *f, unsigned i, const struct hc_arg *arg)
{
	struct hc_file *file = f->files == 0 ? f->first : NULL;
	int r;

	if (file)
		hc_file_hold(file);
	else
		file = hc_fd_get(&f->call->guest->fds, f->call->arg[i]);
	if (!file)
		return -EBADF;
	f->held[f->files++] = file;
	f->arg[i] = file->host;
	if (file->netlink && (f->row->raises & HC_WRITES))
		return -EBADF;
	r = check_way(file, arg->unless);
	return r == 0 && file->answers
		   ? check_answered(f, file->answers, arg->unless)
		   : r;
}

static int
put_buffer(struct forward *f, unsigned i, const struct hc_arg *arg,
    enum gmem_access access)
{
	uint64_t len = f->call->arg[arg->length];
	void *buf;

	/* getrandom looks at as many bytes as it may write at once. */
	if (f->files > 0 && !is_in_user_space(f->call->arg[i], len))
		return -EFAULT;
	buf = hc_buffer(f->call, f->call->arg[i], &len, access);
	if (!buf)
		return -EFAULT;
	f->arg[i] = (long)buf;
	f->arg[arg->length] = (long)len;
	return 0;
}

static int
put_vector(struct forward *f, unsigned i, const struct hc_arg *arg,
    enum gmem_access access)
{
	int n = hc_vector(f->call, f->iov, f->call->arg[i],
	    f->call->arg[arg->length], access);

	if (n < 0)
		return n;
	f->arg[i] = (long)f->iov;
	f->arg[arg->length] = n;
	while (n > 0)
		f->bytes += f->iov[--n].iov_len;
	return 0;
}

/* The host decides about a null pointer, which often has a meaning. */
static int
put_struct(struct forward *f, unsigned i, size_t size, enum gmem_access access)
{
	uint64_t va = f->call->arg[i];

	f->arg[i] = 0;
	if (va == 0)
		return 0;
	f->arg[i] = (long)gmem_range(f->call->guest->mem, va, size, access);
	return f->arg[i] ? 0 : -EFAULT;
}

static int
put_string(struct forward *f, unsigned i)
{
	int64_t len = gmem_string(
	    f->call->guest->mem, f->text, sizeof(f->text), f->call->arg[i]);

	f->arg[i] = (long)f->text;
	return len < 0 ? (int)len : 0;
}

static int
put_arg(struct forward *f, unsigned i, const struct hc_arg *arg)
{
	switch (arg->kind) {
	case HC_ARG_FD: return put_file(f, i, arg);
	case HC_ARG_INBUF: return put_buffer(f, i, arg, GMEM_READ);
	case HC_ARG_OUTBUF: return put_buffer(f, i, arg, GMEM_WRITE);
	case HC_ARG_INIOV: return put_vector(f, i, arg, GMEM_READ);
	case HC_ARG_OUTIOV: return put_vector(f, i, arg, GMEM_WRITE);
	case HC_ARG_IN: return put_struct(f, i, arg->size, GMEM_READ);
	case HC_ARG_OUT:
	case HC_ARG_INOUT: return put_struct(f, i, arg->size, GMEM_WRITE);
	case HC_ARG_STR: return put_string(f, i);
	default: return 0;
	}
}

/* How many bytes a vector gets at once of what novillo answers itself: 64
 * signals. */
#define ANSWER (64U * sizeof(struct signalfd_siginfo))

/* Put `n` bytes into the parts of the vector: how many fit. */
static int64_t
scatter(const struct forward *f, const uint8_t *bytes, uint64_t n)
{
	uint64_t done = 0, len;
	long i;

	for (i = 0; i < f->arg[2] && done < n; i++, done += len) {
		len = f->iov[i].iov_len < n - done ? f->iov[i].iov_len
						   : n - done;
		if (gmem_copy(f->iov[i].iov_base, bytes + done, len) < len)
			return -EFAULT;
	}
	return (int64_t)done;
}

/* Where a call reads: *place, or NULL for the file's position. */
static const uint64_t *
place_of(const struct forward *f, uint64_t *place)
{
	const long number = f->row->needs[0];

	*place = (uint64_t)f->arg[3];
	if (number == SYS_read || number == SYS_readv ||
	    (number == SYS_preadv2 && f->arg[3] == -1))
		return NULL;
	return place;
}

/* As on Linux since 6.9, a signal may lie in several parts of a vector. */
static int64_t
read_vector(struct forward *f, const uint64_t *at)
{
	uint8_t bytes[ANSWER];
	int64_t n;

	if (f->bytes == 0)
		return 0;
	n = f->held[0]->answers->read(f->call, f->held[0], at, bytes,
	    f->bytes < sizeof(bytes) ? f->bytes : sizeof(bytes));
	return n < 0 ? n : scatter(f, bytes, (uint64_t)n);
}

static int64_t
read_answer(struct forward *f)
{
	uint64_t place;
	const uint64_t *at = place_of(f, &place);

	if (at && (int64_t)place < 0)
		return -EINVAL;
	switch (f->row->needs[0]) {
	case SYS_read:
	case SYS_pread64:
		return f->held[0]->answers->read(f->call, f->held[0], at,
		    (uint8_t *)f->arg[1], (uint64_t)f->arg[2]);
	case SYS_preadv2:
		if ((unsigned)f->arg[5] != 0)
			return -EOPNOTSUPP;
		/* fall through */
	default: return read_vector(f, at);
	}
}

/* Does novillo answer the call?  Those that it refuses have been. */
static bool
is_answered(const struct forward *f)
{
	if (f->files == 0 || !f->held[0]->answers)
		return false;
	switch (f->row->needs[0]) {
	case SYS_read:
	case SYS_readv:
	case SYS_pread64:
	case SYS_preadv:
	case SYS_preadv2: return f->held[0]->answers->read;
	case SYS_lseek: return f->held[0]->answers->seek;
	case SYS_write: return f->held[0]->answers->write;
	default: return false;
	}
}

static int64_t
answer(struct forward *f)
{
	struct hc_file *file = f->held[0];

	switch (f->row->needs[0]) {
	case SYS_lseek:
		return file->answers->seek(
		    f->call, file, f->arg[1], (int)f->arg[2]);
	case SYS_write:
		return file->answers->write(f->call, file,
		    (const uint8_t *)f->arg[1], (uint64_t)f->arg[2]);
	default: return read_answer(f);
	}
}

/*
 * The host ends a read or write of a file early for nothing but its process's
 * end, and 2 GiB of a slow file may take longer than the guest may run.  So a
 * large one is made in pieces, and the guest's end is looked for between them.
 */
#define PIECE (INT64_C(8) << 20)

static bool
has_pieces(long number, const long arg[HC_ARGS])
{
	switch (number) {
	case SYS_read:
	case SYS_write:
	case SYS_pread64:
	case SYS_pwrite64:
		/* Pipes and sockets have no position, and can be waited for. */
		return arg[2] > PIECE &&
		       hc_host(SYS_lseek, arg[0], 0, SEEK_CUR) >= 0;
	default: return false;
	}
}

/* The call has read or written the first piece of `all` bytes: do the others,
 * between which the file may change. */
static int64_t
make_rest(
    const struct hc_thread *thread, long number, const long *arg, int64_t all)
{
	int64_t done = PIECE, n = PIECE, r = PIECE;

	while (r == n && done < all &&
	       !(thread->ops && thread->ops->is_over(thread))) {
		n = all - done < PIECE ? all - done : PIECE;
		r = hc_host(number, arg[0], arg[1] + done, n, arg[3] + done);
		if (r > 0)
			done += r;
	}
	return done;
}

static int64_t
make_call(struct forward *f)
{
	long *arg = f->arg, number = f->row->needs[0];
	struct hc_growth growth;
	int64_t all, r;
	bool pieces;

	if (is_answered(f))
		return answer(f);
	r = hc_growth_limit(f->call->guest, number, f->held, arg);
	if (r == 0)
		r = hc_memfile_call(
		    &growth, f->call->guest, &number, f->held, arg, f->bytes);
	if (r < 0)
		return r;
	all = arg[2];
	pieces = has_pieces(number, arg);
	if (pieces)
		arg[2] = PIECE;
	r = growth.file ? hc_host_wait_alone(f->call->thread, number, arg[0],
			      arg[1], arg[2], arg[3], arg[4], arg[5])
			: hc_host_wait(f->call->thread, number, arg[0], arg[1],
			      arg[2], arg[3], arg[4], arg[5]);
	if (pieces && r == PIECE)
		r = make_rest(f->call->thread, number, arg, all);
	return hc_memfile_end(&growth, r);
}

int64_t
hc_forward_on(
    struct hc_call *call, const struct hc_row *row, struct hc_file *file)
{
	struct forward f;
	int64_t r = 0;
	unsigned i;

	f.call = call;
	f.row = row;
	f.first = file;
	f.files = 0;
	f.bytes = 0;
	/* Copy all first: put_buffer() then cuts the argument with the
	 * length. */
	for (i = 0; i < HC_ARGS; i++)
		f.arg[i] = (long)call->arg[i];
	for (i = 0; r == 0 && i < row->argc; i++)
		r = put_arg(&f, i, &hc_args(row)[i]);
	if (r == 0)
		r = make_call(&f);
	while (f.files > 0)
		hc_file_put(f.held[--f.files]);
	return r;
}

int64_t
hc_forward(struct hc_call *call, const struct hc_row *row)
{
	return hc_forward_on(call, row, NULL);
}
