/* Every function of libstepsize with bad arguments: abuse SYMBOLS. Fails if a function of SYMBOLS is missing here: a
   new function belongs into `main`. */
#include "abuse.h"

static float singles[64];
static stepsize_schedule *new_schedule;
static stepsize_controller *new_controller;
static stepsize_scheduler *new_scheduler;

static int is_rate_or_nan(double x) { return isnan(x) || is_rate(x); }

/* Looks at the status, at `error` and at what was made, and frees it. */
static int is_made(int32_t status) {
  int made = new_schedule != NULL || new_controller != NULL || new_scheduler != NULL;
  int right = is_status(status) && (status == STEPSIZE_OK) == made;
  if (!made) right = right && error.status == status && error.text[0] && memchr(error.text, 0, sizeof error.text);
  if (new_schedule) {
    EACH(i, counts) right = right && is_rate(stepsize_schedule_at(new_schedule, counts[i]));
    right = right && stepsize_schedule_length(new_schedule) >= 0;
    right = right && stepsize_schedule_print(new_schedule, bytes, sizeof bytes, NULL) == STEPSIZE_OK;
  }
  if (new_scheduler) {
    const int observes_more = (stepsize_scheduler_needs(new_scheduler) & ~STEPSIZE_NEEDS_LOSS) != 0;
    EACH(i, reals) {
      right = right && (observes_more ? stepsize_scheduler_advance(new_scheduler, numbers, COUNT(numbers))
                                      : stepsize_scheduler_step_with_loss(new_scheduler, reals[i], numbers, COUNT(numbers))) ==
                           STEPSIZE_OK;
      for (size_t g = 0; g < stepsize_scheduler_group_count(new_scheduler); g++) right = right && is_rate(numbers[g]);
    }
  }
  stepsize_schedule_destroy(new_schedule);
  stepsize_controller_destroy(new_controller);
  stepsize_scheduler_destroy(new_scheduler);
  return right;
}

/* ---- The functions ----------------------------------------------------------------------------- */

static void versions(void) {
  TRY(stepsize_abi_version, stepsize_abi_version() == STEPSIZE_ABI_VERSION);
  TRY(stepsize_version, stepsize_version() > 0);
  /* The library has been used: an allocator comes too late. */
  const stepsize_allocator allocators[] = {{NULL, NULL, NULL}, {allocate_nothing, NULL, NULL}, {NULL, release_nothing, NULL},
                                           {allocate_nothing, release_nothing, NULL}};
  EACH(i, allocators) REFUSED(stepsize_set_allocator, &allocators[i]);
  REFUSED(stepsize_set_allocator, NULL);
  EACH(i, codes) TRY(stepsize_status_name, stepsize_status_name(codes[i])[0] != 0);
}

static void closed_forms(void) {
  EACH(i, counts) EACH(k, counts) {
    EACH(r, reals) {
      TRY(stepsize_linear, is_rate_or_nan(stepsize_linear(counts[i], counts[k], reals[r], 0.1)));
      TRY(stepsize_cosine, is_rate_or_nan(stepsize_cosine(counts[i], counts[k], reals[r], 0.1)));
      TRY(stepsize_warmup, is_rate_or_nan(stepsize_warmup(counts[i], counts[k], reals[r])));
    }
    TRY(stepsize_polynomial, is_rate_or_nan(stepsize_polynomial(counts[i], counts[k], 1, 0, 2)));
  }
  EACH(i, reals) EACH(k, reals) {
    TRY(stepsize_linear, is_rate_or_nan(stepsize_linear(5, 10, reals[i], reals[k])));
    TRY(stepsize_cosine, is_rate_or_nan(stepsize_cosine(5, 10, reals[i], reals[k])));
    TRY(stepsize_polynomial, is_rate_or_nan(stepsize_polynomial(5, 10, reals[k], 0, reals[i])));
    TRY(stepsize_polynomial, is_rate_or_nan(stepsize_polynomial(5, 10, 1, reals[k], reals[i])));
  }
}

static void making_schedules(void) {
  static const char *const texts[] = {"", "(", "linear(", "linear(10", "linear(nan)", "table([])", ">>", "\"", "*", "1"};
  EACH(i, texts) REFUSED(stepsize_schedule_parse, texts[i], strlen(texts[i]), &new_schedule, &error);
  EACH(i, lengths) REFUSED(stepsize_schedule_parse, "linear(10)", lengths[i], &new_schedule, &error);
  REFUSED(stepsize_schedule_parse, NULL, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_parse, NULL, 10, &new_schedule, &error);
  REFUSED(stepsize_schedule_parse, "linear(10)", 10, NULL, &error);
  REFUSED(stepsize_schedule_parse, "liner(10)", 9, ODD(stepsize_schedule *), NULL);
  TRY(stepsize_schedule_parse, refused(stepsize_schedule_parse("x", 1, &new_schedule, ODD(stepsize_error))));
  EACH(i, counts) MAKES(stepsize_schedule_bind, "warmup(10%) >> linear(rest)", 27, counts[i], &new_schedule, &error);
  EACH(i, lengths) REFUSED(stepsize_schedule_bind, "linear(10%)", lengths[i], 100, &new_schedule, &error);
  REFUSED(stepsize_schedule_bind, NULL, 10, 100, &new_schedule, &error);
  REFUSED(stepsize_schedule_bind, "linear(10%)", 11, 100, NULL, &error);
  EACH(i, counts) {
    MAKES(stepsize_schedule_warmup, counts[i], &new_schedule, &error);
    EACH(k, reals) {
      MAKES(stepsize_schedule_constant, counts[i], reals[k], &new_schedule, &error);
      MAKES(stepsize_schedule_linear, counts[i], reals[k], &new_schedule, &error);
      MAKES(stepsize_schedule_cosine, counts[i], reals[k], &new_schedule, &error);
      MAKES(stepsize_schedule_polynomial, counts[i], reals[k], 0.1, &new_schedule, &error);
    }
  }
  EACH(i, reals) EACH(k, reals) MAKES(stepsize_schedule_polynomial, 10, reals[i], reals[k], &new_schedule, &error);
  static const char *const types[] = {"cosine", "linear", "constant", "wsd"};
  EACH(i, types) EACH(n, counts) EACH(k, counts)
    EACH(r, reals) MAKES(stepsize_schedule_llmc, types[i], counts[n], counts[k], reals[r], &new_schedule, &error);
  EACH(i, texts) REFUSED(stepsize_schedule_llmc, texts[i], 1, 10, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_llmc, NULL, 1, 10, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_llmc, "cosine", 1, 10, 0, NULL, &error);
  REFUSED(stepsize_schedule_constant, 1, 1, NULL, &error);
  REFUSED(stepsize_schedule_linear, 1, 1, NULL, &error);
  REFUSED(stepsize_schedule_cosine, 1, 1, NULL, &error);
  REFUSED(stepsize_schedule_polynomial, 1, 1, 1, NULL, &error);
  REFUSED(stepsize_schedule_warmup, 1, NULL, &error);

  EACH(i, reals) MAKES(stepsize_schedule_table, &reals[i], 1, &new_schedule, &error);
  EACH(i, lengths) REFUSED(stepsize_schedule_table, reals, lengths[i], &new_schedule, &error);
  REFUSED(stepsize_schedule_table, reals, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_table, NULL, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_table, NULL, 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_table, ODD(double), 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_table, reals + 9, 1, NULL, &error);
}

static void combining_schedules(void) {
  REFUSED(stepsize_schedule_sequence, NULL, schedule, &new_schedule, &error);
  REFUSED(stepsize_schedule_sequence, schedule, NULL, &new_schedule, &error);
  REFUSED(stepsize_schedule_sequence, NULL, NULL, NULL, NULL);
  REFUSED(stepsize_schedule_sequence, schedule, schedule, NULL, NULL);
  MAKES(stepsize_schedule_sequence, schedule, schedule, &new_schedule, &error);
  REFUSED(stepsize_schedule_product, NULL, schedule, &new_schedule, &error);
  REFUSED(stepsize_schedule_product, schedule, NULL, &new_schedule, &error);
  REFUSED(stepsize_schedule_product, NULL, NULL, NULL, NULL);
  REFUSED(stepsize_schedule_product, schedule, schedule, NULL, NULL);
  MAKES(stepsize_schedule_product, schedule, schedule, &new_schedule, &error);
  REFUSED(stepsize_schedule_scale, NULL, 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_scale, schedule, 1, NULL, &error);
  EACH(i, reals) MAKES(stepsize_schedule_scale, schedule, reals[i], &new_schedule, &error);
  REFUSED(stepsize_schedule_clamp, NULL, 0, 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_clamp, schedule, 0, 1, NULL, &error);
  EACH(i, reals) EACH(k, reals) MAKES(stepsize_schedule_clamp, schedule, reals[i], reals[k], &new_schedule, &error);
  REFUSED(stepsize_schedule_extend, NULL, 10, STEPSIZE_EXTEND_HOLD, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_extend, schedule, 10, STEPSIZE_EXTEND_HOLD, 0, NULL, &error);
  REFUSED(stepsize_schedule_extend, schedule, 10, 77, 0, &new_schedule, &error);
  EACH(i, counts) EACH(k, counts) for (int32_t policy = -1; policy <= 3; policy++)
    MAKES(stepsize_schedule_extend, schedule, counts[i], policy, counts[k], &new_schedule, &error);
}

static void asking_schedules(void) {
  EACH(i, counts) {
    TRY(stepsize_schedule_at, is_rate(stepsize_schedule_at(schedule, counts[i])));
    TRY(stepsize_schedule_at, isnan(stepsize_schedule_at(NULL, counts[i])));
    EACH(k, counts) {
      TRY(stepsize_schedule_fill, stepsize_schedule_fill(schedule, counts[i], counts[k], 1, numbers, 64) == STEPSIZE_OK);
      TRY(stepsize_schedule_fill_float,
          stepsize_schedule_fill_float(schedule, counts[i], counts[k], 1, singles, 64) == STEPSIZE_OK);
    }
  }
  EACH(i, reals) {
    int32_t expected = is_rate(reals[i]) ? STEPSIZE_OK : STEPSIZE_ERROR_ARGUMENT;
    TRY(stepsize_schedule_fill, stepsize_schedule_fill(schedule, 0, 1, reals[i], numbers, 64) == expected);
    TRY(stepsize_schedule_fill_float, stepsize_schedule_fill_float(schedule, 0, 1, reals[i], singles, 64) == expected);
  }
  const stepsize_schedule *both[] = {schedule, schedule}, *none[] = {schedule, NULL};
  EACH(i, counts)
    EACH(k, reals) {
      const double bases[2] = {1, reals[k]};
      TRY(stepsize_schedule_rates, stepsize_schedule_rates(both, bases, 2, counts[i], numbers) ==
                                       (is_rate(reals[k]) ? STEPSIZE_OK : STEPSIZE_ERROR_ARGUMENT));
    }
  TRY(stepsize_schedule_rates, stepsize_schedule_rates(NULL, NULL, 0, 0, NULL) == STEPSIZE_OK);
  REFUSED(stepsize_schedule_rates, NULL, reals, 2, 0, numbers);
  REFUSED(stepsize_schedule_rates, both, NULL, 2, 0, numbers);
  REFUSED(stepsize_schedule_rates, both, reals, 2, 0, NULL);
  REFUSED(stepsize_schedule_rates, none, reals, 2, 0, numbers);
  REFUSED(stepsize_schedule_rates, both, ODD(double), 2, 0, numbers);
  REFUSED(stepsize_schedule_rates, both, reals, 2, 0, ODD(double));
  REFUSED(stepsize_schedule_rates, ODD(const stepsize_schedule *), reals, 1, 0, numbers);
  REFUSED(stepsize_schedule_rates, both, reals, SIZE_MAX, 0, numbers);
  EACH(i, lengths) {
    REFUSED(stepsize_schedule_fill, schedule, 0, 1, 1, numbers, lengths[i]);
    REFUSED(stepsize_schedule_fill, schedule, 0, 1, 1, NULL, lengths[i]);
    REFUSED(stepsize_schedule_fill_float, schedule, 0, 1, 1, NULL, lengths[i]);
  }
  REFUSED(stepsize_schedule_fill_float, schedule, 0, 1, 1, singles, SIZE_MAX);
  REFUSED(stepsize_schedule_fill_float, schedule, 0, 1, 1, singles, SIZE_MAX / 2);
  REFUSED(stepsize_schedule_fill, NULL, 0, 1, 1, numbers, 64);
  REFUSED(stepsize_schedule_fill_float, NULL, 0, 1, 1, singles, 64);
  REFUSED(stepsize_schedule_fill, schedule, 0, 1, 1, ODD(double), 4);
  REFUSED(stepsize_schedule_fill_float, schedule, 0, 1, 1, ODD(float), 4);
  TRY(stepsize_schedule_length, stepsize_schedule_length(NULL) == -1);
  REFUSED(stepsize_schedule_print, NULL, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_schedule_print, schedule, NULL, 1, NULL);
  REFUSED(stepsize_schedule_print, schedule, NULL, SIZE_MAX, ODD(size_t));
  REFUSED(stepsize_schedule_print, schedule, bytes, 1, NULL);
  EACH(i, lengths)
    TRY(stepsize_schedule_print, stepsize_schedule_print(schedule, bytes, lengths[i], NULL) == STEPSIZE_OK);
  TRY(stepsize_schedule_destroy, (stepsize_schedule_destroy(NULL), 1));
}

static void catalogue(void) {
  static const size_t indices[] = {0, 5, 1000, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 2 + 1};
  EACH(c, codes) {
    const stepsize_catalogue which = codes[c];
    TRY(stepsize_catalogue_count, stepsize_catalogue_count(which) < 1000);
    EACH(i, indices) {
      TRY(stepsize_catalogue_parameter_count, stepsize_catalogue_parameter_count(which, indices[i]) < 100);
      EACH(k, codes) {
        TRY(stepsize_catalogue_text,
            is_status(stepsize_catalogue_text(which, indices[i], codes[k], bytes, sizeof bytes, NULL)));
        TRY(stepsize_catalogue_text, is_status(stepsize_catalogue_text(which, indices[i], codes[k], NULL, 0, NULL)));
        REFUSED(stepsize_catalogue_text, which, indices[i], codes[k], NULL, 1, NULL);
        if (c > 3) continue; /* unknown catalogues are all the same */
        EACH(m, indices) {
          TRY(stepsize_catalogue_parameter_text,
              is_status(stepsize_catalogue_parameter_text(which, indices[i], indices[m], codes[k], bytes, sizeof bytes,
                                                          NULL)));
          REFUSED(stepsize_catalogue_parameter_text, which, indices[i], indices[m], codes[k], NULL, SIZE_MAX, NULL);
        }
      }
    }
  }
}

/* An argument that is wrong in each of its fields. */
static void arguments(void) {
  static const char *const names[] = {NULL, "", "patience", "factor", "min_lr", "mode", "smooth",
                                      "floor", "schedule", "nothing"};
  static const int32_t kinds[] = {INT32_MIN, -1, STEPSIZE_VALUE_NONE, STEPSIZE_VALUE_INTEGER, STEPSIZE_VALUE_REAL,
                                  STEPSIZE_VALUE_FLAG, STEPSIZE_VALUE_WORD, STEPSIZE_VALUE_INTEGERS,
                                  STEPSIZE_VALUE_REALS, STEPSIZE_VALUE_SCHEDULE, STEPSIZE_VALUE_SCHEDULE + 1, INT32_MAX};
  static const size_t few[] = {0, 1, 3};
  EACH(n, names) EACH(k, kinds) EACH(c, few) {
    /* What a kind reads is of that kind: a word is terminated, a schedule is one. Lists may lie anywhere. */
    const int is_word = kinds[k] == STEPSIZE_VALUE_WORD, is_schedule = kinds[k] == STEPSIZE_VALUE_SCHEDULE;
    const void *const datas[] = {NULL, is_word ? "min" : is_schedule ? (const void *)schedule : reals,
                                 is_word ? "" : is_schedule ? (const void *)schedule : ODD(double)};
    EACH(d, datas) {
      const stepsize_argument one = {names[n], kinds[k], 0, 1, 0.5, datas[d], few[c]};
      MAKES(stepsize_controller_create, "greedy", &one, 1, &new_controller, &error);
      MAKES(stepsize_schedule_create, "repeat", &one, 1, &new_schedule, &error);
      const stepsize_argument two[] = {{"total", STEPSIZE_VALUE_INTEGER, 0, 10, 0, NULL, 0}, one};
      MAKES(stepsize_schedule_create, "cosine", two, 2, &new_schedule, &error);
    }
  }
  EACH(i, lengths) {
    const stepsize_argument one = {"min_lr", STEPSIZE_VALUE_REALS, 0, 0, 0, reals, lengths[i]};
    REFUSED(stepsize_controller_create, "greedy", &one, 1, &new_controller, &error);
    REFUSED(stepsize_controller_create, "greedy", &one, lengths[i], &new_controller, &error);
    REFUSED(stepsize_schedule_create, "knots", NULL, lengths[i], &new_schedule, &error);
  }
  REFUSED(stepsize_controller_create, "greedy", ODD(stepsize_argument), 1, &new_controller, &error);
  REFUSED(stepsize_schedule_create, "linear", ODD(stepsize_argument), 1, &new_schedule, &error);
  REFUSED(stepsize_schedule_create, NULL, NULL, 0, &new_schedule, &error);
  REFUSED(stepsize_schedule_create, "linear", NULL, 0, NULL, &error);
  REFUSED(stepsize_controller_create, NULL, NULL, 0, &new_controller, &error);
  REFUSED(stepsize_controller_create, "greedy", NULL, 0, NULL, NULL);
}

static void controllers(void) {
  EACH(i, reals) {
    static const char *const real_names[] = {"factor", "threshold", "eps", "min_lr", "max_lr", "extra_threshold"};
    EACH(n, real_names) {
      const stepsize_argument one = STEPSIZE_REAL(real_names[n], reals[i]);
      MAKES(stepsize_controller_create, "greedy", &one, 1, &new_controller, &error);
      MAKES(stepsize_controller_create, "plateau", &one, 1, &new_controller, &error);
    }
  }
  EACH(i, counts) {
    static const char *const count_names[] = {"patience", "cooldown", "warmup", "window", "reset_start", "accumulation"};
    EACH(n, count_names) {
      const stepsize_argument one = STEPSIZE_INTEGER(count_names[n], counts[i]);
      MAKES(stepsize_controller_create, "greedy", &one, 1, &new_controller, &error);
      MAKES(stepsize_controller_create, "plateau", &one, 1, &new_controller, &error);
      MAKES(stepsize_controller_create, "early_stop", &one, 1, &new_controller, &error);
    }
  }
  TRY(stepsize_controller_destroy, (stepsize_controller_destroy(NULL), 1));
}

static void making_schedulers(void) {
  static const double base[GROUPS] = {1, 0.5, 0.25};
  stepsize_scheduler_options good, bad;
  TRY(stepsize_scheduler_defaults, stepsize_scheduler_defaults(&bad, sizeof bad) == STEPSIZE_OK);
  TRY(stepsize_scheduler_defaults, is_status(stepsize_scheduler_defaults(ODD(stepsize_scheduler_options), sizeof good)));
  REFUSED(stepsize_scheduler_defaults, NULL, sizeof good);
  EACH(i, sizes) REFUSED(stepsize_scheduler_defaults, &bad, sizes[i]);
  REQUIRE(stepsize_scheduler_defaults(&good, sizeof good) == STEPSIZE_OK);
  good.group_count = GROUPS, good.base_lr = base, good.schedule = schedule, good.controller = controller;
  MAKES(stepsize_scheduler_create, &good, &new_scheduler, &error);
  MAKES(stepsize_scheduler_create, memcpy(bytes + 1, &good, sizeof good), &new_scheduler, &error);
  EACH(i, sizes) REFUSED(stepsize_scheduler_create, WITH(size, sizes[i]), &new_scheduler, &error);
  EACH(i, lengths) {
    REFUSED(stepsize_scheduler_create, WITH(group_count, lengths[i]), &new_scheduler, &error);
    REFUSED(stepsize_scheduler_create, WITH(min_lr_count, lengths[i]), &new_scheduler, &error);
    REFUSED(stepsize_scheduler_create, (bad = good, bad.max_lr = base, bad.max_lr_count = lengths[i], &bad),
            &new_scheduler, &error);
  }
  EACH(i, reals) {
    MAKES(stepsize_scheduler_create, (bad = good, bad.base_lr = &reals[i], bad.group_count = 1, &bad), &new_scheduler,
          &error);
    MAKES(stepsize_scheduler_create,
          (bad = good, bad.base_lr = &reals[i], bad.group_count = 1, bad.controller = NULL, &bad), &new_scheduler,
          &error);
    EACH(k, reals)
      MAKES(stepsize_scheduler_create,
            (bad = good, bad.min_lr = &reals[i], bad.max_lr = &reals[k], bad.min_lr_count = bad.max_lr_count = 1, &bad),
            &new_scheduler, &error);
  }
  REFUSED(stepsize_scheduler_create, WITH(group_count, 0), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, WITH(base_lr, NULL), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, WITH(base_lr, ODD(double)), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, NULL, &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, &good, NULL, &error);
  REFUSED(stepsize_scheduler_create, NULL, NULL, NULL);
  TRY(stepsize_scheduler_destroy, (stepsize_scheduler_destroy(NULL), 1));
}

static void training(void) {
  static const size_t few[] = {0, 1, GROUPS - 1};
  EACH(i, few) {
    REFUSED(stepsize_scheduler_rates, plain, numbers, few[i]);
    REFUSED(stepsize_scheduler_step, plain, numbers, few[i]);
    REFUSED(stepsize_scheduler_step_with_loss, greedy, 1, numbers, few[i]);
    REFUSED(stepsize_scheduler_advance, greedy, numbers, few[i]);
    REFUSED(stepsize_scheduler_next, plain, numbers, few[i]);
    REFUSED(stepsize_scheduler_next_float, plain, singles, few[i]);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_scheduler_rates, plain, NULL, lengths[i]);
    REFUSED(stepsize_scheduler_step, plain, NULL, lengths[i]);
    REFUSED(stepsize_scheduler_step_with_loss, greedy, 1, NULL, lengths[i]);
    REFUSED(stepsize_scheduler_advance, greedy, NULL, lengths[i]);
    REFUSED(stepsize_scheduler_next, plain, NULL, lengths[i]);
    REFUSED(stepsize_scheduler_next_float, plain, NULL, lengths[i]);
    TRY(stepsize_scheduler_rates, (stepsize_scheduler_rates(plain, numbers, lengths[i]) == STEPSIZE_OK) == (lengths[i] <= SIZE_MAX / 2));
  }
  REFUSED(stepsize_scheduler_rates, NULL, numbers, GROUPS);
  REFUSED(stepsize_scheduler_rates, plain, ODD(double), GROUPS);
  REFUSED(stepsize_scheduler_step, NULL, numbers, GROUPS);
  REFUSED(stepsize_scheduler_step, plain, ODD(double), GROUPS);
  REFUSED(stepsize_scheduler_step, greedy, numbers, GROUPS);
  EACH(i, reals) {
    REFUSED(stepsize_scheduler_step_with_loss, NULL, reals[i], numbers, GROUPS);
    REFUSED(stepsize_scheduler_step_with_loss, greedy, reals[i], ODD(double), GROUPS);
  }
  REFUSED(stepsize_scheduler_next, NULL, numbers, GROUPS);
  REFUSED(stepsize_scheduler_next, plain, ODD(double), GROUPS);
  REFUSED(stepsize_scheduler_next, greedy, numbers, GROUPS);
  REFUSED(stepsize_scheduler_next_float, NULL, singles, GROUPS);
  REFUSED(stepsize_scheduler_next_float, plain, ODD(float), GROUPS);
  REFUSED(stepsize_scheduler_next_float, greedy, singles, GROUPS);
  TRY(stepsize_scheduler_lr, isnan(stepsize_scheduler_lr(NULL, 0)));
  TRY(stepsize_scheduler_lr_float, isnan(stepsize_scheduler_lr_float(NULL, 0)));
  for (size_t g = 0; g < GROUPS; g++) {
    TRY(stepsize_scheduler_lr, is_rate(stepsize_scheduler_lr(plain, g)));
    TRY(stepsize_scheduler_lr_float, is_rate(stepsize_scheduler_lr_float(greedy, g)));
  }
  EACH(i, lengths) {
    TRY(stepsize_scheduler_lr, isnan(stepsize_scheduler_lr(plain, lengths[i])));
    TRY(stepsize_scheduler_lr_float, isnan(stepsize_scheduler_lr_float(plain, lengths[i])));
  }
  REFUSED(stepsize_scheduler_advance, NULL, numbers, GROUPS);
  REFUSED(stepsize_scheduler_advance, greedy, ODD(double), GROUPS);
  REFUSED(stepsize_scheduler_advance_by, NULL, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_advance_by, greedy, 1, ODD(double), GROUPS);
  EACH(i, counts) if (counts[i] < 0) REFUSED(stepsize_scheduler_advance_by, greedy, counts[i], numbers, GROUPS);
  EACH(i, lengths) REFUSED(stepsize_scheduler_advance_by, plain, 1, NULL, lengths[i]);
  EACH(i, counts) {
    REFUSED(stepsize_scheduler_set_step, NULL, counts[i]);
    if (counts[i] < 0) REFUSED(stepsize_scheduler_set_step, plain, counts[i]);
  }
  TRY(stepsize_scheduler_get_step, stepsize_scheduler_get_step(NULL) == -1);
  TRY(stepsize_scheduler_group_count, stepsize_scheduler_group_count(NULL) == 0);
  TRY(stepsize_scheduler_schedule_count, stepsize_scheduler_schedule_count(NULL) == 0);
  TRY(stepsize_scheduler_finished, stepsize_scheduler_finished(NULL) == 0);
  TRY(stepsize_scheduler_decision, stepsize_scheduler_decision(NULL) == STEPSIZE_DECISION_NONE);
  TRY(stepsize_scheduler_decision, stepsize_scheduler_decision(greedy) == STEPSIZE_DECISION_NONE);
}

static void phases(void) {
  stepsize_phase phase;
#define SIZED(n) (memset(&phase, 0x5a, sizeof phase), phase.size = (n), &phase)
  EACH(i, counts)
    TRY(stepsize_schedule_phase, stepsize_schedule_phase(schedule, counts[i], SIZED(sizeof phase)) == STEPSIZE_OK &&
                                     phase.name[0] == 0 && phase.progress == 0);
  EACH(i, sizes) {
    REFUSED(stepsize_schedule_phase, schedule, 0, SIZED(sizes[i]));
    REFUSED(stepsize_scheduler_phase, plain, SIZED(sizes[i]));
    REFUSED(stepsize_scheduler_phase_at, plain, 0, SIZED(sizes[i]));
  }
  EACH(i, counts) {
    TRY(stepsize_scheduler_phase_at, stepsize_scheduler_phase_at(plain, counts[i], SIZED(sizeof phase)) == STEPSIZE_OK &&
                                         phase.name[0] == 0 && phase.until == STEPSIZE_NEVER);
    REFUSED(stepsize_scheduler_phase_at, NULL, counts[i], SIZED(sizeof phase));
    REFUSED(stepsize_scheduler_phase_at, plain, counts[i], NULL);
  }
  REFUSED(stepsize_schedule_phase, NULL, 0, SIZED(sizeof phase));
  REFUSED(stepsize_schedule_phase, schedule, 0, NULL);
  REFUSED(stepsize_scheduler_phase, NULL, SIZED(sizeof phase));
  REFUSED(stepsize_scheduler_phase, plain, NULL);
  TRY(stepsize_scheduler_phase, stepsize_scheduler_phase(plain, SIZED(sizeof phase)) == STEPSIZE_OK);
  TRY(stepsize_scheduler_stop_reason, stepsize_scheduler_stop_reason(NULL) == STEPSIZE_STOP_NONE);
  TRY(stepsize_scheduler_stop_reason, stepsize_scheduler_stop_reason(plain) == STEPSIZE_STOP_NONE);
}

static void structures(void) {
  stepsize_structure structure;
  int64_t start = 7;
  size_t size;
#define STRUCTURE(n) (memset(&structure, 0x5a, sizeof structure), structure.size = (n), &structure)
  EACH(i, sizes) REFUSED(stepsize_schedule_structure, schedule, STRUCTURE(sizes[i]));
  REFUSED(stepsize_schedule_structure, NULL, STRUCTURE(sizeof structure));
  REFUSED(stepsize_schedule_structure, schedule, NULL);
  TRY(stepsize_schedule_structure, stepsize_schedule_structure(schedule, STRUCTURE(sizeof structure)) == STEPSIZE_OK &&
                                       structure.part_count == 2);
  EACH(i, lengths) {
    REFUSED(stepsize_schedule_part, schedule, lengths[i], &start, &new_schedule);
    REFUSED(stepsize_schedule_parameter, schedule, lengths[i], STEPSIZE_TEXT_NAME, bytes, sizeof bytes, &size);
  }
  REFUSED(stepsize_schedule_part, schedule, 2, &start, &new_schedule);
  REFUSED(stepsize_schedule_part, NULL, 0, &start, &new_schedule);
  REFUSED(stepsize_schedule_part, schedule, 0, &start, NULL);
  TRY(stepsize_schedule_part, stepsize_schedule_part(schedule, 1, NULL, &new_schedule) == STEPSIZE_OK);
  REFUSED(stepsize_schedule_parameter, NULL, 0, STEPSIZE_TEXT_NAME, bytes, sizeof bytes, &size);
  REFUSED(stepsize_schedule_parameter, schedule, 0, STEPSIZE_TEXT_NAME, bytes, sizeof bytes, &size);
  stepsize_schedule *part = parsed("linear(10)");
  REFUSED(stepsize_schedule_parameter, part, 2, STEPSIZE_TEXT_NAME, bytes, sizeof bytes, &size);
  REFUSED(stepsize_schedule_parameter, part, 0, STEPSIZE_TEXT_VALUE, bytes, 1, &size);
  REFUSED(stepsize_schedule_parameter, part, 0, STEPSIZE_TEXT_VALUE, NULL, 9, &size);
  EACH(i, codes) {
    TRY(stepsize_schedule_parameter,
        (stepsize_schedule_parameter(part, 0, codes[i], bytes, sizeof bytes, NULL) == STEPSIZE_OK) ==
            (codes[i] == STEPSIZE_TEXT_NAME || codes[i] == STEPSIZE_TEXT_SUMMARY || codes[i] == STEPSIZE_TEXT_VALUE));
  }
  stepsize_schedule_destroy(part);
  TRY(stepsize_schedule_horizon, stepsize_schedule_horizon(NULL) == -1);
  TRY(stepsize_scheduler_needs, stepsize_scheduler_needs(NULL) == 0);
}

static void texts_of_controllers(void) {
  static const char *const texts[] = {"greedy()", "hypergradient(beta=2)", "line_search(\xff)", "early_stop(\"\")", "((((((((", "",
                                      "greedy() * early_stop() * linear(10)"};
  static const double base[GROUPS] = {1, 0.5, 0.25};
  stepsize_scheduler_options good, bad;
  REQUIRE(stepsize_scheduler_defaults(&good, sizeof good) == STEPSIZE_OK);
  good.group_count = GROUPS, good.base_lr = base;
  EACH(i, texts) {
    MAKES(stepsize_controller_parse, texts[i], strlen(texts[i]), &new_controller, &error);
    REFUSED(stepsize_controller_parse, texts[i], strlen(texts[i]), NULL, &error);
    MAKES(stepsize_scheduler_parse, texts[i], strlen(texts[i]), &good, &new_scheduler, &error);
    REFUSED(stepsize_scheduler_parse, texts[i], strlen(texts[i]), &good, NULL, &error);
    REFUSED(stepsize_scheduler_parse, texts[i], strlen(texts[i]), NULL, &new_scheduler, &error);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_controller_parse, texts[0], lengths[i], &new_controller, &error);
    REFUSED(stepsize_controller_parse, NULL, lengths[i], &new_controller, NULL);
    REFUSED(stepsize_scheduler_parse, texts[0], lengths[i], &good, &new_scheduler, &error);
    REFUSED(stepsize_scheduler_parse, NULL, lengths[i], &good, &new_scheduler, NULL);
    REFUSED(stepsize_scheduler_create, WITH(early_stop_count, lengths[i]), &new_scheduler, &error);
    REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(early_stop_count, lengths[i]), &new_scheduler, &error);
  }
  EACH(i, sizes) REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(size, sizes[i]), &new_scheduler, &error);
  EACH(i, codes) {
    MAKES(stepsize_scheduler_create, WITH(record, codes[i]), &new_scheduler, &error);
    MAKES(stepsize_scheduler_parse, "linear(10)", 10, WITH(record, codes[i]), &new_scheduler, &error);
  }
  REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(schedule, schedule), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(controller, controller), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_parse, "linear(10)", 10, WITH(base_lr, ODD(double)), &new_scheduler, &error);
  /* Early stop rules: no array, one out of place, with NULL in it, with another controller, too many. */
  const stepsize_controller *const wrong[] = {controller, NULL}, *const none[17] = {NULL};
#define EARLY_STOPS(array, n) (bad = good, bad.early_stops = (array), bad.early_stop_count = (n), &bad)
  REFUSED(stepsize_scheduler_create, EARLY_STOPS(NULL, 1), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, EARLY_STOPS(ODD(const stepsize_controller *const), 1), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, EARLY_STOPS(none, 1), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, EARLY_STOPS(wrong, 1), &new_scheduler, &error);
  REFUSED(stepsize_scheduler_create, EARLY_STOPS(none, 17), &new_scheduler, &error);
  MAKES(stepsize_scheduler_create, EARLY_STOPS(NULL, 0), &new_scheduler, &error);

  REFUSED(stepsize_controller_print, NULL, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_controller_print, controller, NULL, 1, NULL);
  REFUSED(stepsize_controller_print, controller, bytes, 1, NULL);
  REFUSED(stepsize_controller_parameter, NULL, 0, STEPSIZE_TEXT_VALUE, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_controller_parameter, controller, 0, STEPSIZE_TEXT_VALUE, NULL, 1, NULL);
  REFUSED(stepsize_controller_parameter, controller, 0, STEPSIZE_TEXT_VALUE, bytes, 1, NULL);
  REFUSED(stepsize_controller_parameter, controller, 0, STEPSIZE_TEXT_FORMULA, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_controller_parameter, controller, 0, -1, bytes, sizeof bytes, NULL);
  EACH(i, lengths) REFUSED(stepsize_controller_parameter, controller, lengths[i], STEPSIZE_TEXT_VALUE, bytes, 1, NULL);
  REFUSED(stepsize_scheduler_extend, NULL, schedule, &error);
  REFUSED(stepsize_scheduler_extend, NULL, NULL, NULL);
  const stepsize_schedule *each[GROUPS] = {NULL};
  REFUSED(stepsize_scheduler_extend_groups, NULL, each, GROUPS, &error);
  REFUSED(stepsize_scheduler_extend_groups, plain, each, GROUPS, &error);
  REFUSED(stepsize_scheduler_extend_groups, plain, NULL, GROUPS, &error);
  EACH(i, lengths) REFUSED(stepsize_scheduler_extend_groups, plain, NULL, lengths[i], NULL);
  REFUSED(stepsize_scheduler_set_base_lrs, NULL, numbers, GROUPS, &error);
  REFUSED(stepsize_scheduler_set_base_lrs, plain, NULL, GROUPS, &error);
  REFUSED(stepsize_scheduler_set_base_lrs, plain, ODD(double), GROUPS, NULL);
  EACH(i, lengths) REFUSED(stepsize_scheduler_set_base_lrs, plain, NULL, lengths[i], &error);
  REFUSED(stepsize_scheduler_add_group, NULL, 0.1, 0, 1, NULL, &error);
  EACH(i, reals) {
    if (isfinite(reals[i]) && reals[i] >= 0) continue;
    REFUSED(stepsize_scheduler_add_group, plain, reals[i], 0, 1, NULL, &error);
    REFUSED(stepsize_scheduler_add_group, plain, 0.1, reals[i], 1, NULL, NULL);
  }
  REFUSED(stepsize_scheduler_remove_group, NULL, 0, &error);
  REFUSED(stepsize_scheduler_remove_group, plain, GROUPS, &error);
  EACH(i, lengths) {
    REFUSED(stepsize_scheduler_remove_group, plain, lengths[i], NULL);
    REFUSED(stepsize_scheduler_group_schedule, plain, lengths[i], &new_schedule);
  }
  REFUSED(stepsize_scheduler_group_schedule, NULL, 0, &new_schedule);
  REFUSED(stepsize_scheduler_group_schedule, plain, 0, NULL);
  TRY(stepsize_scheduler_base_lr, isnan(stepsize_scheduler_base_lr(NULL, 0)));
  TRY(stepsize_scheduler_base_lr, isnan(stepsize_scheduler_base_lr(plain, GROUPS)));
  EACH(i, lengths) TRY(stepsize_scheduler_base_lr, isnan(stepsize_scheduler_base_lr(plain, lengths[i])));
  TRY(stepsize_scheduler_extended_at, stepsize_scheduler_extended_at(NULL) == 0);
  TRY(stepsize_scheduler_schedule_step, stepsize_scheduler_schedule_step(NULL) == -1);
  REFUSED(stepsize_scheduler_print, NULL, bytes, sizeof bytes, NULL);
  REFUSED(stepsize_scheduler_print, greedy, NULL, 1, NULL);
  REFUSED(stepsize_scheduler_print, greedy, bytes, 1, NULL);
  EACH(i, lengths) {
    TRY(stepsize_controller_print, stepsize_controller_print(controller, bytes, lengths[i], NULL) == STEPSIZE_OK);
    TRY(stepsize_scheduler_print, stepsize_scheduler_print(greedy, bytes, lengths[i], NULL) == STEPSIZE_OK);
    TRY(stepsize_scheduler_controller, stepsize_scheduler_controller(greedy, lengths[i], &new_controller) ==
                                               STEPSIZE_OK && new_controller == NULL);
  }
  REFUSED(stepsize_scheduler_controller, NULL, 0, &new_controller);
  REFUSED(stepsize_scheduler_controller, greedy, 0, NULL);
  TRY(stepsize_scheduler_controller,
      stepsize_scheduler_controller(greedy, 0, &new_controller) == STEPSIZE_OK && new_controller != NULL);
  REFUSED(stepsize_scheduler_schedule, NULL, &new_schedule);
  REFUSED(stepsize_scheduler_schedule, plain, NULL);
  TRY(stepsize_scheduler_schedule,
      stepsize_scheduler_schedule(searching, &new_schedule) == STEPSIZE_OK && new_schedule == NULL);
}

static void searches(void) {
  const double good[GROUPS] = {1, 1, 1};
  int32_t trial = 0;
  stepsize_scheduler *const others[] = {plain, greedy};
  EACH(i, others) {
    REFUSED(stepsize_scheduler_observe_gradient, others[i], good, good, 1, numbers, GROUPS);
    REFUSED(stepsize_scheduler_propose, others[i], 1, good, GROUPS, numbers, GROUPS);
    REFUSED(stepsize_scheduler_report, others[i], 1, good, GROUPS, &trial, numbers, GROUPS);
  }
  REFUSED(stepsize_scheduler_observe_gradient, searching, good, good, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_propose, descending, 1, good, GROUPS, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, NULL, good, good, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_propose, NULL, 1, good, GROUPS, numbers, GROUPS);
  REFUSED(stepsize_scheduler_report, NULL, 1, good, GROUPS, &trial, numbers, GROUPS);
  /* Nothing was proposed. */
  REFUSED(stepsize_scheduler_report, searching, 1, good, GROUPS, &trial, numbers, GROUPS);
  REFUSED(stepsize_scheduler_report, searching, 1, good, GROUPS, NULL, numbers, GROUPS);
  const size_t counts_of_dots[] = {0, 2, 4, SIZE_MAX, SIZE_MAX / 8};
  EACH(i, counts_of_dots) {
    REFUSED(stepsize_scheduler_observe_gradient, descending, good, good, counts_of_dots[i], numbers, GROUPS);
    REFUSED(stepsize_scheduler_propose, searching, 1, good, counts_of_dots[i], numbers, GROUPS);
    REFUSED(stepsize_scheduler_report, searching, 1, good, counts_of_dots[i], &trial, numbers, GROUPS);
  }
  REFUSED(stepsize_scheduler_observe_gradient, descending, NULL, good, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, NULL, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, ODD(double), good, 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, ODD(double), 1, numbers, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, good, 1, numbers, GROUPS - 1);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, good, 1, NULL, GROUPS);
  REFUSED(stepsize_scheduler_observe_gradient, descending, good, good, 1, ODD(double), GROUPS);
  REFUSED(stepsize_scheduler_propose, searching, 1, NULL, GROUPS, numbers, GROUPS);
  REFUSED(stepsize_scheduler_propose, searching, 1, ODD(double), GROUPS, numbers, GROUPS);
  REFUSED(stepsize_scheduler_propose, searching, 1, good, GROUPS, numbers, GROUPS - 1);
  REFUSED(stepsize_scheduler_propose, searching, 1, good, GROUPS, NULL, 1);
  REFUSED(stepsize_scheduler_propose, searching, 1, good, GROUPS, ODD(double), GROUPS);
  /* A child may change its objects where that is what the call is for. */
  EACH(i, reals) EACH(k, reals) if (in_child("stepsize_scheduler_report", "any numbers")) {
    const double numbers_of_any_sign[GROUPS] = {reals[k], 1, reals[i]}, any[GROUPS] = {fabs(reals[k]), 1, fabs(reals[i])};
    const int is_negative = reals[k] < 0 || reals[i] < 0;
    int right = stepsize_scheduler_propose(searching, reals[i], numbers_of_any_sign, GROUPS, numbers, GROUPS) ==
                (is_negative ? STEPSIZE_ERROR_ARGUMENT : STEPSIZE_OK);
    right = right && stepsize_scheduler_propose(searching, reals[i], any, GROUPS, numbers, GROUPS) == STEPSIZE_OK;
    right = right && refused(stepsize_scheduler_report(searching, 0, NULL, 0, &trial, numbers, GROUPS));
    right = right && refused(stepsize_scheduler_report(searching, 0, ODD(double), GROUPS, &trial, numbers, GROUPS));
    right = right && refused(stepsize_scheduler_report(searching, 0, any, GROUPS, NULL, numbers, GROUPS));
    right = right && refused(stepsize_scheduler_report(searching, 0, any, GROUPS, &trial, numbers, 1));
    right = right &&
            stepsize_scheduler_report(searching, reals[k], any, GROUPS, &trial, numbers, GROUPS) == STEPSIZE_OK;
    for (size_t g = 0; g < GROUPS; g++) right = right && is_rate(numbers[g]);
    right = right &&
            stepsize_scheduler_observe_gradient(descending, numbers_of_any_sign, any, GROUPS, numbers, GROUPS) == STEPSIZE_OK;
    for (size_t g = 0; g < GROUPS; g++) right = right && is_rate(numbers[g]);
    _exit(right ? RIGHT : WRONG_ANSWER);
  }
  stepsize_observation seen[GROUPS] = {{.size = sizeof *seen, .given = INT32_MAX, .loss = 1, .grad_norm = 1}};
  stepsize_error error;
  for (size_t g = 1; g < GROUPS; g++) seen[g] = seen[0];
  EACH(i, others) REFUSED(stepsize_scheduler_observe, others[i], seen, GROUPS, numbers, GROUPS, &error);
  EACH(i, counts_of_dots) REFUSED(stepsize_scheduler_observe, descending, seen, counts_of_dots[i], numbers, GROUPS, NULL);
  REFUSED(stepsize_scheduler_observe, NULL, seen, GROUPS, numbers, GROUPS, &error);
  REFUSED(stepsize_scheduler_observe, descending, NULL, GROUPS, numbers, GROUPS, &error);
  REFUSED(stepsize_scheduler_observe, descending, ODD(stepsize_observation), GROUPS, numbers, GROUPS, &error);
  REFUSED(stepsize_scheduler_observe, descending, seen, GROUPS, numbers, GROUPS - 1, &error);
  REFUSED(stepsize_scheduler_observe, descending, seen, GROUPS, NULL, GROUPS, &error);
  REFUSED(stepsize_scheduler_observe, descending, seen, GROUPS, ODD(double), GROUPS, NULL);
  REFUSED(stepsize_scheduler_observe, searching, seen, 1, numbers, GROUPS, &error);
  seen[1].grad_norm = -1;
  REFUSED(stepsize_scheduler_observe, searching, seen, GROUPS, numbers, GROUPS, &error);
  seen[1].given = 0;
  REFUSED(stepsize_scheduler_observe, searching, seen, GROUPS, numbers, GROUPS, &error);
  seen[1].size = 0;
  REFUSED(stepsize_scheduler_observe, searching, seen, GROUPS, numbers, GROUPS, &error);
  TRY(stepsize_scheduler_trial_count, stepsize_scheduler_trial_count(NULL) == 0);
  TRY(stepsize_scheduler_trial_count, stepsize_scheduler_trial_count(plain) == 0);
}

static void records(void) {
  int64_t first, count;
  size_t written;
  REFUSED(stepsize_scheduler_record_range, NULL, &first, &count);
  TRY(stepsize_scheduler_record_range, stepsize_scheduler_record_range(searching, NULL, NULL) == STEPSIZE_OK);
  REFUSED(stepsize_scheduler_record, NULL, 0, 0, numbers, 64, &written);
  REFUSED(stepsize_scheduler_record, searching, 0, 0, NULL, 64, &written);
  REFUSED(stepsize_scheduler_record, searching, 0, 0, ODD(double), 4, &written);
  EACH(i, lengths) {
    REFUSED(stepsize_scheduler_record, searching, lengths[i], 0, numbers, 64, &written);
    TRY(stepsize_scheduler_record, is_status(stepsize_scheduler_record(searching, 0, 0, numbers, lengths[i], &written)));
    REFUSED(stepsize_scheduler_replay, searching, lengths[i], &new_schedule, &error);
  }
  EACH(i, counts)
    TRY(stepsize_scheduler_record,
        stepsize_scheduler_record(searching, 0, counts[i], numbers, 64, &written) ==
            (counts[i] < 0 ? STEPSIZE_ERROR_ARGUMENT : STEPSIZE_OK));
  REFUSED(stepsize_scheduler_replay, NULL, 0, &new_schedule, &error);
  REFUSED(stepsize_scheduler_replay, searching, 0, NULL, &error);
  REFUSED(stepsize_scheduler_replay, plain, 0, &new_schedule, &error);
  MAKES(stepsize_scheduler_replay, searching, 0, &new_schedule, &error);
}

static void states(void) {
  size_t size = 0;
  REQUIRE(stepsize_scheduler_save(greedy, (uint8_t *)bytes, sizeof bytes, &size) == STEPSIZE_OK);
  static uint8_t state[sizeof bytes];
  memcpy(state, bytes, sizeof state);
  TRY(stepsize_state_format, stepsize_state_format() >= 1);
  REFUSED(stepsize_scheduler_save, NULL, state, size, &size);
  REFUSED(stepsize_scheduler_save, greedy, NULL, 1, &size);
  REFUSED(stepsize_scheduler_save, greedy, NULL, SIZE_MAX, NULL);
  REFUSED(stepsize_scheduler_save, greedy, state, 1, &size);
  REFUSED(stepsize_scheduler_save, greedy, state, size - 1, NULL);
  TRY(stepsize_scheduler_save, stepsize_scheduler_save(greedy, NULL, 0, NULL) == STEPSIZE_OK);
  MAKES(stepsize_scheduler_restore, state, size, &new_scheduler, &error);
  REFUSED(stepsize_scheduler_restore, state, size, NULL, &error);
  REFUSED(stepsize_scheduler_restore, NULL, size, &new_scheduler, &error);
  REFUSED(stepsize_scheduler_load, NULL, state, size, &error);
  REFUSED(stepsize_scheduler_load, greedy, NULL, size, &error);
  REFUSED(stepsize_scheduler_load, plain, state, size, &error);
  TRY(stepsize_scheduler_load, stepsize_scheduler_load(greedy, state, size, NULL) == STEPSIZE_OK);
  for (size_t i = 0; i < size; i += i < 40 ? 1 : 16) {
    REFUSED(stepsize_scheduler_restore, state, i, &new_scheduler, &error);
    REFUSED(stepsize_scheduler_load, greedy, state, i, &error);
    state[i] ^= 0x10;
    REFUSED(stepsize_scheduler_restore, state, size, &new_scheduler, &error);
    REFUSED(stepsize_scheduler_load, greedy, state, size, &error);
    state[i] ^= 0x10;
  }
  REFUSED(stepsize_scheduler_restore, state, SIZE_MAX, &new_scheduler, &error);
  REFUSED(stepsize_scheduler_load, greedy, state, SIZE_MAX, &error);
}

static void theory(void) {
  static const double norms[4] = {4, 2, 1, 1};
  stepsize_refine_options good, bad;
  stepsize_refine_result found = {sizeof found, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  stepsize_score_result score = {sizeof score, 0, 0, 0, 0, 0, 0, 0, 0};
  EACH(i, reals) EACH(k, reals) {
    double pair[2];
    pair[0] = reals[i], pair[1] = reals[k];
    TRY(stepsize_median_filter, is_status(stepsize_median_filter(pair, 2, 1, numbers, &error)));
    TRY(stepsize_schedule_fit, is_made(stepsize_schedule_fit(pair, 2, 0.1, numbers, &new_schedule, &error)));
    TRY(stepsize_score, is_status(stepsize_score(schedule, 2, pair, 2, 1, &score, &error)));
    TRY(stepsize_score, is_status(stepsize_score(schedule, 2, pair, 1, reals[k], &score, &error)));
    EACH(m, reals) TRY(stepsize_score_at, is_rate_or_nan(stepsize_score_at(reals[i], reals[k], reals[m])));
  }
  EACH(i, reals) {
    TRY(stepsize_median_filter, is_status(stepsize_median_filter(norms, 4, reals[i], numbers, &error)));
    MAKES(stepsize_schedule_fit, norms, 4, reals[i], numbers, &new_schedule, &error);
  }
  EACH(i, lengths) {
    REFUSED(stepsize_median_filter, norms, lengths[i], 0.1, numbers, &error);
    REFUSED(stepsize_schedule_fit, norms, lengths[i], 0.1, numbers, &new_schedule, &error);
    REFUSED(stepsize_score, schedule, 4, norms, lengths[i], 1, &score, &error);
  }
  REFUSED(stepsize_median_filter, NULL, 4, 0.1, numbers, &error);
  REFUSED(stepsize_median_filter, norms, 4, 0.1, NULL, &error);
  REFUSED(stepsize_median_filter, ODD(double), 4, 0.1, numbers, &error);
  REFUSED(stepsize_median_filter, norms, 4, 0.1, ODD(double), NULL);
  TRY(stepsize_median_filter, stepsize_median_filter(NULL, 0, 0.1, NULL, NULL) == STEPSIZE_OK);
  REFUSED(stepsize_schedule_fit, NULL, 0, 0.1, NULL, &new_schedule, &error);
  REFUSED(stepsize_schedule_fit, NULL, 4, 0.1, NULL, &new_schedule, &error);
  REFUSED(stepsize_schedule_fit, norms, 4, 0.1, NULL, NULL, &error);
  REFUSED(stepsize_schedule_fit, ODD(double), 4, 0.1, NULL, &new_schedule, &error);

  REFUSED(stepsize_refine_defaults, NULL, 48);
  TRY(stepsize_refine_defaults, stepsize_refine_defaults(ODD(stepsize_refine_options), sizeof(stepsize_refine_options)) == STEPSIZE_OK);
  REQUIRE(stepsize_refine_defaults(&good, sizeof good) == STEPSIZE_OK);
  EACH(i, reals) EACH(k, reals) EACH(m, codes) {
    double three[3];
    three[0] = reals[i], three[1] = reals[k], three[2] = 1;
    bad = good, bad.optimizer = codes[m], bad.tau = 0;
    TRY(stepsize_refine, is_status(stepsize_refine(&bad, three, 3, numbers, 3, &found, &error)) &&
                             (numbers[0] >= 0 && numbers[1] <= 1 && numbers[2] == 0));
  }
  EACH(i, reals) {
    TRY(stepsize_refine, is_status(stepsize_refine(WITH(tau, reals[i]), norms, 4, numbers, 4, &found, &error)));
    TRY(stepsize_refine, is_status(stepsize_refine(WITH(floor, reals[i]), norms, 4, numbers, 4, &found, &error)));
    TRY(stepsize_refine, is_status(stepsize_refine(WITH(distance, reals[i]), norms, 4, numbers, 4, &found, &error)));
  }
  EACH(i, counts) EACH(k, counts) {
    TRY(stepsize_refine, is_status(stepsize_refine(WITH(total, counts[i]), norms, 4, numbers,
                                                   counts[k] < 0 || counts[k] > 64 ? 4 : (size_t)counts[k], &found, &error)));
  }
  EACH(i, counts) if (counts[i] != 0)
    REFUSED(stepsize_refine, WITH(total, counts[i]), norms, 4, numbers, 4, &found, &error);
  EACH(i, codes) TRY(stepsize_refine, is_status(stepsize_refine(WITH(capped, codes[i]), norms, 4, numbers, 4, &found, NULL)));
  EACH(i, sizes) REFUSED(stepsize_refine, WITH(size, sizes[i]), norms, 4, numbers, 4, &found, &error);
  EACH(i, sizes) REFUSED(stepsize_refine, &good, norms, 4, numbers, 4, (found.size = sizes[i], &found), &error);
  EACH(i, lengths) {
    REFUSED(stepsize_refine, &good, norms, lengths[i], numbers, 4, &found, &error);
    REFUSED(stepsize_refine, &good, norms, 4, numbers, lengths[i], &found, &error);
  }
  REFUSED(stepsize_refine, WITH(reserved, 1), norms, 4, numbers, 4, &found, &error);
  REFUSED(stepsize_refine, NULL, norms, 4, numbers, 4, &found, &error);
  REFUSED(stepsize_refine, &good, NULL, 4, numbers, 4, &found, &error);
  REFUSED(stepsize_refine, &good, NULL, 0, numbers, 4, &found, &error);
  REFUSED(stepsize_refine, &good, NULL, 0, NULL, 0, NULL, NULL);
  REFUSED(stepsize_refine, &good, norms, 4, NULL, 4, &found, &error);
  REFUSED(stepsize_refine, &good, norms, 4, ODD(double), 4, &found, &error);
  REFUSED(stepsize_refine, &good, norms, 4, numbers, 3, &found, &error);
  found.size = sizeof found;
  TRY(stepsize_refine, stepsize_refine(memcpy(bytes + 1, &good, sizeof good), norms, 4, numbers, 4,
                                       memcpy(bytes + 1025, &found, sizeof found), NULL) == STEPSIZE_OK);

  EACH(i, counts) if (counts[i] < 0 || counts[i] > 1000000000)
    REFUSED(stepsize_score, schedule, counts[i], norms, 1, 1, &score, &error);
  EACH(i, sizes) REFUSED(stepsize_score, schedule, 4, norms, 4, 1, (score.size = sizes[i], &score), &error);
  score.size = sizeof score;
  REFUSED(stepsize_score, NULL, 4, norms, 4, 1, &score, &error);
  REFUSED(stepsize_score, schedule, 4, NULL, 4, 1, &score, &error);
  REFUSED(stepsize_score, schedule, 4, ODD(double), 4, 1, &score, &error);
  REFUSED(stepsize_score, schedule, 4, norms, 4, 1, NULL, NULL);
  REFUSED(stepsize_score, schedule, 4, norms, 3, 1, &score, &error);
  TRY(stepsize_score, stepsize_score(schedule, 4, norms, 4, 1, memcpy(bytes + 1, &score, sizeof score), NULL) ==
                          STEPSIZE_OK);
}

static void norm_logs(void) {
  stepsize_norm_log *log = NULL, *other = NULL;
  size_t length = 0;
  REQUIRE(stepsize_norm_log_create(4, &log, NULL) == STEPSIZE_OK);
  EACH(i, lengths) {
    REFUSED(stepsize_norm_log_create, lengths[i], &other, &error);
    REFUSED(stepsize_norm_log_values, log, NULL, lengths[i]);
    REFUSED(stepsize_norm_log_restore, (const uint8_t *)bytes, lengths[i], &other, &error);
  }
  REFUSED(stepsize_norm_log_create, 1, &other, &error);
  REFUSED(stepsize_norm_log_create, 8, NULL, &error);
  EACH(i, reals) {
    TRY(stepsize_norm_log_add, (stepsize_norm_log_add(log, reals[i]) == STEPSIZE_OK) == !(reals[i] < 0));
    REFUSED(stepsize_norm_log_add, NULL, reals[i]);
    CHECK_STATUS(stepsize_norm_log_add(log, reals[i]), reals[i] < 0 ? STEPSIZE_ERROR_ARGUMENT : STEPSIZE_OK);
  }
  TRY(stepsize_norm_log_count, stepsize_norm_log_count(log) == 9 && stepsize_norm_log_count(NULL) == -1);
  TRY(stepsize_norm_log_stride, stepsize_norm_log_stride(log) == 4 && stepsize_norm_log_stride(NULL) == -1);
  TRY(stepsize_norm_log_kept, stepsize_norm_log_kept(log) == 3 && stepsize_norm_log_kept(NULL) == 0);
  TRY(stepsize_norm_log_values, stepsize_norm_log_values(log, numbers, SIZE_MAX) == STEPSIZE_OK);
  REFUSED(stepsize_norm_log_values, log, numbers, 2);
  REFUSED(stepsize_norm_log_values, log, ODD(double), 4);
  REFUSED(stepsize_norm_log_values, NULL, numbers, 4);
  REFUSED(stepsize_norm_log_save, NULL, NULL, 0, &length);
  REFUSED(stepsize_norm_log_save, log, NULL, 10, &length);
  REFUSED(stepsize_norm_log_save, log, (uint8_t *)bytes, 10, &length);
  TRY(stepsize_norm_log_save, stepsize_norm_log_save(log, (uint8_t *)bytes, SIZE_MAX, ODD(size_t)) == STEPSIZE_OK);
  REFUSED(stepsize_norm_log_restore, NULL, 10, &other, &error);
  REFUSED(stepsize_norm_log_restore, (const uint8_t *)bytes, 100, NULL, &error);
  REQUIRE(stepsize_norm_log_save(log, (uint8_t *)bytes, sizeof bytes, &length) == STEPSIZE_OK);
  for (size_t i = 0; i < length; i++) {
    TRY(stepsize_norm_log_restore, (bytes[i] ^= 0x11, refused(stepsize_norm_log_restore((const uint8_t *)bytes, length,
                                                                                       &other, &error))));
    REFUSED(stepsize_norm_log_restore, (const uint8_t *)bytes, i, &other, &error);
  }
  TRY(stepsize_norm_log_destroy, (stepsize_norm_log_destroy(NULL), 1));
  stepsize_norm_log_destroy(log);
}

static void logs_of_schedulers(void) {
  stepsize_norm_log *log = NULL;
  EACH(i, reals) TRY(stepsize_scheduler_log_norm, refused(stepsize_scheduler_log_norm(plain, reals[i])));
  REFUSED(stepsize_scheduler_log_norm, NULL, 1);
  TRY(stepsize_scheduler_norm_log, stepsize_scheduler_norm_log(plain, &log) == STEPSIZE_OK && log == NULL);
  REFUSED(stepsize_scheduler_norm_log, NULL, &log);
  REFUSED(stepsize_scheduler_norm_log, plain, NULL);
}

/* ---- The finder -------------------------------------------------------------------------------- */

static void finders(void) {
  stepsize_finder_options good, bad;
  stepsize_finder *finder = NULL, *other = NULL;
  REFUSED(stepsize_finder_defaults, NULL, sizeof good);
  EACH(i, sizes) REFUSED(stepsize_finder_defaults, &good, sizes[i]);
  TRY(stepsize_finder_defaults, stepsize_finder_defaults(ODD(stepsize_finder_options), sizeof good) == STEPSIZE_OK);
  REQUIRE(stepsize_finder_defaults(&good, sizeof good) == STEPSIZE_OK);
  REFUSED(stepsize_finder_create, NULL, &other, &error);
  REFUSED(stepsize_finder_create, &good, NULL, &error);
  EACH(i, sizes) REFUSED(stepsize_finder_create, WITH(size, sizes[i]), &other, &error);
  EACH(i, codes) if (codes[i] != 0 && codes[i] != 1) REFUSED(stepsize_finder_create, WITH(spacing, codes[i]), &other, &error);
  EACH(i, counts) if (counts[i] < 2 || counts[i] > 1 << 20) REFUSED(stepsize_finder_create, WITH(count, counts[i]), &other, &error);
  EACH(i, reals) {
    if (!(reals[i] > 0 && reals[i] < 10)) REFUSED(stepsize_finder_create, WITH(start, reals[i]), &other, &error);
    if (!(reals[i] > 1e-7 && reals[i] < INFINITY)) REFUSED(stepsize_finder_create, WITH(end, reals[i]), &other, &error);
    if (!(reals[i] >= 0 && reals[i] < 1)) REFUSED(stepsize_finder_create, WITH(smoothing, reals[i]), &other, &error);
    if (!(reals[i] > 1)) REFUSED(stepsize_finder_create, WITH(divergence, reals[i]), &other, &error);
  }
  good.count = 40;
  REQUIRE(stepsize_finder_create(&good, &finder, NULL) == STEPSIZE_OK);
  EACH(i, reals) {
    REFUSED(stepsize_finder_tell, NULL, reals[i]);
    TRY(stepsize_finder_tell, stepsize_finder_tell(finder, reals[i]) == STEPSIZE_OK);
    REFUSED(stepsize_finder_tell_at, NULL, 1, reals[i], &error);
    if (!(reals[i] > 0 && reals[i] < INFINITY)) REFUSED(stepsize_finder_tell_at, finder, reals[i], 1, &error);
  }
  for (int i = 0; i < 20; i++) REQUIRE(stepsize_finder_tell(finder, 20 - i) == STEPSIZE_OK);
  EACH(i, codes) {
    TRY(stepsize_finder_suggest, is_status(stepsize_finder_suggest(finder, codes[i], numbers, &error)));
    if (codes[i] < 0 || codes[i] > 3) REFUSED(stepsize_finder_suggest, finder, codes[i], numbers, &error);
  }
  REFUSED(stepsize_finder_suggest, NULL, 0, numbers, &error);
  REFUSED(stepsize_finder_suggest, finder, 0, NULL, &error);
  TRY(stepsize_finder_rate, isnan(stepsize_finder_rate(NULL)) && stepsize_finder_rate(finder) > 0);
  TRY(stepsize_finder_count, stepsize_finder_count(NULL) == 0 && stepsize_finder_count(finder) == 20);
  TRY(stepsize_finder_stop_reason, stepsize_finder_stop_reason(NULL) == STEPSIZE_STOP_NONE);
  EACH(i, lengths) TRY(stepsize_finder_curve, stepsize_finder_curve(finder, numbers, numbers, numbers, lengths[i]) == STEPSIZE_OK);
  REFUSED(stepsize_finder_curve, finder, numbers, numbers, numbers, 19);
  REFUSED(stepsize_finder_curve, finder, numbers, ODD(double), numbers, 20);
  REFUSED(stepsize_finder_curve, NULL, numbers, numbers, numbers, 20);
  TRY(stepsize_finder_destroy, (stepsize_finder_destroy(NULL), 1));
  stepsize_finder_destroy(finder);
}

/* ---- Policies ---------------------------------------------------------------------------------- */

/* What makes a controller of a good policy is tried where one can be made (abuse_learn.c). */
static void policies(void) {
  REFUSED(stepsize_controller_learned, NULL, 10, 0, 0, &new_controller, &error);
  REFUSED(stepsize_controller_learned, (const uint8_t *)bytes, 0, 0, 0, &new_controller, &error);
  REFUSED(stepsize_controller_learned, (const uint8_t *)bytes, sizeof bytes, 0, 0, &new_controller, &error);
  REFUSED(stepsize_controller_learned, (const uint8_t *)bytes, sizeof bytes, 0, 0, NULL, &error);
  EACH(i, lengths)
    REFUSED(stepsize_controller_learned, (const uint8_t *)bytes, lengths[i], 0, 0, &new_controller, &error);
}

/* ---- All of them ------------------------------------------------------------------------------ */

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  make_objects();
  versions();
  closed_forms();
  making_schedules();
  combining_schedules();
  asking_schedules();
  catalogue();
  controllers();
  arguments();
  making_schedulers();
  training();
  phases();
  structures();
  texts_of_controllers();
  searches();
  records();
  states();
  theory();
  norm_logs();
  logs_of_schedulers();
  finders();
  policies();
  all_are_covered(argv[1]);
  destroy_objects();
  return finish();
}
