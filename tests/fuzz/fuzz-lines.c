/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the translation of addresses to names and lines: for any bytes, an
 * answer keeps the promises of symbols.h and lines.h.
 *
 * An input that begins like an ELF file is used as one.  Any other becomes the
 * bytes of .debug_line and of the string sections beside it, so that changes
 * hit the interesting bytes.
 */
#include <errno.h>
#include <stdlib.h>

#include "../unit/elfbuild.h"

#include "image/debuglink.h"
#include "image/lines.h"
#include "image/symbols.h"

/* Linkers put the code of a PIE here, and upwards. */
#define CODE      UINT64_C(0x1000)
#define CODE_SIZE UINT64_C(0x1000000)
/* The number of addresses queried per input, and their distance. */
#define PROBES      4
#define PROBE_STEP  61
#define STRINGS_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Abort unless the string begins and ends inside the file. */
static void
check_inside(const char *string, const uint8_t *file, size_t size)
{
	const uint8_t *s = (const uint8_t *)string;

	if (s < file || s >= file + size ||
	    memchr(s, '\0', size - (size_t)(s - file)) == NULL)
		abort();
}

static void
check_error(int error)
{
	if (error != -ENOENT && error != -EINVAL)
		abort();
}

static void
probe(const uint8_t *file, size_t size, uint64_t addr)
{
	struct symbol sym;
	struct line line;
	int error;

	error = symbols_find(file, size, addr, &sym);
	if (error == 0)
		check_inside(sym.name, file, size);
	else
		check_error(error);
	error = lines_find(file, size, addr, &line);
	if (error != 0) {
		check_error(error);
		return;
	}
	check_inside(line.file, file, size);
	if (line.dir != NULL)
		check_inside(line.dir, file, size);
	if (line.line == 0 || line.file[0] == '\0')
		abort();
}

static void
probe_from(const uint8_t *file, size_t size, uint64_t addr)
{
	struct debuglink link;
	uint64_t value;
	unsigned i;

	debuglink_find(file, size, &link);
	if (strchr(link.name, '/') || strlen(link.id) >= sizeof(link.id))
		abort();
	(void)symbols_exported(file, size, "_r_debug", &value);
	(void)symbols_value(file, size, "main", &value);
	for (i = 0; i < PROBES; i++)
		probe(file, size, addr + i * PROBE_STEP);
}

/* The input as the sections of an otherwise good file. */
static void
probe_sections(const uint8_t *data, size_t size)
{
	static struct elfbuild built;
	size_t strings = size < STRINGS_MAX ? size : STRINGS_MAX;
	uint8_t *exact;

	if (size > ELFBUILD_SIZE / 2)
		return;
	elfbuild_begin(&built);
	elfbuild_code(&built, ".text", CODE, CODE_SIZE);
	elfbuild_section(&built, ".debug_str", SHT_PROGBITS, data, strings);
	elfbuild_section(
	    &built, ".debug_line_str", SHT_PROGBITS, data, strings);
	/* The input comes last, so that a sanitizer detects a read past its
	 * end. */
	elfbuild_section(&built, ".debug_line", SHT_PROGBITS, data, size);
	exact = malloc(built.size);
	if (exact == NULL)
		return;
	memcpy(exact, elfbuild_file(&built), built.size);
	probe_from(exact, built.size, CODE);
	free(exact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Elf64_Ehdr ehdr;

	if (size < sizeof(ehdr) || memcmp(data, ELFMAG, SELFMAG) != 0) {
		probe_sections(data, size);
		return 0;
	}
	memcpy(&ehdr, data, sizeof(ehdr));
	probe_from(data, size, ehdr.e_entry);
	return 0;
}
