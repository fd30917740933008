"""Whether a file is the same as before."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_digest(path: Path) -> str:
    """Give a short fingerprint of a file's content; of a folder, of all files in it."""
    if path.is_dir():
        inside = sorted(each for each in path.rglob("*") if each.is_file())
        told = "".join(f"{each.relative_to(path)} {file_digest(each)}\n" for each in inside)
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        digest = hashlib.blake2b(digest_size=16)
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
