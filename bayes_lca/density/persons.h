/* Paths of persons whose answers share more than the class at each wave: the path and the person are summed out at once.

The likelihood of a row is the sum over persons q of w_q times that of a path whose answers have p(y_t | z_t, q). It is that
of a path through pairs of class and person, of which the person stays: joint probabilities of all pairs with the answers
up to a wave follow from those of the wave before, and are scaled by one over their sum s at every wave.

Answers that recur at several waves or in several rows have one block of numbers b = e^(log p(y | c, q) - largest), class by
class, as the instruction EXP_LESS_LARGEST makes it, with the largest behind it. Places are those of the blocks: of all
rows at the last wave, then at the wave before, to the first. The first operand is w, whose length is that of the
instruction; it is filled up with zeros to whole eights.

The table is that of paths.h without the answers, so that shares are those as well: the adjoints of the classes of each
wave in place of alpha, and one over s in place of f, or at the first wave in place of one over z. */

#ifndef BAYES_LCA_PERSONS
#define BAYES_LCA_PERSONS

#include "eight.h"
#include "paths.h"

/* e^(x - largest) of the numbers of each block, and the largest behind it. */
WIDEST static void exp_less_largest(const Run *run, const Instruction *now) {
    const int64_t width = now->detail[1], stride = now->detail[2];
    const int32_t *restrict place = run->program->places + now->detail[0];
    for (int64_t block = 0; block < now->length; block++, place += width) {
        double *restrict o = run->numbers + now->out + block * stride, largest = -INFINITY;
        for (int64_t i = 0; i < width; i++) o[i] = run->numbers[place[i]];
        for (int64_t i = 0; i < width; i++) largest = o[i] > largest ? o[i] : largest;
        for (int64_t i = 0; i < width; i++) o[i] = fast_exp(o[i] - largest);
        o[width] = largest;
    }
}

static void exp_less_largest_backwards(const Run *run, const Instruction *now) {
    const int64_t width = now->detail[1], stride = now->detail[2];
    const int32_t *place = run->program->places + now->detail[0];
    for (int64_t block = 0; block < now->length; block++, place += width) {
        const double *o = run->numbers + now->out + block * stride, *g = run->adjoints + now->out + block * stride;
        for (int64_t i = 0; i < width; i++) run->adjoints[place[i]] += g[i] * o[i];
    }
}

/* Of one row after the other: joint probabilities without the answers of the wave and with them, and what is ahead. */
typedef struct {
    PathLayout path;
    int64_t n_persons, size; /* of persons in whole eights, and of all pairs */
    const double *weight;
    const int32_t *blocks;
    double *expected, *with, *ahead, *weighed, *odds, *moves;
} PersonsLayout;

INLINE PersonsLayout persons_layout(const Run *run, const Instruction *now) {
    const PathLayout path = path_layout(run, now, 1);
    const int64_t k = path.k_all, n_waves = path.n_steps + 1, n_persons = now->length, size = k * n_persons;
    double *expected = path.shares + 4 * k * n_waves * path.stride, *with = expected + n_waves * size;
    double *ahead = with + n_waves * size, *weighed = ahead + size, *odds = weighed + size;
    const int32_t *blocks = run->program->places + now->detail[5] + run->row;
    const double *weight = reads(run, now->operand[0], VECTOR);
    return (PersonsLayout){path, n_persons, size, weight, blocks, expected, with, ahead, weighed, odds, odds + k * k * n_waves};
}

INLINE int32_t block_of(const Run *run, const PersonsLayout *all, int64_t before_last, int64_t i) {
    return all->blocks[before_last * run->program->n_rows + i];
}

/* One over the sums s of a wave. */
INLINE double *scales_at(const PathLayout *path, int64_t before_last) {
    return shares_at(path, before_last) + (before_last < path->n_steps ? 1 : 3) * path->k_all * path->stride;
}

/* Probability of the moves from a class, over the sum of the wave that is left. */
INLINE double moving(const PersonsLayout *all, int64_t before_last, int64_t c, int64_t d, int64_t i) {
    const int64_t k = all->path.k_all, stride = all->path.stride;
    const double *e = shares_at(&all->path, before_last) + 2 * k * stride, *of_z = e + k * stride;
    const double scale = scales_at(&all->path, before_last + 1)[i];
    return scale * of_z[c * stride + i] * all->odds[k * (k * before_last + c) + d] * e[d * stride + i];
}

/* Joint probabilities of a row at a wave; returns their sum. */
INLINE double come(const Run *run, const PersonsLayout *all, const int k_all, int64_t before_last, int64_t i) {
    const int64_t stride = all->path.stride, n_persons = all->n_persons;
    const double *restrict b = run->numbers + block_of(run, all, before_last, i);
    double *restrict expected = all->expected + before_last * all->size, *restrict with = all->with + before_last * all->size;
    const double *restrict first = shares_at(&all->path, before_last) + k_all * stride, *restrict weight = all->weight;
    const double *restrict left = with + all->size;
    Eight total = {0};
    for (int d = 0; d < k_all; d++)
        for (int64_t q = 0; q < n_persons; q += 8) {
            Eight sum = {0}, answer, here;
            read_eight(&answer, b + d * n_persons + q);
            if (before_last == all->path.n_steps) {
                read_eight(&here, weight + q);
                add_multiple(&sum, first[d * stride + i], &here);
            } else {
                for (int c = 0; c < k_all; c++) {
                    read_eight(&here, left + c * n_persons + q);
                    add_multiple(&sum, all->moves[c * k_all + d], &here);
                }
            }
            write_eight(expected + d * n_persons + q, &sum);
            here = (Eight){0};
            add_product(&here, &sum, &answer);
            write_eight(with + d * n_persons + q, &here);
            add_multiple(&total, 1.0, &here);
        }
    return sum_of_eight(&total);
}

INLINE void pass_rows(const Run *run, const PersonsLayout *all, const int k_all) {
    for (int64_t i = 0; i < run->n; i++)
        for (int64_t left = all->path.n_steps; left >= 0; left--) {
            for (int c = 0; c < k_all && left < all->path.n_steps; c++)
                for (int d = 0; d < k_all; d++) all->moves[c * k_all + d] = moving(all, left, c, d, i);
            scales_at(&all->path, left)[i] = 1.0 / come(run, all, k_all, left, i);
        }
}

/* A number of classes that the compiler knows where it is small. */
#define BY_CLASSES(function, ...)                                                                                      \
    switch (all.path.k_all) {                                                                                          \
    case 2: function(__VA_ARGS__, 2); break;                                                                           \
    case 3: function(__VA_ARGS__, 3); break;                                                                           \
    default: function(__VA_ARGS__, (int)all.path.k_all);                                                               \
    }

WIDEST static void log_path_of_persons(const Run *run, const Instruction *now) {
    const PersonsLayout all = persons_layout(run, now);
    const int64_t n = run->n, k_all = all.path.k_all, n_steps = all.path.n_steps;
    double *restrict o = run->numbers + now->out;
    begin(run, &all.path);
    for (int64_t left = 0; left < n_steps; left++) {
        move(run, &all.path, left);
        for (int64_t c = 0; c < k_all; c++) odds_at_mean(run, &all.path, left, c, all.odds + k_all * (k_all * left + c));
    }
    BY_CLASSES(pass_rows, run, &all)
    EACH o[i] = 0.0;
    for (int64_t left = 0; left <= n_steps; left++) {
        const double *restrict scale = scales_at(&all.path, left);
        EACH o[i] -= scale[i] < INFINITY ? fast_log(scale[i]) : INFINITY;
        EACH o[i] += run->numbers[block_of(run, &all, left, i) + all.size];
    }
}

INLINE void pass_rows_backwards(const Run *run, const PersonsLayout *all, const double *g, double *moved, const int k_all) {
    const int64_t n_steps = all->path.n_steps, n_persons = all->n_persons, stride = all->path.stride;
    double *restrict ahead = all->ahead, *restrict weighed = all->weighed;
    for (int64_t i = 0; i < run->n; i++) {
        for (int64_t left = n_steps; left >= 0; left--) {
            for (int c = 0; c < k_all && left < n_steps; c++)
                for (int d = 0; d < k_all; d++) all->moves[c * k_all + d] = moving(all, left, c, d, i);
            come(run, all, k_all, left, i);
        }
        const double scale = g[i] * scales_at(&all->path, 0)[i];
        for (int64_t q = 0; q < all->size; q++) ahead[q] = scale;
        for (int64_t back = 0;; back++) {
            const int64_t block = block_of(run, all, back, i);
            const double *restrict b = run->numbers + block, *restrict expected = all->expected + back * all->size;
            const double *restrict left = all->with + (back + 1) * all->size;
            double *restrict gb = run->adjoints + block, *restrict classes = shares_at(&all->path, back);
            for (int d = 0; d < k_all; d++) {
                Eight total = {0};
                for (int64_t q = d * n_persons; q < (d + 1) * n_persons; q += 8) {
                    Eight answer, later, here, sum = {0}, product = {0};
                    read_eight(&answer, b + q);
                    read_eight(&later, ahead + q);
                    read_eight(&here, expected + q);
                    add_product(&sum, &here, &later);
                    add_product(&total, &sum, &answer);
                    read_eight(&here, gb + q);
                    add_multiple(&here, 1.0, &sum);
                    write_eight(gb + q, &here);
                    add_product(&product, &answer, &later);
                    write_eight(weighed + q, &product);
                }
                classes[d * stride + i] = sum_of_eight(&total);
            }
            if (back == n_steps) break;
            for (int c = 0; c < k_all; c++)
                for (int d = 0; d < k_all; d++) all->moves[c * k_all + d] = moving(all, back, c, d, i);
            for (int c = 0; c < k_all; c++) {
                Eight total[MOST_CLASSES];
                for (int d = 0; d < k_all; d++) total[d] = (Eight){0};
                for (int64_t q = 0; q < n_persons; q += 8) {
                    Eight before, later, sum = {0};
                    read_eight(&before, left + c * n_persons + q);
                    for (int d = 0; d < k_all; d++) {
                        read_eight(&later, weighed + d * n_persons + q);
                        add_multiple(&sum, all->moves[c * k_all + d], &later);
                        add_product(&total[d], &before, &later);
                    }
                    write_eight(ahead + c * n_persons + q, &sum);
                }
                for (int d = 0; d < k_all; d++) {
                    Eight sum;
                    read_eight(&sum, moved + 8 * (k_all * (k_all * back + c) + d));
                    add_multiple(&sum, all->moves[c * k_all + d], &total[d]);
                    write_eight(moved + 8 * (k_all * (k_all * back + c) + d), &sum);
                }
            }
        }
    }
}

WIDEST static void log_path_of_persons_backwards(const Run *run, const Instruction *now) {
    const PersonsLayout all = persons_layout(run, now);
    const int64_t n_moves = all.path.n_steps * all.path.k_all * all.path.k_all;
    double *moved = all.moves + all.path.k_all * all.path.k_all;
    memset(moved, 0, (size_t)(8 * n_moves) * sizeof(double));
    BY_CLASSES(pass_rows_backwards, run, &all, run->adjoints + now->out, moved)
    for (int64_t place = 0; place < n_moves; place++) {
        double *gtau = adjoint_of(run, all.path.taus[3 * place]);
        Eight sum;
        read_eight(&sum, moved + 8 * place);
        if (gtau) *gtau += sum_of_eight(&sum);
    }
    for (int64_t back = 0; back < all.path.n_steps; back++) move_backwards(run, &all.path, back);
    begin_backwards(run, &all.path, run->adjoints + now->out);
}

#endif
