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

/* Random numbers of M moves, `Draws` of hypotheses.py; W = D + 3. */
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
    double half = whiten_values(n, factor, w, residual, o);
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

/* Take in the last of x (n, D), z (n,), of which `out` (n,) are outliers: inverse factors (N, n - 1,
   n - 1) become `longer` (N, n, n), and the log posterior densities are written to `target` (N,).

Returns 0; 1 if a factor is lost; -1 if there is no memory. */
int EXPORT(learn)(int count, int n, int dim, const double *x, const double *z, const double *out,
                  const hypotheses *all, const prior *p, const double *inverse, double *longer,
                  double *target)
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
        double *own = longer + i * size;
        scale_points(&h, n, x, s.x);
        append_row(&h, n, s.x, s.t, s.nugget[m], inverse + i * m * m, own, s.cross, s.block);
        lost = is_lost((size_t)n, own + m * n);
        double jacobian = warp_heights(n, z, all->log_warp[i], s.w, &spread);
        double half = whiten_values(n, own, s.w, s.u, s.o);
        profile(n, s.u, s.o, half, spread, counted, s.u, &mean, &amplitude, target + i);
        target[i] += jacobian + log_prior(p, all, i, dim, outliers);
    }
    free(s.all);
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

/* Room for M hypotheses; NULL if there is none. */
INLINE double *make_hypotheses(int count, int dim, hypotheses *h)
{
    const size_t size = (size_t)count;
    double *all = malloc(sizeof(double) * size * ((size_t)dim + 8));
    if (!all)
        return 0;
    h->log_lengthscale = all;
    double *next = all + size * dim;
    double **fields[8] = {&h->rbf, &h->noisy, &h->log_noise, &h->log_warp, &h->curved,
                          &h->log_trend, &h->separable, &h->glitchy};
    for (int l = 0; l < 8; l++, next += size)
        *fields[l] = next;
    return all;
}

/* Take a Metropolis step with the particles at `index` (M,), in place; nothing changes unless it
   returns 0.

`log_chance` (M,) is of a uniform number each. Returns 1 if a covariance is not positive definite, or
a factor is lost; -1 if there is no memory. */
int EXPORT(move)(int count, int n, int dim, const double *x, const double *z, const double *out,
                 hypotheses *all, const prior *p, const int *index, const draws *random,
                 const double *log_chance, double *inverse, double *target)
{
    belief_room s;
    if (!make_belief_room(n, dim, &s))
        return -1;
    const size_t size = (size_t)n * n;
    const double outliers = count_of(n, out);
    double *factor = malloc(sizeof(double) * (size * ((size_t)count + 1) + (size_t)count));
    int *accepted = malloc(sizeof(int) * (size_t)count);
    hypotheses own, *moved = &own;
    double *proposals = make_hypotheses(count, dim, moved);
    if (!factor || !accepted || !proposals) {
        free(factor);
        free(accepted);
        free(proposals);
        free(s.all);
        return -1;
    }
    double *fresh = factor + size, *density = fresh + size * (size_t)count;
    int failed = 0, taken = 0;
    trend_of(dim, n * dim, x, s.t);
    for (int i = 0; i < count && !failed; i++) {
        propose(all, random, index[i], i, count, dim, moved);
        hypothesis h = hypothesis_of(moved, i, dim, s.scale);
        double counted = nuggets_of(moved, i, n, out, s.nugget), spread, mean, amplitude;
        double jacobian = warp_heights(n, z, moved->log_warp[i], s.w, &spread);
        scale_points(&h, n, x, s.x);
        covariance_matrix(&h, n, s.x, s.t, s.nugget, factor, s.block, s.room, s.room_cross);
        failed = !cholesky(n, factor);
        if (failed)
            break;
        double half = 0.0;
        for (int j = 0; j < n; j++) {
            s.u[j] = s.w[j];
            s.o[j] = 1.0;
            half += log_of(factor[(size_t)j * n + j]);
        }
        solve(n, factor, s.u);
        solve(n, factor, s.o);
        profile(n, s.u, s.o, half, spread, counted, s.u, &mean, &amplitude, density + taken);
        density[taken] += jacobian + log_prior(p, moved, i, dim, outliers);
        if (log_chance[i] < density[taken] - target[index[i]]) {
            invert(n, factor, fresh + taken * size);
            failed = is_lost(size, fresh + taken * size);
            accepted[taken++] = i;
        }
    }
    for (int j = 0; j < taken && !failed; j++) {
        const int from = accepted[j], to = index[from];
        memcpy(inverse + to * size, fresh + j * size, sizeof(double) * size);
        target[to] = density[j];
        memcpy(all->log_lengthscale + (size_t)to * dim, moved->log_lengthscale + (size_t)from * dim,
               sizeof(double) * (size_t)dim);
        all->rbf[to] = moved->rbf[from];
        all->noisy[to] = moved->noisy[from];
        all->log_noise[to] = moved->log_noise[from];
        all->log_warp[to] = moved->log_warp[from];
        all->curved[to] = moved->curved[from];
        all->log_trend[to] = moved->log_trend[from];
        all->separable[to] = moved->separable[from];
        all->glitchy[to] = moved->glitchy[from];
    }
    free(factor);
    free(accepted);
    free(proposals);
    free(s.all);
    return failed;
}

#endif
