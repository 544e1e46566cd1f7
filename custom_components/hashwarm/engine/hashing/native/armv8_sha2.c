/* The SHA2 instructions of ARMv8: two headers interleaved, since one alone waits for its own results. */
#include <arm_neon.h>

#include "kernel.h"

#ifdef __clang__
#define TARGET __attribute__((target("sha2")))
#else
#define TARGET __attribute__((target("+sha2")))
#endif
typedef uint32x4_t Q;

/* The next four words of a message from the last sixteen. */
#define NEXT(w, g) \
    vsha256su1q_u32(vsha256su0q_u32(w[(g) & 3], w[((g) + 1) & 3]), w[((g) + 2) & 3], w[((g) + 3) & 3])

struct stream {
    Q abcd, efgh, w[4];
};

INLINE TARGET void four_rounds(struct stream *s, Q kw) {
    Q abcd = s->abcd;
    s->abcd = vsha256hq_u32(abcd, s->efgh, kw);
    s->efgh = vsha256h2q_u32(s->efgh, abcd, kw);
}

/* K + W of block 2 for one nonce. */
INLINE TARGET void expand_block2(Q kw[16], const struct task *task, uint32_t nonce) {
    uint32_t block[16] = {task->tail[0], task->tail[1], task->tail[2], __builtin_bswap32(nonce), 0x80000000};
    Q w[4];
    block[15] = 640;
    for (int g = 0; g < 4; g++) {
        w[g] = vld1q_u32(block + 4 * g);
        kw[g] = vaddq_u32(w[g], vld1q_u32(K + 4 * g));
    }
#define GROUP(g)              \
    w[(g) & 3] = NEXT(w, g); \
    kw[g] = vaddq_u32(w[(g) & 3], vld1q_u32(K + 4 * (g)));
    TIMES4(GROUP, 4)
    TIMES4(GROUP, 8)
    TIMES4(GROUP, 12)
#undef GROUP
}

/* The first hash of both streams, and its digests laid out as messages of the second. */
INLINE TARGET void first_hashes(struct stream s[2], const Q *kw[2], const struct task *task, uint32_t version) {
    const Q abcd = vld1q_u32(task->midstate[version]), efgh = vld1q_u32(task->midstate[version] + 4);
    for (int i = 0; i < 2; i++) s[i].abcd = abcd, s[i].efgh = efgh;
#define GROUP(g) four_rounds(&s[0], kw[0][g]); four_rounds(&s[1], kw[1][g]);
    TIMES16(GROUP, 0)
#undef GROUP
    for (int i = 0; i < 2; i++) {
        s[i].w[0] = vaddq_u32(s[i].abcd, abcd);
        s[i].w[1] = vaddq_u32(s[i].efgh, efgh);
        s[i].w[2] = vsetq_lane_u32(0x80000000, vdupq_n_u32(0), 0);
        s[i].w[3] = vsetq_lane_u32(256, vdupq_n_u32(0), 3);
        s[i].abcd = vld1q_u32(IV);
        s[i].efgh = vld1q_u32(IV + 4);
    }
}

/* The second hash of both streams. */
INLINE TARGET void second_hashes(struct stream s[2]) {
#define GIVEN(g)                                                                \
    four_rounds(&s[0], vaddq_u32(s[0].w[(g) & 3], vld1q_u32(K + 4 * (g)))); \
    four_rounds(&s[1], vaddq_u32(s[1].w[(g) & 3], vld1q_u32(K + 4 * (g))));
#define GROUP(g)                       \
    s[0].w[(g) & 3] = NEXT(s[0].w, g); \
    s[1].w[(g) & 3] = NEXT(s[1].w, g); \
    GIVEN(g)
    TIMES4(GIVEN, 0)
    TIMES4(GROUP, 4)
    TIMES4(GROUP, 8)
    TIMES4(GROUP, 12)
#undef GROUP
#undef GIVEN
}

TARGET uint64_t scan_armv8_sha2(struct task *task) {
    Q kw[2][16];
    struct stream s[2];
    uint64_t done = 0;
    for (; go_on(task, done, 2 * task->versions); done += 2) {
        for (uint32_t i = 0; i < 2; i++) expand_block2(kw[i], task, task->first + (uint32_t)done + i);
        for (uint32_t version = 0; version < task->versions; version++) {
            first_hashes(s, (const Q *[2]){kw[0], kw[1]}, task, version);
            second_hashes(s);
            for (uint32_t i = 0; i < 2; i++) {
                uint32_t last = vgetq_lane_u32(s[i].efgh, 3) + IV[7];
                if (__builtin_expect(!(last & task->zeros), 0)) check(task, version, done + i);
            }
        }
    }
    return done;
}
