/* The schedules of other C and C++ trainers, against their formulas written again here in the precision in which they
   compute, most of them single. A multiplier of ours times their rate is theirs to within their rounding. */
#include "making.h"

/* What single precision leaves of a multiplier after a few operations, as a fraction of the full rate. */
static const double float_error = 1e-6;

static void near_rate(double ours, double theirs, double full, double limit, const char *text, int64_t t) {
  if (!CHECK(fabs(ours - theirs) <= limit * full) && check_is_told())
    fprintf(stderr, "    %s at %lld: %.9g, expected %.9g\n", text, (long long)t, ours, theirs);
}

/* ---- llm.c ------------------------------------------------------------------------------------- */

static float llmc_rate(const char *type, float lr, int warmup, int total, float frac, int step) {
  float low = lr * frac, x;
  int decay = (int)(0.8f * (float)total);
  if (strcmp(type, "constant") == 0) return lr;
  if (step < warmup) return lr * ((float)(step + 1)) / (float)warmup;
  if (strcmp(type, "wsd") == 0) {
    if (step < decay) return lr;
    x = (float)(step - decay) / (float)(total - decay);
    return low + (1.0f - sqrtf(x)) * (lr - low);
  }
  x = (float)(step - warmup) / (float)(total - warmup);
  if (strcmp(type, "linear") == 0) return lr - x * (lr - low);
  return low + 0.5f * (1.0f + cosf((float)3.14159265358979323846 * x)) * (lr - low);
}

static void llmc(void) {
  static const char *const types[] = {"cosine", "linear", "constant", "wsd"};
  static const int runs[][2] = {{0, 1}, {0, 10}, {3, 10}, {9, 10}, {700, 19560}, {90, 100}, {0, 5242881}};
  static const float fracs[] = {0, 0.1f, 1};
  const float lr = 6e-4f;
  stepsize_error error;
  stepsize_schedule *schedule = NULL;
  for (int k = 0; k < 4; k++)
    for (int r = 0; r < 7; r++)
      for (int f = 0; f < 3; f++) {
        int warmup = runs[r][0], total = runs[r][1];
        REQUIRE(stepsize_schedule_llmc(types[k], warmup, total, fracs[f], &schedule, &error) == STEPSIZE_OK);
        for (int i = 0; i <= 400; i++) {
          int t = total <= 400 ? i : (int)((int64_t)total * i / 400);
          if (t > total) break;
          near_rate(lr * stepsize_schedule_at(schedule, t), llmc_rate(types[k], lr, warmup, total, fracs[f], t), lr,
                    float_error, types[k], t);
        }
        stepsize_schedule_destroy(schedule);
      }
  /* The step at which the decay begins is computed in single precision: a double would say 4194304. */
  REQUIRE(stepsize_schedule_llmc("wsd", 0, 5242881, 0, &schedule, NULL) == STEPSIZE_OK);
  CHECK(stepsize_schedule_at(schedule, 4194305) == 1 && stepsize_schedule_at(schedule, 4194306) < 1);
  CHECK(stepsize_schedule_length(schedule) == 5242881);
  stepsize_schedule_destroy(schedule);
  /* The function is the schedule of that name, with phases. */
  char text[200];
  stepsize_phase phase;
  phase.size = sizeof phase;
  REQUIRE(stepsize_schedule_llmc("wsd", 10, 100, 0.25, &schedule, NULL) == STEPSIZE_OK);
  REQUIRE(stepsize_schedule_print(schedule, text, sizeof text, NULL) == STEPSIZE_OK);
  CHECK_TEXT(text, "llmc(\"wsd\", 10, 100, 0.25)");
  REQUIRE(stepsize_schedule_phase(schedule, 79, &phase) == STEPSIZE_OK);
  CHECK_TEXT(phase.name, "main");
  REQUIRE(stepsize_schedule_phase(schedule, 80, &phase) == STEPSIZE_OK);
  CHECK_TEXT(phase.name, "anneal");
  stepsize_schedule_destroy(schedule);

  CHECK_STATUS(stepsize_schedule_llmc("WSD", 1, 10, 0, &schedule, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(schedule == NULL && strstr(error.text, "scheduler_type = \"WSD\"") && strstr(error.text, "\"cosine\""));
  CHECK_STATUS(stepsize_schedule_llmc("cosine", -1, 10, 0, &schedule, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "warmup_iterations = -1") != NULL);
  CHECK_STATUS(stepsize_schedule_llmc("cosine", 1, 0, 0, &schedule, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_llmc("cosine", 1, 10, 1.5, &schedule, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK_STATUS(stepsize_schedule_llmc(NULL, 1, 10, 0, &schedule, &error), STEPSIZE_ERROR_NULL);
}

/* ---- darknet ----------------------------------------------------------------------------------- */

struct darknet {
  const char *policy;
  int burn_in, step, count, max_batches;
  float power, scale, gamma;
  int64_t steps[3];
  double scales[3];
};

/* `batch` is what darknet has counted when it updates the weights: 1 at the first update. */
static double darknet_rate(const struct darknet *net, float lr, int batch) {
  if (batch < net->burn_in) return lr * pow((float)batch / (float)net->burn_in, net->power);
  if (strcmp(net->policy, "step") == 0) return lr * pow(net->scale, batch / net->step);
  if (strcmp(net->policy, "exp") == 0) return lr * pow(net->gamma, batch);
  if (strcmp(net->policy, "poly") == 0) return lr * pow(1 - (float)batch / (float)net->max_batches, net->power);
  if (strcmp(net->policy, "sigmoid") == 0) return lr * (1 / (1 + exp(net->gamma * (float)(batch - net->step))));
  if (strcmp(net->policy, "steps") == 0) {
    float rate = lr;
    for (int i = 0; i < net->count && net->steps[i] <= batch; i++) rate *= (float)net->scales[i];
    return rate;
  }
  return lr;
}

static void darknet(void) {
  static const struct darknet nets[] = {
      {"constant", 0, 1, 0, 1, 4, 1, 1, {0}, {0}},
      {"constant", 1000, 1, 0, 1, 4, 1, 1, {0}, {0}},
      {"step", 100, 300, 0, 1, 1, 0.5f, 1, {0}, {0}},
      {"steps", 1000, 1, 2, 1, 4, 1, 1, {1200, 1500}, {.1, .1}},
      {"steps", 100, 1, 3, 1, 2.5f, 1, 1, {1, 700, 1500}, {10, .1, .3}},
      {"exp", 0, 1, 0, 1, 4, 1, 0.999f, {0}, {0}},
      {"poly", 500, 1, 0, 2000, 4, 1, 1, {0}, {0}},
      {"sigmoid", 1, 1000, 0, 1, 4, 1, 0.01f, {0}, {0}},
  };
  const float lr = 1e-3f;
  stepsize_error error;
  for (size_t n = 0; n < sizeof nets / sizeof *nets; n++) {
    const struct darknet *net = &nets[n];
    const stepsize_argument arguments[] = {
        STEPSIZE_WORD("policy", net->policy), STEPSIZE_INTEGER("burn_in", net->burn_in),
        STEPSIZE_REAL("power", net->power), STEPSIZE_INTEGER("step", net->step), STEPSIZE_REAL("scale", net->scale),
        {"steps", net->count ? STEPSIZE_VALUE_INTEGERS : STEPSIZE_VALUE_NONE, 0, 0, 0, net->steps, (size_t)net->count},
        {"scales", net->count ? STEPSIZE_VALUE_REALS : STEPSIZE_VALUE_NONE, 0, 0, 0, net->scales, (size_t)net->count},
        STEPSIZE_REAL("gamma", net->gamma), STEPSIZE_INTEGER("max_batches", net->max_batches)};
    stepsize_schedule *schedule = NULL;
    if (stepsize_schedule_create("darknet", arguments, 9, &schedule, &error)) fprintf(stderr, "%s\n", error.text);
    REQUIRE(schedule != NULL);
    for (int t = 0; t < 2000; t++) {
      double theirs = darknet_rate(net, lr, t + 1);
      /* A scale above 1 has rates above the full one. */
      near_rate(lr * stepsize_schedule_at(schedule, t), theirs, fmax(lr, theirs), float_error, net->policy, t);
    }
    if (strcmp(net->policy, "poly") == 0) CHECK(stepsize_schedule_at(schedule, 2500) == 0); /* theirs: a NaN */
    stepsize_schedule_destroy(schedule);
  }
  /* Evenly distributed numbers to the fourth power: their mean is 1/5. */
  stepsize_schedule *random = parsed("darknet(\"random\")");
  double sum = 0;
  for (int t = 0; t < 100000; t++) {
    double value = stepsize_schedule_at(random, t);
    CHECK(value > 0 && value < 1);
    sum += value;
  }
  CHECK(fabs(sum / 100000 - 0.2) < 0.004); /* five standard errors, each 0.267/sqrt(100000) */
  stepsize_schedule_destroy(random);

  static const char *const wrong[] = {
      "darknet(\"steps\")", "darknet(\"steps\", steps=[1, 2], scales=[0.1])", "darknet(\"steps\", steps=[], scales=[])",
      "darknet(\"poly\")", "darknet(\"sgdr\")", "darknet(\"exp\", gamma=0)"};
  for (int i = 0; i < 6; i++) {
    stepsize_schedule *none = NULL;
    CHECK_STATUS(stepsize_schedule_parse(wrong[i], strlen(wrong[i]), &none, &error), STEPSIZE_ERROR_ARGUMENT);
    CHECK(strncmp(error.text, "darknet: ", 9) == 0);
  }
}

/* ---- llama.cpp --------------------------------------------------------------------------------- */

struct llama {
  float lr0, lr_min, decay_epochs;
  unsigned epochs;
};

static float llama_rate(struct llama opt, float epoch) {
  float scale = 0;
  if (opt.lr_min > 0 && opt.lr_min < opt.lr0) {
    float halvings = logf(opt.lr0 / opt.lr_min) / logf(2), all = (float)opt.epochs;
    if (opt.decay_epochs > 0 && opt.decay_epochs < all) all = opt.decay_epochs;
    else opt.decay_epochs = all;
    scale = halvings / all;
  }
  return opt.lr_min <= 0 ? opt.lr0 : epoch >= opt.decay_epochs ? opt.lr_min : opt.lr0 * powf(0.5f, epoch * scale);
}

static void llama_cpp(void) {
  static const struct llama options[] = {{1e-5f, -1, -1, 2},    {1e-3f, 1e-5f, -1, 10}, {1e-3f, 1e-5f, 5.5f, 10},
                                         {2e-4f, 1e-6f, 20, 7}, {1e-3f, 1e-3f, -1, 5},  {1e-3f, 0, 3, 5}};
  char text[200];
  for (int i = 0; i < 6; i++) {
    struct llama opt = options[i];
    for (int updates = 1; updates <= 37; updates += 36) {
      snprintf(text, sizeof text, "llama_cpp(%.9g, lr_min=%.9g, epochs=%u, decay_epochs=%.9g, updates_per_epoch=%d)",
               opt.lr0, opt.lr_min, opt.epochs, opt.decay_epochs, updates);
      stepsize_schedule *schedule = parsed(text);
      for (int t = 0; t < 12 * updates; t++) {
        float theirs = llama_rate(opt, (float)(t / updates));
        near_rate(opt.lr0 * stepsize_schedule_at(schedule, t), theirs, opt.lr0, float_error, text, t);
        CHECK(stepsize_schedule_at(schedule, t) > 0); /* ggml refuses a rate of 0 */
      }
      stepsize_schedule_destroy(schedule);
    }
  }
  /* There the lr_min would be the rate of all epochs, or of all after decay_epochs. */
  stepsize_schedule *none = NULL;
  stepsize_error error;
  const char *wrong = "llama_cpp(1e-5, lr_min=1e-4)";
  CHECK_STATUS(stepsize_schedule_parse(wrong, strlen(wrong), &none, &error), STEPSIZE_ERROR_ARGUMENT);
  CHECK(strstr(error.text, "expected a number <= lr0") != NULL);
}

/* ---- LibTorch ---------------------------------------------------------------------------------- */

static void libtorch_step(void) {
  stepsize_schedule *schedule = parsed("step(30, factor=0.1)");
  double lr = 0.1; /* multiplied at each call of step() whose number is a multiple of step_size */
  for (int t = 0; t < 300; t++) {
    if (t > 0 && t % 30 == 0) lr *= 0.1;
    near_rate(0.1 * stepsize_schedule_at(schedule, t), lr, lr, 1e-14, "StepLR", t);
  }
  stepsize_schedule_destroy(schedule);
}

/* ReduceLROnPlateauScheduler in the modes min and rel, with its float metrics and factor. */
static void libtorch_plateau(const char *text, float factor, int patience, int cooldown, float min_lr) {
  const double threshold = 1e-4, eps = 1e-8;
  stepsize_scheduler *scheduler = scheduler_of(text, 0.1);
  float best = FLT_MAX;
  double lr = 0.1;
  int bad = 0, cooling = 0, cuts = 0;
  uint64_t random = 12;
  for (int t = 0; t < 3000; t++) {
    float metric = (float)(1 / (1 + 0.01 * t) + 0.3 * uniform(&random));
    if (metric < best * (1 - threshold)) best = metric, bad = 0;
    else bad++;
    if (cooling > 0) cooling--, bad = 0;
    if (bad > patience) {
      double cut = fmax(lr * factor, min_lr);
      if (lr - cut > eps) lr = cut, cuts++;
      cooling = cooldown, bad = 0;
    }
    CHECK_STATUS(stepsize_scheduler_step_with_loss(scheduler, metric, NULL, 0), STEPSIZE_OK);
    near_rate(stepsize_scheduler_lr(scheduler, 0), lr, lr, float_error, text, t);
  }
  CHECK(cuts > 2);
  stepsize_scheduler_destroy(scheduler);
}

/* ---- dlib -------------------------------------------------------------------------------------- */

/* set_learning_rate_schedule: the first rate is in force at once, and each update ends with the rate at a position that
   begins with 0, so that the first rate serves twice. After the last one dlib stops. */
static void dlib(void) {
  static const double rates[] = {0.1, 0.05, 0.02, 0.01, 0.004, 0.001};
  const size_t count = sizeof rates / sizeof *rates;
  stepsize_schedule *schedule = parsed("shift(table([0.1, 0.05, 0.02, 0.01, 0.004, 0.001]), 1)");
  double rate = rates[0];
  size_t position = 0;
  for (int t = 0; position < count; t++) {
    CHECK_SAME(stepsize_schedule_at(schedule, t), rate);
    rate = rates[position++];
  }
  CHECK_SAME(stepsize_schedule_at(schedule, 1), 0.1);
  stepsize_schedule_destroy(schedule);
}

/* ---- fastText ---------------------------------------------------------------------------------- */

/* The rate falls with the fraction of the tokens that all threads have done, which moves by leaps. */
static void fasttext(void) {
  const int64_t tokens = 5 * 1234567;
  const float lr = 0.05f;
  char text[60];
  snprintf(text, sizeof text, "linear(%lld)", (long long)tokens);
  stepsize_schedule *schedule = parsed(text);
  uint64_t random = 5;
  for (int64_t done = 0; done < tokens; done += 100 + below(&random, 5000)) {
    float progress = (float)done / (float)tokens;
    near_rate(lr * stepsize_schedule_at(schedule, done), lr * (1.0 - progress), lr, float_error, text, done);
  }
  stepsize_schedule_destroy(schedule);
}

int main(void) {
  llmc();
  darknet();
  llama_cpp();
  libtorch_step();
  libtorch_plateau("plateau(\"pytorch\")", 0.1f, 10, 0, 0);
  libtorch_plateau("plateau(\"pytorch\", factor=0.5, patience=3, cooldown=7)", 0.5f, 3, 7, 0);
  libtorch_plateau("plateau(\"pytorch\", factor=0.3, patience=2, cooldown=1, min_lr=0.001)", 0.3f, 2, 1, 0.001f);
  dlib();
  fasttext();
  return finish();
}
