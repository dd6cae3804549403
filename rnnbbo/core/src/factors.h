/* Factors of covariances, as policies/gp/factors.py has them: K = L L^T and W = L^-1, row by row. */

#ifndef RNNBBO_FACTORS_H
#define RNNBBO_FACTORS_H

#include "arithmetic.h"

#define LEAST_VARIANCE 1e-12 /* JITTER of policies/gp/factors.py */

/* Numbers from one row of a matrix with n columns to the next, so that each is a whole number of lanes;
   what lies beyond the n-th is no part of the matrix, but has to be a number. */
INLINE int padded(int n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* Replace the upper triangle of K, rows `padded(n)` apart, by L^T; what lies below is overwritten.

Two rows at once, and four of those above: sums stay in registers. Returns 0 if K is not positive
definite. */
INLINE int cholesky(int n, double *k)
{
    const int wide = padded(n);
    for (int j = 0; j < n; j += 2) {
        double *row = k + (size_t)j * wide, *next = row + wide;
        const int pair = j + 1 < n, from = j / LANES * LANES;
        int l = 0;
        if (!pair)
            next = row; /* the last one alone: done twice, and the same */
        for (; l + 4 <= j; l += 4) {
            const double *a = k + (size_t)l * wide, *b = a + wide, *c = b + wide, *d = c + wide;
            const double aj = a[j], bj = b[j], cj = c[j], dj = d[j];
            const int m = j + pair;
            const double am = a[m], bm = b[m], cm = c[m], dm = d[m];
            for (int i = from; i < wide; i += LANES) {
                lanes x = load(a + i), y = load(b + i), z = load(c + i), w = load(d + i);
                lanes one = load(row + i) - ((aj * x + bj * y) + (cj * z + dj * w));
                lanes two = load(next + i) - ((am * x + bm * y) + (cm * z + dm * w));
                store(next + i, two);
                store(row + i, one);
            }
        }
        for (; l < j; l++) {
            const double *a = k + (size_t)l * wide;
            const double aj = a[j], am = a[j + pair];
            for (int i = from; i < wide; i += LANES) {
                lanes x = load(a + i);
                lanes one = load(row + i) - aj * x, two = load(next + i) - am * x;
                store(next + i, two);
                store(row + i, one);
            }
        }
        for (int m = j; m <= j + pair; m++) {
            double *own = k + (size_t)m * wide;
            if (m > j) {
                const double *above = row;
                for (int i = from; i < wide; i += LANES)
                    store(own + i, load(own + i) - row[m] * load(above + i));
            }
            if (!(own[m] > 0.0) || !(own[m] < INFINITY)) /* nor is what is no number */
                return 0;
            const double scale = 1.0 / sqrt(own[m]);
            for (int i = from; i < wide; i += LANES)
                store(own + i, load(own + i) * scale);
        }
    }
    return 1;
}

/* W = L^-1 (n, n), of L^T; rows of both `padded(n)` apart. */
INLINE void invert(int n, const double *factor, double *inverse)
{
    const int wide = padded(n);
    for (int i = 0; i < n; i++) {
        const double *column = factor + i;
        double *own = inverse + (size_t)i * wide;
        memset(own, 0, sizeof(double) * (size_t)wide);
        int j = 0;
        for (; j + 4 <= i; j += 4) {
            const double *a = inverse + (size_t)j * wide, *b = a + wide, *c = b + wide, *d = c + wide;
            const double *at = column + (size_t)j * wide;
            const double aj = at[0], bj = at[wide], cj = at[2 * (size_t)wide], dj = at[3 * (size_t)wide];
            for (int l = 0; l < j + 4; l += LANES)
                store(own + l, load(own + l) - ((aj * load(a + l) + bj * load(b + l)) +
                                                (cj * load(c + l) + dj * load(d + l))));
        }
        for (; j < i; j++) {
            const double by = column[(size_t)j * wide];
            const double *a = inverse + (size_t)j * wide;
            for (int l = 0; l <= j; l += LANES)
                store(own + l, load(own + l) - by * load(a + l));
        }
        const double scale = 1.0 / column[(size_t)i * wide];
        for (int l = 0; l < i; l += LANES)
            store(own + l, load(own + l) * scale);
        own[i] = scale;
    }
}

/* L^-1 b in place of b (n,), of L^T. */
INLINE void solve(int n, const double *factor, double *b)
{
    for (int j = 0; j < n; j++) {
        const double *row = factor + (size_t)j * padded(n);
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
