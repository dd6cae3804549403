/* Of the normal distribution: log h, of which expected improvement is made, and log Phi. */

#ifndef RNNBBO_NORMAL_H
#define RNNBBO_NORMAL_H

#include "arithmetic.h"

#define LOG_SQRT_2PI 0.91893853320467274178
#define SERIES_MIDDLE 2.0 /* as policies/gp/improvement.py has them */
#define SERIES_DEGREE 14

/* tau(u) and Mills' ratio R(u), u >= 0, by the series (SERIES_DEGREE + 1, 2) of that module. */
INLINE void slow_parts(const double *series, double u, double *tau, double *mills)
{
    double t = (u - SERIES_MIDDLE) / (u + SERIES_MIDDLE);
    double a = series[0], b = series[1];
    for (int k = 1; k <= SERIES_DEGREE; k++) {
        a = a * t + series[2 * k];
        b = b * t + series[2 * k + 1];
    }
    double tail = 1.0 / (1.0 + u);
    *tau = a * (tail * tail);
    *mills = b * tail;
}

/* log h(z), and h'(z) / h(z) = Phi(z) / h(z). */
INLINE double log_h(const double *series, double z, double *ratio)
{
    double u = fabs(z), tau, mills;
    slow_parts(series, u, &tau, &mills);
    double log_phi = -0.5 * u * u - LOG_SQRT_2PI;
    double phi = exp_of(log_phi);
    double above = u + phi * tau; /* h(u) = u + h(-u) */
    double h = z > 0.0 ? above : tau;
    *ratio = (z > 0.0 ? 1.0 - phi * mills : mills) / h;
    return log_of(h) + (z > 0.0 ? 0.0 : log_phi);
}

/* log Phi(z), and its slope phi(z) / Phi(z). */
INLINE double log_cdf(const double *series, double z, double *ratio)
{
    double u = fabs(z), tau, mills;
    slow_parts(series, u, &tau, &mills);
    double log_phi = -0.5 * u * u - LOG_SQRT_2PI;
    double phi = exp_of(log_phi);
    double above = 1.0 - phi * mills; /* Phi(u) */
    *ratio = z > 0.0 ? phi / above : 1.0 / mills;
    return z > 0.0 ? log1p(-phi * mills) : log_phi + log_of(mills);
}

#endif
