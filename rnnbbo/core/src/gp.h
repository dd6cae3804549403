/* Covariances that hypotheses give, and their slopes.

The letters are those of policies/kernel/__init__.py; the equations, of policies/gp/kernels.py and
policies/kernel/covariance.py. Keys come in blocks of B, a constant where a function is inlined:
coordinate after coordinate, (D, B), so that what is done with one key is done with B at once. */

#ifndef RNNBBO_GP_H
#define RNNBBO_GP_H

#include "arithmetic.h"

/* What one hypothesis says of covariances; lengths are those of the unit cube. */
typedef struct {
    int dim;             /* D */
    const double *scale; /* (D,) 1 / l */
    double rbf;          /* 1 for a squared-exponential k_s, 0 for Matern-5/2 */
    double share;        /* a, of the additive part; 0 for none */
    double bend;         /* tau^2, of the trend; 0 for none */
} hypothesis;

/* B points (C, D), from the first one on, as (D, B); past the last one it comes again. */
INLINE void take_block(int dim, int count, int first, const double *points, double *block,
                       const int B)
{
    for (int b = 0; b < B; b++) {
        int c = first + b < count ? first + b : count - 1;
        for (int d = 0; d < dim; d++)
            block[d * B + b] = points[c * dim + d];
    }
}

/* t = (2 x - 1) / sqrt(D), of any number of coordinates: the features of a trend are t and
   sqrt(D) t^2. */
INLINE void trend_of(int dim, int count, const double *x, double *t)
{
    double root = 1.0 / sqrt((double)dim);
    for (int i = 0; i < count; i++)
        t[i] = (2.0 * x[i] - 1.0) * root;
}

/* |phi|^2 (B,) of keys t (D, B). */
INLINE void trend_squares(int dim, const double *t, double *squares, const int B)
{
    for (int b = 0; b < B; b++)
        squares[b] = 0.0;
    for (int d = 0; d < dim; d++)
        for (int b = 0; b < B; b++) {
            double t2 = t[d * B + b] * t[d * B + b];
            squares[b] += t2 * (1.0 + dim * t2);
        }
}

/* phi . phi' (n, B) of keys (D, B) and rows (n, D), both as t. */
INLINE void trend_products_of(int dim, const double *keys, int n, const double *rows, double *cross,
                           const int B)
{
    for (int j = 0; j < n; j++)
        for (int p = 0; p < B; p += LANES) {
            lanes sum = {0.0};
            for (int d = 0; d < dim; d++) {
                lanes key = load(keys + d * B + p);
                double t = rows[(size_t)j * dim + d];
                sum += key * (t + key * (dim * t * t));
            }
            store(cross + (size_t)j * B + p, sum);
        }
}

SHARED void trend_products_many(int dim, const double *keys, int n, const double *rows,
                                double *cross)
{
    trend_products_of(dim, keys, n, rows, cross, BLOCK);
}

SHARED void trend_products_few(int dim, const double *keys, int n, const double *rows,
                               double *cross)
{
    trend_products_of(dim, keys, n, rows, cross, FEW);
}

INLINE void trend_products(int dim, const double *keys, int n, const double *rows, double *cross,
                           const int B)
{
    if (B == BLOCK)
        trend_products_many(dim, keys, n, rows, cross);
    else
        trend_products_few(dim, keys, n, rows, cross);
}

/* k_s of r^2, in place of r^2 (n,). */
INLINE void kernels(double rbf, int n, double *k)
{
    if (rbf != 0.0) {
#pragma omp simd
        for (int i = 0; i < n; i++)
            k[i] = exp_of(-0.5 * k[i]);
    } else {
#pragma omp simd
        for (int i = 0; i < n; i++) {
            double a = sqrt(5.0 * k[i]);
            k[i] = exp_of(-a) * ((1.0 + a) + (5.0 / 3.0) * k[i]);
        }
    }
}

/* Likewise; and the slopes -2 dk_s / d(r^2) (n,). */
INLINE void kernels_and_slopes(double rbf, int n, double *restrict k, double *restrict slope)
{
    if (rbf != 0.0) {
#pragma omp simd
        for (int i = 0; i < n; i++)
            k[i] = slope[i] = exp_of(-0.5 * k[i]);
    } else {
#pragma omp simd
        for (int i = 0; i < n; i++) {
            double a = sqrt(5.0 * k[i]), decay = exp_of(-a);
            slope[i] = decay * ((5.0 / 3.0) + (5.0 / 3.0) * a);
            k[i] = decay * ((1.0 + a) + (5.0 / 3.0) * k[i]);
        }
    }
}

/* Points (n, D) times 1 / l. */
INLINE void scale_points(const hypothesis *h, int n, const double *points, double *scaled)
{
    for (int j = 0; j < n; j++)
        for (int d = 0; d < h->dim; d++)
            scaled[(size_t)j * h->dim + d] = points[(size_t)j * h->dim + d] * h->scale[d];
}

/* Keys (D, B) times 1 / l. */
INLINE void scale_keys(const hypothesis *h, const double *keys, double *scaled, const int B)
{
    for (int d = 0; d < h->dim; d++)
        for (int b = 0; b < B; b++)
            scaled[d * B + b] = keys[d * B + b] * h->scale[d];
}

/* r^2 of B keys (D, B) and rows (n, D), both scaled, from `first` on: (n, B). */
INLINE void distances(int dim, const double *keys, int first, int n, const double *rows,
                      double *r2, const int B)
{
    const int P = B / LANES;
    int j = first;
    for (; j + 2 <= n; j += 2) { /* two rows at once: keys are read once for them */
        const double *a = rows + (size_t)j * dim, *b = a + dim;
        lanes sum[2][2] = {{{0.0}}};
        for (int d = 0; d < dim; d++)
            for (int p = 0; p < P; p++) {
                lanes key = load(keys + d * B + p * LANES), x = key - a[d], y = key - b[d];
                sum[0][p] += x * x;
                sum[1][p] += y * y;
            }
        for (int p = 0; p < P; p++) {
            store(r2 + (size_t)j * B + p * LANES, sum[0][p]);
            store(r2 + (size_t)(j + 1) * B + p * LANES, sum[1][p]);
        }
    }
    for (; j < n; j++)
        for (int p = 0; p < P; p++) {
            lanes sum = {0.0};
            for (int d = 0; d < dim; d++) {
                lanes x = load(keys + d * B + p * LANES) - rows[(size_t)j * dim + d];
                sum += x * x;
            }
            store(r2 + (size_t)j * B + p * LANES, sum);
        }
}

/* Covariances k of B keys with rows from `first` to n - 1, and slopes of the stationary part.

keys (D, B) and rows (n, D), both scaled; cross (n, B) of trend_products, or NULL; k (n, B); slope
(n, B), or NULL: (1 - a) (-2 dk_s / d(r^2)). */
INLINE void covariances_of(const hypothesis *h, const double *keys, int first, int n,
                        const double *rows, const double *cross, double *k, double *slope,
                        const int B)
{
    const int dim = h->dim;
    distances(dim, keys, first, n, rows, k, B);
    if (slope)
        kernels_and_slopes(h->rbf, (n - first) * B, k + (size_t)first * B, slope + (size_t)first * B);
    else
        kernels(h->rbf, (n - first) * B, k + (size_t)first * B);
    if (h->share != 0.0) {
        const double keep = 1.0 - h->share, part = h->share / dim, half = 0.5 * dim;
        for (int j = first; j < n; j++)
            for (int p = 0; p < B; p += LANES) {
                size_t at = (size_t)j * B + p;
                lanes total = {0.0};
                for (int d = 0; d < dim;) { /* four fractions in one: divisions take long */
                    lanes above = {0.0}, below = {1.0, 1.0, 1.0, 1.0};
                    for (int end = d + 4 < dim ? d + 4 : dim; d < end; d++) {
                        lanes apart = load(keys + d * B + p) - rows[(size_t)j * dim + d];
                        lanes term = 1.0 + half * (apart * apart);
                        above = above * term + below;
                        below *= term;
                    }
                    total += above / below;
                }
                store(k + at, keep * load(k + at) + part * total);
                if (slope)
                    store(slope + at, keep * load(slope + at));
            }
    }
    if (h->bend != 0.0)
        for (int j = first; j < n; j++)
            for (int b = 0; b < B; b++)
                k[(size_t)j * B + b] += h->bend * cross[(size_t)j * B + b];
}

SHARED void covariances_many(const hypothesis *h, const double *keys, int first, int n,
                             const double *rows, const double *cross, double *k, double *slope)
{
    covariances_of(h, keys, first, n, rows, cross, k, slope, BLOCK);
}

SHARED void covariances_few(const hypothesis *h, const double *keys, int first, int n,
                            const double *rows, const double *cross, double *k, double *slope)
{
    covariances_of(h, keys, first, n, rows, cross, k, slope, FEW);
}

INLINE void covariances(const hypothesis *h, const double *keys, int first, int n,
                        const double *rows, const double *cross, double *k, double *slope,
                        const int B)
{
    if (B == BLOCK)
        covariances_many(h, keys, first, n, rows, cross, k, slope);
    else
        covariances_few(h, keys, first, n, rows, cross, k, slope);
}

/* The gradient (D, B), by the keys, of sum_j c_j k(x, x_j) + own k(x, x), added to `gradient`.

weight (n, B) has the c_j; own (B,); slope (n, B) of `covariances`; t of keys (D, B) and of rows
(n, D), or NULL without a trend. */
INLINE void add_gradient_of(const hypothesis *h, const double *keys, int n, const double *rows,
                         const double *slope, const double *weight, const double *own,
                         const double *keys_t, const double *rows_t, double *gradient, const int B)
{
    const int dim = h->dim;
    const double root = sqrt((double)dim), half = 0.5 * dim;
    for (int d = 0; d < dim; d++)
        for (int p = 0; p < B; p += LANES) {
            const double by2 = h->scale[d] * h->scale[d];
            const lanes key = load(keys + d * B + p);
            lanes sum = {0.0};
            for (int j = 0; j < n; j++) {
                size_t at = (size_t)j * B + p;
                sum -= load(weight + at) * load(slope + at) * (key - rows[(size_t)j * dim + d]);
            }
            if (h->share != 0.0) {
                lanes part = {0.0};
                for (int j = 0; j < n; j++) {
                    lanes apart = key - rows[(size_t)j * dim + d];
                    lanes single = 1.0 / (1.0 + half * by2 * (apart * apart));
                    part += load(weight + (size_t)j * B + p) * (single * single * apart);
                }
                sum -= h->share * part;
            }
            sum *= by2;
            if (h->bend != 0.0) {
                const lanes t = load(keys_t + d * B + p), alone = 2.0 * load(own + p);
                lanes along = alone * t, across = alone * (t * t);
                for (int j = 0; j < n; j++) {
                    lanes c = load(weight + (size_t)j * B + p);
                    double row = rows_t[(size_t)j * dim + d];
                    along += c * row;
                    across += c * (row * row);
                }
                /* d phi / dt = [1, 2 sqrt(D) t], and dt / dx = 2 / sqrt(D) */
                sum += (h->bend * 2.0 / root) * (along + 2.0 * dim * t * across);
            }
            store(gradient + d * B + p, load(gradient + d * B + p) + sum);
        }
}

SHARED void add_gradient_many(const hypothesis *h, const double *keys, int n, const double *rows,
                              const double *slope, const double *weight, const double *own,
                              const double *keys_t, const double *rows_t, double *gradient)
{
    add_gradient_of(h, keys, n, rows, slope, weight, own, keys_t, rows_t, gradient, BLOCK);
}

SHARED void add_gradient_few(const hypothesis *h, const double *keys, int n, const double *rows,
                             const double *slope, const double *weight, const double *own,
                             const double *keys_t, const double *rows_t, double *gradient)
{
    add_gradient_of(h, keys, n, rows, slope, weight, own, keys_t, rows_t, gradient, FEW);
}

INLINE void add_gradient(const hypothesis *h, const double *keys, int n, const double *rows,
                         const double *slope, const double *weight, const double *own,
                         const double *keys_t, const double *rows_t, double *gradient, const int B)
{
    if (B == BLOCK)
        add_gradient_many(h, keys, n, rows, slope, weight, own, keys_t, rows_t, gradient);
    else
        add_gradient_few(h, keys, n, rows, slope, weight, own, keys_t, rows_t, gradient);
}

#endif
