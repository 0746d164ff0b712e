# SPDX-License-Identifier: BSD-2-Clause
#
# NOVILLO_WARNINGS
# ----------------
# WARN_CFLAGS: those of our warnings that the host's compiler knows.  It must
# not change CFLAGS, which are the user's.
AC_DEFUN([NOVILLO_WARNINGS],
[AC_SUBST([WARN_CFLAGS])
AX_APPEND_COMPILE_FLAGS([-Wall -Wextra -Wpedantic -Wshadow -Wvla dnl
-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith dnl
-Wundef -Wformat=2 -Wconversion dnl
-Wlogical-op -Wduplicated-cond],
    [WARN_CFLAGS], [-Werror])])
