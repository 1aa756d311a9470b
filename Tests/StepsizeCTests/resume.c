/* Continues with a training from its saved state, for tests that compare languages:

       resume STATE_IN STEPS STATE_OUT

   makes STEPS updates and writes the state after them. The loss of update t, whatever came before, is

       1/(1 + t) + 0.1 * ((t * 2654435761) mod 2^32 mod 1000)/1000

   in doubles, from left to right. A line for each update: the rates of its groups in hexadecimal (%a), with a space
   between. Status 1 and a line on stderr if anything fails. */
#include <stdio.h>
#include <stdlib.h>

#include "stepsize/stepsize.h"

static double loss_of(int64_t t) {
  uint32_t mixed = (uint32_t)((uint64_t)t * 2654435761u);
  return 1.0 / (1.0 + (double)t) + 0.1 * (double)(mixed % 1000) / 1000.0;
}

static void fail(const char *what, const char *why) {
  fprintf(stderr, "resume: %s: %s\n", what, why);
  exit(1);
}

static void check(int32_t status, const stepsize_error *error) {
  if (status != STEPSIZE_OK) fail(stepsize_status_name(status), error ? error->text : "no details");
}

int main(int argc, char **argv) {
  stepsize_error error = {0};
  stepsize_scheduler *scheduler = NULL;
  if (argc != 4) fail("usage", "resume STATE_IN STEPS STATE_OUT");

  FILE *file = fopen(argv[1], "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) fail(argv[1], "cannot be read");
  size_t size = (size_t)ftell(file);
  uint8_t *state = malloc(size + 1);
  rewind(file);
  if (!state || fread(state, 1, size, file) != size) fail(argv[1], "cannot be read");
  fclose(file);
  check(stepsize_scheduler_restore(state, size, &scheduler, &error), &error);
  free(state);

  size_t count = stepsize_scheduler_group_count(scheduler);
  double *rates = malloc(count * sizeof *rates);
  if (!rates) fail("memory", "out");
  for (long steps = strtol(argv[2], NULL, 10); steps > 0; steps--) {
    check(stepsize_scheduler_rates(scheduler, rates, count), NULL);
    for (size_t g = 0; g < count; g++) printf("%s%a", g ? " " : "", rates[g]);
    putchar('\n');
    double loss = loss_of(stepsize_scheduler_get_step(scheduler));
    /* One that observes more than a loss goes without. */
    check(stepsize_scheduler_needs(scheduler) & ~STEPSIZE_NEEDS_LOSS
              ? stepsize_scheduler_advance(scheduler, NULL, 0)
              : stepsize_scheduler_step_with_loss(scheduler, loss, NULL, 0),
          NULL);
  }
  free(rates);

  check(stepsize_scheduler_save(scheduler, NULL, 0, &size), NULL);
  state = malloc(size);
  if (!state) fail("memory", "out");
  check(stepsize_scheduler_save(scheduler, state, size, NULL), NULL);
  file = fopen(argv[3], "wb");
  if (!file || fwrite(state, 1, size, file) != size || fclose(file) != 0) fail(argv[3], "cannot be written");
  free(state);
  stepsize_scheduler_destroy(scheduler);
  return fflush(stdout) != 0;
}
