"""The fields that each type of state has, in each of the query languages."""

from __future__ import annotations

from typing import Final

_ANY: Final = frozenset({"Type", "Comment", "QueryLanguage"})
_ON: Final = frozenset({"Next", "End", "Assign"})
_PATHS: Final = frozenset({"InputPath", "OutputPath"})
_RESULT: Final = frozenset({"ResultSelector", "ResultPath"})
_FAILING: Final = frozenset({"Retry", "Catch"})
_TOLERATED: Final = ("ToleratedFailureCount", "ToleratedFailurePercentage")
DISTRIBUTED_ONLY: Final = frozenset(
    {"ItemReader", "ItemBatcher", "ResultWriter", "Label", *_TOLERATED, *(f"{name}Path" for name in _TOLERATED)}
)
"""Fields that only a distributed Map has."""
COMMON: Final[dict[str, frozenset[str]]] = {
    "Pass": _ANY | _ON,
    "Task": _ANY | _ON | _FAILING | {"Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials"},
    "Choice": _ANY | {"Choices", "Default", "Assign"},
    "Wait": _ANY | _ON | {"Seconds", "Timestamp"},
    "Succeed": _ANY,
    "Fail": _ANY | {"Error", "Cause"},
    "Parallel": _ANY | _ON | _FAILING | {"Branches"},
    "Map": _ANY
    | _ON
    | _FAILING
    | {
        "ItemProcessor",
        "Iterator",
        "MaxConcurrency",
        "Label",
        "ItemReader",
        "ItemBatcher",
        "ResultWriter",
        "ItemSelector",
    }
    | set(_TOLERATED),
}
"""Fields that a state has in both languages."""
JSON_PATH: Final[dict[str, frozenset[str]]] = {
    "Pass": _PATHS | {"ResultPath", "Parameters", "Result"},
    "Task": _PATHS | _RESULT | {"Parameters", "TimeoutSecondsPath", "HeartbeatSecondsPath"},
    "Choice": _PATHS,
    "Wait": _PATHS | {"SecondsPath", "TimestampPath"},
    "Succeed": _PATHS,
    "Fail": frozenset({"ErrorPath", "CausePath"}),
    "Parallel": _PATHS | _RESULT | {"Parameters"},
    "Map": _PATHS
    | _RESULT
    | {"Parameters", "ItemsPath", "MaxConcurrencyPath", *(f"{name}Path" for name in _TOLERATED)},
}
"""Fields that it has in JSONPath besides."""
JSONATA: Final[dict[str, frozenset[str]]] = {
    "Pass": frozenset({"Output"}),
    "Task": frozenset({"Arguments", "Output"}),
    "Choice": frozenset({"Output"}),
    "Wait": frozenset({"Output"}),
    "Succeed": frozenset({"Output"}),
    "Fail": frozenset(),
    "Parallel": frozenset({"Arguments", "Output"}),
    "Map": frozenset({"Items", "Output"}),
}
"""Fields that it has in JSONata besides."""
ENDING: Final = frozenset({"Succeed", "Fail"})
MACHINE: Final = frozenset({"StartAt", "States", "Comment", "Version", "TimeoutSeconds", "QueryLanguage"})
BRANCH: Final = frozenset({"StartAt", "States", "Comment"})
PROCESSOR: Final = BRANCH | {"ProcessorConfig"}
RETRIER: Final = frozenset(
    {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}
)
CATCHER: Final = {
    "JSONPath": frozenset({"ErrorEquals", "Next", "ResultPath", "Assign", "Comment"}),
    "JSONata": frozenset({"ErrorEquals", "Next", "Output", "Assign", "Comment"}),
}
RULE: Final = {
    "JSONPath": frozenset({"Next", "Assign", "Comment", "Variable"}),
    "JSONata": frozenset({"Next", "Assign", "Output", "Comment", "Condition"}),
}
"""Fields that a rule of a Choice has; in JSONPath its comparison besides."""
_BATCHED: Final = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
LIMITS_OF_BATCHES: Final = frozenset({*_BATCHED, *(f"{name}Path" for name in _BATCHED)})
BATCHER: Final = {
    "JSONPath": LIMITS_OF_BATCHES | {"BatchInput"},
    "JSONata": frozenset({*_BATCHED, "BatchInput"}),
}
