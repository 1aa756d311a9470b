#!/usr/bin/env bash
# Installs the Debian packages that the build and the tests use, where they are missing and that is allowed;
# elsewhere it says what to install. Called by the Makefile.
set -euo pipefail
packages="libffi-dev python3-dev python3-venv"
# To run what was compiled for aarch64 (Tests/abi/same_bits.sh): 17 MB.
packages+=" qemu-user libc6-dev-arm64-cross libgcc-12-dev-arm64-cross"
# Other compilers and what looks at interfaces, man pages and packages (Tests/abi, Tests/packages): 13 MB, and lintian's Perl.
packages+=" abigail-tools lintian mandoc musl-tools"
missing=$(for package in $packages; do dpkg -s "$package" >/dev/null 2>&1 || echo "$package"; done | xargs)
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
else
  echo "stepsize: not installed: $missing (on Debian: apt-get install $missing)" >&2
fi
