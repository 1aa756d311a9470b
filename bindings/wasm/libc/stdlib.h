/* What Sources/CStepsize needs of a C library, for WebAssembly (libc.c). */
#ifndef STEPSIZE_WASM_STDLIB_H
#define STEPSIZE_WASM_STDLIB_H
#include <stddef.h>

void *malloc(size_t size);
void free(void *block);

#endif
