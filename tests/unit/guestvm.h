/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine with one of our guests, at rest before the guest's first
 * instruction, for tests of a debugger's parts.  It has static state: include
 * it in a test's one source file, after tap.h.  It knows nothing of the tests.
 */
#ifndef GUESTVM_H
#define GUESTVM_H

#include "tap.h"

#include "image/image.h"
#include "vm/debug.h"
#include "vm/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <sys/mman.h>
#include <unistd.h>

static alignas(4096) struct machine m;
static struct {
	char path[4096];
	uint8_t bytes[1 << 20];
	size_t size;
} guest_file;

/* The address of a symbol of the loaded guest. */
static uint64_t
symbol(const char *name)
{
	const Elf64_Ehdr *e = (const void *)guest_file.bytes;
	const Elf64_Shdr *s = (const void *)(guest_file.bytes + e->e_shoff);
	unsigned i;

	for (i = 0; i < e->e_shnum; i++) {
		const Elf64_Sym *sym =
		    (const void *)(guest_file.bytes + s[i].sh_offset);
		const char *names = (const char *)guest_file.bytes +
				    s[s[i].sh_link].sh_offset;
		size_t n;

		if (s[i].sh_type != SHT_SYMTAB)
			continue;
		for (n = 0; n < s[i].sh_size / sizeof(*sym); n++)
			if (strcmp(names + sym[n].st_name, name) == 0)
				return sym[n].st_value;
	}
	bail("no symbol %s", name);
	return 0;
}

/* Read the guest's file: its descriptor and *image. */
static int
open_guest_file(const char *guest, struct image *image)
{
	const char *dir = getenv("top_builddir");
	struct image_error why = { "" };
	const void *file = guest_file.bytes;
	int fd;

	snprintf(guest_file.path, sizeof(guest_file.path), "%s/guest/%s",
	    dir ? dir : ".", guest);
	fd = open(guest_file.path, O_RDONLY);
	if (fd < 0)
		bail("%s: %s", guest_file.path, strerror(errno));
	guest_file.size = (size_t)pread(
	    fd, guest_file.bytes, sizeof(guest_file.bytes), 0);
	if (image_header(
		image, file, sizeof(Elf64_Ehdr), guest_file.size, &why) < 0 ||
	    image_program(image,
		(const void *)(guest_file.bytes + image->phoff),
		guest_file.size, &why) < 0)
		bail("%s: %s", guest_file.path, why.text);
	return fd;
}

/*
 * A machine as it was when the test began.  Most of its many pages are never
 * used: to clear them took most of a start.
 */
static void
forget_machine(void)
{
	size_t pages = sizeof(m) / 4096 * 4096;

	if (madvise(&m, pages, MADV_DONTNEED) < 0)
		bail("madvise: %s", strerror(errno));
	memset((char *)&m + pages, 0, sizeof(m) - pages);
}

static void
start_with(const char *guest, const char *arg, const char *arg2)
{
	static char *none[] = { NULL };
	char *argv[] = {
		(char *)(uintptr_t)guest,
		(char *)(uintptr_t)arg,
		(char *)(uintptr_t)arg2,
		NULL,
	};
	struct machine_error error = { "" };
	struct image image;
	int fd = open_guest_file(guest, &image);

	forget_machine();
	machine_init(&m);
	if (machine_create(&m, kvmcore_open(KVMCORE_DEVICE), 64 << 20, &error) <
	    0)
		bail("%s", error.text);
	m.image = image;
	if (machine_load(&m, fd, -1, &error) < 0 ||
	    machine_set_start(&m, guest, argv, none, &error) < 0)
		bail("%s", error.text);
	close(fd);
	debug_attach(&m);
	if (machine_start(&m, true) < 0)
		bail("machine_start");
}

/* Skip the tests if no guest can run here; fail if KVM is required. */
static void
need_kvm(void)
{
	int kvm = kvmcore_open(KVMCORE_DEVICE);

	if (kvm >= 0 && kvmcore_create_vm(kvm) >= 0)
		return;
	if (kvm_is_required())
		bail("no KVM");
	skip_all("no KVM");
}

#endif
