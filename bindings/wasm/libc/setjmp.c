/* What LLVM calls in the place of setjmp and longjmp with -wasm-enable-sjlj. */
#include <setjmp.h>
#include <stddef.h>

enum { C_LONGJMP = 1 }; /* the tag that LLVM has for it */

void __wasm_setjmp(jmp_buf place, uint32_t label, void *invocation);
uint32_t __wasm_setjmp_test(jmp_buf place, void *invocation);
void __wasm_longjmp(jmp_buf place, int value);

void __wasm_setjmp(jmp_buf place, uint32_t label, void *invocation) {
  place->invocation = invocation, place->label = label;
}

/* The label of the setjmp where the exception ends, 0 where it was another call's. */
uint32_t __wasm_setjmp_test(jmp_buf place, void *invocation) {
  return place->invocation == invocation ? place->label : 0;
}

void __wasm_longjmp(jmp_buf place, int value) {
  place->thrown.place = place, place->thrown.value = value == 0 ? 1 : value;
  __builtin_wasm_throw(C_LONGJMP, &place->thrown);
}
