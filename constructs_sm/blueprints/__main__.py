"""`python -m constructs_sm.blueprints`: the app of a `cdk.json` that describes a blueprint, with no Python written."""

from __future__ import annotations

import sys

from constructs_sm.blueprints.described import described_stack
from constructs_sm.language.errors import InvalidInputError

from aws_cdk import App

if __name__ == "__main__":
    app = App()
    try:
        described_stack(app)
    except InvalidInputError as error:
        sys.exit(str(error))
    app.synth()
