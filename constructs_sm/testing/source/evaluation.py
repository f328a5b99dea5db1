"""CloudFormation's functions, decided: what a template says once its parameters, conditions and mappings are known."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from ipaddress import ip_network
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from constructs_sm.language.errors import InvalidInputError, Problem, choose_from
from constructs_sm.testing.source.resource_names import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from constructs_sm.testing.source.resource_names import Place

_NO_VALUE = object()
"""AWS::NoValue: what it is given to is left out."""
_SAM = "AWS::Serverless-2016-10-31"
_IN_TEXT = re.compile(r"\$\{(!?)([^{}]+)\}")
_MAX_TEXT = 4 * 1_048_576
_OUTPUT = "Outputs."
_MADE_UP_NUMBER = 1


class Template:
    """A template, with parameters, conditions and mappings decided, and names and ARNs made up for its resources.

    Args:
        where: Its name in messages.
        document: The template.
        place: Account and Region that it is deployed to.
        parameters: Values of its parameters, over their defaults.
        imports: What other stacks export, by name.
    """

    def __init__(
        self,
        where: str,
        document: Mapping[str, Any],
        *,
        place: Place,
        parameters: Mapping[str, str] | None = None,
        imports: Mapping[str, Any] | None = None,
    ) -> None:
        self.where = where
        self.place = place
        self._document = document
        self._imports = imports or {}
        self._refuse_transforms()
        self._parameters = self._given(parameters or {})
        self._conditions: dict[str, bool] = {}
        self._decided: dict[str, Any] = {}
        self._undecided: set[str] = set()
        self.resources = dict(self._resources())
        """The resources whose condition holds, as the template has them."""

    def value(self, given: Any) -> Any:
        """*given* with every function in it decided; AWS::NoValue leaves out what it is given to."""
        found = self._value(given)
        return None if found is _NO_VALUE else found

    def text(self, given: Any) -> str:
        """*given* as CloudFormation puts it into a text."""
        found = self.value(given)
        if isinstance(found, bool):
            return "true" if found else "false"
        if isinstance(found, list):
            return ",".join(map(self.text, found))
        return found if isinstance(found, str) else json.dumps(found)

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The properties of a resource, decided."""
        found = self.value(self.resources[logical_id].get("Properties", {}))
        return found if isinstance(found, dict) else {}

    def resource(self, logical_id: str) -> Resource:
        raw = self.resources[logical_id]
        properties = raw.get("Properties", {})
        return Resource(logical_id, str(raw["Type"]), properties if isinstance(properties, dict) else {}, self.value)

    def arn(self, logical_id: str) -> str:
        return self.resource(logical_id).arn(self.place)

    def made_up(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The ARN of each resource without a name, and those that CloudFormation may give it."""
        stack = str(self._pseudo()["AWS::StackName"])
        for logical_id in self.resources:
            resource = self.resource(logical_id)
            if others := resource.others(self.place, stack):
                yield resource.arn(self.place), others

    def of_type(self, *kinds: str) -> Iterator[str]:
        """The logical ids of the resources of these types."""
        yield from (logical_id for logical_id, resource in self.resources.items() if resource["Type"] in kinds)

    def exports(self) -> dict[str, Any]:
        """Evaluate what the stack exports, by name."""
        found = {}
        for output in self._section("Outputs").values():
            if isinstance(output, Mapping) and isinstance(output.get("Export"), Mapping):
                found[self.text(output["Export"].get("Name", ""))] = self.value(output.get("Value"))
        return found

    def condition(self, name: str) -> bool:
        """Decide a condition of the template."""
        if name not in self._conditions:
            conditions = self._section("Conditions")
            if name not in conditions:
                self.refuse("there is no such condition", name, "declare it among Conditions")
            if name in self._undecided:
                self.refuse("a condition refers to itself", name, "correct it")
            self._undecided.add(name)
            self._conditions[name] = self._holds(conditions[name])
            self._undecided.discard(name)
        return self._conditions[name]

    def refuse(self, what: str, got: object, use: str) -> NoReturn:
        raise InvalidInputError(self.where, [Problem(what, got, use, "source-of-rehearsal")])

    def _section(self, name: str) -> Mapping[str, Any]:
        found = self._document.get(name)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            self.refuse(f"{name} must be an object", type(found).__name__, "give a template")
        return found

    def _refuse_transforms(self) -> None:
        given = self._document.get("Transform") or []
        for each in given if isinstance(given, list) else [given]:
            name = each.get("Name") if isinstance(each, Mapping) else each
            if name != _SAM:
                use = f"apply it first, as `aws cloudformation create-change-set` does; only {_SAM} is read"
                self.refuse("a transform that is not read", name, use)

    def _given(self, values: Mapping[str, str]) -> dict[str, Any]:
        declared = self._section("Parameters")
        for name in values:
            if name not in declared:
                near = choose_from(list(declared), name)
                self.refuse("the template has no such parameter", name, near)
        return {
            name: _parameter(name, declaration if isinstance(declaration, Mapping) else {}, values.get(name))
            for name, declaration in declared.items()
        }

    def _resources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for logical_id, resource in self._section("Resources").items():
            if logical_id.startswith("Fn::ForEach"):
                self.refuse("a loop that is not read", logical_id, "write its resources out: AWS::LanguageExtensions")
            if logical_id.startswith("Fn::Transform"):
                self._transformed(resource)
            if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
                self.refuse("this is no resource: it has no Type", logical_id, "correct it")
            if "Condition" not in resource or self.condition(str(resource["Condition"])):
                yield logical_id, resource

    def _transformed(self, given: Any) -> NoReturn:
        name = given.get("Name") if isinstance(given, Mapping) else given
        self.refuse("a transform that is not read", name, "put in its place what it stands for")

    def _value(self, given: Any) -> Any:
        if isinstance(given, list):
            return [item for each in given if (item := self._value(each)) is not _NO_VALUE]
        if not isinstance(given, Mapping):
            return given
        for key in given:
            if key.startswith("Fn::Transform"):
                self._transformed(given[key])
            if key.startswith("Fn::ForEach"):
                self.refuse("a loop that is not read", key, "write out what it makes: AWS::LanguageExtensions")
        if len(given) == 1:
            ((name, operand),) = given.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, operand)
        return {key: item for key, each in given.items() if (item := self._value(each)) is not _NO_VALUE}

    def _function(self, name: str, operand: Any) -> Any:
        function = _FUNCTIONS.get(name)
        if function is None:
            near = choose_from(list(_FUNCTIONS), name)
            self.refuse("CloudFormation has no such function", name, near)
        try:
            return function(self, operand)
        except InvalidInputError:
            raise
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            shown = json.dumps(operand, default=str)[:200]
            raise InvalidInputError(
                self.where,
                [Problem(f"{name} cannot be decided", shown, "correct what it is given", "source-of-rehearsal")],
            ) from error

    def ref(self, name: str) -> Any:
        """Decide Ref; of a name that the template does not have, in lower case."""
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in (pseudo := self._pseudo()):
            return pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        if name in self.resources:
            return self._once(name, lambda: self.resource(name).reference(self.place))
        logical_id, dot, of = name.partition(".")
        if dot and of in {"Alias", "Version"} and logical_id in self.resources:  # SAM's
            return f"{self.arn(logical_id)}:{'live' if of == 'Alias' else '1'}"
        return name.lower()

    def get_att(self, logical_id: str, attribute: str) -> Any:
        """Decide GetAtt; an ARN of a resource that the template does not have is taken for a role's."""
        if attribute.startswith(_OUTPUT):
            # Of a nested stack, whose template is another.
            return self._elsewhere(attribute.removeprefix(_OUTPUT))
        if logical_id in self.resources:
            resource = self.resource(logical_id)
            return self._once(f"{logical_id}.{attribute}", lambda: resource.attribute(attribute, self.place))
        if attribute == "Arn":
            return Resource(logical_id, "AWS::IAM::Role", {}, str).arn(self.place)
        return logical_id.lower()

    def _once(self, name: str, decide: Callable[[], Any]) -> Any:
        """Decide what a name stands for; resources that name each other end in a name made up."""
        if name not in self._decided:
            self._decided[name] = name.partition(".")[0].lower()
            self._decided[name] = decide()
        return self._decided[name]

    def _pseudo(self) -> dict[str, Any]:
        place = self.place
        where = f"arn:{place.partition}:cloudformation:{place.region}:{place.account}:stack/stack"
        return {
            "AWS::AccountId": place.account,
            "AWS::NotificationARNs": [],
            "AWS::Partition": place.partition,
            "AWS::Region": place.region,
            "AWS::StackId": f"{where}/00000000-0000-4000-8000-000000000000",
            "AWS::StackName": "stack",
            "AWS::URLSuffix": "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com",
        }

    def _holds(self, given: Any) -> bool:
        """Decide what a condition says."""
        name, operand = next(iter(given.items())) if isinstance(given, Mapping) and len(given) == 1 else ("", given)
        parts = operand if isinstance(operand, list) else [operand]
        match name:
            case "Condition":
                return self.condition(str(operand))
            case "Fn::Equals":
                return len({self.text(part) for part in parts}) == 1
            case "Fn::Not":
                return not all(map(self._holds, parts))
            case "Fn::And":
                return all(map(self._holds, parts))
            case "Fn::Or":
                return any(map(self._holds, parts))
        return self.text(given).lower() == "true"

    def _join(self, operand: Any) -> str:
        separator, parts = operand
        found = self.value(parts)
        return self._short(str(separator).join(map(self.text, found if isinstance(found, list) else [found])))

    def _sub(self, operand: Any) -> str:
        text, given = (operand, {}) if isinstance(operand, str) else operand

        def put(reference: re.Match[str]) -> str:
            literal, name = reference[1], reference[2].strip()
            if literal:
                return f"${{{reference[2]}}}"
            if name in given:
                return self.text(given[name])
            logical_id, dot, attribute = name.partition(".")
            known = name in self._pseudo() or not dot
            return self.text({"Ref": name} if known else {"Fn::GetAtt": [logical_id, attribute]})

        return self._short(_IN_TEXT.sub(put, text))

    def _short(self, text: str) -> str:
        if len(text) > _MAX_TEXT:
            self.refuse("a text becomes too large", f"{len(text):,} characters", "write less into it")
        return text

    def _select(self, operand: Any) -> Any:
        index, given = operand
        items = self.value(given)
        if isinstance(items, str):
            items = items.split(",")
        position = int(self.text(index))
        if not 0 <= position < len(items):
            # Of what is made up there may be less than of what is deployed.
            return f"{self.text(items[-1]) if items else 'item'}-{position}"
        return items[position]

    def _find_in_map(self, operand: Any) -> Any:
        *keys, last = operand
        has_default = isinstance(last, Mapping) and "DefaultValue" in last
        found: Any = self._section("Mappings")
        for key in keys if has_default else operand:
            found = found.get(self.text(key)) if isinstance(found, Mapping) else None
        if found is None:
            if has_default:
                return self._value(last["DefaultValue"])
            path = ", ".join(map(self.text, operand))
            self.refuse("Mappings have no such value", path, "give --region or --set for what they have")
        return found

    def _if(self, operand: Any) -> Any:
        name, then, otherwise = operand
        return self._value(then if self.condition(str(name)) else otherwise)

    def _get_att(self, operand: Any) -> Any:
        parts = (
            operand.split(".", 1) if isinstance(operand, str) else [str(parts) for parts in map(self.value, operand)]
        )
        return self.get_att(parts[0], ".".join(parts[1:]))

    def _import(self, operand: Any) -> Any:
        name = self.text(operand)
        return self._imports[name] if name in self._imports else self._elsewhere(name)

    def _elsewhere(self, name: str) -> str:
        """Make up what another template has by this name: the ARN of a role, where it says so."""
        return Resource(name, "AWS::IAM::Role", {}, str).arn(self.place) if "role" in name.lower() else name


def _parameter(name: str, declaration: Mapping[str, Any], given: str | None) -> Any:
    """The value of a parameter: given, its default, or made up."""
    kind = str(declaration.get("Type", "String"))
    value: Any = declaration.get("Default") if given is None else given
    if value is None:
        allowed = declaration.get("AllowedValues")
        value = allowed[0] if isinstance(allowed, list) and allowed else None
    if value is None:
        value = declaration.get("MinValue", _MADE_UP_NUMBER) if kind == "Number" else name.lower()
    if kind.startswith(("List<", "CommaDelimitedList")):
        return [part.strip() for part in str(value).split(",")]
    return _text_of_number(value) if isinstance(value, (bool, int, float)) else value


def _text_of_number(value: float) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else json.dumps(value)


def _to_base64(template: Template, operand: Any) -> str:
    return base64.b64encode(template.text(operand).encode()).decode()


def _zones(template: Template, operand: Any) -> list[str]:
    region = template.text(operand) or template.place.region
    return [f"{region}{letter}" for letter in "abc"]


def _blocks(template: Template, operand: Any) -> list[str]:
    block, count, *bits = map(template.text, operand)
    network = ip_network(block)
    size = int(bits[0]) if bits else 8
    return [str(each) for each in islice(network.subnets(new_prefix=network.max_prefixlen - size), int(count))]


_FUNCTIONS: dict[str, Callable[[Template, Any], Any]] = {
    "Ref": lambda template, operand: template.ref(str(operand)),
    "Fn::Base64": _to_base64,
    "Fn::Cidr": _blocks,
    "Fn::FindInMap": Template._find_in_map,  # noqa: SLF001 - the functions are the class's own
    "Fn::GetAZs": _zones,
    "Fn::GetAtt": Template._get_att,  # noqa: SLF001
    "Fn::If": Template._if,  # noqa: SLF001
    "Fn::ImportValue": Template._import,  # noqa: SLF001
    "Fn::Join": Template._join,  # noqa: SLF001
    "Fn::Length": lambda template, operand: len(template.value(operand)),
    "Fn::Select": Template._select,  # noqa: SLF001
    "Fn::Split": lambda template, operand: template.text(operand[1]).split(str(operand[0])),
    "Fn::Sub": Template._sub,  # noqa: SLF001
    "Fn::ToJsonString": lambda template, operand: json.dumps(template.value(operand)),
}
