/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packets that agree on the session's features and list its threads (GDB
 * manual, "General Query Packets").  It must know the machine only through
 * target.h.
 */
#include "gdb/packet.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int
packet_extended(struct stub *stub, const struct args *args)
{
	(void)args;
	stub->client |= CLIENT_EXTENDED;
	return REPLY_OK;
}

int
packet_noack(struct stub *stub, const struct args *args)
{
	(void)args;
	stub->rsp.noack = true;
	return REPLY_OK;
}

/*
 * The features that both sides have to support.  No event of the last three is
 * missed, because a guest cannot fork or exec.
 */
static const struct {
	const char *name;
	unsigned client;
} agreed[] = {
	{ "multiprocess+", CLIENT_MULTIPROCESS },
	{ "swbreak+", CLIENT_SWBREAK },
	{ "hwbreak+", CLIENT_HWBREAK },
	{ "error-message+", CLIENT_ERROR_TEXT },
	{ "fork-events+", 0 },
	{ "vfork-events+", 0 },
	{ "exec-events+", 0 },
};

#define AGREED (sizeof(agreed) / sizeof(agreed[0]))

static void
take_feature(struct stub *stub, const uint8_t *text, size_t n)
{
	static const char xml[] = "xmlRegisters=";

	if (n >= strlen(xml) && memcmp(text, xml, strlen(xml)) == 0)
		stub->client &= ~(unsigned)CLIENT_PLAIN_REGS;
	for (size_t i = 0; i < AGREED; i++)
		if (n == strlen(agreed[i].name) &&
		    memcmp(text, agreed[i].name, n) == 0)
			stub->client |= agreed[i].client;
}

/* Feature names between semicolons; unknown ones are ignored. */
static void
take_features(struct stub *stub, const uint8_t *at, size_t n)
{
	while (n > 0) {
		const uint8_t *end = memchr(at, ';', n);
		size_t len = end ? (size_t)(end - at) : n;

		take_feature(stub, at, len);
		if (end)
			len++;
		at += len;
		n -= len;
	}
}

int
packet_supported(struct stub *stub, const struct args *args)
{
	size_t n;
	const struct packet *packets = packet_table(&n);
	bool written = reply_text(args->reply, "PacketSize=") &&
		       reply_number(args->reply, RSP_PACKET_MAX);

	stub->client |= CLIENT_PLAIN_REGS;
	take_features(stub, args->bytes, args->len);
	for (size_t i = 0; i < AGREED; i++)
		written = written && reply_text(args->reply, ";") &&
			  reply_text(args->reply, agreed[i].name);
	for (size_t i = 0; i < n; i++)
		if (packets[i].feature[0] && packet_served(stub, &packets[i]))
			written = written && reply_text(args->reply, ";") &&
				  reply_text(args->reply, packets[i].feature);
	return reply_done(written);
}

/* 1: a debugger that quits detaches from the guest; 0: it kills the guest. */
int
packet_attached(struct stub *stub, const struct args *args)
{
	const struct target_ops *ops = stub->ops;
	bool was_there = !ops->was_there || ops->was_there(stub->ctx);

	return reply_done(reply_text(args->reply, was_there ? "1" : "0"));
}

/* The stub never needs the value of a symbol. */
int
packet_symbol(struct stub *stub, const struct args *args)
{
	(void)stub;
	(void)args;
	return REPLY_OK;
}

int
packet_offsets(struct stub *stub, const struct args *args)
{
	uint64_t bias = stub->ops->load_bias(stub->ctx);

	return reply_done(reply_text(args->reply, "Text=") &&
			  reply_number(args->reply, bias) &&
			  reply_text(args->reply, ";Data=") &&
			  reply_number(args->reply, bias) &&
			  reply_text(args->reply, ";Bss=") &&
			  reply_number(args->reply, bias));
}

int
packet_tls_address(struct stub *stub, const struct args *args)
{
	uint64_t addr;
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	if (error == 0)
		error = stub->ops->tls_address(
		    stub->ctx, tid, args->num[1], args->num[0], &addr);
	if (error != 0)
		return error;
	return reply_done(reply_number(args->reply, addr));
}

static int
choose(struct stub *stub, const struct args *args, int *chosen)
{
	if (args->thread > 0 && !thread_alive(stub, args->thread))
		return -ESRCH;
	*chosen = args->thread > 0 ? args->thread : TARGET_ALL;
	return REPLY_OK;
}

int
packet_set_general(struct stub *stub, const struct args *args)
{
	return choose(stub, args, &stub->general_tid);
}

int
packet_set_resumed(struct stub *stub, const struct args *args)
{
	return choose(stub, args, &stub->resume_tid);
}

int
packet_thread_alive(struct stub *stub, const struct args *args)
{
	if (stub->hold == HOLD_NONE || !thread_alive(stub, args->thread))
		return -ESRCH;
	return REPLY_OK;
}

int
packet_current_thread(struct stub *stub, const struct args *args)
{
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	if (error != 0 || stub->hold == HOLD_NONE)
		return -ESRCH;
	return reply_done(reply_text(args->reply, "QC") &&
			  thread_write(stub, args->reply, tid));
}

/* One reply lists all: TARGET_THREADS_MAX threads take a few KiB. */
int
packet_first_threads(struct stub *stub, const struct args *args)
{
	int tids[TARGET_THREADS_MAX];
	size_t n = 0;
	bool written;

	/* LLDB takes an empty list, before the first guest, for a thread 1. */
	if (!stub_has_guest(stub) && (stub->client & CLIENT_THREAD_SUFFIX))
		return REPLY_OK;
	if (stub_has_guest(stub))
		n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);
	written = reply_text(args->reply, n > 0 ? "m" : "l");
	for (size_t i = 0; i < n; i++)
		written = written && (i == 0 || reply_text(args->reply, ",")) &&
			  thread_write(stub, args->reply, tids[i]);
	return reply_done(written);
}

int
packet_next_threads(struct stub *stub, const struct args *args)
{
	(void)stub;
	return reply_done(reply_text(args->reply, "l"));
}

int
packet_thread_extra(struct stub *stub, const struct args *args)
{
	char plain[64];
	struct text text;
	const char *name;
	int tid;
	int error = stub_thread(stub, args->thread, &tid);

	if (error != 0)
		return error;
	name = stub->ops->thread_name(stub->ctx, tid);
	if (!name)
		name = "";
	text_init(&text, plain, sizeof(plain));
	text_plain(&text, name);
	return reply_done(reply_hex(args->reply, text.buf, text.len));
}

static void
xml_thread(struct stub *stub, struct text *out, int tid)
{
	const char *name = NULL;
	uint64_t handle;

	text_printf(out, "<thread id=\"");
	if (stub->client & CLIENT_MULTIPROCESS)
		text_printf(out, "p%x.", (unsigned)stub_pid(stub));
	text_printf(out, "%x\"", (unsigned)tid);
	if (stub->ops->thread_name)
		name = stub->ops->thread_name(stub->ctx, tid);
	if (name) {
		text_printf(out, " name=\"");
		text_xml(out, name);
		text_printf(out, "\"");
	}
	if (stub->ops->thread_handle && stub->state == STUB_STOPPED &&
	    stub->ops->thread_handle(stub->ctx, tid, &handle) == 0)
		text_printf(out, " handle=\"%016" PRIx64 "\"",
		    __builtin_bswap64(handle));
	text_printf(out, "/>\n");
}

int
packet_threads(struct stub *stub, const struct args *args)
{
	int tids[TARGET_THREADS_MAX];
	struct text text;
	size_t n = 0;

	if (args->text_len != 0)
		return -ENOENT;
	if (stub_has_guest(stub))
		n = stub->ops->threads(stub->ctx, tids, TARGET_THREADS_MAX);
	text_init(&text, stub->text, sizeof(stub->text));
	text_printf(&text, "<?xml version=\"1.0\"?>\n<threads>\n");
	for (size_t i = 0; i < n; i++)
		xml_thread(stub, &text, tids[i]);
	text_printf(&text, "</threads>\n");
	return reply_slice(args->reply, &text, args->num[0], args->num[1]);
}

/* GDB's `info os`. */
int
packet_osdata(struct stub *stub, const struct args *args)
{
	char table[32];
	struct text text;
	int error;

	if (args->text_len >= sizeof(table))
		return -ENOENT;
	memcpy(table, args->text, args->text_len);
	table[args->text_len] = '\0';
	text_init(&text, stub->text, sizeof(stub->text));
	error = stub->ops->osdata(stub->ctx, table, &text);
	if (error != 0)
		return error;
	return reply_slice(args->reply, &text, args->num[0], args->num[1]);
}

/* 'm' if more follows the slice, 'l' if not (GDB manual, "qXfer read"). */
int
reply_slice(
    struct reply *reply, const struct text *text, uint64_t offset, uint64_t len)
{
	uint64_t left;
	size_t n;

	if (text->full)
		return -EMSGSIZE;
	if (offset > text->len)
		return -EINVAL;
	left = text->len - offset;
	reply_text(reply, "m");
	n = reply_binary(
	    reply, text->buf + offset, (size_t)(len < left ? len : left));
	if (n == left)
		reply->buf[0] = 'l';
	return REPLY_DATA;
}

/* A command of the machine's, which has to be stopped. */
static int
monitor_machine(struct stub *stub, const char *command, struct text *out)
{
	int tid;
	int error;

	if (!stub->ops->monitor)
		return -ENOENT;
	if (!stub_has_guest(stub))
		return -ESRCH;
	if (stub->state == STUB_RUNNING)
		return -EBUSY;
	error = stub_thread(stub, stub->general_tid, &tid);
	if (error != 0)
		return error;
	return stub->ops->monitor(stub->ctx, tid, command, out);
}

/* The column is as wide as `last-change ADDRESS LENGTH`. */
static void
put_help(struct text *out, const char *usage, const char *purpose)
{
	text_printf(out, "%-26s %s\n", usage, purpose);
}

/* `monitor help`: the stub's own rows, and the machine's. */
static void
monitor_help(struct stub *stub, struct text *out)
{
	const char *name;
	const char *purpose;

	put_help(out, "help", "this list");
	put_help(
	    out, "exit", "end the guest and novillo, whose session this is");
	if (!stub->ops->monitor_help)
		return;
	for (size_t i = 0;
	     stub->ops->monitor_help(stub->ctx, i, &name, &purpose); i++)
		put_help(out, name, purpose);
}

/* The session closes once its reply is sent. */
static void
end_all(struct stub *stub)
{
	if (stub_lives(stub))
		end_guest(stub);
	stub->ending = true;
	stub->session = SESSION_CLOSING;
}

int
packet_monitor(struct stub *stub, const struct args *args)
{
	char command[256];
	struct text text;
	int error = 0;

	if (args->len >= sizeof(command))
		return -E2BIG;
	memcpy(command, args->bytes, args->len);
	command[args->len] = '\0';
	text_init(&text, stub->text, sizeof(stub->text));
	if (strcmp(command, "help") == 0)
		monitor_help(stub, &text);
	else if (strcmp(command, "exit") == 0)
		end_all(stub);
	else
		error = monitor_machine(stub, command, &text);
	if (error == -ENOENT)
		text_printf(
		    &text, "No such command; `monitor help` lists them.\n");
	else if (error == -ESRCH)
		text_printf(&text, "No guest runs: `run` starts one.\n");
	else if (error == -EBUSY)
		text_printf(&text, "The guest runs: `interrupt` stops it.\n");
	else if (error == -EINPROGRESS)
		return stub_begin_command(stub);
	else if (error != 0)
		return error;
	if (text.len == 0)
		return REPLY_OK;
	return reply_done(reply_hex(args->reply, text.buf, text.len));
}
