#!/usr/bin/env bash
# Installs the Debian packages that the tests of the bindings use, where they are missing and that is allowed: Rust, Go, LuaJIT,
# Ruby, R. Elsewhere it says what to install. Called by Tests/bindings/run.sh.
set -euo pipefail
missing=
# COMMAND:PACKAGE; a command from elsewhere, such as rustup's, will do.
for each in cargo:cargo rustc:rustc go:golang-go luajit:luajit ruby:ruby Rscript:r-base-core python3-config:python3-dev; do
  type -P "${each%:*}" >/dev/null || missing+=" ${each#*:}"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # shellcheck disable=SC2086
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null ||
    echo "stepsize: could not install$missing" >&2
else
  echo "stepsize: not installed:$missing (on Debian: apt-get install --no-install-recommends$missing)" >&2
fi
