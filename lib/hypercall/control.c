/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages.  Nothing here may know which call has them.
 */
#include "hypercall/control.h"

#include "hypercall/handlers.h"
#include "hypercall/host.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

/* The host's descriptor in the place of the guest's at `at`. */
static int
send_right(struct hc_guest *guest, struct hc_control *c, uint8_t *at)
{
	struct hc_file *file;
	int fd;

	memcpy(&fd, at, sizeof(fd));
	file = fd < 0 ? NULL : hc_fd_get(&guest->fds, (uint64_t)fd);
	if (!file)
		return -EBADF;
	c->held[c->files++] = file;
	/* A folder would lead whoever has it out of the tree; what comes back
	 * from a read-only volume would not be known as such. */
	if (file->directory || file->read_only)
		return -EPERM;
	memcpy(at, &file->host, sizeof(file->host));
	return 0;
}

static int
send_rights(struct hc_guest *guest, struct hc_control *c, uint8_t *at, size_t n)
{
	int r = 0;

	if (n > HC_RIGHTS - c->files)
		return -EINVAL;
	for (; r == 0 && n > 0; n--, at += sizeof(int))
		r = send_right(guest, c, at);
	return r;
}

static int
send_one(struct hc_guest *guest, struct hc_control *c,
    const struct cmsghdr *header, uint8_t *data)
{
	size_t len = header->cmsg_len - CMSG_LEN(0);

	if (header->cmsg_level != SOL_SOCKET)
		return -EINVAL;
	switch (header->cmsg_type) {
	case SCM_RIGHTS: return send_rights(guest, c, data, len / sizeof(int));
	case SCM_CREDENTIALS: return -EPERM;
	default: return -EINVAL;
	}
}

int
hc_control_get(
    struct hc_guest *guest, struct hc_control *c, uint64_t va, size_t len)
{
	size_t at = 0;
	int r = 0;

	c->files = 0;
	c->len = 0;
	if (len > sizeof(c->bytes))
		return -ENOBUFS;
	if (gmem_read(guest->mem, c->bytes, va, len) < 0)
		return -EFAULT;
	c->len = len;
	while (r == 0 && at < len && len - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr header;

		memcpy(&header, c->bytes + at, sizeof(header));
		if (header.cmsg_len < CMSG_LEN(0) || header.cmsg_len > len - at)
			return -EINVAL;
		r = send_one(guest, c, &header, c->bytes + at + CMSG_LEN(0));
		at += CMSG_ALIGN(header.cmsg_len);
	}
	return r;
}

void
hc_control_put(struct hc_control *c)
{
	while (c->files > 0)
		hc_file_put(c->held[--c->files]);
}

static int
socket_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	hc_host(SYS_getsockopt, fd, SOL_SOCKET, option, &value, &len);
	return value;
}

/* Of the kinds that a guest can make for itself. */
static bool
is_safe_socket(int fd)
{
	int family = socket_option(fd, SO_DOMAIN);
	int type = socket_option(fd, SO_TYPE);

	if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
		return false;
	return type == SOCK_STREAM || type == SOCK_DGRAM ||
	       (type == SOCK_SEQPACKET && family == AF_UNIX);
}

/* What looks like a regular file may be a process' memory, or a process. */
static bool
is_plain_file(int fd)
{
	struct statfs fs;

	if (hc_host(SYS_fstatfs, fd, &fs) < 0)
		return false;
	switch ((uint64_t)fs.f_type) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case NSFS_MAGIC:
	case PID_FS_MAGIC: return false;
	default: return true;
	}
}

/* May a guest have what came over a socket? */
static bool
is_safe(int fd)
{
	struct stat st;
	int64_t flags = hc_host(SYS_fcntl, fd, F_GETFL, 0);

	if (flags < 0 || (flags & O_PATH) ||
	    hc_host(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) < 0)
		return false;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG: return is_plain_file(fd);
	case S_IFIFO: return true;
	case S_IFSOCK: return is_safe_socket(fd);
	case S_IFCHR: return hc_is_harmless(st.st_rdev);
	default: return false; /* KVM's descriptors are of no kind */
	}
}

/* Guest descriptors in the place of the host's `n`.  How many: from the first
 * on that is not to be had, none. */
static size_t
receive_rights(struct hc_guest *guest, uint8_t *at, size_t n, bool cloexec)
{
	size_t i, good = 0;

	for (i = 0; i < n; i++, at += sizeof(int)) {
		int fd, own = -1;

		memcpy(&fd, at, sizeof(fd));
		if (good == i && is_safe(fd))
			own = hc_fd_open(&guest->fds, fd, cloexec);
		else
			close(fd);
		if (own < 0)
			continue;
		memcpy(at, &own, sizeof(own));
		good++;
	}
	return good;
}

/* Who the sender is on the host is not the guest's to know. */
static bool
is_wanted(const struct cmsghdr *header)
{
	return header->cmsg_level == IPPROTO_IP ||
	       header->cmsg_level == IPPROTO_IPV6 ||
	       (header->cmsg_level == SOL_SOCKET &&
		   header->cmsg_type == SCM_RIGHTS);
}

/* One message, at `at`; its length, which may be less than it was. */
static size_t
receive_one(struct hc_guest *guest, uint8_t *at, struct cmsghdr *header,
    bool cloexec, bool *cut)
{
	size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	size_t good;

	if (!is_wanted(header))
		return 0;
	if (header->cmsg_level != SOL_SOCKET)
		return header->cmsg_len;
	good = receive_rights(guest, at + CMSG_LEN(0), n, cloexec);
	*cut = *cut || good < n;
	/* The host's numbers are none of the guest's affair. */
	memset(at + CMSG_LEN(good * sizeof(int)), 0, (n - good) * sizeof(int));
	header->cmsg_len = CMSG_LEN(good * sizeof(int));
	memcpy(at, header, sizeof(*header));
	return good > 0 ? header->cmsg_len : 0;
}

void
hc_control_receive(struct hc_guest *guest, struct hc_control *c,
    struct msghdr *message, bool cloexec)
{
	size_t from = 0, to = 0, len = message->msg_controllen;
	bool cut = false;

	while (from < len && len - from >= sizeof(struct cmsghdr)) {
		struct cmsghdr header;
		size_t whole, left;

		memcpy(&header, c->bytes + from, sizeof(header));
		if (header.cmsg_len < CMSG_LEN(0) ||
		    header.cmsg_len > len - from)
			break;
		whole = CMSG_ALIGN(header.cmsg_len);
		left = receive_one(
		    guest, c->bytes + from, &header, cloexec, &cut);
		if (left > 0)
			memmove(c->bytes + to, c->bytes + from, left);
		to += CMSG_ALIGN(left);
		from += whole;
	}
	/* The last need not be padded. */
	c->len = to < len ? to : len;
	if (cut)
		message->msg_flags |= MSG_CTRUNC;
}
