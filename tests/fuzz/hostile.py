"""Values that nobody should pass, and documents that are changed so that they are wrong somewhere."""

from __future__ import annotations

import copy
import functools
import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JUNK = [
    *(None, 5, -1, 0, True, 1e308, 2**70, "", "x", " ", "$", "$.x", "$..x", "{% %}", "{% ( %}", "States.Foo("),
    *("arn:", "\ud800", "x" * 5_000, [], {}, [5], [None], [[]], {"x": 5}, {"": ""}, {"Ref": "x"}),
    *({"Fn::Join": ["", [5]]}, {"Fn::GetAtt": 5}),
]
"""As JSON has them."""
NO_JSON = [
    *(math.nan, math.inf, b"x", bytearray(b"x"), (1,), {1, 2}, range(3), object(), object, lambda: 1, 3 + 4j),
    *({5: 5}, {None: None}, {("a",): 1}, "\x00"),
]
_DEEPEST = 60


def places(value, path=()):
    """The paths of all that *value* holds."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children if len(path) < _DEEPEST else ():
        yield (*path, key)
        yield from places(child, (*path, key))


def with_in_it(holder, path, value):
    """A structure or list with *value* at a path; what else is in it, constructs among them, is not copied."""
    if not path:
        return value
    step, *further = path
    copied = {**holder} if isinstance(holder, dict) else [*holder]
    copied[step] = with_in_it(holder[step], further, value)
    return copied


@st.composite
def changed(draw, documents, junk=JUNK):
    """One of *documents* with one to three of its parts left out, replaced, renamed or doubled."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 3))):
        paths = list(places(document))
        if not paths:
            break
        *above, key = draw(st.sampled_from(paths))
        holder = functools.reduce(lambda value, step: value[step], above, document)
        way = draw(st.sampled_from(["leave out", "replace", "replace", "rename", "double"]))
        if way == "leave out":
            del holder[key]
        elif way == "replace":
            holder[key] = copy.deepcopy(draw(st.sampled_from(junk)))
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif way == "rename":
            holder[draw(st.sampled_from(["", "x", f"{key}x", f"{key}.$", f"{key}".lower(), "Next", "Type"]))] = (
                holder.pop(key)
            )
    return document


def tried(examples, strategy, work):
    """Do *work* with so many draws, the same each time."""
    limits = settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    limits(given(strategy)(work))()
