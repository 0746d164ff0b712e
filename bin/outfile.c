/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that the user names for novillo to write.  Nothing here may know
 * what is written.
 */
#include "outfile.h"

#include "say.h"

#include "vm/error.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The flags of every such open().  No name blocks (a FIFO), becomes our
 * terminal, or is emptied before it was looked at. */
#define OPEN_FLAGS (O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

#define ALL_MODES 07777 /* bits of st_mode that chmod() sets */

#define LOOK_MS 10 /* between two looks for a reader */

/* A file by its identity; one that is yet to be made, by its folder's. */
struct identity {
	bool known;
	dev_t device;
	ino_t inode;
	char base[NAME_MAX + 1]; /* in that folder, or "" */
};

/* A file that the options name. */
struct named {
	const char *what; /* an option, or what the file is */
	const char *name; /* NULL: there is none */
	bool written;
	bool appended;
};

enum { NAMED = 10 };

/* The files that are open. */
static struct outfile {
	const char *option, *name;
	int fd;
	mode_t mode;  /* before it became private */
	bool made;    /* by novillo */
	bool kept;    /* what is there stays: a stream, or a file that grows */
	bool private; /* each run of the guest begins it again */
	bool begun;
} files[OUTFILES];
static size_t opened;

static const char *
plain_name(const char *name)
{
	return name && name[0] == '+' ? name + 1 : name;
}

void
outfile_core(const struct options *o, char path[PATH_MAX + sizeof(".core")])
{
	/* A recording does not choose where files are written. */
	const char *guest = o->replay ? o->replay : o->guest;

	snprintf(path, PATH_MAX + sizeof(".core"), "%s%s",
	    o->core_file ? o->core_file : guest, o->core_file ? "" : ".core");
}

/* Is one of them written? */
static bool
list_named(const struct options *o, struct named list[NAMED],
    char core[PATH_MAX + sizeof(".core")])
{
	const struct named all[NAMED] = {
		{ "the guest's program", o->replay ? NULL : o->guest, 0, 0 },
		{ "the configuration", o->config, 0, 0 },
		{ "the recording", o->replay, 0, 0 },
		{ "--record", o->record, true, false },
		{ "--learn", o->learn_file, true, false },
		{ "--core", o->core ? core : NULL, true, false },
		{ "--profile", o->profile, true, false },
		{ "--trace-out", o->trace_out, true, false },
		{ "--output", plain_name(o->output), true,
		    o->output && o->output[0] == '+' },
		{ "--log", plain_name(o->log), true,
		    o->log && o->log[0] == '+' },
	};

	bool written = false;
	unsigned i;

	if (o->core)
		outfile_core(o, core);
	for (i = 0; i < NAMED; i++)
		written |= all[i].written && all[i].name;
	memcpy(list, all, sizeof(all));
	return written;
}

static void
take_identity(struct identity *id, const struct stat *st)
{
	id->known = true;
	id->device = st->st_dev;
	id->inode = st->st_ino;
}

static struct identity
identify(const char *name)
{
	struct identity id = { .base = "" };
	char folder[PATH_MAX + sizeof(".core")], base[sizeof(folder)];
	struct stat st;

	if (!name || strlen(name) >= sizeof(folder))
		return id;
	if (stat(name, &st) == 0) {
		if (S_ISREG(st.st_mode))
			take_identity(&id, &st);
		return id;
	}
	strcpy(folder, name);
	strcpy(base, name);
	if (errno == ENOENT && stat(dirname(folder), &st) == 0) {
		take_identity(&id, &st);
		snprintf(id.base, sizeof(id.base), "%s", basename(base));
	}
	return id;
}

static bool
is_same(const struct identity *a, const struct identity *b)
{
	return a->known && b->known && a->device == b->device &&
	       a->inode == b->inode && strcmp(a->base, b->base) == 0;
}

/* Two files may be one if neither is written, or if both grow at their end. */
static bool
may_be_same(const struct named *a, const struct named *b)
{
	return (!a->written && !b->written) || (a->appended && b->appended);
}

static int
refuse_same(const struct named *written, const char *other)
{
	say("%s=%s: this file is %s%s: name another file", written->what,
	    written->name, other, other[0] == '-' ? "'s also" : "");
	return -1;
}

int
outfile_check(const struct options *o)
{
	char core[PATH_MAX + sizeof(".core")];
	struct identity id[NAMED];
	struct named list[NAMED];
	unsigned i, k;

	if (!list_named(o, list, core))
		return 0;
	for (i = 0; i < NAMED; i++) {
		id[i] = identify(list[i].name);
		for (k = 0; k < i; k++)
			if (!may_be_same(&list[i], &list[k]) &&
			    is_same(&id[i], &id[k]))
				return refuse_same(&list[i], list[k].what);
	}
	return 0;
}

int
outfile_spare(const struct options *o, int fd, const char *what)
{
	char core[PATH_MAX + sizeof(".core")];
	struct identity read = { .base = "" };
	struct named list[NAMED];
	struct stat st;
	unsigned i;

	if (fd < 0 || !list_named(o, list, core) || fstat(fd, &st) < 0)
		return 0;
	take_identity(&read, &st);
	for (i = 0; i < NAMED; i++) {
		const struct identity id = identify(list[i].name);

		if (list[i].written && is_same(&id, &read))
			return refuse_same(&list[i], what);
	}
	return 0;
}

/* open() that notes whether it has made the file. */
static int
open_or_make(struct outfile *f, int flags, mode_t mode)
{
	int fd = open(f->name, OPEN_FLAGS | O_EXCL | flags, mode);

	f->made = fd >= 0;
	return f->made || errno != EEXIST
		   ? fd
		   : open(f->name, OPEN_FLAGS | flags, mode);
}

/* The same, which waits for the reader of a FIFO. */
static int
open_for_reader(struct outfile *f)
{
	const struct timespec look = { 0, LOOK_MS * 1000000L };
	struct stat st;
	int fd, i;

	for (i = 0; i <= OUTFILE_WAIT_MS / LOOK_MS; i++) {
		fd = open_or_make(f, O_WRONLY, 0666);
		if (fd >= 0 || errno != ENXIO)
			return fd;
		if (stat(f->name, &st) < 0 || !S_ISFIFO(st.st_mode))
			break;
		nanosleep(&look, NULL);
	}
	errno = ENXIO;
	return -1;
}

static const char *
open_error(const char *name)
{
	const int error = errno;
	struct stat st;

	return error == ENXIO && stat(name, &st) == 0 && S_ISFIFO(st.st_mode)
		   ? "nobody reads this FIFO: start its reader first"
		   : strerror(error);
}

/* From now on writes wait.  0 or -errno. */
static int
make_ready(struct outfile *f, bool append)
{
	struct stat st;

	if (fcntl(f->fd, F_SETFL, O_WRONLY | (append ? O_APPEND : 0)) < 0 ||
	    fstat(f->fd, &st) < 0)
		return -errno;
	f->kept = append || !S_ISREG(st.st_mode);
	return 0;
}

static int
refuse_file(const struct outfile *f, const char *why)
{
	say("%s=%s: %s", f->option, f->name, why);
	return -1;
}

/* Leave no trace of an open(). */
static void
forget(struct outfile *f)
{
	if (f->made)
		(void)unlink(f->name);
	else if (f->private && f->fd >= 0)
		(void)fchmod(f->fd, f->mode);
	if (f->fd >= 0)
		close(f->fd);
}

static int
take(const struct outfile *f)
{
	assert(opened < OUTFILES);
	files[opened++] = *f;
	return f->fd;
}

int
outfile_lines(const char *option, const char *name)
{
	struct outfile f = { .option = option, .name = plain_name(name) };
	int r;

	if (!name)
		return STDERR_FILENO;
	f.fd = open_for_reader(&f);
	if (f.fd < 0)
		return refuse_file(&f, open_error(f.name));
	r = make_ready(&f, name[0] == '+');
	if (r == 0)
		return take(&f);
	forget(&f);
	return refuse_file(&f, strerror(-r));
}

int
outfile_private(const char *option, const char *name)
{
	struct outfile f = { .option = option, .name = name, .private = true };
	struct stat st = { .st_mode = 0 };
	char kind[64];

	if (!name)
		return -1;
	f.fd = open_or_make(&f, O_RDWR | O_NOFOLLOW, 0600);
	if (f.fd < 0 && (errno == ENXIO || errno == ELOOP)) {
		(void)refuse_file(&f, "it is not a regular file");
		return -2;
	}
	if (f.fd < 0 || fstat(f.fd, &st) < 0) {
		(void)refuse_file(&f, strerror(errno));
		return -2;
	}
	f.mode = st.st_mode & ALL_MODES;
	if (!S_ISREG(st.st_mode)) {
		snprintf(kind, sizeof(kind), "it is %s, not a regular file",
		    machine_file_kind(st.st_mode));
		(void)refuse_file(&f, kind);
	} else if (fchmod(f.fd, 0600) < 0) {
		(void)refuse_file(&f, strerror(errno));
	} else {
		return take(&f);
	}
	forget(&f);
	return -2;
}

size_t
outfile_descriptors(int *fds)
{
	size_t i;

	for (i = 0; i < opened; i++)
		fds[i] = files[i].fd;
	return opened;
}

bool
outfile_is_open(void)
{
	return opened > 0;
}

/* A file begins with its first byte. */
static int
begin(struct outfile *f)
{
	f->begun = true;
	if (f->kept ||
	    (lseek(f->fd, 0, SEEK_SET) == 0 && ftruncate(f->fd, 0) == 0))
		return 0;
	return refuse_file(f, strerror(errno));
}

int
outfile_begin(void)
{
	size_t i;
	int r = 0;

	for (i = 0; i < opened; i++)
		if (!files[i].begun && begin(&files[i]) < 0)
			r = -1;
	return r;
}

int
outfile_again(void)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < opened; i++)
		if (files[i].private)
			r = begin(&files[i]);
	return r;
}

void
outfile_drop(void)
{
	for (; opened > 0; opened--)
		if (!files[opened - 1].begun)
			forget(&files[opened - 1]);
}
