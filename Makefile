# SPDX-License-Identifier: GPL-2.0-only
# What a user types. Modules are described in Kbuild, one folder each.

KVER ?=
KERNELS := 6.1 6.12

.DEFAULT_GOAL := modules

## modules	build the modules (the default): for the running kernel, or KVER=RELEASE,
## 	KVER=6.1, KVER=6.12, KVER=plain-6.12, KVER=HEADERS-DIR
.PHONY: modules
modules:
	@scripts/install-deps scripts/packages.build
	scripts/build-modules $(KVER)

## install	the same, then put them into /lib/modules/RELEASE/updates/xg, with
## 	what loads them at boot; below DESTDIR=DIR
DESTDIR ?=
.PHONY: install
install: modules
	DESTDIR='$(DESTDIR)' packaging/install $(KVER)

## uninstall	take them away again
.PHONY: uninstall
uninstall:
	DESTDIR='$(DESTDIR)' packaging/install -u $(KVER)

## deb		build/xg-dkms_VERSION_all.deb: the modules for each kernel a Debian
## 	machine has now and later
.PHONY: deb
deb:
	packaging/deb

## pvh-loader	build/pvh-loader.elf: boots any bzImage as a PVH guest
.PHONY: pvh-loader
pvh-loader:
	@scripts/install-deps scripts/packages.build
	@$(MAKE) -s -C pvh-boot/loader

## linux-tree	lay the drivers and what only a kernel itself can do into the source tree
## 	of a kernel 6.1 or 6.12: KSRC=DIR
KSRC ?=
.PHONY: linux-tree
linux-tree:
	@scripts/linux-tree '$(KSRC)'

## demo		boot a stock guest on Xen, load the modules live, show a PV disk at work
.PHONY: demo
demo: deps
	demo/run

## test		everything: host tests, then the selftests in VMs; ends with "N passed, N failed"
.PHONY: test
test: deps
	testbed/suite

## soak		the same cases at full length (hours)
.PHONY: soak
soak: deps
	testbed/suite --soak

## check	both kernels: W=1, sparse, checkpatch --strict, layers, version tests
.PHONY: check
check: deps
	scripts/check $(KERNELS)

## bench	disk and network, ours beside mainline's and the emulated drivers: tables and
## 	charts in build/bench (an hour; bench/run --help has the options); ROWS=...
## 	for others, such as ROWS=interrupts or ROWS='net-rr disk-*'
ROWS :=
.PHONY: bench
bench: deps
	bench/run $(patsubst %,--only '%',$(ROWS))

## bench-smoke	a small part of it: reads of the disk, one boot of each
.PHONY: bench-smoke
bench-smoke: deps
	bench/run --name smoke --rounds 1 --only 'disk-read-*'

## fuzz		libFuzzer over the wire formats and the PVH loader, SECONDS=60 for each
.PHONY: fuzz
fuzz: deps
	@scripts/install-deps scripts/packages.fuzz
	$(MAKE) -C proto/host fuzz
	$(MAKE) -C pvh-boot/loader fuzz

## deps		install the Debian packages that building and testing need (as root)
.PHONY: deps
deps:
	@scripts/install-deps scripts/packages.build scripts/packages.test \
		testbed/host-packages

## clean	remove what was built; build/cache and build/apt (downloads) stay
.PHONY: clean
clean:
	rm -rf $(filter-out build/cache build/apt,$(wildcard build/*))

## distclean	remove everything that was built or fetched
.PHONY: distclean
distclean:
	rm -rf build

## help		this list
.PHONY: help
help:
	@sed -n 's/^## \([a-z-]*\)\t*/\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16
