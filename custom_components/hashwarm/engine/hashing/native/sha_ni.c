/* SHA-NI: two headers interleaved, since one alone waits for its own results. */
#include <immintrin.h>

#include "kernel.h"

#define TARGET __attribute__((target("sha,ssse3,sse4.1")))
typedef __m128i Q;

INLINE TARGET Q constants(int group) { return _mm_loadu_si128((const Q *)(K + 4 * group)); }

/* The next four words of a message from the last sixteen. */
INLINE TARGET Q expand(Q w0, Q w1, Q w2, Q w3) {
    return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4)), w3);
}

/* Splits a, b, ..., h into the halves that the instructions want. */
INLINE TARGET void load_state(Q *abef, Q *cdgh, const uint32_t s[8]) {
    *abef = _mm_set_epi32((int)s[0], (int)s[1], (int)s[4], (int)s[5]);
    *cdgh = _mm_set_epi32((int)s[2], (int)s[3], (int)s[6], (int)s[7]);
}

/* K + W of block 2 for one nonce. */
INLINE TARGET void expand_block2(Q kw[16], const struct task *task, uint32_t nonce) {
    Q w[4] = {_mm_set_epi32((int)__builtin_bswap32(nonce), (int)task->tail[2], (int)task->tail[1], (int)task->tail[0]),
              _mm_set_epi32(0, 0, 0, (int)0x80000000), _mm_setzero_si128(), _mm_set_epi32(640, 0, 0, 0)};
    for (int group = 0; group < 4; group++) kw[group] = _mm_add_epi32(w[group], constants(group));
#define GROUP(g)                                                                    \
    w[(g) & 3] = expand(w[(g) & 3], w[((g) + 1) & 3], w[((g) + 2) & 3], w[((g) + 3) & 3]); \
    kw[g] = _mm_add_epi32(w[(g) & 3], constants(g));
    TIMES4(GROUP, 4)
    TIMES4(GROUP, 8)
    TIMES4(GROUP, 12)
#undef GROUP
}

/* One of the two headers: its halves, and its message for the second hash. */
struct stream {
    Q abef, cdgh, w[4];
};

INLINE TARGET void four_rounds(struct stream *s, Q low, Q high) {
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, low);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, high);
}

/* Four rounds on stored K + W, whose second half comes straight from memory: that costs no arithmetic port. */
INLINE TARGET void four_stored(struct stream *s, const Q *kw) {
    four_rounds(s, _mm_load_si128(kw), _mm_loadl_epi64((const Q *)((const uint32_t *)kw + 2)));
}

/* The first hash of both, and its digests laid out as messages of the second. */
INLINE TARGET void first_hashes(struct stream s[2], const Q *kw[2], const struct task *task, uint32_t version) {
    Q mid_abef, mid_cdgh;
    load_state(&mid_abef, &mid_cdgh, task->midstate[version]);
    for (int i = 0; i < 2; i++) s[i].abef = mid_abef, s[i].cdgh = mid_cdgh;
#define GROUP(g) four_stored(&s[0], kw[0] + (g)), four_stored(&s[1], kw[1] + (g));
    TIMES16(GROUP, 0)
#undef GROUP
    for (int i = 0; i < 2; i++) {
        Q abef = _mm_shuffle_epi32(_mm_add_epi32(s[i].abef, mid_abef), 0x1b);
        Q cdgh = _mm_shuffle_epi32(_mm_add_epi32(s[i].cdgh, mid_cdgh), 0x1b);
        s[i].w[0] = _mm_unpacklo_epi64(abef, cdgh);
        s[i].w[1] = _mm_unpackhi_epi64(abef, cdgh);
        s[i].w[2] = _mm_set_epi32(0, 0, 0, (int)0x80000000);
        s[i].w[3] = _mm_set_epi32(256, 0, 0, 0);
        load_state(&s[i].abef, &s[i].cdgh, IV);
    }
}

/* The second hash of both up to round 61, after which e of round 60 stands in f. */
INLINE TARGET void second_hashes(struct stream s[2]) {
#define ROUNDS(s, g)                                                  \
    {                                                                 \
        Q kw = _mm_add_epi32((s).w[(g) & 3], constants(g));           \
        four_rounds(&(s), kw, _mm_shuffle_epi32(kw, 0x0e));           \
    }
#define WORDS(s, g) \
    (s).w[(g) & 3] = expand((s).w[(g) & 3], (s).w[((g) + 1) & 3], (s).w[((g) + 2) & 3], (s).w[((g) + 3) & 3]);
#define GIVEN(g) ROUNDS(s[0], g) ROUNDS(s[1], g)
#define GROUP(g) WORDS(s[0], g) WORDS(s[1], g) GIVEN(g)
    TIMES4(GIVEN, 0)
    TIMES4(GROUP, 4)
    TIMES4(GROUP, 8)
    GROUP(12) GROUP(13) GROUP(14)
    for (int i = 0; i < 2; i++) {
        WORDS(s[i], 15)
        s[i].cdgh = _mm_sha256rnds2_epu32(s[i].cdgh, s[i].abef, _mm_add_epi32(s[i].w[3], constants(15)));
    }
#undef GROUP
#undef GIVEN
#undef WORDS
#undef ROUNDS
}

TARGET uint64_t scan_sha_ni(struct task *task) {
    Q kw[2][16];
    struct stream s[2];
    uint64_t done = 0;
    for (; go_on(task, done, 2 * task->versions); done += 2) {
        for (uint32_t i = 0; i < 2; i++) expand_block2(kw[i], task, task->first + (uint32_t)done + i);
        for (uint32_t version = 0; version < task->versions; version++) {
            first_hashes(s, (const Q *[2]){kw[0], kw[1]}, task, version);
            second_hashes(s);
            for (uint32_t i = 0; i < 2; i++) {
                uint32_t last = (uint32_t)_mm_cvtsi128_si32(s[i].cdgh) + IV[7];
                if (__builtin_expect(!(last & task->zeros), 0)) check(task, version, done + i);
            }
        }
    }
    return done;
}
