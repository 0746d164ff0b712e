/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that run, stop and end the guest, and those that set what stops
 * it (GDB manual, "Packets").  It must know the machine only through target.h.
 */
#include "gdb/nonstop.h"
#include "gdb/signals.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int
packet_stop(struct stub *stub, const struct args *args)
{
	if (stub->hold == HOLD_NONE)
		return reply_done(reply_text(args->reply, "W00"));
	if (stub->nonstop)
		return nonstop_query(stub, args->reply);
	if (stub->state == STUB_RUNNING)
		return -EBUSY;
	return reply_done(stop_reply(stub, args->reply, stub->stop.tid));
}

int
packet_interrupt(struct stub *stub, const struct args *args)
{
	(void)args;
	if (stub->nonstop && stub_has_guest(stub))
		return nonstop_interrupt(stub);
	if (stub->hold != HOLD_TAKEN || !stub_lives(stub))
		return REPLY_OK;
	stub->interrupted = stub->state == STUB_RUNNING ||
			    !takes_any_stop(stub);
	if (stub->state == STUB_RUNNING)
		stub->ops->interrupt(stub->ctx);
	return REPLY_OK;
}

static bool
moves(const struct target_action *action)
{
	return action->kind != ACTION_STOP;
}

/* If no thread is to run, none will stop: the reply is the present state. */
static int
resume(struct stub *stub, struct reply *reply,
    const struct target_action *actions, size_t n)
{
	struct target_resume how = { .actions = actions, .n = n };
	bool any = false;

	if (stub->nonstop)
		return nonstop_resume(stub, actions, n);
	for (size_t i = 0; i < n; i++)
		any |= moves(&actions[i]);
	if (any)
		return stub_resume(stub, &how);
	if (stub->stop.kind != STOP_THREAD_EXITED)
		stub->stop.kind = STOP_NONE;
	return reply_done(stop_reply(stub, reply, stub->stop.tid));
}

static int
set_pc(struct stub *stub, int tid, uint64_t pc)
{
	int error;
	struct regs *regs = stub_get_regs(stub, tid, REGS_CORE, &error);

	if (!regs)
		return error;
	regs->rip = pc;
	return stub_put_regs(stub, REGS_CORE);
}

/*
 * c, s, C and S: the thread that Hc chose runs alone, or all do.  A step is
 * made by one thread, even if the others run.
 */
static int
run_one(struct stub *stub, struct reply *reply, enum target_action_kind kind,
    int signal, const uint64_t *pc)
{
	struct target_action actions[2];
	size_t n = stub->resume_tid > 0 ? 1 : 2;
	int tid;
	int error = stub_thread(stub, stub->resume_tid, &tid);

	if (error == 0 && pc)
		error = set_pc(stub, tid, *pc);
	if (error != 0)
		return error;
	actions[0] = (struct target_action){
		.tid = tid, .kind = kind, .signal = signal
	};
	actions[1] = (struct target_action){ .tid = TARGET_ALL,
		.kind = ACTION_CONTINUE };
	return resume(stub, reply, actions, n);
}

int
packet_continue(struct stub *stub, const struct args *args)
{
	return run_one(stub, args->reply, ACTION_CONTINUE, 0,
	    args->nums > 0 ? &args->num[0] : NULL);
}

int
packet_step(struct stub *stub, const struct args *args)
{
	return run_one(stub, args->reply, ACTION_STEP, 0,
	    args->nums > 0 ? &args->num[0] : NULL);
}

static int
run_signal(
    struct stub *stub, const struct args *args, enum target_action_kind kind)
{
	int signal = signal_of(stub, args->num[0]);

	if (signal < 0)
		return -EINVAL;
	return run_one(stub, args->reply, kind, signal,
	    args->nums > 1 ? &args->num[1] : NULL);
}

int
packet_continue_signal(struct stub *stub, const struct args *args)
{
	return run_signal(stub, args, ACTION_CONTINUE);
}

int
packet_step_signal(struct stub *stub, const struct args *args)
{
	return run_signal(stub, args, ACTION_STEP);
}

/* bs and bc: GDB sends them in all-stop mode alone.  A step back is one of the
 * thread that Hc chose, or of the one that stopped last, as with `s`. */
int
packet_reverse_step(struct stub *stub, const struct args *args)
{
	int tid, error;

	(void)args;
	if (stub->nonstop)
		return -EOPNOTSUPP;
	error = stub_thread(stub, stub->resume_tid, &tid);
	return error != 0 ? error : stub_reverse(stub, tid);
}

int
packet_reverse_continue(struct stub *stub, const struct args *args)
{
	(void)args;
	return stub->nonstop ? -EOPNOTSUPP : stub_reverse(stub, TARGET_ALL);
}

int
packet_vcont_query(struct stub *stub, const struct args *args)
{
	(void)stub;
	return reply_done(reply_text(args->reply, "vCont;c;C;s;S;t;r"));
}

static int
vcont_signal(
    struct stub *stub, const uint8_t **at, const uint8_t *end, int *signal)
{
	uint64_t number;

	if (!hex_parse(at, end, &number))
		return -EINVAL;
	*signal = signal_of(stub, number);
	return *signal < 0 ? -EINVAL : 0;
}

static int
vcont_range(
    const uint8_t **at, const uint8_t *end, struct target_action *action)
{
	if (!hex_parse(at, end, &action->lo) || *at == end || *(*at)++ != ',' ||
	    !hex_parse(at, end, &action->hi) || action->lo > action->hi)
		return -EINVAL;
	return 0;
}

static int
vcont_kind(struct stub *stub, const uint8_t **at, const uint8_t *end,
    struct target_action *action)
{
	uint8_t c = *at < end ? *(*at)++ : 0;

	switch (c) {
	case 'c':
	case 'C': action->kind = ACTION_CONTINUE; break;
	case 's':
	case 'S': action->kind = ACTION_STEP; break;
	case 't': action->kind = ACTION_STOP; break;
	case 'r':
		action->kind = ACTION_RANGE;
		return vcont_range(at, end, action);
	default: return -EINVAL;
	}
	if (c == 'C' || c == 'S')
		return vcont_signal(stub, at, end, &action->signal);
	return 0;
}

/* One action: a letter, its arguments, and perhaps a thread. */
static int
vcont_action(struct stub *stub, const uint8_t **at, const uint8_t *end,
    struct target_action *action)
{
	int tid = THREAD_EVERY;
	int error;

	*action = (struct target_action){ 0 };
	error = vcont_kind(stub, at, end, action);
	if (error != 0)
		return error;
	if (*at < end && **at == ':') {
		++*at;
		error = thread_parse(stub, at, end, &tid);
		if (error != 0)
			return error;
	}
	if (tid != THREAD_EVERY) /* or any */
		error = stub_thread(stub, tid, &tid);
	if (error != 0)
		return error;
	action->tid = tid > 0 ? tid : TARGET_ALL;
	return 0;
}

int
packet_vcont(struct stub *stub, const struct args *args)
{
	struct target_action actions[TARGET_THREADS_MAX + 1];
	const uint8_t *at = args->bytes;
	const uint8_t *end = args->bytes + args->len;
	size_t n = 0;
	int error;

	for (;;) {
		if (n == sizeof(actions) / sizeof(actions[0]))
			return -E2BIG;
		error = vcont_action(stub, &at, end, &actions[n++]);
		if (error != 0)
			return error;
		if (at == end)
			break;
		if (*at++ != ';')
			return -EINVAL;
	}
	return resume(stub, args->reply, actions, n);
}

int
packet_catch_syscalls(struct stub *stub, const struct args *args)
{
	uint32_t list[TARGET_CATCHES];
	const uint8_t *at = args->bytes;
	const uint8_t *end = args->bytes + args->len;
	uint64_t number;
	size_t n = 0;

	if (args->num[0] > 1 || (args->num[0] == 0 && args->len > 0))
		return -EINVAL;
	while (at < end) {
		if (n == TARGET_CATCHES)
			return -E2BIG;
		if (!hex_parse(&at, end, &number) || number > UINT32_MAX ||
		    (at < end && *at++ != ';'))
			return -EINVAL;
		list[n++] = (uint32_t)number;
	}
	return stub->ops->catch_syscalls(stub->ctx, args->num[0] == 1, list, n);
}

/* A list of signals as GDB numbers them.  Some exist on other systems only. */
static int
parse_signals(const struct args *args, uint64_t *set)
{
	const uint8_t *at = args->bytes;
	const uint8_t *end = args->bytes + args->len;
	uint64_t number;
	int signal;

	*set = 0;
	while (at < end) {
		if (!hex_parse(&at, end, &number) || number > INT_MAX ||
		    (at < end && *at++ != ';'))
			return -EINVAL;
		signal = signal_from_gdb((int)number);
		if (signal > 0 && signal <= 64)
			*set |= UINT64_C(1) << (signal - 1);
	}
	return 0;
}

/* Keep the signals of a packet for every guest, and pass them to the one that
 * lives. */
static int
set_signals(struct stub *stub, const struct args *args, uint64_t *kept,
    void (*op)(void *ctx, uint64_t set))
{
	uint64_t set;
	int error = parse_signals(args, &set);

	if (error != 0)
		return error;
	*kept = set;
	if (stub_lives(stub))
		op(stub->ctx, set);
	return REPLY_OK;
}

/* The signals that are not reported to the debugger; all others are. */
int
packet_pass_signals(struct stub *stub, const struct args *args)
{
	return set_signals(stub, args, &stub->pass, stub->ops->pass_signals);
}

/* The signals that the guest gets if the debugger detaches from it then. */
int
packet_program_signals(struct stub *stub, const struct args *args)
{
	int r = set_signals(
	    stub, args, &stub->program, stub->ops->program_signals);

	stub->programmed |= r == REPLY_OK;
	return r;
}

int
packet_thread_events(struct stub *stub, const struct args *args)
{
	if (args->num[0] > 1)
		return -EINVAL;
	stub->events = args->num[0] == 1;
	if (stub_lives(stub))
		stub->ops->thread_events(stub->ctx, stub->events);
	return REPLY_OK;
}

/* A process that a packet names must be ours; it may name none. */
static int
check_pid(struct stub *stub, const struct args *args)
{
	if (!stub_has_guest(stub))
		return -ESRCH;
	if (args->nums > 0 && args->num[0] != (uint64_t)stub_pid(stub))
		return -ESRCH;
	return 0;
}

int
packet_detach(struct stub *stub, const struct args *args)
{
	int error = check_pid(stub, args);

	if (error != 0)
		return error;
	stub_detach(stub);
	return REPLY_OK;
}

void
end_guest(struct stub *stub)
{
	stub->ops->kill(stub->ctx);
	stub->state = STUB_GONE;
	stub_end_trace(stub);
	stub->due = DUE_NOTHING;
	stub->stop = (struct stop){ .kind = STOP_KILLED, .signal = 9 };
}

int
packet_kill(struct stub *stub, const struct args *args)
{
	if (check_pid(stub, args) == 0)
		end_guest(stub);
	if (!(stub->client & CLIENT_EXTENDED))
		stub->session = SESSION_CLOSING;
	if (!(stub->client & CLIENT_NATIVE_SIGNALS))
		return REPLY_NONE;
	/* LLDB waits for the end by SIGKILL. */
	return reply_done(reply_text(args->reply, "X09"));
}

int
packet_vkill(struct stub *stub, const struct args *args)
{
	int error = check_pid(stub, args);

	/* The guest may have died without a debugger's notice. */
	if (stub->state == STUB_GONE &&
	    args->num[0] == (uint64_t)stub_pid(stub))
		return REPLY_OK;
	if (error != 0)
		return error;
	end_guest(stub);
	return REPLY_OK;
}

int
packet_attach(struct stub *stub, const struct args *args)
{
	if (!stub_lives(stub))
		return reply_error(stub, args->reply, ESRCH,
		    "No guest runs that could be attached to; run one");
	if (stub->hold != HOLD_NONE || args->num[0] != (uint64_t)stub_pid(stub))
		return reply_error(stub, args->reply, ESRCH,
		    "The only process is the guest, which is attached to "
		    "already or has another number");
	stub_attach(stub);
	if (stub->nonstop)
		return nonstop_attach(stub);
	if (stub->state == STUB_STOPPED)
		return reply_done(
		    stop_reply(stub, args->reply, stub->stop.tid));
	stub->due = DUE_STOP;
	return REPLY_BY_STOP;
}

/* Start the program again, whose reply, if it has one, is the stop at the
 * entry. */
static int
run_again(struct stub *stub, const struct target_run *run, enum stub_due due,
    struct reply *reply)
{
	int error = -EBUSY;

	if (!stub->ops->restart)
		return reply_error(stub, reply, ENOSYS,
		    "This target cannot start its program again; "
		    "end it, and start another");
	if (stub->state != STUB_RUNNING)
		error = stub->ops->restart(stub->ctx, run);
	if (error == -EBUSY)
		return reply_error(stub, reply, EBUSY,
		    "The guest runs; stop it, or attach to it and kill it");
	if (error == -ENOENT)
		return reply_error(stub, reply, ENOENT,
		    "Only the program that novillo was given can run; "
		    "`unset remote exec-file`, or name that one");
	if (error != 0)
		return error;
	stub->state = STUB_STARTING;
	stub->due = due;
	return REPLY_BY_STOP;
}

/*
 * Decode texts in hex digits, each after a ';', into out[size]: a NUL follows
 * each.  Returns the number of bytes, or -errno.
 */
static int
decode_texts(const uint8_t *at, const uint8_t *end, char *out, size_t size)
{
	size_t used = 0;

	for (; at < end; at++) {
		const uint8_t *next = memchr(at, ';', (size_t)(end - at));
		size_t digits = (size_t)((next ? next : end) - at);
		size_t len = digits / 2;

		if (len >= size - used)
			return -E2BIG;
		if (digits % 2 != 0 ||
		    !hex_decode((uint8_t *)out + used, at, len) ||
		    memchr(out + used, '\0', len))
			return -EINVAL;
		used += len;
		out[used++] = '\0';
		at += digits;
	}
	return (int)used;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* LLDB names its own copy of the program, which may be in another place. */
static bool
names_copy(const struct stub *stub, const char *path)
{
	return (stub->client & CLIENT_THREAD_SUFFIX) && stub->ops->exec_path &&
	       strcmp(last_part(path),
		   last_part(stub->ops->exec_path(stub->ctx))) == 0;
}

int
packet_vrun(struct stub *stub, const struct args *args)
{
	struct target_run run = { .path = "" };
	int n = decode_texts(args->bytes, args->bytes + args->len, stub->text,
	    sizeof(stub->text));
	size_t path;

	if (n < 0)
		return n;
	if (n > 0) {
		path = strlen(stub->text) + 1;
		if (!names_copy(stub, stub->text))
			run.path = stub->text;
		run.args = stub->text + path;
		run.size = (size_t)n - path;
	}
	return run_again(stub, &run, DUE_STOP, args->reply);
}

/* R has no reply: the debugger asks for the stop. */
int
packet_run_again(struct stub *stub, const struct args *args)
{
	const struct target_run run = { .path = "" };

	return run_again(stub, &run, DUE_NOTHING, args->reply);
}

int
packet_set_env(struct stub *stub, const struct args *args)
{
	if (args->text[0] == '=' || !strchr(args->text, '='))
		return -EINVAL;
	return stub->ops->set(stub->ctx, SETTING_ENV, args->text);
}

/* The same from LLDB, in plain text. */
int
packet_set_env_text(struct stub *stub, const struct args *args)
{
	const struct args plain = { .text = stub->text };

	if (args->len >= sizeof(stub->text))
		return -E2BIG;
	memcpy(stub->text, args->bytes, args->len);
	stub->text[args->len] = '\0';
	return packet_set_env(stub, &plain);
}

int
packet_unset_env(struct stub *stub, const struct args *args)
{
	return stub->ops->set(stub->ctx, SETTING_UNSET_ENV, args->text);
}

int
packet_reset_env(struct stub *stub, const struct args *args)
{
	(void)args;
	return stub->ops->set(stub->ctx, SETTING_RESET_ENV, "");
}

int
packet_set_folder(struct stub *stub, const struct args *args)
{
	return stub->ops->set(stub->ctx, SETTING_FOLDER, args->text);
}

/* A guest has no shell, which could change its arguments, and the addresses of
 * a guest are never random. */
int
packet_no_choice(struct stub *stub, const struct args *args)
{
	(void)stub;
	return args->num[0] <= 1 ? REPLY_OK : -EINVAL;
}
