/* Golden vectors: test_golden [--all] FILE...
   A case whose schedule this library does not know is skipped and told; with --all that is a failure. */
#include <inttypes.h>

#include "check.h"

enum { DEFAULT_ULPS = 3, NEIGHBOURS = 19 };

static int skipped, cases;

static const char *file_name;
static int line_number;

static void complain(const char *what, const char *text) {
  if (check_is_told()) fprintf(stderr, "    %s:%d: %s %s\n", file_name, line_number, what, text);
}

/* NULL for a case that is skipped. */
static stepsize_schedule *begin(const char *text) {
  stepsize_schedule *schedule = NULL;
  stepsize_error error = {0};
  int32_t status = stepsize_schedule_parse(text, strlen(text), &schedule, &error);
  cases++;
  if (status == STEPSIZE_ERROR_NAME) {
    skipped++;
    printf("skipped: %s (%s)\n", text, error.text);
  } else if (!CHECK(status == STEPSIZE_OK && "the text is understood")) {
    complain(text, error.text);
  }
  return schedule;
}

/* The same bits alone and in a row that starts there. */
static void check_row(const stepsize_schedule *schedule, int64_t step, const char *text) {
  double row[NEIGHBOURS];
  int same = stepsize_schedule_fill(schedule, step, 1, 1, row, NEIGHBOURS) == STEPSIZE_OK;
  for (int i = 0; same && i < NEIGHBOURS; i++) {
    int64_t t = step > INT64_MAX - i ? INT64_MAX : step + i;
    same = bits_of(row[i]) == bits_of(stepsize_schedule_at(schedule, t));
  }
  if (!CHECK(same && "fill equals at")) complain("fill", text);
}

static void check_file(const char *path) {
  FILE *file = fopen(path, "r");
  char line[65536], text[65536] = "";
  stepsize_schedule *schedule = NULL;
  /* bits.txt has what the library returns, the others what the formulas give. */
  const uint64_t usual = strstr(path, "bits.txt") ? 0 : DEFAULT_ULPS;
  uint64_t limit = usual;
  file_name = path, line_number = 0;
  if (!file) fprintf(stderr, "%s cannot be read\n", path);
  REQUIRE(file != NULL);
  while (fgets(line, sizeof line, file)) {
    int64_t step;
    uint64_t bits;
    char length[32];
    line_number++;
    REQUIRE(strchr(line, '\n') != NULL); /* no line is longer than the buffer */
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "= ", 2) == 0) {
      stepsize_schedule_destroy(schedule);
      strcpy(text, line + 2);
      schedule = begin(text);
      limit = usual;
    } else if (sscanf(line, "# length %31s", length) == 1 && schedule) {
      int64_t expected = strcmp(length, "inf") == 0 ? STEPSIZE_NEVER : (int64_t)strtoll(length, NULL, 10);
      if (!CHECK(stepsize_schedule_length(schedule) == expected)) complain("length of", text);
    } else if (sscanf(line, "# ulp %" SCNu64, &limit) == 1) {
      continue;
    } else if (sscanf(line, "%" SCNd64 " %" SCNx64, &step, &bits) == 2 && schedule) {
      double expected, value = stepsize_schedule_at(schedule, step);
      memcpy(&expected, &bits, sizeof expected);
      if (!CHECK(ulps(value, expected) <= limit) && check_is_told())
        fprintf(stderr, "    %s:%d: %s at %" PRId64 ": %.17g, expected %.17g, %" PRIu64 " ulp\n", path, line_number,
                text, step, value, expected, ulps(value, expected));
      check_row(schedule, step, text);
    }
  }
  stepsize_schedule_destroy(schedule);
  fclose(file);
}

int main(int argc, char **argv) {
  int all = argc > 1 && strcmp(argv[1], "--all") == 0;
  for (int i = 1 + all; i < argc; i++) check_file(argv[i]);
  printf("%d cases, %d skipped: ", cases, skipped);
  if (all) CHECK(skipped == 0);
  return finish();
}
