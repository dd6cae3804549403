/* What an ask computes of a view: predictions, log expected improvement, and gradients.

The letters are those of policies/kernel/__init__.py; equations as in posterior.py and view.py
there. Points are those of the unit cube, not scaled. */

#ifndef RNNBBO_KERNEL_VIEW_H
#define RNNBBO_KERNEL_VIEW_H

#include <stdlib.h>

#include "climb.h"
#include "factors.h"
#include "gp.h"
#include "normal.h"

#define VARIANCE_FLOOR 1e-15 /* FLOOR of policies/kernel/posterior.py */

/* H hypotheses, conditioned on m points; rnnbbo/core/kernel.py fills it in. */
typedef struct {
    int count, rows, dim;    /* H, m, D */
    const double *x;         /* (m, D) */
    const double *scale;     /* (H, D) 1 / l */
    const double *rbf;       /* (H,) */
    const double *share;     /* (H,) */
    const double *bend;      /* (H,) */
    const double *inverse;   /* (H, m, m) W, or (N, m, m), of which `index` (H,) are those */
    const double *alpha;     /* (H, m) */
    const double *mean;      /* (H,) */
    const double *amplitude; /* (H,) */
    const double *best;      /* (H,) */
    const double *noise;     /* (H,) variance, or NULL where there is none */
    const double *link;      /* (H, m), or NULL */
    const double *weight;    /* (H,) */
    const double *series;    /* of normal.h */
    const int *index;        /* NULL where all are */
} view;

/* Room for one block of keys; _s: scaled, as rows_s (H, m, D), _t: as features of trends. */
typedef struct {
    double *keys, *keys_s, *keys_t, *rows_s, *rows_t, *cross, *k, *slope, *v, *pulled, *gradient;
    double *squares, *all;
} workspace;

INLINE hypothesis viewed(const view *p, int h)
{
    hypothesis one = {p->dim, p->scale + (size_t)h * p->dim, p->rbf[h], p->share[h], p->bend[h]};
    return one;
}

INLINE int has_trend(const view *p)
{
    for (int h = 0; h < p->count; h++)
        if (p->bend[h] != 0.0)
            return 1;
    return 0;
}

INLINE int make_workspace(const view *p, workspace *s)
{
    size_t dim = (size_t)p->dim, rows = (size_t)p->rows;
    size_t each = rows * dim, hypotheses = (size_t)p->count;
    size_t size = 4 * dim * BLOCK + each * (1 + hypotheses) + 5 * rows * BLOCK + BLOCK;
    s->all = malloc(sizeof(double) * size);
    if (!s->all)
        return 0;
    s->keys = s->all;
    s->keys_s = s->keys + dim * BLOCK;
    s->keys_t = s->keys_s + dim * BLOCK;
    s->gradient = s->keys_t + dim * BLOCK;
    s->rows_s = s->gradient + dim * BLOCK;
    s->rows_t = s->rows_s + each * hypotheses;
    s->cross = s->rows_t + each;
    s->k = s->cross + rows * BLOCK;
    s->slope = s->k + rows * BLOCK;
    s->v = s->slope + rows * BLOCK;
    s->pulled = s->v + rows * BLOCK;
    s->squares = s->pulled + rows * BLOCK;
    for (int h = 0; h < p->count; h++) {
        hypothesis one = viewed(p, h);
        scale_points(&one, p->rows, p->x, s->rows_s + each * (size_t)h);
    }
    if (has_trend(p))
        trend_of(p->dim, p->rows * p->dim, p->x, s->rows_t);
    return 1;
}

/* Covariances of the block's keys, by hypothesis h, and slopes, if `slope` is not NULL. */
INLINE void view_covariances(const view *p, int h, workspace *s, double *slope, const int B)
{
    hypothesis one = viewed(p, h);
    scale_keys(&one, s->keys, s->keys_s, B);
    covariances(&one, s->keys_s, 0, p->rows, s->rows_s + (size_t)h * p->rows * p->dim, s->cross,
                s->k, slope, B);
}

INLINE void load_block(const view *p, workspace *s, int count, int first, const double *points,
                       int bent, const int B)
{
    take_block(p->dim, count, first, points, s->keys, B);
    for (int b = 0; b < B; b++)
        s->squares[b] = 0.0;
    if (bent) {
        trend_of(p->dim, p->dim * B, s->keys, s->keys_t);
        trend_squares(p->dim, s->keys_t, s->squares, B);
        trend_products(p->dim, s->keys_t, p->rows, s->rows_t, s->cross, B);
    }
}

/* sum_j w_j k_j (B,) of k (m, B). */
INLINE void weighted_sums(int m, const double *weight, const double *k, double *sums, const int B)
{
    for (int q = 0; q < B; q += LANES) {
        lanes even = {0.0}, odd = {0.0};
        int j = 0;
        for (; j + 2 <= m; j += 2) {
            even += weight[j] * load(k + (size_t)j * B + q);
            odd += weight[j + 1] * load(k + (size_t)(j + 1) * B + q);
        }
        if (j < m)
            even += weight[j] * load(k + (size_t)j * B + q);
        store(sums + q, even + odd);
    }
}

/* sum_j v_j^2 (B,) of v (m, B). */
INLINE void squared_sums(int m, const double *v, double *sums, const int B)
{
    for (int q = 0; q < B; q += LANES) {
        lanes even = {0.0}, odd = {0.0};
        int j = 0;
        for (; j + 2 <= m; j += 2) {
            lanes a = load(v + (size_t)j * B + q), b = load(v + (size_t)(j + 1) * B + q);
            even += a * a;
            odd += b * b;
        }
        if (j < m) {
            lanes a = load(v + (size_t)j * B + q);
            even += a * a;
        }
        store(sums + q, even + odd);
    }
}

/* Mean and reach (B,) of the keys by hypothesis h; and, where `slope` of the workspace is asked
   for, c of the gradients of the mean and of reach^2: `pulled` (m, B), and `own` (B,). */
INLINE void predict(const view *p, int h, workspace *s, double *mean, double *reach, int slopes,
                    double *own, const int B)
{
    const int m = p->rows;
    const size_t at = p->index ? (size_t)p->index[h] : (size_t)h;
    const double *alpha = p->alpha + (size_t)h * m, *inverse = p->inverse + at * m * m;
    const double amplitude = p->amplitude[h], square = amplitude * amplitude;
    hypothesis one = viewed(p, h);
    view_covariances(p, h, s, slopes ? s->slope : 0, B);
    whitened(m, inverse, s->k, s->v, slopes ? s->pulled : 0, B);
    double sum[BLOCK], variance[BLOCK], linked[BLOCK];
    weighted_sums(m, alpha, s->k, sum, B);
    squared_sums(m, s->v, variance, B);
    if (p->noise)
        weighted_sums(m, p->link + (size_t)h * m, s->k, linked, B);
    double scale[BLOCK], by_covariance[BLOCK];
    for (int b = 0; b < B; b++) {
        mean[b] = p->mean[h] + sum[b];
        double left = 1.0 + one.bend * s->squares[b] - variance[b];
        int inside = left > VARIANCE_FLOOR;
        double s2 = inside ? left : VARIANCE_FLOOR;
        if (p->noise) {
            double noise = p->noise[h], apart = s2 - linked[b];
            int away = apart > VARIANCE_FLOOR;
            apart = away ? apart : VARIANCE_FLOOR;
            double share = sqrt(s2 / (s2 + noise)), loud = noise / (s2 + noise);
            by_covariance[b] = away ? square * share : 0.0;
            scale[b] = by_covariance[b] * (1.0 + 0.5 * loud * apart / s2);
            reach[b] = amplitude * sqrt(apart * share);
        } else {
            by_covariance[b] = 0.0;
            scale[b] = inside ? square : 0.0;
            reach[b] = amplitude * sqrt(s2);
        }
    }
    if (!slopes)
        return;
    for (int b = 0; b < B; b++)
        own[b] = scale[b];
    const double *link = p->noise ? p->link + (size_t)h * m : 0;
    for (int q = 0; q < B; q += LANES) {
        lanes factor = -2.0 * load(scale + q), by = load(by_covariance + q);
        for (int j = 0; j < m; j++) {
            double *to = s->pulled + (size_t)j * B + q;
            lanes pulled = factor * load(to);
            if (link)
                pulled -= by * link[j];
            store(to, pulled);
        }
    }
}

/* Weights c (m, B) in `pulled`, from those of reach^2 there: what has slopes `by_mean` and
   `by_variance` (B,) by the mean and by reach^2; and its gradient, added to s->gradient. */
INLINE void add_slopes(const view *p, int h, workspace *s, const double *by_mean,
                       const double *by_variance, const double *own, double *weight, const int B)
{
    const int m = p->rows;
    const double *alpha = p->alpha + (size_t)h * m;
    double owned[BLOCK];
    for (int q = 0; q < B; q += LANES) {
        lanes a = load(by_mean + q), c = load(by_variance + q);
        for (int j = 0; j < m; j++)
            store(weight + (size_t)j * B + q, a * alpha[j] + c * load(s->pulled + (size_t)j * B + q));
    }
    for (int b = 0; b < B; b++)
        owned[b] = by_variance[b] * own[b];
    hypothesis one = viewed(p, h);
    add_gradient(&one, s->keys, m, p->x, s->slope, weight, owned, s->keys_t, s->rows_t,
                 s->gradient, B);
}

/* What is averaged over a view. */
enum { LOG_EI = 0, LOG_CHANCE = 1 };

INLINE void averaged(const view *p, workspace *s, int what, int count, int first,
                     const double *points, int bent, double *value, double *gradient, const int B)
{
    double mean[BLOCK], reach[BLOCK], own[BLOCK] = {0}, by_mean[BLOCK], by_variance[BLOCK];
    double total[BLOCK];
    load_block(p, s, count, first, points, bent, B);
    for (int b = 0; b < B; b++)
        total[b] = 0.0;
    if (gradient)
        memset(s->gradient, 0, sizeof(double) * (size_t)p->dim * B);
    for (int h = 0; h < p->count; h++) {
        const double weight = p->weight[h];
        predict(p, h, s, mean, reach, gradient != 0, own, B);
        if (what == LOG_EI) {
            double best = p->best[h];
#pragma omp simd
            for (int b = 0; b < B; b++) {
                double z = (best - mean[b]) / reach[b], ratio;
                double log_value = log_h(p->series, z, &ratio);
                total[b] += weight * (log_of(reach[b]) + log_value);
                by_mean[b] = -weight * ratio / reach[b];
                by_variance[b] = weight * 0.5 * (1.0 - z * ratio) / (reach[b] * reach[b]);
            }
        } else {
            for (int b = 0; b < B; b++) {
                double z = -mean[b] / reach[b], ratio;
                total[b] += weight * log_cdf(p->series, z, &ratio);
                by_mean[b] = -weight * ratio / reach[b];
                by_variance[b] = -0.5 * weight * ratio * z / (reach[b] * reach[b]);
            }
        }
        if (gradient)
            add_slopes(p, h, s, by_mean, by_variance, own, s->v, B);
    }
    for (int b = 0; b < B && first + b < count; b++) {
        value[first + b] = total[b];
        if (gradient)
            for (int d = 0; d < p->dim; d++)
                gradient[(size_t)(first + b) * p->dim + d] = s->gradient[d * B + b];
    }
}

SHARED int average_all(const view *p, int what, int count, const double *points, double *value,
                       double *gradient)
{
    workspace s;
    if (!make_workspace(p, &s))
        return -1;
    int bent = has_trend(p), first = 0;
    for (; count - first > FEW; first += BLOCK)
        averaged(p, &s, what, count, first, points, bent, value, gradient, BLOCK);
    if (first < count)
        averaged(p, &s, what, count, first, points, bent, value, gradient, FEW);
    free(s.all);
    return 0;
}

/* The averaged log EI (C,) of points (C, D), and its gradient (C, D), or NULL. */
int EXPORT(log_ei)(const view *p, int count, const double *points, double *value, double *gradient)
{
    return average_all(p, LOG_EI, count, points, value, gradient);
}

/* The averaged log Phi(-mean / s) (C,) of points (C, D), and its gradient (C, D), or NULL. */
int EXPORT(log_chance)(const view *p, int count, const double *points, double *value,
                       double *gradient)
{
    return average_all(p, LOG_CHANCE, count, points, value, gradient);
}

INLINE void predict_block(const view *p, workspace *s, int count, int first, const double *points,
                          int bent, double *mean, double *reach, double *mean_slope,
                          double *square_slope, const int B)
{
    const int dim = p->dim;
    double middle[BLOCK], wide[BLOCK], own[BLOCK] = {0}, one[BLOCK], none[BLOCK];
    for (int b = 0; b < B; b++) {
        one[b] = 1.0;
        none[b] = 0.0;
    }
    load_block(p, s, count, first, points, bent, B);
    for (int h = 0; h < p->count; h++) {
        predict(p, h, s, middle, wide, mean_slope != 0, own, B);
        for (int b = 0; b < B && first + b < count; b++) {
            mean[(size_t)h * count + first + b] = middle[b];
            reach[(size_t)h * count + first + b] = wide[b];
        }
        for (int which = 0; which < 2 && mean_slope; which++) {
            double *slope = which ? square_slope : mean_slope;
            memset(s->gradient, 0, sizeof(double) * (size_t)dim * B);
            add_slopes(p, h, s, which ? none : one, which ? one : none, own, s->v, B);
            for (int b = 0; b < B && first + b < count; b++)
                for (int d = 0; d < dim; d++)
                    slope[((size_t)h * count + first + b) * dim + d] = s->gradient[d * B + b];
        }
    }
}

/* Mean and reach (H, C) of points (C, D), and the gradients of the mean and of reach^2 (H, C, D),
   or NULL. */
int EXPORT(predict)(const view *p, int count, const double *points, double *mean, double *reach,
                    double *mean_slope, double *square_slope)
{
    workspace s;
    if (!make_workspace(p, &s))
        return -1;
    int bent = has_trend(p), first = 0;
    for (; count - first > FEW; first += BLOCK)
        predict_block(p, &s, count, first, points, bent, mean, reach, mean_slope, square_slope,
                      BLOCK);
    if (first < count)
        predict_block(p, &s, count, first, points, bent, mean, reach, mean_slope, square_slope,
                      FEW);
    free(s.all);
    return 0;
}

INLINE void mean_block(const view *p, workspace *s, int count, int first, const double *points,
                       int bent, double *value, double *gradient, const int B)
{
    const int m = p->rows;
    double total[BLOCK], none[BLOCK];
    load_block(p, s, count, first, points, bent, B);
    for (int b = 0; b < B; b++)
        total[b] = none[b] = 0.0;
    memset(s->gradient, 0, sizeof(double) * (size_t)p->dim * B);
    for (int h = 0; h < p->count; h++) {
        const double *alpha = p->alpha + (size_t)h * m, weight = p->weight[h];
        hypothesis one = viewed(p, h);
        double sum[BLOCK];
        view_covariances(p, h, s, s->slope, B);
        weighted_sums(m, alpha, s->k, sum, B);
        for (int j = 0; j < m; j++)
            for (int b = 0; b < B; b++)
                s->v[(size_t)j * B + b] = -weight * alpha[j];
        for (int b = 0; b < B; b++)
            total[b] -= weight * (p->mean[h] + sum[b]);
        add_gradient(&one, s->keys, m, p->x, s->slope, s->v, none, s->keys_t, s->rows_t,
                     s->gradient, B);
    }
    for (int b = 0; b < B && first + b < count; b++) {
        value[first + b] = total[b];
        for (int d = 0; d < p->dim; d++)
            gradient[(size_t)(first + b) * p->dim + d] = s->gradient[d * B + b];
    }
}

SHARED int lower_all(const view *p, int count, const double *points, double *value,
                     double *gradient)
{
    workspace s;
    if (!make_workspace(p, &s))
        return -1;
    int bent = has_trend(p), first = 0;
    for (; count - first > FEW; first += BLOCK)
        mean_block(p, &s, count, first, points, bent, value, gradient, BLOCK);
    if (first < count)
        mean_block(p, &s, count, first, points, bent, value, gradient, FEW);
    free(s.all);
    return 0;
}

/* Minus the averaged posterior mean (C,) of points (C, D), and its gradient (C, D). */
int EXPORT(lowered)(const view *p, int count, const double *points, double *value,
                    double *gradient)
{
    return lower_all(p, count, points, value, gradient);
}

/* Climb from x (S, D), in place, to values f (S,): of the averaged log EI, or, if `lowered`, of
   minus the posterior mean. policies/climb.py has the other arguments; unit (S, D). */
SHARED int climb_all(const view *p, int lowered, int count, int steps, double first_radius,
                     int gains, double gain, const double *unit, double *x, double *f)
{
    const int dim = p->dim;
    const size_t size = (size_t)count * dim;
    double *g = malloc(sizeof(double) * (size * (3 + (size_t)dim) + 2 * (size_t)count));
    if (!g)
        return -1;
    double *gt = g + size, *trial = gt + size, *h = trial + size, *radius = h + size * dim;
    double *ft = radius + count;
    int failed = lowered ? lower_all(p, count, x, f, g)
                         : average_all(p, LOG_EI, count, x, f, g);
    for (size_t a = 0; a < size; a++)
        g[a] *= unit[a];
    memset(h, 0, sizeof(double) * size * dim);
    for (int i = 0; i < count; i++) {
        radius[i] = first_radius;
        for (int a = 0; a < dim; a++)
            h[((size_t)i * dim + a) * dim + a] = 1.0;
    }
    for (int step = 0; step < steps && !failed; step++) {
        if (!next_look(count, dim, x, f, g, h, radius, unit, step == 0, gains, gain, trial))
            break;
        failed = lowered ? lower_all(p, count, trial, ft, gt)
                         : average_all(p, LOG_EI, count, trial, ft, gt);
        if (!failed)
            failed = take_look(count, dim, x, f, g, h, radius, unit, step == 0, trial, ft, gt);
    }
    free(g);
    return failed;
}

int EXPORT(ascend)(const view *p, int lowered, int count, int steps, double first_radius,
                   int gains, double gain, const double *unit, double *x, double *f)
{
    return climb_all(p, lowered, count, steps, first_radius, gains, gain, unit, x, f);
}

/* At least the averaged log EI (C,) of points (C, D), rounding aside; View.bound. */
SHARED int bound_all(const view *p, int count, const double *points, double *value)
{
    const int m = p->rows;
    workspace s;
    if (!make_workspace(p, &s))
        return -1;
    int bent = has_trend(p);
    double *row_squares = s.v, *row_by = s.v + m; /* |phi|^2 of the rows; 1 / their variances */
    for (int j = 0; j < m; j++) {
        row_squares[j] = 0.0;
        if (bent)
            trend_squares(p->dim, s.rows_t + (size_t)j * p->dim, row_squares + j, 1);
    }
    for (int first = 0; first < count; first += BLOCK) {
        double total[BLOCK];
        load_block(p, &s, count, first, points, bent, BLOCK);
        for (int b = 0; b < BLOCK; b++)
            total[b] = 0.0;
        for (int h = 0; h < p->count; h++) {
            for (int j = 0; j < m; j++)
                row_by[j] = 1.0;
            const double *alpha = p->alpha + (size_t)h * m, weight = p->weight[h];
            const double amplitude = p->amplitude[h], best = p->best[h];
            hypothesis one = viewed(p, h);
            double sum[BLOCK], told[BLOCK];
            view_covariances(p, h, &s, 0, BLOCK);
            weighted_sums(m, alpha, s.k, sum, BLOCK);
            for (int j = 0; j < m && one.bend != 0.0; j++)
                row_by[j] = 1.0 / (1.0 + one.bend * row_squares[j]);
            for (int q = 0; q < BLOCK; q += LANES) {
                lanes most = {0.0};
                for (int j = 0; j < m; j++) {
                    lanes k = load(s.k + (size_t)j * BLOCK + q), tells = k * k * row_by[j];
                    most = LARGER(tells, most);
                }
                store(told + q, most);
            }
#pragma omp simd
            for (int b = 0; b < BLOCK; b++) {
                /* The deviation that the one row leaves that tells most. */
                double left = 1.0 + one.bend * s.squares[b] - told[b], ratio;
                double deviation = amplitude * sqrt(left > VARIANCE_FLOOR ? left : VARIANCE_FLOOR);
                double z = (best - (p->mean[h] + sum[b])) / deviation;
                total[b] += weight * (log_of(deviation) + log_h(p->series, z, &ratio));
            }
        }
        for (int b = 0; b < BLOCK && first + b < count; b++)
            value[first + b] = total[b];
    }
    free(s.all);
    return 0;
}

int EXPORT(bound)(const view *p, int count, const double *points, double *value)
{
    return bound_all(p, count, points, value);
}

/* Append the indices of the largest values from `first` to `last` - 1, `most` of them, to `index`:
   in a heap, the least of them on top. Returns how many. */
SHARED int largest(const double *values, int first, int last, int most, int *index)
{
    int size = 0;
    for (int i = first; i < last; i++) {
        int at;
        if (size < most) {
            at = size++;
            for (; at > 0 && values[index[(at - 1) / 2]] > values[i]; at = (at - 1) / 2)
                index[at] = index[(at - 1) / 2];
        } else if (values[i] > values[index[0]]) {
            for (at = 0; 2 * at + 1 < size;) {
                int child = 2 * at + 1;
                child += child + 1 < size && values[index[child + 1]] < values[index[child]];
                if (!(values[index[child]] < values[i]))
                    break;
                index[at] = index[child];
                at = child;
            }
        } else {
            continue;
        }
        index[at] = i;
    }
    return size;
}

/* The exact scores of the candidates (C, D) with the largest bounds, `most` of the first `wide`, and
   of the others: score and index, (2 most,). */
SHARED int score_all(const view *p, int count, int wide, int most, const double *points,
                     double *score, int *index)
{
    const size_t dim = (size_t)p->dim;
    double *values = malloc(sizeof(double) * ((size_t)count + 2 * (size_t)most * dim));
    if (!values)
        return -1;
    double *chosen = values + count;
    int failed = bound_all(p, count, points, values);
    if (!failed) {
        int size = largest(values, 0, wide, most, index);
        size += largest(values, wide, count, most, index + size);
        for (int i = 0; i < size; i++)
            memcpy(chosen + i * dim, points + index[i] * dim, sizeof(double) * dim);
        failed = average_all(p, LOG_EI, size, chosen, score, 0);
    }
    free(values);
    return failed;
}

int EXPORT(score)(const view *p, int count, int wide, int most, const double *points,
                  double *score, int *index)
{
    return score_all(p, count, wide, most, points, score, index);
}

#endif
