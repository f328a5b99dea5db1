"""The picture of a state machine: Amazon States Language in, a Mermaid flowchart out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.entities import codepoint2name
from typing import TYPE_CHECKING

from constructs_sm.language.error_names import ALL
from constructs_sm.language.machines import machines_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from constructs_sm.language.machines import Json

# Labels are Mermaid's markdown strings: they need no HTML, which GitHub's renderer strips or refuses.
_SHAPES = {"Task": '("`{}`")', "Choice": '{{{{"`{}`"}}}}', "Succeed": '(["`{}`"])', "Fail": '(["`{}`"])'}
_BOX = '["`{}`"]'
# A solid fill brings its own text colour, a translucent one takes the page's: both are readable on light and on dark.
_STYLES = {
    "Task": "fill:#0969da,stroke:#54aeff,color:#ffffff,font-size:14px",
    "Choice": "fill:#d4a72c33,stroke:#bf8700,font-size:13px",
    "Succeed": "fill:#1a7f37,stroke:#4ac26b,color:#ffffff,font-size:13px",
    "Fail": "fill:#cf222e26,stroke:#cf222e,font-size:11px",
    "Wait": "fill:#8250df26,stroke:#8250df,font-size:13px",
    "Pass": "fill:#80808026,stroke:#808080,font-size:13px",
    "Map": "fill:#8080801a,stroke:#808080",
    "Parallel": "fill:#8080801a,stroke:#808080",
    "counterweight": "fill:none,stroke:none",
}
_LONGEST_LABEL = 28
_COMPARISON = re.compile("(Is|String|Numeric|Boolean|Timestamp)(.+?)(Path)?")
_SIGNS = {"Equals": "=", "GreaterThan": ">", "GreaterThanEquals": "≥", "LessThan": "<", "LessThanEquals": "≤"}
# What Mermaid or Markdown would take for their own, and no more: where labels are drawn without HTML, codes stay codes.
_SPECIAL = re.compile(
    r"""["`#<>&*\\~@]|(?<!\w)_|_(?!\w)|\$(?=\$)|%(?=%)|](?=\()|:(?=//)|^[-+](?=\s)|(?<=\d)[.)](?=\s)"""
)
_KEYWORDS = "call|class|classDef|click|default|end|flowchart|graph|href|interpolate|linkStyle|style|subgraph"


def mermaid(definition: Json) -> str:
    """Draw *definition* as a Mermaid flowchart, which GitHub shows in a fenced block of the language `mermaid`.

    The same definition always gives the same text.
    """
    drawing = _Drawing()
    lines = ["flowchart TB", *drawing.machine(definition, "  ")]
    # Mermaid forgets the class of a subgraph if an arrow from it comes later.
    lines += [f"  class {node} {kind}" for node, kind in drawing.subgraphs.items()]
    lines += [f"  classDef {kind} {style}" for kind, style in _STYLES.items() if kind in drawing.kinds]
    return "\n".join([*lines, "  linkStyle default font-size:12px", ""])


@dataclass(frozen=True, slots=True)
class _Edge:
    target: str
    label: str = ""
    caught: bool = False
    aside: bool = False
    """Off the way to success."""


class _Drawing:
    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.subgraphs: dict[str, str] = {}
        self._taken = set(_KEYWORDS.split("|"))

    def machine(self, machine: Json, indent: str) -> Iterator[str]:
        states: Mapping[str, Json] = machine["States"]
        edges = {name: _edges(state, states) for name, state in states.items()}
        names = _on_the_way(machine["StartAt"], edges)
        nodes = {name: self._new_node(name) for name in names}
        for name in names:
            yield from self._state(nodes[name], name, states[name], indent)
            if _leans(edges[name], states):
                yield f'{indent}{nodes[name]} ~~~ {self._new_node(f"{name} counterweight")}[" "]:::counterweight'
                self.kinds.add("counterweight")
        for name in names:
            for edge in edges[name]:
                label = f'|"{_escape(edge.label)}"|' if edge.label else ""
                yield f"{indent}{nodes[name]} {'-.->' if edge.caught else '-->'}{label} {nodes[edge.target]}"

    def _state(self, node: str, name: str, state: Json, indent: str) -> Iterator[str]:
        kind, inner = state["Type"], machines_in(state)
        self.kinds.add(kind)
        lines = [f"**{_escape(name)}**" if kind == "Task" or inner else _escape(name), *map(_escape, _notes(state))]
        shape = node + _SHAPES.get(kind, _BOX)
        if not inner:
            yield indent + shape.format(f"\n{indent}  ".join(lines)) + f":::{kind}"
            return
        self.subgraphs[node] = kind
        # Mermaid has room for one line above a subgraph, and would break this one.
        yield f"{indent}subgraph " + shape.format(" · ".join(lines).replace(" ", "\N{NO-BREAK SPACE}"))
        yield f"{indent}  direction TB"
        for machine in inner:
            yield from self.machine(machine, indent + "  ")
        yield f"{indent}end"

    def _new_node(self, name: str) -> str:
        stem = "_".join(re.findall("[A-Za-z0-9]+", name)) or "state"
        node, count = stem, 1
        while node in self._taken:
            count += 1
            node = f"{stem}_{count}"
        self._taken.add(node)
        return node


def _edges(state: Json, states: Mapping[str, Json]) -> list[_Edge]:
    edges = []
    for rule in state.get("Choices", []):
        always = rule.get("Condition") == "{% true %}"
        fails = always or states[rule["Next"]]["Type"] == "Fail"
        answer = rule.get("Comment") or ("otherwise" if always else _comparison(rule))
        if not 0 < len(answer) <= _LONGEST_LABEL:
            answer = "rejected" if fails else "accepted"
        edges.append(_Edge(rule["Next"], answer, aside=fails))
    if default := state.get("Default"):
        edges.append(_Edge(default, "otherwise", aside=states[default]["Type"] == "Fail"))
    if following := state.get("Next"):
        edges.append(_Edge(following))
    edges += [_Edge(c["Next"], _caught(c["ErrorEquals"]), caught=True, aside=True) for c in state.get("Catch", [])]
    return sorted(edges, key=lambda edge: edge.aside)


def _on_the_way(start: str, edges: Mapping[str, Sequence[_Edge]]) -> list[str]:
    """Every state, in the order in which an execution can come to it."""
    names = [start]
    for name in names:
        names += dict.fromkeys(edge.target for edge in edges[name] if edge.target not in names)
    return names


def _leans(edges: Sequence[_Edge], states: Mapping[str, Json]) -> bool:
    """Tell whether a state needs an invisible target, to the left of the one that comes next.

    Mermaid centres a state over its targets: with a single one off the way to success, that way runs askew, farther
    with every job. With one more on the other side it is a straight line.
    """
    onwards = {edge.target for edge in edges if not edge.aside}
    aside = {edge.target for edge in edges} - onwards
    return len(onwards) == len(aside) == 1 and not any(machines_in(states[target]) for target in onwards)


def _notes(state: Json) -> Iterator[str]:
    match state:
        case {"Type": "Task", "Resource": str(resource)}:
            _, optimized, api = resource.rpartition(":states:::")
            api = api.removeprefix("aws-sdk:").removeprefix("sagemaker:")
            yield api if optimized else ":".join(resource.split(":")[-2:])
        case {"Type": "Wait", "Seconds": int(seconds)}:
            yield f"waits {seconds} s"
        case {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}:
            yield "distributed map"
        case {"Type": "Map" | "Parallel" as kind}:
            yield str(kind).lower()
    retriers = [retrier for retrier in state.get("Retry", []) if retrier.get("MaxAttempts") != 0]
    if errors := {error for retrier in retriers for error in retrier["ErrorEquals"]}:
        yield f"retries {_kinds(errors)}"


def _caught(errors: Sequence[str]) -> str:
    named = " or ".join(error.rpartition(".")[2] for error in errors)
    return named if len(named) <= _LONGEST_LABEL and ALL not in errors else _kinds(errors)


def _kinds(errors: Collection[str]) -> str:
    if ALL in errors:
        return "any error"
    return f"{len(errors)} kind{'s' if len(errors) > 1 else ''} of error"


def _comparison(rule: Json, *, negated: bool = False) -> str:
    """Say *rule* if it is a single comparison."""
    if "Condition" in rule:
        return str(rule["Condition"]).removeprefix("{%").removesuffix("%}").strip()
    if "Not" in rule:
        return _comparison(rule["Not"], negated=not negated)
    if "And" in rule and not negated:
        # That a field is there goes without saying if the next part compares it.
        parts = [part for part in rule["And"] if not any(key.startswith("Is") for key in part)]
        return _comparison(parts[0]) if len(parts) == 1 else ""
    for key, value in rule.items():
        # That a name or an ARN is not empty says less than that the output is accepted.
        if value == "" or not (compared := _COMPARISON.fullmatch(key)):
            continue
        family, operator, is_path = compared.groups()
        if family == "Is":
            sign, other = f"is {'not ' if value == negated else ''}{operator.lower()}", ""
        else:
            sign = _SIGNS.get(operator, operator.lower())
            sign = sign if not negated else "≠" if sign == "=" else f"not {sign}"
            other = value.removeprefix("$.") if is_path else json.dumps(value, ensure_ascii=False)
        return f"{rule['Variable'].removeprefix('$.')} {sign} {other}".strip()
    return ""


def _escape(text: str) -> str:
    escaped = _SPECIAL.sub(_code, " ".join(text.split()))
    # Mermaid takes "style…:…#…;" for CSS, and its last semicolon away.
    return re.sub(r":(?=\S*#)", _code, escaped)


def _code(character: re.Match[str]) -> str:
    number = ord(character[0])
    return f"#{codepoint2name.get(number, number)};"
