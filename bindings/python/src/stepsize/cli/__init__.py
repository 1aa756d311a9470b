"""The command line, ``stepsize`` or ``python -m stepsize``: inspects schedules, given as texts, before any training.

Exit status: 0, success; 1, warnings by ``check``; 2, an error, which standard error describes.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from .._foreign.errors import StepsizeError
from .._foreign.library import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The modules of the commands, in the order of the help. Each has `add`, which makes a parser, whose default `run` is
# the function that runs the command and returns the exit status.
COMMANDS = ("show", "plot", "table", "check", "recommend", "catalogue", "score", "refine", "find", "convert")

_EPILOG = """\
A schedule is a text, such as "warmup(500) >> cosine(9500, floor=0.1)", and may begin with controllers:
"greedy(patience=10) * linear(10000)". Exit status: 0, success; 1, warnings by `check`; 2, error."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="stepsize", description="Learning-rate schedules.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    made.add_argument("--version", action="version", version=f"stepsize {VERSION}")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(f".{name}", __name__).add(commands)
    return made


def main(words: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has closed the pipe; nothing is left to be flushed at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except StepsizeError as error:
        # The message is one line; an invalid text is shown under it, with the position.
        return _refused(str(error))
    except OSError as error:
        return _refused(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
    except ValueError as error:
        return _refused(str(error).partition("\n")[0])
    return status


def _refused(message: str) -> int:
    print(f"stepsize: {message}", file=sys.stderr)
    return 2
