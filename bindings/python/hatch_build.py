"""Builds libstepsize with the repository's own script and puts it into the wheel."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IN_PACKAGE = "stepsize/_lib/libstepsize.so"


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        package = Path(self.root)
        # In an sdist the sources of the library are beside this file.
        native = package / "native"
        library = build_library(native if native.is_dir() else package.parent.parent)
        # ctypes needs no CPython ABI: one wheel for every Python 3 on this platform.
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(library)}"
        if version == "editable":
            # An editable install imports from src/, so the library has to be there.
            target = package / "src" / IN_PACKAGE
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(library, target)
        else:
            build_data["force_include"][str(library)] = IN_PACKAGE


def platform_tag(*binaries: Path) -> str:
    """The platform on which all of these load: on Linux the oldest glibc that has the symbols they ask for."""
    tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    if not tag.startswith("linux_") or platform.libc_ver()[0] != "glibc":
        return tag
    # The names of symbol versions stand in the string table; installers know none before 2.5.
    needed = {(2, 5)}
    for binary in binaries:
        needed |= {(int(x), int(y)) for x, y in re.findall(rb"\0GLIBC_(\d+)\.(\d+)", binary.read_bytes())}
    major, minor = max(needed)
    return f"manylinux_{major}_{minor}_{tag.removeprefix('linux_')}"


def build_library(repository: Path) -> Path:
    """The path of the library, up to date. SwiftPM compiles only what has changed."""
    script = repository / "dev" / "build_library.sh"
    if not script.is_file():
        fail(f"stepsize: {script} is missing: build the wheel in a checkout of the repository, or from its sdist.")
    run = subprocess.run(["bash", str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        fail(run.stdout.strip())
    # The link's target: a wheel holds plain files.
    return (repository / "build" / "lib" / "libstepsize.so").resolve(strict=True)


def fail(message: str) -> None:
    """Ends the build process with the message alone; an exception would bury it in a traceback."""
    sys.exit(message)
