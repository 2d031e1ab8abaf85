# SPDX-License-Identifier: GPL-2.0
# One target for each thing a person does; "make help" lists them.

VERSION	:= $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

# The kernel to build for: the running one if its headers are here, else the newest
# that has headers here.
KDIR	?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	     $(shell ls -d /lib/modules/*/build 2>/dev/null | sort -Vr))
KVER	 = $(shell cat $(KDIR)/include/config/kernel.release 2>/dev/null)

DESTDIR	?=
PREFIX	?= /usr/local
DKMSSRC	:= /usr/src/ctnet-$(VERSION)

TOOLVARS := VERSION=$(VERSION) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

all: module tool ## build module and tool (the default)

module: ## build the module; KDIR=DIR: for the kernel whose headers are there
	@test -d "$(KDIR)" || { echo "no kernel headers: install them" \
		"(Debian: linux-headers-amd64) or say make KDIR=DIR" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

tool: ## build ctnetctl
	$(MAKE) -C tools $(TOOLVARS)

install: install-module install-tool ## install both (as root); DESTDIR=DIR PREFIX=DIR

install-module: module ## install the module into /lib/modules/KVER/updates
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) \
		INSTALL_MOD_DIR=updates modules_install
	$(if $(DESTDIR),,depmod $(KVER))

install-tool: tool ## install ctnetctl, its man page and its systemd unit under PREFIX
	$(MAKE) -C tools $(TOOLVARS) install

dkms: ## register the module with DKMS, which builds it for every kernel (as root)
	install -d $(DESTDIR)$(DKMSSRC)
	cp -r Kbuild Makefile dkms.conf LICENSE kmod uapi $(DESTDIR)$(DKMSSRC)
	find $(DESTDIR)$(DKMSSRC)/kmod \( -name '*.o' -o -name '.*.cmd' \) -delete
	$(if $(DESTDIR),,dkms install -m ctnet -v $(VERSION) $(if $(KVER),-k $(KVER)))

uninstall: ## remove what install and dkms put there (as root)
	if command -v dkms >/dev/null && test -d $(DKMSSRC); then \
		dkms remove -m ctnet -v $(VERSION) --all; fi
	rm -rf $(DESTDIR)$(DKMSSRC)
	rm -f $(DESTDIR)/lib/modules/$(KVER)/updates/ctnet.ko*
	$(if $(DESTDIR),,-depmod $(KVER))
	rm -f $(DESTDIR)$(PREFIX)/sbin/ctnetctl \
		$(DESTDIR)$(PREFIX)/share/man/man8/ctnetctl.8* \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ctnetctl \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/ctnet.service

RUN	= V="$(V)" JOBS="$(JOBS)" TESTS="$(TESTS)" SKIP="$(SKIP)" TESTS_ONLY="$(TESTS_ONLY)" \
	  RUNNER="$(RUNNER)" KERNEL="$(KERNEL)" KVM="$(KVM)" SANITIZE="$(SANITIZE)"

check: ## build and run the tests in VMs; TESTS="local tunnel": only these; SKIP="scale": not these; V=1: all output; JOBS=1: in one VM; KERNELS="6.12 7.2": on these of Debian's; KVM=0: without KVM, KVM=1: with it, untried
	@$(RUN) KERNELS="$(KERNELS)" bash selftests/run.sh check

check-debug: ## the tests on kernels with the kernel's own instruments, which are built first
	@$(RUN) bash selftests/run.sh check-debug

coverage: ## what of module and tool the tests execute, by lines and branches
	@$(RUN) RUNNER=uml COVERAGE=1 bash selftests/run.sh check

fuzz: ## fuzz for SECONDS=N (60) in each mode; what is found is kept
	@$(RUN) RUNNER=uml TESTS="fuzz_netlink fuzz_port fuzz_underlay" \
		CTNET_FUZZ_SECONDS="$(or $(SECONDS),60)" bash selftests/run.sh check

demo: ## two hosts, four containers, one network, in a VM: see what ctnet does; KVM=0: without KVM
	@V="$(V)" KVM="$(KVM)" bash selftests/run.sh demo

lint: ## run the linters over module, tool and scripts; LINTERS="sparse clang": only these
	@LINTERS="$(LINTERS)" bash selftests/lint.sh

clean: ## remove what a build made
	$(MAKE) -C tools clean
	$(if $(KDIR),$(MAKE) -C $(KDIR) M=$(CURDIR) clean)

help: ## list the targets
	@echo "make TARGET [VARIABLE=VALUE], with TARGET one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS="$$(printf '\t')" read -r t h; do printf '  %-15s %s\n' "$$t" "$$h"; done

.PHONY: all module tool install install-module install-tool dkms uninstall \
	check check-debug coverage fuzz demo lint clean help
