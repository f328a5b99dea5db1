"""ItemBatcher and WriterConfig: how a distributed map takes its items, and how it writes what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from constructs_sm.language.errors import NOTHING, Problem
from constructs_sm.language.numbers import is_whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LARGEST_BATCH = 256 * 1024
_TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")
_OUTPUT_TYPES = ("JSON", "JSONL")


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBatcher:
    """Let each run of a FanOut have several items: `$.items`, each with its `item` and `index`.

    Attributes:
        max_items: How many at most; a path of the input, or JSONata, too.
        max_bytes: How large the input of a run may be; likewise.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
    """

    max_items: int | str | None = None
    max_bytes: int | str | None = None

    def problems(self, is_computed: Callable[[object], bool]) -> Iterator[Problem]:
        """Find what Step Functions refuses.

        Args:
            is_computed: Tells what is computed in the language of the Map.
        """
        if self.max_items is None and self.max_bytes is None:
            yield Problem("batches have no limit", NOTHING, "pass max_items=, max_bytes= or both", "argument-missing")
        for name, value, most in (("max_items", self.max_items, None), ("max_bytes", self.max_bytes, _LARGEST_BATCH)):
            if value is None or is_computed(value):
                continue
            if not is_whole_number(value, least=1) or (most is not None and value > most):
                span = "1 or more" if most is None else f"1 to {most}"
                use = "pass a whole number in that range, or a path of one"
                yield Problem(f"{name} of batches must be {span}", value, use, "argument-value")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterConfig:
    """Choose what a distributed map makes of what its items leave, in S3 or in the state machine.

    Attributes:
        transformation: `NONE`: all that Step Functions says of each child execution; `COMPACT`: what each leaves;
            `FLATTEN`: what is in the lists that they leave. Default: as Step Functions has it: `NONE` in S3, else
            `COMPACT`.
        output_type: `JSON`, or `JSONL` with one document a line. Default: `JSON`.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """

    transformation: Literal["NONE", "COMPACT", "FLATTEN"] | None = None
    output_type: Literal["JSON", "JSONL"] | None = None

    def problems(self) -> Iterator[Problem]:
        """Find what Step Functions refuses."""
        fields = (
            ("transformation", self.transformation, _TRANSFORMATIONS),
            ("output_type", self.output_type, _OUTPUT_TYPES),
        )
        for name, value, known in fields:
            if value is not None and value not in known:
                yield Problem(f"no {name} of results", value, f"use one of {', '.join(known)}", "argument-value")

    def to_state(self) -> dict[str, str]:
        """The WriterConfig of a state."""
        given = {"Transformation": self.transformation, "OutputType": self.output_type}
        return {name: value for name, value in given.items() if value is not None}
