/* SHA-256 on plain words. */
#ifndef HASHWARM_SCALAR_H
#define HASHWARM_SCALAR_H

#include "kernel.h"

INLINE uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

#define BIG0(x) (rotate(x, 2) ^ rotate(x, 13) ^ rotate(x, 22))
#define BIG1(x) (rotate(x, 6) ^ rotate(x, 11) ^ rotate(x, 25))
#define SMALL0(x) (rotate(x, 7) ^ rotate(x, 18) ^ (x) >> 3)
#define SMALL1(x) (rotate(x, 17) ^ rotate(x, 19) ^ (x) >> 10)
#define CH(e, f, g) ((g) ^ ((e) & ((f) ^ (g))))
#define MAJ(a, b, c) (((a) & (b)) | ((c) & ((a) | (b))))

/* Mixes one block of sixteen words into the state. */
void compress(uint32_t state[8], const uint32_t block[16]);

#endif
