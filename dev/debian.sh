#!/usr/bin/env bash
# debian.sh [COMMAND:]PACKAGE...: installs each Debian PACKAGE that is missing, or whose COMMAND is, where that is allowed;
# elsewhere it says what to install. One at a time: apt-get refuses to run beside another one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# A command from elsewhere, such as rustup's, will do.
is_there() {
  case $1 in
    *:*) type -P "${1%:*}" ;;
    *) dpkg -s "$1" ;;
  esac >/dev/null 2>&1
}
missing=
for each in "$@"; do is_there "$each" || missing+=" ${each#*:}"; done
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
