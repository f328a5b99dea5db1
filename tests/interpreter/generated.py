"""State machines in JSONPath without services, made up: what several interpreters are asked to run."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NUMBERS = st.integers(-3, 3)
TEXTS = st.sampled_from(["", "a", "ab", "b,c", "*", "5"])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=2),
    max_leaves=5,
)
INPUTS = st.fixed_dictionaries(
    {
        "n": NUMBERS,
        "t": TEXTS,
        "l": st.lists(NUMBERS, max_size=4),
        "o": st.dictionaries(st.sampled_from("xyz"), NUMBERS, max_size=3),
        "r": st.lists(st.fixed_dictionaries({"k": NUMBERS, "v": TEXTS}), max_size=3),
        "any": VALUES,
    }
)
PLACES = st.sampled_from(["$.n", "$.t", "$.l", "$.o", "$.r", "$.any", "$.l[0]", "$['n']", "$.r[0].k", "$.o.x", "$"])
LISTS = st.sampled_from(["$.l[*]", "$.r[*].k", "$.l[1:]", "$.l[:2]", "$..k", "$.r[?(@.k > 0)]", "$.r[?(@.v == 'a')].k"])
INTRINSICS = st.sampled_from(
    [
        "States.Format('{}-{}', $.n, $.t)",
        "States.Format('\\{{}\\}', $.t)",
        "States.Array($.n, $.t, 'x', 1)",
        "States.ArrayLength($.l)",
        "States.ArrayContains($.l, $.n)",
        "States.ArrayUnique($.l)",
        "States.ArrayPartition($.l, 2)",
        "States.ArrayRange(0, 6, 2)",
        "States.MathAdd($.n, 1)",
        "States.StringSplit($.t, ',')",
        "States.JsonToString($.o)",
        "States.StringToJson(States.JsonToString($.r))",
        "States.Base64Encode($.t)",
        "States.Hash($.t, 'SHA-256')",
        "States.JsonMerge($.o, $.o, false)",
        "States.ArrayGetItem($.l, 0)",
    ]
)
LATE = st.one_of(PLACES, LISTS, INTRINSICS)
RESULT_PATHS = st.sampled_from(["$.new", "$.new", "$.o.new", "$.newer.still", "$.n", "$", None])


@st.composite
def _template(draw: Any) -> dict[str, Any]:
    made: dict[str, Any] = {f"{name}.$": draw(LATE) for name in draw(st.sets(st.sampled_from("ab"), max_size=2))}
    if draw(st.booleans()):
        made["literal"] = draw(VALUES)
    if draw(st.booleans()):
        made["inner"] = [{"c.$": draw(LATE)}]
    return made


@st.composite
def _pass(draw: Any) -> dict[str, Any]:
    state: dict[str, Any] = {"Type": "Pass"}
    if draw(st.booleans()):
        state["Parameters"] = draw(_template())
    elif draw(st.booleans()):
        state["Result"] = draw(VALUES)
    if draw(st.integers(0, 4)):
        state["ResultPath"] = draw(RESULT_PATHS)
    if draw(st.integers(0, 9)) == 0:
        state["OutputPath"] = draw(PLACES)
    return state


@st.composite
def _rule(draw: Any, depth: int = 0) -> dict[str, Any]:
    if depth < 2 and draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(["And", "Or", "Not"]))
        if name == "Not":
            return {"Not": draw(_rule(depth + 1))}
        return {name: draw(st.lists(_rule(depth + 1), min_size=1, max_size=3))}
    variable = draw(PLACES.filter(lambda path: path != "$"))
    name, value = draw(
        st.one_of(
            st.tuples(st.sampled_from(["IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean"]), st.booleans()),
            st.tuples(st.sampled_from(["NumericEquals", "NumericLessThan", "NumericGreaterThanEquals"]), NUMBERS),
            st.tuples(st.sampled_from(["StringEquals", "StringLessThan", "StringGreaterThanEquals"]), TEXTS),
            st.tuples(st.just("StringMatches"), st.sampled_from(["a*", "*", "*b*", "\\*"])),
            st.tuples(st.just("NumericEqualsPath"), st.sampled_from(["$.n", "$.l[0]"])),
        )
    )
    return {"Variable": variable, name: value}


@st.composite
def machines(draw: Any, depth: int = 0, prefix: str = "S") -> dict[str, Any]:
    """A machine of some states one after the other, which choices may leave out."""
    count = draw(st.integers(1, 4 if depth == 0 else 2))
    names = [f"{prefix}{number}" for number in range(count)]
    states: dict[str, Any] = {}
    for number, name in enumerate(names):
        following = names[number + 1] if number + 1 < count else None
        kinds = ["Pass", "Pass", "Choice"] if depth else ["Pass", "Pass", "Choice", "Map", "Parallel"]
        kind = draw(st.sampled_from(kinds if following else [one for one in kinds if one != "Choice"]))
        if kind == "Choice":
            rule = {**draw(_rule()), "Next": names[draw(st.integers(number + 1, count - 1))]}
            states[name] = {"Type": "Choice", "Choices": [rule], "Default": following}
            continue
        if kind == "Map":
            state: dict[str, Any] = {"Type": "Map", "ItemsPath": draw(st.sampled_from(["$.l", "$.r"]))}
            state["ItemProcessor"] = draw(machines(depth + 1, f"{name}i"))
            if draw(st.booleans()):
                state["ItemSelector"] = {"n.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "t.$": "$.t"}
            state["ResultPath"] = draw(RESULT_PATHS)
        elif kind == "Parallel":
            branches = [draw(machines(depth + 1, f"{name}b{one}")) for one in range(draw(st.integers(1, 2)))]
            state = {"Type": "Parallel", "Branches": branches, "ResultPath": draw(RESULT_PATHS)}
        else:
            state = draw(_pass())
        states[name] = {**state, **({"Next": following} if following else {"End": True})}
    return {"StartAt": names[0], "States": states}
