/* setjmp and longjmp for WebAssembly: the compiler turns them into an exception, with the help of setjmp.c. */
#ifndef STEPSIZE_WASM_SETJMP_H
#define STEPSIZE_WASM_SETJMP_H
#include <stdint.h>

typedef struct {
  void *invocation; /* which call of the function holds the setjmp */
  uint32_t label;   /* and which of its setjmps it is */
  struct {
    void *place;
    int value;
  } thrown;
} jmp_buf[1];

int setjmp(jmp_buf place) __attribute__((returns_twice));
void longjmp(jmp_buf place, int value) __attribute__((noreturn));

#endif
