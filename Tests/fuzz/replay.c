/* Runs a fuzz target on committed inputs, without libFuzzer and on any library: replay FILE...
   A file is one input, or where its name ends in .corpus many: each after its size in four little-endian bytes. An input
   that is too slow (fuzz.h), or takes a gigabyte of address space, is a failure. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char where[512] = "nothing yet";
static size_t offset;

static void report(int signal_number) {
  char line[640];
  const int size = snprintf(line, sizeof line, "replay: %s, the input at byte %zu: signal %d\n", where, offset,
                            signal_number);
  if (size > 0 && write(2, line, (size_t)size) < 0) _exit(9);
  _exit(9);
}

static void run(const uint8_t *data, size_t size) {
  /* A copy of exactly its size, so that a checker sees a read beyond it. */
  uint8_t *copy = malloc(size ? size : 1);
  if (!copy) exit(2);
  memcpy(copy, data, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static int replay_file(const char *name) {
  const size_t length = strlen(name);
  const int is_corpus = length > 7 && strcmp(name + length - 7, ".corpus") == 0;
  FILE *file = fopen(name, "rb");
  int inputs = 0;
  if (!file) {
    fprintf(stderr, "replay: cannot open %s\n", name);
    exit(2);
  }
  snprintf(where, sizeof where, "%s", name);
  fseek(file, 0, SEEK_END);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(size + 1);
  if (!bytes || fread(bytes, 1, size, file) != size) exit(2);
  fclose(file);
  if (!is_corpus) run(bytes, size), inputs++;
  for (offset = 0; is_corpus && offset < size; inputs++) {
    uint32_t part = 0;
    for (int i = 0; i < 4 && offset + 4 <= size; i++) part |= (uint32_t)bytes[offset + i] << (8 * i);
    if (offset + 4 > size || part > size - offset - 4) {
      fprintf(stderr, "replay: %s is cut off\n", name);
      exit(2);
    }
    run(bytes + offset + 4, part);
    offset += 4 + part;
  }
  free(bytes);
  return inputs;
}

int main(int count, char **names) {
  const struct rlimit memory = {1u << 30, 1u << 30};
  static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  int inputs = 0;
  /* A checker has address space of its own. */
  if (!getenv("STEPSIZE_REPLAY_UNLIMITED")) setrlimit(RLIMIT_AS, &memory);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], report);
  for (int i = 1; i < count; i++) inputs += replay_file(names[i]);
  printf("%d passed, 0 failed\n", inputs);
  return inputs == 0;
}
