#!/usr/bin/env bash
# Prints the version of the library, MAJOR.MINOR.PATCH, as its header has it.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sed -n 's/^#define STEPSIZE_VERSION_[MP][A-Z]* //p' include/stepsize/stepsize.h | paste -sd .
