/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules that narrow which addresses a guest may bind and connect to.  It must
 * not know calls or descriptors: an address is let through, or it is not.
 */
#ifndef NETRULE_H
#define NETRULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define HC_NET_ANY_PORT (-1)

/* What is asked: to be bound to an address, or to send to one. */
enum hc_net_what {
	HC_NET_BIND,
	HC_NET_CONNECT,
};

struct hc_net_rule {
	enum hc_net_what what;
	int family;       /* AF_INET or AF_INET6 */
	uint8_t addr[16]; /* in network order; of AF_INET the first four */
	unsigned prefix;  /* how many of its bits count */
	int port;         /* 0 to 65535, or HC_NET_ANY_PORT */
};

/* "bind:" or "connect:", which a rule begins with; NULL if `text` does not. */
const char *hc_net_rule_kind(const char *text, size_t len);

/*
 * Read the `len` bytes at `text` as one of
 *
 *	bind:ADDRESS[/PREFIX][:PORT]
 *	connect:ADDRESS[/PREFIX][:PORT]
 *
 * ADDRESS being 127.0.0.1 or [::1].  NULL, or what is wrong with it.
 */
const char *
hc_net_rule_parse(struct hc_net_rule *rule, const char *text, size_t len);

/* Write a rule as hc_net_rule_parse() reads it. */
#define HC_NET_RULE_TEXT 80
void
hc_net_rule_text(const struct hc_net_rule *rule, char text[HC_NET_RULE_TEXT]);

/*
 * Whether the rules let this address through.  Without a rule of that kind
 * everything goes; with one, what some rule names.  AF_UNIX is not their
 * affair.  An IPv6 address that stands for one of IPv4 is taken as that, and so
 * is AF_UNSPEC, as Linux takes it in bind and sendto.
 */
bool hc_net_allows(const struct hc_net_rule *rules, unsigned n,
    enum hc_net_what what, const struct sockaddr *addr, socklen_t len);

#endif
