/* How a program lies in memory: the same as in instructions.py and program.py. */

#ifndef BAYES_LCA_LAYOUT
#define BAYES_LCA_LAYOUT

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_MSC_VER)
#include <intrin.h>
#define EXPORT __declspec(dllexport)
#define INLINE static __forceinline
#define APART __declspec(noinline)
#define TAKEN(flag) _InterlockedExchange8((volatile char *)(flag), 1)
#define RELEASE(flag) _InterlockedExchange8((volatile char *)(flag), 0)
#else
#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define APART __attribute__((noinline))
#define TAKEN(flag) __atomic_exchange_n((flag), 1, __ATOMIC_ACQUIRE)
#define RELEASE(flag) __atomic_store_n((flag), 0, __ATOMIC_RELEASE)
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif

enum { TILE = 128, WORKSPACES = 64 };

enum Operation {
    ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, MAXIMUM, MINIMUM, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, AND, OR,
    NEGATIVE = 20, EXP, LOG, LOG1P, EXPM1, SQRT, SQUARE, ABSOLUTE, SIGN, SIGMOID, SOFTPLUS, ERF, ERFC, ERFINV, LOG_GAMMA,
    TANH, LOG1MEXP, IS_INFINITE, IS_NAN, NOT,
    SWITCH = 50, GATHER, SUM, SUM_OF_PLACES, MATRIX_PRODUCT, LOG_SUM_EXP, LOG_MIXTURE, INVERSE, CHOLESKY, SOLVE_TRIANGULAR,
    LOG_MATRIX_PRODUCT, LOG_PATH, EXP_LESS_LARGEST, LOG_PATH_OF_PERSONS,
};

enum Mode { SCALAR, VECTOR, LARGE_CONSTANT };

typedef struct {
    int64_t operation, length, out, has_gradient;
    int64_t operand[3]; /* positions */
    int64_t mode[3];
    int64_t first[3]; /* whether the operand's adjoint starts here, going backwards */
    int64_t detail[6];
} Instruction;

typedef struct {
    int64_t n_numbers, n_buffers, n_rows, input, n_inputs, value;
    int64_t n_before, n_of_rows, n_after, n_expanded, n_expanding, zero_buffers;
    const double *numbers, *large;
    const int32_t *places;
    const int64_t *operands, *expanded;
    const Instruction *before, *of_rows, *after, *expanding;
    const double *centre, *root; /* inputs are centre + root z for coordinates z, or the coordinates where root is NULL */
    char taken[WORKSPACES];
    double *workspace[WORKSPACES];
} Program;

typedef struct {
    const Program *program;
    double *numbers, *adjoints, *matrices;
    int64_t row, n; /* the first row of a tile and how many it has; 0 and the length of the instruction elsewhere */
} Run;

INLINE const double *reads(const Run *run, int64_t position, int64_t mode) {
    if (position >= 0) return run->numbers + position;
    return run->program->large - position - 1 + (mode == LARGE_CONSTANT ? run->row : 0);
}

INLINE double *adjoint_of(const Run *run, int64_t position) { return position < 0 ? NULL : run->adjoints + position; }

#endif
