/* Every parameter of every controller: set by name and by text to the same, refused where its value is of another kind or
   no number, and with the default of the variant. */
#include "check.h"

static void told(const stepsize_controller *controller, size_t p, stepsize_text what, char out[256]) {
  REQUIRE(stepsize_controller_parameter(controller, p, what, out, 256, NULL) == STEPSIZE_OK);
}

/* The words of a range such as: one of "min", "max". */
static int words_of(const char *range, char words[8][32]) {
  int count = 0;
  for (const char *c = strchr(range, '"'); c && count < 8; c = strchr(strchr(c + 1, '"') + 1, '"'))
    sscanf(c, "\"%31[^\"]", words[count++]);
  return count;
}

/* `argument` beside the variant, by name and by text: the same, and not what is had without it. */
static void by_name_and_text(const char *controller, const stepsize_argument *variant, stepsize_argument argument,
                             const char *value) {
  stepsize_argument arguments[2] = {argument, {0}};
  stepsize_controller *made = NULL, *from_text = NULL, *without = NULL;
  stepsize_error error = {0};
  char text[512], first[64] = "", a[512] = "", b[512] = "", c[512] = "";
  if (variant) arguments[1] = *variant, sprintf(first, "\"%.32s\", ", (const char *)variant->data);
  sprintf(text, "%s(%s%s=%s)", controller, first, argument.name, value);
  CHECK_STATUS(stepsize_controller_create(controller, arguments, variant ? 2 : 1, &made, &error), STEPSIZE_OK);
  if (!made) fprintf(stderr, "    %s: %s\n", text, error.text);
  CHECK_STATUS(stepsize_controller_parse(text, strlen(text), &from_text, &error), STEPSIZE_OK);
  CHECK_STATUS(stepsize_controller_create(controller, variant, variant ? 1 : 0, &without, NULL), STEPSIZE_OK);
  REQUIRE(made && from_text && without);
  CHECK_STATUS(stepsize_controller_print(made, a, sizeof a, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_controller_print(from_text, b, sizeof b, NULL), STEPSIZE_OK);
  CHECK_STATUS(stepsize_controller_print(without, c, sizeof c, NULL), STEPSIZE_OK);
  CHECK_TEXT(a, b);
  if (!CHECK(strcmp(a, c) != 0)) fprintf(stderr, "    %s is the default\n", text);
  stepsize_controller_destroy(made);
  stepsize_controller_destroy(from_text);
  stepsize_controller_destroy(without);
}

/* A value that is not the default, of each kind that there is. */
static void another_value(const char *controller, const stepsize_argument *variant, const stepsize_controller *known,
                          size_t p) {
  static const double each[] = {0.5, 0.25};
  char name[256], kind[256], range[256], value[256], words[8][32];
  told(known, p, STEPSIZE_TEXT_NAME, name), told(known, p, STEPSIZE_TEXT_KIND, kind);
  told(known, p, STEPSIZE_TEXT_RANGE, range), told(known, p, STEPSIZE_TEXT_DEFAULT, value);
  if (strcmp(kind, "flag") == 0) {
    const int is_on = value[0] == 'f';
    by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_FLAG(name, is_on), is_on ? "true" : "false");
  } else if (strcmp(kind, "count") == 0) {
    by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_INTEGER(name, 7), "7");
    by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_REAL(name, 7), "7");
  } else if (strcmp(kind, "real") == 0) {
    const int is_above = strstr(range, ">= 1") != NULL;
    by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_REAL(name, is_above ? 1.75 : 0.75),
                     is_above ? "1.75" : "0.75");
    if (!variant && !strchr(range, '[') && !strchr(range, '(')) /* a variant may take less */
      by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_INTEGER(name, 3), "3");
  } else if (strcmp(kind, "per_group") == 0) {
    by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_REAL(name, 0.5), "0.5");
    by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_REALS(name, each, 2), "[0.5, 0.25]");
  } else if (strcmp(kind, "name") == 0) {
    by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_WORD(name, "main"), "\"main\"");
  } else if (strcmp(kind, "word") == 0) {
    const int count = words_of(range, words);
    CHECK(count >= 2);
    for (int w = 0; w < count; w++) {
      char quoted[64];
      sprintf(quoted, "\"%.31s\"", words[w]);
      if (strcmp(quoted, value) == 0 || strcmp(words[w], "custom") == 0) continue; /* "custom" needs its policy */
      by_name_and_text(controller, variant, (stepsize_argument)STEPSIZE_WORD(name, words[w]), quoted);
    }
  } else {
    CHECK_TEXT(kind, "reals"); /* of learned("custom"), below */
  }
}

/* Values that a parameter of that kind does not take, one by one. */
static void other_kinds(const char *controller, const stepsize_controller *known, size_t p) {
  static const double list[] = {1, 2}, nan_in_list[] = {1, NAN}, infinite_in_list[] = {INFINITY};
  static const int64_t integers[] = {1, 2};
  char name[256], kind[256], range[256];
  told(known, p, STEPSIZE_TEXT_NAME, name), told(known, p, STEPSIZE_TEXT_KIND, kind);
  told(known, p, STEPSIZE_TEXT_RANGE, range);
  const int is_flag = strcmp(kind, "flag") == 0, is_name = strcmp(kind, "name") == 0;
  const int is_list = strcmp(kind, "per_group") == 0, is_count = strcmp(kind, "count") == 0;
  /* A loss may be below 0, and so may its bound; so may a cosine. */
  const int is_signed = strcmp(name, "lower_bound") == 0 || strcmp(name, "target") == 0;
  const int is_number = is_list || is_count || strcmp(kind, "real") == 0;
  stepsize_schedule *schedule = parsed("linear(5)");
  const struct {
    stepsize_argument argument;
    int is_taken;
  } cases[] = {
      {STEPSIZE_FLAG(name, 1), is_flag},
      {STEPSIZE_FLAG(name, 2), 0},
      {STEPSIZE_FLAG(name, -1), 0},
      {STEPSIZE_WORD(name, "nonsense"), is_name},
      {STEPSIZE_WORD(name, NULL), 0},
      {STEPSIZE_WORD(name, ""), 0},
      {STEPSIZE_INTEGER(name, -1), is_signed},
      {STEPSIZE_INTEGER(name, INT64_MIN), strcmp(name, "lower_bound") == 0},
      {STEPSIZE_REAL(name, -0.5), is_signed},
      {STEPSIZE_REAL(name, NAN), 0},
      {STEPSIZE_REAL(name, INFINITY), 0},
      {STEPSIZE_REAL(name, -INFINITY), 0},
      {STEPSIZE_REALS(name, list, 2), is_list},
      {STEPSIZE_REALS(name, nan_in_list, 2), 0},
      {STEPSIZE_REALS(name, infinite_in_list, 1), 0},
      {STEPSIZE_REALS(name, NULL, 2), 0},
      {STEPSIZE_REALS(name, list, SIZE_MAX), 0},
      {STEPSIZE_REALS(name, (const void *)((const char *)list + 1), 1), 0},
      {{name, STEPSIZE_VALUE_INTEGERS, 0, 0, 0, integers, 2}, is_list},
      {{name, STEPSIZE_VALUE_INTEGERS, 0, 0, 0, NULL, 1}, 0},
      {{name, STEPSIZE_VALUE_INTEGERS, 0, 0, 0, (const char *)integers + 4, 1}, 0},
      {{name, STEPSIZE_VALUE_SCHEDULE, 0, 0, 0, schedule, 0}, 0},
      {{name, STEPSIZE_VALUE_SCHEDULE, 0, 0, 0, NULL, 0}, 0},
      {{name, STEPSIZE_VALUE_NONE, 0, 0, 0, NULL, 0}, strstr(range, "none") != NULL},
      {{name, -1, 0, 1, 0.5, list, 1}, 0},
      {{name, STEPSIZE_VALUE_SCHEDULE + 1, 0, 1, 0.5, list, 1}, 0},
      /* Numbers are in the range of some numbers and not of others. */
      {STEPSIZE_INTEGER(name, 1), is_number ? -1 : 0},
      {STEPSIZE_REAL(name, 1.5), is_number && !is_count ? -1 : 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (cases[i].is_taken < 0) continue;
    stepsize_controller *made = (stepsize_controller *)&check_passed;
    stepsize_error error = {0};
    const int is_taken = cases[i].is_taken;
    const stepsize_status status = stepsize_controller_create(controller, &cases[i].argument, 1, &made, &error);
    /* The cases that have no data where their kind has some. */
    const int kind = cases[i].argument.kind, has_data = kind >= STEPSIZE_VALUE_WORD && kind <= STEPSIZE_VALUE_SCHEDULE;
    const stepsize_status wrong = has_data && !cases[i].argument.data ? STEPSIZE_ERROR_NULL : STEPSIZE_ERROR_ARGUMENT;
    int right = CHECK_STATUS(status, is_taken ? STEPSIZE_OK : wrong);
    right = CHECK((made != NULL) == is_taken) && right;
    right = CHECK(is_taken || strstr(error.text, name)) && right;
    if (!right) fprintf(stderr, "    %s, %s, case %d: %s\n", controller, name, (int)i, error.text);
    if (status == STEPSIZE_OK) stepsize_controller_destroy(made);
  }
  stepsize_schedule_destroy(schedule);
}

static void every_parameter(void) {
  for (size_t i = 0; i < stepsize_catalogue_count(STEPSIZE_CATALOGUE_CONTROLLERS); i++) {
    const size_t parameters = stepsize_catalogue_parameter_count(STEPSIZE_CATALOGUE_CONTROLLERS, i);
    char controller[64], name[256], kind[256], range[256], words[8][32];
    stepsize_controller *plain = NULL;
    CHECK_STATUS(stepsize_catalogue_text(STEPSIZE_CATALOGUE_CONTROLLERS, i, STEPSIZE_TEXT_NAME, controller,
                                         sizeof controller, NULL),
                 STEPSIZE_OK);
    REQUIRE(stepsize_controller_create(controller, NULL, 0, &plain, NULL) == STEPSIZE_OK);
    for (size_t p = 0; p < parameters; p++) another_value(controller, NULL, plain, p), other_kinds(controller, plain, p);
    CHECK_STATUS(stepsize_controller_parameter(plain, parameters, STEPSIZE_TEXT_NAME, name, sizeof name, NULL),
                 STEPSIZE_ERROR_ARGUMENT);
    /* Beside each variant, which the first parameter names. */
    told(plain, 0, STEPSIZE_TEXT_NAME, name), told(plain, 0, STEPSIZE_TEXT_KIND, kind);
    told(plain, 0, STEPSIZE_TEXT_RANGE, range);
    const int variants = strcmp(kind, "word") == 0 ? words_of(range, words) : 0;
    for (int v = 0; v < variants; v++) {
      if (strcmp(words[v], "custom") == 0) continue;
      const stepsize_argument variant = STEPSIZE_WORD(name, words[v]);
      stepsize_controller *known = NULL;
      REQUIRE(stepsize_controller_create(controller, &variant, 1, &known, NULL) == STEPSIZE_OK);
      for (size_t p = 1; p < parameters; p++) another_value(controller, &variant, known, p);
      stepsize_controller_destroy(known);
    }
    stepsize_controller_destroy(plain);
  }
  const stepsize_argument policy = STEPSIZE_WORD("policy", "custom");
  static const double numbers[] = {1, 3, 0, 0, 0, 0.5, 0, 0, 0, 0, 0}, integers[] = {2, 3, 0, 1, 1, 1, 1, 1, 1, 1, 1};
  char text[256] = "";
  stepsize_controller *learned = NULL;
  const stepsize_argument whole[] = {policy, STEPSIZE_REALS("parameters", numbers, 11)};
  REQUIRE(stepsize_controller_create("learned", whole, 2, &learned, NULL) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_controller_print(learned, text, sizeof text, NULL), STEPSIZE_OK);
  CHECK_TEXT(text, "learned(\"custom\", parameters=[1, 3, 0, 0, 0, 0.5, 0, 0, 0, 0, 0])");
  stepsize_controller_destroy(learned);
  const stepsize_argument other[] = {STEPSIZE_REALS("parameters", integers, 11), policy};
  REQUIRE(stepsize_controller_create("learned", other, 2, &learned, NULL) == STEPSIZE_OK);
  CHECK_STATUS(stepsize_controller_print(learned, text, sizeof text, NULL), STEPSIZE_OK);
  CHECK_TEXT(text, "learned(\"custom\", parameters=[2, 3, 0, 1, 1, 1, 1, 1, 1, 1, 1])");
  stepsize_controller_destroy(learned);
}

/* What GreedyLR is where nothing is given: written out, for everyone who counts on it. */
static void defaults_of_greedy(void) {
  static const char *const expected[][4] = {
      /* parameter, and its value in the variants */
      {"variant", "\"default\"", "\"huggingface\"", "\"paper\""},
      {"mode", "\"min\"", "\"min\"", "\"min\""},
      {"factor", "0.95", "0.95", "0.95"},
      {"patience", "10", "10", "0"},
      {"threshold", "1e-6", "1e-6", "0"},
      {"threshold_mode", "\"abs\"", "\"abs\"", "\"abs\""},
      {"cooldown", "0", "0", "0"},
      {"warmup", "0", "0", "0"},
      {"min_lr", "none", "none", "none"},
      {"max_lr", "none", "none", "none"},
      {"eps", "1e-8", "1e-8", "0"},
      {"smooth", "true", "false", "false"},
      {"window", "50", "50", "50"},
      {"reset_start", "500", "500", "none"},
  };
  for (int v = 1; v < 4; v++) {
    char text[64], name[256], value[256];
    stepsize_controller *controller = NULL;
    sprintf(text, "greedy(%s)", expected[0][v]);
    REQUIRE(stepsize_controller_parse(text, strlen(text), &controller, NULL) == STEPSIZE_OK);
    for (size_t p = 0; p < sizeof expected / sizeof *expected; p++) {
      told(controller, p, STEPSIZE_TEXT_NAME, name), told(controller, p, STEPSIZE_TEXT_VALUE, value);
      CHECK_TEXT(name, expected[p][0]);
      CHECK_TEXT(value, expected[p][v]);
      told(controller, p, STEPSIZE_TEXT_DEFAULT, value);
      CHECK_TEXT(value, expected[p][p == 0 ? 1 : v]);
    }
    stepsize_controller_destroy(controller);
  }
}

int main(void) {
  every_parameter();
  defaults_of_greedy();
  return finish();
}
