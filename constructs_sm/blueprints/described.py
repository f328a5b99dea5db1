"""A blueprint from settings alone: what `cdk.json` says becomes the arguments of a blueprint in a stack of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from constructs_sm import images
from constructs_sm.blueprints.batch_inference import BatchInference
from constructs_sm.blueprints.blueprint import arguments_of, unknown_names
from constructs_sm.blueprints.train_and_deploy import TrainAndDeploy
from constructs_sm.blueprints.tune_and_deploy import TuneAndDeploy
from constructs_sm.jobs.parts.channels import Channel
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, raise_all
from constructs_sm.language.late_bound import is_late_bound
from constructs_sm.pipeline.stack import PipelineStack
from constructs_sm.settings import ENVIRONMENT_KEY

from aws_cdk import Duration, Size

if TYPE_CHECKING:
    from constructs_sm.blueprints.blueprint import Blueprint

    from aws_cdk import App

CONTEXT_KEY = "constructs_sm:blueprint"
"""The key of the blueprint in the `context` of `cdk.json`."""
BLUEPRINTS: dict[str, type[Blueprint]] = {
    blueprint.__name__: blueprint for blueprint in (BatchInference, TrainAndDeploy, TuneAndDeploy)
}
_SETTINGS = ("blueprint", "stack_name", "region", "account", "arguments")


def described_stack(app: App) -> PipelineStack:
    """The stack that the context of *app* describes.

    In `cdk.json`, beside the settings of the stack:

        "context": {
          "constructs_sm:blueprint": {
            "blueprint": "BatchInference",
            "stack_name": "Score",
            "arguments": {"image": "xgboost:1.7-1", "model_data": "models/model.tar.gz", "data": "in/"}
          }
        }

    Arguments are those of the blueprint, in JSON: an image is a URI or `family:version` (see `images.image`), a place
    in S3 an `s3://` prefix or one in the stack's data bucket, a channel such a place or an object of the arguments of
    `Channel`, a duration ISO 8601 (`PT2H`), a size a number of GiB.

    Raises:
        InvalidInputError: No blueprint is described, or one of its settings or arguments is unknown or wrong.
    """
    where = f"cdk.json context '{CONTEXT_KEY}'"
    given = app.node.try_get_context(CONTEXT_KEY)
    if not isinstance(given, Mapping):
        use = f"""write {{"blueprint": "{next(iter(BLUEPRINTS))}", "arguments": {{...}}}}"""
        raise InvalidInputError(
            where, [Problem("no blueprint is described", NOTHING if given is None else given, use, "argument-missing")]
        )
    raise_all(where, [*unknown_names(given, _SETTINGS, "setting"), *_wrong_kind(given)])
    blueprint = BLUEPRINTS[given["blueprint"]]
    arguments = given.get("arguments", {})
    raise_all(f"{where}: {blueprint.__name__}", _unusable(blueprint, arguments))
    place = {name: given[name] for name in ("account", "region") if name in given}
    environment = app.node.try_get_context(ENVIRONMENT_KEY)
    # Of two environments in one account, each has a stack of its own.
    by_default = f"{blueprint.__name__}-{environment}" if isinstance(environment, str) else blueprint.__name__
    stack = PipelineStack(app, given.get("stack_name", by_default), **place)
    read = {name: _read(stack, where, name, value) for name, value in arguments.items()}
    stack.run(blueprint(stack, blueprint.__name__, **read))
    return stack


def _wrong_kind(given: Mapping[str, Any]) -> list[Problem]:
    problems = []
    if given.get("blueprint") not in BLUEPRINTS:
        problems.append(
            Problem(
                "no such blueprint", given.get("blueprint"), f"use one of {', '.join(BLUEPRINTS)}", "argument-unknown"
            )
        )
    if not isinstance(given.get("arguments", {}), Mapping):
        problems.append(
            Problem("arguments must be a mapping", given["arguments"], "write them by name", "argument-type")
        )
    return problems


def _unusable(blueprint: type[Blueprint], arguments: Mapping[str, Any]) -> list[Problem]:
    own = arguments_of(blueprint)
    missing = [
        Problem(f"{parameter.name} is missing", NOTHING, "the blueprint needs it", "argument-missing")
        for parameter in own
        if parameter.default is inspect.Parameter.empty and parameter.name not in arguments
    ]
    return [*unknown_names(arguments, [parameter.name for parameter in own], "argument"), *missing]


def _read(stack: PipelineStack, where: str, name: str, value: Any) -> Any:
    """The value of an argument from its JSON, at any depth: known by the argument's name."""
    if isinstance(value, Mapping) and name not in _AS_IT_STANDS:
        if name == "inputs":
            # What the channels of a training are called is the user's.
            return {channel: _read_channel(stack, where, channel, item) for channel, item in value.items()}
        return {key: _read(stack, where, key, item) for key, item in value.items()}
    if name == "volume_size" and isinstance(value, int):
        return Size.gibibytes(value)
    if not isinstance(value, str) or is_late_bound(value):
        return value
    if name in _DATA:
        return value if "://" in value else stack.data(value)
    reader = next((reader for reader, names in _READERS.items() if name in names), str)
    try:
        return reader(value)
    except RuntimeError as error:
        raise InvalidInputError(
            where, [Problem(f"{name} cannot be read", value, "write 'PT2H'", "argument-type")]
        ) from error


def _read_channel(stack: PipelineStack, where: str, name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _read(stack, where, "data", value)
    raise_all(f"{where}: inputs: {name}", unknown_names(value, [field.name for field in fields(Channel)], "argument"))
    return Channel(**{key: _read(stack, where, key, item) for key, item in value.items()})


def _image(name: str) -> Any:
    family, _, version = name.partition(":")
    if "/" in name or "." in family:
        return name
    scopes = images.image_scopes(family)
    scope = next((scope for scope in _SCOPES if scope in scopes), None)
    return images.image(family, version or None, image_scope=scope)


_SCOPES = ("training", "inference")


_AS_IT_STANDS = ("environment", "hyperparameters", "metric_definitions", "parameters", "ranges", "tags")
"""The arguments whose keys are names of the user's or of SageMaker's, which are not checked here."""
_DATA = ("data", "output", "model_data", "manifest", "checkpoints")
_READERS: dict[Callable[[str], Any], tuple[str, ...]] = {
    _image: ("image", "serving_image"),
    Duration.parse: (
        *("heartbeat", "interval", "invocations_timeout", "keep_alive", "max_pending", "max_runtime"),
        *("max_tuning_runtime", "max_wait", "metrics_frequency", "timeout"),
    ),
}
