/* Operations on vectors, element by element, forwards and backwards. */

#ifndef BAYES_LCA_VECTORS
#define BAYES_LCA_VECTORS

#include "numbers.h"

#define EACH for (int64_t i = 0; i < n; i++)
#define A a[i * sa]
#define B b[i * sb]

INLINE void arithmetic_with_strides(int64_t operation, int64_t n, double *restrict o, const double *restrict a,
                                    const int sa, const double *restrict b, const int sb) {
    switch (operation) {
    case ADD: EACH o[i] = A + B; break;
    case SUBTRACT: EACH o[i] = A - B; break;
    case MULTIPLY: EACH o[i] = A * B; break;
    case DIVIDE: EACH o[i] = A / B; break;
    }
}

WIDEST static void arithmetic(int64_t operation, int64_t n, double *o, const double *a, int sa, const double *b, int sb) {
    if (sa && sb) arithmetic_with_strides(operation, n, o, a, 1, b, 1);
    else if (sa) arithmetic_with_strides(operation, n, o, a, 1, b, 0);
    else if (sb) arithmetic_with_strides(operation, n, o, a, 0, b, 1);
    else arithmetic_with_strides(operation, n, o, a, 0, b, 0);
}

static double of_two(int64_t operation, double a, double b) {
    switch (operation) {
    case POWER: return pow(a, b);
    case MAXIMUM: return a >= b ? a : b;
    case MINIMUM: return a <= b ? a : b;
    case LESS: return a < b;
    case LESS_EQUAL: return a <= b;
    case GREATER: return a > b;
    case GREATER_EQUAL: return a >= b;
    case EQUAL: return a == b;
    case AND: return a != 0.0 && b != 0.0;
    case OR: return a != 0.0 || b != 0.0;
    }
    return NAN;
}

static double derivative_by_first(int64_t operation, double a, double b) {
    switch (operation) {
    case POWER: return b == 0.0 ? 0.0 : b * pow(a, b - 1.0);
    case MAXIMUM: return a >= b;
    case MINIMUM: return a <= b;
    }
    return 0.0;
}

static double derivative_by_second(int64_t operation, double a, double b, double o) {
    switch (operation) {
    case POWER: return a > 0.0 ? o * log(a) : 0.0;
    case MAXIMUM: return a < b;
    case MINIMUM: return a > b;
    }
    return 0.0;
}

/* Adds a term of each element to an adjoint: to each of a vector's, which may start here, or their sum to a scalar's. */
#define TO_ADJOINT(adjoint, stride, start, term)                                                                       \
    if (adjoint) {                                                                                                     \
        if (!(stride)) {                                                                                               \
            double sum = 0.0;                                                                                          \
            _Pragma("omp simd reduction(+ : sum)") EACH sum += (term);                                                 \
            *(adjoint) += sum;                                                                                         \
        } else if (start) {                                                                                            \
            EACH(adjoint)[i] = (term);                                                                                 \
        } else {                                                                                                       \
            EACH(adjoint)[i] += (term);                                                                                \
        }                                                                                                              \
    }

INLINE void arithmetic_backwards_with_strides(int64_t operation, int64_t n, const double *restrict o,
                                              const double *restrict g, const double *restrict a, const int sa,
                                              const double *restrict b, const int sb, double *ga, int start_a,
                                              double *gb, int start_b) {
    switch (operation) {
    case ADD:
        TO_ADJOINT(ga, sa, start_a, g[i])
        TO_ADJOINT(gb, sb, start_b, g[i])
        break;
    case SUBTRACT:
        TO_ADJOINT(ga, sa, start_a, g[i])
        TO_ADJOINT(gb, sb, start_b, -g[i])
        break;
    case MULTIPLY:
        TO_ADJOINT(ga, sa, start_a, g[i] * B)
        TO_ADJOINT(gb, sb, start_b, g[i] * A)
        break;
    case DIVIDE:
        TO_ADJOINT(ga, sa, start_a, g[i] / B)
        TO_ADJOINT(gb, sb, start_b, -g[i] * o[i] / B)
        break;
    }
}

WIDEST static void arithmetic_backwards(int64_t operation, int64_t n, const double *o, const double *g, const double *a,
                                        int sa, const double *b, int sb, double *ga, int start_a, double *gb,
                                        int start_b) {
    if (sa && sb) arithmetic_backwards_with_strides(operation, n, o, g, a, 1, b, 1, ga, start_a, gb, start_b);
    else if (sa) arithmetic_backwards_with_strides(operation, n, o, g, a, 1, b, 0, ga, start_a, gb, start_b);
    else if (sb) arithmetic_backwards_with_strides(operation, n, o, g, a, 0, b, 1, ga, start_a, gb, start_b);
    else arithmetic_backwards_with_strides(operation, n, o, g, a, 0, b, 0, ga, start_a, gb, start_b);
}

static void binary_backwards(int64_t operation, int64_t n, const double *o, const double *g, const double *a, int sa,
                             const double *b, int sb, double *ga, int start_a, double *gb, int start_b) {
    TO_ADJOINT(ga, sa, start_a, g[i] == 0.0 ? 0.0 : g[i] * derivative_by_first(operation, A, B))
    TO_ADJOINT(gb, sb, start_b, g[i] == 0.0 ? 0.0 : g[i] * derivative_by_second(operation, A, B, o[i]))
}

WIDEST static void unary(int64_t operation, int64_t n, double *restrict o, const double *restrict a) {
    switch (operation) {
    case NEGATIVE: EACH o[i] = -a[i]; break;
    case SQUARE: EACH o[i] = a[i] * a[i]; break;
    case ABSOLUTE: EACH o[i] = fabs(a[i]); break;
    case EXP: EACH o[i] = fast_exp(a[i]); break;
    default: EACH o[i] = of_one(operation, a[i]);
    }
}

WIDEST static void unary_backwards(int64_t operation, int64_t n, const double *restrict o, const double *restrict g,
                            const double *restrict a, double *restrict ga, int start) {
    switch (operation) {
    case NEGATIVE: TO_ADJOINT(ga, 1, start, -g[i]) break;
    case SQUARE: TO_ADJOINT(ga, 1, start, 2.0 * g[i] * a[i]) break;
    case ABSOLUTE: TO_ADJOINT(ga, 1, start, a[i] > 0.0 ? g[i] : a[i] < 0.0 ? -g[i] : 0.0) break;
    case EXP: TO_ADJOINT(ga, 1, start, g[i] * o[i]) break;
    default: TO_ADJOINT(ga, 1, start, g[i] == 0.0 ? 0.0 : g[i] * derivative_of_one(operation, a[i], o[i]))
    }
}

#endif
