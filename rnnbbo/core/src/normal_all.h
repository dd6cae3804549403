/* log h and log Phi of many numbers, with their slopes: policies/gp/improvement.py. */

#ifndef RNNBBO_NORMAL_ALL_H
#define RNNBBO_NORMAL_ALL_H

#include "normal.h"

/* log h (n,) of z (n,), and h' / h. */
int EXPORT(log_h)(int n, const double *series, const double *z, double *value, double *ratio)
{
#pragma omp simd
    for (int i = 0; i < n; i++)
        value[i] = log_h(series, z[i], ratio + i);
    return 0;
}

/* log Phi (n,) of z (n,), and phi / Phi. */
int EXPORT(log_cdf)(int n, const double *series, const double *z, double *value, double *ratio)
{
    for (int i = 0; i < n; i++)
        value[i] = log_cdf(series, z[i], ratio + i);
    return 0;
}

#endif
