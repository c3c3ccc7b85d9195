/* Eight numbers that are worked on at a time: in one register, or in as many as the machine has of them. */

#ifndef BAYES_LCA_EIGHT
#define BAYES_LCA_EIGHT

#include "layout.h"

#if defined(__GNUC__)
typedef double Eight __attribute__((vector_size(64)));
INLINE void add_multiple(Eight *sum, double factor, const Eight *x) { *sum += factor * *x; }
INLINE void add_product(Eight *sum, const Eight *x, const Eight *y) { *sum += *x * *y; }
INLINE double sum_of_eight(const Eight *x) {
    double __attribute__((vector_size(32))) four[2];
    double __attribute__((vector_size(16))) two[2];
    memcpy(four, x, sizeof four);
    four[0] += four[1];
    memcpy(two, four, sizeof two);
    two[0] += two[1];
    return two[0][0] + two[0][1];
}
#else
typedef struct { double lane[8]; } Eight;
INLINE void add_multiple(Eight *sum, double factor, const Eight *x) {
    for (int i = 0; i < 8; i++) sum->lane[i] += factor * x->lane[i];
}
INLINE void add_product(Eight *sum, const Eight *x, const Eight *y) {
    for (int i = 0; i < 8; i++) sum->lane[i] += x->lane[i] * y->lane[i];
}
INLINE double sum_of_eight(const Eight *x) {
    const double *lane = x->lane;
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}
#endif

INLINE void read_eight(Eight *into, const double *from) { memcpy(into, from, sizeof *into); }
INLINE void write_eight(double *into, const Eight *from) { memcpy(into, from, sizeof *from); }

#endif
