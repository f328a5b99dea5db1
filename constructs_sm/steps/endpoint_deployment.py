"""EndpointDeployment: an endpoint that serves something new, and serves it before the state machine goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_sm.grants.state_machine_role import sagemaker_grant
from constructs_sm.grants.statements import Grant, alarm_grant
from constructs_sm.jobs.endpoint import CreateEndpoint, CreateEndpointConfig, UpdateEndpoint
from constructs_sm.jobs.parts.scaling import CONCURRENCY, INSTANCES, ScalableTarget
from constructs_sm.jobs.parts.update_policies import BlueGreenUpdatePolicy
from constructs_sm.jobs.variants import Variant
from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.language.jsonata import UNCHANGED, listed, merged, object_of, place_of, said, without
from constructs_sm.language.late_bound import Computed
from constructs_sm.language.paths import key_of, path_of
from constructs_sm.requests.rendering import render
from constructs_sm.retry import SDK, RetryPolicy
from constructs_sm.steps.scaling import ScalingStates
from constructs_sm.task.custom_states import Begin, JsonataState, describing, holds
from constructs_sm.task.fragment import NamedFragment
from constructs_sm.task.overruling import refuse_part, tell
from constructs_sm.task.path_tokens import json_path_of, token_of
from constructs_sm.task.polling import Polling, Polls
from constructs_sm.task.query_language import is_jsonata_language
from constructs_sm.task.scope import JobScope
from constructs_sm.task.unknown_fields import AllowedFields
from constructs_sm.values.names import (
    LONGEST_STATE_NAME,
    JobName,
    arn_suffix,
    id_problems,
    name_problems,
    slug,
    unique_prefix_max,
)
from constructs_sm.values.outputs import JobOutput, TaskIdentity

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs_sm.jobs.model import CreateModel
    from constructs_sm.jobs.parts.fields import InstanceType, Numeric
    from constructs_sm.jobs.parts.update_policies import Alarm, UpdatePolicy
    from constructs_sm.jobs.variants import ServerlessConfig
    from constructs_sm.settings import Time

    from constructs import Construct

_LONGEST_ID = LONGEST_STATE_NAME - len(": EndpointConfig: ValidateOutput")
_NAME_MAX = 63
_ABSENT = "Could not find endpoint"
"""Beginning of SageMaker's message, in a ValidationException, which has no name of its own. Not verified on AWS."""
_ERRORS = ("SageMaker.SageMakerException",)
# All that can be updated. One whose rollback has failed serves with some old and some new instances.
_READY = ["InService", "OutOfService", "UpdateRollbackFailed"]
_SETTLED = ["InService", "OutOfService", "UpdateRollbackFailed", "Failed", "Deleting"]
_DESCRIBED = ("EndpointArn", "EndpointStatus", "EndpointConfigName", "FailureReason")


class EndpointDeployment(NamedFragment):
    """Make an endpoint serve something: create it, or update it if it is there, and wait until it is in service.

    It checks whether there is such an endpoint, and waits if it is being changed. It makes a new endpoint
    configuration, creates or updates the endpoint, and polls it until it has settled. The deployment has failed, with
    SageMaker's reason in the cause, if the endpoint is not in service then, or is with another configuration: after an
    update that was rolled back. One that can neither serve nor be updated (`Failed`) is deleted and made anew.

    What later states find under the construct id is `EndpointName`, `EndpointArn`, `EndpointConfigName` and
    `EndpointStatus`. The states in between are written in JSONata, in any state machine.

    Args:
        scope: Any construct in a stack.
        construct_id: What the names of all states begin with; at most 48 characters.
        endpoint_name: The endpoint's; late-bound strings too.
        model: A `CreateModel`, or the name of one. This and the next arguments are those of `CreateEndpointConfig`.
        instance_type: As `ml.m5.xlarge`.
        instance_count: Default: 1.
        serverless: In place of instances.
        variants: In place of all these.
        config: Further arguments of the `CreateEndpointConfig`. Its name must be unique, or from the input.
        update_policy: How traffic moves to the new instances. Default: all at once; with *rollback_alarms*, after which
            the old instances stay for 10 minutes more.
        rollback_alarms: Alarms, or their names: if one is in alarm during the update, the old instances stay.
        update: Further arguments of the `UpdateEndpoint`.
        tags: Of the endpoint and its configurations.
        interval: Between polls. Default: 30 seconds. Each takes 9 of the 25,000 events that an execution may have.
        timeout: How long to wait in all. The deployment fails then; what SageMaker has begun, it goes on with.
            Default: 1 hour.
        scaling: Bounds of the number of instances of a variant, with what moves it; a list for several variants. It is
            registered when the endpoint is in service, in every run, and scales to zero only where AWS allows it.
        keep_counts: Keep the number of instances that scaling has come to when the endpoint is updated, and not what
            the configuration says. Default: True; not for serverless variants, and where *update* says otherwise.
        replace_failed: Delete an endpoint that has failed, and make it anew: it serves nothing, and SageMaker takes no
            other call for it. Without, the deployment fails. Default: True.
        delete_old_configs: Delete the configuration that the endpoint had before, if an earlier run has made it. What
            cannot be deleted stays. Default: False, so that one can go back.
        allow_unknown_fields: Fields of the three requests that botocore's model of SageMaker does not know, passed on
            purpose: their names or paths. `True` passes all. Default: none.
        retry: Of each call. Default: `retry.DEFAULT` and `retry.SDK`.
        query_language: That of the state machine. Default: JSONPath.

    Attributes:
        endpoint_config: The job that makes the configuration.
        endpoint: The job that creates the endpoint.
        endpoint_update: The job that updates it.

    Raises:
        InvalidInputError: SageMaker's model refuses a request, or an argument is wrong.

    Grants: those of the three jobs; DescribeEndpoint on the endpoint, and as the arguments say, DeleteEndpoint on it,
        DeleteEndpointConfig on the configurations made here, DescribeAlarms on the alarms, to both roles, since AWS
        does not say whose is asked; with *scaling* those of `RegisterScalableTarget`, for the endpoint.
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str | None = None,
        model: CreateModel | str | None = None,
        instance_type: InstanceType | None = None,
        instance_count: Numeric | None = None,
        serverless: ServerlessConfig | None = None,
        variants: Sequence[Variant] | None = None,
        config: Mapping[str, Any] | None = None,
        update_policy: UpdatePolicy | None = None,
        rollback_alarms: Sequence[Alarm] | None = None,
        update: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        interval: Time | None = None,
        timeout: Time | None = None,
        scaling: ScalableTarget | Sequence[ScalableTarget] | None = None,
        keep_counts: bool = True,
        replace_failed: bool = True,
        delete_old_configs: bool = False,
        allow_unknown_fields: bool | Sequence[str] = False,
        retry: Sequence[RetryPolicy] | None = None,
        query_language: sfn.QueryLanguage | None = None,
    ) -> None:
        problems: list[Problem] = []
        self._id = str(construct_id)
        self._key = key_of(self._id)
        self._jsonata = is_jsonata_language(query_language)
        self._given_name = endpoint_name
        self._replaces_failed = replace_failed
        self._deletes_old = delete_old_configs
        self._retry = SDK if retry is None else retry
        self._polls = Polls.of({"interval": interval, "timeout": timeout}, {"interval": 30, "timeout": 3600}, problems)
        self._check(scope, config, update, problems)
        given_to_config = {"serverless": serverless, "variants": variants}
        given_to_config |= dict(config) if isinstance(config, Mapping) else {}
        self._scalings = self._targets(scaling, given_to_config, problems)
        given = config.get("job_name") if isinstance(config, Mapping) else None
        self._config_name = self._name_of_configs(scope, given, problems)
        named = render({"EndpointName": endpoint_name}, scope=scope, jsonata=self._jsonata, json_path_of=json_path_of)
        late = {name: value for scaling in self._scalings for name, value in scaling.late.items()}
        variables = render(late, scope=scope, jsonata=self._jsonata, json_path_of=json_path_of)
        problems += [*named.problems, *variables.problems]
        allowed = AllowedFields(allow_unknown_fields)
        problems += allowed.misfit()
        where = where_of(type(self).__name__, scope, construct_id)
        refuse_part(where, scope, construct_id, problems)
        super().__init__(scope, construct_id)
        common: dict[str, Any] = {"query_language": query_language} | ({} if retry is None else {"retry": retry})
        common |= {} if allow_unknown_fields is False else {"allow_unknown_fields": allowed}
        served: dict[str, Any] = {
            "model": model,
            "instance_type": instance_type,
            "instance_count": instance_count,
            "serverless": serverless,
            "variants": variants,
            "tags": tags,
            "job_name": self._config_name,
        }
        self.endpoint_config = CreateEndpointConfig(
            self, self._named("EndpointConfig"), **{**served, **common, **(config or {})}
        )
        if rollback_alarms not in (None, [], ()) and update_policy is None:
            update_policy = BlueGreenUpdatePolicy(termination_wait=Duration.minutes(10))
        made = {
            "endpoint_config": self._new_config(),
            "job_name": endpoint_name,
            "output_check": None,
            "result_path": sfn.JsonPath.DISCARD,
            **common,
        }
        self.endpoint = CreateEndpoint(self, self._named("Endpoint"), tags=tags, **made)
        moved: dict[str, Any] = {"update_policy": update_policy, "rollback_alarms": rollback_alarms}
        if keep_counts and not _serverless_ones(given_to_config) and not _says_what_to_retain(update):
            # All is retained but this: what the configuration says of weights and captured data is meant.
            moved["retain_variant_properties"] = True
            moved["exclude_retained_variant_properties"] = ["DesiredWeight", "DataCaptureConfig"]
        self.endpoint_update = UpdateEndpoint(
            self, self._named("EndpointUpdate"), **{**made, **moved, **(update or {})}
        )
        tell(self, list(allowed.in_vain()))
        self._name_is_late = isinstance(named.fields.get("EndpointName"), Computed)
        self._identity = TaskIdentity(self.node.path, self._named("Deployed"), "", lambda: self._deployed.state_id)
        JobScope.of(self).output_order.knows(self._identity)
        grants = self._grants(named.fields.get("EndpointName"), rollback_alarms or ())
        self._begin = Begin(
            self,
            self._named("Begin"),
            key=self._key,
            request=named.to_state(jsonata=self._jsonata),
            grants=grants,
            jsonata=self._jsonata,
            assign=variables.to_state(jsonata=self._jsonata),
        )
        self._build()

    @property
    def endpoint_name(self) -> str:
        """The endpoint's name: as it was given, or late-bound, for a state that runs after this one."""
        if not self._name_is_late:
            return str(self._given_name)
        name = JobOutput.late(
            self._identity,
            "EndpointName",
            json_path=f"{path_of(self._key)}.EndpointName",
            jsonata=f"{place_of(self._key)}.EndpointName",
            in_jsonata=self._jsonata,
        )
        return name.tokened(token_of, in_jsonata=self._jsonata)

    @property
    def start_state(self) -> sfn.State:
        return self._begin

    @property
    def end_states(self) -> list[sfn.INextable]:
        return [self._deployed]

    def _targets(self, scaling: Any, given: Mapping[str, Any], problems: list[Problem]) -> list[ScalingStates]:
        """The scaling of each variant that is to scale."""
        targets = [] if scaling is None else list(scaling) if isinstance(scaling, (list, tuple)) else [scaling]
        if wrong := [target for target in targets if not isinstance(target, ScalableTarget)]:
            use = "pass ScalableTarget(min_capacity=1, max_capacity=4, ...)"
            problems.append(Problem("no scalable target", wrong[0], use, "argument-type"))
            return []
        serverless, known = _serverless_ones(given), _variant_names(given)
        made = []
        for target in targets:
            name = target.variant_name
            if name not in known:
                problems.append(
                    Problem("no variant to scale", name, f"use one of {', '.join(known)}", "argument-value")
                )
            dimension = CONCURRENCY if name in serverless else INSTANCES
            problems += target.zero_problems(dimension, asynchronous=given.get("async_inference") is not None)
            of = ("endpoint/", f"/variant/{name}")
            prefix = slug(self._id, _NAME_MAX, "endpoint") + ("" if len(targets) == 1 else f"-{name}")
            made.append(ScalingStates(key=self._key, target=target, dimension=dimension, of=of, prefix=prefix))
        if len({target.variant_name for target in targets}) < len(targets):
            names = [target.variant_name for target in targets]
            problems.append(Problem("a variant scales twice", names, "pass variant_name= of each", "argument-value"))
        return made

    def _check(self, scope: Construct, config: Any, update: Any, problems: list[Problem]) -> None:
        problems += id_problems(self._id, _LONGEST_ID)
        if self._given_name is None:
            problems.append(
                Problem(
                    "endpoint_name is missing", NOTHING, "name the endpoint, in every run the same", "argument-missing"
                )
            )
        else:
            problems += name_problems(self._given_name, _NAME_MAX, "endpoint_name")
        problems += [
            Problem(f"{argument} must be a mapping", value, "pass a dict of arguments", "argument-type")
            for argument, value in (("config", config), ("update", update))
            if value is not None and not (isinstance(value, Mapping) and all(isinstance(key, str) for key in value))
        ]
        if not hasattr(scope, "node"):
            where = where_of(type(self).__name__, scope, self._id)
            raise InvalidInputError(where, [Problem("scope", scope, "pass a construct", "argument-type")])

    def _name_of_configs(self, scope: Construct, given: Any, problems: list[Problem]) -> JobName:
        shared = f"{prefix}-" if (prefix := JobScope.of(scope).name_prefix) else ""
        room = unique_prefix_max(_NAME_MAX) - len(shared)
        name = JobName.unique(f"{shared}{slug(self._id, room, 'endpoint')}") if given is None else JobName.of(given)
        use = "pass JobName.unique(prefix)"
        if name.kind == "fixed":
            problems.append(
                Problem("every deployment needs a configuration of its own", name.value, use, "deployment-config-names")
            )
        elif self._deletes_old and not name.prefix:
            problems.append(
                Problem("delete_old_configs needs names that begin alike", name.value, use, "deployment-config-names")
            )
        return name

    def _new_config(self) -> str:
        """The name of the new configuration, with as much of it literal as IAM can use."""
        suffix = f"{{% {place_of(self._key)}.Suffix %}}" if self._jsonata else f"{path_of(self._key)}.Suffix"
        return JobName.from_input(suffix, prefix=self._config_name.prefix).expression(_NAME_MAX, jsonata=self._jsonata)

    def _grants(self, name: Any, alarms: Sequence[Alarm]) -> list[Grant]:
        job_scope = JobScope.of(self)
        prefix = self._config_name.prefix
        endpoint = arn_suffix(name, run_time=True) if isinstance(name, Computed) else str(name)
        grants = [sagemaker_grant(job_scope.arns, "DescribeEndpoint", "endpoint", endpoint)]
        if self._replaces_failed:
            grants.append(sagemaker_grant(job_scope.arns, "DeleteEndpoint", "endpoint", endpoint))
        for scaling in self._scalings:
            grants += scaling.grants(job_scope.arns, endpoint)
        if self._deletes_old:
            config = f"{prefix}-*" if prefix else "*"
            grants.append(sagemaker_grant(job_scope.arns, "DeleteEndpointConfig", "endpoint-config", config))
        if alarms:
            names = [str(getattr(alarm, "alarm_name", alarm)) for alarm in alarms]
            grants.append(alarm_grant(job_scope.arns, names))
            job_scope.grant_execution(grants[-1:])
        return grants

    def _calling(self, api: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return describing(self._resource(f"aws-sdk:sagemaker:{api}"), arguments, self._retry)

    def _looking(self, look: str, wait: str, record: Mapping[str, str]) -> Polling:
        """Describe the endpoint until it is as it should be, beside what is known already."""
        described = object_of({field: f"$states.result.{field}" for field in _DESCRIBED})
        looking = Polling(
            self,
            names=(self._named(look), self._named(wait)),
            call=self._calling("describeEndpoint", self._endpoint),
            key=self._key,
            record={**record, "Endpoint": described},
            polls=self._polls,
        )
        self._tasks.append(looking.task)
        return looking

    def _build(self) -> None:
        place = self._place = place_of(self._key)
        self._endpoint = {"EndpointName": f"{{% {place}.EndpointName %}}"}
        self._timed_out = self._fail(
            "TimedOut",
            "TimedOut",
            said(f"{self._id}: the endpoint was not in service after {self._polls.total}: ", f"$string({place})"),
        )
        self._deployed = JsonataState(
            self,
            self._named("Deployed"),
            Type="Pass",
            Output=without(
                [key_of(self._named(name)) for name in ("EndpointConfig", "Error", "Error again")],
                self._key,
                object_of(
                    {
                        "EndpointName": f"{place}.EndpointName",
                        "EndpointArn": f"{place}.Endpoint.EndpointArn",
                        "EndpointConfigName": f"{place}.EndpointConfigName",
                        "EndpointStatus": f"{place}.Endpoint.EndpointStatus",
                    }
                ),
            ),
        )
        self._tasks = [self.endpoint_config, self.endpoint, self.endpoint_update]
        self._served: sfn.State = self._deployed
        for number, scaling in reversed([*enumerate(self._scalings, 1)]):
            scaling.build(self, f"{place}.EndpointName", f" of {number}" if len(self._scalings) > 1 else "", None)
            scaling.tasks[-1].next(self._served)
            self._served = scaling.tasks[0]
        self._begin.next(self._find())
        self.endpoint_config.next(self._create_or_update())

    def _find(self) -> sfn.State:
        """Look whether the endpoint is there, and wait until it can be updated; then to the configuration."""
        place = self._place
        again = self._looking("CheckAgain", "WaitUntilReady", {"EndpointName": f"{place}.EndpointName"})
        # No retries: that the endpoint is absent is no fault that passes. Whatever else it is meets them at the next.
        first_look = {field: value for field, value in again.call.items() if field != "Retry"}
        find = self._task("FindEndpoint", first_look, again.output)
        self._tasks.append(find)
        missing, ready = self._choice("IsMissing"), self._choice("IsReady")
        first, second = (key_of(self._named(name)) for name in ("Error", "Error again"))
        find.add_catch(missing, errors=list(_ERRORS), result_path=path_of(first))
        again.task.add_catch(missing, errors=list(_ERRORS), result_path=path_of(second))
        find.next(ready)
        again.task.next(ready)
        error = f"($exists({place_of(second)}) ? {place_of(second)} : {place_of(first)})"
        alone = object_of({"EndpointName": f"{place}.EndpointName", "Looks": f"{place}.Looks"})
        absent = holds(f"$contains($string({error}), '{_ABSENT}')")
        missing.when(absent, self.endpoint_config, outputs=merged(self._key, alone))
        unknown = self._fail("NotDescribed", f"{{% {error}.Error %}}", f"{{% {error}.Cause %}}")
        missing.when(holds(f"$exists({place_of(second)})"), unknown)
        missing.otherwise(again.task)
        status = f"{place}.Endpoint.EndpointStatus"
        ready.when(holds(f"{status} in {listed(_READY)}"), self.endpoint_config)
        ready.when(holds(f"{status} = 'Failed'"), self._replaced(again))
        ready.when(holds(again.is_exhausted), self._timed_out)
        ready.otherwise(again.wait)
        return find

    def _replaced(self, again: Polling) -> sfn.State:
        """Make what follows for an endpoint that has failed."""
        if not self._replaces_failed:
            text = f"{self._id}: the endpoint has failed and can only be deleted: "
            return self._fail("EndpointFailed", "EndpointFailed", said(text, f"$string({self._place})"))
        delete = self._task("DeleteEndpoint", self._calling("deleteEndpoint", self._endpoint), UNCHANGED)
        delete.next(again.wait)
        self._tasks.append(delete)
        return delete

    def _create_or_update(self) -> sfn.State:
        place, prefix = self._place, self._config_name.prefix
        name = f"$split({place_of(key_of(self._named('EndpointConfig')))}.EndpointConfigArn, '/')[1]"
        # SageMaker spells ARNs in lower case: what of the name is known is taken as it was given.
        suffix = f"$substring({name}, {len(prefix) + 1})" if prefix else name
        known = {
            "EndpointName": f"{place}.EndpointName",
            "EndpointConfigName": f"'{prefix}-' & {suffix}" if prefix else name,
            "Suffix": suffix,
            "Previous": f"{place}.Endpoint.EndpointConfigName",
            "Looks": f"{place}.Looks",
        }
        choice = self._choice("CreateOrUpdate")
        there = holds(f"$exists({place}.Endpoint)")
        choice.when(there, self.endpoint_update, outputs=merged(self._key, object_of(known)))
        not_there = holds(f"$not($exists({place}.Endpoint))")
        choice.when(not_there, self.endpoint, outputs=merged(self._key, object_of(known)))
        self._wait_for_service()
        return choice

    def _wait_for_service(self) -> None:
        place = self._place
        kept = {name: f"{place}.{name}" for name in ("EndpointName", "EndpointConfigName", "Previous")}
        looking = self._looking("Describe", "Wait", kept)
        # First a pause: one that is just begun to be updated must not be taken for one that is done.
        self.endpoint.next(looking.wait)
        self.endpoint_update.next(looking.wait)
        choice = self._choice("ValidateOutput")
        looking.task.next(choice)
        status, current = f"{place}.Endpoint.EndpointStatus", f"{place}.Endpoint.EndpointConfigName"
        deployed = f"{status} = 'InService' and {current} = {place}.EndpointConfigName"
        if self._deletes_old:
            beginning = f"{self._config_name.prefix}-"
            old = f"$substring({place}.Previous, 0, {len(beginning)}) = '{beginning}'"
            deleting = self._calling("deleteEndpointConfig", {"EndpointConfigName": f"{{% {place}.Previous %}}"})
            delete = self._task("DeleteOldConfig", deleting, UNCHANGED)
            # A configuration too many is no reason to call the deployment failed.
            delete.add_catch(self._served, result_path=path_of(key_of(self._named("Error"))))
            delete.next(self._served)
            choice.when(holds(f"{deployed} and {old}"), delete)
        choice.when(holds(deployed), self._served)
        self._tasks += [task for scaling in self._scalings for task in scaling.tasks]
        text = f"{self._id}: the endpoint did not come into service with its new configuration: "
        refused = self._fail("InvalidOutput", "EndpointNotInService", said(text, f"$string({place})"))
        choice.when(holds(f"{status} in {listed(_SETTLED)}"), refused)
        choice.when(holds(looking.is_exhausted), self._timed_out)
        choice.otherwise(looking.wait)


def _variants_in(given: Mapping[str, Any]) -> list[Variant]:
    variants = given.get("variants")
    listed = variants if isinstance(variants, (list, tuple)) else ()
    return [variant for variant in listed if isinstance(variant, Variant)]


def _variant_names(given: Mapping[str, Any]) -> list[str]:
    if given.get("variants") is None:
        return [given.get("variant_name") or "AllTraffic"]
    return [variant.name for variant in _variants_in(given)]


def _serverless_ones(given: Mapping[str, Any]) -> set[str]:
    """Names of the variants without instances."""
    if given.get("variants") is None:
        return set(_variant_names(given)) if given.get("serverless") is not None else set()
    return {variant.name for variant in _variants_in(given) if variant.serverless is not None}


def _says_what_to_retain(update: Any) -> bool:
    """Tell whether further arguments of the UpdateEndpoint say what it retains."""
    if not isinstance(update, Mapping):
        return False
    parameters = update.get("parameters")
    fields = parameters if isinstance(parameters, Mapping) else {}
    return "retain_variant_properties" in update or any("RetainAllVariantProperties" in name for name in fields)
