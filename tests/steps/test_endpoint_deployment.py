"""An endpoint is created or updated, waited for, and serves the new configuration, or the execution says why not."""

from __future__ import annotations

import json

from constructs_sm import (
    BlueGreenUpdatePolicy,
    CapacitySize,
    CreateModel,
    EndpointDeployment,
    InvalidInputError,
    JobName,
    PipelineStack,
    TrainingJob,
)
from constructs_sm.testing import (
    AccessDenied,
    Always,
    EndpointStatus,
    Refused,
    Throttled,
    definition,
    grants,
    without,
)

import pytest
from aws_cdk import App, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE, REQUESTS
from rehearsed import ENVIRONMENT, LANGUAGES, Rehearsed

in_both_languages = pytest.mark.parametrize("language", LANGUAGES)
PRESENT = [("endpoint", "churn")]
ABSENT = Refused(
    "ValidationException", 'Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/churn".'
)
CREATED = [
    "Deploy: Begin",
    "Deploy: FindEndpoint",
    "Deploy: IsMissing",
    "Deploy: EndpointConfig",
    "Deploy: EndpointConfig: ValidateOutput",
    "Deploy: CreateOrUpdate",
    "Deploy: Endpoint",
    "Deploy: Wait",
    "Deploy: Describe",
    "Deploy: ValidateOutput",
]


def deployment(stack, construct_id="Deploy", **arguments):
    given = {"endpoint_name": "churn", "model": "churn-model", "instance_type": "ml.m5.xlarge", **arguments}
    return EndpointDeployment(stack, construct_id, **given)


@pytest.fixture(scope="module")
def rehearsed():
    """Synthesizes a deployment once a language; it deletes old configurations."""
    made = {}

    def of(language="JSONPath"):
        if language not in made:
            arguments = {"query_language": LANGUAGES[language], "delete_old_configs": True}
            made[language] = Rehearsed(lambda stack: deployment(stack, timeout=Duration.minutes(10), **arguments))
        return made[language]

    return of


@in_both_languages
def test_absent_endpoint_is_created_and_waited_for(rehearsed, language):
    run = rehearsed(language).run()

    assert run.succeeded, run.cause
    again = ["Deploy: Wait", "Deploy: Describe", "Deploy: ValidateOutput"]
    assert run.states == [*CREATED, *again, "Deploy: Deployed"]
    assert (run.waits, run.pauses) == ([], [30, 30])


@in_both_languages
def test_present_endpoint_is_updated_and_waited_for(rehearsed, language):
    run = rehearsed(language).run(existing=PRESENT)

    assert run.succeeded, run.cause
    assert "Deploy: EndpointUpdate" in run.states
    assert "Deploy: Endpoint" not in run.states


@in_both_languages
def test_deployment_leaves_what_later_states_need_and_the_input(rehearsed, language):
    run = rehearsed(language).run()

    assert run.output["id"] == "x"
    assert set(run.output) == {"id", "Deploy"}
    made = run.output["Deploy"]
    assert made["EndpointName"] == "churn"
    assert made["EndpointArn"] == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/churn"
    assert made["EndpointStatus"] == "InService"
    (config,) = [request for state, request in run.requests if state == "Deploy: EndpointConfig"]
    assert made["EndpointConfigName"] == config["EndpointConfigName"]
    assert set(made) == {"EndpointName", "EndpointArn", "EndpointConfigName", "EndpointStatus"}


@in_both_languages
def test_two_runs_in_a_row_work_and_the_second_deletes_the_first_configuration(rehearsed, language):
    run = rehearsed(language).run(runs=2)

    assert run.succeeded, run.cause
    assert "Deploy: EndpointUpdate" in run.states
    (deleted,) = [request for state, request in run.requests if state == "Deploy: DeleteOldConfig"]
    assert deleted["EndpointConfigName"].startswith("deploy-")
    assert deleted["EndpointConfigName"] != run.output["Deploy"]["EndpointConfigName"]


def test_configuration_of_others_is_not_deleted(rehearsed):
    run = rehearsed().run(script={"Deploy: FindEndpoint": [EndpointStatus("InService", EndpointConfigName="by-hand")]})

    assert run.succeeded, run.cause
    assert "Deploy: DeleteOldConfig" not in run.states


def test_configuration_that_cannot_be_deleted_is_no_failure(rehearsed):
    run = rehearsed().run(runs=2, script={"Deploy: DeleteOldConfig": [Always(AccessDenied())]})

    assert run.succeeded, run.cause
    assert set(run.output) == {"id", "Deploy"}


@in_both_languages
@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_endpoint_that_is_being_changed_is_waited_for_first(rehearsed, language, status):
    script = {
        "Deploy: FindEndpoint": [EndpointStatus(status)],
        "Deploy: CheckAgain": [EndpointStatus(status), EndpointStatus("InService")],
    }

    run = rehearsed(language).run(existing=PRESENT, script=script)

    assert run.succeeded, run.cause
    before = run.states[: run.states.index("Deploy: EndpointConfig")]
    assert before.count("Deploy: WaitUntilReady") == 2


def test_endpoint_that_is_being_deleted_is_waited_for_and_made_anew(rehearsed):
    script = {"Deploy: FindEndpoint": [EndpointStatus("Deleting")], "Deploy: CheckAgain": [Always(ABSENT)]}

    run = rehearsed().run(script=script)

    assert run.succeeded, run.cause
    assert "Deploy: Endpoint" in run.states


@in_both_languages
def test_endpoint_that_has_failed_is_deleted_and_made_anew(rehearsed, language):
    run = rehearsed(language).run(script={"Deploy: FindEndpoint": [EndpointStatus("Failed", "no capacity")]})

    assert run.succeeded, run.cause
    assert [state for state in run.states if "Endpoint" in state or "CheckAgain" in state] == [
        "Deploy: FindEndpoint",
        "Deploy: DeleteEndpoint",
        "Deploy: CheckAgain",
        "Deploy: EndpointConfig",
        "Deploy: EndpointConfig: ValidateOutput",
        "Deploy: Endpoint",
    ]


def test_endpoint_that_has_failed_is_left_alone_if_wanted():
    made = Rehearsed(lambda stack: deployment(stack, replace_failed=False))

    run = made.run(script={"Deploy: FindEndpoint": [EndpointStatus("Failed", "no capacity")]})

    assert (run.status, run.error) == ("FAILED", "EndpointFailed")
    assert "no capacity" in run.cause
    assert not [grant for grant in grants(made.policy) if grant.action == "sagemaker:DeleteEndpoint"]


@in_both_languages
def test_endpoint_that_fails_says_sagemaker_s_reason(rehearsed, language):
    failed = EndpointStatus("Failed", "The primary container did not pass the ping health check")

    run = rehearsed(language).run(script={"Deploy: Describe": [EndpointStatus("Creating"), failed]})

    assert (run.status, run.error) == ("FAILED", "EndpointNotInService")
    assert run.cause.startswith("Deploy: the endpoint did not come into service with its new configuration: ")
    assert "did not pass the ping health check" in run.cause


@in_both_languages
def test_update_that_was_rolled_back_is_no_success(rehearsed, language):
    rolled_back = EndpointStatus("InService", "alarm rang", EndpointConfigName="deploy-of-yesterday")
    script = {"Deploy: Describe": [EndpointStatus("Updating"), EndpointStatus("RollingBack"), rolled_back]}

    run = rehearsed(language).run(existing=PRESENT, script=script)

    assert (run.status, run.error) == ("FAILED", "EndpointNotInService")
    told = json.loads(run.cause.partition("configuration: ")[2])
    assert told["Endpoint"]["EndpointConfigName"] == "deploy-of-yesterday"
    assert told["Endpoint"]["FailureReason"] == "alarm rang"
    assert "Deploy: DeleteOldConfig" not in run.states


@pytest.mark.parametrize("status", ["UpdateRollbackFailed", "OutOfService", "Deleting"])
def test_endpoint_that_settles_otherwise_is_no_success(rehearsed, status):
    run = rehearsed().run(existing=PRESENT, script={"Deploy: Describe": [EndpointStatus(status)]})

    assert (run.status, run.error) == ("FAILED", "EndpointNotInService")
    assert status in run.cause


@in_both_languages
def test_endpoint_that_takes_too_long_times_out(rehearsed, language):
    run = rehearsed(language).run(script={"Deploy: Describe": [Always(EndpointStatus("Creating"))]})

    assert (run.status, run.error) == ("FAILED", "TimedOut")
    assert run.cause.startswith("Deploy: the endpoint was not in service after 10 minutes: ")
    assert run.pauses == [30] * 20


def test_time_before_counts_as_well(rehearsed):
    busy, creating = EndpointStatus("Updating"), EndpointStatus("Updating")
    script = {
        "Deploy: FindEndpoint": [busy],
        "Deploy: CheckAgain": [*[busy] * 9, EndpointStatus("InService")],
        "Deploy: Describe": [Always(creating)],
    }

    run = rehearsed().run(existing=PRESENT, script=script)

    assert (run.status, run.error, len(run.pauses)) == ("FAILED", "TimedOut", 20)


def test_endpoint_that_is_never_ready_times_out(rehearsed):
    busy = Always(EndpointStatus("Updating"))

    run = rehearsed().run(existing=PRESENT, script={"Deploy: FindEndpoint": [busy], "Deploy: CheckAgain": [busy]})

    assert (run.status, run.error) == ("FAILED", "TimedOut")
    assert "Deploy: EndpointConfig" not in run.states


@in_both_languages
def test_throttled_looks_are_outlasted(rehearsed, language):
    script = {
        "Deploy: FindEndpoint": [Throttled()],
        "Deploy: CheckAgain": [Throttled(), Throttled()],
        "Deploy: Describe": [Throttled(), Throttled()],
    }

    run = rehearsed(language).run(existing=PRESENT, script=script)

    assert run.succeeded, run.cause
    assert "Deploy: EndpointUpdate" in run.states
    assert len(run.waits) == 4


def test_absent_endpoint_is_found_absent_also_after_a_throttled_look(rehearsed):
    run = rehearsed().run(script={"Deploy: FindEndpoint": [Throttled()]})

    assert run.succeeded, run.cause
    assert "Deploy: Endpoint" in run.states


@in_both_languages
def test_look_that_is_denied_fails_with_what_sagemaker_says(rehearsed, language):
    denied = Always(AccessDenied())

    run = rehearsed(language).run(script={"Deploy: FindEndpoint": [denied], "Deploy: CheckAgain": [denied]})

    assert (run.status, run.error) == ("FAILED", "SageMaker.SageMakerException")
    assert run.cause.startswith("User is not authorized to perform this action")


@pytest.mark.parametrize("state", ["Deploy: EndpointConfig", "Deploy: Endpoint", "Deploy: EndpointUpdate"])
def test_refused_call_fails_with_what_sagemaker_says(rehearsed, state):
    existing = PRESENT if state.endswith("Update") else []
    refused = Always(Refused("ValidationException", "no such thing"))

    run = rehearsed().run(existing=existing, script={state: [refused]})

    assert (run.status, run.error) == ("FAILED", "SageMaker.AmazonSageMakerException")
    assert run.cause.startswith("no such thing")


@in_both_languages
def test_policy_is_sufficient_and_every_grant_of_it_is_needed(rehearsed, language):
    made = rehearsed(language)
    failed = {"Deploy: FindEndpoint": [EndpointStatus("Failed")]}

    def suffices(policy):
        twice = made.run(runs=2, policy=policy)
        anew = made.run(script=failed, policy=policy)
        return twice.succeeded and not twice.waits and anew.succeeded

    assert suffices(made.policy)
    needless = [str(grant) for grant in grants(made.policy) if suffices(without(made.policy, grant))]
    # AWS's template has it for every pattern.
    assert needless == ["sagemaker:ListTags on *"]


def test_grants_name_the_endpoint_and_the_configurations(rehearsed):
    arns = {grant.resource for grant in grants(rehearsed().policy) if grant.resource != "*"}

    assert {arn.rpartition(":")[2] for arn in arns} == {"endpoint/churn", "endpoint-config/deploy-*"}


def test_endpoint_named_in_capitals_is_granted_in_both_spellings():
    made = Rehearsed(lambda stack: deployment(stack, endpoint_name="Churn"))

    assert made.run().succeeded
    described = {grant.resource for grant in grants(made.policy) if grant.action == "sagemaker:DescribeEndpoint"}
    assert {arn.rpartition(":")[2] for arn in described} == {"endpoint/Churn", "endpoint/churn"}


def test_alarms_roll_back_and_keep_the_old_instances_for_ten_minutes(stack, machine):
    alarm = cloudwatch.Alarm.from_alarm_arn(stack, "Alarm", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:slow")
    machine(deployment(stack, rollback_alarms=[alarm, "errors"]))

    update = definition(stack)["States"]["Deploy: EndpointUpdate"]["Parameters"]["DeploymentConfig"]
    assert update["AutoRollbackConfiguration"] == {"Alarms": [{"AlarmName": "slow"}, {"AlarmName": "errors"}]}
    assert update["BlueGreenUpdatePolicy"] == {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
        "TerminationWaitInSeconds": 600,
    }


def test_alarms_may_be_seen_by_both_roles():
    def with_alarms(stack):
        model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://data/models/model.tar.gz")
        return model.next(deployment(stack, model=model, rollback_alarms=["errors"]))

    made = Rehearsed(with_alarms)
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors"
    assert f"cloudwatch:DescribeAlarms on {arn}" in {str(grant) for grant in grants(made.policy)}
    role = made.stack.node.find_child("SageMakerExecutionRole").node.find_child("DefaultPolicy")
    assert "cloudwatch:DescribeAlarms" in json.dumps(made.stack.resolve(role.document))


def test_traffic_moves_as_the_policy_says(stack, machine):
    policy = BlueGreenUpdatePolicy(canary_size=CapacitySize.percent(10), wait_interval=Duration.minutes(5))
    machine(deployment(stack, update_policy=policy, update={"retain_variant_properties": True}))

    update = definition(stack)["States"]["Deploy: EndpointUpdate"]["Parameters"]
    assert update["DeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "CANARY"
    assert update["RetainAllVariantProperties"] is True


def test_tags_are_those_of_endpoint_and_configuration(stack, machine):
    machine(deployment(stack, tags={"team": "churn"}))

    states = definition(stack)["States"]
    tagged = [name for name, state in states.items() if "Tags" in state.get("Parameters", {})]
    assert sorted(tagged) == ["Deploy: Endpoint", "Deploy: EndpointConfig"]


@in_both_languages
def test_endpoint_and_model_may_come_from_the_input(language):
    jsonata = language == "JSONata"
    name = "{% $states.input.endpoint %}" if jsonata else "$.endpoint"
    model = "{% $states.input.model %}" if jsonata else "$.model"
    made = Rehearsed(
        lambda stack: deployment(stack, endpoint_name=name, model=model, query_language=LANGUAGES[language])
    )

    run = made.run(execution_input={"endpoint": "Churn-EU", "model": "churn-7"})

    assert run.succeeded, run.cause
    (created,) = [request for state, request in run.requests if state == "Deploy: Endpoint"]
    assert created["EndpointName"] == "Churn-EU"
    (config,) = [request for state, request in run.requests if state == "Deploy: EndpointConfig"]
    assert config["ProductionVariants"][0]["ModelName"] == "churn-7"


@in_both_languages
def test_configuration_may_be_named_by_the_input(language):
    name = "{% $states.input.config %}" if language == "JSONata" else "$.config"
    made = Rehearsed(lambda stack: deployment(stack, config={"job_name": name}, query_language=LANGUAGES[language]))

    run = made.run(execution_input={"config": "of-monday"})

    assert run.succeeded, run.cause
    assert run.output["Deploy"]["EndpointConfigName"] == "of-monday"


@in_both_languages
def test_each_item_of_a_map_is_an_endpoint_of_its_own(language):
    name = "{% $states.input.endpoint %}" if language == "JSONata" else "$.endpoint"

    def each(stack):
        deploy = deployment(stack, endpoint_name=name, query_language=LANGUAGES[language])
        return sfn.Map(stack, "Each", items_path="$.items").item_processor(deploy)

    run = Rehearsed(each).run(execution_input={"items": [{"endpoint": "one"}, {"endpoint": "two"}]})

    assert run.succeeded, run.cause
    assert [item["Deploy"]["EndpointName"] for item in run.output] == ["one", "two"]


def test_deployments_run_beside_each_other_and_under_prefixes():
    def both(stack):
        blue, green = (deployment(stack, name, endpoint_name=name.lower()) for name in ("Blue", "Green"))
        green.prefix_states("Second: ")
        return sfn.Parallel(stack, "Both").branch(blue).branch(green)

    run = Rehearsed(both).run()

    assert run.succeeded, run.cause
    assert "Second: Green: Deployed" in run.states


def test_deployment_is_one_state_of_a_parallel_that_catches_its_failures():
    def caught(stack):
        told = sfn.Succeed(stack, "Told")
        return deployment(stack).to_single_state().add_catch(told, result_path="$.error")

    run = Rehearsed(caught).run(script={"Deploy: Deploy: Describe": [EndpointStatus("Failed", "no capacity")]})

    assert (run.status, run.states[-1]) == ("SUCCEEDED", "Told"), run.cause
    assert "no capacity" in run.output["error"]["Cause"]


@in_both_languages
@pytest.mark.parametrize(
    "state", ["Deploy: CheckAgain", "Deploy: EndpointConfig", "Deploy: EndpointUpdate", "Deploy: Describe"]
)
def test_caught_errors_of_every_call_keep_the_input(language, state):
    def caught(stack):
        told = sfn.Succeed(stack, "Told")
        deploy = deployment(stack, query_language=LANGUAGES[language], retry=())
        return deploy.add_catch(told, result_path="$.error")

    script = {"Deploy: FindEndpoint": [EndpointStatus("Updating")], state: [Refused("InternalFailure", "out of order")]}
    run = Rehearsed(caught).run(existing=PRESENT, script=script)

    if state == "Deploy: CheckAgain":
        # One that the fragment itself looks at first.
        assert (run.status, run.states[-1]) == ("FAILED", "Deploy: NotDescribed")
    else:
        assert (run.status, run.states[-1]) == ("SUCCEEDED", "Told"), run.cause
        assert run.output["id"] == "x"
    assert "out of order" in (run.cause or run.output["error"]["Cause"])


@in_both_languages
def test_pipeline_goes_on_after_the_deployment(language):
    arguments = {"query_language": LANGUAGES[language]}

    def chain(stack):
        train = TrainingJob(stack, "Train", parameters=REQUESTS["createTrainingJob"], **arguments)
        model = CreateModel(stack, "Model", image=IMAGE, model_data=train.model_artifacts, **arguments)
        deploy = deployment(stack, model=model, **arguments)
        told = sfn.Pass(stack, "Told")
        return train.next(model).next(deploy).next(told)

    run = Rehearsed(chain).run()

    assert run.succeeded, run.cause
    assert run.states[-1] == "Told"
    requests = dict(run.requests)
    variant = requests["Deploy: EndpointConfig"]["ProductionVariants"][0]
    assert variant["ModelName"] == requests["Model"]["ModelName"]


def test_configurations_of_a_pipeline_share_its_prefix():
    stack = PipelineStack(App(), "Churn", env=ENVIRONMENT)
    stack.run(deployment(stack))

    name = definition(stack)["States"]["Deploy: EndpointConfig"]["Parameters"]["EndpointConfigName.$"]
    assert name == "States.Format('churn-deploy-{}', States.UUID())"


def test_name_of_the_endpoint_is_known_to_later_states(stack):
    assert deployment(stack, "One").endpoint_name == "churn"
    assert deployment(stack, "Two", endpoint_name="$.endpoint").endpoint_name.json_path == "$.Two.EndpointName"
    jsonata = deployment(
        stack, "Three it is", endpoint_name="{% $states.input.x %}", query_language=sfn.QueryLanguage.JSONATA
    )
    assert jsonata.endpoint_name == "{% $states.input.`Three it is`.EndpointName %}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"endpoint_name": None}, "endpoint_name is missing"),
        ({"endpoint_name": "no_underscore"}, "endpoint_name has characters SageMaker refuses"),
        ({"interval": Duration.millis(500)}, "interval must be a Duration of whole seconds"),
        ({"timeout": "1 hour"}, "timeout must be a Duration of whole seconds"),
        ({"timeout": Duration.days(30)}, "too many polls"),
        ({"config": "churn"}, "config must be a mapping"),
        ({"config": {"job_name": "always"}}, "every deployment needs a configuration of its own"),
        ({"config": {"job_name": JobName.fixed("always")}}, "pass JobName.unique"),
        (
            {"config": {"job_name": "$.x"}, "delete_old_configs": True},
            "delete_old_configs needs names that begin alike",
        ),
        ({"config": {"instance_cont": 2}}, "did you mean instance_count?"),
        ({"instance_type": "ml.m5.huge"}, "InstanceType"),
        ({"update": {"retain_variants": True}}, "retain_variant"),
        ({"endpoint_name": "{% $states.input.x %}"}, "JSONata in a JSONPath state"),
    ],
)
def test_wrong_argument_fails_names_it_and_leaves_nothing_behind(stack, arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        deployment(stack, **arguments)
    assert stack.node.try_find_child("Deploy") is None


def test_long_name_fails_before_a_state_s_name_is_too_long(stack):
    with pytest.raises(InvalidInputError, match="use 1 to 48 characters"):
        deployment(stack, "D" * 49)
    made = Rehearsed(lambda stack: deployment(stack, "D" * 48))
    assert max(map(len, made.definition["States"])) == 80
    assert made.run().succeeded


@in_both_languages
def test_construct_id_may_have_any_characters(language):
    made = Rehearsed(lambda stack: deployment(stack, "It's `my` end-point", query_language=LANGUAGES[language]))

    run = made.run()

    assert run.succeeded, run.cause
    assert run.output["It_s _my_ end-point"]["EndpointStatus"] == "InService"
