"""Services that must be admitted to a key, since they write or publish on a pipeline's behalf.

A key whose policy cannot be changed here, as one that is only known by its ARN, has to admit them already.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html and
https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from constructs_sm.environment import reference_of, stack_of
from constructs_sm.grants.statements import publish_grants
from constructs_sm.language.errors import InvalidInputError, Problem
from constructs_sm.language.late_bound import is_token
from constructs_sm.rollback import undone_by

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_sns as sns
    from constructs import IConstruct

_LOGS = ("kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_TOPIC = ("kms:Decrypt", "kms:GenerateDataKey*")
_EXECUTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
_LONGEST_NAME = 80
_RANDOM_END = len("-AbCdEfGhIjKl")
"""The length of what CloudFormation puts behind the logical id, to name a state machine."""


def admit_logs(key: kms.IKey, stack: Stack, log_group_name: str) -> None:
    """Let CloudWatch Logs encrypt one log group with *key*."""
    # By name: the group itself cannot be made before the key admits it.
    arn = stack.format_arn(service="logs", resource=f"log-group:{log_group_name}")
    condition = {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn}}
    _admit(key, f"logs.{stack.region}.amazonaws.com", _LOGS, condition)


def admit_publishers(key: kms.IKey, stack: Stack) -> None:
    """Let alarms and rules of this account publish to a topic that is encrypted with *key*."""
    of_this_account = {"StringEquals": {"aws:SourceAccount": stack.account}}
    _admit(key, "cloudwatch.amazonaws.com", _TOPIC, of_this_account)
    # AWS: EventBridge sends no aws:SourceAccount or aws:SourceArn with what it publishes to an encrypted topic.
    _admit(key, "events.amazonaws.com", _TOPIC, {})


def encrypt_topics(where: str, machine: sfn.StateMachine, key: kms.IKey, topics: Sequence[sns.Topic]) -> None:
    """Encrypt those of *topics* with *key* that a state machine publishes to, and let it use the key for that.

    Raises:
        InvalidInputError: One stands in a stack that cannot have the key.
    """
    stack = stack_of(machine)
    made: Any = machine.node.default_child
    text = json.dumps(stack.resolve(made.definition_string))
    # Two stacks of one form have the same names in them: those of this one come first.
    for topic in sorted(topics, key=lambda each: stack_of(each) != stack):
        resource: Any = topic.node.default_child
        reference = json.dumps({"Ref": stack_of(topic).resolve(resource.logical_id)})
        if reference in text and resource.kms_master_key_id is None:
            text = text.replace(reference, "")
            # The state machine's stack needs the topic already: both of them each other is a circle.
            if is_token(key.key_arn) and _whole(key) == _whole(machine) != _whole(topic):
                what = f"the topic '{topic.node.path}' would need the key of the stack that needs it"
                use = "make the Approval in the stack of the pipeline, or pass a key of another stack"
                raise InvalidInputError(where, [Problem(what, key.node.path, use, "argument-value")])
            resource.kms_master_key_id = key.key_arn
            undone_by(partial(setattr, resource, "kms_master_key_id", None))
            for grant in publish_grants(topic.topic_arn, key.key_arn)[1:]:
                machine.add_to_role_policy(iam.PolicyStatement.from_json(grant.to_policy()))


def grant_key_of_executions(
    machine: sfn.StateMachine, name: str | None, encryption: sfn.EncryptionConfiguration | None
) -> None:
    """Let the role of *machine*, which is called *name* if it is, use the key of its definition and executions.

    The CDK grants that for a machine of the name that was given, which is none where CloudFormation names it, and not
    for the runs of a Map in it.
    """
    if not isinstance(encryption, sfn.CustomerManagedEncryptionConfiguration):
        return
    stack = stack_of(machine)
    if name is None:
        # It cannot be asked for: the state machine is made after the policy of its role.
        logical_id = cast("sfn.CfnStateMachine", machine.node.default_child).logical_id
        whole = len(str(stack.resolve(logical_id))) <= _LONGEST_NAME - _RANDOM_END
        name = f"{logical_id}-" if whole else ""
    arn = stack.format_arn(
        service="states", resource="stateMachine", resource_name=f"{name}*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    machine.add_to_role_policy(
        iam.PolicyStatement(
            actions=list(_EXECUTIONS),
            resources=[encryption.kms_key.key_arn],
            conditions={"StringLike": {"kms:EncryptionContext:aws:states:stateMachineArn": arn}},
        )
    )


def _whole(construct: IConstruct) -> str:
    """Reference of the stack that a construct is deployed with: the one around those that are nested in it."""
    stack = stack_of(construct)
    while stack.nested_stack_parent is not None:
        stack = stack.nested_stack_parent
    return reference_of(stack)


def _admit(key: kms.IKey, service: str, actions: tuple[str, ...], conditions: dict[str, dict[str, str]]) -> None:
    key.add_to_resource_policy(
        iam.PolicyStatement(
            actions=list(actions),
            resources=["*"],
            principals=[iam.ServicePrincipal(service)],
            conditions=conditions,
        ),
        True,  # no complaint where the policy is somebody else's
    )
