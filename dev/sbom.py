#!/usr/bin/env python3
"""Writes dist/stepsize-VERSION.spdx.json: what the files in dist are made from, as SPDX 2.3.

From the same files and tools it is the same bytes each time.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
# Those that hold nothing compiled.
SOURCES = re.compile(r"stepsize-[\d.]+\.tar\.gz")


def output(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def version() -> str:
    return output("dev/version.sh")


def package(name: str, number: str, licence: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": number, "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
        "copyrightText": "NOASSERTION", "comment": text, **more,
    }  # fmt: skip


def file(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {
        "SPDXID": f"SPDXRef-File-{re.sub('[^A-Za-z0-9.-]', '-', path.name)}", "fileName": f"./{path.name}",
        "checksums": [
            {"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
            {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()},
        ],
        "licenseConcluded": "Apache-2.0", "copyrightText": "NOASSERTION",
    }  # fmt: skip


def document() -> dict[str, Any]:
    compiler = re.search(r"Swift version ([\d.]+)", output("swift", "--version"))
    assert compiler
    swift = "Apache-2.0 WITH Swift-exception"
    packages = [
        package("stepsize", version(), "Apache-2.0", "The core, the C interface and the Python package."),
        package(
            "swift-embedded-stdlib", compiler[1], swift,
            "Generic code of the Swift standard library that the compiler has put into the libraries; "
            "libc, the only other code they call, is that of the system.",
        ),
        package("swift-toolchain", compiler[1], swift, "Compiler and linker; not in the files."),
    ]  # fmt: skip
    files = [file(path) for path in sorted(DIST.iterdir()) if path.suffix != ".json" and path.name != "SHA256SUMS"]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-stepsize")]
    for each in files:
        relations.append((each["SPDXID"], "GENERATED_FROM", "SPDXRef-stepsize"))
        if not SOURCES.fullmatch(each["fileName"].removeprefix("./")):
            relations.append((each["SPDXID"], "CONTAINS", "SPDXRef-swift-embedded-stdlib"))
    relations.append(("SPDXRef-swift-toolchain", "BUILD_TOOL_OF", "SPDXRef-stepsize"))
    date = datetime.fromtimestamp(int(output("dev/source_date.sh")), timezone.utc)
    name = f"stepsize-{version()}"
    content = json.dumps([packages, files], sort_keys=True)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": name,
        "documentNamespace": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, name + content)}",
        "creationInfo": {"created": f"{date:%Y-%m-%dT%H:%M:%SZ}", "creators": ["Tool: dev/sbom.py"]},
        "packages": packages, "files": files,
        "relationships": [
            {"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second}
            for first, kind, second in relations
        ],
    }  # fmt: skip


def main() -> None:
    path = DIST / f"stepsize-{version()}.spdx.json"
    path.write_text(json.dumps(document(), indent=1) + "\n", encoding="utf-8")
    print(f"dist/{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
