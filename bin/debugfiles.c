/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding debug files as gdb does (GDB manual, "Separate Debug Files").
 * Nothing here may know who reads them.
 */
#include "debugfiles.h"

#include "say.h"

#include "hypercall/file/path.h"
#include "image/debuglink.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folders in which debuggers look for debug files, as distributions and
 * as gdb's own sources have it. */
static const char *const debug_folders[] = {
	"/usr/lib/debug",
	"/usr/local/lib/debug",
};

#define DEBUG_FOLDERS (sizeof(debug_folders) / sizeof(debug_folders[0]))

static void
read_link(int image, struct debuglink *link)
{
	off_t size = lseek(image, 0, SEEK_END);
	void *file = MAP_FAILED;

	link->name[0] = link->id[0] = '\0';
	if (size > 0)
		file = mmap(
		    NULL, (size_t)size, PROT_READ, MAP_PRIVATE, image, 0);
	if (file == MAP_FAILED)
		return;
	debuglink_find(file, (size_t)size, link);
	(void)munmap(file, (size_t)size);
}

/* The program's author chose the name, so it must not lead to any other kind of
 * file. */
static int
open_elf(const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char magic[SELFMAG];
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    pread(fd, magic, SELFMAG, 0) == SELFMAG &&
	    memcmp(magic, ELFMAG, SELFMAG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The nth name of a program's debug file, in gdb's order; false after the
 * last.  `folder` is the program's. */
static bool
candidate(unsigned n, const char *folder, const struct debuglink *link,
    char name[PATH_MAX])
{
	const char *debug = debug_folders[0];
	int len;

	switch (n) {
	case 0:
		len = snprintf(
		    name, PATH_MAX, "%s/.build-id/%s", debug, link->id);
		break;
	case 1:
		len = snprintf(name, PATH_MAX, "%s/%s", folder, link->name);
		break;
	case 2:
		len = snprintf(
		    name, PATH_MAX, "%s/.debug/%s", folder, link->name);
		break;
	case 3:
		len = snprintf(
		    name, PATH_MAX, "%s%s/%s", debug, folder, link->name);
		break;
	default: return false;
	}
	if (len >= PATH_MAX || !(n == 0 ? link->id : link->name)[0])
		name[0] = '\0';
	return true;
}

/* Give the debugger the first that is there. */
static void
give_debug_file(struct hc_look *look, const char *path, int image)
{
	static char name[PATH_MAX];
	char folder[PATH_MAX];
	struct debuglink link;
	unsigned n;
	int fd = -1;

	if (path[0] != '/' || strlen(path) >= sizeof(folder))
		return;
	strcpy(folder, path);
	*strrchr(folder, '/') = '\0';
	read_link(image, &link);
	for (n = 0; fd < 0 && candidate(n, folder, &link, name); n++)
		if (name[0])
			fd = open_elf(name);
	if (fd >= 0)
		hc_look_give(look, name, fd);
}

/* A tree takes a single file also. */
static int
add_folder(struct hc_look *look, const char *dir, const char *place)
{
	int r = hc_tree_add(&look->tree, dir, place, true);

	return r == 0 && look->tree.mount[0].file ? -ENOTDIR : r;
}

int
debugfiles_open(
    struct hc_look *look, const struct options *o, const char *path, int image)
{
	size_t i;
	int r = 0;

	hc_look_give(look, path, image);
	hc_look_give(look, NULL, image);
	give_debug_file(look, path, image);
	for (i = 0; r == 0 && o->debug_files && i < DEBUG_FOLDERS; i++)
		r = add_folder(look, o->debug_files, debug_folders[i]);
	if (r == 0)
		return 0;
	say("--debug-files=%s: %s", o->debug_files, strerror(-r));
	return -1;
}
