/* Products, inverses and triangles of matrices, forwards and backwards. */

#ifndef BAYES_LCA_MATRICES
#define BAYES_LCA_MATRICES

#include "layout.h"

/* o (r, n) = a (r, m) b (m, n), four rows and sixteen columns at a time */
WIDEST static void matrix_product(int64_t r, int64_t m, int64_t n, const double *restrict a, const double *restrict b,
                           int64_t stride_b, double *restrict o, int64_t stride_o) {
    for (int64_t row = 0; row < r; row += 4) {
        int64_t rows = r - row < 4 ? r - row : 4;
        for (int64_t column = 0; column < n; column += 16) {
            int64_t columns = n - column < 16 ? n - column : 16;
            double sum[4][16] = {{0.0}};
            if (columns == 16 && rows == 4) {
                for (int64_t k = 0; k < m; k++)
                    for (int i = 0; i < 4; i++) {
                        double factor = a[(row + i) * m + k];
                        for (int j = 0; j < 16; j++) sum[i][j] += factor * b[k * stride_b + column + j];
                    }
            } else if (columns == 16 && rows == 3) {
                for (int64_t k = 0; k < m; k++)
                    for (int i = 0; i < 3; i++) {
                        double factor = a[(row + i) * m + k];
                        for (int j = 0; j < 16; j++) sum[i][j] += factor * b[k * stride_b + column + j];
                    }
            } else {
                for (int64_t k = 0; k < m; k++)
                    for (int64_t i = 0; i < rows; i++) {
                        double factor = a[(row + i) * m + k];
                        for (int64_t j = 0; j < columns; j++) sum[i][j] += factor * b[k * stride_b + column + j];
                    }
            }
            for (int64_t i = 0; i < rows; i++)
                memcpy(o + (row + i) * stride_o + column, sum[i], (size_t)columns * sizeof(double));
        }
    }
}

WIDEST static void matrix_product_backwards(int64_t r, int64_t m, int64_t n, const double *restrict a, const double *restrict b,
                                     int64_t stride_b, const double *restrict g, int64_t stride_g, double *restrict ga,
                                     double *restrict gb) {
    if (ga)
        for (int64_t k = 0; k < m; k++) {
            const double *bk = b + k * stride_b;
            int64_t row = 0;
            for (; row + 3 <= r; row += 3) {
                const double *g0 = g + row * stride_g, *g1 = g0 + stride_g, *g2 = g1 + stride_g;
                double s0 = 0.0, s1 = 0.0, s2 = 0.0;
                _Pragma("omp simd reduction(+ : s0, s1, s2)") for (int64_t i = 0; i < n; i++) {
                    s0 += g0[i] * bk[i];
                    s1 += g1[i] * bk[i];
                    s2 += g2[i] * bk[i];
                }
                ga[row * m + k] += s0;
                ga[(row + 1) * m + k] += s1;
                ga[(row + 2) * m + k] += s2;
            }
            for (; row < r; row++) {
                const double *g0 = g + row * stride_g;
                double s0 = 0.0;
                _Pragma("omp simd reduction(+ : s0)") for (int64_t i = 0; i < n; i++) s0 += g0[i] * bk[i];
                ga[row * m + k] += s0;
            }
        }
    if (gb)
        for (int64_t row = 0; row < r; row++)
            for (int64_t k = 0; k < m; k++)
                for (int64_t i = 0; i < n; i++) gb[k * stride_b + i] += a[row * m + k] * g[row * stride_g + i];
}

/* x = t^-1 b or t^-T b for a triangle t (d, d), b (d, columns) */
static void solve_triangle(int64_t d, int64_t columns, const double *t, int lower, int transposed, int unit,
                           const double *b, double *x) {
    memmove(x, b, (size_t)(d * columns) * sizeof(double));
    int forwards = lower != transposed;
    for (int64_t step = 0; step < d; step++) {
        int64_t i = forwards ? step : d - 1 - step;
        for (int64_t done = 0; done < step; done++) {
            int64_t k = forwards ? done : d - 1 - done;
            double factor = transposed ? t[k * d + i] : t[i * d + k];
            for (int64_t j = 0; j < columns; j++) x[i * columns + j] -= factor * x[k * columns + j];
        }
        if (!unit)
            for (int64_t j = 0; j < columns; j++) x[i * columns + j] /= t[i * d + i];
    }
}

static void invert(int64_t d, const double *a, double *o, double *left) {
    /* Gauss and Jordan, with the largest pivot of each column */
    memcpy(left, a, (size_t)(d * d) * sizeof(double));
    for (int64_t i = 0; i < d * d; i++) o[i] = i % (d + 1) == 0;
    for (int64_t k = 0; k < d; k++) {
        int64_t pivot = k;
        for (int64_t i = k + 1; i < d; i++)
            if (fabs(left[i * d + k]) > fabs(left[pivot * d + k])) pivot = i;
        for (int64_t j = 0; j < d && pivot != k; j++) {
            double swapped = left[k * d + j];
            left[k * d + j] = left[pivot * d + j];
            left[pivot * d + j] = swapped;
            swapped = o[k * d + j];
            o[k * d + j] = o[pivot * d + j];
            o[pivot * d + j] = swapped;
        }
        double factor = 1.0 / left[k * d + k];
        for (int64_t j = 0; j < d; j++) left[k * d + j] *= factor, o[k * d + j] *= factor;
        for (int64_t i = 0; i < d; i++) {
            double times = left[i * d + k];
            for (int64_t j = 0; j < d && i != k; j++) {
                left[i * d + j] -= times * left[k * d + j];
                o[i * d + j] -= times * o[k * d + j];
            }
        }
    }
}

static void invert_backwards(int64_t d, const double *o, const double *g, double *ga, double *work) {
    /* -o' g o' */
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) {
            double sum = 0.0;
            for (int64_t k = 0; k < d; k++) sum += g[i * d + k] * o[j * d + k];
            work[i * d + j] = sum;
        }
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++)
            for (int64_t k = 0; k < d; k++) ga[i * d + j] -= o[k * d + i] * work[k * d + j];
}

static void cholesky(int64_t d, const double *a, double *o) {
    memset(o, 0, (size_t)(d * d) * sizeof(double));
    for (int64_t j = 0; j < d; j++)
        for (int64_t i = j; i < d; i++) {
            double sum = a[i * d + j];
            for (int64_t k = 0; k < j; k++) sum -= o[i * d + k] * o[j * d + k];
            o[i * d + j] = i == j ? sqrt(sum) : sum / o[j * d + j];
        }
}

static void cholesky_backwards(int64_t d, const double *o, const double *g, double *ga, double *p, double *q) {
    /* half of o^-T (p + p') o^-1, where p is the lower triangle of o' g with half of its diagonal
       (Murray 2016, arXiv:1602.07527) */
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0.0;
            for (int64_t k = i; k < d; k++) sum += o[k * d + i] * g[k * d + j];
            p[i * d + j] = p[j * d + i] = 0.5 * sum;
        }
    solve_triangle(d, d, o, 1, 1, 0, p, q);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) p[i * d + j] = q[j * d + i];
    solve_triangle(d, d, o, 1, 1, 0, p, q);
    for (int64_t i = 0; i < d * d; i++) ga[i] += q[i];
}

static void solve_triangle_backwards(int64_t d, int64_t columns, const double *t, int lower, int unit, const double *x,
                                     const double *g, double *gt, double *gb, double *work) {
    solve_triangle(d, columns, t, lower, 1, unit, g, work);
    for (int64_t i = 0; i < d * columns && gb; i++) gb[i] += work[i];
    for (int64_t i = 0; i < d && gt; i++)
        for (int64_t j = 0; j < d; j++)
            if (lower ? j < i + !unit : j > i - !unit)
                for (int64_t k = 0; k < columns; k++) gt[i * d + j] -= work[i * columns + k] * x[j * columns + k];
}

#endif
