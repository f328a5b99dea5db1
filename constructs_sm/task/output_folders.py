"""Places in the data of their scope for jobs that are not told where to write."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from constructs_sm.language.jsonata import quoted
from constructs_sm.language.late_bound import escaped
from constructs_sm.language.paths import name_of
from constructs_sm.task.scope import JobScope, construct_path
from constructs_sm.values.names import slug
from constructs_sm.values.s3 import S3Location

if TYPE_CHECKING:
    from constructs import Construct

JOBS = "jobs/"
"""The folder of them all. A user's own data stands beside it: a job that writes under its input would read its output.
"""
_LONGEST_FOLDER = 64


def folder_of(scope: Construct, construct_id: str) -> str:
    """The folder of one of them, in the data of its scope."""
    name = name_of(str(construct_id))
    return f"{JOBS}{JobScope.of(scope).folder(slug(name, _LONGEST_FOLDER), f'{construct_path(scope)}/{name}')}/"


def data_under(scope: Construct, job: str) -> S3Location | None:
    """The folder of a job in the data of its scope; None if that has none.

    The jobs of a scope share a role, and so one grant of `jobs/`.
    """
    data = JobScope.of(scope).data
    if data is None:
        return None
    whole = _of_all_jobs(data)
    return S3Location(data.under(folder_of(scope, job)).uri, whole.within, whole.key)


@lru_cache(64)
def _of_all_jobs(data: S3Location) -> S3Location:
    return data.under(JOBS)


def of_this_execution(place: S3Location | None, *names: str, jsonata: bool) -> S3Location | None:
    """A place under *place* that no other execution writes to: `<execution>/<names>/`.

    A job that found the files of an earlier run beside its own would read both.
    """
    if place is None:
        return None
    rest = "/".join(["", *names, ""])
    if jsonata:
        uri = f"{{% {quoted(place.uri)} & $states.context.Execution.Name & {quoted(rest)} %}}"
        return S3Location(uri, place.within, place.key)
    uri = f"States.Format('{escaped(place.uri)}{{}}{escaped(rest)}', $$.Execution.Name)"
    return S3Location(uri, place.within, place.key)


def checkpoints_under(scope: Construct, job: str, *, jsonata: bool) -> S3Location | None:
    """Place for the checkpoints of a job that is not told where; None if its scope has no data."""
    return of_this_execution(data_under(scope, job), "checkpoints", jsonata=jsonata)
