"""Texts of which a part is known later, and patterns that they are held against.

In a text, one character stands for each part that comes later: `HOLE` for what Step Functions computes, one of a
private plane for each reference of a template. A pattern fits such a text only if it fits whatever comes there, and a
text that no value could make fit is known not to.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.late_bound import Computed
from constructs_sm.values.names import arn_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from constructs_sm.language.arns import Arns

HOLE: Final = "\uf8ff"
_FIRST, _LAST = 0xF0000, 0xFFFFD
_LATER: Final = f"{HOLE}{chr(_FIRST)}-{chr(_LAST)}"
HOLES: Final = re.compile(f"[{_LATER}]")
"""Characters that stand for what comes later."""
_MARK: Final = re.compile("\ue000(\\d+)\ue001")
_PLACEHOLDER: Final = re.compile(r"\$\{[^{}]+\}")
"""Substitution of a definition, whose value stands elsewhere."""
_WILDCARD: Final = re.compile(r"[*?]")
_MOST_ALTERNATIVES: Final = 64
_BRANCHES: Final = 3
"""Operands of Fn::If: the condition, and a value for either case."""


def is_late(value: object) -> bool:
    """Tell if a part of a text comes later."""
    return isinstance(value, str) and HOLES.search(value) is not None


@lru_cache(4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    translated = {"*": ".*", "?": f"[^{_LATER}]"}
    return re.compile("".join(translated.get(mark) or re.escape(mark) for mark in pattern), re.DOTALL)


def fits(text: str, pattern: str) -> bool:
    """Tell if a text matches a pattern of IAM's, with `*` and `?`, whatever comes in the place of its holes."""
    return _compiled(pattern).fullmatch(text) is not None


def may_fit(text: str, pattern: str) -> bool:
    """Tell if there may be values that make a text with holes match: its known ends do not speak against it."""
    begins, ends = HOLES.split(text)[0], HOLES.split(text)[-1]
    wanted = _WILDCARD.split(HOLES.sub("*", pattern))
    return _agree(begins, wanted[0]) and _agree(ends[::-1], wanted[-1][::-1])


def _agree(text: str, other: str) -> bool:
    return text.startswith(other) or other.startswith(text)


def among(text: str, patterns: Iterable[str]) -> bool | None:
    """Tell if a text matches one of some patterns; None where that comes out later."""
    known = list(patterns)
    if any(fits(text, pattern) for pattern in known):
        return True
    return None if is_late(text) and any(may_fit(text, pattern) for pattern in known) else False


class Spelling:
    """The texts of one definition, its references to a template told apart.

    Args:
        references: What each mark in the definition stands for; see `DefinitionText`.
        arns: Partition, Region and account, as far as they are known.
    """

    def __init__(self, references: Sequence[Any] = (), arns: Arns | None = None) -> None:
        self._references = references
        self._known = {} if arns is None else _pseudo_parameters(arns)
        self._characters: dict[str, str] = {}
        self._of: dict[str, Any] = {}

    def values(self, value: Any) -> list[Any]:
        """The values that one of a request can be: itself, or those between which conditions of the template choose."""
        if isinstance(value, Computed):
            return [self.text(f"{arn_suffix(str(value), run_time=True)[:-1]}{HOLE}")]
        if isinstance(value, str) and ("\ue000" in value or "${" in value):
            text = self.text(_PLACEHOLDER.sub(HOLE, value))
            found = list(islice(self._alternatives(text), _MOST_ALTERNATIVES + 1))
            return found if len(found) <= _MOST_ALTERNATIVES else [text]
        return [value]

    def text(self, marked: str) -> str:
        """A text with one character for each reference in it."""
        return _MARK.sub(lambda mark: self.reference(self._references[int(mark[1])]), marked)

    def reference(self, resolved: Any) -> str:
        """A value of a template: what is known of it, and a character for each part that is not."""
        if isinstance(resolved, str):
            return resolved
        if isinstance(resolved, dict) and isinstance(joined := resolved.get("Fn::Join"), list):
            separator, parts = joined
            if isinstance(parts, list):
                return str(separator).join(map(self.reference, parts))
        if isinstance(resolved, dict) and self._known.get(str(resolved.get("Ref"))):
            return self._known[str(resolved["Ref"])]
        spelled = json.dumps(resolved, sort_keys=True)
        if spelled not in self._characters:
            character = self._characters[spelled] = chr(_FIRST + len(self._characters))
            self._of[character] = resolved
        return self._characters[spelled]

    def _alternatives(self, text: str) -> Iterator[Any]:
        """The text with each of the values between which conditions choose."""
        chosen = [(mark, branches) for mark in dict.fromkeys(HOLES.findall(text)) if (branches := self._branches(mark))]
        if not chosen:
            yield text
            return
        for values in product(*(branches for _, branches in chosen)):
            if text == chosen[0][0] and not isinstance(values[0], (str, dict)):
                yield values[0]
                continue
            said = text
            for (mark, _), each in zip(chosen, values, strict=True):
                said = said.replace(mark, self.reference(each) if isinstance(each, (str, dict)) else json.dumps(each))
            yield from self._alternatives(said)

    def _branches(self, mark: str) -> list[Any]:
        said = self._of.get(mark)
        operands = said.get("Fn::If") if isinstance(said, dict) else None
        return operands[1:] if isinstance(operands, list) and len(operands) == _BRANCHES else []


def _pseudo_parameters(arns: Arns) -> dict[str, str]:
    said = {"AWS::Partition": arns.partition, "AWS::Region": arns.region, "AWS::AccountId": arns.account}
    known = {name: value for name, value in said.items() if "Token[" not in value and value != "*"}
    if "AWS::Region" in known:
        china = known["AWS::Region"].startswith("cn-")
        known.setdefault("AWS::Partition", "aws-cn" if china else "aws")
        known["AWS::URLSuffix"] = "amazonaws.com.cn" if china else "amazonaws.com"
    return known
