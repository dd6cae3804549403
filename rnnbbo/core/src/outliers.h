/* Outliers among values: policies/outliers.py, `tame_all`, whose words these are. */

#ifndef RNNBBO_OUTLIERS_H
#define RNNBBO_OUTLIERS_H

#include <stdlib.h>

#include "arithmetic.h"

#define GAP 20.0
#define INLIERS 3
#define SHARE 0.25
#define APART 0.1
#define SAMPLED 256

/* Sort the order (n,) by values, stably: merge runs of twice the length each time. */
INLINE void sort_by(const double *values, int n, int *order, int *room)
{
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int width = 1; width < n; width *= 2) {
        for (int first = 0; first < n; first += 2 * width) {
            int middle = first + width < n ? first + width : n;
            int last = first + 2 * width < n ? first + 2 * width : n;
            for (int i = first, j = middle, at = first; at < last; at++)
                room[at] = i < middle && (j >= last || !(values[order[j]] < values[order[i]]))
                               ? order[i++]
                               : order[j++];
        }
        memcpy(order, room, sizeof(int) * (size_t)n);
    }
}

INLINE int close(const double *a, const double *b, int dim)
{
    for (int d = 0; d < dim; d++)
        if (!(fabs(a[d] - b[d]) < APART))
            return 0;
    return 1;
}

/* The rank at which outliers begin among `first` values that did not fail. */
INLINE int outliers_from(int n, int dim, const double *x, const double *y, const int *order,
                         int first, int *apart)
{
    int gaps = 0;
    const double least = y[order[0]];
    for (int i = INLIERS; i < first && !gaps; i++) {
        double below = y[order[i - 1]] - least;
        gaps = below > 0.0 && y[order[i]] - least >= GAP * below;
    }
    if (!gaps)
        return first;
    /* Of many points some are looked at, evenly by rank; apart[i]: how many up to rank i lie apart. */
    const int every = (n + SAMPLED - 1) / SAMPLED;
    int so_far = 0;
    for (int i = 0; i < n; i++) {
        if (i % every == 0 && i < first) {
            int alone = 1;
            for (int j = 0; j < i && alone; j += every)
                alone = !close(x + (size_t)order[i] * dim, x + (size_t)order[j] * dim, dim);
            so_far += alone;
        }
        apart[i] = so_far;
    }
    for (int i = INLIERS; i < first; i++) {
        double below = y[order[i - 1]] - least;
        if (below > 0.0 && y[order[i]] - least >= GAP * below && apart[i - 1] >= INLIERS &&
            apart[i - 1] >= SHARE * so_far)
            return i;
    }
    return first;
}

/* `tame_all` of values of one function, by `order` (3 n,) and `keys` (n,) as room. */
INLINE void tame_one(int n, int dim, const double *x, const double *y, int *order, double *keys,
                     double *tamed, double *out)
{
    int known = 0;
    for (int i = 0; i < n; i++) {
        int finite = fabs(y[i]) < INFINITY;
        known += finite;
        keys[i] = finite ? y[i] : INFINITY;
    }
    sort_by(keys, n, order, order + n);
    int first = outliers_from(n, dim, x, keys, order, known, order + 2 * n);
    for (int i = 0; i < n; i++) {
        int which = order[i];
        out[which] = i >= first;
        tamed[which] = i >= first ? keys[order[first - 1]] : y[which];
    }
}

/* Values (B, n) of points x (B, n, D), outliers as the highest inlier, and which they are: 1, else 0.

A value that is not finite is one; one of each n is finite. */
int EXPORT(tame)(int count, int n, int dim, const double *x, const double *y, double *tamed,
                 double *out)
{
    int *order = malloc(sizeof(int) * 3 * (size_t)n);
    double *keys = malloc(sizeof(double) * (size_t)n);
    if (!order || !keys) {
        free(order);
        free(keys);
        return -1;
    }
    for (int b = 0; b < count; b++, x += (size_t)n * dim, y += n, tamed += n, out += n)
        tame_one(n, dim, x, y, order, keys, tamed, out);
    free(order);
    free(keys);
    return 0;
}

/* Likewise of one function, and heights z (n,) of the tamed values, `heights` of
   policies/kernel/hypotheses.py. */
int EXPORT(tame_heights)(int n, int dim, const double *x, const double *y, double *tamed,
                         double *out, double *z)
{
    if (NAMED(LEVEL, tame)(1, n, dim, x, y, tamed, out))
        return -1;
    double least = tamed[0], most = tamed[0], mean = 0.0, variance = 0.0;
    for (int i = 1; i < n; i++) {
        least = tamed[i] < least ? tamed[i] : least;
        most = tamed[i] > most ? tamed[i] : most;
    }
    const double span = most - least > 0.0 ? most - least : 1.0;
    for (int i = 0; i < n; i++) {
        z[i] = (tamed[i] - least) / span; /* first to [0, 1]: no square overflows */
        mean += z[i];
    }
    mean /= n;
    for (int i = 0; i < n; i++)
        variance += (z[i] - mean) * (z[i] - mean);
    const double deviation = sqrt(variance / n);
    for (int i = 0; i < n && deviation > 0.0; i++)
        z[i] /= deviation;
    return 0;
}

#endif
