"""The package as users get it: a wheel, in an environment of its own."""

import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of the sources so that the checkout stays clean.

    Its compiled module is not run here, so the compiler spends no time on making it fast.
    """
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    tracked = ["bayes_lca", "models", "pyproject.toml", "README.md", "LICENSE"]
    source.mkdir()
    subprocess.run(["cp", "-r", *(str(ROOT / name) for name in tracked), str(source)], check=True)
    project = (source / "pyproject.toml").read_text(encoding="utf-8")
    assert project.count('"-O3"') == 1
    (source / "pyproject.toml").write_text(project.replace('"-O3"', '"-O0"'), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(source)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_nothing_is_left_of_two_versions_of_a_text():
    marks = re.compile(r"^(<{7}|={7}|>{7})( .*)?$", re.MULTILINE)
    kept = [
        ROOT / "README.md",
        *(path for name in ("bayes_lca", "models", "docs") for path in (ROOT / name).rglob("*")),
    ]
    texts = {path: path.read_text("utf-8") for path in kept if path.suffix in (".py", ".pyi", ".md", ".c", ".h")}
    assert len(texts) > 400
    assert [str(path) for path, text in texts.items() if marks.search(text)] == []


def test_wheel_holds_one_package(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert top == {"bayes_lca"}
    assert "bayes_lca/models/latent_class.py" in names
    assert {"bayes_lca/py.typed", "bayes_lca/__init__.pyi"} <= set(names)
    written = {str(path.relative_to(ROOT)) for path in (ROOT / "bayes_lca").rglob("*.py")}
    assert written <= set(names)


def test_wheel_imports_in_a_fresh_environment(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    python = next((tmp_path / "env").glob("[bS]*/python*"))
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    zipfile.ZipFile(wheel).extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    probe = "import bayes_lca.models as m; print(m.LatentClass.__module__, m.__file__)"
    ran = subprocess.run([python, "-c", probe], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ran.returncode == 0, ran.stderr
    module, file = ran.stdout.split()
    assert module == "bayes_lca.models.latent_class"
    assert Path(file).is_relative_to(site)


def test_imports_point_downwards(wheel, tmp_path):
    """The layers of pyproject.toml hold in the package as installed, models included."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    checker = Path(sysconfig.get_path("scripts")) / "lint-imports"
    ran = subprocess.run(
        [checker, "--config", ROOT / "pyproject.toml", "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": sysconfig.get_path("scripts")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "6 kept, 0 broken" in ran.stdout
