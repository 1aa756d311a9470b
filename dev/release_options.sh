# Sourced: `compiled`, the options of `swift build` that the modules of the libraries are compiled with. Each build with other
# options in the same folder would compile all of them anew.

# What Sources/CStepsize/Guard.c defines in the place of Swift's runtime must be called: no copy of the runtime's own may be
# inlined.
guarded=()
for name in $(sed -n 's/^void \**swift_\([A-Za-z_]*\)(.*/\1/p' Sources/CStepsize/Guard.c); do
  guarded+=(-Xswiftc -Xllvm -Xswiftc "-force-attribute=swift_$name:noinline")
done
# shellcheck disable=SC2034
compiled=(
  "${guarded[@]}" -c release --traits Embedded --omit-frame-pointers
  # Small code, except where the source asks for speed; what nobody calls is left out.
  -Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections
  # No hash of each module for the compiler's own use.
  -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen
  # A square root is an instruction; the call to libm for the errno of a negative number is left out.
  -Xswiftc -Xcc -Xswiftc -fno-math-errno
  -Xswiftc -use-ld=lld
)
