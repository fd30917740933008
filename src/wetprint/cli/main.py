"""Where ``wetprint`` begins: the list of subcommands, and what becomes of errors.

Exit status: 0 done, 1 could not be done (one clear sentence on standard error), 2 wrong usage.
"""

from __future__ import annotations

from wetprint.cli import clock  # isort: skip  # first, so that the budget holds everything

import os
import signal
import sys

import typer

from wetprint.cli import apply as apply_command
from wetprint.cli import capture as capture_command
from wetprint.cli import console
from wetprint.cli import demo as demo_command
from wetprint.cli import effects as effects_command
from wetprint.cli import evaluate as evaluate_command
from wetprint.cli import generate as generate_command
from wetprint.cli import info as info_command
from wetprint.cli import learn as learn_command
from wetprint.cli import render as render_command
from wetprint.errors import WetprintError

__all__ = ["app", "clock", "main"]

app = typer.Typer(
    name="wetprint",
    help="Learns any musical effect: from a plugin, or from a dry and a wet recording.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

COMMANDS = {
    "demo": demo_command.demo,
    "generate": generate_command.generate,
    "capture": capture_command.capture,
    "effects": effects_command.effects,
    "render": render_command.render,
    "learn": learn_command.learn,
    "apply": apply_command.apply,
    "evaluate": evaluate_command.evaluate,
    "info": info_command.info,
}

for name, command in COMMANDS.items():
    app.command(name)(command)


def main() -> None:
    """Run the command line and exit."""
    # Threads that wait by spinning bring training to a crawl as soon as anything else runs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app(standalone_mode=True)
    except WetprintError as error:
        sys.exit(console.failed(str(error)))
    except KeyboardInterrupt:
        sys.exit(console.failed("interrupted; nothing half-written was left"))
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        sys.exit(console.failed(f"the system says: {error}"))
    except MemoryError:
        sys.exit(console.failed("out of memory; close other programs or use a shorter recording"))


def _interrupt(signal_number: int, frame: object) -> None:
    raise KeyboardInterrupt
