"""The rules of a state machine that Step Functions takes, and that goes wrong when it runs."""

from __future__ import annotations

from typing import Any, Final

from constructs_sm.rules.rule import RULES, Rule

_GUIDE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/{}.html"
_ERRORS: Final = _GUIDE.format("concepts-error-handling")
_SAGEMAKER: Final = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/{}.html"
_REFERENCE: Final = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"


def _rule(rule_id: str, what: str, fix: str, *, why: str, source: str, severity: str = "warning", **more: Any) -> Rule:
    """A rule that a check of a definition asks, unless *more* says that a synthesis does."""
    said: Any = {"why": why, "source": source, "severity": severity, "by_check": True, **more}
    rule = Rule(id=rule_id, what=what, fix=fix, **said)
    RULES.add(rule)
    return rule


NEVER_MATCHES: Final = _rule(
    "error-never-matches",
    "the state cannot fail with this error",
    "list an error that the state can fail with",
    why="the retrier or catcher never does anything",
    source=_ERRORS,
)
SHADOWED: Final = _rule(
    "error-shadowed",
    "an earlier entry of the list takes this error",
    "put the special case first, or take it out",
    why="only the first entry that matches is used",
    source=_ERRORS,
)
NO_RETRY: Final = _rule(
    "retry-misses-throttling",
    "a call to SageMaker that is throttled once is not tried again",
    "retry SageMaker.AmazonSageMakerException (by aws-sdk SageMaker.SageMakerException), with a backoff",
    why="SageMaker throttles calls when many jobs start together",
    source=_GUIDE.format("sfn-best-practices"),
)
CAUSE_LOST: Final = _rule(
    "catch-loses-input",
    "the catcher puts the error in place of the whole input, and a later state reads the input",
    "give the catcher a ResultPath such as $.error",
    why="the later state ends with States.Runtime, and the reason of the failure is lost",
    source=_GUIDE.format("concepts-error-handling"),
)
NAME_ON_RETRY: Final = _rule(
    "name-taken-on-retry",
    "a second attempt starts a job under the name of the first",
    "make the name anew for every attempt: States.Format('train-{}', States.UUID()), or retry only errors of the call",
    why="SageMaker refuses it with ResourceInUse, which hides why the first attempt failed",
    source=_SAGEMAKER.format("API_CreateTrainingJob"),
)
NAME_FIXED: Final = _rule(
    "job-name-fixed",
    "the job has the same name in every execution",
    "take the name from the execution: States.Format('train-{}', $$.Execution.Name)",
    why="SageMaker refuses the second execution: job names are unique in an account and Region",
    source=_SAGEMAKER.format("API_CreateTrainingJob"),
)
PATH_MISSING: Final = _rule(
    "choice-path-missing",
    "the Choice reads a field that may be missing",
    "ask IsPresent first, in an And",
    why="the execution ends with States.Runtime, which nothing can catch",
    source=_GUIDE.format("state-choice"),
)
STOPPED: Final = _rule(
    "stopped-as-success",
    "nobody reads the status of the job: one that was stopped counts as a success",
    "check the status in a Choice after the job",
    why="what follows works with a model or with data that are not complete",
    source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html",
)
ENDLESS: Final = _rule(
    "polling-without-end",
    "the loop waits for one status, and nothing else ends it",
    "leave the loop on the statuses of failure too, count its rounds, or give the state machine TimeoutSeconds",
    why="if it fails, the execution polls until its history is full, at 25,000 events",
    source=_GUIDE.format("service-quotas"),
)
TOKEN_FOREVER: Final = _rule(
    "token-without-timeout",
    "the state waits for a task token without a timeout",
    "set HeartbeatSeconds or TimeoutSeconds",
    why="if nobody answers, the execution waits for a year",
    source=_GUIDE.format("connect-to-resource"),
)
TOKEN_UNSENT: Final = _rule(
    "token-not-sent",
    "the state waits for a task token that its request does not hold",
    "put $$.Task.Token into the request (in JSONata $states.context.Task.Token)",
    why="nobody can answer, and the execution waits until its timeout",
    source=_GUIDE.format("connect-to-resource"),
    severity="error",
)
PAYLOAD: Final = _rule(
    "payload-too-large",
    "the value alone is more than a state may hand on",
    "put it into S3, and hand on where it is",
    why="the state fails with States.DataLimitExceeded",
    source=_GUIDE.format("service-quotas"),
    severity="error",
)
PAYLOAD_GROWS: Final = _rule(
    "payload-grows",
    "each item of the Map hands on the whole description of a job",
    "select what is needed with ResultSelector, or let a distributed Map write its results to S3",
    why="descriptions take 2 to 5 KB each, and all results together may have 256 KiB",
    source=_GUIDE.format("service-quotas"),
)
EXPRESS_ENDS: Final = _rule(
    "express-ends-first",
    "an Express execution has ended, after five minutes, before the wait is over",
    "use a Standard state machine, or wait less",
    why="the execution times out, and what comes after the wait never runs",
    source=_GUIDE.format("choosing-workflow-type"),
    severity="error",
    by_check=False,
)
EXPRESS_POLLS: Final = _rule(
    "express-polls",
    "an Express execution ends after five minutes, and what the loop waits for may take longer",
    "use a Standard state machine, or the .sync pattern in one",
    why="the execution times out, and what it has started runs on and is paid for",
    source=_GUIDE.format("choosing-workflow-type"),
    by_check=False,
)
HISTORY: Final = _rule(
    "history-fills",
    "the loop polls so often that the history is full within hours",
    "wait longer between polls, or use .sync",
    why="the execution ends with States.Runtime at 25,000 events, whatever the job does",
    source=_GUIDE.format("service-quotas"),
)
TEXT_LIKE_PATH: Final = _rule(
    "text-like-path",
    "the value reads as a path or an expression, and is sent as the text that it is",
    "let the name of the field end in .$ (in JSONata: write {% ... %})",
    why="the service gets the path in place of what is there",
    source=_GUIDE.format("concepts-amazon-states-language"),
)
MISSING_GRANT: Final = _rule(
    "grant-missing",
    "the role lacks a permission that the state needs",
    "grant it",
    why="the call is denied, or the state machine is refused at deployment",
    source=_REFERENCE,
    severity="error",
)
NEEDLESS_GRANT: Final = _rule(
    "grant-needless",
    "the role has a permission that no state needs",
    "take it out",
    why="whoever can change the definition can use it",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
)
WIDE_GRANT: Final = _rule(
    "grant-too-wide",
    "the permission holds for more than the states need",
    "name the actions and the resources",
    why="whoever can change the definition can use the rest",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
)
UNKNOWN_GRANT: Final = _rule(
    "grant-unknown",
    "which permissions the call needs is not known",
    "look it up in the service's guide",
    why="grants for it are neither missing nor needless here",
    source=_REFERENCE,
    severity="info",
)
