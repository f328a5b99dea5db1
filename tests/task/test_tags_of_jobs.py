"""Tags that reach the jobs: of the constructs around them, as the CDK gives them to a resource in the same place."""

from __future__ import annotations

import json

from constructs_sm import PipelineStack, TrainingJob, acknowledge
from constructs_sm.actions import ACTIONS
from constructs_sm.polled_actions import POLLED_ACTIONS
from constructs_sm.requests.api_model import input_shape
from constructs_sm.testing import Rehearsal, state_machine_policy

import pytest
from aws_cdk import App, Aspects, Aws, CfnParameter, Environment, NestedStack, Stack, Stage, Tag, Tags
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from bridge import counted
from constructs import Construct
from every_action import REQUESTS, job
from every_polled_action import polled_job

ENV = Environment(account="111122223333", region="eu-west-1")
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/train:1"


@pytest.fixture
def app():
    return App()


@pytest.fixture
def stack(app):
    return Stack(app, "S", env=ENV)


def training(scope, construct_id="Train", **arguments):
    return TrainingJob(
        scope, construct_id, image=IMAGE, instance_type="ml.m5.xlarge", output="s3://out/m/", **arguments
    )


def run(scope, definition, construct_id="Machine"):
    return sfn.StateMachine(scope, construct_id, definition_body=sfn.DefinitionBody.from_chainable(definition))


def definitions(template):
    """The state machines of a template, with references spelled out."""
    machines = [each for each in template["Resources"].values() if each["Type"] == "AWS::StepFunctions::StateMachine"]
    return [json.loads(spelled(machine["Properties"]["DefinitionString"])) for machine in machines]


def spelled(value):
    match value:
        case {"Fn::Join": [separator, parts]}:
            return separator.join(map(spelled, parts))
        case {"Ref": name}:
            return f"${{{name}}}"
        case dict():
            return "${...}"
    return value


def sent(app, stack="S", job="Train", machine=0):
    """Tags of a request as it is synthesized, by key."""
    states = definitions(app.synth().get_stack_by_name(stack).template)[machine]["States"]
    request = states[job].get("Parameters") or states[job].get("Arguments")
    tags = request.get("Tags", [])
    assert len({tag["Key"] for tag in tags}) == len(tags)
    return {tag["Key"]: tag.get("Value", tag.get("Value.$")) for tag in tags}


def test_tags_of_a_pipeline_stack_reach_its_jobs(app):
    stack = PipelineStack(app, "Churn", env=ENV, tags={"team": "ml", "cost": "7"})
    stack.run(TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge"))

    assert sent(app, "Churn") == {"team": "ml", "cost": "7"}


def test_job_without_tags_around_it_sends_none(app, stack):
    run(stack, training(stack))

    states = definitions(app.synth().get_stack_by_name("S").template)[0]["States"]
    assert "Tags" not in states["Train"]["Parameters"]


def test_tags_that_are_added_after_the_job_reach_it(app, stack):
    part = Construct(stack, "Part")
    train = training(part)
    run(stack, train)
    Tags.of(app).add("of", "app")
    Tags.of(stack).add("at", "stack")
    Tags.of(part).add("of", "part")
    Tags.of(train).add("own", "late")

    assert sent(app) == {"of": "part", "at": "stack", "own": "late"}


def test_tags_of_one_job_do_not_reach_another(app, stack):
    first, second = training(stack, "First"), training(stack, "Second")
    run(stack, first.next(second))
    Tags.of(first).add("only", "first")

    assert sent(app, job="First") == {"only": "first"}
    assert sent(app, job="Second") == {}


def test_tags_of_the_job_itself_win(app, stack):
    run(stack, training(stack, tags={"team": "own"}))
    Tags.of(stack).add("team", "stack", priority=1000)
    Tags.of(stack).add("cost", "7")

    assert sent(app) == {"team": "own", "cost": "7"}


@pytest.mark.parametrize("language", [None, sfn.QueryLanguage.JSONATA])
def test_late_value_of_a_tag_stands_beside_those_around(app, stack, language):
    late = "$.owner" if language is None else "{% $states.input.owner %}"
    run(stack, training(stack, tags={"owner": late}, query_language=language))
    Tags.of(stack).add("team", "ml")

    assert sent(app) == {"owner": late, "team": "ml"}


COMPUTED = {
    "path": {"Tags.$": "$.tags"},
    "list of the CDK": {"Tags": sfn.JsonPath.list_at("$.tags")},
    "object of the CDK": {"Tags": sfn.JsonPath.object_at("$.tags")},
}


def computed(stack, tags, **arguments):
    run(stack, TrainingJob(stack, "Train", parameters={**REQUESTS["createTrainingJob"], **tags}, **arguments))


def told(assembly):
    messages = assembly.get_stack_by_name("S").messages
    return [str(each.entry.data) for each in messages if "tags-around-left-out" in str(each.entry.data)]


@pytest.mark.parametrize("tags", COMPUTED.values(), ids=COMPUTED)
def test_tags_that_a_path_is_all_of_are_left_alone_and_those_around_are_told_of(app, stack, tags):
    computed(stack, tags)
    Tags.of(stack).add("team", "ml")

    assembly = app.synth()
    request = definitions(assembly.get_stack_by_name("S").template)[0]["States"]["Train"]["Parameters"]
    assert request["Tags.$"] == "$.tags"
    assert "Tags" not in request
    (said,) = told(assembly)
    assert said.startswith(
        "the tags of a job are computed as a whole, so that those of the constructs around it are not sent, "
        "got '$.tags'; give tags={key: value}, where a value may be a path, or compute them in a job in JSONata"
    )


def test_tags_that_a_path_is_all_of_are_not_told_of_where_there_are_none_around(app, stack):
    computed(stack, {"Tags.$": "$.tags"})

    assert told(app.synth()) == []


def test_tags_that_are_left_out_can_be_acknowledged(app, stack):
    acknowledge(stack, "tags-around-left-out", "whoever starts it sends the team as well")
    computed(stack, {"Tags.$": "$.tags"})
    Tags.of(stack).add("team", "ml")

    assert told(app.synth()) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([{"Key": "run", "Value": "7"}], {"run": "7", "cost": "10", "team": "ml"}),
        ([{"Key": "team", "Value": "own"}, {"Key": "run", "Value": "7"}], {"team": "own", "run": "7", "cost": "10"}),
        ([{"Key": "team", "Value": "own"}, {"Key": "cost", "Value": "0"}], {"team": "own", "cost": "0"}),
        ([], {"cost": "10", "team": "ml"}),
        (None, {"cost": "10", "team": "ml"}),
    ],
    ids=["others", "one the same", "all the same", "none", "nothing"],
)
def test_tags_that_an_expression_is_all_of_are_sent_with_those_around(stack, given, expected):
    computed(stack, {"Tags": "{% $states.input.tags %}"}, query_language=sfn.QueryLanguage.JSONATA)
    Tags.of(stack).add("team", "ml")
    Tags.of(stack).add("cost", "10")

    with Rehearsal.of(stack) as rehearsal:
        ended = rehearsal.start({} if given is None else {"tags": given})
    ((_, request),) = ended.requests
    assert request["Tags"] == [{"Key": key, "Value": value} for key, value in expected.items()]


def test_token_in_a_tag_around_tags_that_are_an_expression_is_a_reference(app, stack):
    computed(stack, {"Tags": sfn.JsonPath.list_at("$.tags")}, query_language=sfn.QueryLanguage.JSONATA)
    Tags.of(stack.node.find_child("Train")).add("of", CfnParameter(stack, "Owner").value_as_string)

    states = definitions(app.synth().get_stack_by_name("S").template)[0]["States"]
    assert states["Train"]["Arguments"]["Tags"] == (
        "{% ($own := ($states.input.tags); [$append($own, $filter([{'Key': 'of', 'Value': '${Owner}'}], "
        "function($tag) { $not($tag.Key in $own.Key) }))]) %}"
    )


def test_tags_that_a_stack_was_given_reach_its_jobs_below_those_of_aspects(app):
    stack = Stack(app, "S", env=ENV, tags={"team": "given", "cost": "7"})
    run(stack, training(NestedStack(stack, "Nested")))
    Tags.of(stack).add("team", "aspect")

    assert sent(app) == {"team": "aspect", "cost": "7"}


def _removed(app, stack, part):
    Tags.of(app).add("team", "ml")
    Tags.of(part).remove("team")


def _added_again(app, stack, part):
    Tags.of(stack).remove("team")
    Tags.of(part).add("team", "part")
    Tags.of(app).add("team", "app", priority=300)


def _priority(app, stack, part):
    Tags.of(app).add("team", "app", priority=150)
    Tags.of(part).add("team", "part")


def _removed_by_priority(app, stack, part):
    Tags.of(app).add("team", "app", priority=250)
    Tags.of(part).remove("team")
    Tags.of(stack).add("other", "1")
    Tags.of(part).remove("other", priority=50)


def _twice(app, stack, part):
    Tags.of(part).add("team", "first")
    Tags.of(part).add("team", "second")


def _types(app, stack, part):
    Tags.of(app).add("in", "1", include_resource_types=["AWS::SageMaker::Model", "AWS::S3::Bucket"])
    Tags.of(app).add("out", "1", exclude_resource_types=["AWS::SageMaker::Model", "AWS::S3::Bucket"])
    Tags.of(app).add("none", "1", include_resource_types=["AWS::SNS::Topic"])
    Tags.of(app).add("all", "1", exclude_resource_types=["AWS::SNS::Topic"])


@pytest.mark.parametrize("tag", [_removed, _added_again, _priority, _removed_by_priority, _twice, _types])
def test_tags_are_those_that_the_cdk_gives_a_resource_in_the_same_place(app, stack, tag):
    part = Construct(stack, "Part")
    bucket = s3.CfnBucket(part, "Bucket")
    run(stack, job(part, next(action for action in ACTIONS if action.noun == "Model"), "Model"))
    tag(app, stack, part)

    found = sent(app, job="Model")
    assert found == dict(bucket.tags.tag_values())


def test_tags_of_an_app_end_at_a_stage_as_they_do_for_resources(app):
    stage = Stage(app, "Prod", env=ENV)
    stack = Stack(stage, "S")
    bucket = s3.CfnBucket(stack, "Bucket")
    run(stack, training(stack))
    Tags.of(app).add("of", "app")
    Tags.of(stage).add("stage", "prod")

    template = app.synth().get_nested_assembly("assembly-Prod").stacks[0].template
    request = definitions(template)[0]["States"]["Train"]["Parameters"]
    assert {tag["Key"]: tag["Value"] for tag in request["Tags"]} == dict(bucket.tags.tag_values())


def test_jobs_of_one_name_in_two_stacks_have_the_tags_of_their_own(app):
    for name in ("Dev", "Prod"):
        stack = PipelineStack(app, name, env=ENV, tags={"stage": name})
        stack.run(TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.xlarge"))

    assert sent(app, "Dev") == {"stage": "Dev"}
    assert sent(app, "Prod") == {"stage": "Prod"}


def test_jobs_of_one_name_in_two_machines_of_a_stack_have_the_tags_of_their_own(app, stack):
    for name in ("A", "B"):
        part = Construct(stack, name)
        run(part, training(part).next(training(part, f"Only{name}")))
        Tags.of(part).add("part", name)

    assert sent(app, machine=0) == {"part": "A"}
    assert sent(app, machine=1) == {"part": "B"}


def test_token_in_a_tag_is_a_reference_in_the_template(app, stack):
    owner = CfnParameter(stack, "Owner")
    run(stack, training(stack))
    Tags.of(stack).add("stack", Aws.STACK_NAME)
    Tags.of(stack).add("owner", f"mr {owner.value_as_string}")

    assert sent(app) == {"stack": "${AWS::StackName}", "owner": "mr ${Owner}"}


def test_synthesis_again_gives_the_tags_of_then(app, stack):
    run(stack, training(stack))
    Tags.of(stack).add("first", "1")
    assert sent(app) == {"first": "1"}
    Tags.of(stack).add("second", "2")

    template = app.synth(force=True).get_stack_by_name("S").template
    tags = definitions(template)[0]["States"]["Train"]["Parameters"]["Tags"]
    assert tags == [{"Key": "first", "Value": "1"}, {"Key": "second", "Value": "2"}]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.operation)
def test_every_job_whose_api_takes_tags_has_those_around_it(app, stack, action):
    run(stack, job(stack, action, "Job"))
    Tags.of(stack).add("team", "ml")

    takes = "Tags" in input_shape(action.operation).members
    assert sent(app, job="Job").get("team") == ("ml" if takes else None)


@pytest.mark.parametrize("action", POLLED_ACTIONS, ids=lambda action: action.operation)
def test_every_polled_job_whose_api_takes_tags_has_those_around_it_and_may_send_them(app, stack, action):
    made = polled_job(stack, action)
    run(stack, made)
    Tags.of(stack).add("team", "ml")

    tags = sent(app, job="Job")
    takes = "Tags" in input_shape(action.operation).members and action.noun != "ModelPackage"
    granted = any("sagemaker:AddTags" in statement["Action"] for statement in state_machine_policy(stack))
    assert ("team" in tags) == granted == takes


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("aws:team", "ml", "tag-key-reserved"),
        ("AWS:team", "ml", "tag-key-reserved"),
        ("k" * 129, "v", "tag-form"),
        ("team!", "v", "tag-form"),
        ("team", "v" * 257, "tag-form"),
        ("team", "a|b", "tag-form"),
    ],
)
def test_tag_around_a_job_that_sagemaker_does_not_take_is_refused(app, stack, key, value, rule):
    run(stack, training(stack))
    Tags.of(stack).add(key, value, include_resource_types=["AWS::SageMaker::TrainingJob"])

    with pytest.raises(RuntimeError, match=rf"job 'S/Train': .* \[{rule}\]"):
        app.synth()


def test_more_than_fifty_tags_are_refused_and_can_be_acknowledged(app, stack):
    run(stack, training(stack, tags={f"own{number}": "1" for number in range(30)}))
    for number in range(21):
        Tags.of(stack).add(f"tag{number}", "1")
    with pytest.raises(RuntimeError, match=r"got 51; .* \[tags-too-many\]"):
        app.synth()

    acknowledge(stack, "tags-too-many", "SageMaker takes 60 now")
    assert len(sent(app)) == 51


def test_key_of_an_own_tag_that_is_reserved_is_refused(stack):
    with pytest.raises(ValueError, match=r"reserved to AWS, got 'Aws:x'; choose another key \[tag-key-reserved\]"):
        training(stack, tags={"Aws:x": "1"})


def test_tags_take_no_message_per_job():
    def messages(jobs, **tags):
        app = App()
        stack = PipelineStack(app, "S", env=ENV, tags=tags)
        first, *rest = [
            TrainingJob(stack, f"Train{number}", image=IMAGE, instance_type="ml.m5.xlarge", tags={"n": str(number)})
            for number in range(jobs)
        ]
        chain = first.next(rest[0])
        for each in rest[1:]:
            chain = chain.next(each)
        with counted() as counting:
            stack.run(chain)
            app.synth()
        return counting.count

    without = messages(6) - messages(3)
    assert messages(6, a="1", b="2", c="3") - messages(3, a="1", b="2", c="3") == without


def _messages_of_tagged_jobs(jobs, tags, **around):
    """Messages of a synthesis, but for those of `Tags.of` itself."""
    app = App()
    stack = Stack(app, "S", env=ENV)
    first, *rest = made = [training(stack, f"Train{number}") for number in range(10, 10 + jobs)]
    chain = first.next(rest[0])
    for each in rest[1:]:
        chain = chain.next(each)
    run(stack, chain)
    for key, value in around.items():
        Tags.of(stack).add(key, value)
    for each in made:
        for key, value in tags.items():
            Tags.of(each).add(key, value)
    with counted() as counting:
        app.synth()
    return counting.count


@pytest.mark.parametrize("tags", [{"a": "1"}, {"a": "1", "b": "2", "c": "3"}], ids=["one tag", "three tags"])
def test_tags_put_on_each_job_take_two_messages_for_the_job_however_many_they_are(tags):
    plain, tagged = (_messages_of_tagged_jobs(20, given) - _messages_of_tagged_jobs(10, given) for given in ({}, tags))

    assert tagged - plain == 2 * 10


def _order_of_aspects(app, stack, part):
    Aspects.of(part).add(Tag("team", "part"), priority=100)
    Aspects.of(app).add(Tag("team", "app"), priority=300)


def _order_as_they_stand(app, stack, part):
    Aspects.of(part).add(Tag("team", "part"))
    Aspects.of(app).add(Tag("team", "app"))


@pytest.mark.parametrize("tag", [_order_of_aspects, _order_as_they_stand])
def test_of_one_key_that_of_the_aspect_that_is_asked_last_is_left(app, stack, tag):
    part = Construct(stack, "Part")
    bucket = s3.CfnBucket(part, "Bucket")
    run(stack, training(part))
    tag(app, stack, part)

    assert sent(app) == dict(bucket.tags.tag_values())
