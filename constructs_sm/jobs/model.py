"""Model: createModel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs_sm.actions import MODEL
from constructs_sm.job import JobArguments, SageMakerJob
from constructs_sm.jobs.fields import tag_list, texts, vpc_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs_sm.errors import Problem
    from constructs_sm.jobs.fields import Image, Scalar, SecurityGroups, Subnets
    from constructs_sm.s3 import S3Data

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct
    from typing_extensions import Unpack


class Model(SageMakerJob):
    """Make a SageMaker model of a container and what training left.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        image: The inference container.
        model_data: `model.tar.gz`, as `train.model_artifacts`.
        environment: Of the container; any scalars, SageMaker gets strings.
        tags: Of the model.
        vpc: Where the instances are reachable; its private subnets, unless *subnets* says otherwise.
        subnets: A selection of *vpc*'s, or a list.
        security_groups: Required in a VPC.
        network_isolation: Cut the container off the network. Default: False.
        arguments: See `JobArguments`; `parameters` take every other field.

    Raises:
        InvalidInputError: SageMaker's model refuses the request, or an argument is wrong.

    Grants: CreateModel on this model, ListTags, AddTags, PassRole; to the execution role S3 read of *model_data*, pull
        of *image*.
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        image: Image | None = None,
        model_data: S3Data | None = None,
        environment: Mapping[str, Scalar] | None = None,
        tags: Mapping[str, str] | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Subnets | None = None,
        security_groups: SecurityGroups | None = None,
        network_isolation: bool | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        problems: list[Problem] = []
        super().__init__(
            scope,
            construct_id,
            action=MODEL,
            given={
                "PrimaryContainer": {"Image": image, "ModelDataUrl": model_data, "Environment": texts(environment)},
                "VpcConfig": vpc_config(vpc, subnets, security_groups, problems),
                "EnableNetworkIsolation": network_isolation,
                "Tags": tag_list(tags),
            },
            problems=problems,
            **arguments,
        )

    @property
    def model_name(self) -> str:
        """The model's name, literal or late-bound, for a state that runs after this one."""
        return self.resource_name
