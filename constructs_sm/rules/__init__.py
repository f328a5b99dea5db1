"""Every rule that a request, a definition or a pipeline is held to: id, reason, source and fix.

`*_rules` and `closed_services` say what each rule is, `catalogue` lists them. Where it holds: `request_constraints` for
fields of requests, with `channels`, `containers`, `serving`, `metrics` and `tags` for what one field cannot say, all of
which `request_checks` asks; `*_checks` for states. `service_models` reads the models of AWS's APIs that botocore
brings.
"""

__all__ = [
    "argument_rules",
    "catalogue",
    "closed_services",
    "definition_rules",
    "definitions",
    "express",
    "guardrail_rules",
    "instances",
    "kinds",
    "machine_rules",
    "metrics",
    "model_rules",
    "request_checks",
    "request_constraints",
    "rule",
    "script_mode",
    "service_models",
    "serving",
    "state_checks",
    "state_fields",
    "tags",
    "training_rules",
    "transitions",
]
