#!/usr/bin/env bash
# debian.sh COMMAND:PACKAGE...: installs the Debian PACKAGE of each COMMAND that is missing, where that is allowed; elsewhere
# it says what to install. One at a time: apt-get refuses to run beside another one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
missing=
# A command from elsewhere, such as rustup's, will do.
for each in "$@"; do type -P "${each%:*}" >/dev/null || missing+=" ${each#*:}"; done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  mkdir -p build
  exec 9>build/debian.lock
  flock 9
  # shellcheck disable=SC2086
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null ||
    echo "stepsize: could not install$missing" >&2
else
  echo "stepsize: not installed:$missing (on Debian: apt-get install --no-install-recommends$missing)" >&2
fi
