# SPDX-License-Identifier: BSD-2-Clause
#
# The compiler for guests, and the flags that make its output freestanding.
# It must not read nor change CFLAGS, CPPFLAGS and LDFLAGS: those are the
# host's, and a distribution fills them with what a guest cannot run under
# (stack protector in %fs, PIE, LTO, CET).

# _NOVILLO_GUEST_CFLAG(FLAG)
# --------------------------
# Append FLAG to GUEST_CFLAGS_AUTO if the compiler takes it without a word.
# Why each is wanted stands where it is asked for.
AC_DEFUN([_NOVILLO_GUEST_CFLAG],
[AC_MSG_CHECKING([whether $GUEST_CC takes $1])
CFLAGS="-Werror $1"
AC_COMPILE_IFELSE([AC_LANG_SOURCE([[int guest;]])],
    [GUEST_CFLAGS_AUTO="$GUEST_CFLAGS_AUTO $1"
    AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])])
CFLAGS=])

# _NOVILLO_GUEST_PROGRAM
# ----------------------
# The smallest guest.  It brings what the runtime does for the stack protector,
# which some toolchains cannot be kept from using.
AC_DEFUN([_NOVILLO_GUEST_PROGRAM],
[AC_LANG_SOURCE([[
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if !defined __x86_64__ || defined __ILP32__
#error not x86-64
#endif
uintptr_t __stack_chk_guard;
void __stack_chk_fail(void);
void __stack_chk_fail(void) { for (;;); }
void _start(void);
void _start(void) { for (;;); }
]])])

# _NOVILLO_GUEST_LDFLAG(FLAG)
# ---------------------------
# The same for the linker and GUEST_LDFLAGS_AUTO.
AC_DEFUN([_NOVILLO_GUEST_LDFLAG],
[AC_MSG_CHECKING([whether $GUEST_CC links with $1])
CFLAGS="-Werror $GUEST_CPPFLAGS $GUEST_CFLAGS_AUTO"
LDFLAGS="-nostdlib -static $1"
AC_LINK_IFELSE([_NOVILLO_GUEST_PROGRAM],
    [GUEST_LDFLAGS_AUTO="$GUEST_LDFLAGS_AUTO $1"
    AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])])
CFLAGS= LDFLAGS=])

# NOVILLO_GUEST_TOOLCHAIN
# -----------------------
# Sets and substitutes GUEST_CC and GUEST_CFLAGS, which are the user's, and
# GUEST_CPPFLAGS, GUEST_CFLAGS_AUTO and GUEST_LDFLAGS_AUTO, which are ours.
AC_DEFUN([NOVILLO_GUEST_TOOLCHAIN],
[AC_REQUIRE([AC_PROG_CC])
AC_ARG_VAR([GUEST_CC], [C compiler for guests (default: CC without its flags)])
AC_ARG_VAR([GUEST_CFLAGS], [C compiler flags for guests (default: -O2 -g)])
AC_CHECK_TOOL([AR], [ar], [:])
test "$AR" != : || AC_MSG_ERROR([no ar: the guests' library cannot be made])

if test -z "$GUEST_CC"; then
	for novillo_word in $CC; do
		case $novillo_word in
		-*) ;;
		*) GUEST_CC="$GUEST_CC${GUEST_CC:+ }$novillo_word" ;;
		esac
	done
fi
: "${GUEST_CFLAGS=-O2 -g}"

# <stdint.h>, <stddef.h> and their like are the compiler's, all others ours.
AC_MSG_CHECKING([for the headers of $GUEST_CC])
GUEST_INCLUDE=`$GUEST_CC -print-file-name=include`
test -f "$GUEST_INCLUDE/stddef.h" ||
	AC_MSG_ERROR([$GUEST_CC has no stddef.h in $GUEST_INCLUDE])
AC_MSG_RESULT([$GUEST_INCLUDE])

# The source is written for these, whatever the compiler.
GUEST_CPPFLAGS="-nostdinc -idirafter $GUEST_INCLUDE"
GUEST_CFLAGS_AUTO="-std=gnu11 -ffreestanding"
GUEST_LDFLAGS_AUTO="-nostdlib -static"

# autoconf's checks run with CC and the host's flags, so these step aside.
novillo_save_CC=$CC novillo_save_CFLAGS=$CFLAGS novillo_save_LIBS=$LIBS
novillo_save_CPPFLAGS=$CPPFLAGS novillo_save_LDFLAGS=$LDFLAGS
CC=$GUEST_CC CFLAGS= CPPFLAGS= LDFLAGS= LIBS=

# A guest lies at a fixed address: no GOT, no relocations.  -fno-pie alone
# does not stop Fedora's specs from adding -fPIE; -fno-pic does.
_NOVILLO_GUEST_CFLAG([-fno-pic])
_NOVILLO_GUEST_CFLAG([-fno-pie])
# The guard is in %fs:0x28, and a guest starts with FS base 0.
_NOVILLO_GUEST_CFLAG([-fno-stack-protector])
# Where a wrapper turns the protector on again, the guard is a variable.
_NOVILLO_GUEST_CFLAG([-mstack-protector-guard=global])
# endbr64 at the head of functions confuses stepping over them in gdb.
_NOVILLO_GUEST_CFLAG([-fcf-protection=none])
# No probes of stack pages: guests that overflow on purpose do it their way.
_NOVILLO_GUEST_CFLAG([-fno-stack-clash-protection])
# start.S calls guest_start(), which LTO does not see.
_NOVILLO_GUEST_CFLAG([-fno-lto])
# There are no exceptions; unwind tables go where debuggers look, not in memory.
_NOVILLO_GUEST_CFLAG([-fno-exceptions])
_NOVILLO_GUEST_CFLAG([-fno-asynchronous-unwind-tables])
# Backtraces walk rbp, and they should show every function that was called.
_NOVILLO_GUEST_CFLAG([-fno-omit-frame-pointer])
_NOVILLO_GUEST_CFLAG([-mno-omit-leaf-frame-pointer])
_NOVILLO_GUEST_CFLAG([-fno-optimize-sibling-calls])
# gcc schedules pieces of the epilogue into the body, which then has no frame.
_NOVILLO_GUEST_CFLAG([-fno-schedule-insns2])
# memset must not be compiled into a call of memset.
_NOVILLO_GUEST_CFLAG([-fno-tree-loop-distribute-patterns])
# The macro may be predefined by the compiler; our headers have no such checks.
_NOVILLO_GUEST_CFLAG([-U_FORTIFY_SOURCE])

# The driver's default may be PIE; clang says that -static is enough.
_NOVILLO_GUEST_LDFLAG([-no-pie])
_NOVILLO_GUEST_LDFLAG([-fno-lto])
# Without a build-id packagers' tools lose the symbols; a hash of the contents
# is the same in every folder.
_NOVILLO_GUEST_LDFLAG([-Wl,--build-id=sha1])
_NOVILLO_GUEST_LDFLAG([-Wl,-z,noexecstack])
# The page size that KVM maps, instead of a linker's 64 KiB or 2 MiB.
_NOVILLO_GUEST_LDFLAG([-Wl,-z,max-page-size=0x1000])
# An image with a warning is not the image that was meant, and a section that
# guest.lds does not name must be decided on.
_NOVILLO_GUEST_LDFLAG([-Wl,--fatal-warnings])
_NOVILLO_GUEST_LDFLAG([-Wl,--orphan-handling=error])

AC_MSG_CHECKING([whether $GUEST_CC makes a freestanding x86-64 program])
CFLAGS="$GUEST_CPPFLAGS $GUEST_CFLAGS_AUTO $GUEST_CFLAGS"
LDFLAGS="$GUEST_LDFLAGS_AUTO -Wl,-T,$srcdir/guest/runtime/guest.lds"
AC_LINK_IFELSE([_NOVILLO_GUEST_PROGRAM], [AC_MSG_RESULT([yes])], [AC_MSG_RESULT([no])
    AC_MSG_ERROR([guests need a compiler for x86-64: set GUEST_CC, and look at
the end of config.log for what $GUEST_CC said])])

CC=$novillo_save_CC CFLAGS=$novillo_save_CFLAGS LIBS=$novillo_save_LIBS
CPPFLAGS=$novillo_save_CPPFLAGS LDFLAGS=$novillo_save_LDFLAGS
AC_SUBST([GUEST_CPPFLAGS])
AC_SUBST([GUEST_CFLAGS_AUTO])
AC_SUBST([GUEST_LDFLAGS_AUTO])])
