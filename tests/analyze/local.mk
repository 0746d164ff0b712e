# SPDX-License-Identifier: BSD-2-Clause
#
# `make analyze`: what three programs find in lib and bin by looking at it.
analyze:
	$(SHELL) '$(srcdir)/tests/analyze/analyze.sh' '$(srcdir)' '$(DEFS)' \
	    '$(abs_builddir)/analyze.out'

.PHONY: analyze
CLEANFILES += analyze.out
EXTRA_DIST += .clang-tidy tests/analyze/analyze.sh tests/analyze/known.txt
