"""Is a sound file all there? What its container promises against the bytes that came.

libsndfile reads what it finds: a WAV cut in half opens as half a WAV without a word, an Ogg file
too, and an MP3 without a length header is read as far as its first bit rate leads one to expect.
So the containers are looked into here, before it: RIFF, RIFX, RF64, BW64 and AIFF chunk by chunk,
Ogg by its last page, MP3 by its frames. FLAC needs no such look, its decoder complains by itself;
the rarer ones (AU, CAF, W64) are taken as libsndfile finds them.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import BinaryIO

from wetprint.errors import AudioFileError

_LARGEST_OGG_PAGE = 27 + 255 + 255 * 255
_MPEG_1_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG_2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG_1_HZ = (44100, 48000, 32000)


def check_complete(path: Path) -> int | None:
    """Refuse a file that ends before its own container says it does.

    Returns:
        The length in samples where it had to be counted (an MP3 without a length header, which
        libsndfile would guess from the size of the file, pictures in its tags included).

    Raises:
        AudioFileError: the file is empty, cut short, or its writer never finished the header.
    """
    size = path.stat().st_size
    if size == 0:
        raise AudioFileError(f"{path} is empty (zero length); choose a file that holds sound")
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX") and start[8:12] == b"WAVE":
            _check_chunks(path, file, size, ">" if start[:4] == b"RIFX" else "<")
        elif start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
            _check_chunks(path, file, size, ">")
        elif start[:4] == b"OggS":
            _check_last_ogg_page(path, file, size)
        elif path.suffix.lower() == ".mp3":
            return _check_mpeg(path, file, start)
    return None


def _truncated(path: Path, promised: int, found: int) -> AudioFileError:
    return AudioFileError(
        f"{path} is truncated: {promised} bytes are promised where {found} are left; "
        "copy or render it again"
    )


def _check_chunks(path: Path, file: BinaryIO, size: int, order: str) -> None:
    """Walk the chunks up to the one that holds the sound."""
    long_length = None
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack(order + "4sI", header)
        found = size - file.tell()
        if name in (b"data", b"SSND"):
            _check_data(path, file, long_length if length == 0xFFFFFFFF else length, found)
            return
        if name == b"ds64":
            long_length = struct.unpack("<Q", file.read(28)[8:16])[0] if found >= 28 else None
            file.seek(size - found)
        if length > found:
            raise _truncated(path, length, found)
        file.seek(length + (length & 1), os.SEEK_CUR)
    raise AudioFileError(f"{path} is truncated: it ends before its sound; copy or render it again")


def _check_data(path: Path, file: BinaryIO, promised: int | None, found: int) -> None:
    if promised is None or _is_placeholder(promised):
        return
    if promised > found:
        raise _truncated(path, promised, found)
    if promised == 0 and found > 8 and not _looks_like_chunk(file.read(8), found):
        raise AudioFileError(
            f"{path} was never finished: its header says no sound but {found} bytes follow; "
            f"mend it, for instance with: sox --ignore-length {path.name} mended.wav"
        )


def _is_placeholder(length: int) -> bool:
    """Lengths that programs write into a pipe because they cannot return to the header.

    0xFFFFFFFF is ffmpeg's, 0x7FFFFFFF less up to a few thousand sox's and arecord's.
    """
    return 0x7FFF0000 <= length <= 0x80000000 or 0xFFFF0000 <= length <= 0xFFFFFFFF


def _looks_like_chunk(header: bytes, found: int) -> bool:
    length = int.from_bytes(header[4:8], "little")
    return header[:4].isascii() and header[:4].decode().isprintable() and length + 8 <= found


def _check_last_ogg_page(path: Path, file: BinaryIO, size: int) -> None:
    file.seek(max(0, size - _LARGEST_OGG_PAGE))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    promised = 27 + page[26] + sum(segments) if len(page) > 26 else 27
    if promised > len(page):
        raise _truncated(path, promised, len(page))


def _check_mpeg(path: Path, file: BinaryIO, start: bytes) -> int | None:
    """Refuse an MP3 that is none, or that libsndfile would read in part; count its samples."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        position = 10 + _syncsafe(start[6:10]) if start[:3] == b"ID3" else 0
        while position < len(data) and data[position] == 0:
            position += 1
        first = _mpeg_frame(data[position : position + 4])
        if first is None:
            raise AudioFileError(
                f"expected a sound file, but {path} is no MP3 although its name says so"
            )
        head = data[position : position + 200]
        if b"Xing" in head or b"Info" in head or b"VBRI" in head:
            _check_xing(path, head, len(data))  # some writers count tags in
            return None
        lengths = _mpeg_frame_lengths(data, position)
        is_mpeg_1 = head[1] >> 3 & 3 == 3
    if len(set(lengths)) > 2:  # with a constant rate a frame differs by its padding byte only
        raise AudioFileError(
            f"{path} is an MP3 of variable bit rate that does not say how long it is; "
            "convert it to WAV or FLAC first"
        )
    return len(lengths) * (1152 if is_mpeg_1 else 576)


def _check_xing(path: Path, head: bytes, found: int) -> None:
    """Compare the length in bytes, where a Xing or Info header gives it, with what is there.

    libsndfile's decoder would print a warning of its own, and read on to a sudden end.
    """
    place = max(head.find(b"Xing"), head.find(b"Info"))
    flags = int.from_bytes(head[place + 4 : place + 8], "big")
    if place < 0 or not flags & 2:
        return
    at = place + 8 + 4 * (flags & 1)  # a count of frames may come first
    promised = int.from_bytes(head[at : at + 4], "big")
    if promised > found:
        raise _truncated(path, promised, found)


def _syncsafe(four: bytes) -> int:
    return sum(byte << shift for byte, shift in zip(four, (21, 14, 7, 0), strict=False))


def _mpeg_frame_lengths(data: mmap.mmap, position: int) -> list[int]:
    lengths: list[int] = []
    while length := _mpeg_frame(data[position : position + 4]):
        lengths.append(length)
        position += length
    return lengths


def _mpeg_frame(header: bytes) -> int | None:
    """Give the length in bytes of the layer III frame that begins so; None when none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return None
    version, kbps_index, rate_index = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or kbps_index in (0, 15) or rate_index == 3:
        return None
    kbps = (_MPEG_1_KBPS if version == 3 else _MPEG_2_KBPS)[kbps_index]
    rate = _MPEG_1_HZ[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if version == 3 else 72) * kbps * 1000 // rate + (header[2] >> 1 & 1)
