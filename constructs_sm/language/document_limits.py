"""The sizes of documents that are read; what is beyond them is refused before it costs anything."""

from constructs_sm.language.machines import LARGEST_DEFINITION


class KeyTwiceError(ValueError):
    """A key stands twice in one object of a document."""


MAX_BYTES = LARGEST_DEFINITION
"""The bytes of a definition, or of a template: CloudFormation takes less than Step Functions."""
MAX_TERRAFORM_BYTES = 16 * MAX_BYTES
"""The bytes of Terraform's JSON, which has everything that Terraform manages."""
MAX_HISTORY_BYTES = 64 * MAX_BYTES
"""The bytes of a file with an execution's history, which has at most 25,000 events."""
MAX_DEPTH = 200
"""The levels of a document; 20 Map states within each other come to 80."""
MAX_DEFINITION_DEPTH = 700
"""The levels of a definition in JSON; 150 Parallel states within each other come to 603."""
MAX_VALUES = 250_000
"""The values of YAML with its aliases written out; a definition of 26,000 states has 160,000 in MAX_BYTES."""
MAX_DIGITS = 400
"""The digits of a number; what JSON's readers take as one has at most 309."""
