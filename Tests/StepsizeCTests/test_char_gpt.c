/* The gradient of the example char_gpt, in double precision, against differences of its loss. */
#include <math.h>

#ifdef __clang__
#pragma clang diagnostic ignored "-Wkeyword-macro"
#endif
#define float double
#define expf exp
#define fmaxf fmax
#define logf log
#define sqrtf sqrt
#include "../../bindings/c/examples/char_gpt.h"
#undef float
#undef expf
#undef fmaxf
#undef logf
#undef sqrtf
#include "making.h"

static double weights[WEIGHTS], gradient[WEIGHTS];
static struct activations activations;

static double loss_at(int index, double weight, const unsigned char *text) {
  double before = weights[index];
  weights[index] = weight;
  double loss = forward(weights, text, &activations);
  weights[index] = before;
  return loss;
}

int main(void) {
  static const int parts[] = {SYMBOL + 'a' * WIDTH, POSITION, LOGITS + 'b' * WIDTH, BLOCK + QKV, BLOCK + QKV + KEY * WIDTH,
                              BLOCK + QKV + VALUE * WIDTH, BLOCK + OUT, BLOCK + UP, BLOCK + DOWN,
                              BLOCK + BLOCK_WEIGHTS + QKV, BLOCK + BLOCK_WEIGHTS + OUT, BLOCK + BLOCK_WEIGHTS + UP,
                              BLOCK + BLOCK_WEIGHTS + DOWN};
  const int width = WIDTH; /* the shortest row */
  unsigned char text[CONTEXT + 1];
  uint64_t random = 3;
  for (int i = 0; i < WEIGHTS; i++) weights[i] = uniform(&random) - 0.5;
  for (int i = 0; i <= CONTEXT; i++) text[i] = (unsigned char)("aabac"[below(&random, 5)]);
  CHECK(forward(weights, text, &activations) > 0);
  backward(weights, text, &activations, 1, gradient);
  for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
    for (int k = 0; k < width; k++) {
      const int i = parts[p] + k;
      const double h = 1e-5, difference = (loss_at(i, weights[i] + h, text) - loss_at(i, weights[i] - h, text)) / (2 * h);
      if (!CHECK(fabs(difference - gradient[i]) <= 1e-7 + 1e-5 * fabs(gradient[i])))
        fprintf(stderr, "    weight %d: %.9g, expected %.9g\n", i, gradient[i], difference);
    }
  }
  return finish();
}
