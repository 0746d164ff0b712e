/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From samples to a tree of functions.  Nothing here may change the machine.
 *
 * All storage is static, since the sandbox is closed when it is used.  Most of
 * it is never touched.
 */
#include "profiling.h"

#include "flame.h"
#include "outfile.h"
#include "say.h"

#include "hypercall/core/table.h"
#include "vm/profile.h"
#include "vm/report.h"

#include <stdio.h>
#include <string.h>

/* Names of addresses that were found last. */
#define CACHE 4096U

/* Each stack has its frames, a thread and a hypercall. */
#define NODES (2U + PROFILE_FRAMES + 2U * PROFILE_STACKS)

/* One guest a process. */
static struct profile profile;
static struct output file = { .fd = -1 };
static struct flame_node nodes[NODES];
static size_t used;
static struct image_bytes program_bytes, interp_bytes;
static struct {
	uint64_t address;
	const char *name;
} cache[CACHE];

int
profiling_open(const struct options *o)
{
	file.fd = outfile_private("--profile", o->profile);
	return file.fd < -1 ? -1 : 0;
}

int
profiling_start(const struct options *o, struct machine *m)
{
	int r = 0;

	if (file.fd >= 0)
		r = profile_start(&profile, m, o->profile_rate);
	if (r < 0)
		say("--profile: a thread: %s", strerror(-r));
	return r < 0 ? -1 : 0;
}

/* The file that is mapped there, or what else is. */
static const char *
place_of(const struct machine *m, uint64_t address)
{
	const struct hc_mapped *mapped = &m->guest.mapped;
	const struct hc_mapped_range *range;
	uint64_t end = UINT64_MAX;
	const char *name, *slash;

	if (address >= SHIM_BASE)
		return "(novillo)";
	if (m->vdso_at && address - m->vdso_at < PAGE_4K)
		return "(vdso)";
	range = hc_mapped_find(mapped, address, &end);
	if (!range || !mapped->file[range->file].name[0])
		return "(unknown)";
	name = mapped->file[range->file].name;
	slash = strrchr(name, '/');
	return slash ? slash + 1 : name;
}

static const char *
name_of(const struct machine *m, uint64_t address)
{
	const size_t i = address % CACHE;
	struct symbol symbol;

	if (cache[i].name && cache[i].address == address)
		return cache[i].name;
	if (!report_symbol(m, &program_bytes, &interp_bytes, address, &symbol))
		symbol.name = place_of(m, address);
	cache[i].address = address;
	cache[i].name = symbol.name;
	return symbol.name;
}

/* By name; a hypercall may have that of a function. */
static int
compare(const struct flame_node *node, enum flame_kind kind, const char *name)
{
	const int order = strcmp(node->name, name);

	return order ? order : (int)node->kind - (int)kind;
}

/* The child with this name, which may be new: it gets `count` samples. */
static struct flame_node *
descend(struct flame_node *node, enum flame_kind kind, const char *name,
    uint64_t count)
{
	struct flame_node **at = &node->child, *new;
	int order = 1;

	while (*at && (order = compare(*at, kind, name)) < 0)
		at = &(*at)->next;
	if (*at && order == 0) {
		(*at)->total += count;
		return *at;
	}
	new = &nodes[used++];
	*new = (struct flame_node){
		.kind = kind, .name = name, .total = count, .next = *at
	};
	*at = new;
	return new;
}

static const char *
call_name(uint32_t call)
{
	const struct hc_row *row = hc_row(call);

	return row ? row->name : "unknown";
}

static void
add_stack(struct flame_node *root, const struct profile_stack *s)
{
	const uint64_t *frame = profile.frame + s->first;
	struct flame_node *node;
	uint32_t i;

	root->total += s->count;
	node = descend(root, FLAME_THREAD, s->thread, s->count);
	for (i = s->frames; i-- > 0;)
		/* A return address belongs to the call before it. */
		node = descend(node, FLAME_CODE,
		    name_of(profile.machine, frame[i] - (i > 0)), s->count);
	if (s->call == PROFILE_VMM)
		node = descend(node, FLAME_OTHER, "(novillo)", s->count);
	else if (s->call != PROFILE_GUEST)
		node = descend(node, FLAME_CALL, call_name(s->call), s->count);
	node->self += s->count;
}

static struct flame_node *
make_tree(void)
{
	struct flame_node *root = &nodes[0];
	uint32_t i;

	*root = (struct flame_node){ .kind = FLAME_ALL, .name = "all" };
	used = 1;
	for (i = 0; i < profile.stacks; i++)
		add_stack(root, &profile.stack[i]);
	if (profile.lost > 0) {
		root->total += profile.lost;
		descend(root, FLAME_OTHER, "(not-stored)", profile.lost)
		    ->self += profile.lost;
	}
	return root;
}

static bool
is_picture(const char *name)
{
	const size_t n = strlen(name);

	return n >= 4 && strcmp(name + n - 4, ".svg") == 0;
}

int
profiling_close(const struct options *o, int program, int interp)
{
	const char *name = o->replay ? o->replay : o->guest;
	const char *slash;
	char title[160];

	if (!profile.machine)
		return 0;
	profile_stop(&profile);
	program_bytes = report_map(program);
	interp_bytes = report_map(interp);
	slash = strrchr(name, '/');
	snprintf(title, sizeof(title), "%.80s: %llu samples at %u Hz",
	    slash ? slash + 1 : name, (unsigned long long)profile.samples,
	    profile.rate);
	if (is_picture(o->profile))
		flame_draw(&file, make_tree(), title);
	else
		flame_fold(&file, make_tree());
	return file.error;
}
