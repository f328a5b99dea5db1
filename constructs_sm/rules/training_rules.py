"""The rules of trainings, and of tunings, which are made of them."""

from __future__ import annotations

from typing import Final

from constructs_sm.rules.request_rule import API, GUIDE, ISSUE, request_rule

_SDK: Final = "aws/sagemaker-python-sdk"
_EXAMPLES: Final = "aws/amazon-sagemaker-examples"
_SPOT: Final = GUIDE.format("model-managed-spot-training")
_WARM_POOLS: Final = GUIDE.format("train-warm-pools")
_TUNING: Final = GUIDE.format("automatic-model-tuning-how-it-works")
_TOOLKIT: Final = "https://github.com/aws/sagemaker-training-toolkit, version 5.1.4, as docs/own-code.md has measured"

TRAINING_WITHOUT: Final = request_rule(
    "training-incomplete",
    "a training has an algorithm, resources and a stopping condition, unless it is serverless",
    "give image=, instance_type= and max_runtime=, or serverless=",
    source=API.format("CreateTrainingJob"),
)
ALGORITHM: Final = request_rule(
    "training-algorithm",
    "a training has an image or the name of an algorithm, and one of them",
    "give image= or algorithm_name=",
    source=API.format("AlgorithmSpecification"),
)
WAIT_COVERS_RUNTIME: Final = request_rule(
    "spot-wait-covers-runtime",
    "the longest wait for spot capacity, which includes the training, is shorter than the training",
    "pass a max_wait of max_runtime or more",
    source=API.format("StoppingCondition"),
)
SPOT_WAIT: Final = request_rule(
    "spot-needs-max-wait",
    "a training on spot capacity does not say how long it may wait",
    "pass max_wait=",
    source=_SPOT,
)
WAIT_WITHOUT_SPOT: Final = request_rule(
    "max-wait-needs-spot",
    "a training waits for spot capacity that it does not use",
    "pass spot=True, or leave max_wait out",
    source=ISSUE.format(_SDK, 4140),
)
SPOT_WITHOUT_CHECKPOINTS: Final = request_rule(
    "spot-without-checkpoints",
    "a training on spot capacity keeps no checkpoints",
    "pass checkpoints=, and let the training script write and read them",
    why="an interrupted training begins again from the start, and is paid for twice",
    source=_SPOT,
    severity="warning",
)
GROUPS_INSTEAD: Final = request_rule(
    "instance-groups-exclude-type",
    "a cluster of instance groups has a type or a count beside them",
    "say type and count in each group",
    source="https://github.com/aws/sagemaker-python-sdk/pull/5564",
)
GROUPS_DIFFER: Final = request_rule(
    "instance-groups-differ",
    "two instance groups have one name",
    "declare each group once",
    source=ISSUE.format(_SDK, 5225),
)
CHANNELS_OF_GROUPS: Final = request_rule(
    "channels-all-name-groups",
    "some channels name instance groups and others do not",
    "name groups in all channels, or in none",
    source=ISSUE.format(_SDK, 6089),
)
UNKNOWN_GROUP: Final = request_rule(
    "channel-names-unknown-group",
    "a channel names an instance group that the cluster does not have",
    "name one of instance_groups=",
    source=API.format("S3DataSource"),
)
PREFERENCES_INSTEAD: Final = request_rule(
    "instance-preferences-exclude-type",
    "a cluster has several instance types to choose from, and another word on its type",
    "keep one of them",
    source=API.format("ResourceConfig"),
)
PREFERENCES_WITHOUT_SPOT: Final = request_rule(
    "instance-preferences-not-on-spot",
    "several instance types to choose from do not go with spot capacity",
    "give one instance_type=, or train on demand",
    source=API.format("ResourceConfig"),
)
PREFERENCES_COUNTED: Final = request_rule(
    "instance-preferences-counted-once",
    "the number of instances is said both for all types and for some, or for none",
    "give instance_count= once, or in each InstancePreference",
    source=API.format("InstancePreference"),
)
PREFERENCES_DIFFER: Final = request_rule(
    "instance-preferences-differ",
    "an instance type is listed twice",
    "list it once",
    source=API.format("InstancePreference"),
)
SELECTED: Final = request_rule(
    "selected-instances-are-read-only",
    "the type that SageMaker has chosen is said in a request",
    "leave it out",
    source=API.format("ResourceConfig"),
)
CHANNEL_SOURCE: Final = request_rule(
    "channel-one-source",
    "a channel has its data from one source: S3, a file system or a dataset",
    "give one of them",
    source=API.format("DataSource"),
)
GZIP: Final = request_rule(
    "gzip-needs-pipe",
    "compressed data are unpacked in input mode Pipe only",
    "pass input_mode='Pipe' to the channel or the job, or hand over data that are not compressed",
    why="the training fails, or reads the compressed bytes as they are",
    source=ISSUE.format(_SDK, 716),
)
RECORD_WRAPPER: Final = request_rule(
    "record-wrapper-needs-pipe",
    "objects are wrapped in records in input mode Pipe only",
    "pass input_mode='Pipe' to the channel or the job, or leave record_wrapper_type out",
    source=API.format("Channel"),
)
AUGMENTED_MANIFEST: Final = request_rule(
    "augmented-manifest-needs-pipe",
    "an augmented manifest is read in input mode Pipe only",
    "pass input_mode='Pipe' to the channel or the job",
    source=ISSUE.format(_EXAMPLES, 643),
)
MANIFEST: Final = request_rule(
    "manifest-objects-not-granted",
    "the execution role may read the manifest; the objects that it lists are not granted",
    "pass reads=['s3://bucket/prefix/'] with the places of the objects, or a role of your own",
    why="the job fails with AccessDenied when it reads the first of them",
    source=ISSUE.format(_EXAMPLES, 2331),
    severity="warning",
)
FILE_SYSTEM: Final = request_rule(
    "file-system-needs-vpc",
    "EFS and FSx for Lustre are reached through a VPC",
    "pass vpc=, or subnets= and security_groups=",
    source=GUIDE.format("model-access-training-data"),
)
DISTRIBUTED_IN_VPC: Final = request_rule(
    "instances-in-vpc-talk",
    "several instances in a VPC talk to each other",
    "let a security group of theirs accept all traffic that comes from itself",
    why="a distributed training hangs until it is stopped",
    source=GUIDE.format("train-vpc"),
    severity="info",
)
NO_VOLUME_KEY: Final = request_rule(
    "no-volume-key-on-local-storage",
    "a key for volumes is given, and the instances have local storage instead",
    "leave it out: the hardware encrypts local storage",
    source=API.format("ResourceConfig"),
)
WARM_POOL_SPOT: Final = request_rule(
    "warm-pool-not-on-spot",
    "a warm pool does not go with spot capacity",
    "leave out keep_alive= or spot=",
    source=_WARM_POOLS,
)
WARM_POOL_GROUPS: Final = request_rule(
    "warm-pool-not-with-groups",
    "a warm pool does not go with instance groups",
    "leave keep_alive= out",
    source=_WARM_POOLS,
)
WARM_POOL_TUNING: Final = request_rule(
    "warm-pool-not-in-tuning",
    "the trainings of a tuning have no warm pool of their own",
    "leave KeepAlivePeriodInSeconds out",
    source=_WARM_POOLS,
)
METRIC_EXPRESSION: Final = request_rule(
    "metric-expression",
    "the expression that finds a metric in the log does not compile",
    "correct the regular expression",
    source=GUIDE.format("define-train-metrics"),
)
METRIC_UNDEFINED: Final = request_rule(
    "metric-without-definition",
    "no metric definition yields this metric",
    "add it to metric_definitions=, as {'name': 'name: ([0-9.]+)'}",
    why="SageMaker refuses a tuning whose objective is not defined; after a training the metric has no value",
    source=GUIDE.format("automatic-model-tuning-define-metrics-variables"),
)
EVALUATION: Final = request_rule(
    "evaluation-needs-type",
    "a serverless job that evaluates does not say how",
    "pass evaluation_type=",
    source=API.format("ServerlessJobConfig"),
)
HYPERPARAMETER_TEXT: Final = request_rule(
    "hyperparameter-text",
    "a hyperparameter reaches a script as something else than the text that it is",
    "write it in quotes, as JSON has texts",
    why="the toolkit in the container reads hyperparameters as JSON",
    source=_TOOLKIT,
    severity="warning",
)
HYPERPARAMETER_OPTION: Final = request_rule(
    "hyperparameter-option",
    "a hyperparameter is taken for the name of an option",
    "begin it with something else than a dash",
    why="argparse says that a value is missing, and the script ends",
    source=_TOOLKIT,
    severity="warning",
)
CHANNEL_VARIABLE: Final = request_rule(
    "channel-variable-name",
    "the variable with the folder of a channel has a name that no shell can read",
    "name the channel with letters, digits and underscores, or read the variable with os.environ[...]",
    why="the toolkit in the container leaves dashes and dots of the name of a channel in SM_CHANNEL_NAME",
    source=_TOOLKIT,
    severity="warning",
)
DEFINITIONS: Final = request_rule(
    "tuning-definitions",
    "a tuning has one definition or a list of them",
    "give one of them",
    source=API.format("CreateHyperParameterTuningJob"),
)
TUNED_RESOURCES: Final = request_rule(
    "tuning-one-resource-config",
    "a definition says in two ways what its trainings run on, or in none",
    "give one of ResourceConfig and HyperParameterTuningResourceConfig",
    source=API.format("HyperParameterTrainingJobDefinition"),
)
INSTANCE_CONFIGS: Final = request_rule(
    "tuning-instance-configs-exclude-type",
    "a list of instance configurations stands beside one type, volume or count",
    "say them in each configuration",
    source=API.format("HyperParameterTuningResourceConfig"),
)
HYPERBAND: Final = request_rule(
    "hyperband-config-needs-hyperband",
    "settings of Hyperband are given to another strategy",
    "pass strategy='Hyperband', or leave them out",
    source=API.format("HyperParameterTuningJobStrategyConfig"),
)
HYPERBAND_STOPS: Final = request_rule(
    "hyperband-stops-early-itself",
    "Hyperband ends trainings by itself, and takes no early stopping beside it",
    "leave early stopping Off",
    source=API.format("HyperParameterTuningJobConfig"),
)
GRID: Final = request_rule(
    "grid-needs-categories",
    "a grid search goes through categories, not through intervals",
    "pass CategoricalParameterRange, or another strategy",
    source=_TUNING,
)
