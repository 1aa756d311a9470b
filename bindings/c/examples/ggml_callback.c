/* The learning rate in ggml: its callback asks Stepsize before each optimizer step.

   ggml_opt_fit and ggml_opt_epoch call one function of the user before each step, with no other one after it and
   without the number of the step. stepsize_scheduler_next_float fits: each call gives the rate of the next step, in
   single precision, beginning with the first.

       cc ggml_callback.c $(pkg-config --cflags --libs stepsize) -lm -o ggml_callback && ./ggml_callback

   With ggml itself, include ggml-opt.h instead of the first part and leave out the last:

       params.get_opt_pars = scheduled_params;      (ggml_opt_init; llama_opt_init of llama.cpp alike)
       params.get_opt_pars_ud = &rate; */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stepsize/stepsize.h>

/* ---- What ggml-opt.h declares, as far as it is needed ----------------------------------------- */

struct ggml_opt_optimizer_params {
  struct {
    float alpha, beta1, beta2, eps, wd;
  } adamw;
  struct {
    float alpha, wd;
  } sgd;
};
typedef struct ggml_opt_optimizer_params (*ggml_opt_get_optimizer_params)(void *userdata);

/* ---- The callback ----------------------------------------------------------------------------- */

struct rate {
  stepsize_scheduler *scheduler;
  struct ggml_opt_optimizer_params params; /* of the last step; all but alpha stay */
};

static struct ggml_opt_optimizer_params scheduled_params(void *userdata) {
  struct rate *rate = userdata;
  float alpha;
  if (stepsize_scheduler_next_float(rate->scheduler, &alpha, 1) == STEPSIZE_OK) /* else the rate stays */
    rate->params.adamw.alpha = rate->params.sgd.alpha = alpha;
  return rate->params;
}

/* ggml refuses a rate of 0: a schedule for it needs a floor above 0, and a warm-up that does not start at 0. */
static stepsize_scheduler *make_scheduler(const char *text, double base_lr) {
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  stepsize_error error;
  if (stepsize_scheduler_defaults(&options, sizeof options) != STEPSIZE_OK) return NULL;
  options.group_count = 1;
  options.base_lr = &base_lr;
  if (stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error) != STEPSIZE_OK)
    fprintf(stderr, "ggml_callback: %s\n", error.text);
  return scheduler;
}

/* ---- In place of ggml_opt_fit: AdamW on a line through points ---------------------------------- */

enum { POINTS = 64, STEPS = 400 };

static float loss_at(const float line[2], float gradient[2]) {
  float loss = 0;
  gradient[0] = gradient[1] = 0;
  for (int i = 0; i < POINTS; i++) {
    float x = (float)i / POINTS * 2 - 1, error = line[0] * x + line[1] - (3 * x - 1);
    loss += error * error / POINTS;
    gradient[0] += 2 * error * x / POINTS;
    gradient[1] += 2 * error / POINTS;
  }
  return loss;
}

static void fit(ggml_opt_get_optimizer_params get_opt_pars, void *userdata) {
  float line[2] = {0, 0}, gradient[2], m[2] = {0, 0}, v[2] = {0, 0};
  for (int step = 1; step <= STEPS; step++) {
    float loss = loss_at(line, gradient);
    struct ggml_opt_optimizer_params params = get_opt_pars(userdata);
    if (!(params.adamw.alpha > 0)) abort(); /* as ggml does */
    for (int k = 0; k < 2; k++) {
      m[k] = params.adamw.beta1 * m[k] + (1 - params.adamw.beta1) * gradient[k];
      v[k] = params.adamw.beta2 * v[k] + (1 - params.adamw.beta2) * gradient[k] * gradient[k];
      float mean = m[k] / (1 - powf(params.adamw.beta1, (float)step));
      float square = v[k] / (1 - powf(params.adamw.beta2, (float)step));
      line[k] -= params.adamw.alpha * (mean / (sqrtf(square) + params.adamw.eps) + params.adamw.wd * line[k]);
    }
    if (step == 1 || step % 80 == 0) printf("step %3d  alpha %.6f  loss %.4f\n", step, params.adamw.alpha, loss);
  }
}

int main(void) {
  struct rate rate = {NULL, {{0, 0.9f, 0.999f, 1e-8f, 0}, {0, 0}}};
  rate.scheduler = make_scheduler("warmup(40) >> cosine(360, floor=0.01)", 0.1);
  if (!rate.scheduler) return 1;
  fit(scheduled_params, &rate);
  stepsize_scheduler_destroy(rate.scheduler);
  return 0;
}
