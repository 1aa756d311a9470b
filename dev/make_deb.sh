#!/usr/bin/env bash
# Writes dist/*.deb: libstepsize2, libstepsize-learn2, libstepsize-dev and python3-stepsize, from the libraries of PLATFORM
# (dev/build_library.sh; this machine's where it is not set), build/man and the wheel, which is built unless WHEEL names one.
# The maintainer is DEBFULLNAME <DEBEMAIL>, as for Debian's own
# tools. From the same libraries and wheel they are the same bytes each time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022
export LC_ALL=C

fail() { echo "make_deb.sh: $*" >&2; exit 1; }
command -v dpkg-deb >/dev/null || fail "needs dpkg-deb"
python=${PYTHON:-python3}
number() { sed -n "s/^#define STEPSIZE_$1 //p" include/stepsize/stepsize.h; }
upstream=$(number VERSION_MAJOR).$(number VERSION_MINOR).$(number VERSION_PATCH)
version=$upstream-1
abi=$(number ABI_VERSION)
triplet=${PLATFORM:-$(uname -m)-linux-gnu}
[[ $triplet == *-linux-gnu ]] || fail "no packages of Debian's for $triplet"
architecture=$(dev/architecture.sh "$triplet")
maintainer="${DEBFULLNAME:-Stepsize maintainers} <${DEBEMAIL:-maintainers@stepsize.invalid}>"
SOURCE_DATE_EPOCH=$(dev/source_date.sh)
export SOURCE_DATE_EPOCH
grep -qx "Package: libstepsize$abi" packaging/debian/control || fail "packaging/debian/control has another ABI number than $abi"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "${WHEEL:-}" ]; then
  "$python" -m pip --quiet --disable-pip-version-check wheel --no-deps --no-build-isolation -w "$work" ./bindings/python
  WHEEL=$(echo "$work"/stepsize-*.whl)
fi

# What is installed, package by package.
all=$work/all
LIBDIR=lib/$triplet bindings/c/install.sh /usr "$all" >/dev/null
take() { # PACKAGE FILE...: out of what is installed
  local package=$1 file
  shift
  for file in "$@"; do
    mkdir -p "$work/$package/$(dirname "$file")"
    mv "$all/$file" "$work/$package/$file"
  done
}
libraries=usr/lib/$triplet
take "libstepsize$abi" "$libraries/libstepsize.so.$abi" "$libraries/libstepsize.so.$upstream"
take "libstepsize-learn$abi" "$libraries/libstepsize-learn.so.$abi" "$libraries/libstepsize-learn.so.$upstream"
take python3-stepsize usr/share/man/man1/stepsize.1
rmdir "$all/usr/share/man/man1"
mv "$all" "$work/libstepsize-dev"
chmod 644 "$work"/libstepsize*"$abi/$libraries"/*.so."$upstream"

# The Python package as the wheel has it, but for the list of files that pip would remove; links to the libraries stand in
# the place of its own.
modules=usr/lib/python3/dist-packages
mkdir -p "$work/python3-stepsize/$modules"
"$python" -m zipfile -e "$WHEEL" "$work/python3-stepsize/$modules"
rm "$work/python3-stepsize/$modules"/stepsize-*.dist-info/RECORD
rm -rf "$work/python3-stepsize/$modules"/stepsize-*.dist-info/licenses
built=build${PLATFORM:+/$PLATFORM}/wheel-lib
for library in libstepsize libstepsize-learn; do
  cmp -s "$work/python3-stepsize/$modules/stepsize/_lib/$library.so.$abi" "$built/$library.so.$abi" ||
    fail "$WHEEL has another $library than $built"
  ln -sf "../../../../$triplet/$library.so.$abi" "$work/python3-stepsize/$modules/stepsize/_lib/$library.so.$abi"
done
find "$work/python3-stepsize/$modules" -type f -exec chmod 644 {} +
install -D -m 755 packaging/debian/stepsize "$work/python3-stepsize/usr/bin/stepsize"

# needed PACKAGE: the dependency on the C library, from the newest of its symbols that is asked for.
needed() {
  local glibc
  glibc=$(find "$work/$1" -type f -name '*.so*' -exec readelf -VW {} + | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
  echo "libc6${glibc:+ (>= ${glibc#GLIBC_})}"
}

# symbols PACKAGE LIBRARY LIST NODE: since when a library has each of its functions: since the first kept version with it.
symbols() {
  local symbol folder since
  printf '%s\n' "$2.so.$abi $1 #MINVER#" "* Build-Depends-Package: libstepsize-dev"
  for symbol in "$4" $(cat "Tests/abi/$3"); do
    since=$upstream
    for folder in $(printf '%s\n' Tests/abi/[0-9]*/ | sort -rV); do
      if [ "$symbol" = "$4" ] && grep -q "^#define STEPSIZE_ABI_VERSION $abi$" "$folder/stepsize/stepsize.h" ||
        grep -qx "$symbol" "$folder/$3"; then
        since=$(basename "$folder")
      fi
    done
    echo " $symbol@$4 $since"
  done
}

mkdir -p dist
for package in "libstepsize$abi" "libstepsize-learn$abi" libstepsize-dev python3-stepsize; do
  root=$work/$package
  documents=$root/usr/share/doc/$package
  install -D -m 644 packaging/debian/copyright "$documents/copyright"
  gzip -9n <CHANGELOG.md >"$documents/changelog.gz"
  printf 'stepsize (%s) unstable; urgency=medium\n\n  * Built from version %s, see changelog.gz.\n\n -- %s  %s\n' "$version" \
    "$upstream" "$maintainer" "$(date -Rud "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$documents/changelog.Debian.gz"
  find "$root" -path '*/man/*' -type f -exec gzip -9n {} +

  mkdir "$root/DEBIAN"
  case $package in
    libstepsize-learn$abi) symbols "$package" libstepsize-learn symbols_learn.txt "STEPSIZE_LEARN_$abi" ;;
    libstepsize$abi) symbols "$package" libstepsize symbols.txt "STEPSIZE_$abi" ;;
  esac >"$root/DEBIAN/symbols"
  if [ -s "$root/DEBIAN/symbols" ]; then
    echo "${package%"$abi"} $abi $package (>= $upstream)" >"$root/DEBIAN/shlibs"
    echo "activate-noawait ldconfig" >"$root/DEBIAN/triggers"
  else
    rm "$root/DEBIAN/symbols"
  fi
  for script in postinst prerm; do
    if [ -f "packaging/debian/$package.$script" ]; then
      install -m 755 "packaging/debian/$package.$script" "$root/DEBIAN/$script"
    fi
  done
  (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  size=$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f 1)
  awk -v RS= -v package="$package" 'index($0, "Package: " package "\n") == 1' packaging/debian/control |
    sed -e "s/@VERSION@/$version/g" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@MAINTAINER@/$maintainer/" \
      -e "s/@SIZE@/$size/" -e "s/@LIBC@/$(needed "$package")/" >"$root/DEBIAN/control"
  chmod -R u=rwX,go=rX "$root"
  # No time is newer than that of the sources (dpkg-deb takes care of its own).
  find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
  file=dist/${package}_${version}_$architecture.deb
  dpkg-deb --root-owner-group --uniform-compression -Zxz --build "$root" "$file" >/dev/null
  echo "$file: $(stat -c %s "$file") bytes"
done
