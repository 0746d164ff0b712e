/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding, opening and telling of the files that novillo answers itself.
 * Nothing here may know what they say.
 */
#include "hypercall/own.h"

#include "hypercall/handlers.h"
#include "hypercall/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <time.h>

/* Of kernels newer than the headers. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS   1033
#define F_SEAL_SEAL   1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW   4
#define F_SEAL_WRITE  8
#endif

#define LINKS_MAX 40 /* as many as Linux follows (path_resolution(7)) */

#define DEVICE_MAJOR 1 /* of memory devices (Linux' devices.txt) */

static const struct hc_own_row rows[] = {
#define FOLDER(p) { .path = p, .kind = HC_OWN_FOLDER, .mode = 0555 },
#define TEXT(p, m, name) \
	{ .path = p, .kind = HC_OWN_TEXT, .mode = m, .make = hc_own_##name },
#define FIXED(p, t) { .path = p, .kind = HC_OWN_TEXT, .mode = 0444, .text = t },
#define LINK(p, t)  { .path = p, .kind = HC_OWN_LINK, .mode = 0777, .text = t },
#define LINK_TO(p, name) \
	{ .path = p, .kind = HC_OWN_LINK, .mode = 0777, .make = hc_own_##name },
#define DEVICE(p, name, minor)         \
	{ .path = p,                   \
		.kind = HC_OWN_DEVICE, \
		.mode = 0666,          \
		.device = HC_DEVICE_##name },
#define TERMINAL(p)   { .path = p, .kind = HC_OWN_TERMINAL, .mode = 0666 },
#define DESCRIPTOR(p) { .path = p, .kind = HC_OWN_DESCRIPTOR, .mode = 0700 },
#define MISSING(p)    { .path = p, .kind = HC_OWN_MISSING },
#include "hypercall/own.def"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const int16_t hc_own_needs[] = { SYS_memfd_create, SYS_fcntl, SYS_close,
	SYS_fstat, SYS_sched_getaffinity, -1 };

const struct hc_own_row *
hc_own_row(unsigned i)
{
	return i < ROWS ? &rows[i] : NULL;
}

static const struct hc_own_row *
row_of(const struct hc_own *own)
{
	return &rows[own->row - 1];
}

/* The folders at the top, and where the names behind them have another. */
static const struct {
	const char *path;
	unsigned long magic;
} roots[] = {
	{ "/proc", PROC_SUPER_MAGIC },
	{ "/dev", TMPFS_MAGIC },
	{ "/sys", SYSFS_MAGIC },
};

#define ROOTS (sizeof(roots) / sizeof(roots[0]))

/* The place in `roots` of what `place` is below, or ROOTS. */
static size_t
root_of(const char *place)
{
	size_t i, len;

	for (i = 0; i < ROOTS; i++) {
		len = strlen(roots[i].path);
		if (strncmp(place, roots[i].path, len) == 0 &&
		    (place[len] == '/' || place[len] == '\0'))
			break;
	}
	return i;
}

bool
hc_own_covers(const struct hc_tree *tree, const char *place)
{
	return root_of(place) < ROOTS && !hc_tree_is_volume(tree, place);
}

/* A number at *path, which goes on behind it: as it is printed, so that each
 * has one name. */
static bool
take_number(const char **path, int *number)
{
	const char *p = *path;
	int n = 0;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	while (*p >= '0' && *p <= '9' && n < 100000000)
		n = n * 10 + *p++ - '0';
	*path = p;
	*number = n;
	return true;
}

/* Is `path`, of `len` bytes, what a row says? */
static bool
matches(const char *pattern, const char *path, size_t len, int *number)
{
	const char *end = path + len;

	for (; *pattern && path < end; pattern++)
		if (*pattern == '#') {
			if (!take_number(&path, number))
				return false;
		} else if (*pattern != *path++) {
			return false;
		}
	return !*pattern && path == end;
}

static bool
thread_lives(const struct hc_call *call, int tid)
{
	char name[HC_THREAD_NAME];
	int next = tid - 1;

	if (!call->thread->next)
		return tid == call->thread->tid;
	return call->thread->next(call->thread, &next, name) && next == tid;
}

/* Is there what the number in a row's path means? */
static bool
is_there(const struct hc_call *call, const struct hc_own_row *row, int number)
{
	if (row->kind == HC_OWN_DESCRIPTOR)
		return number < (int)HC_FDS &&
		       call->guest->fds.fd[number].file != 0;
	return !strchr(row->path, '#') || thread_lives(call, number);
}

static bool
find_row(const struct hc_call *call, const char *path, size_t len,
    struct hc_own *own)
{
	unsigned i;

	for (i = 0; i < ROWS; i++) {
		own->number = 0;
		if (rows[i].kind == HC_OWN_MISSING ||
		    !matches(rows[i].path, path, len, &own->number) ||
		    !is_there(call, &rows[i], own->number))
			continue;
		own->row = i + 1;
		return true;
	}
	return false;
}

/* What a link says. */
static void
link_text(const struct hc_call *call, const struct hc_own_row *row, int number,
    struct hc_text *text)
{
	hc_text_begin(text, -1);
	if (row->text)
		hc_text_put(text, "%s", row->text);
	else
		row->make(text, call, number);
}

/* A way that leads on: what is to be walked, and whether it was changed. */
struct way {
	char path[HC_PATH];
	bool changed;
};

/* Walk on at `target`, which starts in folder `from`, and then at `rest`. */
static int
lead_on(struct way *way, const char *from, const char *target, size_t len,
    const char *rest)
{
	char text[HC_PATH], start[HC_PATH];

	if (len + strlen(rest) >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(text, target, len);
	strcpy(text + len, rest);
	strcpy(start, from);
	way->changed = true;
	return hc_path_normalize(start, text, way->path);
}

/* The first `len` bytes of the way are a link. */
static int
follow_link(const struct hc_call *call, const struct hc_own *own,
    struct way *way, size_t len)
{
	char folder[HC_PATH];
	struct hc_text text;

	link_text(call, row_of(own), own->number, &text);
	if (text.used == 0)
		return -ENOENT;
	memcpy(folder, way->path, len);
	folder[len] = '\0';
	*strrchr(folder, '/') = '\0';
	return lead_on(way, folder, text.bytes, text.used, way->path + len);
}

/* They are an open file, in which there is more to find. */
static int
enter_descriptor(
    const struct hc_call *call, int fd, struct way *way, size_t len)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *file = hc_fd_get(fds, (uint64_t)fd);
	int r = -ENOTDIR;

	if (!file)
		return -ENOENT;
	if (file->directory && file->placed)
		r = lead_on(
		    way, hc_file_place(fds, file), "", 0, way->path + len + 1);
	hc_file_put(file);
	return r;
}

/* More to walk: a link was followed. */
#define AGAIN 3

/* From the first component on: an enum hc_own_is, -errno or AGAIN. */
static int
walk(const struct hc_call *call, struct way *way, bool follow,
    struct hc_own *own)
{
	size_t len = 0;
	bool last = false;
	int r;

	if (!hc_own_covers(&call->guest->tree, way->path))
		return HC_OWN_IS_NOT;
	while (!last) {
		enum hc_own_kind kind;

		len += 1 + strcspn(way->path + len + 1, "/");
		last = !way->path[len];
		if (!find_row(call, way->path, len, own))
			return -ENOENT;
		kind = row_of(own)->kind;
		if (kind == HC_OWN_DESCRIPTOR) {
			if (last)
				return follow ? HC_OWN_IS_DESCRIPTOR
					      : HC_OWN_IS;
			r = enter_descriptor(call, own->number, way, len);
			return r < 0 ? r : AGAIN;
		}
		if (kind == HC_OWN_LINK && (!last || follow)) {
			r = follow_link(call, own, way, len);
			return r < 0 ? r : AGAIN;
		}
		if (!last && kind != HC_OWN_FOLDER)
			return -ENOTDIR;
	}
	return HC_OWN_IS;
}

/* A C library looks for it, and does not mind. */
static bool
is_missing(const char *path)
{
	unsigned i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].kind == HC_OWN_MISSING &&
		    strcmp(rows[i].path, path) == 0)
			return true;
	return false;
}

/* The way leads elsewhere: let `name` say where. */
static int
leave(const struct hc_call *call, const struct way *way, bool slash,
    struct hc_name_at *name)
{
	if (call->own_only)
		return is_missing(way->path) ? -ENOENT : HC_ELSEWHERE;
	if (!way->changed && !(name->dir && name->dir->own))
		return HC_OWN_IS_NOT;
	hc_path_put(name);
	strcpy(name->text, way->path);
	if (slash || !name->text[0])
		strcat(name->text, "/");
	return HC_OWN_IS_NOT;
}

/* A slash at the end asks for a folder. */
static int
want_folder(const struct hc_call *call, int is, const struct hc_own *own)
{
	struct hc_file *file;

	if (is == HC_OWN_IS && row_of(own)->kind != HC_OWN_FOLDER)
		return -ENOTDIR;
	if (is != HC_OWN_IS_DESCRIPTOR)
		return is;
	file = hc_fd_get(&call->guest->fds, (uint64_t)own->number);
	if (!file)
		return -ENOENT;
	if (!file->directory)
		is = -ENOTDIR;
	hc_file_put(file);
	return is;
}

int
hc_own_find(const struct hc_call *call, struct hc_name_at *name, bool follow,
    struct hc_own *own)
{
	struct hc_fds *fds = &call->guest->fds;
	size_t len = strlen(name->text);
	bool slash = len > 0 && name->text[len - 1] == '/';
	struct way way = { .changed = false };
	unsigned links = 0;
	int r;

	own->row = 0;
	if (len == 0)
		return call->own_only ? HC_ELSEWHERE : HC_OWN_IS_NOT;
	r = hc_path_normalize(
	    name->dir && name->dir->placed ? hc_file_place(fds, name->dir) : "",
	    name->text, way.path);
	if (r < 0)
		return r;
	do
		r = walk(call, &way, follow || slash, own);
	while (r == AGAIN && ++links < LINKS_MAX);
	if (r == AGAIN)
		return -ELOOP;
	if (r == HC_OWN_IS_NOT)
		return leave(call, &way, slash, name);
	return slash && r > 0 ? want_folder(call, r, own) : r;
}

/* The place of a row in the tree: its path with the number in it. */
static void
place_of(const struct hc_own *own, char place[HC_PATH])
{
	const char *path = row_of(own)->path;
	size_t len = strcspn(path, "#");

	if (path[len])
		snprintf(place, HC_PATH, "%.*s%d%s", (int)len, path,
		    own->number, path + len + 1);
	else
		strcpy(place, path);
}

/* A folder's entry as getdents64(2) gives it, all of one size. */
struct entry {
	uint64_t ino;
	int64_t next; /* the position behind it */
	uint16_t size;
	uint8_t type;
	char name[21]; /* "transparent_hugepage" is the longest */
};

_Static_assert(sizeof(struct entry) == 40 && offsetof(struct entry, name) == 19,
    "as struct linux_dirent64");

static uint64_t
inode_of(unsigned row, int number)
{
	return ((uint64_t)number << 8) + row;
}

static uint8_t
entry_type(const struct hc_own_row *row)
{
	switch (row->kind) {
	case HC_OWN_FOLDER: return DT_DIR;
	case HC_OWN_LINK:
	case HC_OWN_DESCRIPTOR: return DT_LNK;
	case HC_OWN_DEVICE:
	case HC_OWN_TERMINAL: return DT_CHR;
	default: return DT_REG;
	}
}

/* The last part of a row's path if it lies in this folder, or NULL. */
static const char *
child_name(const struct hc_own_row *row, const char *folder)
{
	size_t len = strlen(folder);

	if (row->kind == HC_OWN_MISSING ||
	    strncmp(row->path, folder, len) != 0 || row->path[len] != '/' ||
	    strchr(row->path + len + 1, '/'))
		return NULL;
	return row->path + len + 1;
}

/* The first number from *number on that a row stands for. */
static bool
find_number(const struct hc_call *call, unsigned row, int *number)
{
	char name[HC_THREAD_NAME];
	int n = *number;

	if (rows[row].kind == HC_OWN_DESCRIPTOR) {
		while (n < (int)HC_FDS && !is_there(call, &rows[row], n))
			n++;
		*number = n;
		return n < (int)HC_FDS;
	}
	if (call->thread->next) {
		*number = n - 1;
		return call->thread->next(call->thread, number, name);
	}
	*number = call->thread->tid;
	return n <= *number;
}

/*
 * What is in a folder at position `pos` or behind it: its row and number, and
 * the position is its own.  Positions are those of rows in the list or, as on
 * Linux, numbers: what comes and goes meanwhile moves nothing else.
 */
static bool
find_child(const struct hc_call *call, const char *folder, int64_t *pos,
    struct hc_own *own)
{
	unsigned i;

	for (i = 0; i < ROWS; i++) {
		const char *name = child_name(&rows[i], folder);

		own->row = i + 1;
		if (name && *name == '#' && *pos < INT32_MAX) {
			own->number = (int)*pos;
			if (!find_number(call, i, &own->number))
				return false;
			*pos = own->number;
			return true;
		}
		if (name && i >= *pos) {
			*pos = i;
			return true;
		}
	}
	return false;
}

/* The first two positions are the folder itself and what is above it. */
#define DOTS 2

/* The entry at or behind *pos, which is set behind it. */
static bool
next_entry(const struct hc_call *call, const struct hc_own *folder,
    int64_t *pos, struct entry *e)
{
	struct hc_own own = { 0 };
	const char *path = row_of(folder)->path;
	int64_t at = *pos - DOTS;

	*e = (struct entry){ .size = sizeof(*e), .type = DT_DIR };
	if (at < 0) {
		e->ino = inode_of(folder->row, folder->number);
		memcpy(e->name, "..", *pos + 1 < DOTS ? 1 : 2);
		e->next = ++*pos;
		return true;
	}
	if (!find_child(call, path, &at, &own))
		return false;
	e->ino = inode_of(own.row, own.number);
	e->type = entry_type(row_of(&own));
	if (strchr(row_of(&own)->path + strlen(path), '#'))
		snprintf(e->name, sizeof(e->name), "%d", own.number);
	else
		strcpy(e->name, row_of(&own)->path + strlen(path) + 1);
	e->next = *pos = at + DOTS + 1;
	return true;
}

int64_t
hc_own_getdents(const struct hc_call *call, const struct hc_file *file)
{
	struct hc_own folder = hc_own_of(file);
	struct entry entries[100];
	size_t room = (uint32_t)call->arg[2] / sizeof(entries[0]), n = 0;
	int64_t pos = hc_host(SYS_lseek, file->host, 0, SEEK_CUR);

	if (!file->directory)
		return -ENOTDIR;
	if (room == 0)
		return -EINVAL;
	if (room > sizeof(entries) / sizeof(entries[0]))
		room = sizeof(entries) / sizeof(entries[0]);
	while (n < room && next_entry(call, &folder, &pos, &entries[n]))
		n++;
	if (gmem_write(call->guest->mem, call->arg[1], entries,
		n * sizeof(entries[0])) < 0)
		return -EFAULT;
	(void)hc_host(SYS_lseek, file->host, pos, SEEK_SET);
	return (int64_t)(n * sizeof(entries[0]));
}

/* Is there room for one more snapshot? */
static bool
has_room(const struct hc_guest *guest, uint64_t bytes)
{
	unsigned i;

	for (i = 0; i < HC_FILES; i++)
		if (guest->fds.file[i].refs > 0)
			bytes += guest->fds.file[i].bytes;
	return bytes <= HC_OWN_BYTES;
}

static int
fill(const struct hc_call *call, const struct hc_own *own, int fd,
    uint32_t *bytes)
{
	const struct hc_own_row *row = row_of(own);
	struct hc_text text;
	int r;

	hc_text_begin(&text, fd);
	if (row->text)
		hc_text_put(&text, "%s", row->text);
	else if (row->make)
		row->make(&text, call, own->number);
	r = hc_text_end(&text);
	if (r == 0)
		r = (int)hc_host(SYS_lseek, fd, 0, SEEK_SET);
	if (r == 0)
		r = (int)hc_host(SYS_fcntl, fd, F_ADD_SEALS,
		    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	*bytes = (uint32_t)((text.size + PAGE_4K_MASK) & ~PAGE_4K_MASK);
	return r;
}

/* The host's descriptor of a snapshot, or -errno. */
static int
snapshot(const struct hc_call *call, const struct hc_own *own, uint32_t *bytes)
{
	static const char name[] = "novillo";
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int64_t fd;
	int r;

	if (!has_room(call->guest, PAGE_4K))
		return -ENOMEM;
	fd = hc_host(SYS_memfd_create, name, flags | MFD_NOEXEC_SEAL);
	if (fd == -EINVAL) /* before Linux 6.3 */
		fd = hc_host(SYS_memfd_create, name, flags);
	if (fd < 0)
		return (int)fd;
	r = fill(call, own, (int)fd, bytes);
	if (r == 0 && !has_room(call->guest, *bytes))
		r = -ENOMEM;
	if (r == 0)
		return (int)fd;
	hc_host(SYS_close, (int)fd);
	return r;
}

/* The terminal that is one of novillo's streams. */
static int
terminal(void)
{
	struct stat st;
	int fd;

	/* Majors of consoles, of terminals by name, of pseudo-terminals
	 * (Linux' devices.txt). */
	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (hc_host(SYS_fstat, fd, &st) == 0 && S_ISCHR(st.st_mode) &&
		    (major(st.st_rdev) == 4 || major(st.st_rdev) == 5 ||
			(major(st.st_rdev) >= 136 && major(st.st_rdev) <= 143)))
			return fd;
	return -ENXIO;
}

/* What the guest has of it depends on `flags`: 0 or -errno. */
static int
may_open(const struct hc_own_row *row, unsigned flags)
{
	unsigned mode = flags & O_ACCMODE;

	if (row->kind == HC_OWN_LINK || row->kind == HC_OWN_DESCRIPTOR)
		return -ELOOP; /* with O_NOFOLLOW */
	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if (row->kind == HC_OWN_FOLDER)
		return !(flags & O_PATH) && (mode != O_RDONLY ||
						(flags & (O_CREAT | O_TRUNC)))
			   ? -EISDIR
			   : 0;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if (row->kind == HC_OWN_TEXT && !(flags & O_PATH) &&
	    (mode != O_RDONLY || (flags & O_TRUNC)))
		return -EACCES;
	return 0;
}

static int
host_descriptor(
    const struct hc_call *call, const struct hc_own *own, uint32_t *bytes)
{
	const struct hc_own_row *row = row_of(own);
	int fd;

	switch (row->kind) {
	case HC_OWN_DEVICE: fd = call->guest->world.device[row->device]; break;
	case HC_OWN_TERMINAL:
		fd = terminal();
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

	if (row->kind == HC_OWN_FOLDER || (flags & O_PATH))
		return HC_NO_READ | HC_NO_WRITE;
	return mode == O_RDONLY   ? HC_NO_WRITE
	       : mode == O_WRONLY ? HC_NO_READ
				  : 0;
}

int
hc_own_open(const struct hc_call *call, const struct hc_own *own,
    unsigned flags, struct hc_file **file)
{
	const struct hc_own_row *row = row_of(own);
	struct hc_fds *fds = &call->guest->fds;
	uint32_t bytes = 0;
	int fd, r = may_open(row, flags);

	if (r < 0)
		return r;
	fd = host_descriptor(call, own, &bytes);
	if (fd < 0)
		return fd;
	*file = hc_file_new(fds, fd);
	if (!*file)
		return -ENFILE;
	/* A terminal is what its stream is; all else is ours. */
	if (row->kind != HC_OWN_TERMINAL)
		(*file)->own = (uint16_t)own->row;
	(*file)->read_only = row->kind == HC_OWN_TEXT;
	(*file)->directory = row->kind == HC_OWN_FOLDER;
	(*file)->refuses = (uint8_t)refused(row, flags);
	(*file)->bytes = bytes;
	(*file)->placed = true;
	place_of(own, hc_file_place(fds, *file));
	return 0;
}

struct hc_own
hc_own_of(const struct hc_file *file)
{
	return (struct hc_own){ .row = file->own };
}

/* The host's descriptor that a device is told of by, -ENOENT, or -1: we tell of
 * it ourselves.  A terminal is what its stream is, so that ttyname(3) knows it. */
static int
told_by(const struct hc_call *call, const struct hc_own_row *row)
{
	int fd;

	if (row->kind == HC_OWN_DEVICE) {
		fd = call->guest->world.device[row->device];
		return fd < 0 ? -ENOENT : fd;
	}
	fd = row->kind == HC_OWN_TERMINAL ? terminal() : -1;
	return fd < 0 ? -1 : fd;
}

int
hc_own_stat(
    const struct hc_call *call, const struct hc_own *own, struct stat *st)
{
	const struct hc_world *world = &call->guest->world;
	const struct hc_own_row *row = row_of(own);
	struct timespec now = { 0, 0 };
	int fd = told_by(call, row);
	static const unsigned types[] = {
		[HC_OWN_FOLDER] = S_IFDIR,
		[HC_OWN_TEXT] = S_IFREG,
		[HC_OWN_LINK] = S_IFLNK,
		[HC_OWN_DESCRIPTOR] = S_IFLNK,
		[HC_OWN_TERMINAL] = S_IFCHR,
	};

	if (fd != -1)
		return fd < 0 ? fd : (int)hc_host(SYS_fstat, fd, st);
	clock_gettime(CLOCK_REALTIME, &now);
	memset(st, 0, sizeof(*st));
	st->st_dev = makedev(0, 1 + (unsigned)root_of(row->path));
	st->st_ino = inode_of(own->row, own->number);
	st->st_mode = types[row->kind] | row->mode;
	st->st_nlink = row->kind == HC_OWN_FOLDER ? 2 : 1;
	if (strncmp(row->path, "/proc/1", strlen("/proc/1")) == 0) {
		st->st_uid = world->uid;
		st->st_gid = world->gid;
	}
	if (row->kind == HC_OWN_TERMINAL)
		st->st_rdev = makedev(5, 0); /* Linux' devices.txt */
	st->st_blksize = 1024;
	st->st_atim = st->st_mtim = st->st_ctim = now;
	return 0;
}

int
hc_own_statfs(const struct hc_own *own, struct statfs *fs)
{
	memset(fs, 0, sizeof(*fs));
	fs->f_type =
	    (__typeof__(fs->f_type))roots[root_of(row_of(own)->path)].magic;
	fs->f_bsize = fs->f_frsize = (__typeof__(fs->f_bsize))PAGE_4K;
	fs->f_namelen = NAME_MAX;
	return 0;
}

int
hc_own_access(const struct hc_own *own, unsigned mode)
{
	const struct hc_own_row *row = row_of(own);

	return (mode & R_OK && !(row->mode & 0400)) ||
		       (mode & W_OK && !(row->mode & 0200)) ||
		       (mode & X_OK && !(row->mode & 0100))
		   ? -EACCES
		   : 0;
}

/* What the link of an open file says. */
static void
descriptor_text(const struct hc_call *call, int fd, struct hc_text *text)
{
	struct hc_fds *fds = &call->guest->fds;
	struct hc_file *file = hc_fd_get(fds, (uint64_t)fd);
	struct stat st;

	if (!file)
		return;
	if (file->placed) {
		const char *place = hc_file_place(fds, file);

		hc_text_put(text, "%s", "");
		hc_text_bytes(
		    text, *place ? place : "/", *place ? strlen(place) : 1);
	} else if (hc_host(SYS_fstat, file->host, &st) == 0) {
		hc_own_descriptor(text, &st);
	}
	hc_file_put(file);
}

int64_t
hc_own_readlink(
    const struct hc_call *call, const struct hc_own *own, struct hc_text *text)
{
	const struct hc_own_row *row = row_of(own);

	hc_text_begin(text, -1);
	if (row->kind == HC_OWN_LINK)
		link_text(call, row, own->number, text);
	else if (row->kind == HC_OWN_DESCRIPTOR)
		descriptor_text(call, own->number, text);
	else
		return -EINVAL;
	return text->used ? (int64_t)text->used : -ENOENT;
}

void
hc_own_open_devices(struct hc_guest *guest)
{
	static const struct {
		const char *path;
		unsigned minor;
	} devices[] = {
#define DEVICE(path, name, minor) [HC_DEVICE_##name] = { path, minor },
#include "hypercall/own.def"
	};
	struct stat st;
	unsigned i;

	for (i = 0; i < HC_DEVICES; i++) {
		int fd = open(devices[i].path, O_RDWR | O_CLOEXEC | O_NOCTTY);

		if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) ||
				   st.st_rdev != makedev(DEVICE_MAJOR,
						     devices[i].minor))) {
			close(fd);
			fd = -1;
		}
		guest->world.device[i] = fd;
	}
}

void
hc_own_set_exe(struct hc_guest *guest, const char *name)
{
	struct hc_file *cwd = hc_tree_cwd(guest);
	struct hc_world *world = &guest->world;

	if (hc_path_normalize(cwd ? hc_file_place(&guest->fds, cwd) : "", name,
		world->exe) < 0)
		world->exe[0] = '\0';
	if (cwd)
		hc_file_put(cwd);
}
