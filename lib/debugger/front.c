/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forking workers and waiting for them.  Nothing here may know packets or
 * machines.
 */
#include "debugger/front.h"

#include "debugger/recorded.h"
#include "debugger/replay.h"

#include "debugger/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static sigset_t before; /* the signals that were blocked before the front's */

static int
expect_signals(struct debugger_server *server, const int *signals, size_t n)
{
	struct sigaction action;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < n; i++)
		if (sigaction(signals[i], NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&set, signals[i]);
	server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (server->signals < 0 || sigprocmask(SIG_BLOCK, &set, &before) < 0)
		return -errno;
	return 0;
}

static const struct target_ops *
ops_of(const struct debugger_target *target)
{
	if (target->replayed)
		return debugger_replay_ops();
	return target->recorded ? debugger_recorded_ops()
				: debugger_target_ops();
}

int
debugger_front_open(struct debugger_front *front, const int *signals, size_t n)
{
	struct session *session = mmap(NULL, sizeof(*session),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (session == MAP_FAILED)
		return -errno;
	front->server->session = session;
	front->server->channel = -1;
	front->target->plan = &session->plan;
	front->target->handover = &session->handover;
	stub_init(&session->stub, ops_of(front->target), front->target);
	session->plan.asked = !front->server->multi;
	if (front->server->multi)
		session->stub.state = STUB_GONE;
	return expect_signals(front->server, signals, n);
}

/* In the worker: it does not outlive the front. */
static _Noreturn void
be_worker(struct debugger_front *front, pid_t parent, int channel,
    int (*work)(struct debugger_plan *plan))
{
	struct debugger_server *server = front->server;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		raise(SIGKILL);
	close(server->signals);
	server->signals = -1;
	server->channel = channel;
	exit(work(&server->session->plan));
}

/* The worker has handlers for signals before it takes any. */
void
debugger_front_admit_signals(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A terminal has sent its signal to the worker already. */
static void
pass_signal(const struct debugger_server *server, pid_t worker)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) == sizeof(info) &&
	    info.ssi_code <= 0)
		kill(worker, (int)info.ssi_signo);
}

/* A worker and our end of its channel. */
struct worker {
	pid_t pid; /* 0: there is none */
	int channel;
};

/* Fork: 0, or -1 with errno, and the call that failed.  `other` is not the
 * worker's. */
static int
start_worker(struct debugger_front *front, struct worker *worker, int other,
    int (*work)(struct debugger_plan *plan), const char **call)
{
	const pid_t parent = getpid();
	int channel[2];

	*call = "socketpair";
	if (channel_pair(channel) < 0)
		return -1;
	*call = "fork";
	worker->pid = fork();
	if (worker->pid == 0) {
		close(channel[0]);
		if (other >= 0)
			close(other);
		be_worker(front, parent, channel[1], work);
	}
	close(channel[1]);
	worker->channel = channel[0];
	if (worker->pid > 0)
		return 0;
	worker->pid = 0;
	close(channel[0]);
	return -1;
}

/* Its wait status. */
static int
reap(struct worker *worker)
{
	int status = 0;

	while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(worker->channel);
	*worker = (struct worker){ 0, -1 };
	return status;
}

/* The past's worker has nothing that would have to be kept. */
static void
end_past(struct worker *past)
{
	if (past->pid == 0)
		return;
	kill(past->pid, SIGKILL);
	(void)reap(past);
}

/* The living worker gives the connection away, or wants it back. */
static void
change_hands(struct debugger_front *front, const struct worker *living,
    struct worker *past, enum channel_news news)
{
	const bool away = news == CHANNEL_AWAY && past->pid == 0;
	const char *call;

	if (news == CHANNEL_BACK && past->pid == 0)
		return;
	if (away &&
	    start_worker(front, past, living->channel, front->past, &call) == 0)
		return;
	end_past(past);
	channel_pass(living->channel, CHANNEL_BACK);
}

/* Follow the worker's connection until the worker has gone. */
static int
await(struct debugger_front *front, struct worker *worker)
{
	struct debugger_server *server = front->server;
	struct worker past = { 0, -1 };
	enum channel_news news = CHANNEL_QUIET;

	while (news != CHANNEL_GONE) {
		struct pollfd fds[] = {
			{ worker->channel, POLLIN, 0 },
			{ server->signals, POLLIN, 0 },
			{ past.channel, POLLIN, 0 },
		};

		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[1].revents)
			pass_signal(server, worker->pid);
		if (fds[2].revents)
			change_hands(front, worker, &past, CHANNEL_BACK);
		if (fds[0].revents)
			news = connection_follow(
			    &server->connection, worker->channel);
		if (fds[0].revents &&
		    (news == CHANNEL_AWAY || news == CHANNEL_BACK))
			change_hands(front, worker, &past, news);
	}
	end_past(&past);
	return reap(worker);
}

/* To the debugger and to the user.  As wait(2) reports an exit. */
static int
fail_fork(const struct debugger_front *front, const char *call)
{
	char *why = front->server->session->plan.why;

	snprintf(why, PLAN_WHY, "no process for the guest: %s: %s", call,
	    strerror(errno));
	front->server->report(why);
	return front->failed << 8;
}

/* One run: its wait status. */
static int
run_worker(struct debugger_front *front)
{
	struct session *session = front->server->session;
	struct worker worker;
	const char *call;

	session->plan.asked = 0;
	session->plan.why[0] = '\0';
	session->phase = WORKER_MAKES;
	session->handover.request = REQUEST_NONE;
	session->handover.marks = 0;
	if (start_worker(front, &worker, -1, front->work, &call) < 0)
		return fail_fork(front, call);
	return await(front, &worker);
}

/* The guest's end, to the debugger and to the user. */
static void
report_death(struct debugger_server *server, int status)
{
	struct stop stop = { .kind = STOP_KILLED, .tid = 1, .signal = SIGKILL };
	char text[PLAN_WHY];

	if (WIFSIGNALED(status)) {
		stop.signal = WTERMSIG(status);
		snprintf(text, sizeof(text),
		    "the guest's process was ended by signal %d (%s)",
		    stop.signal, strsignal(stop.signal));
	} else {
		snprintf(text, sizeof(text),
		    "the guest's process ended with status %d",
		    WEXITSTATUS(status));
	}
	server->report(text);
	stub_stop(&server->session->stub, &stop);
}

/* Take the session over from a worker that has gone.  Does the front go on? */
static bool
take_over(struct debugger_front *front, int status)
{
	struct debugger_server *server = front->server;
	struct session *session = server->session;
	struct debugger_plan *plan = &session->plan;
	const bool done = session->phase == WORKER_DONE;

	stub_adopt(&session->stub, ops_of(front->target), front->target);
	if (session->end > INPUT_SIZE || session->at > session->end)
		session->at = session->end = 0;
	plan->why[PLAN_WHY - 1] = '\0';
	/* A debugger that has left does not want its run. */
	plan->asked = plan->asked && session->phase == WORKER_SERVES &&
		      session->stub.session == SESSION_OPEN;
	if (plan->asked)
		return true;
	if (session->phase == WORKER_MAKES && WIFEXITED(status))
		stub_not_started(&session->stub,
		    plan->why[0] ? plan->why : "The guest could not be made");
	else if (!done)
		report_death(server, status);
	if (session->stub.ending)
		return false;
	return server->multi || (!done && stub_has_debugger(&session->stub));
}

int
debugger_front_run(struct debugger_front *front)
{
	struct debugger_server *server = front->server;
	struct debugger_plan *plan = &server->session->plan;
	bool goes_on = true;
	int status = 0;

	while (goes_on) {
		if (plan->asked) {
			status = run_worker(front);
			goes_on = take_over(front, status);
		} else {
			goes_on = debugger_idle(server);
		}
	}
	connection_remove(&server->connection);
	if (!server->ended_by && WIFSIGNALED(status))
		server->ended_by = WTERMSIG(status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}
