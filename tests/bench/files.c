/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files for measurements.  This file must not know their purpose.
 */
#include "files.h"

#include "child.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Make an open file without a name, at a descriptor that no line will use. */
static int
make(uint64_t size)
{
	const char *folder = getenv("TMPDIR");
	char name[4096];
	int low, fd;

	snprintf(name, sizeof(name), "%s/novillo-bench.XXXXXX",
	    folder ? folder : "/tmp");
	low = mkstemp(name);
	fd = fcntl(low, F_DUPFD, CHILD_LINE + 1);
	if (fd < 0 || unlink(name) < 0 || ftruncate(fd, (off_t)size) < 0)
		give_up("%s cannot be made", name);
	close(low);
	return fd;
}

/* The programs inherit the descriptor. */
static const char *
name_of(int fd, char path[static FILE_PATH])
{
	snprintf(path, FILE_PATH, "/proc/self/fd/%d", fd);
	return path;
}

/* Incompressible bytes: xorshift64*. */
static void
fill(int fd, uint64_t from, uint64_t size)
{
	static uint64_t words[8192];
	uint64_t state = 1;
	size_t i;

	while (from < size) {
		uint64_t n = size - from;

		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			state ^= state >> 12;
			state ^= state << 25;
			state ^= state >> 27;
			words[i] = state * UINT64_C(0x2545f4914f6cdd1d);
		}
		n = n < sizeof(words) ? n : sizeof(words);
		if (pwrite(fd, words, n, (off_t)from) != (ssize_t)n)
			give_up("the image cannot be filled");
		from += n;
	}
}

const char *
file_sparse(uint64_t size, char path[static FILE_PATH])
{
	return name_of(make(size), path);
}

const char *
file_text(const char *text, char path[static FILE_PATH])
{
	int fd = make(0);

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		give_up("a text cannot be written");
	return name_of(fd, path);
}

const char *
file_image(uint64_t size, bool full, char path[static FILE_PATH])
{
	static const uint8_t code[] = {
		0xb8, 231, 0, 0, 0, /* mov $231, %eax: exit_group */
		0x31, 0xff,         /* xor %edi, %edi */
		0xe7, 0x10,         /* out %eax, $0x10 */
	};
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr phdr;
		uint8_t code[sizeof(code)];
	} image = {
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
			    ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = FILE_IMAGE_VADDR + sizeof(Elf64_Ehdr) +
			    sizeof(Elf64_Phdr),
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
		},
		.phdr = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = FILE_IMAGE_VADDR,
			.p_filesz = size,
			.p_memsz = size,
			.p_align = 4096,
		},
	};
	int fd = make(size);

	memcpy(image.code, code, sizeof(code));
	if (write(fd, &image, sizeof(image)) != (ssize_t)sizeof(image))
		give_up("the image cannot be written");
	if (full)
		fill(fd, sizeof(image), size);
	return name_of(fd, path);
}
