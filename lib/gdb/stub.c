/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session: packets in, replies out, stops in between.  It must not know
 * what a packet means, nor KVM, sockets or files.
 */
#include "gdb/nonstop.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void
stub_init(struct stub *stub, const struct target_ops *ops, void *ctx)
{
	memset(stub, 0, offsetof(struct stub, rsp));
	rsp_init(&stub->rsp);
	stub->ops = ops;
	stub->ctx = ctx;
	stub->state = STUB_RUNNING;
}

int
stub_pid(struct stub *stub)
{
	return stub->ops->pid ? stub->ops->pid(stub->ctx) : 1;
}

bool
stub_has_guest(const struct stub *stub)
{
	return stub->hold != HOLD_NONE && stub_lives(stub);
}

bool
stub_lives(const struct stub *stub)
{
	return stub->state == STUB_RUNNING || stub->state == STUB_STOPPED;
}

void
stub_attach(struct stub *stub)
{
	stub->hold = HOLD_TAKEN;
	if (!stub_lives(stub))
		return;
	stub->ops->attach(stub->ctx);
	if (stub->state == STUB_STOPPED)
		return;
	stub->hold = HOLD_PENDING;
	stub->ops->interrupt(stub->ctx);
}

static void
close_files(struct stub *stub)
{
	for (size_t i = 0; i < STUB_FILES_MAX; i++) {
		if (stub->files[i].open && stub->ops->close_file)
			stub->ops->close_file(stub->ctx, stub->files[i].file);
		stub->files[i].open = false;
	}
}

/* The guest has ended, and the files with it that its target had open. */
static void
forget_files(struct stub *stub)
{
	for (size_t i = 0; i < STUB_FILES_MAX; i++)
		if (stub->files[i].file != TARGET_IMAGE)
			stub->files[i].open = false;
}

void
stub_detach(struct stub *stub)
{
	stub->due = DUE_NOTHING;
	stub->interrupted = false;
	stub->regs_banks = 0;
	stub->framed = 0;
	stub->listed = 0;
	stub->announced = 0;
	if (stub_has_guest(stub)) {
		stub->ops->detach(stub->ctx);
		stub->state = STUB_RUNNING;
	}
	stub->hold = HOLD_NONE;
}

void
stub_open(struct stub *stub)
{
	assert(stub->session == SESSION_NONE);
	rsp_init(&stub->rsp);
	stub->session = SESSION_NEW;
	stub->client = 0;
	stub->sized = false;
	stub->ahead = (struct stub_ahead){ 0 };
	stub->general_tid = TARGET_ALL;
	stub->resume_tid = TARGET_ALL;
	nonstop_end(stub);
}

void
stub_closed(struct stub *stub)
{
	if (stub->session == SESSION_NONE)
		return;
	close_files(stub);
	stub_detach(stub);
	stub->session = SESSION_NONE;
}

bool
stub_wants_input(const struct stub *stub)
{
	return (stub->session == SESSION_NEW ||
		   stub->session == SESSION_OPEN) &&
	       stub->hold != HOLD_PENDING && stub->state != STUB_STARTING &&
	       !rsp_pending(&stub->rsp);
}

bool
stub_wants_close(const struct stub *stub)
{
	return (stub->session == SESSION_CLOSING ||
		   stub->session == SESSION_REFUSED) &&
	       !rsp_pending(&stub->rsp);
}

bool
stub_refuses(const struct stub *stub)
{
	return stub->session == SESSION_REFUSED;
}

bool
stub_has_debugger(const struct stub *stub)
{
	return stub->session == SESSION_OPEN ||
	       stub->session == SESSION_CLOSING;
}

const uint8_t *
stub_output(const struct stub *stub, size_t *n)
{
	return rsp_output(&stub->rsp, n);
}

static struct reply *
reply_of(struct stub *stub)
{
	return &stub->replies[stub->turn];
}

static struct reply *
other_reply(struct stub *stub)
{
	return &stub->replies[!stub->turn];
}

int
reply_done(bool written)
{
	return written ? REPLY_DATA : -EMSGSIZE;
}

int
reply_sentence(struct reply *reply, const char *text)
{
	reply_clear(reply);
	reply_text(reply, "E.");
	reply_binary(reply, text, strlen(text));
	return REPLY_DATA;
}

int
reply_error(
    const struct stub *stub, struct reply *reply, int error, const char *text)
{
	if (stub->client & CLIENT_ERROR_TEXT)
		return reply_sentence(reply, text);
	reply_clear(reply);
	reply_text(reply, "E");
	reply_byte(reply, (unsigned)error);
	if (stub->client & CLIENT_ERROR_STRINGS) {
		reply_text(reply, ";");
		reply_hex(reply, text, strlen(text));
	}
	return REPLY_DATA;
}

/*
 * Every reply is sent here.  -EOPNOTSUPP becomes the empty reply, after which
 * the debugger does without the packet.
 */
static void
send_result(struct stub *stub, int result)
{
	struct reply *reply = reply_of(stub);

	if (result == REPLY_BY_STOP || result == REPLY_NONE)
		return;
	if (result != REPLY_DATA)
		reply_clear(reply);
	if (result == REPLY_OK)
		reply_text(reply, "OK");
	else if (result < 0 && result != -EOPNOTSUPP)
		reply_error(stub, reply, -result, strerror(-result));
	rsp_send(&stub->rsp, reply);
}

static void
serve_packet(struct stub *stub)
{
	struct reply *reply = reply_of(stub);
	int result;

	stub->packets++;
	reply_clear(reply);
	stub->serving = true;
	result = packet_run(stub, stub->rsp.packet, stub->rsp.len, reply);
	if (result == REPLY_AHEAD) {
		stub->turn = !stub->turn;
		result = REPLY_DATA;
	}
	send_result(stub, result);
	stub->serving = false;
}

/* The first packet waits for a machine that has to stop first. */
static void
on_packet(struct stub *stub)
{
	if (stub->session == SESSION_NEW) {
		stub->session = SESSION_OPEN;
		stub_attach(stub);
	}
	if (stub->hold == HOLD_PENDING)
		stub->due = DUE_PACKET;
	else
		serve_packet(stub);
}

bool
takes_any_stop(const struct stub *stub)
{
	return stub->client & CLIENT_NATIVE_SIGNALS;
}

static void
on_event(struct stub *stub, enum rsp_event event)
{
	static const struct args none;

	switch (event) {
	case RSP_NONE: break;
	case RSP_PACKET: on_packet(stub); break;
	case RSP_INTERRUPT: packet_interrupt(stub, &none); break;
	case RSP_TOO_LONG: send_result(stub, -E2BIG); break;
	case RSP_MALFORMED: send_result(stub, -EINVAL); break;
	case RSP_DAMAGED: send_result(stub, -EBADMSG); break;
	case RSP_FOREIGN: stub->session = SESSION_REFUSED; break;
	}
}

/* A notification is sent between replies. */
static void
notify(struct stub *stub)
{
	if (stub->session == SESSION_OPEN && !rsp_pending(&stub->rsp) &&
	    nonstop_notification(stub, other_reply(stub)))
		rsp_notify(&stub->rsp, other_reply(stub));
}

size_t
stub_input(struct stub *stub, const uint8_t *bytes, size_t n)
{
	size_t used = 0;
	size_t took;

	while (used < n && stub_wants_input(stub)) {
		enum rsp_event event = rsp_feed(
		    &stub->rsp, bytes + used, n - used, &took);

		used += took;
		on_event(stub, event);
	}
	notify(stub);
	return used;
}

/* Nothing changes the memory of a guest that rests, but for packets. */
bool
stub_may_read_ahead(const struct stub *stub)
{
	const struct stub_ahead *ahead = &stub->ahead;

	return stub->session == SESSION_OPEN && stub->state == STUB_STOPPED &&
	       !stub->nonstop && ahead->packet == stub->packets &&
	       ahead->continues && !ahead->made && ahead->len >= STUB_BULK;
}

void
stub_read_ahead(struct stub *stub)
{
	struct reply *reply = other_reply(stub);

	reply_clear(reply);
	stub->ahead.made = packet_read_on(stub, reply) == REPLY_DATA;
	if (stub->ahead.made)
		rsp_frame(reply);
}

void
stub_forget_ahead(struct stub *stub)
{
	stub->ahead.made = false;
}

static void
prepare_run(struct stub *stub)
{
	stub_leave_frame(stub);
	stub->regs_banks = 0;
}

static int
begin_run(struct stub *stub)
{
	stub->state = STUB_RUNNING;
	stub->due = DUE_STOP;
	return REPLY_BY_STOP;
}

/*
 * A Ctrl-C that met a stop, or that a stop overtook, stops the guest before it
 * moves again.  GDB may have kept that stop to itself: it steps over a
 * breakpoint, and shows a guest that runs.
 */
static int
interrupt_run(struct stub *stub)
{
	stub->ops->interrupt(stub->ctx);
	return begin_run(stub);
}

static bool
gives_signal(const struct target_resume *how)
{
	for (size_t i = 0; i < how->n; i++)
		if (how->actions[i].signal)
			return true;
	return false;
}

int
stub_begin_command(struct stub *stub)
{
	stub->state = STUB_RUNNING;
	stub->due = DUE_OK;
	return REPLY_BY_STOP;
}

int
stub_resume(struct stub *stub, const struct target_resume *how)
{
	struct target_resume own = *how;
	int error;

	prepare_run(stub);
	own.interrupted = stub->interrupted && !gives_signal(how);
	error = stub->ops->resume(stub->ctx, &own);
	if (error != 0)
		return error;
	return stub->interrupted && !own.interrupted ? interrupt_run(stub)
						     : begin_run(stub);
}

int
stub_reverse(struct stub *stub, int tid)
{
	int error;

	prepare_run(stub);
	if (stub->interrupted)
		return interrupt_run(stub);
	error = stub->ops->reverse(stub->ctx, tid);
	return error != 0 ? error : begin_run(stub);
}

static bool
ends(enum stop_kind kind)
{
	return kind == STOP_EXITED || kind == STOP_KILLED;
}

/*
 * An INT3 that is not ours is reported as gdbserver does: to GDB with the pc
 * at the INT3 and as a breakpoint, since GDB may have written it there itself.
 * If GDB did not, it moves the pc past the INT3 again (gdb/infrun.c,
 * program_breakpoint_here_p).  To others it is the SIGTRAP that the guest
 * would get.
 */
static void
settle_int3(struct stub *stub)
{
	struct regs *regs;
	int error;

	stub->stop.kind = STOP_SIGNAL;
	if (!(stub->client & CLIENT_SWBREAK))
		return;
	regs = stub_get_regs(stub, stub->stop.tid, REGS_CORE, &error);
	if (!regs)
		return;
	regs->rip--;
	if (stub_put_regs(stub, REGS_CORE) == 0)
		stub->stop.kind = STOP_BREAK;
}

/* An interrupt that nobody typed was ours, to attach: nothing happened. */
static void
forget_interrupt(struct stub *stub)
{
	static const uint8_t none[TARGET_SIGINFO_SIZE];

	if (stub->ops->set_siginfo)
		(void)stub->ops->set_siginfo(stub->ctx, stub->stop.tid, none);
	stub->stop.kind = STOP_NONE;
}

void
stub_take_stop(struct stub *stub, const struct stop *stop)
{
	stub->stop = *stop;
	stub->state = ends(stop->kind) ? STUB_GONE : STUB_STOPPED;
	stub->regs_banks = 0;
	if (stub->state == STUB_GONE)
		stub_end_trace(stub);
	if (stop->kind == STOP_INTERRUPT && !stub->interrupted)
		forget_interrupt(stub);
	if (stop->kind == STOP_INT3)
		settle_int3(stub);
}

size_t
stub_console(struct stub *stub, const char *text, size_t n)
{
	struct reply *reply = reply_of(stub);

	if (stub->session != SESSION_OPEN ||
	    (stub->due != DUE_STOP && stub->due != DUE_OK))
		return n;
	if (rsp_pending(&stub->rsp))
		return 0;
	reply_clear(reply);
	reply_text(reply, "O");
	if (n > reply_room(reply))
		n = reply_room(reply);
	reply_hex(reply, text, n);
	rsp_send(&stub->rsp, reply);
	return n;
}

void
stub_sent(struct stub *stub, size_t n)
{
	rsp_sent(&stub->rsp, n);
	notify(stub);
}

/* The machine is back where it was: its last stop counts. */
static void
end_command(struct stub *stub)
{
	stub->state = STUB_STOPPED;
	stub->due = DUE_NOTHING;
	stub->interrupted = false;
	stub->regs_banks = 0;
	send_result(stub, REPLY_OK);
}

void
stub_stop(struct stub *stub, const struct stop *stop)
{
	enum stub_due due = stub->due;

	if (due == DUE_OK && !ends(stop->kind)) {
		end_command(stub);
		return;
	}
	if (stub->nonstop) {
		nonstop_stop(stub, stop);
		notify(stub);
		return;
	}
	stub_take_stop(stub, stop);
	if (stub->hold == HOLD_PENDING)
		stub->hold = HOLD_TAKEN;
	stub->due = DUE_NOTHING;
	if (stop->kind == STOP_INTERRUPT || takes_any_stop(stub))
		stub->interrupted = false;
	stub->general_tid = TARGET_ALL;
	if (due == DUE_PACKET)
		serve_packet(stub);
	if (due == DUE_OK)
		send_result(stub, -ESRCH);
	if (due != DUE_STOP)
		return;
	reply_clear(reply_of(stub));
	send_result(
	    stub, reply_done(stop_reply(stub, reply_of(stub), stub->stop.tid)));
}

/* The reply to vRun is a stop in non-stop mode also. */
static void
reply_stop(struct stub *stub)
{
	enum stub_due due = stub->due;

	stub->due = DUE_NOTHING;
	reply_clear(reply_of(stub));
	if (due == DUE_STOP)
		send_result(stub, reply_done(stop_reply(
				      stub, reply_of(stub), stub->stop.tid)));
}

/* The session's own settings hold for the new guest. */
void
stub_started(struct stub *stub)
{
	struct stop stop = { .kind = STOP_NONE };

	if (stub->ops->threads(stub->ctx, &stop.tid, 1) == 0)
		stop.tid = 1;
	if (stub->ops->pass_signals)
		stub->ops->pass_signals(stub->ctx, stub->pass);
	if (stub->ops->program_signals && stub->programmed)
		stub->ops->program_signals(stub->ctx, stub->program);
	if (stub->ops->thread_events)
		stub->ops->thread_events(stub->ctx, stub->events);
	forget_files(stub);
	stub->state = STUB_STOPPED;
	stub_attach(stub);
	if (stub->nonstop) {
		stub->stop = stop;
		nonstop_started(stub);
		reply_stop(stub);
	} else {
		stub_stop(stub, &stop);
	}
}

void
stub_not_started(struct stub *stub, const char *why)
{
	enum stub_due due = stub->due;

	stub->due = DUE_NOTHING;
	stub->state = STUB_GONE;
	stub->stop = (struct stop){ .kind = STOP_KILLED, .signal = 9 };
	if (due == DUE_STOP)
		send_result(
		    stub, reply_error(stub, reply_of(stub), ENOEXEC, why));
}

/* A value of an enum or a thread's id, if it is one. */
static int
within(int value, int last, int other)
{
	return value >= 0 && value <= last ? value : other;
}

/* A byte that should be a bool's: any other value of one is undefined. */
static bool
truth(const bool *from)
{
	uint8_t byte;

	memcpy(&byte, from, sizeof(byte));
	return byte != 0;
}

static void
adopt_files(struct stub *stub)
{
	for (size_t i = 0; i < STUB_FILES_MAX; i++)
		stub->files[i].open = truth(&stub->files[i].open) &&
				      stub->files[i].file == TARGET_IMAGE;
}

/* The codec begins again, between two packets, as the session agreed. */
static void
adopt_codec(struct rsp *rsp)
{
	const bool proven = truth(&rsp->proven);
	const bool noack = truth(&rsp->noack);

	rsp_init(rsp);
	rsp->proven = proven;
	rsp->noack = noack;
}

void
stub_adopt(struct stub *stub, const struct target_ops *ops, void *ctx)
{
	const bool served = truth(&stub->serving);

	stub->ops = ops;
	stub->ctx = ctx;
	stub->state = stub->state == STUB_STARTING ? STUB_STARTING : STUB_GONE;
	stub->stop = (struct stop){ .kind = STOP_KILLED, .signal = 9 };
	stub->session = (enum stub_session)within(
	    (int)stub->session, SESSION_REFUSED, SESSION_REFUSED);
	stub->hold = stub->hold == HOLD_NONE ? HOLD_NONE : HOLD_TAKEN;
	stub->due = stub->due == DUE_STOP ? DUE_STOP : DUE_NOTHING;
	stub->general_tid = TARGET_ALL;
	stub->resume_tid = TARGET_ALL;
	stub->interrupted = stub->serving = false;
	stub->ending = truth(&stub->ending);
	stub->programmed = truth(&stub->programmed);
	stub->events = truth(&stub->events);
	stub->nonstop = truth(&stub->nonstop);
	stub->listed = 0;
	stub->announced = 0;
	stub->regs_banks = 0;
	stub->sized = truth(&stub->sized);
	stub->ahead = (struct stub_ahead){ 0 };
	stub->turn = 0;
	stub->framed = 0;
	memset(&stub->upload, 0, sizeof(stub->upload));
	adopt_files(stub);
	adopt_codec(&stub->rsp);
	if (served && stub->due == DUE_NOTHING)
		send_result(stub, reply_error(stub, reply_of(stub), ESRCH,
				      "The guest has ended meanwhile"));
}

void
stub_leave(struct stub *stub)
{
	for (size_t i = 0; i < STUB_FILES_MAX; i++)
		if (stub->files[i].open && stub->files[i].file != TARGET_IMAGE)
			stub->ops->close_file(stub->ctx, stub->files[i].file);
	forget_files(stub);
}

void
stub_settle(struct stub *stub, const struct target_ops *ops, void *ctx)
{
	stub->ops = ops;
	stub->ctx = ctx;
	stub->regs_banks = 0;
	if (ops->pass_signals)
		ops->pass_signals(ctx, stub->pass);
	if (ops->program_signals && stub->programmed)
		ops->program_signals(ctx, stub->program);
	if (ops->thread_events)
		ops->thread_events(ctx, stub->events);
}

bool
stub_mend(struct stub *stub)
{
	const bool waits = stub->due == DUE_STOP || stub->due == DUE_OK;

	stub->serving = false;
	stub->framed = 0;
	forget_files(stub);
	adopt_codec(&stub->rsp);
	return waits && stub->state == STUB_RUNNING;
}

bool
thread_alive(struct stub *stub, int tid)
{
	int tids[TARGET_THREADS_MAX];
	size_t n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);

	for (size_t i = 0; i < n; i++)
		if (tids[i] == tid)
			return true;
	return false;
}

int
stub_thread(struct stub *stub, int id, int *tid)
{
	*tid = id > 0 ? id : stub->stop.tid;
	/* Any thread, after the end of the one that stopped: the oldest. */
	if (id <= 0 && stub->stop.kind == STOP_THREAD_EXITED)
		stub->ops->threads(stub->ctx, tid, 1);
	return thread_alive(stub, *tid) ? 0 : -ESRCH;
}

struct regs *
stub_get_regs(struct stub *stub, int tid, unsigned banks, int *error)
{
	if (stub->regs_tid != tid)
		stub->regs_banks = 0;
	stub->regs_tid = tid;
	banks &= ~stub->regs_banks;
	*error = 0;
	if (banks != 0 && stub->framed)
		frame_regs(stub, &stub->regs);
	else if (banks != 0)
		*error = stub->ops->read_regs(
		    stub->ctx, tid, &stub->regs, banks);
	if (*error != 0)
		return NULL;
	stub->regs_banks |= banks;
	return &stub->regs;
}

/* The registers are read again: the hardware may have changed the values. */
int
stub_put_regs(struct stub *stub, unsigned banks)
{
	stub->regs_banks = 0;
	return stub->ops->write_regs(
	    stub->ctx, stub->regs_tid, &stub->regs, banks);
}
