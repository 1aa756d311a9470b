/* The library as a runtime with a foreign-function interface sees it: opened by name at run time, its functions
   called through libffi, nothing known at compile time.

     libffi path/to/libstepsize.so */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <ffi.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int passed, failed;

static void check(int holds, const char *what) {
  if (holds) {
    passed++;
  } else {
    failed++;
    fprintf(stderr, "libffi: failed: %s\n", what);
  }
}

/* The address of a function; a union, because ISO C has no cast from void *. */
static void (*function(void *library, const char *name))(void) {
  union {
    void *object;
    void (*code)(void);
  } address;
  address.object = dlsym(library, name);
  check(address.object != NULL, name);
  return address.code;
}

static void call(void (*code)(void), ffi_type *result, void *out, unsigned count, ffi_type **types, void **values) {
  ffi_cif cif;
  check(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, result, types) == FFI_OK, "ffi_prep_cif");
  ffi_call(&cif, code, out, values);
}

int main(int argc, char **argv) {
  void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (library == NULL) {
    fprintf(stderr, "libffi: %s\n", argc == 2 ? dlerror() : "expected the path of the library");
    return 1;
  }

  /* double stepsize_cosine(int64_t step, int64_t total, double base_lr, double floor) */
  int64_t step = 5, total = 10;
  double base_lr = 0.5, floor_ = 0.1, rate = 0;
  ffi_type *closed_form[] = {&ffi_type_sint64, &ffi_type_sint64, &ffi_type_double, &ffi_type_double};
  void *numbers[] = {&step, &total, &base_lr, &floor_};
  call(function(library, "stepsize_cosine"), &ffi_type_double, &rate, 4, closed_form, numbers);
  check(fabs(rate - 0.5 * 0.55) < 1e-15, "stepsize_cosine");

  /* int32_t stepsize_schedule_parse(const char *text, size_t length, stepsize_schedule **out, stepsize_error *) */
  const char *text = "warmup(4) >> linear(6)";
  size_t length = strlen(text);
  void *schedule = NULL, *out = &schedule, *error = NULL;
  ffi_arg status = 99;
  ffi_type *parse[] = {&ffi_type_pointer, &ffi_type_uint64, &ffi_type_pointer, &ffi_type_pointer};
  void *parse_values[] = {&text, &length, &out, &error};
  call(function(library, "stepsize_schedule_parse"), &ffi_type_sint32, &status, 4, parse, parse_values);
  check((int32_t)status == 0 && schedule != NULL, "stepsize_schedule_parse");

  /* double stepsize_schedule_at(const stepsize_schedule *, int64_t step) */
  ffi_type *at[] = {&ffi_type_pointer, &ffi_type_sint64};
  void *at_values[] = {&schedule, &step};
  void (*code)(void) = function(library, "stepsize_schedule_at");
  for (step = 0; step < 12; step++) {
    double expected = step < 4 ? (double)(step + 1) / 4 : step < 10 ? (double)(10 - step) / 6 : 0;
    call(code, &ffi_type_double, &rate, 2, at, at_values);
    check(rate == expected, "stepsize_schedule_at");
  }

  void *destroyed[] = {&schedule};
  call(function(library, "stepsize_schedule_destroy"), &ffi_type_void, NULL, 1, at, destroyed);
  dlclose(library);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
