/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The named values of arguments and fields.  Nothing here may know calls.
 */
#include "hypercall/core/names.h"

#include "hypercall/core/seal.h"
#include "mem/mapping.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <signal.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/time.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

const struct hc_name hc_names_prot[] = {
	NAME(PROT_READ),
	NAME(PROT_WRITE),
	NAME(PROT_EXEC),
	NAME(PROT_NONE),
	NAMES_END,
};

const struct hc_name hc_names_map[] = {
	PART(MAP_TYPE, MAP_SHARED),
	PART(MAP_TYPE, MAP_PRIVATE),
	PART(MAP_TYPE, MAP_SHARED_VALIDATE),
	NAME(MAP_FIXED),
	NAME(MAP_ANONYMOUS),
	NAME(MAP_32BIT),
	NAME(MAP_GROWSDOWN),
	NAME(MAP_LOCKED),
	NAME(MAP_NORESERVE),
	NAME(MAP_POPULATE),
	NAME(MAP_STACK),
	NAME(MAP_HUGETLB),
	NAME(MAP_FIXED_NOREPLACE),
	NAMES_END,
};

const struct hc_name hc_names_open[] = {
	PART(O_ACCMODE, O_RDONLY),
	PART(O_ACCMODE, O_WRONLY),
	PART(O_ACCMODE, O_RDWR),
	NAME(O_CREAT),
	NAME(O_EXCL),
	NAME(O_NOCTTY),
	NAME(O_TRUNC),
	NAME(O_APPEND),
	NAME(O_NONBLOCK),
	NAME(O_SYNC),
	NAME(O_DSYNC),
	NAME(O_DIRECT),
	NAME(O_TMPFILE),
	NAME(O_DIRECTORY),
	NAME(O_NOFOLLOW),
	NAME(O_NOATIME),
	NAME(O_CLOEXEC),
	NAME(O_PATH),
	{ 0100000, "O_LARGEFILE", 0 }, /* 0 in the C library's headers */
	NAMES_END,
};

/* Flags of calls that create descriptors; these have no access mode. */
const struct hc_name hc_names_made[] = {
	NAME(O_NONBLOCK),
	NAME(O_DIRECT),
	NAME(O_CLOEXEC),
	NAMES_END,
};

const struct hc_name hc_names_seek[] = {
	NAME(SEEK_SET),
	NAME(SEEK_CUR),
	NAME(SEEK_END),
	NAME(SEEK_DATA),
	NAME(SEEK_HOLE),
	NAMES_END,
};

const struct hc_name hc_names_access[] = {
	NAME(R_OK),
	NAME(W_OK),
	NAME(X_OK),
	NAME(F_OK),
	NAMES_END,
};

const struct hc_name hc_names_fcntl[] = {
	NAME(F_DUPFD),
	NAME(F_GETFD),
	NAME(F_SETFD),
	NAME(F_GETFL),
	NAME(F_SETFL),
	NAME(F_GETLK),
	NAME(F_SETLK),
	NAME(F_SETLKW),
	NAME(F_OFD_GETLK),
	NAME(F_OFD_SETLK),
	NAME(F_OFD_SETLKW),
	NAME(F_SETOWN),
	NAME(F_GETOWN),
	NAME(F_SETSIG),
	NAME(F_GETSIG),
	NAME(F_SETOWN_EX),
	NAME(F_GETOWN_EX),
	NAME(F_DUPFD_CLOEXEC),
	NAME(F_SETPIPE_SZ),
	NAME(F_GETPIPE_SZ),
	NAME(F_ADD_SEALS),
	NAME(F_GET_SEALS),
	NAMES_END,
};

const struct hc_name hc_names_seals[] = {
	NAME(F_SEAL_SEAL),
	NAME(F_SEAL_SHRINK),
	NAME(F_SEAL_GROW),
	NAME(F_SEAL_WRITE),
	NAME(F_SEAL_FUTURE_WRITE),
	NAME(F_SEAL_EXEC),
	NAMES_END,
};

const struct hc_name hc_names_memfd[] = {
	NAME(MFD_CLOEXEC),
	NAME(MFD_ALLOW_SEALING),
	NAME(MFD_HUGETLB),
	NAME(MFD_NOEXEC_SEAL),
	NAME(MFD_EXEC),
	NAMES_END,
};

const struct hc_name hc_names_flock[] = {
	NAME(LOCK_SH),
	NAME(LOCK_EX),
	NAME(LOCK_NB),
	NAME(LOCK_UN),
	NAMES_END,
};

const struct hc_name hc_names_fadvise[] = {
	NAME(POSIX_FADV_NORMAL),
	NAME(POSIX_FADV_RANDOM),
	NAME(POSIX_FADV_SEQUENTIAL),
	NAME(POSIX_FADV_WILLNEED),
	NAME(POSIX_FADV_DONTNEED),
	NAME(POSIX_FADV_NOREUSE),
	NAMES_END,
};

const struct hc_name hc_names_fallocate[] = {
	NAME(FALLOC_FL_KEEP_SIZE),
	NAME(FALLOC_FL_PUNCH_HOLE),
	NAME(FALLOC_FL_COLLAPSE_RANGE),
	NAME(FALLOC_FL_ZERO_RANGE),
	NAME(FALLOC_FL_INSERT_RANGE),
	NAMES_END,
};

const struct hc_name hc_names_at[] = {
	NAME(AT_SYMLINK_NOFOLLOW),
	NAME(AT_EACCESS),
	NAME(AT_SYMLINK_FOLLOW),
	NAME(AT_NO_AUTOMOUNT),
	NAME(AT_EMPTY_PATH),
	NAMES_END,
};

const struct hc_name hc_names_unlink[] = {
	NAME(AT_REMOVEDIR),
	NAMES_END,
};

const struct hc_name hc_names_rename[] = {
	NAME(RENAME_NOREPLACE),
	NAME(RENAME_EXCHANGE),
	NAMES_END,
};

const struct hc_name hc_names_statx[] = {
	NAME(STATX_BASIC_STATS),
	NAME(STATX_BTIME),
	NAMES_END,
};

const struct hc_name hc_names_clone[] = {
	NAME(CLONE_VM),
	NAME(CLONE_FS),
	NAME(CLONE_FILES),
	NAME(CLONE_SIGHAND),
	NAME(CLONE_PTRACE),
	NAME(CLONE_VFORK),
	NAME(CLONE_PARENT),
	NAME(CLONE_THREAD),
	NAME(CLONE_NEWNS),
	NAME(CLONE_SYSVSEM),
	NAME(CLONE_SETTLS),
	NAME(CLONE_PARENT_SETTID),
	NAME(CLONE_CHILD_CLEARTID),
	NAME(CLONE_DETACHED),
	NAME(CLONE_UNTRACED),
	NAME(CLONE_CHILD_SETTID),
	NAMES_END,
};

const struct hc_name hc_names_futex[] = {
	NAME(FUTEX_WAIT),
	NAME(FUTEX_WAKE),
	NAME(FUTEX_REQUEUE),
	NAME(FUTEX_CMP_REQUEUE),
	NAME(FUTEX_WAKE_OP),
	NAME(FUTEX_WAIT_BITSET),
	NAME(FUTEX_WAKE_BITSET),
	NAME(FUTEX_WAIT_PRIVATE),
	NAME(FUTEX_WAKE_PRIVATE),
	NAME(FUTEX_REQUEUE_PRIVATE),
	NAME(FUTEX_CMP_REQUEUE_PRIVATE),
	NAME(FUTEX_WAKE_OP_PRIVATE),
	NAME(FUTEX_WAIT_BITSET_PRIVATE),
	NAME(FUTEX_WAKE_BITSET_PRIVATE),
	NAMES_END,
};

const struct hc_name hc_names_clock[] = {
	NAME(CLOCK_REALTIME),
	NAME(CLOCK_MONOTONIC),
	NAME(CLOCK_PROCESS_CPUTIME_ID),
	NAME(CLOCK_THREAD_CPUTIME_ID),
	NAME(CLOCK_MONOTONIC_RAW),
	NAME(CLOCK_REALTIME_COARSE),
	NAME(CLOCK_MONOTONIC_COARSE),
	NAME(CLOCK_BOOTTIME),
	NAME(CLOCK_TAI),
	NAMES_END,
};

const struct hc_name hc_names_timer[] = {
	NAME(TIMER_ABSTIME),
	NAMES_END,
};

const struct hc_name hc_names_grnd[] = {
	NAME(GRND_NONBLOCK),
	NAME(GRND_RANDOM),
	NAMES_END,
};

const struct hc_name hc_names_ioctl[] = {
	NAME(TCGETS),
	NAME(TCSETS),
	NAME(TCSETSW),
	NAME(TCSETSF),
	NAME(TIOCGWINSZ),
	NAME(FIONREAD),
	NAME(FIONBIO),
	NAME(FIOASYNC),
	NAME(FIOCLEX),
	NAME(FIONCLEX),
	NAME(TIOCOUTQ),
	NAME(SIOCATMARK),
	NAME(SIOCGIFCONF),
	NAME(SIOCGIFINDEX),
	NAME(SIOCGIFNAME),
	NAME(SIOCGIFFLAGS),
	NAME(SIOCGIFADDR),
	NAME(SIOCGIFBRDADDR),
	NAME(SIOCGIFNETMASK),
	NAME(SIOCGIFMTU),
	NAME(SIOCGIFHWADDR),
	NAMES_END,
};

const struct hc_name hc_names_mremap[] = {
	NAME(MREMAP_MAYMOVE),
	NAME(MREMAP_FIXED),
	NAME(MREMAP_DONTUNMAP),
	NAMES_END,
};

const struct hc_name hc_names_msync[] = {
	NAME(MS_ASYNC),
	NAME(MS_INVALIDATE),
	NAME(MS_SYNC),
	NAMES_END,
};

const struct hc_name hc_names_madvise[] = {
	NAME(MADV_NORMAL),
	NAME(MADV_RANDOM),
	NAME(MADV_SEQUENTIAL),
	NAME(MADV_WILLNEED),
	NAME(MADV_DONTNEED),
	NAME(MADV_FREE),
	NAME(MADV_REMOVE),
	NAME(MADV_DONTFORK),
	NAME(MADV_DOFORK),
	NAME(MADV_MERGEABLE),
	NAME(MADV_UNMERGEABLE),
	NAME(MADV_HUGEPAGE),
	NAME(MADV_NOHUGEPAGE),
	NAME(MADV_DONTDUMP),
	NAME(MADV_DODUMP),
	NAME(MADV_WIPEONFORK),
	NAME(MADV_KEEPONFORK),
	NAME(MADV_COLD),
	NAME(MADV_PAGEOUT),
	NAME(MADV_POPULATE_READ),
	NAME(MADV_POPULATE_WRITE),
	NAME(MADV_DONTNEED_LOCKED),
	NAMES_END,
};

const struct hc_name hc_names_mlockall[] = {
	NAME(MCL_CURRENT),
	NAME(MCL_FUTURE),
	NAME(MCL_ONFAULT),
	NAMES_END,
};

const struct hc_name hc_names_mlock[] = {
	NAME(MLOCK_ONFAULT),
	NAMES_END,
};

const struct hc_name hc_names_itimer[] = {
	NAME(ITIMER_REAL),
	NAME(ITIMER_VIRTUAL),
	NAME(ITIMER_PROF),
	NAMES_END,
};

const struct hc_name hc_names_rlimit[] = {
	NAME(RLIMIT_CPU),
	NAME(RLIMIT_FSIZE),
	NAME(RLIMIT_DATA),
	NAME(RLIMIT_STACK),
	NAME(RLIMIT_CORE),
	NAME(RLIMIT_RSS),
	NAME(RLIMIT_NPROC),
	NAME(RLIMIT_NOFILE),
	NAME(RLIMIT_MEMLOCK),
	NAME(RLIMIT_AS),
	NAME(RLIMIT_LOCKS),
	NAME(RLIMIT_SIGPENDING),
	NAME(RLIMIT_MSGQUEUE),
	NAME(RLIMIT_NICE),
	NAME(RLIMIT_RTPRIO),
	NAME(RLIMIT_RTTIME),
	NAMES_END,
};

const struct hc_name hc_names_rusage[] = {
	NAME(RUSAGE_SELF),
	NAME(RUSAGE_CHILDREN),
	NAME(RUSAGE_THREAD),
	NAMES_END,
};

const struct hc_name hc_names_sigmask[] = {
	NAME(SIG_BLOCK),
	NAME(SIG_UNBLOCK),
	NAME(SIG_SETMASK),
	NAMES_END,
};

const struct hc_name hc_names_signal[] = {
	NAME(SIGHUP),
	NAME(SIGINT),
	NAME(SIGQUIT),
	NAME(SIGILL),
	NAME(SIGTRAP),
	NAME(SIGABRT),
	NAME(SIGBUS),
	NAME(SIGFPE),
	NAME(SIGKILL),
	NAME(SIGUSR1),
	NAME(SIGSEGV),
	NAME(SIGUSR2),
	NAME(SIGPIPE),
	NAME(SIGALRM),
	NAME(SIGTERM),
	NAME(SIGSTKFLT),
	NAME(SIGCHLD),
	NAME(SIGCONT),
	NAME(SIGSTOP),
	NAME(SIGTSTP),
	NAME(SIGTTIN),
	NAME(SIGTTOU),
	NAME(SIGURG),
	NAME(SIGXCPU),
	NAME(SIGXFSZ),
	NAME(SIGVTALRM),
	NAME(SIGPROF),
	NAME(SIGWINCH),
	NAME(SIGIO),
	NAME(SIGPWR),
	NAME(SIGSYS),
	NAMES_END,
};

const struct hc_name hc_names_priority[] = {
	NAME(PRIO_PROCESS),
	NAME(PRIO_PGRP),
	NAME(PRIO_USER),
	NAMES_END,
};

const struct hc_name hc_names_prctl[] = {
	NAME(PR_SET_PDEATHSIG),
	NAME(PR_GET_PDEATHSIG),
	NAME(PR_GET_DUMPABLE),
	NAME(PR_SET_DUMPABLE),
	NAME(PR_GET_KEEPCAPS),
	NAME(PR_SET_KEEPCAPS),
	NAME(PR_SET_NAME),
	NAME(PR_GET_NAME),
	NAME(PR_GET_SECCOMP),
	NAME(PR_SET_SECCOMP),
	NAME(PR_CAPBSET_READ),
	NAME(PR_CAPBSET_DROP),
	NAME(PR_GET_SECUREBITS),
	NAME(PR_SET_SECUREBITS),
	NAME(PR_SET_CHILD_SUBREAPER),
	NAME(PR_GET_CHILD_SUBREAPER),
	NAME(PR_SET_TIMERSLACK),
	NAME(PR_GET_TIMERSLACK),
	NAME(PR_SET_NO_NEW_PRIVS),
	NAME(PR_GET_NO_NEW_PRIVS),
	NAME(PR_SET_THP_DISABLE),
	NAME(PR_GET_THP_DISABLE),
	NAME(PR_SET_VMA),
	NAMES_END,
};

const struct hc_name hc_names_arch_prctl[] = {
	NAME(ARCH_SET_GS),
	NAME(ARCH_SET_FS),
	NAME(ARCH_GET_FS),
	NAME(ARCH_GET_GS),
	NAMES_END,
};

const struct hc_name hc_names_descriptor[] = {
	NAME(FD_CLOEXEC),
	NAMES_END,
};

const struct hc_name hc_names_family[] = {
	NAME(AF_UNSPEC),
	NAME(AF_UNIX),
	NAME(AF_INET),
	NAME(AF_INET6),
	NAME(AF_NETLINK),
	NAME(AF_PACKET),
	NAME(AF_VSOCK),
	NAMES_END,
};

/* Linux, include/linux/net.h: SOCK_TYPE_MASK. */
const struct hc_name hc_names_socktype[] = {
	PART(0xf, SOCK_STREAM),
	PART(0xf, SOCK_DGRAM),
	PART(0xf, SOCK_SEQPACKET),
	PART(0xf, SOCK_RAW),
	NAME(SOCK_CLOEXEC),
	NAME(SOCK_NONBLOCK),
	NAMES_END,
};

const struct hc_name hc_names_sockflags[] = {
	NAME(SOCK_CLOEXEC),
	NAME(SOCK_NONBLOCK),
	NAMES_END,
};

const struct hc_name hc_names_ipproto[] = {
	NAME(IPPROTO_IP),
	NAME(IPPROTO_ICMP),
	NAME(IPPROTO_TCP),
	NAME(IPPROTO_UDP),
	NAMES_END,
};

const struct hc_name hc_names_level[] = {
	NAME(SOL_SOCKET),
	NAME(IPPROTO_IP),
	NAME(IPPROTO_TCP),
	NAME(IPPROTO_IPV6),
	NAMES_END,
};

const struct hc_name hc_names_msg[] = {
	NAME(MSG_OOB),
	NAME(MSG_PEEK),
	NAME(MSG_DONTROUTE),
	NAME(MSG_CTRUNC),
	NAME(MSG_TRUNC),
	NAME(MSG_DONTWAIT),
	NAME(MSG_EOR),
	NAME(MSG_WAITALL),
	NAME(MSG_CONFIRM),
	NAME(MSG_ERRQUEUE),
	NAME(MSG_NOSIGNAL),
	NAME(MSG_MORE),
	NAME(MSG_WAITFORONE),
	NAME(MSG_FASTOPEN),
	NAME(MSG_CMSG_CLOEXEC),
	NAMES_END,
};

const struct hc_name hc_names_shut[] = {
	NAME(SHUT_RD),
	NAME(SHUT_WR),
	NAME(SHUT_RDWR),
	NAMES_END,
};

const struct hc_name hc_names_epoll[] = {
	NAME(EPOLL_CLOEXEC),
	NAMES_END,
};

const struct hc_name hc_names_epoll_ctl[] = {
	NAME(EPOLL_CTL_ADD),
	NAME(EPOLL_CTL_DEL),
	NAME(EPOLL_CTL_MOD),
	NAMES_END,
};

const struct hc_name hc_names_eventfd[] = {
	NAME(EFD_SEMAPHORE),
	NAME(EFD_NONBLOCK),
	NAME(EFD_CLOEXEC),
	NAMES_END,
};

const struct hc_name hc_names_sfd[] = {
	NAME(SFD_CLOEXEC),
	NAME(SFD_NONBLOCK),
	NAMES_END,
};

const struct hc_name hc_names_tfd[] = {
	NAME(TFD_CLOEXEC),
	NAME(TFD_NONBLOCK),
	NAMES_END,
};

const struct hc_name hc_names_timerfd[] = {
	NAME(TFD_TIMER_ABSTIME),
	NAME(TFD_TIMER_CANCEL_ON_SET),
	NAMES_END,
};

const struct hc_name hc_names_ipc_get[] = {
	NAME(IPC_CREAT),
	NAME(IPC_EXCL),
	NAMES_END,
};

const struct hc_name hc_names_shmat[] = {
	NAME(SHM_RDONLY),
	NAME(SHM_RND),
	NAME(SHM_REMAP),
	NAME(SHM_EXEC),
	NAMES_END,
};

const struct hc_name hc_names_shmctl[] = {
	NAME(IPC_RMID),
	NAME(IPC_SET),
	NAME(IPC_STAT),
	NAME(IPC_INFO),
	NAME(SHM_LOCK),
	NAME(SHM_UNLOCK),
	NAME(SHM_STAT),
	NAME(SHM_INFO),
	NAMES_END,
};

const struct hc_name hc_names_semctl[] = {
	NAME(IPC_RMID),
	NAME(IPC_SET),
	NAME(IPC_STAT),
	NAME(IPC_INFO),
	NAME(GETPID),
	NAME(GETVAL),
	NAME(GETALL),
	NAME(GETNCNT),
	NAME(GETZCNT),
	NAME(SETVAL),
	NAME(SETALL),
	NAME(SEM_STAT),
	NAME(SEM_INFO),
	NAMES_END,
};

const struct hc_name hc_names_msgrcv[] = {
	NAME(IPC_NOWAIT),
	NAME(MSG_NOERROR),
	NAME(MSG_EXCEPT),
	NAMES_END,
};

const struct hc_name hc_names_msgctl[] = {
	NAME(IPC_RMID),
	NAME(IPC_SET),
	NAME(IPC_STAT),
	NAME(IPC_INFO),
	NAME(MSG_STAT),
	NAME(MSG_INFO),
	NAMES_END,
};

const struct hc_name hc_names_mq[] = {
	NAME(O_NONBLOCK),
	NAMES_END,
};

const struct hc_name hc_names_inotify[] = {
	NAME(IN_ACCESS),
	NAME(IN_MODIFY),
	NAME(IN_ATTRIB),
	NAME(IN_CLOSE_WRITE),
	NAME(IN_CLOSE_NOWRITE),
	NAME(IN_OPEN),
	NAME(IN_MOVED_FROM),
	NAME(IN_MOVED_TO),
	NAME(IN_CREATE),
	NAME(IN_DELETE),
	NAME(IN_DELETE_SELF),
	NAME(IN_MOVE_SELF),
	NAME(IN_ONLYDIR),
	NAME(IN_DONT_FOLLOW),
	NAME(IN_EXCL_UNLINK),
	NAME(IN_MASK_CREATE),
	NAME(IN_MASK_ADD),
	NAME(IN_ONESHOT),
	NAMES_END,
};

const struct hc_name *
hc_names(uint8_t set)
{
	static const struct hc_name *const sets[HC_NAMES_END] = {
#define SET(set) [HC_NAMES_##set] = hc_names_##set
		HC_NAME_SETS(SET),
#undef SET
	};

	return set < HC_NAMES_END ? sets[set] : NULL;
}
