"""The page printed by a browser: sheets of A4, each table and picture whole. Left out where there is no Chromium."""

import re
import shutil
import subprocess

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MOST_SHEETS = 8
A4 = (595, 842)
"""Points."""


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium to print with")
def test_a_report_of_a_regression_is_printed_on_eight_sheets(reports, tmp_path):
    printed = tmp_path / "page.pdf"
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run(
        [*command, f"--print-to-pdf={printed}", reports["joint"].as_uri()], check=True, capture_output=True, timeout=120
    )
    content = printed.read_bytes()
    sheets = re.findall(rb"/Type\s*/Page\b", content)
    assert 1 < len(sheets) <= MOST_SHEETS
    sizes = {tuple(map(float, size.split()[2:])) for size in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", content)}
    assert {tuple(map(round, size)) for size in sizes} == {A4}
