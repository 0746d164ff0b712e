/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Section look-up in an untrusted ELF file.  Nothing here may know what
 * sections mean, or touch a byte except through a cursor.
 */
#include <errno.h>
#include <string.h>

#include "image/elfview.h"

/* ELF structures are copied out as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "the host must be as little-endian as the files");

/* A cursor over bytes `offset` to `offset + size` of c. */
static struct cursor
part(struct cursor c, uint64_t offset, uint64_t size)
{
	cursor_take(&c, offset);
	return cursor_slice(&c, size);
}

static int
read_header(struct cursor headers, uint64_t index, Elf64_Shdr *header)
{
	const uint8_t *bytes;

	if (index >= headers.left / sizeof(*header))
		return -ENOENT;
	cursor_take(&headers, index * sizeof(*header));
	bytes = cursor_take(&headers, sizeof(*header));
	memcpy(header, bytes, sizeof(*header));
	return 0;
}

/*
 * Find the section headers.  Numbers too large for the ELF header are in
 * section header 0 (gABI, chapter 4, "ELF Header": e_shnum, e_shstrndx).
 */
static int
open_headers(struct elfview *view, const Elf64_Ehdr *ehdr, uint64_t *names)
{
	uint64_t count = ehdr->e_shnum;
	Elf64_Shdr zero;

	if (ehdr->e_shoff == 0)
		return -ENOENT;
	if (ehdr->e_shentsize != sizeof(Elf64_Shdr))
		return -EINVAL;
	view->headers = part(view->file, ehdr->e_shoff, sizeof(zero));
	if (read_header(view->headers, 0, &zero) != 0)
		return -EINVAL;
	if (count == 0)
		count = zero.sh_size;
	*names = ehdr->e_shstrndx;
	if (*names == SHN_XINDEX)
		*names = zero.sh_link;
	if (count > ELFVIEW_HEADERS)
		return -EINVAL;
	view->headers = part(
	    view->file, ehdr->e_shoff, count * sizeof(Elf64_Shdr));
	return view->headers.failed ? -EINVAL : 0;
}

int
elfview_open(struct elfview *view, const uint8_t *file, size_t size)
{
	struct cursor c = cursor_over(file, size);
	const uint8_t *bytes;
	Elf64_Ehdr ehdr;
	Elf64_Shdr header;
	uint64_t names;
	int error;

	*view = (struct elfview){ .file = c };
	bytes = cursor_take(&c, sizeof(ehdr));
	if (bytes == NULL)
		return -EINVAL;
	memcpy(&ehdr, bytes, sizeof(ehdr));
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_ident[EI_DATA] != ELFDATA2LSB ||
	    (ehdr.e_type != ET_EXEC && ehdr.e_type != ET_DYN))
		return -EINVAL;
	error = open_headers(view, &ehdr, &names);
	if (error != 0)
		return error;
	if (elfview_header(view, names, &header) == 0)
		view->names = elfview_bytes(view, &header);
	return 0;
}

int
elfview_header(const struct elfview *view, uint64_t index, Elf64_Shdr *header)
{
	return read_header(view->headers, index, header);
}

int
elfview_find_type(const struct elfview *view, uint32_t type, Elf64_Shdr *header)
{
	uint64_t i;

	for (i = 0; elfview_header(view, i, header) == 0; i++)
		if (header->sh_type == type)
			return 0;
	return -ENOENT;
}

int
elfview_find_code(const struct elfview *view, uint64_t addr, uint64_t *index,
    Elf64_Shdr *header)
{
	const uint64_t code = SHF_ALLOC | SHF_EXECINSTR;
	uint64_t i;

	for (i = 0; elfview_header(view, i, header) == 0; i++) {
		if ((header->sh_flags & code) == code &&
		    addr >= header->sh_addr &&
		    addr - header->sh_addr < header->sh_size) {
			*index = i;
			return 0;
		}
	}
	return -ENOENT;
}

struct cursor
elfview_bytes(const struct elfview *view, const Elf64_Shdr *header)
{
	struct cursor bytes = cursor_over(NULL, 0);

	if (header->sh_type != SHT_NOBITS &&
	    header->sh_size <= ELFVIEW_SECTION &&
	    (header->sh_flags & SHF_COMPRESSED) == 0)
		bytes = part(view->file, header->sh_offset, header->sh_size);
	return bytes.failed ? cursor_over(NULL, 0) : bytes;
}

/* Only as many bytes are read as `name` has: the names may be hostile also. */
static bool
has_name(const struct elfview *view, const Elf64_Shdr *header, const char *name)
{
	size_t size = strlen(name) + 1;
	struct cursor c = part(view->names, header->sh_name, size);

	return !c.failed && memcmp(c.at, name, size) == 0;
}

struct cursor
elfview_named(const struct elfview *view, const char *name)
{
	Elf64_Shdr header;
	uint64_t i;

	for (i = 0; elfview_header(view, i, &header) == 0; i++)
		if (has_name(view, &header, name))
			return elfview_bytes(view, &header);
	return cursor_over(NULL, 0);
}
