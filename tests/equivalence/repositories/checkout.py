"""A public repository that lies in a folder of the user's: a clone, or a bare copy, read at one commit."""

import csv
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

LIST = Path(__file__).with_name("listed.csv")


@dataclass(frozen=True)
class Listed:
    """A line of the list of repositories."""

    name: str
    commit: str
    why: str


def listed() -> list[Listed]:
    """Repositories that the table reads, with the commits whose figures it shows."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return [Listed(**row) for row in csv.DictReader(file)]


@dataclass(frozen=True)
class Checkout:
    """A repository at a commit.

    Attributes
    ----------
    name : str
        ``owner/name``.
    folder : Path
        Its work tree, or its git directory.
    commit : str
    """

    name: str
    folder: Path
    commit: str

    @cached_property
    def files(self) -> dict[str, str]:
        """Path and object of every file."""
        listing = self._git("ls-tree", "-r", "-z", self.commit).decode(errors="replace")
        entries = (entry.partition("\t") for entry in listing.split("\0") if entry)
        return {path: meta.split()[2] for meta, _, path in entries if meta.split()[1] == "blob"}

    def read(self, path: str) -> bytes:
        """A file; FileNotFoundError where the copy lacks its content."""
        try:
            return self._git("cat-file", "blob", self.files[path])
        except (subprocess.CalledProcessError, KeyError) as error:
            raise FileNotFoundError(f"{self.name}: {path} is not in this copy at {self.commit[:12]}") from error

    def text(self, path: str) -> str:
        """A file of text, in whichever of two encodings it is."""
        content = self.read(path)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("latin-1")

    def ending(self, *suffixes: str) -> list[str]:
        """Paths that end so, in any case."""
        return sorted(path for path in self.files if path.lower().endswith(suffixes))

    def named(self, file: str, beside: str) -> list[str]:
        """Paths of files of that name, those that share most folders with another path first."""
        folders = PurePosixPath(beside).parts[:-1]
        found = [path for path in self.files if PurePosixPath(path).name.lower() == file.lower()]
        return sorted(found, key=lambda path: (-_shared(folders, PurePosixPath(path).parts[:-1]), len(path), path))

    def _git(self, *arguments: str) -> bytes:
        return subprocess.run(
            ["git", "-C", str(self.folder), *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ).stdout


def find(listed: Listed, folder: Path) -> Checkout | None:
    """A repository in a folder of clones: ``name``, ``owner/name``, ``owner+name`` or ``name.git``, or None.

    None too where the clone lacks the commit of the list.
    """
    for place in _places(listed.name, folder):
        checkout = Checkout(listed.name, place, listed.commit)
        try:
            checkout._git("cat-file", "-e", f"{listed.commit}^{{commit}}")
        except (subprocess.CalledProcessError, NotADirectoryError):
            continue
        return checkout
    return None


def _places(name: str, folder: Path) -> Iterator[Path]:
    owner, _, short = name.partition("/")
    for first in (folder / name, folder / f"{owner}+{short}", folder / short, folder / f"{short}.git"):
        if first.is_dir():
            yield first
            yield from sorted(path.parent for path in first.glob("*/HEAD"))


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many leading folders two paths share."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
