"""A page read back: its tags balanced, its text, its tables, and what it would fetch."""

import base64
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.views import with_views, without_views
from bayes_lca.reporting.report import report

VOID = {"meta", "img", "br", "hr", "link", "input"}
HOSTILE = '<script>alert("1")</script> & <b> $x$'


@dataclass
class Page(HTMLParser):
    """What a browser would see."""

    tags: list[tuple[str, dict]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._rows: list[list[str]] = []
        self._caption = ""
        self._spans: dict[int, tuple[int, str]] = {}

    def __hash__(self):
        return id(self)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        match tag:
            case "table":
                self._rows, self._spans = [], {}
            case "caption":
                self._caption = ""
            case "tr":
                self._rows.append([])
                self._fill()
            case "td" | "th":
                self._rows[-1].append("")
                if (span := int(dict(attrs).get("rowspan", 1))) > 1:
                    self._spans[len(self._rows[-1]) - 1] = (span - 1, "")

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes another element")
        if tag == "table":
            self.tables[self._caption.split(". ", 1)[1]] = self._rows
        if tag in ("td", "th"):
            place = len(self._rows[-1]) - 1
            if place in self._spans and not self._spans[place][1]:
                self._spans[place] = (self._spans[place][0], self._rows[-1][-1])
            self._fill()

    def _fill(self):
        """Cells that span rows from above."""
        place = len(self._rows[-1])
        if len(self._rows) > 1 and place in self._spans and self._spans[place][0] > 0:
            n, text = self._spans[place]
            self._rows[-1].append(text)
            self._spans[place] = (n - 1, text)
            self._fill()

    def handle_data(self, data):
        self.text.append(data)
        if "caption" in self._open:
            self._caption += data
        elif self._open and self._open[-1] in ("td", "th"):
            self._rows[-1][-1] += data

    @property
    def all_text(self) -> str:
        return "".join(self.text)

    def of(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]

    def column(self, caption: str, label: str) -> list[str]:
        """Cells below a label in the table whose caption starts so."""
        (rows,) = [rows for name, rows in self.tables.items() if name.startswith(caption)]
        return [row[rows[0].index(label)] for row in rows[1:]]


def read_page(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    page.faults += [f"<{tag}> is never closed" for tag in page._open]
    return page


def require_sound(page: Page) -> None:
    """Well-formed, one file, anchors that lead somewhere, pictures with words."""
    assert page.faults == []
    assert {len(row) for rows in page.tables.values() for row in rows if len(row) != len(rows[0])} == set()
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for _, attributes in page.tags if "href" in attributes]
    assert links and all(link.startswith("#") and link[1:] in ids for link in links)
    sources = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert all(picture["alt"].strip() for picture in page.of("img"))
    assert not {"script", "iframe", "object", "link", "base", "form"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert page.of("html") == [{"lang": "en"}]
    assert "@import" not in page.all_text and not re.search(r"url\(", page.all_text)
    for source in sources:
        drawing = ElementTree.fromstring(base64.b64decode(source.split(",")[1]))
        assert drawing.tag.endswith("svg")
        assert not [element for element in drawing.iter() if str(element.tag).endswith("script")]


def hostile(draws: xr.DataTree) -> xr.DataTree:
    """The same fit with names that would break a page that did not escape them."""
    names = {
        "item": lambda name: f"{HOSTILE} {name}",
        "category": lambda name: f"{name} {HOSTILE}",
        "group": lambda name: f"{name} {HOSTILE}",
    }
    result = without_views(draws)
    for node in ("posterior", "patterns", "encoding"):
        dataset = draws[node].to_dataset()
        for axis, rename in names.items():
            if axis in dataset.coords:
                dataset = dataset.assign_coords({axis: [rename(str(name)) for name in dataset[axis].to_numpy()]})
        result[node] = xr.DataTree(dataset)
    labels = [[names["category"](label) for label in own] for own in json.loads(draws.attrs["labels"])]
    axes = {
        axis: [names[axis](name) if axis in names else name for name in of_axis]
        for axis, of_axis in json.loads(draws.attrs["axes"]).items()
    }
    result.attrs |= {"labels": json.dumps(labels), "axes": json.dumps(axes)}
    return bl.name_classes(with_views(result), [f"A {HOSTILE}", f"B {HOSTILE}", "C"])


@pytest.fixture(scope="session")
def read():
    """`read(path)`: the page, found sound."""

    def read_sound(path: Path) -> Page:
        page = read_page(path)
        require_sound(page)
        return page

    return read_sound


def every(step: int, draws: xr.DataTree) -> xr.DataTree:
    """Fewer draws of the same fit, so that pages are made fast."""
    fewer = without_views(draws)
    for name, node in fewer.children.items():
        if "draw" in node.dims:
            fewer[name] = xr.DataTree(node.to_dataset().isel(draw=slice(None, None, step)))
    return with_views(fewer)


@pytest.fixture(scope="session")
def short_lca(lca_draws):
    return every(6, lca_draws)


@pytest.fixture(scope="session")
def short_joint(joint_draws):
    return every(6, joint_draws)


@pytest.fixture(scope="session")
def short_multinomial(multinomial_draws):
    return every(6, multinomial_draws)


@pytest.fixture(scope="session")
def check(short_lca):
    return bl.check_items(short_lca, n_draws=40)


@pytest.fixture(scope="session")
def hostile_report(short_joint, tmp_path_factory):
    """Page and folder of tables of a fit with hostile names."""
    path = tmp_path_factory.mktemp("hostile") / "page.html"
    draws = hostile(short_joint)
    return report(draws, path, title=HOSTILE, check=bl.check_items(draws, n_draws=40), tables=True)


@pytest.fixture(scope="session")
def reports(short_lca, short_joint, short_multinomial, check, tmp_path_factory):
    """A page and its tables for each kind of fit."""
    folder = tmp_path_factory.mktemp("reports")
    fits = (("lca", short_lca, check), ("joint", short_joint, None), ("multinomial", short_multinomial, None))
    return {name: report(fit, folder / f"{name}.html", check=of_fit, tables=True) for name, fit, of_fit in fits}
