/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries the attacks of a hostile guest with two threads: one makes calls, and
 * meanwhile the other changes their arguments and objects: names, vectors,
 * headers, addresses, memory, descriptors, folders.  A value that is fetched
 * twice, or checked at one time and used at another, shows here.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <tap.h>
#include <thread.h>
#include <time.h>
#include <unistd.h>

#define PAGE   4096L
#define ROUNDS 1000
#define MOST   (1000 * ROUNDS)
#define KERNEL ((void *)0xffffffff80000000) /* the shim's */

static struct thread racer;
static int over;

static void
flip_until_over(void *arg)
{
	void (*const *flip)(unsigned) = arg;
	unsigned n;

	for (n = 0; !__atomic_load_n(&over, __ATOMIC_RELAXED); n++) {
		(*flip)(n);
		__asm__ volatile("" : : : "memory");
	}
}

/* Call `flip` again and again, until end_race(). */
static void
begin_race(void (*flip)(unsigned n))
{
	static void (*function)(unsigned);

	function = flip;
	over = 0;
	racer.tls = NULL;
	thread_start(&racer, flip_until_over, &function);
}

static void
end_race(void)
{
	__atomic_store_n(&over, 1, __ATOMIC_RELAXED);
	thread_join(&racer);
}

/*
 * Whether a race needs another round after `n`: on one CPU, all rounds of a
 * slice of time meet the one state in which the other thread was preempted.
 */
static int
goes_on(unsigned n, unsigned seen)
{
	return n < ROUNDS || (seen == 0 && n < MOST);
}

static void
pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void
write_file(const char *name, const char *text)
{
	int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	write(fd, text, strlen(text));
	close(fd);
}

static int
reads_as(int fd, const char *text)
{
	char got[64];
	ssize_t n = pread(fd, got, sizeof(got), 0);

	return n == (ssize_t)strlen(text) && memcmp(got, text, (size_t)n) == 0;
}

static unsigned long
inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static unsigned long folders[2]; /* "/" and "/in" */

/* A name of two mixed halves may name a folder above the file. */
static int
is_inside(int fd)
{
	unsigned long inode = inode_of(fd);

	return reads_as(fd, "inside") || inode == folders[0] ||
	       inode == folders[1];
}

static char name[64];

static void
flip_name(unsigned n)
{
	static const char *const names[] = { "/in/file",
		"/in/../../../../etc/passwd", "/proc/self/mem", "/in/link" };

	strcpy(name, names[n % 4]);
}

static void
flip_folder(unsigned n)
{
	(void)n;
	hc_rename((long)"/in/deep", (long)"/deep");
	hc_rename((long)"/deep", (long)"/in/deep");
}

static void
test_names(void)
{
	unsigned i, seen = 0, wrong = 0;

	mkdir("/in", 0755);
	mkdir("/in/deep", 0755);
	mkdir("/in/deep/er", 0755);
	write_file("/in/file", "inside");
	symlink("../../../../../../etc/passwd", "/in/link");
	folders[0] = inode_of(open("/", O_RDONLY | O_DIRECTORY));
	folders[1] = inode_of(open("/in", O_RDONLY | O_DIRECTORY));
	begin_race(flip_name);
	for (i = 0; goes_on(i, seen); i++) {
		long fd = hc_open((long)name, O_RDONLY, 0);

		seen += fd >= 0;
		wrong += fd >= 0 && !is_inside((int)fd);
		close((int)fd);
	}
	end_race();
	ok(seen > 0, "a name that changes meanwhile is found at times");
	same(wrong, 0, "and leads nowhere else");
	begin_race(flip_folder);
	for (wrong = i = 0; i < ROUNDS; i++) {
		long fd = hc_open((long)"/in/deep/er/../../file", O_RDONLY, 0);

		wrong += fd >= 0 && !reads_as((int)fd, "inside");
		close((int)fd);
		fd = hc_open((long)"/in/deep/../../etc/passwd", O_RDONLY, 0);
		wrong += fd >= 0;
	}
	end_race();
	same(wrong, 0, "nor does .. in a folder that moves");
}

/* Two pages without a mapping after them. */
static char *good;
static struct iovec vector[2];

static void
flip_vector(unsigned n)
{
	static const struct iovec parts[] = { { NULL, 8 }, { KERNEL, 8 },
		{ (void *)-8L, 8 }, { NULL, 1UL << 62 }, { NULL, 0 },
		{ NULL, -1UL } };
	struct iovec part = parts[n % 6];

	vector[1].iov_len = part.iov_len;
	vector[1].iov_base = part.iov_base ? part.iov_base : good + PAGE - 8;
}

static const char constant[64] = "constant";

static void
flip_constant(unsigned n)
{
	vector[1].iov_base = n % 2 ? (void *)constant : good;
	vector[1].iov_len = 8;
}

static int
odd_bytes(const char *bytes, long n)
{
	int odd = 0;

	while (n > 0)
		odd += bytes[--n] != 'a';
	return odd;
}

static void
test_vectors(void)
{
	char got[256];
	unsigned i, wrong = 0, whole = 0;
	long n;
	int fds[2];

	good = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(good + PAGE, PAGE);
	memset(good, 'a', PAGE);
	pipe(fds);
	vector[0] = vector[1] = (struct iovec){ good, 8 };
	begin_race(flip_vector);
	for (i = 0; goes_on(i, whole); i++) {
		n = hc_writev(fds[1], (long)vector, 2);
		whole += n == 16;
		wrong += n != 16 && n != 8 && n != -EINVAL && n != -EFAULT;
		if (n > 0)
			n = hc_read(fds[0], (long)got, sizeof(got));
		wrong += n > 0 && odd_bytes(got, n);
	}
	end_race();
	ok(whole > 0, "a vector that changes meanwhile is written at times");
	same(wrong, 0, "and with it nothing that is not the guest's");
	begin_race(flip_constant);
	for (i = 0; i < ROUNDS; i++) {
		hc_write(fds[1], (long)good, 16);
		hc_readv(fds[0], (long)vector, 2);
	}
	end_race();
	same(memcmp(constant, "constant", 9), 0, "constants are not read into");
	close(fds[0]);
	close(fds[1]);
}

/* A message with a name, a part and a descriptor. */
static struct {
	struct msghdr header;
	struct iovec part;
	_Alignas(8) char control[256];
	char name[256];
} message;
static int sent; /* the descriptor that may arrive */

static void
flip_message(unsigned n)
{
	static const unsigned lengths[] = { 0, 16, 128, 256, 1U << 31, -1U };
	static const int numbers[] = { -1, 0, 3, 500, 1023, 1 << 30 };
	struct cmsghdr *c = (struct cmsghdr *)message.control;
	int fd = n % 3 ? sent : numbers[n / 3 % 6];

	message.header.msg_controllen = n % 5 ? CMSG_SPACE(4) : 4096U * n;
	c->cmsg_len = n % 7 ? CMSG_LEN(4) : lengths[n / 7 % 6];
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	message.part.iov_len = n % 11 ? 8 : -1UL;
}

static void
flip_room(unsigned n)
{
	static const unsigned lengths[] = { 128, 0, 1, 16, 1U << 30, 110 };

	message.header.msg_namelen = lengths[n % 6];
	message.header.msg_controllen = n % 5 ? 64 : 1UL << 40;
	message.part.iov_len = n % 3 ? 8 : 1UL << 40;
}

/* Receive all messages; return how many hold another descriptor. */
static unsigned
receive_all(int from, unsigned *count)
{
	_Alignas(8) char control[64];
	struct cmsghdr *c = (struct cmsghdr *)control;
	char bytes[64];
	struct iovec part = { bytes, sizeof(bytes) };
	unsigned wrong = 0;
	int fd;

	for (;;) {
		struct msghdr m = { .msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };

		if (recvmsg(from, &m, MSG_DONTWAIT) < 0)
			return wrong;
		if (m.msg_controllen < CMSG_LEN(4))
			continue;
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		wrong += c->cmsg_len != CMSG_LEN(4) ||
			 (inode_of(fd) != inode_of(sent) &&
			     inode_of(fd) != inode_of(3) &&
			     inode_of(fd) != inode_of(0));
		close(fd);
		++*count;
	}
}

static void
test_messages(void)
{
	struct msghdr *m = &message.header;
	unsigned i, wrong = 0, count = 0;
	int pair[2];

	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	sent = open("/in/file", O_RDONLY);
	message.part = (struct iovec){ good, 8 };
	*m = (struct msghdr){ .msg_iov = &message.part,
		.msg_iovlen = 1,
		.msg_control = message.control };
	*(struct cmsghdr *)message.control = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	begin_race(flip_message);
	for (i = 0; goes_on(i, count); i++) {
		hc_sendmsg(pair[0], (long)m, MSG_DONTWAIT);
		wrong += receive_all(pair[1], &count);
	}
	end_race();
	ok(count > 0, "descriptors of a message that changes come at times");
	same(wrong, 0, "and are the ones that were sent");
	memset(message.name, 0x5a, sizeof(message.name));
	memset(message.control, 0x5a, sizeof(message.control));
	m->msg_name = message.name;
	begin_race(flip_room);
	for (i = 0; i < ROUNDS; i++) {
		hc_write(pair[0], (long)good, 8);
		hc_recvmsg(pair[1], (long)m, MSG_DONTWAIT);
		receive_all(pair[1], &count);
	}
	end_race();
	for (i = 128; i < 256; i++)
		wrong += message.name[i] != 0x5a;
	same(wrong, 0, "nothing is written past the room for a name");
	close(pair[0]);
	close(pair[1]);
	close(sent);
}

static struct sockaddr_in address;

static void
flip_address(unsigned n)
{
	address.sin_addr.s_addr = n % 2 ? 0 : 0x0100007f;
}

/* The guest may be bound to 127.0.0.1 alone. */
static void
test_addresses(void)
{
	unsigned i, bound = 0, wrong = 0;

	address.sin_family = AF_INET;
	begin_race(flip_address);
	for (i = 0; goes_on(i / 4, bound); i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);
		struct sockaddr_in own;
		socklen_t len = sizeof(own);

		if (hc_bind(fd, (long)&address, sizeof(address)) == 0) {
			getsockname(fd, (struct sockaddr *)&own, &len);
			wrong += own.sin_addr.s_addr != 0x0100007f;
			bound++;
		}
		close(fd);
	}
	end_race();
	ok(bound > 0, "an address that changes meanwhile is bound at times");
	same(wrong, 0, "and is the one that was judged");
}

static struct pollfd list[4];
static struct timespec moment;

static void
flip_list(unsigned n)
{
	static const int numbers[] = { -1, 0, 3, 600, 1 << 30, 1 };

	list[n % 4].fd = numbers[n % 6];
	moment.tv_nsec = n % 2 ? 1000000000 : 0;
}

static void
test_lists(void)
{
	unsigned i, wrong = 0;

	begin_race(flip_list);
	for (i = 0; i < ROUNDS; i++) {
		long n = hc_poll((long)list, 4, 0);

		wrong += n < 0 || n > 4;
		n = hc_nanosleep((long)&moment, 0);
		wrong += n != 0 && n != -EINVAL;
	}
	end_race();
	same(wrong, 0, "lists and times may change meanwhile");
}

static char *page; /* mapped and unmapped again and again */

static void
flip_page(unsigned n)
{
	if (n % 4 == 0)
		hc_mmap((long)page, PAGE, PROT_READ,
		    MAP_SHARED | MAP_FIXED, sent, 0);
	else if (n % 4 == 2)
		hc_mmap((long)page, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	else
		hc_mprotect((long)page, PAGE, n % 4 == 1 ? PROT_NONE : PROT_READ);
}

/* Calls that write to memory race with mappings of a read-only file. */
static void
test_mappings(void)
{
	unsigned i, wrong = 0;

	sent = open("/in/file", O_RDONLY);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	begin_race(flip_page);
	for (i = 0; i < ROUNDS; i++) {
		long n = hc_getrandom((long)page, 64, 0);

		wrong += n != -EFAULT && (n < 0 || n > 64);
		n = hc_uname((long)page);
		wrong += n != 0 && n != -EFAULT;
		n = hc_clock_gettime(0, (long)page);
		wrong += n != 0 && n != -EFAULT;
		n = hc_futex((long)page, 0, -1, (long)&moment, 0, 0);
		wrong += n != -EFAULT && n != -EAGAIN && n != -EINVAL &&
			 n != -ETIMEDOUT;
	}
	end_race();
	same(wrong, 0, "memory that comes and goes is used or not");
	ok(reads_as(sent, "inside"), "a file that is only read stays as it is");
	munmap(page, PAGE);
	close(sent);
}

static void
flip_descriptor(unsigned n)
{
	if (n % 3 == 0)
		hc_dup2(sent, 50);
	else if (n % 3 == 1)
		hc_dup2(sent + 1, 50);
	else
		hc_close(50);
}

static void
test_descriptors(void)
{
	unsigned i, wrong = 0, seen = 0;
	struct stat st;
	int fds[2];

	pipe(fds);
	sent = fds[0];
	dup2(open("/in/file", O_RDONLY), fds[1]);
	begin_race(flip_descriptor);
	for (i = 0; goes_on(i, seen); i++) {
		long n = hc_fstat(50, (long)&st);

		seen += n == 0;
		wrong += n != 0 ? n != -EBADF
				: !S_ISFIFO(st.st_mode) && !S_ISREG(st.st_mode);
		n = hc_dup(50);
		wrong += n < 0 && n != -EBADF;
		if (n >= 0)
			wrong += hc_close(n) != 0;
	}
	end_race();
	ok(seen > 0, "a descriptor that is closed and duplicated is seen");
	same(wrong, 0, "as what it is, or as none");
	close(50);
	close(fds[0]);
	close(fds[1]);
}

static int pipe_fds[2];
static char *buffer;

static void
close_and_reuse(void *arg)
{
	int fd;

	(void)arg;
	pause_ms(20);
	close(pipe_fds[0]);
	fd = open("/in/file", O_RDONLY);
	write(pipe_fds[1], fd == pipe_fds[0] ? "x" : "y", 1);
	close(fd);
}

static void
replace_buffer(void *arg)
{
	int fd = open("/in/file", O_RDONLY);

	(void)arg;
	pause_ms(20);
	munmap(buffer, PAGE);
	mmap(buffer, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
	write(pipe_fds[1], "x", 1);
	pause_ms(20);
	close(pipe_fds[1]);
	close(fd);
}

static void
close_listener(void *arg)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX,
		.sun_path = "/in/sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	pause_ms(20);
	close(*(int *)arg);
	connect(fd, (struct sockaddr *)&un, sizeof(un));
	write(fd, "z", 1);
	close(fd);
}

/* As on Linux, a call keeps its object when another thread closes it. */
static void
test_blocked(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX,
		.sun_path = "/in/sock" };
	struct thread t = { 0 };
	char c = 0;
	int fd, listener = socket(AF_UNIX, SOCK_STREAM, 0);

	pipe(pipe_fds);
	thread_start(&t, close_and_reuse, NULL);
	same(read(pipe_fds[0], &c, 1), 1, "a read goes on when it is closed");
	thread_join(&t);
	same(c, 'x', "with the pipe, not with who has its number now");
	close(pipe_fds[1]);

	pipe(pipe_fds);
	buffer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	thread_start(&t, replace_buffer, NULL);
	same(hc_read(pipe_fds[0], (long)buffer, 1), -EFAULT,
	    "a read into memory that has become a read-only file fails");
	thread_join(&t);
	ok(memcmp(buffer, "inside", 6) == 0, "and the file is as it was");
	munmap(buffer, PAGE);
	close(pipe_fds[0]);

	bind(listener, (struct sockaddr *)&un, sizeof(un));
	listen(listener, 1);
	thread_start(&t, close_listener, &listener);
	fd = accept(listener, NULL, NULL);
	thread_join(&t);
	ok(fd >= 0, "an accept goes on when its socket is closed");
	same(read(fd, &c, 1), 1, "and what it accepts is read");
	same(c, 'z', "as it was written");
	close(fd);
}

static int done[4];

/* Calls that take all locks, in many orders. */
static void
mix(void *arg)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	long me = (long)arg;
	char cwd[64];
	int i;

	memcpy(un.sun_path, "/in/mixA", 9);
	un.sun_path[7] += (char)me;
	for (i = 0; i < 300; i++) {
		long fd = hc_socket(AF_UNIX, SOCK_STREAM, 0);
		long p = hc_mmap(0, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		hc_bind(fd, (long)&un, sizeof(un));
		hc_chdir((long)(i % 2 ? "/in" : "/"));
		hc_getcwd((long)cwd, sizeof(cwd));
		hc_dup2(fd, 100 + (me + i) % 4);
		hc_unlink((long)un.sun_path);
		hc_munmap(p, PAGE);
		hc_close(fd);
		hc_close(100 + i % 4);
	}
	done[me] = 1;
}

static void
test_mix(void)
{
	static struct thread t[4];
	long i;

	for (i = 0; i < 4; i++)
		thread_start(&t[i], mix, (void *)i);
	for (i = 0; i < 4; i++)
		thread_join(&t[i]);
	same(done[0] + done[1] + done[2] + done[3], 4,
	    "four threads in every lock do not wait for each other for ever");
	chdir("/");
}

static void
wait_for_ever(void *arg)
{
	struct pollfd none = { pipe_fds[0], POLLIN, 0 };
	struct timespec long_time = { 1000, 0 };
	char c;

	switch ((long)arg) {
	case 0: hc_read(pipe_fds[0], (long)&c, 1); break;
	case 1: hc_poll((long)&none, 1, -1); break;
	case 2: hc_nanosleep((long)&long_time, 0); break;
	case 3: hc_futex((long)&over, 0, over, 0, 0, 0); break;
	case 4: hc_flock(open("/in/file", O_RDONLY), 2); break;
	}
}

/* All threads must see the end: --timeout ends a test that does not. */
static void
leave_waiting(void)
{
	static struct thread t[5];
	long i;

	pipe(pipe_fds);
	hc_flock(open("/in/file", O_RDONLY), 2);
	for (i = 0; i < 5; i++)
		thread_start(&t[i], wait_for_ever, (void *)i);
	pause_ms(20);
}

int
main(void)
{
	test_names();
	test_vectors();
	test_messages();
	test_addresses();
	test_lists();
	test_mappings();
	test_descriptors();
	test_blocked();
	test_mix();
	leave_waiting();
	return tap_done();
}
