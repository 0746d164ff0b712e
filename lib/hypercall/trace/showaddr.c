/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket addresses in trace lines.  Nothing here may know calls.
 */
#include "hypercall/trace/show.h"

#include "hypercall/core/names.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/netlink.h>

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_nl nl;
	struct sockaddr_storage storage;
};

#define FAMILY sizeof(sa_family_t)

static void
put_inet(struct hc_line *line, const struct sockaddr_in *in)
{
	char text[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	line_put(line, ", sin_port=htons(%u), sin_addr=inet_addr(\"%s\")",
	    ntohs(in->sin_port), text);
}

static void
put_inet6(struct hc_line *line, const struct sockaddr_in6 *in6)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	line_put(line,
	    ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u),"
	    " inet_pton(AF_INET6, \"%s\", &sin6_addr), sin6_scope_id=%u",
	    ntohs(in6->sin6_port), ntohl(in6->sin6_flowinfo), text,
	    in6->sin6_scope_id);
}

/* A file name; or, after a zero byte, an abstract name, which `len` ends. */
static void
put_unix(struct hc_line *line, const struct sockaddr_un *un, size_t len)
{
	bool abstract = un->sun_path[0] == '\0';
	const char *path = un->sun_path + abstract;

	if (len > sizeof(un->sun_path))
		len = sizeof(un->sun_path);
	line_put(line, ", sun_path=%s", abstract ? "@" : "");
	line_text(line, path, abstract ? len - 1 : strnlen(path, len));
}

static void
put_address(struct hc_line *line, const union address *a, size_t len)
{
	sa_family_t family = a->any.sa_family;

	line_put(line, "{sa_family=");
	line_enum(line, hc_names_family, family);
	if (family == AF_INET && len >= sizeof(a->in))
		put_inet(line, &a->in);
	else if (family == AF_INET6 && len >= sizeof(a->in6))
		put_inet6(line, &a->in6);
	else if (family == AF_NETLINK && len >= sizeof(a->nl))
		line_put(line, ", nl_pid=%u, nl_groups=%08x", a->nl.nl_pid,
		    a->nl.nl_groups);
	else if (family == AF_UNIX && len > FAMILY)
		put_unix(line, &a->un, len - FAMILY);
	else if (len > FAMILY) {
		line_put(line, ", sa_data=");
		line_text(line, (const char *)a + FAMILY, len - FAMILY);
	}
	line_put(line, "}");
}

void
show_address(struct hc_line *line, const struct sockaddr *address)
{
	union address a = { .any = *address };

	put_address(line, &a, sizeof(*address));
}

void
show_sockaddr(const struct hc_show *show, uint64_t va, uint64_t len)
{
	union address a = { .storage = { 0 } };

	if (len > sizeof(a))
		len = sizeof(a);
	if (va == 0 || len < FAMILY ||
	    gmem_read(show->mem, &a, va, (size_t)len) < 0)
		line_address(show->line, va);
	else
		put_address(show->line, &a, (size_t)len);
}
