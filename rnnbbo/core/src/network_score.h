/* Scores of candidates: policies/network/scored.py, archive.py, content.py.

Candidates come in blocks of W, as in network_predict.h. D dimensions, n rows, X numbers that the
recurrence knows of a dimension, N words of a memory, R heads that read rows by their distance. */

#ifndef RNNBBO_NETWORK_SCORE_H
#define RNNBBO_NETWORK_SCORE_H

#include "network_ascent.h"
#include "network_fit.h"
#include "network_predict.h"

#define SCORE_BASES 5 /* as scored.py has them */
#define PLACE_FEATURES 7
#define FEATURES_GLOBAL 9 /* evidence.py */
#define SIMILAR_FEATURES 7 /* archive.py */
#define NEAREST_FEATURES 3
#define NOTHING -50.0f
#define KEY_PARTS 3 /* content.py */
#define NORM_EPSILON 1e-6f

/* Sizes and weights; arrays are in the shapes of the modules' parameters. */
typedef struct {
    int dim, n, context, forms, layer, similar, words, width, features;
    const float *forms_weight, *forms_bias;              /* score.forms */
    const float *in, *in_context, *in_bias, *mid, *mid_bias, *out;
    const float *scale, *scale_bias;                     /* rows.scale, or NULL */
    const float *slices, *strength;                      /* key., or NULL */
    float gain;                                          /* process.gain */
} scorer;

/* One function's state. */
typedef struct {
    const float *known, *shared;                         /* (D, X) context, (FEATURES_GLOBAL,) */
    const float *best_x, *second_x;                      /* (D,) */
    const float *x;                                      /* (n, D) rows */
    const double *y;                                     /* (n,) */
    double best_y, mean, deviation;
    const float *memory;                                 /* (N, D width), or NULL */
    const float *pending;                                /* (P, D) */
    posterior heads;
} scored_state;

/* What does not depend on candidates; made by `prepare_score`. */
typedef struct {
    float *coefficients;     /* (5 D, forms) */
    float *bias;             /* (layer,) */
    float *chance;           /* (H,) probabilities of the heads */
    float *rows;             /* (max(R, 1), n, 2 D + 1): factors of the rows */
    float *values;           /* (max(R, 1), 5, n): 1, three values, correction */
    float *projected, *mean_words; /* (N, 3 D), (N, width) */
    float gram[KEY_PARTS * KEY_PARTS];
    pending_points pending;
    float *scratch;
} prepared_score;

/* Floats of scratch that `prepare_score` and `score_block` take. */
static size_t score_size(const scorer *s, int heads, int pending)
{
    const size_t dim = s->dim, n = s->n, wide = 2 * dim + 1, r = s->similar ? s->similar : 1;
    const size_t longest = n > (size_t)pending ? n : (size_t)pending;
    const size_t rows = longest > (size_t)s->words ? longest : (size_t)s->words;
    const size_t block = dim * (2 + SCORE_BASES + 2 * KEY_PARTS) + 2 * wide + s->features +
                         2 * s->layer + 4 * rows + 4 * (size_t)heads + 16;
    return SCORE_BASES * dim * s->forms + s->layer + s->context + FEATURES_GLOBAL + heads +
           r * n * (wide + 5) + 2 * n * n + 4 * n + dim + wide * n +
           (size_t)s->words * (KEY_PARTS * dim + s->width) +
           pending_size(heads, s->n, s->dim, pending) + KEYS * block + 64;
}

#define UNSCORED -1e30f  /* rnnbbo/core/network.py */
#define MOST_RANKED 16 /* candidates of either kind that are scored where others are not */

/* Floats of scratch of `score_ranked`. */
static size_t ranked_size(const scorer *s, int count, int most)
{
    return most ? (size_t)count + KEYS + 2 * (size_t)most * s->dim : 0;
}

/* evidence.value_features of the rows, (3, n) */
static void value_features(const scored_state *t, int n, float *restrict values)
{
    const double scale = 1.0 / t->deviation;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        double z = asinh_of((t->y[i] - t->mean) * scale);
        values[i] = (float)z;
        values[n + i] = (float)(0.2 * asinh_of((t->y[i] - t->best_y) * scale * (1.0 / 0.01)));
        values[2 * n + i] = (float)(z * z);
    }
}

/* archive._residuals: what is left of values z (n,) after smoothing twice, (n,).

between: (n, n) similarities; scratch: (2 n). */
static void residuals(int n, const float *between, const float *z, float *restrict correction,
                      float *restrict scratch)
{
    float *total = scratch, *residual = scratch + n;
    for (int i = 0; i < n; i++) {
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < n; j++)
            sum += between[(size_t)i * n + j];
        total[i] = sum;
        residual[i] = z[i] - single_dot(between + (size_t)i * n, z, n) / sum;
    }
    for (int i = 0; i < n; i++)
        correction[i] = residual[i] + residual[i] -
                        single_dot(between + (size_t)i * n, residual, n) / total[i];
}

/* The rows' factors and values, for `similar_block` or `nearest_block`. */
static void prepare_rows(const scorer *s, const scored_state *t, prepared_score *q, float *work)
{
    const int n = s->n, dim = s->dim, wide = 2 * dim + 1;
    float *between = work, *transposed = between + (size_t)n * n, *scratch = transposed + wide * n;
    float *scales = scratch + 2 * n;
    value_features(t, n, q->values + n);
    for (int r = 0; r < (s->similar ? s->similar : 1); r++) {
        float *rows = q->rows + (size_t)r * n * wide, *values = q->values + (size_t)r * 5 * n;
        if (r)
            memcpy(values + n, q->values + n, sizeof(float) * 3 * n);
        for (int i = 0; i < n; i++)
            values[i] = 1.0f;
        if (s->similar)
            for (int d = 0; d < dim; d++) {
                float raw = 0.0f;
                for (int k = 0; k < s->context; k++)
                    raw += t->known[d * s->context + k] * s->scale[k * s->similar + r];
                float log_inverse = s->scale_bias[r] + 2.5f * single_tanh(0.4f * raw);
                float inverse = single_exp(log_inverse) / sqrtf((float)dim);
                scales[d] = inverse * inverse;
            }
        for (int i = 0; i < n; i++, rows += wide) {
            float sum = 0.0f;
            for (int d = 0; d < dim; d++) {
                float b = t->x[i * dim + d] - t->best_x[d], w = s->similar ? scales[d] : 1.0f;
                rows[d] = s->similar ? -0.5f * w : 1.0f;
                rows[dim + d] = s->similar ? w * b : -2.0f * b;
                sum += w * b * b;
                transposed[d * n + i] = b * b;
                transposed[(dim + d) * n + i] = b;
            }
            rows[2 * dim] = s->similar ? -0.5f * sum : sum;
            transposed[2 * dim * n + i] = 1.0f;
        }
        if (!s->similar)
            return;
        single_product(n, wide, n, q->rows + (size_t)r * n * wide, transposed, between);
#pragma omp simd
        for (int i = 0; i < n * n; i++) {
            float l = between[i] < 0.0f ? between[i] : 0.0f;
            between[i] = single_exp(l > NOTHING ? l : NOTHING);
        }
        residuals(n, between, values + n, values + 4 * n, scratch);
    }
}

/* Words as candidates' keys meet them, for `memory_block`. */
static void prepare_memory(const scorer *s, const scored_state *t, const float *pooled,
                           prepared_score *q)
{
    const int dim = s->dim, width = s->width;
    for (int i = 0; i < KEY_PARTS; i++)
        for (int j = 0; j < KEY_PARTS; j++)
            q->gram[i * KEY_PARTS + j] =
                single_dot(s->slices + i * width, s->slices + j * width, width);
    const float strength = single_oneplus(single_dot(pooled, s->strength, s->context));
    for (int i = 0; i < s->words; i++) {
        const float *word = t->memory + (size_t)i * dim * width;
        float *projected = q->projected + (size_t)i * dim * KEY_PARTS;
        float *mean = q->mean_words + (size_t)i * width;
        const float norm = sqrtf(single_dot(word, word, dim * width) + NORM_EPSILON);
        const float factor = strength / norm;
        for (int j = 0; j < width; j++)
            mean[j] = 0.0f;
        for (int d = 0; d < dim; d++) {
            for (int p = 0; p < KEY_PARTS; p++)
                projected[d * KEY_PARTS + p] =
                    factor * single_dot(word + d * width, s->slices + p * width, width);
            for (int j = 0; j < width; j++)
                mean[j] += word[d * width + j] / dim;
        }
    }
}

/* All that does not depend on candidates. */
static void prepare_score(const scorer *s, const scored_state *t, int pending, prepared_score *q,
                          float *work)
{
    const int dim = s->dim, n = s->n, wide = 2 * dim + 1, X = s->context, r = s->similar ? s->similar : 1;
    const int heads = t->heads.heads;
    q->coefficients = work;
    q->bias = q->coefficients + SCORE_BASES * dim * s->forms;
    q->chance = q->bias + s->layer;
    q->rows = q->chance + heads;
    q->values = q->rows + (size_t)r * n * wide;
    q->projected = q->values + (size_t)r * n * 5;
    q->mean_words = q->projected + (size_t)s->words * KEY_PARTS * dim;
    float *pooled = q->mean_words + (size_t)s->words * s->width, *further = pooled + X + FEATURES_GLOBAL;
    q->scratch = further + pending_size(heads, n, dim, pending);
    load_pending(&t->heads, t->best_x, pending, t->pending, &q->pending, further);

    single_product(dim, X, SCORE_BASES * s->forms, t->known, s->forms_weight, q->coefficients);
    for (int d = 0; d < dim; d++)
        for (int i = 0; i < SCORE_BASES * s->forms; i++) {
            float *one = q->coefficients + (size_t)d * SCORE_BASES * s->forms + i;
            *one = (*one + s->forms_bias[i]) * (1.0f / dim);
        }
    for (int k = 0; k < X; k++) {
        float sum = 0.0f;
        for (int d = 0; d < dim; d++)
            sum += t->known[d * X + k];
        pooled[k] = sum / dim;
    }
    memcpy(pooled + X, t->shared, sizeof(float) * FEATURES_GLOBAL);
    single_product(1, X + FEATURES_GLOBAL, s->layer, pooled, s->in_context, q->bias);
    for (int i = 0; i < s->layer; i++)
        q->bias[i] += s->in_bias[i];
    float top = -INFINITY, sum = 0.0f;
    for (int h = 0; h < heads; h++)
        top = t->heads.weight[h] > top ? t->heads.weight[h] : top;
    for (int h = 0; h < heads; h++)
        sum += q->chance[h] = expf(t->heads.weight[h] - top);
    for (int h = 0; h < heads; h++)
        q->chance[h] /= sum;
    prepare_rows(s, t, q, q->scratch);
    if (s->words)
        prepare_memory(s, t, pooled, q);
}

INLINE float log_distance(float rms)
{
    return 0.2f * single_log(rms + 1e-5f) + 1.0f;
}

/* Root mean squares (W,) of differences of keys x (D, W) from a point. */
static void rms_block(int dim, const float *x, const float *point, float *restrict rms)
{
    float sum[KEYS];
    EACH_KEY(c) sum[c] = 0.0f;
    for (int d = 0; d < dim; d++)
        EACH_KEY(c)
        {
            float away = x[d * KEYS + c] - point[d];
            sum[c] += away * away;
        }
    EACH_KEY(c) rms[c] = sqrtf(sum[c] / dim + 1e-12f);
}

/* scored.quadratic_forms and scored.place_features, (forms + PLACE_FEATURES, W).

bases: (5 D, W) scratch. */
static void own_block(const scorer *s, const scored_state *t, const prepared_score *q,
                      const float *x, float *restrict bases, float *restrict out)
{
    const int dim = s->dim;
    float first[KEYS], second[KEYS], border[KEYS], nearest[KEYS];
    rms_block(dim, x, t->best_x, first);
    rms_block(dim, x, t->second_x, second);
    EACH_KEY(c) border[c] = 0.0f;
    for (int d = 0; d < dim; d++) {
        float *of = bases + SCORE_BASES * d * KEYS;
        EACH_KEY(c)
        {
            float place = 2.0f * x[d * KEYS + c] - 1.0f, away = x[d * KEYS + c] - t->best_x[d];
            of[c] = place;
            of[KEYS + c] = place * place;
            of[2 * KEYS + c] = 2.0f * away;
            of[3 * KEYS + c] = 4.0f * away * away;
            of[4 * KEYS + c] = away / first[c];
            border[c] += fabsf(place) > 1.0f - 1e-6f ? 1.0f : 0.0f;
        }
    }
    single_block(s->forms, SCORE_BASES * dim, q->coefficients, 1, s->forms, bases, out);
    out += s->forms * KEYS;
    EACH_KEY(c) nearest[c] = INFINITY;
    for (int i = 0; i < q->pending.count; i++) {
        float rms[KEYS];
        rms_block(dim, x, t->pending + i * dim, rms);
        EACH_KEY(c) nearest[c] = rms[c] < nearest[c] ? rms[c] : nearest[c];
    }
    const float flag = q->pending.count ? 1.0f : 0.0f;
    EACH_KEY(c)
    {
        out[c] = log_distance(first[c]);
        out[KEYS + c] = first[c];
        out[2 * KEYS + c] = log_distance(second[c]);
        out[3 * KEYS + c] = second[c];
        out[4 * KEYS + c] = border[c] / dim;
        out[5 * KEYS + c] = flag != 0.0f ? log_distance(nearest[c]) : 0.0f;
        out[6 * KEYS + c] = flag;
    }
}

/* archive.read_nearest, (NEAREST_FEATURES, W); work: (n, W). */
static void nearest_block(const scorer *s, const prepared_score *q, const float *squares,
                          float *restrict work, float *restrict out)
{
    const int n = s->n, wide = 2 * s->dim + 1;
    const float *z = q->values + n, *height = z + n;
    float least[KEYS], sum[3][KEYS];
    single_block(n, wide, q->rows, wide, 1, squares, work);
    EACH_KEY(c)
    {
        least[c] = INFINITY;
        sum[0][c] = sum[1][c] = sum[2][c] = 0.0f;
    }
    for (int i = 0; i < n; i++)
        EACH_KEY(c) least[c] = work[i * KEYS + c] < least[c] ? work[i * KEYS + c] : least[c];
    for (int i = 0; i < n; i++)
        EACH_KEY(c)
        {
            float closest = work[i * KEYS + c] == least[c] ? 1.0f : 0.0f;
            sum[0][c] += closest;
            sum[1][c] += closest * z[i];
            sum[2][c] += closest * height[i];
        }
    EACH_KEY(c)
    {
        out[c] = log_distance(sqrtf(clip_from(least[c], 0.0f) / s->dim));
        out[KEYS + c] = sum[1][c] / sum[0][c];
        out[2 * KEYS + c] = sum[2][c] / sum[0][c];
    }
}

/* archive.read_similar by one head, (SIMILAR_FEATURES, W); work: (n, W). */
static void similar_block(const scorer *s, const prepared_score *q, int r, const float *squares,
                          float *restrict work, float *restrict out)
{
    const int n = s->n, wide = 2 * s->dim + 1;
    float top[KEYS], sums[5 * KEYS];
    single_block(n, wide, q->rows + (size_t)r * n * wide, wide, 1, squares, work);
    EACH_KEY(c) top[c] = -INFINITY;
    for (int i = 0; i < n; i++)
        EACH_KEY(c) top[c] = work[i * KEYS + c] > top[c] ? work[i * KEYS + c] : top[c];
    for (int i = 0; i < n; i++)
        EACH_KEY(c) work[i * KEYS + c] = single_exp(clip_from(work[i * KEYS + c] - top[c], NOTHING));
    single_block(5, n, q->values + (size_t)r * 5 * n, n, 1, work, sums);
    EACH_KEY(c)
    {
        float above = top[c] < 0.0f ? top[c] : 0.0f, total = sums[c];
        float z = sums[KEYS + c] / total, height = sums[2 * KEYS + c] / total;
        float square = sums[3 * KEYS + c] / total, correction = sums[4 * KEYS + c] / total;
        float log_sum = clip_from(above + single_log(total), -20.0f);
        float similarity = single_exp(log_sum);
        out[c] = z;
        out[KEYS + c] = height;
        out[2 * KEYS + c] = z + correction;
        out[3 * KEYS + c] = sqrtf(clip_from(square - z * z, 0.0f) + 1e-4f);
        out[4 * KEYS + c] = 0.2f * log_sum;
        out[5 * KEYS + c] = 0.15f * single_log(1e-6f - 2.0f * above);
        out[6 * KEYS + c] = z * similarity / (similarity + 1.0f);
    }
}

/* content.read_memory, (width, W); work: (3 D + 3 D + N, W). */
static void memory_block(const scorer *s, const scored_state *t, const prepared_score *q,
                         const float *x, float *restrict work, float *restrict out)
{
    const int dim = s->dim, words = s->words;
    float *flat = work, *logits = work + KEY_PARTS * dim * KEYS;
    float norm[KEYS], top[KEYS], sum[KEYS];
    const float *g = q->gram;
    EACH_KEY(c) norm[c] = 0.0f;
    for (int d = 0; d < dim; d++) {
        float *of = flat + KEY_PARTS * d * KEYS;
        EACH_KEY(c)
        {
            float p0 = 2.0f * x[d * KEYS + c] - 1.0f, p1 = p0 * p0;
            float p2 = 2.0f * (x[d * KEYS + c] - t->best_x[d]);
            of[c] = p0;
            of[KEYS + c] = p1;
            of[2 * KEYS + c] = p2;
            norm[c] += p0 * (g[0] * p0 + g[1] * p1 + g[2] * p2) +
                       p1 * (g[3] * p0 + g[4] * p1 + g[5] * p2) +
                       p2 * (g[6] * p0 + g[7] * p1 + g[8] * p2);
        }
    }
    single_block(words, KEY_PARTS * dim, q->projected, KEY_PARTS * dim, 1, flat, logits);
    EACH_KEY(c)
    {
        norm[c] = 1.0f / sqrtf(norm[c] + NORM_EPSILON);
        top[c] = -INFINITY;
        sum[c] = 0.0f;
    }
    for (int i = 0; i < words; i++)
        EACH_KEY(c)
        {
            float logit = logits[i * KEYS + c] * norm[c];
            logits[i * KEYS + c] = logit;
            top[c] = logit > top[c] ? logit : top[c];
        }
    for (int i = 0; i < words; i++)
        EACH_KEY(c)
        {
            float e = single_exp(logits[i * KEYS + c] - top[c]);
            logits[i * KEYS + c] = e;
            sum[c] += e;
        }
    single_block(s->width, words, q->mean_words, 1, s->width, logits, out);
    for (int j = 0; j < s->width; j++)
        EACH_KEY(c) out[j * KEYS + c] /= sum[c];
}

/* process_heads.predict_candidates, (4 H + 2, W), and the averaged improvement (W,).

work: (3 + H + 2 n + 2 max(n, P), W). */
static void process_block(const scored_state *t, const prepared_score *q, const float *squares,
                          const float *bases, float *restrict work, float *restrict out,
                          float *restrict average)
{
    const posterior *f = &t->heads;
    const int heads = f->heads;
    float *mean = work, *variance = mean + KEYS, *covariance = variance + KEYS, *rest = covariance + KEYS;
    float *weighted = rest, top[KEYS], total[KEYS], chance[KEYS];
    rest += heads * KEYS;
    EACH_KEY(c)
    {
        top[c] = -INFINITY;
        total[c] = chance[c] = 0.0f;
    }
    for (int h = 0; h < heads; h++) {
        head_block(f, &q->pending, h, squares, bases, mean, variance, covariance, rest);
        const float noise = f->noise[h], amplitude = f->amplitude[h], best = f->best[h];
        const float weight = f->weight[h], probability = q->chance[h];
        float *of = out + h * KEYS, *of_weighted = weighted + h * KEYS;
        EACH_KEY(c)
        {
            float s2 = clip_from(variance[c], HEAD_VARIANCE);
            float apart = clip_from(s2 - covariance[c], HEAD_VARIANCE);
            float deviation = sqrtf(apart * sqrtf(s2 / (s2 + noise))) * amplitude;
            float gain = best - mean[c], z = gain / deviation, ratio;
            z = z < STEEPEST ? z : STEEPEST;
            z = z > -STEEPEST ? z : -STEEPEST;
            float log_deviation = single_log(deviation);
            float improvement = log_deviation + single_log_h(f->series, z, &ratio);
            of[c] = gain;
            of[heads * KEYS + c] = 0.2f * log_deviation;
            of[2 * heads * KEYS + c] = 0.3f * single_asinh(z);
            of[3 * heads * KEYS + c] = 0.1f * clip_from(improvement, -50.0f);
            chance[c] += probability * single_sigmoid(1.7f * z);
            improvement += weight;
            of_weighted[c] = improvement;
            top[c] = improvement > top[c] ? improvement : top[c];
        }
    }
    for (int h = 0; h < heads; h++)
        EACH_KEY(c) total[c] += single_exp(weighted[h * KEYS + c] - top[c]);
    out += 4 * heads * KEYS;
    EACH_KEY(c)
    {
        average[c] = top[c] + single_log(total[c]);
        out[c] = 0.1f * clip_from(average[c], -50.0f);
        out[KEYS + c] = chance[c];
    }
}

/* Scores (W,) of a block of candidates x (D, W). */
static void score_block(const scorer *s, const scored_state *t, const prepared_score *q,
                        int count, int first, const float *points, float *restrict scores)
{
    const int dim = s->dim, wide = 2 * dim + 1, layer = s->layer;
    float *x = q->scratch, *squares = x + dim * KEYS, *bases = squares + wide * KEYS;
    float *features = bases + wide * KEYS, *hidden = features + s->features * KEYS;
    float *deeper = hidden + layer * KEYS, *work = deeper + layer * KEYS, *at = features;
    float average[KEYS];
    load_keys(dim, count, first, points, x);
    load_squares(dim, x, t->best_x, squares, bases);
    own_block(s, t, q, x, work, at);
    at += (s->forms + PLACE_FEATURES) * KEYS;
    if (s->similar)
        for (int r = 0; r < s->similar; r++, at += SIMILAR_FEATURES * KEYS)
            similar_block(s, q, r, squares, work, at);
    else {
        nearest_block(s, q, squares, work, at);
        at += NEAREST_FEATURES * KEYS;
    }
    if (s->words) {
        memory_block(s, t, q, x, work, at);
        at += s->width * KEYS;
    }
    process_block(t, q, squares, bases, work, at, average);
    single_block(layer, s->features, s->in, 1, layer, features, hidden);
    for (int i = 0; i < layer; i++)
        EACH_KEY(c) hidden[i * KEYS + c] = clip_from(hidden[i * KEYS + c] + q->bias[i], 0.0f);
    single_block(layer, layer, s->mid, 1, layer, hidden, deeper);
    for (int i = 0; i < layer; i++)
        EACH_KEY(c) deeper[i * KEYS + c] = clip_from(deeper[i * KEYS + c] + s->mid_bias[i], 0.0f);
    single_row(layer, s->out, 1, deeper, KEYS, hidden);
    for (int c = 0; c < KEYS && first + c < count; c++)
        scores[first + c] = hidden[c] + s->gain * average[c];
}

/* The averaged improvements (W,) of a block of candidates, by which they are ranked. */
static void average_block(const scorer *s, const scored_state *t, const prepared_score *q,
                          int count, int first, const float *points, float *restrict average)
{
    const int dim = s->dim, wide = 2 * dim + 1;
    float *x = q->scratch, *squares = x + dim * KEYS, *bases = squares + wide * KEYS;
    float *features = bases + wide * KEYS, *work = features + (s->features + 2 * s->layer) * KEYS;
    load_keys(dim, count, first, points, x);
    load_squares(dim, x, t->best_x, squares, bases);
    process_block(t, q, squares, bases, work, features, average);
}

/* Scores (C,) of the candidates (C, D) of the largest averaged improvements, `most` of the first `wide`
   and of the others; UNSCORED of the rest. averages (C + W,), chosen (2 most, D): scratch. */
static void score_ranked(const scorer *s, const scored_state *t, const prepared_score *q,
                         int count, int wide, int most, const float *points, float *scores,
                         float *averages, float *chosen)
{
    const size_t dim = (size_t)s->dim;
    int index[2 * MOST_RANKED], size = 0;
    for (int first = 0; first < count; first += KEYS)
        average_block(s, t, q, count, first, points, averages + first);
    for (int kind = 0; kind < 2; kind++)
        for (int turn = 0; turn < most; turn++) {
            int best = -1;
            for (int i = kind ? wide : 0; i < (kind ? count : wide); i++)
                if (averages[i] > -INFINITY && (best < 0 || averages[i] > averages[best]))
                    best = i;
            if (best < 0)
                break;
            averages[best] = -INFINITY;
            memcpy(chosen + size * dim, points + best * dim, sizeof(float) * dim);
            index[size++] = best;
        }
    float found[2 * MOST_RANKED];
    for (int first = 0; first < size; first += KEYS)
        score_block(s, t, q, size, first, chosen, found);
    for (int i = 0; i < count; i++)
        scores[i] = UNSCORED;
    for (int i = 0; i < size; i++)
        scores[index[i]] = found[i];
}

/* The best of scores (C,) and what is added to them, or NULL, from `first` to `last` - 1. */
static int best_of(const float *scores, const double *added, int first, int last)
{
    int best = first;
    double top = -INFINITY;
    for (int i = first; i < last; i++) {
        double score = scores[i] + (added ? added[i] : 0.0);
        if (score > top) {
            top = score;
            best = i;
        }
    }
    return best;
}

/* ascent.climb_from: where the heads lead to from the best candidates of either kind, (2, D).

work: sides_size + ascent_size floats; state: climb_size + D doubles. */
static int climb_from(const scored_state *t, const float *points, const float *scores,
                      const double *added, int count, int wide, int steps, double radius,
                      double longest, float *found, float *work, double *state)
{
    const posterior *f = &t->heads;
    const int dim = f->dim;
    double *unit = state + climb_size(dim);
    const int best[2] = {best_of(scores, added, 0, wide), best_of(scores, added, wide, count)};
    for (int d = 0; d < dim; d++) {
        double sum = 0.0;
        for (int h = 0; h < f->heads; h++)
            sum += log_of(f->inverse[h * dim + d]);
        unit[d] = exp(-sum / f->heads);
        unit[d] = unit[d] < longest ? unit[d] : longest;
    }
    for (int i = 0; i < 2; i++)
        memcpy(found + i * dim, points + (size_t)best[i] * dim, sizeof(float) * dim);
    across_sides(f, work);
    return climb_heads(f, t->best_x, work, steps, radius, unit, found, found, state,
                       work + sides_size(f->heads, f->n, dim));
}

/* `Scored.forward`, and `ascent.climb_from`, for B functions, once there is a value.

Args:
    sizes: B, told, D, n, H, X, forms, layer, R, N, width, features, C, P; W, of the points those
        over the whole cube; steps of a climb, 0 for none; 1 to score its points, too, else 0;
        how many of either kind are scored, 0 for all.
    radius, longest: of a climb's first step, and unit.
    known (B, D, X), shared, best_x, second_x (B, .); best_y, mean, m2 (B,); x (B, n, D), y (B, n).
    inverse ... trend_rbf: of the fit, as in network_refit.
    gain ... out, scale ... strength: weights; memory (B, N, D width): NULL where there are none.
    series: of improvement.py. points (B, C, D); pending (B, P, D).
    added: (B, C) to add to scores where the climbs' starts are chosen, or NULL.
    scores (B, C), or (B, C + 2), and found (B, 2, D), which are returned.
    work, state: `network_consider_size` and 2 D^2 + 13 D + 6 numbers.
Returns:
    0; -1 if there is no memory. */
int EXPORT(network_consider)(
    const int32_t *sizes, double radius, double longest, const float *known, const float *shared,
    const float *best_x, const float *second_x, const double *best_y, const double *mean,
    const double *m2, const float *x, const double *y, const float *inverse, const float *slope,
    const float *bend, const float *level, const float *noise, const float *root,
    const float *reads, const float *amplitude, const float *best, const float *weight,
    const float *distance, const float *trend, const float *distance_rbf, const float *trend_rbf,
    const float *gain, const float *forms_weight, const float *forms_bias, const float *in,
    const float *in_context, const float *in_bias, const float *mid, const float *mid_bias,
    const float *out, const float *scale, const float *scale_bias, const float *slices,
    const float *strength, const float *memory, const float *series, const float *points,
    const float *pending, const double *added, float *scores, float *found, float *work,
    double *state)
{
    const int batch = sizes[0], told = sizes[1], heads = sizes[4], count = sizes[12];
    const int waiting = sizes[13], spread = sizes[14], steps = sizes[15], again = sizes[16];
    const int ranked = sizes[17] < MOST_RANKED ? sizes[17] : MOST_RANKED;
    const int smooth = (heads + 1) / 2;
    const scorer s = {
        .dim = sizes[2], .n = sizes[3], .context = sizes[5], .forms = sizes[6], .layer = sizes[7],
        .similar = sizes[8], .words = sizes[9], .width = sizes[10], .features = sizes[11],
        .forms_weight = forms_weight, .forms_bias = forms_bias, .in = in,
        .in_context = in_context, .in_bias = in_bias, .mid = mid, .mid_bias = mid_bias, .out = out,
        .scale = scale, .scale_bias = scale_bias, .slices = slices, .strength = strength,
        .gain = gain[0],
    };
    const size_t dim = s.dim, n = s.n, wide = 2 * dim + 1;
    float *averages = work + score_size(&s, heads, waiting);
    float *climbing = averages + ranked_size(&s, count, ranked);
    for (size_t p = 0; p < (size_t)batch; p++) {
        const double variance = m2[p] / (told > 1 ? told : 1);
        const size_t h = p * heads, hd = h * dim, hn = h * n;
        const size_t side = p * smooth * n * wide, rbf = p * (heads - smooth) * n * wide;
        const scored_state t = {
            .known = known + p * dim * s.context, .shared = shared + p * FEATURES_GLOBAL,
            .best_x = best_x + p * dim, .second_x = second_x + p * dim, .x = x + p * n * dim,
            .y = y + p * n, .best_y = best_y[p], .mean = mean[p],
            .deviation = variance > 0.0 ? sqrt(variance) : 1.0,
            .memory = memory ? memory + p * s.words * dim * s.width : NULL,
            .pending = pending ? pending + p * waiting * dim : NULL,
            .heads = {
                .heads = heads, .smooth = smooth, .n = s.n, .dim = s.dim,
                .slope = slope + hd, .bend = bend + hd, .level = level + h, .noise = noise + h,
                .root = root + hn * n, .reads = reads + 2 * hn, .amplitude = amplitude + h,
                .best = best + h, .weight = weight + h, .inverse = inverse + hd,
                .distance = {distance + side, distance_rbf + rbf},
                .trend = {trend + side, trend_rbf + rbf}, .series = series,
            },
        };
        prepared_score q;
        prepare_score(&s, &t, waiting, &q, work);
        const float *theirs = points + p * count * dim;
        float *of = scores + p * (count + (again ? CLIMBERS : 0));
        if (ranked && 2 * ranked < count)
            score_ranked(&s, &t, &q, count, spread, ranked, theirs, of, averages,
                         averages + count + KEYS);
        else
            for (int first = 0; first < count; first += KEYS)
                score_block(&s, &t, &q, count, first, theirs, of);
        if (!steps)
            continue;
        float *reached = found + p * CLIMBERS * dim;
        if (climb_from(&t, theirs, of, added ? added + p * count : NULL, count, spread, steps,
                       radius, longest, reached, climbing, state))
            return -1;
        if (again)
            score_block(&s, &t, &q, CLIMBERS, 0, reached, of + count);
    }
    return 0;
}

/* Floats of scratch that `network_consider` takes. */
int EXPORT(network_consider_size)(const int32_t *sizes)
{
    const scorer s = {
        .dim = sizes[2], .n = sizes[3], .context = sizes[5], .forms = sizes[6], .layer = sizes[7],
        .similar = sizes[8], .words = sizes[9], .width = sizes[10], .features = sizes[11],
    };
    const int heads = sizes[4];
    const int ranked = sizes[17] < MOST_RANKED ? sizes[17] : MOST_RANKED;
    return (int)(score_size(&s, heads, sizes[13]) + ranked_size(&s, sizes[12], ranked) + sides_size(heads, s.n, s.dim) +
                 ascent_size(heads, s.n, s.dim));
}

#endif
