"""The tests run on the installed package, never on the source folder: that is what users get."""

import sys
import sysconfig
from pathlib import Path

import stepsize

REPOSITORY = Path(__file__).resolve().parents[3]
INSTALLED = Path(stepsize.__file__).resolve()

assert INSTALLED.is_relative_to(Path(sysconfig.get_path("platlib")).resolve()), (
    f"stepsize was imported from {INSTALLED.parent}: run `{sys.executable} -m pip install ./bindings/python` first"
)
