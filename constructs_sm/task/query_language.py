"""Query languages as the CDK names them, and as the rest of the package asks for them: JSONata, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import ParamSpec

    _Arguments = ParamSpec("_Arguments")

_Job = TypeVar("_Job")


def is_jsonata_language(query_language: object) -> bool:
    """Tell whether a query language is JSONata. None is JSONPath, as everywhere in Step Functions."""
    return query_language is sfn.QueryLanguage.JSONATA


class InEitherLanguage:
    """The factories by which tasks of the CDK say their query language, in the place of `query_language=`."""

    @classmethod
    def jsonata(cls: Callable[_Arguments, _Job], *arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Job:
        """Make it in JSONata."""
        return cls(*arguments, **_in_language(named, sfn.QueryLanguage.JSONATA))

    @classmethod
    def json_path(cls: Callable[_Arguments, _Job], *arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Job:
        """Make it in JSONPath."""
        return cls(*arguments, **_in_language(named, sfn.QueryLanguage.JSON_PATH))


def _in_language(arguments: Any, language: sfn.QueryLanguage) -> Any:
    return {**arguments, "query_language": language}
