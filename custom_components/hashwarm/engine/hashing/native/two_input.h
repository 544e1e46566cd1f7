/* The bitwise functions of SHA-256 from instructions with two inputs; a ^ b of one round is b ^ c of the next. */
#include <stdint.h>

#define XOR3(x, y, z) ((x) ^ (y) ^ (z))
#define CH(e, f, g) ((g) ^ ((e) & ((f) ^ (g))))
#define START_MAJ(b, c) V b_xor_c = (b) ^ (c);
#define MAJ(a, b, c)                          \
    __extension__({                           \
        V a_xor_b = (a) ^ (b);                \
        V majority = (b) ^ (a_xor_b & b_xor_c); \
        b_xor_c = a_xor_b;                    \
        majority;                             \
    })
