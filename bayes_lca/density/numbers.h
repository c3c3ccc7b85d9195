/* Functions of numbers and their derivatives. */

#ifndef BAYES_LCA_NUMBERS
#define BAYES_LCA_NUMBERS

#include "layout.h"

INLINE double fast_exp(double x) {
    /* e^x = 2^k e^r with |r| <= log(2) / 2, and the Taylor series of e^r up to r^13; below e^-708 it is zero */
    const double shift = 6755399441055744.0; /* adding it rounds to a whole number in the last bits */
    double inside = x < -708.0 ? -708.0 : x > 709.0 ? 709.0 : x;
    double k = inside * 1.4426950408889634 + shift;
    int64_t bits;
    memcpy(&bits, &k, sizeof bits);
    k -= shift;
    double r = inside - k * 6.93147180369123816490e-01;
    r -= k * 1.90821492927058770002e-10;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    int64_t power = (int64_t)((uint64_t)(bits + 1023) << 52);
    double two_to_k;
    memcpy(&two_to_k, &power, sizeof two_to_k);
    return x < -708.0 ? 0.0 : x > 709.0 ? INFINITY : p * two_to_k;
}

INLINE double fast_log(double x) {
    /* x = 2^k m with m about 1, and log(m) = 2 artanh(s) with s = (m - 1) / (m + 1); for normal x > 0 */
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint64_t moved = bits - 0x3FE6A09E667F3BCDull; /* the bits of sqrt(1/2) */
    uint64_t exponent = ((moved >> 52) ^ 0x800) | 0x4330000000000000ull;
    double k;
    memcpy(&k, &exponent, sizeof k);
    k -= 4503599627370496.0 + 2048.0;
    uint64_t mantissa = bits - (moved & 0xFFF0000000000000ull);
    double m;
    memcpy(&m, &mantissa, sizeof m);
    double s = (m - 1.0) / (m + 1.0), z = s * s;
    double p = 2.0 / 23.0;
    p = p * z + 2.0 / 21.0;
    p = p * z + 2.0 / 19.0;
    p = p * z + 2.0 / 17.0;
    p = p * z + 2.0 / 15.0;
    p = p * z + 2.0 / 13.0;
    p = p * z + 2.0 / 11.0;
    p = p * z + 2.0 / 9.0;
    p = p * z + 2.0 / 7.0;
    p = p * z + 2.0 / 5.0;
    p = p * z + 2.0 / 3.0;
    return k * 6.93147180369123816490e-01 + (s * (p * z + 2.0) + k * 1.90821492927058770002e-10);
}

static double inverse_erf(double p) {
    /* Winitzki's approximation, then Halley's method */
    if (!(p > -1.0 && p < 1.0)) return p == 1.0 ? INFINITY : p == -1.0 ? -INFINITY : NAN;
    double size = fabs(p), l = log1p(-size * size), h = 2.0 / (M_PI * 0.147) + 0.5 * l;
    double x = sqrt(fmax(sqrt(h * h - l / 0.147) - h, 0.0));
    for (int round = 0; round < 4; round++) {
        double step = (size < 0.5 ? erf(x) - size : (1.0 - size) - erfc(x)) * (0.5 * sqrt(M_PI)) * exp(x * x);
        x -= step / (1.0 + x * step);
    }
    return copysign(x, p);
}

static double digamma(double x) {
    double sum = 0.0;
    if (x <= 0.0) return x == floor(x) ? NAN : digamma(1.0 - x) - M_PI / tan(M_PI * x);
    for (; x < 10.0; x += 1.0) sum -= 1.0 / x;
    double z = 1.0 / (x * x);
    return sum + log(x) - 0.5 / x -
           z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * 691.0 / 32760)))));
}

static double sigmoid(double x) { return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x)); }

static double of_one(int64_t operation, double x) {
    switch (operation) {
    case EXP: return exp(x);
    case LOG: return log(x);
    case LOG1P: return log1p(x);
    case EXPM1: return expm1(x);
    case SQRT: return sqrt(x);
    case SIGN: return (x > 0.0) - (x < 0.0);
    case SIGMOID: return sigmoid(x);
    case SOFTPLUS: return x > 0.0 ? x + log1p(exp(-x)) : log1p(exp(x));
    case ERF: return erf(x);
    case ERFC: return erfc(x);
    case ERFINV: return inverse_erf(x);
    case LOG_GAMMA: return lgamma(x);
    case TANH: return tanh(x);
    case LOG1MEXP: return x > -0.6931471805599453 ? log(-expm1(x)) : log1p(-exp(x));
    case IS_INFINITE: return isinf(x) != 0;
    case IS_NAN: return isnan(x) != 0;
    case NOT: return x == 0.0;
    }
    return NAN;
}

static double derivative_of_one(int64_t operation, double x, double y) {
    switch (operation) {
    case EXP: return y;
    case LOG: return 1.0 / x;
    case LOG1P: return 1.0 / (1.0 + x);
    case EXPM1: return y + 1.0;
    case SQRT: return 0.5 / y;
    case SIGMOID: return y * (1.0 - y);
    case SOFTPLUS: return sigmoid(x);
    case ERF: return 2.0 / sqrt(M_PI) * exp(-x * x);
    case ERFC: return -2.0 / sqrt(M_PI) * exp(-x * x);
    case ERFINV: return 0.5 * sqrt(M_PI) * exp(y * y);
    case LOG_GAMMA: return digamma(x);
    case TANH: return 1.0 - y * y;
    case LOG1MEXP: return -1.0 / expm1(-x);
    }
    return 0.0;
}

#endif
