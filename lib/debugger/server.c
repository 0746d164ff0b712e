/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop between connection, stub and machine.  Nothing here may know packets
 * or kinds of connections.
 */
#include "debugger/server.h"

#include "debugger/recorded.h"
#include "debugger/session.h"
#include "hypercall/trace/events.h"
#include "output/output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct session *session; /* a process has one, which it shares */

/* A stop of the machine that is not reported yet. */
static struct {
	bool known;
	struct debug_event event;
} stopped;

/* Text for the debugger's console is being sent. */
static bool printing;

/* The expressions of the debugger's breakpoints, and what they print. */
static struct trace trace;
static struct hits hits;

/* If the guest is replayed. */
static struct history history;

/* In the past's worker, else NULL: what happens to the connection is for the
 * living one. */
static struct debugger_target *past;

static void
begin_session(void)
{
	session->at = session->end = 0;
	stub_open(&session->stub);
}

/* The guest has lost its debugger, or waits for one, and none can connect: it
 * would run or wait for ever. */
static bool
is_abandoned(const struct debugger_server *server)
{
	return server->connection.listener < 0 &&
	       (stub_has_guest(&session->stub) ||
		   session->stub.state == STUB_STOPPED);
}

static void
end_session(struct debugger_server *server, struct machine *m)
{
	if (server->connection.in < 0)
		return;
	if (past) {
		past_go_home(past, RETURN_CONNECTION);
		return;
	}
	if (server->once && stub_has_debugger(&session->stub))
		connection_stop(&server->connection);
	if (is_abandoned(server)) {
		if (server->debugger < 0)
			server->report("the debugger is gone and no other can"
				       " connect; the guest ends");
		debug_kill(m);
	}
	stub_closed(&session->stub);
	printing = false;
	connection_close(&server->connection);
	connection_report(&server->connection, server->channel);
	/* The machine has forgotten all stops but its end. */
	if (stopped.event.kind != EVENT_ENDED)
		stopped.known = false;
}

/*
 * The peer is not a debugger.  A device may have noise on its line and cannot
 * be connected to again, so its session begins anew.  Any other connection is
 * closed.
 */
static void
refuse_peer(struct debugger_server *server, struct machine *m)
{
	if (server->connection.device) {
		stub_closed(&session->stub);
		begin_session();
		return;
	}
	if (!session->refused)
		server->report("the peer does not speak GDB's protocol;"
			       " its connection is closed");
	session->refused = 1;
	end_session(server, m);
}

/* One debugger at a time: while one is connected, others are turned away.  A
 * peer that has sent no packet yet is replaced. */
static void
accept_debugger(struct debugger_server *server, struct machine *m)
{
	struct connection *connection = &server->connection;
	int fd = connection_accept(connection);

	if (fd < 0)
		return;
	if (connection->in >= 0 && (!stub_has_debugger(&session->stub) ||
				       connection_hung_up(connection)))
		end_session(server, m);
	if (connection->in >= 0 || connection->listener < 0) {
		close(fd);
		return;
	}
	connection_use(connection, fd, fd);
	connection_report(connection, server->channel);
	begin_session();
}

/* There are bytes that the stub would take now: it has to know of a stop
 * first. */
static bool
has_input(void)
{
	return session->at < session->end && !stopped.known &&
	       stub_wants_input(&session->stub);
}

static void
feed(void)
{
	while (has_input())
		session->at += stub_input(&session->stub,
		    session->input + session->at, session->end - session->at);
	if (session->at == session->end)
		session->at = session->end = 0;
}

static void
receive(struct debugger_server *server, struct machine *m)
{
	ssize_t n = read(server->connection.in, session->input + session->end,
	    sizeof(session->input) - session->end);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		end_session(server, m);
		return;
	}
	session->end += (size_t)n;
	feed();
}

static bool
has_output(const struct debugger_server *server)
{
	size_t size = 0;

	if (server->connection.in >= 0)
		(void)stub_output(&session->stub, &size);
	return size > 0;
}

/* Send what the debugger takes now. */
static void
transmit(struct debugger_server *server, struct machine *m)
{
	struct connection *connection = &server->connection;
	ssize_t n = 0;

	while (n >= 0 && has_output(server)) {
		size_t size;
		const uint8_t *bytes = stub_output(&session->stub, &size);

		n = connection_send(connection, bytes, size);
		session->replied = session->replied || n > 0;
		if (n >= 0)
			stub_sent(&session->stub, (size_t)n);
		else if (n != -EAGAIN)
			end_session(server, m);
	}
	if (m)
		debug_set_deaf(m, has_output(server));
	if (connection->in < 0 || past || !stub_wants_close(&session->stub))
		return;
	if (stub_refuses(&session->stub))
		refuse_peer(server, m);
	else
		end_session(server, m);
}

static bool
has_ended(const struct machine *m)
{
	return m->outcome.kind != OUTCOME_RUNNING;
}

/* The debugger shows text, but not in non-stop mode, where the protocol has no
 * packet for it (GDB manual, "Stop Reply Packets", O): there it is written as
 * messages are, as far as their reader takes it. */
static size_t
show_text(const char *text, size_t n)
{
	ssize_t taken;

	if (!session->stub.nonstop)
		return stub_console(&session->stub, text, n);
	taken = output_try(STDERR_FILENO, text, n);
	return taken > 0 ? (size_t)taken : n;
}

/* Pass on what the guest's threads have printed; false if some is left, or not
 * sent yet: a stop would take its place. */
static bool
show_console(void)
{
	size_t n, taken, unsent;
	const char *text;

	while ((n = console_peek(&hits.console, &text)) > 0) {
		taken = show_text(text, n);
		if (taken == 0)
			return false;
		console_take(&hits.console, taken);
		printing = true;
	}
	(void)stub_output(&session->stub, &unsent);
	printing = printing && unsent > 0;
	return !printing;
}

/* There is something to report, and nothing before it to send. */
static bool
has_news(const struct debugger_server *server)
{
	const char *text;

	return !has_output(server) &&
	       (stopped.known || history_is_busy(&history) ||
		   console_peek(&hits.console, &text) > 0);
}

/* In a guest that cannot be changed its own INT3 is the signal that it raised:
 * rip is not moved for GDB.  The guest may be ended wherever it is. */
static struct stop
stop_of(struct machine *m, const struct debug_event *event)
{
	static const enum stop_kind edges[] = {
		[HISTORY_BEGIN] = STOP_HISTORY_BEGIN,
		[HISTORY_END] = STOP_HISTORY_END,
		[HISTORY_PLACE] = STOP_PLACE,
	};
	struct stop stop = debugger_target_stop(m, event);

	if (event->kind == EVENT_ENDED)
		return stop;
	if (history.edge != HISTORY_WITHIN)
		stop.kind = edges[history.edge];
	else if (m->guest.recorded && stop.kind == STOP_INT3)
		stop.kind = STOP_SIGNAL;
	return stop;
}

/* The stop in a picture of the run; the guest's end is not a stop. */
static void
show_stop(struct machine *m, const struct stop *stop)
{
	static const char *const names[] = {
		[STOP_SIGNAL] = "stopped before a signal",
		[STOP_INTERRUPT] = "interrupted",
		[STOP_STEP] = "stepped",
		[STOP_BREAK] = "breakpoint",
		[STOP_HWBREAK] = "hardware breakpoint",
		[STOP_INT3] = "INT3",
		[STOP_WATCH_WRITE] = "watchpoint: written",
		[STOP_WATCH_READ] = "watchpoint: read",
		[STOP_WATCH_ACCESS] = "watchpoint: accessed",
		[STOP_SYSCALL_ENTRY] = "stopped before a hypercall",
		[STOP_SYSCALL_RETURN] = "stopped after a hypercall",
		[STOP_THREAD_CREATED] = "stopped at a thread's start",
		[STOP_THREAD_EXITED] = "stopped at a thread's end",
		[STOP_HISTORY_BEGIN] = "beginning of the recording",
		[STOP_HISTORY_END] = "end of the history",
		[STOP_PLACE] = "reached a place",
		[STOP_KILLED] = NULL,
	};

	if (m->guest.events && names[stop->kind])
		hc_events_mark(
		    m->guest.events, stop->tid, "stop", names[stop->kind]);
}

/* Report the machine's events to the stub, each after all that was printed
 * before it.  The stub may let the machine run again. */
static void
report_events(struct machine *m)
{
	struct stop stop;

	do {
		if (!m || session->stub.state == STUB_STARTING ||
		    (has_ended(m) && session->stub.state == STUB_GONE))
			return;
		if (!stopped.known)
			stopped.known = history_poll(
			    &history, m, &stopped.event);
		if (!show_console() || !stopped.known)
			return;
		stopped.known = false;
		if (past && past_takes(past, &stopped.event)) {
			if (past_is_over(past))
				return;
			continue;
		}
		stop = stop_of(m, &stopped.event);
		show_stop(m, &stop);
		stub_stop(&session->stub, &stop);
	} while (session->stub.state == STUB_RUNNING);
}

/* The debugger that we started has ended, perhaps before it connected. */
static void
lose_debugger(struct debugger_server *server, struct machine *m)
{
	end_session(server, m);
	if (past)
		return;
	server->debugger = -1;
	if (session->stub.state == STUB_STOPPED)
		debug_kill(m);
}

/* Whether a debugger is connected, or may be on the only connection there is:
 * a peer that can connect again is not waited for. */
static bool
is_awaited(const struct debugger_server *server)
{
	return server->connection.in >= 0 &&
	       (stub_has_debugger(&session->stub) ||
		   server->connection.listener < 0);
}

/* Milliseconds to wait, or -1.  A guest that has ended gives no notice when
 * novillo is to end. */
static int
patience(struct machine *m)
{
	int ms = m ? debug_timeout(m) : -1;

	if (ms < 0)
		ms = history_patience(&history);
	return ms < 0 && m && has_ended(m) ? OUTPUT_LOOK_MS : ms;
}

/* The front has no machine: a signal that ends a process ends the front. */
static void
take_signal(struct debugger_server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) == sizeof(info) &&
	    info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT)
		server->ended_by = (int)info.ssi_signo;
}

/*
 * A debugger that got a reply mostly asks again at once.  While the guest is
 * stopped nothing else is urgent, so its next packet is read without a poll().
 */
static bool
is_conversing(const struct debugger_server *server)
{
	return session->replied && server->connection.patient &&
	       session->stub.state == STUB_STOPPED && session->end == 0 &&
	       !has_output(server);
}

/* The debugger works on the last reply: time for the next. */
static void
read_ahead(const struct debugger_server *server)
{
	if (stub_may_read_ahead(&session->stub) &&
	    !connection_has_input(&server->connection))
		stub_read_ahead(&session->stub);
}

static void
converse(struct debugger_server *server, struct machine *m)
{
	session->replied = false;
	read_ahead(server);
	receive(server, m);
	report_events(m);
	transmit(server, m);
}

/* One turn: wait for the connection, for another debugger, for the machine `m`,
 * or for signals where there is none. */
static void
turn(struct debugger_server *server, struct machine *m)
{
	bool room = session->end < sizeof(session->input);
	struct pollfd fds[] = {
		/* A stop that is known waits for the connection. */
		{ !m                ? server->signals
		    : stopped.known ? -1
				    : debug_fd(m),
		    POLLIN, 0 },
		{ past ? -1 : server->connection.listener, POLLIN, 0 },
		{ room ? server->connection.in : -1, POLLIN, 0 },
		{ server->debugger, POLLIN, 0 },
		{ has_output(server) ? server->connection.out : -1, POLLOUT,
		    0 },
	};

	session->replied = false;
	stub_forget_ahead(&session->stub);
	poll(fds, 5, has_input() || has_news(server) ? 0 : patience(m));
	if (!m && fds[0].revents)
		take_signal(server);
	report_events(m);
	if (fds[2].revents)
		receive(server, m);
	else
		feed();
	/* The debugger's request may have stopped the machine already. */
	report_events(m);
	if (fds[1].revents)
		accept_debugger(server, m);
	if (fds[3].revents)
		lose_debugger(server, m);
	transmit(server, m);
}

/* A guest that has ended stays until its debugger knows the outcome and hangs
 * up, but not for long if novillo is to end. */
static bool
goes_on(const struct debugger_server *server, const struct machine *m)
{
	if (session->plan.asked)
		return has_output(server) && !output_is_late();
	if (!has_ended(m))
		return true;
	if (output_is_late())
		return false;
	return session->stub.state != STUB_GONE || has_output(server) ||
	       (is_awaited(server) && !output_is_hurried());
}

/* Does the debugger want to go back in a guest that is recorded? */
static bool
is_departing(const struct debugger_target *target)
{
	return target->recorded && target->handover->request != REQUEST_NONE;
}

/* The debugger's command has brought it nowhere: an event that was none. */
static void
stay(struct machine *m, enum debug_event_kind kind, int tid)
{
	unsigned i;

	stopped.known = true;
	stopped.event = (struct debug_event){ .kind = kind };
	for (i = 0; i < m->vcpus; i++)
		if (m->vcpu[i].thread.tid == tid)
			stopped.event.vcpu = i;
}

static bool
is_full(void *ctx)
{
	(void)ctx;
	return true;
}

static void
say_why_not(const char *why)
{
	char buf[PLAN_WHY + 128];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	text_printf(&text,
	    "Going back has failed: %s; the guest is where it was.\n", why);
	console_write(&hits.console, text.buf, text.len, is_full, NULL);
}

/* The past's worker has the connection until the front gives it back.  A guest
 * that is over meanwhile has no past to be shown. */
static void
await_connection(struct debugger_server *server, struct machine *m)
{
	enum channel_news news = CHANNEL_QUIET;

	channel_pass(server->channel, CHANNEL_AWAY);
	while (news != CHANNEL_BACK && news != CHANNEL_GONE) {
		struct pollfd fds[] = {
			{ server->channel, POLLIN, 0 },
			{ stopped.known ? -1 : debug_fd(m), POLLIN, 0 },
		};

		poll(fds, 2, stopped.known ? -1 : debug_timeout(m));
		if (!stopped.known && debug_poll(m, &stopped.event)) {
			stopped.known = true;
			channel_pass(server->channel, CHANNEL_BACK);
		}
		if (fds[0].revents)
			news = channel_await(server->channel);
	}
}

/* The past's worker has gone in the midst of its work.  A debugger that does
 * not wait for a stop believes to be in the past. */
static void
mend(struct debugger_server *server, struct machine *m)
{
	const bool waits = stub_mend(&session->stub);

	if (waits || stopped.known)
		return;
	server->report("the process that showed the guest's past has ended");
	end_session(server, m);
}

/* The living guest goes on as the debugger has asked for in the past.  The
 * signal that the guest rests at is reported again. */
static void
go_on(struct debugger_target *target, const struct stop *was)
{
	struct handover *p = target->handover;
	struct target_resume how = { .actions = p->action, .n = p->actions };

	if (how.n > sizeof(p->action) / sizeof(p->action[0]))
		how.n = 0;
	if (was->kind == STOP_SIGNAL)
		stub_stop(&session->stub, was);
	else
		(void)session->stub.ops->resume(target, &how);
}

static void
end_visit(struct debugger_server *server, struct debugger_target *target,
    const struct stop *was)
{
	const struct handover *p = target->handover;
	struct machine *m = target->machine;

	if (!p->clean)
		mend(server, m);
	if (stopped.known || server->connection.in < 0)
		return;
	switch (p->returns) {
	case RETURN_LOST:
		say_why_not(p->why);
		stay(m, EVENT_NONE, was->tid);
		break;
	case RETURN_DONE: stay(m, EVENT_NONE, was->tid); break;
	case RETURN_CUT: stay(m, EVENT_INTERRUPT, was->tid); break;
	case RETURN_RESUME: go_on(target, was); break;
	case RETURN_KILL: debug_kill(m); break;
	case RETURN_DETACH: session->stub.ops->detach(target); break;
	case RETURN_CONNECTION: break;
	}
}

/* The debugger goes back: until it comes again, another worker serves it. */
static void
visit_past(struct debugger_server *server, struct debugger_target *target)
{
	const struct stop was = session->stub.stop;
	const char *why = past_depart(target);

	if (why) {
		target->handover->request = REQUEST_NONE;
		say_why_not(why);
		stay(target->machine, EVENT_NONE, was.tid);
		return;
	}
	stub_leave(&session->stub);
	await_connection(server, target->machine);
	stub_settle(&session->stub, debugger_recorded_ops(), target);
	past_come_back(target);
	end_visit(server, target, &was);
}

/* The vCPUs rest before a debugger can connect: there is a state to show. */
static int
rest_at_entry(struct debugger_target *target)
{
	const struct stop stop = { .kind = STOP_NONE, .tid = 1 };
	int r;

	debug_rest(target->machine);
	target->history = &history;
	r = history_begin(&history, target->machine, &hits);
	if (session->stub.state == STUB_STARTING)
		stub_started(&session->stub);
	else
		stub_stop(&session->stub, &stop);
	return r;
}

/*
 * A debugger that hangs up must not end novillo.  SIGPIPE is blocked in this
 * thread alone: the guest's threads exist already, and a guest that writes to
 * a closed pipe ends as a process does.
 */
static void
block_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void
debugger_server_descriptors(
    const struct debugger_server *server, int fds[DEBUGGER_DESCRIPTORS])
{
	fds[0] = server->connection.listener;
	fds[1] = server->connection.in;
	fds[2] = server->connection.out;
	fds[3] = server->debugger;
	fds[4] = server->signals;
}

/* The machine asks here whether a hit is a stop. */
static void
begin_hits(struct debugger_target *target, bool silent)
{
	hits_init(&hits, target->machine, &trace);
	hits.silent = silent;
	target->hits = &hits;
	debug_set_judge(target->machine, hit_is_stop, &hits);
}

int
debugger_serve(struct debugger_server *server, struct debugger_target *target)
{
	struct machine *m = target->machine;
	bool waits;
	int r;

	session = server->session;
	target->started |= session->stub.state == STUB_STARTING;
	waits = server->wait || target->replayed ||
		session->stub.state == STUB_STARTING;
	begin_hits(target, true);
	r = machine_start(m, waits);
	if (r < 0)
		return r;
	session->phase = WORKER_SERVES;
	block_sigpipe();
	if (waits)
		r = rest_at_entry(target);
	if (r < 0)
		debug_kill(m);
	if (server->connection.in >= 0 && session->stub.session == SESSION_NONE)
		begin_session();
	while (goes_on(server, m))
		if (is_departing(target))
			visit_past(server, target);
		else if (is_conversing(server))
			converse(server, m);
		else
			turn(server, m);
	if (!has_ended(m))
		debug_kill(m);
	machine_join(m);
	if (!session->plan.asked)
		session->phase = WORKER_DONE;
	return r;
}

void
debugger_serve_past(
    struct debugger_server *server, struct debugger_target *target)
{
	struct machine *m = target->machine;

	session = server->session;
	begin_hits(target, false);
	target->history = &history;
	target->passed = session->stub.pass;
	if (machine_start(m, true) < 0)
		return;
	block_sigpipe();
	debug_rest(m);
	debug_attach(m);
	if (history_begin(&history, m, &hits) < 0)
		return;
	stub_settle(&session->stub, debugger_past_ops(), target);
	past = target;
	past_arrive(target);
	while (!past_is_over(target))
		turn(server, m);
	stub_leave(&session->stub);
	channel_pass(server->channel, CHANNEL_BACK);
}

/* Without a guest the front waits for the debugger that is there, or for those
 * that may come and run one. */
static bool
is_idle(const struct debugger_server *server)
{
	if (server->ended_by)
		return false;
	if (session->plan.asked || session->stub.ending)
		return has_output(server);
	if (stub_has_debugger(&session->stub) || has_output(server))
		return true;
	return server->multi &&
	       (server->connection.in >= 0 || server->connection.listener >= 0);
}

bool
debugger_idle(struct debugger_server *server)
{
	session = server->session;
	if (server->connection.in >= 0 && session->stub.session == SESSION_NONE)
		begin_session();
	while (is_idle(server))
		turn(server, NULL);
	return session->plan.asked;
}
