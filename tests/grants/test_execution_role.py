"""The execution role: made when none is given, once a stack, with what the requests need and nothing else."""

from __future__ import annotations

from constructs_sm import (
    CreateModel,
    InvalidInputError,
    PipelineStack,
    ProcessingJob,
    S3Location,
    TrainingJob,
    TransformJob,
    TuningJob,
)
from constructs_sm.actions import ACTIONS, ENDPOINT_CONFIG, TRANSFORM_JOB, TUNING_JOB
from constructs_sm.testing import definition, state_machine_policy

import pytest
from aws_cdk import Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match, Template
from every_action import IMAGE, REQUESTS, every_job, job
from execution_roles import PULL, granted, statements_with

BASE = {
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
}
S3 = "arn:${AWS::Partition}:s3:::"


def train(stack, **arguments):
    arguments = {"image": IMAGE, "instance_type": "ml.m5.xlarge", "output": "s3://data/models/", **arguments}
    return TrainingJob(stack, "Train", **arguments)


def test_training_is_granted_prefixes_image_logs_and_no_more(stack):
    train(stack, inputs={"train": "s3://data/train/", "validation": "s3://other/validation/"})

    assert granted(stack) == {
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/*": BASE
        - {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"},
        "*": {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"},
        f"{S3}data/train/*": {"s3:GetObject"},
        f"{S3}data": {"s3:ListBucket"},
        f"{S3}other/validation/*": {"s3:GetObject"},
        f"{S3}other": {"s3:ListBucket"},
        f"{S3}data/models/*": {"s3:PutObject", "s3:AbortMultipartUpload"},
        "arn:${AWS::Partition}:ecr:us-east-1:123456789012:repository/churn": PULL,
    }


def test_listing_a_bucket_is_granted_for_the_prefix_alone(stack):
    train(stack, inputs={"train": "s3://data/train/"})

    (statement,) = statements_with(stack, "s3:ListBucket")
    assert statement["Condition"] == {"StringLike": {"s3:prefix": "train/*"}}


def in_a_bucket(stack):
    bucket = s3.Bucket(stack, "Bucket")
    return bucket, bucket.s3_url_for_object("train/")


def as_a_location(stack):
    bucket = s3.Bucket(stack, "Bucket")
    return bucket, S3Location.of_bucket(bucket, "train/")


def as_a_string_of_tokens(stack):
    bucket = s3.Bucket(stack, "Bucket")
    return bucket, f"s3://{bucket.bucket_name}/train/"


@pytest.mark.parametrize("given", [in_a_bucket, as_a_location, as_a_string_of_tokens], ids=lambda f: f.__name__)
def test_bucket_of_the_app_is_granted_by_prefix_like_a_literal_one(stack, given):
    bucket, data = given(stack)
    train(stack, inputs={"train": data})

    name = stack.resolve(bucket.bucket_name)["Ref"]
    assert granted(stack)[f"{S3}${{{name}}}/train/*"] == {"s3:GetObject"}
    assert granted(stack)[f"{S3}${{{name}}}"] == {"s3:ListBucket"}


def test_whole_bucket_is_granted_when_a_whole_bucket_is_given(stack):
    bucket = s3.Bucket(stack, "Bucket")
    train(stack, inputs={"train": bucket})

    assert granted(stack)[f"{S3}${{{stack.resolve(bucket.bucket_name)['Ref']}}}/*"] == {"s3:GetObject"}


def test_key_of_a_bucket_may_be_used_for_its_data(stack):
    key = kms.Key(stack, "Key")
    bucket = s3.Bucket(stack, "Bucket", encryption_key=key)
    train(stack, inputs={"train": bucket}, output=S3Location.of_bucket(bucket, "models/"))

    arn = f"${{{stack.resolve(key.key_arn)['Fn::GetAtt'][0]}.Arn}}"
    assert granted(stack)[arn] == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_key_of_a_job_encrypts_outputs_and_volumes(stack):
    key = kms.Key(stack, "Key")
    train(stack, kms_key=key)

    arn = f"${{{stack.resolve(key.key_arn)['Fn::GetAtt'][0]}.Arn}}"
    assert granted(stack)[arn] == {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"}
    (statement,) = statements_with(stack, "kms:CreateGrant")
    assert statement["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


@pytest.mark.parametrize(
    ("key", "resource", "condition"),
    [
        ("1234abcd-12ab-34cd-56ef-1234567890ab", "key/1234abcd-12ab-34cd-56ef-1234567890ab", None),
        ("alias/churn", "key/*", {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/churn"}}),
    ],
    ids=["id", "alias"],
)
def test_key_by_id_or_alias_is_granted_as_iam_knows_it(stack, key, resource, condition):
    parameters = {"OutputDataConfig": {"KmsKeyId": key}}
    train(stack, parameters=parameters)

    (statement,) = statements_with(stack, "kms:Encrypt")
    assert statement["Resource"] == f"arn:${{AWS::Partition}}:kms:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"
    assert statement.get("Condition") == condition


def test_network_interfaces_are_granted_in_a_vpc(stack, machine):
    vpc = ec2.Vpc(stack, "Vpc")
    group = ec2.SecurityGroup(stack, "Group", vpc=vpc)
    machine(train(stack, vpc=vpc, security_groups=[group]))

    assert "ec2:CreateNetworkInterface" in granted(stack)["*"]
    network = definition(stack)["States"]["Train"]["Parameters"]["VpcConfig"]
    assert network["SecurityGroupIds"] == [f"${{{stack.get_logical_id(group.node.default_child)}.GroupId}}"]
    assert len(network["Subnets"]) == len(vpc.private_subnets)


def test_no_network_is_granted_without_a_vpc(stack):
    train(stack)

    assert not any(action.startswith("ec2:") for actions in granted(stack).values() for action in actions)


def test_checkpoints_are_read_and_written(stack):
    train(stack, parameters={"CheckpointConfig": {"S3Uri": "s3://data/checkpoints/"}})

    assert granted(stack)[f"{S3}data/checkpoints/*"] == {"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"}


def test_repository_of_the_app_may_be_pulled(stack):
    repository = ecr.Repository(stack, "Repository")
    train(stack, image=repository)

    assert granted(stack)[f"${{{stack.get_logical_id(repository.node.default_child)}.Arn}}"] == PULL


def test_image_uri_made_of_tokens_is_granted_as_its_repository(stack):
    repository = ecr.Repository.from_repository_name(stack, "Repository", "churn")
    train(stack, image=repository.repository_uri_for_tag("1"))

    arn = "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/churn"
    assert granted(stack)[arn] == PULL


def test_image_of_another_registry_needs_no_grant(stack):
    train(stack, image="public.ecr.aws/churn/train:1")

    assert not any("repository" in resource for resource in granted(stack))


def test_model_data_from_a_training_is_granted_where_the_training_writes(stack):
    trained = train(stack)
    CreateModel(stack, "Model", image=IMAGE, model_data=trained.model_artifacts)

    assert granted(stack)[f"{S3}data/models/*"] == {"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"}


def test_what_is_known_at_run_time_only_is_not_granted_but_warned_of(stack):
    train(stack, inputs={"train": "$.data"})

    assert not any("s3:GetObject" in actions for actions in granted(stack).values())
    said = r"InputDataConfig\[0\].DataSource.S3DataSource.S3Uri.*bucket.grant_read\(job.execution_role\)"
    Annotations.from_stack(stack).has_warning("/Stack/Train/Train", Match.string_like_regexp(said))


def test_execution_role_can_be_granted_more(stack):
    bucket = s3.Bucket(stack, "Bucket")
    bucket.grant_read(train(stack).execution_role)

    assert "s3:GetObject*" in {action for actions in granted(stack).values() for action in actions}


def test_environment_that_looks_like_data_is_not_granted(stack):
    train(stack, environment={"DATA": "s3://secret/data/"}, hyperparameters={"data": "s3://secret/more/"})

    assert not any("secret" in resource for resource in granted(stack))


def test_transform_adds_to_the_role_of_its_model(stack):
    model = CreateModel(stack, "Model", image=IMAGE, model_data="s3://data/model.tar.gz")
    TransformJob(
        stack, "Score", model=model, data="s3://data/test/", output="s3://data/scores/", instance_type="ml.m5.large"
    )

    assert granted(stack)[f"{S3}data/test/*"] == {"s3:GetObject"}
    assert granted(stack)[f"{S3}data/scores/*"] == {"s3:PutObject", "s3:AbortMultipartUpload"}


@pytest.mark.parametrize("action", [TRANSFORM_JOB, ENDPOINT_CONFIG], ids=lambda action: action.api)
def test_api_that_needs_no_role_makes_none(stack, action):
    job(stack, action)

    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 0)


def test_jobs_of_a_stack_share_one_role(stack):
    every_job(stack)

    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 1)


def test_role_that_is_given_is_passed_and_left_alone(stack, machine):
    role = iam.Role(stack, "Mine", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    machine(train(stack, role=role))

    template = Template.from_stack(stack)
    policies = template.find_resources("AWS::IAM::Policy").values()
    assert not any("Mine" in str(policy["Properties"]["Roles"]) for policy in policies)
    (passed,) = [s for s in state_machine_policy(stack) if s["Action"] == "iam:PassRole"]
    assert passed["Resource"] == f"${{{stack.get_logical_id(role.node.default_child)}.Arn}}"
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_role_among_the_parameters_is_passed(stack, machine):
    arn = "arn:aws:iam::123456789012:role/execution"
    machine(train(stack, parameters={"RoleArn": arn}))

    (passed,) = [s for s in state_machine_policy(stack) if s["Action"] == "iam:PassRole"]
    assert passed["Resource"] == arn


def test_every_definition_of_a_tuning_job_gets_the_role(stack, machine):
    request = dict(REQUESTS[TUNING_JOB.api])
    one = request.pop("TrainingJobDefinition")
    request["TrainingJobDefinitions"] = [{**one, "DefinitionName": name} for name in ("a", "b")]
    machine(TuningJob(stack, "Tune", parameters=request))

    sent = definition(stack)["States"]["Tune"]["Parameters"]
    assert len({each["RoleArn"] for each in sent["TrainingJobDefinitions"]}) == 1


def test_no_managed_policy_and_no_star_on_s3_ecr_or_sagemaker(stack):
    every_job(stack)

    template = Template.from_stack(stack)
    assert not any("ManagedPolicyArns" in r["Properties"] for r in template.find_resources("AWS::IAM::Role").values())
    for resource, actions in granted(stack).items():
        if any(action.startswith(("s3:", "sagemaker:", "ecr:B", "ecr:GetD")) for action in actions):
            assert resource.rstrip("*").rpartition(":")[2], resource


def test_role_of_a_pipeline_stack_is_made_once_and_is_its_own(app):
    stack = PipelineStack(app, "Churn")
    jobs = every_job(stack)
    chain = jobs[0]
    for following in jobs[1:]:
        chain = chain.next(following)
    stack.run(chain)

    roles = Template.from_stack(stack).find_resources("AWS::IAM::Role")
    assert [name for name in roles if "Execution" in name] == [
        stack.get_logical_id(stack.execution_role.node.default_child)
    ]


def test_stacks_do_not_share_roles(app):
    stacks = [Stack(app, name) for name in ("One", "Two")]
    for stack in stacks:
        train(stack)

    assert [len(Template.from_stack(stack).find_resources("AWS::IAM::Role")) for stack in stacks] == [1, 1]


def test_late_bound_numbers_pass_through(stack):
    count = Token.as_number({"Ref": "Count"})
    ProcessingJob(stack, "Prepare", image=IMAGE, instance_type="ml.m5.large", instance_count=count)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.api)
def test_state_machine_role_may_pass_a_role_only_where_one_is_taken(stack, machine, action):
    machine(job(stack, action))

    passes = [s for s in state_machine_policy(stack) if s["Action"] == "iam:PassRole"]
    assert bool(passes) == bool(action.role_path and not action.role_optional)


@pytest.mark.parametrize(
    "arguments",
    [{"output": "s3://other/models/"}, {"parameters": {"OutputDataConfig": {"S3OutputPath": "s3://other/models/"}}}],
    ids=["argument", "parameter"],
)
def test_output_that_is_given_is_granted_in_place_of_the_default(app, arguments):
    stack = PipelineStack(app, "Churn")
    stack.run(TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large", **arguments))

    written = [resource for resource, actions in granted(stack).items() if "s3:PutObject" in actions]
    assert written == [f"{S3}other/models/*"]


def test_default_output_is_granted_with_the_folder_of_all_jobs(app):
    stack = PipelineStack(app, "Churn")
    stack.run(TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large"))

    written = [resource for resource, actions in granted(stack).items() if "s3:PutObject" in actions]
    bucket = stack.get_logical_id(stack.bucket.node.default_child)
    assert written == [f"{S3}${{{bucket}}}/jobs/*"]


def test_image_uri_of_a_repository_of_the_app_is_granted(stack, machine):
    repository = ecr.Repository(stack, "Repository")
    machine(train(stack, image=repository.repository_uri_for_tag("1")))

    assert PULL in granted(stack).values()


@pytest.mark.parametrize("field", ["InputDataConfig", "OutputDataConfig", "AlgorithmSpecification"])
def test_structure_that_is_known_at_run_time_only_is_warned_of(stack, field):
    parameters = {key: value for key, value in REQUESTS["createTrainingJob"].items() if key != field}
    TrainingJob(stack, "Train", parameters={**parameters, f"{field}.$": "$.later"})

    Annotations.from_stack(stack).has_warning("/Stack/Train/Train", Match.string_like_regexp(f"show: {field}"))


def test_tuning_definition_known_at_run_time_only_may_pass_a_role_and_makes_none(stack, machine):
    request = {k: v for k, v in REQUESTS[TUNING_JOB.api].items() if k != "TrainingJobDefinition"}
    machine(TuningJob(stack, "Tune", parameters={**request, "TrainingJobDefinition.$": "$.definition"}))

    (passed,) = [s for s in state_machine_policy(stack) if s["Action"] == "iam:PassRole"]
    assert passed["Resource"] == "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"
    assert not [name for name in Template.from_stack(stack).find_resources("AWS::IAM::Role") if "Execution" in name]


def test_role_that_is_not_ours_is_not_handed_out(stack):
    arn = "arn:aws:iam::123456789012:role/execution"
    named = train(stack, parameters={"RoleArn": arn})

    with pytest.raises(InvalidInputError, match="no execution role of ours"):
        _ = named.execution_role
    Template.from_stack(stack).resource_count_is("AWS::IAM::Role", 0)


def test_transform_of_a_model_with_a_role_of_its_own_grants_nothing_to_ours(stack):
    own = iam.Role.from_role_arn(stack, "Own", "arn:aws:iam::123456789012:role/own")
    model = CreateModel(stack, "Model", image=IMAGE, role=own)
    TransformJob(stack, "Score", model=model, data="s3://in/", output="s3://out/", instance_type="ml.m5.large")
    train(stack)

    assert not [resource for resource in granted(stack) if ":::in" in resource or ":::out" in resource]


def test_key_by_an_alias_of_the_app_is_granted_as_the_key(stack):
    key = kms.Key(stack, "Key")
    train(stack, kms_key=kms.Alias(stack, "Alias", alias_name="alias/churn", target_key=key))

    assert "kms:Encrypt" in granted(stack)[f"${{{stack.get_logical_id(key.node.default_child)}.Arn}}"]


def test_model_data_is_granted_where_only_the_parameters_say_the_training_writes(app):
    stack = PipelineStack(app, "Churn")
    parameters = {"OutputDataConfig": {"S3OutputPath": "s3://other/models/"}}
    trained = TrainingJob(stack, "Train", image=IMAGE, instance_type="ml.m5.large", parameters=parameters)
    stack.run(trained.next(CreateModel(stack, "Model", image=IMAGE, model_data=trained.model_artifacts)))

    read = [resource for resource, actions in granted(stack).items() if "s3:GetObject" in actions]
    assert read == [f"{S3}other/models/*"]
