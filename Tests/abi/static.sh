#!/usr/bin/env bash
# The static libraries as others link them: fully static, with musl, with link-time optimization, with and without the
# collection of sections, into shared libraries of which several are in one process. What a program then weighs, and what
# such a shared library exports. Compilers that are not installed are skipped and told. Called by Tests/run_c_tests.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "static: $*" >&2; exit 1; }
count=0

bindings/c/install.sh "$work/usr" >/dev/null
if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$work/usr/lib/pkgconfig
  read -r -a hello <<<"bindings/c/examples/hello.c $(pkg-config --static --cflags --libs stepsize)"
  read -r -a factorize <<<"bindings/c/examples/factorize.c $(pkg-config --static --cflags --libs stepsize-learn)"
else
  echo "static: skipped pkg-config, not installed"
  hello=(bindings/c/examples/hello.c "-I$work/usr/include" "-L$work/usr/lib" -lstepsize)
  factorize=(bindings/c/examples/factorize.c "-I$work/usr/include" "-L$work/usr/lib" -lstepsize-learn -lstepsize)
fi
# Where both forms are there, this takes the static one.
rm "$work/usr/lib"/*.so*

# linked MAXIMUM COMPILER WORD...: both examples, linked so, need no library of ours and do what they should; the stripped
# first one has fewer than MAXIMUM bytes without libc (0: it is in there).
linked() {
  local maximum=$1 program size
  shift
  "$@" "${hello[@]}" -o "$work/hello" || fail "$*: hello does not link"
  "$@" "${factorize[@]}" -o "$work/factorize" || fail "$*: factorize does not link"
  "$work/hello" | grep -qx 'update  5000  learning rate 0.000587' || fail "$*: hello is wrong"
  [ "$("$work/factorize")" = 'relative loss < 1e-3' ] || fail "$*: factorize is wrong"
  for program in hello factorize; do
    ! readelf -dW "$work/$program" | grep -q 'libstepsize' || fail "$*: $program needs a shared library of ours"
  done
  strip "$work/hello"
  size=$(stat -c %s "$work/hello")
  [ "$maximum" = 0 ] || [ "$size" -lt "$maximum" ] || fail "$*: hello has $size bytes, allowed are fewer than $maximum"
  count=$((count + 1))
}
# The library is 303 KB as a shared one.
whole=375000 collected=250000
linked "$whole" gcc -O2
linked "$collected" gcc -O2 -Wl,--gc-sections
linked "$whole" gcc -O2 -flto
linked "$collected" gcc -O2 -flto -Wl,--gc-sections
linked 0 gcc -O2 -static
linked 0 gcc -O2 -static -flto -Wl,--gc-sections
linked 0 gcc -O2 -static-pie
if command -v musl-gcc >/dev/null; then
  linked "$whole" musl-gcc -O2
  linked "$whole" musl-gcc -O2 -static
  linked "$collected" musl-gcc -O2 -static -Wl,--gc-sections
else
  echo "static: skipped musl, not installed (Debian: musl-tools)"
fi
if command -v clang >/dev/null && command -v ld.lld >/dev/null; then
  linked "$collected" clang -O2 -fuse-ld=lld -Wl,--gc-sections
else
  echo "static: skipped clang with lld, not installed"
fi

# A program that uses a closed form alone does not carry the rest.
printf '#include <stepsize/stepsize.h>\nint main(void) { return stepsize_linear(5, 10, 1, 0) != 0.5; }\n' >"$work/one.c"
gcc -O2 -s "$work/one.c" "-I$work/usr/include" "$work/usr/lib/libstepsize.a" -Wl,--gc-sections -o "$work/one"
"$work/one" || fail "the closed form is wrong"
[ "$(stat -c %s "$work/one")" -lt 32768 ] || fail "a closed form alone brings $(stat -c %s "$work/one") bytes"

# Two shared libraries that each have ours inside, one of them whole, in a program that uses the shared one besides:
# three copies, out of each other's sight.
cat >"$work/inside.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <stepsize/stepsize.h>
/* The rate of update 50, in proportion to BASE, from a scheduler of its own; NAME is another function in each library. */
double NAME(void);
double NAME(void) {
  const char *text = "greedy(patience=3) * linear(100)";
  double base_lr = BASE, lr = 0;
  stepsize_scheduler *scheduler;
  stepsize_scheduler_options options;
  if (stepsize_scheduler_defaults(&options, sizeof options) != STEPSIZE_OK) return -1;
  options.group_count = 1, options.base_lr = &base_lr;
  if (stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, NULL) != STEPSIZE_OK) return -1;
  for (int t = 0; t < 50; t++)
    if (stepsize_scheduler_step_with_loss(scheduler, 1.0 / (1 + t), &lr, 1) != STEPSIZE_OK) return -1;
  stepsize_scheduler_destroy(scheduler);
  return lr;
}
/* Where this copy of the library lies. */
const void *PLACE(void);
const void *PLACE(void) { return (const void *)stepsize_status_name(STEPSIZE_OK); }
END
cat >"$work/outside.c" <<'END'
double first(void), second(void), third(void);
const void *first_place(void), *second_place(void), *third_place(void);
int main(void) {
  if (first_place() == second_place() || first_place() == third_place() || second_place() == third_place()) return 1;
  return first() > 0 && second() == 2 * first() && third() == 4 * first() ? 0 : 2;
}
END
build() { # NAME BASE WORD...: one of the three
  local name=$1 base=$2
  shift 2
  gcc -O1 -Wall -Wextra -Werror -fPIC -shared "-I$work/usr/include" "-DNAME=$name" "-DPLACE=${name}_place" "-DBASE=$base" \
    "$work/inside.c" "$@" -o "$work/lib$name.so"
}
build first 1.0 "$work/usr/lib/libstepsize.a"
build second 2.0 -Wl,--whole-archive "$work/usr/lib/libstepsize-learn.a" "$work/usr/lib/libstepsize.a" -Wl,--no-whole-archive
build third 4.0 -Lbuild/lib -lstepsize "-Wl,-rpath,$PWD/build/lib"
for name in first second; do
  exported=$(nm -D --defined-only "$work/lib$name.so" | awk '{ print $NF }' | sort | paste -sd ' ')
  [ "$exported" = "$name ${name}_place" ] || fail "a shared library with ours inside exports: $exported"
  ! readelf -dW "$work/lib$name.so" | grep -q 'libstepsize' || fail "lib$name.so needs a shared library of ours"
done
gcc -O1 "$work/outside.c" "-L$work" -lfirst -lsecond -lthird "-Wl,-rpath,$work" -o "$work/outside"
"$work/outside" || fail "three copies in one process: exit status $?"

echo "static: $count ways of linking, and two shared libraries with ours inside that export nothing of it"
