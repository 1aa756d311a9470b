#!/usr/bin/env python3
"""Builds the site build/docs: explorer, guides, Python reference from the docstrings, the C interface, commands.

It needs no network to be built or read, and the search works in the browser, which wants a server, such as
`python -m http.server -d build/docs`. Run it in the Python in which stepsize and dev/requirements-docs.txt are
installed. Called by `make docs`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import build_explorer
import docs_c
from stepsize import cli

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bindings/python/src/stepsize"

# The navigation: tabs, their pages, and what these are called there. A page of docs that is not here is an error; one
# of a report that has not been made yet is left out.
TABS = {
    "Start": {
        "index": "Stepsize", "install": "Installing", "tutorial-pytorch": "PyTorch in ten minutes",
        "tutorial-huggingface": "Hugging Face in ten minutes", "tutorial-c": "C in ten minutes",
        "which": "Which one should I use",
    },
    "Guides": {
        "schedules": "Gallery of schedules", "controllers": "Controllers, phases, record", "recipes": "Recipes",
        "frameworks": "Frameworks", "tuning-free": "Rates that find themselves", "finder": "Finding the learning rate",
        "trainers": "C and C++ trainers", "command-line": "Command line and pictures", "nmf-bound": "Factorization",
        "glossary": "Glossary",
    },
    "Benchmarks": {
        "benchmarks": "Overview", "rates": "Schedules compared", "refinement": "Refinement",
        "learned": "Learned rates", "greedylr": "The claims of GreedyLR", "race": "A race inside the budget",
        "claims": "The claims of the papers", "speed": "Speed", "suites": "The suites",
    },
    "Python": {},
    "C": {},
    "More": {
        "reliability": "Reliability", "abi": "Binary interface", "bind": "Other languages", "swift": "Swift",
        "cli": "Commands", "architecture": "Architecture", "contributing": "Contributing", "changelog": "Changes",
    },
}  # fmt: skip
# Pages that lie elsewhere in the repository.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "Benchmarks/README.md": "speed.md",
    "Benchmarks/suites/README.md": "suites.md",
}  # fmt: skip
# Words that people search for, by page: what the page does not say itself.
ALSO = {
    "finder": "learning-rate finder, LR range test, lr_find", "recipes": "resume, checkpoint, LLRD",
    "tutorial-huggingface": "transformers Trainer",
}  # fmt: skip
# What has no underscore and yet is no library for users.
NOT_API = ("__main__", "cli")
# Pages of names that are in the package itself, and the modules that they are from.
CORE = {
    "Schedules": ("_core.schedule", "_core.phase"), "Named schedules": ("_core.named",),
    "Controllers": ("_core.controller", "_core.controllers"),
    "Scheduler": (
        "_core.scheduler", "_foreign.stepper.CtypesStep", "_core.line_search", "_core.gradients", "_core.record",
    ),
    "Theory": ("_core.theory", "_core.norms"), "Finder": ("_core.finder",), "Sampler": ("_core.sampler",),
    "Errors": ("_foreign.errors",), "Recommendation": ("_recommend",),
}  # fmt: skip

CONFIG = """\
site_name: Stepsize
site_description: Learning-rate schedules and controllers
docs_dir: source
site_dir: {site}
use_directory_urls: false
theme:
  name: material
  font: false
  features:
    - navigation.tabs
    - navigation.tabs.sticky
    - navigation.indexes
    - navigation.top
    - navigation.footer
    - search.highlight
    - content.code.copy
  palette:
    - media: "(prefers-color-scheme: light)"
      scheme: default
    - media: "(prefers-color-scheme: dark)"
      scheme: slate
plugins:
  - search:
      separator: '[\\s\\-.,:;()]+'
  - mkdocstrings:
      handlers:
        python:
          paths: [{package}]
          options:
            docstring_style: google
            extensions: [{extension}]
            docstring_section_style: list
            docstring_options: {{warn_missing_types: false}}
            heading_level: 2
            members_order: source
            merge_init_into_class: false
            show_root_heading: true
            show_source: false
            separate_signature: true
            show_signature_annotations: true
            signature_crossrefs: true
            line_length: 100
            filters: ["!^_"]
markdown_extensions: [tables, toc, admonition, attr_list, md_in_html, pymdownx.highlight, pymdownx.superfences]
extra_css: [site/extra.css]
extra_javascript: [{{path: site/sort.js, type: module}}]
validation: {{links: {{anchors: warn, not_found: warn, unrecognized_links: warn}}}}
nav:
{nav}
"""


def relinked(text: str, folder: Path, pages: dict[Path, str]) -> str:
    """Links between files of the repository become links between pages; what has no page is named alone."""

    def link(match: re.Match[str]) -> str:
        label, target = match[1], match[2]
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path, _, anchor = target.partition("#")
        file = (folder / path).resolve()
        if not file.exists():
            sys.exit(f"build_docs: {folder}: a link to {target}, which is not there")
        if file in pages:
            return f"[{label}]({pages[file]}{'#' + anchor if anchor else ''})"
        if file.suffix == ".png":
            return match[0]
        return label if path in label else f"{label} (`{file.relative_to(ROOT)}`)"

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", link, text)


def found_by(name: str, text: str) -> str:
    """The page with what else it is searched for, in a line that the search reads and nobody sees."""
    if name not in ALSO:
        return text
    heading, _, rest = text.partition("\n")
    return f"{heading}\n\n<span hidden>{ALSO[name]}</span>\n{rest}"


def glossary() -> str:
    """The words of the project, from the table that its authors keep to."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = re.search(r"^\| say \| for \| not \|\n.*?\n((?:\|.*\n)+)", text, re.MULTILINE)
    if table is None:
        sys.exit("build_docs: CONTRIBUTING.md has no table of words")
    words = sorted([cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines())
    rows = [f"| **{say}** | {meaning} | {other} |" for say, meaning, other in words]
    return "\n".join([
        "# Glossary", "",
        "The words that this documentation, messages and names keep to, and what others call the same.", "",
        "| word | meaning | elsewhere also |", "|---|---|---|", *rows, "",
    ])  # fmt: skip


def modules() -> list[str]:
    """The public modules of the package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/__init__", "").replace("/", ".")
        parts = name.split(".")
        if name != "__init__" and not any(part.startswith("_") or part in NOT_API for part in parts):
            found.append(name)
    return found


def commands() -> str:
    """The help of every command, as the program prints it."""
    os.environ["COLUMNS"] = "90"
    parser = cli.parser()
    (choices,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    blocks = ["# Commands", (cli.__doc__ or "").replace("``", "`"), f"```text\n{parser.format_help()}```"]
    for name, command in choices.choices.items():
        blocks += [f"## {name}", f"```text\n{command.format_help()}```"]
    return "\n\n".join(blocks) + "\n"


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--output", type=Path, default=ROOT / "build/docs")
    output = words.parse_args().output.resolve()
    work = output.parent / f"{output.name}-source"
    shutil.rmtree(work, ignore_errors=True)
    source = work / "source"
    (source / "api").mkdir(parents=True)

    pages = {path.resolve(): path.name for path in (ROOT / "docs").glob("*.md")}
    pages |= {ROOT / path: name for path, name in ELSEWHERE.items()}
    known = {f"{name}.md" for names in TABS.values() for name in names}
    if lost := set(pages.values()) - known:
        sys.exit(f"build_docs: no place in the navigation for {sorted(lost)}")
    # What they link to, beside the pages themselves.
    places = pages | {
        ROOT / "README.md": "index.md",
        ROOT / "include/stepsize/stepsize.h": "c/index.md",
        ROOT / "include/stepsize/learn.h": "c/learn-index.md",
        ROOT / "docs/explorer/index.html": "explorer/index.html",
    }
    build_explorer.build(source / "explorer")
    for path, name in pages.items():
        text = path.read_text(encoding="utf-8")
        (source / name).write_text(found_by(Path(name).stem, relinked(text, path.parent, places)), encoding="utf-8")
    for path in (*(ROOT / "docs").rglob("*.png"), *(ROOT / "docs/site").iterdir()):
        target = source / path.relative_to(ROOT / "docs")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)

    (source / "glossary.md").write_text(glossary(), encoding="utf-8")
    c_pages = docs_c.write(source / "c")
    (source / "cli.md").write_text(commands(), encoding="utf-8")

    names = modules()
    index = ["# Python\n\n::: stepsize\n    options: {members: false}\n"]
    core = {title: f"core-{title.lower().replace(' ', '-')}" for title in CORE}
    for title, page in core.items():
        # Where a name is defined inside the package is nothing to its users.
        options = "    options: {show_root_heading: false, show_root_toc_entry: false}\n"
        parts = "".join(f"\n::: stepsize.{module}\n{options}" for module in CORE[title])
        (source / f"api/{page}.md").write_text(f"# {title}\n{parts}", encoding="utf-8")
        index.append(f"- [{title}]({page}.md)\n")
    for name in names:
        (source / f"api/{name}.md").write_text(f"# stepsize.{name}\n\n::: stepsize.{name}\n", encoding="utf-8")
        index.append(f"- [stepsize.{name}]({name}.md)\n")
    (source / "api/index.md").write_text("".join(index), encoding="utf-8")

    nav = []
    for tab, names_of in TABS.items():
        nav.append(f"- {tab}:")
        nav += [f"    - {title}: {name}.md" for name, title in names_of.items() if (source / f"{name}.md").exists()]
        if tab == "Start":
            nav.insert(2, "    - Explorer: explorer/index.html")
        elif tab == "Python":
            nav.append("    - api/index.md")
            nav += [f"    - {title}: api/{page}.md" for title, page in core.items()]
            nav += [f"    - stepsize.{name}: api/{name}.md" for name in names]
        elif tab == "C":
            nav += [f'    - "{title}": c/{name}' for title, name in c_pages]
    config = work / "mkdocs.yml"
    parts = {"site": output, "package": PACKAGE.parent, "extension": ROOT / "dev/docs_docstrings.py"}
    config.write_text(CONFIG.format(**parts, nav=textwrap.indent("\n".join(nav), "  ")), encoding="utf-8")
    # Every warning is an error: a link that leads nowhere, a page without a place.
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-f", str(config)]
    done = subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    if done.returncode == 0:
        print(f"{output / 'index.html'}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
