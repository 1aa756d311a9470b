#!/usr/bin/env bash
# What the tests of the bindings use: Rust, Go, LuaJIT, Ruby, R, Python's headers. Called by Tests/bindings/run.sh.
exec "$(dirname "${BASH_SOURCE[0]}")/debian.sh" \
  cargo:cargo rustc:rustc go:golang-go luajit:luajit ruby:ruby Rscript:r-base-core python3-config:python3-dev
