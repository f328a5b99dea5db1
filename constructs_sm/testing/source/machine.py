"""The state machine to rehearse, wherever it comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.machines import machines_in, states_of
from constructs_sm.testing.source.references import exports_of, references_of, resolved
from constructs_sm.testing.source.templates import (
    STATE_MACHINES,
    definition_of,
    encryption_keys,
    looked_up,
    policy_of,
    role_of,
    trusts,
    unread_policies,
    with_imports,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "us-east-1"
ACCOUNT = "123456789012"
"""Where a state machine runs of which nothing says where."""
_Environment: TypeAlias = "tuple[str | None, str | None]"
"""Account and Region, as far as they are known."""
_ANYWHERE: _Environment = (None, None)
_LOG_ACTIONS = (
    "CreateLogDelivery",
    "CreateLogStream",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutLogEvents",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)
_TRACE_ACTIONS = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One state machine, with references resolved."""

    definition: dict[str, Any]
    name: str = "Rehearsal"
    arn: str = ""
    policy: list[Any] | None = None
    """The statements of its role; None where nothing says what it may, so that it may all."""
    trusts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The services that may assume each role of the template, by ARN."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """The key that each topic, queue and bucket of the template is encrypted with: ARNs, by ARN."""
    own_actions: frozenset[str] = frozenset()
    """What Step Functions does as this role for itself: logs, traces and redrives of Map runs, where there are such."""
    unread_policies: tuple[str, ...] = ()
    """The policies of its role that the template names without their statements."""
    region: str = REGION
    """Where it runs."""
    account: str = ACCOUNT


def machine_of(
    source: Any,
    *,
    stack: str | None = None,
    machine: str | None = None,
    region: str | None = None,
    account: str | None = None,
) -> Machine:
    """The state machine in *source*.

    Args:
        source: A stack, a template or a definition (as a mapping, JSON text, or the path of a file), or the path of a
            cloud assembly (`cdk.out`).
        stack: Which stack of a cloud assembly. Default: the one that has a state machine.
        machine: Logical id of the state machine. Default: the only one.
        region: Where it is to run. Default: where its stack says; where that does not, us-east-1.
        account: Likewise; 123456789012.

    Raises:
        InvalidInputError: There is none, or not only one.
    """
    where, document, folder, environment = _document(source, stack)
    siblings = _siblings(source, folder)
    account, region = account or environment[0] or ACCOUNT, region or environment[1] or REGION
    if "States" in document:
        definition = resolved(document, region=region, account=account)
        return Machine(definition=definition, region=region, account=account)
    document = looked_up(document, {"AWS::Region": region, "AWS::AccountId": account})
    imported = exports_of(siblings, region=region, account=account) if "Fn::ImportValue" in json.dumps(document) else {}
    document = with_imports(document, imported)
    resources: Mapping[str, Any] = document.get("Resources", {})
    logical_id = _chosen(where, resources, machine)
    resource = resources[logical_id]
    references = references_of(document, region=region, account=account)

    def concrete(value: Any) -> Any:
        return resolved(value, references, region=region, account=account)

    has_role = role_of(resource) in resources
    definition = concrete(definition_of(_with_definition(where, resource, folder)))
    return Machine(
        definition=definition,
        name=references.get(f"{logical_id}.Name", logical_id),
        arn=references.get(f"{logical_id}.Arn", ""),
        policy=concrete(policy_of(resources, resource)) if has_role else None,
        trusts={concrete(f"${{{role}.Arn}}"): services for role, services in trusts(resources).items()},
        keys=_keys(concrete, resources),
        own_actions=frozenset(_own_actions(resource["Properties"], definition)),
        unread_policies=tuple(concrete(unread_policies(resources, resource))),
        region=region,
        account=account,
    )


def _document(source: Any, stack: str | None) -> tuple[str, Mapping[str, Any], Path | None, _Environment]:
    """How to call it in an error; the template or definition; the folder of its assets; and where it is for."""
    if isinstance(source, Mapping):
        return "the document", source, None, _ANYWHERE
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return "the document", _read("the document", source), None, _ANYWHERE
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            path = _template_of(path, stack)
        if not path.is_file():
            raise InvalidInputError(
                str(path),
                [
                    Problem(
                        "there is no such file",
                        str(path),
                        "give a template, a definition or a cdk.out",
                        "source-of-rehearsal",
                    )
                ],
            )
        return str(path), _read(str(path), path.read_text()), path.parent, _environment_of(path)
    from aws_cdk import Stack, Token  # noqa: PLC0415 - only who has a stack has the CDK
    from aws_cdk.assertions import Template  # noqa: PLC0415

    if not isinstance(source, Stack):
        use = "give a stack, a template, a definition, or the path of one"
        raise InvalidInputError("rehearsal", [Problem("this is no state machine", source, use, "source-of-rehearsal")])
    environment = [None if Token.is_unresolved(part) else part for part in (source.account, source.region)]
    return f"stack '{source.node.path}'", Template.from_stack(source).to_json(), None, (environment[0], environment[1])


def _siblings(source: Any, folder: Path | None) -> Iterator[Mapping[str, Any]]:
    """The templates of the assembly, or of the app, that a stack is of."""
    if folder is not None:
        yield from (json.loads(path.read_text()) for path in sorted(folder.glob("*.template.json")))
    elif hasattr(source, "node"):
        from aws_cdk import Stack  # noqa: PLC0415 - as above
        from aws_cdk.assertions import Template  # noqa: PLC0415

        for other in source.node.root.node.find_all():
            if Stack.is_stack(other) and not other.nested:
                yield Template.from_stack(other).to_json()


def _read(where: str, text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except ValueError as error:
        raise InvalidInputError(
            where, [Problem("neither JSON nor YAML", str(error), "give what `cdk synth` wrote", "source-of-rehearsal")]
        ) from error
    if not isinstance(document, Mapping) or not document.keys() & {"Resources", "States"}:
        use = "give a template with Resources, or a definition with States"
        raise InvalidInputError(
            where, [Problem("neither a template nor a definition", type(document).__name__, use, "source-of-rehearsal")]
        )
    return document


def _yaml(text: str) -> Any:
    """YAML with CloudFormation's short forms, such as !Ref and !GetAtt."""
    import yaml  # noqa: PLC0415 - comes with moto, and few need it

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        pass

    def short_form(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.ScalarNode):
            value: Any = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", short_form)
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _template_of(folder: Path, stack: str | None) -> Path:
    """The template in a cloud assembly, stages included."""
    found = dict(_templates(folder))
    if stack is not None:
        matches = {path for names, path in found.items() if stack in names}
        chosen = matches
    else:
        chosen = {path for path in found.values() if _has_machine(path)}
    if len(chosen) != 1:
        use = f"name one stack of {', '.join(sorted(names[0] for names in found)) or 'a cloud assembly'}"
        raise InvalidInputError(
            str(folder),
            [Problem("one stack with a state machine was expected", stack or len(chosen), use, "source-of-rehearsal")],
        )
    return chosen.pop()


def _templates(folder: Path) -> Iterator[tuple[tuple[str, ...], Path]]:
    """The names and the template of each stack."""
    for manifest in sorted(folder.rglob("manifest.json")):
        for artifact_id, artifact in _stacks(manifest):
            properties = artifact["properties"]
            names = (artifact.get("displayName", artifact_id), artifact_id, properties.get("stackName", artifact_id))
            yield names, manifest.parent / properties["templateFile"]


def _stacks(manifest: Path) -> Iterator[tuple[str, Any]]:
    for artifact_id, artifact in json.loads(manifest.read_text()).get("artifacts", {}).items():
        if artifact.get("type") == "aws:cloudformation:stack":
            yield artifact_id, artifact


def _environment_of(template: Path) -> _Environment:
    """Where the cloud assembly that a template lies in has it for: `aws://account/region`."""
    manifest = template.parent / "manifest.json"
    for _, artifact in _stacks(manifest) if manifest.is_file() else ():
        if artifact["properties"].get("templateFile") == template.name:
            account, _, region = str(artifact.get("environment", "")).removeprefix("aws://").partition("/")
            return _known(account), _known(region)
    return _ANYWHERE


def _known(part: str) -> str | None:
    return None if part.startswith("unknown-") else part or None


def _has_machine(path: Path) -> bool:
    resources = json.loads(path.read_text()).get("Resources", {})
    return any(resource["Type"] in STATE_MACHINES for resource in resources.values())


def _chosen(where: str, resources: Mapping[str, Any], machine: str | None) -> str:
    machines = [name for name, resource in resources.items() if resource["Type"] in STATE_MACHINES]
    if machine in machines:
        return str(machine)
    if machine is None and len(machines) == 1:
        return machines[0]
    use = f"name one of {', '.join(machines)}" if machines else "give a template that has one"
    raise InvalidInputError(
        where, [Problem("one state machine was expected", machine or len(machines), use, "source-of-rehearsal")]
    )


def _with_definition(where: str, resource: Mapping[str, Any], folder: Path | None) -> Mapping[str, Any]:
    """The resource, with a definition that is an asset read from the folder of assets."""
    properties = resource["Properties"]
    if properties.keys() & {"Definition", "DefinitionString"}:
        return resource
    location = properties.get("DefinitionS3Location", properties.get("DefinitionUri", {}))
    key = location.get("Key", "") if isinstance(location, Mapping) else str(location)
    stem = key.rpartition("/")[2] if isinstance(key, str) else ""
    files = [*folder.glob(f"asset.{stem}"), *folder.glob(key)] if folder and stem else []
    if not files:
        use = "rehearse the cdk.out that has it, or the definition's own file"
        raise InvalidInputError(
            where, [Problem("the definition is not in the template", key, use, "source-of-rehearsal")]
        )
    return {**resource, "Properties": {**properties, "DefinitionString": files[0].read_text()}}


def _keys(concrete: Callable[[Any], Any], resources: Mapping[str, Any]) -> dict[str, str]:
    """Keys by what they encrypt. What is no ARN is an alias, of which nothing says whose key it is."""
    found = {name: concrete(key) for name, key in encryption_keys(resources).items()}
    return {concrete(f"${{{name}.Arn}}"): key for name, key in found.items() if ":key/" in key}


def _own_actions(properties: Mapping[str, Any], definition: Mapping[str, Any]) -> Iterator[str]:
    if _has_distributed_map(definition):
        yield "states:RedriveExecution"
    if properties.get("LoggingConfiguration", {}).get("Destinations"):
        yield from (f"logs:{action}" for action in _LOG_ACTIONS)
    if properties.get("TracingConfiguration", {}).get("Enabled"):
        yield from (f"xray:{action}" for action in _TRACE_ACTIONS)


def _has_distributed_map(definition: Mapping[str, Any]) -> bool:
    return any(
        inner.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
        for _, state in states_of(definition)
        for inner in machines_in(state)
    )
