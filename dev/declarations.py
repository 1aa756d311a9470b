"""Reads which schedules and controllers the Swift sources declare: one file each, found by its `declaration`."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "Sources/Stepsize"
# In this order they stand in the catalogue; by name within a folder.
SCHEDULES = ("Schedules", "Schedules/Compositions", "Algebra")
CONTROLLERS = ("Controllers",)

TYPE = re.compile(r"((?:^///.*\n)*)^(?:public )?(?:struct|enum) (\w+)(?:: ([^{]*?))? \{$", re.M)
NAME = re.compile(r'static var declaration: StaticString \{\n\s*"""\n\s*(\w+):')
EXAMPLES = re.compile(r"^Examples, to step (\d+):\n\n((?:    .*\n?)+)", re.M)


@dataclass
class Declared:
    """A type that declares a schedule or a controller."""

    name: str  # in the text form
    type: str  # in Swift, and of the class in Python
    path: Path
    conformances: str
    doc: str  # its doc comment, without the slashes
    is_leaf: bool  # computed by a value(at:) of its own

    @property
    def case(self) -> str:
        """The name of its case in Swift's enums."""
        first, *rest = self.name.split("_")
        case = first + "".join(part.capitalize() for part in rest)
        return f"`{case}`" if case == "repeat" else case

    @property
    def examples(self) -> tuple[list[str], int]:
        """Texts to draw, and the step to draw them to where they have no end."""
        found = EXAMPLES.search(self.doc)
        if not found:
            raise SystemExit(f"{self.path.relative_to(ROOT)}: {self.name} has no 'Examples, to step N:' in its comment")
        return [line.strip() for line in found[2].splitlines() if line.strip()], int(found[1])

    @property
    def prose(self) -> str:
        """The doc comment without the examples."""
        return EXAMPLES.sub("", self.doc).strip()


def declared(folders: tuple[str, ...]) -> list[Declared]:
    found = [one for folder in folders for one in sorted(read_folder(SOURCES / folder), key=lambda one: one.name)]
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise SystemExit(f"two files declare one name: {sorted(name for name in names if names.count(name) > 1)}")
    return found


def read_folder(folder: Path) -> list[Declared]:
    return [one for path in folder.glob("*.swift") if (one := read_file(path))]


def read_file(path: Path) -> Declared | None:
    text = path.read_text(encoding="utf-8")
    name = NAME.search(text)
    if not name:
        return None
    kind = [match for match in TYPE.finditer(text) if match.start() < name.start()][-1]
    doc = "\n".join(line[3:].removeprefix(" ") for line in kind[1].splitlines())
    return Declared(name[1], kind[2], path, kind[3] or "", doc + "\n", "func value(at t: Int64) -> Double" in text)


def schedules() -> list[Declared]:
    return declared(SCHEDULES)


def controllers() -> list[Declared]:
    return declared(CONTROLLERS)
