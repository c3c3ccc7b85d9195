/* Logarithms of sums of exponentials, and of mixtures of classes. */

#ifndef BAYES_LCA_MIXTURES
#define BAYES_LCA_MIXTURES

#include "vectors.h"

/* The largest of several vectors at some rows; a table has position, mode and start of the adjoint of each. */
INLINE void largest_of(const Run *run, const int64_t *table, int64_t k_all, int64_t from, int64_t some,
                       double *restrict largest) {
    for (int64_t k = 0; k < k_all; k++) {
        const double *x = reads(run, table[3 * k], table[3 * k + 1]);
        if (!table[3 * k + 1]) for (int64_t i = 0; i < some; i++) largest[i] = !k || *x > largest[i] ? *x : largest[i];
        else for (int64_t i = 0; i < some; i++) largest[i] = !k || x[from + i] > largest[i] ? x[from + i] : largest[i];
    }
}

/* e^(x - largest) at some rows. */
INLINE void exp_less(const Run *run, const int64_t *of_vector, int64_t from, int64_t some,
                     const double *restrict largest, double *restrict part) {
    const double *x = reads(run, of_vector[0], of_vector[1]);
    if (!of_vector[1]) for (int64_t i = 0; i < some; i++) part[i] = fast_exp(*x - largest[i]);
    else for (int64_t i = 0; i < some; i++) part[i] = fast_exp(x[from + i] - largest[i]);
}

WIDEST static void log_sum_exp(const Run *run, const Instruction *now) {
    const int64_t n = run->n, k_all = now->detail[0], *table = run->program->operands + now->detail[1];
    double *restrict o = run->numbers + now->out, largest[TILE], total[TILE];
    for (int64_t from = 0; from < n; from += TILE) {
        const int64_t some = n - from < TILE ? n - from : TILE;
        largest_of(run, table, k_all, from, some, largest);
        for (int64_t i = 0; i < some; i++) largest[i] = largest[i] < -1e300 ? 0.0 : largest[i], total[i] = 0.0;
        for (int64_t k = 0; k < k_all; k++) {
            double *restrict part = run->numbers + now->detail[2] + k * now->detail[3] + from;
            exp_less(run, table + 3 * k, from, some, largest, part);
            for (int64_t i = 0; i < some; i++) total[i] += part[i];
        }
        for (int64_t i = 0; i < some; i++) o[from + i] = total[i] > 0.0 ? fast_log(total[i]) + largest[i] : -INFINITY;
        for (int64_t i = 0; i < some; i++) total[i] = 1.0 / total[i];
        for (int64_t k = 0; k < k_all; k++) {
            double *restrict part = run->numbers + now->detail[2] + k * now->detail[3] + from;
            for (int64_t i = 0; i < some; i++) part[i] *= total[i];
        }
    }
}

WIDEST static void log_sum_exp_backwards(const Run *run, const Instruction *now) {
    const int64_t n = run->n, *table = run->program->operands + now->detail[1];
    const double *restrict g = run->adjoints + now->out;
    for (int64_t k = 0; k < now->detail[0]; k++) {
        double *restrict gx = adjoint_of(run, table[3 * k]);
        const double *restrict part = run->numbers + now->detail[2] + k * now->detail[3];
        TO_ADJOINT(gx, table[3 * k + 1] != SCALAR, table[3 * k + 2], g[i] * part[i])
    }
}

/* log of sum_k softmax(eta)_k w_k, plus an offset that has no gradient of its own. The table has eta, then w; of shares
   there are those of eta, then the ratios of each class's term to their sum, over w. */
WIDEST static void log_mixture(const Run *run, const Instruction *now) {
    const int64_t n = run->n, k_all = now->detail[0] / 2, *table = run->program->operands + now->detail[1];
    double *restrict o = run->numbers + now->out, largest[TILE], total[TILE], mixed[TILE];
    const double *offset = reads(run, now->operand[0], now->mode[0]);
    for (int64_t from = 0; from < n; from += TILE) {
        const int64_t some = n - from < TILE ? n - from : TILE;
        largest_of(run, table, k_all, from, some, largest);
        for (int64_t i = 0; i < some; i++) total[i] = mixed[i] = 0.0;
        for (int64_t k = 0; k < k_all; k++) {
            const double *restrict w = reads(run, table[3 * (k_all + k)], table[3 * (k_all + k) + 1]) + from;
            double *restrict part = run->numbers + now->detail[2] + k * now->detail[3] + from;
            exp_less(run, table + 3 * k, from, some, largest, part);
            for (int64_t i = 0; i < some; i++) total[i] += part[i], mixed[i] += part[i] * w[i];
        }
        for (int64_t i = 0; i < some; i++) {
            o[from + i] = fast_log(mixed[i] / total[i]) + offset[from + i];
        }
        for (int64_t i = 0; i < some; i++) total[i] = 1.0 / total[i], mixed[i] = 1.0 / mixed[i];
        for (int64_t k = 0; k < k_all; k++) {
            double *restrict part = run->numbers + now->detail[2] + k * now->detail[3] + from;
            double *restrict ratio = part + k_all * now->detail[3];
            for (int64_t i = 0; i < some; i++) ratio[i] = part[i] * mixed[i], part[i] *= total[i];
        }
    }
}

WIDEST static void log_mixture_backwards(const Run *run, const Instruction *now) {
    const int64_t n = run->n, k_all = now->detail[0] / 2, *table = run->program->operands + now->detail[1];
    const double *restrict g = run->adjoints + now->out;
    for (int64_t k = 0; k < k_all; k++) {
        const int64_t *of_eta = table + 3 * k, *of_w = table + 3 * (k_all + k);
        double *restrict geta = adjoint_of(run, of_eta[0]), *restrict gw = adjoint_of(run, of_w[0]);
        const double *restrict share = run->numbers + now->detail[2] + k * now->detail[3];
        const double *restrict ratio = share + k_all * now->detail[3], *restrict w = reads(run, of_w[0], of_w[1]);
        TO_ADJOINT(geta, of_eta[1] != SCALAR, of_eta[2], g[i] * (ratio[i] * w[i] - share[i]))
        TO_ADJOINT(gw, 1, of_w[2], g[i] * ratio[i])
    }
}

/* log of sum_k e^(x_k) a_km for every m, with a = e^alpha: a product with a matrix where all is kept as logarithms. The
   table has the vectors x, then the alphas, row by row; of shares there are e^(x_k - largest), then one over each sum. */
WIDEST static void log_matrix_product(const Run *run, const Instruction *now) {
    const int64_t n = run->n, m_all = now->detail[4], k_all = now->detail[0] / (1 + m_all), stride = now->detail[3];
    const int64_t *table = run->program->operands + now->detail[1];
    double *restrict share = run->numbers + now->detail[2], largest[TILE], total[TILE];
    largest_of(run, table, k_all, 0, n, largest);
    EACH largest[i] = largest[i] < -1e300 ? 0.0 : largest[i];
    for (int64_t k = 0; k < k_all; k++) exp_less(run, table + 3 * k, 0, n, largest, share + k * stride);
    for (int64_t m = 0; m < m_all; m++) {
        double *restrict o = run->numbers + now->out + m * stride, *restrict inverse = share + (k_all + m) * stride;
        double most = -INFINITY;
        for (int64_t k = 0; k < k_all; k++) {
            const double alpha = run->numbers[table[3 * (k_all + k * m_all + m)]];
            most = alpha > most ? alpha : most;
        }
        EACH total[i] = 0.0;
        for (int64_t k = 0; k < k_all; k++) {
            const double a = fast_exp(run->numbers[table[3 * (k_all + k * m_all + m)]] - most);
            const double *restrict e = share + k * stride;
            EACH total[i] += a * e[i];
        }
        EACH o[i] = total[i] > 0.0 ? fast_log(total[i]) + largest[i] + most : -INFINITY;
        const double scale = exp(-most);
        EACH inverse[i] = scale / total[i];
    }
}

WIDEST static void log_matrix_product_backwards(const Run *run, const Instruction *now) {
    const int64_t n = run->n, m_all = now->detail[4], k_all = now->detail[0] / (1 + m_all), stride = now->detail[3];
    const int64_t *table = run->program->operands + now->detail[1];
    const double *restrict share = run->numbers + now->detail[2];
    double from_all[TILE];
    for (int64_t k = 0; k < k_all; k++) {
        const double *restrict e = share + k * stride;
        double *restrict gx = adjoint_of(run, table[3 * k]);
        EACH from_all[i] = 0.0;
        for (int64_t m = 0; m < m_all; m++) {
            const int64_t at = table[3 * (k_all + k * m_all + m)];
            const double a = fast_exp(run->numbers[at]), *restrict inverse = share + (k_all + m) * stride;
            const double *restrict g = run->adjoints + now->out + m * stride;
            double *galpha = adjoint_of(run, at), sum = 0.0;
            _Pragma("omp simd reduction(+ : sum)") EACH {
                const double part = a * g[i] * inverse[i] * e[i];
                from_all[i] += part;
                sum += part;
            }
            if (galpha) *galpha += sum;
        }
        TO_ADJOINT(gx, table[3 * k + 1] != SCALAR, table[3 * k + 2], from_all[i])
    }
}

#endif
