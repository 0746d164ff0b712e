/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries of novillo's own folders.  Nothing here may know how a file is
 * opened.
 */
#include "hypercall/own/own.h"

#include "hypercall/core/hostcall.h"
#include "hypercall/task/mqueue.h"
#include "hypercall/task/task.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A folder's entry as getdents64(2) returns it, and its room for a name. */
struct entry {
	uint64_t ino;
	int64_t next; /* the position after it */
	uint16_t size;
	uint8_t type;
	char name[NAME_MAX + 1];
};

#define ENTRY_NAME offsetof(struct entry, name)

_Static_assert(ENTRY_NAME == 19, "as struct linux_dirent64");

/* The last part of a row's path if it lies in this folder, or NULL. */
static const char *
child_name(const struct hc_own_row *row, const char *folder)
{
	size_t len = strlen(folder);

	if (row->kind == HC_OWN_MISSING || row->kind == HC_OWN_VOLUMES ||
	    strncmp(row->path, folder, len) != 0 || row->path[len] != '/' ||
	    strchr(row->path + len + 1, '/'))
		return NULL;
	return row->path + len + 1;
}

/* The first number from *number on for which a row's file exists. */
static bool
find_number(
    const struct hc_call *call, const struct hc_own_row *row, int *number)
{
	char name[HC_THREAD_NAME];

	if (row->of_descriptor) {
		*number = (int)hc_fd_next(&call->guest->fds, (unsigned)*number);
		return *number < (int)HC_FDS;
	}
	--*number;
	return hc_thread_next(call->thread, number, name);
}

/* Is a volume in the place of a row? */
static bool
hides(const struct hc_tree *tree, const struct hc_own_row *row)
{
	return hc_tree_at(tree, row->path, strlen(row->path)) != NULL;
}

/* Processors have the positions after those of rows, and volumes those after
 * theirs. */
#define CPUS_AT    0x800
#define AFTER_ROWS 0x1000

/* The same for a processor of the row. */
static bool
find_cpu(
    const struct hc_call *call, unsigned row, int64_t *pos, struct hc_own *own)
{
	const int64_t cpu = *pos < CPUS_AT ? 0 : *pos - CPUS_AT;

	if (cpu >= hc_count_cpus(call->guest) || cpu >= AFTER_ROWS - CPUS_AT)
		return false;
	*own = (struct hc_own){ .row = row, .number = (int)cpu };
	*pos = CPUS_AT + cpu;
	return true;
}

/*
 * Find the entry of a folder at position `pos` or after it: its row and number,
 * and its own position.  Positions are those of rows in the list or, as on
 * Linux, numbers: an entry that comes or goes does not move the others.
 */
static bool
find_child(const struct hc_call *call, const char *folder, int64_t *pos,
    struct hc_own *own)
{
	const struct hc_own_row *row;
	unsigned i, cpus = 0;

	for (i = 0; (row = hc_own_row(i)); i++) {
		const char *name = child_name(row, folder);

		own->row = i + 1;
		if (name && row->of_cpu && strchr(name, '#')) {
			cpus = i + 1;
			continue;
		}
		if (name && *name == '#' && *pos < INT32_MAX) {
			own->number = (int)*pos;
			if (!find_number(call, row, &own->number))
				return false;
			*pos = own->number;
			return true;
		}
		if (name && i >= *pos && !hides(&call->guest->tree, row)) {
			*pos = i;
			return true;
		}
	}
	return cpus && find_cpu(call, cpus, pos, own);
}

/* The first two positions are the folder itself and its parent. */
#define DOTS 2

/* Do the names of volumes `a` and `b` agree up to the part past `len`? */
static bool
same_child(const struct hc_mount *a, const struct hc_mount *b, size_t len)
{
	size_t n = len + 1 + strcspn(a->at + len + 1, "/");

	return b->len >= n && strncmp(a->at, b->at, n) == 0 &&
	       (b->at[n] == '/' || b->at[n] == '\0');
}

/* The volume at position *pos or after it whose place goes through `folder` by
 * a name that no earlier one has; or NULL. */
static const struct hc_mount *
find_volume(const struct hc_tree *tree, const char *folder, int64_t *pos)
{
	const size_t len = strlen(folder);
	int64_t i = *pos < AFTER_ROWS ? 0 : *pos - AFTER_ROWS;

	for (; i < (int64_t)tree->mounts; i++) {
		const struct hc_mount *m = &tree->mount[i],
				      *other = tree->mount;

		if (m->len <= len || m->at[len] != '/' ||
		    memcmp(m->at, folder, len) != 0)
			continue;
		while (other < m && !same_child(m, other, len))
			other++;
		if (other < m)
			continue;
		*pos = AFTER_ROWS + i;
		return m;
	}
	return NULL;
}

/* The same entry for a folder above volumes. */
static bool
next_volume(
    const struct hc_tree *tree, const char *folder, int64_t at, struct entry *e)
{
	const struct hc_mount *m = find_volume(tree, folder, &at);
	const size_t len = strlen(folder) + 1;
	size_t n;

	if (!m)
		return false;
	n = strcspn(m->at + len, "/");
	memcpy(e->name, m->at + len, n);
	e->name[n] = '\0';
	e->ino = m->id.ino;
	e->type = m->file && len + n == m->len ? DT_REG : DT_DIR;
	e->next = at + DOTS + 1;
	return true;
}

/* The same for the folder of shared files. */
static bool
next_shared(struct hc_guest *guest, int64_t at, struct entry *e)
{
	unsigned name = (unsigned)at;

	if (at >= HC_SHARED || !hc_shared_next(guest, &name, e->name, &e->ino))
		return false;
	e->type = DT_REG;
	e->next = (int64_t)name + DOTS + 1;
	return true;
}

/* The same for that of message queues, which have the positions of their
 * numbers. */
static bool
next_queue(struct hc_guest *guest, int64_t at, struct entry *e)
{
	int number = (int)at;

	if (at > INT32_MAX || !hc_mq_next(guest, &number, e->name))
		return false;
	e->ino = (uint64_t)number;
	e->type = DT_REG;
	e->next = (int64_t)number + DOTS + 1;
	return true;
}

/* The entry at position `pos` or after it. */
static bool
next_entry(const struct hc_call *call, const struct hc_own *folder, int64_t pos,
    struct entry *e)
{
	const struct hc_tree *tree = &call->guest->tree;
	struct hc_own own = { 0 };
	char path[HC_PATH];
	int64_t at = pos - DOTS;
	size_t len = strlen(hc_own_row_of(folder)->path);

	e->type = DT_DIR;
	if (at < 0) {
		e->ino = hc_own_inode(folder);
		strcpy(e->name, pos + 1 < DOTS ? "." : "..");
		e->next = pos + 1;
		return true;
	}
	hc_own_place(tree, folder, path);
	if (hc_own_row_of(folder)->kind == HC_OWN_SHARED)
		return next_shared(call->guest, at, e);
	if (hc_own_row_of(folder)->kind == HC_OWN_QUEUES)
		return next_queue(call->guest, at, e);
	if (hc_own_row_of(folder)->kind == HC_OWN_VOLUMES && path[0])
		return next_volume(tree, path, at, e);
	if (!find_child(call, hc_own_row_of(folder)->path, &at, &own))
		return next_volume(tree, path, at, e);
	e->ino = hc_own_inode(&own);
	e->type = (uint8_t)IFTODT(hc_own_type(hc_own_row_of(&own)));
	if (strchr(hc_own_row_of(&own)->path + len, '#'))
		snprintf(e->name, sizeof(e->name), "%s%d",
		    hc_own_row_of(&own)->of_cpu ? "cpu" : "", own.number);
	else
		strcpy(e->name, hc_own_row_of(&own)->path + len + 1);
	e->next = at + DOTS + 1;
	return true;
}

/* Put entries from *pos on, which moves past them, into bytes[room]: their
 * size, or -EINVAL without room for one. */
static int64_t
put_entries(const struct hc_call *call, const struct hc_own *folder,
    int64_t *pos, uint8_t *bytes, size_t room)
{
	struct entry e;
	size_t used = 0;

	while (next_entry(call, folder, *pos, &e)) {
		size_t n = ENTRY_NAME + strlen(e.name) + 1;

		e.size = (uint16_t)((n + 7) & ~(size_t)7);
		if (e.size > room - used)
			return used > 0 ? (int64_t)used : -EINVAL;
		memset(bytes + used, 0, e.size);
		memcpy(bytes + used, &e, n);
		used += e.size;
		*pos = e.next;
	}
	return (int64_t)used;
}

int64_t
hc_own_getdents(const struct hc_call *call, const struct hc_file *file,
    void *bytes, size_t room)
{
	struct hc_own folder = hc_own_of(file);
	int64_t n, pos = hc_host(SYS_lseek, file->host, 0, SEEK_CUR);

	if (!file->directory)
		return -ENOTDIR;
	n = put_entries(call, &folder, &pos, bytes, room);
	if (n >= 0)
		(void)hc_host(SYS_lseek, file->host, pos, SEEK_SET);
	return n;
}
