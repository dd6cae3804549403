/* What a tell computes of the particles: rows of factors, densities, moves.

N particles of n observations x (n, D); of each, as policies/kernel/hypotheses.py has them: scale
(N, D) 1 / l, rbf, share, bend (N,). Functions return 0; 1 if a covariance is not positive definite;
-1 if there is no memory. */

#ifndef RNNBBO_KERNEL_TELL_H
#define RNNBBO_KERNEL_TELL_H

#include <stdlib.h>

#include "factors.h"
#include "gp.h"

#define PRIOR_WEIGHT 1.0 /* as policies/kernel/posterior.py has it */

INLINE hypothesis particle(int i, int dim, const double *scale, const double *rbf,
                           const double *share, const double *bend)
{
    hypothesis h = {dim, scale + (size_t)i * dim, rbf[i], share[i], bend[i]};
    return h;
}

/* Covariances (n,) of one point (D,) with rows x (n, D), both scaled, of features t (n, D);
   `padded` has room for BLOCK numbers more. */
INLINE void covariances_with(const hypothesis *h, int n, const double *x, const double *t,
                             const double *point, const double *point_t, double *padded,
                             double *block)
{
    double cross[BLOCK] = {0}, *block_t = block + (size_t)h->dim * BLOCK;
    for (int first = 0; first < n; first += BLOCK) {
        take_block(h->dim, n, first, x, block, BLOCK);
        if (h->bend != 0.0) {
            take_block(h->dim, n, first, t, block_t, BLOCK);
            trend_products(h->dim, block_t, 1, point_t, cross, BLOCK);
        }
        covariances(h, block, 0, 1, point, cross, padded + first, 0, BLOCK);
    }
}

/* Copy a matrix (n, n) whose rows are `padded(n)` apart. */
INLINE void copy_padded(int n, const double *from, double *to)
{
    for (int j = 0; j < n; j++)
        memcpy(to + (size_t)j * n, from + (size_t)j * padded(n), sizeof(double) * (size_t)n);
}

/* Copy the first `size` numbers of a row, and zeros up to n. */
INLINE void lengthen(const double *row, int size, int n, double *to)
{
    memcpy(to, row, sizeof(double) * (size_t)size);
    memset(to + size, 0, sizeof(double) * (size_t)(n - size));
}

/* The row (n,) of W that the last of scaled x (n, D) adds to `old` (n - 1, n - 1), and, unless `longer`
   is NULL, both as `longer` (n, n); policies/gp/factors.py, append_rows. `nugget` is that of the last
   point. */
INLINE void append_row(const hypothesis *h, int n, const double *x, const double *t, double nugget,
                       const double *old, double *row, double *longer, double *cross, double *block)
{
    const int m = n - 1;
    const double *last = x + (size_t)m * h->dim, *last_t = t + (size_t)m * h->dim;
    double left = 1.0 + nugget;
    if (h->bend != 0.0) {
        double square;
        trend_squares(h->dim, last_t, &square, 1);
        left += h->bend * square;
    }
    covariances_with(h, m, x, t, last, last_t, cross, block);
    memset(row, 0, sizeof(double) * (size_t)n);
    for (int j = 0; j < m; j++) {
        const double *w = old + (size_t)j * m;
        double v = dot(w, cross, j + 1);
        left -= v * v;
        add_scaled(v, w, row, j + 1);
        if (longer)
            lengthen(w, j + 1, n, longer + (size_t)j * n);
    }
    double c = 1.0 / sqrt(left > LEAST_VARIANCE ? left : LEAST_VARIANCE);
    if (left != left)
        c = left; /* what is no number stays none */
    for (int j = 0; j < m; j++)
        row[j] *= -c;
    row[m] = c;
    if (longer)
        memcpy(longer + (size_t)m * n, row, sizeof(double) * (size_t)n);
}

/* Evidence and the rest of `profile_out` from u (n,), o (n,), which `residual` (n,) may be. */
INLINE void profile(int n, const double *u, const double *o, double half, double spread,
                    double counted, double *residual, double *mean, double *amplitude,
                    double *evidence)
{
    double oo = dot(o, o, n), middle = dot(o, u, n) / oo, square = 0.0;
    for (int j = 0; j < n; j++) {
        double r = u[j] - middle * o[j];
        residual[j] = r;
        square += r * r;
    }
    double total = square + PRIOR_WEIGHT * spread, weight = counted - 1.0 + PRIOR_WEIGHT;
    *mean = middle;
    *amplitude = sqrt(total / weight);
    *evidence = 0.5 * PRIOR_WEIGHT * log(spread) - half - 0.5 * log(oo) - 0.5 * weight * log(total);
}

/* u = W w and o = W 1 (n,) of values w (n,), and log |K| / 2: of the first n - 1 rows of W from `inverse`,
   `stride` apart, and its last one. */
INLINE double whiten_values(int n, const double *inverse, int stride, const double *last,
                            const double *w, double *u, double *o)
{
    double half = 0.0;
    for (int j = 0; j < n; j++) {
        const double *row = j < n - 1 ? inverse + (size_t)j * stride : last;
        double a = 0.0, b = 0.0;
#pragma omp simd reduction(+ : a, b)
        for (int l = 0; l <= j; l++) {
            a += row[l] * w[l];
            b += row[l];
        }
        u[j] = a;
        o[j] = b;
        half -= log_of(row[j]);
    }
    return half;
}

/* The upper triangle of K, rows `padded(n)` apart, nugget (n,) included; scaled x and t (n, D); `room` and `cross` (n,
   BLOCK). */
INLINE void covariance_matrix(const hypothesis *h, int n, const double *x, const double *t,
                              const double *nugget, double *k, double *block, double *room,
                              double *cross)
{
    double *block_t = block + (size_t)h->dim * BLOCK;
    const int wide = padded(n);
    for (int first = 0; first < n; first += BLOCK) {
        int width = wide - first < BLOCK ? wide - first : BLOCK;
        int last = first + BLOCK < n ? first + BLOCK : n;
        take_block(h->dim, n, first, x, block, BLOCK);
        if (h->bend != 0.0) {
            take_block(h->dim, n, first, t, block_t, BLOCK);
            trend_products(h->dim, block_t, last, t, cross, BLOCK);
        }
        covariances(h, block, 0, last, x, cross, room, 0, BLOCK);
        for (int j = 0; j < last; j++) {
            double *to = k + (size_t)j * wide + first;
            const double *from = room + (size_t)j * BLOCK;
            if (width == BLOCK) /* of a size that is known: no call */
                memcpy(to, from, sizeof(double) * BLOCK);
            else
                for (int b = 0; b < width; b++)
                    to[b] = from[b];
        }
    }
    for (int j = 0; j < n; j++) { /* the diagonal is exact */
        double own = 0.0;
        if (h->bend != 0.0)
            trend_squares(h->dim, t + (size_t)j * h->dim, &own, 1);
        k[(size_t)j * wide + j] = 1.0 + nugget[j] + h->bend * own;
    }
}

/* Inverse factors W (N, n, n) of the covariances of x (n, D), nuggets (N, n) included. */
int EXPORT(factorise)(int count, int n, int dim, const double *x, const double *scale,
                      const double *rbf, const double *share, const double *bend,
                      const double *nugget, double *inverse)
{
    const size_t rows = (size_t)n, wide = (size_t)padded(n);
    double *room = malloc(sizeof(double) * (rows * (2 * (size_t)dim + 2 * BLOCK + 2 * wide) +
                                            2 * BLOCK * (size_t)dim));
    if (!room)
        return -1;
    double *t = room, *scaled = t + rows * dim, *block = scaled + rows * dim;
    double *out = block + 2 * BLOCK * (size_t)dim, *cross = out + rows * BLOCK;
    double *k = cross + rows * BLOCK, *own = k + rows * wide;
    trend_of(dim, n * dim, x, t);
    int failed = 0;
    for (int i = 0; i < count && !failed; i++) {
        hypothesis h = particle(i, dim, scale, rbf, share, bend);
        scale_points(&h, n, x, scaled);
        covariance_matrix(&h, n, scaled, t, nugget + (size_t)i * n, k, block, out, cross);
        failed = !cholesky(n, k);
        if (failed)
            break;
        invert(n, k, own);
        copy_padded(n, own, inverse + (size_t)i * rows * rows);
    }
    free(room);
    return failed;
}

#endif
