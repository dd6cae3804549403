/* What networks climb: the heads' averaged improvement and its gradient, policies/network/ascent.py.

For a few points, all rows of all heads at once: R = H n, padded to a multiple of LANES. */

#ifndef RNNBBO_NETWORK_ASCENT_H
#define RNNBBO_NETWORK_ASCENT_H

#include "network_predict.h"

#define PADDED(r) (((r) + LANES - 1) / LANES * LANES)

/* Floats that `network_ascent_sides` writes a function. */
static size_t sides_size(int heads, int n, int dim)
{
    return (size_t)2 * (2 * dim + 1) * PADDED(heads * n);
}

/* Kernels k and slopes c of weighted distances, kernels.weighted_kernel_and_slope, in k and c. */
static void kernels_and_slopes(int count, int matern, float *restrict k, float *restrict c)
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
    kernels_and_slopes(smooth, 1, k, slope);
    kernels_and_slopes(all - smooth, 0, k + smooth, slope + smooth);
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
        variance = clip_from(variance - explained, LEAST_VARIANCE);
        float apart = clip_from(variance - covariance, LEAST_VARIANCE), noise = f->noise[h];
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
        square_part[h] = apart > LEAST_VARIANCE ? 0.5f * (1.0f - z * ratio) / square * scale : 0.0f;
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

/* The sides of B fits as `network_ascent` takes them; of a fit, as in network_condition. */
void EXPORT(network_ascent_sides)(int batch, int heads, int n, int dim, const float *distance,
                                  const float *trend, const float *distance_rbf,
                                  const float *trend_rbf, float *sides)
{
    const int smooth = (heads + 1) / 2 * n, all = heads * n, padded = PADDED(all);
    const int wide = 2 * dim + 1;
    for (int p = 0; p < batch; p++)
        for (int which = 0; which < 2; which++, sides += (size_t)wide * padded) {
            const float *first = (which ? trend : distance) + (size_t)p * smooth * wide;
            const float *second = (which ? trend_rbf : distance_rbf) +
                                  (size_t)p * (all - smooth) * wide;
            for (int i = 0; i < padded; i++) {
                const float *row = i < smooth ? first + (size_t)i * wide
                                              : second + (size_t)(i - smooth) * wide;
                for (int d = 0; d < wide; d++)
                    sides[(size_t)d * padded + i] = i < all ? row[d] : 0.0f;
            }
        }
}

/* `ascent.evaluate` of S points of each of B functions.

Args:
    best_x: (B, D); slope ... weight: of the fit, as in network_condition; series: improvement.py.
    sides: of `network_ascent_sides`; x: (B, S, D).
    value: (B, S), gradient: (B, S, D), which are returned; work: 5 PADDED(H n) + 6 D + 3. */
void EXPORT(network_ascent)(int batch, int heads, int n, int dim, int count, const float *best_x,
                            const float *slope, const float *bend, const float *level,
                            const float *noise, const float *root, const float *reads,
                            const float *amplitude, const float *best, const float *weight,
                            const float *series, const float *sides, const double *x,
                            double *value, double *gradient, float *work)
{
    for (int p = 0; p < batch; p++) {
        const size_t h = (size_t)p * heads, hn = h * n;
        const posterior f = {
            .heads = heads, .smooth = (heads + 1) / 2, .n = n, .dim = dim,
            .slope = slope + h * dim, .bend = bend + h * dim, .level = level + h,
            .noise = noise + h, .root = root + hn * n, .reads = reads + 2 * hn,
            .amplitude = amplitude + h, .best = best + h, .weight = weight + h, .series = series,
        };
        for (int s = 0; s < count; s++) {
            const size_t at = (size_t)p * count + s;
            value[at] = climbed_value(&f, best_x + (size_t)p * dim,
                                      sides + p * sides_size(heads, n, dim), x + at * dim,
                                      gradient + at * dim, work);
        }
    }
}

#endif
