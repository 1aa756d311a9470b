"""The tests run on the installed package, never on the source folder: that is what users get."""

import os
import re
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


def pytest_ignore_collect(collection_path, config):
    """A module of which no test is selected is not imported: that of a framework takes seconds."""
    if collection_path.suffix == ".py" and config.option.markexpr in ("framework", "not framework"):
        text = collection_path.read_text(encoding="utf-8")
        if config.option.markexpr == "framework":
            return True if "pytest.mark.framework" not in text else None
        return True if re.search(r"^pytestmark = .*pytest\.mark\.framework\b", text, re.MULTILINE) else None
    return None
