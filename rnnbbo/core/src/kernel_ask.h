/* A whole ask, where nothing is to be regarded but the objective: policies/kernel/kernel_policy.py,
   `_ranked`, of which every step is a function of its own in the other headers. */

#ifndef RNNBBO_KERNEL_ASK_H
#define RNNBBO_KERNEL_ASK_H

#include <stdlib.h>

#include "kernel_belief.h"
#include "kernel_view.h"
#include "search.h"

/* Draw indices by weight with one random number, ascending, `most` of them; how many there are, the
   indices and the weights of each (most,). `systematic` of policies/kernel/inference.py. */
INLINE int systematic(int count, const double *log_weight, double u, int most, int *index,
                      double *weight)
{
    double total = 0.0, up_to = 0.0;
    for (int i = 0; i < count; i++)
        total += exp(log_weight[i]);
    int size = 0, i = 0;
    up_to = exp(log_weight[0]) / total;
    for (int j = 0; j < most; j++) {
        double at = (u + j) / most * (1.0 - 1e-12);
        while (i < count - 1 && up_to < at)
            up_to += exp(log_weight[++i]) / total;
        if (size == 0 || index[size - 1] != i) {
            index[size] = i;
            weight[size++] = 0.0;
        }
        weight[size - 1] += 1.0 / most;
    }
    return size;
}

/* Sort indices (n,) by values, the largest first, stably. */
INLINE void rank(int n, const double *values, int *order)
{
    for (int i = 0; i < n; i++) {
        int at = i;
        for (; at > 0 && values[order[at - 1]] < values[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

/* What a view of hypotheses at `index` has: filled in, but for the arrays of which it says so. */
INLINE void fill_view(view *p, int n, const double *x, const double *z, const double *out,
                      const hypotheses *all, double *room, double *lengthscale, double *unit,
                      int *incumbent)
{
    const int dim = p->dim, count = p->count;
    double *scale = room, *rbf = scale + (size_t)count * dim, *share = rbf + count;
    double *bend = share + count, *mean = bend + count, *amplitude = mean + count;
    double *best = amplitude + count, *noise = best + count, *alpha = noise + count;
    double *link = alpha + (size_t)count * n, *smooth = link + (size_t)count * n;
    double *w = smooth + (size_t)count * n, *residual = w + n, *spare = residual + n;
    double *votes = spare + 2 * (size_t)n;
    int lowest[16], noisy = 0;
    for (int d = 0; d < dim; d++)
        unit[d] = 0.0;
    for (int h = 0; h < count; h++) {
        const int i = p->index[h];
        hypothesis one = hypothesis_of(all, i, dim, scale + (size_t)h * dim);
        rbf[h] = one.rbf;
        share[h] = one.share;
        bend[h] = one.bend;
        noise[h] = all->noisy[i] != 0.0 ? exp(2.0 * all->log_noise[i]) : 0.0;
        noisy |= noise[h] > 0.0;
        for (int d = 0; d < dim; d++) {
            double log_l = all->log_lengthscale[(size_t)i * dim + d];
            lengthscale[(size_t)h * dim + d] = exp(log_l);
            unit[d] += log_l / count;
        }
        double *bare = smooth + (size_t)h * n;
        whiten_one(n, z, out, all, i, p->inverse + (size_t)i * n * n, w, residual,
                   alpha + (size_t)h * n, bare, mean + h, amplitude + h, spare);
        lowest[h] = -1;
        for (int j = 0; j < n; j++)
            if (out[j] == 0.0 && (lowest[h] < 0 || bare[j] < bare[lowest[h]]))
                lowest[h] = j;
        best[h] = bare[lowest[h]];
    }
    for (int d = 0; d < dim; d++)
        unit[d] = exp(unit[d]);
    for (int j = 0; j < n; j++) {
        votes[j] = 0.0;
        for (int h = 0; h < count; h++)
            if (out[j] == 0.0 && smooth[(size_t)h * n + j] == best[h])
                votes[j] += p->weight[h];
    }
    *incumbent = 0;
    for (int j = 1; j < n; j++)
        if (votes[j] > votes[*incumbent])
            *incumbent = j;
    for (int h = 0; h < count && noisy; h++) { /* the best row's column of K^-1 = W^T W */
        const double *factor = p->inverse + (size_t)p->index[h] * n * n;
        double *out_link = link + (size_t)h * n;
        memset(out_link, 0, sizeof(double) * (size_t)n);
        for (int j = lowest[h]; j < n; j++)
            add_scaled(noise[h] * factor[(size_t)j * n + lowest[h]], factor + (size_t)j * n,
                       out_link, j + 1);
    }
    p->x = x;
    p->scale = scale;
    p->rbf = rbf;
    p->share = share;
    p->bend = bend;
    p->alpha = alpha;
    p->mean = mean;
    p->amplitude = amplitude;
    p->best = best;
    p->noise = noisy ? noise : 0;
    p->link = link;
}

/* Sizes of an ask; rnnbbo/core/asking.py fills them in, from policies/kernel/search.py and
   refining.py. */
typedef struct {
    int hypotheses, wide, near, radii, most, starts, steps, refining;
    double first_radius, gain, close, finest;
} sizes;

#define REFINED 3 /* points that a refining ask descends from */

/* Points where the posterior mean is least near the incumbent (D,), from there and from the first ones
   of `ranked` (n,) points that are close to it: found (REFINED, D), best first. Returns how many; -1 if
   there is no memory. policies/kernel/refining.py. */
INLINE int refine(const view *p, const sizes *s, const double *incumbent, const double *unit,
                  int n, const int *ranked, const double *points, double *found)
{
    const size_t width = (size_t)p->dim, bytes = sizeof(double) * width;
    double *start = malloc(3 * REFINED * bytes);
    if (!start)
        return -1;
    double *units = start + REFINED * width, *slope = units + REFINED * width;
    double values[REFINED], least;
    int order[REFINED], begun = 1, better = 0;
    memcpy(start, incumbent, bytes);
    for (int i = 0; i < n && begun < REFINED; i++) {
        const double *point = points + ranked[i] * width;
        int near = 1;
        for (size_t d = 0; d < width; d++)
            near &= fabs(point[d] - incumbent[d]) < s->close * unit[d];
        if (near)
            memcpy(start + begun++ * width, point, bytes);
    }
    for (int i = 0; i < begun; i++)
        memcpy(units + i * width, unit, bytes);
    int failed = lower_all(p, 1, incumbent, &least, slope);
    if (!failed)
        failed = climb_all(p, 1, begun, s->refining, s->first_radius, 1, s->finest, units, start,
                           values);
    rank(failed ? 0 : begun, values, order);
    for (int i = 0; i < begun && !failed; i++)
        if (values[order[i]] > least + s->finest)
            memcpy(found + better++ * width, start + order[i] * width, bytes);
    free(start);
    return failed ? -1 : better;
}

/* The points that an ask would query next, best first, where it refines the incumbent those first: found
   (REFINED + S + 2 most, D).

With `extra` points (A, D) these are looked at as well, found and values (S + 2 most + A,) are of that
size, and behind the first ones nothing is in order. x (n, D), z and out (n,); N particles with log
weights (N,) and inverse factors (N, n, n). Random numbers: u0, shift (D,), normal and u (near, D).
alpha (D,), radius (radii,), series as elsewhere.
Returns how many are refined; -1 if there is no memory. */
int EXPORT(ask)(int count, int n, int dim, int extras, const sizes *s, const double *x,
                const double *z, const double *out, const hypotheses *all,
                const double *log_weight, const double *inverse, double u0, const double *shift,
                const double *alpha, const double *radius, const double *normal, const double *u,
                const double *series, const double *extra, double *found, double *value)
{
    const int most = s->hypotheses, total = s->wide + s->near;
    const int scored = (s->most < s->wide ? s->most : s->wide) + (s->most < s->near ? s->most : s->near);
    const int kept = s->starts + scored + extras;
    const size_t width = (size_t)dim, rows = (size_t)n, H = (size_t)most, bytes = sizeof(double) * width;
    const size_t view_size = H * (width + 7 + 3 * rows) + 5 * rows;
    double *room = malloc(sizeof(double) * (view_size + H * (width + 1) + 2 * width +
                                            (size_t)total * width + (size_t)kept * (width + 1)));
    int *index = malloc(sizeof(int) * (H + (size_t)scored + (size_t)kept));
    if (!room || !index || most > 16) {
        free(room);
        free(index);
        return -1;
    }
    double *weight = room + view_size, *lengthscale = weight + H, *unit = lengthscale + H * width;
    double *points = unit + 2 * width, *values = points + (size_t)total * width;
    double *all_found = values + kept;
    int *chosen = index + most, *order = chosen + scored, incumbent, refined = 0;
    view p = {0};
    p.count = systematic(count, log_weight, u0, most, index, weight);
    p.rows = n;
    p.dim = dim;
    p.inverse = inverse;
    p.index = index;
    p.weight = weight;
    p.series = series;
    fill_view(&p, n, x, z, out, all, room, lengthscale, unit, &incumbent);
    draw_candidates(dim, s->wide, s->near, p.count, s->radii, shift, alpha,
                    x + (size_t)incumbent * dim, lengthscale, radius, normal, u, points);
    double *scores = values + s->starts, *climbed = all_found;
    int failed = score_all(&p, total, s->wide, s->most, points, scores, chosen), begun = 0;
    if (!failed) {
        /* The best of the cube, and of the spray. */
        rank(scored, scores, order);
        int want[2] = {s->starts / 2, s->starts - s->starts / 2};
        for (int kind = 0; kind < 2; kind++)
            for (int i = 0; i < scored && want[kind]; i++)
                if ((chosen[order[i]] >= s->wide) == kind) {
                    memcpy(climbed + begun++ * width, points + chosen[order[i]] * width, bytes);
                    want[kind]--;
                }
        for (int i = 0; i < scored; i++) {
            memcpy(all_found + (s->starts + (size_t)i) * width, points + chosen[i] * width, bytes);
            order[i] = chosen[order[i]];
        }
        if (s->refining)
            refined = refine(&p, s, x + (size_t)incumbent * dim, unit, scored, order, points, found);
        failed = refined < 0;
    }
    if (!failed) {
        double *units = points; /* candidates are copied by now */
        for (int i = 0; i < begun; i++)
            memcpy(units + i * width, unit, bytes);
        failed = climb_all(&p, 0, begun, s->steps, s->first_radius, 1, s->gain, units, climbed,
                           values);
    }
    if (!failed && extras) {
        double *theirs = all_found + (s->starts + (size_t)scored) * width;
        memcpy(theirs, extra, (size_t)extras * bytes);
        failed = average_all(&p, LOG_EI, extras, theirs, scores + scored, 0);
    }
    double *to = found + refined * width;
    if (!failed && extras) {
        memcpy(to, all_found, (size_t)kept * bytes);
        memcpy(value, values, sizeof(double) * (size_t)kept);
    } else if (!failed) {
        rank(kept, values, order);
        for (int i = 0; i < kept; i++)
            memcpy(to + i * width, all_found + order[i] * width, bytes);
    }
    free(room);
    free(index);
    return failed ? -1 : refined;
}

#endif
