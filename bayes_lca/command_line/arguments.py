"""The words of the command `bayes-lca`: what may be asked, and what is done in which order."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bayes_lca.data.frame import names_meant

TRACEBACK = "BAYES_LCA_TRACEBACK"
"""Environment variable with which an error is raised and not told in words."""

PROTOCOL = """\
what is done, in this order:

  1  data        The file is read: labels in the order of their codes, what the file or --missing
                 declares as missing is missing. Printed: respondents, missing answers, the order of
                 each item's categories and what it rests on, reference levels, groups.
  2  how many    Every number of --classes is fitted by maximum likelihood from many starts and from
                 its posterior; criteria, tests and a recommendation in words. --take decides instead.
  3  classes     That number is sampled: sizes, profiles, membership, how surely respondents are
                 classified, and the maximum likelihood estimates that other programs print.
  4  check       Do the classes explain the answers? Replicated answers against those given.
  5  regression  With --covariates or --group, classes and their (multilevel) regression in one model:
                 odds ratios, marginal effects, groups.
  6  page        report.html holds all of it; tables/ as CSV, figures/ as PNG, and the tables of a paper
                 as paper.docx and paper.xlsx (with pip install 'bayes-lca[files]').

Missing answers are used as missing at random. Rows that lack a covariate or a group stop the command
unless --incomplete drop leaves them out. Fits are kept in fits/: the same command goes on where it was
stopped, and samples none of them twice; numbers of classes, step 2, are compared anew.

exit status: 0 done, 1 the data or settings cannot be analysed, 2 the command line cannot be read,
130 stopped by the keyboard. With BAYES_LCA_TRACEBACK=1 in the environment an error says where it arose.

example:
  bayes-lca study.sav --items q1-q6 --covariates "age + sex" --group site --missing 99 --out results
"""


class Parser(argparse.ArgumentParser):
    """A parser that says which option was meant, and in one line what is wrong."""

    def parse_known_args(self, args: Sequence[str] | None = None, namespace=None):
        """Refuse unknown options before anything that they leave open."""
        known = [option for option in self._option_string_actions if option.startswith("--")]
        for given in sys.argv[1:] if args is None else args:
            option = given.partition("=")[0]
            if option.startswith("--") and not any(each.startswith(option) for each in known):
                self.error(f"there is no option {option}{names_meant([option], known)}")
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        if message.endswith("required: file"):
            message = "no file is named; write it first: bayes-lca study.sav --items q1-q6"
        self.exit(2, f"\nbayes-lca: {message} (bayes-lca --help lists the options)\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = Parser(
        prog="bayes-lca",
        description="Bayesian latent class analysis of a survey, with a multilevel regression of the classes.",
        epilog=PROTOCOL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = made.add_argument_group("data")
    data.add_argument("file", type=Path, help=".sav, .dta, .csv, .tsv, .xlsx or .parquet, a row per respondent")
    data.add_argument(
        "--items",
        nargs="+",
        action="extend",
        required=True,
        metavar="NAME",
        help="columns of the answers: q1 q2, or q1-q6",
    )
    data.add_argument(
        "--categories",
        nargs="+",
        action="extend",
        metavar="LABEL",
        help="categories of all items in their order, where the file has none",
    )
    data.add_argument(
        "--missing",
        nargs="+",
        action="extend",
        default=[],
        metavar="CODE",
        help="codes that mean no answer: 99 for all items, age=999 for another column",
    )
    data.add_argument("--sheet", metavar="NAME", help="sheet of a workbook that has several")
    data.add_argument("--key", metavar="NAME", help="column that names the respondents")
    regression = made.add_argument_group("regression")
    regression.add_argument("--covariates", metavar="FORMULA", help='what goes with the classes: "age + sex"')
    regression.add_argument("--group", metavar="NAME", help="column of the groups that respondents are nested in")
    regression.add_argument(
        "--reference",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=LEVEL",
        help="reference levels, as sex=female",
    )
    regression.add_argument(
        "--incomplete", choices=("stop", "drop"), default="stop", help="rows that lack a covariate or a group"
    )
    classes = made.add_argument_group("classes")
    classes.add_argument("--classes", default="1-5", metavar="FROM-TO", help="numbers of classes to compare (1-5)")
    classes.add_argument("--take", type=int, metavar="K", help="number of classes to describe; the recommended one")
    classes.add_argument("--order", default="size", metavar="ITEM", help="item that classes are ordered by, or size")
    sampling = made.add_argument_group("sampling and output")
    sampling.add_argument("--draws", type=int, default=1000, metavar="N", help="draws of each chain (1000)")
    sampling.add_argument("--chains", type=int, default=4, metavar="N", help="chains (4)")
    sampling.add_argument("--seed", type=int, default=1, metavar="N", help="same seed, same results (1)")
    sampling.add_argument("--out", type=Path, default=Path("results"), metavar="FOLDER", help="folder (results)")
    sampling.add_argument("--title", help="heading of the page")
    return made
