# SPDX-License-Identifier: BSD-2-Clause
#
# Manuals and documents.

dist_man_MANS += doc/novillo.1 doc/novillo-cc.1 doc/kvmcore.3 \
	doc/novillo-gdb.7 doc/novillo-guest.7

# The page of the hypercalls, made from their table.
man_MANS += doc/novillo-hypercalls.7
doc/novillo-hypercalls.7: $(srcdir)/doc/hypercalls.awk \
	    $(srcdir)/lib/abi/hypercall.def $(srcdir)/doc/abi.md
	$(AM_V_GEN)$(MKDIR_P) doc; $(AWK) -f $(srcdir)/doc/hypercalls.awk \
	    $(srcdir)/lib/abi/hypercall.def $(srcdir)/doc/abi.md >$@.new && \
	    mv $@.new $@
CLEANFILES += doc/novillo-hypercalls.7 doc/novillo-hypercalls.7.new
EXTRA_DIST += doc/busy.svg doc/busy-calls.svg doc/hypercalls.awk

dist_doc_DATA += NEWS.md doc/abi.md doc/architecture.md doc/coming-from.md \
	doc/endurance.md doc/hosts.md doc/performance.md doc/record.md \
	doc/security.md doc/tenbytes.c doc/testing.md doc/timeline.awk \
	doc/timetravel.md doc/tutorial.md

# Packages, of the tarball that `make dist` makes, in the folder packages.
PACKAGING = \
	doc/packaging/alpine/APKBUILD \
	doc/packaging/debian/changelog \
	doc/packaging/debian/control \
	doc/packaging/debian/copyright \
	doc/packaging/debian/not-installed \
	doc/packaging/debian/novillo.install \
	doc/packaging/debian/novillo.lintian-overrides \
	doc/packaging/debian/novillo-dev.examples \
	doc/packaging/debian/novillo-dev.install \
	doc/packaging/debian/novillo-dev.lintian-overrides \
	doc/packaging/debian/rules \
	doc/packaging/debian/source/format \
	doc/packaging/debian/tests/control \
	doc/packaging/debian/tests/guest \
	doc/packaging/nix/default.nix \
	doc/packaging/rpm/novillo.spec
EXTRA_DIST += $(PACKAGING)

PACKAGED = $(abs_builddir)/packages

deb: dist
	rm -rf $(PACKAGED)/deb && $(MKDIR_P) $(PACKAGED)/deb
	cp $(distdir).tar.xz $(PACKAGED)/deb/novillo_$(VERSION).orig.tar.xz
	cd $(PACKAGED)/deb && tar xf novillo_$(VERSION).orig.tar.xz && \
	    cd $(distdir) && cp -R doc/packaging/debian . && \
	    dpkg-buildpackage -us -uc

# Debian's rpm does not know which packages of its own are installed: RPM_FLAGS
# is then --nodeps.
RPM_FLAGS =
rpm: dist
	rm -rf $(PACKAGED)/rpm && $(MKDIR_P) $(PACKAGED)/rpm
	rpmbuild -ta --define '_topdir $(PACKAGED)/rpm' $(RPM_FLAGS) \
	    $(distdir).tar.xz

.PHONY: deb rpm
