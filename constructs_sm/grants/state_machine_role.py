"""Statements of the state machine role: to call SageMaker, and to be told what became of a job.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html, and the Service Authorization
Reference for the resource types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.grants.data_access import key_grant, volume_key_grant
from constructs_sm.grants.statements import Grant, passing_grant
from constructs_sm.language.late_bound import Computed, is_token
from constructs_sm.polled_actions import MODEL_PACKAGE
from constructs_sm.values.names import arn_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from constructs_sm.actions import Action
    from constructs_sm.language.arns import Arns
    from constructs_sm.polled_actions import PolledAction

_BEGINNING = "A name ends in a random part or comes at run time; its literal beginning, if any, is kept"
_CAPACITY = "SageMaker names the reserved capacity of a training plan itself, at random"
SERVICE_GRANT = Grant((), ("*",), wildcard="Log deliveries and traces take no resource; the CDK grants them")
"""Grant that the CDK itself gives a state machine role that logs and is traced: here only to say why."""
SEND_FAILURE_GRANT = Grant(
    ("states:SendTaskFailure",), ("*",), wildcard="A task token says whose it is: the API takes no resource"
)


def state_machine_grants(
    action: Action,
    request: Mapping[str, Any],
    role_arns: Iterable[str],
    arns: Arns,
    *,
    sync: bool,
    shared_prefix: str | None = None,
    keys: Iterable[str] = (),
    plans: Iterable[str] = (),
) -> tuple[Grant, ...]:
    """Let Step Functions call *action*: AWS's documented template, and `sagemaker:AddTags` on the resource.

    Step Functions tags what it starts; without AddTags it is refused. `ListTags` stays on `*` as AWS documents it:
    whether the resource's ARN would do is not verified on AWS.

    Args:
        action: The row of the table.
        request: The request, whose literal name (or literal beginning of a name) scopes the grants.
        role_arns: The execution roles that are passed.
        arns: Where the resources are.
        sync: Whether Step Functions waits for the job, and so must see, stop and be told of it.
        shared_prefix: A literal beginning that the names of all jobs of a pipeline have: they share their grants.
        keys: Keys of volumes that the caller, not the execution role, must let SageMaker use.
        plans: Training plans that the request names.
    """
    named = [(action.arn_type, action.name_field)]
    own = _named_by(request, named, action, arns, shared_prefix, there=action.lives_on)
    resources = (*own, *_named_by(request, action.extra_resources, action, arns, shared_prefix, there=True))
    verbs = (action.verb, "Describe", "Stop") if sync else (action.verb,)
    grants = [
        Grant(tuple([f"sagemaker:{verb}{action.noun}" for verb in verbs]), resources, wildcard=_BEGINNING),
        Grant(("sagemaker:ListTags",), ("*",), wildcard="As AWS documents it for Step Functions"),
    ]
    if action.takes_tags:
        grants.append(Grant(("sagemaker:AddTags",), own, wildcard=_BEGINNING))
    grants += map(passing_grant, role_arns)
    if action.takes_plans and (reserved := tuple(dict.fromkeys(plans))):
        capacity = arns.of("sagemaker", "reserved-capacity/*")
        named_plans = tuple(arns.named("sagemaker", "training-plan", plan) for plan in reserved)
        grants.append(Grant((f"sagemaker:{action.operation}",), (*named_plans, capacity), wildcard=_CAPACITY))
    if sync and action.sync_rule:
        events = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
        rule = arns.of("events", f"rule/{action.sync_rule.name}")
        grants.append(Grant(events, (rule,), wildcard="AWS does not publish the name of this rule"))
    for key in keys:
        grants += [volume_key_grant(key, arns), key_grant(key, arns, "kms:DescribeKey")]
    return tuple(grants)


def polled_grants(
    action: PolledAction,
    request: Mapping[str, Any],
    role_arns: Iterable[str],
    arns: Arns,
    *,
    shared_prefix: str | None = None,
) -> tuple[Grant, ...]:
    """Let the state machine role begin a job that has to be polled.

    Step Functions adds no tags by the AWS SDK integration, so `sagemaker:AddTags` is needed for those of the request
    alone. No EventBridge rule, and no ListTags.
    """
    own = _polled_resources(action, request, arns, shared_prefix)
    begun_on = _named_by(request, action.extra_resources, action, arns, shared_prefix, there=True)
    begun = (*(own if action.begun_on_itself else ()), *begun_on)
    grants = [Grant((f"sagemaker:{action.operation}",), begun, wildcard=_BEGINNING)]
    if "Tags" in request:
        grants.append(polled_tagging_grant(action, request, arns, shared_prefix=shared_prefix))
    return (*grants, *map(passing_grant, role_arns))


def polled_tagging_grant(
    action: PolledAction, request: Mapping[str, Any], arns: Arns, *, shared_prefix: str | None = None
) -> Grant:
    """Let the state machine role tag the job of *request*."""
    own = _polled_resources(action, request, arns, shared_prefix)
    return Grant(("sagemaker:AddTags",), own, wildcard=_BEGINNING)


def polling_grant(
    action: PolledAction, request: Mapping[str, Any], arns: Arns, *, shared_prefix: str | None = None
) -> Grant:
    """To look at the job of *request* until it has ended, and to stop one that takes too long."""
    apis = tuple(f"sagemaker:{api}" for api in (action.describe, action.stop) if api)
    return Grant(apis, _polled_resources(action, request, arns, shared_prefix), wildcard=_BEGINNING)


def _polled_resources(
    action: PolledAction, request: Mapping[str, Any], arns: Arns, shared_prefix: str | None
) -> tuple[str, ...]:
    named = [(action.arn_type, action.resource_field or action.name_field)]
    there = action.resource_field is not None
    before = None if action.asked_with is None else request.get(action.asked_with)
    above = "" if action.asked_with is None else f"{_known(before) or '*'}/"
    return _named_by(request, named, action, arns, shared_prefix, there=there, above=above, under=action.under)


def _known(value: Any) -> str | None:
    return None if value is None or isinstance(value, Computed) else str(value)


def sagemaker_grant(arns: Arns, operation: str, arn_type: str, name: str) -> Grant:
    """One SageMaker API on the resources of a type whose names IAM can say so."""
    resources = [arns.of("sagemaker", f"{arn_type}/{spelling}") for spelling in _spellings(name, lower_cased=True)]
    return Grant((f"sagemaker:{operation}",), tuple(resources), wildcard=_BEGINNING)


def registry_grant(operation: str, request: Mapping[str, Any], arns: Arns) -> Grant:
    """One SageMaker API on the group of a CreateModelPackage request, or on the versions in it."""
    arn_type, under = ("model-package-group", "") if operation.endswith("Group") else (MODEL_PACKAGE.arn_type, "/*")
    named = [(arn_type, "ModelPackageGroupName")]
    resources = _named_by(request, named, MODEL_PACKAGE, arns, None, there=True, under=under)
    return Grant((f"sagemaker:{operation}",), resources, wildcard="The versions of the group")


def _named_by(
    request: Mapping[str, Any],
    named: Iterable[tuple[str, str]],
    action: Action,
    arns: Arns,
    shared_prefix: str | None,
    *,
    there: bool = False,
    above: str = "",
    under: str = "",
) -> tuple[str, ...]:
    """ARNs of the resources that a request to *action* names, as far as IAM can say them.

    Args:
        request: The request.
        named: The type of each resource, and the field that names it.
        action: The row of the table.
        arns: Where the resources are.
        shared_prefix: See `state_machine_grants`.
        there: Whether they are there already, so that one whose name is known has that name and no other.
        above: Part of the ARN before the name.
        under: Part of the ARN behind the name.
    """
    found: list[str] = []
    for arn_type, field_name in named:
        name = _name(request, field_name, shared_prefix, there=there)
        for spelling in _spellings(name, lower_cased=action.lower_cases_arn):
            found.append(arns.of("sagemaker", f"{arn_type}/{above}{spelling}{under}"))  # noqa: PERF401
    return tuple(found)


def _name(request: Mapping[str, Any], field_name: str, shared_prefix: str | None, *, there: bool) -> str:
    value = request.get(field_name)
    if value is None:
        return "*"
    late = isinstance(value, Computed)
    if there and not late:
        return str(value).rpartition("/")[2]
    name = arn_suffix(str(value), run_time=late)
    return f"{shared_prefix}-*" if shared_prefix and name.startswith(f"{shared_prefix}-") else name


def _spellings(name: str, *, lower_cased: bool) -> list[str]:
    """A name, and how SageMaker may spell it in an ARN. A token must not be lower-cased: it would be another."""
    return list(dict.fromkeys([name, name.lower()])) if lower_cased and not is_token(name) else [name]
