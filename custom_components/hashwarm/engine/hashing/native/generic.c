/* Four lanes of plain vector extensions: SSE2 on x86-64, NEON on aarch64. */
#define SCAN scan_generic
#define LANES 4
#define TARGET
#define ROR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#include "two_input.h"
#define ANY_CLEAR(v) any_clear((v) == 0)
#define SWAP(v) ((v) << 24 | ((v) << 8 & 0xff0000) | ((v) >> 8 & 0xff00) | (v) >> 24)

typedef uint64_t PAIR __attribute__((vector_size(16)));

static inline __attribute__((always_inline)) int any_clear(int32_t __attribute__((vector_size(16))) clear) {
    PAIR pair = (PAIR)clear;
    return (pair[0] | pair[1]) != 0;
}

#include "lanes.h"
