"""`main`: from arguments to an exit code. Whatever goes wrong becomes one clear message on stderr.

Exit codes: 0 done; 2 a usage or input error, whoever notices it; 130 interrupted; 129, 141 and 143, as the shell reports it
for other programs: SIGHUP, the reader of a pipe went away, SIGTERM; 1 a bug in gradlab. GRADLAB_DEBUG=1 shows the traceback
of every error.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from gradlab import __version__
from gradlab.errors import UserError

if TYPE_CHECKING:
    from cyclopts import App


class Ended(KeyboardInterrupt):
    """A signal told the process to end; handled as Ctrl-C is, so that nothing is left behind and the reader is told."""

    number = signal.SIGTERM


class HungUp(Ended):
    """The terminal is gone."""

    number = getattr(signal, "SIGHUP", signal.SIGTERM)


DONE, BUG, BAD_INPUT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
MOST_CHARACTERS = 600  # of one line of a message

HELP = """Will this network train? Why not? What would?

gradlab trains thousands of networks together, and says how many died, when,
and why.

For example:
  gradlab study list
  gradlab study run dying-relu
  gradlab predict --hidden 100x40 --activation relu --init glorot_uniform
  gradlab list activations

Exit codes: 0 done, 2 wrong usage or input, 130 interrupted, 143 ended by a
signal, 1 a bug in gradlab.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The arguments after the program's name; those of this process by default.

    Returns:
        The exit code.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  (closed by who called: nobody wants to read)
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a sign gets a "?", not a traceback
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with _told_of_signals(), warnings.catch_warnings():
            warnings.showwarning = _show_warning
            _command(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where a full disk or a closed pipe can still be reported
    except UserError as error:
        return _failed(str(error), BAD_INPUT)
    except Ended as ended:
        return _failed(
            ": ".join([f"ended by {ended.number.name}", *map(str, ended.args)]), 128 + ended.number, label=""
        )
    except KeyboardInterrupt as interrupt:
        return _failed(": ".join(["interrupted", *map(str, interrupt.args)]), INTERRUPTED, label="")
    except BrokenPipeError:
        _abandon_output()
        return PIPE_CLOSED
    except SystemExit as ended:  # rich makes one of a closed pipe, and nobody else may end the process
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        _abandon_output()
        return PIPE_CLOSED
    except OSError as error:
        _abandon_output()
        return _failed(f"{error.filename or 'output'}: {error.strerror or error}.", BAD_INPUT)
    except MemoryError:
        return _failed("memory: there is not enough. Use a smaller --chunk or fewer --jobs.", BAD_INPUT)
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())
        text = f"this is a bug in gradlab {__version__}: {told}\n  Please report it with the command you ran"
        return _failed(f"{text}; GRADLAB_DEBUG=1 in front of it shows where.", BUG)
    return DONE


@contextmanager
def _told_of_signals() -> Iterator[None]:
    """Turn signals that end a process without a word into exceptions; those that somebody handles or ignores stay so."""

    def raising(kind: type[Ended]) -> None:
        def end(number: int, frame: FrameType | None) -> None:
            raise kind

        signal.signal(kind.number, end)

    kinds = (Ended, HungUp) if threading.current_thread() is threading.main_thread() else ()
    taken = [kind for kind in kinds if signal.getsignal(kind.number) is signal.SIG_DFL]
    for kind in taken:
        raising(kind)
    try:
        yield
    finally:
        for kind in taken:
            signal.signal(kind.number, signal.SIG_DFL)


def _command(arguments: list[str]) -> None:
    """Find the verb, read its options and call it.

    Raises:
        UserError: The arguments make no command.
    """
    from cyclopts import CycloptsError

    from gradlab.cli.messages import in_our_words

    try:
        _app()(arguments)
    except CycloptsError as error:
        raise in_our_words(error) from error


def _app() -> App:
    """All verbs. Their modules hold only options: what a verb needs is imported when it is called."""
    from cyclopts import App

    from gradlab.cli import data, list, predict, report, study, summary, theory

    app = App(
        name="gradlab",
        help=HELP,
        help_format="plaintext",
        version=__version__,
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    app.command(study.app)
    app.command(report.report)
    app.command(list.show, name="list")
    app.command(summary.summary)
    app.command(predict.predict)
    app.command(theory.app)
    app.command(data.app)
    return app


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A library's warning in one line, without its place in the code."""
    print(_printable(f"warning: {message}"), file=sys.stderr)


def _failed(message: str, code: int, label: str = "error: ") -> int:
    """Say what went wrong on stderr and hand back the exit code."""
    if os.environ.get("GRADLAB_DEBUG"):
        traceback.print_exc()
    print(_printable(label + message), file=sys.stderr)
    return code


def _abandon_output() -> None:
    """Send what stdout and stderr still hold, and nobody takes, nowhere: the interpreter flushes them when it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _printable(text: str) -> str:
    """Text whose lines are not endless, with what would steer the terminal written as escapes."""
    lines = (line if len(line) <= MOST_CHARACTERS else line[:MOST_CHARACTERS] + "..." for line in text.split("\n"))
    return "\n".join("".join(c if c.isprintable() else ascii(c)[1:-1] for c in line) for line in lines)
