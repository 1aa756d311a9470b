/* The header of a saved state made right around bytes that were changed, so that they are read and not refused at once.
   The one place that knows it; written from the description of the format, not from the library. */
#ifndef MEND_STATE_H
#define MEND_STATE_H

#include <stdint.h>
#include <string.h>

enum { STATE_HEADER = 24, NEWEST_STATE_FORMAT = 3 };

static inline void store_little_endian(uint8_t *to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> (8 * i));
}

/* CRC-32 of all but the four bytes that hold it. */
static inline uint32_t state_checksum(const uint8_t *state, size_t size) {
  static uint32_t table[256];
  if (!table[1])
    for (uint32_t byte = 0; byte < 256; byte++) {
      uint32_t entry = byte;
      for (int bit = 0; bit < 8; bit++) entry = entry >> 1 ^ (entry & 1 ? 0xedb88320u : 0);
      table[byte] = entry;
    }
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < size; i++)
    if (i < 12 || i >= 16) crc = crc >> 8 ^ table[(uint8_t)(crc ^ state[i])];
  return ~crc;
}

/* Magic, format (kept where it is a known one), length and checksum. Nothing where there is no room for a header. */
static inline void mend_state(uint8_t *state, size_t size) {
  if (size < STATE_HEADER) return;
  memcpy(state, "STEPSIZE", 8);
  store_little_endian(state + 8, state[8] >= 1 && state[8] <= NEWEST_STATE_FORMAT ? state[8] : 1, 4);
  store_little_endian(state + 16, size, 8);
  store_little_endian(state + 12, state_checksum(state, size), 4);
}

#endif
