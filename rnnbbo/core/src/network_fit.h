/* Heads of Gaussian-process regression, conditioned on the rows: policies/network/regression.py.

Four heads at once, in double precision: an entry (i, j) of four lower triangles lies at
TRIANGLE(i) + j, as `HEADS` numbers side by side, so that everything below is done with one vector
instruction for all four. Where there are no four heads left, the last one comes again. */

#ifndef RNNBBO_NETWORK_FIT_H
#define RNNBBO_NETWORK_FIT_H

#include "single.h"

#define HEADS 4
#define TRIANGLE(i) ((size_t)(i) * ((i) + 1) / 2 * HEADS)
#define FIT_JITTER 1e-6 /* as regression.py has them */
#define FIT_PRIOR_WEIGHT 2.0
#define FIT_UNIT 0.01

#define EACH_HEAD(l) _Pragma("omp simd") for (int l = 0; l < HEADS; l++)

/* asinh(x), |x| < 1e150 */
INLINE double asinh_of(double x)
{
    double a = fabs(x), a2 = a * a, y = a + a2 / (1.0 + sqrt(a2 + 1.0)), u = 1.0 + y;
    return copysign(log_of(u) + (y - (u - 1.0)) / u, x);
}

/* Kernels k and slopes c of triangles of weighted distances `k`: 5 r^2 where `matern` is 1, r^2 / 2
   where it is 0; dk = -c / 2 d(distance). */
static void fit_kernels(int n, const double *matern, double *restrict k, double *restrict c)
{
    for (size_t i = 0; i < TRIANGLE(n); i += HEADS) {
        EACH_HEAD(l)
        {
            double m = matern[l], q = k[i + l], square = q > 1e-20 ? q : 1e-20, s = sqrt(square);
            double decay = exp_of(m * (square - s) - square);
            k[i + l] = decay * (1.0 + m * (s + square * (1.0 / 3.0)));
            c[i + l] = decay * (2.0 - m + m * ((1.0 + s) * (1.0 / 3.0) - 1.0));
        }
    }
}

/* The Cholesky factors of triangles, in place; 0 where one is not positive definite.

column: (n HEADS) scratch. */
static int fit_cholesky(int n, double *a, double *restrict column)
{
    for (int k = 0; k < n; k++) {
        double *pivot = a + TRIANGLE(k) + (size_t)k * HEADS, inverse[HEADS];
        for (int l = 0; l < HEADS; l++)
            if (!(pivot[l] > 0.0))
                return 0;
        EACH_HEAD(l)
        {
            pivot[l] = sqrt(pivot[l]);
            inverse[l] = 1.0 / pivot[l];
        }
        for (int i = k + 1; i < n; i++) {
            double *row = a + TRIANGLE(i), factor[HEADS];
            EACH_HEAD(l)
            {
                factor[l] = row[(size_t)k * HEADS + l] * inverse[l];
                row[(size_t)k * HEADS + l] = factor[l];
                column[(size_t)i * HEADS + l] = factor[l];
            }
            for (size_t j = (size_t)(k + 1) * HEADS; j < (size_t)(i + 1) * HEADS; j += HEADS) {
                EACH_HEAD(l) row[j + l] -= factor[l] * column[j + l];
            }
        }
    }
    return 1;
}

/* The inverses of triangular matrices, in place. */
static void fit_invert(int n, double *a, double *restrict row)
{
    for (int i = 0; i < n; i++) {
        double *out = a + TRIANGLE(i), inverse[HEADS];
        memcpy(row, out, sizeof(double) * (size_t)(i + 1) * HEADS);
        memset(out, 0, sizeof(double) * (size_t)i * HEADS);
        EACH_HEAD(l)
        {
            inverse[l] = 1.0 / row[(size_t)i * HEADS + l];
            out[(size_t)i * HEADS + l] = inverse[l];
        }
        for (int k = 0; k < i; k++) {
            const double *above = a + TRIANGLE(k);
            double factor[HEADS];
            EACH_HEAD(l) factor[l] = -row[(size_t)k * HEADS + l] * inverse[l];
            for (size_t j = 0; j < (size_t)(k + 1) * HEADS; j += HEADS) {
                EACH_HEAD(l) out[j + l] += factor[l] * above[j + l];
            }
        }
    }
}

/* The lower triangles of W^T W, of triangles W. */
static void fit_square(int n, const double *w, double *restrict out)
{
    memset(out, 0, sizeof(double) * TRIANGLE(n));
    for (int k = 0; k < n; k++) {
        const double *row = w + TRIANGLE(k);
        for (int i = 0; i <= k; i++) {
            double *sum = out + TRIANGLE(i), factor[HEADS];
            EACH_HEAD(l) factor[l] = row[(size_t)i * HEADS + l];
            for (size_t j = 0; j < (size_t)(i + 1) * HEADS; j += HEADS) {
                EACH_HEAD(l) sum[j + l] += factor[l] * row[j + l];
            }
        }
    }
}

/* Doubles of scratch that `fit_heads` takes for n rows of D coordinates. */
static size_t fit_size(int n, int dim)
{
    return 3 * TRIANGLE(n) + (size_t)n * (2 * dim + 3 * HEADS + 2) + (size_t)dim * 4 * HEADS;
}

/* What a fit of one function is made of; arrays of single precision are (H, ...) of all heads. */
typedef struct {
    int heads, smooth, n, dim;
    const float *inverse, *slope, *bend;      /* (H, D) */
    const float *level, *noise, *mix, *bias;  /* (H,) */
    const float *x;                           /* (n, D) */
    const float *best_x;                      /* (D,) */
    const double *y;                          /* (n,) */
    double best_y, mean, deviation;           /* of the values */
    float temperature;
    float *root, *reads, *amplitude, *best;   /* (H, n, n), (H, 2, n), (H,), (H,) */
    float *weight;                            /* (H,) */
    float *distance[2], *trend[2];            /* families of heads, (their heads n, 2 D + 1) each */
    float *gradient, *residual;               /* (H, D), (H, n) */
} fit;

/* The rows' side of covariances with a point, of one head. */
static void fit_sides(const fit *f, int h, const double *b, const double *place, float *distance,
                      float *trend)
{
    const int dim = f->dim, wide = 2 * dim + 1;
    const double count = h < f->smooth ? 5.0 : 0.5;
    for (int i = 0; i < f->n; i++, distance += wide, trend += wide) {
        double sum = 0.0;
        for (int d = 0; d < dim; d++) {
            double inverse = f->inverse[h * dim + d], w = count * inverse * inverse;
            double wb = w * b[i * dim + d], t = place[i * dim + d];
            double s = f->slope[h * dim + d], q = f->bend[h * dim + d];
            sum += wb * b[i * dim + d];
            distance[d] = (float)w;
            distance[dim + d] = (float)(-2.0 * wb);
            trend[d] = (float)(s * s * t);
            trend[dim + d] = (float)(q * q * (t * t));
        }
        distance[2 * dim] = (float)sum;
        trend[2 * dim] = f->level[h];
    }
}

/* The values (n, HEADS) as heads model them, and the logs (HEADS,) of the slope by them. */
static void fit_values(const fit *f, const double *mix, double *restrict flat,
                       double *restrict steep, double *restrict v, double *restrict log_slope)
{
    const int n = f->n;
    double sum[HEADS] = {0}, squares[HEADS] = {0}, logs[HEADS] = {0};
    const double scale = 1.0 / f->deviation;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        flat[i] = asinh_of((f->y[i] - f->mean) * scale);
        steep[i] = 0.2 * asinh_of((f->y[i] - f->best_y) * scale * (1.0 / FIT_UNIT));
    }
    for (int i = 0; i < n; i++) {
        double z = (f->y[i] - f->mean) * scale, t = (f->y[i] - f->best_y) * scale / FIT_UNIT;
        double d_flat = 1.0 / sqrt(1.0 + z * z), d_steep = (0.2 / FIT_UNIT) / sqrt(1.0 + t * t);
        EACH_HEAD(l)
        {
            double value = (1.0 - mix[l]) * flat[i] + mix[l] * steep[i];
            v[i * HEADS + l] = value;
            sum[l] += value;
            logs[l] += log_of((1.0 - mix[l]) * d_flat + mix[l] * d_steep);
        }
    }
    for (int i = 0; i < n; i++) {
        EACH_HEAD(l)
        {
            v[i * HEADS + l] -= sum[l] / n;
            squares[l] += v[i * HEADS + l] * v[i * HEADS + l];
        }
    }
    double inverse[HEADS];
    EACH_HEAD(l)
    {
        double deviation = sqrt(squares[l] / n + 1e-12);
        inverse[l] = 1.0 / deviation;
        log_slope[l] = logs[l] - n * log_of(deviation);
    }
    for (int i = 0; i < n; i++)
        EACH_HEAD(l) v[i * HEADS + l] *= inverse[l];
}

/* Fits of the heads `first` to `first` + HEADS - 1; 0 where a covariance is not positive definite.

likelihood: (H,), the log marginal likelihoods. */
static int fit_heads(const fit *f, int first, double *likelihood, double *work)
{
    const int n = f->n, dim = f->dim;
    const size_t entries = TRIANGLE(n);
    double *a = work, *slopes = a + entries, *square = slopes + entries, *b = square + entries;
    double *place = b + n * dim, *v = place + n * dim, *alpha = v + n * HEADS;
    double *scratch = alpha + n * HEADS, *flat = scratch + n * HEADS;
    double *steep = flat + n, *w = steep + n, *s2 = w + dim * HEADS, *q2 = s2 + dim * HEADS;
    double *moved = q2 + dim * HEADS;
    double level[HEADS], doubt[HEADS], mix[HEADS], matern[HEADS], log_slope[HEADS];
    int head[HEADS];
    for (int l = 0; l < HEADS; l++) {
        int h = head[l] = first + l < f->heads ? first + l : f->heads - 1;
        matern[l] = h < f->smooth ? 1.0 : 0.0;
        level[l] = f->level[h];
        doubt[l] = f->noise[h] + FIT_JITTER;
        mix[l] = f->mix[h];
        for (int d = 0; d < dim; d++) {
            double inverse = f->inverse[h * dim + d];
            double slope = f->slope[h * dim + d], bend = f->bend[h * dim + d];
            w[d * HEADS + l] = (h < f->smooth ? 5.0 : 0.5) * inverse * inverse;
            s2[d * HEADS + l] = slope * slope;
            q2[d * HEADS + l] = bend * bend;
        }
    }
    for (int i = 0; i < n; i++)
        for (int d = 0; d < dim; d++) {
            b[i * dim + d] = (double)f->x[i * dim + d] - (double)f->best_x[d];
            place[i * dim + d] = 2.0 * f->x[i * dim + d] - 1.0;
        }
    /* Covariances. */
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double sum[HEADS] = {0};
            for (int d = 0; d < dim; d++) {
                double away = b[i * dim + d] - b[j * dim + d], away2 = away * away;
                EACH_HEAD(l) sum[l] += w[d * HEADS + l] * away2;
            }
            EACH_HEAD(l) a[TRIANGLE(i) + (size_t)j * HEADS + l] = sum[l];
        }
    fit_kernels(n, matern, a, slopes);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double *out = a + TRIANGLE(i) + (size_t)j * HEADS, sum[HEADS];
            EACH_HEAD(l) sum[l] = out[l] + level[l] + (i == j ? doubt[l] : 0.0);
            for (int d = 0; d < dim; d++) {
                double t = place[i * dim + d] * place[j * dim + d], t2 = t * t;
                EACH_HEAD(l) sum[l] += s2[d * HEADS + l] * t + q2[d * HEADS + l] * t2;
            }
            EACH_HEAD(l) out[l] = sum[l];
        }
    if (!fit_cholesky(n, a, scratch))
        return 0;
    double determinant[HEADS] = {0}, fitted[HEADS] = {0}, variance[HEADS], amplitude[HEADS];
    for (int i = 0; i < n; i++)
        EACH_HEAD(l) determinant[l] += log_of(a[TRIANGLE(i + 1) - HEADS + l]);
    fit_invert(n, a, scratch);
    fit_square(n, a, square);
    fit_values(f, mix, flat, steep, v, log_slope);
    memset(alpha, 0, sizeof(double) * (size_t)n * HEADS);
    for (int i = 0; i < n; i++) {
        const double *row = a + TRIANGLE(i);
        double sum[HEADS] = {0};
        for (int j = 0; j <= i; j++)
            EACH_HEAD(l) sum[l] += row[(size_t)j * HEADS + l] * v[j * HEADS + l];
        EACH_HEAD(l) fitted[l] += sum[l] * sum[l];
        for (int j = 0; j <= i; j++)
            EACH_HEAD(l) alpha[j * HEADS + l] += row[(size_t)j * HEADS + l] * sum[l];
    }
    EACH_HEAD(l)
    {
        variance[l] = (FIT_PRIOR_WEIGHT + fitted[l]) / (FIT_PRIOR_WEIGHT + n);
        amplitude[l] = sqrt(variance[l]);
    }
    /* Eq. 5.9: the gradient; every pair of rows counts twice, and a half of its square. */
    memset(moved, 0, sizeof(double) * (size_t)dim * HEADS);
    double by_variance[HEADS];
    EACH_HEAD(l) by_variance[l] = 1.0 / variance[l];
    for (int i = 1; i < n; i++)
        for (int j = 0; j < i; j++) {
            size_t at = TRIANGLE(i) + (size_t)j * HEADS;
            double pull[HEADS];
            EACH_HEAD(l)
            {
                double both = alpha[i * HEADS + l] * alpha[j * HEADS + l] * by_variance[l];
                pull[l] = (both - square[at + l]) * slopes[at + l];
            }
            for (int d = 0; d < dim; d++) {
                double away = b[i * dim + d] - b[j * dim + d], away2 = away * away;
                EACH_HEAD(l) moved[d * HEADS + l] += pull[l] * away2;
            }
        }
    for (int l = 0; l < HEADS && first + l < f->heads; l++) {
        const int h = head[l], family = h >= f->smooth;
        const size_t of_family = (size_t)(h - (family ? f->smooth : 0)) * n * (2 * dim + 1);
        likelihood[h] = log_slope[l] - 0.5 * (FIT_PRIOR_WEIGHT + n) * log(variance[l]) -
                        determinant[l];
        f->amplitude[h] = (float)amplitude[l];
        int least = 0;
        double lowest = HUGE_VAL;
        float *root = f->root + (size_t)h * n * n;
        for (int i = 0; i < n; i++, root += n) {
            const double *row = a + TRIANGLE(i) + l;
            for (int j = 0; j <= i; j++)
                root[j] = (float)row[(size_t)j * HEADS];
            memset(root + i + 1, 0, sizeof(float) * (size_t)(n - i - 1));
            double smoothed = v[i * HEADS + l] - doubt[l] * alpha[i * HEADS + l];
            if (smoothed < lowest) {
                lowest = smoothed;
                least = i;
            }
            double own = square[TRIANGLE(i + 1) - HEADS + l];
            f->residual[h * n + i] = (float)(alpha[i * HEADS + l] / (sqrt(own) * amplitude[l]));
            f->reads[(2 * h) * n + i] = (float)alpha[i * HEADS + l];
        }
        f->best[h] = (float)lowest;
        for (int i = 0; i < n; i++) {
            int low = i < least ? i : least, high = i < least ? least : i;
            double link = square[TRIANGLE(high) + (size_t)low * HEADS + l];
            f->reads[(2 * h + 1) * n + i] = (float)(doubt[l] * link);
        }
        for (int d = 0; d < dim; d++)
            f->gradient[h * dim + d] = (float)(w[d * HEADS + l] * moved[d * HEADS + l]);
        fit_sides(f, h, b, place, f->distance[family] + of_family, f->trend[family] + of_family);
    }
    return 1;
}

/* Log-probabilities of heads from their likelihoods. */
static void fit_weights(const fit *f, const double *likelihood)
{
    float top = -INFINITY, sum = 0.0f;
    for (int h = 0; h < f->heads; h++) {
        f->weight[h] = f->temperature * (float)likelihood[h] + f->bias[h];
        top = f->weight[h] > top ? f->weight[h] : top;
    }
    for (int h = 0; h < f->heads; h++)
        sum += expf(f->weight[h] - top);
    for (int h = 0; h < f->heads; h++)
        f->weight[h] -= top + logf(sum);
}

/* x bounded by `bound` either way, process_heads._bounded */
INLINE float bounded(float x, float bound)
{
    return bound * single_tanh(x * (1.0f / bound));
}

/* What emits a function's hyper-parameters, and moves them; parameters `process.` of that name. */
typedef struct {
    int context;                     /* X */
    const float *known;              /* (D, X) */
    const float *own, *own_bias;     /* (X, 3 H), (3 H,) */
    const float *shared, *shared_bias; /* (X, 4 H), (4 H,) */
    const float *pace;               /* (3, H) */
    const float *shift;              /* (H, D) */
} emitter;

/* process_heads.emit: the hyper-parameters in `f`; work: (D, 3 H), then X and 4 H numbers. */
static void emit(const emitter *e, const fit *f, float *inverse, float *slope, float *bend,
                 float *level, float *noise, float *mix, float *bias, float *work)
{
    const int heads = f->heads, dim = f->dim, X = e->context;
    float *own = work, *pooled = own + (size_t)dim * 3 * heads, *shared = pooled + X;
    const float root = 1.0f / sqrtf((float)dim);
    single_product(dim, X, 3 * heads, e->known, e->own, own);
    for (int d = 0; d < dim; d++)
#pragma omp simd
        for (int h = 0; h < heads; h++) {
            const float *raw = own + ((size_t)d * heads + h) * 3, *b = e->own_bias + 3 * h;
            float moved = raw[0] - e->shift[h * dim + d];
            inverse[h * dim + d] = single_exp(b[0] + bounded(moved, 3.0f)) * root;
            slope[h * dim + d] = single_exp(b[1] + bounded(raw[1], 2.0f));
            bend[h * dim + d] = single_exp(b[2] + bounded(raw[2], 2.0f));
        }
    for (int k = 0; k < X; k++)
        pooled[k] = 0.0f;
    for (int d = 0; d < dim; d++)
        for (int k = 0; k < X; k++)
            pooled[k] += e->known[d * X + k];
    for (int k = 0; k < X; k++)
        pooled[k] /= dim;
    single_product(1, X, 4 * heads, pooled, e->shared, shared);
#pragma omp simd
    for (int h = 0; h < heads; h++) {
        const float *raw = shared + 4 * h, *b = e->shared_bias + 4 * h;
        noise[h] = single_exp(2.0f * (b[0] + bounded(raw[0], 4.0f)));
        level[h] = single_exp(b[1] + bounded(raw[1], 2.0f));
        mix[h] = single_sigmoid(b[2] + raw[2]);
        bias[h] = b[3] + raw[3];
    }
}

/* process_heads.refit after the fit: shift (H, D), and inputs (D, 5 H) of the recurrence. */
static void advance(const emitter *e, const fit *f, float *shift, float *inputs)
{
    const int heads = f->heads, dim = f->dim, n = f->n;
    for (int h = 0; h < heads; h++) {
        const float pace = single_exp(e->pace[h]), steep = single_exp(e->pace[heads + h]);
        const float pull = single_exp(e->pace[2 * heads + h]);
        const float *residual = f->residual + (size_t)h * n;
        const float told[3] = {
            0.2f * (f->weight[h] > -20.0f ? f->weight[h] : -20.0f),
            0.3f * single_asinh(residual[n - 1]),
            0.3f * single_log(single_dot(residual, residual, n) / n + 1e-3f),
        };
        for (int d = 0; d < dim; d++) {
            float gradient = f->gradient[h * dim + d], before = e->shift[h * dim + d];
            float now = before + pace * single_tanh(steep * (gradient - pull * before));
            float *out = inputs + (size_t)d * 5 * heads + h;
            shift[h * dim + d] = now;
            out[0] = single_tanh(0.2f * gradient);
            out[heads] = 0.5f * now;
            for (int i = 0; i < 3; i++)
                out[(2 + i) * heads] = told[i];
        }
    }
}

/* Floats, after `fit_size` doubles and H likelihoods, that `network_refit` takes. */
static size_t emit_size(int heads, int n, int dim, int context)
{
    return (size_t)heads * (4 * dim + n + 4) + context;
}

/* `process_heads.refit` of B functions: letters and shapes are those of that module.

Args:
    sizes: B, H, n, D, told, X.
    known: (B, D, X); shift: (B, H, D); own ... temperature: parameters `process.`.
    best_x: (B, D); best_y, mean, m2: (B,); x: (B, n, D); y: (B, n).
    inverse ... trend_rbf: what is returned, a `Fit`, sides of both families, the second one of no
        size where H = 1; and the new shift (B, H, D), and inputs (B, D, 5 H).
    work: `network_refit_size` numbers.
Returns:
    0 where a covariance is not positive definite: then nothing that was written counts. */
int EXPORT(network_refit)(
    const int32_t *sizes, const float *known, const float *shift, const float *own,
    const float *own_bias, const float *shared, const float *shared_bias, const float *pace,
    const float *temperature, const float *best_x, const double *best_y, const double *mean,
    const double *m2, const float *x, const double *y, float *inverse, float *slope, float *bend,
    float *level, float *noise, float *mix, float *bias, float *root, float *reads,
    float *amplitude, float *best, float *weight, float *distance, float *trend,
    float *distance_rbf, float *trend_rbf, float *new_shift, float *inputs, double *work)
{
    const int batch = sizes[0], heads = sizes[1], n = sizes[2], dim = sizes[3], told = sizes[4];
    const int context = sizes[5], smooth = (heads + 1) / 2;
    const size_t wide = 2 * (size_t)dim + 1;
    const float heat = single_exp(temperature[0]);
    double *likelihood = work, *rest = work + heads;
    float *gradient = (float *)(rest + fit_size(n, dim)), *residual = gradient + heads * dim;
    float *scratch = residual + (size_t)heads * n;
    for (size_t p = 0; p < (size_t)batch; p++) {
        const double spread = m2[p] / (told > 1 ? told : 1);
        const size_t h = p * heads, hd = h * dim, hn = h * n;
        const size_t side = p * smooth * n * wide, rbf = p * (heads - smooth) * n * wide;
        const emitter e = {
            .context = context, .known = known + p * dim * context, .own = own,
            .own_bias = own_bias, .shared = shared, .shared_bias = shared_bias, .pace = pace,
            .shift = shift + hd,
        };
        const fit f = {
            .heads = heads, .smooth = smooth, .n = n, .dim = dim,
            .inverse = inverse + hd, .slope = slope + hd, .bend = bend + hd,
            .level = level + h, .noise = noise + h, .mix = mix + h, .bias = bias + h,
            .x = x + p * n * dim, .best_x = best_x + p * dim, .y = y + p * n,
            .best_y = best_y[p], .mean = mean[p], .deviation = spread > 0.0 ? sqrt(spread) : 1.0,
            .temperature = heat,
            .root = root + hn * n, .reads = reads + 2 * hn, .amplitude = amplitude + h,
            .best = best + h, .weight = weight + h,
            .distance = {distance + side, distance_rbf + rbf},
            .trend = {trend + side, trend_rbf + rbf},
            .gradient = gradient, .residual = residual,
        };
        emit(&e, &f, inverse + hd, slope + hd, bend + hd, level + h, noise + h, mix + h, bias + h,
             scratch);
        for (int first = 0; first < heads; first += HEADS)
            if (!fit_heads(&f, first, likelihood, rest))
                return 0;
        fit_weights(&f, likelihood);
        advance(&e, &f, new_shift + hd, inputs + 5 * hd);
    }
    return 1;
}

/* Doubles of scratch that `network_refit` takes. */
int EXPORT(network_refit_size)(int heads, int n, int dim, int context)
{
    return heads + (int)(fit_size(n, dim) + emit_size(heads, n, dim, context) / 2 + 1);
}

#endif
