#!/usr/bin/env python3
"""Many inputs in one file, each after its size in four little-endian bytes: what replay.c reads.

pack.py FOLDER FILE            the files of FOLDER, the shortest first
pack.py --unpack FILE FOLDER   each input as a file named by its hash
"""

import hashlib
import sys
from pathlib import Path


def pack(folder: Path, file: Path) -> None:
    inputs = sorted({path.read_bytes() for path in folder.iterdir()}, key=lambda each: (len(each), each))
    file.write_bytes(b"".join(len(each).to_bytes(4, "little") + each for each in inputs))
    print(f"{file.name}: {len(inputs)} inputs, {file.stat().st_size} bytes")


def unpack(file: Path, folder: Path) -> None:
    data = file.read_bytes() if file.exists() else b""
    while data:
        size = int.from_bytes(data[:4], "little")
        each, data = data[4 : 4 + size], data[4 + size :]
        (folder / hashlib.sha1(each).hexdigest()).write_bytes(each)


if __name__ == "__main__":
    if sys.argv[1] == "--unpack":
        unpack(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        pack(Path(sys.argv[1]), Path(sys.argv[2]))
