/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding, opening and describing the files that novillo answers itself.
 * Nothing here may know their contents.
 */
#include "hypercall/own/own.h"

#include "hypercall/core/device.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/core/seal.h"
#include "hypercall/signal/send.h"
#include "hypercall/task/mqueue.h"
#include "hypercall/task/task.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <time.h>

/* The text of uid_map and gid_map. */
#define ALL_IDS "         0          0 4294967295\n"

/* The headers of /proc/net that several files share. */
#define SOCKETS4 "  sl  local_address rem_address   st"
#define SOCKETS6                                                         \
	"  sl  local_address                         remote_address    " \
	"                    st"
#define SOCKETS_END \
	" tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"

static const struct hc_own_row rows[] = {
#define FOLDER(p) { .path = p, .kind = HC_OWN_FOLDER, .mode = 0555 },
#define TEXT(p, m, name) \
	{ .path = p, .kind = HC_OWN_TEXT, .mode = m, .make = hc_own_##name },
#define FIXED(p, t) { .path = p, .kind = HC_OWN_TEXT, .mode = 0444, .text = t },
#define LINK(p, t)  { .path = p, .kind = HC_OWN_LINK, .mode = 0777, .text = t },
#define LINK_TO(p, name) \
	{ .path = p, .kind = HC_OWN_LINK, .mode = 0777, .make = hc_own_##name },
#define PROGRAM(p, name)                \
	{ .path = p,                    \
		.kind = HC_OWN_PROGRAM, \
		.mode = 0777,           \
		.make = hc_own_##name },
#define DEVICE(p, name)                \
	{ .path = p,                   \
		.kind = HC_OWN_DEVICE, \
		.mode = 0666,          \
		.device = HC_DEVICE_##name },
#define TERMINAL(p) { .path = p, .kind = HC_OWN_TERMINAL, .mode = 0666 },
#define DESCRIPTOR(p)                      \
	{ .path = p,                       \
		.kind = HC_OWN_DESCRIPTOR, \
		.mode = 0700,              \
		.of_descriptor = true },
#define OF_DESCRIPTOR(p, m, name)      \
	{ .path = p,                   \
		.kind = HC_OWN_TEXT,   \
		.mode = m,             \
		.of_descriptor = true, \
		.make = hc_own_##name },
#define CPUS(p) \
	{ .path = p, .kind = HC_OWN_FOLDER, .mode = 0555, .of_cpu = true },
#define OF_CPU(p, name)              \
	{ .path = p,                 \
		.kind = HC_OWN_TEXT, \
		.mode = 0444,        \
		.of_cpu = true,      \
		.make = hc_own_##name },
#define MISSING(p) { .path = p, .kind = HC_OWN_MISSING },
#define SHARED(p)  { .path = p, .kind = HC_OWN_SHARED, .mode = 01777 },
#define QUEUES(p)  { .path = p, .kind = HC_OWN_QUEUES, .mode = 01777 },
#define QUEUE(p)   { .path = p, .kind = HC_OWN_QUEUE },
#define VOLUMES(p) { .path = p, .kind = HC_OWN_VOLUMES, .mode = 0555 },
#include "hypercall/own/own.def"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const int16_t hc_own_needs[] = { SYS_memfd_create, SYS_fcntl, SYS_close,
	SYS_fstat, SYS_lseek, SYS_readlinkat, SYS_sched_getaffinity,
	SYS_getgroups, SYS_getrandom, SYS_eventfd2, SYS_write, SYS_madvise,
	-1 };

_Static_assert(ROWS < 256, "a row is a byte of an inode's number");

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

/* The folders at the top, and the file systems that they stand for. */
static const struct {
	const char *path;
	unsigned long magic;
} roots[] = {
	{ "/proc", PROC_SUPER_MAGIC },
	{ "/dev", TMPFS_MAGIC },
	{ "/sys", SYSFS_MAGIC },
	{ "", TMPFS_MAGIC },
};

#define ROOTS (sizeof(roots) / sizeof(roots[0]))

/* The index in `roots` of the folder above `place`, or ROOTS. */
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
hc_own_covers(const char *name)
{
	size_t i;

	for (i = 0; roots[i].path[0]; i++)
		if (strcmp(roots[i].path + 1, name) == 0)
			return true;
	return false;
}

/* The type of a row's file, as in st_mode; 0: there is none. */
static unsigned
type_of(const struct hc_own_row *row)
{
	static const unsigned types[] = {
		[HC_OWN_FOLDER] = S_IFDIR,
		[HC_OWN_TEXT] = S_IFREG,
		[HC_OWN_LINK] = S_IFLNK,
		[HC_OWN_PROGRAM] = S_IFLNK,
		[HC_OWN_DEVICE] = S_IFCHR,
		[HC_OWN_TERMINAL] = S_IFCHR,
		[HC_OWN_DESCRIPTOR] = S_IFLNK,
		[HC_OWN_MISSING] = 0,
		[HC_OWN_SHARED] = S_IFDIR,
		[HC_OWN_QUEUES] = S_IFDIR,
		[HC_OWN_QUEUE] = S_IFREG,
		[HC_OWN_VOLUMES] = S_IFDIR,
	};

	return types[row->kind];
}

static bool
is_folder(const struct hc_own_row *row)
{
	return S_ISDIR(type_of(row));
}

/* Take the number at *path and move past it.  Leading zeros are refused, so
 * that each number has one name. */
static bool
take_digits(const char **path, int *number)
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

/* Does `path`, of `len` bytes, match a row's pattern? */
static bool
matches(const char *pattern, const char *path, size_t len, int *number)
{
	const char *end = path + len;

	for (; *pattern && path < end; pattern++)
		if (*pattern == '#') {
			if (!take_digits(&path, number))
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

	return hc_thread_next(call->thread, &next, name) && next == tid;
}

/* Does that exist which the number in a row's path names? */
static bool
exists(const struct hc_call *call, const struct hc_own_row *row, int number)
{
	if (row->of_descriptor)
		return number < (int)HC_FDS &&
		       call->guest->fds.fd[number].file != 0;
	if (row->of_cpu)
		return number < hc_count_cpus(call->guest);
	return !strchr(row->path, '#') || thread_lives(call, number);
}

/* Is this the place of a message queue? */
static bool
find_queue(struct hc_guest *guest, const char *place, int *number)
{
	const size_t len = strlen(HC_MQ_PLACE "/");

	if (strncmp(place, HC_MQ_PLACE "/", len) != 0)
		return false;
	*number = hc_mq_number(guest, place + len);
	return *number > 0;
}

static bool
is_there(const struct hc_call *call, const struct hc_own_row *row,
    const char *place, int *number)
{
	if (row->kind == HC_OWN_QUEUE)
		return find_queue(call->guest, place, number);
	return row->kind != HC_OWN_MISSING &&
	       matches(row->path, place, strlen(place), number) &&
	       exists(call, row, *number);
}

/* A made-up folder is numbered by the first volume below it, and the length of
 * its own place in that volume's. */
#define PLACE_BITS 12

static bool
find_volumes(const struct hc_tree *tree, unsigned row, const char *place,
    struct hc_own *own)
{
	const size_t len = strlen(place);
	const struct hc_mount *below = hc_tree_below(tree, place, len);

	own->row = row + 1;
	if (below)
		own->number = (int)(below - tree->mount) << PLACE_BITS |
			      (int)len;
	return below != NULL;
}

/* As on Linux a thread's number is a name in /proc also, which is not listed:
 * that of its folder, which holds less here than there.  *place becomes the
 * name below task. */
static void
find_thread(const struct hc_call *call, const char **place, char text[HC_PATH])
{
	const char *rest = *place + strlen("/proc/");
	int tid;

	if (strncmp(*place, "/proc/", strlen("/proc/")) != 0 ||
	    !take_digits(&rest, &tid) || (*rest && *rest != '/') ||
	    tid == HC_PID || !thread_lives(call, tid))
		return;
	if (snprintf(text, HC_PATH, "/proc/1/task/%d%s", tid, rest) <
	    (int)HC_PATH)
		*place = text;
}

bool
hc_own_find(const struct hc_call *call, const char *place, struct hc_own *own)
{
	char text[HC_PATH];
	unsigned i;

	find_thread(call, &place, text);

	for (i = 0; i < ROWS; i++) {
		own->number = 0;
		if (rows[i].kind == HC_OWN_VOLUMES)
			return find_volumes(&call->guest->tree, i, place, own);
		if (!is_there(call, &rows[i], place, &own->number))
			continue;
		own->row = i + 1;
		return true;
	}
	return false;
}

/* The text of a link. */
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

bool
hc_own_is_missing(const char *path)
{
	unsigned i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].kind == HC_OWN_MISSING &&
		    strcmp(rows[i].path, path) == 0)
			return true;
	return false;
}

void
hc_own_place(
    const struct hc_tree *tree, const struct hc_own *own, char place[HC_PATH])
{
	const char *path = row_of(own)->path;
	size_t len = strcspn(path, "#");

	if (row_of(own)->kind == HC_OWN_VOLUMES)
		snprintf(place, HC_PATH, "%.*s",
		    own->number & ((1 << PLACE_BITS) - 1),
		    tree->mount[own->number >> PLACE_BITS].at);
	else if (path[len])
		snprintf(place, HC_PATH, "%.*s%d%s", (int)len, path,
		    own->number, path + len + 1);
	else
		strcpy(place, path);
}

int64_t
hc_own_file_name(
    struct hc_guest *guest, const struct hc_file *file, char name[HC_PATH])
{
	struct hc_own own = hc_own_of(file);

	if (file->program && guest->world.exe[0])
		return (int64_t)strlen(strcpy(name, guest->world.exe));
	if (file->shared)
		return hc_shared_path(guest, file->shared, name);
	if (file->queue)
		return hc_mq_path(guest, file, name);
	if (!own.row)
		return file->mount ? hc_tree_name(&guest->tree, file, name)
				   : -ENOENT;
	hc_own_place(&guest->tree, &own, name);
	if (!name[0])
		strcpy(name, "/");
	return (int64_t)strlen(name);
}

/* A folder's entry as getdents64(2) returns it, and its room for a name. */
struct entry {
	uint64_t ino;
	int64_t next; /* the position after it */
	uint16_t size;
	uint8_t type;
	char name[NAME_MAX + 1];
};

#define ENTRY_NAME offsetof(struct entry, name)

_Static_assert(ENTRY_NAME == 19, "as struct linux_dirent64");

static uint64_t
inode_of(unsigned row, int number)
{
	return ((uint64_t)number << 8) + row;
}

/* The last part of a row's path if it lies in this folder, or NULL. */
static const char *
child_name(const struct hc_own_row *row, const char *folder)
{
	size_t len = strlen(folder);

	if (row->kind == HC_OWN_MISSING || row->kind == HC_OWN_VOLUMES ||
	    strncmp(row->path, folder, len) != 0 || row->path[len] != '/' ||
	    strchr(row->path + len + 1, '/'))
		return NULL;
	return row->path + len + 1;
}

/* The first number from *number on for which a row's file exists. */
static bool
find_number(const struct hc_call *call, unsigned row, int *number)
{
	char name[HC_THREAD_NAME];

	if (rows[row].of_descriptor) {
		*number = (int)hc_fd_next(&call->guest->fds, (unsigned)*number);
		return *number < (int)HC_FDS;
	}
	--*number;
	return hc_thread_next(call->thread, number, name);
}

/* Is a volume in the place of a row? */
static bool
hides(const struct hc_tree *tree, unsigned row)
{
	return hc_tree_at(tree, rows[row].path, strlen(rows[row].path)) != NULL;
}

/* Processors have the positions after those of rows, and volumes those after
 * theirs. */
#define CPUS_AT    0x800
#define AFTER_ROWS 0x1000

/* The same for a processor of the row. */
static bool
find_cpu(
    const struct hc_call *call, unsigned row, int64_t *pos, struct hc_own *own)
{
	const int64_t cpu = *pos < CPUS_AT ? 0 : *pos - CPUS_AT;

	if (cpu >= hc_count_cpus(call->guest) || cpu >= AFTER_ROWS - CPUS_AT)
		return false;
	*own = (struct hc_own){ .row = row + 1, .number = (int)cpu };
	*pos = CPUS_AT + cpu;
	return true;
}

/*
 * Find the entry of a folder at position `pos` or after it: its row and number,
 * and its own position.  Positions are those of rows in the list or, as on
 * Linux, numbers: an entry that comes or goes does not move the others.
 */
static bool
find_child(const struct hc_call *call, const char *folder, int64_t *pos,
    struct hc_own *own)
{
	unsigned i, cpus = ROWS;

	for (i = 0; i < ROWS; i++) {
		const char *name = child_name(&rows[i], folder);

		own->row = i + 1;
		if (name && rows[i].of_cpu && strchr(name, '#')) {
			cpus = i;
			continue;
		}
		if (name && *name == '#' && *pos < INT32_MAX) {
			own->number = (int)*pos;
			if (!find_number(call, i, &own->number))
				return false;
			*pos = own->number;
			return true;
		}
		if (name && i >= *pos && !hides(&call->guest->tree, i)) {
			*pos = i;
			return true;
		}
	}
	return cpus < ROWS && find_cpu(call, cpus, pos, own);
}

/* The first two positions are the folder itself and its parent. */
#define DOTS 2

/* Do the names of volumes `a` and `b` agree up to the part past `len`? */
static bool
same_child(const struct hc_mount *a, const struct hc_mount *b, size_t len)
{
	size_t n = len + 1 + strcspn(a->at + len + 1, "/");

	return b->len >= n && strncmp(a->at, b->at, n) == 0 &&
	       (b->at[n] == '/' || b->at[n] == '\0');
}

/* The volume at position *pos or after it whose place goes through `folder` by
 * a name that no earlier one has; or NULL. */
static const struct hc_mount *
find_volume(const struct hc_tree *tree, const char *folder, int64_t *pos)
{
	const size_t len = strlen(folder);
	int64_t i = *pos < AFTER_ROWS ? 0 : *pos - AFTER_ROWS;

	for (; i < (int64_t)tree->mounts; i++) {
		const struct hc_mount *m = &tree->mount[i],
				      *other = tree->mount;

		if (m->len <= len || m->at[len] != '/' ||
		    memcmp(m->at, folder, len) != 0)
			continue;
		while (other < m && !same_child(m, other, len))
			other++;
		if (other < m)
			continue;
		*pos = AFTER_ROWS + i;
		return m;
	}
	return NULL;
}

/* The same entry for a folder above volumes. */
static bool
next_volume(
    const struct hc_tree *tree, const char *folder, int64_t at, struct entry *e)
{
	const struct hc_mount *m = find_volume(tree, folder, &at);
	const size_t len = strlen(folder) + 1;
	size_t n;

	if (!m)
		return false;
	n = strcspn(m->at + len, "/");
	memcpy(e->name, m->at + len, n);
	e->name[n] = '\0';
	e->ino = m->id.ino;
	e->type = m->file && len + n == m->len ? DT_REG : DT_DIR;
	e->next = at + DOTS + 1;
	return true;
}

/* The same for the folder of shared files. */
static bool
next_shared(struct hc_guest *guest, int64_t at, struct entry *e)
{
	unsigned name = (unsigned)at;

	if (at >= HC_SHARED || !hc_shared_next(guest, &name, e->name, &e->ino))
		return false;
	e->type = DT_REG;
	e->next = (int64_t)name + DOTS + 1;
	return true;
}

/* The same for that of message queues, which have the positions of their
 * numbers. */
static bool
next_queue(struct hc_guest *guest, int64_t at, struct entry *e)
{
	int number = (int)at;

	if (at > INT32_MAX || !hc_mq_next(guest, &number, e->name))
		return false;
	e->ino = (uint64_t)number;
	e->type = DT_REG;
	e->next = (int64_t)number + DOTS + 1;
	return true;
}

/* The entry at position `pos` or after it. */
static bool
next_entry(const struct hc_call *call, const struct hc_own *folder, int64_t pos,
    struct entry *e)
{
	const struct hc_tree *tree = &call->guest->tree;
	struct hc_own own = { 0 };
	char path[HC_PATH];
	int64_t at = pos - DOTS;
	size_t len = strlen(row_of(folder)->path);

	e->type = DT_DIR;
	if (at < 0) {
		e->ino = inode_of(folder->row, folder->number);
		strcpy(e->name, pos + 1 < DOTS ? "." : "..");
		e->next = pos + 1;
		return true;
	}
	hc_own_place(tree, folder, path);
	if (row_of(folder)->kind == HC_OWN_SHARED)
		return next_shared(call->guest, at, e);
	if (row_of(folder)->kind == HC_OWN_QUEUES)
		return next_queue(call->guest, at, e);
	if (row_of(folder)->kind == HC_OWN_VOLUMES && path[0])
		return next_volume(tree, path, at, e);
	if (!find_child(call, row_of(folder)->path, &at, &own))
		return next_volume(tree, path, at, e);
	e->ino = inode_of(own.row, own.number);
	e->type = IFTODT(type_of(row_of(&own)));
	if (strchr(row_of(&own)->path + len, '#'))
		snprintf(e->name, sizeof(e->name), "%s%d",
		    row_of(&own)->of_cpu ? "cpu" : "", own.number);
	else
		strcpy(e->name, row_of(&own)->path + len + 1);
	e->next = at + DOTS + 1;
	return true;
}

/* Put entries from *pos on, which moves past them, into bytes[room]: their
 * size, or -EINVAL without room for one. */
static int64_t
put_entries(const struct hc_call *call, const struct hc_own *folder,
    int64_t *pos, uint8_t *bytes, size_t room)
{
	struct entry e;
	size_t used = 0;

	while (next_entry(call, folder, *pos, &e)) {
		size_t n = ENTRY_NAME + strlen(e.name) + 1;

		e.size = (uint16_t)((n + 7) & ~(size_t)7);
		if (e.size > room - used)
			return used > 0 ? (int64_t)used : -EINVAL;
		memset(bytes + used, 0, e.size);
		memcpy(bytes + used, &e, n);
		used += e.size;
		*pos = e.next;
	}
	return (int64_t)used;
}

int64_t
hc_own_getdents(const struct hc_call *call, const struct hc_file *file,
    void *bytes, size_t room)
{
	struct hc_own folder = hc_own_of(file);
	int64_t n, pos = hc_host(SYS_lseek, file->host, 0, SEEK_CUR);

	if (!file->directory)
		return -ENOTDIR;
	n = put_entries(call, &folder, &pos, bytes, room);
	if (n >= 0)
		(void)hc_host(SYS_lseek, file->host, pos, SEEK_SET);
	return n;
}

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

/* The first of novillo's streams that is a terminal. */
static int
terminal(void)
{
	struct stat st;
	int fd;

	/* Majors of consoles, of terminals by name, of pseudo-terminals
	 * (Linux's devices.txt). */
	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (hc_host(SYS_fstat, fd, &st) == 0 && S_ISCHR(st.st_mode) &&
		    (major(st.st_rdev) == 4 || major(st.st_rdev) == 5 ||
			(major(st.st_rdev) >= 136 && major(st.st_rdev) <= 143)))
			return fd;
	return -ENXIO;
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
	end = whence == SEEK_END ? end_of(row_of(&own)->path) : -EINVAL;
	return end < 0 ? end
		       : hc_host(SYS_lseek, file->host, end + offset, SEEK_SET);
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
	if (S_ISLNK(type_of(row)) && !(flags & O_PATH))
		return -ELOOP;
	if (is_folder(row))
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

	if (flags & O_PATH)
		return HC_NO_READ | HC_NO_WRITE | HC_PATH_ONLY;
	if (is_folder(row))
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
	const struct hc_own_row *row = row_of(own);
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
	(*file)->directory = is_folder(row);
	(*file)->refuses = (uint8_t)refused(row, flags);
	return 0;
}

struct hc_own
hc_own_of(const struct hc_file *file)
{
	return (struct hc_own){ .row = file->own, .number = file->number };
}

/* The host's descriptor that describes a device, -ENOENT, or -1: novillo makes
 * up its attributes.  A terminal has those of its stream, so that ttyname(3)
 * finds it. */
static int
described_by(const struct hc_call *call, const struct hc_own_row *row)
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
	int fd = described_by(call, row);

	if (fd != -1)
		return fd < 0 ? fd : (int)hc_host(SYS_fstat, fd, st);
	if (row->kind == HC_OWN_QUEUE)
		return hc_mq_stat(call->guest, own->number, st);
	clock_gettime(CLOCK_REALTIME, &now);
	memset(st, 0, sizeof(*st));
	st->st_dev = makedev(0, row->kind == HC_OWN_QUEUES
				    ? HC_MQ_DEVICE
				    : 1 + (unsigned)root_of(row->path));
	st->st_ino = inode_of(own->row, own->number);
	st->st_mode = type_of(row) | row->mode;
	st->st_nlink = is_folder(row) ? 2 : 1;
	if (strncmp(row->path, "/proc/1", strlen("/proc/1")) == 0) {
		st->st_uid = world->uid;
		st->st_gid = world->gid;
	}
	if (row->kind == HC_OWN_TERMINAL)
		st->st_rdev = makedev(5, 0); /* Linux's devices.txt */
	st->st_blksize = 1024;
	st->st_atim = st->st_mtim = st->st_ctim = now;
	return 0;
}

int
hc_own_snapshot(const struct hc_call *call, const struct hc_own *own)
{
	uint32_t bytes;

	if (row_of(own)->kind == HC_OWN_TEXT)
		return make_snapshot(call, own, &bytes);
	return is_folder(row_of(own)) ? -EISDIR : -EACCES;
}

int
hc_own_statfs(
    struct hc_guest *guest, const struct hc_own *own, struct statfs *fs)
{
	if (row_of(own)->kind == HC_OWN_SHARED) {
		hc_shared_statfs(guest, fs);
		return 0;
	}
	memset(fs, 0, sizeof(*fs));
	fs->f_type =
	    row_of(own)->kind == HC_OWN_QUEUES ||
		    row_of(own)->kind == HC_OWN_QUEUE
		? HC_MQ_MAGIC
		: (__typeof__(fs->f_type))roots[root_of(row_of(own)->path)]
		      .magic;
	fs->f_bsize = fs->f_frsize = (__typeof__(fs->f_bsize))PAGE_4K;
	fs->f_namelen = NAME_MAX;
	return 0;
}

int
hc_own_access(
    const struct hc_call *call, const struct hc_own *own, unsigned mode)
{
	struct stat st = { .st_mode = row_of(own)->mode };
	int r = 0;

	if (row_of(own)->kind == HC_OWN_QUEUE)
		r = hc_mq_stat(call->guest, own->number, &st);
	if (r < 0)
		return r;
	return (mode & R_OK && !(st.st_mode & 0400)) ||
		       (mode & W_OK && !(st.st_mode & 0200)) ||
		       (mode & X_OK && !(st.st_mode & 0100))
		   ? -EACCES
		   : 0;
}

/* The text of the link of an open file, or of the working folder. */
static void
descriptor_text(struct hc_guest *guest, int fd, struct hc_text *text)
{
	struct hc_file *file = NULL;
	char name[HC_PATH];
	struct stat st;
	int64_t n;

	if (fd == AT_FDCWD)
		file = hc_tree_cwd(guest);
	else if (fd >= 0)
		file = hc_fd_get(&guest->fds, (uint64_t)fd);
	if (!file)
		return;
	n = hc_own_file_name(guest, file, name);
	if (n > 0)
		hc_text_bytes(text, name, (size_t)n);
	else if (hc_host(SYS_fstat, file->host, &st) == 0)
		hc_own_descriptor(text, &st);
	hc_file_put(file);
}

const int16_t hc_own_name_needs[] = { SYS_readlinkat, SYS_fstat, -1 };

size_t
hc_own_name_fd(struct hc_guest *guest, int fd, char *name, size_t size)
{
	struct hc_text text;

	hc_text_begin(&text, -1);
	descriptor_text(guest, fd, &text);
	snprintf(name, size, "%.*s", (int)text.used, text.bytes);
	return text.used;
}

int64_t
hc_own_readlink(
    const struct hc_call *call, const struct hc_own *own, struct hc_text *text)
{
	const struct hc_own_row *row = row_of(own);

	hc_text_begin(text, -1);
	if (row->kind == HC_OWN_LINK || row->kind == HC_OWN_PROGRAM)
		link_text(call, row, own->number, text);
	else if (row->kind == HC_OWN_DESCRIPTOR)
		descriptor_text(call->guest, own->number, text);
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
#define DEVICE(p, name) [HC_DEVICE_##name] = { p, HC_MINOR_##name },
#include "hypercall/own/own.def"
	};
	struct stat st;
	unsigned i;

	for (i = 0; i < HC_DEVICES; i++) {
		int fd = open(devices[i].path, O_RDWR | O_CLOEXEC | O_NOCTTY);

		if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) ||
				   st.st_rdev != makedev(HC_MEMORY_MAJOR,
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
	char from[HC_PATH];

	if (!cwd || hc_own_file_name(guest, cwd, from) < 0)
		from[0] = '\0';
	if (hc_tree_normalize(from, name, world->exe) < 0)
		world->exe[0] = '\0';
	if (cwd)
		hc_file_put(cwd);
}
