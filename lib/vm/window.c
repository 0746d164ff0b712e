/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and closing a window.  Nothing here may know the code in it.
 */
#include "vm/window.h"

#include "vm/context.h"
#include "vm/machine.h"
#include "vm/x86.h"

/* The guest's null pointers must fault. */
static bool
is_free(const struct machine *m, uint64_t base)
{
	const uint64_t end = base + SHIM_WINDOW_PAGES * PAGE_4K;
	uint64_t size, va;

	if (base < SPACE_LOWEST || end < base)
		return false;
	for (va = base; va < end; va += PAGE_4K)
		if (pt_lookup(&m->mem.pt, va, &size) != 0)
			return false;
	return true;
}

/* KVM forgets what it has of the pages. */
static void
flush(struct machine *m)
{
	(void)gmem_flush(&m->mem,
	    (uint64_t)(shim_window(m->shim) - m->mem.base),
	    SHIM_WINDOW_PAGES * PAGE_4K);
	m->window.base = 0;
}

/* Nobody is to see each of its instructions, and it is not alone, which is by
 * steps. */
static bool
runs_freely(struct vcpu *vcpu)
{
	const struct debug_vcpu *v = &vcpu->debug;

	return (v->want == WANT_RUN || !vcpu->machine->debug.on) &&
	       v->phase == STEP_NONE && !v->followed &&
	       !(v->control & KVM_GUESTDBG_SINGLESTEP) &&
	       !(vcpu_user_rflags(vcpu) & RFLAGS_TF);
}

bool
window_open(struct vcpu *vcpu, uint64_t base)
{
	struct machine *m = vcpu->machine;
	struct window *w = &m->window;

	if (!runs_freely(vcpu))
		return false;
	gmem_lock(&m->mem);
	if (w->base != 0 && w->base != base)
		flush(m);
	w->open = is_free(m, base);
	if (w->open) {
		shim_map_window(base, m->mem.size, &m->mem.pt);
		w->base = base;
	}
	gmem_unlock(&m->mem);
	return w->open;
}

void
window_close(struct machine *m)
{
	struct window *w = &m->window;

	if (!w->open)
		return;
	gmem_lock(&m->mem);
	shim_unmap_window(w->base, &m->mem.pt);
	gmem_unlock(&m->mem);
	w->open = false;
}

void
window_settle(struct machine *m)
{
	if (m->window.base == 0)
		return;
	gmem_lock(&m->mem);
	if (!is_free(m, m->window.base))
		flush(m);
	gmem_unlock(&m->mem);
}
