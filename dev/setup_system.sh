#!/usr/bin/env bash
# What the build and the tests use of Debian. Called by the Makefile.
packages=(libffi-dev python3-dev python3-venv)
# To run what was compiled for aarch64 (Tests/abi/same_bits.sh): 17 MB.
packages+=(qemu-aarch64:qemu-user libc6-dev-arm64-cross libgcc-12-dev-arm64-cross)
# Other compilers and what looks at interfaces, man pages and packages (Tests/abi, Tests/packages): 13 MB, and lintian's Perl.
packages+=(abidiff:abigail-tools lintian:lintian mandoc:mandoc musl-gcc:musl-tools)
exec "$(dirname "${BASH_SOURCE[0]}")/debian.sh" "${packages[@]}"
