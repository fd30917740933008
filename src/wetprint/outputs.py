"""Results reach the disk whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from wetprint.errors import OutputError


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a scratch path beside ``path``; on success it takes that name, otherwise it is removed.

    The scratch name keeps the suffix of ``path``, so that writers which go by suffix still work.

    Raises:
        OutputError: the folder is missing or not writable, or the disk is full.
    """
    target = Path(path)
    scratch = target.with_name(f".{target.stem[:100]}.{uuid.uuid4().hex[:8]}.part{target.suffix}")
    try:
        with naming_the_output(target):
            check_writable(target)
            yield scratch
            scratch.replace(target)
    finally:
        with contextlib.suppress(OSError):  # where nothing can be written, nothing is to remove
            scratch.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse early, before any long work, a place where no file can be written.

    Raises:
        OutputError: with the reason.
    """
    target = Path(path)
    if target.is_dir():
        raise OutputError(f"expected a file name to write, but {target} is a folder; add a name")
    if not target.parent.is_dir():
        raise OutputError(
            f"cannot write {target}: there is no folder {target.parent}; create it first"
        )
    if not os.access(target.parent, os.W_OK):
        raise OutputError(
            f"cannot write {target}: the folder {target.parent} is not writable; choose another"
        )


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder, and those above it, unless it is there already.

    Raises:
        OutputError: it cannot be made, or a file is in the way.
    """
    folder = Path(path)
    with naming_the_output(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise OutputError(
                f"cannot make the folder {folder}: a file is in the way; choose another name"
            ) from error
    return folder


@contextlib.contextmanager
def naming_the_output(target: Path) -> Iterator[None]:
    """Turn the system's complaints about writing ``target`` into one sentence."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(
                f"cannot write {target}: the disk is full; free some space and run it again"
            ) from error
        if error.errno in (
            *(errno.EFBIG, errno.EIO, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ENOENT),
            *(errno.EISDIR, errno.ELOOP, errno.EINVAL),
        ):
            raise OutputError(
                f"cannot write {target}: {error.strerror}; choose another place or name"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise OutputError(
                f"cannot write {target}: {error.strerror}; choose a place you may write to"
            ) from error
        raise
