"""The services that a definition can call, and their APIs: as botocore's models have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from constructs_sm.integrations import OPTIMIZED, SDK_CLIENTS
from constructs_sm.language.errors import did_you_mean
from constructs_sm.rules.service_models import clients, service_model

_OPTIMIZED = {(row.service, row.api): row for row in OPTIMIZED}
_OPTIMIZED_APIS = {
    service: [row.api for row in OPTIMIZED if row.service == service] for service in {row.service for row in OPTIMIZED}
}


class AbsentError(LookupError):
    """A service or an API that there is not; the message says so, and what was perhaps meant."""


@dataclass(frozen=True, slots=True)
class ClientModel:
    """Facts known of one service of AWS's SDK.

    Attributes:
        client: botocore's name of it.
        signing_name: What its requests are signed for, which mostly is what IAM calls it.
        methods: The HTTP method of each operation, by its name.
    """

    client: str
    signing_name: str
    methods: dict[str, str]

    def operation(self, api: str) -> str | None:
        """The operation that a definition spells *api*."""
        folded = {name.lower(): name for name in self.methods}
        return folded.get(api.lower())


@cache
def client_model(client: str) -> ClientModel:
    """Return what botocore knows of *client*."""
    model = service_model(client)
    metadata = model["metadata"]
    return ClientModel(
        client,
        metadata.get("signingName") or metadata["endpointPrefix"],
        {name: operation.get("http", {}).get("method", "POST") for name, operation in model["operations"].items()},
    )


def called(service: str, api: str, *, sdk: bool) -> tuple[ClientModel, str]:
    """The service and the operation behind a state's Resource.

    Args:
        service: As the Resource has it: `dynamodb`; of `aws-sdk` the service behind it.
        api: As the Resource has it: `getItem`.
        sdk: Whether the integration is `aws-sdk`.

    Raises:
        AbsentError: There is no such service, or no such API.
    """
    if not sdk and service != "sagemaker":
        row = _OPTIMIZED.get((service, api))
        if row is None:
            raise AbsentError(_no_integration(service, api))
        client, wanted = row.client, row.operation
    else:
        client, wanted = SDK_CLIENTS.get(service, clients().get(service, "")), api
        if client not in clients().values():
            known = [*clients(), *SDK_CLIENTS]
            raise AbsentError(f"there is no service {service} in AWS's SDK. {did_you_mean(service, known)}".strip())
    model = client_model(client)
    operation = model.operation(wanted)
    if operation is None:
        spelled = {name[:1].lower() + name[1:]: name for name in model.methods}
        near = did_you_mean(api, list(spelled))
        raise AbsentError(f"{service} has no API {api}, as botocore's model has it. {near}".strip())
    return model, operation


def _no_integration(service: str, api: str) -> str:
    if service not in _OPTIMIZED_APIS:
        near = did_you_mean(service, _OPTIMIZED_APIS) or "by aws-sdk Step Functions calls every service"
        return f"there is no optimized integration of {service}; {near}"
    near = did_you_mean(api, _OPTIMIZED_APIS[service]) or f"it has {', '.join(_OPTIMIZED_APIS[service])}"
    return f"the optimized integration of {service} has no {api}; {near}"
