/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serving debuggers, one after the other: the loop between the connection, the
 * stub and the machine.  It must not know packets or kinds of connections;
 * front.h says which process serves when.
 */
#ifndef DEBUGGER_SERVER_H
#define DEBUGGER_SERVER_H

#include "debugger/connection.h"
#include "debugger/target.h"

#include <stdbool.h>
#include <stddef.h>

struct debugger_server {
	struct connection connection;
	bool wait;    /* the guest waits for the first debugger */
	bool once;    /* no other can connect after it */
	bool multi;   /* debuggers are served without a guest */
	int debugger; /* pidfd of the debugger that we started, or -1 */
	/* Reports one sentence to the user. */
	void (*report)(const char *sentence);
	/* By debugger_front_open() and in workers (front.h). */
	struct session *session;
	int signals;  /* the front's signalfd, or -1 */
	int channel;  /* a worker's, to the front, or -1 */
	int ended_by; /* the signal that ends the front, or 0 */
};

#define DEBUGGER_DESCRIPTORS 5

/* The descriptors that debugger_serve() needs; those it lacks are -1. */
void debugger_server_descriptors(
    const struct debugger_server *server, int fds[DEBUGGER_DESCRIPTORS]);

/*
 * In a worker: run the machine to its end, whether debuggers connect or not:
 * m->outcome says how it ended.  Returns when no debugger is served any more,
 * or earlier if one has asked for another run, which the plan says.  0, or
 * -errno: its threads could not be started.
 */
int
debugger_serve(struct debugger_server *server, struct debugger_target *target);

/*
 * In the past's worker: serve the debugger in the past of the living guest,
 * until it goes back to that.  The machine replays what is recorded.
 */
void debugger_serve_past(
    struct debugger_server *server, struct debugger_target *target);

/* In the front: serve debuggers without a machine.  True: one has asked for a
 * run; false: none is served any more. */
bool debugger_idle(struct debugger_server *server);

#endif
