"""Classes of groups: Latent GOLD's two-level examples, and multilevLCA's.

The data are read where they lie, and not kept here; without them there are no rows.
"""

import numpy as np
import pandas as pd

import bayes_lca as bl
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.group_mixture import GroupMixtureFit, fit_group_mixture
from equivalence.peers import PEERS, figures, frame
from equivalence.row import Row, Source, printed

TIGHT = "both at the maximum; multilevLCA stops at a relative change of 1e-8"


def fitted(name: str, part, group: str, n_classes: int) -> GroupMixtureFit:
    """Two group classes of the groups of a data set, by maximum likelihood."""
    table = frame(name)
    responses = part.read(table)
    rows = unique_rows(responses.codes)
    families = [family.without_prior() for family in part.families(responses, rows.first)]
    index = pd.factorize(table[group])[0]
    patterns = unique_rows(index, rows.pattern)
    data = index[patterns.first], rows.pattern[patterns.first], patterns.count
    return fit_group_mixture(families, *data, n_classes, 2, tolerance=1e-12)


def criteria(theirs: dict, ours: GroupMixtureFit) -> list[Row]:
    """Log-likelihood, parameters, both BIC and sizes of group classes."""
    sizes = sorted(theirs["group_sizes"], reverse=True)
    return [
        printed("log-likelihood", theirs["LL"], ours.log_likelihood),
        Row("parameters", theirs["npar"], ours.n_parameters, 0.1, "a whole number"),
        printed("BIC by groups", theirs["BIC_groups"], ours.bic_of_groups),
        printed("BIC by respondents", theirs["BIC_cases"], ours.bic_of_respondents(theirs["n"])),
        *(printed(f"group class {w + 1}", size, ours.group_class_share[w]) for w, size in enumerate(sizes)),
    ]


def nominal() -> list[Row]:
    """640 respondents of 80 groups, four items of three categories, two classes in two group classes."""
    ours = fitted("lg_c04_groups", bl.Items([f"c{j}" for j in range(1, 5)]), "g", 2)
    share = ours.class_share[:, np.argsort(ours.class_share[0])]
    within = [
        printed(f"P(class {c + 1} | group class {w + 1})", figure, share[w, c])
        for w, of_group_class in enumerate((("0.2364", "0.7636"), ("0.8042", "0.1958")))
        for c, figure in enumerate(of_group_class)
    ]
    return [*criteria(figures("lg_c04_two_level_nominal"), ours), *within]


def mixed() -> list[Row]:
    """600 respondents of 60 groups, two normal and two nominal items, variances by class."""
    part = bl.Mixed(bl.NormalItems(["y1", "y2"], sd="free"), bl.Items(["c1", "c2"]))
    theirs, ours = figures("lg_c05_two_level_mixed"), fitted("lg_c05_groups", part, "g", 2)
    mean, sd = ours.parameters[0]["mean"], ours.parameters[0]["sd"]
    order = np.argsort(mean[:, 0])
    return [
        *criteria(theirs, ours),
        *(
            printed(f"{what} of {item} in class {c + 1}", theirs[what][item][c], values[order[c], j])
            for what, values in (("means", mean), ("variances", sd**2))
            for j, item in enumerate(("y1", "y2"))
            for c in range(2)
        ),
    ]


def with_missing_numbers() -> list[Row]:
    """600 respondents of 60 groups, three normal items, a tenth of the numbers missing."""
    ours = fitted("lg_c06_groups", bl.NormalItems(["y1", "y2", "y3"], sd="free"), "g", 2)
    return criteria(figures("lg_c06_two_level_missing"), ours)


def latent_gold() -> list[Row]:
    """All three, their rows named."""
    parts = {"nominal": nominal, "normal and nominal": mixed, "normal, a tenth missing": with_missing_numbers}
    return [
        Row(f"{name}: {row.quantity}", row.theirs, row.ours, row.tolerance, row.reason)
        for name, make in parts.items()
        for row in make()
    ]


def multilevel() -> list[Row]:
    """3000 respondents of 30 groups, ten items of two categories, three classes in two group classes."""
    theirs = figures("group_toy_3x2")
    ours = fitted("toy_groups", bl.Items([f"Y_{j}" for j in range(1, 11)]), "id_high", 3)
    found = [
        Row("log-likelihood", theirs["LL"], ours.log_likelihood, 1e-4, TIGHT),
        Row("parameters", theirs["npar"], ours.n_parameters, 0.1, "a whole number"),
        Row("BIC by groups", theirs["BIChigh"], ours.bic_of_groups, 1e-3, TIGHT),
        Row("BIC by respondents", theirs["BIClow"], ours.bic_of_respondents(3000), 1e-3, TIGHT),
    ]
    within, answers = np.array(theirs["mPi"]), np.array(theirs["mPhi"])  # (class, group class), (item, class)
    probability = ours.parameters[0]["probability"][..., 1]  # (latent_class, item)
    order = [int(((probability - answers[:, c]) ** 2).sum(axis=1).argmin()) for c in range(3)]
    for w in range(2):
        found.append(Row(f"group class {w + 1}", theirs["vOmega"][w][0], ours.group_class_share[w], 1e-4, TIGHT))
        found += [
            Row(f"P(class {c + 1} | group class {w + 1})", within[c, w], ours.class_share[w, order[c]], 1e-3, TIGHT)
            for c in range(3)
        ]
    found += [
        Row(f"P(1 on item {j + 1} | class {c + 1})", answers[j, c], probability[order[c], j], 1e-3, TIGHT)
        for j in range(10)
        for c in range(3)
    ]
    return found


SOURCES = (
    Source(
        "Latent GOLD, classes of groups",
        "Latent GOLD 6.1 (Vermunt & Magidson 2021), two-level examples, maximum likelihood without Bayes constants",
        latent_gold,
        folder=PEERS,
    ),
    Source(
        "multilevLCA",
        "multilevLCA 2.1.2 (Di Mari, Bakk, Oser & Kuha 2023, doi 10.1007/s11336-023-09929-2), its toy data",
        multilevel,
        folder=PEERS,
    ),
)
