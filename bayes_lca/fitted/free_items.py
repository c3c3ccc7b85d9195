"""Items whose parameters differ from wave to wave."""


def items_free_over_waves(fit) -> tuple[str, ...]:
    """Items that have parameters of their own at each wave, in the order of the fit; none where there are no waves."""
    over_time = fit.specification.get("measurement_over_time", "equal")
    if isinstance(over_time, str):
        return tuple(fit.items) if over_time == "free" else ()
    return tuple(str(item) for item in over_time)
