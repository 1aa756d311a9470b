#!/usr/bin/env python3
"""Writes the man pages: build/man/stepsize.3 and stepsize-learn.3 from the public headers, stepsize.1 from the help of
the command line. Needs build/lib and Python alone; called by `make lib`."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "build/man"
WIDTH = 72  # of a declaration: 80 columns without the margins
# header: the page, its one line, what a program is linked with
HEADERS = {
    "stepsize.h": ("stepsize", "learning rates, one per optimizer update", "stepsize"),
    "learn.h": ("stepsize-learn", "factorizations and the training of agents", "stepsize-learn"),
}


def main() -> None:
    # The command line of this checkout, with the library that was built here.
    os.environ["STEPSIZE_LIBRARY"] = str(ROOT / "build/lib/libstepsize.so")
    os.environ["COLUMNS"] = "80"
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(ROOT / "bindings/python/src"))
    from stepsize._foreign.library import VERSION
    from stepsize.cli import parser

    epoch = int(subprocess.run([ROOT / "dev/source_date.sh"], stdout=subprocess.PIPE, check=True).stdout)
    date = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for header, (name, summary, package) in HEADERS.items():
        text = (ROOT / "include/stepsize" / header).read_text(encoding="utf-8")
        lines = [title(name, 3, date, VERSION), *synopsis(header, name, summary, package), *reference(text)]
        write(OUTPUT / f"{name}.3", lines)
    write(OUTPUT / "stepsize.1", [title("stepsize", 1, date, VERSION), *command_line(parser())])


def title(name: str, section: int, date: str, version: str) -> str:
    manual = "Stepsize: command line" if section == 1 else "Stepsize: C interface"
    # Names are broken at no hyphen, lines not stretched.
    return f'.TH {name.upper()} {section} {date} "stepsize {version}" "{manual}"\n.nh\n.ad l'


def write(path: Path, lines: list[str]) -> None:
    """Without the paragraphs that a heading begins anyway."""
    text = "\n".join(lines) + "\n"
    path.write_text(re.sub(r"^(\.S[HS] .*\n)\.PP\n", r"\1", text, flags=re.M), encoding="utf-8")


# ---- roff ----


def roff(text: str) -> str:
    """Text as it is to be read: nothing in it is a request or an escape."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    text = text.replace("^", "\\(ha").replace("~", "\\(ti")
    return re.sub(r"^\.", r"\\&.", text, flags=re.M)


def paragraph(text: str) -> list[str]:
    return [".PP", roff(" ".join(text.split()))]


def code(text: str, *, indent: bool = False) -> list[str]:
    inside = [".nf", roff(text.strip("\n")), ".fi"]
    return [".PP", ".RS 4", *inside, ".RE"] if indent else [".PP", *inside]


def term(name: str, text: str, width: int = 4) -> list[str]:
    return [f".TP {width}", f"\\fI{roff(name)}\\fP", roff(" ".join(text.split()))]


# ---- From a header ----


def synopsis(header: str, name: str, summary: str, package: str) -> list[str]:
    return [
        ".SH NAME", f"{roff(name)} \\- {roff(summary)}", ".SH SYNOPSIS",
        *code(f"#include <stepsize/{header}>\n\ncc program.c $(pkg-config --cflags --libs {package})"),
    ]  # fmt: skip


def reference(header: str) -> list[str]:
    """The introduction of a header, then what it declares, in its order."""
    body = header[header.index("/*", header.index("#define STEPSIZE_")) :]
    comment, _, rest = body.partition("*/")
    lines = [".SH DESCRIPTION", *introduction(comment.removeprefix("/*"))]
    # The parts that are for the compiler alone.
    rest = re.sub(r"#if !defined\(STEPSIZE_CHECKED\)\n.*?\n#endif\n#endif\n", "", rest, flags=re.S)
    rest = re.sub(r"#ifdef __cplusplus\n.*?\n#endif( /\*.*?\*/)?\n", "", rest, flags=re.S)
    rest = re.sub(r"^#include.*\n|^#endif.*\n", "", rest, flags=re.M)
    for block in re.split(r"\n\s*\n(?=\S)", rest.strip()):
        lines += declared(block)
    lines += [".SH SEE ALSO", "\\fBstepsize\\fP(1), \\fBstepsize\\fP(3), \\fBstepsize\\-learn\\fP(3)"]
    return lines


def introduction(comment: str) -> list[str]:
    lines = []
    for block in re.split(r"\n\s*\n", comment.strip("\n ")):
        if block.startswith(" " * 7):
            lines += code(textwrap.dedent(block), indent=True)
        elif re.fullmatch(r"[A-Z ,]+", block.strip()):
            lines.append(f".SS {roff(block.strip().capitalize())}")
        else:
            lines += paragraph(block)
    return lines


def declared(block: str) -> list[str]:
    """A banner, or a declaration with the comment before it."""
    if banner := re.fullmatch(r"/\* ==== (?:\d+\. )?(.*?) =+ \*/", block):
        return [f".SH {roff(banner[1].upper())}"]
    if banner := re.fullmatch(r"/\* ---- (.*?) -+ \*/", block):
        return [f".SS {roff(banner[1])}"]
    comment, declaration = "", block
    if block.startswith("/*"):
        comment, _, declaration = block.removeprefix("/*").partition("*/")
    function = re.fullmatch(r"(?:STEPSIZE_CHECKED )?([^({};#]+\([^{};]*\);)", declaration.strip())
    if not function:
        return [*(paragraph(comment) if comment.strip() else []), *code(declaration)]
    folded = textwrap.wrap(" ".join(function[1].split()), WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    return [".PP", ".nf", f"\\fB{roff(chr(10).join(folded))}\\fP", ".fi", ".RS 4", *described(comment), ".RE"]


def described(comment: str) -> list[str]:
    """The comment of a function: paragraphs, and the list of its parameters with what it returns."""
    lines = []
    for block in re.split(r"\n\s*\n", textwrap.dedent("   " + comment.strip())):
        items = re.findall(r"^(\w+): (.*(?:\n {2,}.*)*)", block, re.M)
        if items and block.startswith(f"{items[0][0]}: ") and items[-1][0] == "Returns":
            for name, text in items:
                lines += term(name, text)
        else:
            lines += paragraph(block)
    # The first paragraph stands directly under the declaration.
    return lines[1:] if lines[:1] == [".PP"] else lines


# ---- From the command line ----


def command_line(parser: argparse.ArgumentParser) -> list[str]:
    lines = [".SH NAME", "stepsize \\- learning\\-rate schedules in the shell", ".SH SYNOPSIS", *usage(parser)]
    lines += [".SH DESCRIPTION", *paragraph(parser.epilog or "")]
    lines += paragraph("The program comes with the Python package.")
    lines += [".SH OPTIONS", *options(parser)]
    commands = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    lines.append(".SH COMMANDS")
    for name, command in commands.choices.items():
        lines += [f".SS {roff(name)}", *usage(command), *paragraph(command.description or "")]
        lines += options(command, without="help")
    return [*lines, ".SH SEE ALSO", "\\fBstepsize\\fP(3)"]


def usage(parser: argparse.ArgumentParser) -> list[str]:
    text = parser.format_usage().removeprefix("usage: ")
    return code(re.sub(r"^ +", "    ", text, flags=re.M))


def options(parser: argparse.ArgumentParser, without: str = "") -> list[str]:
    formatter = argparse.HelpFormatter(parser.prog)
    lines = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) or action.dest == without or not action.help:
            continue
        name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        if action.option_strings and action.nargs != 0:
            name += " " + formatter._format_args(action, formatter._get_default_metavar_for_optional(action))
        lines += term(name, formatter._expand_help(action))
    return lines


if __name__ == "__main__":
    main()
