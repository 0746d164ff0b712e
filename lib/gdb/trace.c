/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traces: definitions, runs, and what is collected at a hit.  Nothing here may
 * know packets.
 */
#include "gdb/trace.h"

#include <assert.h>
#include <string.h>

#define PIECE 4096U /* memory is collected by so many bytes at a time */

_Static_assert(TRACE_POINTS_MAX < UINT16_MAX &&
		   TRACE_ACTIONS_MAX < UINT16_MAX &&
		   TRACE_SOURCES_MAX < UINT16_MAX,
    "indices are + 1");

/* One hit, whose frame is in the making. */
struct collection {
	struct trace *trace;
	const struct trace_site *site;
	bool full; /* the reason of a failure */
};

struct trace_variable *
trace_variable(struct trace *t, uint64_t number, bool make)
{
	struct trace_variable *v;
	unsigned i;

	for (i = 0; i < t->variables; i++)
		if (t->variable[i].number == number)
			return &t->variable[i];
	if (!make || t->variables == TRACE_VARIABLES_MAX)
		return NULL;
	v = &t->variable[t->variables++];
	*v = (struct trace_variable){ .number = (uint32_t)number };
	return v;
}

void
trace_clear(struct trace *t)
{
	static const char name[] = "74726163655f74696d657374616d70";
	struct trace_variable *v;

	t->state = TRACE_NOT_RUN;
	t->cause = 0;
	t->reason = NULL;
	t->points = t->actions = t->sources = t->variables = t->readonlys = 0;
	t->text_used = 0;
	t->started = t->stopped = 0;
	traceframes_clear(
	    &t->frames, t->wanted ? t->wanted : TRACE_BUFFER_SIZE);
	v = trace_variable(t, TRACE_TIMESTAMP, true);
	v->builtin = true;
	(void)trace_keep(t, name, sizeof(name) - 1, &v->name);
}

bool
trace_keep(
    struct trace *t, const void *bytes, size_t n, struct trace_text *text)
{
	if (n > TRACE_TEXT_MAX - t->text_used)
		return false;
	*text = (struct trace_text){ t->text_used, (uint32_t)n };
	if (n > 0)
		memcpy(t->text + t->text_used, bytes, n);
	t->text_used += (uint32_t)n;
	return true;
}

struct tracepoint *
trace_point(struct trace *t, uint64_t number, const uint64_t *addr)
{
	unsigned i;

	for (i = 0; i < t->points; i++)
		if (t->point[i].number == number &&
		    (!addr || t->point[i].addr == *addr))
			return &t->point[i];
	return NULL;
}

bool
trace_add_point(struct trace *t, const struct tracepoint *p)
{
	if (t->points == TRACE_POINTS_MAX)
		return false;
	t->point[t->points++] = *p;
	return true;
}

bool
trace_add_action(
    struct trace *t, struct tracepoint *p, const struct trace_action *a)
{
	if (t->actions == TRACE_ACTIONS_MAX)
		return false;
	t->action[t->actions++] = *a;
	if (p->last_action)
		t->action[p->last_action - 1].next = t->actions;
	else
		p->action = t->actions;
	p->last_action = t->actions;
	return true;
}

bool
trace_add_source(
    struct trace *t, struct tracepoint *p, const struct trace_source *s)
{
	if (t->sources == TRACE_SOURCES_MAX)
		return false;
	t->source[t->sources++] = *s;
	if (p->last_source)
		t->source[p->last_source - 1].next = t->sources;
	else
		p->source = t->sources;
	p->last_source = t->sources;
	return true;
}

void
trace_start(struct trace *t, const struct regs_layout *layout, uint64_t now)
{
	unsigned i;

	t->regs_size = 0;
	for (i = 0; i < REG_COUNT; i++)
		if (regs_in_g(layout, i))
			t->regs_size += regs_size(i);
	for (i = 0; i < t->points; i++)
		t->point[i].hits = t->point[i].usage = 0;
	for (i = 0; i < t->variables; i++)
		t->variable[i].value = t->variable[i].initial;
	memset(t->followed, 0, sizeof(t->followed));
	traceframes_clear(
	    &t->frames, t->wanted ? t->wanted : TRACE_BUFFER_SIZE);
	t->cause = 0;
	t->reason = NULL;
	t->started = now;
	t->stopped = 0;
	t->state = TRACE_RUNNING;
}

void
trace_stop(struct trace *t, enum trace_state state, uint64_t now)
{
	if (t->state != TRACE_RUNNING)
		return;
	t->stopped = now;
	t->state = state;
}

void
trace_leave(struct trace *t, uint64_t now)
{
	if (!t->disconnected)
		trace_stop(t, TRACE_DISCONNECTED, now);
}

static int
plant(struct tracepoint *p, const struct target_ops *ops, void *ctx, bool on)
{
	int r;

	if (p->addr >= TRACE_MARKERS && p->addr < TRACE_MARKERS_END)
		r = ops->trace_call(
		    ctx, (unsigned)(p->addr - TRACE_MARKERS), on);
	else
		r = ops->trace_at(ctx, p->addr, on);
	p->planted = on && r == 0;
	return on ? r : 0;
}

/* Several may be at one address: remove first. */
int
trace_settle(struct trace *t, const struct target_ops *ops, void *ctx,
    const struct tracepoint **failed)
{
	int r, first = 0;
	unsigned i;

	for (i = 0; i < t->points; i++)
		if (t->point[i].planted &&
		    (t->state != TRACE_RUNNING || !t->point[i].enabled))
			(void)plant(&t->point[i], ops, ctx, false);
	for (i = 0; i < t->points && t->state == TRACE_RUNNING; i++) {
		if (!t->point[i].enabled)
			continue;
		r = plant(&t->point[i], ops, ctx, true);
		if (r != 0 && first == 0) {
			first = r;
			*failed = &t->point[i];
		}
	}
	return first;
}

/* The operations of expressions. */
static bool
env_read_reg(void *ctx, unsigned number, uint64_t *value)
{
	const struct agent_env *env = ((struct collection *)ctx)->site->env;

	return env->read_reg(env->ctx, number, value);
}

static bool
env_read_mem(void *ctx, uint64_t addr, void *buf, size_t n)
{
	const struct agent_env *env = ((struct collection *)ctx)->site->env;

	return env->read_mem(env->ctx, addr, buf, n);
}

static bool
env_get_variable(void *ctx, unsigned number, uint64_t *value)
{
	const struct collection *c = ctx;
	const struct trace_variable *v = trace_variable(
	    c->trace, number, false);

	if (!v)
		return false;
	*value = number == TRACE_TIMESTAMP ? c->site->now : (uint64_t)v->value;
	return true;
}

static bool
env_set_variable(void *ctx, unsigned number, uint64_t value)
{
	struct collection *c = ctx;
	struct trace_variable *v = trace_variable(c->trace, number, false);

	if (!v || v->builtin)
		return false;
	v->value = (int64_t)value;
	return true;
}

static bool
put(struct collection *c, bool written)
{
	c->full |= !written;
	return written;
}

static bool
env_trace_variable(void *ctx, unsigned number)
{
	struct collection *c = ctx;
	uint64_t value;

	return env_get_variable(ctx, number, &value) &&
	       put(c,
		   traceframe_put_variable(&c->trace->frames, number, value));
}

/* More than the ring holds is refused before it is read. */
static bool
collect_memory(struct collection *c, uint64_t addr, uint64_t size)
{
	uint8_t piece[PIECE];

	if (size > c->trace->frames.size)
		return put(c, false);
	while (size > 0) {
		const size_t n = size < PIECE ? (size_t)size : PIECE;

		if (!env_read_mem(c, addr, piece, n))
			return false;
		if (!put(c, traceframe_put_memory(
				&c->trace->frames, addr, piece, (uint16_t)n)))
			return false;
		addr += n;
		size -= n;
	}
	return true;
}

/* The length of the text at addr with its NUL, at most `max`. */
static bool
find_length(struct collection *c, uint64_t addr, uint64_t max, uint64_t *n)
{
	char byte = 1;

	if (max > c->trace->frames.size)
		max = c->trace->frames.size;
	for (*n = 0; *n < max && byte; ++*n)
		if (!env_read_mem(c, addr + *n, &byte, 1))
			return false;
	return true;
}

static bool
env_trace(void *ctx, uint64_t addr, uint64_t size, bool string)
{
	return (!string || find_length(ctx, addr, size, &size)) &&
	       collect_memory(ctx, addr, size);
}

struct agent_env
trace_env(const struct agent_env *machine)
{
	return (struct agent_env){
		.read_reg = machine->read_reg ? env_read_reg : NULL,
		.read_mem = machine->read_mem ? env_read_mem : NULL,
		.get_variable = env_get_variable,
		.set_variable = env_set_variable,
		.trace = env_trace,
		.trace_variable = env_trace_variable,
	};
}

/* To the form on the wire. */
static void
pack_regs(
    const struct regs *regs, const struct regs_layout *layout, uint8_t *block)
{
	unsigned i;

	for (i = 0; i < REG_COUNT; i++) {
		if (!regs_in_g(layout, i))
			continue;
		if (!regs_get(regs, layout, i, block))
			memset(block, 0, regs_size(i));
		block += regs_size(i);
	}
}

void
trace_unpack_regs(
    const uint8_t *block, const struct regs_layout *layout, struct regs *regs)
{
	unsigned i;

	regs_init(regs, layout);
	regs->xsave_valid = layout->xcr0;
	for (i = 0; i < REG_COUNT; i++) {
		if (!regs_in_g(layout, i))
			continue;
		(void)regs_set(regs, layout, i, block);
		block += regs_size(i);
	}
}

static bool
collect_regs(struct collection *c, const struct tracepoint *p)
{
	const struct trace_site *site = c->site;
	uint8_t block[1 + REGS_SIZE_MAX] = { 'R' };
	struct regs regs;

	assert(c->trace->regs_size <= REGS_SIZE_MAX);
	regs.xsave_valid = 0;
	if (!site->read_regs(site->env->ctx, &regs, p->banks))
		return false;
	pack_regs(&regs, site->layout, block + 1);
	return put(c,
	    traceframe_put(&c->trace->frames, block, 1 + c->trace->regs_size));
}

/* Run an expression, which agent_check() has accepted; the reason that it
 * failed, or NULL. */
static const char *
evaluate(struct collection *c, struct trace_text text, uint64_t *value)
{
	struct agent_env env = trace_env(c->site->env);
	enum agent_error error;

	env.ctx = c;
	error = agent_run(c->trace->text + text.at, text.n, &env, value);
	if (error == AGENT_TRACE && !c->full)
		error = AGENT_MEMORY;
	return error == AGENT_NONE ? NULL : agent_error_text(error);
}

static const char *
act_memory(struct collection *c, const struct trace_action *a)
{
	uint64_t base = 0;

	if (a->base >= 0 && !env_read_reg(c, (unsigned)a->base, &base))
		return "a register cannot be read";
	return collect_memory(c, base + a->offset, a->size)
		   ? NULL
		   : "memory cannot be read";
}

static const char *
act(struct collection *c, const struct tracepoint *p,
    const struct trace_action *a)
{
	uint64_t value;

	switch (a->kind) {
	case 'R': return collect_regs(c, p) ? NULL : "registers cannot be read";
	case 'M': return act_memory(c, a);
	default: return evaluate(c, a->text, &value);
	}
}

static void
fail(struct collection *c, const struct tracepoint *p, const char *reason)
{
	c->trace->cause = p->number;
	c->trace->reason = reason;
	trace_stop(c->trace, c->full ? TRACE_FULL : TRACE_FAILED, c->site->now);
}

/* Make the frame of a hit, or of a step after it; steps have registers always,
 * for rip is not the tracepoint's. */
static void
collect(struct collection *c, struct tracepoint *p, bool step)
{
	struct trace *t = c->trace;
	const char *reason = "the buffer is full";
	uint16_t at = p->action;
	bool right = put(c, traceframe_begin(&t->frames, p->number));

	if (right && step)
		right = collect_regs(c, p);
	for (; right && at; at = t->action[at - 1].next) {
		const struct trace_action *a = &t->action[at - 1];

		if (a->steps != step || (step && a->kind == 'R'))
			continue;
		reason = act(c, p, a);
		right = reason == NULL;
	}
	if (right) {
		p->usage += traceframe_end(&t->frames);
	} else {
		traceframe_give_up(&t->frames);
		fail(c, p, reason);
	}
}

/* The last frame of the hit is made. */
static void
conclude(struct collection *c, const struct tracepoint *p)
{
	if (p->passes == 0 || p->hits < p->passes ||
	    c->trace->state != TRACE_RUNNING)
		return;
	c->trace->cause = p->number;
	trace_stop(c->trace, TRACE_PASSED, c->site->now);
}

static void
follow(struct collection *c, uint16_t index, uint64_t steps)
{
	struct trace_followed *f = c->trace->followed[c->site->slot];
	unsigned i;

	for (i = 0; i < TRACE_FOLLOWED_MAX; i++) {
		if (f[i].point && f[i].tid == c->site->tid)
			continue;
		f[i] = (struct trace_followed){
			.tid = c->site->tid, .point = index, .left = steps
		};
		return;
	}
}

static void
meet(struct collection *c, uint16_t index)
{
	struct tracepoint *p = &c->trace->point[index - 1];
	const char *reason = NULL;
	uint64_t holds = 1;

	if (p->condition.n > 0)
		reason = evaluate(c, p->condition, &holds);
	if (reason)
		fail(c, p, reason);
	if (reason || !holds)
		return;
	p->hits++;
	collect(c, p, false);
	if (p->steps > 0)
		follow(c, index, p->steps);
	else
		conclude(c, p);
}

/* Is the thread to be followed? */
static bool
is_followed(const struct trace *t, const struct trace_site *site)
{
	const struct trace_followed *f = t->followed[site->slot];
	unsigned i;

	for (i = 0; t->state == TRACE_RUNNING && i < TRACE_FOLLOWED_MAX; i++)
		if (f[i].point && f[i].tid == site->tid)
			return true;
	return false;
}

bool
trace_hit(struct trace *t, uint64_t addr, const struct trace_site *site)
{
	struct collection c = { .trace = t, .site = site };
	uint16_t i;

	for (i = 0; i < t->points && t->state == TRACE_RUNNING; i++)
		if (t->point[i].addr == addr && t->point[i].enabled)
			meet(&c, (uint16_t)(i + 1));
	return is_followed(t, site);
}

bool
trace_stepped(struct trace *t, const struct trace_site *site)
{
	struct collection c = { .trace = t, .site = site };
	struct trace_followed *f = t->followed[site->slot];
	unsigned i;

	for (i = 0; t->state == TRACE_RUNNING && i < TRACE_FOLLOWED_MAX; i++) {
		struct tracepoint *p;

		if (!f[i].point || f[i].tid != site->tid)
			continue;
		p = &t->point[f[i].point - 1];
		collect(&c, p, true);
		if (--f[i].left > 0)
			continue;
		f[i].point = 0;
		conclude(&c, p);
	}
	return is_followed(t, site);
}
