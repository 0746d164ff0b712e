/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on descriptors themselves.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/core/forward.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/memfile.h"
#include "hypercall/core/seal.h"
#include "hypercall/file/file.h"
#include "hypercall/own/own.h"
#include "hypercall/task/task.h"
#include "hypercall/task/mqueue.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

int64_t
hc_do_close(struct hc_call *call)
{
	return hc_fd_close(&call->guest->fds, call->close.fd);
}

static int64_t
dup_from(struct hc_call *call, uint64_t fd, uint64_t from, bool cloexec)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *file = hc_fd_get(fds, fd);

	return file ? hc_fd_install(fds, file, from, cloexec) : -EBADF;
}

int64_t
hc_do_dup(struct hc_call *call)
{
	return dup_from(call, call->dup.fd, 0, false);
}

static int64_t
dup_to(struct hc_call *call, uint64_t fd, uint64_t newfd, bool cloexec)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *file = hc_fd_get(fds, fd);

	if (!file)
		return -EBADF;
	return hc_fd_replace(fds, file, newfd, cloexec);
}

/* A descriptor that is made to lead to its own file stays as it is, and so does
 * its FD_CLOEXEC. */
int64_t
hc_do_dup2(struct hc_call *call)
{
	uint32_t fd = (uint32_t)call->dup2.fd;

	if (fd < HC_FDS && fd == (uint32_t)call->dup2.newfd)
		return call->guest->fds.fd[fd].file ? (int64_t)fd : -EBADF;
	return dup_to(call, call->dup2.fd, call->dup2.newfd, false);
}

int64_t
hc_do_dup3(struct hc_call *call)
{
	unsigned flags = (unsigned)call->dup3.flags;

	if ((flags & ~(unsigned)O_CLOEXEC) ||
	    (uint32_t)call->dup3.fd == (uint32_t)call->dup3.newfd)
		return -EINVAL;
	return dup_to(call, call->dup3.fd, call->dup3.newfd, flags & O_CLOEXEC);
}

/* Descriptor flags belong to the number, not to the file. */
static int64_t
set_cloexec(struct hc_call *call, uint64_t fd, bool on)
{
	struct hc_fds *fds = &call->guest->fds;
	uint32_t n = (uint32_t)fd;

	if (n >= HC_FDS || !fds->fd[n].file)
		return -EBADF;
	fds->fd[n].cloexec = on;
	return 0;
}

static int64_t
get_cloexec(struct hc_call *call, uint64_t fd)
{
	const struct hc_fds *fds = &call->guest->fds;
	uint32_t n = (uint32_t)fd;

	if (n >= HC_FDS || !fds->fd[n].file)
		return -EBADF;
	return fds->fd[n].cloexec ? FD_CLOEXEC : 0;
}

/* The flags that a guest may change.  O_ASYNC is not among them: the host's
 * signals would come to novillo. */
#define SETFL_FLAGS ((unsigned)(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME))

/* The size of a pipe: Linux's limit for processes without privileges, since the
 * memory is the host's (pipe(7), pipe-max-size). */
#define PIPE_MOST (1U << 20)

/* The size that a pipe has at first, and the sum of all larger sizes that a
 * guest may ever set: Linux has a limit of that kind for each user. */
#define PIPE_FIRST (1U << 16)
#define PIPES_MOST (16U << 20)

static bool
may_resize_pipe(struct hc_guest *guest, unsigned size)
{
	if (size <= PIPE_FIRST)
		return true;
	if (size > PIPE_MOST)
		return false;
	if (atomic_fetch_add(&guest->pipes, size) <= PIPES_MOST - size)
		return true;
	atomic_fetch_sub(&guest->pipes, size);
	return false;
}

/*
 * O_NONBLOCK may change on any file: programs that wait for events set it on
 * their streams.  The other flags say how others write: O_APPEND of a shared
 * log, for example.
 */
static int64_t
set_flags(struct hc_guest *guest, const struct hc_file *file, unsigned flags)
{
	const unsigned others = SETFL_FLAGS & ~(unsigned)O_NONBLOCK;
	int64_t old = hc_host(SYS_fcntl, file->host, F_GETFL, 0);

	if (old < 0)
		return old;
	if (!(file->may & HC_MAY_FLAGS) && (((unsigned)old ^ flags) & others))
		return -EPERM;
	return hc_memfile_fcntl(guest, file, F_SETFL, flags & SETFL_FLAGS);
}

/* Seals last, so they belong to whoever made the file.  Any other file than one
 * in memory has none, and the host says so. */
static int64_t
add_seals(struct hc_guest *guest, const struct hc_file *file, unsigned seals)
{
	/* As on a file system without seals. */
	if (file->shared)
		return -EPERM;
	if (!(file->may & HC_MAY_INODE) &&
	    hc_host(SYS_fcntl, file->host, F_GET_SEALS, 0) >= 0)
		return -EPERM;
	return hc_memfile_fcntl(guest, file, F_ADD_SEALS, seals);
}

/* The owner that Linux sends O_ASYNC's signals to: the guest, its group or a
 * thread.  novillo stores the owner and sends none. */
static int64_t
set_owner(struct hc_call *call, struct hc_file *file, int owner)
{
	if (owner == INT_MIN)
		return -EINVAL;
	if (owner != 0 && owner != -HC_PID &&
	    (owner < 0 || !hc_is_task(call, owner)))
		return -ESRCH;
	file->owner = owner;
	return 0;
}

static int64_t
set_owner_ex(struct hc_call *call, struct hc_file *file)
{
	struct f_owner_ex ex;

	if (gmem_read(call->guest->mem, &ex, call->fcntl.arg, sizeof(ex)) < 0)
		return -EFAULT;
	if (ex.type != F_OWNER_TID && ex.type != F_OWNER_PID &&
	    ex.type != F_OWNER_PGRP)
		return -EINVAL;
	if (ex.pid < 0)
		return -ESRCH;
	return set_owner(
	    call, file, ex.type == F_OWNER_PGRP ? -ex.pid : ex.pid);
}

static int64_t
get_owner_ex(struct hc_call *call, const struct hc_file *file)
{
	const struct f_owner_ex ex = {
		.type = file->owner < 0 ? F_OWNER_PGRP : F_OWNER_PID,
		.pid = file->owner < 0 ? -file->owner : file->owner,
	};

	return gmem_write(call->guest->mem, call->fcntl.arg, &ex, sizeof(ex));
}

static int64_t
set_signal(struct hc_file *file, uint64_t signal)
{
	if (signal > HC_SIGNALS)
		return -EINVAL;
	file->signal = (uint8_t)signal;
	return 0;
}

static int64_t
owner_control(struct hc_call *call, struct hc_file *file, int cmd)
{
	switch (cmd) {
	case F_SETOWN: return set_owner(call, file, (int)call->fcntl.arg);
	case F_GETOWN: return file->owner;
	case F_SETOWN_EX: return set_owner_ex(call, file);
	case F_GETOWN_EX: return get_owner_ex(call, file);
	case F_SETSIG: return set_signal(file, call->fcntl.arg);
	case F_GETSIG: return file->signal;
	default: return -EINVAL;
	}
}

static int64_t
file_control(struct hc_call *call, struct hc_file *file)
{
	int cmd = (int)call->fcntl.cmd;

	switch (cmd) {
	case F_GETFL: return hc_file_flags(file);
	case F_SETFL:
		return set_flags(call->guest, file, (unsigned)call->fcntl.arg);
	case F_ADD_SEALS:
		return add_seals(call->guest, file, (unsigned)call->fcntl.arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW: return hc_lock_file(call, file, cmd);
	case F_SETPIPE_SZ:
		if (!(file->may & HC_MAY_INODE) ||
		    !may_resize_pipe(call->guest, (unsigned)call->fcntl.arg))
			return -EPERM;
		/* fall through */
	case F_GETPIPE_SZ:
	case F_GET_SEALS:
		if (cmd == F_GET_SEALS && file->shared)
			return F_SEAL_SEAL;
		return hc_host(
		    SYS_fcntl, file->host, cmd, (int)call->fcntl.arg);
	default: return owner_control(call, file, cmd);
	}
}

int64_t
hc_do_fcntl(struct hc_call *call)
{
	int cmd = (int)call->fcntl.cmd;
	struct hc_file *file;
	int64_t r;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (call->fcntl.arg >= call->guest->fds.limit)
			return -EINVAL;
		return dup_from(call, call->fcntl.fd, call->fcntl.arg,
		    cmd == F_DUPFD_CLOEXEC);
	case F_GETFD: return get_cloexec(call, call->fcntl.fd);
	case F_SETFD:
		return set_cloexec(
		    call, call->fcntl.fd, call->fcntl.arg & FD_CLOEXEC);
	}
	file = hc_fd_get(&call->guest->fds, call->fcntl.fd);
	if (!file)
		return -EBADF;
	r = file_control(call, file);
	hc_file_put(file);
	return r;
}

static int64_t
control(struct hc_call *call, int fd, const struct hc_arg *arg)
{
	const struct gmem *mem = call->guest->mem;
	bool both = arg->kind == HC_ARG_INOUT;
	uint8_t data[64] = { 0 };
	int64_t r;

	if (arg->size > sizeof(data))
		return -ENOTTY;
	if ((both || arg->kind == HC_ARG_IN) &&
	    gmem_read(mem, data, call->ioctl.argp, arg->size) < 0)
		return -EFAULT;
	r = hc_host_wait(call->thread, SYS_ioctl, fd,
	    (uint32_t)call->ioctl.request, data, 0, 0, 0);
	if (r < 0 || (!both && arg->kind != HC_ARG_OUT))
		return r;
	return gmem_write(mem, call->ioctl.argp, data, arg->size);
}

#define INTERFACES 64U /* are listed at most */

/* The interfaces with an IPv4 address, or without a buffer the bytes that their
 * list takes. */
static int64_t
list_interfaces(struct hc_call *call, int fd)
{
	const struct gmem *mem = call->guest->mem;
	struct ifreq list[INTERFACES] = { 0 };
	struct ifconf asked, host = { 0 };
	int64_t r;

	if (gmem_read(mem, &asked, call->ioctl.argp, sizeof(asked)) < 0)
		return -EFAULT;
	if (asked.ifc_buf) {
		host.ifc_req = list;
		host.ifc_len = asked.ifc_len < (int)sizeof(list)
				   ? asked.ifc_len
				   : (int)sizeof(list);
	}
	r = hc_host(SYS_ioctl, fd, SIOCGIFCONF, &host);
	if (r < 0)
		return r;
	if (asked.ifc_buf && gmem_write(mem, (uintptr_t)asked.ifc_buf, list,
				 (size_t)host.ifc_len) < 0)
		return -EFAULT;
	asked.ifc_len = host.ifc_len;
	return gmem_write(mem, call->ioctl.argp, &asked, sizeof(asked));
}

/* O_ASYNC has no effect, as for F_SETFL. */
static int64_t
set_async(struct hc_call *call)
{
	int on;

	return gmem_read(call->guest->mem, &on, call->ioctl.argp, sizeof(on));
}

/* Interfaces are of the host's: a guest that may make sockets may look. */
static bool
is_interface(uint32_t request)
{
	return request >= SIOCGIFNAME && request <= SIOCGIFINDEX;
}

static int64_t
control_file(struct hc_call *call, int fd)
{
	uint32_t request = (uint32_t)call->ioctl.request;
	const struct hc_arg *arg = hc_request(HC_ARG_IOCTL, request);

	if (!arg || (is_interface(request) &&
			!hc_set_has(&call->guest->policy.allowed, HC_socket)))
		return -ENOTTY;
	switch (request) {
	case FIOCLEX:
	case FIONCLEX:
		return set_cloexec(call, call->ioctl.fd, request == FIOCLEX);
	case FIOASYNC: return set_async(call);
	case SIOCGIFCONF: return list_interfaces(call, fd);
	default: return control(call, fd, arg);
	}
}

int64_t
hc_do_ioctl(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->ioctl.fd);
	int64_t r;

	if (!file)
		return -EBADF;
	r = control_file(call, file->host);
	hc_file_put(file);
	return r;
}

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

int64_t
hc_do_close_range(struct hc_call *call)
{
	struct hc_fds *fds = &call->guest->fds;
	uint32_t fd = (uint32_t)call->close_range.first;
	uint32_t last = (uint32_t)call->close_range.last;
	unsigned flags = (unsigned)call->close_range.flags;

	if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || fd > last)
		return -EINVAL;
	for (; (fd = hc_fd_next(fds, fd)) <= last && fd < HC_FDS; fd++)
		if (flags & CLOSE_RANGE_CLOEXEC)
			fds->fd[fd].cloexec = true;
		else
			hc_fd_close(fds, fd);
	return 0;
}

/* A file without a name; huge pages are not offered.  A host older than Linux
 * 6.3 answers as such. */
int64_t
hc_do_memfd_create(struct hc_call *call)
{
	const unsigned known = MFD_CLOEXEC | MFD_ALLOW_SEALING |
			       MFD_NOEXEC_SEAL | MFD_EXEC;
	unsigned flags = (unsigned)call->memfd_create.flags;
	char name[NAME_MAX];
	struct hc_file *file;
	int64_t r;
	int host;

	if (flags & ~known)
		return -EINVAL;
	r = gmem_string(
	    call->guest->mem, name, sizeof(name), call->memfd_create.name);
	if (r < 0)
		return r == -ENAMETOOLONG ? -EINVAL : r;
	r = hc_host(SYS_memfd_create, name, flags | MFD_CLOEXEC);
	if (r < 0)
		return r;
	host = (int)r;
	r = hc_memfile_made(call->guest, host);
	if (r < 0) {
		close(host);
		return r;
	}
	file = hc_file_new(&call->guest->fds, host);
	if (!file)
		return -ENFILE;
	file->may = HC_MAY_CHANGE;
	hc_memfile_own(call->guest, file);
	return hc_fd_install(&call->guest->fds, file, 0, flags & MFD_CLOEXEC);
}

static int64_t
pipe_call(struct hc_call *call, uint64_t fds, unsigned flags)
{
	int host[2];
	int64_t r;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	if (!gmem_range(call->guest->mem, fds, sizeof(host), GMEM_WRITE))
		return -EFAULT;
	r = hc_host(SYS_pipe2, host, flags | O_CLOEXEC);
	if (r < 0)
		return r;
	return hc_fd_pair(call, host, flags & O_CLOEXEC, fds);
}

int64_t
hc_fd_result(struct hc_call *call, int64_t host, bool cloexec)
{
	if (host < 0)
		return host;
	return hc_fd_open(&call->guest->fds, (int)host, HC_MAY_FLAGS, cloexec);
}

int64_t
hc_fd_pair(struct hc_call *call, const int host[2], bool cloexec, uint64_t va)
{
	struct hc_fds *fds = &call->guest->fds;
	int guest[2];

	guest[0] = hc_fd_open_socket(fds, host[0], HC_MAY_CHANGE, cloexec);
	guest[1] = hc_fd_open_socket(fds, host[1], HC_MAY_CHANGE, cloexec);
	if (guest[0] >= 0 && guest[1] >= 0)
		return gmem_write(call->guest->mem, va, guest, sizeof(guest));
	if (guest[0] >= 0)
		hc_fd_close(fds, (uint64_t)guest[0]);
	if (guest[1] >= 0)
		hc_fd_close(fds, (uint64_t)guest[1]);
	return guest[0] < 0 ? guest[0] : guest[1];
}

int64_t
hc_do_pipe(struct hc_call *call)
{
	return pipe_call(call, call->pipe.fds, 0);
}

int64_t
hc_do_pipe2(struct hc_call *call)
{
	return pipe_call(call, call->pipe2.fds, (unsigned)call->pipe2.flags);
}

/* ToroV's line on the console: text and a newline.  An interruption cuts off
 * the rest of a line that was begun: made again, the call would repeat the
 * line. */
static int64_t
print_line(struct hc_call *call, struct hc_file *file)
{
	struct hc_file *const held[2] = { file, file };
	static const char newline[] = "\n";
	uint64_t va = call->torov_print.text;
	char piece[4096];

	for (;;) {
		int64_t len = gmem_string(
		    call->guest->mem, piece, sizeof(piece), va);
		struct iovec iov[2] = {
			{ piece, len < 0 ? sizeof(piece) : (size_t)len },
			{ (void *)(uintptr_t)newline, len < 0 ? 0 : 1 },
		};
		long arg[HC_ARGS] = { file->host, (long)iov, 2 };
		int64_t r;

		if (len < 0 && len != -ENAMETOOLONG)
			return len;
		r = hc_growth_limit(call->guest, SYS_writev, held, arg);
		if (r == 0)
			r = hc_host_wait(call->thread, SYS_writev, arg[0],
			    arg[1], arg[2], 0, 0, 0);
		if (hc_is_interrupted(r) && va != call->torov_print.text)
			return 0;
		if (r < 0 || len >= 0)
			return r < 0 ? r : 0;
		va += sizeof(piece);
	}
}

int64_t
hc_do_torov_print(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, STDOUT_FILENO);
	int64_t r;

	if (!file)
		return -EBADF;
	/* The text's length, which would have to be counted, is not known. */
	r = hc_may_write(file);
	if (r == 0)
		r = file->in_memory ? -ENOSPC : print_line(call, file);
	hc_file_put(file);
	return r;
}

/* Is this a descriptor whose attributes novillo makes up?  A device has those
 * of the host's. */
static bool
tells_itself(struct hc_file *file, struct hc_own *own)
{
	*own = hc_own_of(file);
	return own->row && hc_own_row_of(own)->kind != HC_OWN_DEVICE;
}

int64_t
hc_do_fstat(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->fstat.fd);
	struct hc_own own;
	struct stat st;
	int64_t r;

	if (!file)
		return -EBADF;
	if (tells_itself(file, &own)) {
		r = hc_own_stat(call, &own, &st);
		if (r == 0)
			r = gmem_write(
			    call->guest->mem, call->fstat.buf, &st, sizeof(st));
	} else if (file->shared) {
		r = hc_host(SYS_fstat, file->host, &st);
		st.st_nlink = file->shared->names;
		if (r == 0)
			r = gmem_write(
			    call->guest->mem, call->fstat.buf, &st, sizeof(st));
	} else if (hc_answer_stat(call->guest, file, &st)) {
		r = gmem_write(
		    call->guest->mem, call->fstat.buf, &st, sizeof(st));
	} else {
		r = hc_forward_on(call, hc_row(HC_fstat), file);
	}
	hc_file_put(file);
	return r;
}

int64_t
hc_do_fstatfs(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->fstatfs.fd);
	struct hc_own own;
	struct statfs fs;
	int64_t r;

	if (!file)
		return -EBADF;
	if (file->shared || tells_itself(file, &own) ||
	    (file->queue && hc_own_find(call, HC_MQ_PLACE, &own))) {
		if (file->shared)
			hc_shared_statfs(call->guest, &fs);
		else
			hc_own_statfs(call->guest, &own, &fs);
		r = gmem_write(
		    call->guest->mem, call->fstatfs.buf, &fs, sizeof(fs));
	} else {
		r = hc_forward_on(call, hc_row(HC_fstatfs), file);
	}
	hc_file_put(file);
	return r;
}

/*
 * Make a call that can change contents which were written before, and may write
 * `length` bytes at `offset`.  Where the guest may only append it is refused,
 * as Linux refuses it on an append-only inode.
 */
static int64_t
rewrite(const struct hc_call *call, struct hc_file *file, long number,
    const uint64_t arg[3], uint64_t offset, uint64_t length)
{
	int64_t flags = hc_host(SYS_fcntl, file->host, F_GETFL, 0);
	struct hc_growth growth;
	int64_t r;

	if (hc_file_only_appends(file, flags))
		return -EPERM;
	if (offset != HC_NOWHERE &&
	    hc_growth_reaches(call->guest, file->host,
		offset == HC_AT_START ? length : offset + length) < 0)
		return -EFBIG;
	r = hc_memfile_begin(&growth, call->guest, file, offset, length);
	if (r < 0)
		return r;
	r = hc_host_wait_alone(
	    call->thread, number, file->host, arg[0], arg[1], arg[2], 0, 0);
	return hc_memfile_end(&growth, r);
}

/* No file of novillo's own is open for that. */
int64_t
hc_do_ftruncate(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->ftruncate.fd);
	const uint64_t length = call->ftruncate.length;
	int64_t r;

	if (!file)
		return -EBADF;
	r = file->own
		? -EINVAL
		: rewrite(call, file, SYS_ftruncate,
		      (const uint64_t[3]){ length },
		      length > INT64_MAX ? HC_NOWHERE : HC_AT_START, length);
	hc_file_put(file);
	return r;
}

/* Pages beyond the end of a file in memory would not be in its size. */
static bool
hides_pages(const struct hc_file *file, unsigned mode)
{
	return file->in_memory && (mode & FALLOC_FL_KEEP_SIZE) &&
	       !(mode & FALLOC_FL_PUNCH_HOLE);
}

int64_t
hc_do_fallocate(struct hc_call *call)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->fallocate.fd);
	const struct hc_args_fallocate *a = &call->fallocate;
	int64_t r;

	if (!file)
		return -EBADF;
	r = hides_pages(file, (unsigned)a->mode)
		? -EOPNOTSUPP
		: rewrite(call, file, SYS_fallocate,
		      (const uint64_t[3]){ a->mode, a->offset, a->length },
		      hc_memfile_offset(a->offset, a->length), a->length);
	hc_file_put(file);
	return r;
}

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20 /* Linux 6.9: write at the offset, not at the end */
#endif

/* A guest's file in memory is counted as O_APPEND says, and a file of somebody
 * else's stays open for appending. */
int64_t
hc_do_pwritev2(struct hc_call *call)
{
	return call->pwritev2.flags & RWF_NOAPPEND
		   ? -EOPNOTSUPP
		   : hc_forward(call, hc_row(HC_pwritev2));
}
