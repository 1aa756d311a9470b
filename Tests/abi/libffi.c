/* The libraries as a runtime with a foreign-function interface sees them: opened by name at run time, their functions
   called through libffi, nothing known at compile time.

     libffi path/to/libstepsize.so path/to/libstepsize-learn.so */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <ffi.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Out of sight of what is opened later: the second library finds the first one all the same. */
static void *opened(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "libffi: %s\n", dlerror());
    exit(1);
  }
  return library;
}

/* A factorization of a matrix whose best loss is known, and the score of an agent, which takes the first library. */
static void try_learn(void *library) {
  /* The options of an agent: 56 bytes, of a factorization: 72; the rank, an int64_t, at 16. */
  int64_t agent_options[7], options[9];
  size_t agent_size = sizeof agent_options, size = sizeof options;
  void *into = agent_options, *agent = NULL, *nmf = NULL, *out = &agent, *none = NULL;
  ffi_arg status = 99;
  ffi_type *defaults[] = {&ffi_type_pointer, &ffi_type_uint64};
  ffi_type *pointers[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_pointer};
  call(function(library, "stepsize_agent_defaults"), &ffi_type_sint32, &status, 2, defaults,
       (void *[]){&into, &agent_size});
  check((int32_t)status == 0, "stepsize_agent_defaults");
  call(function(library, "stepsize_agent_create"), &ffi_type_sint32, &status, 3, pointers,
       (void *[]){&into, &out, &none});
  check((int32_t)status == 0 && agent != NULL, "stepsize_agent_create");

  /* int32_t stepsize_agent_score_nmf(const stepsize_agent *, int64_t instance, double *score, stepsize_error *) */
  int64_t instance = -1;
  double score = 0, *score_out = &score;
  ffi_type *scores[] = {&ffi_type_pointer, &ffi_type_sint64, &ffi_type_pointer, &ffi_type_pointer};
  call(function(library, "stepsize_agent_score_nmf"), &ffi_type_sint32, &status, 4, scores,
       (void *[]){&agent, &instance, &score_out, &none});
  check((int32_t)status == 0 && score > 0.1, "stepsize_agent_score_nmf");
  call(function(library, "stepsize_agent_destroy"), &ffi_type_void, NULL, 1, pointers, (void *[]){&agent});

  const double matrix[] = {1, 2, 3, 2, 4, 6}, *x = matrix;
  size_t rows = 2, columns = 3;
  double rate = 1, loss = 1, *loss_out = &loss;
  into = options, out = &nmf;
  call(function(library, "stepsize_nmf_defaults"), &ffi_type_sint32, &status, 2, defaults, (void *[]){&into, &size});
  check((int32_t)status == 0 && options[2] == 1, "stepsize_nmf_defaults");
  ffi_type *create[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_uint64, &ffi_type_uint64,
                        &ffi_type_uint64,  &ffi_type_pointer, &ffi_type_pointer};
  call(function(library, "stepsize_nmf_create"), &ffi_type_sint32, &status, 7, create,
       (void *[]){&into, &x, &rows, &columns, &columns, &out, &none});
  check((int32_t)status == 0 && nmf != NULL, "stepsize_nmf_create");
  ffi_type *step[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_uint64,
                      &ffi_type_double,  &ffi_type_pointer, &ffi_type_pointer};
  for (int t = 0; t < 50; t++)
    call(function(library, "stepsize_nmf_step"), &ffi_type_sint32, &status, 6, step,
         (void *[]){&nmf, &x, &columns, &rate, &none, &none});
  ffi_type *losses[] = {&ffi_type_pointer, &ffi_type_pointer, &ffi_type_uint64, &ffi_type_pointer, &ffi_type_pointer};
  call(function(library, "stepsize_nmf_loss"), &ffi_type_sint32, &status, 5, losses,
       (void *[]){&nmf, &x, &columns, &loss_out, &none});
  check((int32_t)status == 0 && loss >= 0 && loss < 1e-9, "stepsize_nmf_loss");
  call(function(library, "stepsize_nmf_destroy"), &ffi_type_void, NULL, 1, pointers, (void *[]){&nmf});
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "libffi: expected the paths of the two libraries\n");
    return 1;
  }
  void *library = opened(argv[1]);

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
  void *learn = opened(argv[2]);
  try_learn(learn);
  dlclose(learn);
  dlclose(library);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
