/* Sixteen lanes of AVX-512F, which rotates in one instruction and combines three inputs in one. */
#include <immintrin.h>

#define SCAN scan_avx512
#define LANES 16
#define TARGET __attribute__((target("avx512f")))
#define ROR(x, n) ((V)_mm512_ror_epi32((__m512i)(x), n))
#define TERNARY(x, y, z, table) ((V)_mm512_ternarylogic_epi32((__m512i)(x), (__m512i)(y), (__m512i)(z), table))
#define XOR3(x, y, z) TERNARY(x, y, z, 0x96)
#define CH(e, f, g) TERNARY(e, f, g, 0xca)
#define MAJ(a, b, c) TERNARY(a, b, c, 0xe8)
#define START_MAJ(b, c)
#define ANY_CLEAR(v) (_mm512_testn_epi32_mask((__m512i)(v), (__m512i)(v)) != 0)
#define SWAP(v) ((v) << 24 | ((v) << 8 & 0xff0000) | ((v) >> 8 & 0xff00) | (v) >> 24)
#include "lanes.h"
