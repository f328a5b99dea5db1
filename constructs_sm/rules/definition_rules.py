"""The rules of a definition: what Step Functions refuses when a state machine is created, and what it warns of."""

from __future__ import annotations

from typing import Any, Final

from constructs_sm.rules.rule import RULES, Rule

_LANGUAGE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html"
_REFUSED: Final = "Step Functions does not create the state machine"


def _rule(rule_id: str, what: str, fix: str, *, why: str = _REFUSED, source: str = _LANGUAGE, **more: Any) -> Rule:
    """A rule that a check of a definition asks, unless *more* says that a synthesis does."""
    rule = Rule(id=f"asl-{rule_id}", what=what, why=why, source=source, fix=fix, **{"by_check": True, **more})
    RULES.add(rule)
    return rule


SHAPE: Final = _rule("shape", "this is not written as Amazon States Language has it", "write it as its guide says")
START: Final = _rule(
    "start", "StartAt names no state here (MISSING_TRANSITION_TARGET)", "name one of the states beside it"
)
TARGET: Final = _rule(
    "target", "this leads to no state beside it (MISSING_TRANSITION_TARGET)", "name a state of the same States"
)
UNREACHABLE: Final = _rule(
    "unreachable-state",
    "no state leads to it (MISSING_TRANSITION_TARGET)",
    "let a state lead to it, or take it out",
    by_check=False,
)
NO_END: Final = _rule(
    "no-end", "no state ends the execution (MISSING_END_STATE)", "give a state End, or add a Succeed or Fail"
)
NEXT_OR_END: Final = _rule("next-or-end", "a state has Next or End, and one of them", "write one of them")
DUPLICATE_NAME: Final = _rule(
    "duplicate-name", "another state of the state machine has this name (DUPLICATE_STATE_NAME)", "rename one of them"
)
LONG_NAME: Final = _rule("long-name", "the name of a state has at most 80 characters", "shorten it")
FIELD: Final = _rule("unknown-field", "Field is not supported", "take it out, or correct its spelling")
OF_THE_OTHER_LANGUAGE: Final = _rule(
    "other-language", "the field is of the other query language", "write the field of the state's own language"
)
QUERY_LANGUAGE: Final = _rule(
    "query-language",
    "a state of a machine in JSONata is in JSONata too",
    "make the machine JSONPath and the other states JSONata, or write the state in JSONata",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html",
)
MISSING: Final = _rule("missing-field", "a field is missing that the state must have", "add it")
VALUE: Final = _rule("value", "the field cannot have this value", "correct it")
ONE_OF: Final = _rule("one-of", "of these fields the state has exactly one", "keep one of them")
PATH: Final = _rule(
    "path", "the value must be a valid JSONPath", "write a path such as $.name", source=f"{_LANGUAGE}#paths"
)
REFERENCE: Final = _rule(
    "reference-path", "the value must be a reference path: of names and numbers alone", "write a path such as $.a.b[0]"
)
LATE: Final = _rule(
    "payload-path",
    "the value must be a valid JSONPath or a valid intrinsic function call",
    "write a path or a call of an intrinsic function",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html",
)
EXPRESSION: Final = _rule(
    "expression",
    "INVALID_JSONATA_EXPRESSION: the expression does not parse",
    "correct it",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html",
)
HALF_OPEN: Final = _rule(
    "half-open-expression",
    "INVALID_JSONATA_EXPRESSION: an expression begins with {% and does not end with %}",
    "end it with %}",
)
UNQUALIFIED: Final = _rule(
    "unqualified-name",
    "UNSUPPORTED_JSONATA_EXPRESSION: the expression reads an input document, and there is none",
    "begin with $states.input, $states.result, $states.context or a variable",
)
STATES_FIELD: Final = _rule(
    "states-field", "UNSUPPORTED_JSONATA_EXPRESSION: $states does not have this field here", "read one that is there"
)
EVAL: Final = _rule(
    "eval",
    "$eval fails whenever it is reached",
    "use $parse for JSON",
    why="the state fails with States.QueryEvaluationError",
    severity="warning",
)
AS_TEXT: Final = _rule(
    "expression-as-text",
    "an expression of JSONata in a state of JSONPath is a plain text",
    "set QueryLanguage of the state to JSONata, or write a path",
    why="the text is handed on as it is",
    severity="warning",
)
RESOURCE: Final = _rule(
    "resource",
    "the resource provided is not recognized",
    "call a service that is integrated, or a function by its ARN",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html",
)
PATTERN: Final = _rule(
    "pattern",
    "the service integration does not offer this pattern: it is not recognized",
    "use a pattern that it offers",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html",
)
API_FIELD: Final = _rule(
    "api-field",
    "the field is not supported by Step Functions: the API does not have it",
    "take it out, or correct its spelling",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html",
)
API_VALUE: Final = _rule(
    "api-value",
    "the value for the field is of another kind than the API has it",
    "write a text in quotes, a number without them",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html",
)
API_MISSING: Final = _rule("api-missing-field", "the API requires a field that is missing", "add it")
ERROR_EQUALS: Final = _rule(
    "error-equals",
    "States.ALL stands alone in its ErrorEquals, and that is the last",
    "put it last, by itself",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html",
)
VARIABLE: Final = _rule(
    "variable",
    "a variable of the states around cannot be given a value here",
    "use another name",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html",
)
LABEL: Final = _rule("label", "the Label of a Map is its own, and has at most 40 characters", "use another")
PROCESSOR: Final = _rule(
    "processor",
    "the ItemProcessor of the Map cannot be so",
    "correct its ProcessorConfig",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html",
)
EXPRESS: Final = _rule(
    "express",
    "an Express state machine does not wait for what it starts",
    "use a Standard state machine, or the pattern without .sync and .waitForTaskToken",
    source="https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html",
    by_check=False,
)
