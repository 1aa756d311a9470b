/* How a call survives the failure of an allocation (docs/architecture.md, "When memory runs out").

   Embedded Swift has no way to report it: its allocator traps. The functions of its runtime are weak, so those below, of
   the same names, take their place. Where an allocation fails within a guard, what the guarded call has done is undone: the
   blocks it has made are freed, the references it has taken to older objects are given back, and control returns to the
   guard by longjmp. No other effect is undone: a guarded call writes to nothing that is older than it before its last allocation.

   Only the Embedded build has this; with the Swift runtime a guard is nothing but the call. */
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "stepsize_types.h"

/* A Swift closure, `() -> stepsize_status`, as Swift passes it: a function and its context. */
#define SWIFT __attribute__((swiftcall))
#define CONTEXT __attribute__((swift_context))
typedef SWIFT stepsize_status closure(CONTEXT void *context);

#ifndef STEPSIZE_EMBEDDED

SWIFT stepsize_status stepsize_guarded(closure *body, void *context) { return body(context); }

/* Swift's own runtime has its own. */
SWIFT stepsize_status stepsize_use_allocator(const stepsize_allocator *given) {
  return (void)given, STEPSIZE_ERROR_ORDER;
}

#else

/* ---- Where memory comes from ---- */

static void *from_malloc(void *context, size_t size) { return (void)context, malloc(size); }
static void to_free(void *context, void *block) { (void)context, free(block); }

/* One for all blocks, whichever thread frees them: it can be replaced until the first is asked for. */
static stepsize_allocator allocator = {from_malloc, to_free, NULL};
enum { REPLACEABLE, CHANGING, SETTLED };
static int allocator_state = REPLACEABLE;

/* Returns whether it was replaceable until now; waits for a thread that is replacing it, which takes three stores. */
__attribute__((noinline)) static bool settle(int next) {
  int state = REPLACEABLE;
  while (!__atomic_compare_exchange_n(&allocator_state, &state, next, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
    if (state == SETTLED) return false;
    state = REPLACEABLE;
  }
  return true;
}

SWIFT stepsize_status stepsize_use_allocator(const stepsize_allocator *given) {
  if (!settle(CHANGING)) return STEPSIZE_ERROR_ORDER;
  allocator = *given;
  __atomic_store_n(&allocator_state, SETTLED, __ATOMIC_RELEASE);
  return STEPSIZE_OK;
}

static void *take(size_t size) {
  if (__atomic_load_n(&allocator_state, __ATOMIC_ACQUIRE) != SETTLED) settle(SETTLED);
  return allocator.allocate(allocator.context, size);
}

static void give_back(void *block) { allocator.release(allocator.context, block); }

/* ---- Guards ---- */

/* Stands before each block of memory: its neighbours in the ring of the blocks that an open guard has made, or NULL. */
struct block {
  struct block *previous, *next;
};
_Static_assert(sizeof(struct block) % (2 * sizeof(void *)) == 0, "a block is aligned as the allocator aligns");

/* The beginning of an object, as Embedded Swift lays it out; its destroyer is the second word of the metadata. */
struct object {
  void **metadata;
  intptr_t count;
};
typedef SWIFT void destroyer(CONTEXT void *object);

/* An older object, and the references to it that the guarded call has taken. */
struct reference {
  struct object *object;
  intptr_t count;
};

enum { SMALL = 64 };

struct guard {
  struct block made; /* head of the ring */
  /* Hash table of `room` entries, a power of two; allocated where the small one does not do. */
  struct reference *references;
  size_t room, used;
  jmp_buf place;
  struct reference small[SMALL];
};

/* glibc allocates a library's thread-local memory at its first use, and ends the process where that fails, but for this
   model; musl, which does not know it in a library that is loaded later, allocates it with the thread. */
#ifdef __GLIBC__
__attribute__((tls_model("initial-exec")))
#endif
static _Thread_local struct guard *current;

static void close_guard(struct guard *guard) {
  current = NULL;
  if (guard->references != guard->small) give_back(guard->references);
}

/* Not inlined: setjmp must not be in a frame that Swift's optimizer has a say in. */
SWIFT __attribute__((noinline)) stepsize_status stepsize_guarded(closure *body, void *context) {
  /* A call inside a guarded one is a part of it. */
  if (current != NULL) return body(context);
  struct guard guard;
  guard.made.previous = guard.made.next = &guard.made;
  guard.references = guard.small, guard.room = guard.used = 0;
  if (setjmp(guard.place) != 0) return STEPSIZE_ERROR_MEMORY;
  current = &guard;
  stepsize_status status = body(context);
  for (struct block *block = guard.made.next, *next; block != &guard.made; block = next) {
    next = block->next;
    block->previous = block->next = NULL;
  }
  close_guard(&guard);
  return status;
}

__attribute__((noreturn, cold, noinline)) static void fail(void) {
  struct guard *guard = current;
  /* Outside a guard nothing is asked for: test_memory.c proves it. */
  if (guard == NULL) __builtin_trap();
  for (size_t i = 0; i < guard->room; i++) {
    struct reference reference = guard->references[i];
    if (reference.count > 0) __atomic_fetch_sub(&reference.object->count, reference.count, __ATOMIC_ACQ_REL);
  }
  for (struct block *block = guard->made.next, *next; block != &guard->made; block = next) {
    next = block->next;
    give_back(block);
  }
  close_guard(guard);
  longjmp(guard->place, 1);
}

/* ---- Blocks ---- */

static void *allocate(size_t size, size_t align_mask) {
  struct guard *guard = current;
  struct block *block = NULL;
  /* No type of ours is aligned more than the allocator aligns; SIZE_MAX asks for just that. */
  if (size <= PTRDIFF_MAX - sizeof *block && (align_mask < 2 * sizeof(void *) || align_mask == SIZE_MAX))
    block = take(size + sizeof *block);
  if (block == NULL) fail();
  block->previous = block->next = NULL;
  if (guard != NULL) {
    block->previous = &guard->made, block->next = guard->made.next;
    block->next->previous = guard->made.next = block;
  }
  return block + 1;
}

static void release_block(void *pointer) {
  struct block *block = (struct block *)pointer - 1;
  if (block->next != NULL) block->previous->next = block->next, block->next->previous = block->previous;
  give_back(block);
}

/* ---- References ---- */

static struct reference *find(struct reference *table, size_t room, const void *object) {
  size_t i = ((uintptr_t)object >> 4) * (size_t)0x9E3779B97F4A7C15u >> 7;
  while (table[i & (room - 1)].object != NULL && table[i & (room - 1)].object != object) i++;
  return &table[i & (room - 1)];
}

static void grow(struct guard *guard) {
  size_t room = guard->room == 0 ? SMALL : guard->room * 2;
  struct reference *table = guard->small;
  if (guard->room > 0 && (table = take(room * sizeof *table)) == NULL) fail();
  for (size_t i = 0; i < room; i++) table[i].object = NULL, table[i].count = 0;
  for (size_t i = 0; i < guard->room; i++)
    if (guard->references[i].object != NULL)
      *find(table, room, guard->references[i].object) = guard->references[i];
  if (guard->references != guard->small) give_back(guard->references);
  guard->references = table, guard->room = room;
}

/* Writes down that the guarded call takes `n` references, or gives back as many as it has taken of so many. */
__attribute__((noinline)) static void note(struct guard *guard, struct object *object, intptr_t n) {
  if (n > 0 && guard->used * 4 >= guard->room * 3) grow(guard);
  if (guard->room == 0) return;
  struct reference *entry = find(guard->references, guard->room, object);
  if (entry->object == NULL) {
    if (n < 0) return;
    entry->object = object, guard->used++;
  }
  entry->count += n;
  if (entry->count < 0) entry->count = 0;
}

static const intptr_t on_stack = INTPTR_MIN; /* a bit of the count; in static memory as well */
static const intptr_t immortal = INTPTR_MAX; /* all other bits: nobody counts */

/* Whether an object, whose count this is, was there before the guard. */
static bool is_older(const struct object *object, intptr_t count) {
  return (count & on_stack) == 0 && ((const struct block *)object - 1)->next == NULL;
}

static void retain_object(struct object *object, intptr_t n) {
  intptr_t count = __atomic_load_n(&object->count, __ATOMIC_RELAXED);
  if ((count & immortal) == immortal) return;
  struct guard *guard = current;
  if (guard != NULL && is_older(object, count)) note(guard, object, n);
  __atomic_fetch_add(&object->count, n, __ATOMIC_RELAXED);
}

static void release_object(struct object *object, intptr_t n) {
  intptr_t count = __atomic_load_n(&object->count, __ATOMIC_RELAXED);
  if ((count & immortal) == immortal) return;
  struct guard *guard = current;
  if (guard != NULL && is_older(object, count)) note(guard, object, -n);
  if ((__atomic_sub_fetch(&object->count, n, __ATOMIC_ACQ_REL) & immortal) != 0) return;
  __atomic_store_n(&object->count, immortal | (count & on_stack), __ATOMIC_RELAXED);
  ((destroyer *)object->metadata[1])(object);
}

/* ---- In the place of Embedded Swift's runtime ---- */

#if UINTPTR_MAX > 0xFFFFFFFFu
static bool is_counted(const void *object) { return (intptr_t)object > 0; } /* the highest bit: immortal */
static void *untagged(void *object) { return (void *)((uintptr_t)object & 0x8FFFFFFFFFFFFFF8u); }
#else
static bool is_counted(const void *object) { return object != NULL; }
static void *untagged(void *object) { return object; }
#endif

void *swift_slowAlloc(size_t size, size_t align_mask) { return allocate(size, align_mask); }
void swift_slowDealloc(void *pointer, size_t size, size_t align_mask) {
  (void)size, (void)align_mask;
  if (pointer != NULL) release_block(pointer);
}

void *swift_allocObject(void *metadata, size_t size, size_t align_mask) {
  struct object *object = allocate(size, align_mask);
  object->metadata = metadata, object->count = 1;
  return object;
}

void swift_deallocObject(void *object, size_t size, size_t align_mask) {
  (void)size, (void)align_mask, release_block(object);
}

void swift_deallocUninitializedObject(void *object, size_t size, size_t align_mask) {
  (void)size, (void)align_mask, release_block(object);
}

void swift_deallocClassInstance(void *object, size_t size, size_t align_mask) {
  (void)size, (void)align_mask;
  if ((((struct object *)object)->count & on_stack) == 0) release_block(object);
}

void *swift_coroFrameAlloc(size_t size, uint64_t type) { return (void)type, allocate(size, SIZE_MAX); }

void *swift_retain_n(void *object, uint32_t n) {
  if (is_counted(object)) retain_object(object, n);
  return object;
}

void swift_release_n(void *object, uint32_t n) {
  if (is_counted(object)) release_object(object, n);
}

void *swift_retain(void *object) { return swift_retain_n(object, 1); }
void swift_release(void *object) { swift_release_n(object, 1); }
void *swift_bridgeObjectRetain_n(void *object, uint32_t n) { return swift_retain_n(untagged(object), n), object; }
void *swift_bridgeObjectRetain(void *object) { return swift_bridgeObjectRetain_n(object, 1); }
void swift_bridgeObjectRelease_n(void *object, uint32_t n) { swift_release_n(untagged(object), n); }
void swift_bridgeObjectRelease(void *object) { swift_bridgeObjectRelease_n(object, 1); }

#endif
