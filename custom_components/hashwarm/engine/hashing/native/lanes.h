/*
 * A kernel that hashes LANES nonces side by side in vectors. The includer defines
 *   SCAN, LANES, TARGET (function attribute or nothing), ROR(x, n), XOR3(x, y, z), CH, MAJ, SWAP(v) (bytes of each word),
 *   START_MAJ(b, c) (what MAJ carries from round to round), and ANY_CLEAR(v): whether any lane of v is zero.
 *
 * The message schedule of block 2 does not depend on the version, so it is expanded once for all versions of a header
 * (overt AsicBoost). Words that are zero or constant are literals here: the compiler folds them, moves what does not
 * depend on the nonce out of the loop, and drops what of the second hash nobody reads. Turns of sixteen rounds stay loops:
 * unrolled, the code of four lanes outgrows the instruction cache and is half as fast.
 */
#include "kernel.h"

typedef uint32_t V __attribute__((vector_size(4 * LANES), aligned(4 * LANES)));

#define ALL(x) ((V){0} + (uint32_t)(x))
#define BIG0(x) XOR3(ROR(x, 2), ROR(x, 13), ROR(x, 22))
#define BIG1(x) XOR3(ROR(x, 6), ROR(x, 11), ROR(x, 25))
#define SMALL0(x) XOR3(ROR(x, 7), ROR(x, 18), (x) >> 3)
#define SMALL1(x) XOR3(ROR(x, 17), ROR(x, 19), (x) >> 10)

/* Expands the ring w by one turn and notes K + W of its words; k and kw begin at the first of them. */
INLINE TARGET void expand_turn(V kw[16], V w[16], const V k[16]) {
#define WORD(i) EXPAND(w, i) kw[i] = w[i] + k[i];
    TIMES16(WORD, 0)
#undef WORD
}

/* Fills kw[3] and kw[16..63] with K + W of block 2 for these nonces. */
INLINE TARGET void expand_block2(V kw[64], const V k[64], const struct task *task, V nonces) {
    V w[16] = {ALL(task->tail[0]), ALL(task->tail[1]), ALL(task->tail[2]), SWAP(nonces), ALL(0x80000000), ALL(0), ALL(0),
               ALL(0), ALL(0), ALL(0), ALL(0), ALL(0), ALL(0), ALL(0), ALL(0), ALL(640)};
    kw[3] = w[3] + K[3];
    expand_turn(kw + 16, w, k + 16);
    for (int turn = 32; turn < 64; turn += 16) expand_turn(kw + turn, w, k + turn);
}

/* The first hash from round 3 on: turns the midstate into the message w[0..7] of the second. */
INLINE TARGET void first_hash(V w[16], const V kw[64], const struct task *task, uint32_t version) {
    const uint32_t *round3 = task->round3[version];
    V s[8];
    START_MAJ(ALL(round3[6]), ALL(round3[7]))
    for (int i = 0; i < 8; i++) s[i] = ALL(round3[i]);
    ROUND(V, s, 3, kw[3])
    ROUND(V, s, 4, ALL(K[4] + 0x80000000))
#define LITERAL(i) ROUND(V, s, i, ALL(K[i]))
    LITERAL(5) LITERAL(6) LITERAL(7) LITERAL(8) LITERAL(9) LITERAL(10) LITERAL(11) LITERAL(12) LITERAL(13) LITERAL(14)
#undef LITERAL
    ROUND(V, s, 15, ALL(K[15] + 640))
#define STORED(i) ROUND(V, s, i, kw[i])
    for (int turn = 1; turn < 4; turn++) {
        kw += 16;
        TIMES16(STORED, 0)
    }
#undef STORED
    for (int i = 0; i < 8; i++) w[i] = s[i] + task->midstate[version][i];
}

/* The second hash, as far as the last word of the digest needs it. */
INLINE TARGET V second_hash(V w[16], const V k[64]) {
    V s[8];
    START_MAJ(ALL(IV[1]), ALL(IV[2]))
    for (int i = 0; i < 8; i++) s[i] = ALL(IV[i]);
    w[8] = ALL(0x80000000), w[15] = ALL(256);
    for (int i = 9; i < 15; i++) w[i] = ALL(0);
#define GIVEN(i) ROUND(V, s, i, w[i] + K[i])
    TIMES16(GIVEN, 0)
#undef GIVEN
#define EXPANDED(i) EXPAND(w, i) ROUND(V, s, i, w[(i) & 15] + k[i])
    for (int turn = 1; turn < 3; turn++) {
        k += 16;
        TIMES16(EXPANDED, 0)
    }
    k += 16;
    TIMES4(EXPANDED, 0)
    TIMES4(EXPANDED, 4)
    TIMES4(EXPANDED, 8)
    EXPANDED(12)
#undef EXPANDED
    return VAR(s, 60, 3) + IV[7];
}

TARGET uint64_t SCAN(struct task *task) {
    V nonces, k[64], kw[64], w[16];
    uint64_t done = 0;
    for (int i = 0; i < 64; i++) k[i] = ALL(K[i]);
    for (uint32_t lane = 0; lane < LANES; lane++) nonces[lane] = task->first + lane;
    for (; go_on(task, done, LANES * task->versions); done += LANES, nonces += LANES) {
        expand_block2(kw, k, task, nonces);
        for (uint32_t version = 0; version < task->versions; version++) {
            first_hash(w, kw, task, version);
            V last = second_hash(w, k) & task->zeros;
            if (__builtin_expect(ANY_CLEAR(last), 0))
                for (uint32_t lane = 0; lane < LANES; lane++)
                    if (!last[lane]) check(task, version, done + lane);
        }
    }
    return done;
}
