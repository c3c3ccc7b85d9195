"""Rows of latent classes that a program has printed, by the names of reference/polca.json and mplus.json."""

from collections.abc import Callable, Iterator

import numpy as np

from equivalence.class_fits import ClassFit, items_of
from equivalence.row import Row, printed

CRITERIA = ("log_likelihood", "parameters", "AIC", "BIC", "aBIC", "entropy_r2", "G2", "X2")


def printed_rows(data: str, figures: dict, fit: ClassFit) -> list[Row]:
    """A row for each figure printed of a number of classes.

    The share of the last class and the probability of the last category of an item follow from the others, and are
    left out where the program printed them.
    """
    label = f"{data}, {fit.n_classes} class{'es' if fit.n_classes > 1 else ''}"
    rows = [printed(f"{label}: {name}", figures[name], fit.criteria[name]) for name in CRITERIA if name in figures]
    by_class = {
        "shares": ("share", lambda: fit.share),
        "share_se": ("SE of share", lambda: fit.share_error(fit.empirical_covariance)),
        "modal_counts": ("respondents assigned to", lambda: fit.modal_counts),
        "modal_share": ("share assigned to", lambda: fit.modal_counts / fit.modal_counts.sum()),
        "average_posterior": ("average posterior probability of", lambda: fit.average_posterior),
    }
    for name, (words, values) in by_class.items():
        if name in figures:
            rows += [
                printed(f"{label}: {words} class {k + 1}", text, value)
                for k, (text, value) in enumerate(zip(figures[name], values(), strict=False))
            ]
    for name, words in (("scaling", "scaling correction factor"), ("likelihood_ratio", "2 dLL to one class fewer")):
        if name in figures:
            rows.append(printed(f"{label}: {words}", figures[name], getattr(fit, name)))
    if "classification" in figures:
        errors = fit.error_matrix
        rows += [
            printed(f"{label}: P(assigned to {w + 1} | class {c + 1})", text, errors[c, w])
            for c, row in enumerate(figures["classification"])
            for w, text in enumerate(row)
            if text is not None
        ]
    return rows + list(_item_rows(data, label, figures, fit)) + list(_mode_rows(label, figures, fit))


def _item_rows(data: str, label: str, figures: dict, fit: ClassFit) -> Iterator[Row]:
    binary_counts_second = data == "carcinoma"

    def probability(k: int, j: int, c: int) -> float:
        return fit.item_probability[k, j, 1 if binary_counts_second else c]

    def probability_error(k: int, j: int, c: int) -> float:
        return np.sqrt(fit.item_covariance(fit.empirical_covariance, k, j)[c, c])

    quantities: dict[str, tuple[str, Callable]] = {
        "item_probability": ("P({item} = {category} | class {k})", probability),
        "item_probability_se": ("SE of P({item} = {category} | class {k})", probability_error),
        "thresholds": ("threshold {category} of {item} in class {k}", fit.threshold),
        "threshold_se": ("SE of threshold {category} of {item} in class {k}", fit.threshold_error),
    }
    items = items_of(data)
    for name, (words, value) in quantities.items():
        for k, of_class in enumerate(figures.get(name, [])):
            for j, of_item in enumerate(of_class):
                for c, text in enumerate(of_item):
                    if text is not None:
                        category = 2 if binary_counts_second else c + 1
                        quantity = words.format(item=items[j], category=category, k=k + 1)
                        yield printed(f"{label}: {quantity}", text, value(k, j, c))


def _mode_rows(label: str, figures: dict, fit: ClassFit) -> Iterator[Row]:
    """Local maxima: the mode of ours whose log-likelihood is nearest, and its largest shares."""
    for text, *shares in figures.get("modes", []):
        mode = min(fit.found.modes, key=lambda mode: abs(mode.log_likelihood - float(text)))
        yield printed(f"{label}: log-likelihood of the local maximum at {text}", text, mode.log_likelihood)
        for k, (share, value) in enumerate(zip(shares, mode.class_share, strict=False)):
            yield printed(f"{label}: share of class {k + 1} at the local maximum {text}", share, value)
