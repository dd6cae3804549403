/* Arithmetic that compilers turn into vector instructions: exp, dot products, and their kind.

Loops over arrays call inline functions without branches; with -O3 they become the vector instructions
of whatever processor a level is compiled for. No function of a library is called in such a loop. */

#ifndef RNNBBO_ARITHMETIC_H
#define RNNBBO_ARITHMETIC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
/* What is large and called from several places: compiled once, else the build takes minutes. */
#define SHARED static __attribute__((noinline))

/* exp(x), to within 1.5 units in the last place, for x <= 0; 0 below -708, where it underflows.

exp(x) = 2^k exp(r), k = round(x / log 2), |r| <= log(2) / 2. log 2 is subtracted in two parts, the
first of which has zeros as its last bits, so that k times it is exact (Cody & Waite 1980, chapter
6); exp(r) is its Taylor polynomial, whose remainder at degree 13 is below 1e-18. */
INLINE double exp_of(double x)
{
    const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to an integer */
    double shifted = x * 1.4426950408889634074 + magic;
    double k = shifted - magic;
    double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    /* The last bits of `shifted` are k: they become the exponent of 2^k. */
    int64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (int64_t)((uint64_t)(bits + 1023) << 52);
    double power;
    memcpy(&power, &bits, sizeof power);
    return x < -708.0 ? 0.0 : p * power;
}

/* log(x), to within 2 units in the last place, for normal numbers x > 0.

x = 2^k m, sqrt(1/2) <= m < sqrt(2); log m = 2 artanh f, f = (m - 1) / (m + 1), |f| < .1716: twelve
terms of its Taylor series leave less than 1e-17. */
INLINE double log_of(double x)
{
    const int64_t root = 0x3fe6a09e667f3bcdLL; /* sqrt(1/2) */
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* 1024 more than k, which is not negative: so the shift has no sign to keep. */
    int64_t k = (int64_t)((uint64_t)(bits - root + (1024LL << 52)) >> 52) - 1024;
    bits -= (int64_t)((uint64_t)k << 52); /* of m */
    double m;
    memcpy(&m, &bits, sizeof m);
    double f = (m - 1.0) / (m + 1.0), f2 = f * f;
    double p = 1.0 / 23.0;
    p = p * f2 + 1.0 / 21.0;
    p = p * f2 + 1.0 / 19.0;
    p = p * f2 + 1.0 / 17.0;
    p = p * f2 + 1.0 / 15.0;
    p = p * f2 + 1.0 / 13.0;
    p = p * f2 + 1.0 / 11.0;
    p = p * f2 + 1.0 / 9.0;
    p = p * f2 + 1.0 / 7.0;
    p = p * f2 + 1.0 / 5.0;
    p = p * f2 + 1.0 / 3.0;
    double log_m = 2.0 * f + 2.0 * f * (f2 * p);
    /* k as a number: its bits, shifted by 1.5 * 2^52, are those of one. */
    int64_t shifted = k + 0x4338000000000000LL;
    double number;
    memcpy(&number, &shifted, sizeof number);
    number -= 6755399441055744.0;
    return number * 6.93147180369123816490e-01 + (log_m + number * 1.90821492927058770002e-10);
}

/* sum_i a_i b_i */
INLINE double dot(const double *restrict a, const double *restrict b, int n)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* y += a x */
INLINE void add_scaled(double a, const double *restrict x, double *restrict y, int n)
{
#pragma omp simd
    for (int i = 0; i < n; i++)
        y[i] += a * x[i];
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi" /* no function that takes these is ever called */
#endif

/* Four numbers at once, for sums that have to stay in registers; with less than 256 bits a compiler
   takes several of them. */
typedef double lanes __attribute__((vector_size(32)));
#define LANES 4
#define BLOCK 8 /* keys at once, where there are many; such functions are compiled for both */
#define FEW 4   /* where there are few */

INLINE lanes load(const double *from)
{
    lanes out;
    memcpy(&out, from, sizeof out);
    return out;
}

/* A macro, since compilers note what they would pass to a function. */
#define store(to, what) \
    do { \
        lanes stored = (what); \
        memcpy((to), &stored, sizeof stored); \
    } while (0)

/* The larger of each two, a macro likewise. */
typedef int64_t lane_bits __attribute__((vector_size(32)));
#define LARGER(a, b) \
    ((lanes)(((lane_bits)((a) > (b)) & (lane_bits)(a)) | (~(lane_bits)((a) > (b)) & (lane_bits)(b))))

#endif
