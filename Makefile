# SPDX-License-Identifier: GPL-2.0
# One target for each thing a person does; "make help" lists them.

VERSION	:= $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

# The kernel to build for: the running one if its headers are here, else the newest
# that has headers here. Debian's headers name it in utsrelease.h alone: kernel.release is
# its version, without ABI and flavour.
KDIR	?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	     $(shell ls -d /lib/modules/*/build/ 2>/dev/null | sort -Vr))
KVER	 = $(shell sed -n 's/^\#define UTS_RELEASE "\(.*\)"/\1/p' \
		$(KDIR)/include/generated/utsrelease.h 2>/dev/null)

# Where things are put: below PREFIX, and all of it below DESTDIR, if that is given, as a
# package is made. With DESTDIR nothing outside is touched: no kernel's module index, DKMS or
# systemd of this machine. A relative one is relative to here, whatever directory make goes
# to. "/" is no DESTDIR.
PREFIX	?= /usr/local
ifneq ($(word 2,$(DESTDIR))$(word 2,$(PREFIX)),)
$(error DESTDIR and PREFIX may not contain blanks)
endif
ifeq ($(filter /%,$(PREFIX)),)
$(error PREFIX=$(PREFIX) has to begin with /)
endif
override DESTDIR := $(patsubst %/,%,$(abspath $(DESTDIR)))
DKMSSRC	:= /usr/src/ctnet-$(VERSION)

TOOLVARS := VERSION=$(VERSION) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

all: module tool ## build module and tool (the default)

module: ## build the module
	@test -d "$(KDIR)" || { echo "no kernel headers: install them" \
		"(Debian: linux-headers-amd64) or say make KDIR=DIR" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tool: ## build ctnetctl
	$(MAKE) -C tools $(TOOLVARS)

install: install-module install-tool ## install both (as root)

# Signed if the kernel has a key there, as one built on this machine has.
MODULE	= $(DESTDIR)/lib/modules/$(KVER)/updates/ctnet.ko
SIGKEY	= $(KDIR)/certs/signing_key
SIGHASH	= $(shell sed -n 's/^CONFIG_MODULE_SIG_HASH="\(.*\)"/\1/p' $(KDIR)/.config)

install-module: module ## install the module for one kernel
	install -D -m 0644 ctnet.ko $(MODULE)
	$(if $(wildcard $(SIGKEY).pem),$(KDIR)/scripts/sign-file $(SIGHASH) \
		$(SIGKEY).pem $(SIGKEY).x509 $(MODULE))
	$(call index,$(KVER))

install-tool: tool ## install ctnetctl, its man page, completion and systemd unit
	$(MAKE) -C tools $(TOOLVARS) install

dkms: ## have DKMS build the module for each kernel (as root)
	$(if $(DESTDIR),,$(dkms_remove))
	rm -rf $(DESTDIR)$(DKMSSRC)
	install -d $(DESTDIR)$(DKMSSRC)
	cp -r Kbuild Makefile dkms.conf LICENSE kmod uapi $(DESTDIR)$(DKMSSRC)
	find $(DESTDIR)$(DKMSSRC)/kmod \( -name '*.o' -o -name '.*.cmd' \) -delete
	$(if $(DESTDIR),,$(dkms_install))

# Built in a copy of the sources, so that nothing of it is left in the tree.
DEBDIR	?= deb

deb: ## make Debian packages, in ./deb
	@command -v dh dh_dkms >/dev/null || { echo "no debhelper, or no dh-dkms:" \
		"apt install debhelper dh-dkms" >&2; exit 1; }
	rm -rf $(DEBDIR)
	mkdir -p $(DEBDIR)/ctnet
	find Kbuild Makefile dkms.conf LICENSE README.md SECURITY.md debian kmod tools uapi \
		-type f ! -name '*.o' ! -name '*.a' ! -name '*.mod' ! -name '*.mod.c' ! -name '*.cmd' \
		! -path tools/.flags -print0 | tar -c --null -T - | tar -x -C $(DEBDIR)/ctnet
	cd $(DEBDIR)/ctnet && env -u MAKEFLAGS -u MFLAGS dpkg-buildpackage -us -uc -b
	rm -rf $(DEBDIR)/ctnet
	@ls $(DEBDIR)/*.deb

uninstall: ## remove what install and dkms put there (as root)
	$(if $(DESTDIR),,$(dkms_remove))
	rm -rf $(DESTDIR)$(DKMSSRC)
	$(if $(DESTDIR),sh tools/prune.sh $(DESTDIR) $(DESTDIR)/usr/src)
	@for ko in $(DESTDIR)/lib/modules/*/updates/ctnet.ko*; do \
		test -e "$$ko" || continue; \
		echo "rm $$ko"; \
		rm "$$ko" || exit; \
		dir=$${ko%/*} ver=$${ko%/updates/*}; \
		ver=$${ver##*/}; \
		$(call index,$$ver) || exit; \
		sh tools/prune.sh "$(DESTDIR)" "$$dir"; \
	done
	$(if $(DESTDIR),,$(index_nothing))
	$(MAKE) -C tools $(TOOLVARS) uninstall

# Tells modprobe what modules kernel $(1) has now. One that has its headers here and nothing
# else is indexed when it is installed.
index = $(if $(DESTDIR),true,! test -e /lib/modules/$(1)/modules.dep || depmod $(1))

# DKMS has a kernel indexed of which only the headers are here; without ctnet that is an index
# of nothing.
define index_nothing
@for k in /lib/modules/*/; do \
	test ! -e "$$k/modules.dep" || test -s "$$k/modules.dep" || test -e "$$k/modules.order" || \
	for f in alias builtin builtin.alias dep devname softdep symbols weakdep; do \
		rm -f "$$k/modules.$$f" "$$k/modules.$$f.bin"; \
	done; \
done
endef

define dkms_remove
@if command -v dkms >/dev/null; then \
	dkms status -m ctnet | sed -n 's|^ctnet[/, ]*\([^,:/ ]*\).*|\1|p' | sort -u | \
	while read -r v; do \
		dkms remove -m ctnet -v "$$v" --all || exit; \
		rm -rf "/usr/src/ctnet-$$v"; \
	done; \
fi
endef

# A kernel that dkms.conf excludes is none that fails.
define dkms_install
@command -v dkms >/dev/null || { echo "no dkms: install it (Debian: apt install dkms)" >&2; exit 1; }; \
dkms add -m ctnet -v $(VERSION) || exit; \
built= failed=; \
for k in /lib/modules/*/build/include; do \
	test -d "$$k" || continue; \
	k=$${k#/lib/modules/} k=$${k%/build/include}; \
	out=$$(env -u MAKEFLAGS -u MFLAGS dkms install -m ctnet -v $(VERSION) -k "$$k" 2>&1); \
	case $$? in \
	0) echo "$$out"; built="$$built $$k";; \
	77) echo "kernel $$k is left out: dkms.conf says for which it is";; \
	*) echo "$$out" >&2; failed="$$failed $$k";; \
	esac; \
done; \
test -z "$$failed" || { echo "DKMS could not build it for:$$failed" >&2; exit 1; }; \
test -n "$$built" || { echo "no kernel from 6.1 on has headers here: install them" \
	"(Debian: linux-headers-amd64)" >&2; exit 1; }
endef

RUN	= V="$(V)" JOBS="$(JOBS)" TESTS="$(TESTS)" SKIP="$(SKIP)" TESTS_ONLY="$(TESTS_ONLY)" EACH="$(EACH)" \
	  RUNNER="$(RUNNER)" KERNEL="$(KERNEL)" KVM="$(KVM)" SANITIZE="$(SANITIZE)" \
	  BRIEF="$(BRIEF)"

check: ## run the tests in VMs
	@$(RUN) KERNELS="$(KERNELS)" bash selftests/vm/run.sh check

check-debug: ## run them on kernels with KASAN, KCSAN, lockdep, kmemleak
	@$(RUN) ON="$(ON)" bash selftests/vm/run.sh check-debug

coverage: ## run them, and list the lines that they do not reach
	@$(RUN) RUNNER=uml COVERAGE=1 bash selftests/vm/run.sh check

fuzz: ## fuzz netlink and both datapaths, and keep what is found
	@$(RUN) RUNNER=uml TESTS="fuzz_netlink fuzz_port fuzz_underlay" \
		CTNET_FUZZ_SECONDS="$(or $(SECONDS),60)" bash selftests/vm/run.sh check

bench: ## what a frame costs by ctnet, bridge, vxlan and others, in instructions
	@V="$(V)" CASES="$(CASES)" JSON="$(JSON)" bash selftests/vm/run.sh bench

demo: ## two hosts, four containers, one network, in a VM
	@V="$(V)" KVM="$(KVM)" bash selftests/vm/run.sh demo

shell: ## the same network, and a prompt in the VM; "exit" ends it
	@V="$(V)" KVM="$(KVM)" KERNEL="$(KERNEL)" bash selftests/vm/run.sh shell

lint: ## run the linters over module, tool and scripts
	@LINTERS="$(LINTERS)" bash selftests/vm/lint.sh

clean: ## remove what a build made
	$(MAKE) -C tools clean
	$(if $(KDIR),$(MAKE) -C $(KDIR) M=$(CURDIR) clean)

define VARIABLES
Variables, each with the targets that take it:
  KDIR=DIR            kernel headers to build with  module, install
  PREFIX=DIR          there, not below /usr/local   install, uninstall
  DESTDIR=DIR         below DIR, for a package      install, dkms, uninstall
  DEBDIR=DIR          packages there, not in ./deb  deb
  TESTS="local pmtu"  these scripts only            check, check-debug, coverage
  SKIP="scale fault"  not these                     check, check-debug, coverage
  TESTS_ONLY=REGEX    these functions of them       check, check-debug, coverage
  EACH=1              each function by itself       check, check-debug
  V=1                 show all output               check, coverage, fuzz, demo
  CASES="cable guard" these cases only              bench
  JSON=FILE           the figures, there            bench
  JOBS=N              so many VMs at once           check, coverage, fuzz
  KVM=0, KVM=1        without KVM; with, untried    check, demo, shell
  KERNELS="6.12 7.2"  on these kernels of Debian's  check
  KERNEL=kasan        on this kernel of our own     check, shell
  RUNNER=uml          in a user-mode kernel         check
  SANITIZE=1          the tool with its sanitizers  check
  ON="uml kcsan"      on these kernels only         check-debug
  SECONDS=N           so long in each mode (60)     fuzz
  LINTERS="sparse"    these only                    lint
endef

help: export TEXT = $(VARIABLES)
help: ## this list
	@echo "make TARGET [VARIABLE=VALUE]..., with TARGET one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS="$$(printf '\t')" read -r t h; do printf '  %-15s %s\n' "$$t" "$$h"; done
	@printf '%s\n' "" "$$TEXT"

.PHONY: all module tool install install-module install-tool dkms deb uninstall \
	check check-debug coverage fuzz bench demo shell lint clean help
