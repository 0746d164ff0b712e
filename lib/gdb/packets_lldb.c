/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that LLDB sends beyond GDB's (LLDB's docs/lldb-gdb-remote.txt).
 * It must know the machine only through target.h.
 */
#include "gdb/packet.h"

#include <errno.h>
#include <string.h>

#define TRIPLE "x86_64-unknown-linux-gnu"

int
packet_thread_suffix(struct stub *stub, const struct args *args)
{
	(void)args;
	stub->client |= CLIENT_THREAD_SUFFIX | CLIENT_NATIVE_SIGNALS;
	return REPLY_OK;
}

int
packet_list_threads(struct stub *stub, const struct args *args)
{
	(void)args;
	stub->client |= CLIENT_LIST_THREADS;
	return REPLY_OK;
}

int
packet_error_strings(struct stub *stub, const struct args *args)
{
	(void)args;
	stub->client |= CLIENT_ERROR_STRINGS;
	return REPLY_OK;
}

/* The end of a session always detaches; nothing else is supported. */
int
packet_detach_on_error(struct stub *stub, const struct args *args)
{
	(void)stub;
	return args->num[0] == 1 ? REPLY_OK : -EOPNOTSUPP;
}

/* The stub attaches to its one guest, and never waits for a program. */
int
packet_no_attach_wait(struct stub *stub, const struct args *args)
{
	(void)stub;
	(void)args;
	return REPLY_EMPTY;
}

int
packet_version(struct stub *stub, const struct args *args)
{
	(void)stub;
	return reply_done(reply_text(args->reply, "name:novillo;version:1;"));
}

/* A key and a text, whose bytes become hex digits. */
static bool
write_pair(struct reply *reply, const char *key, const char *value)
{
	return reply_text(reply, key) && reply_text(reply, ":") &&
	       reply_hex(reply, value, strlen(value)) && reply_text(reply, ";");
}

int
packet_host_info(struct stub *stub, const struct args *args)
{
	(void)stub;
	return reply_done(
	    write_pair(args->reply, "triple", TRIPLE) &&
	    reply_text(args->reply, "ostype:linux;endian:little;ptrsize:8;"
				    "watchpoint_exceptions_received:after;"));
}

int
packet_process_info(struct stub *stub, const struct args *args)
{
	if (!stub_has_guest(stub))
		return -ESRCH;
	return reply_done(
	    reply_text(args->reply, "pid:") &&
	    reply_number(args->reply, (uint64_t)stub_pid(stub)) &&
	    reply_text(args->reply, ";") &&
	    write_pair(args->reply, "triple", TRIPLE) &&
	    reply_text(args->reply, "ostype:linux;endian:little;ptrsize:8;"));
}

/* LLDB asks after vRun, whose reply was the stop at the entry. */
int
packet_launched(struct stub *stub, const struct args *args)
{
	(void)args;
	return stub_has_guest(stub) ? REPLY_OK : -ESRCH;
}

int
packet_region(struct stub *stub, const struct args *args)
{
	struct target_region region = { 0 };
	bool written;
	int error;

	if (args->nums == 0) /* LLDB asks whether the packet is supported */
		return REPLY_OK;
	error = stub->ops->region(stub->ctx, args->num[0], &region);
	if (error != 0)
		return error;
	written = reply_text(args->reply, "start:") &&
		  reply_number(args->reply, region.start) &&
		  reply_text(args->reply, ";size:") &&
		  reply_number(args->reply, region.end - region.start) &&
		  reply_text(args->reply, ";");
	if (region.access == 0)
		return reply_done(written);
	written =
	    written && reply_text(args->reply, "permissions:") &&
	    reply_text(args->reply, region.access & REGION_READ ? "r" : "") &&
	    reply_text(args->reply, region.access & REGION_WRITE ? "w" : "") &&
	    reply_text(args->reply, region.access & REGION_EXEC ? "x" : "") &&
	    reply_text(args->reply, ";");
	if (region.name)
		written = written &&
			  write_pair(args->reply, "name", region.name);
	return reply_done(written);
}

/* Rights as letters. */
static bool
read_rights(const struct args *args, unsigned *access)
{
	size_t i;

	*access = 0;
	for (i = 0; i < args->len; i++)
		switch (args->bytes[i]) {
		case 'r': *access |= REGION_READ; break;
		case 'w': *access |= REGION_WRITE; break;
		case 'x': *access |= REGION_EXEC; break;
		default: return false;
		}
	return true;
}

/* LLDB puts the code and the data of an expression there. */
int
packet_allocate(struct stub *stub, const struct args *args)
{
	unsigned access;
	int64_t at;

	if (!read_rights(args, &access))
		return -EINVAL;
	at = stub->ops->allocate(stub->ctx, args->num[0], access);
	return at < 0 ? (int)at
		      : reply_done(reply_number(args->reply, (uint64_t)at));
}

int
packet_release(struct stub *stub, const struct args *args)
{
	int r = stub->ops->release(stub->ctx, args->num[0]);

	return r < 0 ? r : REPLY_OK;
}

int
packet_thread_stop(struct stub *stub, const struct args *args)
{
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	if (error != 0)
		return error;
	return reply_done(stop_reply(stub, args->reply, tid));
}

/* The registers that LLDB needs to unwind: their numbers, and their bytes as
 * digits. */
static void
json_registers(struct stub *stub, struct text *out, int tid)
{
	uint8_t value[REG_SIZE_MAX];
	const char *comma = "";
	int error;

	if (!stub_get_regs(stub, tid, REGS_CORE, &error))
		return;
	text_printf(out, ",\"registers\":{");
	for (unsigned i = REG_rax; i <= REG_eflags; i++) {
		regs_get(
		    &stub->regs, stub->ops->regs_layout(stub->ctx), i, value);
		text_printf(out, "%s\"%u\":\"", comma, i);
		for (unsigned j = 0; j < regs_size(i); j++)
			text_printf(out, "%02x", value[j]);
		text_printf(out, "\"");
		comma = ",";
	}
	text_printf(out, "}");
}

static void
json_thread(struct stub *stub, struct text *out, int tid)
{
	const char *name = NULL;

	if (stub->ops->thread_name)
		name = stub->ops->thread_name(stub->ctx, tid);
	text_printf(out, "{");
	json_stop(stub, out, tid);
	if (name) {
		text_printf(out, ",\"name\":\"");
		text_json(out, name);
		text_printf(out, "\"");
	}
	json_registers(stub, out, tid);
	text_printf(out, "}");
}

int
packet_threads_json(struct stub *stub, const struct args *args)
{
	int tids[TARGET_THREADS_MAX];
	size_t n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);
	struct text text;

	text_init(&text, stub->text, sizeof(stub->text));
	text_printf(&text, "[");
	for (size_t i = 0; i < n; i++) {
		text_printf(&text, "%s", i == 0 ? "" : ",");
		json_thread(stub, &text, tids[i]);
	}
	text_printf(&text, "]");
	if (text.full)
		return -EMSGSIZE;
	return reply_done(
	    reply_binary(args->reply, text.buf, text.len) == text.len);
}
