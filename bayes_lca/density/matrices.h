/* Products, inverses and triangles of matrices, forwards and backwards. */

#ifndef BAYES_LCA_MATRICES
#define BAYES_LCA_MATRICES

#include "eight.h"
#include "layout.h"

/* Some rows of o = a b at 8 n_eights columns: sums stay in registers. */
INLINE void product_block(const int rows, const int n_eights, int64_t m, const double *restrict a,
                          const double *restrict b, int64_t stride_b, double *restrict o, int64_t stride_o) {
    Eight sum[4][2];
    memset(sum, 0, sizeof sum);
    for (int64_t k = 0; k < m; k++)
        for (int j = 0; j < n_eights; j++) {
            Eight of_b;
            read_eight(&of_b, b + k * stride_b + 8 * j);
            for (int i = 0; i < rows; i++) add_multiple(&sum[i][j], a[i * m + k], &of_b);
        }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n_eights; j++) memcpy(o + i * stride_o + 8 * j, &sum[i][j], sizeof(Eight));
}

INLINE void product_of_rows(const int rows, int64_t m, int64_t n, const double *restrict a, const double *restrict b,
                            int64_t stride_b, double *restrict o, int64_t stride_o) {
    int64_t column = 0;
    for (; column + 16 <= n; column += 16) product_block(rows, 2, m, a, b + column, stride_b, o + column, stride_o);
    if (n >= 8)
        for (; column < n; column += 8) { /* the last ones once more, where fewer than eight are left */
            const int64_t at = column + 8 <= n ? column : n - 8;
            product_block(rows, 1, m, a, b + at, stride_b, o + at, stride_o);
        }
    for (; column < n; column++)
        for (int i = 0; i < rows; i++) {
            double sum = 0.0;
            for (int64_t k = 0; k < m; k++) sum += a[i * m + k] * b[k * stride_b + column];
            o[i * stride_o + column] = sum;
        }
}

/* o (r, n) = a (r, m) b (m, n) */
WIDEST static void matrix_product(int64_t r, int64_t m, int64_t n, const double *a, const double *b, int64_t stride_b,
                                  double *o, int64_t stride_o) {
    for (int64_t row = 0; row < r; row += 4) {
        const double *of_a = a + row * m;
        double *of_o = o + row * stride_o;
        switch (r - row) {
        case 1: product_of_rows(1, m, n, of_a, b, stride_b, of_o, stride_o); break;
        case 2: product_of_rows(2, m, n, of_a, b, stride_b, of_o, stride_o); break;
        case 3: product_of_rows(3, m, n, of_a, b, stride_b, of_o, stride_o); break;
        default: product_of_rows(4, m, n, of_a, b, stride_b, of_o, stride_o);
        }
    }
}

/* ga += g b' for some rows of both. Fewer than eight columns at the end are read with those before, times nothing. */
INLINE void product_with_rows(const int rows, const int n_k, int64_t m, int64_t n, const double *restrict b,
                              int64_t stride_b, const double *restrict g, int64_t stride_g, double *restrict ga) {
    Eight sum[4][2], of_b, of_g;
    memset(sum, 0, sizeof sum);
    const int64_t whole = n - n % 8;
    for (int64_t column = 0; column < whole; column += 8)
        for (int j = 0; j < n_k; j++) {
            read_eight(&of_b, b + j * stride_b + column);
            for (int i = 0; i < rows; i++) {
                read_eight(&of_g, g + i * stride_g + column);
                add_product(&sum[i][j], &of_g, &of_b);
            }
        }
    for (int j = 0; j < n_k && whole && whole < n; j++) {
        double last[8];
        for (int64_t i = 0; i < 8; i++) last[i] = n - 8 + i < whole ? 0.0 : b[j * stride_b + n - 8 + i];
        read_eight(&of_b, last);
        for (int i = 0; i < rows; i++) {
            read_eight(&of_g, g + i * stride_g + n - 8);
            add_product(&sum[i][j], &of_g, &of_b);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < n_k; j++) {
            double total = sum_of_eight(&sum[i][j]);
            for (int64_t column = 0; column < n && !whole; column++)
                total += g[i * stride_g + column] * b[j * stride_b + column];
            ga[i * m + j] += total;
        }
}

WIDEST static void matrix_product_backwards(int64_t r, int64_t m, int64_t n, const double *restrict a,
                                            const double *restrict b, int64_t stride_b, const double *restrict g,
                                            int64_t stride_g, double *restrict ga, double *restrict gb) {
    int64_t row = 0;
    for (; ga && row + 4 <= r; row += 4) {
        int64_t k = 0;
        for (; k + 2 <= m; k += 2)
            product_with_rows(4, 2, m, n, b + k * stride_b, stride_b, g + row * stride_g, stride_g, ga + row * m + k);
        if (k < m)
            product_with_rows(4, 1, m, n, b + k * stride_b, stride_b, g + row * stride_g, stride_g, ga + row * m + k);
    }
    for (; ga && row < r; row++)
        for (int64_t k = 0; k < m; k++)
            product_with_rows(1, 1, m, n, b + k * stride_b, stride_b, g + row * stride_g, stride_g, ga + row * m + k);
    if (gb)
        for (int64_t of_row = 0; of_row < r; of_row++)
            for (int64_t k = 0; k < m; k++)
                for (int64_t i = 0; i < n; i++) gb[k * stride_b + i] += a[of_row * m + k] * g[of_row * stride_g + i];
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
