/* The door: what Python calls, and what this CPU can do. */
#include "scalar.h"

#define EXPORT __attribute__((visibility("default")))

enum kernel { GENERIC, AVX2, AVX512, SHA_NI, ARMV8_SHA2, KERNELS };

EXPORT uint32_t abi(void) { return 1; }

#ifdef __x86_64__
#include <cpuid.h>

static uint32_t xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* The kernels that this CPU and its operating system can run, one bit each. */
EXPORT uint32_t caps(void) {
    uint32_t a, b, c, d, leaf7b = 0, found = 1u << GENERIC, saved = 0;
    __cpuid(1, a, b, c, d);
    int ssse3_sse41 = (c >> 9 & 1) && (c >> 19 & 1);
    if (c >> 27 & 1) saved = xcr0();
    if (__get_cpuid_max(0, 0) >= 7) {
        __cpuid_count(7, 0, a, b, c, d);
        leaf7b = b;
    }
    if ((leaf7b >> 5 & 1) && (saved & 0x6) == 0x6) found |= 1u << AVX2;
    if ((leaf7b >> 16 & 1) && (saved & 0xe6) == 0xe6) found |= 1u << AVX512;
    if ((leaf7b >> 29 & 1) && ssse3_sse41) found |= 1u << SHA_NI;
    return found;
}

static scan_fn *const scans[KERNELS] = {scan_generic, scan_avx2, scan_avx512, scan_sha_ni, 0};
#else
/* What of it the CPU has stands in the auxiliary vector, which the caller reads. */
EXPORT uint32_t caps(void) { return 1u << GENERIC | 1u << ARMV8_SHA2; }

static scan_fn *const scans[KERNELS] = {scan_generic, 0, 0, 0, scan_armv8_sha2};
#endif

static uint32_t word(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void prepare(struct task *task, uint32_t version, const uint8_t header[76]) {
    uint32_t block[16];
    for (int i = 0; i < 16; i++) block[i] = word(header + 4 * i);
    for (int i = 0; i < 8; i++) task->midstate[version][i] = IV[i];
    compress(task->midstate[version], block);
    for (int i = 0; i < 3; i++) task->tail[i] = word(header + 64 + 4 * i);
    for (int i = 0; i < 8; i++) task->round3[version][i] = task->midstate[version][i];
    for (int i = 0; i < 3; i++) ROUND(uint32_t, task->round3[version], i, K[i] + task->tail[i])
}

/*
 * Tries `count` nonces from `first` on in `versions` headers of 76 bytes, which differ in their versions only.
 * `target` is eight little-endian words. Notes at most `capacity` pairs of version index and nonce in `found` and their
 * number in `used`. Returns the nonces tried, fewer than `count` after a stop or many finds; 0 for a call that makes no sense.
 */
EXPORT uint64_t scan(uint32_t kernel, uint32_t versions, const uint8_t *headers, const uint32_t *target, uint32_t first,
                     uint64_t count, const volatile int32_t *stop, uint32_t *found, uint32_t capacity, uint32_t *used) {
    struct task task = {.versions = versions, .first = first, .count = count, .stop = stop, .found = found, .capacity = capacity};
    *used = 0;
    if (kernel >= KERNELS || !scans[kernel] || versions < 1 || versions > MAX_VERSIONS) return 0;
    for (int i = 0; i < 8; i++) task.target[i] = target[i];
    task.zeros = target[7] ? __builtin_bswap32(~(0xffffffffu >> __builtin_clz(target[7]))) : 0xffffffff;
    for (uint32_t version = 0; version < versions; version++) prepare(&task, version, headers + 76 * version);
    uint64_t done = scans[kernel](&task);
    *used = task.used;
    return done < count ? done : count;
}
