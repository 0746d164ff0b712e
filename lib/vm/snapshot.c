/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copying a guest's state.  Nothing here may know debuggers' protocols, nor
 * what the parts of the state mean.
 */
#include "vm/snapshot.h"

#include "vm/cpu.h"
#include "vm/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The parts of struct hc_guest that calls change in a replay.  Counts, hooks
 * and records of messages stay as they are.  No file is opened, closed or
 * mapped there: those calls are answered from the recording. */
static const struct {
	size_t at, size;
} parts[] = {
#define PART(name)                                       \
	{                                                \
		offsetof(struct hc_guest, name),         \
		    sizeof(((struct hc_guest *)0)->name) \
	}
	PART(space),
	PART(mapped.ranges),
	PART(mapped.range),
	PART(fds.limit),
	PART(signals),
	PART(limit),
	PART(dumpable),
	PART(no_new_privs),
	PART(kept),
	PART(io_priority),
	PART(persona),
	PART(pipes),
	PART(ipc.segment),
#undef PART
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static size_t
parts_size(void)
{
	size_t i, size = 0;

	for (i = 0; i < PARTS; i++)
		size += parts[i].size;
	return size;
}

static void
copy_guest_out(uint8_t *to, const struct hc_guest *guest)
{
	size_t i;

	for (i = 0; i < PARTS; to += parts[i++].size)
		memcpy(to, (const uint8_t *)guest + parts[i].at, parts[i].size);
}

static void
copy_guest_in(struct hc_guest *guest, const uint8_t *from)
{
	const bool observed = guest->signals.observed;
	size_t i;

	for (i = 0; i < PARTS; from += parts[i++].size)
		memcpy((uint8_t *)guest + parts[i].at, from, parts[i].size);
	guest->signals.observed = observed;
}

static bool
is_zero(const uint8_t *page)
{
	static const uint8_t zeros[PAGE_4K];

	return memcmp(page, zeros, PAGE_4K) == 0;
}

/* The next range of pages that may have contents: false after the last. */
static bool
next_range(const struct gmem *mem, uint64_t *va, uint64_t *end)
{
	const uint64_t filled = PTE_PRESENT | PTE_CHARGED | PTE_KEPT | PTE_FILE;
	uint64_t bits = 0;

	for (*va = *end; *va < mem->size; *va = *end) {
		*end = pt_run(&mem->pt, *va, mem->size, filled, &bits);
		if (bits & filled)
			return true;
	}
	return false;
}

/* Visit the pages that are not all zero. */
static void
each_page(const struct gmem *mem,
    void (*visit)(void *ctx, uint64_t va, uint8_t *page), void *ctx)
{
	uint64_t va, end = 0;

	while (next_range(mem, &va, &end))
		for (; va < end; va += PAGE_4K)
			if (!is_zero(mem->base + va))
				visit(ctx, va, mem->base + va);
}

/* A walk through the pages of a snapshot, by address, in step with another
 * through those that memory has. */
struct walk {
	const struct snapshot *s; /* or NULL: it has no pages */
	size_t at;
	bool same;
};

/* The contents that the snapshot has for this page, or NULL. */
static struct snapshot_bytes *
find_page(struct walk *w, uint64_t va)
{
	const struct snapshot *s = w->s;

	if (!s)
		return NULL;
	while (w->at < s->pages && s->page[w->at].va < va)
		w->at++;
	return w->at < s->pages && s->page[w->at].va == va ? s->page[w->at].copy
							   : NULL;
}

/* All copies of pages, and those that no snapshot has.  The next snapshot takes
 * these: the host would clear new memory for it, at a fault for each page. */
static size_t held;
static struct snapshot_bytes *spare;

size_t
snapshot_pages_held(void)
{
	return held;
}

static struct snapshot_bytes *
new_bytes(const uint8_t *page)
{
	struct snapshot_bytes *copy = spare;

	if (copy)
		spare = copy->next;
	else
		copy = malloc(sizeof(*copy));
	if (!copy)
		return NULL;
	copy->refs = 0;
	memcpy(copy->bytes, page, PAGE_4K);
	held++;
	return copy;
}

static void
drop_bytes(struct snapshot_bytes *copy)
{
	if (--copy->refs > 0)
		return;
	copy->next = spare;
	spare = copy;
	held--;
}

/* The pages of a snapshot: memory has them as long as the guest has not gone
 * on since. */
static struct {
	const struct snapshot_page *page;
	size_t pages;
	uint64_t resumes;
} known;

static void
know_memory(const struct snapshot *s, const struct machine *m)
{
	known.page = s->page;
	known.pages = s->pages;
	known.resumes = m->debug.resumes;
}

static bool
knows_memory(const struct machine *m)
{
	return known.page && known.resumes == m->debug.resumes;
}

/* Room for one page more. */
static bool
make_room(struct snapshot *s)
{
	const size_t room = s->room ? 2 * s->room : 256;
	struct snapshot_page *page;

	if (s->pages < s->room)
		return true;
	page = realloc(s->page, room * sizeof(*page));
	if (!page)
		return false;
	s->page = page;
	s->room = room;
	return true;
}

/* Memory is being copied into a snapshot, near another one. */
struct taking {
	struct snapshot *s;
	struct walk near;
	int error;
};

static void
take_page(void *ctx, uint64_t va, uint8_t *page)
{
	struct taking *t = ctx;
	struct snapshot_bytes *copy = find_page(&t->near, va);

	if (t->error)
		return;
	if (!copy || memcmp(copy->bytes, page, PAGE_4K) != 0) {
		copy = new_bytes(page);
		t->s->copied++;
	}
	if (copy)
		copy->refs++;
	if (!copy || !make_room(t->s)) {
		if (copy)
			drop_bytes(copy);
		t->error = -ENOMEM;
		return;
	}
	t->s->page[t->s->pages++] = (struct snapshot_page){ va, copy };
}

static struct snapshot_tables *
new_tables(const struct pagetable *pt)
{
	const size_t size = pt->used * PAGE_4K;
	struct snapshot_tables *tables = malloc(sizeof(*tables) + size);

	if (!tables)
		return NULL;
	tables->refs = 0;
	tables->used = pt->used;
	memcpy(tables->entry, pt->pool, size);
	return tables;
}

static void
drop_tables(struct snapshot_tables *tables)
{
	if (tables && --tables->refs == 0)
		free(tables);
}

static int
take_tables(
    struct snapshot *s, const struct pagetable *pt, const struct snapshot *near)
{
	if (near && near->tables && near->tables->used == pt->used &&
	    memcmp(near->tables->entry, pt->pool, pt->used * PAGE_4K) == 0)
		s->tables = near->tables;
	else
		s->tables = new_tables(pt);
	if (!s->tables)
		return -ENOMEM;
	s->tables->refs++;
	return 0;
}

static int
take_memory(
    struct snapshot *s, const struct gmem *mem, const struct snapshot *near)
{
	struct taking taking = { .s = s, .near.s = near };
	int r = take_tables(s, &mem->pt, near);

	if (r < 0)
		return r;
	each_page(mem, take_page, &taking);
	return taking.error;
}

/* The vCPU leaves the shim: its registers are the user's. */
static int
take_vcpu(struct snapshot_vcpu *s, struct vcpu *vcpu)
{
	int r = vcpu_leave_shim(vcpu, false);

	if (r == 0)
		r = vcpu_flush(vcpu);
	if (r == 0)
		r = vcpu_user_context(vcpu, &s->user);
	if (r == 0)
		r = vcpu_sregs(vcpu, &s->sregs);
	if (r == 0)
		r = kvmcore_get_xsave(
		    &vcpu->kvm, (struct kvm_xsave *)(void *)s->xsave);
	s->vcpu = vcpu;
	s->regs = *vcpu_regs(vcpu);
	s->thread = vcpu->thread;
	s->flight = vcpu->flight;
	s->debug = vcpu->debug;
	return r;
}

static int
take_threads(struct snapshot *s, struct machine *m)
{
	const struct hc_thread *turn = m->guest.replay->ops->turn(&m->guest);
	unsigned i;
	int r = 0;

	s->last_tid = m->last_tid;
	s->main_status = m->main_status;
	s->thread = calloc(m->live, sizeof(*s->thread));
	if (!s->thread)
		return -ENOMEM;
	for (i = 0; r == 0 && i < m->vcpus; i++) {
		if (!thread_lives(&m->vcpu[i]))
			continue;
		if (&m->vcpu[i].thread == turn)
			s->turn = &s->thread[s->threads];
		r = take_vcpu(&s->thread[s->threads++], &m->vcpu[i]);
	}
	return r == 0 && !s->turn ? -ESRCH : r;
}

int
snapshot_take(
    struct snapshot *s, struct machine *m, const struct snapshot *near)
{
	struct hc_guest *guest = &m->guest;
	int r;

	snapshot_drop(s);
	s->guest = malloc(parts_size());
	s->place = malloc(guest->replay->ops->size);
	r = s->guest && s->place ? take_threads(s, m) : -ENOMEM;
	if (r == 0) {
		breaks_hide(&m->debug.breaks);
		r = take_memory(s, &m->mem, near);
		breaks_show(&m->debug.breaks);
	}
	if (r < 0) {
		snapshot_drop(s);
		return r;
	}
	copy_guest_out(s->guest, guest);
	guest->replay->ops->save(guest, s->place);
	s->events = guest->replay->ops->events(guest);
	s->at = guest->replay->ops->at(guest);
	s->taken = true;
	know_memory(s, m);
	return 0;
}

void
snapshot_drop(struct snapshot *s)
{
	size_t i;

	if (known.page == s->page)
		known.page = NULL;
	for (i = 0; i < s->pages; i++)
		drop_bytes(s->page[i].copy);
	free(s->page);
	free(s->thread);
	drop_tables(s->tables);
	free(s->guest);
	free(s->place);
	*s = (struct snapshot){ 0 };
}

static void
clear_other(void *ctx, uint64_t va, uint8_t *page)
{
	if (!find_page(ctx, va))
		memset(page, 0, PAGE_4K);
}

static void
find_other(void *ctx, uint64_t va, uint8_t *page)
{
	struct walk *w = ctx;

	(void)page;
	w->same = w->same && find_page(w, va) != NULL;
}

/* Ranges whose entries change; if there are more, all do. */
#define CHANGES 32

struct changes {
	unsigned n;
	struct {
		uint64_t va, end;
	} range[CHANGES];
};

static void
note_change(void *ctx, uint64_t va, uint64_t len)
{
	struct changes *c = ctx;

	if (c->n > 0 && c->n <= CHANGES && c->range[c->n - 1].end == va) {
		c->range[c->n - 1].end += len;
	} else if (c->n < CHANGES) {
		c->range[c->n].va = va;
		c->range[c->n++].end = va + len;
	} else {
		c->n = CHANGES + 1;
	}
}

/* Memory elsewhere stays as the processor has it. */
static int
flush_changes(const struct changes *c, struct gmem *mem)
{
	unsigned i;
	int r = 0;

	if (c->n > CHANGES)
		return gmem_flush(mem, 0, mem->size);
	for (i = 0; r == 0 && i < c->n && c->range[i].va < mem->size; i++)
		r = gmem_flush(mem, c->range[i].va,
		    (c->range[i].end < mem->size ? c->range[i].end
						 : mem->size) -
			c->range[i].va);
	return r;
}

static int
return_tables(const struct snapshot_tables *s, struct gmem *mem)
{
	struct changes changes = { .n = 0 };

	pt_return(&mem->pt, s->entry, note_change, &changes);
	return flush_changes(&changes, mem);
}

/* A page is written where it differs only: else it stays as the processor has
 * it. */
static void
return_page(const struct snapshot_page *page, struct gmem *mem)
{
	uint8_t *there = mem->base + page->va;

	if (memcmp(there, page->copy->bytes, PAGE_4K) != 0)
		memcpy(there, page->copy->bytes, PAGE_4K);
}

static void
return_pages(const struct snapshot *s, struct gmem *mem)
{
	struct walk walk = { .s = s };
	size_t i;

	each_page(mem, clear_other, &walk);
	for (i = 0; i < s->pages; i++)
		return_page(&s->page[i], mem);
}

/* The pages that memory is known to have are not looked at where the snapshot
 * shares them. */
static void
return_pages_from_known(const struct snapshot *s, struct gmem *mem)
{
	const struct snapshot_page *at = known.page, *end = at + known.pages;
	size_t i;

	for (i = 0; i < s->pages; i++) {
		for (; at < end && at->va < s->page[i].va; at++)
			memset(mem->base + at->va, 0, PAGE_4K);
		if (at == end || at->va != s->page[i].va ||
		    at->copy != s->page[i].copy)
			return_page(&s->page[i], mem);
		at += at < end && at->va == s->page[i].va;
	}
	for (; at < end; at++)
		memset(mem->base + at->va, 0, PAGE_4K);
}

static int
return_memory(const struct snapshot *s, struct machine *m)
{
	if (knows_memory(m))
		return_pages_from_known(s, &m->mem);
	else
		return_pages(s, &m->mem);
	know_memory(s, m);
	return return_tables(s->tables, &m->mem);
}

/* KVM's own setting, and the calls that its debugger has set aside, stay. */
static int
return_vcpu(const struct snapshot_vcpu *s)
{
	struct vcpu *vcpu = s->vcpu;
	const uint32_t control = vcpu->debug.control;
	int r;

	vcpu->thread = s->thread;
	vcpu->flight = s->flight;
	vcpu->debug = s->debug;
	vcpu->debug.control = control;
	vcpu->debug.event.kind = EVENT_NONE;
	*vcpu_regs(vcpu) = s->regs;
	vcpu->kvm.run->s.regs.sregs = s->sregs;
	vcpu->kvm.run->kvm_dirty_regs |= KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	r = vcpu_flush(vcpu);
	return r < 0 ? r
		     : kvmcore_set_xsave(&vcpu->kvm,
			   (const struct kvm_xsave *)(const void *)s->xsave);
}

static const struct snapshot_vcpu *
find_thread(const struct snapshot *s, const struct vcpu *vcpu)
{
	unsigned i;

	for (i = 0; i < s->threads; i++)
		if (s->thread[i].vcpu == vcpu)
			return &s->thread[i];
	return NULL;
}

/* The same vCPUs have threads as then. */
static void
return_lives(const struct snapshot *s, struct machine *m)
{
	struct debug_event event;
	bool born = false;
	unsigned i;

	for (i = 0; i < m->vcpus; i++) {
		const struct snapshot_vcpu *then = find_thread(s, &m->vcpu[i]);

		/* The next position is sought again. */
		m->vcpu[i].plant = (struct plant){ .state = PLANT_IDLE };
		if (thread_lives(&m->vcpu[i]) && !then) {
			thread_take(&m->vcpu[i]);
		} else if (!thread_lives(&m->vcpu[i]) && then) {
			thread_give(&m->vcpu[i], &then->thread);
			born = true;
		}
	}
	/* A new one rests first: its registers are not true yet. */
	if (born)
		debug_pause(m, &event);
	m->last_tid = s->last_tid;
	m->main_status = s->main_status;
}

/* The contents of a page, or NULL. */
static const uint8_t *
bytes_of(const struct snapshot *s, uint64_t va)
{
	size_t lo = 0, hi = s->pages;

	while (lo < hi) {
		const size_t i = lo + (hi - lo) / 2;

		if (s->page[i].va == va)
			return s->page[i].copy->bytes;
		if (s->page[i].va < va)
			lo = i + 1;
		else
			hi = i;
	}
	return NULL;
}

void
snapshot_read(const struct snapshot *s, uint64_t addr, uint8_t *buf, size_t len)
{
	const uint8_t *page;
	size_t i;

	for (i = 0; i < len; i++) {
		const uint64_t at = (addr + i) % PAGE_4K;

		page = bytes_of(s, addr + i - at);
		buf[i] = page ? page[at] : 0;
	}
}

bool
snapshot_has_thread(const struct snapshot *s, int tid)
{
	unsigned i;

	for (i = 0; i < s->threads; i++)
		if (s->thread[i].thread.tid == tid)
			return true;
	return false;
}

static int
return_threads(const struct snapshot *s)
{
	unsigned i;
	int r = 0;

	for (i = 0; r == 0 && i < s->threads; i++)
		r = return_vcpu(&s->thread[i]);
	return r;
}

int
snapshot_return(const struct snapshot *s, struct machine *m)
{
	struct breaks *b = &m->debug.breaks;
	int r;

	return_lives(s, m);
	copies_clear(&m->debug.copies);
	breaks_hide(b);
	gmem_lock(&m->mem);
	r = return_memory(s, m);
	gmem_unlock(&m->mem);
	breaks_show(b);
	breaks_look(b);
	if (r == 0)
		r = return_threads(s);
	copy_guest_in(&m->guest, s->guest);
	m->guest.replay->ops->load(&m->guest, s->place);
	return r;
}

static bool
is_same_page(const struct snapshot *s, const struct gmem *mem, size_t i)
{
	return memcmp(mem->base + s->page[i].va, s->page[i].copy->bytes,
		   PAGE_4K) == 0;
}

/* The page that differed last is likely to differ again. */
static bool
is_same_memory(struct snapshot *s, const struct gmem *mem)
{
	struct walk walk = { .s = s, .same = true };
	size_t i;

	if (s->differs < s->pages && !is_same_page(s, mem, s->differs))
		return false;
	for (i = 0; i < s->pages; i++)
		if (!is_same_page(s, mem, i)) {
			s->differs = i;
			return false;
		}
	each_page(mem, find_other, &walk);
	return walk.same;
}

static bool
is_same_xsave(const struct snapshot_vcpu *s)
{
	const struct machine *m = s->vcpu->machine;
	_Alignas(8) uint8_t here[sizeof(struct kvm_xsave)];
	uint8_t there[sizeof(here)];
	uint32_t size = cpu_xsave_size(m);

	if (kvmcore_get_xsave(&s->vcpu->kvm, (struct kvm_xsave *)(void *)here) <
	    0)
		return false;
	memcpy(there, s->xsave, sizeof(there));
	cpu_xsave_settle(m, here);
	cpu_xsave_settle(m, there);
	if (size > sizeof(here))
		size = sizeof(here);
	return memcmp(here, there, size) == 0;
}

static bool
is_same_guest_memory(struct snapshot *s, struct machine *m)
{
	bool same;

	breaks_hide(&m->debug.breaks);
	same = is_same_memory(s, &m->mem);
	breaks_show(&m->debug.breaks);
	if (same)
		know_memory(s, m);
	return same;
}

bool
snapshot_is_present(struct snapshot *s, struct machine *m)
{
	struct hc_guest *guest = &m->guest;
	struct user_context user;

	if (guest->replay->ops->events(guest) != s->events ||
	    guest->replay->ops->at(guest) != s->at ||
	    !thread_lives(s->turn->vcpu) ||
	    vcpu_user_context(s->turn->vcpu, &user) < 0 ||
	    memcmp(&user, &s->turn->user, sizeof(user)) != 0 ||
	    !is_same_xsave(s->turn))
		return false;
	return is_same_guest_memory(s, m);
}

/* Neither waits for its first use nor is watched: the guest reads it without an
 * exit. */
static bool
is_readable(struct machine *m, uint64_t va)
{
	uint64_t size, entry = pt_lookup(&m->mem.pt, va, &size);

	return (entry & PTE_PRESENT) && (entry & PTE_USER) &&
	       !pte_waits(entry) &&
	       !breaks_watched_page(&m->debug.breaks, va, false);
}

/* The nth word, from 1 on, in which two pages differ, or with 0 how many there
 * are; its offset or PAGE_4K if they are fewer. */
static size_t
differing_word(const uint8_t *a, const uint8_t *b, size_t nth, size_t *count)
{
	const size_t word = sizeof(uint64_t);
	size_t i;

	*count = 0;
	for (i = 0; i < PAGE_4K; i += word)
		if (memcmp(a + i, b + i, word) != 0 && ++*count == nth)
			break;
	return i;
}

/* A row of words that are written one after the other costs its logarithm. */
bool
snapshot_differing(
    struct snapshot *s, struct machine *m, struct hc_witness *word)
{
	uint8_t here[PAGE_4K];
	const struct snapshot_page *page;
	size_t i, n;

	if (is_same_guest_memory(s, m) || s->differs >= s->pages)
		return false;
	page = &s->page[s->differs];
	if (!is_readable(m, page->va) ||
	    breaks_read(&m->debug.breaks, page->va, here, PAGE_4K) < PAGE_4K)
		return false;
	(void)differing_word(here, page->copy->bytes, 0, &n);
	i = differing_word(here, page->copy->bytes, (n + 1) / 2, &n);
	if (i == PAGE_4K)
		return false;
	word->address = page->va + i;
	memcpy(&word->value, page->copy->bytes + i, sizeof(word->value));
	return true;
}
