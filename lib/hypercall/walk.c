/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openat2(2) with RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS and RESOLVE_NO_XDEV
 * for hosts that have none (before Linux 5.6, or where a filter forbids it).
 * Nothing here may know guests.
 *
 * No component is ever followed by the host: each is opened with O_NOFOLLOW
 * from the folder before it, a link's text is read and walked in its turn, and
 * ".." starts again from the root with one component less.
 */
#include "hypercall/path.h"

#include "hypercall/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as many as Linux follows (path_resolution(7)) */

/* Where something lies: other file systems than the root's are out, and where
 * the host tells mounts apart (Linux 5.8), its other mounts. */
struct lies {
	dev_t dev;
	uint64_t mount; /* 0: not told */
};

struct walk {
	int root;
	int at;    /* the folder of the next component */
	int found; /* at the end: the descriptor */
	struct lies in;
	unsigned links;
	char done[HC_PATH]; /* how `at` was reached: no links, no ".." */
	char rest[HC_PATH]; /* what is still to be walked */
};

/* statx(2)'s answer, in which older headers have no stx_mnt_id. */
struct answer {
	uint32_t mask;
	uint8_t other[0x8c];
	uint64_t mount;
	uint8_t more[256 - 0x98];
};

#define ASK_MOUNT 0x1000U /* STATX_MNT_ID */

static int
look(int fd, struct lies *lies)
{
	struct answer answer;
	struct stat st;
	int64_t r;

	if (fstat(fd, &st) < 0)
		return -errno;
	r = hc_host(SYS_statx, fd, "", AT_EMPTY_PATH, ASK_MOUNT, &answer);
	lies->dev = st.st_dev;
	lies->mount = r == 0 && (answer.mask & ASK_MOUNT) ? answer.mount : 0;
	return 0;
}

static int
check_place(const struct walk *w, int fd)
{
	struct lies lies;
	int r = look(fd, &lies);

	if (r < 0)
		return r;
	return lies.dev == w->in.dev && lies.mount == w->in.mount ? 0 : -EXDEV;
}

static void
leave(struct walk *w)
{
	if (w->at != w->root)
		close(w->at);
	w->at = w->root;
}

/* From a folder into the one below it, which must not be a link. */
static int
enter(struct walk *w, const char *name)
{
	int fd = openat(
	    w->at, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	leave(w);
	w->at = fd;
	return check_place(w, fd);
}

/* The first component of `path` into `name`, the rest behind it. */
static char *
take_component(char *path, char name[NAME_MAX + 1])
{
	size_t len = strcspn(path, "/");

	if (len > NAME_MAX)
		return NULL;
	memcpy(name, path, len);
	name[len] = '\0';
	return path + len + strspn(path + len, "/");
}

/* "..": the same way again, without its last component. */
static int
go_up(struct walk *w)
{
	char way[HC_PATH], name[NAME_MAX + 1];
	char *slash = strrchr(w->done, '/');
	char *next = way;
	int r = 0;

	*(slash ? slash : w->done) = '\0';
	strcpy(way, w->done);
	leave(w);
	while (r == 0 && *next) {
		next = take_component(next, name);
		r = enter(w, name);
	}
	return r;
}

static int
go_down(struct walk *w, const char *name)
{
	size_t len = strlen(w->done);
	int r = enter(w, name);

	if (r < 0)
		return r;
	if (len + strlen(name) + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	if (len > 0)
		w->done[len++] = '/';
	strcpy(w->done + len, name);
	return 0;
}

/* What a link says comes before the rest; an absolute one starts anew. 1, as
 * there is more to walk, or -errno. */
static int
follow(struct walk *w, const char *name, const char *rest, bool slash)
{
	char text[HC_PATH];
	ssize_t n = readlinkat(w->at, name, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	text[n] = '\0';
	if ((size_t)n + strlen(rest) + 2 > sizeof(w->rest))
		return -ENAMETOOLONG;
	if (text[0] == '/') {
		leave(w);
		w->done[0] = '\0';
	}
	if (slash)
		strcat(text, "/");
	strcat(text, rest);
	strcpy(w->rest, text);
	return 1;
}

static bool
is_link(const struct walk *w, const char *name)
{
	struct stat st;

	return fstatat(w->at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISLNK(st.st_mode);
}

static int
open_here(struct walk *w, const char *name, unsigned flags, unsigned mode)
{
	int r;

	w->found = openat(w->at, name, (int)(flags | O_CLOEXEC), mode);
	if (w->found < 0)
		return -errno;
	r = check_place(w, w->found);
	if (r < 0)
		close(w->found);
	return r;
}

/* The last component: opened, or once more a link. */
static int
finish(struct walk *w, const char *name, unsigned flags, unsigned mode)
{
	bool stays = (flags & O_NOFOLLOW) ||
		     ((flags & O_CREAT) && (flags & O_EXCL));

	if (!stays && is_link(w, name))
		return follow(w, name, "", false);
	return open_here(w, name, flags | O_NOFOLLOW, mode);
}

/* One component. 1: there is more; 0: it is found; or -errno. */
static int
step(struct walk *w, unsigned flags, unsigned mode)
{
	char name[NAME_MAX + 1];
	char *rest = w->rest + strspn(w->rest, "/");
	bool slash;
	int r;

	rest = take_component(rest, name);
	if (!rest)
		return -ENAMETOOLONG;
	slash = rest > w->rest && rest[-1] == '/';
	if (strcmp(name, "..") == 0)
		r = go_up(w);
	else if (strcmp(name, ".") == 0 || name[0] == '\0')
		r = 0;
	else if (!*rest && !slash)
		return finish(w, name, flags, mode);
	else if (is_link(w, name))
		return follow(w, name, rest, slash);
	else
		r = go_down(w, name);
	if (r < 0)
		return r;
	memmove(w->rest, rest, strlen(rest) + 1);
	if (*w->rest)
		return 1;
	return open_here(w, ".", flags & ~(unsigned)O_NOFOLLOW, mode);
}

int
hc_path_walk(int root, const char *path, unsigned flags, unsigned mode)
{
	struct walk w = { .root = root, .at = root };
	int r;

	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(w.rest))
		return -ENAMETOOLONG;
	r = look(root, &w.in);
	if (r < 0)
		return r;
	strcpy(w.rest, path);
	do
		r = step(&w, flags, mode);
	while (r == 1);
	leave(&w);
	return r < 0 ? r : w.found;
}
