#!/usr/bin/env bash
# The man pages (dev/man_pages.py): they have every function and every command, are rendered without a complaint, and
# mandoc's lint finds nothing. What is not installed (man, groff, mandoc) is skipped and told. Called by Tests/run_c_tests.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C.UTF-8

fail() { echo "man: $*" >&2; exit 1; }
pages=(build/man/stepsize.1 build/man/stepsize.3 build/man/stepsize-learn.3)
checked=()

if command -v man >/dev/null && command -v groff >/dev/null; then
  rendered=$(for page in "${pages[@]}"; do MANWIDTH=80 man --warnings=w -l "$page" 2>&1 | col -bx; done)
  ! grep -E '^(<standard input>|troff|man):' <<<"$rendered" >&2 || fail "man complains"
  while read -r name; do
    grep -qE "(^|[ *])$name\(" <<<"$rendered" || fail "no $name"
  done < <(cat Tests/abi/symbols.txt Tests/abi/symbols_learn.txt)
  for word in 'stepsize show' 'stepsize convert' STEPSIZE_ERROR_SIZE '#include <stepsize/learn.h>' 'Returns' '\n", error.text'; do
    grep -qF -- "$word" <<<"$rendered" || fail "no '$word'"
  done
  checked+=(man)
else
  echo "man: skipped man, not installed (Debian: man-db)"
fi
if command -v mandoc >/dev/null; then
  mandoc -Tlint -W warning "${pages[@]}" >&2 || fail "mandoc complains"
  checked+=(mandoc)
else
  echo "man: skipped mandoc, not installed"
fi
echo "man: ${#pages[@]} pages, read by: ${checked[*]:-nobody}"
