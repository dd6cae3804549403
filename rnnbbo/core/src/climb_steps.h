/* Steps of a climb, for functions that are none of the core's: `Climbers` of rnnbbo/core/climbing.py. */

#ifndef RNNBBO_CLIMB_STEPS_H
#define RNNBBO_CLIMB_STEPS_H

#include "climb.h"

int EXPORT(climb_move)(int count, int dim, const double *x, const double *f, const double *g,
                       const double *h, const double *radius, const double *unit, int first,
                       int gains, double gain, double *trial)
{
    return next_look(count, dim, x, f, g, h, radius, unit, first, gains, gain, trial);
}

int EXPORT(climb_take)(int count, int dim, double *x, double *f, double *g, double *h,
                       double *radius, const double *unit, int first, const double *trial,
                       const double *ft, const double *gt)
{
    return take_look(count, dim, x, f, g, h, radius, unit, first, trial, ft, gt);
}

#endif
