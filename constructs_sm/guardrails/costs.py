"""The most that a job can cost: rates that the team gives, times instances, times the longest runtime."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.guardrails.kinds import number_of
from constructs_sm.guardrails.patterns import HOLE, fits, is_late
from constructs_sm.guardrails.reading import found

if TYPE_CHECKING:
    from constructs_sm.guardrails.limits import Limits
    from constructs_sm.guardrails.patterns import Spelling

_HOUR: Final = 3_600
_DAY: Final = 86_400
_TUNING: Final = "CreateHyperParameterTuningJob"
_DEFINITIONS: Final = ("TrainingJobDefinition", "TrainingJobDefinitions.*")
_CLUSTERS: Final = ("ResourceConfig", "HyperParameterTuningResourceConfig", "ProcessingResources.ClusterConfig")
_WILDCARD: Final = re.compile(r"[*?]")
_CHOICES: Final = ("InstancePreferences", "InstanceConfigs")
"""Lists of which SageMaker takes one."""


class _LaterError(Exception):
    """A factor comes later."""


class _UnpricedError(Exception):
    """An instance type has no rate."""


def costs(limits: Limits, operation: str, fields: Mapping[str, Any], spelling: Spelling) -> Iterator[tuple[str, Any]]:
    """Reckon what each job of a request can cost at most, with the path of its instances.

    In place of a sum: the type that has no rate, or a text with a hole where a factor comes later.
    """
    jobs = [("", fields)]
    if operation == _TUNING:
        jobs = [one for place in _DEFINITIONS for one in found(fields, tuple(place.split(".")))]
    for path, job in jobs:
        here = f"{path}." if path else ""
        if isinstance(job, str):
            yield path, HOLE
            continue
        cost = _Cost(limits, spelling, fields if operation == _TUNING else None)
        for name in _CLUSTERS:
            for place, cluster in found(job, tuple(name.split("."))):
                yield f"{here}{place}", cost.of(job, cluster)


class _Cost:
    """The costs of the jobs of one request.

    Args:
        limits: The guardrails.
        spelling: The texts of the definition.
        search: The request of a search of which the jobs are trainings.
    """

    def __init__(self, limits: Limits, spelling: Spelling, search: Mapping[str, Any] | None) -> None:
        self._limits = limits
        self._spelling = spelling
        self._search = search

    def of(self, job: Mapping[str, Any], cluster: Any) -> Any:
        """The most that a job on a cluster costs; see `costs`."""
        try:
            hours = self.hours(job)
            if self._search is not None:
                hours = self.hours_of_search(self._search, hours)
            return round(self.rate(cluster) * hours, 2)
        except _LaterError:
            return HOLE
        except _UnpricedError as unpriced:
            return str(unpriced)

    def number(self, value: Any, otherwise: float | None = None) -> float:
        if value is None and otherwise is not None:
            return otherwise
        known = [number_of(each) for each in self._spelling.values(value)]
        if None in known:
            raise _LaterError
        return max(each for each in known if each is not None)

    def hours(self, job: Mapping[str, Any]) -> float:
        condition = job.get("StoppingCondition", {})
        runtime = condition if isinstance(condition, str) else condition.get("MaxRuntimeInSeconds")
        try:
            seconds = self.number(runtime, _DAY)
        except _LaterError:
            # That one is limited by IAM, whatever comes.
            longest = self._limits.longest_seconds
            if longest is None:
                raise
            seconds = longest
        cluster = job.get("ResourceConfig")
        kept = cluster.get("KeepAlivePeriodInSeconds") if isinstance(cluster, Mapping) else None
        return (seconds + self.number(kept, 0)) / _HOUR

    def hours_of_search(self, fields: Mapping[str, Any], hours: float) -> float:
        """Hours of all trainings of a search together."""
        config = fields.get("HyperParameterTuningJobConfig", {})
        given = {} if isinstance(config, str) else config.get("ResourceLimits", {})
        if isinstance(config, str) or isinstance(given, str):
            raise _LaterError
        bounds = []
        if "MaxNumberOfTrainingJobs" in given:
            bounds.append(self.number(given["MaxNumberOfTrainingJobs"]) * hours)
        if "MaxRuntimeInSeconds" in given:
            parallel = self.number(given.get("MaxParallelTrainingJobs"), 1)
            # Those that run when the time is over end by their own limit.
            bounds.append((self.number(given["MaxRuntimeInSeconds"]) / _HOUR + hours) * parallel)
        if not bounds:
            raise _UnpricedError("a search with neither MaxNumberOfTrainingJobs nor MaxRuntimeInSeconds")
        return min(bounds)

    def rate(self, cluster: Any) -> float:
        """The price of an hour of all instances; of several to choose from, that of the dearest."""
        if isinstance(cluster, str):
            raise _LaterError
        groups = cluster.get("InstanceGroups")
        if isinstance(groups, list):
            return sum(self._rate(each, None) for each in groups)
        for name in _CHOICES:
            choices = cluster.get(name)
            if isinstance(choices, list) and choices:
                return max(self._rate(each, cluster.get("InstanceCount")) for each in choices)
        if any(isinstance(cluster.get(name), str) for name in ("InstanceGroups", *_CHOICES)):
            raise _LaterError
        return self._rate(cluster, None)

    def _rate(self, of: Any, count: Any) -> float:
        if isinstance(of, str) or "InstanceType" not in of:
            raise _LaterError
        number = self.number(of.get("InstanceCount", count), 1)
        found_rates = []
        for kind in self._spelling.values(of["InstanceType"]):
            if is_late(kind):
                # IAM limits it to the types that are allowed, whichever comes.
                found_rates += [
                    self._rate_of(_WILDCARD.sub(HOLE, each)) for each in self._limits.instance_types or (HOLE,)
                ]
            else:
                found_rates.append(self._rate_of(str(kind)))
        return max(found_rates) * number

    def _rate_of(self, kind: str) -> float:
        """The rate of a type, or the highest of all types that match a text with holes."""
        rates: Mapping[str, float] = self._limits.rates or {}
        fitting = [rate for pattern, rate in rates.items() if fits(kind, pattern)]
        if not fitting:
            raise (_LaterError if is_late(kind) else _UnpricedError(kind))
        # The exact name says more than a family does.
        return max(fitting) if is_late(kind) else rates.get(kind, max(fitting))
