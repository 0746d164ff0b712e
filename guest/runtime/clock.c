/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading clocks: by the vDSO, if there is one.  It must not know how that
 * reads them.
 */
#include <hcall.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "runtime.h"

/* The part of ELF that is needed (the gABI's chapters 4 and 5). */
#define PT_LOAD    1
#define PT_DYNAMIC 2
#define DT_HASH    4
#define DT_STRTAB  5
#define DT_SYMTAB  6
#define DT_COUNT   7

struct header {
	uint8_t before_table[32];
	uint64_t table;
	uint8_t before_count[16];
	uint16_t count;
};

struct segment {
	uint32_t type, flags;
	uint64_t offset, address;
	uint64_t rest[4];
};

struct dynamic {
	uint64_t tag, value;
};

struct symbol {
	uint32_t name;
	uint8_t info, other;
	uint16_t section;
	uint64_t value, size;
};

/* The vDSO's own addresses begin at `bias`. */
struct object {
	uintptr_t bias;
	const struct dynamic *dynamic;
	uintptr_t entry[DT_COUNT]; /* by tag, 0: it has none */
};

static void
read_segments(struct object *object, uintptr_t base)
{
	const struct header *header = (const struct header *)base;
	const struct segment *segment =
	    (const struct segment *)(base + header->table);
	unsigned i;

	for (i = 0; i < header->count; i++) {
		if (segment[i].type == PT_LOAD)
			object->bias =
			    base + segment[i].offset - segment[i].address;
		if (segment[i].type == PT_DYNAMIC)
			object->dynamic = (const struct dynamic
				*)(base + segment[i].offset);
	}
}

static void
read_dynamic(struct object *object)
{
	const struct dynamic *d;

	for (d = object->dynamic; d->tag != 0; d++)
		if (d->tag < DT_COUNT)
			object->entry[d->tag] = object->bias + d->value;
}

void *
guest_vdso(const char *name)
{
	struct object object = { 0 };
	uintptr_t base = getauxval(AT_SYSINFO_EHDR);
	const struct symbol *symbol;
	const char *names;
	uint32_t i, count;

	if (base == 0)
		return NULL;
	read_segments(&object, base);
	read_dynamic(&object);
	if (object.entry[DT_HASH] == 0)
		return NULL;
	count = ((const uint32_t *)object.entry[DT_HASH])[1];
	symbol = (const struct symbol *)object.entry[DT_SYMTAB];
	names = (const char *)object.entry[DT_STRTAB];
	for (i = 0; i < count; i++)
		if (symbol[i].section != 0 &&
		    strcmp(names + symbol[i].name, name) == 0)
			return (void *)(object.bias + symbol[i].value);
	return NULL;
}

static int
ask_clock(clockid_t clock, struct timespec *now)
{
	return (int)hc_clock_gettime(clock, (long)now);
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	/* Threads that come here first together find the same. */
	static int (*reader)(clockid_t clock, struct timespec *now);
	int (*read_clock)(clockid_t clock, struct timespec *now) =
	    __atomic_load_n(&reader, __ATOMIC_RELAXED);

	if (read_clock == NULL) {
		read_clock = (int (*)(clockid_t, struct timespec *))guest_vdso(
		    "__vdso_clock_gettime");
		if (read_clock == NULL)
			read_clock = ask_clock;
		__atomic_store_n(&reader, read_clock, __ATOMIC_RELAXED);
	}
	return (int)guest_result(read_clock(clock, now));
}

time_t
time(time_t *now)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return -1;
	if (now != NULL)
		*now = ts.tv_sec;
	return ts.tv_sec;
}
