/* How costs grow with phases, records, pieces, groups and windows: the time for each element, one column for each size.
   A row that rises to the right is a cost that is not linear. What would take too long is left out ("-"). */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stepsize/stepsize.h"
#include "timing.h"

/* No measurement is repeated beyond this, and no larger size is tried after one that took longer. */
static const double enough = 0.2, too_long = 2;
enum { MAX_REPEATS = 50, MAX_SIZES = 8 };

static volatile double sink;

static void fail(const char *what) {
  fprintf(stderr, "scaling: %s\n", what);
  exit(1);
}

static void ok(stepsize_status status) {
  if (status != STEPSIZE_OK) fail(stepsize_status_name(status));
}

static void *allocated(size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (!memory) fail("out of memory");
  return memory;
}

/* ---- What is measured ---------------------------------------------------------------------------- */

/* Everything that a measurement needs, made for one size. */
typedef struct subject {
  size_t n;
  stepsize_schedule *schedule;
  stepsize_scheduler *scheduler;
  stepsize_schedule **parts;
  char *text;
  size_t text_size;
  uint8_t *state;
  size_t state_size, group_count, first;
  double *numbers;
} subject;

static void release(subject *s) {
  stepsize_schedule_destroy(s->schedule);
  stepsize_scheduler_destroy(s->scheduler);
  for (size_t i = 0; s->parts && i < s->n; i++) stepsize_schedule_destroy(s->parts[i]);
  free(s->parts), free(s->text), free(s->state), free(s->numbers);
  memset(s, 0, sizeof *s);
}

static stepsize_schedule *parsed(const char *text, size_t size) {
  stepsize_schedule *schedule = NULL;
  stepsize_error error;
  if (stepsize_schedule_parse(text, size, &schedule, &error) != STEPSIZE_OK) fail(error.text);
  return schedule;
}

static stepsize_scheduler *scheduler_of(const char *text, size_t size, size_t group_count, int record) {
  stepsize_scheduler_options options;
  stepsize_scheduler *scheduler = NULL;
  stepsize_error error;
  double *base = allocated(group_count, sizeof *base);
  for (size_t i = 0; i < group_count; i++) base[i] = 1e-3;
  ok(stepsize_scheduler_defaults(&options, sizeof options));
  options.group_count = group_count, options.base_lr = base, options.record = record;
  if (stepsize_scheduler_parse(text, size, &options, &scheduler, &error) != STEPSIZE_OK) fail(error.text);
  free(base);
  return scheduler;
}

static void print_into(subject *s) {
  ok(stepsize_schedule_print(s->schedule, NULL, 0, &s->text_size));
  s->text = allocated(s->text_size + 1, 1);
  ok(stepsize_schedule_print(s->schedule, s->text, s->text_size + 1, NULL));
}

static void save_into(subject *s) {
  ok(stepsize_scheduler_save(s->scheduler, NULL, 0, &s->state_size));
  s->state = allocated(s->state_size, 1);
  ok(stepsize_scheduler_save(s->scheduler, s->state, s->state_size, NULL));
}

/* Pieces of the text form, as many as asked for, and what they are parsed to. */
static void make_pieces(subject *s, const char *piece) {
  const size_t size = strlen(piece);
  char *text = allocated(s->n * (size + 4), 1), *end = text;
  for (size_t i = 0; i < s->n; i++) end += sprintf(end, i ? " >> %s" : "%s", piece);
  s->schedule = parsed(text, (size_t)(end - text));
  free(text);
  print_into(s);
}

static void unnamed_pieces(subject *s) { make_pieces(s, "linear(10, floor=0.25)"); }
static void named_pieces(subject *s) {
  make_pieces(s, "linear(9, phase=\"train\") >> constant(1, phase=\"rest\")");
}

/* The same number of schedules, to be joined. */
static void loose_parts(subject *s) {
  s->parts = allocated(s->n, sizeof *s->parts);
  for (size_t i = 0; i < s->n; i++) ok(stepsize_schedule_linear(10, 0.25, &s->parts[i], NULL));
}

static void table_of_values(subject *s) {
  s->numbers = allocated(s->n, sizeof *s->numbers);
  for (size_t i = 0; i < s->n; i++) s->numbers[i] = 1 / (1 + (double)i);
  ok(stepsize_schedule_table(s->numbers, s->n, &s->schedule, NULL));
  print_into(s);
}

static void short_phases(subject *s) {
  static const char text[] = "repeat(linear(9, phase=\"train\") >> constant(1, phase=\"rest\"))";
  s->schedule = parsed(text, strlen(text));
}

static void steps_of(subject *s, size_t count) {
  for (size_t i = 0; i < count; i++) ok(stepsize_scheduler_step(s->scheduler, NULL, 0));
}

/* A record of n phases. */
static void recorded_phases(subject *s) {
  static const char text[] = "repeat(linear(9, phase=\"train\") >> constant(1, phase=\"rest\"))";
  s->scheduler = scheduler_of(text, strlen(text), 1, 1);
  steps_of(s, 5 * s->n);
}

/* A record of n updates, each with another rate. */
static void recorded_updates(subject *s) {
  static const char text[] = "inverse_time(1000)";
  s->scheduler = scheduler_of(text, strlen(text), 1, 1);
  s->numbers = allocated(1000, sizeof *s->numbers);
  steps_of(s, s->n);
  save_into(s);
}

static void groups(subject *s) {
  static const char text[] = "greedy() * linear(1000000)";
  s->scheduler = scheduler_of(text, strlen(text), s->n, 0);
  s->numbers = allocated(s->n, sizeof *s->numbers);
  save_into(s);
}

static void make_window(subject *s, size_t losses) {
  char text[64];
  sprintf(text, "greedy(window=%zu, reset_start=none)", s->n);
  s->scheduler = scheduler_of(text, strlen(text), 1, 0);
  for (size_t i = 0; i < losses; i++)
    ok(stepsize_scheduler_step_with_loss(s->scheduler, 1 / (1 + (double)i), NULL, 0));
  save_into(s);
}

static void fresh_window(subject *s) { make_window(s, 0); }
static void full_window(subject *s) { make_window(s, s->n + s->n / 2); }

/* ---- What is done to it, once ---------------------------------------------------------------------- */

static void walk(subject *s) {
  stepsize_phase phase = {.size = sizeof phase};
  int64_t t = 0;
  for (size_t i = 0; i < s->n && t != STEPSIZE_NEVER; i++, t = phase.until)
    ok(stepsize_schedule_phase(s->schedule, t, &phase));
}

static void replay(subject *s) {
  stepsize_schedule *schedule = NULL;
  ok(stepsize_scheduler_replay(s->scheduler, 0, &schedule, NULL));
  stepsize_schedule_destroy(schedule);
}

static void extend(subject *s) { ok(stepsize_scheduler_extend(s->scheduler, NULL, NULL)); }

static void step(subject *s) { steps_of(s, s->n); }
static void step_rates(subject *s) { ok(stepsize_scheduler_step_with_loss(s->scheduler, 1, s->numbers, s->n)); }
static void step_losses(subject *s) {
  for (size_t i = 0; i < s->n; i++) ok(stepsize_scheduler_step_with_loss(s->scheduler, 1, NULL, 0));
}
static void ask_size(subject *s) { ok(stepsize_scheduler_save(s->scheduler, NULL, 0, &s->state_size)); }
static void save(subject *s) { ok(stepsize_scheduler_save(s->scheduler, s->state, s->state_size, NULL)); }

static void restore(subject *s) {
  stepsize_scheduler *scheduler = NULL;
  ok(stepsize_scheduler_restore(s->state, s->state_size, &scheduler, NULL));
  stepsize_scheduler_destroy(scheduler);
}

static void read_all(subject *s) {
  size_t written = 0;
  double *rates = allocated(s->n, sizeof *rates);
  ok(stepsize_scheduler_record(s->scheduler, 0, 0, rates, s->n, &written));
  sink += rates[s->n - 1];
  free(rates);
}

/* The last thousand entries, one call. */
static void read_end(subject *s) {
  size_t written = 0, count = s->n < 1000 ? s->n : 1000;
  ok(stepsize_scheduler_record(s->scheduler, 0, (int64_t)(s->n - count), s->numbers, count, &written));
  if (written != count) fail("the end of the record is missing");
}

static void parse(subject *s) { stepsize_schedule_destroy(parsed(s->text, s->text_size)); }
static void print_size(subject *s) { ok(stepsize_schedule_print(s->schedule, NULL, 0, &s->text_size)); }
static void print(subject *s) { ok(stepsize_schedule_print(s->schedule, s->text, s->text_size + 1, NULL)); }

static void evaluate(subject *s) {
  for (size_t i = 0; i < s->n; i++) sink += stepsize_schedule_at(s->schedule, (int64_t)(i * 7919 % (10 * s->n)));
}

static void take_apart(subject *s) {
  stepsize_structure structure = {.size = sizeof structure};
  ok(stepsize_schedule_structure(s->schedule, &structure));
  for (size_t i = 0; i < structure.part_count; i++) {
    stepsize_schedule *part = NULL;
    int64_t start;
    ok(stepsize_schedule_part(s->schedule, i, &start, &part));
    stepsize_schedule_destroy(part);
  }
}

/* One after the other, as a program does that adds a part in each turn of a loop. */
static void join(subject *s) {
  stepsize_schedule *all = NULL, *longer;
  for (size_t i = 0; i < s->n; i++, all = longer) {
    if (i == 0) ok(stepsize_schedule_linear(10, 0.25, &longer, NULL));
    else ok(stepsize_schedule_sequence(all, s->parts[i], &longer, NULL));
    stepsize_schedule_destroy(all);
  }
  stepsize_schedule_destroy(all);
}

static void join_before(subject *s) {
  stepsize_schedule *all = NULL, *longer;
  for (size_t i = 0; i < s->n; i++, all = longer) {
    if (i == 0) ok(stepsize_schedule_linear(10, 0.25, &longer, NULL));
    else ok(stepsize_schedule_sequence(s->parts[i], all, &longer, NULL));
    stepsize_schedule_destroy(all);
  }
  stepsize_schedule_destroy(all);
}

/* ---- The table --------------------------------------------------------------------------------------- */

typedef struct row {
  const char *name;
  void (*make)(subject *);
  void (*act)(subject *);
  /* Elements of a call where they are not n; once: it changes what it measures. */
  size_t elements;
  int once;
  size_t limit;
} row;

static void measure(const row *r, const size_t *sizes, int count) {
  double last = 0;
  printf("  %-36s", r->name);
  for (int i = 0; i < count; i++) {
    if (last > too_long || (r->limit && sizes[i] > r->limit)) {
      printf("%10s", "-");
      continue;
    }
    subject s = {.n = sizes[i]};
    r->make(&s);
    double best = 1e9, spent = 0;
    for (int k = 0; k < MAX_REPEATS && spent < enough; k++) {
      const double started = now();
      r->act(&s);
      const double taken = now() - started;
      if (taken < best) best = taken;
      spent += taken;
      if (r->once) break;
    }
    release(&s);
    last = spent > too_long ? spent : best;
    printf("%10.1f", 1e9 * best / (double)(r->elements ? r->elements : sizes[i]));
    fflush(stdout);
  }
  printf("\n");
}

static void table(const char *title, const size_t *sizes, int count, const row *rows, int row_count) {
  printf("\n%-38s", title);
  for (int i = 0; i < count; i++) printf("%10zu", sizes[i]);
  printf("\n");
  for (int i = 0; i < row_count; i++) measure(&rows[i], sizes, count);
}

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define TABLE(title, sizes, rows) table(title, sizes, COUNT(sizes), rows, COUNT(rows))

int main(void) {
  static const size_t phases[] = {10, 100, 1000, 10000, 32000, 1000000};
  static const size_t updates[] = {1000, 10000, 100000, 1000000, 10000000};
  static const size_t pieces[] = {1, 10, 100, 1000, 10000, 65000};
  static const size_t values[] = {1, 100, 10000, 1000000};
  static const size_t group_counts[] = {1, 10, 100, 1000, 10000};
  static const size_t windows[] = {1, 100, 10000, 1000000};
  static const row of_phases[] = {
    {"walk, of a repeat", short_phases, walk, 0, 0, 0},
    {"walk, each a piece of the text", named_pieces, walk, 0, 0, 32000},
    {"replay", recorded_phases, replay, 0, 0, 65000},
    {"extend with a record", recorded_phases, extend, 0, 1, 0},
  };
  static const row of_updates[] = {
    {"step", recorded_updates, step, 0, 1, 0},
    {"size of the state", recorded_updates, ask_size, 0, 0, 0},
    {"save", recorded_updates, save, 0, 0, 0},
    {"restore", recorded_updates, restore, 0, 0, 0},
    {"read", recorded_updates, read_all, 0, 0, 0},
    {"read the last 1000, each of these", recorded_updates, read_end, 1000, 0, 0},
    {"replay", recorded_updates, replay, 0, 0, 0},
  };
  static const row of_pieces[] = {
    {"parse", unnamed_pieces, parse, 0, 0, 0},
    {"print, the size", unnamed_pieces, print_size, 0, 0, 0},
    {"print", unnamed_pieces, print, 0, 0, 0},
    {"value at random steps", unnamed_pieces, evaluate, 0, 0, 0},
    {"take apart", unnamed_pieces, take_apart, 0, 0, 0},
    {"join one after the other", loose_parts, join, 0, 0, 0},
    {"join one before the other", loose_parts, join_before, 0, 0, 0},
  };
  static const row of_values[] = {
    {"parse", table_of_values, parse, 0, 0, 0},
    {"print, the size", table_of_values, print_size, 0, 0, 0},
    {"print", table_of_values, print, 0, 0, 0},
  };
  static const row of_groups[] = {
    {"step", groups, step_rates, 0, 0, 0},
    {"size of the state", groups, ask_size, 0, 0, 0},
    {"save", groups, save, 0, 0, 0},
    {"restore", groups, restore, 0, 0, 0},
  };
  static const row of_windows[] = {
    {"step", full_window, step_losses, 0, 1, 0},
    {"save, full", full_window, save, 0, 0, 0},
    {"restore, full", full_window, restore, 0, 0, 0},
    {"save, fresh", fresh_window, save, 0, 0, 0},
    {"restore, fresh", fresh_window, restore, 0, 0, 0},
  };

  printf("Nanoseconds for each element; one column for each number of elements.\n");
  TABLE("phases", phases, of_phases);
  TABLE("updates in a record", updates, of_updates);
  TABLE("pieces of a schedule", pieces, of_pieces);
  TABLE("values of a table", values, of_values);
  TABLE("groups", group_counts, of_groups);
  TABLE("window of GreedyLR", windows, of_windows);
  return 0;
}
