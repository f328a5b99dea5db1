"""State machines in Terraform's JSON, of a plan and of a state."""

from __future__ import annotations

import json
import re

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing import Rehearsal
from constructs_sm.testing.source.machine import machine_of, machines_of

import pytest

TOPIC = "arn:aws:sns:eu-west-1:111122223333:done"
DEFINITION = {
    "StartAt": "Tell",
    "States": {
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": TOPIC, "Message": "x"},
            "End": True,
        }
    },
}
ALLOW = {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}
ROLE_ARN = "arn:aws:iam::111122223333:role/machine"
MACHINE_ARN = "arn:aws:states:eu-west-1:111122223333:stateMachine:train"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def resource(address, **values):
    *_, kind, name = address.split(".")
    return {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}


def state(*resources, child=()):
    root = {"resources": list(resources), "child_modules": [{"address": "module.ml", "resources": list(child)}]}
    return {"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": root}}


ROLE = resource("aws_iam_role.machine", name="machine", arn=ROLE_ARN, assume_role_policy=document(TRUST))
INLINE = resource("aws_iam_role_policy.tell", role="machine", policy=document(ALLOW))
MACHINE = resource(
    "aws_sfn_state_machine.train",
    name="train",
    arn=MACHINE_ARN,
    role_arn=ROLE_ARN,
    definition=json.dumps(DEFINITION),
    type="EXPRESS",
    logging_configuration=[{"level": "ALL"}],
)


def test_state_is_read_with_the_policy_of_the_role():
    machine = machine_of(state(ROLE, INLINE, MACHINE))

    assert machine.definition == DEFINITION
    assert (machine.id, machine.name, machine.arn) == ("aws_sfn_state_machine.train", "train", MACHINE_ARN)
    assert (machine.account, machine.region) == ("111122223333", "eu-west-1")
    assert machine.policy == [ALLOW]
    assert machine.trusts[ROLE_ARN]["Statement"] == [TRUST]
    assert machine.role == ROLE_ARN
    assert machine.express
    assert "logs:CreateLogDelivery" in machine.own_actions


def test_state_is_rehearsed_from_its_file(tmp_path):
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state(ROLE, INLINE, MACHINE)))
    with Rehearsal.of(path) as rehearsal:
        assert rehearsal.start().succeeded
        assert rehearsal.permissions().exact


def test_managed_policies_are_read_where_terraform_has_them():
    own, aws = "arn:aws:iam::111122223333:policy/own", "arn:aws:iam::aws:policy/AmazonSNSFullAccess"
    attached = (
        resource("aws_iam_policy.own", arn=own, policy=document(ALLOW)),
        resource("aws_iam_role_policy_attachment.own", role="machine", policy_arn=own),
        resource("aws_iam_role_policy_attachment.aws", role="machine", policy_arn=aws),
    )
    found = machine_of(state(ROLE, MACHINE, *attached))

    assert found.policy == [ALLOW]
    assert found.unread_policies == (aws,)


def test_machines_of_child_modules_are_read():
    child = resource("module.ml.aws_sfn_state_machine.score[0]", name="score", definition=json.dumps(DEFINITION))
    found = {machine.id: machine for machine in machines_of(state(ROLE, INLINE, MACHINE, child=[child]))}

    assert list(found) == ["aws_sfn_state_machine.train", "module.ml.aws_sfn_state_machine.score[0]"]
    assert found["module.ml.aws_sfn_state_machine.score[0]"].policy is None


def named(address, attribute, *references):
    """The expression of an attribute in the configuration of a plan."""
    return {"address": address, "expressions": {attribute: {"references": list(references)}}}


def plan(**planned):
    """A plan in which the role's ARN and the policy's role are not known yet."""
    resources = [
        resource("aws_iam_role.machine", name="machine", assume_role_policy=document(TRUST)),
        resource("aws_iam_role_policy.tell", policy=document(ALLOW)),
        resource("aws_sfn_state_machine.train", name="train", **planned),
    ]
    expressions = [
        named("aws_iam_role_policy.tell", "role", "aws_iam_role.machine.id", "aws_iam_role.machine"),
        named("aws_sfn_state_machine.train", "role_arn", "aws_iam_role.machine.arn", "aws_iam_role.machine"),
    ]
    provider = {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-central-1"}}}}
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": resources}},
        "configuration": {"provider_config": provider, "root_module": {"resources": expressions}},
    }


def test_plan_is_read_by_the_references_of_its_expressions():
    definition = {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    machine = machine_of(plan(definition=json.dumps(definition)))

    assert machine.policy == [ALLOW]
    assert machine.region == "eu-central-1"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (plan(), "aws_sfn_state_machine.train: its definition is not in the plan, got 'known after apply'; apply it"),
        (state(ROLE), "one aws_sfn_state_machine was expected, got 0"),
        (plan(definition="{"), "definition is no JSON"),
        ({"format_version": "1.2", "values": 7}, "no planned_values and no values"),
    ],
    ids=["known after apply", "none", "no JSON", "no values"],
)
def test_terraform_without_a_definition_is_refused(content, said):
    with pytest.raises(InvalidInputError, match=re.escape(said)) as refused:
        machine_of(content)

    assert "\n" not in str(refused.value)


def test_parameters_are_terraform_s_own():
    with pytest.raises(InvalidInputError, match="give them to Terraform with -var"):
        machine_of(state(ROLE, INLINE, MACHINE), parameters={"x": "1"})


def planned(module, resources):
    """A plan in which nothing has an ARN yet: expressions say what belongs together."""
    root = {"resources": list(resources), "child_modules": []}
    for address in dict.fromkeys(each["address"].partition(".aws_")[0] for each in resources):
        if address.startswith("module."):
            inner = [each for each in resources if each["address"].startswith(f"{address}.aws_")]
            root["child_modules"].append({"address": address, "resources": inner})
    root["resources"] = [each for each in resources if not each["address"].startswith("module.")]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": root},
        "configuration": {"root_module": module},
    }


def of(address, **values):
    kind = re.search(r"(aws_\w+)\.", address)[1]
    return {"address": address, "mode": "managed", "type": kind, "values": values}


def expressed(address, **references):
    return {"address": address, "expressions": {name: {"references": named} for name, named in references.items()}}


def role_and_policy(index, prefix=""):
    topic = f"{TOPIC}-{len(index)}"
    allowed = document({**ALLOW, "Resource": topic})
    definition = json.dumps(DEFINITION).replace(TOPIC, topic)
    return [
        of(f"{prefix}aws_iam_role.machine{index}", name=f"machine{index}", assume_role_policy=document(TRUST)),
        of(f"{prefix}aws_iam_role_policy.tell{index}", policy=allowed),
        of(f"{prefix}aws_sfn_state_machine.train{index}", name=f"train{index}", definition=definition),
    ]


@pytest.mark.parametrize("indices", [("[0]", "[10]"), ('["a"]', '["b.c"]')])
def test_each_of_several_has_the_role_of_its_own_index(indices):
    module = {
        "resources": [
            expressed("aws_iam_role_policy.tell", role=["aws_iam_role.machine", "each.key"]),
            expressed("aws_sfn_state_machine.train", role_arn=["aws_iam_role.machine", "each.key"]),
        ]
    }
    made = planned(module, [each for index in indices for each in role_and_policy(index)])

    assert [machine.policy[0]["Resource"] for machine in machines_of(made)] == [f"{TOPIC}-{len(i)}" for i in indices]


def test_role_is_found_through_outputs_and_inputs_of_modules():
    resources = [
        *role_and_policy("", "module.iam.")[:2],
        of("module.ml.aws_sfn_state_machine.train", name="train", definition=json.dumps(DEFINITION)),
    ]
    iam = {
        "resources": [expressed("aws_iam_role_policy.tell", role=["aws_iam_role.machine.id", "aws_iam_role.machine"])],
        "outputs": {"role_arn": {"expression": {"references": ["aws_iam_role.machine.arn", "aws_iam_role.machine"]}}},
    }
    ml = {"resources": [expressed("aws_sfn_state_machine.train", role_arn=["var.role"])]}
    module = {
        "module_calls": {
            "iam": {"module": iam},
            "ml": {"module": ml, "expressions": {"role": {"references": ["module.iam.role_arn", "module.iam"]}}},
        }
    }

    (machine,) = machines_of(planned(module, resources))
    assert machine.policy == [{**ALLOW, "Resource": f"{TOPIC}-0"}]


def test_policy_is_attached_to_several_roles_at_once():
    policy = resource("aws_iam_policy.tell", arn="arn:aws:iam::111122223333:policy/p", policy=document(ALLOW))
    attached = resource(
        "aws_iam_policy_attachment.tell", policy_arn=policy["values"]["arn"], roles=["other", "machine"]
    )

    assert machine_of(state(ROLE, policy, attached, MACHINE)).policy == [ALLOW]


def test_key_of_the_machine_is_its_own_need():
    encrypted = {**MACHINE["values"], "encryption_configuration": [{"type": "CUSTOMER_MANAGED_KMS_KEY"}]}
    machine = machine_of(state(ROLE, INLINE, {**MACHINE, "values": encrypted}))

    assert "kms:Decrypt" in machine.own_actions
    assert "kms:Decrypt" not in machine_of(state(ROLE, INLINE, MACHINE)).own_actions
