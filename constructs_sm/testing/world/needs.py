"""Which permissions the state machine role must have for a call to succeed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from constructs_sm.requests.api_model import has_operation
from constructs_sm.testing.world import scaling
from constructs_sm.testing.world.apis import ACTION_OF, BEGUN, LOWER_CASED, POLLED, POLLED_NOUNS, role_arns, values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from constructs_sm.actions import Action
    from constructs_sm.interpreter.calls import Call
    from constructs_sm.polled_actions import PolledAction

Context: TypeAlias = Mapping[str, str | Sequence[str]]

SOME = ""
"""As a resource: whichever the statement names. What the action is authorized on is not known here."""
_OWN_TAGS = ("MANAGED_BY_AWS", "AWS_STEP_FUNCTIONS_EXECUTION_ARN")
"""What Step Functions adds to the tags of whatever it makes in SageMaker."""


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource that a call cannot do without."""

    action: str
    resource: str
    context: Context = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.action} on resource: {self.resource or 'any'}"


def needs(call: Call) -> list[Need]:
    """What the state machine role must be allowed for *call* to succeed."""
    if call.role:
        return [Need("sts:AssumeRole", call.role)]
    if call.service != "sagemaker":
        return _of_other_services(call)
    action = ACTION_OF.get(call.api)
    if action is None:
        begun = [Need(f"sagemaker:{call.operation}", resource) for resource in sdk_resources(call)]
        polled = BEGUN.get(call.operation)
        return begun if polled is None else [*begun, *_passed_roles(call), *_tags(polled, call, _itself(polled, call))]
    names = _arns(call, action.arn_type, action.name_field)
    context = _conditions(call)
    own = [Need(f"sagemaker:{action.operation}", arn, context) for arn in names]
    for arn_type, name_field in action.extra_resources:
        own += [Need(f"sagemaker:{action.operation}", arn, context) for arn in _arns(call, arn_type, name_field)]
    tags = _tags(action, call, names)
    watching = _watching(action, call, names)
    return [*own, *_passed_roles(call), *tags, *watching]


def stopping(call: Call) -> list[Need]:
    """What Step Functions needs to stop the job of *call* when the state gives up on it."""
    action = ACTION_OF[call.api]
    return [Need(f"sagemaker:Stop{action.noun}", arn) for arn in _arns(call, action.arn_type, action.name_field)]


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
    name_field = polled.name_field if polled and polled.token_field is None else f"{noun}Name"
    if str(call.request.get(name_field, "")).startswith("arn:"):
        return [call.request[name_field]]
    if name_field in call.request:
        return _arns(call, kind, name_field, above=_above(polled, call))
    return [SOME]


def _itself(polled: PolledAction, call: Call) -> list[str]:
    """The ARNs of what a call begins; of one that is numbered below another, that of the first."""
    field_name = polled.resource_field or polled.name_field
    named = _arns(call, polled.arn_type, field_name, above=_above(polled, call))
    return [f"{arn}{polled.under.replace('*', '1')}" for arn in named]


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
    name = str(call.request[name_field])
    spellings = dict.fromkeys([name, name.lower()] if kind in LOWER_CASED else [name])
    return [call.arn("sagemaker", f"{kind}/{above}{spelling}") for spelling in spellings]


def _passed_roles(call: Call) -> Iterator[Need]:
    for role in role_arns(call.operation, call.request):
        yield Need("iam:PassRole", role, {"iam:PassedToService": "sagemaker.amazonaws.com"})


def _tags(action: Action, call: Call, arns: Sequence[str]) -> Iterator[Need]:
    """The optimized integration tags whatever it creates, whether or not the request has tags."""
    if call.request.get("Tags") if call.sdk else action.takes_tags:
        for arn in arns:
            yield Need("sagemaker:AddTags", arn, {"sagemaker:TaggingAction": call.operation, **_tag_conditions(call)})


def _watching(action: Action, call: Call, arns: Sequence[str]) -> Iterator[Need]:
    if not call.sync or action.sync_rule is None:
        return
    for arn in arns:
        yield Need(f"sagemaker:Describe{action.noun}", arn)
        yield Need("sagemaker:ListTags", arn)
    # Where AWS has not published the rule's name, a policy has to allow any that begins like the others.
    rule = action.sync_rule.name.replace("*", "RuleOfUnpublishedName")
    for verb in ("PutTargets", "PutRule", "DescribeRule"):
        yield Need(f"events:{verb}", call.arn("events", f"rule/{rule}"))


_CONDITION_KEYS: dict[str, str] = {
    "TrainingInstanceType": "sagemaker:InstanceTypes",
    "ProcessingInstanceType": "sagemaker:InstanceTypes",
    "TransformInstanceType": "sagemaker:InstanceTypes",
    "ProductionVariantInstanceType": "sagemaker:InstanceTypes",
    "SubnetId": "sagemaker:VpcSubnets",
    "SecurityGroupId": "sagemaker:VpcSecurityGroupIds",
}
"""Condition keys of SageMaker that have the values of a shape, wherever in the request they are."""


def _conditions(call: Call) -> dict[str, Any]:
    context: dict[str, Any] = _tag_conditions(call)
    for shape, value in values(call.operation, call.request):
        if shape in _CONDITION_KEYS:
            context.setdefault(_CONDITION_KEYS[shape], []).append(value)
    network = call.request.get("NetworkConfig", call.request)
    isolated, encrypted = "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"
    context["sagemaker:NetworkIsolation"] = str(bool(network.get(isolated))).lower()
    context["sagemaker:InterContainerTrafficEncryption"] = str(bool(network.get(encrypted))).lower()
    output_key = call.request.get("OutputDataConfig", {}).get("KmsKeyId")
    return {**context, **({"sagemaker:OutputKmsKey": output_key} if output_key else {})}


def _tag_conditions(call: Call) -> dict[str, Any]:
    tags = {tag["Key"]: tag["Value"] for tag in call.request.get("Tags", ())}
    return {
        **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
        "aws:TagKeys": [*tags, *_OWN_TAGS],
        "aws:RequestedRegion": call.region,
    }


def _of_other_services(call: Call) -> list[Need]:
    """Of the optimized integrations that pipelines use; of all others only that the action is allowed somewhere."""
    action = f"{_IAM_PREFIXES.get(call.service, call.service)}:{call.operation}"
    resource = _RESOURCES.get(action.lower())
    if action == "lambda:Invoke":
        action = "lambda:InvokeFunction"
    if action == "s3:HeadObject":
        action = "s3:GetObject"
    if call.service == "applicationautoscaling" and isinstance(call.request, Mapping):
        return [Need(*need) for need in scaling.needs_of(call)]
    found = [Need(action, resource(call) if resource and isinstance(call.request, Mapping) else SOME)]
    return [*found, *_watching_others(call)]


def _watching_others(call: Call) -> Iterator[Need]:
    if call.sync:
        for action, resource in _WATCHING.get(f"{call.service}:{call.api}", ()):
            yield Need(action, resource(call))


_IAM_PREFIXES = {"sfn": "states", "eventbridge": "events", "sagemakerruntime": "sagemaker"}
"""What IAM calls services that the SDK calls otherwise."""


def _field(name: str, service: str = "", prefix: str = "") -> Callable[[Call], str]:
    """The ARN in a field of the request, made from what the field says if it is a name."""

    def resource(call: Call) -> str:
        value = str(call.request.get(name, ""))
        if not value or value.startswith("arn:"):
            return value
        return call.arn(service, f"{prefix}{value}")

    return resource


def _object(call: Call) -> str:
    return f"arn:{call.partition}:s3:::{call.request.get('Bucket', '*')}/{call.request.get('Key', '*')}"


def _bucket(call: Call) -> str:
    return f"arn:{call.partition}:s3:::{call.request.get('Bucket', '*')}"


def _queue(call: Call) -> str:
    account, _, name = str(call.request.get("QueueUrl", "")).rpartition("/")
    return call.arn("sqs", name) if account else SOME


def _execution(call: Call) -> str:
    machine = str(call.request.get("StateMachineArn", ""))
    return f"{machine.replace(':stateMachine:', ':execution:')}:*"


_EXECUTION_RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
_RESOURCES: dict[str, Callable[[Call], str]] = {
    "lambda:invoke": _field("FunctionName", "lambda", "function:"),
    "sns:publish": _field("TopicArn", "sns"),
    "sqs:sendmessage": _queue,
    "s3:getobject": _object,
    "s3:headobject": _object,
    "s3:putobject": _object,
    "s3:listobjectsv2": _bucket,
    "cloudwatch:putmetricalarm": _field("AlarmName", "cloudwatch", "alarm:"),
    "glue:startjobrun": _field("JobName", "glue", "job/"),
    "states:startexecution": _field("StateMachineArn", "states", "stateMachine:"),
    "states:startsyncexecution": _field("StateMachineArn", "states", "stateMachine:"),
    "dynamodb:getitem": _field("TableName", "dynamodb", "table/"),
    "dynamodb:putitem": _field("TableName", "dynamodb", "table/"),
    "dynamodb:updateitem": _field("TableName", "dynamodb", "table/"),
    "dynamodb:deleteitem": _field("TableName", "dynamodb", "table/"),
    "sagemaker:invokeendpoint": _field("EndpointName", "sagemaker", "endpoint/"),
}
_WATCHING: dict[str, Sequence[tuple[str, Callable[[Call], str]]]] = {
    "states:startExecution": (
        ("states:DescribeExecution", _execution),
        *(
            (f"events:{verb}", lambda call: call.arn("events", f"rule/{_EXECUTION_RULE}"))
            for verb in ("PutTargets", "PutRule", "DescribeRule")
        ),
    ),
    "glue:startJobRun": (("glue:GetJobRun", lambda _: SOME),),
}
"""What waiting for another service's work needs besides starting it."""


_OF_KEYS: Mapping[str, Sequence[str]] = {
    "sns:Publish": ("Decrypt", "GenerateDataKey"),
    "sqs:SendMessage": ("Decrypt", "GenerateDataKey"),
    "s3:GetObject": ("Decrypt",),
    "s3:PutObject": ("GenerateDataKey",),
    # The parts of an upload are read back when it is complete.
    "s3:ListMultipartUploadParts": ("Decrypt",),
}
"""What an action needs of the key that its resource is encrypted with."""


def of_keys(asked: Sequence[Need], keys: Mapping[str, str]) -> Iterator[Need]:
    """What *asked* needs besides, of the keys that encrypt its resources.

    Args:
        asked: What a call needs.
        keys: The ARN of the key by that of what it encrypts.
    """
    for need in asked:
        encrypted = need.resource.partition("/")[0]
        if key := keys.get(encrypted):
            service, region = need.action.partition(":")[0], key.split(":")[3]
            for action in _OF_KEYS.get(need.action, ()):
                yield Need(f"kms:{action}", key, {"kms:ViaService": f"{service}.{region}.amazonaws.com"})


def is_sagemaker(call: Call) -> bool:
    """Whether the played SageMaker answers *call*."""
    return call.service == "sagemaker" and (call.api in ACTION_OF or has_operation(call.operation))
