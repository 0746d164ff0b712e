/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ToroV's example of files: writes a line to /test, below the folder of its
 * configuration, and reads it back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(void)
{
	static const char line[] = "Hello from a guest of novillo\n";
	char back[sizeof(line)] = "";
	int fd = open("/test", O_CREAT | O_RDWR | O_TRUNC, 0644);

	if (fd < 0) {
		perror("/test");
		return 1;
	}
	if (write(fd, line, sizeof(line) - 1) != sizeof(line) - 1 ||
	    lseek(fd, 0, SEEK_SET) != 0 ||
	    read(fd, back, sizeof(line) - 1) != sizeof(line) - 1 ||
	    close(fd) < 0) {
		perror("/test");
		return 1;
	}
	printf("/test: %s", back);
	return strcmp(back, line) != 0;
}
