"""What a comparison of class structures says, in sentences."""

import pandas as pd

from bayes_lca.posterior.structures.comparison_rows import FIT, REFERENCE_CLASS

DIFFERENT_BELOW = 0.05
"""P-value below which classes are said to differ."""

LARGE_PART = 0.1
"""Share of a class from which its part in another class is mentioned."""


def sentences(
    reference: str, overall: pd.DataFrame, classes: pd.DataFrame, items: pd.DataFrame, flows: pd.DataFrame | None
) -> list[str]:
    """A line for each fit, each class that differs, each class without a match, and each that is spread over several.

    Parameters
    ----------
    reference : str
        Name of the reference.
    overall, classes, items, flows : DataFrame
        Tables of a `StructureComparison`.
    """
    lines = []
    for name, row in overall.iterrows():
        verdict = "differ" if row["p_value"] < DIFFERENT_BELOW else "do not differ beyond sampling"
        lines.append(
            f"{name} against {reference}: the profiles of {row['matched']} matched classes {verdict} "
            f"(p = {row['p_value']:.3f})."
        )
        if row["left_out"]:
            lines.append(f"  Not compared: {row['left_out']}.")
        for of_class, matched in classes.loc[name].iterrows():
            if matched["p_value"] < DIFFERENT_BELOW:
                lines.append(_difference(of_class, matched, items.loc[(name, of_class)]))
        if row["unmatched"]:
            lines.append(f"  Without a match: {row['unmatched']}.")
        if flows is not None and name in flows.index.get_level_values(FIT):
            lines += _moves(flows.loc[name])
    return lines


def _difference(of_class: str, matched: pd.Series, items: pd.DataFrame) -> str:
    """How far a class is from its match, and in which item most."""
    most = items.loc[items["difference"].abs().idxmax()]
    return (
        f"  {of_class} and {matched[REFERENCE_CLASS]} are {matched['distance']:.3f} apart "
        f"({matched['lower']:.3f} to {matched['upper']:.3f}; {matched['expected']:.3f} expected if equal), "
        f"most in {most.name}: {most['category']} {100 * most['difference']:+.0f} points "
        f"({100 * most['difference_lower']:+.0f} to {100 * most['difference_upper']:+.0f})."
    )


def _moves(flows: pd.DataFrame) -> list[str]:
    """Classes of the reference whose members are spread over several."""
    lines = []
    for reference_class, parts in flows.groupby(level=REFERENCE_CLASS, sort=False):
        large = parts[parts["share"] >= LARGE_PART].sort_values("share", ascending=False)
        if len(large) > 1:
            where = ", ".join(
                f"{100 * part['share']:.0f} % ({100 * part['lower']:.0f} to {100 * part['upper']:.0f}) in {name}"
                for name, part in large.droplevel(REFERENCE_CLASS).iterrows()
            )
            lines.append(f"  Members of {reference_class}: {where}.")
    return lines
