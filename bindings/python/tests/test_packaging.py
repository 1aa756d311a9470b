"""What is handed out: the wheel and its tag, the source distribution, other Pythons."""

import ast
import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import stepsize as st
from support import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib

PACKAGE = REPOSITORY / "bindings/python"
# Something of each library.
PROGRAM = (
    "import stepsize as st; print((st.Warmup(2) >> st.Linear(4)).curve(6).tolist(), st.__version__,"
    " st.learned.Agent().episodes_left)"
)
EXPECTED = f"[0.5, 1.0, 1.0, 0.75, 0.5, 0.25] {st.__version__} 256\n"


def pip(*words):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


def installed(wheel, folder, python=sys.executable):
    """The Python of a fresh environment in which a wheel is installed, and nothing else: this Python's pip does it."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(folder)], check=True, capture_output=True)
    inside = str(folder / "bin/python")
    pip("--python", inside, "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    return inside


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), str(PACKAGE))
    (path,) = folder.iterdir()
    return path


def needed_glibc(path):
    """The newest glibc version that the dynamic symbols of a library ask for."""
    output = subprocess.run(["readelf", "-VW", str(path)], capture_output=True, text=True, check=True).stdout
    versions = re.findall(r"GLIBC_([0-9.]+)", output)
    return max((tuple(map(int, version.split("."))) for version in versions), default=(0, 0))


# ---- The wheel ------------------------------------------------------------------------------------------


def test_the_tag_is_the_glibc_that_is_needed(wheel, tmp_path):
    tag = re.fullmatch(r"stepsize-[\d.]+-\w+-\w+-manylinux_(\d+)_(\d+)_(\w+)\.whl", wheel.name)
    assert tag, wheel.name
    with zipfile.ZipFile(wheel) as archive:
        libraries = [name for name in archive.namelist() if ".so" in name]
        assert {"stepsize/_lib/libstepsize.so.2", "stepsize/_lib/libstepsize-learn.so.2"} <= set(libraries)
        needed = max(needed_glibc(archive.extract(name, tmp_path)) for name in libraries)
    assert (int(tag[1]), int(tag[2])) == max(needed[:2], (2, 17))


def test_auditwheel_agrees(wheel):
    pytest.importorskip("auditwheel")
    done = subprocess.run([sys.executable, "-m", "auditwheel", "show", str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    found = re.search(r'is consistent with the following platform tag: "manylinux_(\d+)_(\d+)_\w+"', words)
    tag = re.search(r"manylinux_(\d+)_(\d+)_\w+\.whl", wheel.name)
    assert found and tuple(map(int, found.groups())) <= tuple(map(int, tag.groups())), words


def test_metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
        scripts = archive.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert {"plot", "cli", "all", "test", *ADAPTERS} <= set(metadata.get_all("Provides-Extra"))
    # Nothing is required without an extra.
    assert all("extra ==" in each for each in metadata.get_all("Requires-Dist"))
    assert "stepsize = stepsize.cli:main" in scripts
    classifiers = metadata.get_all("Classifier")
    for minor in range(10, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    assert metadata["Requires-Python"] == ">=3.10"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with 3.11")
def test_every_extra_is_in_all():
    extras = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    everything = re.search(r"\[(.*?)\]", extras["all"][0])[1].split(",")
    # Without the one that needs more than an index of packages.
    assert set(everything) == set(extras) - {"all", "test", "mpi"}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with 3.11")
def test_the_document_has_every_extra_platform_and_file():
    text = (REPOSITORY / "docs/install.md").read_text()
    extras = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert all(f"`{extra}`" in text for extra in set(extras) - {"test"})
    script = (REPOSITORY / "dev/make_dist.sh").read_text()
    platforms = re.search(r"PLATFORMS:-([^}]*)\}", script)[1].split()
    assert len(platforms) == 4 and all(f"`{platform}`" in text for platform in platforms)
    assert set(re.findall(r"stepsize-(\d+\.\d+\.\d+)", text)) == {st.__version__}
    packages = re.findall(r"^Package: (\S+)", (REPOSITORY / "packaging/debian/control").read_text(), re.MULTILINE)
    assert all(f"dist/{package}_{st.__version__}-1_amd64.deb" in text for package in packages)


# The modules of each extra, and what its packages bring.
ADAPTERS = {
    "torch": ["torch/__init__", "torch/_scheduler", "torch/_fed", "torch/_fields", "torch/lr_scheduler"],
    "jax": ["optax"],
    "huggingface": ["huggingface/__init__", "huggingface/optimization"],
    "lightning": ["lightning"],
    "keras": ["keras"],
    "boosting": ["xgboost", "lightgbm", "_booster"],
    "sklearn": ["sklearn", "nmf"],
    "mpi": ["distributed"],
}
BROUGHT = {
    "transformers": {"transformers", "torch", "accelerate"}, "lightning": {"lightning", "torch"},
    "jax": {"jax", "numpy"}, "scikit-learn": {"sklearn"},
}  # fmt: skip


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with 3.11")
@pytest.mark.parametrize("extra", ADAPTERS)
def test_an_extra_names_what_its_adapter_imports(extra):
    extras = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = [re.match(r"[\w-]+", each)[0] for each in extras[extra]]
    brought = set().union(*(BROUGHT.get(name, {name}) for name in names))
    imported = set()
    for module in ADAPTERS[extra]:
        tree = ast.parse((PACKAGE / "src/stepsize" / f"{module}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(node.module.partition(".")[0])
    imported -= {*sys.stdlib_module_names, "stepsize"}
    if extra == "mpi":
        # A communicator comes from the caller; torch is imported only where he has a process group.
        assert imported == {"torch"} and names == ["mpi4py"]
    else:
        assert imported <= brought, f"{extra} lacks {imported - brought}"
        assert imported & brought


def interpreters():
    """The oldest and the newest Python from 3.10 on that are on this machine."""
    found = {}
    folders = os.environ.get("PATH", "").split(os.pathsep)
    folders += map(str, Path(os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))).glob("versions/*/bin"))
    folders += map(str, Path(os.path.expanduser("~/.local/share/uv/python")).glob("cpython-*/bin"))
    for folder in folders:
        for path in Path(folder).glob("python3.[0-9]*") if os.path.isdir(folder) else []:
            minor = path.name.partition(".")[2]
            if minor.isdigit() and int(minor) >= 10 and minor not in found:
                # A shim of a version manager may stand for nothing.
                run = subprocess.run([str(path), "-c", "import venv, ensurepip, ctypes"], capture_output=True)
                if run.returncode == 0:
                    found[minor] = str(path)
    paths = [found[minor] for minor in sorted(found, key=int)]
    return paths if len(paths) < 3 else [paths[0], paths[-1]]


@pytest.mark.parametrize("python", interpreters(), ids=lambda path: os.path.basename(path))
def test_the_oldest_and_the_newest_python(wheel, tmp_path, python):
    inside = installed(wheel, tmp_path / "venv", python)
    version = ["-m", "stepsize", "--version"]
    for words, expected in ((["-W", "error", "-c", PROGRAM], EXPECTED), (version, f"stepsize {st.__version__}\n")):
        done = subprocess.run([inside, *words], capture_output=True, text=True, cwd="/")
        assert (done.stdout, done.stderr) == (expected, "")


# ---- The source distribution ----------------------------------------------------------------------------


def build_sdist(folder, **environment):
    code = "import sys; from hatchling.build import build_sdist; build_sdist(sys.argv[1])"
    words = [sys.executable, "-c", code, str(folder)]
    subprocess.run(words, check=True, cwd=PACKAGE, capture_output=True, env={**os.environ, **environment})
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    pytest.importorskip("hatchling")
    return build_sdist(tmp_path_factory.mktemp("sdist"))


def test_the_sdist_is_the_same_bytes_twice(sdist, tmp_path):
    assert build_sdist(tmp_path, TZ="Asia/Tokyo").read_bytes() == sdist.read_bytes()


def test_the_sdist_has_the_sources(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "pyproject.toml",
        "hatch_build.py",
        "LICENSE",
        "README.md",
        "src/stepsize/__init__.py",
        "native/Package.swift",
    ):
        assert name in names, name
    for path in (REPOSITORY / "Sources").rglob("*.swift"):
        assert f"native/{path.relative_to(REPOSITORY)}" in names
    assert not any(name.endswith((".so", ".pyc")) for name in names)


@pytest.mark.skipif(shutil.which("swift") is None, reason="needs a Swift toolchain")
def test_the_sdist_builds(sdist, tmp_path):
    """The library is compiled from what is in the sdist alone, and installed into a fresh environment."""
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(sdist))
    (built,) = tmp_path.glob("*.whl")
    inside = installed(built, tmp_path / "venv")
    done = subprocess.run([inside, "-c", PROGRAM], capture_output=True, text=True, cwd="/")
    assert (done.stdout, done.stderr) == (EXPECTED, "")


def test_without_a_toolchain_the_sdist_says_so(sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    for name in ("bash", "dirname", "pwd"):
        (tmp_path / name).symlink_to(shutil.which(name))
    code = "from hatchling.build import build_wheel; build_wheel('.')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": str(tmp_path)},
    )
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1].startswith("stepsize: no Swift toolchain found: install Swift 6.3")
