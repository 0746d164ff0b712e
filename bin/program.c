/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From GUEST to the files that are loaded.  Nothing here may know how a guest
 * is run.
 */
#include "program.h"

#include "run.h"
#include "say.h"

#include "hypercall/file/look.h"
#include "vm/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOT_REGULAR (-2)

/* Open the host's file at `path`: a descriptor, -1 with errno, or NOT_REGULAR.
 * A recording may have chosen it, and some devices act when they are opened: so
 * it is looked at before.  The call must not block on a FIFO, or make a
 * terminal ours. */
static int
look_and_open(const char *path, struct stat *st)
{
	int fd;

	if (stat(path, st) < 0)
		return -1;
	if (!S_ISREG(st->st_mode))
		return NOT_REGULAR;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
		return fd;
	close(fd);
	return NOT_REGULAR;
}

/* Open a program: *size is its size. */
static int
open_regular(const char *path, uint64_t *size, int *status)
{
	struct stat st;
	int fd = look_and_open(path, &st);

	*status = STATUS_NOT_RUNNABLE;
	if (fd >= 0) {
		*size = (uint64_t)st.st_size;
		return fd;
	}
	if (fd == NOT_REGULAR) {
		say("%s: it is %s, not a program", path,
		    machine_file_kind(st.st_mode));
		return -1;
	}
	if (errno == ENOENT || errno == ENOTDIR)
		*status = STATUS_NOT_FOUND;
	say("%s: %s", path, strerror(errno));
	return -1;
}

/* Read `size` bytes at `at`: 0 or -errno. */
static int
read_whole(int fd, void *bytes, size_t size, uint64_t at)
{
	ssize_t n = pread(fd, bytes, size, (off_t)at);

	if (n < 0)
		return -errno;
	return (size_t)n < size ? -EIO : 0;
}

/* Read the headers once, and check the copy.  1: with `script`, it is one. */
static int
read_elf(int fd, uint64_t size, bool script, struct image *image,
    struct image_error *error)
{
	Elf64_Ehdr head;
	Elf64_Phdr phdrs[IMAGE_PHDRS];
	ssize_t n = pread(fd, &head, sizeof(head), 0);
	int r;

	if (n < 0)
		return -errno;
	if (script && n >= 2 && memcmp(&head, "#!", 2) == 0)
		return 1;
	r = image_header(image, &head, (size_t)n, size, error);
	if (r == 0)
		r = read_whole(
		    fd, phdrs, image->phnum * sizeof(phdrs[0]), image->phoff);
	return r < 0 ? r : image_program(image, phdrs, size, error);
}

static bool
is_elf(int fd)
{
	char magic[SELFMAG];

	return pread(fd, magic, SELFMAG, 0) == SELFMAG &&
	       memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* Open a flat image: 0, or -1 after a message. */
static int
open_flat(const struct options *o, struct program *p, uint64_t size)
{
	struct image_error error;

	if (o->flat_start == IMAGE_FLAT_BASE && is_elf(p->fd))
		say("%s: an ELF file, whose first bytes are not code: leave"
		    " --flat out",
		    o->guest);
	else if (image_flat(&p->image, o->flat_start, size, &error) == 0)
		return 0;
	else
		say("%s: %s", o->guest, error.text);
	return -1;
}

/* Check the program that is open: 0, or -1 after a message. */
static int
check_program(struct program *p, const char *name, uint64_t size)
{
	struct image_error error;
	int r = read_elf(p->fd, size, true, &p->image, &error);

	p->script = r > 0;
	if (r < 0)
		say("%s: %s", name, r == -ENOEXEC ? error.text : strerror(-r));
	return r < 0 ? -1 : 0;
}

/* Is there a file, with these rights?  As in a shell, a folder is not one. */
static bool
is_file(const char *path, int mode)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode) &&
	       (mode == F_OK || access(path, mode) == 0);
}

const char *
program_find(const char *name, char path[PATH_MAX])
{
	const char *folder = getenv("PATH");
	int len, written;

	if (strchr(name, '/') || is_file(name, F_OK))
		return name;
	for (; folder && *folder; folder += len + (folder[len] == ':')) {
		len = (int)strcspn(folder, ":");
		written = snprintf(path, PATH_MAX, "%.*s/%s", len > 0 ? len : 1,
		    len > 0 ? folder : ".", name);
		if (written < PATH_MAX && is_file(path, X_OK))
			return path;
	}
	return name;
}

int
program_open(const struct options *o, struct program *p, int *status)
{
	uint64_t size;

	p->name[0] = '\0';
	p->interp_fd = -1;
	p->interp.segments = 0;
	p->script = false;
	p->words = 0;
	p->fd = open_regular(o->guest, &size, status);
	if (p->fd < 0)
		return -1;
	if (o->flat || (o->flat_or_elf && !is_elf(p->fd)))
		return open_flat(o, p, size);
	return check_program(p, o->guest, size);
}

/* The file that runs `name` cannot be opened. */
static int
no_interpreter(const char *name, const char *interp, int r)
{
	if (r == -ENOENT && access(interp, F_OK) == 0)
		say("%s: its interpreter %s is not among the guest's files:"
		    " --root=/:ro would give it this host's",
		    name, interp);
	else if (r == -ENOENT)
		say("%s: its interpreter %s is not among the guest's files:"
		    " give it a folder that has it, with --root=DIR",
		    name, interp);
	else
		say("%s: its interpreter %s: %s", name, interp, strerror(-r));
	return -1;
}

/* Open a file of the guest's that runs `name`; *size is its size. */
static int
open_interpreter(struct hc_guest *guest, const char *name, const char *interp,
    char place[HC_PATH], uint64_t *size)
{
	int fd = hc_look_program(guest, interp, place);
	struct stat st;

	if (fd < 0)
		return no_interpreter(name, interp, fd);
	if (fstat(fd, &st) == 0) {
		*size = (uint64_t)st.st_size;
		return fd;
	}
	say("%s: fstat: %s", interp, strerror(errno));
	close(fd);
	return -1;
}

/* Split "#! NAME ARGUMENT" as Linux does: the argument is the rest of the line
 * without blanks around it, or NULL.  The last of PROGRAM_LINE bytes can only
 * end the line or the name.  NULL: the name is missing, or it does not end. */
static char *
split_line(char *line, size_t len, char **argument)
{
	char *end = memchr(line, '\n', len);
	char *name, *rest;

	line[len] = '\0';
	if (end)
		*end = '\0';
	name = line + 2 + strspn(line + 2, " \t");
	rest = name + strcspn(name, " \t");
	if (!*name || (!end && len == PROGRAM_LINE && !*rest))
		return NULL;
	line[PROGRAM_LINE - 1] = '\0';
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, " \t");
	len = strlen(rest);
	while (len > 0 && (rest[len - 1] == ' ' || rest[len - 1] == '\t'))
		rest[--len] = '\0';
	*argument = *rest ? rest : NULL;
	return name;
}

/* Put the words of a script's line before those that there are. */
static void
add_words(struct program *p, char *name, char *argument)
{
	const unsigned more = argument ? 2 : 1;

	memmove(p->word + more, p->word, p->words * sizeof(p->word[0]));
	p->word[0] = name;
	if (argument)
		p->word[1] = argument;
	p->words += more;
}

/* The program is a script: its interpreter becomes the program. */
static int
follow_script(
    struct hc_guest *guest, struct program *p, unsigned n, const char *script)
{
	char *line = p->line[n], *name, *argument;
	ssize_t len = pread(p->fd, line, PROGRAM_LINE, 0);
	uint64_t size;
	int fd;

	if (len < 0) {
		say("%s: %s", script, strerror(errno));
		return -1;
	}
	/* The file may be another since it was seen to be a script. */
	name = len < 2 || memcmp(line, "#!", 2) != 0
		   ? NULL
		   : split_line(line, (size_t)len, &argument);
	if (!name) {
		say("%s: its first line #! does not name an interpreter",
		    script);
		return -1;
	}
	fd = open_interpreter(guest, script, name, p->name, &size);
	if (fd < 0)
		return -1;
	close(p->fd);
	p->fd = fd;
	add_words(p, name, argument);
	return check_program(p, name, size);
}

/* Read the name of the interpreter, open it, and check it. */
static int
read_interp(struct hc_guest *guest, struct program *p, const char *name,
    struct image_error *error)
{
	char interp[IMAGE_INTERP];
	uint64_t size;
	int r = read_whole(
	    p->fd, interp, p->image.interp_len, p->image.interp_at);

	if (r == 0)
		r = image_interp(&p->image, interp, error);
	if (r < 0)
		return r;
	p->interp_fd = open_interpreter(
	    guest, name, interp, p->interp_name, &size);
	if (p->interp_fd < 0)
		return 1;
	return read_elf(p->interp_fd, size, false, &p->interp, error);
}

static int
follow_interp(struct hc_guest *guest, struct program *p, const char *name)
{
	struct image_error error;
	int r = read_interp(guest, p, name, &error);

	if (r < 0)
		say("%s: %s", p->interp_fd < 0 ? name : p->interp_name,
		    r == -ENOEXEC ? error.text : strerror(-r));
	return r == 0 ? 0 : -1;
}

int
program_open_recorded(const struct options *o, struct program *p,
    const char *file, const char *interp, const char *name, int *status)
{
	struct options found = *o;
	struct image_error error;
	uint64_t size;
	int r;

	found.guest = (char *)(uintptr_t)file;
	if (program_open(&found, p, status) < 0)
		return -1;
	if (p->script) {
		say("%s: it is a script, and a recording has the program that"
		    " ran it: write the name of that after --replay=FILE",
		    file);
		return -1;
	}
	if (!*interp)
		return 0;
	snprintf(p->interp_name, sizeof(p->interp_name), "%s", name);
	p->interp_fd = open_regular(interp, &size, status);
	if (p->interp_fd < 0)
		return -1;
	r = read_elf(p->interp_fd, size, false, &p->interp, &error);
	if (r < 0)
		say("%s: %s", interp,
		    r == -ENOEXEC ? error.text : strerror(-r));
	return r < 0 ? -1 : 0;
}

bool
program_is_alone(const struct program *p)
{
	return !p->script && p->image.interp_len == 0;
}

int
program_follow(const struct options *o, struct hc_guest *guest,
    struct program *p, int *status)
{
	const char *name = o->guest;
	unsigned n;
	int r = 0;

	*status = STATUS_NOT_RUNNABLE;
	if (p->script)
		add_words(p, o->guest, NULL);
	for (n = 0; r == 0 && p->script && n < PROGRAM_SCRIPTS; n++) {
		r = follow_script(guest, p, n, name);
		name = p->word[0];
	}
	if (r == 0 && p->script) {
		say("%s: more than %d scripts run each other", o->guest,
		    PROGRAM_SCRIPTS);
		return -1;
	}
	if (r == 0 && p->image.interp_len > 0)
		r = follow_interp(guest, p, name);
	return r;
}

char **
program_argv(const struct program *p, char **argv)
{
	static char *words[PROGRAM_ARGS + 1];
	size_t n = p->words;

	if (n == 0)
		return argv;
	memcpy(words, p->word, n * sizeof(words[0]));
	for (argv++; *argv && n < PROGRAM_ARGS; argv++)
		words[n++] = *argv;
	words[n] = NULL;
	return *argv ? NULL : words;
}
