"""The tests run on the installed package, never on the source folder: that is what users get."""

import os
import sys
import sysconfig
from pathlib import Path

import stepsize

INSTALLED = Path(stepsize.__file__).resolve()

assert INSTALLED.is_relative_to(Path(sysconfig.get_path("platlib")).resolve()), (
    f"stepsize was imported from {INSTALLED.parent}: run `{sys.executable} -m pip install ./bindings/python` first"
)


# Continuous integration looks at the same examples every time; everywhere else each run looks at new ones.
try:
    from hypothesis import settings
except ImportError:
    pass
else:
    settings.register_profile("ci", derandomize=True)
    if os.environ.get("CI"):
        settings.load_profile("ci")
