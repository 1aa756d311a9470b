/* Between R's values and libstepsize: external pointers with finalizers, vectors of numbers, conditions. No arithmetic. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <R.h>
#include <R_ext/Rdynload.h>
#include <Rinternals.h>

#include <stepsize/stepsize.h>

/* Signals a condition of the class stepsize_error; R code makes it (R/stepsize.R). Nothing of C may be open here. */
static void fail(stepsize_status status, const char *message, int64_t offset) {
  SEXP name = PROTECT(mkString("stepsize")), space = PROTECT(R_FindNamespace(name));
  SEXP text = PROTECT(ScalarString(mkCharCE(message, CE_UTF8)));
  SEXP number = PROTECT(ScalarInteger(status)), at = PROTECT(ScalarReal(offset < 0 ? NA_REAL : (double)offset));
  SEXP call = PROTECT(lang4(install("failure"), number, text, at));
  eval(call, space);
  UNPROTECT(6);
}

static void check(stepsize_status status) {
  if (status != STEPSIZE_OK) fail(status, stepsize_status_name(status), -1);
}

static void checked(stepsize_status status, const stepsize_error *error) {
  if (status != STEPSIZE_OK) fail(status, error->text, error->offset);
}

/* R has no integers of 64 bits: a double beyond their range is the nearest of them. */
static int64_t int64_of(double x) { return x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : (int64_t)x; }

static double number(SEXP value) {
  const double x = asReal(value);
  if (ISNA(x)) error("a number is missing");
  return x;
}

static const double *reals(SEXP values) { return length(values) == 0 ? NULL : REAL(values); }

static void free_schedule(SEXP pointer) {
  stepsize_schedule_destroy(R_ExternalPtrAddr(pointer));
  R_ClearExternalPtr(pointer);
}

static void free_scheduler(SEXP pointer) {
  stepsize_scheduler_destroy(R_ExternalPtrAddr(pointer));
  R_ClearExternalPtr(pointer);
}

/* The pointer first, so that no memory runs out between the object and its finalizer. */
static SEXP pointer_of(const char *kind, R_CFinalizer_t finalizer) {
  SEXP pointer = PROTECT(R_MakeExternalPtr(NULL, install(kind), R_NilValue));
  SEXP class = PROTECT(allocVector(STRSXP, 2));
  R_RegisterCFinalizerEx(pointer, finalizer, TRUE);
  SET_STRING_ELT(class, 0, mkChar(kind));
  SET_STRING_ELT(class, 1, mkChar("stepsize_object"));
  setAttrib(pointer, R_ClassSymbol, class);
  UNPROTECT(1);
  return pointer;
}

static void *handle(SEXP pointer, const char *kind) {
  if (TYPEOF(pointer) != EXTPTRSXP || R_ExternalPtrTag(pointer) != install(kind)) error("not a %s", kind);
  return R_ExternalPtrAddr(pointer);
}

static stepsize_schedule *schedule_in(SEXP pointer) { return handle(pointer, "stepsize_schedule"); }
static stepsize_scheduler *scheduler_in(SEXP pointer) { return handle(pointer, "stepsize_scheduler"); }

/* Calls a function that makes a schedule; the last two arguments are added. */
#define MADE(kind, function, ...)                                             \
  do {                                                                        \
    stepsize_error reason;                                                    \
    stepsize_##kind *made = NULL;                                             \
    SEXP pointer = pointer_of("stepsize_" #kind, free_##kind);                \
    const stepsize_status status = function(__VA_ARGS__, &made, &reason);     \
    R_SetExternalPtrAddr(pointer, made);                                      \
    UNPROTECT(1);                                                             \
    checked(status, &reason);                                                 \
    return pointer;                                                           \
  } while (0)

static SEXP r_schedule(SEXP text, SEXP total) {
  const char *form = translateCharUTF8(asChar(text));
  if (total != R_NilValue) MADE(schedule, stepsize_schedule_bind, form, strlen(form), int64_of(number(total)));
  MADE(schedule, stepsize_schedule_parse, form, strlen(form));
}

static SEXP r_table(SEXP values) { MADE(schedule, stepsize_schedule_table, reals(values), (size_t)length(values)); }
static SEXP r_then(SEXP a, SEXP b) { MADE(schedule, stepsize_schedule_sequence, schedule_in(a), schedule_in(b)); }
static SEXP r_product(SEXP a, SEXP b) { MADE(schedule, stepsize_schedule_product, schedule_in(a), schedule_in(b)); }
static SEXP r_scale(SEXP a, SEXP x) { MADE(schedule, stepsize_schedule_scale, schedule_in(a), number(x)); }

static SEXP r_at(SEXP schedule, SEXP steps) {
  const stepsize_schedule *plan = schedule_in(schedule);
  SEXP values = PROTECT(allocVector(REALSXP, length(steps)));
  for (R_xlen_t i = 0; i < xlength(steps); i++)
    REAL(values)[i] = ISNAN(REAL(steps)[i]) ? NA_REAL : stepsize_schedule_at(plan, int64_of(REAL(steps)[i]));
  UNPROTECT(1);
  return values;
}

static SEXP r_updates(SEXP schedule) {
  const int64_t updates = stepsize_schedule_length(schedule_in(schedule));
  return ScalarReal(updates == STEPSIZE_NEVER ? R_PosInf : (double)updates);
}

static SEXP r_text(SEXP object) {
  const int is_schedule = R_ExternalPtrTag(object) == install("stepsize_schedule");
  size_t size = 0;
  check(is_schedule ? stepsize_schedule_print(schedule_in(object), NULL, 0, &size)
                    : stepsize_scheduler_print(scheduler_in(object), NULL, 0, &size));
  char *buffer = R_alloc(size + 1, 1);
  check(is_schedule ? stepsize_schedule_print(schedule_in(object), buffer, size + 1, NULL)
                    : stepsize_scheduler_print(scheduler_in(object), buffer, size + 1, NULL));
  return ScalarString(mkCharLenCE(buffer, (int)size, CE_UTF8));
}

static SEXP r_scheduler(SEXP text, SEXP base_lrs, SEXP min_lr, SEXP max_lr, SEXP record, SEXP total) {
  const char *form = translateCharUTF8(asChar(text));
  stepsize_scheduler_options options;
  check(stepsize_scheduler_defaults(&options, sizeof options));
  options.base_lr = reals(base_lrs), options.group_count = (size_t)length(base_lrs);
  options.min_lr = reals(min_lr), options.min_lr_count = (size_t)length(min_lr);
  options.max_lr = reals(max_lr), options.max_lr_count = (size_t)length(max_lr);
  options.record = asLogical(record) == TRUE;
  if (total != R_NilValue) options.total = int64_of(number(total));
  MADE(scheduler, stepsize_scheduler_parse, form, strlen(form), &options);
}

static SEXP r_restore(SEXP state) {
  if (TYPEOF(state) != RAWSXP) error("a state is a raw vector");
  MADE(scheduler, stepsize_scheduler_restore, RAW(state), (size_t)xlength(state));
}

static SEXP r_save(SEXP scheduler) {
  size_t size = 0;
  check(stepsize_scheduler_save(scheduler_in(scheduler), NULL, 0, &size));
  SEXP state = PROTECT(allocVector(RAWSXP, (R_xlen_t)size));
  check(stepsize_scheduler_save(scheduler_in(scheduler), RAW(state), size, NULL));
  UNPROTECT(1);
  return state;
}

static SEXP r_lrs(SEXP scheduler) {
  const size_t count = stepsize_scheduler_group_count(scheduler_in(scheduler));
  SEXP rates = PROTECT(allocVector(REALSXP, (R_xlen_t)count));
  check(stepsize_scheduler_rates(scheduler_in(scheduler), REAL(rates), count));
  UNPROTECT(1);
  return rates;
}

static SEXP r_step(SEXP scheduler, SEXP loss) {
  check(loss == R_NilValue ? stepsize_scheduler_step(scheduler_in(scheduler), NULL, 0)
                           : stepsize_scheduler_step_with_loss(scheduler_in(scheduler), asReal(loss), NULL, 0));
  return scheduler;
}

static SEXP r_advance(SEXP scheduler, SEXP updates) {
  check(stepsize_scheduler_advance_by(scheduler_in(scheduler), int64_of(number(updates)), NULL, 0));
  return scheduler;
}

/* A matrix with a column for each observation, and the sum of bits that says which rows are given. */
static SEXP r_observe(SEXP scheduler, SEXP numbers, SEXP given) {
  const int count = ncols(numbers), rows = nrows(numbers);
  stepsize_observation *seen = (stepsize_observation *)R_alloc((size_t)count, sizeof *seen);
  stepsize_error reason;
  for (int i = 0; i < count; i++) {
    seen[i].size = sizeof *seen, seen[i].given = asInteger(given);
    memcpy(&seen[i].loss, REAL(numbers) + (R_xlen_t)i * rows, sizeof *seen - offsetof(stepsize_observation, loss));
  }
  checked(stepsize_scheduler_observe(scheduler_in(scheduler), seen, (size_t)count, NULL, 0, &reason), &reason);
  return scheduler;
}

static SEXP r_observe_gradient(SEXP scheduler, SEXP dots, SEXP norms) {
  if (length(norms) != 0 && length(norms) != length(dots)) error("as many norms as products");
  check(stepsize_scheduler_observe_gradient(scheduler_in(scheduler), reals(dots), reals(norms), (size_t)length(dots), NULL,
                                            0));
  return scheduler;
}

static SEXP r_propose(SEXP scheduler, SEXP loss, SEXP norms) {
  check(stepsize_scheduler_propose(scheduler_in(scheduler), asReal(loss), reals(norms), (size_t)length(norms), NULL, 0));
  return scheduler;
}

static SEXP r_report(SEXP scheduler, SEXP loss, SEXP distances) {
  stepsize_trial trial;
  check(stepsize_scheduler_report(scheduler_in(scheduler), asReal(loss), reals(distances), (size_t)length(distances), &trial,
                                  NULL, 0));
  return ScalarInteger(trial);
}

static SEXP r_extend(SEXP scheduler, SEXP schedule) {
  stepsize_error reason;
  checked(stepsize_scheduler_extend(scheduler_in(scheduler), schedule_in(schedule), &reason), &reason);
  return scheduler;
}

static SEXP r_replay(SEXP scheduler, SEXP group) {
  MADE(schedule, stepsize_scheduler_replay, scheduler_in(scheduler), (size_t)asInteger(group));
}

static SEXP r_decision(SEXP scheduler) { return ScalarInteger(stepsize_scheduler_decision(scheduler_in(scheduler))); }
static SEXP r_needs(SEXP scheduler) { return ScalarInteger(stepsize_scheduler_needs(scheduler_in(scheduler))); }
static SEXP r_stop_reason(SEXP scheduler) { return ScalarInteger(stepsize_scheduler_stop_reason(scheduler_in(scheduler))); }
static SEXP r_current_step(SEXP scheduler) { return ScalarReal((double)stepsize_scheduler_get_step(scheduler_in(scheduler))); }

#define ENTRY(name, count) {#name, (DL_FUNC)&name, count}
static const R_CallMethodDef entries[] = {
    ENTRY(r_schedule, 2), ENTRY(r_table, 1), ENTRY(r_then, 2), ENTRY(r_product, 2), ENTRY(r_scale, 2), ENTRY(r_at, 2),
    ENTRY(r_updates, 1), ENTRY(r_text, 1), ENTRY(r_scheduler, 6), ENTRY(r_restore, 1), ENTRY(r_save, 1), ENTRY(r_lrs, 1),
    ENTRY(r_step, 2), ENTRY(r_advance, 2), ENTRY(r_observe, 3), ENTRY(r_observe_gradient, 3), ENTRY(r_propose, 3),
    ENTRY(r_report, 3), ENTRY(r_extend, 2), ENTRY(r_replay, 2), ENTRY(r_decision, 1), ENTRY(r_needs, 1),
    ENTRY(r_stop_reason, 1), ENTRY(r_current_step, 1), {NULL, NULL, 0},
};

void R_init_stepsize(DllInfo *library) {
  if (stepsize_abi_version() != STEPSIZE_ABI_VERSION) error("the library has ABI %d", (int)stepsize_abi_version());
  R_registerRoutines(library, NULL, entries, NULL, NULL);
  R_useDynamicSymbols(library, FALSE);
}
