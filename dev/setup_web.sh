#!/usr/bin/env bash
# Installs the Debian packages that the tests of JavaScript and of the explorer use, where they are missing and that is allowed:
# Node, Chromium, and Binaryen, which makes the files for WebAssembly smaller. Elsewhere it says what to install.
# Called by Tests/web/run.sh.
set -euo pipefail
missing=
# COMMAND:PACKAGE
for each in node:nodejs chromium:chromium wasm-opt:binaryen; do
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
