/* Arithmetic in single precision: functions without branches, and small matrix products.

Accurate to a few units in the last place, as numpy's; each becomes vector instructions where a loop
calls it. */

#ifndef RNNBBO_SINGLE_H
#define RNNBBO_SINGLE_H

#include "arithmetic.h"

#define KEYS 16 /* columns of a block: as many keys are worked on together */

/* exp(x); 0 below -87, where it underflows, and exp(88) above 88. As `exp_of`, with degree 7. */
INLINE float single_exp(float x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23 */
    float bound = x < 88.0f ? x : 88.0f;
    float shifted = bound * 1.44269504f + magic;
    float k = shifted - magic;
    float r = (bound - k * 0.693359375f) + k * 2.12194440e-4f;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return x < -87.0f ? 0.0f : p * power;
}

/* log(x) of normal numbers x > 0. As `log_of`, with four terms of the series. */
INLINE float single_log(float x)
{
    const int32_t root = 0x3f3504f3; /* sqrt(1/2) */
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t k = (bits - root) >> 23;
    bits -= (int32_t)((uint32_t)k << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    float f = (m - 1.0f) / (m + 1.0f), f2 = f * f;
    float p = 1.0f / 11.0f;
    p = p * f2 + 1.0f / 9.0f;
    p = p * f2 + 1.0f / 7.0f;
    p = p * f2 + 1.0f / 5.0f;
    p = p * f2 + 1.0f / 3.0f;
    float log_m = 2.0f * f + 2.0f * f * (f2 * p), number = (float)k;
    return number * 0.693359375f + (log_m - number * 2.12194440e-4f);
}

/* tanh(x): by its continued fraction for |x| < 1/2, else by exp. */
INLINE float single_tanh(float x)
{
    float a = fabsf(x), x2 = x * x;
    float near = x * (1.0f + x2 * (1.0f / 9.0f) + x2 * x2 * (1.0f / 945.0f)) /
                 (1.0f + x2 * (4.0f / 9.0f) + x2 * x2 * (1.0f / 63.0f));
    float far = copysignf(1.0f - 2.0f / (single_exp(2.0f * a) + 1.0f), x);
    return a < 0.5f ? near : far;
}

/* 1 / (1 + exp(-x)), as policies/ops.py has it */
INLINE float single_sigmoid(float x)
{
    return 0.5f * single_tanh(0.5f * x) + 0.5f;
}

/* log(1 + x), x >= 0: the rounding of 1 + x is made good */
INLINE float single_log1p(float x)
{
    float u = 1.0f + x;
    return single_log(u) + (x - (u - 1.0f)) / u;
}

/* asinh(x) = sign(x) log(|x| + sqrt(x^2 + 1)), |x| < 1e18 */
INLINE float single_asinh(float x)
{
    float a = fabsf(x), a2 = a * a;
    return copysignf(single_log1p(a + a2 / (1.0f + sqrtf(a2 + 1.0f))), x);
}

/* 1 + log(1 + exp(x)), as policies/ops.py has it */
INLINE float single_oneplus(float x)
{
    return 1.0f + single_log1p(single_exp(-fabsf(x))) + (x > 0.0f ? x : 0.0f);
}

/* sum_i a_i b_i */
INLINE float single_dot(const float *restrict a, const float *restrict b, int n)
{
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* y += a x */
INLINE void single_add_scaled(float a, const float *restrict x, float *restrict y, int n)
{
#pragma omp simd
    for (int i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* Four rows of A B, kept in registers: A of any strides, B (k, W) with rows `ldb` apart. */
static void single_tile(int k, const float *restrict a, size_t row, size_t step,
                        const float *restrict b, size_t ldb, float *restrict c, size_t ldc)
{
    float s0[KEYS], s1[KEYS], s2[KEYS], s3[KEYS];
#pragma omp simd
    for (int w = 0; w < KEYS; w++)
        s0[w] = s1[w] = s2[w] = s3[w] = 0.0f;
    for (int i = 0; i < k; i++, a += step, b += ldb) {
        float x0 = a[0], x1 = a[row], x2 = a[2 * row], x3 = a[3 * row];
#pragma omp simd
        for (int w = 0; w < KEYS; w++) {
            s0[w] += x0 * b[w];
            s1[w] += x1 * b[w];
            s2[w] += x2 * b[w];
            s3[w] += x3 * b[w];
        }
    }
#pragma omp simd
    for (int w = 0; w < KEYS; w++) {
        c[w] = s0[w];
        c[w + ldc] = s1[w];
        c[w + 2 * ldc] = s2[w];
        c[w + 3 * ldc] = s3[w];
    }
}

/* One row of A B. */
static void single_row(int k, const float *restrict a, size_t step, const float *restrict b,
                       size_t ldb, float *restrict c)
{
    float s[KEYS];
#pragma omp simd
    for (int w = 0; w < KEYS; w++)
        s[w] = 0.0f;
    for (int i = 0; i < k; i++, a += step, b += ldb) {
        float x = a[0];
#pragma omp simd
        for (int w = 0; w < KEYS; w++)
            s[w] += x * b[w];
    }
#pragma omp simd
    for (int w = 0; w < KEYS; w++)
        c[w] = s[w];
}

/* C = A B, a block of W columns: A (m, k) with entries `row` and `step` apart; B (k, W), C (m, W). */
static void single_block(int m, int k, const float *a, size_t row, size_t step, const float *b,
                         float *c)
{
    int i = 0;
    for (; i + 4 <= m; i += 4)
        single_tile(k, a + i * row, row, step, b, KEYS, c + i * KEYS, KEYS);
    for (; i < m; i++)
        single_row(k, a + i * row, step, b, KEYS, c + i * KEYS);
}

/* C = A B: A (m, k), B (k, n), C (m, n), each row after row, n any number. */
static void single_product(int m, int k, int n, const float *a, const float *b, float *c)
{
    int j = 0;
    for (; j + KEYS <= n; j += KEYS) {
        int i = 0;
        for (; i + 4 <= m; i += 4)
            single_tile(k, a + (size_t)i * k, k, 1, b + j, n, c + (size_t)i * n + j, n);
        for (; i < m; i++)
            single_row(k, a + (size_t)i * k, 1, b + j, n, c + (size_t)i * n + j);
    }
    for (int i = 0; i < m; i++)
        for (int l = j; l < n; l++) {
            float sum = 0.0f;
            for (int h = 0; h < k; h++)
                sum += a[(size_t)i * k + h] * b[(size_t)h * n + l];
            c[(size_t)i * n + l] = sum;
        }
}

#endif
