"""What the generator reads: Swift sources, the emitted header, the types block, the version."""

import re
from dataclasses import dataclass, field
from pathlib import Path


class Problem(Exception):
    """A rule that the sources break, in words for the person who can mend it."""


@dataclass
class Function:
    name: str
    where: str  # file and line
    doc: list[str]  # the text of the `///` lines


@dataclass
class Section:
    """A `// MARK: - Title` or, as a chapter, a file that begins `// Section N: Title`, with those that go on with it
    and begin `// Section N, part K`."""
    title: str
    where: str
    prose: list[str] = field(default_factory=list)  # `//` lines directly below the title
    functions: list[Function] = field(default_factory=list)


@dataclass
class Chapter(Section):
    number: int = 0
    part: int = 1
    sections: list[Section] = field(default_factory=list)


def read_version(path: Path) -> dict[str, int]:
    """`static let major = 0` and so on: major, minor, patch and abi."""
    text = path.read_text(encoding="utf-8")
    version = {}
    for name in ("major", "minor", "patch", "abi"):
        found = re.findall(rf"^\s*public static let {name}(?::\s*\w+)? = (\d+)$", text, re.M)
        if len(found) != 1:
            raise Problem(f"{path}: needs one line `public static let {name} = <number>`")
        version[name] = int(found[0])
    return version


def read_types(path: Path) -> str:
    begin, end = "/* BEGIN PUBLIC TYPES */", "/* END PUBLIC TYPES */"
    text = path.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise Problem(f"{path}: needs `{begin}` and `{end}` once each")
    return text.split(begin)[1].split(end)[0].strip()


def split_types(types: str) -> dict[int, str]:
    """The types of each section; those of section 0 come before all functions."""
    parts = re.split(r"^/\* SECTION (\d+) \*/$", types, flags=re.M)
    return {0: parts[0].strip()} | {int(n): text.strip() for n, text in zip(parts[1::2], parts[2::2])}


def read_introduction(path: Path) -> str:
    text = path.read_text(encoding="utf-8").strip()
    if not re.fullmatch(r"/\*(?:(?!\*/|/\*).)*\*/", text, re.S):
        raise Problem(f"{path}: must be exactly one C comment")
    return text


def read_chapters(folder: Path) -> list[Chapter]:
    """The Swift files that hold `@c` functions, in the order of their section numbers."""
    parts = [c for path in sorted(folder.rglob("*.swift")) if (c := read_chapter(path))]
    parts.sort(key=lambda chapter: (chapter.number, chapter.part))
    chapters: list[Chapter] = []
    before = Chapter("", "the beginning")
    for part in parts:
        if part.part == 1 and part.number != before.number:
            chapters.append(part)
        elif part.number == before.number and part.part == before.part + 1:
            chapters[-1].sections += part.sections
        else:
            raise Problem(f"{part.where}: part {part.part} of section {part.number} does not follow {before.where}")
        before = part
    functions = [f for c in chapters for s in c.sections for f in s.functions]
    seen: dict[str, str] = {}
    for function in functions:
        if function.name in seen:
            raise Problem(f"{function.where}: {function.name} is also in {seen[function.name]}")
        seen[function.name] = function.where
    return chapters


def read_chapter(path: Path) -> Chapter | None:
    """One Swift file; None if it has neither a section line nor an `@c` function."""
    lines = path.read_text(encoding="utf-8").splitlines()
    chapter, section = None, None
    prose, doc = None, []  # where `//` and `///` lines go
    exported, pending = None, False  # inside an `@c` declaration whose name is still to come
    for number, line in enumerate(lines, 1):
        text, where = line.strip(), f"{path.name}:{number}"
        if number == 1 and (match := re.fullmatch(r"// Section (\d+): (.+)", text)):
            chapter = Chapter(match[2], path.name, number=int(match[1]))
            prose = chapter.prose
        elif number == 1 and (match := re.fullmatch(r"// Section (\d+), part (\d+)", text)):
            chapter = Chapter("", path.name, number=int(match[1]), part=int(match[2]))
        elif match := re.fullmatch(r"// MARK: (?:- )?(.+)", text):
            section = Section(match[1], where)
            prose = section.prose
            if chapter:
                chapter.sections.append(section)
        elif text.startswith("///"):
            doc.append(text[3:].removeprefix(" "))
            prose = None
        elif prose is not None and re.match(r"//( |$)", text):
            prose.append(text[2:].removeprefix(" "))
        else:
            prose = None
            if match := re.match(r"@c\b(?:\((\w+)\))?", text):
                exported, pending = match[1], True
            if pending and (match := re.search(r"\b(func|enum) (\w+)", text)):
                if match[1] == "enum":
                    raise Problem(f"{where}: `@c enum` is unsafe input: take Int32 and check it")
                function = Function(exported or match[2], where, doc)
                add(function, chapter, section)
                exported, pending, doc = None, False, []
            elif not pending and not text.startswith("@"):
                doc = []
    return chapter


def add(function: Function, chapter: Chapter | None, section: Section | None) -> None:
    what = f"{function.where}: {function.name}"
    if not function.name.startswith("stepsize_"):
        raise Problem(f"{what}: the name of an @c function must begin with stepsize_")
    if not any(line.strip() for line in function.doc):
        raise Problem(f"{what}: has no doc comment (/// lines directly above @c)")
    if chapter is None:
        raise Problem(f"{what}: the first line of its file must be `// Section N: Title` or `// Section N, part K`")
    if section is None:
        raise Problem(f"{what}: stands outside a `// MARK: - Title` section")
    section.functions.append(function)


def read_prototypes(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Name -> (return type, parameters), still in the compiler's words but without its macros."""
    text = path.read_text(encoding="utf-8")
    prototypes = {}
    for declaration in re.findall(r"^SWIFT_EXTERN (.+?);", text, re.M | re.S):
        clean = re.sub(r"\b(?:SWIFT_\w+|_Nonnull|_Nullable|_Null_unspecified)\b", "", declaration)
        clean = " ".join(clean.split())
        match = re.fullmatch(r"(.+?)(\w+) ?\(([^()]*)\)", clean)
        if not match:
            raise Problem(f"{path.name}: cannot be expressed in C: {clean}")
        parameters = [] if match[3] == "void" else match[3].split(",")
        prototypes[match[2]] = (match[1].strip(), [p.strip() for p in parameters])
    return prototypes
