"""A small listening test, served by a process of its own: ``python -m ... FILE PORT [CODES]``."""

from __future__ import annotations

import sys

import numpy as np

from wetprint.judging.listening.asking import ListeningTest
from wetprint.judging.listening.passages import Passage, prepared

RATE = 16_000


def passage(name: str = "riff", models: tuple[str, ...] = ("ours",), seconds: float = 2.5):
    """Notes, distorted, and models of that which distort a little differently."""
    time = np.arange(int(seconds * RATE)) / RATE
    dry = 0.4 * np.sin(2.0 * np.pi * 220.0 * time) * np.exp(-(time % 0.5) / 0.3)
    dry = dry[None].astype(np.float32)
    wet = np.tanh(4.0 * dry)
    played = {each: np.tanh((3.0 - n) * dry) * 0.5 for n, each in enumerate(models)}
    return Passage("drive", name, dry, wet, played, RATE)


def small_test(
    kinds: tuple[str, ...] = ("abx",), trials: int = 4, training: int = 1, models=("ours",)
) -> ListeningTest:
    passages = [prepared(passage(name, models), 2.0) for name in ("riff", "chord")]
    return ListeningTest("drive", passages, kinds, trials, training, 7)


def main() -> None:
    import uvicorn

    from wetprint.judging.listening.server import make_app
    from wetprint.judging.listening.store import Store

    path, port, kinds = sys.argv[1], int(sys.argv[2]), tuple(sys.argv[3].split(","))
    codes = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    test = small_test(kinds, models=("ours", "theirs") if "rating" in kinds else ("ours",))
    store = Store(path, test.described())
    store.codes(codes)
    app = make_app(test, store, codes > 0)
    uvicorn.run(app, port=port, log_level="error", lifespan="off")


if __name__ == "__main__":
    main()
