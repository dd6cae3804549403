/* What the heads of regression say of keys, policies/network/regression.py and process_heads.py.

Keys come in blocks of W, coordinate after coordinate: (D, W); W is a constant where a function is
inlined. H heads, n rows, P pending points; the letters are those of these modules. */

#ifndef RNNBBO_NETWORK_PREDICT_H
#define RNNBBO_NETWORK_PREDICT_H

#include "single.h"

#define EACH_KEY(c) _Pragma("omp simd") for (int c = 0; c < KEYS; c++)

#define LOG_H_MIDDLE 2.0f /* as policies/gp/improvement.py has them */
#define LOG_H_DEGREE 14
#define HEAD_VARIANCE 1e-6f /* as process_heads.py has them */
#define STEEPEST 30.0f
#define LEAST_PIVOT 1e-3f

/* The heads' posteriors of one function. */
typedef struct {
    int heads, smooth, n, dim;
    const float *slope, *bend;           /* (H, D) prior deviations of the trends */
    const float *level, *noise;          /* (H,) prior variances */
    const float *root, *reads;           /* (H, n, n), (H, 2, n) */
    const float *amplitude, *best;       /* (H,) */
    const float *weight;                 /* (H,) log-probabilities */
    const float *distance[2], *trend[2]; /* families, (their heads n, 2 D + 1) each */
    const float *inverse;                /* (H, D) 1 / length-scales; for pending points only */
    const float *series;                 /* (LOG_H_DEGREE + 1, 2) of improvement.py */
} posterior;

/* What is pending, P points, seen by all heads; filled by `load_pending`. */
typedef struct {
    int count;
    float *distance, *trend; /* (H, P, 2 D + 1) sides of them */
    float *white;            /* (H, n, P) whitened covariances with the rows */
    float *rows, *scale;     /* (H, P, P), (H, P) of the factorisation in `_explained` */
} pending_points;

INLINE const float *side_of(const posterior *f, const float *const *sides, int h)
{
    const int family = h >= f->smooth;
    return sides[family] + (size_t)(h - (family ? f->smooth : 0)) * f->n * (2 * f->dim + 1);
}

INLINE float clip_from(float x, float least)
{
    return x > least ? x : least;
}

/* kernels.weighted_kernel */
INLINE float weighted_kernel(float distance, int matern)
{
    if (!matern)
        return single_exp(-clip_from(distance, 0.0f));
    float square = clip_from(distance, 1e-20f), s = sqrtf(square);
    return (1.0f + s + square * (1.0f / 3.0f)) * single_exp(-s);
}

/* log h(z), and h'(z) / h(z), of improvement.py */
INLINE float single_log_h(const float *series, float z, float *ratio)
{
    float u = fabsf(z), t = (u - LOG_H_MIDDLE) / (u + LOG_H_MIDDLE);
    float tau = series[0] * t + series[2], mills = series[1] * t + series[3];
    for (int k = 2; k <= LOG_H_DEGREE; k++) {
        tau = tau * t + series[2 * k];
        mills = mills * t + series[2 * k + 1];
    }
    float tail = 1.0f / (1.0f + u), log_phi = -0.5f * u * u - 0.918938533f;
    tau *= tail * tail;
    mills *= tail;
    float phi = single_exp(log_phi), h = z > 0.0f ? u + phi * tau : tau;
    *ratio = (z > 0.0f ? 1.0f - phi * mills : mills) / h;
    return single_log(h) + (z > 0.0f ? 0.0f : log_phi);
}

/* [a^2; a; 1] and [t; t^2; 1], (2 D + 1, W) each, of keys x: a from the incumbent, t = 2 x - 1 */
static void load_squares(int dim, const float *x, const float *best_x, float *restrict squares,
                         float *restrict bases)
{
    for (int d = 0; d < dim; d++)
        EACH_KEY(c)
        {
            float a = x[d * KEYS + c] - best_x[d], t = 2.0f * x[d * KEYS + c] - 1.0f;
            squares[d * KEYS + c] = a * a;
            squares[(dim + d) * KEYS + c] = a;
            bases[d * KEYS + c] = t;
            bases[(dim + d) * KEYS + c] = t * t;
        }
    EACH_KEY(c) squares[2 * dim * KEYS + c] = bases[2 * dim * KEYS + c] = 1.0f;
}

/* Covariances k (m, W) of keys with the points of a side; product: (m, W) scratch. */
static void covariance_block(int m, int wide, int matern, const float *distance, const float *trend,
                             const float *squares, const float *bases, float *restrict k,
                             float *restrict product)
{
    single_block(m, wide, distance, wide, 1, squares, k);
    single_block(m, wide, trend, wide, 1, bases, product);
    if (matern)
        for (int i = 0; i < m * KEYS; i += KEYS)
            EACH_KEY(c) k[i + c] = weighted_kernel(k[i + c], 1) + product[i + c];
    else
        for (int i = 0; i < m * KEYS; i += KEYS)
            EACH_KEY(c) k[i + c] = weighted_kernel(k[i + c], 0) + product[i + c];
}

/* white = root k, (n, W), of a lower triangle. */
static void whiten_block(int n, const float *root, const float *k, float *restrict white)
{
    int i = 0;
    for (; i + 4 <= n; i += 4)
        single_tile(i + 4, root + (size_t)i * n, n, 1, k, KEYS, white + i * KEYS, KEYS);
    for (; i < n; i++)
        single_row(i + 1, root + (size_t)i * n, 1, k, KEYS, white + i * KEYS);
}

/* Covariances (P, W) of keys with what is pending, given the rows, as one head sees them. */
static void pending_block(const posterior *f, const pending_points *p, int h, const float *squares,
                          const float *bases, const float *white, float *restrict k,
                          float *restrict product)
{
    const int wide = 2 * f->dim + 1, count = p->count, n = f->n;
    covariance_block(count, wide, h < f->smooth, p->distance + (size_t)h * count * wide,
                     p->trend + (size_t)h * count * wide, squares, bases, k, product);
    single_block(count, n, p->white + (size_t)h * n * count, 1, count, white, product);
    for (int i = 0; i < count * KEYS; i += KEYS)
        EACH_KEY(c) k[i + c] -= product[i + c];
}

/* Keys' mean, variance, and covariance with the best row, (W,) each, by one head.

squares, bases: of `load_squares`; work: (2 n + 2 max(n, P), W). */
static void head_block(const posterior *f, const pending_points *p, int h, const float *squares,
                          const float *bases, float *restrict mean, float *restrict variance,
                          float *restrict covariance, float *restrict work)
{
    const int n = f->n, dim = f->dim, wide = 2 * dim + 1;
    float *k = work, *white = k + n * KEYS, *extra = white + n * KEYS;
    covariance_block(n, wide, h < f->smooth, side_of(f, f->distance, h), side_of(f, f->trend, h),
                     squares, bases, k, white);
    const float *reads = f->reads + (size_t)2 * h * n;
    single_row(n, reads, 1, k, KEYS, mean);
    single_row(n, reads + n, 1, k, KEYS, covariance);
    whiten_block(n, f->root + (size_t)h * n * n, k, white);
    EACH_KEY(c) variance[c] = f->level[h];
    for (int d = 0; d < dim; d++) {
        float slope = f->slope[h * dim + d], bend = f->bend[h * dim + d];
        slope *= slope;
        bend *= bend;
        EACH_KEY(c)
        {
            float t = bases[d * KEYS + c], t2 = bases[(dim + d) * KEYS + c];
            variance[c] += slope * (t * t) + bend * (t2 * t2);
        }
    }
    float sum[KEYS];
    EACH_KEY(c) sum[c] = 0.0f;
    for (int i = 0; i < n; i++)
        EACH_KEY(c) sum[c] += white[i * KEYS + c] * white[i * KEYS + c];
    EACH_KEY(c) variance[c] = (1.0f + variance[c]) - sum[c];
    if (!p->count)
        return;
    const int count = p->count, longest = n > count ? n : count;
    pending_block(f, p, h, squares, bases, white, extra, extra + longest * KEYS);
    const float *rows = p->rows + (size_t)h * count * count, *scale = p->scale + (size_t)h * count;
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < i; j++)
            EACH_KEY(c) extra[i * KEYS + c] -= rows[j * count + i] * extra[j * KEYS + c];
        EACH_KEY(c)
        {
            extra[i * KEYS + c] *= scale[i];
            variance[c] -= extra[i * KEYS + c] * extra[i * KEYS + c];
        }
    }
}

/* Points `first` to `first` + W - 1 of (C, D), as (D, W); past the last one it comes again. */
static void load_keys(int dim, int count, int first, const float *points, float *restrict x)
{
    for (int c = 0; c < KEYS; c++) {
        const float *point = points + (size_t)(first + c < count ? first + c : count - 1) * dim;
        for (int d = 0; d < dim; d++)
            x[d * KEYS + c] = point[d];
    }
}

/* Floats that `pending_points` of P points take, and what `load_pending` needs beside. */
static size_t pending_size(int heads, int n, int dim, int count)
{
    const int wide = 2 * dim + 1, longest = n > count ? n : count;
    return (size_t)heads * count * (2 * wide + n + count + 1) +
           (size_t)KEYS * (dim + 2 * wide + 2 * n + 2 * longest);
}

/* What all heads say of pending points (P, D), `regression._predict`, into memory at `work`. */
static void load_pending(const posterior *f, const float *best_x, int count, const float *points,
                         pending_points *p, float *work)
{
    const int n = f->n, dim = f->dim, heads = f->heads, wide = 2 * dim + 1;
    const int longest = n > count ? n : count;
    const size_t all = (size_t)heads * count;
    p->count = count;
    p->distance = work;
    p->trend = p->distance + all * wide;
    p->white = p->trend + all * wide;
    p->rows = p->white + all * n;
    p->scale = p->rows + all * count;
    float *x = p->scale + all, *squares = x + dim * KEYS, *bases = squares + wide * KEYS;
    float *k = bases + wide * KEYS, *white = k + n * KEYS, *extra = white + n * KEYS;
    if (!count)
        return;
    for (int h = 0; h < heads; h++)
        for (int i = 0; i < count; i++) {
            float *distance = p->distance + ((size_t)h * count + i) * wide;
            float *trend = p->trend + ((size_t)h * count + i) * wide, sum = 0.0f;
            for (int d = 0; d < dim; d++) {
                float inverse = f->inverse[h * dim + d], b = points[i * dim + d] - best_x[d];
                float w = (h < f->smooth ? 5.0f : 0.5f) * inverse * inverse, wb = w * b;
                float t = 2.0f * points[i * dim + d] - 1.0f;
                float slope = f->slope[h * dim + d], bend = f->bend[h * dim + d];
                distance[d] = w;
                distance[dim + d] = -2.0f * wb;
                trend[d] = slope * slope * t;
                trend[dim + d] = bend * bend * (t * t);
                sum += wb * b;
            }
            distance[2 * dim] = sum;
            trend[2 * dim] = f->level[h];
        }
    /* Whitened covariances with the rows, of all before any is used; then those of pairs. */
    for (int pass = 0; pass < 2; pass++)
        for (int first = 0; first < count; first += KEYS) {
            const int filled = count - first < KEYS ? count - first : KEYS;
            load_keys(dim, count, first, points, x);
            load_squares(dim, x, best_x, squares, bases);
            for (int h = 0; h < heads; h++) {
                covariance_block(n, wide, h < f->smooth, side_of(f, f->distance, h),
                                 side_of(f, f->trend, h), squares, bases, k, white);
                whiten_block(n, f->root + (size_t)h * n * n, k, white);
                float *out = p->white + (size_t)h * n * count + first;
                if (pass == 0) {
                    for (int i = 0; i < n; i++)
                        memcpy(out + (size_t)i * count, white + i * KEYS, sizeof(float) * filled);
                    continue;
                }
                pending_block(f, p, h, squares, bases, white, extra, extra + longest * KEYS);
                for (int i = 0; i < count; i++)
                    memcpy(p->rows + ((size_t)h * count + i) * count + first, extra + i * KEYS,
                           sizeof(float) * filled);
            }
        }
    /* A Cholesky factorisation that never fails, `regression._explained`. */
    for (int h = 0; h < heads; h++) {
        float *rows = p->rows + (size_t)h * count * count, *scale = p->scale + (size_t)h * count;
        for (int i = 0; i < count; i++) {
            float *row = rows + (size_t)i * count;
            float pivot = clip_from(row[i], 0.0f) + f->noise[h] + LEAST_PIVOT;
            scale[i] = 1.0f / sqrtf(pivot);
            for (int j = i + 1; j < count; j++)
                row[j] *= scale[i];
            for (int j = i + 1; j < count; j++)
                single_add_scaled(-row[j], row + j, rows + (size_t)j * count + j, count - j);
        }
    }
}

#endif
