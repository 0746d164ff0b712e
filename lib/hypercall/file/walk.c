/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of a name.  Nothing here may know the calls that use it.
 */
#include "hypercall/file/walk.h"

#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/task/mqueue.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#define LINKS_MAX   40 /* as many as Linux follows (path_resolution(7)) */
#define MOVED_TRIES 16 /* openat2() answers EAGAIN when a folder moved */

#define GO_ON 1 /* there is more to walk */

#define STEP_FLAGS (O_PATH | O_NOFOLLOW | O_CLOEXEC)

/* The component that is next. */
struct component {
	char name[NAME_MAX + 1];
	bool last;
	bool slash; /* a slash is after it */
};

static void
drop(struct walk_spot *spot)
{
	if (spot->fd >= 0 && spot->owned)
		hc_host(SYS_close, spot->fd);
	spot->fd = -1;
}

/* Leave the way to where the walk is, and that spot. */
static void
leave(struct walk *w)
{
	while (w->helds > 0)
		drop(&w->held[--w->helds]);
	drop(&w->at);
	w->unsure = false;
	w->whole = true;
}

static const struct hc_mount *
volume(const struct walk *w)
{
	return &w->tree->mount[w->at.mount];
}

static void
go_top(struct walk *w, const struct hc_mount *m)
{
	leave(w);
	w->at = (struct walk_spot){
		.fd = m->host,
		.top = true,
		.known = true,
		.mount = (unsigned)(m - w->tree->mount),
		.id = m->id,
	};
}

/* Go to the made-up folder, or that of novillo's own, at `place`. */
static void
go_place(struct walk *w, const char *place, size_t len)
{
	leave(w);
	memmove(w->place, place, len);
	w->place[len] = '\0';
}

static void
go_root(struct walk *w)
{
	const struct hc_mount *root = hc_tree_at(w->tree, "", 0);

	if (root)
		go_top(w, root);
	else
		go_place(w, "", 0);
}

/* Go to the folder at the first `len` bytes of the place of `m`: made up, or
 * its base. */
static void
go_above(struct walk *w, const struct hc_mount *m, size_t len)
{
	const struct hc_mount *in;

	if (len == 0) {
		go_root(w);
		return;
	}
	if (m->base < 0 || len != m->base_len) {
		go_place(w, m->at, len);
		return;
	}
	in = &w->tree->mount[m->base_mount];
	if (hc_identity_is(&m->base_id, &in->id)) {
		go_top(w, in);
		return;
	}
	leave(w);
	w->at = (struct walk_spot){
		.fd = m->base,
		.known = true,
		.mount = m->base_mount,
		.id = m->base_id,
	};
}

static size_t
folder_len(const char *place)
{
	const char *slash = strrchr(place, '/');

	return slash ? (size_t)(slash - place) : 0;
}

static int
look(int fd, struct stat *st, struct hc_identity *id)
{
	int64_t r = hc_host(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);

	*id = r < 0 ? (struct hc_identity){ 0 }
		    : (struct hc_identity){ st->st_dev, st->st_ino };
	return (int)r;
}

/* statx(2)'s answer, in which older headers have no stx_mnt_id. */
struct answer {
	uint32_t mask;
	uint8_t other[0x8c];
	uint64_t mount;
	uint8_t more[256 - 0x98];
};

#define ASK_MOUNT 0x1000U /* STATX_MNT_ID, since Linux 5.8 */

uint64_t
walk_look(int fd, struct hc_identity *id)
{
	struct answer answer;
	struct stat st;
	int64_t r;

	*id = (struct hc_identity){ 0 };
	if (look(fd, &st, id) < 0)
		return 0;
	r = hc_host(SYS_statx, fd, "", AT_EMPTY_PATH, ASK_MOUNT, &answer);
	return r == 0 && (answer.mask & ASK_MOUNT) ? answer.mount : 0;
}

static int
identify(struct walk_spot *spot)
{
	struct stat st;
	int r = spot->known ? 0 : look(spot->fd, &st, &spot->id);

	spot->known = r == 0;
	return r;
}

/*
 * Open what the component `name` leads to from the folder `fd` of the spot's
 * volume, which is not followed.  -EXDEV: to another mount of the host's.
 *
 * RESOLVE_BENEATH would not be right: where a file is renamed to another folder
 * meanwhile, it also means -EXDEV.
 */
static int64_t
open_from(const struct walk *w, int fd, const char *name, unsigned flags)
{
	const struct open_how how = {
		.flags = STEP_FLAGS | flags,
		.resolve = RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	const struct hc_mount *m = volume(w);
	struct hc_identity id;
	int64_t to;

	if (!w->tree->no_openat2)
		return hc_host(SYS_openat2, fd, name, &how, sizeof(how));
	to = hc_host(SYS_openat, fd, name, STEP_FLAGS | flags);
	if (to < 0)
		return to;
	if (walk_look((int)to, &id) == m->mount && id.dev == m->id.dev)
		return to;
	hc_host(SYS_close, (int)to);
	return -EXDEV;
}

/* The host's parent of a folder of the spot's volume.  -ENOENT: it is on
 * another mount, so the folder is not in the volume any more. */
static int64_t
open_parent(const struct walk *w, int fd)
{
	int64_t r = open_from(w, fd, "..", O_DIRECTORY);

	return r == -EXDEV ? -ENOENT : r;
}

/* Does the way from the spot up lead to its volume's top?  0 or -errno. */
static int
check_below(struct walk *w)
{
	const struct hc_identity *top = &volume(w)->id;
	struct hc_identity id, up = w->at.id;
	struct stat st;
	int64_t r = hc_host(SYS_fcntl, w->at.fd, F_DUPFD_CLOEXEC, 0);

	for (; r >= 0 && w->climbed < HC_CLIMB; w->climbed++) {
		int from = (int)r, seen;

		r = open_parent(w, from);
		hc_host(SYS_close, from);
		if (r < 0)
			return (int)r;
		id = up;
		seen = look((int)r, &st, &up);
		if (seen == 0 && !hc_identity_is(&up, top) &&
		    !hc_identity_is(&up, &id))
			continue;
		hc_host(SYS_close, (int)r);
		if (seen < 0)
			return seen;
		/* The host's root is its own parent. */
		return hc_identity_is(&up, top) ? 0 : -ENOENT;
	}
	if (r >= 0)
		hc_host(SYS_close, (int)r);
	return r < 0 ? (int)r : -ENAMETOOLONG;
}

/* Make sure that the walk is in its volume before it goes on from here. */
static int
settle(struct walk *w)
{
	int r;

	if (!w->unsure)
		return 0;
	r = check_below(w);
	w->unsure = r < 0;
	return r;
}

/* ".." in a volume, below its top. */
static int
go_up_in_volume(struct walk *w)
{
	struct walk_spot up = { .owned = true, .mount = w->at.mount };
	int64_t fd;
	int r;

	if (w->helds > 0) {
		drop(&w->at);
		w->at = w->held[--w->helds];
		return GO_ON;
	}
	if (w->own_only)
		return HC_ELSEWHERE;
	fd = open_parent(w, w->at.fd);
	if (fd < 0)
		return (int)fd;
	up.fd = (int)fd;
	r = identify(&up);
	drop(&w->at);
	w->at = up;
	if (r < 0)
		return r;
	if (hc_identity_is(&up.id, &volume(w)->id))
		go_top(w, volume(w));
	else
		w->unsure = w->whole = true;
	return GO_ON;
}

static int
go_up(struct walk *w)
{
	const struct hc_mount *m;

	if (w->at.fd >= 0 && !w->at.top)
		return go_up_in_volume(w);
	if (w->at.fd >= 0) {
		m = volume(w);
		go_above(w, m, folder_len(m->at));
		return GO_ON;
	}
	m = hc_tree_below(w->tree, w->place, strlen(w->place));
	if (m)
		go_above(w, m, folder_len(w->place));
	else if (folder_len(w->place) == 0)
		go_root(w);
	else
		go_place(w, w->place, folder_len(w->place));
	return GO_ON;
}

/* The name leads out of the folder it started in. */
static int
escape(struct walk *w)
{
	w->escapes = true;
	return -EXDEV;
}

/* ".." with HC_PATH_BENEATH: only to a folder that the walk came from. */
static int
step_up(struct walk *w)
{
	if (!(w->how & HC_PATH_BENEATH))
		return go_up(w);
	if (w->depth == 0 || (w->at.fd >= 0 && !w->at.top && w->helds == 0))
		return escape(w);
	w->depth--;
	return go_up(w);
}

/* May a link to an open file be followed? */
static int
check_jump(struct walk *w)
{
	if (w->how & (HC_PATH_NO_LINKS | HC_PATH_NO_JUMPS))
		return -ELOOP;
	return w->how & HC_PATH_BENEATH ? escape(w) : 0;
}

/* Put the text of a link before the rest. */
static int
follow(struct walk *w, const char *target, size_t len)
{
	const size_t rest = strlen(w->rest);

	if (++w->links > LINKS_MAX || (w->how & HC_PATH_NO_LINKS))
		return -ELOOP;
	if (target[0] == '/' && (w->how & HC_PATH_BENEATH))
		return escape(w);
	if (len == 0)
		return -ENOENT;
	if (len + rest >= sizeof(w->text))
		return -ENAMETOOLONG;
	memmove(w->text + len, w->rest, rest + 1);
	memcpy(w->text, target, len);
	w->rest = w->text;
	w->whole = true;
	if (target[0] == '/')
		go_root(w);
	return GO_ON;
}

static int
follow_host(struct walk *w, int link)
{
	char target[HC_PATH];
	int64_t n = hc_host(
	    SYS_readlinkat, link, "", target, sizeof(target) - 1);

	hc_host(SYS_close, link);
	return n < 0 ? (int)n : follow(w, target, (size_t)n);
}

/* The end: the descriptor `fd` in the spot's volume, or -errno. */
static int
end_in_volume(struct walk *w, int64_t fd)
{
	w->found->mount = (uint8_t)(w->at.mount + 1);
	w->found->fd = (int)fd;
	return fd < 0 ? (int)fd : 0;
}

/* The end: the spot, whose descriptor walk.found takes over. */
static int
hold_spot(struct walk *w)
{
	int64_t fd = w->at.fd;

	if (w->own_only)
		return HC_ELSEWHERE;
	if (!w->at.owned)
		fd = hc_host(SYS_fcntl, w->at.fd, F_DUPFD_CLOEXEC, 0);
	w->at.owned = false;
	return end_in_volume(w, fd);
}

static int
end_own(struct walk *w, enum hc_leads leads, const struct hc_own *own)
{
	w->found->leads = leads;
	w->found->own = *own;
	return 0;
}

/* Enter a volume, or a made-up folder above it: the first `len` bytes of its
 * place. */
static int
enter(struct walk *w, const struct hc_mount *m, size_t len,
    const struct component *c)
{
	if (len < m->len) {
		go_place(w, m->at, len);
		return GO_ON;
	}
	if (m->file && (!c->last || c->slash))
		return -ENOTDIR;
	go_top(w, m);
	return m->file ? hold_spot(w) : GO_ON;
}

static bool
is_guest_root(const struct walk *w)
{
	return !w->others && w->at.fd >= 0 && w->at.top && volume(w)->len == 0;
}

/* The volume that hangs in the spot under this name. */
static const struct hc_mount *
find_point(struct walk *w, const char *name, size_t *len, int *r)
{
	*r = 0;
	if (volume(w)->points == HC_POINTS_NONE ||
	    (volume(w)->points == HC_POINTS_TOP && !w->at.top))
		return NULL;
	*r = identify(&w->at);
	return *r < 0
		   ? NULL
		   : hc_tree_point(w->tree, w->at.mount, &w->at.id, name, len);
}

/* The file does not exist yet, and is to be made. */
static void
note_missing(struct walk *w, const struct component *c, enum hc_leads leads)
{
	w->found->leads = leads;
	w->found->missing = true;
	strcpy(w->found->last, c->name);
}

static void
go_down(struct walk *w, int fd, const struct hc_identity *id)
{
	if (w->helds == WALK_HELD) {
		drop(&w->held[0]);
		memmove(w->held, w->held + 1, --w->helds * sizeof(w->held[0]));
	}
	/* Below the top the host may take links. */
	if (w->at.top && volume(w)->points == HC_POINTS_TOP)
		w->whole = true;
	w->held[w->helds++] = w->at;
	w->at = (struct walk_spot){
		.fd = fd,
		.owned = true,
		.known = true,
		.mount = w->at.mount,
		.id = *id,
	};
}

static int
step_in_volume(struct walk *w, const struct component *c)
{
	const bool follows = !c->last || c->slash || (w->how & HC_PATH_FOLLOW);
	struct hc_identity id;
	struct stat st;
	size_t len = 0;
	int r;
	const struct hc_mount *m = find_point(w, c->name, &len, &r);
	int64_t fd;

	if (r < 0 || m)
		return m ? enter(w, m, len, c) : r;
	if (is_guest_root(w) && hc_own_covers(c->name)) {
		char place[NAME_MAX + 2] = "/";

		strcat(place, c->name);
		go_place(w, place, strlen(place));
		return w->no_own ? -ENOENT : GO_ON;
	}
	if (w->own_only)
		return HC_ELSEWHERE;
	fd = open_from(w, w->at.fd, c->name, 0);
	if (fd == -ENOENT && c->last && (w->how & HC_PATH_MAKE)) {
		note_missing(w, c, HC_LEADS_HOST);
		return hold_spot(w);
	}
	if (fd < 0)
		return (int)fd;
	r = look((int)fd, &st, &id);
	if (r == 0 && S_ISLNK(st.st_mode) && follows)
		return follow_host(w, (int)fd);
	if (r == 0 && S_ISDIR(st.st_mode)) {
		go_down(w, (int)fd, &id);
		return GO_ON;
	}
	if (r == 0 && (!c->last || c->slash))
		r = -ENOTDIR;
	if (r < 0) {
		hc_host(SYS_close, (int)fd);
		return r;
	}
	return end_in_volume(w, fd);
}

/* The link of a descriptor that is a folder is entered. */
static int
enter_descriptor(struct walk *w, int number)
{
	struct hc_file *file = hc_fd_get(
	    &w->call->guest->fds, (uint64_t)number);
	int r = GO_ON;

	if (!file)
		return -ENOENT;
	if (!file->directory) {
		r = -ENOTDIR;
	} else if (file->own) {
		struct hc_own own = hc_own_of(file);

		hc_own_place(w->tree, &own, w->place);
	} else if (w->own_only) {
		r = HC_ELSEWHERE;
	} else {
		leave(w);
		w->at = (struct walk_spot){
			.fd = (int)hc_host(
			    SYS_fcntl, file->host, F_DUPFD_CLOEXEC, 0),
			.owned = true,
			.top = file->top,
			.mount = file->mount - 1U,
		};
		r = w->at.fd < 0 ? w->at.fd : GO_ON;
	}
	hc_file_put(file);
	return r;
}

/* The link to an open file, or to the program, as the last component or not. */
static int
end_magic(struct walk *w, enum hc_leads leads, const struct hc_own *own)
{
	int r;

	if (!(w->how & HC_PATH_FOLLOW))
		return end_own(w, HC_LEADS_OWN, own);
	r = check_jump(w);
	return r < 0 ? r : end_own(w, leads, own);
}

/* Among novillo's own files: walk.place is the file's now. */
static int
step_to_own(struct walk *w, const struct component *c, const struct hc_own *own)
{
	const bool ends = c->last && !c->slash;
	struct hc_text text;
	int64_t n;

	switch (hc_own_row_of(own)->kind) {
	case HC_OWN_VOLUMES:
	case HC_OWN_SHARED:
	case HC_OWN_QUEUES:
	case HC_OWN_FOLDER: return GO_ON;
	case HC_OWN_LINK:
		if (ends && !(w->how & HC_PATH_FOLLOW))
			return end_own(w, HC_LEADS_OWN, own);
		n = hc_own_readlink(w->call, own, &text);
		w->place[folder_len(w->place)] = '\0';
		return n < 0 ? (int)n : follow(w, text.bytes, (size_t)n);
	case HC_OWN_DESCRIPTOR:
		if (ends)
			return end_magic(w, HC_LEADS_DESCRIPTOR, own);
		n = check_jump(w);
		return n < 0 ? (int)n : enter_descriptor(w, own->number);
	case HC_OWN_PROGRAM:
		return ends ? end_magic(w, HC_LEADS_PROGRAM, own) : -ENOTDIR;
	default: return ends ? end_own(w, HC_LEADS_OWN, own) : -ENOTDIR;
	}
}

static bool
is_made_up(const struct walk *w)
{
	struct hc_own own;

	return !w->others && hc_own_find(w->call, w->place, &own) &&
	       hc_own_row_of(&own)->kind == HC_OWN_VOLUMES;
}

/* Is walk.place in a folder of novillo's own? */
static bool
is_in_own(const struct walk *w)
{
	char name[HC_PATH];

	strcpy(name, w->place + 1);
	name[strcspn(name, "/")] = '\0';
	return hc_own_covers(name);
}

/* Append a name to walk.place. */
static int
append(struct walk *w, const char *name)
{
	const size_t len = strlen(w->place);

	if (len + strlen(name) + 2 > sizeof(w->place))
		return -ENAMETOOLONG;
	w->place[len] = '/';
	strcpy(w->place + len + 1, name);
	return 0;
}

/* A file of the folder walk.place has been, by its name. */
static int
end_shared(struct walk *w, const struct component *c)
{
	struct hc_found *found = w->found;
	struct hc_shared *file = NULL;
	int fd;

	if (w->own_only)
		return HC_ELSEWHERE;
	fd = hc_shared_find(w->call->guest, c->name, &file);
	if (fd == -ENOENT && c->last && (w->how & HC_PATH_MAKE)) {
		note_missing(w, c, HC_LEADS_SHARED);
		return 0;
	}
	if (fd >= 0 && (!c->last || c->slash)) {
		hc_host(SYS_close, fd);
		hc_shared_put(file);
		fd = -ENOTDIR;
	}
	if (fd < 0)
		return fd;
	found->fd = fd;
	found->shared = file;
	found->changeable = true;
	return 0;
}

/* Is walk.place novillo's own folder `place`, which no volume hides? */
static bool
is_own_folder(const struct walk *w, const char *place)
{
	return !w->others && !w->no_own && strcmp(w->place, place) == 0 &&
	       !hc_tree_at(w->tree, w->place, strlen(w->place));
}

/* That of shared files? */
static bool
is_shared(const struct walk *w)
{
	return w->tree->self >= 0 && is_own_folder(w, HC_SHARED_PLACE);
}

static int
step_in_place(struct walk *w, const struct component *c)
{
	const bool last = c->last && (w->how & HC_PATH_MAKE);
	const bool makes = last && is_made_up(w);
	const bool shared = is_shared(w),
		   queues = is_own_folder(w, HC_MQ_PLACE);
	const struct hc_mount *m;
	struct hc_own own;
	int r = append(w, c->name);
	size_t len = strlen(w->place);

	if (r < 0)
		return r;
	m = hc_tree_at(w->tree, w->place, len);
	if (m)
		return enter(w, m, len, c);
	if (hc_tree_below(w->tree, w->place, len))
		return GO_ON;
	if (shared)
		return end_shared(w, c);
	if (!w->others && !w->no_own && hc_own_find(w->call, w->place, &own))
		return step_to_own(w, c, &own);
	if (w->own_only && !is_in_own(w))
		return HC_ELSEWHERE;
	if (queues && last && !c->slash) {
		note_missing(w, c, HC_LEADS_QUEUE);
		return 0;
	}
	return makes ? -EROFS : -ENOENT;
}

/* How the host may take the rest at once: RESOLVE_*, or 0. */
static uint64_t
resolve_whole(const struct walk *w, const struct component *c)
{
	const struct hc_mount *m = volume(w);
	const char *dots = w->rest;
	size_t len;

	if (m->points == HC_POINTS_NONE ||
	    (m->points == HC_POINTS_TOP && !w->at.top))
		return RESOLVE_BENEATH;
	if (m->points == HC_POINTS_DEEP ||
	    hc_tree_point(w->tree, w->at.mount, &m->id, c->name, &len) ||
	    (is_guest_root(w) && hc_own_covers(c->name)))
		return 0;
	if (m->len == 0 && m->closed)
		return RESOLVE_IN_ROOT;
	for (; (dots = strstr(dots, "..")); dots += 2)
		if ((dots == w->rest || dots[-1] == '/') &&
		    (dots[2] == '/' || dots[2] == '\0'))
			return 0;
	return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
}

/* -EXDEV: by component. */
static int64_t
open_whole(
    const struct walk *w, const char *path, uint64_t resolve, unsigned flags)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	unsigned tries = 0;
	int64_t r;

	do
		r = hc_host(SYS_openat2, w->at.fd, path, &how, sizeof(how));
	while (r == -EAGAIN && ++tries < MOVED_TRIES);
	return r == -EAGAIN || (r == -ELOOP && (resolve & RESOLVE_NO_SYMLINKS))
		   ? -EXDEV
		   : r;
}

/* The start of the rest's last component, or NULL if it is the only one. */
static char *
last_component(char *rest)
{
	size_t len = strlen(rest);

	while (len > 0 && rest[len - 1] == '/')
		len--;
	while (len > 0 && rest[len - 1] != '/')
		len--;
	return len > 0 ? rest + len : NULL;
}

/* Go to the folder of the rest's last component at once. */
static int
go_to_last(struct walk *w, uint64_t resolve)
{
	char *last = last_component(w->rest);
	struct walk_spot at = { .owned = true, .mount = w->at.mount };
	const bool may_be_top = w->at.top;
	int64_t fd;
	int r;

	if (!last)
		return GO_ON;
	last[-1] = '\0';
	fd = open_whole(w, w->rest, resolve, O_DIRECTORY);
	last[-1] = '/';
	if (fd < 0)
		return fd == -EXDEV ? GO_ON : (int)fd;
	leave(w);
	at.fd = (int)fd;
	w->at = at;
	w->rest = last;
	r = may_be_top ? identify(&w->at) : 0;
	if (r == 0 && may_be_top && hc_identity_is(&w->at.id, &volume(w)->id))
		go_top(w, volume(w));
	w->whole = false;
	return r < 0 ? r : GO_ON;
}

/* Give the rest to the host: 0, -errno, or GO_ON if by component. */
static int
take_whole(struct walk *w, const struct component *c)
{
	const uint64_t resolve = resolve_whole(w, c);
	const bool follows = w->how & HC_PATH_FOLLOW;
	int64_t fd;

	w->whole = false;
	if (!resolve)
		return GO_ON;
	if ((w->how & HC_PATH_ENTRY) ||
	    ((w->how & HC_PATH_MAKE) && w->rest[strlen(w->rest) - 1] == '/'))
		return go_to_last(w, resolve);
	fd = open_whole(
	    w, w->rest, resolve, follows ? 0 : (unsigned)O_NOFOLLOW);
	if (fd == -EXDEV)
		return GO_ON;
	if ((fd == -ENOENT || fd == -ENOTDIR) && (w->how & HC_PATH_MAKE))
		return go_to_last(w, resolve);
	return fd < 0 ? (int)fd : end_in_volume(w, fd);
}

/* The end: an entry where the volume `m` hangs, at or below its first `len`
 * bytes. */
static void
note_point(struct hc_found *found, const struct hc_mount *m, size_t len)
{
	found->entry = HC_ENTRY_POINT;
	found->folder = len < m->len || !m->file;
	found->point = m;
	found->point_len = len;
}

/* An entry of a folder without a descriptor. */
static int
end_entry_in_place(struct walk *w, const char *name)
{
	struct hc_found *found = w->found;
	const bool made_up = is_made_up(w), shared = is_shared(w);
	const bool queues = is_own_folder(w, HC_MQ_PLACE);
	const struct hc_mount *m;
	struct hc_own own;
	size_t len;
	int r;

	found->entry = HC_ENTRY_OWN;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	r = append(w, name);
	len = strlen(w->place);
	if (r < 0)
		return r;
	m = hc_tree_at(w->tree, w->place, len);
	if (!m)
		m = hc_tree_below(w->tree, w->place, len);
	if (m) {
		note_point(found, m, len);
		return 0;
	}
	if (shared || queues) {
		found->entry = shared ? HC_ENTRY_SHARED : HC_ENTRY_QUEUE;
		return 0;
	}
	if (!w->no_own && hc_own_find(w->call, w->place, &own))
		return 0;
	found->entry = HC_ENTRY_NONE;
	return made_up ? 0 : -ENOENT;
}

/* The end, where an entry is made or removed in the spot. */
static int
end_entry(struct walk *w, const struct component *c)
{
	struct hc_found *found = w->found;
	const struct hc_mount *m;
	size_t len = 0;
	int r;

	strcpy(found->last, c->name);
	if (c->slash)
		strcat(found->last, "/");
	if (w->at.fd < 0)
		return end_entry_in_place(w, c->name);
	m = find_point(w, c->name, &len, &r);
	if (m)
		note_point(found, m, len);
	else if (is_guest_root(w) && hc_own_covers(c->name))
		found->entry = HC_ENTRY_OWN;
	return r < 0 ? r : hold_spot(w);
}

/* The end: the folder itself.  As an entry that is the root. */
static int
end_folder(struct walk *w)
{
	struct hc_own own;

	if (w->how & HC_PATH_ENTRY) {
		w->found->entry = HC_ENTRY_POINT;
		w->found->folder = true;
		strcpy(w->found->last, ".");
		return w->at.fd < 0 ? 0 : hold_spot(w);
	}
	if (w->at.fd >= 0)
		return hold_spot(w);
	if (w->others || !hc_own_find(w->call, w->place, &own))
		return w->own_only ? HC_ELSEWHERE : -ENOENT;
	return end_own(w, HC_LEADS_OWN, &own);
}

/* The component at walk.rest.  0 or -ENAMETOOLONG. */
static int
next_component(const struct walk *w, struct component *c)
{
	const size_t len = strcspn(w->rest, "/");

	c->slash = w->rest[len] == '/';
	c->last = !w->rest[len + strspn(w->rest + len, "/")];
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(c->name, w->rest, len);
	c->name[len] = '\0';
	return 0;
}

static int
step_down(struct walk *w, const struct component *c)
{
	const unsigned links = w->links;
	int r = w->at.fd >= 0 ? step_in_volume(w, c) : step_in_place(w, c);

	if (w->links == links)
		w->depth++;
	return r;
}

static int
go(struct walk *w)
{
	struct component c;
	const char *rest;
	bool up;
	int r;

	w->rest += strspn(w->rest, "/");
	r = next_component(w, &c);
	up = r == 0 && strcmp(c.name, "..") == 0;
	if (r == 0 && !up)
		r = settle(w);
	if (r < 0)
		return r;
	if (!*w->rest)
		return end_folder(w);
	if (c.last && (w->how & HC_PATH_ENTRY)) {
		r = settle(w);
		return r < 0 ? r : end_entry(w, &c);
	}
	rest = w->rest;
	if (strcmp(c.name, ".") != 0 && !up && w->at.fd >= 0 && w->whole &&
	    !w->own_only && !w->tree->no_openat2 &&
	    !(w->how & HC_PATH_BY_STEPS)) {
		r = take_whole(w, &c);
		if (r != GO_ON || w->rest != rest)
			return r;
	}
	w->rest += strlen(c.name);
	if (strcmp(c.name, ".") == 0)
		return GO_ON;
	if (up)
		return step_up(w);
	/* As on Linux, whatever is there. */
	if (c.last && c.slash && (w->how & HC_PATH_MAKE))
		return -EISDIR;
	return step_down(w, &c);
}

void
walk_start(struct walk *w, const char *name, const struct hc_file *dir)
{
	w->helds = w->links = w->climbed = w->depth = 0;
	w->escapes = false;
	w->at.fd = -1;
	w->place[0] = '\0';
	strcpy(w->text, name);
	w->rest = w->text;
	leave(w);
	if (name[0] == '/' || !dir) {
		go_root(w);
	} else if (dir->own) {
		struct hc_own own = hc_own_of(dir);

		hc_own_place(w->tree, &own, w->place);
	} else if (dir->top) {
		go_top(w, &w->tree->mount[dir->mount - 1]);
	} else {
		w->at = (struct walk_spot){
			.fd = dir->host,
			.mount = dir->mount - 1U,
		};
	}
}

int
walk_run(struct walk *w)
{
	struct hc_found *found = w->found;
	int r;

	*found = (struct hc_found){ .fd = -1 };
	do
		r = go(w);
	while (r == GO_ON);
	leave(w);
	if (r == 0 && found->mount) {
		found->read_only = w->tree->mount[found->mount - 1].read_only;
		found->changeable = !found->read_only;
	}
	/* Another file system of the host does not belong to the guest. */
	return r == -EXDEV && !w->escapes ? -EACCES : r;
}
