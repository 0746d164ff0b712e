/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ToroV's example of sockets: sends received TCP data back, to one client after
 * the other, on port 50000 of every address or on the given port; without end,
 * or for CLIENTS clients.
 *
 *	echo_server [PORT [CLIENTS]]
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 50000

/* Serve the client to its end.  Returns 0 if all was sent back, or -1. */
static int
serve(int fd)
{
	static char buf[65536];
	ssize_t got, sent, n;

	while ((got = recv(fd, buf, sizeof(buf), 0)) > 0) {
		for (sent = 0; sent < got; sent += n) {
			n = send(fd, buf + sent, (size_t)(got - sent),
			    MSG_NOSIGNAL);
			if (n < 0)
				return -1;
		}
	}
	return got < 0 ? -1 : 0;
}

static int
fail(const char *what)
{
	perror(what);
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int port = argc > 1 ? atoi(argv[1]) : PORT;
	int left = argc > 2 ? atoi(argv[2]) : -1;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (listener < 0)
		return fail("socket");
	address.sin_port = htons((uint16_t)port);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail("bind");
	if (listen(listener, SOMAXCONN) < 0)
		return fail("listen");
	printf("listening on port %d\n", port);
	fflush(stdout);
	for (; left != 0; left -= left > 0) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			return fail("accept");
		if (serve(client) < 0)
			perror("client");
		close(client);
	}
	return EXIT_SUCCESS;
}
