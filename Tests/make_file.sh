#!/usr/bin/env bash
# dev/make_file.sh: a file is made once, again where its input or its command has changed, and taken from the cache where
# another checkout has made it; what nobody has taken for 30 days is not kept.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. dev/make_file.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "make_file: $*" >&2; exit 1; }
export STEPSIZE_CACHE=$work/cache

# copy WORD: makes `to` from `from` in the folder of a checkout, and says so in `runs`.
runs=$work/runs
copy() { make_file to from -- bash -c "cp from to; echo made >>'$runs' # $1"; }
has_run() { [ "$(wc -l <"$runs")" = "$1" ] || fail "$2: made $(wc -l <"$runs") times, expected $1"; }

mkdir "$work/one" "$work/two" && cd "$work/one"
echo 1 >from
copy a && has_run 1 "the first time"
copy a && has_run 1 "up to date"
copy b && has_run 2 "another command"
sleep 0.01 && echo 2 >from
copy b && has_run 3 "another input"

cd "$work/two" && cp ../one/from .
copy b && has_run 3 "the same in another checkout"
[ "$(cat to)" = 2 ] || fail "from the cache came $(cat to)"
kept=$(find "$STEPSIZE_CACHE" -mindepth 1 -maxdepth 1 | wc -l)
[ "$kept" = 3 ] || fail "$kept in the cache, expected 3"

# All are old; one is taken, and the next new one ends the others.
find "$STEPSIZE_CACHE" -mindepth 1 -maxdepth 1 -exec touch -d '31 days ago' {} +
rm to to.command
copy b && has_run 3 "from the cache, old"
copy c && has_run 4 "a third command"
kept=$(find "$STEPSIZE_CACHE" -mindepth 1 -maxdepth 1 | wc -l)
[ "$kept" = 2 ] || fail "$kept in the cache after 30 days, expected 2"

# A command that fails makes nothing, and is tried again.
! (make_file none from -- bash -c 'echo no; exit 1') 2>/dev/null || fail "a command that fails is a success"
[ ! -f none.command ] || fail "a command that failed is taken for done"
echo "make_file: passed"
