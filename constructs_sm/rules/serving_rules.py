"""The rules of models, model packages, endpoint configurations and endpoints."""

from __future__ import annotations

from typing import Final

from constructs_sm.rules.request_rule import API, GUIDE, ISSUE, request_rule

_SDK: Final = "aws/sagemaker-python-sdk"
_EXAMPLES: Final = "aws/amazon-sagemaker-examples"
_SERVERLESS: Final = GUIDE.format("serverless-endpoints")

CONTAINERS: Final = request_rule(
    "model-containers",
    "a model is one container or a list of them",
    "give one of image= and containers=",
    source="https://github.com/aws/amazon-sagemaker-operator-for-k8s/pull/164",
)
CONTAINER: Final = request_rule(
    "model-container-has-image",
    "a container has an image or a model package",
    "give image= or model_package=",
    source=API.format("ContainerDefinition"),
)
HOSTNAMES: Final = request_rule(
    "container-hostnames",
    "some containers of a pipeline have a hostname and others do not",
    "give hostname= in all, or in none",
    source=API.format("ContainerDefinition"),
)
REGISTRY_LOGIN: Final = request_rule(
    "registry-credentials-need-vpc",
    "credentials of a private registry are for a registry in a VPC",
    "pass repository_access='Vpc', or leave them out",
    source=API.format("ImageConfig"),
)
METRICS_INTERVAL: Final = request_rule(
    "metrics-interval",
    "metrics are published at some intervals only",
    "pass one of 10, 30, 60, 120, 180, 240 and 300 seconds",
    source=API.format("MetricsConfig"),
)
VARIANT: Final = request_rule(
    "variant-runs-on",
    "a variant runs on instances or without a server",
    "give instance_type=, instance_pools= or serverless=",
    source=API.format("ProductionVariant"),
)
VARIANT_SERVERLESS: Final = request_rule(
    "serverless-excludes-instances",
    "a variant without a server has instances beside it",
    "give serverless= or the instances",
    source=API.format("ProductionVariant"),
)
VARIANT_MODEL: Final = request_rule(
    "variant-needs-model",
    "a variant names no model",
    "give model=, or a role= for an endpoint of inference components",
    source="https://github.com/hashicorp/terraform-provider-aws/pull/44977",
)
SERVERLESS_MEMORY: Final = request_rule(
    "serverless-memory",
    "memory without a server comes in whole GB, 1 to 6",
    "pass Size.gibibytes(1) to Size.gibibytes(6)",
    source=API.format("ProductionVariantServerlessConfig"),
)
SERVERLESS_CONCURRENCY: Final = request_rule(
    "serverless-concurrency",
    "provisioned concurrency exceeds the greatest",
    "provision no more than max_concurrency=",
    source=API.format("ProductionVariantServerlessConfig"),
)
SERVERLESS_VPC: Final = request_rule(
    "serverless-takes-no-vpc",
    "a serverless endpoint takes no VPC, of its own or of its model's",
    "leave the VPC out, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_ISOLATION: Final = request_rule(
    "serverless-takes-no-isolation",
    "a serverless endpoint takes no network isolation, of its own or of its model's",
    "leave network_isolation= out, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_CAPTURE: Final = request_rule(
    "serverless-takes-no-data-capture",
    "a serverless endpoint captures no data",
    "leave data_capture= out, or serve on instances",
    source=ISSUE.format(_EXAMPLES, 3102),
)
SERVERLESS_ALONE: Final = request_rule(
    "serverless-one-variant",
    "a serverless endpoint has one variant",
    "keep one variant, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_MULTI_MODEL: Final = request_rule(
    "serverless-takes-no-multi-model",
    "a serverless endpoint serves no multi-model container",
    "leave multi_model= out, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_PIPELINE: Final = request_rule(
    "serverless-takes-one-container",
    "a serverless endpoint serves no inference pipeline",
    "make a model of one container, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_REGISTRY: Final = request_rule(
    "serverless-takes-no-private-registry",
    "a serverless endpoint takes no image of a private registry",
    "copy the image to ECR, or serve on instances",
    source=_SERVERLESS,
)
PREFIX_AWARE: Final = request_rule(
    "prefix-aware-routing",
    "routing by prefix and its settings go together",
    "pass a whole PrefixAwareRoutingConfig, or another strategy without one",
    source=API.format("ProductionVariantRoutingConfig"),
)
NO_VOLUME: Final = request_rule(
    "no-volume-on-local-storage",
    "a size of volumes is given, and the instances have local storage instead",
    "leave volume_size= out: the storage is that of the instance type",
    source=ISSUE.format(_SDK, 4828),
)
SHADOW: Final = request_rule(
    "shadow-stands-behind-one",
    "a shadow variant stands behind one variant, and that has no second shadow",
    "give one of each",
    source=API.format("CreateEndpointConfig"),
)
ASYNC_REGION: Final = request_rule(
    "async-stays-in-region",
    "asynchronous inference stays in its Region",
    "leave one of async_inference= and cross_region_traffic= out",
    source=API.format("CreateEndpointConfig"),
)
DEPLOYMENT: Final = request_rule(
    "update-is-of-one-kind",
    "an update of an endpoint is blue/green or rolling",
    "give one of them",
    source=API.format("DeploymentConfig"),
)
PACKAGE_IN_GROUP: Final = request_rule(
    "model-package-in-group",
    "a version in a group has the tags of the group, and a number in place of a name",
    "leave tags= and the name out",
    source=API.format("CreateModelPackage"),
)
PACKAGE_NAMED: Final = request_rule(
    "model-package-named",
    "a model package is in a group, or has a name",
    "give group= or a name",
    source=API.format("CreateModelPackage"),
)
