#!/usr/bin/env bash
# sysroot.sh PLATFORM [PACKAGE...]: unpacks Debian's C library for PLATFORM and these PACKAGEs of that architecture into
# build/sysroots/PLATFORM, and prints that folder. What is there already stays. Nothing is installed on this machine, and
# apt's own lists are left alone.
#
# A PLATFORM is PROCESSOR-linux-LIBRARY: x86_64 or aarch64, gnu or musl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
platform=$1
shift
fail() { echo "sysroot.sh: $*" >&2; exit 1; }

architecture=$(dev/architecture.sh "$platform")
case $platform in
  x86_64-linux-gnu | aarch64-linux-gnu) packages=(libc6-dev libc6 linux-libc-dev libgcc-s1) ;;
  x86_64-linux-musl | aarch64-linux-musl) packages=(musl-dev musl) ;;
  *) fail "no platform $platform" ;;
esac
# What compilers call for long double on aarch64.
packages+=(libgcc-12-dev "$@")

root=$PWD/build/sysroots/$platform
apt=$PWD/build/sysroots/apt-$architecture
mkdir -p "$root/packages" "$apt/lists/partial" "$apt/archives/partial"
exec 9>"$apt/lock"
flock 9
missing=()
for package in "${packages[@]}"; do [ -f "$root/packages/$package" ] || missing+=("$package"); done
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "needs Debian's apt-get for $platform's C library"
  touch "$apt/status"
  cat >"$apt/apt.conf" <<END_OF_CONFIGURATION
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
# Another user might not be allowed to write here.
APT::Sandbox::User "root";
END_OF_CONFIGURATION
  export APT_CONFIG=$apt/apt.conf
  # The lists of yesterday may name what is there no longer.
  if [ -z "$(find "$apt/updated" -mtime -1 2>/dev/null)" ]; then
    apt-get -qq update >&2 || fail "apt-get update"
    touch "$apt/updated"
  fi
  for package in "${missing[@]}"; do
    mkdir -p "$apt/archives/$package"
    (cd "$apt/archives/$package" && apt-get -qq download "$package" >&2) || fail "no package $package for $architecture"
    dpkg-deb --extract "$apt/archives/$package"/*.deb "$root"
    (cd "$apt/archives/$package" && echo *.deb) >"$root/packages/$package"
    rm -r "$apt/archives/$package"
  done
fi
# The name under which musl is installed on Alpine; every other musl loads it by this name as well.
if [[ $platform == *-musl ]]; then
  ln -sf "../../../lib/$platform/libc.so" "$root/usr/lib/$platform/libc.musl-${platform%%-*}.so.1"
fi
echo "$root"
