/* Paths through classes, summed out in one step for all waves.

The log-likelihood of a row is log of sum over z of softmax(eta)_z1 prod_t>1 P(z_t | z_t-1) prod_t e^(w_t,zt), with
P(d | c) in proportion to a_cd e^(h_d) and a = e^tau. Forwards alpha, the class given all answers so far, is scaled to add
up to one at every wave; backwards beta is what lies ahead, in proportion to what was expected.

The table has, of one wave after the other from the last to the first, the vectors w, then h; those of the first wave have
eta in place of h. Then come the logarithms tau of the steps, from the last to the first, row by row. Of shares there are,
in the same order, alpha, then f = e^(h + w) over the sum, e = e^h, and one over z_c = sum_d a_cd e_d; of the first wave
alpha, and the shares softmax(eta). Paths of persons, in persons.h, have no w in their table and other things in place of
alpha and f. */

#ifndef BAYES_LCA_PATHS
#define BAYES_LCA_PATHS

#include "mixtures.h"

enum { MOST_CLASSES = 64 };

typedef struct {
    int64_t k_all, n_steps, stride, per_wave;
    const int64_t *vectors, *taus;
    double *shares;
} PathLayout;

/* A path with so many vectors for each wave and class. */
INLINE PathLayout path_layout(const Run *run, const Instruction *now, int64_t of_class) {
    const int64_t k = now->detail[4], n_steps = (now->detail[0] - of_class * k) / (k * (k + of_class));
    const int64_t *table = run->program->operands + now->detail[1], *taus = table + 3 * of_class * k * (n_steps + 1);
    return (PathLayout){k, n_steps, now->detail[3], of_class * k, table, taus, run->numbers + now->detail[2]};
}

/* The table of w at a wave that is so many steps before the last. */
INLINE const int64_t *answers_at(const PathLayout *path, int64_t before_last) {
    return path->vectors + 3 * path->per_wave * before_last;
}

/* The table of h, or of eta at the first wave. */
INLINE const int64_t *moves_at(const PathLayout *path, int64_t before_last) {
    return answers_at(path, before_last + 1) - 3 * path->k_all;
}

/* Shares of a wave: alpha, then f, e and one over z, or softmax(eta) at the first. */
INLINE double *shares_at(const PathLayout *path, int64_t before_last) {
    return path->shares + 4 * path->k_all * path->stride * before_last;
}

/* e^(tau - largest of the origin) of a step. */
INLINE void odds_at_mean(const Run *run, const PathLayout *path, int64_t before_last, int64_t c, double *a) {
    const int64_t k_all = path->k_all, *taus = path->taus + 3 * k_all * (k_all * before_last + c);
    double most = -INFINITY;
    for (int64_t d = 0; d < k_all; d++) most = run->numbers[taus[3 * d]] > most ? run->numbers[taus[3 * d]] : most;
    for (int64_t d = 0; d < k_all; d++) a[d] = fast_exp(run->numbers[taus[3 * d]] - most);
}

/* The shares softmax(eta) of the first wave. */
INLINE void begin(const Run *run, const PathLayout *path) {
    const int64_t n = run->n, k_all = path->k_all, stride = path->stride, *eta = moves_at(path, path->n_steps);
    double *restrict first = shares_at(path, path->n_steps) + k_all * stride, largest[TILE], sum[TILE] = {0.0};
    largest_of(run, eta, k_all, 0, n, largest);
    for (int64_t k = 0; k < k_all; k++) {
        double *restrict part = first + k * stride;
        exp_less(run, eta + 3 * k, 0, n, largest, part);
        EACH sum[i] += part[i];
    }
    EACH sum[i] = 1.0 / sum[i];
    for (int64_t k = 0; k < k_all; k++) EACH first[k * stride + i] *= sum[i];
}

/* e and one over z of a step. */
INLINE void move(const Run *run, const PathLayout *path, int64_t before_last) {
    const int64_t n = run->n, k_all = path->k_all, stride = path->stride, *h = moves_at(path, before_last);
    double *restrict e = shares_at(path, before_last) + 2 * k_all * stride, *restrict of_z = e + k_all * stride;
    double largest[TILE], a[MOST_CLASSES];
    largest_of(run, h, k_all, 0, n, largest);
    for (int64_t k = 0; k < k_all; k++) exp_less(run, h + 3 * k, 0, n, largest, e + k * stride);
    for (int64_t c = 0; c < k_all; c++) {
        double z[TILE] = {0.0}, *restrict inverse = of_z + c * stride;
        odds_at_mean(run, path, before_last, c, a);
        for (int64_t d = 0; d < k_all; d++) EACH z[i] += a[d] * e[d * stride + i];
        EACH inverse[i] = 1.0 / z[i];
    }
}

/* Takes what was expected of eta off the adjoints of the classes of the first wave, which are in place of alpha. */
INLINE void begin_backwards(const Run *run, const PathLayout *path, const double *restrict g) {
    const int64_t n = run->n, k_all = path->k_all, *eta = moves_at(path, path->n_steps);
    double *here = shares_at(path, path->n_steps);
    for (int64_t k = 0; k < k_all; k++) {
        double *restrict geta = adjoint_of(run, eta[3 * k]), *restrict of_k = here + k * path->stride;
        const double *restrict share = of_k + k_all * path->stride;
        TO_ADJOINT(geta, eta[3 * k + 1] != SCALAR, eta[3 * k + 2], of_k[i] - g[i] * share[i])
    }
}

/* The same of h and tau, with the adjoints of the classes at both waves of a step in place of alpha. */
INLINE void move_backwards(const Run *run, const PathLayout *path, int64_t before_last) {
    const int64_t n = run->n, k_all = path->k_all, stride = path->stride, *h = moves_at(path, before_last);
    double *here = shares_at(path, before_last), *e = here + 2 * k_all * stride, a[MOST_CLASSES];
    const double *left = shares_at(path, before_last + 1);
    for (int64_t c = 0; c < k_all; c++) {
        const double *restrict of_c = left + c * stride;
        double *restrict q = e + (k_all + c) * stride;
        odds_at_mean(run, path, before_last, c, a);
        EACH q[i] *= of_c[i];
        for (int64_t d = 0; d < k_all; d++) {
            double *gtau = adjoint_of(run, path->taus[3 * (k_all * (k_all * before_last + c) + d)]), sum = 0.0;
            double *restrict of_d = here + d * stride;
            const double *restrict e_d = e + d * stride;
            _Pragma("omp simd reduction(+ : sum)") EACH {
                const double less = a[d] * q[i] * e_d[i];
                sum += less;
                of_d[i] -= less;
            }
            if (gtau) *gtau -= sum;
        }
    }
    for (int64_t k = 0; k < k_all; k++) {
        double *restrict gh = adjoint_of(run, h[3 * k]), *restrict of_k = here + k * stride;
        TO_ADJOINT(gh, h[3 * k + 1] != SCALAR, h[3 * k + 2], of_k[i])
    }
}

WIDEST static void log_path(const Run *run, const Instruction *now) {
    const PathLayout path = path_layout(run, now, 2);
    const int64_t n = run->n, k_all = path.k_all, stride = path.stride;
    double *restrict o = run->numbers + now->out, *alpha = shares_at(&path, path.n_steps);
    double largest[TILE], sum[TILE], a[MOST_CLASSES];
    begin(run, &path);
    EACH o[i] = 0.0;
    for (int64_t left = path.n_steps;; left--) {
        const int64_t *w = answers_at(&path, left);
        largest_of(run, w, k_all, 0, n, largest);
        EACH o[i] += largest[i], sum[i] = 0.0;
        for (int64_t k = 0; k < k_all; k++) {
            double *restrict of_k = alpha + k * stride, *restrict f = alpha + (k_all + k) * stride;
            double answer[TILE], *restrict e = f + k_all * stride;
            exp_less(run, w + 3 * k, 0, n, largest, answer);
            if (left < path.n_steps) EACH f[i] = answer[i] * e[i], of_k[i] *= f[i];
            else EACH of_k[i] = answer[i] * f[i];
            EACH sum[i] += of_k[i];
        }
        EACH o[i] += sum[i] > 0.0 ? fast_log(sum[i]) : -INFINITY;
        EACH sum[i] = 1.0 / sum[i];
        for (int64_t k = 0; k < k_all; k++) EACH alpha[k * stride + i] *= sum[i];
        if (left < path.n_steps)
            for (int64_t k = 0; k < k_all; k++) EACH alpha[(k_all + k) * stride + i] *= sum[i];
        if (!left) break;
        double *restrict before = alpha, *restrict entered = shares_at(&path, left - 1);
        double *restrict of_z = entered + 3 * k_all * stride;
        move(run, &path, left - 1);
        for (int64_t k = 0; k < k_all; k++) EACH entered[k * stride + i] = 0.0;
        for (int64_t c = 0; c < k_all; c++) {
            double leaving[TILE];
            odds_at_mean(run, &path, left - 1, c, a);
            EACH leaving[i] = before[c * stride + i] * of_z[c * stride + i];
            for (int64_t d = 0; d < k_all; d++) EACH entered[d * stride + i] += a[d] * leaving[i];
        }
        alpha = entered;
    }
}

/* Adjoints of log alpha take the place of alpha, f that of f times the adjoint of alpha, and one over z that of log z. */
WIDEST static void log_path_backwards(const Run *run, const Instruction *now) {
    const PathLayout path = path_layout(run, now, 2);
    const int64_t n = run->n, k_all = path.k_all, stride = path.stride;
    const double *restrict g = run->adjoints + now->out;
    double a[MOST_CLASSES];
    for (int64_t k = 0; k < 2 * k_all; k++) {
        double *restrict of_k = shares_at(&path, 0) + k * stride;
        EACH of_k[i] *= g[i];
    }
    for (int64_t back = 0;; back++) {
        const int64_t *w = answers_at(&path, back);
        double *here = shares_at(&path, back), *f = here + k_all * stride, *of_z = f + 2 * k_all * stride;
        for (int64_t k = 0; k < k_all; k++) {
            double *restrict gw = adjoint_of(run, w[3 * k]), *restrict of_k = here + k * stride;
            TO_ADJOINT(gw, w[3 * k + 1] != SCALAR, w[3 * k + 2], of_k[i])
        }
        if (back == path.n_steps) break;
        for (int64_t c = 0; c < k_all; c++) {
            double ahead[TILE] = {0.0}, left[TILE], *restrict q = of_z + c * stride;
            double *restrict before = shares_at(&path, back + 1) + c * stride, *restrict of_f = before + k_all * stride;
            odds_at_mean(run, &path, back, c, a);
            EACH left[i] = before[i] * q[i];
            for (int64_t d = 0; d < k_all; d++) {
                double *gtau = adjoint_of(run, path.taus[3 * (k_all * (k_all * back + c) + d)]), sum = 0.0;
                const double *restrict r = f + d * stride;
                _Pragma("omp simd reduction(+ : sum)") EACH ahead[i] += a[d] * r[i], sum += left[i] * r[i];
                if (gtau) *gtau += a[d] * sum;
            }
            EACH ahead[i] *= q[i], before[i] *= ahead[i];
            if (back + 1 < path.n_steps) EACH of_f[i] *= ahead[i];
        }
        move_backwards(run, &path, back);
    }
    begin_backwards(run, &path, g);
}

#endif
