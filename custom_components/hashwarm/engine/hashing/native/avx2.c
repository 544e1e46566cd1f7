/* Eight lanes of AVX2. */
#include <immintrin.h>

#define SCAN scan_avx2
#define LANES 8
#define TARGET __attribute__((target("avx2")))
#define ROR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#include "two_input.h"
#define ANY_CLEAR(v) (_mm256_movemask_epi8((__m256i)((v) == 0)) != 0)
#define SWAP(v) ((v) << 24 | ((v) << 8 & 0xff0000) | ((v) >> 8 & 0xff00) | (v) >> 24)
#include "lanes.h"
