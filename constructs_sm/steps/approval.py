"""Approval: a person who lets a pipeline go on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from constructs_sm.grants.statements import Grant, publish_grants
from constructs_sm.jobs.model_package import CreateModelPackage
from constructs_sm.language.console import execution_link
from constructs_sm.language.durations import seconds_of
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.language.jsonata import is_plain, jsonata_of, merged, object_of, place_of, said, without
from constructs_sm.language.late_bound import is_json_path, is_late_bound, is_token
from constructs_sm.language.offering import offers
from constructs_sm.language.paths import key_of, path_of
from constructs_sm.requests.rendering import Verbatim, render
from constructs_sm.retry import SDK, RetryPolicy
from constructs_sm.rollback import undone_by
from constructs_sm.task.custom_states import Begin, JsonataState, JsonataTask, describing, holds, is_chainable
from constructs_sm.task.fragment import NamedFragment
from constructs_sm.task.overruling import refuse_part
from constructs_sm.task.path_tokens import json_path_of
from constructs_sm.task.polling import words_for
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.task.scope import JobScope
from constructs_sm.values.names import LONGEST_STATE_NAME, id_problems

from aws_cdk import Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_sm.settings import Time

    from constructs import Construct

Notifier: TypeAlias = Union[str, Sequence[str], "sns.ITopic", "sfn.TaskStateBase", "sfn.CustomState"]
"""A topic, e-mail addresses (a topic is made for them), or a task of one's own that waits for a token."""

_LONGEST_ID = LONGEST_STATE_NAME - len(": CheckAnswer")
_LONGEST_SUBJECT = 99
_WEEK = 7 * 86_400
# The names that exceptions have in the AWS SDK for Java. Not verified on AWS.
_OF_SNS = RetryPolicy(
    errors=("SNS.InternalErrorException", "SNS.ThrottledException", "SNS.KmsThrottlingException"),
    interval_seconds=2,
    max_attempts=6,
    max_delay_seconds=60,
    jitter=True,
)


class Approval(NamedFragment):
    """Ask a person, and go on when the answer is yes.

    A message with what is to be approved, a link to the execution, and the commands that approve and refuse it goes to
    a topic. The execution waits, at no cost, until somebody with `states:SendTaskSuccess` on the state machine runs one
    of them. A refusal, or no answer in time, ends it in a Fail, or leads to *otherwise*.

    What later states find under the construct id is `Approved`, `By` and `Comment`.

    Args:
        scope: Any construct in a stack.
        construct_id: What the names of all states begin with; at most 67 characters.
        notify: Who is asked: a topic, one or more e-mail addresses, or a task of yours that waits for a task token. Its
            output must have `Approved`, true or false, under the construct id: `result_path="$.<construct id>"`.
        about: What the message says of the matter, by name; late-bound strings too.
        model_package: A `CreateModelPackage`. The message names it, and its approval status becomes `Approved` or
            `Rejected`, with the answer as description. Without an answer it stays as it is.
        subject: Of an e-mail: a text, or late-bound. Default: the construct id.
        timeout: How long an answer is waited for; a task of yours has its own. Default: 7 days. A pipeline needs a
            longer one, and has it by default.
        otherwise: What to do when it is refused, or not answered in time. Default: fail.
        query_language: That of the state machine. Default: JSONPath.

    Attributes:
        topic: Where the message goes; None with a task of yours.

    Raises:
        InvalidInputError: An argument is wrong.

    Grants: to the state machine role, Publish on the topic, use of its key, UpdateModelPackage on the versions of the
        package's group.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html
    """

    topic: sns.ITopic | None

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        notify: Notifier | None = None,
        about: Mapping[str, Any] | None = None,
        model_package: CreateModelPackage | None = None,
        subject: str | Verbatim | None = None,
        timeout: Time | None = None,
        otherwise: sfn.IChainable | None = None,
        query_language: sfn.QueryLanguage | None = None,
    ) -> None:
        self._id = str(construct_id)
        self._key = key_of(self._id)
        self._matter = key_of(self._named("Matter"))
        self._jsonata = is_jsonata_language(query_language)
        self._package = model_package
        self._subject = self._id if subject is None else subject
        self._seconds = _WEEK if timeout is None else seconds_of(timeout)
        emails = [notify] if isinstance(notify, str) else notify if isinstance(notify, (list, tuple)) else None
        problems = list(self._problems(scope, notify, emails, about, timeout))
        if otherwise is not None and not is_chainable(otherwise):
            use = "pass a state, a job or a chain, or None to fail"
            problems.append(Problem("otherwise leads nowhere", otherwise, use, "argument-type"))
        if not problems:
            matter = dict(about or {})
            if model_package is not None:
                matter["ModelPackageArn"] = model_package.model_package_arn
            rendered = render(matter, scope=scope, jsonata=self._jsonata, json_path_of=json_path_of)
            # Step Functions asks in JSONata, whatever the state machine is in.
            line = self._subject
            if not self._jsonata and is_json_path(line) and is_plain(str(line)):
                line = f"{{% {jsonata_of(str(line))} %}}"
            asked = render({"subject": line}, scope=scope, jsonata=True, json_path_of=json_path_of)
            self._line = asked.fields.get("subject")
            problems += [*rendered.problems, *asked.problems]
        refuse_part(where_of(type(self).__name__, scope, construct_id), scope, construct_id, problems)
        super().__init__(scope, construct_id)
        self._said = list(matter)
        self._own_task = notify if emails is None and not offers(notify, "topic_arn") else None
        self.topic = self._topic(notify, emails) if self._own_task is None else None
        self._begin = Begin(
            self,
            self._named("Begin"),
            key=self._matter,
            request=rendered.to_state(jsonata=self._jsonata),
            grants=self._grants(),
            jsonata=self._jsonata,
        )
        self._build(otherwise)

    @property
    def start_state(self) -> sfn.State:
        return self._begin

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self._approved]

    def _problems(self, scope: Any, notify: Any, emails: Any, about: Any, timeout: Any) -> Iterator[Problem]:
        if not hasattr(scope, "node"):
            where = where_of(type(self).__name__, scope, self._id)
            raise InvalidInputError(where, [Problem("scope", scope, "pass a construct", "argument-type")])
        yield from id_problems(self._id, _LONGEST_ID)
        if about is not None and not isinstance(about, Mapping):
            yield Problem("about must be a mapping", about, "pass a dict from names to values", "argument-type")
        elif any(isinstance(value, (Mapping, list, tuple)) for value in (about or {}).values()):
            yield Problem("about has structures", about, "pass texts and numbers, by name", "argument-value")
        if self._package is not None and not isinstance(self._package, CreateModelPackage):
            yield Problem(
                "model_package must be a ModelPackage", self._package, "pass about= for anything else", "argument-type"
            )
        line = self._subject.text if isinstance(self._subject, Verbatim) else self._subject
        known = isinstance(line, str) and (isinstance(self._subject, Verbatim) or not is_late_bound(line))
        if not isinstance(line, str) or (known and not 1 <= len(line) <= _LONGEST_SUBJECT):
            yield Problem(
                "subject is no line of an e-mail",
                self._subject,
                f"use 1 to {_LONGEST_SUBJECT} characters",
                "argument-value",
            )
        if self._seconds is None:
            yield Problem(
                "timeout must be a Duration of whole seconds",
                timeout,
                "pass Duration.days(7), or seconds",
                "argument-type",
            )
        yield from _nobody(notify, emails)

    def _topic(self, notify: Any, emails: Sequence[str] | None) -> sns.ITopic:
        if emails is None:
            topic: sns.ITopic = notify
            return topic
        scope = JobScope.of(self)
        made = sns.Topic(self, "Topic", enforce_ssl=True, master_key=scope.key)
        if scope.key is None:
            scope.plain_topics.append(made)
            undone_by(partial(scope.plain_topics.remove, made))
        for email in dict.fromkeys(emails):
            made.add_subscription(subscriptions.EmailSubscription(email))
        return made

    def _grants(self) -> list[Grant]:
        grants: list[Grant] = []
        if self.topic is not None:
            key = getattr(self.topic, "master_key", None)
            grants += publish_grants(self.topic.topic_arn, None if key is None else key.key_arn)
        if self._package is not None:
            grants.append(self._package.updating_grant)
        return grants

    def _build(self, otherwise: sfn.IChainable | None) -> None:
        place = place_of(self._key)
        check = self._choice("CheckAnswer")
        ask = self._ask()
        self._tasks = [ask]
        self._begin.next(ask)
        refused = otherwise or self._fail("Refused", "ApprovalRefused", self._told("was refused"))
        silence = f"was not given in {words_for(self._seconds or 0)}"
        timed_out = otherwise or self._fail("TimedOut", "ApprovalTimedOut", self._told(silence))
        self._catch_silence(ask, timed_out)
        sfn.Chain.start(ask).next(check)
        goes_on = without([self._matter, key_of(self._named("Error"))], self._key, place)
        self._approved: JsonataState
        if self._package is None:
            self._approved = JsonataState(self, self._named("Approved"), Type="Pass", Output=goes_on)
        else:
            self._approved = self._update("Approved", goes_on)
            rejected = self._update("Rejected", goes_on)
            rejected.next(refused)
            refused = rejected
            self._tasks += [self._approved, rejected]
        check.when(holds(f"{place}.Approved = true"), self._approved)
        check.otherwise(refused)

    def _ask(self) -> Any:
        """The state that asks and waits."""
        if self._own_task is not None:
            return self._own_task
        answer = {field: f"$states.result.{field}" for field in ("Approved", "By", "Comment")}
        request = {
            "TopicArn": self.topic.topic_arn if self.topic else None,
            "Subject": self._line,
            "Message": f"{{% {self._message()} %}}",
        }
        call = describing(self._resource("sns:publish.waitForTaskToken"), request, [_OF_SNS])
        return self._task("Ask", call, merged(self._key, object_of(answer)), TimeoutSeconds=self._seconds)

    def _message(self) -> str:
        """The message, in JSONata without its marks."""
        stack, place = Stack.of(self), place_of(self._matter)
        region = stack.region
        execution = "$states.context.Execution.Id"
        console = execution_link(region)
        linked = stack.partition == "aws" or is_token(stack.partition)
        parts = [_text(f"{self._id}: to be approved or refused.\n")]
        for name in self._said:
            parts += [_text(f"\n{name}: "), f"$string($lookup({place}, {_text(name)}))"]
        parts += [_text(f"\nexecution: {console if linked else ''}"), execution]
        for answer, flag in (("approve", True), ("refuse", False)):
            output = json.dumps({"Approved": flag, "By": "your name", "Comment": ""})
            parts += [
                _text(f"\n\nTo {answer} it:\n\naws stepfunctions send-task-success --region {region} --task-token '"),
                "$states.context.Task.Token",
                _text(f"' --task-output '{output}'"),
            ]
        parts.append(_text(f"\n\nWithout an answer in {words_for(self._seconds or 0)} it is taken for refused.\n"))
        return " & ".join(parts)

    def _catch_silence(self, ask: Any, timed_out: sfn.IChainable) -> None:
        """Go on when nobody answers, with the input as it was."""
        if not offers(ask, "add_catch"):
            return
        error = key_of(self._named("Error"))
        caught: dict[str, Any] = {"result_path": path_of(error)}
        if self._own_task is not None and self._jsonata:
            caught = {"outputs": merged(error, "$states.errorOutput")}
        ask.add_catch(timed_out, errors=["States.Timeout", "States.HeartbeatTimeout"], **caught)

    def _update(self, status: str, output: str) -> JsonataTask:
        """Tell the registry."""
        place = place_of(self._key)
        by, comment = (f"($exists({place}.{field}) ? $string({place}.{field}) : '')" for field in ("By", "Comment"))
        # One line of 1024 characters at most.
        description = f"$replace($substring({by} & ': ' & {comment}, 0, 1024), /\\s+/, ' ')"
        request = {
            "ModelPackageArn": f"{{% {place_of(self._matter)}.ModelPackageArn %}}",
            "ModelApprovalStatus": status,
            "ApprovalDescription": f"{{% {description} %}}",
        }
        return self._task(
            status, describing(self._resource("aws-sdk:sagemaker:updateModelPackage"), request, SDK), output
        )

    def _told(self, what: str) -> str:
        """The cause of a Fail: what was to be approved, and the answer, if there is one."""
        known = f"$string($merge([{place_of(self._matter)}, {place_of(self._key)}]))"
        return said(f"{self._id}: approval {what}: ", known)


def _nobody(notify: Any, emails: Any) -> Iterator[Problem]:
    use = "pass a topic, e-mail addresses, or a task that waits for a token"
    if emails is not None:
        if not emails or not all(isinstance(email, str) and "@" in email for email in emails):
            yield Problem("notify has no e-mail addresses", notify, use, "approval-asks-nobody")
    elif not offers(notify, "topic_arn") and not is_chainable(notify):
        yield Problem("nobody is asked", NOTHING if notify is None else notify, use, "approval-asks-nobody")


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
