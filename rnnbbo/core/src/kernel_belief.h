/* The particles of a tell, each worked through while it is in the cache: learning and moving.

policies/kernel/inference.py, `update_belief`, and hypotheses.py, prior.py, whose letters these are.
Random numbers are drawn there. */

#ifndef RNNBBO_KERNEL_BELIEF_H
#define RNNBBO_KERNEL_BELIEF_H

#include <stdlib.h>

#include "kernel_tell.h"

#define LOUD 1e4          /* hypotheses.py */
#define ADDITIVE .75      /* _SHARE of hypotheses.py */
#define LARGEST 2e6       /* _LARGEST of inference.py: 2 / sqrt(JITTER) */
#define FLIP .1           /* _FLIP of hypotheses.py */
#define ROUNDING 1e-28    /* _ROUNDING of hypotheses.py */

/* Fields of `Hypotheses`, (N, D) and (N,). */
typedef struct {
    double *log_lengthscale, *rbf, *noisy, *log_noise, *log_warp, *curved, *log_trend, *separable,
        *glitchy;
} hypotheses;

/* A `Prior` in a number of dimensions; rnnbbo/core/kernel.py fills it in. */
typedef struct {
    double centre, common, own; /* of log length-scales: mean, and variances */
    double noise, noise_spread, warp, warp_spread, least_warp, trend, trend_spread;
    double log_on[5], log_off[5]; /* log probabilities of the switches, in the order of flips */
    double glitch;                /* what an outlier adds where it says nothing */
} prior;

/* Random numbers of M moves, `MoveDraws` of hypotheses.py; W = D + 3. */
typedef struct {
    const int *pair;      /* (2, M) */
    const double *whole;  /* (M,) */
    const double *ticket; /* (M, W) */
    const double *jump;   /* (M,) */
    const double *normal; /* (M, W) */
    const double *flip;   /* (5, M) */
} draws;

/* Room for what one particle needs. */
typedef struct {
    double *t, *x, *scale, *w, *u, *o, *nugget, *cross, *block, *room, *room_cross, *all;
} belief_room;

INLINE int make_belief_room(int n, int dim, belief_room *s)
{
    size_t rows = (size_t)n, width = (size_t)dim;
    s->all = malloc(sizeof(double) * (rows * (2 * width + 5 + 2 * BLOCK) + width +
                                      BLOCK * (2 * width + 1)));
    if (!s->all)
        return 0;
    s->t = s->all;
    s->x = s->t + rows * width;
    s->scale = s->x + rows * width;
    s->w = s->scale + width;
    s->u = s->w + rows;
    s->o = s->u + rows;
    s->nugget = s->o + rows;
    s->cross = s->nugget + rows;
    s->block = s->cross + rows + BLOCK;
    s->room = s->block + 2 * BLOCK * width;
    s->room_cross = s->room + rows * BLOCK;
    return 1;
}

INLINE hypothesis hypothesis_of(const hypotheses *all, int i, int dim, double *scale)
{
    for (int d = 0; d < dim; d++)
        scale[d] = exp(-all->log_lengthscale[(size_t)i * dim + d]);
    double bend = all->curved[i] != 0.0 ? exp(2.0 * all->log_trend[i]) : 0.0;
    hypothesis h = {dim, scale, all->rbf[i], all->separable[i] * ADDITIVE, bend};
    return h;
}

/* Nuggets (n,) of observations, of which `out` (n,) are outliers; returns how many count. */
INLINE double nuggets_of(const hypotheses *all, int i, int n, const double *out, double *nugget)
{
    double own = LEAST_VARIANCE, glitches = 0.0;
    if (all->noisy[i] != 0.0)
        own += exp(2.0 * all->log_noise[i]);
    for (int j = 0; j < n; j++) {
        nugget[j] = own + LOUD * all->glitchy[i] * out[j];
        glitches += out[j];
    }
    return n - all->glitchy[i] * glitches;
}

/* Warped heights w (n,), their variance, and the log Jacobian. */
INLINE double warp_heights(int n, const double *z, double log_c, double *w, double *spread)
{
    const double c = exp(log_c);
    double jacobian = 0.0, mean = 0.0, variance = 0.0, largest = 0.0;
#pragma omp simd reduction(+ : jacobian, mean) reduction(max : largest)
    for (int j = 0; j < n; j++) {
        /* log(1 + a), with what 1 + a has lost of a */
        double a = fabs(z[j]) / c, above = 1.0 + a;
        double log_ratio = log_of(above) + (a - (above - 1.0)) / above;
        w[j] = copysign(c * log_ratio, z[j]);
        jacobian -= log_ratio;
        mean += w[j];
        largest = w[j] * w[j] > largest ? w[j] * w[j] : largest;
    }
    mean /= n;
#pragma omp simd reduction(+ : variance)
    for (int j = 0; j < n; j++)
        variance += (w[j] - mean) * (w[j] - mean);
    variance /= n;
    *spread = variance > ROUNDING * largest ? variance : 1.0;
    return jacobian;
}

INLINE double square_of(double x)
{
    return x * x;
}

/* The log density of a hypothesis, and of what outliers add to its evidence. */
INLINE double log_prior(const prior *p, const hypotheses *all, int i, int dim, double outliers)
{
    double total = 0.0, square = 0.0;
    for (int d = 0; d < dim; d++) {
        double z = all->log_lengthscale[(size_t)i * dim + d] - p->centre;
        total += z;
        square += z * z;
    }
    double quadratic = (square - p->common / (p->own + dim * p->common) * total * total) / p->own;
    quadratic += square_of((all->log_noise[i] - p->noise) / p->noise_spread);
    quadratic += square_of((all->log_warp[i] - p->warp) / p->warp_spread);
    quadratic += square_of((all->log_trend[i] - p->trend) / p->trend_spread);
    if (all->log_warp[i] < p->least_warp)
        return -INFINITY;
    const double on[5] = {all->rbf[i], all->noisy[i], all->curved[i], all->separable[i],
                          all->glitchy[i]};
    double density = -0.5 * quadratic + all->glitchy[i] * outliers * p->glitch;
    for (int l = 0; l < 5; l++)
        density += on[l] > 0.0 ? p->log_on[l] : p->log_off[l];
    return density;
}

INLINE double count_of(int n, const double *out)
{
    double count = 0.0;
    for (int j = 0; j < n; j++)
        count += out[j];
    return count;
}

/* Whether a row or more of an inverse factor is larger than that of any exact one, or no number. */
INLINE int is_lost(size_t size, const double *inverse)
{
    int lost = 0;
    for (size_t j = 0; j < size; j++)
        lost |= !(fabs(inverse[j]) < LARGEST);
    return lost;
}

/* What hypothesis i makes of heights z (n,), by its inverse factor W (n, n): warped values w,
   residual, alpha and, without the noise left in them, `smooth` (n,); mean and amplitude. `room` (2
   n,). */
INLINE void whiten_one(int n, const double *z, const double *out, const hypotheses *all, int i,
                       const double *factor, double *w, double *residual, double *alpha,
                       double *smooth, double *mean, double *amplitude, double *room)
{
    double *o = room, *nugget = room + n, spread, evidence;
    double counted = nuggets_of(all, i, n, out, nugget);
    warp_heights(n, z, all->log_warp[i], w, &spread);
    double half = whiten_values(n, factor, n, factor + (size_t)(n - 1) * n, w, residual, o);
    profile(n, residual, o, half, spread, counted, residual, mean, amplitude, &evidence);
    memset(alpha, 0, sizeof(double) * (size_t)n);
    for (int j = 0; j < n; j++)
        add_scaled(residual[j], factor + (size_t)j * n, alpha, j + 1);
    for (int j = 0; j < n; j++)
        smooth[j] = w[j] - nugget[j] * alpha[j];
}

/* Likewise of all, (N, n) and (N,). */
int EXPORT(whiten)(int count, int n, const double *z, const double *out, const hypotheses *all,
                   const double *inverse, double *w, double *residual, double *alpha,
                   double *smooth, double *mean, double *amplitude)
{
    double *room = malloc(sizeof(double) * 2 * (size_t)n);
    if (!room)
        return -1;
    for (int i = 0; i < count; i++) {
        const size_t at = (size_t)i * n;
        whiten_one(n, z, out, all, i, inverse + at * n, w + at, residual + at, alpha + at,
                   smooth + at, mean + i, amplitude + i, room);
    }
    free(room);
    return 0;
}

/* Log weights (N,) less the largest, and weights (N,) of sum 1; and behind these, how many carry it. */
INLINE void weigh(int count, double *log_weight, double *weight)
{
    double largest = log_weight[0], total = 0.0, squares = 0.0;
    for (int i = 1; i < count; i++)
        largest = log_weight[i] > largest || log_weight[i] != log_weight[i] ? log_weight[i] : largest;
    for (int i = 0; i < count; i++) {
        log_weight[i] -= largest;
        weight[i] = exp(log_weight[i]);
        total += weight[i];
    }
    for (int i = 0; i < count; i++) {
        weight[i] /= total;
        squares += weight[i] * weight[i];
    }
    weight[count] = 1.0 / squares;
}

/* Take in the last of x (n, D), z (n,), of which `out` (n,) are outliers: `rows` (N, n) are what it adds
   to inverse factors (N, n - 1, n - 1), which with them become `longer` (N, n, n), unless that is NULL.

The log posterior densities, before in `known` (N,), are written to `target` (N,). By them the log
weights (N,) become `now` (N,), of which the largest is 0, and `weight` (N,), of sum 1; how many
particles carry it is written behind them, to weight[N].
Returns 0; 1 if a factor is lost; -1 if there is no memory. */
int EXPORT(learn)(int count, int n, int dim, const double *x, const double *z, const double *out,
                  const hypotheses *all, const prior *p, const double *inverse, const double *known,
                  const double *log_weight, double *rows, double *longer, double *target,
                  double *now, double *weight)
{
    belief_room s;
    if (!make_belief_room(n, dim, &s))
        return -1;
    const size_t m = (size_t)n - 1, size = (size_t)n * n;
    const double outliers = count_of(n, out);
    trend_of(dim, n * dim, x, s.t);
    int lost = 0;
    for (int i = 0; i < count && !lost; i++) {
        hypothesis h = hypothesis_of(all, i, dim, s.scale);
        double counted = nuggets_of(all, i, n, out, s.nugget), spread, mean, amplitude;
        double *row = rows + (size_t)i * n;
        const double *own = inverse + i * m * m;
        scale_points(&h, n, x, s.x);
        append_row(&h, n, s.x, s.t, s.nugget[m], own, row, longer ? longer + i * size : 0, s.cross,
                   s.block);
        lost = is_lost((size_t)n, row);
        double jacobian = warp_heights(n, z, all->log_warp[i], s.w, &spread);
        double half = whiten_values(n, own, (int)m, row, s.w, s.u, s.o);
        profile(n, s.u, s.o, half, spread, counted, s.u, &mean, &amplitude, target + i);
        target[i] += jacobian + log_prior(p, all, i, dim, outliers);
        now[i] = log_weight[i] + target[i] - known[i];
    }
    free(s.all);
    if (!lost)
        weigh(count, now, weight);
    return lost;
}

/* The numbers that move, in turn: log length-scales, log noise, log c, log trend. */
INLINE double *number_of(const hypotheses *all, int i, int dim, int which)
{
    if (which < dim)
        return all->log_lengthscale + (size_t)i * dim + which;
    return (which == dim ? all->log_noise : which == dim + 1 ? all->log_warp : all->log_trend) + i;
}

/* The switches, in the order of flips. */
INLINE double *switch_of(const hypotheses *all, int i, int which)
{
    double *const fields[5] = {all->rbf, all->noisy, all->curved, all->separable, all->glitchy};
    return fields[which] + i;
}

/* Write the proposal of the particle at `from`, number i of M, to `moved`; `propose_moves`. */
INLINE void propose(const hypotheses *all, const draws *r, int from, int i, int count, int dim,
                    const hypotheses *moved)
{
    const int width = dim + 3, a = r->pair[i], b = r->pair[count + i];
    const double some = 1.0 / width > 0.3 ? 1.0 / width : 0.3;
    const double *ticket = r->ticket + (size_t)i * width, *normal = r->normal + (size_t)i * width;
    int moving = 0;
    for (int l = 0; l < width; l++)
        moving += r->whole[i] >= 0.5 || ticket[l] < some;
    double gamma = r->jump[i] < 0.1 ? 1.0 : 2.38 / sqrt(2.0 * (moving > 1 ? moving : 1));
    for (int l = 0; l < width; l++) {
        double step = gamma * (*number_of(all, a, dim, l) - *number_of(all, b, dim, l));
        step += 0.03 * normal[l];
        int moves = r->whole[i] >= 0.5 || ticket[l] < some;
        *number_of(moved, i, dim, l) = *number_of(all, from, dim, l) + (moves ? step : 0.0);
    }
    for (int l = 0; l < 5; l++) {
        double now = *switch_of(all, from, l);
        *switch_of(moved, i, l) = r->flip[(size_t)l * count + i] < FLIP ? 1.0 - now : now;
    }
}

/* Fields of M hypotheses in one array, (M, D) and eight times (M,). */
INLINE hypotheses fields_in(int count, int dim, double *all)
{
    const size_t size = (size_t)count;
    double *next = all + size * (size_t)dim;
    hypotheses h = {all, next, next + size, next + 2 * size, next + 3 * size, next + 4 * size,
                    next + 5 * size, next + 6 * size, next + 7 * size};
    return h;
}

/* Copy the hypothesis at `from` to the one at `to`. */
INLINE void copy_hypothesis(const hypotheses *source, int from, const hypotheses *h, int to, int dim)
{
    for (int l = 0; l < dim + 3; l++)
        *number_of(h, to, dim, l) = *number_of(source, from, dim, l);
    for (int l = 0; l < 5; l++)
        *switch_of(h, to, l) = *switch_of(source, from, l);
}

/* Copy the inverse factor (n, n) of the particle at `from`: where there are `rows`, from (n - 1, n - 1)
   and its row. */
INLINE void copy_factor(int n, int from, const double *inverse, const double *rows, double *to)
{
    const size_t m = rows ? (size_t)n - 1 : (size_t)n;
    const double *own = inverse + from * m * m;
    if (!rows) {
        memcpy(to, own, sizeof(double) * m * m);
        return;
    }
    for (size_t j = 0; j < m; j++)
        lengthen(own + j * m, (int)j + 1, n, to + j * n);
    memcpy(to + m * n, rows + (size_t)from * n, sizeof(double) * (size_t)n);
}

/* Take the particles `chosen` (K,), or all K where that is NULL, and a Metropolis step with those of
   them at `index` (M,).

x (n, D), z and out (n,). Factors come as `inverse` (N, n, n), or, with `rows` (N, n), as (N, n - 1,
n - 1) without these; target (N,) are log posterior densities, log_chance (M,) of a uniform number
each. The new particles' fields are written to `fields` (K (D + 8),), their factors to `factors`
(K, n, n), which may be `inverse`, and `densities` (K,).
Returns 0; 1 if a covariance is not positive definite, or a factor is lost: then what was given is as
it was; -1 if there is no memory. */
int EXPORT(move)(int kept, int moving, int n, int dim, const double *x, const double *z,
                 const double *out, const hypotheses *all, const prior *p, const int *chosen,
                 const int *index, const draws *random, const double *log_chance,
                 const double *inverse, const double *rows, const double *target, double *fields,
                 double *factors, double *densities)
{
    belief_room s;
    if (!make_belief_room(n, dim, &s))
        return -1;
    const size_t size = (size_t)n * n, wide = (size_t)padded(n), room = wide * n, some = (size_t)moving;
    const double outliers = count_of(n, out);
    double *factor = malloc(sizeof(double) * (room * (some + 1) + some * ((size_t)dim + 9)));
    int *accepted = malloc(sizeof(int) * (some + (size_t)kept));
    if (!factor || !accepted) {
        free(factor);
        free(accepted);
        free(s.all);
        return -1;
    }
    double *fresh = factor + room, *density = fresh + room * some;
    int *place = accepted + moving; /* of each, among the accepted; -1 for none */
    const hypotheses own = fields_in(kept, dim, fields), moved = fields_in(moving, dim, density + some);
    int failed = 0, taken = 0;
    for (int i = 0; i < kept; i++) {
        copy_hypothesis(all, chosen ? chosen[i] : i, &own, i, dim);
        densities[i] = target[chosen ? chosen[i] : i];
        place[i] = -1;
    }
    trend_of(dim, n * dim, x, s.t);
    for (int i = 0; i < moving && !failed; i++) {
        propose(&own, random, index[i], i, moving, dim, &moved);
        hypothesis h = hypothesis_of(&moved, i, dim, s.scale);
        double counted = nuggets_of(&moved, i, n, out, s.nugget), spread, mean, amplitude;
        double jacobian = warp_heights(n, z, moved.log_warp[i], s.w, &spread);
        scale_points(&h, n, x, s.x);
        covariance_matrix(&h, n, s.x, s.t, s.nugget, factor, s.block, s.room, s.room_cross);
        failed = !cholesky(n, factor);
        if (failed)
            break;
        double half = 0.0;
        for (int j = 0; j < n; j++) {
            s.u[j] = s.w[j];
            s.o[j] = 1.0;
            half += log_of(factor[j * wide + j]);
        }
        solve(n, factor, s.u);
        solve(n, factor, s.o);
        profile(n, s.u, s.o, half, spread, counted, s.u, &mean, &amplitude, density + taken);
        density[taken] += jacobian + log_prior(p, &moved, i, dim, outliers);
        if (log_chance[i] < density[taken] - densities[index[i]]) {
            invert(n, factor, fresh + taken * room);
            failed = is_lost(room, fresh + taken * room);
            place[index[i]] = taken;
            accepted[taken++] = i;
        }
    }
    for (int i = 0; i < kept && !failed; i++) {
        double *to = factors + i * size;
        if (place[i] >= 0) {
            copy_padded(n, fresh + place[i] * room, to);
            densities[i] = density[place[i]];
            copy_hypothesis(&moved, accepted[place[i]], &own, i, dim);
        } else if (factors != inverse) {
            copy_factor(n, chosen ? chosen[i] : i, inverse, rows, to);
        }
    }
    free(factor);
    free(accepted);
    free(s.all);
    return failed;
}

#endif
