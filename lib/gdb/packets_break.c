/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that set and remove breakpoints, with their conditions and
 * commands (GDB manual, "Packets", Z0).  It must know the machine only through
 * target.h.
 */
#include "gdb/agent.h"
#include "gdb/packet.h"

#include <errno.h>
#include <string.h>

static int
get_break(const struct args *args, struct target_break *brk)
{
	if (args->num[0] >= BREAK_TYPES)
		return -EOPNOTSUPP;
	*brk = (struct target_break){
		.type = (enum break_type)args->num[0],
		.addr = args->num[1],
		.kind = args->num[2],
	};
	if (brk->type >= WATCH_WRITE &&
	    (brk->kind == 0 || brk->kind - 1 > UINT64_MAX - brk->addr))
		return -EINVAL;
	return 0;
}

/* The cause and the cure of a failed insertion, or NULL. */
static const char *
cure_for(enum break_type type, int error)
{
	if (error == -ENOSPC)
		return "The table of breakpoints or watchpoints is full; "
		       "delete some";
	if (error == -EFAULT && type == BREAK_HARD)
		return "No debug register is free, and no INT3 can be written "
		       "there; delete a breakpoint that holds one";
	return NULL;
}

/* The expressions of a packet, [at, end), which are decoded into bytes[]. */
struct parser {
	const struct target_ops *ops;
	const uint8_t *at, *end;
	uint8_t *bytes; /* there is room for all: two digits are one byte */
	struct target_code code[TARGET_CODES_MAX];
	size_t codes;
	enum agent_error error; /* of the one that was refused */
};

/* Only commands print: a condition would print each time that it is false. */
static enum agent_error
check(const struct parser *in, const struct target_code *code)
{
	struct agent_env env = *in->ops->agent;

	if (!code->is_command)
		env.print = NULL;
	return agent_check(code->bytes, code->n, &env);
}

/* "X" length "," digits, after the X. */
static int
parse_code(struct parser *in, bool is_command)
{
	struct target_code *code = &in->code[in->codes];
	uint64_t n;

	if (in->codes == TARGET_CODES_MAX)
		return -E2BIG;
	if (!hex_parse(&in->at, in->end, &n) || in->at == in->end ||
	    *in->at++ != ',' || n > (uint64_t)(in->end - in->at) / 2 ||
	    !hex_decode(in->bytes, in->at, (size_t)n))
		return -EINVAL;
	*code = (struct target_code){ in->bytes, (size_t)n, is_command };
	in->at += 2 * n;
	in->bytes += n;
	in->codes++;
	in->error = check(in, code);
	return in->error == AGENT_NONE ? 0 : -EINVAL;
}

/* "cmds:" persist ",": a breakpoint never outlives the debugger, persist or
 * not. */
static int
parse_persist(struct parser *in)
{
	static const char word[] = "cmds:";
	const size_t n = sizeof(word) - 1;
	uint64_t persist;

	if ((size_t)(in->end - in->at) < n || memcmp(in->at, word, n) != 0)
		return -EINVAL;
	in->at += n;
	return hex_parse(&in->at, in->end, &persist) && persist <= 1 &&
		       in->at < in->end && *in->at++ == ','
		   ? 0
		   : -EINVAL;
}

/* Lists between semicolons: conditions, or "cmds:" and commands. */
static int
parse_codes(struct parser *in)
{
	bool commands = false;
	int error = 0;

	while (error == 0 && in->at < in->end) {
		if (*in->at == ';') {
			in->at++;
			commands = false;
		} else if (*in->at == 'X') {
			in->at++;
			error = parse_code(in, commands);
		} else {
			error = parse_persist(in);
			commands = true;
		}
	}
	return error;
}

/* A refused expression is reported with the reason. */
static int
refuse(const struct stub *stub, struct reply *reply, const struct parser *in)
{
	char buf[128];
	struct text text;

	text_init(&text, buf, sizeof(buf));
	text_printf(&text, "The expression of the breakpoint is refused: %s",
	    agent_error_text(in->error));
	return reply_error(stub, reply, EINVAL, buf);
}

int
packet_insert(struct stub *stub, const struct args *args)
{
	struct target_break brk;
	struct parser in = {
		.ops = stub->ops,
		.at = args->bytes,
		.end = args->bytes + args->len,
		.bytes = (uint8_t *)stub->text,
	};
	const char *cure;
	int error = get_break(args, &brk);

	_Static_assert(sizeof(stub->text) >= RSP_PACKET_MAX / 2,
	    "the expressions of a packet fit");
	if (error == 0)
		error = parse_codes(&in);
	if (in.error != AGENT_NONE)
		return refuse(stub, args->reply, &in);
	if (error != 0)
		return error;
	brk.code = in.code;
	brk.codes = in.codes;
	error = stub->ops->insert(stub->ctx, &brk);
	cure = cure_for(brk.type, error);
	return cure ? reply_error(stub, args->reply, -error, cure) : error;
}

int
packet_remove(struct stub *stub, const struct args *args)
{
	struct target_break brk;
	int error = get_break(args, &brk);

	return error != 0 ? error : stub->ops->remove(stub->ctx, &brk);
}
