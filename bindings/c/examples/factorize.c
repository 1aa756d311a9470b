/* A factorization of a small matrix without negative entries, with the second library:

     cc factorize.c $(pkg-config --cflags --libs stepsize-learn) -o factorize

   The rate is a part of the largest one that is proved to be safe: from all of it to a tenth, on a cosine. */
#include <stdio.h>
#include <stepsize/learn.h>

enum { ROWS = 6, COLUMNS = 5, RANK = 2, UPDATES = 400 };

int main(void) {
  double x[ROWS][COLUMNS];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < COLUMNS; j++) x[i][j] = (i + 1) * (j + 1) + (i % 2) * (COLUMNS - j); /* of rank 2 */

  stepsize_error error;
  stepsize_nmf_options options;
  stepsize_nmf *nmf = NULL;
  if (stepsize_nmf_defaults(&options, sizeof options) != STEPSIZE_OK) return 1;
  options.rank = RANK, options.relative = 1;
  if (stepsize_nmf_create(&options, x[0], ROWS, COLUMNS, COLUMNS, &nmf, &error) != STEPSIZE_OK) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  stepsize_nmf_update update = {.size = sizeof update};
  for (int t = 0; t < UPDATES; t++) {
    double part = stepsize_cosine(t, UPDATES, 1, 0.1);
    if (stepsize_nmf_step(nmf, x[0], COLUMNS, part, &update, &error) != STEPSIZE_OK) {
      fprintf(stderr, "%s\n", error.text);
      return 1;
    }
  }
  double loss = 0;
  if (stepsize_nmf_loss(nmf, x[0], COLUMNS, &loss, &error) != STEPSIZE_OK) return 1;
  printf("relative loss %s 1e-3\n", 2 * loss / update.squares < 1e-3 ? "<" : ">=");
  stepsize_nmf_destroy(nmf);
  return 0;
}
