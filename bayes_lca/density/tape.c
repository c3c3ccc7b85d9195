/* Value and gradient of a log density that is laid out as a list of vector instructions.

A program has two parts. Its small part works on parameters and everything computed of them alone, in one array of
numbers. Its rows, where a data set has many, are worked off in tiles: each tile runs forwards and backwards while it
is in the cache, and adds what it has to the small part. Rows end in one sum that enters the density with factor one.

Positions from 0 on are places in the array of numbers, where the buffers of one tile come last; negative positions are
places in the large constants of the program, from which a row reads its own. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "matrices.h"
#include "mixtures.h"
#include "paths.h"
#include "persons.h"

enum { SOME = 4 };

/* Vectors that are read at the same places, each so far behind the one before: some of them, from the first on. */
INLINE void gather_some(const Run *run, const Instruction *now, int64_t first, const int n_vectors) {
    const int64_t n = run->n, apart = now->detail[2], width = now->detail[3];
    const int32_t *restrict place = run->program->places + now->detail[0] + run->row;
    const double *restrict a = run->numbers + first * apart;
    double *restrict o = run->numbers + now->out + first * width;
    EACH for (int k = 0; k < n_vectors; k++) o[k * width + i] = a[place[i] + k * apart];
}

/* Rows beside each other that have the same place, as sorted ones do, are added up first. */
INLINE void gather_some_backwards(const Run *run, const Instruction *now, int64_t first, const int n_vectors) {
    const int64_t n = run->n, apart = now->detail[2], width = now->detail[3];
    const int32_t *restrict place = run->program->places + now->detail[0] + run->row;
    const double *restrict g = run->adjoints + now->out + first * width;
    double *restrict sums = run->adjoints + first * apart;
    for (int64_t i = 0; i < n;) {
        const int32_t here = place[i];
        double sum[SOME] = {0.0};
        do {
            for (int k = 0; k < n_vectors; k++) sum[k] += g[k * width + i];
            i++;
        } while (i < n && place[i] == here);
        for (int k = 0; k < n_vectors; k++) sums[here + k * apart] += sum[k];
    }
}

#define BY_SOME(function)                                                                                              \
    for (int64_t first = 0; first < now->detail[1]; first += SOME) switch (now->detail[1] - first) {                   \
        case 1: function(run, now, first, 1); break;                                                                   \
        case 2: function(run, now, first, 2); break;                                                                   \
        case 3: function(run, now, first, 3); break;                                                                   \
        default: function(run, now, first, SOME);                                                                      \
        }

APART static void gather(const Run *run, const Instruction *now) { BY_SOME(gather_some) }
APART static void gather_backwards(const Run *run, const Instruction *now) { BY_SOME(gather_some_backwards) }

static void forwards(const Run *run, const Instruction *now) {
    const int64_t n = run->n, operation = now->operation, d = now->detail[0];
    double *restrict o = run->numbers + now->out;
    const double *a = reads(run, now->operand[0], now->mode[0]), *b = reads(run, now->operand[1], now->mode[1]);
    switch (operation) {
    case SWITCH: {
        const double *c = reads(run, now->operand[2], now->mode[2]);
        EACH o[i] = a[now->mode[0] ? i : 0] != 0.0 ? b[now->mode[1] ? i : 0] : c[now->mode[2] ? i : 0];
        break;
    }
    case GATHER: gather(run, now); break;
    case SUM: {
        double sum = 0.0;
        _Pragma("omp simd reduction(+ : sum)") EACH sum += a[i];
        *o += sum;
        break;
    }
    case SUM_OF_PLACES: {
        const int32_t *place = run->program->places + now->detail[0];
        EACH {
            double sum = 0.0;
            for (int64_t j = 0; j < now->detail[1]; j++) sum += run->numbers[*place++];
            o[i] = sum;
        }
        break;
    }
    case MATRIX_PRODUCT: matrix_product(d, now->detail[1], n, a, b, now->detail[2], o, now->detail[3]); break;
    case LOG_SUM_EXP: log_sum_exp(run, now); break;
    case LOG_MIXTURE: log_mixture(run, now); break;
    case LOG_MATRIX_PRODUCT: log_matrix_product(run, now); break;
    case LOG_PATH: log_path(run, now); break;
    case EXP_LESS_LARGEST: exp_less_largest(run, now); break;
    case LOG_PATH_OF_PERSONS: log_path_of_persons(run, now); break;
    case INVERSE: EACH invert(d, a + i * d * d, o + i * d * d, run->matrices); break;
    case CHOLESKY: EACH cholesky(d, a + i * d * d, o + i * d * d); break;
    case SOLVE_TRIANGULAR:
        EACH solve_triangle(d, now->detail[1], a + i * d * d, now->detail[2] != 0, 0, now->detail[3] != 0,
                            b + i * d * now->detail[1], o + i * d * now->detail[1]);
        break;
    default:
        if (operation <= DIVIDE) arithmetic(operation, n, o, a, now->mode[0] != SCALAR, b, now->mode[1] != SCALAR);
        else if (operation < NEGATIVE) EACH o[i] = of_two(operation, a[now->mode[0] ? i : 0], b[now->mode[1] ? i : 0]);
        else unary(operation, n, o, a);
    }
}

static void backwards(const Run *run, const Instruction *now) {
    const int64_t n = run->n, operation = now->operation, d = now->detail[0];
    const double *restrict o = run->numbers + now->out, *restrict g = run->adjoints + now->out;
    const double *a = reads(run, now->operand[0], now->mode[0]), *b = reads(run, now->operand[1], now->mode[1]);
    double *ga = adjoint_of(run, now->operand[0]), *gb = adjoint_of(run, now->operand[1]);
    switch (operation) {
    case SWITCH: {
        double *gc = adjoint_of(run, now->operand[2]);
        TO_ADJOINT(ga, now->mode[0], now->first[0], 0.0)
        TO_ADJOINT(gb, now->mode[1], now->first[1], a[now->mode[0] ? i : 0] != 0.0 ? g[i] : 0.0)
        TO_ADJOINT(gc, now->mode[2], now->first[2], a[now->mode[0] ? i : 0] != 0.0 ? 0.0 : g[i])
        break;
    }
    case GATHER: gather_backwards(run, now); break;
    case SUM: TO_ADJOINT(ga, 1, now->first[0], *g) break;
    case SUM_OF_PLACES: {
        const int32_t *place = run->program->places + now->detail[0];
        EACH for (int64_t j = 0; j < now->detail[1]; j++) run->adjoints[*place++] += g[i];
        break;
    }
    case MATRIX_PRODUCT:
        matrix_product_backwards(d, now->detail[1], n, a, b, now->detail[2], g, now->detail[3], ga, gb);
        break;
    case LOG_SUM_EXP: log_sum_exp_backwards(run, now); break;
    case LOG_MIXTURE: log_mixture_backwards(run, now); break;
    case LOG_MATRIX_PRODUCT: log_matrix_product_backwards(run, now); break;
    case LOG_PATH: log_path_backwards(run, now); break;
    case EXP_LESS_LARGEST: exp_less_largest_backwards(run, now); break;
    case LOG_PATH_OF_PERSONS: log_path_of_persons_backwards(run, now); break;
    case INVERSE: EACH invert_backwards(d, o + i * d * d, g + i * d * d, ga + i * d * d, run->matrices); break;
    case CHOLESKY:
        EACH cholesky_backwards(d, o + i * d * d, g + i * d * d, ga + i * d * d, run->matrices, run->matrices + d * d);
        break;
    case SOLVE_TRIANGULAR:
        EACH solve_triangle_backwards(d, now->detail[1], a + i * d * d, now->detail[2] != 0, now->detail[3] != 0,
                                      o + i * d * now->detail[1], g + i * d * now->detail[1], ga ? ga + i * d * d : NULL,
                                      gb ? gb + i * d * now->detail[1] : NULL, run->matrices);
        break;
    default:
        if (operation <= DIVIDE)
            arithmetic_backwards(operation, n, o, g, a, now->mode[0] != SCALAR, b, now->mode[1] != SCALAR, ga,
                                 now->first[0] != 0, gb, now->first[1] != 0);
        else if (operation < NEGATIVE)
            binary_backwards(operation, n, o, g, a, now->mode[0] != SCALAR, b, now->mode[1] != SCALAR, ga,
                             now->first[0] != 0, gb, now->first[1] != 0);
        else if (ga) unary_backwards(operation, n, o, g, a, ga, now->first[0] != 0);
    }
}

static void all_forwards(Run *run, const Instruction *code, int64_t n_code) {
    for (int64_t k = 0; k < n_code; k++) {
        if (!run->program->n_rows || code < run->program->of_rows || code >= run->program->of_rows + run->program->n_of_rows)
            run->n = code[k].length;
        forwards(run, code + k);
    }
}

static void all_backwards(Run *run, const Instruction *code, int64_t n_code) {
    for (int64_t k = n_code - 1; k >= 0; k--) {
        if (!run->program->n_rows || code < run->program->of_rows || code >= run->program->of_rows + run->program->n_of_rows)
            run->n = code[k].length;
        if (code[k].has_gradient) backwards(run, code + k);
    }
}

enum { LARGEST_MATRIX = 64, MATRICES = 2 * LARGEST_MATRIX * LARGEST_MATRIX };

/* Where whole eights of numbers lie side by side in the cache. */
static double *aligned(double *from) { return (double *)(((uintptr_t)from + 63) / 64 * 64); }

static int64_t size_of(const Program *program) { return (program->n_numbers + program->n_buffers + 7) / 8 * 8; }

static double *take_workspace(Program *program, int *slot) {
    const size_t size = (size_t)size_of(program);
    for (*slot = 0; *slot < WORKSPACES; ++*slot) {
        if (TAKEN(program->taken + *slot)) continue;
        if (!program->workspace[*slot]) {
            double *made = calloc(2 * size + MATRICES + 8, sizeof(double));
            if (made) memcpy(aligned(made), program->numbers, (size_t)program->n_numbers * sizeof(double));
            program->workspace[*slot] = made;
        }
        return program->workspace[*slot] ? aligned(program->workspace[*slot]) : NULL;
    }
    return NULL;
}

WIDEST static void place_inputs(const Program *program, const double *z, double *restrict x) {
    const int64_t n = program->n_inputs;
    if (!program->root) memcpy(x, z, (size_t)n * sizeof(double));
    for (int64_t k = 0; k < n && program->root; k++) {
        const double *restrict row = program->root + k * n;
        double sum = 0.0;
        _Pragma("omp simd reduction(+ : sum)") EACH sum += row[i] * z[i];
        x[k] = program->centre[k] + sum;
    }
}

WIDEST static void take_gradient(const Program *program, const double *g, double *restrict gradient) {
    const int64_t n = program->n_inputs;
    if (!program->root) memcpy(gradient, g, (size_t)n * sizeof(double));
    else memset(gradient, 0, (size_t)n * sizeof(double));
    for (int64_t k = 0; k < n && program->root; k++) {
        const double *restrict row = program->root + k * n;
        EACH gradient[i] += row[i] * g[k];
    }
}

static void run_value(Run *run, const double *x, double *gradient, double *value) {
    const Program *program = run->program;
    place_inputs(program, x, run->numbers + program->input);
    memset(run->adjoints, 0, (size_t)program->n_numbers * sizeof(double));
    all_forwards(run, program->before, program->n_before);
    for (int64_t k = 0; k < program->n_of_rows; k++)
        if (program->of_rows[k].operation == SUM) {
            run->numbers[program->of_rows[k].out] = 0.0;
            run->adjoints[program->of_rows[k].out] = 1.0;
        }
    for (run->row = 0; run->row < program->n_rows; run->row += TILE) {
        run->n = program->n_rows - run->row < TILE ? program->n_rows - run->row : TILE;
        if (program->zero_buffers)
            memset(run->adjoints + program->n_numbers, 0, (size_t)program->n_buffers * sizeof(double));
        all_forwards(run, program->of_rows, program->n_of_rows);
        all_backwards(run, program->of_rows, program->n_of_rows);
    }
    run->row = 0;
    all_forwards(run, program->after, program->n_after);
    *value = run->numbers[program->value];
    run->adjoints[program->value] += 1.0;
    all_backwards(run, program->after, program->n_after);
    all_backwards(run, program->before, program->n_before);
    take_gradient(program, run->adjoints + program->input, gradient);
}

static void run_expansion(Run *run, const double *x, double *out) {
    const Program *program = run->program;
    place_inputs(program, x, run->numbers + program->input);
    all_forwards(run, program->expanding, program->n_expanding);
    for (int64_t i = 0; i < program->n_expanded; i++) out[i] = run->numbers[program->expanded[i]];
}

static Run start(Program *program, int *slot) {
    double *numbers = take_workspace(program, slot);
    const int64_t size = size_of(program);
    return (Run){program, numbers, numbers + size, numbers + 2 * size, 0, 0};
}

/* The log density and its gradient; 0, or 1 without memory, 2 for another number of inputs, 3 or 4 where the gradient
   or the value is not finite. */
EXPORT int64_t bayes_lca_log_density(uint64_t n_inputs, const double *x, double *gradient, double *value, void *data) {
    Program *program = data;
    if ((int64_t)n_inputs != program->n_inputs) return 2;
    int slot;
    Run run = start(program, &slot);
    if (!run.numbers) return 1;
    run_value(&run, x, gradient, value);
    RELEASE(program->taken + slot);
    for (int64_t i = 0; i < program->n_inputs; i++)
        if (!isfinite(gradient[i])) return 3;
    return isfinite(*value) ? 0 : 4;
}

/* Parameters in the user's units at free coordinates x. */
EXPORT int64_t bayes_lca_expand(uint64_t n_inputs, uint64_t n_expanded, const double *x, double *out, void *data) {
    Program *program = data;
    if ((int64_t)n_inputs != program->n_inputs || (int64_t)n_expanded != program->n_expanded) return 2;
    int slot;
    Run run = start(program, &slot);
    if (!run.numbers) return 1;
    run_expansion(&run, x, out);
    RELEASE(program->taken + slot);
    return 0;
}

EXPORT void bayes_lca_free(Program *program) {
    for (int slot = 0; slot < WORKSPACES; slot++) {
        free(program->workspace[slot]);
        program->workspace[slot] = NULL;
    }
}

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "tape", .m_doc = "Functions for ctypes; see programs.py.", .m_size = 0};

PyMODINIT_FUNC PyInit_tape(void) { return PyModule_Create(&definition); }
