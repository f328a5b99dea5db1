"""Permissions that the state machine role must have for a call to succeed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.call_permissions import permissions_of_call
from constructs_sm.grants.data_access import key_needs
from constructs_sm.grants.statements import listed
from constructs_sm.integrations import RULE_ACTIONS
from constructs_sm.interpreter.resources import resource_of
from constructs_sm.language.arns import Arns
from constructs_sm.requests.api_model import has_operation
from constructs_sm.requests.values_by_shape import role_arns, values
from constructs_sm.testing.world.apis import (
    ACTION_OF,
    BEGUN,
    LOWER_CASED,
    POLLED,
    POLLED_NOUNS,
    field_of,
)
from constructs_sm.testing.world.call_keys import Caller, keys_of_call
from constructs_sm.testing.world.condition_keys import ConditionKeys, Context
from constructs_sm.testing.world.policy_decision import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_sm.actions import Action
    from constructs_sm.interpreter.calls import Call
    from constructs_sm.polled_actions import PolledAction

SOME = ""
"""The ARN of what is not known."""


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource that a call cannot do without.

    Attributes:
        action: As IAM names it; empty where it is not known which one it is.
        resource: The ARN; None where it is not known.
        context: Condition keys that come from more than the request.
        call: The call, whose request says the other keys.
        of_request: Whether the action is on what the request says, so that its keys are the request's.
        assumer: Who has to be let assume the role that *resource* is: a service, or the ARN of another role; empty if a
            policy is asked.
        by: The ARN of the role that the state's Credentials name, where its policies are asked; empty if those of the
            state machine role are.
        reason: Why it is not known what is needed.
        where: Partition, Region and account, where no call says them.
        sent: What is sent, likewise.
    """

    action: str
    resource: str | None
    context: Context = field(default_factory=dict, hash=False)
    call: Call | None = field(default=None, compare=False, repr=False)
    of_request: bool = False
    assumer: str = ""
    by: str = ""
    reason: str = ""
    where: Arns | None = field(default=None, compare=False, repr=False)
    sent: Mapping[str, Any] | None = field(default=None, hash=False)

    @property
    def subject(self) -> str:
        """The role that needs it, as a message calls it."""
        return f"The role {self.by}" if self.by else "The role of the state machine"

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        by = f" by {self.assumer}" if self.assumer else ""
        return f"{self.action} on resource: {self.resource or 'any'}{by}"

    def request(self, role_arn: str | None) -> Request:
        """The question that it puts to the policy of the role at *role_arn*."""
        call = self.call
        where = arns_at(call) if self.where is None and call is not None else self.where
        if where is None:
            return Request(self.action, self.resource, ConditionKeys(self.context, unknown=["*"]))
        tags: Mapping[str, str] | None = None
        if call is not None and self.of_request and call.service == "sagemaker" and not call.sdk:
            tags = _own_tags(call)
        keys = keys_of_call(
            self.action,
            self.resource,
            call.request if call is not None and self.of_request else self.sent or {},
            Caller(arns=where, at=None if call is None else call.at, role=role_arn),
            given=self.context,
            added_tags=tags,
            operation=call.operation if call is not None and self.of_request else None,
        )
        return Request(self.action, self.resource, keys)


def _own_tags(call: Call) -> dict[str, str]:
    """Tags that Step Functions adds to the tags of whatever it makes in SageMaker."""
    return {"MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS", "AWS_STEP_FUNCTIONS_EXECUTION_ARN": call.execution}


def arns_at(call: Call) -> Arns:
    """Partition, Region and account that *call* is made in."""
    return Arns(call.partition, call.region, call.owner)


def needs(call: Call, machine: str | None = None) -> list[Need]:
    """Return what must be allowed for *call* to succeed: to the state machine role, or to the one of its Credentials.

    Args:
        call: The call.
        machine: The ARN of the state machine, where it is known.
    """
    return _under_role(call, _needs(call, machine))


def _under_role(call: Call, own: list[Need]) -> list[Need]:
    """Return *own* needs of a call, which are those of the role that its Credentials name.

    For that role Step Functions polls, and needs no rule of EventBridge.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-cross-acct-sync-pattern.html
    """
    if not call.role:
        return own
    return [replace(need, by=call.role) for need in own if need.action not in RULE_ACTIONS]


def _needs(call: Call, machine: str | None) -> list[Need]:
    if call.service != "sagemaker":
        return _of_other_services(call, machine)
    action = ACTION_OF.get(call.api)
    if action is None or call.sdk:
        return _by_sdk(call, machine)
    names = _arns(call, action.arn_type, action.name_field)
    others = [arn for kind, field_name in action.extra_resources for arn in _arns(call, kind, field_name)]
    own = [Need(f"sagemaker:{action.operation}", arn, {}, call, of_request=True) for arn in (*names, *others)]
    own += [Need(f"sagemaker:{action.operation}", arn, {}, call, of_request=True) for arn in _plans(call)]
    tags = _tags(action, call, names)
    watching = _watching(action, call, names)
    return [*own, *_passed_roles(call), *tags, *_of_volume_keys(call), *watching]


def _by_sdk(call: Call, machine: str | None) -> list[Need]:
    begun = [Need(f"sagemaker:{call.operation}", arn, {}, call, of_request=True) for arn in sdk_resources(call)]
    action = ACTION_OF.get(call.api)
    polled = BEGUN.get(call.operation)
    if not begun or begun[0].resource == SOME:
        return _of_other_services(call, machine)
    if action is not None:
        return [*begun, *_passed_roles(call), *_tags(action, call, _arns(call, action.arn_type, action.name_field))]
    if polled is not None:
        return [*begun, *_passed_roles(call), *_tags(polled, call, _itself(polled, call))]
    tagged = begun if call.operation.startswith("Create") and call.request.get("Tags") else []
    context = {"sagemaker:TaggingAction": call.operation}
    tags = [Need("sagemaker:AddTags", need.resource, context, call, of_request=True) for need in tagged]
    return [*begun, *_passed_roles(call), *tags]


def stopping(call: Call) -> list[Need]:
    """Return what Step Functions needs to stop the job of *call* when the state gives up on it."""
    action = ACTION_OF[call.api]
    names = _arns(call, action.arn_type, action.name_field)
    return _under_role(call, [Need(f"sagemaker:Stop{action.noun}", arn, _tags_of_job(call), call) for arn in names])


def sdk_resources(call: Call) -> list[str]:
    """The ARNs that a call by the SDK integration is authorized on: by names in its request, or the ARN it gives."""
    polled = POLLED.get(call.operation) or POLLED_NOUNS.get(re.sub(r"^[A-Z][a-z]+", "", call.operation))
    if polled and call.operation == polled.operation:
        others = [
            arn for kind, name in polled.extra_resources if name in call.request for arn in _arns(call, kind, name)
        ]
        return [*(_itself(polled, call) if polled.begun_on_itself else ()), *others]
    noun = polled.noun if polled else re.sub(r"^[A-Z][a-z]+|V[0-9]$", "", call.operation)
    kind = polled.arn_type if polled else _kebab(noun)
    if given := [value for name, value in call.request.items() if name in {"ResourceArn", f"{noun}Arn"}]:
        return [str(arn) for arn in given]
    name_field = polled.name_field if polled and polled.token_field is None else field_of(noun, "Name")
    if str(call.request.get(name_field, "")).startswith("arn:"):
        return [call.request[name_field]]
    if name_field in call.request:
        return _arns(call, kind, name_field, above=_above(polled, call))
    return [SOME]


def _itself(polled: PolledAction, call: Call) -> list[str]:
    """The ARNs of what a call begins; of one that is numbered below another, that of the first."""
    field_name = polled.resource_field or polled.name_field
    named = _arns(call, polled.arn_type, field_name, above=_above(polled, call))
    return [arn and f"{arn}{polled.under.replace('*', '1')}" for arn in named]


def _above(polled: PolledAction | None, call: Call) -> str:
    """The part of a job's ARN before its name."""
    return f"{call.request.get(polled.asked_with, '*')}/" if polled and polled.asked_with else ""


def _kebab(noun: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", noun).lower()


def _arns(call: Call, kind: str, name_field: str, *, above: str = "") -> list[str]:
    """The ARNs under which the request's resource may be authorized.

    SageMaker folds the case of some names, and reports differ on whether before or after it asks IAM: those have to be
    allowed in both spellings.
    """
    if name_field not in call.request:
        # SageMaker refuses the call, or makes a name up: which, nobody knows here.
        return [SOME]
    name = str(call.request[name_field])
    spellings = dict.fromkeys([name, name.lower()] if kind in LOWER_CASED else [name])
    return [call.arn("sagemaker", f"{kind}/{above}{spelling}") for spelling in spellings]


def _passed_roles(call: Call) -> Iterator[Need]:
    for role in role_arns(call.operation, call.request):
        yield Need("iam:PassRole", role, {"iam:PassedToService": "sagemaker.amazonaws.com"}, call)


def _tags(action: Action, call: Call, arns: Sequence[str]) -> Iterator[Need]:
    """The optimized integration tags whatever it creates, whether or not the request has tags."""
    if call.request.get("Tags") if call.sdk else action.takes_tags:
        for arn in arns:
            yield Need("sagemaker:AddTags", arn, {"sagemaker:TaggingAction": call.operation}, call, of_request=True)


def _watching(action: Action, call: Call, arns: Sequence[str]) -> Iterator[Need]:
    if not call.sync or action.sync_rule is None:
        return
    for arn in arns:
        yield Need(f"sagemaker:Describe{action.noun}", arn, _tags_of_job(call), call)
        yield Need("sagemaker:ListTags", arn, _tags_of_job(call), call)
    # Where AWS has not published the rule's name, a policy has to allow any that begins like the others.
    rule = action.sync_rule.name.replace("*", "RuleOfUnpublishedName")
    for verb in RULE_ACTIONS:
        yield Need(verb, call.arn("events", f"rule/{rule}"), {}, call)


def _tags_of_job(call: Call) -> Context:
    """Return what is known of the tags of a job that the call has begun."""
    tags = {str(tag["Key"]): str(tag["Value"]) for tag in call.request.get("Tags", ())}
    tags |= _own_tags(call)
    return {f"{prefix}:ResourceTag/{key}": value for prefix in ("aws", "sagemaker") for key, value in tags.items()}


def _plans(call: Call) -> Iterator[str]:
    """The training plans of a request, and the capacity that each has reserved, whose name only SageMaker knows."""
    shapes = ("TrainingPlanArn", "TrainingPlanArns")
    given = [value for name, value in values(call.operation, call.request) if name in shapes]
    plans = dict.fromkeys(each for value in given for each in listed(value))
    yield from plans
    if plans:
        yield call.arn("sagemaker", "reserved-capacity/*")


def _of_volume_keys(call: Call) -> Iterator[Need]:
    """Return what whoever calls must be allowed of the keys of volumes, so that SageMaker may use them.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html
    """
    key = call.request.get("KmsKeyId")
    if isinstance(key, str):
        name = key.rpartition(":alias/" if ":alias/" in key else "alias/")[2] if "alias/" in key else ""
        owner = key.split(":")[:5] if key.startswith("arn:") else call.arn("kms", "").split(":")[:5]
        arn = ":".join([*owner, "key/*"]) if name else key if key.startswith("arn:") else call.arn("kms", f"key/{key}")
        aliases = {"kms:ResourceAliases": [f"alias/{name}"]} if name else {}
        via = {**aliases, "kms:ViaService": f"sagemaker.{call.region}.amazonaws.com"}
        yield Need("kms:CreateGrant", arn, {**via, "kms:GrantIsForAWSResource": "true"}, call)
        yield Need("kms:DescribeKey", arn, via, call)


def _of_other_services(call: Call, machine: str | None) -> list[Need]:
    found = permissions_of_call(
        call.service, call.api, call.request, arns_at(call), sdk=call.sdk, pattern=call.pattern, machine=machine
    )
    why = found.absent or found.unknown
    unknown = [Need(f"{call.service}:*", None, {}, call, reason=why)] if why else []
    return [
        *(
            Need(each.action, arn, each.context, call, of_request=each.action != "iam:PassRole")
            for each in found.needed
            for arn in each.resources or (None,)
        ),
        *unknown,
    ]


def perhaps_needed(resource: str) -> tuple[str, ...]:
    """Patterns of actions that a call may need of which nothing but its Resource is known."""
    called = resource_of(resource)
    service, known = called.service, ("iam:PassRole", "kms:*")
    if service == "sagemaker" and has_operation(f"{called.api[:1].upper()}{called.api[1:]}"):
        noun = re.sub(r"^[a-z]+", "", called.api)
        rules = RULE_ACTIONS if called.waits else ()
        return (f"sagemaker:*{noun}", "sagemaker:AddTags", *_DOCUMENTED, *_OF_ROLLBACKS, *rules, *known)
    where = Arns("aws", "*", "*")
    found = permissions_of_call(service, called.api, {}, where, sdk=called.sdk, pattern=called.pattern)
    if found.unknown or found.absent:
        return (f"{service}:*", *found.possible, *known)
    return (*(each.action for each in found.needed), *found.possible, *known)


_DOCUMENTED = ("sagemaker:ListTags",)
"""Permissions that AWS's template of the role has for every call of SageMaker, waited for or not.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
"""
_OF_ROLLBACKS = ("cloudwatch:DescribeAlarms",)
"""Alarms and resources that SageMaker checks before it rolls an endpoint back; AWS does not say as which role."""


def possible(call: Call, machine: str | None = None) -> tuple[str, ...]:
    """Patterns of actions that *call* may need besides; a grant of one is not needless."""
    if call.role:
        return ()
    if is_sagemaker(call) and not call.sdk:
        return (*_DOCUMENTED, *(_OF_ROLLBACKS if "AutoRollbackConfiguration" in str(call.request) else ()))
    found = permissions_of_call(
        call.service, call.api, call.request, arns_at(call), sdk=call.sdk, pattern=call.pattern, machine=machine
    )
    return found.possible


def of_keys(asked: Sequence[Need], keys: Mapping[str, str]) -> Iterator[Need]:
    """Return what *asked* needs besides, of the keys that encrypt its resources.

    Args:
        asked: What a call needs.
        keys: The ARN of the key by that of what it encrypts.
    """
    for need in asked:
        for action, key, via in key_needs(need.action, need.resource or "", keys):
            yield Need(action, key, via, need.call, by=need.by)


def is_sagemaker(call: Call) -> bool:
    """Tell whether the played SageMaker answers *call*."""
    return call.service == "sagemaker" and (call.api in ACTION_OF or has_operation(call.operation))
