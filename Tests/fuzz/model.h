/* Schedules and schedulers once more, from the words of the header alone and in long double: what fuzz_calls.c compares
   the library with. */
#ifndef MODEL_H
#define MODEL_H

#include "fuzz.h"

enum { NODES = 64, WEIGHT = 32, TABLE = 4, RECORDED = 256, MODEL_GROUPS = 3 };

typedef enum { CONSTANT, LINEAR, COSINE, WARMUP, TABULATED, SEQUENCE, PRODUCT, SCALED, CLAMPED, HELD } Form;

typedef struct Node {
  Form form;
  int64_t length;           /* INT64_MAX for no end */
  int64_t total;            /* the parameter that counts updates */
  long double a, b;         /* value, floor, factor, or bounds */
  long double table[TABLE];
  int first, second, weight; /* parts, and how many leaves */
} Node;

static Node nodes[NODES];
static int node_count;

static int add_node(Node node) {
  EXPECT(node_count < NODES);
  nodes[node_count] = node;
  return node_count++;
}

static long double value_of(int index, int64_t t) {
  const Node *node = &nodes[index];
  if (t < 0) t = 0;
  switch (node->form) {
  case CONSTANT: return node->a;
  case LINEAR: {
    const int64_t left = t < node->total ? node->total - t : 0;
    return node->a + (1 - node->a) * (long double)left / (long double)node->total;
  }
  case COSINE: {
    const int64_t left = t < node->total ? node->total - t : 0;
    /* (1 + cos(pi t/T))/2 is the square of a sine. */
    const long double sine = sinl(1.5707963267948966192313216916398L * (long double)left / (long double)node->total);
    return node->a + (1 - node->a) * sine * sine;
  }
  case WARMUP: return t >= node->total - 1 ? 1 : (long double)(t + 1) / (long double)node->total;
  case TABULATED: return node->table[t < node->total ? t : node->total - 1];
  case SEQUENCE: {
    const int64_t length = nodes[node->first].length;
    return t < length ? value_of(node->first, t) : value_of(node->second, t - length);
  }
  case PRODUCT: return value_of(node->first, t) * value_of(node->second, t);
  case SCALED: return node->a * value_of(node->first, t);
  case CLAMPED: return fminl(fmaxl(value_of(node->first, t), node->a), node->b);
  case HELD: return value_of(node->first, t < node->total ? t : node->total);
  }
  return 0;
}

/* By how many halves of an ulp its value may be off: 8 for a leaf, such as the square of a sine, and one for each product. */
static int roundings_of(int index) {
  if (index < 0) return 0;
  const Node *node = &nodes[index];
  switch (node->form) {
  case PRODUCT: return roundings_of(node->first) + roundings_of(node->second) + 1;
  case SCALED: return roundings_of(node->first) + 1;
  case SEQUENCE: {
    const int first = roundings_of(node->first), second = roundings_of(node->second);
    return first > second ? first : second;
  }
  case CLAMPED: case HELD: return roundings_of(node->first);
  default: return 8;
  }
}

static int is_near(double x, long double expected, int roundings) {
  return fabsl((long double)x - expected) <= 0x1p-53L * roundings * fabsl(expected);
}

static int is_value(double x, int index, int64_t t) { return is_near(x, value_of(index, t), roundings_of(index)); }

typedef struct ModelScheduler {
  int schedule[MODEL_GROUPS]; /* -1: a constant 1 */
  size_t groups;
  double base[MODEL_GROUPS], min_lr[MODEL_GROUPS], max_lr[MODEL_GROUPS];
  int64_t step;
  int records;
  int64_t first_recorded;
  size_t recorded;
  double record[RECORDED][MODEL_GROUPS];
} ModelScheduler;

static long double rate_of(const ModelScheduler *model, size_t group) {
  const int schedule = model->schedule[group];
  const long double multiplier = schedule < 0 ? 1 : value_of(schedule, model->step);
  const long double rate = (long double)model->base[group] * multiplier;
  return fminl(fmaxl(rate, model->min_lr[group]), model->max_lr[group]);
}

static int is_rate_of(double x, const ModelScheduler *model, size_t group) {
  return is_near(x, rate_of(model, group), roundings_of(model->schedule[group]) + 1);
}

/* It ends with the last of its schedules. */
static int64_t length_of(const ModelScheduler *model) {
  int64_t longest = 0;
  for (size_t g = 0; g < model->groups; g++) {
    const int64_t length = model->schedule[g] < 0 ? INT64_MAX : nodes[model->schedule[g]].length;
    if (length > longest) longest = length;
  }
  return longest;
}

/* A step writes down the rates that were used, if it follows what is recorded. */
static void model_step(ModelScheduler *model, const double *used) {
  if (model->records) {
    EXPECT(model->recorded < RECORDED);
    memcpy(model->record[model->recorded++], used, sizeof model->record[0]);
  }
  model->step++;
}

/* A record keeps what is before that update, and begins anew where that update does not follow. */
static void model_set_step(ModelScheduler *model, int64_t step) {
  const int64_t end = model->first_recorded + (int64_t)model->recorded;
  if (step >= model->first_recorded && step <= end) {
    model->recorded = (size_t)(step - model->first_recorded);
  } else {
    model->first_recorded = step;
    model->recorded = 0;
  }
  model->step = step;
}

static void model_set_group(ModelScheduler *model, size_t group, double base, double min_lr, double max_lr, int schedule) {
  model->base[group] = base, model->min_lr[group] = min_lr, model->max_lr[group] = max_lr;
  model->schedule[group] = schedule;
}

/* Its record begins with rates of 0. */
static void model_add_group(ModelScheduler *model, double base, double min_lr, double max_lr, int schedule) {
  for (size_t i = 0; i < model->recorded; i++) model->record[i][model->groups] = 0;
  model_set_group(model, model->groups++, base, min_lr, max_lr, schedule);
}

/* Those after it move up. */
static void model_remove_group(ModelScheduler *model, size_t group) {
  model->groups--;
  for (size_t g = group; g < model->groups; g++) {
    model_set_group(model, g, model->base[g + 1], model->min_lr[g + 1], model->max_lr[g + 1], model->schedule[g + 1]);
    for (size_t i = 0; i < model->recorded; i++) model->record[i][g] = model->record[i][g + 1];
  }
}

#endif
