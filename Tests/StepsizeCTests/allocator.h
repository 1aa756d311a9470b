/* Allocators of a program's own, each tried in a process that has not used the library before: which one is used is
   settled by the first block. The file that includes this defines _GNU_SOURCE first. */
#ifndef ALLOCATOR_H
#define ALLOCATOR_H

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEPS_MALLOC
#include "own_malloc.h"

/* Blocks that are aligned as they have to be and no more, from an arena that never gives the same memory twice; each says
   what it is, so that a block that was not made here, or is freed twice, is found. Counts are for one thread. */
enum { ARENA = 1 << 26, ALIGNMENT = 2 * sizeof(void *), MADE = 0x5A5A, FREED = 0xDEAD };

typedef struct Arena {
  uint8_t *memory;
  size_t used;
  long made, freed, wrong;
  long limit; /* blocks that are given; negative: any number */
} Arena;

static void *arena_allocate(void *context, size_t size) {
  Arena *arena = context;
  const size_t whole = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ALIGNMENT;
  if (size == 0) arena->wrong++;
  if (arena->limit == 0 || whole > ARENA - arena->used) return NULL;
  if (arena->limit > 0) arena->limit--;
  /* An odd multiple of the alignment. */
  if (arena->used / ALIGNMENT % 2 != 0) arena->used += ALIGNMENT;
  uint8_t *block = arena->memory + arena->used;
  arena->used += whole;
  *(uint64_t *)(void *)block = MADE;
  memset(block + ALIGNMENT, 0xA5, size);
  arena->made++;
  return block + ALIGNMENT;
}

static void arena_release(void *context, void *block) {
  Arena *arena = context;
  uint64_t *mark = (uint64_t *)(void *)((uint8_t *)block - ALIGNMENT);
  if ((uint8_t *)block < arena->memory || (uint8_t *)block > arena->memory + arena->used || *mark != MADE) {
    arena->wrong++;
    return;
  }
  *mark = FREED;
  arena->freed++;
}

static Arena arena_of(long limit) {
  Arena arena = {.limit = limit};
  /* musl's posix_memalign fails where a program has a malloc of its own. */
  arena.memory = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(arena.memory != MAP_FAILED);
  return arena;
}

static void give_back(Arena *arena) { munmap(arena->memory, ARENA); }

/* Runs a test in a process of its own, whose checks count here. */
static void apart(void (*test)(void)) {
  int ends[2], counts[2] = {0, 1}, status = -1;
  fflush(stdout), fflush(stderr);
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    check_passed = check_failed = 0;
    test();
    const int found[2] = {check_passed, check_failed};
    fflush(stderr);
    _exit(write(ends[1], found, sizeof found) != sizeof found);
  }
  close(ends[1]);
  CHECK(read(ends[0], counts, sizeof counts) == sizeof counts);
  close(ends[0]);
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  check_passed += counts[0], check_failed += counts[1];
}

#endif
