"""The rules of arguments: what the library itself wants of them, and what Step Functions does of a state machine."""

from __future__ import annotations

from typing import Any, Final

from constructs_sm.rules.rule import RULES, Rule

_OURS: Final = "docs/reference.md, and the docstring of what was called"
_ASL: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/{}.html"
_SAGEMAKER: Final = "https://docs.aws.amazon.com/sagemaker/latest/{}.html"
_CANNOT: Final = "the library could make nothing of the arguments"


def _rule(rule_id: str, what: str, fix: str, **more: Any) -> Rule:
    """A rule that protects the library's own work, unless *more* says that nothing depends on it."""
    rule = Rule(
        id=rule_id,
        what=what,
        fix=fix,
        **{"why": "nothing is made", "source": _OURS, "protects": _CANNOT, **more},
    )
    RULES.add(rule)
    return rule


TYPE: Final = _rule("argument-type", "an argument is of another type", "pass what the message names")
VALUE: Final = _rule("argument-value", "an argument is out of its range", "pass what the message names")
UNKNOWN: Final = _rule("argument-unknown", "there is no argument or setting of this name", "correct its spelling")
MISSING: Final = _rule("argument-missing", "an argument is missing", "pass it")
TOO_LARGE: Final = _rule(
    "argument-too-large",
    "an argument is larger than what a state can send",
    "put it into S3, and say where",
    why="a state, a task or an execution takes and hands on 262,144 bytes",
    source=_ASL.format("service-quotas"),
)
TWICE: Final = _rule("argument-given-twice", "one thing is said in two ways", "keep one of them")
SETTING: Final = _rule("setting-value", "a setting has a value that it cannot have", "write what the message names")
STACK_NAME: Final = _rule(
    "stack-name-shared",
    "two stacks, or a stack in two environments, have one name in one account and Region",
    "put the environment into the name, as f'Churn-{environment}', or name the account of each environment",
    why="the deployment of one replaces the other, and what is in production",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html",
    severity="warning",
    protects="",
)
SCOPE: Final = _rule("scope-outside-stack", "a scope is not inside a Stack", "pass a scope in one")
CONSTRUCT_ID: Final = _rule(
    "construct-id",
    "a construct id cannot name a state",
    "use 1 to 64 characters",
    source=_ASL.format("concepts-amazon-states-language"),
)
RULE_UNKNOWN: Final = _rule("rule-unknown", "there is no rule of this id", "name one of docs/rules.md")
RULE_PROTECTED: Final = _rule(
    "rule-protected", "the rule cannot be acknowledged: it protects what the library makes", "correct the arguments"
)
RULE_REASON: Final = _rule("rule-without-reason", "a rule is acknowledged without a reason", "say why it does not hold")
NEVER_FIRED: Final = _rule(
    "acknowledged-rule-never-fired",
    "a rule is acknowledged, and nothing in the scope breaks it",
    "take the acknowledgment out, or put it on the construct that it is for",
    why="what is acknowledged in vain hides the next mistake",
    severity="warning",
)
JOB_NAME: Final = _rule(
    "job-name-form",
    "SageMaker does not take the name",
    "use letters, digits and single dashes, as many as the message says",
    why="SageMaker answers with a ValidationException",
    source=_SAGEMAKER.format("APIReference/API_CreateTrainingJob"),
    protects="permissions are spelled with the name",
)
JOB_NAME_LATE: Final = _rule(
    "job-name-late-bound", "a name from the input is no path", "pass a path as '$.id', or JobName.fixed"
)
PATTERN: Final = _rule(
    "integration-pattern",
    "Step Functions does not offer this integration pattern for the API",
    "pass one that the message names",
    why="Step Functions refuses the state machine",
    source=_ASL.format("connect-sagemaker"),
)
TASK_TOKEN: Final = _rule(
    "task-token",
    "a state waits for a task token that nobody gets, or is told of a token and does not wait",
    "put sfn.JsonPath.task_token into the request",
    why="the execution waits until its timeout",
    source=_ASL.format("connect-to-resource"),
    protects="",
)
CALLBACK: Final = _rule(
    "callback-not-verified",
    "AWS's page says that .waitForTaskToken is not supported for SageMaker, while its IAM templates name it",
    "wait for the job without a token: RUN_JOB",
    why="it is not verified on AWS",
    source=_ASL.format("connect-sagemaker"),
    severity="warning",
    protects="",
)
RETRY: Final = _rule(
    "retry-policy",
    "a retrier is none that Step Functions takes",
    "correct the number, or the order",
    why="Step Functions refuses the state machine",
    source=_ASL.format("concepts-error-handling"),
)
RESULT_PATH: Final = _rule(
    "result-path",
    "the output of a job cannot go there in this query language",
    "pass what the message names",
    source=_ASL.format("input-output-resultpath"),
)
KEPT: Final = _rule(
    "output-is-kept",
    "something of an output is asked for that the job does not keep",
    "pass keep=[...], or the result_path that the message names",
)
OUTPUT: Final = _rule("output-unknown", "a job has no output of this name", "name one that it has")
OUTPUT_PLACE: Final = _rule(
    "output-without-place", "an output has no place to go", "map it to its s3:// prefix, or use a PipelineStack"
)
ROLE_OF_OURS: Final = _rule(
    "execution-role-of-ours",
    "the job runs under no role that the library knows",
    "use the role that parameters name, or that of the model",
)
IN_VPC: Final = _rule(
    "job-in-vpc",
    "a job has no security groups that are known at synthesis",
    "pass vpc= to the job, or to its PipelineStack",
)
INSTANCES: Final = _rule(
    "metric-of-instances",
    "SageMaker counts nothing under a name that is known at synthesis",
    "ask a training, processing or transform job whose name begins with a text",
    source=_SAGEMAKER.format("dg/monitoring-cloudwatch"),
)
OVERRIDE: Final = _rule(
    "override-path", "an override is of no field", "write the names of fields with dots between them"
)
REQUEST_VALUE: Final = _rule(
    "value-of-request", "a value is nothing that a request can hold", "pass a JSON value or a CDK construct"
)
WHOLE_NUMBER: Final = _rule(
    "whole-number-too-long",
    "a whole number is longer than JavaScript can hold",
    "pass one from -(2**53 - 1) to 2**53 - 1, or its digits as a text where the field takes texts",
    why="the CDK, which runs on JavaScript, writes another number into the template, and so does JSONata at run time",
    source="https://www.rfc-editor.org/rfc/rfc8259#section-6",
)
PSEUDO_PARAMETER: Final = _rule(
    "pseudo-parameter-in-text",
    "CloudFormation does not replace the pseudo parameter in a text of a definition",
    "write stack.region, Aws.REGION and the like, or Verbatim(...) for this very text",
    why="SageMaker is sent the text as it is written",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html",
    protects="",
)
LANGUAGE: Final = _rule(
    "query-language-of-value",
    "a value is written in the other query language than its state",
    "write it in the state's own, or change the state's",
    source=_ASL.format("transforming-data"),
)
LATE_VALUE: Final = _rule(
    "late-value-parses",
    "a value begins as a path, an intrinsic function or an expression, and is none",
    "correct it, or pass Verbatim(...) for a text",
    why="Step Functions refuses the state machine",
    source=_ASL.format("transforming-data"),
)
NUMBER_TOKEN: Final = _rule(
    "number-token-altered",
    "a number token of the CDK has been computed with in Python, or made a text",
    "pass sfn.JsonPath.number_at(...) as it is; compute with sfn.JsonPath.math_add, or in JSONata; "
    "make it a text with sfn.JsonPath.format('{}', ...)",
    why="the number that stands for the token would be sent; what is added in Python is lost without a trace",
)
LANGUAGE_OF_MACHINE: Final = _rule(
    "query-language-of-machine",
    "states in JSONPath stand in a state machine that is in JSONata",
    "make the job, or the FanOut, with query_language=QueryLanguage.JSONATA, or the state machine without it",
    why="Step Functions refuses the state machine; states in JSONata it takes in one of either language",
    source=_ASL.format("transforming-data"),
    protects="",
)
TRANSLATION: Final = _rule(
    "query-language-translation",
    "a path or an intrinsic function has no plain equivalent in JSONata",
    "write the expression in JSONata",
    source=_ASL.format("transforming-data"),
)
METRIC: Final = _rule("metric-name", "a path cannot say the name of this metric", "write it as the algorithm does")
OPERAND: Final = _rule("condition-operand", "something cannot be compared", "compare with a finite number")
THRESHOLD: Final = _rule(
    "threshold-and-metric", "a metric has no threshold, or a threshold no metric", "give both or neither"
)
INPUT: Final = _rule("input-declaration", "an input of a pipeline is declared wrongly", "correct its Input")
TRIGGER: Final = _rule(
    "trigger-inputs",
    "a trigger does not send what the pipeline takes",
    "send each input that has no default, of its kind",
    why="the execution ends at once, in the Fail that names the input",
)
ARRIVAL: Final = _rule("arrival-place", "an arrival has no place", "pass 's3://bucket/prefix/'")
ARRIVAL_LOOP: Final = _rule(
    "arrivals-start-themselves",
    "jobs write where arrivals start the next execution",
    "let them write elsewhere",
    why="each execution starts the next, and none ends",
    protects="",
)
PREFIX: Final = _rule("data-prefix-known", "a prefix of the data bucket is known at run time only", "pass a text")
STARTERS: Final = _rule(
    "starters-of-another-account",
    "roles of another account are to start the pipeline",
    "name roles of this account, which they may assume",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
)
RUNS_ONCE: Final = _rule(
    "pipeline-runs-once", "a pipeline runs nothing, or is told twice what it runs", "call run(definition) once"
)
GOES_ON: Final = _rule(
    "state-goes-on-already", "a state is chained where nothing can follow, or where something does", "call next once"
)
NOTHING_TO_CATCH: Final = _rule(
    "failure-nothing-to-catch", "there is no call that can fail", "pass a job, or a chain with one"
)
FAN_OUT: Final = _rule("fan-out-nothing-to-run", "a FanOut has nothing to run for each item", "pass a job, or a chain")
BRANCHES: Final = _rule(
    "parallel-branches",
    "JSONPath merges the results of a few branches only",
    "make them in JSONata, or pass fewer",
    source=_ASL.format("intrinsic-functions"),
)
PLACE: Final = _rule(
    "place-of-state", "a state is told no place in S3 that it can read", "pass job.output(...), or an s3:// URI"
)
APPROVAL: Final = _rule("approval-asks-nobody", "an approval asks nobody", "pass e-mail addresses, or a topic")
DEPLOYMENT: Final = _rule(
    "deployment-config-names",
    "configurations of an endpoint share one name, or names that nothing tells apart",
    "leave the name out, or begin all of them alike",
    why="the second deployment fails",
)
POLLED: Final = _rule("polled-job-argument", "a polled job takes no such argument", "leave it out")
POLLS: Final = _rule(
    "polls-within-history",
    "a state machine polls more often than its history has room",
    "poll less often, or for a shorter time",
    why="the execution ends in States.Runtime at 25,000 events",
    source=_ASL.format("service-quotas"),
    protects="",
)
CODE: Final = _rule("code-place", "code is at no place that can be packed or fetched", "name the file or the folder")
ENTRY_POINT: Final = _rule("code-entry-point", "the code has no such file to begin with", "name a file in it")
CODE_CONTAINER: Final = _rule(
    "code-container", "the container does not run code of one's own", "take an image of a framework"
)
CODE_LATE: Final = _rule(
    "code-known-late", "code stands beside something that is known at run time only", "say it at synthesis"
)
SECURITY_GROUPS: Final = _rule(
    "vpc-needs-security-groups",
    "a job in a VPC has no security groups",
    "pass security_groups=[...], or vpc= for a group of its own",
    source=_SAGEMAKER.format("APIReference/API_VpcConfig"),
)
SUBNETS: Final = _rule("subnets-need-vpc", "subnets are of no VPC", "pass vpc, an ec2.IVpc, or a list of subnets")
IMAGE: Final = _rule(
    "image-unknown",
    "AWS publishes no such image",
    "take one that the message names, or the URI of the image",
    source="the SageMaker Python SDK's list of images, in constructs_sm/images.json",
)
GROUND_TRUTH: Final = _rule(
    "ground-truth-unknown",
    "Ground Truth has no such task type or algorithm",
    "take one that the message names",
    source=_SAGEMAKER.format("APIReference/API_HumanTaskConfig"),
)
REFERENCE: Final = _rule(
    "labeling-reference-name",
    "labels that are written to files of their own have a name that ends in -ref",
    "end label_attribute_name= in -ref",
    source=_SAGEMAKER.format("APIReference/API_CreateLabelingJob"),
    protects="",
)
PACKAGE_GROUP: Final = _rule(
    "model-package-group-known", "a group that is to be made has a name that is known later", "name it at synthesis"
)
MODEL_PLACE: Final = _rule(
    "model-place-known", "the place of the best model is not known", "pass output=, not parameters alone"
)
ANSWERS: Final = _rule(
    "async-answers-go-nowhere",
    "the answers of asynchronous calls go nowhere",
    "pass AsyncInferenceConfig(output=...), or use a PipelineStack",
    source=_SAGEMAKER.format("APIReference/API_AsyncInferenceOutputConfig"),
    protects="",
)
REUSE_IMPOSSIBLE: Final = _rule(
    "reuse-impossible",
    "a job cannot be reused",
    "change what the message names, or let it run each time: reuse=None",
    why="what is reused would not be what the job comes to",
    source="docs/reuse.md",
)
REUSE_ANEW: Final = _rule(
    "reuse-compares-anew",
    "Reuse compares what is another in each execution, so that the job is never reused",
    "take it out of what is compared, or let the job run each time: reuse=None",
    why="the job runs each time, and its result is kept for nobody",
    source="docs/reuse.md",
    severity="warning",
    protects="",
)
LATE_ACCESS: Final = _rule(
    "late-bound-access",
    "a role is not granted what the request does not show",
    "grant it, as with bucket.grant_read(job.execution_role), pass reads=[...], or pass a role of your own",
    why="the job fails with AccessDenied, unless something else grants it",
    severity="warning",
    protects="",
)
KEY_LEFT_OUT: Final = _rule(
    "job-key-left-out",
    "what would take the key of the pipeline comes at run time",
    "give the job the key, as with volume_kms_key=, if its instances have volumes; or acknowledge the rule",
    why="volumes or outputs are encrypted with a key of AWS's; instances with local storage take none",
    source=_SAGEMAKER.format("APIReference/API_ResourceConfig"),
    severity="warning",
    protects="",
)
ANY_ROLE: Final = _rule(
    "role-known-at-run-time",
    "the execution role is known at run time only, so the state machine may pass every role of the account",
    "name the roles that it may be with passed_roles=[...], or acknowledge the rule with a reason",
    why="whoever starts an execution chooses the permissions of the job",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    severity="warning",
    protects="",
)
NOTHING_GRANTED: Final = _rule(
    "role-without-grants",
    "the state machine role cannot be changed here: it is of another account, or was imported with mutable=False",
    "grant it what the jobs need; without role= the pipeline makes one, whose policy says what that is",
    why="the first call fails with AccessDenied",
    severity="warning",
    protects="",
)
ROLE_OF_BOTH: Final = _rule(
    "nested-pipeline-role",
    "a state machine starts another that has the same role",
    "leave role= of one of them out: it gets a role of its own",
    why="the role's policy names the other state machine, which waits for the policy: a circular dependency",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html",
)
ROLE_ELSEWHERE: Final = _rule(
    "role-of-outer-stack",
    "the role of a state machine in a nested stack stands around it, and its policy names what the nested stack makes",
    "pass iam.Role.from_role_arn(nested_stack, 'Role', role.role_arn), whose policy stands there, or make "
    "the role in the nested stack; a JobPipeline does the first by itself",
    why="the nested stack waits for the policy, and the policy for the nested stack: a circular dependency",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html",
    protects="",
)
OUTPUT_SPELLED: Final = _rule(
    "output-is-spelled",
    "a state would be sent the path of an output as a text",
    "pass the output itself; join texts with + or sfn.JsonPath.format",
    why="Step Functions computes a value in JSONPath where the field ends in .$, in JSONata where {% %} is all of it",
    protects="",
)
OUTPUT_COMPUTED: Final = _rule(
    "output-computed-in-python",
    "Python would work on the text that stands for an output, whose value is known when the state machine runs",
    "compute with functions of sfn.JsonPath, or in a state in JSONata",
    why="what is made of that text is sent as it is, or fails in words of Python's own",
)
OUTPUT_THERE: Final = _rule(
    "output-is-there",
    "a state uses an output of a job that is not certainly there when it runs",
    "run the job before it, on every way that leads to it",
    why="the execution fails at that state, after the jobs before it have been paid for",
    protects="",
)
JOB_NOT_RUN: Final = _rule(
    "job-not-run",
    "no state machine runs the job",
    "chain it into one, or take it out",
    why="it never runs, and the execution role has grants for it",
    severity="warning",
    protects="",
)
OTHER_PLACE: Final = _rule(
    "job-of-another-environment",
    "a job is made in another Region or account than its state machine",
    "make it in a stack of the state machine's Region and account",
    why="Step Functions starts jobs where it runs itself; names, images and permissions of the other place do not fit",
    source="https://github.com/aws/aws-cdk/issues/29918",
    protects="",
)
PLACES_SHARED: Final = _rule(
    "items-share-a-place",
    "a job in an inline Map writes to one place for the whole execution",
    "give it a place of the item's own, or make the map a distributed one",
    why="the items write over each other",
    protects="",
)

# Of limits.
_QUOTAS: Final = _ASL.format("service-quotas")
POLICIES: Final = _rule(
    "limit-managed-policies",
    "the role of a state machine needs more managed policies than IAM attaches",
    "let jobs share a prefix of names, or ask AWS for a higher quota and acknowledge this",
    why="the stack cannot be deployed",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    protects="",
)
STATE_NAME: Final = _rule(
    "limit-state-name",
    "the name of a state is too long",
    "shorten the construct id, or the prefix",
    why="Step Functions refuses the state machine",
    source=_QUOTAS,
    protects="",
)
DEFINITION: Final = _rule(
    "limit-definition-size",
    "a definition is too large",
    "run a part of it as a state machine of its own",
    why="Step Functions refuses the state machine",
    source=_QUOTAS,
    protects="",
)
TEMPLATE: Final = _rule(
    "limit-template-size",
    "a template is too large",
    "run a part of it as a state machine of its own, in another stack",
    why="CloudFormation refuses the template",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
    protects="",
)
TIMEOUT: Final = _rule(
    "timeout-never-reached",
    "a state may wait longer than its execution",
    "pass a longer timeout= to the pipeline, or let the state wait less",
    why="the execution ends in States.Timeout, and its handlers do not run",
    source=_ASL.format("concepts-amazon-states-language"),
    protects="",
)

# Of rehearsals and the command line.
SCRIPT: Final = _rule("script-of-rehearsal", "a script of a rehearsal cannot be read", "see docs/rehearsal.md")
SOURCE: Final = _rule(
    "source-of-rehearsal", "there is no state machine to rehearse", "give a template, a definition or a cdk.out"
)
HISTORY: Final = _rule(
    "history-of-execution",
    "the history of an execution cannot be read",
    "give what `aws stepfunctions get-execution-history` prints, all pages of it",
)
POLICY: Final = _rule("policy-question", "a policy, or a question to it, cannot be read", "write it as IAM has it")
