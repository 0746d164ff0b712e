/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explores every interleaving of small debugged machines over the real
 * transition function of lib/vm/stops.c: two or three vCPUs with little
 * programs, their host threads step by step, kicks on their way, and a
 * controller.  A machine passes when
 *
 *	every run ends with every event reported (no deadlock, nothing lost),
 *	    without the help of a debugger's optional actions;
 *	no state comes twice in a run (no cycle without progress);
 *	every instruction is made once and in order: after the report if it has
 *	    a breakpoint, and alone where it must be.
 *
 * Each mutation breaks one rule, and its scenario must find it.
 */
#include "tap.h"

#include "vm/stops.h"

#define VCPUS   3
#define LENGTH  7 /* with the EXIT at its end */
#define NOBODY  0xff
#define NOWHERE 0xff
#define STATES  (1U << 20)
#define SLOTS   (STATES * 2)

/* The instructions. */
enum op {
	EXIT,   /* the thread ends */
	PLAIN,  /* touches nothing */
	BREAK,  /* has a breakpoint */
	FALSE,  /* has one, whose condition is false */
	PAGE,   /* touches a watched page, not the watched bytes */
	PAGES,  /* touches two watched pages */
	HIT,    /* touches the watched bytes */
	SPIN,   /* a loop in the guest that ends after a POST */
	CALL,   /* a hypercall that does not wait */
	WAIT,   /* a hypercall that waits for a POST */
	BWAIT,  /* WAIT with a breakpoint */
	CAUGHT, /* a call that is reported before and after it is made */
	CWAIT,  /* the same, and it waits for a POST */
	BCWAIT, /* and has a breakpoint */
	POST,
	CLONE, /* makes the next vCPU's thread */
};

enum mutation {
	NO_MUTATION,
	WAKER_ENDS_REST, /* a granted vCPU rests until its thread wakes */
	LATE_CLEAR,      /* a kick is forgotten after the look at the state */
	ONE_PAGE,        /* a lone instruction has one page open at most */
	NO_NOTIFY,       /* the controller is not woken */
	NO_KICK,
	NO_WAKE,
	NO_LIFT,      /* the breakpoint of a lone instruction stays */
	CUT_IS_NEW,   /* a caught call that was cut short is a new one */
	HANDED_RESTS, /* a call that was handed over waits for a grant */
	MUTATIONS,
};

static const char *const mutation_names[MUTATIONS] = {
	[WAKER_ENDS_REST] = "the thread that wakes ends its rest",
	[LATE_CLEAR] = "a kick is forgotten after the look at the state",
	[ONE_PAGE] = "one page at a time is opened",
	[NO_NOTIFY] = "the controller is not woken",
	[NO_KICK] = "kicks are dropped",
	[NO_WAKE] = "wakes are dropped",
	[NO_LIFT] = "breakpoints are not lifted",
	[CUT_IS_NEW] = "a caught call that was cut short is a new one",
	[HANDED_RESTS] = "a call that was handed over waits for a grant",
};

struct scenario {
	const char *name;
	unsigned vcpus;  /* alive at the start */
	unsigned clones; /* made later, by CLONE */
	uint8_t program[VCPUS][LENGTH];
	unsigned interrupts; /* at any time, at most this many */
	unsigned steps; /* this many first reports are answered by a step */
	bool lends;     /* the controller runs the only vCPU that is to run */
	bool kills;     /* the debugger may kill, at any time */
	bool detaches;  /* the debugger detaches after its first report */
	bool threads;   /* threads that begin and end are reported */
	enum mutation found; /* the scenario must find it */
};

/* The place of a host thread. */
enum phase {
	AT_NOTHING, /* no thread */
	AT_BORN,    /* about to report that it begins */
	AT_FUTEX,   /* about to sleep if its state requires it */
	AT_SLEEP,
	AT_CLEAR, /* about to forget a kick */
	AT_LOOK,  /* about to read its state */
	AT_ENTER, /* KVM_RUN looks at immediate_exit */
	AT_GUEST,
	AT_CALL,  /* about to serve a hypercall that was caught */
	AT_SHOW,  /* about to report that, or that it returned */
	AT_SERVE, /* a hypercall */
	AT_BLOCK, /* waiting in a hypercall */
	AT_REST,
	AT_END,
};

enum event {
	NOTHING,
	FAULT_1,
	FAULT_2,
	STEPPED,
	BROKE,
	WATCHED,
	CALLED,
	RETURNED,
	BORN,
	DIED
};

/* The place of a caught call, as CALL_* in lib/vm/flight.h. */
enum caught { UNCAUGHT, MET, WAITS, RESULT, SHOWN };

struct host {
	uint8_t phase, pc;
	bool kicked, pending;  /* a kick was taken; one is on its way */
	bool met, owed, again; /* a report was made, is due; a call repeats */
	bool passes;           /* it goes on from the breakpoint */
	bool woken;            /* WAKER_ENDS_REST: its state is still old */
	bool ends;             /* its end was raised */
	bool called, returns;  /* a call was reported; its return is due */
	bool handed;           /* the controller has met a call */
	uint8_t caught;
	uint8_t event, reported, stepping, made;
};

/* The control flow of the debugger's side. */
enum controller { POLLING, DECIDING, LENDING };

/* A whole machine, without padding: machines are compared as bytes. */
struct world {
	uint8_t mode, lone, next, ready, report, vcpus;
	struct {
		uint8_t run, news, wanted, over;
	} v[VCPUS];
	struct host host[VCPUS];
	uint8_t controller, lent;
	bool notified, attached;
	uint8_t lifted, open, posted, interrupts, steps;
	bool killed;
};

static struct {
	struct world state[STATES];
	uint32_t slot[SLOTS]; /* 1 + the state's number, or 0 */
	uint8_t color[STATES];
	uint32_t stack[STATES];
	uint8_t move[STATES]; /* the next to try, for states on the stack */
	uint32_t count;
} graph;

static const struct scenario *scenario;
static enum mutation mutation;
static const char *wrong; /* the first violation, or NULL */
static struct world w;
static struct stops stops;

static void
must(bool holds, const char *what)
{
	if (!holds && !wrong)
		wrong = what;
}

static void
unpack(void)
{
	unsigned i;

	stops.mode = w.mode;
	stops.lone = w.lone == NOBODY ? STOPS_NONE : w.lone;
	stops.vcpus = w.vcpus;
	stops.next = w.next;
	stops.reported = w.ready;
	stops.report = w.report;
	for (i = 0; i < VCPUS; i++) {
		stops.vcpu[i].run = w.v[i].run;
		stops.vcpu[i].tid = i;
		stops.vcpu[i].news = w.v[i].news;
		stops.vcpu[i].wanted = w.v[i].wanted;
		stops.vcpu[i].over = w.v[i].over;
	}
}

static void
pack(void)
{
	unsigned i;

	w.mode = (uint8_t)stops.mode;
	w.lone = stops.lone == STOPS_NONE ? NOBODY : (uint8_t)stops.lone;
	w.vcpus = (uint8_t)stops.vcpus;
	w.next = (uint8_t)stops.next;
	w.ready = (uint8_t)stops.reported;
	w.report = (uint8_t)stops.report;
	for (i = 0; i < VCPUS; i++) {
		w.v[i].run = (uint8_t)stops.vcpu[i].run;
		w.v[i].news = (uint8_t)stops.vcpu[i].news;
		w.v[i].wanted = stops.vcpu[i].wanted;
		w.v[i].over = stops.vcpu[i].over;
	}
}

static void
open_page(unsigned i)
{
	uint8_t *event = &w.host[i].event;

	if (*event != FAULT_1 && *event != FAULT_2)
		return;
	if (mutation == ONE_PAGE)
		w.open = 0;
	w.open |= *event;
	*event = NOTHING;
}

/* Carry out the actions in the order of debug.c; `self` acts. */
static void
carry_out(const struct stops_actions *act, unsigned self)
{
	unsigned i;

	if (act->ends != STOPS_NONE) {
		w.lifted = NOBODY;
		w.open = 0;
	}
	if (act->begins != STOPS_NONE) {
		w.lifted = mutation == NO_LIFT ? NOBODY : (uint8_t)act->begins;
		w.host[act->begins].reported = NOWHERE;
		open_page(act->begins);
	}
	if (act->opens != STOPS_NONE)
		open_page(act->opens);
	for (i = 0; i < VCPUS; i++) {
		struct host *h = &w.host[i];

		if ((act->kick[0] >> i & 1) && i == self)
			h->kicked = true;
		else if ((act->kick[0] >> i & 1) && mutation != NO_KICK)
			h->pending = true;
		if (!(act->wake[0] >> i & 1))
			continue;
		if (mutation == WAKER_ENDS_REST && w.v[i].run == RUN_RUNNING) {
			w.v[i].run = RUN_RESTING;
			h->woken = true;
		}
		if (h->phase == AT_SLEEP && mutation != NO_WAKE)
			h->phase = AT_CLEAR;
	}
	if (act->notify && mutation != NO_NOTIFY)
		w.notified = true;
}

static bool
cause(struct stops_input in, unsigned self)
{
	struct stops_actions act;

	unpack();
	stops_step(&stops, &in, &act);
	pack();
	carry_out(&act, self);
	return act.taken;
}

static void
cause_of(enum stops_cause why, unsigned i, unsigned self)
{
	cause((struct stops_input){ .cause = why, .vcpu = i }, self);
}

static enum stops_news
news_of(const struct host *h)
{
	return h->event == NOTHING   ? NEWS_NONE
	       : h->event <= FAULT_2 ? NEWS_PAGE
				     : NEWS_EVENT;
}

static enum op
op_at(unsigned i)
{
	return (enum op)scenario->program[i][w.host[i].pc];
}

static bool
has_break(unsigned i)
{
	const enum op op = op_at(i);

	return w.attached && w.host[i].caught == UNCAUGHT &&
	       (op == BREAK || op == FALSE || op == BWAIT || op == BCWAIT);
}

static bool
is_caught(unsigned i)
{
	const enum op op = op_at(i);

	return w.attached && (op == CAUGHT || op == CWAIT || op == BCWAIT);
}

static bool
is_over(unsigned i)
{
	return w.host[i].reported == w.host[i].pc && has_break(i);
}

static void
raise_event(unsigned i, enum event event, unsigned self)
{
	w.host[i].event = (uint8_t)event;
	cause(
	    (struct stops_input){
		.cause = CAUSE_EVENT, .vcpu = i, .news = news_of(&w.host[i]) },
	    self);
}

static bool
is_stepping(unsigned i)
{
	return w.lone == i || w.host[i].stepping;
}

/* Complete an instruction. */
static void
made(unsigned i)
{
	struct host *h = &w.host[i];

	must(!has_break(i) || h->met, "a breakpoint was passed unreported");
	h->met = h->again = false;
	h->pc++;
	h->made++;
	must(!h->stepping || h->made == 1, "a step made two instructions");
}

/* The instruction's fault: it touches a watched page that is not open. */
static enum event
fault_of(unsigned i)
{
	const unsigned touched = op_at(i) == PAGES                     ? 3
				 : op_at(i) == PAGE || op_at(i) == HIT ? 1
								       : 0;
	const unsigned missing = w.attached ? touched & ~w.open : 0;

	return missing & 1 ? FAULT_1 : missing ? FAULT_2 : NOTHING;
}

/* One instruction in the guest, entered by `self`. */
static void
execute(unsigned i, unsigned self)
{
	struct host *h = &w.host[i];

	must(w.mode != MODE_HELD && w.mode != MODE_READY,
	    "guest code ran while the machine was held");
	must(w.lone == NOBODY || w.lone == i,
	    "guest code ran beside a lone instruction");
	must(!h->owed, "guest code ran before its watchpoint was reported");
	must(!h->returns,
	    "guest code ran before its call's return was reported");
	h->caught = UNCAUGHT;
	if (self == i)
		h->phase = AT_CLEAR;
	if (has_break(i) && w.lifted != i && op_at(i) == FALSE) {
		must(!h->met, "a condition was evaluated twice");
		h->met = h->passes = true;
		raise_event(i, NOTHING, self);
		return;
	}
	if (has_break(i) && w.lifted != i) {
		raise_event(i, BROKE, self);
		return;
	}
	if (is_caught(i)) {
		h->caught = h->stepping ? MET : WAITS;
		h->made += h->stepping;
		raise_event(i, h->stepping ? STEPPED : CALLED, self);
		return;
	}
	if ((op_at(i) == EXIT || op_at(i) >= CALL) && w.v[i].run == RUN_LENT) {
		h->handed = true;
		return;
	}
	if (op_at(i) == EXIT || op_at(i) >= CALL) {
		h->phase = AT_SERVE;
		cause_of(CAUSE_CALL, i, self);
		return;
	}
	if (fault_of(i) != NOTHING) {
		raise_event(i, fault_of(i), self);
		return;
	}
	h->owed = op_at(i) == HIT && w.attached;
	made(i);
	if (is_stepping(i))
		raise_event(i, STEPPED, self);
	else if (self == i)
		h->phase = AT_GUEST;
}

static void
call_returned(unsigned i, bool cut)
{
	w.host[i].phase = AT_CLEAR;
	cause(
	    (struct stops_input){
		.cause = CAUSE_RETURNED, .vcpu = i, .cut = cut },
	    i);
}

static void
thread_ends(unsigned i)
{
	unsigned n, live = 0;

	w.host[i] = (struct host){ .reported = NOWHERE };
	cause_of(CAUSE_GONE, i, i);
	for (n = 0; n < VCPUS; n++)
		live += w.v[n].run != RUN_ABSENT;
	if (live == 0)
		cause_of(CAUSE_OVER, i, i);
}

/* The last one's end is the machine's. */
static void
end_thread(unsigned i)
{
	struct host *h = &w.host[i];
	unsigned n, others = 0;

	for (n = 0; n < VCPUS; n++)
		others += n != i && w.v[n].run != RUN_ABSENT && !w.host[n].ends;
	if (!scenario->threads || !w.attached || others == 0) {
		thread_ends(i);
		return;
	}
	h->ends = true;
	h->phase = AT_CLEAR;
	raise_event(i, DIED, i);
}

static void
is_born(unsigned i, unsigned self)
{
	w.host[i].phase = scenario->threads && self != NOBODY ? AT_BORN
							      : AT_CLEAR;
	w.host[i].reported = NOWHERE;
	cause(
	    (struct stops_input){
		.cause = CAUSE_BORN, .vcpu = i, .tid = i, .wanted = true },
	    self);
}

static void
serve(unsigned i)
{
	struct host *h = &w.host[i];
	const enum op op = op_at(i);
	const bool waits = (op == WAIT || op == BWAIT || op == CWAIT ||
			       op == BCWAIT) &&
			   !w.posted;

	if (op == EXIT) {
		must(!h->event, "a thread ended with an event");
		end_thread(i);
		return;
	}
	if (waits && !h->kicked) {
		h->phase = AT_BLOCK;
		return;
	}
	if (waits) {
		h->again = h->caught == UNCAUGHT;
		if (mutation == CUT_IS_NEW)
			h->caught = UNCAUGHT;
		call_returned(i, true);
		return;
	}
	must(!is_caught(i) || h->called, "a caught call was made unreported");
	w.posted = w.posted || op == POST;
	if (op == CLONE)
		is_born(scenario->vcpus, i);
	made(i);
	call_returned(i, false);
	if (h->caught == WAITS) {
		h->caught = RESULT;
		h->called = false;
		h->returns = w.attached;
	}
	if (is_stepping(i))
		raise_event(i, STEPPED, i);
}

static void
show(unsigned i)
{
	struct host *h = &w.host[i];
	const bool before = h->caught == MET;

	h->phase = AT_CLEAR;
	h->caught = before ? WAITS : SHOWN;
	/* A thread that steps has stopped there already. */
	if (h->stepping && before)
		h->called = true;
	else if (h->stepping)
		h->returns = false;
	else if (w.attached)
		raise_event(i, before ? CALLED : RETURNED, i);
}

/* The counterpart of conclude_lone(). */
static void
conclude(unsigned i)
{
	struct host *h = &w.host[i];

	if (h->event == STEPPED && h->owed)
		h->event = WATCHED;
	else if (h->event == STEPPED && !h->stepping)
		h->event = NOTHING;
}

static void
rest(unsigned i, unsigned self)
{
	struct host *h = &w.host[i];

	must(!h->handed, "a call was handed over, and not made");
	h->reported = h->again || h->passes ? h->pc : NOWHERE;
	h->passes = false;
	if (self == i)
		h->phase = AT_FUTEX;
	if (w.lone == i)
		conclude(i);
	cause((struct stops_input){ .cause = CAUSE_RESTED,
		  .vcpu = i,
		  .news = news_of(h),
		  .over = is_over(i) },
	    self);
}

static void
look(unsigned i)
{
	struct host *h = &w.host[i];

	if (h->woken) {
		h->woken = false;
		w.v[i].run = RUN_RUNNING;
	}
	if (h->handed && mutation != HANDED_RESTS &&
	    w.v[i].run != RUN_LEAVING) {
		h->phase = AT_CALL;
		return;
	}
	switch (w.v[i].run) {
	case RUN_RUNNING:
		h->phase = h->ends                                   ? AT_END
			   : h->caught == WAITS || h->handed         ? AT_CALL
			   : h->caught == MET || h->caught == RESULT ? AT_SHOW
								     : AT_ENTER;
		break;
	case RUN_STOPPING: h->phase = AT_REST; break;
	case RUN_LEAVING: h->phase = AT_END; break;
	default: h->phase = AT_FUTEX; break;
	}
}

/* Make the next step of a host thread; false if the thread waits. */
static bool
thread_step(unsigned i)
{
	struct host *h = &w.host[i];
	const uint8_t run = w.v[i].run;

	switch (h->phase) {
	case AT_BORN:
		h->phase = AT_CLEAR;
		raise_event(i, BORN, i);
		return true;
	case AT_FUTEX:
		h->phase = (run == RUN_RESTING && !h->woken) || run == RUN_LENT
			       ? AT_SLEEP
			       : AT_CLEAR;
		return true;
	case AT_CLEAR:
		h->kicked = false;
		h->phase = AT_LOOK;
		return true;
	case AT_LOOK: look(i); return true;
	case AT_ENTER:
		h->kicked = h->kicked && mutation != LATE_CLEAR;
		h->phase = h->kicked ? AT_CLEAR : AT_GUEST;
		return true;
	case AT_GUEST:
		if (op_at(i) == SPIN && !w.posted)
			return false;
		execute(i, i);
		return true;
	case AT_CALL:
		h->phase = AT_SERVE;
		h->handed = false;
		cause_of(CAUSE_CALL, i, i);
		return true;
	case AT_SHOW: show(i); return true;
	case AT_SERVE: serve(i); return true;
	case AT_BLOCK:
		if (!w.posted)
			return false;
		h->phase = AT_SERVE;
		return true;
	case AT_REST: rest(i, i); return true;
	case AT_END: thread_ends(i); return true;
	default: return false;
	}
}

/* Deliver a pending kick. */
static bool
signal_step(unsigned i)
{
	struct host *h = &w.host[i];

	if (!h->pending)
		return false;
	h->pending = false;
	h->kicked = true;
	if (h->phase == AT_BLOCK)
		h->phase = AT_SERVE;
	else if (h->phase == AT_SLEEP || h->phase == AT_GUEST)
		h->phase = AT_CLEAR;
	return true;
}

static void
check_rest(void)
{
	unsigned i;

	for (i = 0; i < VCPUS; i++) {
		must(w.v[i].run == RUN_ABSENT || w.v[i].run == RUN_RESTING,
		    "a vCPU did not rest when the machine stopped");
		must(w.host[i].phase != AT_GUEST && w.host[i].phase != AT_BLOCK,
		    "a thread was in the guest when the machine stopped");
	}
}

static bool
any_wanted(void)
{
	unsigned i;

	for (i = 0; i < VCPUS; i++)
		if (w.v[i].run != RUN_ABSENT && w.v[i].wanted)
			return true;
	return false;
}

static bool
is_before_call(const struct host *h)
{
	return h->caught == MET || h->caught == WAITS;
}

/* The debugger gets an event. */
static void
take(void)
{
	struct host *h = &w.host[w.ready];

	check_rest();
	/* A debugger that sees a thread at a breakpoint may pass it. */
	if (w.report != REPORT_EVENT && has_break(w.ready))
		h->met = true;
	w.controller = DECIDING;
	if (w.report != REPORT_EVENT) {
		must(w.report != REPORT_GONE || !any_wanted(),
		    "a thread that runs was reported gone");
		must(w.report == REPORT_GONE || !any_wanted() ||
			 w.v[w.ready].wanted,
		    "an interrupt was reported for a thread not let run");
		h->reported = is_before_call(h) ? NOWHERE : h->pc;
		return;
	}
	must(h->event != BROKE || !h->met, "a breakpoint was reported twice");
	must(h->event != WATCHED || h->owed, "a watchpoint was reported twice");
	must(
	    h->event != BORN || h->pc == 0, "a thread began before its report");
	must(h->event != DIED || h->ends,
	    "a thread that lives was reported dead");
	must(h->event != CALLED || !h->called, "a call was reported twice");
	must(h->event != RETURNED || h->returns, "a return was reported twice");
	must(h->event != STEPPED || (h->stepping && h->made == 1),
	    "a step was reported that was not made");
	must(h->event > FAULT_2, "an internal event was reported");
	h->met = h->met || has_break(w.ready);
	h->owed = h->owed && h->event != WATCHED;
	h->called = h->called || h->event == CALLED;
	h->returns = h->returns && h->event != RETURNED;
	h->event = NOTHING;
	h->reported = is_before_call(h) ? NOWHERE : h->pc;
}

static bool
poll_step(bool needed)
{
	if (w.controller != POLLING || w.mode == MODE_OVER ||
	    (needed && !w.notified))
		return false;
	w.notified = w.notified && !needed;
	if (cause((struct stops_input){ .cause = CAUSE_TAKE }, NOBODY))
		take();
	return true;
}

/* The vCPU that the controller may run, if it lives alone or is to step: its
 * next instruction is not a call. */
static unsigned
choose_lent(unsigned only)
{
	unsigned i, live = 0, mover = only;

	for (i = 0; i < VCPUS; i++) {
		if (w.v[i].run == RUN_ABSENT)
			continue;
		live++;
		mover = only == NOBODY ? i : only;
	}
	return (only != NOBODY || live == 1) && scenario->lends &&
	       op_at(mover) != EXIT
	&&op_at(mover) < CALL &&w.host[mover].caught != RESULT &&
		!is_before_call(&w.host[mover])
	    ? mover
	    : NOBODY;
}

static void
lend(unsigned vcpu)
{
	cause(
	    (struct stops_input){
		.cause = CAUSE_RESUME, .vcpu = vcpu, .lend = vcpu != NOBODY },
	    NOBODY);
	if (vcpu == NOBODY || w.v[vcpu].run != RUN_LENT)
		return;
	w.controller = LENDING;
	w.lent = (uint8_t)vcpu;
}

/* Let all vCPUs run, or one step. */
static void
want(unsigned only)
{
	unsigned i;

	for (i = 0; i < VCPUS; i++) {
		struct host *h = &w.host[i];
		const bool wanted = only == NOBODY || i == only;

		if (w.v[i].run == RUN_ABSENT)
			continue;
		h->made = 0;
		h->stepping = only == i;
		if (wanted && (h->event == STEPPED ||
				  (h->event == BROKE && !has_break(i))))
			h->event = NOTHING;
		cause((struct stops_input){ .cause = CAUSE_WANT,
			  .vcpu = i,
			  .wanted = wanted,
			  .over = is_over(i),
			  .news = news_of(h) },
		    NOBODY);
		if (news_of(h) == NEWS_PAGE)
			h->event = NOTHING;
	}
}

static void
detach(void)
{
	unsigned i;

	w.attached = false;
	for (i = 0; i < VCPUS; i++) {
		w.host[i].event = NOTHING;
		w.host[i].owed = false;
		w.host[i].returns = false;
	}
	want(NOBODY);
	lend(NOBODY);
}

static bool
decide_step(void)
{
	const unsigned who = w.ready;

	if (w.controller != DECIDING)
		return false;
	w.controller = POLLING;
	if (scenario->detaches) {
		detach();
		return true;
	}
	if (w.steps == 0 || w.v[who].run == RUN_ABSENT) {
		want(NOBODY);
		lend(choose_lent(NOBODY));
		return true;
	}
	w.steps--;
	want(who);
	lend(choose_lent(who));
	return true;
}

static bool
lend_step(void)
{
	const unsigned i = w.lent;

	if (w.controller != LENDING)
		return false;
	if (w.v[i].run == RUN_LENT && w.host[i].event == NOTHING &&
	    !w.host[i].handed) {
		execute(i, NOBODY);
		/* The run goes on. */
		if (w.host[i].event == NOTHING && !w.host[i].passes)
			return true;
	}
	w.controller = POLLING;
	if (w.host[i].handed)
		cause_of(CAUSE_HAND, i, NOBODY);
	else
		rest(i, NOBODY);
	return true;
}

/* The run lasts, or a signal came: the vCPU's thread goes on. */
static bool
call_back_step(void)
{
	const struct host *h = &w.host[w.lent];

	if (w.controller != LENDING || h->event != NOTHING || h->passes)
		return false;
	w.controller = POLLING;
	cause_of(CAUSE_HAND, w.lent, NOBODY);
	return true;
}

static bool
interrupt_step(void)
{
	if (w.controller != POLLING || w.interrupts == 0 ||
	    w.mode == MODE_OVER || !w.attached)
		return false;
	w.interrupts--;
	cause_of(CAUSE_INTERRUPT, 0, NOBODY);
	return true;
}

static bool
kill_step(void)
{
	if (w.controller != POLLING || !scenario->kills || w.killed ||
	    w.mode == MODE_OVER)
		return false;
	w.killed = true;
	cause_of(CAUSE_OVER, 0, NOBODY);
	return true;
}

/* Moves that happen by themselves come first, optional moves last. */
#define MUST_MOVES (2 * VCPUS + 3)
#define MOVES      (MUST_MOVES + 4)

static bool
move(unsigned n)
{
	if (n < VCPUS)
		return thread_step(n);
	if (n < 2 * VCPUS)
		return signal_step(n - VCPUS);
	switch (n - 2 * VCPUS) {
	case 0: return poll_step(true);
	case 1: return decide_step();
	case 2: return lend_step();
	case 3: return poll_step(false);
	case 4: return interrupt_step();
	case 5: return call_back_step();
	default: return kill_step();
	}
}

static bool
is_final(void)
{
	unsigned i;

	for (i = 0; i < VCPUS; i++)
		if (w.host[i].phase != AT_NOTHING || w.host[i].owed ||
		    w.host[i].returns)
			return false;
	return w.mode == MODE_OVER;
}

static uint32_t *
slot_of(const struct world *state)
{
	const uint8_t *byte = (const void *)state;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i;
	uint32_t at;

	for (i = 0; i < sizeof(*state); i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	for (at = (uint32_t)(hash ^ hash >> 32) % SLOTS; graph.slot[at];
	     at = (at + 1) % SLOTS)
		if (memcmp(&graph.state[graph.slot[at] - 1], state,
			sizeof(*state)) == 0)
			break;
	return &graph.slot[at];
}

enum color { NEW, ON_STACK, DONE };

static void
push(uint32_t *depth)
{
	uint32_t *slot = slot_of(&w);

	if (*slot) {
		must(
		    graph.color[*slot - 1] == DONE, "a cycle without progress");
		return;
	}
	if (graph.count == STATES)
		bail("%s has too many states", scenario->name);
	graph.state[graph.count] = w;
	*slot = ++graph.count;
	graph.color[*slot - 1] = ON_STACK;
	graph.move[*depth] = 0;
	graph.stack[(*depth)++] = *slot - 1;
}

/* Whether no move happens by itself. */
static bool
is_stuck(const struct world *from)
{
	unsigned n;

	for (n = 0; n < MUST_MOVES; n++) {
		w = *from;
		if (move(n))
			return false;
	}
	w = *from;
	return true;
}

static void
begin(void)
{
	unsigned i;

	memset(&graph.slot, 0, sizeof(graph.slot));
	graph.count = 0;
	wrong = NULL;
	memset(&w, 0, sizeof(w));
	w.lone = w.lifted = NOBODY;
	w.attached = true;
	w.interrupts = (uint8_t)scenario->interrupts;
	w.steps = (uint8_t)scenario->steps;
	for (i = 0; i < scenario->vcpus; i++)
		is_born(i, NOBODY);
	want(NOBODY);
	lend(NOBODY);
	w.controller = POLLING;
}

/* Explore all runs, depth first; return the first violation, or NULL. */
static const char *
explore(void)
{
	uint32_t depth = 0;

	begin();
	push(&depth);
	while (depth > 0 && !wrong) {
		const uint32_t at = graph.stack[depth - 1];
		const struct world *from = &graph.state[at];
		const uint8_t n = graph.move[depth - 1]++;

		if (n == MOVES) {
			graph.color[at] = DONE;
			depth--;
			continue;
		}
		w = *from;
		if (n == 0)
			must(!is_stuck(from) || is_final(),
			    "nothing happens any more");
		w = *from;
		if (!wrong && move(n) && memcmp(&w, from, sizeof(w)) != 0)
			push(&depth);
	}
	return wrong;
}

static const struct scenario scenarios[] = {
	{ .name = "two threads meet breakpoints",
	    .vcpus = 2,
	    .program = { { PLAIN, BREAK, BREAK }, { BREAK, PLAIN, BREAK } },
	    .found = NO_LIFT },
	{ .name = "three threads touch a watched page",
	    .vcpus = 3,
	    .program = { { PAGE }, { HIT }, { PAGE } },
	    .found = WAKER_ENDS_REST },
	{ .name = "a thread computes while another is stopped",
	    .vcpus = 2,
	    .program = { { SPIN, PLAIN }, { BREAK, PAGE, POST } },
	    .interrupts = 1,
	    .found = LATE_CLEAR },
	{ .name = "two threads touch two watched pages",
	    .vcpus = 2,
	    .program = { { PAGES, HIT }, { HIT, PAGES } },
	    .found = ONE_PAGE },
	{ .name = "conditions that are false, beside breakpoints and Ctrl-C",
	    .vcpus = 2,
	    .program = { { FALSE, BREAK, FALSE }, { FALSE, PLAIN, BREAK } },
	    .interrupts = 1,
	    .found = NO_LIFT },
	{ .name = "a condition that is false, and a thread that loops",
	    .vcpus = 2,
	    .program = { { SPIN, PLAIN }, { FALSE, FALSE, POST } },
	    .interrupts = 1,
	    .found = NO_KICK },
	{ .name = "a step to a condition that is false",
	    .vcpus = 2,
	    .program = { { BREAK, FALSE, CALL, PLAIN }, { FALSE, BREAK } },
	    .interrupts = 1,
	    .steps = 4,
	    .lends = true,
	    .found = NO_LIFT },
	{ .name = "a watched page, and Ctrl-C",
	    .vcpus = 2,
	    .program = { { PAGE, PLAIN }, { HIT, BREAK } },
	    .interrupts = 2,
	    .found = WAKER_ENDS_REST },
	{ .name = "a breakpoint on a call that waits",
	    .vcpus = 2,
	    .program = { { BWAIT, PLAIN }, { PLAIN, BREAK, POST } },
	    .interrupts = 1,
	    .found = NO_KICK },
	{ .name = "breakpoints on two calls that wait for a third thread",
	    .vcpus = 3,
	    .program = { { BWAIT }, { BWAIT }, { PLAIN, POST } },
	    .found = NO_NOTIFY },
	{ .name = "calls beside lone instructions",
	    .vcpus = 3,
	    .program = { { CALL, PAGE }, { WAIT }, { HIT, POST } },
	    .found = NO_WAKE },
	{ .name = "a thread is born and dies",
	    .vcpus = 1,
	    .clones = 1,
	    .program = { { PAGE, CLONE, BREAK, WAIT }, { PLAIN, HIT, POST } },
	    .interrupts = 1,
	    .found = WAKER_ENDS_REST },
	{ .name = "the controller runs a vCPU that is alone, up to a call",
	    .vcpus = 1,
	    .program = { { BREAK, PLAIN, CALL, PAGES, BREAK, POST } },
	    .interrupts = 2,
	    .steps = 2,
	    .lends = true,
	    .found = HANDED_RESTS },
	{ .name = "the same, beside conditions and watchpoints",
	    .vcpus = 1,
	    .clones = 1,
	    .program = { { BREAK, FALSE, HIT, PLAIN, CLONE },
		{ PLAIN, BREAK, PLAIN } },
	    .interrupts = 1,
	    .lends = true,
	    .found = NO_WAKE },
	{ .name = "one thread steps, the others are held",
	    .vcpus = 2,
	    .program = { { BREAK, PAGES, CALL, PLAIN }, { PAGE, BREAK } },
	    .interrupts = 1,
	    .steps = 4,
	    .found = ONE_PAGE },
	{ .name = "the controller makes the steps",
	    .vcpus = 2,
	    .program = { { BREAK, PAGES, HIT, CALL }, { PLAIN, BREAK } },
	    .interrupts = 1,
	    .steps = 4,
	    .lends = true,
	    .found = NO_LIFT },
	{ .name = "calls are caught",
	    .vcpus = 2,
	    .program = { { CAUGHT, PLAIN, CWAIT }, { BREAK, CAUGHT, POST } },
	    .interrupts = 1,
	    .found = CUT_IS_NEW },
	{ .name = "caught calls beside lone instructions",
	    .vcpus = 2,
	    .program = { { BCWAIT, PAGE }, { HIT, CAUGHT, POST } },
	    .found = CUT_IS_NEW },
	{ .name = "caught calls are stepped",
	    .vcpus = 2,
	    .program = { { BREAK, CAUGHT, PLAIN, CAUGHT }, { CAUGHT, BREAK } },
	    .interrupts = 1,
	    .steps = 6,
	    .lends = true,
	    .found = NO_LIFT },
	{ .name = "a thread's begin and end are reported",
	    .vcpus = 1,
	    .clones = 1,
	    .program = { { PLAIN, CLONE, BREAK, WAIT }, { PLAIN, POST } },
	    .interrupts = 1,
	    .threads = true,
	    .found = NO_WAKE },
	{ .name = "the debugger detaches from a caught call",
	    .vcpus = 2,
	    .program = { { CWAIT, CAUGHT }, { CAUGHT, POST } },
	    .interrupts = 1,
	    .detaches = true,
	    .found = NO_NOTIFY },
	{ .name = "the debugger detaches",
	    .vcpus = 3,
	    .program = { { PAGE, BREAK }, { BREAK, WAIT }, { HIT, POST } },
	    .detaches = true,
	    .found = NO_NOTIFY },
	{ .name = "the debugger kills",
	    .vcpus = 2,
	    .program = { { PAGES, BWAIT }, { BREAK, POST } },
	    .interrupts = 1,
	    .kills = true,
	    .found = NO_WAKE },
};

static void
check(const struct scenario *s)
{
	const char *what;

	scenario = s;
	mutation = NO_MUTATION;
	what = explore();
	ok(!what, "%s: %u states%s%s", s->name, graph.count, what ? ": " : "",
	    what ? what : "");
	mutation = s->found;
	what = explore();
	ok(what != NULL, "a violation is found when %s: %s",
	    mutation_names[mutation], what ? what : "no");
}

int
main(void)
{
	unsigned i;

	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
		check(&scenarios[i]);
	return done_testing();
}
