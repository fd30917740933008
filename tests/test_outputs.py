"""Results appear whole or not at all, for whom the user's umask says, and failures are told."""

from __future__ import annotations

import errno
import os
import stat

import numpy as np
import pytest

from wetprint.audio import write
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.errors import OutputError
from wetprint.models import Chain, Model, save_model
from wetprint.outputs import replacing


@pytest.fixture
def umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize("name", ["model.wetprint", "sound.wav", "sound.flac"])
def test_files_may_be_read_by_whom_the_umask_says(tmp_path, umask, name):
    if name.startswith("model"):
        save_model(Model(Chain([Gain(GainConfig())]), 48_000), tmp_path / name)
    else:
        write(tmp_path / name, np.full((1, 100), 0.5, np.float32), 48_000)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o644


def test_a_place_under_a_file_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="there is no folder"), replacing(tmp_path / "file" / "x"):
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.ENOENT, errno.EIO])
def test_the_systems_complaints_name_the_result(tmp_path, number):
    def fail() -> None:
        raise OSError(number, os.strerror(number), "scratch")

    with (
        pytest.raises(OutputError, match=r"cannot write .*model: .*; "),
        replacing(tmp_path / "model"),
    ):
        fail()
    assert list(tmp_path.iterdir()) == []
