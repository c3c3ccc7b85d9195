"""One gradient of the joint model's log density, beside C that was written for this model alone.

    python tests/benchmarks/gradient_against_c.py

The joint model of the cohort of 2200 and of one ten times as large: the program computes the whole log density, with
priors and transformations; `joint_gradient.c` the rows alone, whose sums over rows are compared with NumPy first. It is
compiled for this machine with ``cc -O3 -march=native -ffast-math``. Both are called from one thread in turns; times are
the shortest of 40 rounds.

Exits with 1 if the program takes more than twice the time of the C.
"""

import ctypes
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import log_softmax, logsumexp

import bayes_lca as bl
from bayes_lca.density.compiled import Density
from bayes_lca.density.program import library

MODEL = bl.LatentClass(3, bl.Items(bl.cohort_items()), bl.Regression("~ age + participation + tier + (1 | group)"))
ROUNDS, CALLS, LARGEST_RATIO, K = 40, 200, 2.0, 3
POINTERS = ("design", "answers", "count", "design_of", "group_of", "pattern_of")
SIZES = ("n_rows", "n_designs", "n_terms", "n_groups", "n_patterns", "n_answers")


class Data(ctypes.Structure):
    """Rows as the C reads them."""

    _fields_ = [*((name, ctypes.c_int64) for name in SIZES), *((name, ctypes.c_void_p) for name in POINTERS)]


class ByHand:
    """The rows of a prepared model in C."""

    def __init__(self, rows, folder: Path):
        built = folder / "joint_gradient.so"
        source = Path(__file__).with_name("joint_gradient.c")
        flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
        subprocess.run(["cc", *flags, source, "-lm", "-o", built], check=True)
        self._function = ctypes.CDLL(built).joint_gradient
        self._function.restype = ctypes.c_double
        design, design_of = np.unique(rows["design"].to_numpy(), axis=0, return_inverse=True)
        answers, pattern_of = np.unique(rows["answers"].to_numpy(), axis=0, return_inverse=True)
        chosen = (answers[:, :, None] == np.arange(3)).reshape(len(answers), -1)
        group_of = rows["group_index"].to_numpy()
        self.arrays = {
            "design": np.ascontiguousarray(design),
            "answers": np.ascontiguousarray(chosen, dtype=float),
            "count": rows["count"].to_numpy().astype(float),
            **{
                name: np.ascontiguousarray(index.reshape(-1), dtype=np.int32)
                for name, index in (("design_of", design_of), ("group_of", group_of), ("pattern_of", pattern_of))
            },
        }
        sizes = (len(group_of), *design.shape, group_of.max() + 1, *chosen.shape)
        pointers = (self.arrays[name].ctypes.data for name in POINTERS)
        self._data = Data(*map(int, sizes), *pointers)
        rng, counts = np.random.default_rng(0), (design.shape[1], group_of.max() + 1, chosen.shape[1])
        self.parameters = [rng.normal(size=(n, K)) for n in counts]
        self.gradients = [np.empty((n, K)) for n in counts]
        self._arguments = [
            ctypes.byref(self._data),
            *(ctypes.c_void_p(array.ctypes.data) for array in (*self.parameters, *self.gradients)),
        ]

    def __call__(self) -> float:
        return self._function(*self._arguments)

    def check(self) -> None:
        """Compare value and gradients with NumPy."""
        b, u, r = self.parameters
        design, group = self.arrays["design"][self.arrays["design_of"]], np.eye(len(u))[self.arrays["group_of"]]
        answers = self.arrays["answers"][self.arrays["pattern_of"]]
        share, joint = design @ b + group @ u, answers @ r
        by_class = log_softmax(share, axis=1) + joint
        total = logsumexp(by_class, axis=1)
        assert np.isclose(self(), self.arrays["count"] @ total, rtol=1e-12)
        membership = self.arrays["count"][:, None] * np.exp(by_class - total[:, None])
        of_share = membership - self.arrays["count"][:, None] * np.exp(log_softmax(share, axis=1))
        for found, expected in zip(
            self.gradients, (design.T @ of_share, group.T @ of_share, answers.T @ membership), strict=True
        ):
            np.testing.assert_allclose(found, expected, atol=1e-8)


def program_of(prepared):
    """A call of the program's log density, from C to C as the sampler calls it."""
    density = Density(prepared.model)
    program, _ = density.program()
    x = density.coordinates(prepared.start)
    gradient, value = np.empty_like(x), ctypes.c_double()
    arguments = (
        *(ctypes.c_uint64(len(x)), ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(gradient.ctypes.data)),
        *(ctypes.byref(value), ctypes.byref(program.layout)),
    )
    functions: Any = library()
    function = functions.bayes_lca_log_density

    def call():
        assert function(*arguments) == 0
        return program, x, gradient  # which hold what the arguments point to

    return call


def shortest(call) -> float:
    """Milliseconds of a call."""
    began = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - began) / CALLS * 1e3


def main() -> int:
    """Time both, print ratios, and return the exit status."""
    status = 0
    for n in (2200, 22_000):
        cohort, _ = bl.simulate_cohort(n)
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")
            prepared = MODEL.prepare(cohort)
            by_hand, program = ByHand(prepared.groups["patterns"], Path(folder)), program_of(prepared)
            by_hand.check()
            times = np.array([(shortest(program), shortest(by_hand)) for _ in range(ROUNDS)]).min(axis=0)
        here, there = times
        passed = here <= LARGEST_RATIO * there
        status |= not passed
        print(
            f"{n:6,} respondents, {len(by_hand.arrays['count']):6,} rows: {here:.4f} ms, in C by hand {there:.4f} ms, "
            f"{here / there:.2f} times; at most {LARGEST_RATIO}: {'passed' if passed else 'failed'}"
        )
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
