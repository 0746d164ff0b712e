/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening what a run needs, with sentences for everything that can be wrong
 * with it.  Nothing here may know what runs.
 */
#include "run.h"

#include "kvmcore/kvmcore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
say(const char *format, ...)
{
	va_list ap;

	fputs("novillo: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static const char *
kvm_cure(int error)
{
	switch (error) {
	case ENOENT:
		return "load the kvm_intel or kvm_amd module; in a container,"
		       " pass the device in";
	case EACCES:
	case EPERM:
		return "it is for root and group kvm: add yourself to that"
		       " group and log in again";
	case ENODEV:
	case ENXIO:
		return "the kvm module does not run here: is virtualization"
		       " switched off in the firmware?";
	default: return "see kernel messages (dmesg)";
	}
}

int
open_kvm(void)
{
	int kvm = kvmcore_open(KVMCORE_DEVICE);

	if (kvm >= 0)
		return kvm;
	say("%s: %s; %s", KVMCORE_DEVICE, strerror(-kvm), kvm_cure(-kvm));
	return -1;
}

static const char *
file_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR: return "a folder";
	case S_IFIFO: return "a FIFO";
	case S_IFCHR: return "a character device";
	case S_IFBLK: return "a block device";
	case S_IFSOCK: return "a socket";
	default: return "no regular file";
	}
}

/* The regular file at `path`, and its size.  Opening must not block (a FIFO)
 * nor make a terminal ours. */
static int
open_file(const char *path, uint64_t *size, int *status)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0) {
		*status = errno == ENOENT || errno == ENOTDIR
			      ? STATUS_NOT_FOUND
			      : STATUS_NOT_RUNNABLE;
		say("%s: %s", path, strerror(errno));
		return -1;
	}
	*status = STATUS_NOT_RUNNABLE;
	if (fstat(fd, &st) < 0) {
		say("%s: fstat: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		say("%s: is %s, not a program", path, file_kind(st.st_mode));
	} else {
		*size = (uint64_t)st.st_size;
		return fd;
	}
	close(fd);
	return -1;
}

/* Fetch the headers once and check what was fetched. */
static int
read_elf(int fd, uint64_t size, struct image *image, struct image_error *error)
{
	Elf64_Ehdr head;
	Elf64_Phdr phdrs[IMAGE_PHDRS];
	ssize_t n = pread(fd, &head, sizeof(head), 0);
	size_t wanted;
	int r;

	if (n < 0)
		return -errno;
	r = image_header(image, &head, (size_t)n, size, error);
	if (r < 0)
		return r;
	wanted = image->phnum * sizeof(phdrs[0]);
	n = pread(fd, phdrs, wanted, (off_t)image->phoff);
	if (n < 0)
		return -errno;
	if ((size_t)n < wanted)
		return -EIO;
	return image_program(image, phdrs, size, error);
}

static bool
is_flat(const struct options *o, int fd)
{
	char magic[SELFMAG];

	return o->flat ||
	       (o->flat_or_elf && (pread(fd, magic, SELFMAG, 0) != SELFMAG ||
				      memcmp(magic, ELFMAG, SELFMAG) != 0));
}

int
open_guest(const struct options *o, struct image *image, int *status)
{
	struct image_error error;
	uint64_t size;
	int fd = open_file(o->guest, &size, status);
	int r;

	if (fd < 0)
		return -1;
	if (is_flat(o, fd))
		r = image_flat(image, o->flat_start, size, &error);
	else
		r = read_elf(fd, size, image, &error);
	if (r == 0)
		return fd;
	say("%s: %s", o->guest, r == -ENOEXEC ? error.text : strerror(-r));
	close(fd);
	return -1;
}
