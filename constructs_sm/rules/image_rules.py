"""The rules of container images and execution roles: where they are pulled from and passed, and what they are for."""

from __future__ import annotations

from typing import Final

from constructs_sm.rules.request_rule import API, ISSUE, request_rule

_IMAGES: Final = "https://github.com/aws/deep-learning-containers/blob/master/available_images.md"

IMAGE_URI: Final = request_rule(
    "image-is-no-uri",
    "an image of AWS's is named as in a settings file, and not by its URI",
    "write it in full, or take one of constructs_sm.images",
    source=API.format("ContainerDefinition"),
)
IMAGE_REGISTRY: Final = request_rule(
    "image-without-registry",
    "an image is named without its registry",
    "write it in full: registry/repository:tag",
    source=API.format("ContainerDefinition"),
    severity="warning",
)
IMAGE_REGION: Final = request_rule(
    "image-of-another-region",
    "an image is pulled from a registry of the Region that the job runs in",
    "name the registry of this Region, or take one of constructs_sm.images, which know it",
    source=ISSUE.format("aws/aws-cdk", 29918),
    severity="warning",
)
TRAINING_IMAGE: Final = request_rule(
    "training-image-in-model",
    "an image that AWS publishes for training does not serve a model",
    "take its counterpart: image_scope='inference'",
    why="the container never answers the health check of the endpoint or the transform",
    source=_IMAGES,
)
INFERENCE_IMAGE: Final = request_rule(
    "inference-image-in-training",
    "an image that AWS publishes for inference does not train",
    "take its counterpart: image_scope='training'",
    why="the container serves instead, until the training is stopped",
    source=_IMAGES,
)
GPU_IMAGE: Final = request_rule(
    "gpu-image-on-cpu",
    "an image for GPUs runs on instances without one",
    "take processor='cpu', or instances with GPUs",
    why="the container stops where it finds no GPU, or is slower than the image for CPUs",
    source=_IMAGES,
    severity="warning",
)
CPU_IMAGE: Final = request_rule(
    "cpu-image-on-gpu",
    "an image for CPUs runs on instances with GPUs",
    "take processor='gpu', or instances without GPUs",
    why="the GPUs are paid for and not used",
    source=_IMAGES,
    severity="warning",
)
ROLE_ACCOUNT: Final = request_rule(
    "role-of-another-account",
    "an execution role of another account cannot be passed",
    "name a role of the account that the job runs in",
    why="IAM refuses to pass it: Cross-account pass role is not allowed",
    source=ISSUE.format("serverless/serverless", 3374),
)
