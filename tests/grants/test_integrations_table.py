"""The table of integrations, beside botocore: names of services and actions."""

from __future__ import annotations

from constructs_sm.actions import ACTIONS
from constructs_sm.grants.called_apis import called, client_model
from constructs_sm.integrations import OPTIMIZED, SDK_CLIENTS
from constructs_sm.rules.integrations import has_own_request, model_of, squashed
from constructs_sm.rules.service_models import clients

import botocore.session
import pytest

SESSION = botocore.session.get_session()
SERVICES = frozenset(SESSION.get_available_services())
CALLED = [row for row in OPTIMIZED if row.client and row.operation]


def operations(client):
    return SESSION.get_service_model(client).operation_names


def test_table_has_the_integrations_that_call_an_api():
    assert len(CALLED) >= 50
    others = {row.name for row in OPTIMIZED if row not in CALLED}
    assert others == {"apigateway:invoke", "eks:call", "eks:runJob", "http:invoke"}


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_optimized_integration_calls_an_operation_that_botocore_knows(row):
    assert row.client in SERVICES
    assert row.operation in operations(row.client)


@pytest.mark.parametrize("row", [row for row in CALLED if not has_own_request(row.service, row.api)])
def test_request_of_an_optimized_integration_is_judged_by_the_model_of_what_it_calls(row):
    named = {squashed(service): service for service in SERVICES}
    assert named[squashed(model_of(row.service, sdk=False))] == row.client


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.name)
def test_roles_of_an_optimized_integration_stand_in_its_request(row):
    if has_own_request(row.service, row.api):
        return
    shape = SESSION.get_service_model(row.client).operation_model(row.operation).input_shape
    for path, _ in row.roles:
        within = shape
        for name in path.split("."):
            # Step Functions has names begin with a capital, which an API may not.
            members = {squashed(member): shape for member, shape in within.members.items()}
            assert squashed(name) in members, path
            within = members[squashed(name)]
            within = within.member if name.endswith("[]") else within


def test_actions_of_sagemaker_are_operations_of_botocore_s_sagemaker():
    assert {action.operation for action in ACTIONS} - set(operations("sagemaker")) == set()


@pytest.mark.parametrize(("service", "client"), SDK_CLIENTS.items())
def test_service_that_an_sdk_integration_names_otherwise_is_one_of_botocore_s(service, client):
    assert client in SERVICES
    assert service not in SERVICES
    operation = next(iter(client_model(client).methods))
    assert called(service, f"{operation[0].lower()}{operation[1:]}", sdk=True)[0].client == client


def test_every_service_of_botocore_can_be_called_by_an_sdk_integration():
    named = {client: name for name, client in SDK_CLIENTS.items()}
    services = {client: named.get(client, client.replace("-", "")) for client in SERVICES}

    assert {client: SDK_CLIENTS.get(name, clients().get(name)) for client, name in services.items()} == {
        client: client for client in SERVICES
    }
