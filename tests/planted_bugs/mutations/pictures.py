"""Mistakes in the size of pictures, and in where their names stand."""

from mutations.mutation import Mutation

FILE = "tests/test_pictures.py"
CROWDED = f"{FILE}::test_crowded_pictures_are_read_whole"
PANELS = f"{FILE}::test_panels_have_the_height_that_their_rows_need"

PICTURES = (
    Mutation(
        name="page-of-half-the-missing-height",
        wrong="A page gets half of the height that its panels lack.",
        symbol="Page.finish",
        pattern="fig.set_figheight(fig.get_figheight() + _1)",
        replacement="fig.set_figheight(fig.get_figheight() + _1 / 2)",
        tests=(PANELS,),
    ),
    Mutation(
        name="page-in-tenths-of-inches",
        wrong="Millimetres become tenths of inches.",
        symbol="MM",
        pattern="1 / 25.4",
        replacement="1 / 25",
        tests=(f"{FILE}::test_a_picture_looks_as_it_did[odds_ratios]",),
    ),
    Mutation(
        name="names-wider-than-told",
        wrong="Letters are taken for half as wide as they are, so that names are broken too late.",
        symbol="inches",
        pattern="_1 / POINTS",
        replacement="_1 / POINTS / 2",
        tests=(f"{FILE}::test_everything_is_read_on_a_page_of_two_columns[True-transitions]",),
    ),
    Mutation(
        name="groups-sorted-from-the-least",
        wrong="Random intercepts are sorted from the smallest.",
        symbol="plots.random_intercepts:_sorted",
        pattern="_1.sort_values(ascending=False, kind=_2)",
        replacement="_1.sort_values(ascending=True, kind=_2)",
        tests=(f"{FILE}::test_a_picture_looks_as_it_did[random_intercepts]",),
    ),
    Mutation(
        name="numbers-where-a-page-is-too-short",
        wrong="Numbers stay beside the odds ratios of a figure longer than a page.",
        symbol="plots.odds_ratios:_panels",
        pattern="forest.rows_inches + ABOUT <= LONGEST",
        replacement="forest.rows_inches <= 2 * LONGEST",
        tests=(CROWDED,),
    ),
)
