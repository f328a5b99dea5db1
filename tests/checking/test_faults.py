"""What is found in definitions that Step Functions takes and that go wrong; and what is not found in sound ones."""

from __future__ import annotations

import copy

from constructs_sm.checking.machine import check_definition, check_machine
from constructs_sm.testing.source.machine import machine_of

import pytest

ROLE = "arn:aws:iam::123456789012:role/r"
FRESH = "States.Format('t-{}', States.UUID())"
THROTTLED = {"ErrorEquals": ["SageMaker.AmazonSageMakerException"], "IntervalSeconds": 2, "MaxAttempts": 5}
REQUEST = {
    "TrainingJobName.$": FRESH,
    "RoleArn": ROLE,
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/c:1",
        "TrainingInputMode": "File",
    },
    "OutputDataConfig": {"S3OutputPath": "s3://b/o/"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
CHECK = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.TrainingJobStatus", "StringEquals": "Completed", "Next": "Done"}],
    "Default": "Bad",
}
ENDS = {"Done": {"Type": "Succeed"}, "Bad": {"Type": "Fail", "Error": "NotCompleted"}}


def training(**changed):
    """A sound training, and the Choice on its status; with changes to the task's state."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": copy.deepcopy(REQUEST),
        "Retry": [THROTTLED],
        "Next": "Check",
        **changed,
    }
    return {"StartAt": "Train", "States": {"Train": task, "Check": copy.deepcopy(CHECK), **copy.deepcopy(ENDS)}}


def found(definition, **options):
    """The rules that are broken, each with its place."""
    return [(one.rule.id, one.pointer) for one in check_definition(definition, **options)]


def calling(resource, request, **state):
    return {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Task",
                "Resource": f"arn:aws:states:::{resource}",
                "Parameters": request,
                "End": True,
                **state,
            }
        },
    }


def test_sound_training_has_no_findings():
    assert found(training()) == []


def test_wrong_definition_is_told_with_its_place_and_its_rule():
    definition = training(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Nowhere"}])

    assert found(definition) == [("asl-target", "/States/Train/Catch/0/Next")]


def test_request_is_held_to_the_model_of_sagemaker_and_to_our_rules():
    definition = training()
    request = definition["States"]["Train"]["Parameters"]
    request["ResourceConfig"]["InstanceType"] = "ml.m5.huge"
    request["EnableManagedSpotTraining"] = True

    assert found(definition) == [
        ("model-value", "/States/Train/Parameters/ResourceConfig/InstanceType"),
        ("spot-needs-max-wait", "/States/Train/Parameters/StoppingCondition"),
        ("spot-without-checkpoints", "/States/Train/Parameters"),
    ]


def test_values_that_come_later_are_not_judged():
    definition = training()
    request = definition["States"]["Train"]["Parameters"]
    request["ResourceConfig"] = {"InstanceType.$": "$.type", "InstanceCount": "${Count}", "VolumeSizeInGB.$": "$.gb"}
    request["RoleArn"] = "${Role}"

    assert found(definition) == []


@pytest.mark.parametrize("partition", ["aws-cn", "${AWS::Partition}", "${partition}"])
def test_call_is_read_whatever_says_its_partition(partition):
    definition = training()
    definition["States"]["Train"]["Resource"] = f"arn:{partition}:states:::sagemaker:createTrainingJob.sync"
    del definition["States"]["Train"]["Retry"]

    assert "retry-misses-throttling" in {rule for rule, *_ in found(definition)}


@pytest.mark.parametrize("role", ["##ROLE_ARN##", "{{ role }}", "<your-role>", "@@ROLE@@", "${Role}", "#{Role}"])
def test_places_that_a_program_of_ones_own_fills_in_are_not_judged(role):
    definition = training()
    request = definition["States"]["Train"]["Parameters"]
    request["RoleArn"] = role
    request["OutputDataConfig"]["S3OutputPath"] = f"{role}/out"

    assert found(definition) == []


@pytest.mark.parametrize(
    ("errors", "rule"),
    [
        (["States.TaskFaild"], "error-never-matches"),
        (["States.HeartbeatTimeout"], "error-never-matches"),
        (["States.HeartbeatTimeout", "States.Timeout"], None),
        (["States.Runtime"], "error-never-matches"),
        (["Lambda.TooManyRequestsException"], "error-never-matches"),
        (["SageMaker.SageMakerException"], "error-never-matches"),
        (["SageMaker.SageMakerException", "SageMaker.AmazonSageMakerException"], None),
        (["SageMaker.ResourceLimitExceededException"], None),
        (["MyOwnError"], None),
    ],
)
def test_errors_that_the_state_cannot_fail_with_are_found(errors, rule):
    definition = training(Catch=[{"ErrorEquals": errors, "Next": "Bad"}])

    assert found(definition) == ([(rule, "/States/Train/Catch/0/ErrorEquals")] if rule else [])


def test_error_that_a_fail_state_makes_up_is_matched():
    inner = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "States.OutOfTime"}}}
    catch = [{"ErrorEquals": ["States.OutOfTime"], "Next": "Done"}]
    parallel = {"Type": "Parallel", "Branches": [inner], "Catch": catch, "Next": "Done"}
    definition = {"StartAt": "P", "States": {"P": parallel, "Done": {"Type": "Succeed"}}}
    assert found(definition) == []
    inner["States"]["F"]["Error"] = "Other"
    assert [rule for rule, _ in found(definition)] == ["error-never-matches"]


def test_retrier_behind_one_that_takes_its_error_is_found():
    retries = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 0}, THROTTLED]

    assert found(training(Retry=retries)) == [("error-shadowed", "/States/Train/Retry/1/ErrorEquals")]


@pytest.mark.parametrize("errors", [["States.ALL"], ["States.TaskFailed"], ["SageMaker.AmazonSageMakerException"]])
def test_throttle_that_is_retried_is_no_finding(errors):
    assert "retry-misses-throttling" not in dict(found(training(Retry=[{"ErrorEquals": errors}])))


def test_throttle_that_nothing_retries_is_found_by_the_name_of_its_integration():
    (one,) = check_definition(training(Retry=[]))
    sdk = calling("aws-sdk:sagemaker:describeEndpoint", {"EndpointName": "e"})
    (other,) = check_definition(sdk)

    assert (one.rule.id, one.fix) == (
        "retry-misses-throttling",
        "retry SageMaker.AmazonSageMakerException, with a backoff",
    )
    assert other.fix == "retry SageMaker.SageMakerException, with a backoff"


def test_throttle_that_the_parallel_around_retries_is_no_finding():
    inner = training(Retry=[])
    outer = {"Type": "Parallel", "Branches": [inner], "Retry": [{"ErrorEquals": ["States.ALL"]}], "End": True}

    assert found({"StartAt": "P", "States": {"P": outer}}) == []


@pytest.mark.parametrize("name", ["$.name", "$$.Execution.Name", "States.Format('a-{}', $$.Execution.Name)"])
def test_failed_job_that_is_tried_again_under_its_name_is_found(name):
    definition = training(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}])
    request = definition["States"]["Train"]["Parameters"]
    request["TrainingJobName.$"] = name

    assert found(definition) == [("name-taken-on-retry", "/States/Train/Parameters/TrainingJobName")]


def test_failed_job_that_is_tried_again_under_a_fresh_name_is_no_finding():
    assert found(training(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}])) == []


def test_job_with_the_same_name_in_every_execution_is_found():
    definition = training()
    request = definition["States"]["Train"]["Parameters"]
    del request["TrainingJobName.$"]
    request["TrainingJobName"] = "nightly"

    assert found(definition) == [("job-name-fixed", "/States/Train/Parameters/TrainingJobName")]


def test_job_whose_status_nobody_reads_is_found():
    definition = training(Next="Done")
    for name in ("Check", "Bad"):
        del definition["States"][name]
    assert found(definition) == [("stopped-as-success", "/States/Train")]


def test_choice_on_a_field_that_the_output_of_sync_does_not_have_is_found():
    definition = training()
    definition["States"]["Check"]["Choices"].insert(
        0, {"Variable": "$.FinalMetricDataList[0].Value", "NumericGreaterThan": 0.5, "Next": "Done"}
    )

    assert found(definition) == [("choice-path-missing", "/States/Check/Choices/0/Variable")]


def test_choice_that_asks_first_whether_the_field_is_there_is_no_finding():
    definition = training()
    variable = "$.FailureReason"
    definition["States"]["Check"]["Choices"].insert(
        0,
        {
            "And": [
                {"Variable": variable, "IsPresent": True},
                {"Variable": variable, "StringMatches": "Capacity*"},
            ],
            "Next": "Bad",
        },
    )
    assert found(definition) == []

    definition["States"]["Check"]["Choices"][0]["And"].pop(0)
    assert found(definition) == [("choice-path-missing", "/States/Check/Choices/0/And/0/Variable")]


def test_status_of_a_job_that_was_only_started_is_missing():
    definition = training(Resource="arn:aws:states:::sagemaker:createTrainingJob")

    (one,) = check_definition(definition)
    assert (one.rule.id, one.what) == (
        "choice-path-missing",
        "the output of createTrainingJob has no TrainingJobStatus: only .sync waits for it",
    )


def test_catcher_that_loses_the_input_of_the_next_state_is_found():
    tell = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn.$": "$.topic", "Message.$": "$.Cause"},
        "End": True,
    }
    definition = training(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Tell"}])
    definition["States"]["Tell"] = tell
    assert found(definition) == [("catch-loses-input", "/States/Train/Catch/0")]

    definition["States"]["Train"]["Catch"][0]["ResultPath"] = "$.error"
    assert found(definition) == []


def polling(*choices, default="Wait", seconds=30, **machine):
    look = "arn:aws:states:::aws-sdk:sagemaker:describeEndpoint"
    retry = [{"ErrorEquals": ["SageMaker.SageMakerException"]}]
    return {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": seconds, "Next": "Look"},
            "Look": {
                "Type": "Task",
                "Resource": look,
                "Parameters": {"EndpointName.$": "$.EndpointName"},
                "Retry": retry,
                "Next": "Ready",
            },
            "Ready": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.EndpointStatus", "StringEquals": status, "Next": "Done"} for status in choices
                ],
                **({"Default": default} if default else {}),
            },
            "Done": {"Type": "Succeed"},
        },
        **machine,
    }


def test_loop_that_waits_for_one_status_alone_is_found():
    assert found(polling("InService")) == [("polling-without-end", "/States/Ready")]


@pytest.mark.parametrize(
    "definition",
    [polling("InService", "Failed"), polling("InService", default=None), polling("InService", TimeoutSeconds=3600)],
    ids=["leaves on failure", "leaves on everything else", "has a timeout"],
)
def test_loop_that_ends_otherwise_is_no_finding(definition):
    assert found(definition) == []


def test_loop_that_polls_every_second_fills_the_history():
    assert found(polling("InService", "Failed", seconds=1)) == [("history-fills", "/States/Wait/Seconds")]


def test_state_that_waits_for_a_token_without_a_timeout_is_found():
    request = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody.$": "$$.Task.Token"}

    assert found(calling("sqs:sendMessage.waitForTaskToken", request)) == [("token-without-timeout", "/States/A")]
    assert found(calling("sqs:sendMessage.waitForTaskToken", request, HeartbeatSeconds=60)) == []


def test_token_that_nobody_gets_is_found():
    request = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody": "please"}

    assert found(calling("sqs:sendMessage.waitForTaskToken", request, TimeoutSeconds=60)) == [
        ("token-not-sent", "/States/A/Parameters")
    ]


@pytest.mark.parametrize("text", ["$.subject", "$$.Execution.Name", "States.Format('{}', $.a)", "$.a[0].b"])
def test_text_that_looks_like_a_path_is_found(text):
    request = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": text}

    assert found(calling("sns:publish", request)) == [("text-like-path", "/States/A/Parameters/Message")]


@pytest.mark.parametrize("text", ["$5.00", "costs $.", "$", "$.x and more", "States of the union"])
def test_text_that_is_none_is_no_finding(text):
    request = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": text}

    assert found(calling("sns:publish", request)) == []


def test_filters_of_a_transform_take_paths_as_texts():
    request = {
        "TransformJobName.$": FRESH,
        "ModelName": "m",
        "DataProcessing": {"InputFilter": "$.features", "OutputFilter": "$.id"},
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/i"}}},
        "TransformOutput": {"S3OutputPath": "s3://b/o"},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
    }
    definition = calling("sagemaker:createTransformJob", request, Retry=[THROTTLED])

    assert found(definition) == []


def test_map_that_hands_on_descriptions_is_found():
    inner = training(End=True, Parameters={**REQUEST})
    del inner["States"]["Train"]["Next"]
    inner["States"] = {"Train": inner["States"]["Train"]}
    machine = {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemProcessor": inner, "End": True}}}

    assert ("payload-grows", "/States/Each/ItemProcessor/States/Train") in found(machine)

    machine["States"]["Each"]["ResultPath"] = None
    assert "payload-grows" not in dict(found(machine))


def test_express_machine_does_not_wait():
    assert found(training(), express=True)[0][0] == "asl-express"


def waiting(*seconds, **last):
    """Waits, one after the other."""
    names = [f"Wait{number}" for number in range(len(seconds))]
    states = {
        name: {"Type": "Wait", "Seconds": pause, "Next": following}
        for name, pause, following in zip(names, seconds, [*names[1:], "End"], strict=True)
    }
    return {"StartAt": names[0], "States": {**states, "End": {"Type": "Succeed"}, **last}}


@pytest.mark.parametrize(
    ("seconds", "late"),
    [
        ([299], []),
        ([300], ["Wait0"]),
        ([200, 99], []),
        ([200, 100], ["Wait1"]),
        ([400, 400], ["Wait0"]),
        ([3600], ["Wait0"]),
    ],
)
def test_wait_that_an_express_execution_does_not_live_to_see_is_found(seconds, late):
    definition = waiting(*seconds)

    assert found(definition, express=True) == [("express-ends-first", f"/States/{name}/Seconds") for name in late]
    assert found(definition) == []


def in_each(machine, mode, execution_type):
    config = {"Mode": mode, **({"ExecutionType": execution_type} if mode == "DISTRIBUTED" else {})}
    each = {"Type": "Map", "ItemProcessor": {"ProcessorConfig": config, **machine}, "End": True}
    before = {"Type": "Wait", "Seconds": 200, "Next": "Each"}
    return {"StartAt": "Before", "States": {"Before": before, "Each": each}}


@pytest.mark.parametrize(
    ("mode", "execution_type", "seconds", "express", "late"),
    [
        ("INLINE", "", 100, True, True),
        ("INLINE", "", 99, True, False),
        ("DISTRIBUTED", "EXPRESS", 100, False, False),
        ("DISTRIBUTED", "EXPRESS", 300, False, True),
        ("DISTRIBUTED", "STANDARD", 300, False, False),
    ],
)
def test_wait_within_a_map_counts_from_the_beginning_of_its_execution(mode, execution_type, seconds, express, late):
    rules = [rule for rule, _ in found(in_each(waiting(seconds), mode, execution_type), express=express)]

    assert ("express-ends-first" in rules) == late


@pytest.mark.parametrize("resource", ["sagemaker:createTrainingJob.sync", "sqs:sendMessage.waitForTaskToken"])
def test_express_executions_of_a_map_do_not_wait_either(resource):
    inner = calling(resource, {})

    rules = [rule for rule, _ in found(in_each(inner, "DISTRIBUTED", "EXPRESS"))]
    assert rules.count("asl-express") == 1


@pytest.mark.parametrize("inner", ["DISTRIBUTED", "INLINE"])
def test_express_machine_has_no_distributed_map(inner):
    rules = [rule for rule, _ in found(in_each(waiting(1), inner, "STANDARD"), express=True)]

    assert ("asl-express" in rules) == (inner == "DISTRIBUTED")


def polling_at(api, seconds, **call):
    ends = {"Variable": "$.Status", "StringEquals": "Done", "Next": "End"}
    return {
        "StartAt": "Look",
        "States": {
            "Look": {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{api}", "Parameters": call, "Next": "Over"},
            "Over": {"Type": "Choice", "Choices": [ends, {**ends, "StringEquals": "Bad"}], "Default": "Wait"},
            "Wait": {"Type": "Wait", "Seconds": seconds, "Next": "Look"},
            "End": {"Type": "Succeed"},
        },
    }


ATHENA = ("athena:getQueryExecution", {"QueryExecutionId": "q"})
ENDPOINT = ("sagemaker:describeEndpoint", {"EndpointName": "churn"})


@pytest.mark.parametrize(
    ("called", "seconds", "rule"),
    [
        (ENDPOINT, 30, "express-polls"),
        (ENDPOINT, 300, "express-ends-first"),
        (ATHENA, 5, None),
        (ATHENA, 150, "express-polls"),
    ],
)
def test_loop_that_polls_longer_than_an_express_execution_lives_is_found(called, seconds, rule):
    definition = polling_at(called[0], seconds, **called[1])

    assert [name for name, _ in found(definition, express=True) if name.startswith("express")] == (
        [rule] if rule else []
    )
    assert not [name for name, _ in found(definition) if name.startswith("express")]


@pytest.mark.parametrize(
    "definition", [[], {}, {"States": []}, {"StartAt": 1, "States": {"A": 3}}, {"States": {"A": {}}}]
)
def test_whatever_it_is_nothing_breaks(definition):
    assert found(definition)[0][0].startswith("asl-")


def template(*statements, request=None):
    definition = training()
    definition["States"]["Train"]["Parameters"] |= request or {}
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    role = {"AssumeRolePolicyDocument": trust, "Policies": [policy]}
    return {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "M": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Definition": definition},
            },
        }
    }


def allow(actions, resource, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


JOBS = "arn:aws:sagemaker:us-east-1:123456789012:training-job/t-*"
RULE = "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"
EXACT = (
    allow(
        [
            "sagemaker:CreateTrainingJob",
            "sagemaker:DescribeTrainingJob",
            "sagemaker:StopTrainingJob",
            "sagemaker:AddTags",
        ],
        JOBS,
    ),
    allow("sagemaker:ListTags", "*"),
    allow("iam:PassRole", ROLE, Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}),
    allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], RULE),
)


def of_role(*statements):
    return [
        (one.rule.id, one.what) for one in check_machine(machine_of(template(*statements))) if "grant" in one.rule.id
    ]


def test_exact_role_has_no_findings():
    assert of_role(*EXACT) == []


def test_each_grant_that_is_taken_away_is_missing():
    without = copy.deepcopy(EXACT)
    without[0]["Action"].remove("sagemaker:AddTags")

    assert of_role(*without) == [("grant-missing", f"the role lacks sagemaker:AddTags on {JOBS}")]


def test_grant_of_another_service_is_needless():
    assert of_role(*EXACT, allow("dynamodb:GetItem", "*")) == [
        ("grant-needless", "no state needs dynamodb:GetItem on *")
    ]


def test_grants_that_are_too_wide_say_what_would_do():
    (one,) = [
        each
        for each in check_machine(machine_of(template(*EXACT[:2], allow("iam:PassRole", "*"), EXACT[3])))
        if each.rule.id == "grant-too-wide"
    ]
    assert (one.what, one.fix) == ("iam:PassRole on * is more than is needed", f"name the resources: {ROLE}")


def test_role_of_another_service_is_not_passed():
    other = allow("iam:PassRole", ROLE, Condition={"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}})

    assert ("grant-missing", f"the role lacks iam:PassRole on {ROLE}") in of_role(*EXACT[:2], other, EXACT[3])


def test_what_is_denied_is_missing():
    assert of_role(*EXACT, {"Effect": "Deny", "Action": "sagemaker:Stop*", "Resource": "*"}) == [
        ("grant-missing", f"the role lacks sagemaker:StopTrainingJob on {JOBS}")
    ]
