#!/usr/bin/env bash
# The Dockerfile without Docker: its commands are run, one by one, in an empty Debian of the release that its base image is made
# of, where Swift is this machine's, and the files must be those of `make dist`. Needs root and mmdebstrap, and the network; ten
# minutes. What cannot be run is told in capitals. Called by release.sh. With PLATFORMS, as for make dist, those alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
fail() { echo "dockerfile: $*" >&2; exit 1; }

# A line for each instruction.
instructions=$(sed -e ':a' -e '/\\$/{N;s/ *\\\n */ /;ba' -e '}' Dockerfile | grep -vE '^ *(#|$)')
image=$(sed -n 's/^FROM \([^ ]*\) AS build$/\1/p' <<<"$instructions")
swift=$(swiftc --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')
[ "${image%-*}" = "swift:$swift" ] || fail "the base image is $image, the Swift of this machine $swift"
[ "$(grep -v '^RUN ' <<<"$instructions")" = "FROM $image AS build
COPY . /stepsize
WORKDIR /stepsize
FROM scratch
COPY --from=build /stepsize/dist /" ] || fail "an instruction that this does not know"
if [ "$(id -u)" != 0 ] || ! command -v mmdebstrap >/dev/null; then
  echo "dockerfile: SKIPPED, NOT RUN AT ALL: NOT ROOT, OR MMDEBSTRAP IS NOT INSTALLED"
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
# The image brings what Swift itself needs.
mmdebstrap --quiet --variant=minbase --include=libcurl4,libedit2,libncurses6,libsqlite3-0,libstdc++6,libxml2,zlib1g "${image##*-}" "$root" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "mmdebstrap"; }
mkdir -p "$root/opt/swift" "$root/stepsize"
git ls-files -z | xargs -0 tar -c | tar -x -C "$root/stepsize"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# Of a network with an authority of its own.
cp /etc/ssl/certs/ca-certificates.crt "$root/authorities.crt"
sed -n 's/^RUN //p' <<<"$instructions" >"$root/commands"
SOURCE_DATE_EPOCH=$(dev/source_date.sh)
export root SOURCE_DATE_EPOCH
usr=$(dirname "$(dirname "$(readlink -f "$(command -v swiftc)")")")
export usr
# The mounts end with the process that sees them.
# shellcheck disable=SC2016
unshare --mount --propagation private bash -euo pipefail -c '
  mount --bind -o ro "$usr" "$root/opt/swift"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  while read -r command <&3; do
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/swift/bin HOME=/root \
      PIP_CERT=/authorities.crt ${PLATFORMS:+"PLATFORMS=$PLATFORMS"} "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" \
      chroot "$root" sh -c "if [ -d /stepsize/dev ]; then cd /stepsize; fi; $command" || exit
  done 3<"$root/commands"' >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; fail "a command"; }
echo "dockerfile: $(wc -l <"$root/commands") commands run in an empty Debian with this machine's Swift; NOT RUN: THE BASE IMAGE"
[ -f dist/SHA256SUMS ] || exit 0
same=0
for file in "$root"/stepsize/dist/*; do
  name=$(basename "$file")
  # These two list all the others.
  case ${PLATFORMS:+$name} in SHA256SUMS | *.spdx.json) continue ;; esac
  cmp "$file" "dist/$name" || fail "another $name than here"
  same=$((same + 1))
done
[ -n "${PLATFORMS:-}" ] || [ "$same" = "$(find dist -type f | wc -l)" ] || fail "only $same files"
echo "dockerfile: $same files, the same bytes as here"
