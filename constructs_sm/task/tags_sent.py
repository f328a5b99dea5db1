"""Tags in the request of a job: its own, and those of the constructs around it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from constructs_sm.language.jsonata import object_of, quoted
from constructs_sm.language.jsonata_checks import is_expression
from constructs_sm.language.late_bound import unmarked
from constructs_sm.requests.api_model import input_shape
from constructs_sm.rules import tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from constructs_sm.language.errors import Problem
    from constructs_sm.language.machines import Json

_COMPUTED = "Tags.$"


@cache
def takes_tags(api: str) -> bool:
    """Tell whether a request of an API, as Step Functions spells it, has tags."""
    return "Tags" in input_shape(f"{api[0].upper()}{api[1:]}").members


class TagsSent:
    """The tags of the request of one task, with which those of the constructs around it are to be sent.

    Args:
        state: The task, as Amazon States Language has it.
        around: Those tags.
        jsonata: Whether the task is in JSONata.
    """

    def __init__(self, state: Json, around: Mapping[str, str], *, jsonata: bool) -> None:
        sent = state.get("Arguments", state.get("Parameters"))
        self._sent: dict[str, Any] = sent if isinstance(sent, dict) else {}
        # A version of a package has the tags of its group, and may not name any.
        in_group = "ModelPackageGroupName" in self._sent or "ModelPackageGroupName.$" in self._sent
        own: Any = self._sent.get(_COMPUTED, self._sent.get("Tags", []))
        self._said = own
        is_list = isinstance(own, list) and all(isinstance(tag, dict) for tag in own)
        self._own: list[dict[str, Any]] = own if is_list else []
        self._expression = unmarked(own) if jsonata and is_expression(own) else None
        keys = {tag.get("Key") for tag in self._own}
        found = {key: value for key, value in around.items() if key not in keys}
        taken = bool(self._sent) and not in_group
        self._is_left = bool(found) and taken and not is_list and self._expression is None
        self.added: dict[str, str] = found if taken and not self._is_left else {}
        """Tags that the job has no word of its own on, as far as it is known."""

    def problems(self) -> list[Problem]:
        """Find what SageMaker does not take of them."""
        found = list(tags.of_scopes(self.added))
        if self.added and (count := len(self._own) + len(self.added)) > tags.MOST:
            found.append(tags.too_many(count))
        return found

    def left(self) -> list[Problem]:
        """Tell of tags around the job that cannot be sent, since a path in JSONPath is all of its own."""
        return [tags.left_out(self._said)] if self._is_left else []

    def send(self, in_text: Callable[[str], str]) -> None:
        """Send them with the request.

        Args:
            in_text: Spells a key or a value in the text of the definition.
        """
        pairs = [(in_text(key), in_text(value)) for key, value in self.added.items()]
        if self._expression is None:
            self._sent["Tags"] = [*self._own, *({"Key": key, "Value": value} for key, value in pairs)]
            return
        around = ", ".join(object_of({"Key": quoted(key), "Value": quoted(value)}) for key, value in pairs)
        others = f"$filter([{around}], function($tag) {{ $not($tag.Key in $own.Key) }})"
        # In brackets it is a list, whatever is left.
        self._sent["Tags"] = f"{{% ($own := ({self._expression}); [$append($own, {others})]) %}}"
