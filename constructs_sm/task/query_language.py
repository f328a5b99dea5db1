"""Query languages as the CDK names them, and as the rest of the package asks for them: JSONata, or not."""

from __future__ import annotations

from aws_cdk import aws_stepfunctions as sfn


def is_jsonata_language(query_language: object) -> bool:
    """Tell whether a query language is JSONata. None is JSONPath, as everywhere in Step Functions."""
    return query_language is sfn.QueryLanguage.JSONATA


def query_language_of(*, jsonata: bool) -> sfn.QueryLanguage:
    """Give the CDK's name of JSONata, or of JSONPath."""
    return sfn.QueryLanguage.JSONATA if jsonata else sfn.QueryLanguage.JSON_PATH
