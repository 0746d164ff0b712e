/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules that narrow the addresses a guest may bind and connect to.  It must not
 * know calls or descriptors: a rule only permits or refuses an address.
 */
#ifndef NETRULE_H
#define NETRULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define HC_NET_PORT_MAX 65535

/* The use that a rule narrows: bind to an address, or send to one. */
enum hc_net_what {
	HC_NET_BIND,
	HC_NET_CONNECT,
};

struct hc_net_rule {
	enum hc_net_what what;
	int family;          /* AF_INET or AF_INET6; AF_UNSPEC: both */
	uint8_t addr[16];    /* in network order; AF_INET uses the first four */
	unsigned prefix;     /* how many of its bits count */
	unsigned port, last; /* the ports, 0 to HC_NET_PORT_MAX */
};

/* The "bind:" or "connect:" at the start of a rule; NULL if there is none. */
const char *hc_net_rule_kind(const char *text, size_t len);

/*
 * Read the `len` bytes at `text` as one of
 *
 *	bind:ADDRESS[/PREFIX][:PORT[-LAST]]
 *	connect:ADDRESS[/PREFIX][:PORT[-LAST]]
 *
 * where ADDRESS is like 127.0.0.1 or [::1], or * for every address.  NULL, or
 * the mistake in words.
 */
const char *
hc_net_rule_parse(struct hc_net_rule *rule, const char *text, size_t len);

/* Do two rules permit the same? */
bool
hc_net_rule_equals(const struct hc_net_rule *a, const struct hc_net_rule *b);

/* Write a rule as hc_net_rule_parse() reads it. */
#define HC_NET_RULE_TEXT 80
void
hc_net_rule_text(const struct hc_net_rule *rule, char text[HC_NET_RULE_TEXT]);

/*
 * Do the rules permit this address?  Without a rule of that kind every address
 * is permitted; with one, those that some rule names.  AF_UNIX is always
 * permitted.  An IPv6 address that stands for one of IPv4 is judged as that,
 * and AF_UNSPEC as AF_INET, as Linux takes it in bind and sendto.
 */
bool hc_net_allows(const struct hc_net_rule *rules, unsigned n,
    enum hc_net_what what, const struct sockaddr *addr, socklen_t len);

#endif
