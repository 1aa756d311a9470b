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
# Strings are where Embedded Swift does not compile them: the shipped libraries have none.
for file in Sources/StepsizeBase/Strings.swift Sources/Stepsize/Strings.swift; do
  if [ "$(head -n 1 "$file")" != '#if !hasFeature(Embedded)' ] || [ "$(tail -n 1 "$file")" != '#endif' ]; then
    echo "$file: all of it has to be left out of Embedded Swift" >&2
    status=1
  fi
done
# Where memory may be handled: what owns it, what reads and writes the caller's, and what calls libstepsize as C programs do.
memory=Sources/StepsizeBase/Numerics/FixedBuffer.swift state=Sources/StepsizeBase/StateBytes.swift
foreign=Sources/StepsizeLearn/Agents/Player.swift
for module in StepsizeBase Stepsize StepsizeLearn; do
  refuse "Sources/$module" 'import Foundation' 'fatalError' 'precondition' 'try!' 'as!' 'print(' ' any ' \
    'Dictionary' 'Set<'
  # Calls to libm where the processor lacks an instruction, or bits that depend on it (Numerics has what to use instead).
  refuse "Sources/$module" 'addingProduct' '.rounded(' '(exactly:' 'truncatingRemainder' 'remainder(dividingBy' 'import Glibc'
  if grep -rnE --include='*.swift' ' String\b|\[String' "Sources/$module" | grep -vE '^[^:]*:[0-9]+: *//' \
    | grep -v "^Sources/$module/Strings.swift:"; then
    echo "Sources/$module: strings are in Strings.swift alone" >&2
    status=1
  fi
  if grep -rnE --include='*.swift' '\bUnsafe' "Sources/$module" | grep -v -e "^$memory:" -e "^$state:" -e "^$foreign:"; then
    echo "Sources/$module: memory is handled in $memory, $state and $foreign alone" >&2
    status=1
  fi
done
for layer in StepsizeBoundary StepsizeC StepsizeLearnC; do
  refuse "Sources/$layer" 'import Foundation' 'fatalError' 'precondition' 'try!' 'as!' '@_cdecl' 'OpaquePointer' '@c enum'
done
# The second library knows the first by its public header alone.
for folder in StepsizeBase StepsizeBoundary StepsizeLearn StepsizeLearnC; do
  if grep -rnE --include='*.swift' 'import (struct |func |enum )?Stepsize(C)?(\.|$)' "Sources/$folder"; then
    echo "Sources/$folder: imports the first library" >&2
    status=1
  fi
done
refuse Package.swift 'unsafeFlags'
exit $status
