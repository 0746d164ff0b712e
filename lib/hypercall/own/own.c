/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding and describing the files that novillo answers itself.  Nothing here
 * may know their contents.
 */
#include "hypercall/own/own.h"

#include "hypercall/core/device.h"
#include "hypercall/core/handlers.h"
#include "hypercall/core/hostcall.h"
#include "hypercall/task/mqueue.h"
#include "hypercall/task/task.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
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

const struct hc_own_row *
hc_own_row_of(const struct hc_own *own)
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

unsigned
hc_own_type(const struct hc_own_row *row)
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

bool
hc_own_is_folder(const struct hc_own_row *row)
{
	return S_ISDIR(hc_own_type(row));
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
	const char *path = hc_own_row_of(own)->path;
	size_t len = strcspn(path, "#");

	if (hc_own_row_of(own)->kind == HC_OWN_VOLUMES)
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

	if (file->program && guest->exe[0])
		return (int64_t)strlen(strcpy(name, guest->exe));
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

struct hc_own
hc_own_of(const struct hc_file *file)
{
	return (struct hc_own){ .row = file->own, .number = file->number };
}

int
hc_own_terminal(void)
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
	fd = row->kind == HC_OWN_TERMINAL ? hc_own_terminal() : -1;
	return fd < 0 ? -1 : fd;
}

uint64_t
hc_own_inode(const struct hc_own *own)
{
	return ((uint64_t)own->number << 8) + own->row;
}

int
hc_own_stat(
    const struct hc_call *call, const struct hc_own *own, struct stat *st)
{
	const struct hc_world *world = &call->guest->world;
	const struct hc_own_row *row = hc_own_row_of(own);
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
	st->st_ino = hc_own_inode(own);
	st->st_mode = hc_own_type(row) | row->mode;
	st->st_nlink = hc_own_is_folder(row) ? 2 : 1;
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
hc_own_statfs(
    struct hc_guest *guest, const struct hc_own *own, struct statfs *fs)
{
	if (hc_own_row_of(own)->kind == HC_OWN_SHARED) {
		hc_shared_statfs(guest, fs);
		return 0;
	}
	memset(fs, 0, sizeof(*fs));
	fs->f_type = hc_own_row_of(own)->kind == HC_OWN_QUEUES ||
			     hc_own_row_of(own)->kind == HC_OWN_QUEUE
			 ? HC_MQ_MAGIC
			 : (__typeof__(fs->f_type))
			       roots[root_of(hc_own_row_of(own)->path)]
				   .magic;
	fs->f_bsize = fs->f_frsize = (__typeof__(fs->f_bsize))PAGE_4K;
	fs->f_namelen = NAME_MAX;
	return 0;
}

int
hc_own_access(
    const struct hc_call *call, const struct hc_own *own, unsigned mode)
{
	struct stat st = { .st_mode = hc_own_row_of(own)->mode };
	int r = 0;

	if (hc_own_row_of(own)->kind == HC_OWN_QUEUE)
		r = hc_mq_stat(call->guest, own->number, &st);
	if (r < 0)
		return r;
	return (mode & R_OK && !(st.st_mode & 0400)) ||
		       (mode & W_OK && !(st.st_mode & 0200)) ||
		       (mode & X_OK && !(st.st_mode & 0100))
		   ? -EACCES
		   : 0;
}

void
hc_own_make(
    struct hc_text *text, const struct hc_call *call, const struct hc_own *own)
{
	const struct hc_own_row *row = hc_own_row_of(own);

	text->call = call;
	text->number = own->number;
	if (row->text)
		hc_text_put(text, "%s", row->text);
	else if (row->make)
		row->make(text);
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
	const struct hc_own_row *row = hc_own_row_of(own);

	hc_text_begin(text, -1);
	if (row->kind == HC_OWN_LINK || row->kind == HC_OWN_PROGRAM)
		hc_own_make(text, call, own);
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

		/* By number: glibc's fstat() gives Linux a name to look up. */
		if (fd >= 0 &&
		    (hc_host(SYS_fstat, fd, &st) < 0 || !S_ISCHR(st.st_mode) ||
			st.st_rdev !=
			    makedev(HC_MEMORY_MAJOR, devices[i].minor))) {
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

	if (!cwd || hc_own_file_name(guest, cwd, guest->exe) < 0)
		guest->exe[0] = '\0';
	if (hc_tree_normalize(guest->exe, name, guest->exe) < 0)
		guest->exe[0] = '\0';
	if (cwd)
		hc_file_put(cwd);
}
