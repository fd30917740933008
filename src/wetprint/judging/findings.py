"""What was found of a box, in words: a line for each thing."""

from __future__ import annotations

from wetprint.identify.findings import (
    Compression,
    Identification,
    LevelSweep,
    Repeats,
    Response,
    Turn,
    Voice,
)


def in_words(found: Identification) -> list[str]:
    """Return what was found, a line for each thing, and what could not be seen."""
    turned = ", upside down" if found.polarity < 0 else ""
    lines = [
        f"delay: {found.delay_samples} samples{turned}",
        f"beyond the best fixed filter: {found.beyond_linear_db:.1f} dB of the wet signal",
    ]
    if found.nonlinear_db is not None:
        lines.append(f"not linear: {found.nonlinear_db:.1f} dB changes with level")
    if found.repeatability_db is not None:
        lines.append(f"against itself, played twice: {found.repeatability_db:.1f} dB")
    if found.noise_floor_db is not None:
        lines.append(f"noise floor: {found.noise_floor_db:.1f} dBFS")
    lines += _decay(found.response)
    if found.lfo_rate_hz is not None:
        share = "" if found.moving_db is None else f"; {found.moving_db:.1f} dB of it moves"
        lines.append(f"moved by an LFO of {found.lfo_rate_hz:.4f} Hz{share}")
    lines += [_voice(each, found.channels_out) for each in found.voices]
    lines += _turn(found.turn)
    if found.carrier_hz is not None:
        lines.append(f"ring modulator: multiplied by a carrier of {found.carrier_hz:.3f} Hz")
    if found.pitch_ratio is not None:
        grains = "" if found.grain_ms is None else f", in grains of {found.grain_ms:.1f} ms"
        lines.append(f"pitch: times {found.pitch_ratio:.4f}{grains}")
    if found.repeats is not None:
        lines += _repeats(found.repeats)
    if found.compression is not None:
        lines += _compression(found.compression)
    if found.sweep is not None:
        lines += _sweep(found.sweep)
    return [*lines, *(f"could not be seen: {each}" for each in found.unseen)]


def _voice(voice: Voice, channels_out: int) -> str:
    returns = f", returning by {voice.feedback:.2f}" if voice.feedback else ""
    side = ("left", "right")[voice.side] if channels_out == 2 else "voice"
    return (
        f"  {side}: {voice.delay_ms:.2f} ms, moving {voice.depth_ms:.2f} ms "
        f"({voice.shape}){returns}"
    )


def _turn(turn: Turn) -> list[str]:
    lines = [
        f"  gain from {min(each):.1f} to {max(each):.1f} dB over the turn ({turn.gain_shape})"
        for each in turn.gain_db
    ]
    lowest = [each[0] for each in turn.notches_hz if each]
    if lowest:
        most = max(len(each) for each in turn.notches_hz)
        lines.append(
            f"  up to {most} notches, the lowest between {min(lowest):.0f} and {max(lowest):.0f} Hz"
        )
    return lines


def _decay(response: Response) -> list[str]:
    octaves = zip(response.decay_octaves_hz, response.decay_seconds, strict=True)
    told = [f"{hz:g} Hz {seconds:.2f} s" for hz, seconds in octaves if seconds is not None]
    return [f"dies away by 60 dB in: {', '.join(told)}"] if told else []


def _repeats(repeats: Repeats) -> list[str]:
    heads = f", from {repeats.heads} heads" if repeats.heads > 1 else ""
    lines = [f"plays again after {repeats.delay_ms:.2f} ms{heads}"]
    if repeats.feedback:
        lines.append(f"  and again and again, {repeats.feedback:.2f} times as loud each time")
    else:
        lines.append("  once: nothing goes round")
    if repeats.is_filtered:
        gains = zip(repeats.loop_octaves_hz, repeats.loop_gain_db, strict=True)
        told = ", ".join(f"{hz:g} Hz {gain:.1f} dB" for hz, gain in gains)
        lines.append(f"  each round is filtered: {told}")
    if repeats.saturates is not None:
        lines.append(f"  what plays again {'saturates' if repeats.saturates else 'stays linear'}")
    return lines


def _compression(found: Compression) -> list[str]:
    """Return how the gain follows the level, as a front panel would say it."""
    what, side = ("expander", "below") if found.expands else ("compressor", "above")
    smoothed = " (smoothed)" if found.is_smoothed else ""
    of_what = " of what it plays" if found.is_fed_back else ""
    ahead = f", looking {found.lookahead_ms:.1f} ms ahead" if found.lookahead_ms else ""
    return [
        f"{what}: {found.ratio:.2g}:1 {side} {found.threshold_db:.1f} dBFS, knee "
        f"{found.knee_db:.1f} dB, make-up {found.makeup_db:.1f} dB; explains "
        f"{100.0 * found.explained:.1f} % of what the gain does",
        f"  attack {found.attack_ms:.3g} ms, release {found.release_ms:.3g} ms{ahead}; hears "
        f"{found.detection}{smoothed}{of_what}, follows the {found.followed}, {found.ballistics}",
    ]


def _sweep(found: LevelSweep) -> list[str]:
    """Return how a filter follows the level."""
    return [
        f"auto-wah: a filter from {found.soft_hz:.0f} Hz where it is soft to {found.loud_hz:.0f} "
        f"Hz where it is loud; explains {100.0 * found.explained:.1f} % of what a fixed one leaves",
        f"  attack {found.attack_ms:.3g} ms, release {found.release_ms:.3g} ms; hears "
        f"{found.detection}, {found.ballistics}",
    ]
