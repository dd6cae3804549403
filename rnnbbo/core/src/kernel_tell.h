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

/* Covariances (n,) of one point (D,) with rows x (n, D), of features t (n, D); `padded` has room
   for BLOCK numbers more. */
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

/* Append the last of x (n, D) to inverse factors W (N, n - 1, n - 1), to `longer` (N, n, n).

nugget (N,) is that of the last point; policies/gp/factors.py, append_rows. */
int EXPORT(append)(int count, int n, int dim, const double *x, const double *scale,
                   const double *rbf, const double *share, const double *bend,
                   const double *nugget, const double *inverse, double *longer)
{
    const int m = n - 1;
    double *room = malloc(sizeof(double) * ((size_t)n * (2 + dim) + 2 * BLOCK * ((size_t)dim + 1)));
    if (!room)
        return -1;
    double *cross = room, *v = cross + n + BLOCK, *t = v + n, *block = t + (size_t)n * dim;
    const double *last = x + (size_t)m * dim, *last_t = t + (size_t)m * dim;
    trend_of(dim, n * dim, x, t);
    double squares[1];
    trend_squares(dim, last_t, squares, 1);
    for (int i = 0; i < count; i++) {
        hypothesis h = particle(i, dim, scale, rbf, share, bend);
        const double *old = inverse + (size_t)i * m * m;
        double *out = longer + (size_t)i * n * n, *row = out + (size_t)m * n;
        covariances_with(&h, m, x, t, last, last_t, cross, block);
        memset(row, 0, sizeof(double) * (size_t)n);
        double left = 1.0 + nugget[i] + h.bend * squares[0];
        for (int j = 0; j < m; j++) {
            const double *w = old + (size_t)j * m;
            memcpy(out + (size_t)j * n, w, sizeof(double) * (size_t)m);
            out[(size_t)j * n + m] = 0.0;
            v[j] = dot(w, cross, j + 1);
            left -= v[j] * v[j];
            add_scaled(v[j], w, row, j + 1);
        }
        double c = 1.0 / sqrt(left > LEAST_VARIANCE ? left : LEAST_VARIANCE);
        if (left != left)
            c = left; /* what is no number stays none */
        for (int j = 0; j < m; j++)
            row[j] *= -c;
        row[m] = c;
    }
    free(room);
    return 0;
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

/* What follows from inverse factors W (N, n, n) and warped values w (N, n), of variance `spread`
   (N,), of which `counted` (N,) say something: residual (N, n), mean, amplitude, evidence (N,); and
   alpha (N, n) = W^T residual, where it is not NULL. */
int EXPORT(profile)(int count, int n, const double *inverse, const double *w, const double *spread,
                    const double *counted, double *residual, double *mean, double *amplitude,
                    double *evidence, double *alpha)
{
    double *o = malloc(sizeof(double) * (size_t)n);
    if (!o)
        return -1;
    for (int i = 0; i < count; i++) {
        const double *factor = inverse + (size_t)i * n * n, *values = w + (size_t)i * n;
        double *u = residual + (size_t)i * n, half = 0.0;
        for (int j = 0; j < n; j++) {
            const double *row = factor + (size_t)j * n;
            double a = 0.0, b = 0.0;
#pragma omp simd reduction(+ : a, b)
            for (int l = 0; l <= j; l++) {
                a += row[l] * values[l];
                b += row[l];
            }
            u[j] = a;
            o[j] = b;
            half -= log(row[j]);
        }
        profile(n, u, o, half, spread[i], counted[i], u, mean + i, amplitude + i, evidence + i);
        if (alpha) {
            double *out = alpha + (size_t)i * n;
            memset(out, 0, sizeof(double) * (size_t)n);
            for (int j = 0; j < n; j++)
                add_scaled(u[j], factor + (size_t)j * n, out, j + 1);
        }
    }
    free(o);
    return 0;
}

/* The upper triangle of K (n, n), nugget (n,) included; t (n, D); `room` and `cross` (n, BLOCK). */
INLINE void covariance_matrix(const hypothesis *h, int n, const double *x, const double *t,
                              const double *nugget, double *k, double *block, double *room,
                              double *cross)
{
    double *block_t = block + (size_t)h->dim * BLOCK;
    for (int first = 0; first < n; first += BLOCK) {
        int width = n - first < BLOCK ? n - first : BLOCK, last = first + width;
        take_block(h->dim, n, first, x, block, BLOCK);
        if (h->bend != 0.0) {
            take_block(h->dim, n, first, t, block_t, BLOCK);
            trend_products(h->dim, block_t, last, t, cross, BLOCK);
        }
        covariances(h, block, 0, last, x, cross, room, 0, BLOCK);
        for (int j = 0; j < last; j++) {
            double *to = k + (size_t)j * n + first;
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
        k[(size_t)j * n + j] = 1.0 + nugget[j] + h->bend * own;
    }
}

/* Factors L^T (N, n, n), their upper triangles, of the covariances of x (n, D), nuggets (N, n) included. */
int EXPORT(factorise)(int count, int n, int dim, const double *x, const double *scale,
                      const double *rbf, const double *share, const double *bend,
                      const double *nugget, double *factor)
{
    double *room = malloc(sizeof(double) * ((size_t)n * (dim + 2 * BLOCK) + 2 * BLOCK * (size_t)dim));
    if (!room)
        return -1;
    double *t = room, *block = t + (size_t)n * dim, *out = block + 2 * BLOCK * (size_t)dim;
    double *cross = out + (size_t)n * BLOCK;
    trend_of(dim, n * dim, x, t);
    int failed = 0;
    for (int i = 0; i < count && !failed; i++) {
        hypothesis h = particle(i, dim, scale, rbf, share, bend);
        double *k = factor + (size_t)i * n * n;
        covariance_matrix(&h, n, x, t, nugget + (size_t)i * n, k, block, out, cross);
        failed = !cholesky(n, k);
    }
    free(room);
    return failed;
}

/* Evidence (N,) from factors L^T (N, n, n) and warped values w (N, n). */
int EXPORT(evidence)(int count, int n, const double *factor, const double *w, const double *spread,
                     const double *counted, double *evidence)
{
    double *u = malloc(sizeof(double) * 2 * (size_t)n);
    if (!u)
        return -1;
    double *o = u + n, mean, amplitude;
    for (int i = 0; i < count; i++) {
        const double *own = factor + (size_t)i * n * n;
        double half = 0.0;
        for (int j = 0; j < n; j++) {
            u[j] = w[(size_t)i * n + j];
            o[j] = 1.0;
            half += log(own[(size_t)j * n + j]);
        }
        solve(n, own, u);
        solve(n, own, o);
        profile(n, u, o, half, spread[i], counted[i], u, &mean, &amplitude, evidence + i);
    }
    free(u);
    return 0;
}

/* Inverse factors W (N, n, n) of factors L^T (N, n, n). */
int EXPORT(invert)(int count, int n, const double *factor, double *inverse)
{
    for (int i = 0; i < count; i++)
        invert(n, factor + (size_t)i * n * n, inverse + (size_t)i * n * n);
    return 0;
}

#endif
