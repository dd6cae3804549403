/* Quasi-Newton ascent of S points (S, D) within the unit cube, a step at a time: policies/climb.py,
   which evaluates the function between the two halves of a step.

State of the climbers: x (S, D), f (S,), g (S, D) by the unit, inverse Hessians h (S, D, D), trust
radii (S,); unit (S, D). */

#ifndef RNNBBO_CLIMB_H
#define RNNBBO_CLIMB_H

#include <stdlib.h>

#include "arithmetic.h"

INLINE int held(double x, double g)
{
    return (x <= 0.0 && g < 0.0) || (x >= 1.0 && g > 0.0);
}

/* Write where each climber looks next to `trial` (S, D).

Returns 0 where no step promises more than `gain` above the best, if `gains`; else 1. `first`: the
first step, which has no model yet, goes all the way to the trust radius. */
INLINE int next_look(int count, int dim, const double *x, const double *f, const double *g,
                     const double *h, const double *radius, const double *unit, int first,
                     int gains, double gain, double *trial)
{
    double best = -INFINITY, promised = -INFINITY;
    for (int i = 0; i < count; i++) {
        const double *at = x + (size_t)i * dim, *slope = g + (size_t)i * dim;
        double *to = trial + (size_t)i * dim, square = 0.0, rise = 0.0;
        for (int a = 0; a < dim; a++) {
            const double *row = h + ((size_t)i * dim + a) * dim;
            double p = 0.0;
            if (!held(at[a], slope[a]))
                for (int b = 0; b < dim; b++)
                    p += held(at[b], slope[b]) ? 0.0 : row[b] * slope[b];
            to[a] = p;
            square += p * p;
        }
        double shrink = radius[i] / (sqrt(square) + 1e-300);
        if (!first && shrink > 1.0)
            shrink = 1.0;
        for (int a = 0; a < dim; a++) {
            double move = to[a] * shrink;
            rise += held(at[a], slope[a]) ? 0.0 : slope[a] * move;
            double there = at[a] + unit[(size_t)i * dim + a] * move;
            to[a] = there < 0.0 ? 0.0 : there > 1.0 ? 1.0 : there;
        }
        best = f[i] > best ? f[i] : best;
        promised = f[i] + rise > promised ? f[i] + rise : promised;
    }
    return !gains || !(promised < best + gain);
}

/* Take in what each climber found at `trial` (S, D): ft (S,), gt (S, D), not by the unit.

BFGS (Nocedal & Wright 2006, eq. 6.17) of -f. Returns 0; -1 if there is no memory. */
INLINE int take_look(int count, int dim, double *x, double *f, double *g, double *h,
                     double *radius, const double *unit, int first, const double *trial,
                     const double *ft, const double *gt)
{
    double *s = malloc(sizeof(double) * 3 * (size_t)dim);
    if (!s)
        return -1;
    double *y = s + dim, *hy = y + dim;
    for (int i = 0; i < count; i++) {
        double *at = x + (size_t)i * dim, *slope = g + (size_t)i * dim;
        double *hessian = h + (size_t)i * dim * dim;
        const double *to = trial + (size_t)i * dim, *by = unit + (size_t)i * dim;
        const double *steep = gt + (size_t)i * dim;
        double sy = 0.0, yy = 0.0, ss = 0.0;
        for (int a = 0; a < dim; a++) {
            s[a] = (to[a] - at[a]) / by[a];
            y[a] = slope[a] - steep[a] * by[a];
            sy += s[a] * y[a];
            yy += y[a] * y[a];
            ss += s[a] * s[a];
        }
        int curved = sy > 1e-10 * sqrt(yy * ss) && yy > 1e-200;
        if (first && curved)
            for (int a = 0; a < dim * dim; a++)
                hessian[a] *= sy / yy;
        if (curved) {
            /* (I - rho s y^T) H (I - rho y s^T) + rho s s^T, H symmetric */
            double rho = 1.0 / sy, yhy = 0.0;
            for (int a = 0; a < dim; a++) {
                hy[a] = 0.0;
                for (int b = 0; b < dim; b++)
                    hy[a] += hessian[a * dim + b] * y[b];
                yhy += y[a] * hy[a];
            }
            double middle = rho * (1.0 + rho * yhy);
            for (int a = 0; a < dim; a++)
                for (int b = 0; b < dim; b++)
                    hessian[a * dim + b] +=
                        middle * s[a] * s[b] - rho * (hy[a] * s[b] + s[a] * hy[b]);
        }
        double length = sqrt(ss);
        if (ft[i] > f[i]) {
            radius[i] = radius[i] > 2.0 * length ? radius[i] : 2.0 * length;
            f[i] = ft[i];
            for (int a = 0; a < dim; a++) {
                at[a] = to[a];
                slope[a] = steep[a] * by[a];
            }
        } else {
            radius[i] = 0.25 * length + 1e-12;
        }
    }
    free(s);
    return 0;
}

#endif
