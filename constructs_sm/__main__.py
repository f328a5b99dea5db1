"""`python -m constructs_sm app.py`: run an app whatever it imports first, on the Node that comes with the library."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from constructs_sm import node

_USAGE = "python -m constructs_sm runs an app of the CDK; name its file, as python -m constructs_sm app.py"


def main(arguments: list[str]) -> None:
    """Run the program that *arguments* begin with, as Python runs it, with the others for its arguments.

    Raises:
        SystemExit: There is no such program, or no Node for the CDK; the sentence says what to do.
    """
    if not arguments or not Path(arguments[0]).is_file():
        sys.exit(_USAGE if not arguments else f"{arguments[0]}: there is no such file. {_USAGE}")
    program = arguments[0]
    sys.argv = arguments
    sys.path[0] = str(Path(program).resolve().parent)
    try:
        runpy.run_path(program, run_name="__main__")
    except node.MissingNodeError as error:
        sys.exit(str(error))
    except FileNotFoundError as absent:
        said = node.missing(absent)
        if said is absent:
            raise
        sys.exit(str(said))


if __name__ == "__main__":
    main(sys.argv[1:])
