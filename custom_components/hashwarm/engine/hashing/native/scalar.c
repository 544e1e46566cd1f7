/* SHA-256 one header at a time: midstates, and the exact check that every find of a kernel has to pass. */
#include "scalar.h"

/* Compilers may emit calls to these even in freestanding code. */
void *memcpy(void *to, const void *from, __SIZE_TYPE__ size) {
    char *out = to;
    const char *in = from;
    while (size--) *out++ = *in++;
    return to;
}

void *memset(void *to, int value, __SIZE_TYPE__ size) {
    char *out = to;
    while (size--) *out++ = (char)value;
    return to;
}

void compress(uint32_t state[8], const uint32_t block[16]) {
    uint32_t w[16], s[8];
    for (int i = 0; i < 16; i++) w[i] = block[i];
    for (int i = 0; i < 8; i++) s[i] = state[i];
    for (int i = 0; i < 64; i++) {
        if (i >= 16) EXPAND(w, i)
        ROUND(uint32_t, s, i, K[i] + w[i & 15])
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

void check(struct task *task, uint32_t version, uint64_t offset) {
    if (offset >= task->count) return;
    uint32_t nonce = task->first + (uint32_t)offset;
    uint32_t block[16] = {task->tail[0], task->tail[1], task->tail[2], __builtin_bswap32(nonce), 0x80000000};
    uint32_t inner[8], digest[8];
    block[15] = 640;
    for (int i = 0; i < 8; i++) inner[i] = task->midstate[version][i], digest[i] = IV[i];
    compress(inner, block);
    uint32_t second[16] = {inner[0], inner[1], inner[2], inner[3], inner[4], inner[5], inner[6], inner[7], 0x80000000};
    second[15] = 256;
    compress(digest, second);
    for (int i = 7; i >= 0; i--) {
        uint32_t word = __builtin_bswap32(digest[i]);
        if (word > task->target[i]) return;
        if (word < task->target[i]) break;
    }
    task->found[2 * task->used] = version;
    task->found[2 * task->used + 1] = nonce;
    task->used++;
}
