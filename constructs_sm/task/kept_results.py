"""The table of kept results: what the jobs of a scope have come to, so that another execution need not run them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING

from constructs_sm.grants.kept_results import kept_result_grants
from constructs_sm.language.jsonata import quoted
from constructs_sm.retry import RetryPolicy
from constructs_sm.rollback import undone_by

if TYPE_CHECKING:
    from constructs_sm.grants.statements import Grant
    from constructs_sm.values.reuse import Reuse, ReuseOfJobs

    from aws_cdk import RemovalPolicy
    from aws_cdk import aws_dynamodb as dynamodb
    from aws_cdk import aws_kms as kms
    from constructs import Construct

JOB = "Job"
KEY = "Key"
"""The keys of the table: the job, and the hash of what is compared of it."""
RESULT, EXECUTION, KEPT_AT, EXPIRES = "Result", "Execution", "KeptAt", "Expires"
"""Further attributes: the result as JSON, who left it, and when it was and goes (in seconds since 1970)."""
LATEST, OF_EXECUTION = "latest", "execution "
"""Further keys of an item, for runs of a part: of the last success, and (with its name) of that of an execution."""
TAKEN = "taken"
"""The variable that names the jobs which an execution takes from earlier runs, where it may run a part."""
RETRY = RetryPolicy(
    errors=tuple(
        f"DynamoDb.{name}Exception"
        for name in ("InternalServerError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "Throttling")
    ),
    interval_seconds=1,
    max_attempts=3,
    backoff_rate=2,
    jitter=True,
)
"""Of a call of the table: seconds, since a job can run without."""
RUN = "run"
"""The input of an execution that says which part is run."""
RUN_INPUT = f"$states.context.Execution.Input.{RUN}"
KEY_OF_PART = (
    f"($exists({RUN_INPUT}.reuse_execution) ? {quoted(OF_EXECUTION)} & $split({RUN_INPUT}.reuse_execution, ':')[-1]"
    f" : {quoted(LATEST)})"
)
"""JSONata: the key of what a run of a part takes."""
_TABLE = "KeptResults"


class KeptResults:
    """The table of a scope, made when the first job needs it.

    Args:
        owner: Where it is made.

    Attributes:
        reuse: What the jobs of the scope have that say nothing of it themselves.
        parts: Whether an execution may run a part of the pipeline.
        key: Encrypts the table. None: DynamoDB's own.
        removal: What becomes of it with the stack. Default: it is retained.
    """

    def __init__(self, owner: Construct) -> None:
        self._owner = owner
        self._asked_for: set[str] = set()
        self._table: dynamodb.Table | None = None
        self.reuse: ReuseOfJobs | None = None
        self.parts = False
        self.key: kms.IKey | None = None
        self.removal: RemovalPolicy | None = None

    def serve(self, reuse: ReuseOfJobs | None, *, parts: bool, key: kms.IKey | None) -> None:
        """Take down what a pipeline says of jobs; of several in one stack each leaves what others have said."""
        self.reuse = self.reuse if reuse is None else reuse
        self.parts = self.parts or parts
        self.key = self.key or key

    def reuse_of(self, construct_id: str) -> Reuse | None:
        """The reuse of a job that says nothing of it itself."""
        self._asked_for.add(construct_id)
        return self.reuse.get(construct_id) if isinstance(self.reuse, Mapping) else self.reuse

    @property
    def strangers(self) -> list[str]:
        """The construct ids that are to be reused, and that no job has."""
        named = self.reuse if isinstance(self.reuse, Mapping) else ()
        return [name for name in named if name not in self._asked_for]

    @property
    def is_made(self) -> bool:
        """Tell whether a job has needed the table."""
        return self._table is not None

    @property
    def table(self) -> dynamodb.Table:
        """The table: paid by the request, encrypted, and with its state of each moment of the last 35 days."""
        if self._table is None:
            # Most apps do without.
            from aws_cdk import RemovalPolicy  # noqa: PLC0415
            from aws_cdk import aws_dynamodb as dynamodb  # noqa: PLC0415

            text = dynamodb.AttributeType.STRING
            encryption = dynamodb.TableEncryption.DEFAULT if self.key is None else None
            self._table = dynamodb.Table(
                self._owner,
                _TABLE,
                partition_key=dynamodb.Attribute(name=JOB, type=text),
                sort_key=dynamodb.Attribute(name=KEY, type=text),
                billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
                encryption=encryption or dynamodb.TableEncryption.CUSTOMER_MANAGED,
                encryption_key=self.key,
                time_to_live_attribute=EXPIRES,
                point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                    point_in_time_recovery_enabled=True
                ),
                removal_policy=self.removal or RemovalPolicy.RETAIN,
            )
            undone_by(partial(self._forget, self._owner))
        return self._table

    def _forget(self, owner: Construct) -> None:
        owner.node.try_remove_child(_TABLE)
        self._table = None
        for name in ("name", "grants"):
            vars(self).pop(name, None)

    @cached_property
    def name(self) -> str:
        """The name of the table, asked for once."""
        return self.table.table_name

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """Grants that the state machine role needs, the same for every job."""
        key = None if self.key is None else self.key.key_arn
        return kept_result_grants(self.table.table_arn, key, parts=self.parts)
