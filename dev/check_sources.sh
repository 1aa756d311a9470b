#!/usr/bin/env bash
# House rules that a formatter does not know: what would trap, or break the small build, stays out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
status=0
# refuse FOLDER WORD...: no line of code in FOLDER holds WORD; comments do not count.
refuse() {
  local folder=$1 word
  shift
  for word in "$@"; do
    if grep -rnF --include='*.swift' -- "$word" "$folder" | grep -vE '^[^:]*:[0-9]+: *//'; then
      echo "$folder: '$word' is not allowed" >&2
      status=1
    fi
  done
}
refuse Sources/Stepsize 'import Foundation' 'fatalError' 'precondition' 'try!' 'as!' 'print(' ' any ' \
  'Dictionary' 'Set<' ': String' '[String' ' String'
# One file of the core owns memory: Numerics/FixedBuffer.swift.
if grep -rnE --include='*.swift' '\bUnsafe' Sources/Stepsize | grep -v '^Sources/Stepsize/Numerics/FixedBuffer.swift:'; then
  echo "Sources/Stepsize: memory is handled in Numerics/FixedBuffer.swift alone" >&2
  status=1
fi
refuse Sources/StepsizeC 'import Foundation' 'fatalError' 'precondition' 'try!' 'as!' '@_cdecl' 'OpaquePointer' '@c enum'
refuse Package.swift 'unsafeFlags'
exit $status
