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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The flags of every such open().  No name blocks (a FIFO), becomes our
 * terminal, or is emptied before it was looked at. */
#define OPEN_FLAGS (O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

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
	const char *made; /* by novillo: its name, without links; or NULL */
	int fd;           /* -1: it is not open */
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
	static char core[PATH_MAX + sizeof(".core")];
	static struct identity id[NAMED];
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
	return 1;
}

int
outfile_spare(const struct options *o, int fd, const char *what)
{
	static char core[PATH_MAX + sizeof(".core")];
	static struct identity read;
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

/* open() that notes whether it has made the file, which a link may lead to. */
static int
open_or_make(const char *name, int flags, mode_t mode, const char **made)
{
	int fd = open(name, OPEN_FLAGS | O_EXCL | flags, mode);
	struct stat st;
	bool absent;

	*made = fd >= 0 ? name : NULL;
	if (fd >= 0 || errno != EEXIST)
		return fd;
	absent = stat(name, &st) < 0 && errno == ENOENT;
	fd = open(name, OPEN_FLAGS | flags, mode);
	if (fd >= 0 && absent)
		*made = realpath(name, NULL);
	return fd;
}

/* No signal ends novillo before it knows that it has made the file. */
static void
open_file(struct outfile *f, int flags, mode_t mode)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	f->fd = open_or_make(f->name, flags, mode, &f->made);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The same, which waits for the reader of a FIFO. */
static void
open_for_reader(struct outfile *f)
{
	const struct timespec look = { 0, LOOK_MS * 1000000L };
	struct stat st;
	int i;

	for (i = 0; i <= OUTFILE_WAIT_MS / LOOK_MS; i++) {
		open_file(f, O_WRONLY, 0666);
		if (f->fd >= 0 || errno != ENXIO)
			return;
		if (stat(f->name, &st) < 0 || !S_ISFIFO(st.st_mode))
			break;
		nanosleep(&look, NULL);
	}
	errno = ENXIO;
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

static struct outfile *
add(const char *option, const char *name)
{
	assert(opened < OUTFILES);
	files[opened] = (struct outfile){
		.option = option,
		.name = name,
		.fd = -1,
	};
	return &files[opened++];
}

int
outfile_lines(const char *option, const char *name)
{
	struct outfile *f;
	int r;

	if (!name)
		return STDERR_FILENO;
	f = add(option, plain_name(name));
	open_for_reader(f);
	if (f->fd < 0)
		return refuse_file(f, open_error(f->name));
	r = make_ready(f, name[0] == '+');
	return r < 0 ? refuse_file(f, strerror(-r)) : f->fd;
}

/* Why is that not a private file?  NULL: it is one, or will be. */
static const char *
private_error(const struct outfile *f, char kind[64])
{
	struct stat st;

	if (f->fd < 0 && (errno == ENXIO || errno == ELOOP))
		return "it is not a regular file";
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode)) {
		snprintf(kind, 64, "it is %s, not a regular file",
		    machine_file_kind(st.st_mode));
		return kind;
	}
	/* Its owner can always read it, and change its mode. */
	if (st.st_uid != geteuid())
		return "it is another user's: remove it, or name another file";
	return NULL;
}

int
outfile_private(const char *option, const char *name)
{
	struct outfile *f;
	char kind[64];
	const char *why;

	if (!name)
		return -1;
	f = add(option, name);
	f->private = true;
	open_file(f, O_RDWR | O_NOFOLLOW, OUTFILE_PRIVATE);
	why = private_error(f, kind);
	return why ? refuse_file(f, why) - 1 : f->fd;
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

/* A file begins with its first byte.  It stays as it was if it cannot begin. */
static int
begin(struct outfile *f)
{
	if ((!f->kept &&
		(lseek(f->fd, 0, SEEK_SET) < 0 || ftruncate(f->fd, 0) < 0)) ||
	    (f->private && fchmod(f->fd, OUTFILE_PRIVATE) < 0))
		return refuse_file(f, strerror(errno));
	f->begun = true;
	return 0;
}

int
outfile_begin(void)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < opened; i++)
		if (!files[i].begun)
			r = begin(&files[i]);
	/* The sandbox removes no file. */
	if (r < 0)
		opened = 0;
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
	for (; opened > 0; opened--) {
		const struct outfile *f = &files[opened - 1];

		if (f->made && !f->begun)
			(void)unlink(f->made);
	}
}
