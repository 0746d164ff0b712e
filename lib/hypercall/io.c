/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hypercalls on open descriptors: read, write, their vectors, ioctl, and
 * ToroV's console.  Nothing here may know vCPUs or KVM.
 */
#include "hypercall/handlers.h"

#include <errno.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

/* What one read or write moves at most, as on Linux (MAX_RW_COUNT). */
#define MAX_RW (INT_MAX & ~PAGE_4K_MASK)

/*
 * The part of a guest buffer that can be used.  As on Linux a buffer that
 * starts well and ends badly is served up to where it ends, and one whose
 * first byte is bad is EFAULT.
 */
static void *
usable(const struct hc_call *call, uint64_t va, uint64_t *len,
    enum gmem_access access)
{
	if (*len > MAX_RW)
		*len = MAX_RW;
	if (*len > 0) {
		*len = gmem_span(call->guest->mem, va, *len, access);
		if (*len == 0)
			return NULL;
	}
	return gmem_range(call->guest->mem, va, *len, access);
}

int64_t
hc_do_read(struct hc_call *call)
{
	int fd = hc_host_fd(call->guest, call->arg[0]);
	uint64_t len = call->arg[2];
	void *buf;

	if (fd < 0)
		return fd;
	buf = usable(call, call->arg[1], &len, GMEM_WRITE);
	if (!buf)
		return -EFAULT;
	return hc_result(read(fd, buf, len));
}

int64_t
hc_do_write(struct hc_call *call)
{
	int fd = hc_host_fd(call->guest, call->arg[0]);
	uint64_t len = call->arg[2];
	const void *buf;

	if (fd < 0)
		return fd;
	buf = usable(call, call->arg[1], &len, GMEM_READ);
	if (!buf)
		return -EFAULT;
	return hc_result(write(fd, buf, len));
}

/*
 * The guest's vector as the host's, fetched once and each part checked.  A
 * part that ends badly ends the vector.  The number of parts, or -errno.
 */
static int
host_vector(const struct hc_call *call, struct iovec iov[IOV_MAX],
    enum gmem_access access)
{
	int64_t count = (int)call->arg[2];
	uint64_t room = MAX_RW;
	int n;

	if (count < 0 || count > IOV_MAX)
		return -EINVAL;
	if (gmem_read(call->guest->mem, iov, call->arg[1],
		(size_t)count * sizeof(iov[0])) < 0)
		return -EFAULT;
	for (n = 0; n < count; n++)
		if ((int64_t)iov[n].iov_len < 0)
			return -EINVAL;
	for (n = 0; n < count; n++) {
		uint64_t wanted = iov[n].iov_len < room ? iov[n].iov_len : room;
		uint64_t len = wanted;

		iov[n].iov_base = usable(
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

int64_t
hc_do_readv(struct hc_call *call)
{
	int fd = hc_host_fd(call->guest, call->arg[0]);
	struct iovec iov[IOV_MAX];
	int n;

	if (fd < 0)
		return fd;
	n = host_vector(call, iov, GMEM_WRITE);
	return n < 0 ? n : hc_result(readv(fd, iov, n));
}

int64_t
hc_do_writev(struct hc_call *call)
{
	int fd = hc_host_fd(call->guest, call->arg[0]);
	struct iovec iov[IOV_MAX];
	int n;

	if (fd < 0)
		return fd;
	n = host_vector(call, iov, GMEM_READ);
	return n < 0 ? n : hc_result(writev(fd, iov, n));
}

/* The requests that are served, each writes a structure of this size. */
static const struct {
	uint32_t request;
	size_t size;
} ioctls[] = {
	{ TCGETS, 36 }, /* the kernel's struct termios, not the C library's */
	{ TIOCGWINSZ, sizeof(struct winsize) },
};

int64_t
hc_do_ioctl(struct hc_call *call)
{
	int fd = hc_host_fd(call->guest, call->arg[0]);
	uint8_t answer[64] = { 0 };
	size_t i;

	if (fd < 0)
		return fd;
	for (i = 0; i < sizeof(ioctls) / sizeof(ioctls[0]); i++) {
		if (ioctls[i].request != (uint32_t)call->arg[1])
			continue;
		if (ioctl(fd, ioctls[i].request, answer) < 0)
			return -errno;
		return gmem_write(
		    call->guest->mem, call->arg[2], answer, ioctls[i].size);
	}
	return -ENOTTY;
}

/* A line on the console: text and a newline, as ToroV wrote it. */
int64_t
hc_do_torov_print(struct hc_call *call)
{
	static const char newline[] = "\n";
	const struct gmem *mem = call->guest->mem;
	int fd = hc_host_fd(call->guest, STDOUT_FILENO);
	uint64_t va = call->arg[6];
	char piece[4096];

	if (fd < 0)
		return fd;
	for (;;) {
		int64_t len = gmem_string(mem, piece, sizeof(piece), va);
		struct iovec iov[2] = {
			{ piece, len < 0 ? sizeof(piece) : (size_t)len },
			{ (void *)(uintptr_t)newline, len < 0 ? 0 : 1 },
		};

		if (len < 0 && len != -ENAMETOOLONG)
			return len;
		if (writev(fd, iov, 2) < 0)
			return -errno;
		if (len >= 0)
			return 0;
		va += sizeof(piece);
	}
}
