"""Builds the libraries with the repository's own script and puts them into the wheel, with the accelerated modules
where they can be built."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARIES = ("libstepsize.so", "libstepsize-learn.so")
# Another platform than this machine's: PROCESSOR-linux-gnu or PROCESSOR-linux-musl (dev/sysroot.sh).
PLATFORM = os.environ.get("PLATFORM", "")
# The accelerated modules, and the sources of each.
ACCELERATED = {
    "stepsize/_foreign/_accelerated.abi3.so": ["step.c"],
    "stepsize/torch/_accelerated.abi3.so": ["groups.c", "dropin.c"],
}


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        package = Path(self.root)
        repository = sources(package)
        files = {f"stepsize/_lib/{path.name}": path for path in build_libraries(repository)}
        accelerated = build_accelerated(package, repository)
        files |= accelerated
        # ctypes needs no CPython ABI, the accelerated modules the stable one: one wheel for every Python 3 on this
        # platform, with the modules for every one that is at least as new as its limited API.
        build_data["pure_python"] = False
        build_data["tag"] = f"{'cp310-abi3' if accelerated else 'py3-none'}-{platform_tag(*files.values())}"
        for name, file in files.items():
            if version == "editable":
                # An editable install imports from src/, so the libraries have to be there.
                target = package / "src" / name
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(file, target)
            else:
                build_data["force_include"][str(file)] = name


def sources(package: Path) -> Path:
    """The folder with the sources of the library: beside this file in an sdist, otherwise the repository."""
    native = package / "native"
    return native if native.is_dir() else package.parent.parent


def library_version() -> str:
    """The version of the library, which is also that of the package."""
    text = (sources(Path(__file__).resolve().parent) / "Sources/StepsizeBase/Version.swift").read_text(encoding="utf-8")
    numbers = dict(re.findall(r"let (major|minor|patch) = (\d+)", text))
    return "{major}.{minor}.{patch}".format(**numbers)


def platform_tag(*binaries: Path) -> str:
    """The platform on which all of these load: on Linux the oldest glibc that has the symbols they ask for."""
    tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    if PLATFORM:
        tag = f"linux_{PLATFORM.partition('-')[0]}"
        if PLATFORM.endswith("-musl"):
            return tag.replace("linux", "musllinux_1_2", 1)
    elif not tag.startswith("linux_") or platform.libc_ver()[0] != "glibc":
        return tag
    # The names of symbol versions stand in the string table. No Python that we serve runs on a glibc before 2.17.
    needed = {(2, 17)}
    for binary in binaries:
        needed |= {(int(x), int(y)) for x, y in re.findall(rb"\0GLIBC_(\d+)\.(\d+)", binary.read_bytes())}
    major, minor = max(needed)
    return f"manylinux_{major}_{minor}_{tag.removeprefix('linux_')}"


def build_libraries(repository: Path) -> list[Path]:
    """The paths of the libraries, up to date: only what has changed is compiled."""
    script = repository / "dev" / "build_library.sh"
    if not script.is_file():
        fail(f"stepsize: {script} is missing: build the wheel in a checkout of the repository, or from its sdist.")
    run = subprocess.run(["bash", str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        fail(run.stdout.strip())
    # A wheel holds plain files. They have the names by which one finds the other.
    built = repository / "build" / PLATFORM
    names = [(built / "lib" / name).resolve(strict=True).name for name in LIBRARIES]
    return [(built / "wheel-lib" / name).resolve(strict=True) for name in names]


def build_accelerated(package: Path, repository: Path) -> dict[str, Path]:
    """The modules in C; none where there is no compiler or no Python.h: the package is complete without them."""
    include = Path(sysconfig.get_path("include"))
    # The stable ABI is the same on all processors with 64 bits: this Python's headers are those of every platform.
    compiler = [str(repository / "dev/cc.sh"), PLATFORM] if PLATFORM else shlex.split(os.environ.get("CC", "cc"))
    # A free-threaded Python has no stable ABI.
    if not (include / "Python.h").is_file() or shutil.which(compiler[0]) is None:
        return {}
    if sysconfig.get_config_var("Py_GIL_DISABLED") or sys.implementation.name != "cpython":
        return {}
    options = ["-std=c11", "-O2", "-Wall", "-Wextra", "-fPIC", "-fno-plt", "-fvisibility=hidden", "-shared", "-s"]
    headers = [include, *multiarch(include, repository / "build" / PLATFORM / "python/include")]
    built = {}
    for name, sources in ACCELERATED.items():
        target = repository / "build" / PLATFORM / "python" / Path(name).parent.name / Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        paths = [str(package / "src" / "_accelerated" / source) for source in sources]
        command = [*compiler, *options, *(f"-I{folder}" for folder in headers), *paths, "-o", str(target)]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode != 0:
            print(f"stepsize: the accelerated modules are left out:\n{run.stdout}", file=sys.stderr)
            return {}
        built[name] = target
    return built


def multiarch(include: Path, folder: Path) -> list[Path]:
    """On Debian pyconfig.h includes another one, that of the platform that is compiled for: this Python's stands in for
    it, in a folder of its own."""
    own = include.parent / (sysconfig.get_config_var("MULTIARCH") or "") / include.name / "pyconfig.h"
    if not PLATFORM or own.parent == include or not own.is_file():
        return []
    for processor in ("x86_64", "aarch64"):
        copy = folder / f"{processor}-linux-gnu" / include.name / "pyconfig.h"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(own, copy)
    return [folder]


def fail(message: str) -> None:
    """Ends the build process with the message alone; an exception would bury it in a traceback."""
    sys.exit(message)
