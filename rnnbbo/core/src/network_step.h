/* A step of the recurrences: policies/evidence.py, policies/network/lstm.py, dnc.py and
external_memory.py. B functions, D dimensions, H units of an LSTM, N rows of a memory of W = D width
numbers, R read heads. */

#ifndef RNNBBO_NETWORK_STEP_H
#define RNNBBO_NETWORK_STEP_H

#include "network_fit.h"
#include "network_score.h"

#define FEATURES_PER_DIM 7 /* evidence.py */

/* What is known of the values of B functions, (B,) each; points, (B, D) each. */
typedef struct {
    double *mean, *m2, *best_y, *second_y;
    float *best_x, *second_x;
} evidence;

/* `evidence.update_evidence` where a result is told, the `count`-th, of function p. */
static void update_evidence(int count, int dim, size_t p, const float *x, double y,
                            const evidence *before, const evidence *now)
{
    const size_t at = p * dim, size = sizeof(float) * dim;
    if (count == 1) {
        now->mean[p] = now->best_y[p] = now->second_y[p] = y;
        now->m2[p] = before->m2[p];
        memcpy(now->best_x + at, x, size);
        memcpy(now->second_x + at, x, size);
        return;
    }
    const double delta = y - before->mean[p], mean = before->mean[p] + delta / count;
    const int better = y < before->best_y[p];
    /* A single result is its own runner-up until another one comes. */
    const int runs_up = count == 2 || y < before->second_y[p];
    now->mean[p] = mean;
    now->m2[p] = before->m2[p] + delta * (y - mean);
    now->best_y[p] = better ? y : before->best_y[p];
    now->second_y[p] = better ? before->best_y[p] : runs_up ? y : before->second_y[p];
    memcpy(now->best_x + at, better ? x : before->best_x + at, size);
    memcpy(now->second_x + at,
           better ? before->best_x + at : runs_up ? x : before->second_x + at, size);
}

/* `evidence.update_evidence` and `evidence.make_inputs`.

Args:
    sizes: B, D; steps and results with this one, and 1 where it is a result, else 0.
    x, q: (B, D), y: (B,) of the observation.
    mean ... second_x: what was known; new_ that with it.
    per_dim: (B, D, FEATURES_PER_DIM), shared: (B, FEATURES_GLOBAL), which are returned. */
int EXPORT(network_observe)(const int32_t *sizes, const float *x, const float *q, const double *y,
                            double *mean, double *m2, double *best_y, double *second_y,
                            float *best_x, float *second_x, double *new_mean, double *new_m2,
                            double *new_best_y, double *new_second_y, float *new_best_x,
                            float *new_second_x, float *per_dim, float *shared)
{
    const int batch = sizes[0], dim = sizes[1], steps = sizes[2], count = sizes[3];
    const int told = sizes[4];
    const evidence before = {mean, m2, best_y, second_y, best_x, second_x};
    const evidence after = {new_mean, new_m2, new_best_y, new_second_y, new_best_x, new_second_x};
    const evidence *now = told ? &after : &before;
    const double log_steps = 0.25 * log1p(steps), log_told = 0.25 * log1p(count);
    const double log_dim = 0.3 * log(dim);
    for (size_t p = 0; p < (size_t)batch; p++, shared += FEATURES_GLOBAL) {
        if (told)
            update_evidence(count, dim, p, x + p * dim, y[p], &before, now);
        for (size_t i = p * dim; i < (p + 1) * dim; i++, per_dim += FEATURES_PER_DIM) {
            float away = x[i] - now->best_x[i], spread = now->second_x[i] - now->best_x[i];
            per_dim[0] = 2.0f * x[i] - 1.0f;
            per_dim[1] = 2.0f * now->best_x[i] - 1.0f;
            per_dim[2] = away;
            per_dim[3] = 0.2f * single_asinh(away * 200.0f);
            per_dim[4] = spread;
            per_dim[5] = 0.2f * single_asinh(spread * 200.0f);
            per_dim[6] = 2.0f * q[i] - 1.0f;
        }
        const double variance = now->m2[p] / (count > 1 ? count : 1);
        const double scale = 1.0 / (variance > 0.0 ? sqrt(variance) : 1.0);
        const double gain = told && count > 1 ? (y[p] - best_y[p]) * scale : 0.0;
        shared[0] = told ? 1.0f : 0.0f;
        shared[1] = told && count > 1 ? (float)asinh_of((y[p] - now->mean[p]) * scale) : 0.0f;
        shared[2] = (float)asinh_of((now->best_y[p] - now->mean[p]) * scale);
        shared[3] = (float)(0.2 * asinh_of((now->second_y[p] - now->best_y[p]) * scale * 100.0));
        shared[4] = (float)(0.2 * asinh_of(gain * 100.0));
        shared[5] = gain < 0.0 ? 1.0f : 0.0f;
        shared[6] = (float)log_steps;
        shared[7] = (float)log_told;
        shared[8] = (float)log_dim;
    }
    return 0;
}

#define TOGETHER 4 /* functions whose LSTMs step as one, so that products have rows in fours */

/* Sizes of `network_lstm`: B, D, H, widths of the inputs of each dimension, and G. */
static int lstm_row(const int32_t *sizes)
{
    return sizes[3] + sizes[4] + sizes[5] + sizes[2];
}

/* `Lstm.step`: new h and c (B, D, H).

Args:
    sizes: B, D, H, numbers of own, reads and told, any may be 0, and G.
    own, reads, told: (B, D, .) inputs of each dimension; shared: (B, G) inputs; h, c: (B, D, H).
    weight, weight_shared, bias: weights `cell.`.
    work: `network_lstm_size` numbers. */
int EXPORT(network_lstm)(const int32_t *sizes, const float *own, const float *reads,
                         const float *told, const float *shared, const float *h, const float *c,
                         const float *weight, const float *weight_shared, const float *bias,
                         float *new_h, float *new_c, float *work)
{
    const int batch = sizes[0], dim = sizes[1], H = sizes[2], global = sizes[6];
    const int all = lstm_row(sizes), wide[4] = {sizes[3], sizes[4], sizes[5], H};
    const float *parts[4] = {own, reads, told, h};
    float *row = work, *gates = row + (size_t)TOGETHER * dim * all;
    float *pooled = gates + (size_t)TOGETHER * dim * 4 * H;
    float *common = pooled + TOGETHER * (global + H);
    for (size_t p = 0; p < (size_t)batch; p += TOGETHER) {
        const int some = batch - (int)p < TOGETHER ? batch - (int)p : TOGETHER, rows = some * dim;
        float *at = row;
        for (size_t d = p * dim; d < p * dim + rows; d++)
            for (int i = 0; i < 4; at += wide[i], i++)
                if (wide[i])
                    memcpy(at, parts[i] + d * wide[i], sizeof(float) * wide[i]);
        at = pooled;
        for (size_t i = p; i < p + some; i++, at += global + H) {
            memcpy(at, shared + i * global, sizeof(float) * global);
            for (int k = 0; k < H; k++)
                at[global + k] = 0.0f;
            for (int d = 0; d < dim; d++)
                for (int k = 0; k < H; k++)
                    at[global + k] += h[(i * dim + d) * H + k];
            for (int k = 0; k < H; k++)
                at[global + k] /= dim;
        }
        single_product(some, global + H, 4 * H, pooled, weight_shared, common);
        single_product(rows, all, 4 * H, row, weight, gates);
        for (int d = 0; d < rows; d++) {
            float *g = gates + (size_t)d * 4 * H, *of_all = common + (size_t)(d / dim) * 4 * H;
            const float *before = c + (p * dim + d) * H;
            float *out_h = new_h + (p * dim + d) * H, *out_c = new_c + (p * dim + d) * H;
            for (int k = 0; k < 4 * H; k++)
                g[k] += of_all[k] + bias[k];
#pragma omp simd
            for (int k = 0; k < H; k++) {
                float input = single_sigmoid(g[k]), forget = single_sigmoid(g[H + k]);
                float cell = forget * before[k] + input * single_tanh(g[3 * H + k]);
                out_c[k] = cell;
                out_h[k] = single_sigmoid(g[2 * H + k]) * single_tanh(cell);
            }
        }
    }
    return 0;
}

/* Floats of scratch that `network_lstm` takes. */
int EXPORT(network_lstm_size)(const int32_t *sizes)
{
    const int dim = sizes[1], H = sizes[2];
    return TOGETHER * (dim * (lstm_row(sizes) + 4 * H) + sizes[6] + 5 * H);
}

/* external_memory.content_weighting by one key (W,) of a strength: (N,).

norms: (N,) of the rows, which are the root of their squares and NORM_EPSILON. */
static void content_weighting(int rows, int word, const float *memory, const float *norms,
                              const float *key, float strength, float *restrict out)
{
    const float norm = sqrtf(single_dot(key, key, word) + NORM_EPSILON);
    float top = -INFINITY, sum = 0.0f;
    for (int i = 0; i < rows; i++) {
        float cosine = single_dot(key, memory + (size_t)i * word, word) / (norm * norms[i]);
        out[i] = cosine * strength;
        top = out[i] > top ? out[i] : top;
    }
    for (int i = 0; i < rows; i++)
        sum += out[i] = single_exp(out[i] - top);
    for (int i = 0; i < rows; i++)
        out[i] /= sum;
}

static void row_norms(int rows, int word, const float *memory, float *restrict norms)
{
    for (int i = 0; i < rows; i++) {
        const float *row = memory + (size_t)i * word;
        norms[i] = sqrtf(single_dot(row, row, word) + NORM_EPSILON);
    }
}

/* `Dnc._interface` and external_memory.access: one step of the memory, equation by equation.

Args:
    h: (B, D, H) of the controller; slices ... shared_bias: weights `interface.` of that name.
    memory (B, N, W), usage, precedence (B, N), links (B, N, N), written (B, N), read (B, R, N): the
        state, and new_ that after the step.
    reads: (B, D, R width), what the heads read.
    work: D width (R + 3) (1 + 1) + H + 5 R + 3 + N (R + 4) numbers. */
int EXPORT(network_memory)(int batch, int dim, int H, int rows, int width, int heads,
                            const float *h, const float *slices, const float *slices_bias,
                            const float *shared, const float *shared_bias, const float *memory,
                            const float *usage, const float *precedence, const float *links,
                            const float *written, const float *read, float *new_memory,
                            float *new_usage, float *new_precedence, float *new_links,
                            float *new_written, float *new_read, float *reads, float *work)
{
    const int parts = heads + 3, word = dim * width, N = rows, numbers = 5 * heads + 3;
    float *raw = work, *words = raw + (size_t)dim * parts * width;
    float *pooled = words + (size_t)parts * word, *gates = pooled + H, *norms = gates + numbers;
    float *content = norms + N, *found = content + N; /* found: (R, N) */
    for (int p = 0; p < batch; p++) {
        single_product(dim, H, parts * width, h, slices, raw);
        for (int d = 0; d < dim; d++)
            for (int i = 0; i < parts; i++)
                for (int j = 0; j < width; j++)
                    words[(size_t)i * word + d * width + j] =
                        raw[((size_t)d * parts + i) * width + j] + slices_bias[i * width + j];
        for (int k = 0; k < H; k++)
            pooled[k] = 0.0f;
        for (int d = 0; d < dim; d++)
            for (int k = 0; k < H; k++)
                pooled[k] += h[d * H + k];
        for (int k = 0; k < H; k++)
            pooled[k] /= dim;
        for (int i = 0; i < numbers; i++)
            gates[i] = shared_bias[i];
        for (int k = 0; k < H; k++)
            single_add_scaled(pooled[k], shared + (size_t)k * numbers, gates, numbers);
        for (int i = 0; i < heads + 1; i++)
            gates[i] = single_oneplus(gates[i]);
        for (int i = heads + 1; i < 2 * heads + 3; i++)
            gates[i] = single_sigmoid(gates[i]);
        const float *free_gates = gates + heads + 1;
        const float allocation_gate = gates[2 * heads + 1], write_gate = gates[2 * heads + 2];
        const float *write_key = words + (size_t)heads * word, *value = write_key + 2 * word;
        float *erase = words + (size_t)(heads + 1) * word;
        for (int i = 0; i < word; i++)
            erase[i] = single_sigmoid(erase[i]);
        for (int i = 0; i < N; i++) {
            float psi = 1.0f;
            for (int r = 0; r < heads; r++)
                psi *= 1.0f - free_gates[r] * read[r * N + i];
            new_usage[i] = (usage[i] + written[i] - usage[i] * written[i]) * psi;
        }
        row_norms(N, word, memory, norms);
        content_weighting(N, word, memory, norms, write_key, gates[heads], content);
        float sum = 0.0f;
        for (int i = 0; i < N; i++) {
            float product = 1.0f, mine = new_usage[i]; /* of all rows that are used less */
            for (int j = 0; j < N; j++) {
                float other = new_usage[j];
                product *= other < mine || (other == mine && j < i) ? other : 1.0f;
            }
            float allocation = (1.0f - mine) * product;
            float w = write_gate * (allocation_gate * allocation +
                                    (1.0f - allocation_gate) * content[i]);
            new_written[i] = w;
            sum += w;
            for (int j = 0; j < word; j++)
                new_memory[(size_t)i * word + j] =
                    memory[(size_t)i * word + j] * (1.0f - w * erase[j]) + w * value[j];
        }
        for (int i = 0; i < N; i++) {
            float w = new_written[i];
            for (int j = 0; j < N; j++)
                new_links[i * N + j] =
                    (1.0f - w - new_written[j]) * links[i * N + j] + w * precedence[j];
            new_links[i * N + i] = 0.0f;
        }
        for (int i = 0; i < N; i++)
            new_precedence[i] = (1.0f - sum) * precedence[i] + new_written[i];
        row_norms(N, word, new_memory, norms);
        for (int r = 0; r < heads; r++) {
            const float *before = read + r * N, *mode = gates + 2 * heads + 3 + 3 * r;
            float *out = new_read + r * N, modes[3], most = mode[0], total = 0.0f;
            for (int i = 1; i < 3; i++)
                most = mode[i] > most ? mode[i] : most;
            for (int i = 0; i < 3; i++)
                total += modes[i] = single_exp(mode[i] - most);
            content_weighting(N, word, new_memory, norms, words + (size_t)r * word, gates[r],
                              found);
            for (int i = 0; i < N; i++)
                out[i] = modes[1] / total * found[i] +
                         modes[2] / total * single_dot(new_links + i * N, before, N);
            for (int i = 0; i < N; i++)
                single_add_scaled(modes[0] / total * before[i], new_links + i * N, out, N);
            for (int d = 0; d < dim; d++)
                for (int j = 0; j < width; j++) {
                    float sum_of_rows = 0.0f;
                    for (int i = 0; i < N; i++)
                        sum_of_rows += out[i] * new_memory[(size_t)i * word + d * width + j];
                    reads[((size_t)d * heads + r) * width + j] = sum_of_rows;
                }
        }
        h += (size_t)dim * H;
        memory += (size_t)N * word, new_memory += (size_t)N * word;
        usage += N, new_usage += N, precedence += N, new_precedence += N;
        links += (size_t)N * N, new_links += (size_t)N * N;
        written += N, new_written += N;
        read += heads * N, new_read += heads * N;
        reads += (size_t)word * heads;
    }
    return 0;
}

/* `archive.keep` of B functions above its capacity n: rows x (B, n, D), y (B, n), and one more, new_x
   (B, D), new_y (B,); but the one that tells least, the worse of the closest two, relative to their
   distance from the incumbent best_x (B, D). kept_x, kept_y are as x, y; work (D + 2, n + 1). */
int EXPORT(network_keep)(int batch, int n, int dim, const float *x, const double *y,
                         const float *new_x, const double *new_y, const float *best_x,
                         float *kept_x, double *kept_y, float *work)
{
    const int all = n + 1;
    float *away = work, *r2 = away + (size_t)dim * all, *apart = r2 + all;
    const size_t row = sizeof(float) * (size_t)dim;
    for (int p = 0; p < batch; p++, x += (size_t)n * dim, y += n, new_x += dim, best_x += dim) {
        float least = INFINITY;
        int first = 0, second = 1;
        for (int j = 0; j < all; j++) {
            const float *point = j < n ? x + (size_t)j * dim : new_x;
            r2[j] = 0.0f;
            for (int d = 0; d < dim; d++) {
                float a = point[d] - best_x[d];
                away[d * all + j] = a;
                r2[j] += a * a;
            }
        }
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < all; j++)
                apart[j] = 0.0f;
            for (int d = 0; d < dim; d++)
                single_add_scaled(away[d * all + i], away + d * all + i + 1, apart + i + 1, n - i);
            for (int j = i + 1; j < all; j++) {
                float d2 = r2[i] + r2[j] - 2.0f * apart[j], far = r2[i] > r2[j] ? r2[i] : r2[j];
                apart[j] = d2 / (far + 1e-12f);
            }
            for (int j = i + 1; j < all; j++)
                if (apart[j] < least) {
                    least = apart[j];
                    first = i;
                    second = j;
                }
        }
        const double above = first < n ? y[first] : new_y[p], below = second < n ? y[second] : new_y[p];
        const int drop = above > below ? first : second;
        for (int j = 0; j < all; j++) {
            if (j == drop)
                continue;
            memcpy(kept_x, j < n ? x + (size_t)j * dim : new_x, row);
            kept_x += dim;
            *kept_y++ = j < n ? y[j] : new_y[p];
        }
    }
    return 0;
}

#endif
