/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries the attacks of a hostile guest: addresses that wrap, false lengths,
 * others' descriptors, names that lead out, invalid numbers.  Each attempt ends
 * in an error and has no partial effect.
 */
#include <errno.h>
#include <fcntl.h>
#include <hcall.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <tap.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L

/* Two pages, the second of which is unmapped again: no mapping follows
 * edge[-1]. */
static char *edge;

static void
make_edge(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + PAGE, PAGE);
	edge = p + PAGE;
}

static long
edge_minus(long n)
{
	return (long)edge - n;
}

static void
test_addresses(void)
{
	static const unsigned long ends[] = { 0, 1, 4095, 1UL << 31, 1UL << 32,
		1UL << 47, (1UL << 47) - 1, 1UL << 63, -1UL, -2UL, -4096UL,
		0xffffffff80000000, 0xffffffff80004000 };
	static const unsigned long lengths[] = { 1, 4096, 1UL << 31, 1UL << 32,
		1UL << 62, (1UL << 63) - 1, 1UL << 63, -1UL, -4096UL };
	int fds[2], wrong = 0;
	size_t i, j;

	pipe(fds);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		for (j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++)
			wrong += hc_write(fds[1], (long)ends[i],
				     (long)lengths[j]) != -EFAULT ||
				 hc_read(fds[0], (long)ends[i],
				     (long)lengths[j]) != -EFAULT;
	same(wrong, 0, "no address with no length is read or written");
	wrong = 0;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		wrong += hc_fstat(fds[0], (long)ends[i]) != -EFAULT ||
			 hc_open((long)ends[i], 0, 0) != -EFAULT ||
			 hc_clock_gettime(0, (long)ends[i]) != -EFAULT ||
			 hc_uname((long)ends[i]) != -EFAULT ||
			 hc_writev(fds[1], (long)ends[i], 1) != -EFAULT ||
			 hc_readlink((long)ends[i], (long)edge, 1) != -EFAULT;
	/* The host judges a null pointer, with the same result. */
	same(wrong, 0, "nor does a structure or a name lie there");
	same(hc_write(fds[1], (long)"x", 0), 0, "nothing is written");
	same(hc_write(fds[1], edge_minus(3), 100), 3,
	    "a buffer is used as far as it goes");
	same(hc_read(fds[0], edge_minus(2), 3), 2, "in both directions");
	same(hc_uname(edge_minus(64)), -EFAULT, "half a structure is none");
	close(fds[0]);
	close(fds[1]);
}

static void
test_strings(void)
{
	char deep[5000];

	memset(edge - 8, 'a', 8);
	same(hc_open(edge_minus(8), O_RDONLY, 0), -EFAULT,
	    "a name without end is not read on");
	same(hc_mkdir(edge_minus(8), 0755), -EFAULT, "nor made");
	edge[-1] = '\0';
	same(hc_open(edge_minus(8), O_RDONLY, 0), -ENOENT,
	    "one that ends with its page is a name");
	memset(deep, '/', sizeof(deep));
	same(hc_open((long)deep, O_RDONLY, 0), -ENAMETOOLONG,
	    "one of 5000 bytes is too long");
	memset(deep, 'a', 4095);
	deep[4095] = '\0';
	same(hc_open((long)deep, O_RDONLY, 0), -ENAMETOOLONG,
	    "and so is a component of 4095");
	same(hc_getcwd(edge_minus(1), 1), -ERANGE, "getcwd counts its NUL");
	same(hc_getcwd(edge_minus(1), 100), -EFAULT, "and all of its place");
	same(hc_getcwd((long)deep, -1), 2, "getcwd takes any larger size");
}

static void
test_vectors(void)
{
	struct iovec iov[1025];
	int fds[2];
	size_t i;

	pipe(fds);
	for (i = 0; i < 1025; i++)
		iov[i] = (struct iovec){ edge - 1, 1 };
	same(hc_writev(fds[1], (long)iov, 1025), -EINVAL,
	    "a vector has 1024 parts at most");
	same(hc_writev(fds[1], (long)iov, -1), -EINVAL, "and not -1");
	same(hc_writev(fds[1], (long)iov, 1L << 32), 0,
	    "its count is 32 bits, as on Linux");
	same(hc_writev(fds[1], (long)iov, 1024), 1024, "1024 are written");
	same(hc_readv(fds[0], (long)iov, 1024), 1024, "and read");
	iov[1].iov_base = edge;
	same(hc_writev(fds[1], (long)iov, 3), 1, "up to the first bad part");
	iov[1].iov_base = (void *)-1L;
	same(hc_writev(fds[1], (long)iov, 3), -EFAULT,
	    "nothing of a vector that leaves user space");
	iov[0].iov_len = -1UL;
	same(hc_writev(fds[1], (long)iov, 3), -EINVAL, "a length is not -1");
	iov[0] = (struct iovec){ edge - 1, 1UL << 62 };
	same(hc_writev(fds[1], (long)iov, 1), -EFAULT, "nor 2^62");
	iov[0].iov_len = 1UL << 46;
	same(hc_writev(fds[1], (long)iov, 1), 1, "nor 2^46 believed");
	memcpy(edge - 8, iov, 8);
	same(hc_writev(fds[1], edge_minus(8), 1), -EFAULT,
	    "a vector that ends badly is EFAULT");
	close(fds[0]);
	close(fds[1]);
}

#define KVM_GET_API_VERSION 0xae00
#define KVM_RUN		    0xae80

static void
test_descriptors(void)
{
	static const long odd[] = { -1, -2, 1 << 20, 1L << 31,
		(1L << 31) - 1, -100 };
	long fd, wrong = 0;
	size_t i;

	for (fd = 3; fd < 1100; fd++)
		wrong += hc_ioctl(fd, KVM_RUN, 0) != -EBADF ||
			 hc_ioctl(fd, KVM_GET_API_VERSION, 0) != -EBADF ||
			 hc_read(fd, (long)edge - 1, 1) != -EBADF ||
			 hc_fstat(fd, (long)edge - 512) != -EBADF ||
			 hc_dup(fd) != -EBADF || hc_close(fd) != -EBADF;
	same(wrong, 0, "no descriptor of the machine's is the guest's");
	wrong = 0;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		wrong += hc_read(odd[i], (long)edge - 1, 1) != -EBADF ||
			 hc_close(odd[i]) != -EBADF ||
			 hc_dup2(1, odd[i]) != -EBADF;
	same(wrong, 0, "nor is one that no table has");
	same(hc_dup2(1, 1023), 1023, "the last one is taken");
	same(hc_close(1023), 0, "and given back");
	same(hc_dup2(1, 1L << 32 | 500), 500, "the low half of a number counts");
	same(hc_close(500), 0, "close() takes the low half also");
}

static void
test_widths(void)
{
	char buf[64];
	int fd = open("/", O_RDONLY | O_DIRECTORY);
	size_t i, changed = 0;

	memset(buf, 0x5a, sizeof(buf));
	same(hc_getdents64(-1, (long)buf, -1), -EBADF,
	    "an error is not taken for a length");
	same(hc_getdents64(fd, (long)buf, 1), -EINVAL,
	    "nor is too small a buffer filled");
	for (i = 0; i < sizeof(buf); i++)
		changed += buf[i] != 0x5a;
	same((long)changed, 0, "nothing was written for either");
	same(hc_lseek(fd, 0, 1L << 31), -EINVAL, "a way to seek is one of five");
	close(fd);
}

static void
test_times(void)
{
	const struct timespec bad[] = { { -1, 0 }, { 0, -1 },
		{ 0, 1000000000 }, { (long)(1UL << 63), 0 },
		{ 0, (long)(1UL << 63) } };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		same(hc_nanosleep((long)&bad[i], 0), -EINVAL,
		    "time %zu is invalid for a sleep", i);
	same(hc_nanosleep(edge_minus(8), 0), -EFAULT, "nor is half of one");
	same(hc_clock_gettime(-1, (long)edge - 16), -EINVAL,
	    "there is no clock -1");
}

static void
test_names(void)
{
	static const char *const out[] = { "/../../etc/passwd", "../../../etc",
		"/proc/self/mem", "/proc/self/fd/3", "/dev/kvm", "/etc/passwd",
		"/../..//proc/1/root/etc/passwd" };
	size_t i;

	for (i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		same(hc_open((long)out[i], O_RDONLY, 0), -ENOENT,
		    "%s leads nowhere", out[i]);
	same(hc_symlink((long)"/proc/self/exe", (long)"/exe"), 0,
	    "a link may promise anything");
	same(hc_open((long)"/exe", O_RDWR, 0), -ETXTBSY,
	    "and lead to the program, which is not written");
	same(hc_unlink((long)"/exe"), 0, "it is removed");
	same(hc_rmdir((long)"/.."), hc_rmdir((long)"/.."),
	    "what is above the root stays");
	same(hc_rename((long)"/..", (long)"/x"), -EBUSY, "where it is");
	same(hc_open((long)"/made", O_CREAT | O_WRONLY, 07777), 3,
	    "a file may have any mode");
	same(hc_close(3), 0, "and is closed");
	same(hc_unlink((long)"/made"), 0, "and removed");
}

/* Exhausts memory: the guest gets an error and goes on. */
static void
test_hunger(void)
{
	long n = 0, brk = hc_brk(0);

	while (hc_mmap(0, 1 << 20, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) > 0)
		n++;
	ok(n > 0, "memory is given until it is out: %ld MiB", n);
	same(hc_mmap(0, PAGE << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		 0),
	    -ENOMEM, "then it is ENOMEM");
	same(hc_brk(-1L), brk, "the break does not go to the end of the world");
	same(hc_brk(0), brk, "nor anywhere else");
	same(hc_munmap(0, -1L), -EINVAL, "not all can be unmapped at once");
	same(hc_mprotect(0xffffffff80000000, PAGE, PROT_READ), -ENOMEM,
	    "nor the shim's memory be had");
}

/*
 * Every call number and some invalid ones, with 0, with -1 and with an address
 * that is good for one byte as every argument.  Calls that end the guest or
 * wait for ever are left out.
 */
static void
test_numbers(void)
{
	static const short left_out[] = { 7, 14, 23, 34, 35, 60, 62, 128, 130,
		200, 202, 230, 231, 232, 234, 247, 270, 271, 281, 435, 441, 56,
		57, 58, 59, 43, 70, 288, 15, 72, 95, 11, 12, 13, 10, 9, 25, 158,
		218, 273, 22, 131 };
	const long values[] = { 0, -1, edge_minus(1), 1L << 63, 3 };
	unsigned n, odd = 0;
	size_t i, j;

	for (n = 0; n < 700; n++) {
		for (j = 0; j < sizeof(left_out) / sizeof(left_out[0]); j++)
			if ((unsigned)left_out[j] == n)
				break;
		if (j < sizeof(left_out) / sizeof(left_out[0]))
			continue;
		for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			long v = values[i];
			long r = hypercall6(n, v, v, v, v, v, v);

			odd += r < 0 && r < -4095;
		}
	}
	same(odd, 0, "no call with garbage answers garbage");
	same(hypercall0(0xffffffff), -ENOSYS, "the last number is not a call");
	same(hypercall0(1L << 31), -ENOSYS, "nor is 2^31");
	same(hypercall0(500), -ENOSYS, "nor is the first after the table");
	same(hypercall0(1L << 32 | HC_getpid), 1,
	    "the high half of a number is nothing");
}

int
main(void)
{
	make_edge();
	test_addresses();
	test_strings();
	test_vectors();
	test_descriptors();
	test_widths();
	test_times();
	test_names();
	test_numbers();
	test_hunger();
	return tap_done();
}
