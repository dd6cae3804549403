/* Factors of covariances, as policies/gp/factors.py has them: K = L L^T and W = L^-1, row by row. */

#ifndef RNNBBO_FACTORS_H
#define RNNBBO_FACTORS_H

#include "arithmetic.h"

#define LEAST_VARIANCE 1e-12 /* JITTER of policies/gp/factors.py */

/* Replace the upper triangle of K (n, n) by L^T, whose rows are contiguous; what lies below is left.

Returns 0 if K is not positive definite. */
INLINE int cholesky(int n, double *k)
{
    for (int j = 0; j < n; j++) {
        double *row = k + (size_t)j * n;
        int l = 0;
        for (; l + 4 <= j; l += 4) {
            const double *a = k + (size_t)l * n, *b = a + n, *c = b + n, *d = c + n;
            const double aj = a[j], bj = b[j], cj = c[j], dj = d[j];
#pragma omp simd
            for (int i = j; i < n; i++)
                row[i] -= (aj * a[i] + bj * b[i]) + (cj * c[i] + dj * d[i]);
        }
        for (; l < j; l++)
            add_scaled(-k[(size_t)l * n + j], k + (size_t)l * n + j, row + j, n - j);
        if (!(row[j] > 0.0) || !(row[j] < INFINITY)) /* nor is what is no number */
            return 0;
        double scale = 1.0 / sqrt(row[j]);
        for (int i = j; i < n; i++)
            row[i] *= scale;
    }
    return 1;
}

/* W = L^-1 (n, n), of L^T. */
INLINE void invert(int n, const double *factor, double *inverse)
{
    for (int i = 0; i < n; i++) {
        const double *column = factor + i;
        double *own = inverse + (size_t)i * n;
        memset(own, 0, sizeof(double) * (size_t)n);
        int j = 0;
        for (; j + 4 <= i; j += 4) {
            const double *a = inverse + (size_t)j * n, *b = a + n, *c = b + n, *d = c + n;
            const double *at = column + (size_t)j * n;
            const double aj = at[0], bj = at[n], cj = at[2 * (size_t)n], dj = at[3 * (size_t)n];
#pragma omp simd
            for (int l = 0; l < j + 4; l++)
                own[l] -= (aj * a[l] + bj * b[l]) + (cj * c[l] + dj * d[l]);
        }
        for (; j < i; j++)
            add_scaled(-column[(size_t)j * n], inverse + (size_t)j * n, own, j + 1);
        double scale = 1.0 / column[(size_t)i * n];
        for (int l = 0; l < i; l++)
            own[l] *= scale;
        own[i] = scale;
    }
}

/* L^-1 b in place of b (n,), of L^T. */
INLINE void solve(int n, const double *factor, double *b)
{
    for (int j = 0; j < n; j++) {
        const double *row = factor + (size_t)j * n;
        b[j] /= row[j];
        add_scaled(-b[j], row + j + 1, b + j + 1, n - j - 1);
    }
}

/* v = W k (n, B), of k (n, B), and, where `back` is not NULL, W^T v (n, B): then W is read once for
   both, while it is in the cache. B is LANES or twice as many. */
INLINE void whitened_of(int n, const double *inverse, const double *k, double *v, double *back,
                        const int B)
{
    const int R = 4, P = B / LANES; /* rows at once, whose sums stay in registers */
    if (back)
        memset(back, 0, sizeof(double) * (size_t)n * B);
    int i = 0;
    for (; i + R <= n; i += R) {
        const double *row = inverse + (size_t)i * n;
        lanes sum[4][2] = {{{0.0}}};
        for (int j = 0; j < i + R; j++) /* W is 0 above its diagonal */
            for (int p = 0; p < P; p++) {
                lanes key = load(k + (size_t)j * B + p * LANES);
                for (int r = 0; r < R; r++)
                    sum[r][p] += row[(size_t)r * n + j] * key;
            }
        for (int r = 0; r < R; r++)
            for (int p = 0; p < P; p++)
                store(v + (size_t)(i + r) * B + p * LANES, sum[r][p]);
        for (int j = 0; back && j < i + R; j++)
            for (int p = 0; p < P; p++) {
                double *to = back + (size_t)j * B + p * LANES;
                lanes so_far = load(to);
                for (int r = 0; r < R; r++)
                    so_far += row[(size_t)r * n + j] * sum[r][p];
                store(to, so_far);
            }
    }
    for (; i < n; i++)
        for (int p = 0; p < P; p++) {
            lanes sum = {0.0};
            for (int j = 0; j <= i; j++)
                sum += inverse[(size_t)i * n + j] * load(k + (size_t)j * B + p * LANES);
            store(v + (size_t)i * B + p * LANES, sum);
            for (int j = 0; back && j <= i; j++) {
                double *to = back + (size_t)j * B + p * LANES;
                store(to, load(to) + inverse[(size_t)i * n + j] * sum);
            }
        }
}

SHARED void whitened_many(int n, const double *inverse, const double *k, double *v, double *back)
{
    whitened_of(n, inverse, k, v, back, BLOCK);
}

SHARED void whitened_few(int n, const double *inverse, const double *k, double *v, double *back)
{
    whitened_of(n, inverse, k, v, back, FEW);
}

INLINE void whitened(int n, const double *inverse, const double *k, double *v, double *back,
                     const int B)
{
    if (B == BLOCK)
        whitened_many(n, inverse, k, v, back);
    else
        whitened_few(n, inverse, k, v, back);
}

#endif
