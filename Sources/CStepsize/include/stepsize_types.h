/* The types of the C interface. Copied word for word into stepsize.h, each part
   into the section that it names, so that what Swift sees and what C sees cannot differ. */
#ifndef STEPSIZE_TYPES_H
#define STEPSIZE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* BEGIN PUBLIC TYPES */

/* What a function returned. 0 is success; numbers never change meaning. */
typedef int32_t stepsize_status;
enum {
  STEPSIZE_OK = 0,
  STEPSIZE_ERROR_NULL = 1,                  /* a pointer that must not be NULL is NULL */
  STEPSIZE_ERROR_SIZE = 2,                  /* an unknown `size`, or an array too short, long or misaligned */
  STEPSIZE_ERROR_MEMORY = 3,                /* memory ran out; nothing has changed */
  STEPSIZE_ERROR_ARGUMENT = 10,             /* a number or list is outside its range */
  STEPSIZE_ERROR_NAME = 11,                 /* an unknown schedule, controller, parameter, kind or mode */
  STEPSIZE_ERROR_SYNTAX = 12,               /* a text that is not in the text form */
  STEPSIZE_ERROR_LIMIT = 13,                /* too many nodes or levels, or a length beyond 2^63 - 1 */
  STEPSIZE_ERROR_LOSS_REQUIRED = 20,        /* the scheduler needs a loss */
  STEPSIZE_ERROR_ORDER = 21,                /* a call that this scheduler does not support, or not at this point */
  STEPSIZE_ERROR_OBSERVATION_REQUIRED = 22, /* the controller has not observed this update */
  STEPSIZE_ERROR_STATE = 30,                /* bytes that are a damaged state, or not a state */
  STEPSIZE_ERROR_VERSION = 31,              /* a saved state of a newer format */
  STEPSIZE_ERROR_MISMATCH = 32,             /* a saved state of a differently configured scheduler */
  STEPSIZE_ERROR_NO_SUGGESTION = 40         /* losses that suggest no rate */
};

/* Why a function failed. It need not be initialised, is written only on
   failure, and never grows. NULL may be passed wherever one is taken. */
typedef struct stepsize_error {
  stepsize_status status; /* the status that was returned */
  int32_t reserved;
  int64_t offset; /* byte offset in the parsed text, or -1 */
  char text[496]; /* UTF-8, terminated, truncated to fit */
} stepsize_error;

/* Where memory comes from instead of malloc (stepsize_set_allocator). Both functions may be called by
   several threads at once, must not call this library, and return as functions do. It never grows. */
typedef struct stepsize_allocator {
  /* A block of `size` bytes, > 0, aligned as malloc aligns (to two pointers, 16 bytes where they have
     64 bits), or NULL where there is none: the call that needs it then fails. */
  void *(*allocate)(void *context, size_t size);
  /* Takes back a block that `allocate` has given; never NULL. */
  void (*release)(void *context, void *block);
  void *context; /* for the functions; not read by the library */
} stepsize_allocator;

/* An immutable schedule: any number of threads may use one at a time. */
typedef struct stepsize_schedule stepsize_schedule;

/* The configuration of a controller: immutable, shared freely. */
typedef struct stepsize_controller stepsize_controller;

/* A scheduler: one thread at a time. Different schedulers are independent.
   A destroyed handle cannot be detected: do not use one. */
typedef struct stepsize_scheduler stepsize_scheduler;

/* For a count that means "never" or "without end". */
#define STEPSIZE_NEVER INT64_MAX

/* SECTION 3 */

/* The named value of a parameter, for the functions that take values instead of
   a text. Write {"patience", STEPSIZE_VALUE_INTEGER, 0, 10, 0, NULL, 0}, or use
   the macros below, in C or C++. It never grows. */
enum {
  STEPSIZE_VALUE_NONE = 0,
  STEPSIZE_VALUE_INTEGER = 1,
  STEPSIZE_VALUE_REAL = 2,
  STEPSIZE_VALUE_FLAG = 3,     /* integer is 0 or 1 */
  STEPSIZE_VALUE_WORD = 4,     /* data is a terminated text */
  STEPSIZE_VALUE_INTEGERS = 5, /* data is an array of `count` int64_t */
  STEPSIZE_VALUE_REALS = 6,    /* data is an array of `count` doubles */
  STEPSIZE_VALUE_SCHEDULE = 7  /* data is a stepsize_schedule */
};
typedef struct stepsize_argument {
  const char *name; /* of the parameter, as in the text form */
  int32_t kind;     /* STEPSIZE_VALUE_… */
  int32_t reserved; /* 0, else STEPSIZE_ERROR_ARGUMENT */
  int64_t integer;
  double real;
  const void *data; /* copied */
  size_t count;
} stepsize_argument;
#define STEPSIZE_INTEGER(name, integer) {name, STEPSIZE_VALUE_INTEGER, 0, integer, 0, NULL, 0}
#define STEPSIZE_REAL(name, real) {name, STEPSIZE_VALUE_REAL, 0, 0, real, NULL, 0}
#define STEPSIZE_FLAG(name, flag) {name, STEPSIZE_VALUE_FLAG, 0, flag, 0, NULL, 0}
#define STEPSIZE_WORD(name, text) {name, STEPSIZE_VALUE_WORD, 0, 0, 0, text, 0}
#define STEPSIZE_REALS(name, array, count) {name, STEPSIZE_VALUE_REALS, 0, 0, 0, array, count}

/* How a schedule changes to another length. */
enum {
  STEPSIZE_EXTEND_RESCALE = 0, /* the whole curve over the new length */
  STEPSIZE_EXTEND_HOLD = 1,    /* the same curve, cut off, or with its last value held */
  STEPSIZE_EXTEND_CONTINUE = 2 /* the same curve so far, then its rest over the rest of the new length */
};
typedef int32_t stepsize_extension;

/* SECTION 4 */

/* What is listed in the catalogue. */
enum { STEPSIZE_CATALOGUE_SCHEDULES = 0, STEPSIZE_CATALOGUE_CONTROLLERS = 1 };
typedef int32_t stepsize_catalogue;

/* The texts about schedules, controllers and their parameters. */
enum {
  STEPSIZE_TEXT_NAME = 0,
  STEPSIZE_TEXT_SUMMARY = 1, /* one line */
  STEPSIZE_TEXT_FORMULA = 2, /* entries only */
  STEPSIZE_TEXT_SOURCE = 3,  /* entries only; may be empty */
  STEPSIZE_TEXT_KIND = 4,    /* parameters only: count, real, flag, word, counts, reals, per_group, name or schedule */
  STEPSIZE_TEXT_RANGE = 5,   /* parameters only */
  STEPSIZE_TEXT_DEFAULT = 6, /* parameters only; empty for a required one */
  STEPSIZE_TEXT_VALUE = 7,   /* parameters of a given schedule or controller only */
  STEPSIZE_TEXT_UNIT = 8     /* parameters only: what its numbers count, such as updates; empty for none */
};
typedef int32_t stepsize_text;

/* SECTION 6 */

/* A scheduler. Fill with stepsize_scheduler_defaults(), then set the fields. */
typedef struct stepsize_scheduler_options {
  uint32_t size;      /* sizeof(stepsize_scheduler_options) */
  int32_t record;     /* 1: record the rates that are used, 8 bytes for each change and group; 0: do not */
  size_t group_count; /* parameter groups, 1 to 1048576 */
  const double *base_lr; /* group_count base rates, finite and >= 0; copied */
  const stepsize_schedule *schedule;     /* NULL for a constant 1; may be destroyed afterwards */
  const stepsize_controller *controller; /* NULL for none; may be destroyed afterwards */
  const double *min_lr;  /* lowest rates returned; NULL with count 0 for none */
  size_t min_lr_count;   /* 0, 1 (for all groups) or group_count */
  const double *max_lr;  /* highest rates returned; NULL with count 0 for none */
  size_t max_lr_count;
  const stepsize_controller *const *early_stops; /* early stop rules: controllers of the kind "early_stop" */
  size_t early_stop_count;                       /* up to 16 */
  int64_t norm_capacity; /* gradient norms kept of those that are logged, 2 to 16777216; 0: no log */
  const stepsize_schedule *const *schedules; /* in place of `schedule`: one for each group; copied */
  size_t schedule_count;                     /* 0 or group_count */
  int64_t total; /* updates of which a text gives shares ("10%", "rest"); 0: unknown, and shares are errors */
} stepsize_scheduler_options;

/* What a controller did with the last loss, and why. */
enum {
  STEPSIZE_DECISION_NONE = 0,     /* no loss yet, or no controller */
  STEPSIZE_DECISION_RAISED = 1,
  STEPSIZE_DECISION_CUT = 2,
  STEPSIZE_DECISION_PATIENCE = 3, /* no change yet: the counts are within patience */
  STEPSIZE_DECISION_COOLDOWN = 4,
  STEPSIZE_DECISION_WARMUP = 5,
  STEPSIZE_DECISION_BOUND = 6,    /* a change was due, but the rates are at their bounds, or it would be too small */
  STEPSIZE_DECISION_RESET = 7,    /* back to the base rates given at the start */
  STEPSIZE_DECISION_KEPT = 8,     /* the observation gave no reason for a change */
  STEPSIZE_DECISION_IGNORED = 9   /* not a finite number, or outside the controller's scope: nothing changed */
};
typedef int32_t stepsize_decision;

/* The outcome of a trial of the line search. */
enum {
  STEPSIZE_TRIAL_ACCEPTED = 0, /* the step is accepted */
  STEPSIZE_TRIAL_RETRY = 1,    /* undo the step and try the smaller rate */
  STEPSIZE_TRIAL_FAILED = 2    /* no trials left: undo the step and make one with the lowest rate, now current */
};
typedef int32_t stepsize_trial;

/* Why a training can stop. */
enum {
  STEPSIZE_STOP_NONE = 0,    /* no reason to */
  STEPSIZE_STOP_END = 1,     /* the schedule's end is reached */
  STEPSIZE_STOP_MINIMUM = 2, /* every rate is at its lower bound and stays there */
  STEPSIZE_STOP_EARLY = 3,   /* an early stop rule has ended the last phase, or the training */
  STEPSIZE_STOP_DIVERGED = 4 /* of a finder alone: the loss has risen too far, or was not finite */
};
typedef int32_t stepsize_stop;

/* SECTION 8 */

/* The optimizer that a refinement is for. */
enum { STEPSIZE_OPTIMIZER_SGD = 0, STEPSIZE_OPTIMIZER_ADAM = 1 };

/* Refinement. Fill with stepsize_refine_defaults(), then change fields. */
typedef struct stepsize_refine_options {
  uint32_t size;      /* sizeof(stepsize_refine_options) */
  int32_t optimizer;  /* STEPSIZE_OPTIMIZER_SGD: l2 norms, power 2; _ADAM: l1 norms, power 1 */
  double tau;         /* width of the running median as a fraction of the norms, in [0, 1]; 0 for none */
  int64_t total;      /* updates of the schedule, 1 to 16777216; 0 for as many as norms */
  double floor;       /* smoothed norms below this fraction of the median are raised to it, in [0, 1] */
  double distance;    /* from the start to the solution, > 0; affects only base_lr and bound */
  int32_t capped;     /* 1: raise the floor until the schedule is not collapsed; 0: do not */
  int32_t reserved;   /* 0 */
} stepsize_refine_options;

/* The findings of a refinement. Set `size` to sizeof(stepsize_refine_result) before the call. */
typedef struct stepsize_refine_result {
  uint32_t size;
  int32_t collapsed;      /* 1: it would train only late (largest value in the last tenth, half of the weight in the last
                             twentieth, or less than a tenth of the sum of values in the first third) */
  int64_t warmup;         /* updates before the largest value */
  int64_t anneal_start;   /* update from which the values fall until the end */
  int64_t repaired_count; /* norms that were NaN or infinite, and were interpolated */
  int64_t zero_count;     /* norms that were 0, and count as 0.001 of the median */
  int64_t raised_count;   /* values whose norm was raised to the floor */
  double floor;           /* the floor that was used */
  double suggested_floor; /* a floor with which the schedule is not collapsed; 0 if it needs none */
  double median;          /* of the norms above 0 */
  double base_lr;         /* the theory's base rate; NaN for STEPSIZE_OPTIMIZER_ADAM */
  double bound;           /* its bound on the last loss minus the best one; NaN for STEPSIZE_OPTIMIZER_ADAM */
} stepsize_refine_result;

/* The score of a schedule. Set `size` to sizeof(stepsize_score_result) before the call. */
typedef struct stepsize_score_result {
  uint32_t size;
  uint32_t reserved;
  double a;      /* the bound at base rate gamma is a/gamma + gamma b */
  double b;
  double gamma;  /* the best base rate */
  double omega;  /* the bound at the best base rate */
  double bound;  /* the smallest bound that any schedule can have for these norms */
  double rate;   /* D/sqrt(sum of G^2): D/(G sqrt(total)) for constant norms */
  int64_t count; /* updates up to the last one whose rate is above 0 */
} stepsize_score_result;

/* The gradient norms of a run in bounded memory: one thread at a time. */
typedef struct stepsize_norm_log stepsize_norm_log;

/* SECTION 10 */

/* How a schedule is composed. */
enum {
  STEPSIZE_FORM_CALL = 0,     /* one of the catalogue; its part, if any, is the schedule among its parameters, or what a
                                 composition such as wsd(…) stands for */
  STEPSIZE_FORM_SEQUENCE = 1, /* a >> b: one part after the other */
  STEPSIZE_FORM_PRODUCT = 2,  /* a * b: the product of the parts at the same step */
  STEPSIZE_FORM_SCALE = 3,    /* 0.5 * a: a number times the part */
  STEPSIZE_FORM_GROUP = 4     /* (a, phase="main"): brackets that carry a name around the part */
};
typedef int32_t stepsize_form;

/* A schedule as a tree. Set `size` to sizeof(stepsize_structure) before the call. */
typedef struct stepsize_structure {
  uint32_t size;
  stepsize_form form;
  size_t part_count;
  size_t parameter_count; /* of STEPSIZE_FORM_CALL, otherwise 0 */
  double factor;          /* the number of STEPSIZE_FORM_SCALE, otherwise 1 */
  char name[64];          /* in the catalogue; empty unless STEPSIZE_FORM_CALL */
  char phase[72];         /* its phase name; empty for none */
} stepsize_structure;

/* A named phase. Set `size` to sizeof(stepsize_phase) before the call. */
typedef struct stepsize_phase {
  uint32_t size;
  int32_t entered;  /* 1 at the first update of the phase, otherwise 0 */
  int64_t start;    /* its first update */
  int64_t length;   /* its updates; STEPSIZE_NEVER if it has no end */
  int64_t position; /* updates of it that are done */
  double progress;  /* position / length, in [0, 1]; 0 if it has no end */
  char name[72];    /* terminated; empty where no phase has a name */
  int64_t until;    /* the first later update in another phase or in none; where no phase has a name, the next one in a
                       phase; STEPSIZE_NEVER if there is none before the end of the schedule */
} stepsize_phase;

/* What a scheduler needs at each update: a sum of these. Later versions may have more. */
enum {
  STEPSIZE_NEEDS_LOSS = 1,     /* the loss: stepsize_scheduler_step_with_loss */
  STEPSIZE_NEEDS_GRADIENT = 2, /* dot products of gradients: stepsize_scheduler_observe_gradient */
  STEPSIZE_NEEDS_SEARCH = 4    /* the trials of a line search: stepsize_scheduler_propose and _report */
};
typedef int32_t stepsize_needs;

/* SECTION 12 */

/* How the rates of a range test lie between the first and the last, at x = i/(count - 1) of the way. */
enum {
  STEPSIZE_SPACING_GEOMETRIC = 0, /* start^(1 - x) end^x */
  STEPSIZE_SPACING_LINEAR = 1     /* start (1 - x) + end x */
};

/* How a rate follows from the losses of a range test. All but the first method take smoothed losses, without the first
   tenth of them, which are averages of few. */
enum {
  STEPSIZE_SUGGEST_HALFWAY = 0,  /* where half of the fall is done: of a falling sequence that is fitted to the running
                                    median of the losses, so that neither noise nor outliers move it */
  STEPSIZE_SUGGEST_STEEPEST = 1, /* where the loss falls fastest with the logarithm of the rate */
  STEPSIZE_SUGGEST_VALLEY = 2,   /* in the middle of the longest fall, as fastai's "valley" */
  STEPSIZE_SUGGEST_MINIMUM = 3   /* a tenth of the rate with the lowest loss */
};
typedef int32_t stepsize_suggest;

/* A range test. Fill with stepsize_finder_defaults(), then change fields. */
typedef struct stepsize_finder_options {
  uint32_t size;     /* sizeof(stepsize_finder_options) */
  int32_t spacing;   /* STEPSIZE_SPACING_… */
  int64_t count;     /* updates, 2 to 1048576 */
  double start;      /* the first rate, > 0 */
  double end;        /* the last rate, > start */
  double smoothing;  /* what a smoothed loss keeps of those before, in [0, 1); 0 for no smoothing */
  double divergence; /* the test stops where the smoothed loss exceeds so many times its best, > 1; INFINITY: never */
} stepsize_finder_options;

/* A learning-rate finder: one thread at a time. */
typedef struct stepsize_finder stepsize_finder;

/* END PUBLIC TYPES */

#endif
