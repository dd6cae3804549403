/* Candidates of an ask: policies/kernel/search.py, `_draw`. */

#ifndef RNNBBO_SEARCH_H
#define RNNBBO_SEARCH_H

#include "arithmetic.h"

/* Points of a quasi-random sequence (W, D), x_n = (shift + n alpha) mod 1, and points round an
   incumbent (D,): (N, D), by radii in turn, in units of the length-scales (H, D) in turn.

normal (N, D); u (N, D) uniform numbers, of which small ones move their coordinate. */
INLINE void draw_candidates(int dim, int wide, int near, int scales, int radii,
                            const double *shift, const double *alpha, const double *incumbent,
                            const double *lengthscale, const double *radius,
                            const double *normal, const double *u, double *points)
{
    for (int i = 0; i < wide; i++)
        for (int d = 0; d < dim; d++) {
            double x = shift[d] + i * alpha[d];
            *points++ = x - floor(x);
        }
    const double some = 2.0 / dim > 0.25 ? 2.0 / dim : 0.25;
    for (int i = 0; i < near; i++, normal += dim, u += dim) {
        const double *scale = lengthscale + (size_t)(i / radii % scales) * dim;
        double least = u[0];
        for (int d = 1; d < dim; d++)
            least = u[d] < least ? u[d] : least;
        for (int d = 0; d < dim; d++) {
            double unit = scale[d] < 1.0 ? scale[d] : 1.0;
            int moves = i % 2 == 0 || u[d] < some || u[d] == least;
            double x = incumbent[d] + (moves ? radius[i % radii] * unit * normal[d] : 0.0);
            *points++ = x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
        }
    }
}

int EXPORT(candidates)(int dim, int wide, int near, int scales, int radii, const double *shift,
                       const double *alpha, const double *incumbent, const double *lengthscale,
                       const double *radius, const double *normal, const double *u, double *points)
{
    draw_candidates(dim, wide, near, scales, radii, shift, alpha, incumbent, lengthscale, radius,
                    normal, u, points);
    return 0;
}

/* Points of a quasi-random sequence (W, D), and others (N, D) sprayed round the incumbent, one of four
   round the runner-up: policies/candidates.py, `draw_in_space`.

u_radius (N,) choose radii between exp(low) and exp(low + span); the rest as above. */
int EXPORT(sprayed)(int dim, int wide, int near, const double *shift, const double *alpha,
                    const double *best, const double *second, double low, double span,
                    const double *normal, const double *u_radius, const double *u, double *points)
{
    for (int i = 0; i < wide; i++)
        for (int d = 0; d < dim; d++) {
            double x = shift[d] + i * alpha[d];
            *points++ = x - floor(x);
        }
    const double some = 2.0 / dim > 0.25 ? 2.0 / dim : 0.25;
    for (int i = 0; i < near; i++, normal += dim, u += dim) {
        const double *centre = i % 4 == 3 ? second : best, radius = exp(low + span * u_radius[i]);
        double least = u[0];
        for (int d = 1; d < dim; d++)
            least = u[d] < least ? u[d] : least;
        for (int d = 0; d < dim; d++) {
            int moves = i % 2 == 0 || u[d] < some || u[d] == least;
            double x = centre[d] + (moves ? radius * normal[d] : 0.0);
            *points++ = x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
        }
    }
    return 0;
}

#endif
