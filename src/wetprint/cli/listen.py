"""``wetprint listen``: a blind listening test of models, in the browser."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wetprint.cli import console

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn

    from wetprint.judging.listening.asking import ListeningTest
    from wetprint.judging.listening.passages import Passage
    from wetprint.models import Model
    from wetprint.progress import Progress

LOOPBACK = "127.0.0.1"
ANY_ADDRESS = {"0.0.0.0": LOOPBACK, "::": "::1"}
ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses that are kept for documentation (RFC 5737, RFC 3849): they belong to nobody."""
CLOSING_SECONDS = 3
OPENING_SECONDS = 0.5


def listen(
    models: Annotated[
        list[Path] | None, typer.Argument(metavar="MODEL...", help=".wetprint files")
    ] = None,
    on: Annotated[
        list[Path] | None,
        typer.Option(metavar="IN", help="dry sound to play through model and effect; repeatable"),
    ] = None,
    dry: Annotated[
        Path | None, typer.Option(metavar="DRY", help="a dry recording that was not learned from")
    ] = None,
    wet: Annotated[
        Path | None, typer.Option(metavar="WET", help="the same through the box")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="abx, closer or rating; repeatable  [default: abx]"),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, max=400, help="of each kind")] = 16,
    training: Annotated[
        int, typer.Option(min=0, max=20, help="trials before, with the answer told")
    ] = 2,
    seconds: Annotated[float, typer.Option(min=2.0, max=30.0, help="of each passage")] = 6.0,
    seed: Annotated[int, typer.Option(min=0, help="of what X is, and of all orders")] = 0,
    results: Annotated[
        Path, typer.Option(metavar="FILE", help="where answers are kept; a run goes on there")
    ] = Path("listening.sqlite"),
    host: Annotated[
        str, typer.Option(help="address to listen at; 0.0.0.0 lets others on the network in")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any free one")] = 8765,
    codes: Annotated[
        int, typer.Option(min=0, max=1000, help="of listeners: each is let in by a code")
    ] = 0,
    browser: Annotated[bool, typer.Option(help="open the page")] = True,
    export: Annotated[
        Path | None, typer.Option(metavar="DIR", help="write a static page instead of serving")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write the answers in --results as CSV")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="likewise, with the summary")
    ] = None,
) -> None:
    """Listen blind: can model and effect be told apart? Or write what was answered."""
    if csv is not None or as_json is not None:
        _write_answers(results, csv, as_json)
        return
    if not models:
        raise typer.BadParameter("give at least one MODEL, or --csv or --json with --results")
    if (dry is None) != (wet is None):
        raise typer.BadParameter("give --dry and --wet together")
    served = None if export is not None else _bound(host, port)  # before anything long is done
    with served or contextlib.nullcontext():
        with console.progress() as progress:
            heard = [each for path in models for each in _heard(path, on or [], dry, wet, progress)]
        test = _put_together(heard, kind or ["abx"], trials, training, seconds, seed)
        if served is not None:
            _serve(test, results, served, codes, browser)
    if export is not None:
        from wetprint.judging.listening.static import write_static

        write_static(test, export)
        console.say(f"wrote {export}; whoever looks into its files finds the answers there")


def _put_together(
    heard: list[Passage], kinds: list[str], trials: int, training: int, seconds: float, seed: int
) -> ListeningTest:
    """Make a test of what was played, and refuse what cannot be asked."""
    from wetprint.judging.listening.asking import ListeningTest
    from wetprint.judging.listening.passages import joined, prepared

    passages = [prepared(each, seconds) for each in joined(heard)]
    title = ", ".join(dict.fromkeys(each.effect for each in passages))
    test = ListeningTest(title, passages, tuple(kinds), trials, training, seed)
    test.plan(0)
    return test


def _write_answers(results: Path, csv: Path | None, as_json: Path | None) -> None:
    from wetprint.judging.listening.export import as_csv, summary_of
    from wetprint.judging.listening.export import as_json as in_json
    from wetprint.judging.listening.store import Store
    from wetprint.outputs import replacing

    with contextlib.closing(Store(results)) as store:
        for path, text in ((csv, as_csv), (as_json, in_json)):
            if path is not None:
                with replacing(path) as scratch:
                    scratch.write_text(text(store), "utf-8")
                console.say(f"wrote {path}")
        _say(summary_of(store))


def _heard(
    path: Path, on: list[Path], dry: Path | None, wet: Path | None, progress: Progress
) -> list[Passage]:
    """Play a model, and its effect, on passages that it was not learned from."""
    from wetprint import workflow
    from wetprint.digest import file_digest
    from wetprint.errors import ListeningError
    from wetprint.judging.listening.passages import Passage
    from wetprint.models import load_model

    model = load_model(path)
    digest = file_digest(path)
    effect = model.learned_from.get("effect")
    if dry is not None and wet is not None:
        played = [workflow.play_beside_recording(model, dry, wet, progress)]
    elif effect is None:
        raise ListeningError(
            f"expected a passage that {path.name} was not learned from, but it comes from "
            "recordings and holds none; give one with --dry and --wet"
        )
    else:
        with tempfile.TemporaryDirectory() as folder:
            files = on or [_kept_phrases(model, Path(folder))]
            played = [workflow.play_beside_effect(model, effect, f, progress) for f in files]
    return [
        Passage(
            effect or (wet.stem if wet is not None else path.stem),
            each.name,
            each.dry,
            each.wet,
            {path.stem: each.model},
            each.sample_rate,
            {path.stem: digest},
        )
        for each in played
    ]


def _kept_phrases(model: Model, folder: Path) -> Path:
    """Write phrases that a model with its settings is judged on, and never learned from."""
    from wetprint.audio import write
    from wetprint.learning.config import LearnConfig
    from wetprint.learning.gathering import kept_phrases

    settings = {**vars(LearnConfig()), **model.settings}
    rate, path = model.sample_rate, folder / "phrases kept for judging.wav"
    write(path, kept_phrases(settings["seed"], rate, settings["validation_seconds"]), rate)
    return path


def _bound(host: str, port: int) -> socket.socket:
    """Take an address."""
    from wetprint.errors import ListeningError

    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise ListeningError(
            f"expected to serve at {host} port {port}, but {error.strerror or error}; give another "
            "--port, or 0 for any"
        ) from error
    return bound


def _serve(
    test: ListeningTest, results: Path, bound: socket.socket, codes: int, browser: bool
) -> None:
    import uvicorn

    from wetprint.judging.listening.export import summary_of
    from wetprint.judging.listening.server import make_app
    from wetprint.judging.listening.store import Store
    from wetprint.outputs import check_writable

    check_writable(results)
    store = Store(results, test.described())
    given = store.codes(codes) if codes else []
    address = _address(bound)
    console.say(f"listening test at {address}  (Ctrl-C ends it; answers are kept in {results})")
    shared = _address_for_others(bound)
    if shared != address:
        console.say(f"for others on the network: {shared}")
    for each in given:
        console.say(f"  code {each}: {shared}#{each}")
    app = make_app(test, store, bool(given))
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=CLOSING_SECONDS, lifespan="off"
    )
    server = uvicorn.Server(config)
    if browser:
        _soon(lambda: webbrowser.open(address))
    try:
        _run(server, bound)
    except KeyboardInterrupt:
        pass
    finally:
        _say(summary_of(store))
        store.close()


def _address(bound: socket.socket) -> str:
    """Return what a browser on this machine opens; 0.0.0.0 and :: are no place to go to."""
    name, port = bound.getsockname()[:2]
    return _url(ANY_ADDRESS.get(str(name), str(name)), port)


def _address_for_others(bound: socket.socket) -> str:
    """Return what a browser elsewhere on the network opens.

    Where every address of the machine is listened at, that is the one from which it would reach
    others: a datagram socket that is "connected" tells which, and nothing is sent.
    """
    name, port = bound.getsockname()[:2]
    if str(name) not in ANY_ADDRESS:
        return _address(bound)
    with socket.socket(bound.family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ELSEWHERE[bound.family], 9))
        except OSError:  # no network at all
            return _address(bound)
        return _url(probe.getsockname()[0], port)


def _url(name: str, port: int) -> str:
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def _run(server: uvicorn.Server, bound: socket.socket) -> None:
    """Serve in a thread, where uvicorn leaves signals alone: an interrupt arrives here."""
    thread = threading.Thread(target=lambda: server.run(sockets=[bound]), daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
    finally:
        server.should_exit = True
        thread.join(2.0 * CLOSING_SECONDS)


def _soon(what: Callable[[], object]) -> None:
    def later() -> None:
        time.sleep(OPENING_SECONDS)
        what()

    threading.Thread(target=later, daemon=True).start()


def _say(summary: dict) -> None:
    """Say what the answers of those who finished come to."""
    count = len(summary["listeners"])
    console.say(f"{count} listener{'' if count == 1 else 's'} finished")
    for kind in ("abx", "closer", "rating"):
        if kind in summary:
            console.say(summary[kind]["words"])
