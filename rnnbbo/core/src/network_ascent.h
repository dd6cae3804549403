/* What networks climb: the heads' averaged improvement and its gradient, policies/network/ascent.py.

For a few points, all rows of all heads at once: R = H n, padded to a multiple of KEYS. */

#ifndef RNNBBO_NETWORK_ASCENT_H
#define RNNBBO_NETWORK_ASCENT_H

#include "climb.h"
#include "network_predict.h"

#define PADDED(r) (((r) + KEYS - 1) / KEYS * KEYS)

/* Floats that `across_sides` writes. */
static size_t sides_size(int heads, int n, int dim)
{
    return (size_t)2 * (2 * dim + 1) * PADDED(heads * n);
}

/* Kernels k and slopes c of weighted distances, kernels.weighted_kernel_and_slope, in k and c. */
static void head_kernels(int count, int matern, float *restrict k, float *restrict c)
{
    if (matern) {
#pragma omp simd
        for (int i = 0; i < count; i++) {
            float square = clip_from(k[i], 1e-20f), s = sqrtf(square), decay = single_exp(-s);
            k[i] = (1.0f + s + square * (1.0f / 3.0f)) * decay;
            c[i] = (1.0f + s) * decay * (1.0f / 3.0f);
        }
        return;
    }
#pragma omp simd
    for (int i = 0; i < count; i++) {
        k[i] = single_exp(-clip_from(k[i], 0.0f));
        c[i] = 2.0f * k[i];
    }
}

/* The value of one point x (D,), and its gradient (D,).

sides: distance and trend, (2 D + 1, PADDED(R)) each; work: 5 PADDED(R) + 3 (2 D + 1) numbers. */
static float climbed_value(const posterior *f, const float *best_x, const float *sides,
                           const double *x, double *gradient, float *work)
{
    const int heads = f->heads, n = f->n, dim = f->dim, wide = 2 * dim + 1;
    const int all = heads * n, padded = PADDED(all), smooth = f->smooth * n;
    float *k = work, *slope = k + padded, *product = slope + padded, *white = product + padded;
    float *by_row = white + padded, *squares = by_row + padded, *bases = squares + wide;
    float *by_base = bases + wide;
    float weighted[heads], mean_part[heads], square_part[heads], variance_part[heads];
    for (int d = 0; d < dim; d++) {
        float at = (float)x[d], a = at - best_x[d], t = 2.0f * at - 1.0f;
        squares[d] = a * a;
        squares[dim + d] = a;
        bases[d] = t;
        bases[dim + d] = t * t;
        by_base[d] = by_base[dim + d] = 0.0f;
    }
    squares[2 * dim] = bases[2 * dim] = 1.0f;
    single_product(1, wide, padded, squares, sides, k);
    single_product(1, wide, padded, bases, sides + (size_t)wide * padded, product);
    head_kernels(smooth, 1, k, slope);
    head_kernels(all - smooth, 0, k + smooth, slope + smooth);
    for (int i = 0; i < all; i++)
        k[i] += product[i];
    float top = -INFINITY, total = 0.0f;
    for (int h = 0; h < heads; h++) {
        const float *of = k + h * n, *reads = f->reads + (size_t)2 * h * n;
        const float *root = f->root + (size_t)h * n * n;
        float mean = single_dot(reads, of, n), covariance = single_dot(reads + n, of, n);
        float variance = 1.0f + f->level[h], explained = 0.0f;
        for (int i = 0; i < n; i++) {
            white[h * n + i] = single_dot(root + (size_t)i * n, of, i + 1);
            explained += white[h * n + i] * white[h * n + i];
        }
        for (int d = 0; d < dim; d++) {
            float s = f->slope[h * dim + d], q = f->bend[h * dim + d];
            variance += s * s * (bases[d] * bases[d]) + q * q * (bases[dim + d] * bases[dim + d]);
        }
        variance = clip_from(variance - explained, HEAD_VARIANCE);
        float apart = clip_from(variance - covariance, HEAD_VARIANCE), noise = f->noise[h];
        float loud = noise / (variance + noise);
        float scale = f->amplitude[h] * f->amplitude[h] * sqrtf(1.0f - loud);
        float square = scale * apart, deviation = sqrtf(square), ratio;
        float z = (f->best[h] - mean) / deviation;
        z = z < STEEPEST ? z : STEEPEST;
        z = z > -STEEPEST ? z : -STEEPEST;
        weighted[h] = single_log(deviation) + single_log_h(f->series, z, &ratio) + f->weight[h];
        top = weighted[h] > top ? weighted[h] : top;
        /* dEI = -Phi dmean + phi ds, and phi / h = 1 - z Phi / h. */
        mean_part[h] = -ratio / deviation;
        square_part[h] = apart > HEAD_VARIANCE ? 0.5f * (1.0f - z * ratio) / square * scale : 0.0f;
        variance_part[h] = square_part[h] * (1.0f + 0.5f * loud * apart / variance);
    }
    for (int h = 0; h < heads; h++)
        total += weighted[h] = single_exp(weighted[h] - top);
    for (int h = 0; h < heads; h++) {
        const float each = weighted[h] / total;
        const float by_mean = each * mean_part[h], by_square = each * square_part[h];
        const float by_variance = each * variance_part[h];
        const float *reads = f->reads + (size_t)2 * h * n, *root = f->root + (size_t)h * n * n;
        float *out = by_row + h * n;
#pragma omp simd
        for (int i = 0; i < n; i++)
            out[i] = by_mean * reads[i] - by_square * reads[n + i];
        for (int i = 0; i < n; i++)
            single_add_scaled(-2.0f * by_variance * white[h * n + i], root + (size_t)i * n, out,
                              i + 1);
        for (int d = 0; d < dim; d++) {
            float s = f->slope[h * dim + d], q = f->bend[h * dim + d];
            by_base[d] += 2.0f * by_variance * s * s * bases[d];
            by_base[dim + d] += 2.0f * by_variance * q * q * bases[dim + d];
        }
    }
    for (int i = 0; i < all; i++)
        slope[i] *= by_row[i];
    const float *trends = sides + (size_t)wide * padded;
    for (int d = 0; d < dim; d++) {
        float first = by_base[d] + single_dot(trends + (size_t)d * padded, by_row, all);
        float second =
            by_base[dim + d] + single_dot(trends + (size_t)(dim + d) * padded, by_row, all);
        float near = single_dot(sides + (size_t)d * padded, slope, all);
        float shift = single_dot(sides + (size_t)(dim + d) * padded, slope, all);
        gradient[d] = 2.0f * first + 4.0f * bases[d] * second - squares[dim + d] * near - 0.5f * shift;
    }
    return top + single_log(total);
}

/* The sides of a fit, (2 D + 1, PADDED(R)) each, of those of its families. */
static void across_sides(const posterior *f, float *sides)
{
    const int all = f->heads * f->n, padded = PADDED(all), wide = 2 * f->dim + 1;
    for (int which = 0; which < 2; which++, sides += (size_t)wide * padded)
        for (int h = 0; h <= f->heads; h++) {
            const int last = h == f->heads, rows = last ? padded - all : f->n;
            const float *from = last ? NULL : side_of(f, which ? f->trend : f->distance, h);
            for (int d = 0; d < wide; d++)
                for (int i = 0; i < rows; i++)
                    sides[(size_t)d * padded + h * f->n + i] = last ? 0.0f : from[i * wide + d];
        }
}

#define CLIMBERS 2 /* of each function, as ascent.py has them */

/* Doubles of scratch that `climb_heads` takes. */
static size_t climb_size(int dim)
{
    return CLIMBERS * ((size_t)dim * (6 + dim) + 3);
}

/* Where two climbers get, (2, D), that begin at points `start` (2, D): climb.climb, by that library.

unit: (D,); sides, work: as `climbed_value` takes them; state: `climb_size` numbers. */
static int climb_heads(const posterior *f, const float *best_x, const float *sides, int steps,
                       double radius, const double *unit, const float *start, float *found,
                       double *state, float *work)
{
    const int dim = f->dim, all = CLIMBERS * dim;
    double *x = state, *g = x + all, *units = g + all, *trial = units + all, *gt = trial + all;
    double *h = gt + all, *value = h + all * dim, *radii = value + CLIMBERS, *ft = radii + CLIMBERS;
    memset(h, 0, sizeof(double) * (size_t)all * dim);
    for (int i = 0; i < CLIMBERS; i++) {
        radii[i] = radius;
        for (int d = 0; d < dim; d++) {
            x[i * dim + d] = start[i * dim + d];
            units[i * dim + d] = unit[d];
            h[((size_t)i * dim + d) * dim + d] = 1.0;
        }
        value[i] = climbed_value(f, best_x, sides, x + i * dim, g + i * dim, work);
    }
    for (int i = 0; i < all; i++)
        g[i] *= units[i];
    for (int step = 0; step < steps; step++) {
        next_look(CLIMBERS, dim, x, value, g, h, radii, units, step == 0, 0, 0.0, trial);
        for (int i = 0; i < CLIMBERS; i++)
            ft[i] = climbed_value(f, best_x, sides, trial + i * dim, gt + i * dim, work);
        if (take_look(CLIMBERS, dim, x, value, g, h, radii, units, step == 0, trial, ft,
                               gt))
            return -1;
    }
    for (int i = 0; i < all; i++)
        found[i] = (float)x[i];
    return 0;
}

/* `ascent.evaluate` of S points of a function.

Args:
    best_x: (D,); inverse ... trend_rbf: of a fit; series: improvement.py. x: (S, D).
    value: (S,), gradient: (S, D), which are returned.
    work: `network_ascent_size` numbers. */
int EXPORT(network_ascent)(int heads, int n, int dim, int count, const float *best_x,
                           const float *slope, const float *bend, const float *level,
                           const float *noise, const float *root, const float *reads,
                           const float *amplitude, const float *best, const float *weight,
                           const float *distance, const float *trend, const float *distance_rbf,
                           const float *trend_rbf, const float *series, const double *x,
                           double *value, double *gradient, float *work)
{
    const posterior f = {
        .heads = heads, .smooth = (heads + 1) / 2, .n = n, .dim = dim, .slope = slope,
        .bend = bend, .level = level, .noise = noise, .root = root, .reads = reads,
        .amplitude = amplitude, .best = best, .weight = weight,
        .distance = {distance, distance_rbf}, .trend = {trend, trend_rbf}, .series = series,
    };
    across_sides(&f, work);
    for (int s = 0; s < count; s++)
        value[s] = climbed_value(&f, best_x, work, x + (size_t)s * dim, gradient + (size_t)s * dim,
                                 work + sides_size(heads, n, dim));
    return 0;
}

/* Floats of scratch that `climbed_value` takes. */
static size_t ascent_size(int heads, int n, int dim)
{
    return 5 * (size_t)PADDED(heads * n) + 3 * (2 * (size_t)dim + 1);
}

/* Floats of scratch that `network_ascent` takes. */
int EXPORT(network_ascent_size)(int heads, int n, int dim)
{
    return (int)(sides_size(heads, n, dim) + ascent_size(heads, n, dim));
}

#endif
