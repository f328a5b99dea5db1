"""The text of a container image taken apart, and what AWS publishes under its name."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from constructs_sm.language.late_bound import TOKEN, is_late_bound, is_token

_PART = rf"(?:{TOKEN.pattern}|[^./])+?"
ECR_IMAGE: Final = re.compile(
    rf"(?P<account>{_PART})\.dkr[.-]ecr(?:-fips)?\.(?P<region>{_PART})\.(?:{TOKEN.pattern}|[a-z0-9.-]+)"
    rf"/(?P<repository>(?:{TOKEN.pattern}|[^:@])+)(?:[:@](?P<tag>.*))?"
)
"""An image in a registry of ECR; account, region and suffix may be tokens."""
_OWN_ACCOUNT: Final = "AWS.AccountId"
_PROCESSOR: Final = re.compile(r"(?:^|-)(cpu|gpu)(?:-|$)")
_EMITS_ITS_OWN: Final = ("sagemaker-xgboost",)
"""Frameworks that are algorithms too, whose metrics need no definitions."""


@dataclass(frozen=True, slots=True)
class EcrImage:
    """An image in ECR, spelled out.

    Attributes:
        account: That of the registry, or a token.
        region: Likewise.
        repository: As `pytorch-training`.
        tag: What follows it, digests included; empty: nothing does.
    """

    account: str
    region: str
    repository: str
    tag: str

    @property
    def is_published(self) -> bool:
        """Tell whether AWS publishes it; a registry that a token names is another one only if it is the stack's own."""
        if self.repository not in _published():
            return False
        return _OWN_ACCOUNT not in self.account if is_token(self.account) else self.account in _registries()

    @property
    def image_scopes(self) -> frozenset[str]:
        """Return what AWS publishes it for: `training`, `inference`, ...; empty: it is not AWS's."""
        return _published()[self.repository] if self.is_published else frozenset()

    @property
    def processor(self) -> str | None:
        """`cpu` or `gpu`, where an image of AWS's says so."""
        found = _PROCESSOR.search(self.tag) if self.is_published else None
        return found[1] if found else None

    @property
    def is_algorithm(self) -> bool:
        """Tell whether it is an algorithm of SageMaker's, which defines its metrics itself."""
        return self.is_published and self.repository in _algorithms()


@lru_cache(1024)
def ecr_image(value: object) -> EcrImage | None:
    """An image's text taken apart; None if it is not in ECR, or known at run time only."""
    return _taken_apart(value) if isinstance(value, str) else None


@cache
def _taken_apart(value: str) -> EcrImage | None:
    # Jobs of one app have few images, and a job asks for its own several times.
    if is_late_bound(value) and not is_token(value):
        return None
    found = ECR_IMAGE.fullmatch(value)
    return EcrImage(found["account"], found["region"], found["repository"], found["tag"] or "") if found else None


def families() -> tuple[str, ...]:
    """The names by which `constructs_sm.images.image` knows what AWS publishes."""
    return tuple(_data()["families"])


def versions(family: str) -> list[str]:
    """The versions of a family, for any use."""
    rows = [row for rows in _data()["families"][family].values() for row in rows]
    return list(dict.fromkeys(version for row in rows for version in row[0]))


def image_scopes(family: str) -> list[str]:
    """The uses of which one has to be said, since a family has an image of its own for each; none if all have one."""
    uses = list(_data()["families"][family])
    return [name for names in uses for name in names.split()] if len(uses) > 1 else []


@cache
def _data() -> dict[str, Any]:
    text = resources.files("constructs_sm").joinpath("images.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


@cache
def _published() -> dict[str, frozenset[str]]:
    """Purpose of each repository."""
    scopes: dict[str, set[str]] = {}
    for family in _data()["families"].values():
        for names, rows in family.items():
            for row in rows:
                scopes.setdefault(row[1], set()).update(names.split())
    return {repository: frozenset(names) for repository, names in scopes.items()}


@cache
def _algorithms() -> frozenset[str]:
    """The repositories none of whose images is for one processor: frameworks are."""
    rows = [row for family in _data()["families"].values() for rows in family.values() for row in rows]
    frameworks = {row[1] for row in rows if any(tag[0] for tag in row[3])} - set(_EMITS_ITS_OWN)
    return frozenset(row[1] for row in rows) - frameworks


@cache
def _registries() -> frozenset[str]:
    return frozenset(account for registry in _data()["registries"] for account in registry.values())
