# SPDX-License-Identifier: BSD-2-Clause
#
# The tree itself: its layers, its documents, its guest images and its
# installation.

SHELL_TESTS += \
	tests/tree/t-doc.sh \
	tests/tree/t-guest-elf.sh \
	tests/tree/t-install.sh \
	tests/tree/t-layers.sh \
	tests/tree/t-sdk.sh

EXTRA_DIST += tests/tree/prose.sh
