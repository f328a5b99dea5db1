"""Amazon States Language as text: late-bound values, both query languages, paths, and what is certain at each state."""

__all__ = [
    "arns",
    "console",
    "durations",
    "error_names",
    "errors",
    "fields",
    "flow",
    "intrinsic_functions",
    "intrinsics",
    "jsonata",
    "jsonata_checks",
    "jsonata_syntax",
    "jsonata_tokens",
    "jsonpath",
    "late_bound",
    "late_values",
    "machines",
    "numbers",
    "paths",
    "translation",
]
