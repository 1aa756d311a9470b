/* A GPT for characters in plain C: the model of char_gpt.c, forward and backward written out.

   Embeddings of characters and positions, then BLOCKS times: x += attention(norm(x)), x += relu(norm(x) W1) W2; at last
   norm(x) Wout and the softmax cross-entropy of the next character. The norm is x / rms(x). Everything is float, and one
   sequence at a time. */
#ifndef CHAR_GPT_H
#define CHAR_GPT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { SYMBOLS = 128, CONTEXT = 32, WIDTH = 32, HEADS = 4, HIDDEN = 4 * WIDTH, BLOCKS = 2, HEAD = WIDTH / HEADS };

/* Where each matrix begins among the weights, and those of a block after the block's beginning. */
enum {
  SYMBOL = 0,
  POSITION = SYMBOL + SYMBOLS * WIDTH,
  LOGITS = POSITION + CONTEXT * WIDTH,
  BLOCK = LOGITS + SYMBOLS * WIDTH,
  QKV = 0,
  OUT = QKV + 3 * WIDTH * WIDTH,
  UP = OUT + WIDTH * WIDTH,
  DOWN = UP + HIDDEN * WIDTH,
  BLOCK_WEIGHTS = DOWN + WIDTH * HIDDEN,
  WEIGHTS = BLOCK + BLOCKS * BLOCK_WEIGHTS
};

/* What the forward pass leaves for the backward pass: rows of one step after the other. */
enum { ROWS = CONTEXT * WIDTH };
struct activations {
  float x[2 * BLOCKS + 1][ROWS];    /* before each half block, and at last */
  float norm[2 * BLOCKS + 1][ROWS]; /* the same after the norm */
  float qkv[BLOCKS][3 * ROWS], mixed[BLOCKS][ROWS], hidden[BLOCKS][CONTEXT * HIDDEN];
  float focus[BLOCKS][HEADS][CONTEXT][CONTEXT], probability[CONTEXT * SYMBOLS];
};

/* out[t] += W in[t], with `rows` outputs of `columns` inputs. */
static void linear(const float *weight, int rows, int columns, const float *in, float *out) {
  for (int t = 0; t < CONTEXT; t++)
    for (int r = 0; r < rows; r++) {
      float sum = 0;
      for (int c = 0; c < columns; c++) sum += weight[r * columns + c] * in[t * columns + c];
      out[t * rows + r] += sum;
    }
}

static void linear_back(const float *weight, int rows, int columns, const float *in, const float *d_out,
                        float *d_weight, float *d_in) {
  for (int t = 0; t < CONTEXT; t++)
    for (int r = 0; r < rows; r++) {
      float d = d_out[t * rows + r];
      if (d == 0) continue;
      for (int c = 0; c < columns; c++) {
        d_weight[r * columns + c] += d * in[t * columns + c];
        d_in[t * columns + c] += d * weight[r * columns + c];
      }
    }
}

static float scale_of(const float *x) {
  float sum = 1e-5f * WIDTH;
  for (int c = 0; c < WIDTH; c++) sum += x[c] * x[c];
  return 1 / sqrtf(sum / WIDTH);
}

static void norm(const float *x, float *out) {
  for (int t = 0; t < CONTEXT; t++, x += WIDTH, out += WIDTH) {
    float scale = scale_of(x);
    for (int c = 0; c < WIDTH; c++) out[c] = x[c] * scale;
  }
}

static void norm_back(const float *x, const float *out, const float *d_out, float *d_x) {
  for (int t = 0; t < CONTEXT; t++, x += WIDTH, out += WIDTH, d_out += WIDTH, d_x += WIDTH) {
    float scale = scale_of(x), mean = 0;
    for (int c = 0; c < WIDTH; c++) mean += d_out[c] * out[c] / WIDTH;
    for (int c = 0; c < WIDTH; c++) d_x[c] += scale * (d_out[c] - out[c] * mean);
  }
}

static float dot(const float *a, const float *b) {
  float sum = 0;
  for (int i = 0; i < HEAD; i++) sum += a[i] * b[i];
  return sum;
}

/* Of one head: a row of qkv has the queries of all heads, then their keys, then their values. */
enum { KEY = WIDTH, VALUE = 2 * WIDTH, ROW = 3 * WIDTH };

static void attention(const float *qkv, int head, float focus[CONTEXT][CONTEXT], float *mixed) {
  qkv += head * HEAD;
  mixed += head * HEAD;
  for (int t = 0; t < CONTEXT; t++) {
    float top = -INFINITY, sum = 0;
    for (int s = 0; s <= t; s++) {
      focus[t][s] = dot(qkv + t * ROW, qkv + s * ROW + KEY) / sqrtf(HEAD);
      top = fmaxf(top, focus[t][s]);
    }
    for (int s = 0; s <= t; s++) sum += focus[t][s] = expf(focus[t][s] - top);
    for (int s = 0; s <= t; s++) {
      focus[t][s] /= sum;
      for (int i = 0; i < HEAD; i++) mixed[t * WIDTH + i] += focus[t][s] * qkv[s * ROW + VALUE + i];
    }
  }
}

static void attention_back(const float *qkv, int head, float focus[CONTEXT][CONTEXT], const float *d_mixed,
                           float *d_qkv) {
  qkv += head * HEAD;
  d_mixed += head * HEAD;
  d_qkv += head * HEAD;
  for (int t = 0; t < CONTEXT; t++) {
    float d_focus[CONTEXT], mean = 0;
    for (int s = 0; s <= t; s++) {
      d_focus[s] = dot(d_mixed + t * WIDTH, qkv + s * ROW + VALUE);
      mean += focus[t][s] * d_focus[s];
      for (int i = 0; i < HEAD; i++) d_qkv[s * ROW + VALUE + i] += focus[t][s] * d_mixed[t * WIDTH + i];
    }
    for (int s = 0; s <= t; s++) {
      float d = focus[t][s] * (d_focus[s] - mean) / sqrtf(HEAD);
      for (int i = 0; i < HEAD; i++) {
        d_qkv[t * ROW + i] += d * qkv[s * ROW + KEY + i];
        d_qkv[s * ROW + KEY + i] += d * qkv[t * ROW + i];
      }
    }
  }
}

/* The mean loss of predicting text[1 … CONTEXT] from text[0 … CONTEXT - 1]. */
static float forward(const float *weights, const unsigned char *text, struct activations *a) {
  memset(a, 0, sizeof *a);
  for (int t = 0; t < CONTEXT; t++)
    for (int c = 0; c < WIDTH; c++)
      a->x[0][t * WIDTH + c] = weights[SYMBOL + text[t] * WIDTH + c] + weights[POSITION + t * WIDTH + c];
  for (int b = 0; b < BLOCKS; b++) {
    const float *block = weights + BLOCK + b * BLOCK_WEIGHTS;
    const int i = 2 * b;
    norm(a->x[i], a->norm[i]);
    linear(block + QKV, 3 * WIDTH, WIDTH, a->norm[i], a->qkv[b]);
    for (int head = 0; head < HEADS; head++) attention(a->qkv[b], head, a->focus[b][head], a->mixed[b]);
    memcpy(a->x[i + 1], a->x[i], sizeof a->x[i]);
    linear(block + OUT, WIDTH, WIDTH, a->mixed[b], a->x[i + 1]);
    norm(a->x[i + 1], a->norm[i + 1]);
    linear(block + UP, HIDDEN, WIDTH, a->norm[i + 1], a->hidden[b]);
    for (int k = 0; k < CONTEXT * HIDDEN; k++) a->hidden[b][k] = fmaxf(a->hidden[b][k], 0);
    memcpy(a->x[i + 2], a->x[i + 1], sizeof a->x[i]);
    linear(block + DOWN, WIDTH, HIDDEN, a->hidden[b], a->x[i + 2]);
  }
  norm(a->x[2 * BLOCKS], a->norm[2 * BLOCKS]);
  linear(weights + LOGITS, SYMBOLS, WIDTH, a->norm[2 * BLOCKS], a->probability);
  float loss = 0;
  for (int t = 0; t < CONTEXT; t++) {
    float top = -INFINITY, sum = 0, *p = a->probability + t * SYMBOLS;
    for (int s = 0; s < SYMBOLS; s++) top = fmaxf(top, p[s]);
    for (int s = 0; s < SYMBOLS; s++) sum += p[s] = expf(p[s] - top);
    for (int s = 0; s < SYMBOLS; s++) p[s] /= sum;
    loss -= logf(p[text[t + 1]]) / CONTEXT;
  }
  return loss;
}

/* Adds the gradient of `share` times that loss. Overwrites the probabilities. */
static void backward(const float *weights, const unsigned char *text, struct activations *a, float share,
                     float *gradient) {
  float d_x[ROWS] = {0}, d_last[ROWS] = {0};
  for (int t = 0; t < CONTEXT; t++) {
    a->probability[t * SYMBOLS + text[t + 1]] -= 1;
    for (int s = 0; s < SYMBOLS; s++) a->probability[t * SYMBOLS + s] *= share / CONTEXT;
  }
  linear_back(weights + LOGITS, SYMBOLS, WIDTH, a->norm[2 * BLOCKS], a->probability, gradient + LOGITS, d_last);
  norm_back(a->x[2 * BLOCKS], a->norm[2 * BLOCKS], d_last, d_x);
  for (int b = BLOCKS - 1; b >= 0; b--) {
    const float *block = weights + BLOCK + b * BLOCK_WEIGHTS;
    float *d_block = gradient + BLOCK + b * BLOCK_WEIGHTS;
    float d_hidden[CONTEXT * HIDDEN] = {0}, d_mixed[ROWS] = {0}, d_qkv[3 * ROWS] = {0};
    float d_second[ROWS] = {0}, d_first[ROWS] = {0};
    const int i = 2 * b;
    linear_back(block + DOWN, WIDTH, HIDDEN, a->hidden[b], d_x, d_block + DOWN, d_hidden);
    for (int k = 0; k < CONTEXT * HIDDEN; k++)
      if (a->hidden[b][k] == 0) d_hidden[k] = 0;
    linear_back(block + UP, HIDDEN, WIDTH, a->norm[i + 1], d_hidden, d_block + UP, d_second);
    norm_back(a->x[i + 1], a->norm[i + 1], d_second, d_x);
    linear_back(block + OUT, WIDTH, WIDTH, a->mixed[b], d_x, d_block + OUT, d_mixed);
    for (int head = 0; head < HEADS; head++) attention_back(a->qkv[b], head, a->focus[b][head], d_mixed, d_qkv);
    linear_back(block + QKV, 3 * WIDTH, WIDTH, a->norm[i], d_qkv, d_block + QKV, d_first);
    norm_back(a->x[i], a->norm[i], d_first, d_x);
  }
  for (int t = 0; t < CONTEXT; t++)
    for (int c = 0; c < WIDTH; c++) {
      gradient[SYMBOL + text[t] * WIDTH + c] += d_x[t * WIDTH + c];
      gradient[POSITION + t * WIDTH + c] += d_x[t * WIDTH + c];
    }
}

#endif
