"""Maximum likelihood estimates as Mplus prints them: thresholds and class logits with standard errors of MLR."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

import bayes_lca as bl
from bayes_lca.workflows.maximum_likelihood.maximum_likelihood import MaximumLikelihoodEstimates
from equivalence.peers import PEERS, figures, frame
from equivalence.row import Row, Source, printed

HELD = ("15.000", "-15.000")
"""Thresholds that Mplus has fixed, without a standard error."""
STEEP = 0.001
FLAT = "a thousandth of itself: almost at the boundary the likelihood is so flat that programs stop a little apart"
QUANTITIES = {"LL": "log_likelihood", "AIC": "AIC", "BIC": "BIC", "aBIC": "aBIC", "entropy": "entropy_r2"}


EARLY = ("lca_election_ratings_2", {"BIC": 0.002, "aBIC": 0.002})
STOPPED = "Mplus has stopped .0005 below the maximum, which shows in the last digit of twice that"


@dataclass(frozen=True)
class Printed:
    """Outputs of one data set: its file, its items, and names of the figures by number of classes."""

    name: str
    citation: str
    file: str
    figures: tuple[str, ...]
    n_items: int


@cache
def estimates(file: str, n_items: int, n_classes: int) -> MaximumLikelihoodEstimates:
    """Our estimates of those who gave any answer."""
    table = frame(file)
    items = bl.Items([f"u{item + 1}" for item in range(n_items)])
    count = "count" if "count" in table else None
    return bl.maximum_likelihood(items, table, n_classes, count=count, n_starts=40, seed=1)


def rows_of(data: Printed) -> Iterator[Row]:
    """A row for each figure."""
    for name in data.figures:
        output = figures(name)
        shares = [float(share) for _, share in output["class_counts_model"]]
        ours = estimates(data.file, data.n_items, len(shares))
        label = f"{data.file}, {len(shares)} classes"
        values = ours.fit["value"]
        yield printed(f"{label}: scaling correction factor", output["scaling"], values["scaling"])
        for theirs, column in QUANTITIES.items():
            if output.get(theirs):
                within = EARLY[1].get(column) if name == EARLY[0] else None
                figure = {"printed": output[theirs], "within": within, "because": STOPPED} if within else output[theirs]
                yield printed(f"{label}: {column}", figure, values[column])
        yield from _estimate_rows(label, output.get("parameters", []), shares, ours)


def _estimate_rows(label: str, parameters: list, shares: list, ours: MaximumLikelihoodEstimates) -> Iterator[Row]:
    names = ours.shares.index
    nearest = [names[int(np.abs(ours.shares["estimate"] - share).argmin())] for share in shares]
    assert len(set(nearest)) == len(shares)
    thresholds, logits = ours.thresholds, ours.class_logits(nearest[-1])
    items = list(dict.fromkeys(name.split("$")[0] for _, kind, name, *_ in parameters if kind == "Thresholds"))
    for of_class, kind, name, estimate, error in parameters:
        if kind == "Means":
            row = logits.loc[nearest[int(name.split("#")[1]) - 1]]
        else:
            item, number = name.split("$")
            of_item = thresholds.loc[nearest[int(of_class.split()[-1]) - 1], f"u{items.index(item) + 1}"]
            row = of_item.iloc[int(number) - 1]
        quantity = f"{label}: {name} of {of_class}"
        yield printed(quantity, estimate, row["estimate"])
        if estimate in HELD:
            assert np.isnan(row["robust_se"])
            continue
        of_digits = printed(f"SE of {quantity}", error, row["robust_se"])
        flat = STEEP * float(error)
        wider = flat > of_digits.tolerance
        yield Row(of_digits.quantity, float(error), of_digits.ours, flat, FLAT) if wider else of_digits


BOOK = "outputs of github.com/immerse-ucsb/lca-bookdown"
ALL = (
    Printed("Mplus, bullying", f"Mplus 9, MLR, {BOOK}", "tech11_bully", ("lca_bully_2", "lca_bully_3"), 6),
    Printed("Mplus, intervention", f"Mplus 8.11, MLR, {BOOK}", "tech11_pydi", ("lca_pydi_2", "lca_pydi_3"), 7),
    Printed(
        "Mplus, election ratings",
        f"Mplus 8.11, MLR, {BOOK}",
        "tech11_election_ratings",
        ("lca_election_ratings_2", "lca_election_ratings_3"),
        6,
    ),
    Printed("Mplus, mathematics", f"Mplus 8.11, MLR, {BOOK}", "lsay_anxiety_distal", ("distal_bch_step1",), 5),
)
SOURCES = tuple(Source(data.name, data.citation, lambda data=data: list(rows_of(data)), folder=PEERS) for data in ALL)
