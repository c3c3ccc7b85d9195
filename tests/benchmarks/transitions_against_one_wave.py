"""Processor time of a latent transition fit beside the joint cross-sectional fit of its first wave.

    python tests/benchmarks/transitions_against_one_wave.py    about two minutes

Three classes, three waves and 2200 persons in six groups, six items of three categories, with a covariate and random
intercepts at the first wave and in the transitions. Each fit runs in a process of its own with 4 chains, as many draws
as it takes to converge; processor time is that of the call of `fit`, all chains together.
Exits with 1 if the transitions take more than four times the processor time of the first wave alone.
"""

import json
import subprocess
import sys
import time

TARGET = 4.0


def run(name: str) -> dict[str, float]:
    """Fit in this process."""
    import numpy as np

    import bayes_lca as bl
    from bayes_lca.datasets.simulate_waves import simulate_waves
    from bayes_lca.models import LatentClass, LatentTransition

    of_item = np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]])
    answers = np.stack([np.roll(np.stack([of_item[c]] * 6), 0, axis=0) for c in range(3)])
    stay = np.full((3, 3), 0.125) + 0.625 * np.eye(3)
    survey, _ = simulate_waves(
        *(2200, [0.4, 0.35, 0.25], stay, answers, 1),
        slope=[[0.5, -0.5]],
        transition_slope=[[0.3, -0.3]],
        n_groups=6,
        group_sd=0.4,
        transition_group_sd=0.3,
        missed_rate=0.1,
    )
    items, formula = bl.Items([f"item{j}" for j in range(1, 7)]), "~ x1 + (1 | group)"
    if name == "one wave":
        first = survey[survey["wave"] == survey.groupby("person")["wave"].transform("min")].drop(columns="person")
        model = LatentClass(3, items, bl.Regression(formula))
    else:
        first = survey
        model = LatentTransition(
            *(3, items, "person", "wave"), initial=bl.Regression(formula), transition=bl.Transition(formula)
        )
    started = time.process_time()
    draws = bl.fit(model, first, seed=1, progressbar=False)
    table = bl.convergence(draws)
    return {
        "processor": time.process_time() - started,
        "ess": float(table[["ess_bulk", "ess_tail"]].min(axis=None)),
        "r_hat": float(table["r_hat"].max()),
        "steps": float(draws["sample_stats"]["n_steps"].mean()),
        "draws": draws.attrs["draws_made"],
        "divergences": int(draws["sample_stats"]["diverging"].sum()),
    }


def main() -> int:
    """Both fits, and how many times as long one takes."""
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1])))
        return 0
    seconds = {}
    for name in ("one wave", "three waves"):
        command = [sys.executable, "-W", "ignore", __file__, name]
        finished = subprocess.run(command, capture_output=True, text=True, check=True)
        told = json.loads(finished.stdout.strip().splitlines()[-1])
        seconds[name] = told["processor"]
        print(
            f"{name}: {told['processor']:.1f} s of processor time, {told['draws']} draws a chain of "
            f"{told['steps']:.0f} steps, smallest ESS {told['ess']:.0f}, largest R-hat {told['r_hat']:.3f}, "
            f"{told['divergences']} divergences",
            flush=True,
        )
    ratio = seconds["three waves"] / seconds["one wave"]
    print(f"{ratio:.1f} times the processor time (target {TARGET:g}){'  MISSED' if ratio > TARGET else ''}")
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
