#!/usr/bin/env bash
# Builds Python from Debian's sources with musl, for the tests of the wheels for musl, and prints the interpreter, which is in
# build/musl-python. What is there stays. Debian has no such Python; three minutes of processor time. Needs Debian's apt-get and
# musl-gcc.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fail() { echo "musl_python.sh: $*" >&2; exit 1; }
root=$PWD/build/musl-python
version=3.11
if [ -x "$root/bin/python$version" ]; then
  echo "$root/bin/python$version"
  exit
fi
command -v apt-get >/dev/null || fail "needs Debian's apt-get for the sources"
command -v musl-gcc >/dev/null || fail "needs musl-gcc (Debian: musl-tools)"

work=$root/work
rm -rf "$root"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/sources.d"
# Where this machine has Debian's packages from, there are the sources.
for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  if [ -f "$file" ]; then
    sed -e 's/^deb /deb-src /' -e 's/^Types:.*/Types: deb-src/' "$file" >"$work/sources.d/$(basename "$file" | sed 's/^sources\.list$/debian.list/')"
  fi
done
options=(-qq -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/sources.d" -o "Dir::State::lists=$work/lists"
  -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
{
  apt-get "${options[@]}" update
  (cd "$work" && apt-get "${options[@]}" --download-only source "python$version" libffi)
  for archive in "$work"/*.orig.tar.*; do tar -xf "$archive" -C "$work"; done
} >"$work/log" 2>&1 || { tail "$work/log" >&2; fail "the sources"; }

# configure and setup.py ask for it, and would look among the headers of glibc.
cat >"$work/cc" <<'END'
#!/bin/sh
case " $* " in *"-print-multiarch "*) echo x86_64-linux-musl ;; *) exec musl-gcc "$@" ;; esac
END
chmod +x "$work/cc"
export CC=$work/cc CFLAGS="-O1 -fPIC" PKG_CONFIG=false
{
  cd "$work"/libffi-*
  # The headers of Linux are not among musl's.
  ./configure -q "--prefix=$root" --disable-shared --disable-docs --disable-exec-static-tramp --disable-multi-os-directory
  make -s
  make -s install
  cd "$work/Python-$version"*
  CPPFLAGS=-I$root/include LDFLAGS=-L$root/lib LIBFFI_INCLUDEDIR=$root/include \
    ./configure -q "--prefix=$root" --without-ensurepip --disable-test-modules --without-doc-strings
  make -s
  make -s install
} >>"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; rm -rf "$root"; fail "the build"; }
"$root/bin/python$version" -c 'import ctypes' || fail "no ctypes"
rm -rf "$work"
echo "$root/bin/python$version"
