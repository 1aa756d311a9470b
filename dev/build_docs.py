#!/usr/bin/env python3
"""Builds the site build/docs: explorer, guides, Python reference from the docstrings, C header, commands.

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
from stepsize import cli

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "bindings/python/src/stepsize"

GUIDES = {
    "index": "Start", "install": "Installing", "which": "Which one should I use", "schedules": "Schedules",
    "controllers": "Controllers, phases, record",
    "tuning-free": "Rates that find themselves", "auto": "auto, measured",
    "finder": "Finding the learning rate", "recipes": "Recipes",
    "rates": "Rates and schedules compared", "refinement": "Refinement",
    "trainers": "C and C++ trainers", "swift": "Swift", "bind": "Other languages", "abi": "Binary interface",
    "nmf-bound": "Factorization",
    "command-line": "Command line and pictures",
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
    "Errors": ("_foreign.errors",),
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
  features: [navigation.tabs, navigation.indexes, search.highlight, content.code.copy]
  palette:
    - media: "(prefers-color-scheme: light)"
      scheme: default
    - media: "(prefers-color-scheme: dark)"
      scheme: slate
plugins:
  - search
  - mkdocstrings:
      handlers:
        python:
          paths: [{package}]
          options:
            docstring_style: google
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
markdown_extensions: [tables, toc, admonition, pymdownx.highlight, pymdownx.superfences]
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
    pages |= {
        ROOT / "README.md": "index.md",
        ROOT / "CHANGELOG.md": "changelog.md",
        ROOT / "include/stepsize/stepsize.h": "c.md",
        ROOT / "docs/explorer/index.html": "explorer/index.html",
    }
    build_explorer.build(source / "explorer")
    for path, name in pages.items():
        if path.suffix == ".md":
            (source / name).write_text(relinked(path.read_text(encoding="utf-8"), path.parent, pages), encoding="utf-8")
    for path in (ROOT / "docs").rglob("*.png"):
        target = source / path.relative_to(ROOT / "docs")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)

    header = (ROOT / "include/stepsize/stepsize.h").read_text(encoding="utf-8")
    (source / "c.md").write_text(
        f"# The C interface\n\nThe header is the reference.\n\n```c\n{header}```\n", encoding="utf-8"
    )
    (source / "cli.md").write_text(commands(), encoding="utf-8")

    names = modules()
    index = ["# Python\n\n::: stepsize\n    options: {members: false}\n"]
    core = {title: f"core-{title.lower().replace(' ', '-')}" for title in CORE}
    for title, page in core.items():
        parts = "".join(f"\n::: stepsize.{module}\n" for module in CORE[title])
        (source / f"api/{page}.md").write_text(f"# {title}\n{parts}", encoding="utf-8")
        index.append(f"- [{title}]({page}.md)\n")
    for name in names:
        (source / f"api/{name}.md").write_text(f"# stepsize.{name}\n\n::: stepsize.{name}\n", encoding="utf-8")
        index.append(f"- [stepsize.{name}]({name}.md)\n")
    (source / "api/index.md").write_text("".join(index), encoding="utf-8")

    known = [
        *GUIDES,
        *sorted(Path(name).stem for name in pages.values() if Path(name).stem not in (*GUIDES, "changelog", "c")),
    ]
    nav = ["- Explorer: explorer/index.html", "- Guides:"]
    nav += [f"    - {GUIDES.get(name, name.replace('-', ' ').capitalize())}: {name}.md" for name in known]
    nav += ["    - Changes: changelog.md", "- Commands: cli.md", "- Python:", "    - api/index.md"]
    nav += [
        *(f"    - {title}: api/{page}.md" for title, page in core.items()),
        *(f"    - stepsize.{name}: api/{name}.md" for name in names),
    ]
    nav += ["- C: c.md"]
    config = work / "mkdocs.yml"
    config.write_text(CONFIG.format(site=output, package=PACKAGE.parent, nav=textwrap.indent("\n".join(nav), "  ")))
    # Every warning is an error: a link that leads nowhere, a page without a place.
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-f", str(config)]
    done = subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    if done.returncode == 0:
        print(f"{output / 'index.html'}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
