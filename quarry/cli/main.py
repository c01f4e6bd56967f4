"""`quarry`: one file a command; a command's module is imported when it is called, so `quarry --help` is quick."""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import threading
from difflib import get_close_matches
from types import FrameType
from typing import NoReturn

import click

from quarry import __version__
from quarry.errors import QuarryError

COMMANDS = {
    "ingest": "Bring the collection in line with its sources.",
    "search": "Find chunks for a query.",
    "parse": "Turn documents into JSON lines, Markdown or HTML; uses no store.",
    "chunk": "Cut documents into chunks, as JSON lines; uses no store.",
    "embed": "Turn JSON lines of text into vectors; uses no store.",
    "status": "Show counts, the live generation, problems, indexes and last runs.",
    "documents": "List documents and how each ended.",
    "retry": "Try documents again that failed.",
    "verify": "Check the store's laws on the store itself; --repair puts right what is wrong.",
    "purge": "Erase what deleted documents have left in the store.",
    "backfill": "Make a new generation for another model, chunker or parser, beside the live one.",
    "generations": "List the generations of the collection.",
    "promote": "Make a generation the one that searches read.",
    "rollback": "Go back to the generation before the last promotion.",
    "drop": "Retire a generation.",
    "reindex": "Make indexes again, compact, drop old versions; --advise measures kinds of index.",
    "eval": "Compare strategies, encoders and retrievers on a corpus with questions.",
    "show": "Show a chunk with its provenance; --image draws its boxes on the page.",
    "export": "Write chunk rows with vectors to a .parquet or .jsonl file.",
    "models": "List encoders and rerankers; check them.",
    "config": "Show the settings in effect and where each came from.",
}
ENCODING = "quarry-encode"
"""How the name of a thread begins that may be in a model when a run is stopped."""


class Commands(click.Group):
    """Lists the commands without importing them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"quarry.cli.{name}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"no command {args[0]!r} (there are: {', '.join(COMMANDS)}).{guess}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="quarry")
def cli() -> None:
    """Documents in, searchable and traceable chunk vectors out."""


def main() -> NoReturn:
    """Entry point: turns every error that we foresee into one or two lines and its exit code."""
    signal.signal(signal.SIGTERM, _stop)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold bytes that are no text
    try:
        code = run(sys.argv[1:])
    except SystemExit as stopped:
        code = stopped.code if isinstance(stopped.code, int) else 1
    _leave(code)


def _leave(code: int) -> NoReturn:
    """Without waiting for a model: the interpreter would, for as long as a batch takes."""
    if not any(thread.name.startswith(ENCODING) for thread in threading.enumerate()):
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def run(arguments: list[str]) -> int:
    """The exit code of a command line."""
    try:
        return cli.main(arguments, prog_name="quarry", standalone_mode=False) or 0
    except click.exceptions.Abort:
        return _told("stopped", 130)
    except click.ClickException as error:
        return _told(_usage(error), 2)
    except QuarryError as error:
        return _told(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _told("stopped; what was committed stays, the next run goes on from there", 130)
    except BrokenPipeError:  # `quarry ... | head`: nobody reads on
        sys.stderr.close()
        return 0
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        return _told(f"{error.strerror or error}{place}", 1)


def _usage(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split())
    ctx = getattr(error, "ctx", None)
    end = "" if message.endswith((".", "?")) else "."
    return f"{message}{end} See `{ctx.command_path} --help`." if ctx else message


def _told(message: str, code: int) -> int:
    click.echo(f"quarry: {message}", err=True)
    return code


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(143)


if __name__ == "__main__":
    main()
