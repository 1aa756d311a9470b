/* Every function of the libraries as a runtime with a foreign-function interface calls it: found by name in a library
   that was opened at run time, called through libffi with the types that include/stepsize/abi.json gives. Beside it the
   call of a C compiler, with the same arguments: what both return and write has the same bytes.

   Also what the description says of NULL: where it is allowed the call succeeds, elsewhere it is STEPSIZE_ERROR_NULL.

     libffi path/to/libstepsize.so path/to/libstepsize-learn.so */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stepsize/learn.h"

enum type { BOOL, INT32_T, UINT32_T, INT64_T, SIZE_T, FLOAT, DOUBLE, POINTER, VOID };
#include "calls.h" /* made from the description by description.py */

static int passed, failed;

static void check(int holds, const char *function, const char *what) {
  if (holds) {
    passed++;
  } else if (failed++ < 20) {
    fprintf(stderr, "libffi: %s: failed: %s\n", function, what);
  }
}

static void must(stepsize_status status, const char *what) {
  if (status != STEPSIZE_OK) {
    fprintf(stderr, "libffi: %s: %s\n", what, stepsize_status_name(status));
    exit(1);
  }
}

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }
static int contains(const char *text, const char *part) { return strstr(text, part) != NULL; }

/* The objects that a call may take. Two made by the same function are in the same state. */
enum { GROUPS = 2, COUNT = 16, CAPACITY = 1 << 14 };
struct world {
  stepsize_schedule *schedule;
  stepsize_controller *controller;
  stepsize_scheduler *scheduler;
  stepsize_norm_log *log;
  stepsize_finder *finder;
  stepsize_nmf *nmf;
  stepsize_agent *agent;
  uint8_t bytes[CAPACITY]; /* a state of the kind that the function reads */
  size_t byte_count;
};

static double matrix[COUNT * COUNT];

/* A controller that the function is for. */
static const char *text_for(const char *function) {
  if (contains(function, "_propose") || contains(function, "_report")) return "line_search()";
  if (contains(function, "observe_gradient")) return "hypergradient()";
  if (is(function, "stepsize_scheduler_observe")) return "polyak()";
  if (is(function, "stepsize_scheduler_step") || contains(function, "_next")) return "warmup(4) >> linear(60)";
  return "greedy(patience=3) * (warmup(4) >> linear(60))";
}

static void make(struct world *world, const char *function) {
  static const double base[GROUPS] = {0.5, 0.25}, norms[GROUPS] = {1, 2};
  const char *text = text_for(function);
  stepsize_scheduler_options options;
  stepsize_finder_options finder;
  stepsize_nmf_options nmf;
  stepsize_agent_options agent;
  memset(world, 0, sizeof *world);
  const char *schedule = contains(function, "schedule_parameter") ? "linear(60)" : "warmup(4) >> linear(60)";
  must(stepsize_schedule_parse(schedule, strlen(schedule), &world->schedule, NULL), schedule);
  must(stepsize_controller_parse("greedy(patience=3)", 18, &world->controller, NULL), "controller");
  must(stepsize_scheduler_defaults(&options, sizeof options), "options");
  options.group_count = GROUPS, options.base_lr = base, options.record = 1, options.norm_capacity = COUNT;
  must(stepsize_scheduler_parse(text, strlen(text), &options, &world->scheduler, NULL), text);
  must(stepsize_scheduler_advance_by(world->scheduler, 3, NULL, 0), "advance_by");
  if (contains(function, "_report"))
    must(stepsize_scheduler_propose(world->scheduler, 1, norms, 2, NULL, 0), "propose");
  must(stepsize_norm_log_create(COUNT, &world->log, NULL), "log");
  must(stepsize_finder_defaults(&finder, sizeof finder), "finder");
  finder.smoothing = 0.5;
  must(stepsize_finder_create(&finder, &world->finder, NULL), "finder");
  /* Losses with a fall in the middle. */
  const int told = is(function, "stepsize_finder_suggest") ? 60 : COUNT;
  for (int i = 0; i < told; i++) {
    must(stepsize_norm_log_add(world->log, 1 + i), "add");
    must(stepsize_finder_tell(world->finder, i < 20 ? 4 + 0.01 * (i % 3) : i < 40 ? 4 - 0.15 * (i - 20) : 1), "tell");
  }
  must(stepsize_nmf_defaults(&nmf, sizeof nmf), "nmf");
  nmf.rank = 1;
  must(stepsize_nmf_create(&nmf, matrix, COUNT, COUNT, COUNT, &world->nmf, NULL), "nmf");
  must(stepsize_agent_defaults(&agent, sizeof agent), "agent");
  agent.population = 4, agent.instances = 1;
  must(stepsize_agent_create(&agent, &world->agent, NULL), "agent");
  while (is(function, "stepsize_agent_update") && stepsize_agent_episodes_left(world->agent) > 0) {
    must(stepsize_agent_begin_episode(world->agent, COUNT, 1, NULL), "begin_episode");
    must(stepsize_agent_end_episode(world->agent, NULL), "end_episode");
  }
  if (contains(function, "agent_observe") || contains(function, "agent_reward") || contains(function, "end_episode"))
    must(stepsize_agent_begin_episode(world->agent, COUNT, 1, NULL), "begin_episode");
  if (contains(function, "norm_log"))
    must(stepsize_norm_log_save(world->log, world->bytes, CAPACITY, &world->byte_count), "bytes");
  else if (contains(function, "training"))
    must(stepsize_agent_save_training(world->agent, world->bytes, CAPACITY, &world->byte_count), "bytes");
  else if (contains(function, "agent") || contains(function, "learned"))
    must(stepsize_agent_save(world->agent, world->bytes, CAPACITY, &world->byte_count), "bytes");
  else
    must(stepsize_scheduler_save(world->scheduler, world->bytes, CAPACITY, &world->byte_count), "bytes");
}

static void destroy(struct world *world) {
  stepsize_schedule_destroy(world->schedule);
  stepsize_controller_destroy(world->controller);
  stepsize_scheduler_destroy(world->scheduler);
  stepsize_norm_log_destroy(world->log);
  stepsize_finder_destroy(world->finder);
  stepsize_nmf_destroy(world->nmf);
  stepsize_agent_destroy(world->agent);
}

static void **handle_of(struct world *world, const char *kind) {
  if (is(kind, "stepsize_schedule")) return (void **)&world->schedule;
  if (is(kind, "stepsize_controller")) return (void **)&world->controller;
  if (is(kind, "stepsize_scheduler")) return (void **)&world->scheduler;
  if (is(kind, "stepsize_norm_log")) return (void **)&world->log;
  if (is(kind, "stepsize_finder")) return (void **)&world->finder;
  if (is(kind, "stepsize_nmf")) return (void **)&world->nmf;
  return (void **)&world->agent;
}

static void *no_memory(void *context, size_t size) { return (void)context, (void)size, NULL; }
static void no_release(void *context, void *block) { (void)context, (void)block; }

/* An argument: a value of the parameter's type, and the memory that a pointer points to. */
union value {
  bool flag;
  int32_t integer;
  uint32_t natural;
  int64_t count;
  size_t size;
  float single;
  double real;
  const void *pointer;
};
union memory {
  uint8_t bytes[CAPACITY];
  double numbers[COUNT * COUNT];
  float singles[COUNT];
  const void *pointers[COUNT];
  stepsize_scheduler_options scheduler;
  stepsize_refine_options refine;
  stepsize_finder_options finder;
  stepsize_nmf_options nmf;
  stepsize_agent_options agent;
  stepsize_allocator allocator;
  stepsize_argument argument;
  stepsize_observation observations[GROUPS];
};

/* The bytes of a struct. */
static size_t size_of(const char *kind) {
#define SIZE(name) if (is(kind, #name)) return sizeof(name)
  SIZE(stepsize_scheduler_options);
  SIZE(stepsize_refine_options);
  SIZE(stepsize_finder_options);
  SIZE(stepsize_nmf_options);
  SIZE(stepsize_agent_options);
  SIZE(stepsize_refine_result);
  SIZE(stepsize_score_result);
  SIZE(stepsize_structure);
  SIZE(stepsize_phase);
  SIZE(stepsize_nmf_update);
  SIZE(stepsize_observation);
  return 0;
}

static void fill_struct(union memory *memory, const char *kind, const char *function) {
  static const double base[GROUPS] = {0.5, 0.25};
  const uint32_t size = (uint32_t)size_of(kind);
  memcpy(memory->bytes, &size, sizeof size);
  if (contains(function, "_defaults")) return;
  if (is(kind, "stepsize_scheduler_options")) {
    must(stepsize_scheduler_defaults(&memory->scheduler, size), kind);
    memory->scheduler.group_count = GROUPS, memory->scheduler.base_lr = base;
  }
  if (is(kind, "stepsize_refine_options")) must(stepsize_refine_defaults(&memory->refine, size), kind);
  if (is(kind, "stepsize_finder_options")) must(stepsize_finder_defaults(&memory->finder, size), kind);
  if (is(kind, "stepsize_agent_options")) must(stepsize_agent_defaults(&memory->agent, size), kind);
  if (is(kind, "stepsize_nmf_options")) must(stepsize_nmf_defaults(&memory->nmf, size), kind), memory->nmf.rank = 1;
  if (is(kind, "stepsize_allocator")) memory->allocator = (stepsize_allocator){no_memory, no_release, NULL};
  if (is(kind, "stepsize_argument"))
    memory->argument = contains(function, "controller") ? (stepsize_argument)STEPSIZE_INTEGER("patience", 3)
                                                        : (stepsize_argument)STEPSIZE_INTEGER("total", COUNT);
  for (int i = 0; is(kind, "stepsize_observation") && i < GROUPS; i++)
    memory->observations[i] =
        (stepsize_observation){size, 0x7ff * STEPSIZE_SCALAR_LOSS, 1, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1};
}

/* What the parameter gets in a call that succeeds. */
static void fill(union value *value, union memory *memory, struct world *world, const struct function *function,
                 const struct parameter *parameter) {
  const char *name = parameter->name, *own = function->name;
  const char *text = contains(own, "controller")         ? "greedy(patience=3)"
                     : is(own, "stepsize_schedule_bind") ? "linear(rest)"
                                                         : "warmup(4) >> linear(60)";
  const size_t groups = contains(own, "stepsize_scheduler_") ? GROUPS : contains(own, "_create") ? 1 : COUNT;
  memset(memory, 0, sizeof *memory);
  value->pointer = memory;
  switch (parameter->role) {
    case NUMBER:
      if (parameter->type == DOUBLE) value->real = contains(name, "min") ? 0.25 : 0.5;
      if (parameter->type == INT32_T) value->integer = 0;
      if (parameter->type == INT64_T) value->count = is(name, "step") ? 5 : is(name, "first") ? 0 : COUNT;
      if (parameter->type != SIZE_T) break;
      value->size = contains(name, "count")      ? groups
                    : is(name, "capacity")       ? (contains(own, "_create") ? COUNT : CAPACITY)
                    : is(name, "size")           ? strlen(text)
                    : is(name, "rank")           ? 1
                    : is(name, "rows") || contains(name, "columns") || is(name, "row_stride") ? COUNT
                                                                                             : 0;
      for (unsigned i = 0; is(name, "size") && i < function->count; i++) {
        if (function->parameters[i].role == BYTES) value->size = world->byte_count;
        if (contains(own, "_defaults")) value->size = size_of(function->parameters[0].kind);
      }
      break;
    case TEXT: value->pointer = text; break;
    case TERMINATED_TEXT:
      value->pointer = contains(own, "llmc") ? "cosine" : contains(own, "controller") ? "greedy" : "linear";
      break;
    case BYTES: value->pointer = world->bytes; break;
    case HANDLE: value->pointer = *handle_of(world, parameter->kind); break;
    case HANDLES:
      for (int i = 0; i < COUNT; i++) memory->pointers[i] = *handle_of(world, parameter->kind);
      break;
    case STRUCT:
    case STRUCTS: fill_struct(memory, parameter->kind, own); break;
    case NUMBERS:
      for (int i = 0; !parameter->is_out && i < COUNT * COUNT; i++) memory->numbers[i] = 1 - i / 512.0;
      break;
    default: break;
  }
}

static ffi_type *ffi_of(enum type type) {
  ffi_type *const types[] = {&ffi_type_uint8,  &ffi_type_sint32, &ffi_type_uint32,  &ffi_type_sint64,
                             sizeof(size_t) == 8 ? &ffi_type_uint64 : &ffi_type_uint32,
                             &ffi_type_float,  &ffi_type_double, &ffi_type_pointer, &ffi_type_void};
  return types[type];
}

/* A result, wide enough for libffi, which returns small numbers as an ffi_arg. */
union result {
  ffi_arg word;
  int32_t status;
  int64_t count;
  double real;
  float single;
  const char *text;
};

struct call {
  struct world world;
  union value values[9];
  union memory memory[9];
  void *addresses[9];
  union result result;
};

static void prepare(struct call *call, const struct function *function) {
  make(&call->world, function->name);
  for (unsigned i = 0; i < function->count; i++) {
    fill(&call->values[i], &call->memory[i], &call->world, function, &function->parameters[i]);
    call->addresses[i] = &call->values[i];
  }
  memset(&call->result, 0, sizeof call->result);
}

/* Frees what the call has made; a handle that it has destroyed is gone from the world. */
static void finish(struct call *call, const struct function *function) {
  for (unsigned i = 0; i < function->count; i++) {
    const struct parameter *parameter = &function->parameters[i];
    if (function->result == VOID && parameter->role == HANDLE && call->values[i].pointer)
      *handle_of(&call->world, parameter->kind) = NULL;
    if (parameter->role != NEW_HANDLE || !call->values[i].pointer) continue;
    struct world made;
    memset(&made, 0, sizeof made);
    *handle_of(&made, parameter->kind) = (void *)call->memory[i].pointers[0];
    destroy(&made);
  }
  destroy(&call->world);
}

static void call_ffi(void *library, const struct function *function, struct call *call) {
  union {
    void *object;
    void (*code)(void);
  } address = {dlsym(library, function->name)};
  ffi_cif cif;
  ffi_type *types[9];
  for (unsigned i = 0; i < function->count; i++) types[i] = ffi_of(function->parameters[i].type);
  check(address.object != NULL, function->name, "is in the library");
  check(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, function->count, ffi_of(function->result), types) == FFI_OK, function->name,
        "ffi_prep_cif");
  ffi_call(&cif, address.code, &call->result, call->addresses);
}

static int is_same_result(enum type type, const union result *a, const union result *b) {
  if (type == VOID) return 1;
  if (type == BOOL) return (a->word & 0xff) == (b->word & 0xff);
  if (type == INT32_T || type == FLOAT) return a->status == b->status;
  return type == POINTER ? is(a->text, b->text) : a->count == b->count;
}

/* The same written bytes; of a new handle, that there is one. */
static int is_same_memory(const struct parameter *parameter, const union memory *a, const union memory *b) {
  if (parameter->role == NEW_HANDLE) return a->pointers[0] != NULL && b->pointers[0] != NULL;
  return !parameter->is_out || parameter->role == HANDLE || memcmp(a, b, sizeof *a) == 0;
}

/* An allocator can be set before all others alone. */
static stepsize_status expected(const struct function *function) {
  return contains(function->name, "set_allocator") ? STEPSIZE_ERROR_ORDER : STEPSIZE_OK;
}

/* The call with NULL for a parameter, with a count of 0 where the parameter may then be NULL, or with the count it has. */
static void try_null(void *library, const struct function *function, unsigned index, int is_empty) {
  static struct call call;
  const struct parameter *parameter = &function->parameters[index];
  prepare(&call, function);
  call.values[index].pointer = NULL;
  if (is_empty) call.values[parameter->null].size = 0;
  call_ffi(library, function, &call);
  if (parameter->null == ALWAYS)
    check(call.result.status == expected(function), function->name, parameter->name);
  else if (is_empty)
    check(call.result.status != STEPSIZE_ERROR_NULL, function->name, parameter->name);
  else
    check(call.result.status == STEPSIZE_ERROR_NULL, function->name, parameter->name);
  if (parameter->role == HANDLE) call.values[index].pointer = *handle_of(&call.world, parameter->kind);
  finish(&call, function);
}

static void *opened(const char *path) {
  /* Out of sight of what is opened later: the second library finds the first one all the same. */
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "libffi: %s\n", dlerror());
    exit(1);
  }
  return library;
}

int main(int argc, char **argv) {
  static struct call here, there;
  if (argc != 3) {
    fprintf(stderr, "libffi: expected the paths of the two libraries\n");
    return 1;
  }
  for (int i = 0; i < COUNT * COUNT; i++) matrix[i] = 1 - i / 512.0;
  void *libraries[] = {opened(argv[1]), opened(argv[2])};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    const struct function *function = &functions[i];
    const int has_status = function->result == INT32_T && function->is_checked;
    prepare(&here, function);
    prepare(&there, function);
    function->direct(here.addresses, &here.result);
    call_ffi(libraries[function->library], function, &there);
    check(is_same_result(function->result, &here.result, &there.result), function->name, "the same result");
    if (has_status)
      check(here.result.status == expected(function), function->name, stepsize_status_name(here.result.status));
    for (unsigned k = 0; k < function->count; k++)
      if (!has_status || here.result.status == STEPSIZE_OK)
        check(is_same_memory(&function->parameters[k], &here.memory[k], &there.memory[k]), function->name,
              function->parameters[k].name);
    finish(&here, function);
    finish(&there, function);
    for (unsigned k = 0; has_status && k < function->count; k++) {
      if (function->parameters[k].type != POINTER) continue;
      try_null(libraries[function->library], function, k, 0);
      if (function->parameters[k].null >= 0) try_null(libraries[function->library], function, k, 1);
    }
  }
  dlclose(libraries[1]);
  dlclose(libraries[0]);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
