"""Which number of classes BIC chooses where persons lean to one side, without and with a common method.

Three classes of the paper's design, 2200 respondents, six items of three categories, at an entropy of .89 without any
leaning; tilts of standard deviation 0, .5 and 1, which add to the log odds of each category against the one below. Each
data set is one line of a file that names the version of the code, and a run that was stopped goes on where it was.
"""

import argparse
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.calibration.kit.lines import add_line, read_lines
from bayes_lca.calibration.kit.versions import source_digest
from bayes_lca.calibration.selection.designs import CLEAR
from bayes_lca.data.categories import draw_category
from bayes_lca.likelihood.person import answers_of_persons, style_scores
from bayes_lca.whole_file import write_text_whole

CODE = source_digest("bayes_lca.workflows.class_counts.common_method_counts")
KEY = "spread", "seed"
SPREADS = (0.0, 0.5, 1.0)
CLASSES = (2, 3, 4)


def simulate(spread: float, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Answers of classes and persons, and the class of each respondent."""
    rng = np.random.default_rng([seed, int(10 * spread)])
    latent_class = draw_category(np.tile(CLEAR.class_share, (CLEAR.n, 1)), rng)
    trait, scores = rng.normal(size=(CLEAR.n, 1)), style_scores([3] * 6, ["tilt"])
    loading = np.full((1, 6), spread)
    of_persons = answers_of_persons(CLEAR.item_probability, loading, scores, trait)  # (class, person, item, category)
    codes = draw_category(of_persons[latent_class, np.arange(CLEAR.n)], rng)
    items = {
        item: pd.Categorical.from_codes(codes[:, j], ["decrease", "no change", "increase"], ordered=True)
        for j, item in enumerate(bl.cohort_items())
    }
    return pd.DataFrame(items), latent_class


def count_once(spread: float, seed: int) -> dict:
    """BIC of each number of classes without and with a common method, of one data set."""
    began = time.process_time()
    frame, _ = simulate(spread, seed)
    table = bl.count_classes(bl.Items(bl.cohort_items()), frame, CLASSES, n_starts=20, common_method=True)
    return {
        "spread": spread,
        "seed": seed,
        "BIC": table["BIC"].round(3).tolist(),
        "method_BIC": table["method_BIC"].round(3).tolist(),
        "method_sd": table["method_sd"].round(4).tolist(),
        "entropy_r2": table["entropy_r2"].round(4).tolist(),
        "method_entropy_r2": table["method_entropy_r2"].round(4).tolist(),
        "cpu_seconds": round(time.process_time() - began, 1),
        "version": version("bayes-lca"),
        "code": CODE,
    }


def rates(counted: list[dict]) -> pd.DataFrame:
    """How often three classes are chosen, by spread of the tilt.

    Standard errors are those of a rate with two successes and two failures added, which is not 0 where all agree.
    """
    rows = []
    for each in counted:
        without, tilted = np.array(each["BIC"]), np.array(each["method_BIC"])
        right = CLASSES.index(3)
        rows.append(
            {
                "spread": each["spread"],
                "without": without.argmin() == right,
                "with": tilted.argmin() == right,
                "prefers_method": tilted.min() < without.min(),
                "chosen_of_all": (tilted if tilted.min() < without.min() else without).argmin() == right,
                "sd": each["method_sd"][right],
                "entropy_without": each["entropy_r2"][right],
                "entropy_with": each["method_entropy_r2"][right],
            }
        )
    groups = pd.DataFrame(rows).astype({"without": float, "with": float}).groupby("spread")
    table = groups[["without", "with", "chosen_of_all", "prefers_method", "sd"]].mean(numeric_only=False).astype(float)
    n = groups.size()
    for name in ("without", "with", "chosen_of_all", "prefers_method"):
        rate = (table[name] * n + 2) / (n + 4)
        table[f"{name}_se"] = np.sqrt(rate * (1 - rate) / (n + 4))
    entropies = groups[["entropy_without", "entropy_with"]].mean()
    return table.assign(sd_se=groups["sd"].std() / np.sqrt(n), **entropies, data_sets=n)


def main() -> None:
    """Count classes in the data sets that are not in the file yet, as many as fit, and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-sets", type=int, default=15, help="of each spread")
    parser.add_argument("--cpu-seconds", type=float, default=300.0, help="after which no other data set is begun")
    parser.add_argument("--out", type=Path, default=Path("results/common_method_study"))
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    path = wanted.out / "data_sets.jsonl"
    for seed in range(1, wanted.data_sets + 1):
        for spread in SPREADS:
            if time.process_time() <= wanted.cpu_seconds and (spread, seed) not in read_lines(path, KEY, code=CODE):
                add_line(path, count_once(spread, seed))
    table = rates(list(read_lines(path, KEY, code=CODE).values())).round(3)
    write_text_whole(wanted.out / "table.csv", table.to_csv())
    print(table.T.to_string())


if __name__ == "__main__":
    main()
