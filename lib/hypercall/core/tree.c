/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places in the guest's tree.  Nothing here may open a file of the host's.
 */
#include "hypercall/core/tree.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/core/hypercall.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

const struct hc_mount *
hc_tree_at(const struct hc_tree *tree, const char *place, size_t len)
{
	unsigned i;

	for (i = 0; i < tree->mounts; i++) {
		const struct hc_mount *m = &tree->mount[i];

		if (m->ready && m->len == len && memcmp(m->at, place, len) == 0)
			return m;
	}
	return NULL;
}

const struct hc_mount *
hc_tree_below(const struct hc_tree *tree, const char *place, size_t len)
{
	unsigned i;

	for (i = 0; i < tree->mounts; i++) {
		const struct hc_mount *m = &tree->mount[i];

		if (m->ready && m->len > len && m->at[len] == '/' &&
		    memcmp(m->at, place, len) == 0)
			return m;
	}
	return NULL;
}

const struct hc_mount *
hc_tree_point(const struct hc_tree *tree, unsigned in,
    const struct hc_identity *id, const char *name, size_t *len)
{
	const size_t n = strlen(name);
	unsigned i;

	for (i = 0; i < tree->mounts; i++) {
		const struct hc_mount *m = &tree->mount[i];
		const char *tail = m->at + m->base_len + 1;

		if (!m->ready || m->base < 0 || m->base_mount != in ||
		    !hc_identity_is(&m->base_id, id) ||
		    strcspn(tail, "/") != n || memcmp(tail, name, n) != 0)
			continue;
		*len = m->base_len + 1 + n;
		return m;
	}
	return NULL;
}

struct hc_held_name
hc_held_name(int fd)
{
	struct hc_held_name name;

	snprintf(name.text, sizeof(name.text), "%d", fd);
	return name;
}

int
hc_held_enter(struct hc_tree *tree, int fd)
{
	int64_t r;

	pthread_mutex_lock(&tree->entered);
	r = hc_host(SYS_fchdir, fd);
	if (r < 0)
		pthread_mutex_unlock(&tree->entered);
	return (int)r;
}

void
hc_held_leave(struct hc_tree *tree)
{
	(void)hc_host(SYS_fchdir, tree->self);
	pthread_mutex_unlock(&tree->entered);
}

/* The host's name of a descriptor of ours. */
static int64_t
host_name(const struct hc_tree *tree, int fd, char name[HC_PATH])
{
	int64_t n = hc_host(SYS_readlinkat, tree->self, hc_held_name(fd).text,
	    name, HC_PATH - 1);

	if (n >= 0)
		name[n] = '\0';
	return n;
}

/* Append to name[n], of volume `m`, the part below its top of the file that
 * descriptor `fd` holds. */
static int64_t
append_below(const struct hc_tree *tree, const struct hc_mount *m, int fd,
    char name[HC_PATH], int64_t n)
{
	char top[HC_PATH], found[HC_PATH];
	int64_t len = host_name(tree, m->host, top);
	int64_t all = len < 0 ? len : host_name(tree, fd, found);

	if (all < 0)
		return all;
	if (len == 1)
		len = 0; /* "/" */
	if (strncmp(found, top, (size_t)len) != 0 ||
	    (found[len] != '/' && found[len] != '\0'))
		return -ENOENT;
	if (n + all - len >= (int64_t)HC_PATH)
		return -ENAMETOOLONG;
	strcpy(name + n, found + len);
	return n + all - len;
}

/* The present name of a file of volume `m`, "" for the root: its length, or
 * -errno.  A volume goes with the folder that it lies in. */
static int64_t
name_file(const struct hc_tree *tree, const struct hc_mount *m, int fd,
    bool top, char name[HC_PATH])
{
	const struct hc_mount *in = &tree->mount[m->base_mount];
	const char *tail = m->base < 0 ? m->at : m->at + m->base_len;
	int64_t n = 0;

	if (m->base >= 0)
		n = name_file(tree, in, m->base,
		    hc_identity_is(&m->base_id, &in->id), name);
	if (n < 0)
		return n;
	if ((size_t)n + strlen(tail) >= HC_PATH)
		return -ENAMETOOLONG;
	strcpy(name + n, tail);
	n += (int64_t)strlen(tail);
	return top ? n : append_below(tree, m, fd, name, n);
}

int64_t
hc_tree_name(
    const struct hc_tree *tree, const struct hc_file *file, char name[HC_PATH])
{
	const struct hc_mount *m = &tree->mount[file->mount - 1];
	int64_t n = name_file(tree, m, file->host, file->top, name);

	if (n == 0)
		strcpy(name, "/");
	return n == 0 ? 1 : n;
}

int
hc_tree_normalize(const char *from, const char *path, char out[HC_PATH])
{
	size_t len = *path == '/' || !from[0] || !from[1] ? 0 : strlen(from);

	memmove(out, from, len);
	for (;;) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0)
			break;
		if (n == 2 && memcmp(path, "..", 2) == 0) {
			while (len > 0 && out[--len] != '/')
				continue;
		} else if (n != 1 || *path != '.') {
			if (len + n + 2 > HC_PATH)
				return -ENAMETOOLONG;
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
	}
	out[len] = '\0';
	return 0;
}

struct hc_file *
hc_tree_cwd(struct hc_guest *guest)
{
	struct hc_file *cwd;

	pthread_mutex_lock(&guest->fds.lock);
	cwd = guest->tree.cwd;
	if (cwd)
		hc_file_hold(cwd);
	pthread_mutex_unlock(&guest->fds.lock);
	return cwd;
}

void
hc_tree_move(struct hc_guest *guest, struct hc_file *cwd)
{
	struct hc_file *old;

	pthread_mutex_lock(&guest->fds.lock);
	old = guest->tree.cwd;
	guest->tree.cwd = cwd;
	pthread_mutex_unlock(&guest->fds.lock);
	if (old)
		hc_file_put(old);
}
