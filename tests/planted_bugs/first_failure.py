"""A plugin of pytest: the copy is what is tested, and the first test that fails is written down."""

import importlib
import json
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption("--copy-of-tree", type=Path, required=True, help="folder that everything must come from")
    parser.addoption("--module-and-file", nargs=2, default=None, help="the module with the bug, and where it stands")
    parser.addoption("--outcome", type=Path, required=True, help="file to write")


def pytest_configure(config):
    config.pluginmanager.register(FirstFailure(config), "first_failure_of_a_planted_bug")


class FirstFailure:
    """Checks imports before the first test, and keeps the first failure."""

    def __init__(self, config):
        self.root, self.file = config.getoption("--copy-of-tree").resolve(), config.getoption("--outcome")
        self.planted = config.getoption("--module-and-file")
        self.record = {"imported": False, "failed": None, "message": "", "passed": 0}

    def pytest_collection_finish(self):
        modules = {"bayes_lca": "bayes_lca/__init__.py", "bayes_lca.models": "models/__init__.py"}
        if self.planted:
            modules[self.planted[0]] = self.planted[1]
        for name, file in modules.items():
            place = Path(importlib.import_module(name).__file__).resolve()
            if place != self.root / file:
                pytest.exit(f"{name} comes from {place}, not from {self.root / file}", pytest.ExitCode.INTERNAL_ERROR)
        self.record["imported"] = True

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            self.record["passed"] += 1
        self.keep(report)

    def pytest_collectreport(self, report):
        self.keep(report)

    def keep(self, report):
        if report.failed and self.record["failed"] is None:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = " ".join(str(crash.message if crash else report.longrepr).split())
            self.record |= {"failed": report.nodeid, "when": report.when, "message": message[:200]}

    def pytest_sessionfinish(self):
        self.file.write_text(json.dumps(self.record), encoding="utf-8")
