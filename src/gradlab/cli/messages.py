"""What the command-line library rejects, said in gradlab's words: what, got this, expected that, do this."""

from __future__ import annotations

import difflib

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from gradlab.errors import UnknownName, UserError, shown


def in_our_words(error: CycloptsError) -> UserError:
    """The same refusal as an error that `main` prints like any other.

    A `UserError` that a converter raised keeps its own message.
    """
    if isinstance(error.__cause__, UserError):
        return error.__cause__
    command = ["gradlab", *(error.command_chain or ())]
    see = f'See "{" ".join(command)} --help"'
    match error:
        case UnknownCommandError():
            known = [name for name in error.app or () if not name.startswith("-")]
            return UnknownName("command", (error.unused_tokens or [""])[0], known, do=see)
        case UnknownOptionError():
            typed = (error.token.keyword or error.token.value).split("=")[0]
            names = [name for argument in error.argument_collection for name in argument.names]
            return UnknownName("option", typed, [name for name in names if name.startswith("-")], do=see)
        case MissingArgumentError(argument=argument) if argument is not None:
            choices = argument.get_choices()
            expected = f"one of {', '.join(choices)}" if choices else "a value"
            return UserError(error.keyword or argument.name, got="nothing", expected=expected, do=see)
        case RepeatArgumentError():
            return UserError(str(error.token.keyword), got="it more than once", expected="it once", do=see)
        case UnusedCliTokensError(unused_tokens=[first, *_]):
            do = f"To set a key write --set {first}" if "=" in first else see
            return UserError("too many arguments", got=shown(first), expected="nothing more", do=do)
        case CoercionError(token=token, argument=argument) if token is not None and argument is not None:
            name, choices = token.keyword or argument.name, argument.get_choices()
            if choices:
                close = difflib.get_close_matches(token.value, choices, n=1, cutoff=0.75)  # "gpu" is not meant as "cpu"
                do = f'Did you mean "{close[0]}"?' if close else see
                return UserError(name, got=shown(token.value), expected=f"one of {', '.join(choices)}", do=do)
            if argument.hint is bool:
                return UserError(name, got=shown(token.value), expected="no value", do=see)
    return UserError(str(error), do=see)
