/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on descriptors themselves.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"
#include "hypercall/host.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

int64_t
hc_do_close(struct hc_call *call)
{
	return hc_fd_close(&call->guest->fds, call->arg[0]);
}

static int64_t
dup_from(struct hc_call *call, uint64_t from, bool cloexec)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *file = hc_fd_get(fds, call->arg[0]);

	return file ? hc_fd_install(fds, file, from, cloexec) : -EBADF;
}

int64_t
hc_do_dup(struct hc_call *call)
{
	return dup_from(call, 0, false);
}

static int64_t
dup_to(struct hc_call *call, bool cloexec)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *file = hc_fd_get(fds, call->arg[0]);

	if (!file)
		return -EBADF;
	return hc_fd_replace(fds, file, call->arg[1], cloexec);
}

int64_t
hc_do_dup2(struct hc_call *call)
{
	return dup_to(call, false);
}

int64_t
hc_do_dup3(struct hc_call *call)
{
	unsigned flags = (unsigned)call->arg[2];

	if ((flags & ~(unsigned)O_CLOEXEC) ||
	    (uint32_t)call->arg[0] == (uint32_t)call->arg[1])
		return -EINVAL;
	return dup_to(call, flags & O_CLOEXEC);
}

/* Descriptor flags are of the number, not of the file. */
static int64_t
descriptor_flags(struct hc_call *call, bool set)
{
	struct hc_fds *fds = &call->guest->fds;
	uint32_t n = (uint32_t)call->arg[0];

	if (n >= HC_FDS || !fds->fd[n].file)
		return -EBADF;
	if (set)
		fds->fd[n].cloexec = call->arg[2] & FD_CLOEXEC;
	return set ? 0 : fds->fd[n].cloexec ? FD_CLOEXEC : 0;
}

static int64_t
lock_call(struct hc_call *call, struct hc_file *file, int cmd)
{
	struct flock lock;
	int64_t r;

	if (gmem_read(call->guest->mem, &lock, call->arg[2], sizeof(lock)) < 0)
		return -EFAULT;
	r = hc_host_wait(
	    call->thread, SYS_fcntl, file->host, cmd, &lock, 0, 0, 0);
	if (r < 0 || (cmd != F_GETLK && cmd != F_OFD_GETLK))
		return r;
	return gmem_write(call->guest->mem, call->arg[2], &lock, sizeof(lock));
}

/* What a file's flags may become: with O_ASYNC the host's signals would come
 * to novillo. */
#define SETFL_FLAGS ((unsigned)(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME))

static int64_t
file_control(struct hc_call *call, struct hc_file *file)
{
	int cmd = (int)call->arg[1];

	switch (cmd) {
	case F_GETFL: return hc_host(SYS_fcntl, file->host, F_GETFL, 0);
	case F_SETFL:
		return hc_host(SYS_fcntl, file->host, F_SETFL,
		    (unsigned)call->arg[2] & SETFL_FLAGS);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW: return lock_call(call, file, cmd);
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
	case F_GET_SEALS:
		return hc_host(SYS_fcntl, file->host, cmd, (int)call->arg[2]);
	default: return -EINVAL;
	}
}

int64_t
hc_do_fcntl(struct hc_call *call)
{
	int cmd = (int)call->arg[1];
	struct hc_file *file;
	int64_t r;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if (call->arg[2] >= HC_FDS)
			return -EINVAL;
		return dup_from(call, call->arg[2], cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
	case F_SETFD: return descriptor_flags(call, cmd == F_SETFD);
	}
	file = hc_fd_get(&call->guest->fds, call->arg[0]);
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
	uint8_t data[64] = { 0 };
	int64_t r;

	if (arg->size > sizeof(data))
		return -ENOTTY;
	if (arg->kind == HC_ARG_IN &&
	    gmem_read(mem, data, call->arg[2], arg->size) < 0)
		return -EFAULT;
	r = hc_host_wait(
	    call->thread, SYS_ioctl, fd, (uint32_t)call->arg[1], data, 0, 0, 0);
	if (r < 0 || arg->kind != HC_ARG_OUT)
		return r;
	return gmem_write(mem, call->arg[2], data, arg->size);
}

int64_t
hc_do_ioctl(struct hc_call *call)
{
	const struct hc_arg *arg = hc_request(
	    HC_ARG_IOCTL, (uint32_t)call->arg[1]);
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->arg[0]);
	int64_t r = -ENOTTY;

	if (!file)
		return -EBADF;
	if (arg)
		r = control(call, file->host, arg);
	hc_file_put(file);
	return r;
}

/* Changes of what a descriptor leads to, which a read-only volume refuses. */
static int64_t
change(struct hc_call *call, long number, uint64_t a, uint64_t b)
{
	struct hc_file *file = hc_fd_get(&call->guest->fds, call->arg[0]);
	int64_t r;

	if (!file)
		return -EBADF;
	r = file->read_only ? -EROFS : hc_host(number, file->host, a, b);
	hc_file_put(file);
	return r;
}

int64_t
hc_do_fchmod(struct hc_call *call)
{
	return change(call, SYS_fchmod, call->arg[1], 0);
}

static int64_t
pipe_call(struct hc_call *call, unsigned flags)
{
	int host[2];
	int64_t r;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	if (!gmem_range(
		call->guest->mem, call->arg[0], sizeof(host), GMEM_WRITE))
		return -EFAULT;
	r = hc_host(SYS_pipe2, host, flags | O_CLOEXEC);
	if (r < 0)
		return r;
	return hc_fd_pair(call, host, flags & O_CLOEXEC, call->arg[0]);
}

int64_t
hc_fd_result(struct hc_call *call, int64_t host, bool cloexec)
{
	if (host < 0)
		return host;
	return hc_fd_open(&call->guest->fds, (int)host, cloexec);
}

int64_t
hc_fd_pair(struct hc_call *call, const int host[2], bool cloexec, uint64_t va)
{
	struct hc_fds *fds = &call->guest->fds;
	int guest[2];

	guest[0] = hc_fd_open(fds, host[0], cloexec);
	guest[1] = hc_fd_open(fds, host[1], cloexec);
	if (guest[0] >= 0 && guest[1] >= 0)
		return gmem_write(call->guest->mem, va, guest, sizeof(guest));
	if (guest[0] >= 0)
		hc_fd_close(fds, (uint64_t)guest[0]);
	if (guest[1] >= 0)
		hc_fd_close(fds, (uint64_t)guest[1]);
	return -EMFILE;
}

int64_t
hc_do_pipe(struct hc_call *call)
{
	return pipe_call(call, 0);
}

int64_t
hc_do_pipe2(struct hc_call *call)
{
	return pipe_call(call, (unsigned)call->arg[1]);
}

/* A line on the console: text and a newline, as ToroV wrote it. */
static int64_t
print_line(const struct gmem *mem, int fd, uint64_t va)
{
	static const char newline[] = "\n";
	char piece[4096];

	for (;;) {
		int64_t len = gmem_string(mem, piece, sizeof(piece), va);
		struct iovec iov[2] = {
			{ piece, len < 0 ? sizeof(piece) : (size_t)len },
			{ (void *)(uintptr_t)newline, len < 0 ? 0 : 1 },
		};
		int64_t r;

		if (len < 0 && len != -ENAMETOOLONG)
			return len;
		r = hc_host(SYS_writev, fd, iov, 2);
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
	r = print_line(call->guest->mem, file->host, call->arg[6]);
	hc_file_put(file);
	return r;
}
