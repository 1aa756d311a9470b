#!/usr/bin/env bash
# Each public header alone compiles without a warning as C99, C11 and C++11, and the first example runs.
# Compilers that are not installed are skipped and told; gcc is needed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
header=include/stepsize/stepsize.h
headers=("$header" include/stepsize/learn.h)
warnings=(-Wall -Wextra -Wconversion -Wshadow -pedantic -Werror -Iinclude)

printf '#include "stepsize/stepsize.h"\nint main(void) { return 0; }\n' | tee "$work/alone.c" >"$work/alone.cpp"
printf '#include "stepsize/learn.h"\nint main(void) { return 0; }\n' | tee "$work/learn_alone.c" >"$work/learn_alone.cpp"
# Twice, after other headers, with structs by value and the macros of the arguments.
cat >"$work/twice.c" <<'END'
#include <string.h>
#include "stepsize/stepsize.h"
#include "stepsize/stepsize.h"
int main(void) {
  stepsize_error error;
  memset(&error, 0, sizeof error);
  error.status = STEPSIZE_OK;
  static const double bounds[] = {0.25, 0.125};
  const stepsize_argument arguments[] = {
      STEPSIZE_WORD("mode", "max"), STEPSIZE_INTEGER("patience", 3), STEPSIZE_REAL("factor", 0.5),
      STEPSIZE_FLAG("smooth", 0), STEPSIZE_REALS("min_lr", bounds, 2)};
  stepsize_controller *controller = NULL;
  char text[128] = "";
  if (stepsize_controller_create("greedy", arguments, 5, &controller, &error) != STEPSIZE_OK) return 1;
  if (stepsize_controller_print(controller, text, sizeof text, NULL) != STEPSIZE_OK) return 1;
  stepsize_controller_destroy(controller);
  if (strcmp(text, "greedy(mode=\"max\", factor=0.5, patience=3, min_lr=[0.25, 0.125], smooth=false)") != 0) return 1;
  return stepsize_abi_version() == STEPSIZE_ABI_VERSION ? 0 : 1;
}
END
cp "$work/twice.c" "$work/twice.cpp"
cat >"$work/learn_twice.c" <<'END'
#include <string.h>
#include "stepsize/learn.h"
#include "stepsize/stepsize.h"
#include "stepsize/learn.h"
int main(void) {
  stepsize_nmf_update update;
  memset(&update, 0, sizeof update);
  update.size = sizeof update;
  return stepsize_learn_abi_version() == STEPSIZE_ABI_VERSION ? 0 : 1;
}
END
cp "$work/learn_twice.c" "$work/learn_twice.cpp"

# The example of the introduction: from its first line to the line that steps, inside a function.
{
  printf '#include <stdio.h>\n#include <string.h>\n#include "stepsize/stepsize.h"\nstatic double total;\n'
  printf 'static double train(double lr) { total += lr; return 1; }\nint main(void) {\n'
  awk '/A TRAINING LOOP/ { on = 1; next } on && /^   [^ ]/ { exit } on' "$header"
  # A loss that never falls: GreedyLR lowers the rates, whose sum on the schedule alone would be 5.
  printf '  return total > 0.01 && total < 4 ? 0 : 1;\n}\n'
} >"$work/example.c"
cp "$work/example.c" "$work/example.cpp"
if [ "$(grep -c stepsize_scheduler_step "$work/example.c")" != 1 ]; then
  echo "header test: the introduction of $header has no example that steps" >&2
  exit 1
fi

count=0
compile() {
  local compiler=$1 standard=$2 suffix=$3 program
  if ! command -v "$compiler" >/dev/null; then
    echo "header test: skipped $compiler, not installed"
    return
  fi
  for program in alone twice example learn_alone learn_twice; do
    "$compiler" "-std=$standard" "${warnings[@]}" -c "$work/$program.$suffix" -o "$work/$program.o"
    "$compiler" "$work/$program.o" -Wl,--no-as-needed -Lbuild/lib -lstepsize-learn -lstepsize "-Wl,-rpath,$PWD/build/lib" -o "$work/$program"
    "$work/$program" || { echo "header test: $program fails with $compiler -std=$standard" >&2; exit 1; }
    count=$((count + 1))
  done
}
# A struct has no hole, least of all at its end: a later field would lie where older programs write nothing.
gcc -std=c99 "${warnings[@]}" -Wpadded -c "$work/learn_alone.c" -o "$work/padded.o"
# A status that nobody looks at is a warning, in each header.
for call in 'stepsize.h stepsize_scheduler_step(0, 0, 0)' 'learn.h stepsize_nmf_get_factors(0, 0, 0, 0, 0)'; do
  printf '#include "stepsize/%s"\nvoid forgets(void);\nvoid forgets(void) { %s; }\n' "${call%% *}" "${call#* }" \
    >"$work/forgets.c"
  if gcc -std=c99 "${warnings[@]}" -c "$work/forgets.c" -o "$work/forgets.o" 2>"$work/log"; then
    echo "header test: no warning for the unused status of ${call#* }" >&2
    exit 1
  fi
  grep -q 'unused-result' "$work/log" || { cat "$work/log" >&2; exit 1; }
done
compile gcc c99 c
compile gcc c11 c
compile gcc c17 c
compile clang c99 c
compile clang c11 c
compile g++ c++11 cpp
compile g++ c++20 cpp
compile clang++ c++11 cpp
compile clang++ c++20 cpp

# Nothing private, no untyped handle; of any type are the values of an argument, and what an allocator is made of.
for word in 'SWIFT_' '_Nullable' '_Nonnull' 'char tag' 'void \*' '#pragma' 'Swift\.h'; do
  if grep -nE "$word" "${headers[@]}" | grep -vE 'const void \*data; /\* copied|^[^ ]+ +void \*?(context;|\(\*(allocate|release)\))'; then
    echo "header test: a public header contains $word" >&2
    exit 1
  fi
done
echo "header test: $count programs compiled without a warning and ran"
