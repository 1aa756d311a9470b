/* Saved states of older formats (Tests/golden/states.txt): each is still read, and continues with the same bits. */
#include "making.h"

static unsigned digit(char c) { return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10); }

int main(int argc, char **argv) {
  static char line[1 << 16];
  int count = 0, formats[3] = {0};
  FILE *file = fopen(argc == 2 ? argv[1] : "Tests/golden/states.txt", "r");
  REQUIRE(file != NULL);
  while (fgets(line, sizeof line, file)) {
    if (line[0] == '#') continue;
    static uint8_t state[1 << 15];
    size_t size = 0;
    char *at = line + 2;
    for (; *at != ' '; at += 2) state[size++] = (uint8_t)(digit(at[0]) << 4 | digit(at[1]));
    const int format = line[0] - '0';
    REQUIRE(format >= 1 && format <= 2 && state[8] == format);
    stepsize_scheduler *scheduler = restored(state, size);
    for (int t = 40; t < 45; t++) {
      double rates[2];
      CHECK(stepsize_scheduler_get_step(scheduler) == t);
      /* Those that observe more than a loss went without. */
      if (stepsize_scheduler_needs(scheduler) & ~STEPSIZE_NEEDS_LOSS)
        CHECK_STATUS(stepsize_scheduler_advance(scheduler, rates, 2), STEPSIZE_OK);
      else
        CHECK_STATUS(stepsize_scheduler_step_with_loss(scheduler, 1 + (double)(t * 7 % 11) / 8, rates, 2), STEPSIZE_OK);
      for (int g = 0; g < 2; g++) CHECK_SAME(rates[g], strtod(at, &at));
    }
    stepsize_scheduler_destroy(scheduler);
    formats[format]++, count++;
  }
  fclose(file);
  CHECK(count == 11 && formats[1] > 0 && formats[2] > 0);
  return finish();
}
