"""A definition and the policy it runs under, synthesized once and rehearsed as often as a test likes."""

from __future__ import annotations

from constructs_sm.testing import Rehearsal, definition, resolved, state_machine_policy

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn

LANGUAGES = {"JSONPath": None, "JSONata": sfn.QueryLanguage.JSONATA}
ENVIRONMENT = Environment(account="123456789012", region="us-east-1")


def stack_of(make, **settings):
    """A stack with one state machine: what *make* makes of it."""
    stack = Stack(App(), "Stack", env=ENVIRONMENT)
    body = sfn.DefinitionBody.from_chainable(make(stack))
    sfn.StateMachine(stack, "StateMachine", definition_body=body, **settings)
    return stack


class Rehearsed:
    """What *make* makes of a stack, in a state machine."""

    def __init__(self, make, **settings) -> None:
        self.stack = stack_of(make, **settings)
        self.definition = resolved(definition(self.stack))
        self.policy = resolved(state_machine_policy(self.stack))

    def run(self, *, script=None, answers=None, existing=(), policy=None, execution_input=None, runs=1, **options):
        """The last of *runs* executions in one account."""
        with Rehearsal(self.policy if policy is None else policy, **options) as rehearsal:
            for kind, name in existing:
                rehearsal.exists(kind, name)
            for state, steps in (script or {}).items():
                rehearsal.script(state, *steps)
            for state, given in (answers or {}).items():
                rehearsal.answer(state, *given)
            for _ in range(runs):
                run = rehearsal.run(self.definition, execution_input or {"id": "x"})
            return run
