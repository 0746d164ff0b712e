/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's calls by its names.  Nothing here may know what is allowed.
 */
#include "imports.h"

#include "hypercall/core/names.h"
#include "hypercall/core/refused.h"
#include "hypercall/core/table.h"
#include "image/symbols.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE_MOST ((off_t)1 << 30) /* of a file that is looked at */

struct imports {
	struct image_calls *calls;
	const char *engine;
};

static const struct {
	const char *name;
	uint32_t call;
} functions[] = {
#define IMPORT(name, call) { #name, SYS_##call },
#include "imports.def"
};

static const struct {
	const char *prefix, *what;
} engines[] = {
#define ENGINE(prefix, what) { prefix, what },
#include "imports.def"
};

static const struct {
	const char *text;
	uint32_t call;
} texts[] = {
#define CONTAINS(text, call) { text, SYS_##call },
#include "imports.def"
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
add(struct image_calls *calls, uint32_t number)
{
	calls->bits[number / 64] |= UINT64_C(1) << number % 64;
}

static const char *
call_name(uint32_t number)
{
	const struct hc_row *row = hc_row(number);

	return row ? row->name : hc_linux_name(number);
}

/* A function that the program takes from a library. */
static void
add_function(struct image_calls *calls, const char *name)
{
	uint32_t number;
	size_t i;

	for (number = 0; number < IMAGE_CALLS; number++) {
		const char *call = call_name(number);

		if (call && strcmp(call, name) == 0)
			add(calls, number);
	}
	for (i = 0; i < COUNT(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			add(calls, functions[i].call);
}

static void
add_name(void *ctx, const char *name, bool defined)
{
	struct imports *imports = ctx;
	size_t i;

	if (!defined)
		add_function(imports->calls, name);
	for (i = 0; i < COUNT(engines) && !imports->engine; i++)
		if (strncmp(name, engines[i].prefix,
			strlen(engines[i].prefix)) == 0)
			imports->engine = engines[i].what;
}

/* Read the file into memory of `size` bytes: how many there are. */
static size_t
read_all(int fd, uint8_t *bytes, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size &&
	       (n = pread(fd, bytes + done, size - done, (off_t)done)) > 0)
		done += (size_t)n;
	return done;
}

/* It is not mapped, because another program may truncate it meanwhile. */
const char *
imports_add(int fd, struct image_calls *calls)
{
	struct imports imports = { .calls = calls };
	struct stat st;
	uint8_t *bytes;
	size_t size, i;

	if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > SIZE_MOST)
		return NULL;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	size = read_all(fd, bytes, (size_t)st.st_size);
	symbols_dynamic(bytes, size, add_name, &imports);
	for (i = 0; i < COUNT(texts); i++)
		if (memmem(bytes, size, texts[i].text, strlen(texts[i].text)))
			add(calls, texts[i].call);
	(void)munmap(bytes, (size_t)st.st_size);
	return imports.engine;
}
