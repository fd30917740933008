"""Files through effects: one, or a folder ``dataset/`` into ``dataset/processed/``, same names.

Each file appears whole or not at all. Beside the results lies ``rendered.json``, which says what
each was made from: the spec, the effect's own files, the dry sound, and the wet sound as it was
written. A file for which all of that still holds is not rendered again, so that an interrupted
folder goes on where it stopped, and a changed spec starts anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wetprint.digest import file_digest
from wetprint.effects.effect import Effect
from wetprint.effects.opening import open_effect
from wetprint.errors import AudioFileError, EffectError, OutputError
from wetprint.outputs import check_writable, make_folder, replacing
from wetprint.progress import Progress, silent

RECORD_NAME = "rendered.json"
RECORD_VERSION = 1
_WRITABLE = (".wav", ".flac")


@dataclass(frozen=True)
class RenderedFile:
    """One file rendered.

    Attributes:
        path: the wet file.
        seconds: its length.
        notes: what the reader should know, such as peaks over full scale.
    """

    path: Path
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RenderedFolder:
    """A folder rendered.

    Attributes:
        folder: where the wet files are.
        rendered: names written now.
        kept: names that were already there, made of the same.
        notes: what the reader should know, each with the file it is about.
    """

    folder: Path
    rendered: tuple[str, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Say in one line what was done."""
        written = f"rendered {len(self.rendered)} file{'s' * (len(self.rendered) != 1)}"
        kept = f", kept {len(self.kept)} that had not changed" if self.kept else ""
        return f"{written}{kept}, in {self.folder}"


def render_file(
    spec: str | Effect,
    source: str | Path,
    target: str | Path,
    progress: Progress = silent,
    *,
    encoding: str = "pcm24",
    allow_silence: bool = False,
) -> RenderedFile:
    """Play a file through an effect into another, of the same sample rate and length.

    Args:
        spec: the effect, written or open.
        source: any sound file.
        target: .wav or .flac.
        progress: told how far it is.
        encoding: of the wet file: "pcm16", "pcm24" or "float32".
        allow_silence: as in `Effect.process`.

    Raises:
        SpecError, EffectError: about the effect.
        AudioFileError: ``source`` cannot be read.
        OutputError: ``target`` cannot be written.
    """
    from wetprint import audio

    check_writable(target)
    if Path(target).resolve() == Path(source).resolve():
        raise OutputError(f"{target} is the dry file itself; choose another name for the wet one")
    effect = open_effect(spec) if isinstance(spec, str) else spec
    dry, sample_rate = audio.read(source)
    wet = effect.process(dry, sample_rate, progress, allow_silence=allow_silence)
    notes = audio.write(target, wet, sample_rate, encoding)
    return RenderedFile(Path(target), wet.shape[1] / sample_rate, tuple(notes))


def render_folder(
    spec: str | Effect,
    folder: str | Path,
    target: str | Path | None = None,
    progress: Progress = silent,
    *,
    encoding: str = "pcm24",
    allow_silence: bool = False,
) -> RenderedFolder:
    """Play every sound file of a folder through an effect, going on where it stopped.

    Args:
        spec: the effect, written or open.
        folder: the dry files; folders inside it are left alone.
        target: where the wet files go, ``folder/processed`` if None; made if missing. A wet file
            has the name of its dry one, with .wav for formats that are only read.
        progress: told how far it is, with the file's name.
        encoding: of the wet files.
        allow_silence: as in `Effect.process`.

    Raises:
        SpecError, EffectError: about the effect, naming the file; files done before stay.
        AudioFileError: the folder holds no sound, or a file cannot be read.
        OutputError: the target cannot be written.
    """
    source = Path(folder)
    names = _wet_names(source)
    place = source / "processed" if target is None else Path(target)
    if place.resolve() == source.resolve():
        raise OutputError(f"the wet files cannot go into {folder} itself; choose another folder")
    effect = open_effect(spec) if isinstance(spec, str) else spec
    make_folder(place)
    check_writable(place / RECORD_NAME)
    record = _Record(place, effect, encoding)
    todo = {dry: wet for dry, wet in names.items() if not record.holds(source / dry, wet)}
    kept = tuple(wet for dry, wet in names.items() if dry not in todo)
    job = _FolderJob(source, place, effect, record, encoding, allow_silence)
    notes = [note for part in job.run(todo, len(kept), progress) for note in part]
    return RenderedFolder(place, tuple(todo.values()), kept, tuple(notes))


@dataclass
class _FolderJob:
    source: Path
    place: Path
    effect: Effect
    record: _Record
    encoding: str
    allow_silence: bool

    def run(self, todo: dict[str, str], done: int, progress: Progress) -> Iterator[list[str]]:
        """Render what is to do, as many files in a call as the effect can take."""
        total, names = len(todo) + done, list(todo)
        size = self.effect.files_per_call
        for start in range(0, len(names), size):
            batch = names[start : start + size]
            yield from self._batch(batch, todo, done + start, total, progress)

    def _batch(
        self, batch: Sequence[str], wet_names: dict[str, str], done: int, total: int, tell: Progress
    ) -> Iterator[list[str]]:
        from wetprint import audio

        def progress(stage: str, fraction: float, detail: str = "") -> None:
            tell(stage, (done + fraction * len(batch)) / total, ", ".join(batch[:1]))

        sounds = [audio.read(self.source / name) for name in batch]
        digests = [file_digest(self.source / name) for name in batch]
        results = self.effect.process_many(sounds, progress, allow_silence=self.allow_silence)
        for number, (name, digest) in enumerate(zip(batch, digests, strict=True)):
            wet_path = self.place / wet_names[name]
            try:
                wet = next(results)
            except EffectError as error:
                raise EffectError(f"{name}: {error}") from error
            notes = audio.write(wet_path, wet, sounds[number][1], self.encoding)
            self.record.add(wet_names[name], digest)
            tell("rendering", (done + number + 1) / total, name)
            yield notes


class _Record:
    """What each wet file of a folder was made from (``rendered.json``)."""

    def __init__(self, folder: Path, effect: Effect, encoding: str) -> None:
        self._folder, self._path = folder, folder / RECORD_NAME
        self._recipe: dict[str, Any] = {
            "spec": effect.spec,
            "effect_files": [file_digest(Path(path)) for path in effect.files()],
            "encoding": encoding,
        }
        self._files = self._read()

    def holds(self, dry: Path, wet_name: str) -> bool:
        """Tell whether a wet file is there, made from this dry file by this effect."""
        entry = self._files.get(wet_name)
        wet = self._folder / wet_name
        if not isinstance(entry, dict) or not wet.is_file():
            return False
        expected = self._recipe | {"dry": file_digest(dry), "wet": file_digest(wet)}
        return entry == expected

    def add(self, wet_name: str, dry_digest: str) -> None:
        """Note a file that was just written."""
        wet = file_digest(self._folder / wet_name)
        self._files[wet_name] = self._recipe | {"dry": dry_digest, "wet": wet}
        told = {"version": RECORD_VERSION, "files": self._files}
        with replacing(self._path) as scratch:
            scratch.write_text(json.dumps(told, indent=1, sort_keys=True), "utf-8")

    def _read(self) -> dict[str, Any]:
        """Read the record; one that is damaged or of another version counts as none."""
        try:
            told = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(told, dict) or told.get("version") != RECORD_VERSION:
            return {}
        files = told.get("files")
        return files if isinstance(files, dict) else {}


def _wet_names(folder: Path) -> dict[str, str]:
    """Map each dry file of a folder to its wet name.

    Raises:
        AudioFileError: no such folder, no sound in it, or two files of one wet name.
    """
    if not folder.is_dir():
        raise AudioFileError(f"there is no folder {folder}; check the path")
    from wetprint.signals.material import SOUND_SUFFIXES

    names: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        suffix = path.suffix.lower()
        if path.name.startswith(".") or suffix not in SOUND_SUFFIXES or not path.is_file():
            continue
        wet = path.name if suffix in _WRITABLE else path.stem + ".wav"
        if wet in names.values():
            raise AudioFileError(
                f"{path.name} would be rendered to {wet}, as another file of {folder} is; "
                "rename one of them"
            )
        names[path.name] = wet
    if not names:
        raise AudioFileError(f"there is no sound file in {folder}; put WAV, FLAC, MP3 ... there")
    return names
