/* What all SHA-256d kernels share. Freestanding C: no libc, nothing imported, one shared object per architecture. */
#ifndef HASHWARM_KERNEL_H
#define HASHWARM_KERNEL_H

#include <stdint.h>

#define MAX_VERSIONS 4
#define INLINE static inline __attribute__((always_inline, unused))

/* One call of scan(), prepared once: what the lanes of every kernel need, per version of the header. */
struct task {
    uint32_t versions;
    uint32_t midstate[MAX_VERSIONS][8]; /* after the first 64 bytes of the header */
    uint32_t round3[MAX_VERSIONS][8];   /* the working variables after rounds 0 to 2 of block 2, before the nonce */
    uint32_t tail[3];                   /* merkle tail, ntime, nbits: words 0 to 2 of block 2 */
    uint32_t target[8];                 /* little-endian words, the last one most significant */
    uint32_t zeros;                     /* bits that the last word of a good digest has clear */
    uint32_t first;                     /* first nonce */
    uint64_t count;
    const volatile int32_t *stop;
    uint32_t *found; /* pairs of version index and nonce */
    uint32_t capacity, used; /* pairs */
};

/* Tries nonces until count, stop, or too little room for more finds; returns the nonces tried, rounded up to lanes. */
typedef uint64_t scan_fn(struct task *task);

scan_fn scan_generic, scan_avx2, scan_avx512, scan_sha_ni, scan_armv8_sha2;

/* In the header, so that every use is a literal. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t IV[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Checks one nonce exactly and notes it when its digest is at most the target. */
void check(struct task *task, uint32_t version, uint64_t offset);

/* True while there are nonces to try, nobody said stop and a group of `group` more finds would fit. */
INLINE int go_on(const struct task *task, uint64_t done, uint32_t group) {
    return done < task->count && !*task->stop && task->used + group <= task->capacity;
}

/* Calls M for sixteen consecutive literal numbers, so that every index is known when the code is compiled. */
#define TIMES4(M, i) M(i) M((i) + 1) M((i) + 2) M((i) + 3)
#define TIMES16(M, i) TIMES4(M, i) TIMES4(M, (i) + 4) TIMES4(M, (i) + 8) TIMES4(M, (i) + 12)

/* The working variable that plays part `part` (0 is a, 7 is h) in round `i`; none is ever moved. */
#define VAR(s, i, part) (s)[((part) - (i)) & 7]

/* One round on the variables s with K + W given; needs BIG0, BIG1, CH and MAJ for the type of s. */
#define ROUND(T, s, i, kw)                                                                                   \
    {                                                                                                        \
        T t1 = VAR(s, i, 7) + (kw) + CH(VAR(s, i, 4), VAR(s, i, 5), VAR(s, i, 6)) + BIG1(VAR(s, i, 4));      \
        T t2 = MAJ(VAR(s, i, 0), VAR(s, i, 1), VAR(s, i, 2)) + BIG0(VAR(s, i, 0));                           \
        VAR(s, i, 3) += t1;                                                                                  \
        VAR(s, i, 7) = t1 + t2;                                                                              \
    }

/* Expands word i of the message in the ring w of sixteen; needs SMALL0 and SMALL1. */
#define EXPAND(w, i) \
    w[(i) & 15] += SMALL0(w[((i) + 1) & 15]) + w[((i) + 9) & 15] + SMALL1(w[((i) + 14) & 15]);

#endif
