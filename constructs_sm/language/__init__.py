"""Amazon States Language as text: late-bound values, both query languages, paths, and what is certain at each state.

`late_bound` tells what is not known at synthesis; `jsonpath`, `intrinsics` and `jsonata_syntax` read the two query
languages; `flow` says what is certain at each state; `errors` is the one exception; `document_text` reads files.
"""

__all__ = [
    "arns",
    "console",
    "definition_shape",
    "definition_text",
    "document_limits",
    "document_text",
    "durations",
    "error_names",
    "errors",
    "fields",
    "flow",
    "foreign",
    "formats",
    "intrinsic_functions",
    "intrinsics",
    "jsonata",
    "jsonata_checks",
    "jsonata_syntax",
    "jsonata_tokens",
    "jsonpath",
    "l1",
    "late_bound",
    "late_values",
    "leaves",
    "loops",
    "machines",
    "numbers",
    "offering",
    "paths",
    "sizes",
    "translation",
    "versions",
    "yaml_text",
]
