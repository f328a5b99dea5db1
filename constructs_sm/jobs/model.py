"""CreateModel: createModel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from constructs_sm.actions import MODEL
from constructs_sm.jobs.parts.containers import Container
from constructs_sm.jobs.parts.fields import tag_list, vpc_config
from constructs_sm.jobs.parts.script_mode import making
from constructs_sm.task.job import JobArguments, SageMakerJob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from constructs_sm.jobs.parts.containers import ModelData
    from constructs_sm.jobs.parts.fields import Flag, Function, Image, SecurityGroups, Subnets, Texts, Time
    from constructs_sm.jobs.parts.script_mode import SourceCode
    from constructs_sm.language.errors import Problem
    from constructs_sm.values.outputs import JobOutput

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack


class CreateModel(SageMakerJob):
    """Make a SageMaker model of a container and what training left, or of a pipeline of containers.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        image: The inference container. This and the other fields of a `Container` describe the one there is; for
            several, pass *containers* in their place.
        model_data: A `model.tar.gz`, as `train.model_artifacts`, or a `ModelDataSource`.
        additional_model_data: Further data by channel.
        environment: Of the container; any scalars, SageMaker gets strings.
        code: A script of your own for an image of scikit-learn or XGBoost: a file or folder on this machine, or a
            tar.gz in S3. Other frameworks look for it in the model, under `code/`.
        entry_point: The file of *code* that is imported. Default: *code* itself, where that is a file.
        hostname: Of the container.
        model_package: The name or ARN of a package, in place of image and data.
        inference_specification: Which specification of the package. Default: its only one.
        multi_model: Serve every model under *model_data*, each loaded when it is asked for. Default: False.
        model_cache: Keep loaded models in memory. Default: True, with *multi_model*.
        repository_access: `Vpc` for a private registry that is reached through the model's VPC. Default: `Platform`.
        repository_credentials: The function that logs in to the private registry.
        metrics_path: Where the container shows its metrics. Default: `/metrics`, with *metrics_frequency*.
        metrics_frequency: How often they are published. Default: every minute, with *metrics_path*.
        containers: An inference pipeline.
        inference_execution_mode: `Serial`: each container gets what the one before it answered; `Direct`: a call names
            its container. Default: `Serial`.
        tags: Of the model.
        vpc: Where the instances are reachable; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Default, in a VPC: a group of its own.
        network_isolation: Cut the containers off the network. Default: False.
        arguments: See `JobArguments`; `parameters` take every other field.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: CreateModel on this model, ListTags, AddTags, PassRole; to the execution role S3 read of *model_data* and
        *code*, pull of *image*.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
    """

    _ARGUMENT_OF: ClassVar = {
        "PrimaryContainer": "image=",
        "PrimaryContainer.Image": "image=",
    }

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image | None = None,
        model_data: ModelData | None = None,
        additional_model_data: Mapping[str, ModelData] | None = None,
        environment: Texts | None = None,
        code: SourceCode | None = None,
        entry_point: str | None = None,
        hostname: str | None = None,
        model_package: str | None = None,
        inference_specification: str | None = None,
        multi_model: bool | None = None,
        model_cache: bool | None = None,
        repository_access: str | None = None,
        repository_credentials: Function | None = None,
        metrics_path: str | None = None,
        metrics_frequency: Time | None = None,
        containers: Sequence[Container] | None = None,
        inference_execution_mode: str | None = None,
        tags: Mapping[str, str] | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Subnets | None = None,
        security_groups: SecurityGroups | None = None,
        network_isolation: Flag | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        one = Container(
            image=image,
            model_data=model_data,
            additional_model_data=additional_model_data,
            environment=environment,
            code=code,
            entry_point=entry_point,
            hostname=hostname,
            model_package=model_package,
            inference_specification=inference_specification,
            multi_model=multi_model,
            model_cache=model_cache,
            repository_access=repository_access,
            repository_credentials=repository_credentials,
            metrics_path=metrics_path,
            metrics_frequency=metrics_frequency,
        )
        listed = [c for c in containers if isinstance(c, Container)] if isinstance(containers, (list, tuple)) else []
        scripts = [container.script(problems, isolated=network_isolation) for container in (one, *listed)]
        super().__init__(
            scope,
            construct_id,
            action=MODEL,
            given={
                "PrimaryContainer": one,
                "Containers": containers,
                "InferenceExecutionConfig": {"Mode": inference_execution_mode},
                "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
                "EnableNetworkIsolation": network_isolation,
                "Tags": tag_list(tags),
            },
            problems=problems,
            make=making(scripts),
            **arguments,
        )

    @property
    def model_name(self) -> JobOutput:
        """The model's name, literal or late-bound, for a state that runs after this one."""
        return self.resource_name
