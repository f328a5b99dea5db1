"""Errors as the command line tells them: one line that names the file, and says what to do."""

from __future__ import annotations

from constructs_sm.language.errors import InvalidInputError, printable


def told(path: str, error: Exception) -> str:
    """Tell of *error*, which came up while *path* was at hand."""
    from constructs_sm.testing.world.errors import RehearsalError  # noqa: PLC0415 - not before it is needed

    text = " ".join(str(error).split())
    if isinstance(error, InvalidInputError):
        text = (
            " ".join(str(error).replace("\n  - ", " (1) ", 1).split()) if len(error.problems) == 1 else _numbered(error)
        )
    elif isinstance(error, ImportError):
        text = (
            text
            if "pip install" in text
            else f"{error.name or 'a package'} is missing; pip install 'constructs-sm[cli,testing]'"
        )
    elif isinstance(error, TimeoutError):
        text = f"it takes too long; {text or 'give a shorter script'}"
    elif isinstance(error, MemoryError):
        text = "there is not enough memory for it; give a smaller one"
    elif isinstance(error, OSError):
        text = f"{error.strerror or 'it cannot be read'}; give a file that can be read"
    elif not isinstance(error, RehearsalError) and type(error) not in _OURS and not _is_of_the_interpreter(error):
        text = (
            f"an error of this program ({type(error).__name__}), which should have said what is wrong; "
            "please report it with the file; CONSTRUCTS_SM_DEBUG=1 shows where it is"
        )
    return printable(text if text.startswith(path) else f"{path}: {text}")


_OURS = (LookupError,)
"""Built-in errors that rehearsals raise with words of their own."""


def _numbered(error: InvalidInputError) -> str:
    return f"{error.where}: " + "; ".join(f"({number}) {problem}" for number, problem in enumerate(error.problems, 1))


def _is_of_the_interpreter(error: Exception) -> bool:
    # By their names: the interpreter is not loaded before it is needed.
    return type(error).__name__ in {"InvalidDefinitionError", "NotJsonError"}
