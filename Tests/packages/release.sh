#!/usr/bin/env bash
# All that `make dist` has written: the checksums are right and complete, the SBOM has every file, auditwheel agrees with the
# tag of each wheel, the commands of docs/install.md run as they stand there (page.sh), the packages are installed and run
# platform by platform (platform.sh), a build from scratch in another folder gives the same bytes, and so do the commands of
# the Dockerfile (dockerfile.sh). An hour on two cores. Called by `make dist-test`; PYTHON has what the tests need.
#   release.sh [PART...]     checksums, wheels, page, platforms, again, docker; all where none is named
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHON=${PYTHON:-python3}
fail() { echo "release: $*" >&2; exit 1; }
[ -f dist/SHA256SUMS ] || fail "dist is not there: make dist"
version=$(dev/version.sh)

checksums() {
  (cd dist && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS"
  diff <(cd dist && ls --ignore=SHA256SUMS) <(sed 's/^[^ ]*  //' dist/SHA256SUMS | sort) >&2 || fail "SHA256SUMS lacks a file"
  "$PYTHON" - "dist/stepsize-$version.spdx.json" <<'END_OF_PYTHON' || fail "the SBOM"
import hashlib, json, pathlib, sys

path = pathlib.Path(sys.argv[1])
bill = json.loads(path.read_text())
assert bill["spdxVersion"] == "SPDX-2.3"
files = {each["fileName"]: each["checksums"][1]["checksumValue"] for each in bill["files"]}
there = {f"./{file.name}": file for file in path.parent.iterdir() if file.name not in (path.name, "SHA256SUMS")}
assert files == {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in there.items()}
names = {each["SPDXID"] for each in bill["files"] + bill["packages"]} | {bill["SPDXID"]}
assert len(names) == len(bill["files"]) + len(bill["packages"]) + 1
for relation in bill["relationships"]:
    assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= names, relation
END_OF_PYTHON
  echo "release: checksums and SBOM of $(wc -l <dist/SHA256SUMS) files"
}

wheels() {
  local wheel said tag
  for wheel in dist/*.whl; do
    said=$("$PYTHON" -m auditwheel show "$wheel" 2>&1 | tr -s ' \n' ' ') || fail "auditwheel: $said"
    tag=${wheel##*-}
    tag=${tag%.whl}
    [[ $said == *"requires no external shared libraries"* ]] || fail "$wheel: $said"
    # What is built here asks for less than its tag promises.
    [[ $said == *"platform tag: \"$tag\""* || $said == *"platform tag: \"manylinux_2_5_x86_64\""* ]] || fail "$wheel: $said"
    echo "release: auditwheel agrees with $tag"
  done
}

page() { Tests/packages/page.sh; }

docker() { Tests/packages/dockerfile.sh; }

platforms() {
  local platform
  for platform in dist/stepsize-"$version"-*-linux-*.tar.gz; do
    platform=${platform#"dist/stepsize-$version-"}
    Tests/packages/platform.sh "${platform%.tar.gz}"
  done
}

again() {
  local work
  work=$(mktemp -d)
  trap 'rm -rf "$work"' RETURN
  mkdir -p "$work/another folder/build"
  git ls-files -z | xargs -0 tar -c | tar -x -C "$work/another folder"
  ln -s "$PWD/build/sysroots" "$work/another folder/build/sysroots"
  SOURCE_DATE_EPOCH=$(dev/source_date.sh) TZ=Asia/Tokyo "$work/another folder/dev/make_dist.sh" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2 && fail "the build in another folder"; }
  cmp dist/SHA256SUMS "$work/another folder/dist/SHA256SUMS" ||
    fail "other bytes in: $(diff dist/SHA256SUMS "$work/another folder/dist/SHA256SUMS" | sed -n 's/^> [^ ]* *//p' | xargs)"
  echo "release: built again in another folder, the same bytes"
}

[ $# -gt 0 ] || set -- checksums wheels page platforms again docker
for part in "$@"; do "$part"; done
