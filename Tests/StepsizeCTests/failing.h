/* Allocations that fail: of each call the first, then the second and so on, until the call gets through; each of them alone,
   and all from it on. Wherever it fails, the call returns STEPSIZE_ERROR_MEMORY, nothing is lost and nothing has changed.
   The file that includes this defines _GNU_SOURCE first. */
#ifndef FAILING_H
#define FAILING_H

#include "own_malloc.h"

/* ---- What is there while a call fails ---------------------------------------------------------- */

/* Writes what an object is, as the library tells it, to `bytes`; returns how many there are. */
typedef size_t describe(void *object, uint8_t *bytes, size_t capacity);

enum { KEPT = 8, LARGEST = 1 << 16 };
static struct kept {
  describe *describe;
  void *object;
  size_t size;
  uint8_t bytes[LARGEST];
} kept[KEPT];

static void remember_one(struct kept *one) {
  if (one->object) one->size = one->describe(one->object, one->bytes, LARGEST);
}

static void remember(void) {
  for (int i = 0; i < KEPT; i++) remember_one(&kept[i]);
}

/* From now on no failure may change the object; NULL forgets what was in that place. */
static void keep(int place, describe *how, void *object) {
  kept[place].describe = how, kept[place].object = object;
  remember_one(&kept[place]);
}

static int is_as_remembered(void) {
  static uint8_t bytes[LARGEST];
  for (int i = 0; i < KEPT; i++) {
    if (!kept[i].object) continue;
    size_t size = kept[i].describe(kept[i].object, bytes, LARGEST);
    if (size != kept[i].size || memcmp(bytes, kept[i].bytes, size) != 0) return 0;
  }
  return 1;
}

/* Of a call, not each allocation fails: valgrind is slow. */
static int is_quick;

static long after(long k) { return k + 1 + (is_quick ? k / 2 : 0); }

/* ---- Calls ------------------------------------------------------------------------------------- */

static char tried[256][64];
static int tried_count;
static long call_count, most;

static void note_tried(const char *call) {
  size_t length = strcspn(call, "(");
  REQUIRE(length < sizeof *tried);
  for (int i = 0; i < tried_count; i++)
    if (strncmp(tried[i], call, length) == 0 && tried[i][length] == 0) return;
  REQUIRE(tried_count < (int)(sizeof tried / sizeof *tried));
  memcpy(tried[tried_count++], call, length);
}

/* `call` gives an object through `out`, the address of a pointer, and `destroy` frees it. The last one stays. */
#define MAKES(call, out, destroy) \
  do { \
    for (fails_on = 0; fails_on < 2; fails_on++) { \
      if (fails_on) destroy(*(out)), *(out) = NULL; \
      TRY(call, *(out) = (void *)-1, *(out) == NULL, *(out) != NULL); \
    } \
  } while (0)

/* `call`, which is made twice, may change what is kept where it gets through. */
#define WORKS(call) \
  do { \
    for (fails_on = 0; fails_on < 2; fails_on++) { \
      TRY(call, (void)0, 1, 1); \
      remember(); \
    } \
  } while (0)

/* `call` asks for no memory; what it returns is a status, or something else. */
#define ASKS_NOTHING(call) WITHOUT_MEMORY(CHECK_STATUS(call, STEPSIZE_OK), #call)
#define NEEDS_NOTHING(call) WITHOUT_MEMORY((void)(call), #call)

#define WITHOUT_MEMORY(call, name) \
  do { \
    note_tried(name); \
    long before = asked; \
    countdown = 0, fails_on = 1; \
    call; \
    countdown = -1; \
    if (!CHECK(asked == before)) fprintf(stderr, "    %s\n", name); \
  } while (0)

#define TRY(call, prepare, after_failure, after_success) \
  do { \
    note_tried(#call); \
    for (long k = 0;; k = after(k)) { \
      prepare; \
      long before = live, had = failures; \
      countdown = k; \
      stepsize_status status = (call); \
      countdown = -1, call_count++; \
      if (failures == had) { \
        if (!CHECK(status == STEPSIZE_OK && (after_success))) fprintf(stderr, "    %s: %d\n", #call, status); \
        if (k > most) most = k; \
        break; \
      } \
      int is_whole = status == STEPSIZE_ERROR_MEMORY && live == before && (after_failure) && is_as_remembered(); \
      if (!CHECK(is_whole)) { \
        fprintf(stderr, "    %s: allocation %ld: status %d, %ld blocks\n", #call, k, status, live - before); \
        break; \
      } \
    } \
  } while (0)

/* The arguments of a test: "--quick", or "--all LIST" with a list of functions that have to be tried. */
static const char *list_of(int argc, char **argv) {
  is_quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
  return argc > 2 && strcmp(argv[1], "--all") == 0 ? argv[2] : NULL;
}

static void all_were_tried(const char *path) {
  FILE *list = fopen(path, "r");
  REQUIRE(list != NULL);
  char name[64];
  while (fscanf(list, "%63s", name) == 1) {
    int i = 0;
    while (i < tried_count && strcmp(tried[i], name) != 0) i++;
    if (!CHECK(i < tried_count)) fprintf(stderr, "    %s was not tried\n", name);
  }
  fclose(list);
}

#endif
