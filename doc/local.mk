# SPDX-License-Identifier: BSD-2-Clause
#
# Manuals and documents.

dist_man_MANS += doc/novillo.1 doc/kvmcore.3 doc/novillo-gdb.7
dist_doc_DATA += NEWS.md doc/abi.md doc/architecture.md doc/coming-from.md \
	doc/endurance.md doc/hosts.md doc/record.md doc/security.md \
	doc/tenbytes.c
