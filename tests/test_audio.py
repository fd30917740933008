"""Sound files: what is read is what was written, and what cannot be is refused in one sentence."""

import resource
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wetprint import audio
from wetprint.audio.containers import check_complete
from wetprint.audio.wav import WavFile
from wetprint.errors import AudioFileError, OutputError

FORMATS = [
    # suffix, libsndfile's subtype, our name, largest error (None where it is lossy)
    (".wav", "PCM_U8", "pcm8", 1 / 128),
    (".wav", "PCM_16", "pcm16", 1 / 32768),
    (".wav", "PCM_24", "pcm24", 1 / 2**23),
    (".wav", "PCM_32", "pcm32", 1 / 2**23),
    (".wav", "FLOAT", "float32", 0.0),
    (".wav", "DOUBLE", "float64", 0.0),
    (".rf64", "PCM_24", "pcm24", 1 / 2**23),
    (".flac", "PCM_16", "pcm16", 1 / 32768),
    (".flac", "PCM_24", "pcm24", 1 / 2**23),
    (".aiff", "PCM_24", "pcm24", 1 / 2**23),
    (".ogg", "VORBIS", "vorbis", None),
    (".ogg", "OPUS", "opus", None),
    (".mp3", "MPEG_LAYER_III", "mp3", None),
]


def two_tones(seconds: float = 0.5, sample_rate: int = 48000) -> np.ndarray:
    """A different tone on each side, peaks at 0.5: ``(2, time)``."""
    times = np.arange(int(seconds * sample_rate)) / sample_rate
    return 0.5 * np.sin(2 * np.pi * np.outer([441.0, 1234.5], times)).astype(np.float32)


def rumble(length: int) -> np.ndarray:
    """Noise below about 1 kHz, peaks at 1: ``(2, length)``."""
    noise = np.random.default_rng(0).standard_normal((2, length + 47))
    smooth = np.apply_along_axis(np.convolve, 1, noise, np.hanning(48), mode="valid")
    return (smooth / np.abs(smooth).max()).astype(np.float32)


def write_any(path: Path, sound: np.ndarray, subtype: str) -> Path:
    container = {".ogg": "OGG", ".rf64": "RF64"}.get(path.suffix)
    soundfile.write(path, sound.T, 48000, subtype, format=container)
    return path


def refuses(path: Path, words: str) -> None:
    """Both doors refuse, in one sentence that names the file."""
    for opening in (audio.info, audio.read):
        with pytest.raises(AudioFileError, match=words) as caught:
            opening(path)
        assert path.name in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("suffix", "subtype", "encoding", "error"), FORMATS)
def test_reading_gives_the_sound_back(tmp_path, suffix, subtype, encoding, error):
    sound = 0.5 * rumble(24000)
    path = write_any(tmp_path / f"tone{suffix}", sound, subtype)
    read, rate = audio.read(path)
    info = audio.info(path)
    assert (rate, read.dtype, read.shape) == (48000, np.float32, sound.shape)
    if error is None:
        assert np.corrcoef(read[0], sound[0])[0, 1] > 0.98  # and so there is no delay
    else:
        assert np.abs(read - sound).max() <= error
    assert (info.channels, info.frames, info.encoding) == (2, 24000, encoding)
    assert info.seconds == 0.5


@pytest.mark.parametrize(("suffix", "subtype", "encoding", "error"), FORMATS)
def test_streaming_equals_whole(tmp_path, suffix, subtype, encoding, error):
    path = write_any(tmp_path / f"tone{suffix}", rumble(24000), subtype)
    with audio.AudioReader(path) as reader:
        blocks = list(reader.blocks(1000))
        again = list(reader.blocks(7777))
    whole = audio.read(path)[0]
    assert [block.shape[1] for block in blocks] == [1000] * 24
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)
    np.testing.assert_array_equal(np.concatenate(again, axis=1), whole)
    at_once = soundfile.read(path, dtype="float32", always_2d=True)[0]
    np.testing.assert_array_equal(whole, at_once.T)


def test_float_beyond_full_scale_is_read_as_it_is(tmp_path):
    soundfile.write(tmp_path / "loud.wav", np.array([0.0, 3.5, -2.0]), 48000, "DOUBLE")
    np.testing.assert_array_equal(audio.read(tmp_path / "loud.wav")[0], [[0.0, 3.5, -2.0]])


def test_written_integers_are_the_nearest_steps(tmp_path):
    """24 bits have 2**23 steps to each side; 1.0 itself has no step and takes the highest."""
    step = 2.0**-23
    audio.write(tmp_path / "a.wav", np.array([[0, step, -1.4 * step, -1, 1 - step, 1]]), 48000)
    with wave.open(str(tmp_path / "a.wav")) as plain:  # Python's own reader knows plain WAV only
        assert (plain.getsampwidth(), plain.getframerate(), plain.getnframes()) == (3, 48000, 6)
        raw = plain.readframes(6)
    steps = [int.from_bytes(raw[3 * n : 3 * n + 3], "little", signed=True) for n in range(6)]
    assert steps == [0, 1, -1, -(2**23), 2**23 - 1, 2**23 - 1]


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize(("encoding", "bits"), [("pcm16", 16), ("pcm24", 24)])
def test_written_integers_are_read_back_exactly(tmp_path, suffix, encoding, bits):
    steps = 2.0 ** (bits - 1)
    sound = np.random.default_rng(0).integers(-steps, steps, (3, 4801)) / steps
    notes = audio.write(tmp_path / f"a{suffix}", sound, 44100, encoding)
    read, rate = audio.read(tmp_path / f"a{suffix}")
    assert (notes, rate, audio.info(tmp_path / f"a{suffix}").encoding) == ([], 44100, encoding)
    np.testing.assert_array_equal(read, sound)


def test_what_passes_full_scale_becomes_float_and_says_so(tmp_path):
    sound = two_tones() * np.float32(2 * 10 ** (2.1 / 20))
    notes = audio.write(tmp_path / "loud.wav", sound, 48000)
    np.testing.assert_array_equal(audio.read(tmp_path / "loud.wav")[0], sound)
    assert notes == [
        "loud.wav: peaks reach +2.1 dBFS; written as 32-bit float so that nothing clips"
    ]


def test_a_stream_that_passes_full_scale_midway_is_converted(tmp_path):
    sound = two_tones(1.0)
    sound[0, 30000] = -1.5
    with audio.AudioWriter(tmp_path / "loud.wav", 48000, 2) as writer:
        for start in range(0, 48000, 7000):
            writer.write(sound[:, start : start + 7000])
    read = audio.read(tmp_path / "loud.wav")[0]
    assert audio.info(tmp_path / "loud.wav").encoding == "float32"
    assert len(writer.notes) == 1
    assert np.abs(read[:, :28000] - sound[:, :28000]).max() <= 2**-24  # was 24-bit until then
    np.testing.assert_array_equal(read[:, 28000:], sound[:, 28000:])
    assert [each.name for each in tmp_path.iterdir()] == ["loud.wav"]


def test_flac_refuses_what_passes_full_scale_and_leaves_nothing(tmp_path):
    with pytest.raises(AudioFileError, match=r"\+6\.0 dBFS.*write a \.wav"):
        audio.write(tmp_path / "loud.flac", np.full((1, 100), 2.0), 48000)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_and_a_writer_agree_block_by_block_and_whole(tmp_path):
    sound = two_tones()
    audio.write(tmp_path / "whole.wav", sound, 48000)
    with audio.AudioWriter(tmp_path / "blocks.wav", 48000, 2) as writer:
        for start in range(0, sound.shape[1], 999):
            writer.write(sound[:, start : start + 999])
    assert (tmp_path / "whole.wav").read_bytes() == (tmp_path / "blocks.wav").read_bytes()


def test_a_file_too_long_for_wav_becomes_rf64(tmp_path):
    frames = np.linspace(-1, 1, 3000, dtype=np.float32).reshape(1000, 3)
    file = WavFile(tmp_path / "long.wav", 48000, 3, "float32", longest_riff=10_000)
    file.write(frames)
    file.close()
    assert (tmp_path / "long.wav").read_bytes()[:4] == b"RF64"
    assert soundfile.info(tmp_path / "long.wav").format == "RF64"
    np.testing.assert_array_equal(audio.read(tmp_path / "long.wav")[0], frames.T)


def test_wav_of_odd_length_is_padded(tmp_path):
    audio.write(tmp_path / "odd.wav", np.array([[0.5, -0.5, 0.25]]), 48000)  # 9 bytes of sound
    data = (tmp_path / "odd.wav").read_bytes()
    assert len(data) % 2 == 0
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    np.testing.assert_array_equal(audio.read(tmp_path / "odd.wav")[0], [[0.5, -0.5, 0.25]])


@pytest.mark.parametrize("rates", [(48000, 44100), (44100, 48000), (96000, 48000), (44100, 16000)])
@pytest.mark.parametrize("block", [1, 480, 100000])
def test_stream_resampler_equals_whole(rates, block):
    sound = np.random.default_rng(1).standard_normal((2, 5000 if block > 1 else 200))
    whole = audio.resample(sound, *rates)
    stream = audio.StreamResampler(*rates, channels=2)
    parts = [
        stream.process(sound[:, start : start + block], last=start + block >= sound.shape[1])
        for start in range(0, sound.shape[1], block)
    ]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    assert whole.shape[1] == round(sound.shape[1] * rates[1] / rates[0])


def test_resampling_keeps_time_and_level():
    """A tone at the new rate is the same tone, sample for sample, without latency."""
    old, new = (0.5 * np.sin(2 * np.pi * 997 * np.arange(n) / n) for n in (48000, 44100))
    got = audio.resample(old[None], 48000, 44100)[0]
    np.testing.assert_allclose(got[2000:-2000], new[2000:-2000], atol=2e-6)
    np.testing.assert_array_equal(audio.resample(old[None], 48000, 48000)[0], old.astype("f4"))


def test_reading_at_another_rate_resamples(tmp_path):
    audio.write(tmp_path / "a.wav", two_tones(), 48000)
    read, rate = audio.read(tmp_path / "a.wav", sample_rate=44100)
    assert (rate, read.shape) == (44100, (2, 22050))
    np.testing.assert_allclose(
        read[:, 2000:-2000], two_tones(sample_rate=44100)[:, 2000:-2000], atol=2e-6
    )


def test_no_such_file_and_folders_are_refused(tmp_path):
    refuses(tmp_path / "none.wav", "no such file")
    refuses(tmp_path, "is a folder")


@pytest.mark.parametrize("name", ["text.wav", "text.mp3", "text.flac", "text.raw", "text"])
def test_what_is_not_sound_is_refused(tmp_path, name, capfd):
    (tmp_path / name).write_text("Dear Sir or Madam, " * 100)
    refuses(tmp_path / name, "expected a sound file")
    assert capfd.readouterr().err == ""  # the decoders underneath keep quiet too


def test_zero_length_is_refused(tmp_path):
    (tmp_path / "nothing.wav").touch()
    refuses(tmp_path / "nothing.wav", "zero length")
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 1)), 48000)
    refuses(tmp_path / "empty.wav", "zero length")
    with pytest.raises(AudioFileError, match="zero length"):
        audio.write(tmp_path / "a.wav", np.zeros((1, 0)), 48000)
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(("suffix", "subtype", "encoding", "error"), FORMATS)
@pytest.mark.parametrize("kept", [0.6, 0.999])
def test_a_truncated_file_is_refused(tmp_path, suffix, subtype, encoding, error, kept, capfd):
    path = write_any(tmp_path / f"cut{suffix}", two_tones(), subtype)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    refuses(path, "truncated")


@pytest.mark.parametrize("length", [4, 20, 40])
def test_a_wav_cut_in_its_header_is_refused(tmp_path, length):
    path = write_any(tmp_path / "cut.wav", two_tones(), "PCM_24")
    path.write_bytes(path.read_bytes()[:length])
    refuses(path, "truncated|expected a sound file")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused_with_their_place(tmp_path, bad):
    sound = two_tones(3.0)
    sound[1, 96000] = bad
    soundfile.write(tmp_path / "bad.wav", sound.T, 48000, "FLOAT")
    with pytest.raises(AudioFileError, match=r"bad\.wav holds NaN or infinity.*2\.000 s"):
        audio.read(tmp_path / "bad.wav")
    with pytest.raises(AudioFileError, match=r"NaN or infinity at 2\.000 s"):
        audio.write(tmp_path / "out.wav", sound, 48000, "float32")
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFEFFF])
def test_a_wav_from_a_pipe_is_read_to_its_end(tmp_path, length):
    path = write_any(tmp_path / "pipe.wav", two_tones(), "PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = struct.pack("<I", length)
    path.write_bytes(data)
    assert audio.read(path)[0].shape == (2, 24000)


def test_streams_without_a_length_are_refused_with_the_remedy(tmp_path):
    path = write_any(tmp_path / "pipe.wav", two_tones(), "PCM_16")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = bytes(4)
    path.write_bytes(data)
    refuses(path, "never finished.*--ignore-length")
    path = write_any(tmp_path / "pipe.flac", two_tones(), "PCM_16")
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)  # the 36 bits of STREAMINFO that count the samples
    path.write_bytes(data)
    refuses(path, "does not say how long it is")


def test_foreign_chunks_are_passed_over(tmp_path):
    path = write_any(tmp_path / "junk.wav", two_tones(), "PCM_24")
    data = path.read_bytes()
    odd = b"odd " + struct.pack("<I", 3) + b"abc\0"  # an odd length is padded
    path.write_bytes(data[:12] + odd + data[12:] + b"LIST" + struct.pack("<I", 4) + b"INFO")
    np.testing.assert_array_equal(
        audio.read(path)[0], audio.read(write_any(path, two_tones(), "PCM_24"))[0]
    )


def test_a_truncated_mp3_is_refused_without_its_decoders_warnings(tmp_path, capfd):
    sound = np.random.default_rng(0).normal(0, 0.1, 96_000)
    soundfile.write(tmp_path / "whole.mp3", sound, 48_000)
    whole = (tmp_path / "whole.mp3").read_bytes()
    (tmp_path / "half.mp3").write_bytes(whole[: len(whole) // 2])
    assert check_complete(tmp_path / "whole.mp3") is None
    refuses(tmp_path / "half.mp3", "is truncated")
    assert capfd.readouterr().err == ""


def test_an_mp3_without_length_is_counted_when_its_rate_is_constant(tmp_path):
    """MPEG-1 layer III, 128 kbit/s, 48 kHz: 384 bytes hold 1152 samples; 44 bytes lead in."""
    frame = bytes([0xFF, 0xFB, 0x94, 0xC4]) + bytes(380)
    picture = b"ID3\x04\0\0" + bytes([0, 0, 0x27, 0x08]) + bytes(0x27 * 128 + 8)
    (tmp_path / "constant.mp3").write_bytes(picture + frame * 50)
    assert check_complete(tmp_path / "constant.mp3") == 50 * 1152
    assert audio.info(tmp_path / "constant.mp3").frames == 50 * 1152
    other = bytes([0xFF, 0xFB, 0xA4, 0xC4]) + bytes(476)  # 160 kbit/s
    third = bytes([0xFF, 0xFB, 0x84, 0xC4]) + bytes(332)  # 112 kbit/s
    (tmp_path / "variable.mp3").write_bytes((frame + other + third) * 20)
    refuses(tmp_path / "variable.mp3", "variable bit rate")


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg", "a", "a.wav.txt"])
def test_other_suffixes_are_refused_on_writing(tmp_path, name):
    with pytest.raises(AudioFileError, match=r"\.wav or \.flac"):
        audio.write(tmp_path / name, two_tones(), 48000)


def test_unfit_encodings_are_refused_on_writing(tmp_path):
    with pytest.raises(AudioFileError, match="did you mean 'pcm24'"):
        audio.write(tmp_path / "a.wav", two_tones(), 48000, "pcm42")
    with pytest.raises(AudioFileError, match="no float"):
        audio.write(tmp_path / "a.flac", two_tones(), 48000, "float32")
    with pytest.raises(AudioFileError, match="at most 8 channels"):
        audio.write(tmp_path / "a.flac", np.zeros((9, 10)), 48000)
    with pytest.raises(AudioFileError, match="up to 655350 Hz"):
        audio.write(tmp_path / "a.flac", np.zeros((1, 10)), 768000)


def test_a_missing_folder_is_refused_on_writing(tmp_path):
    with pytest.raises(OutputError, match="there is no folder"):
        audio.write(tmp_path / "none" / "a.wav", two_tones(), 48000)


@pytest.fixture
def little_room():
    """Files may grow to 100,000 bytes: the nearest thing to a full disk that any user may have."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, name, little_room):
    noise = 0.1 * np.random.default_rng(2).standard_normal((2, 48000))
    with pytest.raises(OutputError, match="disk is full"):
        audio.write(tmp_path / name, noise, 48000)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_at_the_last_moment_is_told(tmp_path, little_room):
    """What libsndfile keeps back of a FLAC file until it closes it may find no room any more."""
    noise = 0.1 * np.random.default_rng(3).standard_normal((1, 40000))
    refused = []
    for frames in range(34000, 40000, 500):
        try:
            audio.write(tmp_path / "a.flac", noise[:, :frames], 48000)
        except OutputError:
            refused.append(frames)
            continue
        read = audio.read(tmp_path / "a.flac")[0]
        assert np.abs(read - noise[:, :frames]).max() < 2**-23
    assert 0 < len(refused) < 12
    assert refused[-1] == 39500


def test_wav_fills_a_disk_to_the_last_byte(tmp_path, little_room):
    """80 bytes of header and 3 per sample: 33306 samples fit into 100,000 bytes, one more not."""
    audio.write(tmp_path / "a.wav", np.zeros((1, 33306)), 48000)
    assert (tmp_path / "a.wav").stat().st_size == 99998
    with pytest.raises(OutputError, match="disk is full"):
        audio.write(tmp_path / "b.wav", np.zeros((1, 33307)), 48000)


def interrupted_write(path: Path) -> None:
    with audio.AudioWriter(path, 48000, 2) as writer:
        writer.write(two_tones())
        raise KeyboardInterrupt


def test_an_interrupt_leaves_the_old_file_alone(tmp_path):
    audio.write(tmp_path / "a.wav", two_tones(), 48000)
    before = (tmp_path / "a.wav").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        interrupted_write(tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.wav"]


def test_decibels_of_known_amplitudes():
    assert audio.decibels(1.0) == 0
    assert audio.decibels(0.1) == pytest.approx(-20)
    assert audio.decibels(0.0) == -np.inf
