/* Rows of three latent classes with covariates and groups, value and gradient, written for this model alone.

Logits of class k are x'b_k + u_gk; the answers of a pattern have the log probability y'r_k. Products with the distinct
rows of the design and of the answers are taken once, the respondents' rows look them up. */

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { K = 3, TILE = 256, MOST = 4096 };

typedef struct {
    int64_t n_rows, n_designs, n_terms, n_groups, n_patterns, n_answers;
    const double *design, *answers, *count; /* (n_designs, n_terms), (n_patterns, n_answers), (n_rows) */
    const int32_t *design_of, *group_of, *pattern_of;
} Data;

static void multiply(int64_t rows, int64_t columns, const double *restrict a, const double *restrict b, double *restrict o) {
    for (int64_t i = 0; i < rows; i++) {
        double sum[K] = {0.0};
        for (int64_t j = 0; j < columns; j++)
            for (int k = 0; k < K; k++) sum[k] += a[i * columns + j] * b[j * K + k];
        for (int k = 0; k < K; k++) o[i * K + k] = sum[k];
    }
}

static void multiply_transposed(int64_t rows, int64_t columns, const double *restrict a, const double *restrict g,
                                double *restrict o) {
    memset(o, 0, (size_t)(columns * K) * sizeof(double));
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            for (int k = 0; k < K; k++) o[j * K + k] += a[i * columns + j] * g[i * K + k];
}

double joint_gradient(const Data *data, const double *b, const double *u, const double *r, double *gb, double *gu,
                      double *gr) {
    static double by_design[MOST * K], by_pattern[MOST * K], g_design[MOST * K], g_pattern[MOST * K], largest[MOST];
    double e[K][TILE], w[K][TILE], total[TILE], mixed[TILE], value = 0.0;
    multiply(data->n_designs, data->n_terms, data->design, b, by_design);
    multiply(data->n_patterns, data->n_answers, data->answers, r, by_pattern);
    for (int64_t p = 0; p < data->n_patterns; p++) {
        double *x = by_pattern + p * K, most = x[0];
        for (int k = 1; k < K; k++) most = x[k] > most ? x[k] : most;
        for (int k = 0; k < K; k++) x[k] = exp(x[k] - most);
        largest[p] = most;
    }
    memset(g_design, 0, sizeof(double) * (size_t)(data->n_designs * K));
    memset(g_pattern, 0, sizeof(double) * (size_t)(data->n_patterns * K));
    memset(gu, 0, sizeof(double) * (size_t)(data->n_groups * K));
    for (int64_t first = 0; first < data->n_rows; first += TILE) {
        const int64_t n = data->n_rows - first < TILE ? data->n_rows - first : TILE;
        const int32_t *design_of = data->design_of + first, *group_of = data->group_of + first;
        const int32_t *pattern_of = data->pattern_of + first;
        const double *count = data->count + first;
        for (int k = 0; k < K; k++)
            for (int64_t i = 0; i < n; i++) {
                e[k][i] = by_design[design_of[i] * K + k] + u[group_of[i] * K + k];
                w[k][i] = by_pattern[pattern_of[i] * K + k];
            }
        for (int64_t i = 0; i < n; i++) {
            double most = e[0][i] > e[1][i] ? e[0][i] : e[1][i];
            most = most > e[2][i] ? most : e[2][i];
            total[i] = mixed[i] = 0.0;
            for (int k = 0; k < K; k++) {
                e[k][i] = exp(e[k][i] - most);
                total[i] += e[k][i];
                mixed[i] += e[k][i] * w[k][i];
            }
        }
        for (int64_t i = 0; i < n; i++) value += count[i] * log(mixed[i] / total[i]);
        for (int64_t i = 0; i < n; i++) value += count[i] * largest[pattern_of[i]];
        for (int k = 0; k < K; k++)
            for (int64_t i = 0; i < n; i++) {
                double of_class = count[i] * e[k][i] * w[k][i] / mixed[i];
                w[k][i] = of_class;
                e[k][i] = of_class - count[i] * e[k][i] / total[i];
            }
        for (int64_t i = 0; i < n; i++)
            for (int k = 0; k < K; k++) {
                g_design[design_of[i] * K + k] += e[k][i];
                gu[group_of[i] * K + k] += e[k][i];
                g_pattern[pattern_of[i] * K + k] += w[k][i];
            }
    }
    multiply_transposed(data->n_designs, data->n_terms, data->design, g_design, gb);
    multiply_transposed(data->n_patterns, data->n_answers, data->answers, g_pattern, gr);
    return value;
}
