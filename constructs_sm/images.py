"""The container images AWS publishes for SageMaker, by name and version: algorithms, processing, deep learning.

The data are those of the SageMaker Python SDK (`tools/images.py` writes them anew), read when the first image is asked
for. An image is a value; the stack it is used in gives it the registry of its Region.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from constructs_sm.environment import arns_of
from constructs_sm.image_accounts import mapped_account
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, did_you_mean, raise_unless
from constructs_sm.language.late_bound import is_token
from constructs_sm.language.versions import age, nearest_versions

from aws_cdk import Aws

if TYPE_CHECKING:
    from collections.abc import Iterable

    from constructs import IConstruct

Processor: TypeAlias = Literal["cpu", "gpu"]
ImageScope: TypeAlias = Literal["training", "inference"]
"""The use of an image, in the SDK's words."""
GravitonScope: TypeAlias = Literal["training", "inference", "inference_graviton"]
"""`inference_graviton`: for endpoints on Arm instances."""

_SHOWN = 12
_TELLING = 5
"""Letters of a name by which a longer one is known."""
_MAPPING = "SageMakerImages{}"


@dataclass(frozen=True, slots=True)
class SageMakerImage:
    """An image of AWS's, wherever it is used: pass it where a job takes an image.

    Attributes:
        family: The SDK's name, as `xgboost`.
        version: As asked for.
        repository: As `sagemaker-xgboost`.
        tag: As `1.7-1`; empty: the repository's `latest`.
        accounts: Which of the data's maps from Region to account the repository has.
    """

    family: str
    version: str
    repository: str
    tag: str
    accounts: str

    @property
    def regions(self) -> tuple[str, ...]:
        """The Regions in which the image is published."""
        return tuple(_accounts(self.accounts))

    def uri(self, region: str) -> str:
        """The image in one Region.

        Raises:
            InvalidInputError: It is not published there.
        """
        account = _accounts(self.accounts).get(region)
        if account is None:
            what = f"{self.family} {self.version} is not in this Region"
            if any(region in registry for registry in _data()["registries"]):
                # It is spelled rightly, and another one would not do.
                use = f"the Region is unsupported; the image is in {', '.join(self.regions)}"
                raise InvalidInputError(f"image '{self.family}'", [Problem(what, region, use, "image-unknown")])
            raise _wrong(self.family, what, region, self.regions)
        return self._spelled(account, region, _data()["suffixes"].get(region, "amazonaws.com"))

    def uri_in(self, scope: IConstruct) -> str:
        """The image in the Region of the stack around *scope*.

        Where that is known at deployment only, a mapping in the stack knows the account; CloudFormation refuses to
        deploy to a Region that has no such image.
        """
        region = arns_of(scope).region
        if not is_token(region):
            return self.uri(region)
        account = mapped_account(scope, _MAPPING.format(self.accounts), _accounts(self.accounts))
        return self._spelled(account, region, Aws.URL_SUFFIX)

    def _spelled(self, account: str, region: str, suffix: str) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{account}.dkr.ecr.{region}.{suffix}/{self.repository}{tag}"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An image with one version: call it."""

    family: str

    def __call__(self) -> SageMakerImage:
        return image(self.family)


@dataclass(frozen=True, slots=True)
class Framework:
    """A deep-learning container: call it with a version."""

    family: str

    def __call__(
        self,
        version: str,
        *,
        processor: Processor | None = None,
        image_scope: GravitonScope = "training",
        py_version: str | None = None,
    ) -> SageMakerImage:
        """The image for a version.

        Args:
            version: As `2.6.0`, or `2.6` for the latest of its line.
            processor: What the instances have. Default: the one there is; of most versions there are two.
            image_scope: What it is for. Default: training.
            py_version: As `py312`. Default: the one there is.

        Raises:
            InvalidInputError: There is no such image, or more than one.
        """
        return image(self.family, version, processor=processor, image_scope=image_scope, py_version=py_version)


blazingtext = Algorithm("blazingtext")
clarify = Algorithm("clarify")
"""SageMaker Clarify is closed to new customers: use smclarify or SHAP in an image of your own instead."""
deepar = Algorithm("forecasting-deepar")
factorization_machines = Algorithm("factorization-machines")
image_classification = Algorithm("image-classification")
ipinsights = Algorithm("ipinsights")
kmeans = Algorithm("kmeans")
knn = Algorithm("knn")
lda = Algorithm("lda")
linear_learner = Algorithm("linear-learner")
model_monitor = Algorithm("model-monitor")
"""SageMaker Model Monitor is closed to new customers: compare captured data in a processing job of your own."""
ntm = Algorithm("ntm")
object2vec = Algorithm("object2vec")
object_detection = Algorithm("object-detection")
pca = Algorithm("pca")
random_cut_forest = Algorithm("randomcutforest")
semantic_segmentation = Algorithm("semantic-segmentation")
seq2seq = Algorithm("seq2seq")

autogluon = Framework("autogluon")
mxnet = Framework("mxnet")
pytorch = Framework("pytorch")
tensorflow = Framework("tensorflow")


def xgboost(version: str, *, image_scope: GravitonScope = "training") -> SageMakerImage:
    """XGBoost; the same image trains and serves, except on Graviton.

    Args:
        version: As `1.7-1`.
        image_scope: What it is for. Default: training.
    """
    return image("xgboost", version, image_scope=image_scope)


def sklearn(version: str, *, image_scope: GravitonScope = "training") -> SageMakerImage:
    """scikit-learn, for processing, training and, except on Graviton, serving.

    Args:
        version: As `1.2-1`.
        image_scope: What it is for. Default: training.
    """
    return image("sklearn", version, image_scope=image_scope)


def spark(version: str, *, py_version: str | None = None, container_version: str | None = None) -> SageMakerImage:
    """Spark for processing jobs.

    Args:
        version: As `3.5`.
        py_version: As `py39`; together with *container_version*.
        container_version: As `1.0`, to stay with one build. Default: the newest.

    Raises:
        InvalidInputError: There is no such image.
    """
    if (py_version is None) != (container_version is None):
        got = {"py_version": py_version, "container_version": container_version}
        problem = Problem("py_version and container_version go together", got, "give both or neither", "image-unknown")
        raise InvalidInputError("image 'spark'", [problem])
    found = image("spark", version, py_version=py_version)
    return found if container_version is None else replace(found, tag=f"{found.tag}-v{container_version}")


def huggingface(
    version: str,
    *,
    base_framework_version: str | None = None,
    processor: Processor | None = None,
    image_scope: ImageScope = "training",
    py_version: str | None = None,
) -> SageMakerImage:
    """Hugging Face Transformers on PyTorch or TensorFlow.

    Args:
        version: Of Transformers, as `4.49.0` or `4.49`.
        base_framework_version: As `pytorch2.5.1` or `pytorch2.5`. Default: the one there is.
        processor: What the instances have. Default: gpu for training, which knows no other.
        image_scope: What it is for. Default: training.
        py_version: As `py311`. Default: the one there is.

    Raises:
        InvalidInputError: There is no such image.
    """
    return image(
        "huggingface",
        version,
        image_scope=image_scope,
        processor=processor,
        py_version=py_version,
        base_framework_version=base_framework_version,
    )


def families() -> tuple[str, ...]:
    """The names that `image` knows."""
    return tuple(_data()["families"])


def image_scopes(family: str) -> tuple[str, ...]:
    """Return the uses that a *family* has images for: `training`, `inference`, ...

    Raises:
        InvalidInputError: There is no such family.
    """
    scopes = _data()["families"].get(family) if isinstance(family, str) else None
    if scopes is None:
        raise _wrong(family, "no such image", family, families(), near=_called(family))
    return tuple(name for names in scopes for name in names.split())


def versions(family: str, *, image_scope: str | None = None) -> tuple[str, ...]:
    """The versions of a family, older ones first.

    Args:
        family: One of `families()`.
        image_scope: What for. Default: the only one; required where there are several.

    Raises:
        InvalidInputError: There is no such family or scope.
    """
    _refuse_no_texts(family, image_scope=image_scope)
    return tuple(sorted({version for row in _rows(family, image_scope) for version in row[0]}, key=age))


def image(
    family: str,
    version: str | None = None,
    *,
    image_scope: str | None = None,
    processor: str | None = None,
    py_version: str | None = None,
    base_framework_version: str | None = None,
) -> SageMakerImage:
    """Any image there is, by the SDK's name: also those that have no function here, as `djl-lmi` and `vllm`.

    Args:
        family: One of `families()`.
        version: One of `versions(family)`; `latest` where the SDK has it. Default: the one there is.
        image_scope: `training`, `inference`, `processing`, ... Default: the one there is.
        processor: `cpu`, `gpu`, `inf`, ... Default: the one there is.
        py_version: As `py312`. Default: the one there is, or none in the tag where that is an image too.
        base_framework_version: Of Hugging Face images, as `pytorch2.5.1`. Default: the one there is.

    Raises:
        InvalidInputError: There is no such image, or more than one.
    """
    asked = {"processor": processor, "base_framework_version": base_framework_version, "py_version": py_version}
    _refuse_no_texts(family, version=version, image_scope=image_scope, **asked)
    rows = _rows(family, image_scope)
    known = list(dict.fromkeys(name for row in rows for name in row[0]))
    if version is None and len(known) == 1:
        version = known[0]
    if version is None or version not in known:
        newest_last = sorted(known, key=age)
        got = NOTHING if version is None else version
        raise _wrong(family, "no such version", got, newest_last, near=nearest_versions(version, known))
    tags = [(row[1], row[2], tag) for row in rows if version in row[0] for tag in row[3]]
    for place, (name, value) in enumerate(asked.items()):
        options = dict.fromkeys(tag[place] for _, _, tag in tags)
        if value is not None and value not in options:
            raise _wrong(family, f"no such {name} of version {version}", value, filter(None, options))
        if value in options:
            tags = [(repository, accounts, tag) for repository, accounts, tag in tags if tag[place] == value]
    found = {
        SageMakerImage(family, version, repository, tag[-1].replace("{}", version), accounts): tag
        for repository, accounts, tag in tags
    }
    for place, name in enumerate(asked):
        options = dict.fromkeys(tag[place] for tag in found.values())
        if len(options) > 1:
            raise _wrong(family, f"{name} of version {version} is missing", NOTHING, options)
    (one,) = found
    return one


def _refuse_no_texts(family: object, **options: object) -> None:
    given = {name: (value, str, "a text") for name, value in options.items() if value is not None}
    raise_unless("image", family=(family, str, "a text"), **given)


def _rows(family: str, image_scope: str | None) -> list[Any]:
    """Return the rows of the data for one scope: versions, repository, key of the accounts, tags."""
    known = image_scopes(family)
    scopes = _data()["families"][family]
    if image_scope is None and len(scopes) == 1:
        return cast("list[Any]", next(iter(scopes.values())))
    for names, rows in scopes.items():
        if image_scope in names.split():
            return cast("list[Any]", rows)
    what, got = ("image_scope is missing", NOTHING) if image_scope is None else ("no such image_scope", image_scope)
    raise _wrong(family, what, got, known)


@cache
def _data() -> dict[str, Any]:
    text = resources.files("constructs_sm").joinpath("images.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


@cache
def _accounts(key: str) -> dict[str, str]:
    """The account by Region: one of the registries, less the Regions the key names."""
    registry, less = _data()["accounts"][key]
    without = set(less.split())
    return {region: account for region, account in _data()["registries"][registry].items() if region not in without}


def _called(name: object) -> tuple[str, ...]:
    """The families that have a name in theirs, or are in it: `deepar`, `sagemaker-xgboost`."""
    written = re.sub(r"[^a-z0-9]", "", str(name).lower())
    spelled = {family: family.replace("-", "") for family in families()}
    found = sorted(
        (family for family, text in spelled.items() if len(written) >= _TELLING and written in text), key=len
    )
    found = found or sorted((family for family, text in spelled.items() if text in written), key=len)[-1:]
    return tuple(found[:1])


def _wrong(
    family: str, what: str, got: object, options: Iterable[str], *, near: tuple[str, ...] = ()
) -> InvalidInputError:
    """An error that names what there is.

    Args:
        family: The image.
        what: The fault.
        got: What was asked for.
        options: All that there is.
        near: What is nearest. Default: what is spelled alike.
    """
    known = list(options)
    # The newest versions come last.
    listed = f"use one of {'..., ' if len(known) > _SHOWN else ''}{', '.join(known[-_SHOWN:])}"
    alike = f"did you mean {' or '.join(near)}?" if near else ""
    use = alike or did_you_mean(got, known) or (listed if known else "leave it out")
    return InvalidInputError(f"image '{family}'", [Problem(what, got, use, "image-unknown")])
