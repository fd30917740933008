"""The list of subcommands, and what becomes of errors."""

from __future__ import annotations

import typer

from wetprint.cli import apply as apply_command
from wetprint.cli import capture as capture_command
from wetprint.cli import console
from wetprint.cli import demo as demo_command
from wetprint.cli import effects as effects_command
from wetprint.cli import evaluate as evaluate_command
from wetprint.cli import generate as generate_command
from wetprint.cli import identify as identify_command
from wetprint.cli import info as info_command
from wetprint.cli import learn as learn_command
from wetprint.cli import listen as listen_command
from wetprint.cli import render as render_command
from wetprint.errors import WetprintError

TYPERS_INTERRUPT = 130
"""The exit status that typer makes of a KeyboardInterrupt, without a word."""

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
    "identify": identify_command.identify,
    "learn": learn_command.learn,
    "apply": apply_command.apply,
    "evaluate": evaluate_command.evaluate,
    "listen": listen_command.listen,
    "info": info_command.info,
}

for name, command in COMMANDS.items():
    app.command(name)(command)


def run() -> int:
    """Run the command line and return its exit status.

    Raises:
        KeyboardInterrupt: the user stopped it.
    """
    try:
        app(standalone_mode=True)
    except SystemExit as ended:
        if ended.code == TYPERS_INTERRUPT:
            raise KeyboardInterrupt from None
        raise
    except WetprintError as error:
        return console.failed(str(error))
    except BrokenPipeError:
        return 1
    except OSError as error:
        return console.failed(f"the system says: {error}")
    except MemoryError:
        return console.failed("out of memory; close other programs or use a shorter recording")
    return 0
