#!/usr/bin/env bash
# The package for JavaScript under Node, the explorer in Chromium, and the programs that it offers to copy; each builds what it
# tests.
#   Tests/web/run.sh [node] [explorer] [snippets]     all where none is named
# What is not installed and cannot be (dev/setup_web.sh) is skipped, and the last line says so. Screenshots of the explorer
# are left in build/tests/web.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=$PWD/build/tests/web
python=${PYTHON:-python3}
mkdir -p "$out"
dev/setup_web.sh
skipped=()

fail() { echo "web: $*" >&2; exit 1; }
skip() { echo "web: SKIPPED $1: $2"; skipped+=("$1"); }

node() {
  local node tests printed
  node=$(type -P node) || { skip node "node is not installed (dev/setup_web.sh)"; return; }
  dev/build_wasm.sh
  tests=$("$node" --test --test-reporter=tap bindings/wasm/test/*.test.js) || { printf '%s\n' "$tests" >&2; fail "a test failed"; }
  echo "web: node: $(sed -n 's/^# pass //p' <<<"$tests") tests passed"

  # The package as others get it, made twice.
  rm -rf "$out/node" "$out/first" "$out/second" && mkdir -p "$out/node/node_modules/stepsize"
  dev/make_npm.sh "$out/first" >/dev/null
  dev/make_npm.sh "$out/second" >/dev/null
  cmp "$out"/first/*.tgz "$out"/second/*.tgz || fail "two packages from the same files differ"
  tar -xzf "$out"/first/*.tgz --strip-components=1 -C "$out/node/node_modules/stepsize"
  cp bindings/wasm/examples/train.js "$out/node/train.mjs"
  printed=$("$node" "$out/node/train.mjs")
  [ "$printed" = "$(cat Tests/bindings/train.txt)" ] || fail "the example printed: $printed"
  # The programs of its README run.
  sed -n '/^```js$/,/^```$/p' bindings/wasm/README.md | grep -v '^```' >"$out/node/readme.mjs"
  printed=$("$node" "$out/node/readme.mjs")
  grep -q 'did you mean "cosine"? 0' <<<"$printed" && grep -q '^true ' <<<"$printed" || fail "README.md printed: $printed"
  echo "web: node: the package, its example and its README run"
  if type -P tsc >/dev/null; then
    tsc --noEmit --strict --target es2022 --moduleResolution node --baseUrl "$out/node/node_modules" bindings/wasm/test/types.ts
    echo "web: node: the types are right"
  else
    skip types "tsc is not installed (dev/setup_web.sh)"
  fi
}

explorer() {
  local browser
  browser=$(dev/browser.sh)
  [ -n "$browser" ] || { skip explorer "chromium is not installed (dev/setup_web.sh)"; return; }
  "$python" -c 'import playwright, stepsize' 2>/dev/null || { skip explorer "playwright or stepsize is not installed in $python"; return; }
  "$python" dev/build_explorer.py "$out/explorer"
  (cd "$out" && "$python" "$OLDPWD/Tests/web/test_explorer.py" "$browser" "$out/explorer" "$out")
}

# After `node`, which makes the package.
snippets() {
  type -P node >/dev/null || { skip snippets "node is not installed (dev/setup_web.sh)"; return; }
  "$python" -c 'import stepsize' 2>/dev/null || { skip snippets "stepsize is not installed in $python"; return; }
  (cd "$out" && "$python" "$OLDPWD/Tests/web/test_snippets.py" "$out/node/node_modules")
}

for part in ${*:-node explorer snippets}; do "$part"; done
echo "web: passed${skipped:+, SKIPPED: ${skipped[*]}}"
