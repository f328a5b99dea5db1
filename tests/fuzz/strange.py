"""Values of other libraries, of other classes and of other apps, made anew for each try: some can be read only once."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import itertools
import math
import pathlib
import re
import types
import uuid

from constructs_sm import (
    Approval,
    Channel,
    EvaluationReport,
    Input,
    JobName,
    JobPipeline,
    OutputCheck,
    PipelineStack,
    TrainingJob,
    Verbatim,
    images,
)

import jsii
from aws_cdk import App, Aws, CfnParameter, Duration, Fn, IStableStringProducer, Lazy, SecretValue, Size, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from every_action import IMAGE


def _keyed(value):
    try:
        return {value: "x"}
    except TypeError:
        return {(): value}


class Text(str):
    """A text of another class."""

    __slots__ = ()


class Whole(int):
    """A whole number of another class."""


class Mapped(dict):
    """A mapping of another class."""


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Flags(enum.Flag):
    A = 1


class Array:
    """As the arrays of libraries are: neither equal nor true, but item by item."""

    __hash__ = None

    def __eq__(self, other):
        return self

    def __ne__(self, other):
        return self

    def __bool__(self):
        raise ValueError("the truth value of an array is ambiguous")

    def __len__(self):
        return 2


class Nameless:
    """What cannot be spelled."""

    def __repr__(self):
        raise RuntimeError("no repr")


class Everything:
    """What has every attribute, as a mock."""

    def __getattr__(self, name):
        return self


@jsii.implements(IStableStringProducer)
class Late:
    @jsii.member(jsii_name="produce")
    def produce(self):
        return "late"


def _holds_itself():
    value = []
    value.append({"x": value})
    return value


def _deep(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


def _job(stack):
    return TrainingJob(stack, "Fuzzed", image=IMAGE, inputs={"train": "s3://data/x/"}, instance_type="ml.m5.xlarge")


PLAIN = {
    "time": lambda: dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
    "day": lambda: dt.date(2026, 1, 1),
    "span": lambda: dt.timedelta(days=1),
    "decimal": lambda: decimal.Decimal("1.5"),
    "decimal that is none": lambda: decimal.Decimal("sNaN"),
    "fraction": lambda: fractions.Fraction(1, 3),
    "uuid": lambda: uuid.UUID(int=1),
    "path": lambda: pathlib.Path("nowhere/x"),
    "here": pathlib.Path,
    "generator": lambda: (each for each in "x"),
    "endless": itertools.count,
    "iterator": lambda: iter(["x"]),
    "view": {"a": 1}.items,
    "ordered": lambda: collections.OrderedDict(a=1),
    "defaulting": lambda: collections.defaultdict(list, a=1),
    "read only": lambda: types.MappingProxyType({"a": 1}),
    "counter": lambda: collections.Counter("ab"),
    "chained": lambda: collections.ChainMap({"a": 1}),
    "no dict": lambda: collections.UserDict(a=1),
    "queue": lambda: collections.deque("ab"),
    "text of another class": lambda: Text("x"),
    "number of another class": lambda: Whole(5),
    "mapping of another class": lambda: Mapped(a=1),
    "enum": lambda: Colour.RED,
    "number of an enum": lambda: Level.LOW,
    "flag": lambda: Flags.A,
    "class": lambda: Colour,
    "array": Array,
    "nameless": Nameless,
    "everything": Everything,
    "module": lambda: math,
    "pattern": lambda: re.compile("x"),
    "error": lambda: ValueError("x"),
    "slice": lambda: slice(1),
    "frozen set": lambda: frozenset("ab"),
    "holds itself": _holds_itself,
    "deep": lambda: _deep(2_000),
    "no number within": lambda: {"a": [{"b": math.nan}]},
    "number as a key": lambda: {math.nan: 1},
    "enum as a key": lambda: {Colour.RED: 1},
    "keys of all kinds": lambda: {1: 1, "a": 2, None: 3},
    "number of thousands of digits": lambda: 10**5_000,
    "such a number in a list": lambda: [-(10**5_000)],
    "zero character": lambda: "a\0b",
    "lines": lambda: "a\r\nb\u2028c",
    "half a character": lambda: "a\udc00b",
    "escape": lambda: "\x1b[31mx\u202e",
    "spaces": lambda: "\u00a0\ufeff\t",
    "expression of nothing": lambda: "{%%}",
    "path of nothing": lambda: "$['']",
    "intrinsic of nothing": lambda: "States.Format('{}')",
    "braces": lambda: "{0}{x!r:>{y}}${",
    "token that is none": lambda: "${Token[x.1]}",
    "number of a token": lambda: -1.8881545897087626e289,
    "less than nothing": lambda: -0.0,
}
"""As a request or a definition may be given them."""
MADE = {
    "bucket": lambda stack: s3.Bucket(stack, "Fuzzed"),
    "bucket of another app": lambda _: s3.Bucket(Stack(App(), "Other"), "Bucket"),
    "L1": lambda stack: s3.CfnBucket(stack, "Fuzzed"),
    "role": lambda stack: iam.Role(stack, "Fuzzed", assumed_by=iam.AccountRootPrincipal()),
    "role of another account": lambda stack: iam.Role.from_role_arn(
        stack, "Fuzzed", "arn:aws:iam::999999999999:role/x"
    ),
    "topic": lambda stack: sns.Topic(stack, "Fuzzed"),
    "key of another app": lambda _: kms.Key(Stack(App(), "Other"), "Key"),
    "alias": lambda stack: kms.Alias.from_alias_name(stack, "Fuzzed", "alias/x"),
    "function": lambda stack: lambda_.Function.from_function_name(stack, "Fuzzed", "x"),
    "group": lambda stack: ec2.SecurityGroup.from_security_group_id(stack, "Fuzzed", "sg-1"),
    "schedule": lambda _: events.Schedule.cron(),
    "state": lambda stack: sfn.Pass(stack, "Fuzzed"),
    "state of another app": lambda _: sfn.Pass(Stack(App(), "Other"), "Pass"),
    "chain": lambda stack: sfn.Chain.start(sfn.Pass(stack, "Fuzzed")),
    "condition": lambda _: sfn.Condition.is_null("$.x"),
    "statement": lambda _: iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"]),
    "lazy": lambda _: Lazy.string(Late()),
    "lazy list": lambda _: Token.as_list({"Ref": "X"}),
    "lazy number": lambda _: Token.as_number({"Ref": "X"}),
    "reference": lambda _: Fn.get_att("X", "Arn"),
    "any token": lambda _: Token.as_any({"Ref": "X"}),
    "choice of a template": lambda _: Fn.condition_if("X", "a", "b"),
    "parameter": lambda stack: CfnParameter(stack, "Fuzzed").value_as_string,
    "parameter itself": lambda stack: CfnParameter(stack, "Fuzzed"),
    "no value": lambda _: Aws.NO_VALUE,
    "secret": lambda _: SecretValue.unsafe_plain_text("x"),
    "size": lambda _: Size.gibibytes(5),
    "time of a token": lambda _: Duration.seconds(Token.as_number({"Ref": "X"})),
    "path": lambda _: sfn.JsonPath.string_at("$.x"),
    "list of a path": lambda _: sfn.JsonPath.list_at("$.x"),
    "object of a path": lambda _: sfn.JsonPath.object_at("$.x"),
    "enum of the CDK": lambda _: sfn.IntegrationPattern.RUN_JOB,
    "language": lambda _: sfn.QueryLanguage.JSONATA,
    "app": lambda stack: stack.node.root,
    "stack": lambda stack: stack,
    "class of the CDK": lambda _: s3.Bucket,
    "class of ours": lambda _: TrainingJob,
    "job": _job,
    "job of another app": lambda _: _job(PipelineStack(App(), "Other")),
    "output": lambda stack: _job(stack).model_artifacts,
    "output of another app": lambda _: _job(PipelineStack(App(), "Other")).model_artifacts,
    "comparison": lambda stack: _job(stack).final_metric("a:b") > 1,
    "approval": lambda stack: Approval(stack, "Fuzzed", notify=["ada@example.com"]),
    "pipeline": lambda stack: JobPipeline(stack, "Fuzzed"),
    "report": lambda _: EvaluationReport("s3://data/", "evaluation.json")["auc"],
    "data": lambda stack: stack.data("x/"),
    "input": lambda _: Input.integer(1, 5),
    "name": lambda _: JobName.unique("x"),
    "channel": lambda _: Channel(data="s3://data/x/"),
    "check": lambda _: OutputCheck.completed(),
    "verbatim": lambda _: Verbatim("x"),
    "image": lambda _: images.xgboost("1.7-1"),
}
STRANGE = {**MADE, **{f"plain {name}": lambda _, make=make: make() for name, make in PLAIN.items()}}
"""Makes each of them in a stack, or beside it."""
AROUND = {
    "alone": lambda value: value,
    "in a list": lambda value: [value],
    "second in a list": lambda value: ["s3://data/x/", value],
    "in a tuple": lambda value: (value,),
    "in a mapping": lambda value: {"x": value},
    "deep in": lambda value: {"a": [{"b": value}]},
    "as a key": _keyed,
}
"""Where it stands."""
