"""The rules of requests: what SageMaker enforces beyond its model, or what is worth a warning."""

from __future__ import annotations

from typing import Any, Final

from constructs_sm.rules.rule import RULES, Rule

_API: Final = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_{}.html"
_GUIDE: Final = "https://docs.aws.amazon.com/sagemaker/latest/dg/{}.html"
_ISSUE: Final = "https://github.com/{}/issues/{}"
_REFUSED: Final = "SageMaker answers with a ValidationException"
_SDK: Final = "aws/sagemaker-python-sdk"
_EXAMPLES: Final = "aws/amazon-sagemaker-examples"
_SPOT: Final = _GUIDE.format("model-managed-spot-training")
_WARM_POOLS: Final = _GUIDE.format("train-warm-pools")
_SERVERLESS: Final = _GUIDE.format("serverless-endpoints")
_TUNING: Final = _GUIDE.format("automatic-model-tuning-how-it-works")
_ENDS: Final = "new accounts cannot use it, and others should plan to leave"


def _rule(rule_id: str, what: str, fix: str, *, source: str, why: str = _REFUSED, **more: Any) -> Rule:
    rule = Rule(id=rule_id, what=what, why=why, source=source, fix=fix, **more)
    RULES.add(rule)
    return rule


# Of a training, and of each definition of a tuning.
TRAINING_WITHOUT: Final = _rule(
    "training-incomplete",
    "a training has an algorithm, resources and a stopping condition, unless it is serverless",
    "give image=, instance_type= and max_runtime=, or serverless=",
    source=_API.format("CreateTrainingJob"),
)
ALGORITHM: Final = _rule(
    "training-algorithm",
    "a training has an image or the name of an algorithm, and one of them",
    "give image= or algorithm_name=",
    source=_API.format("AlgorithmSpecification"),
)
WAIT_COVERS_RUNTIME: Final = _rule(
    "spot-wait-covers-runtime",
    "the longest wait for spot capacity, which includes the training, is shorter than the training",
    "pass a max_wait of max_runtime or more",
    source=_API.format("StoppingCondition"),
)
SPOT_WAIT: Final = _rule(
    "spot-needs-max-wait",
    "a training on spot capacity does not say how long it may wait",
    "pass max_wait=",
    source=_SPOT,
)
WAIT_WITHOUT_SPOT: Final = _rule(
    "max-wait-needs-spot",
    "a training waits for spot capacity that it does not use",
    "pass spot=True, or leave max_wait out",
    source=_ISSUE.format(_SDK, 4140),
)
SPOT_WITHOUT_CHECKPOINTS: Final = _rule(
    "spot-without-checkpoints",
    "a training on spot capacity keeps no checkpoints",
    "pass checkpoints=, and let the training script write and read them",
    why="an interrupted training begins again from the start, and is paid for twice",
    source=_SPOT,
    severity="warning",
)
GROUPS_INSTEAD: Final = _rule(
    "instance-groups-exclude-type",
    "a cluster of instance groups has a type or a count beside them",
    "say type and count in each group",
    source="https://github.com/aws/sagemaker-python-sdk/pull/5564",
)
GROUPS_DIFFER: Final = _rule(
    "instance-groups-differ",
    "two instance groups have one name",
    "declare each group once",
    source=_ISSUE.format(_SDK, 5225),
)
CHANNELS_OF_GROUPS: Final = _rule(
    "channels-all-name-groups",
    "some channels name instance groups and others do not",
    "name groups in all channels, or in none",
    source=_ISSUE.format(_SDK, 6089),
)
UNKNOWN_GROUP: Final = _rule(
    "channel-names-unknown-group",
    "a channel names an instance group that the cluster does not have",
    "name one of instance_groups=",
    source=_API.format("S3DataSource"),
)
PREFERENCES_INSTEAD: Final = _rule(
    "instance-preferences-exclude-type",
    "a cluster has several instance types to choose from, and another word on its type",
    "keep one of them",
    source=_API.format("ResourceConfig"),
)
PREFERENCES_WITHOUT_SPOT: Final = _rule(
    "instance-preferences-not-on-spot",
    "several instance types to choose from do not go with spot capacity",
    "give one instance_type=, or train on demand",
    source=_API.format("ResourceConfig"),
)
PREFERENCES_COUNTED: Final = _rule(
    "instance-preferences-counted-once",
    "the number of instances is said both for all types and for some, or for none",
    "give instance_count= once, or in each InstancePreference",
    source=_API.format("InstancePreference"),
)
PREFERENCES_DIFFER: Final = _rule(
    "instance-preferences-differ",
    "an instance type is listed twice",
    "list it once",
    source=_API.format("InstancePreference"),
)
SELECTED: Final = _rule(
    "selected-instances-are-read-only",
    "the type that SageMaker has chosen is said in a request",
    "leave it out",
    source=_API.format("ResourceConfig"),
)
CHANNEL_SOURCE: Final = _rule(
    "channel-one-source",
    "a channel has its data from one source: S3, a file system or a dataset",
    "give one of them",
    source=_API.format("DataSource"),
)
GZIP: Final = _rule(
    "gzip-needs-pipe",
    "compressed data are unpacked in input mode Pipe only",
    "pass input_mode='Pipe' to the channel or the job, or hand over data that are not compressed",
    why="the training fails, or reads the compressed bytes as they are",
    source=_ISSUE.format(_SDK, 716),
)
RECORD_WRAPPER: Final = _rule(
    "record-wrapper-needs-pipe",
    "objects are wrapped in records in input mode Pipe only",
    "pass input_mode='Pipe' to the channel or the job, or leave record_wrapper_type out",
    source=_API.format("Channel"),
)
AUGMENTED_MANIFEST: Final = _rule(
    "augmented-manifest-needs-pipe",
    "an augmented manifest is read in input mode Pipe only",
    "pass input_mode='Pipe' to the channel or the job",
    source=_ISSUE.format(_EXAMPLES, 643),
)
MANIFEST: Final = _rule(
    "manifest-objects-not-granted",
    "the execution role may read the manifest; the objects that it lists are not granted",
    "pass reads=['s3://bucket/prefix/'] with the places of the objects, or a role of your own",
    why="the job fails with AccessDenied when it reads the first of them",
    source=_ISSUE.format(_EXAMPLES, 2331),
    severity="warning",
)
FILE_SYSTEM: Final = _rule(
    "file-system-needs-vpc",
    "EFS and FSx for Lustre are reached through a VPC",
    "pass vpc=, or subnets= and security_groups=",
    source=_GUIDE.format("model-access-training-data"),
)
DISTRIBUTED_IN_VPC: Final = _rule(
    "instances-in-vpc-talk",
    "several instances in a VPC talk to each other",
    "let a security group of theirs accept all traffic that comes from itself",
    why="a distributed training hangs until it is stopped",
    source=_GUIDE.format("train-vpc"),
    severity="info",
)
NO_VOLUME_KEY: Final = _rule(
    "no-volume-key-on-local-storage",
    "a key for volumes is given, and the instances have local storage instead",
    "leave it out: the hardware encrypts local storage",
    source=_API.format("ResourceConfig"),
)
WARM_POOL_SPOT: Final = _rule(
    "warm-pool-not-on-spot",
    "a warm pool does not go with spot capacity",
    "leave out keep_alive= or spot=",
    source=_WARM_POOLS,
)
WARM_POOL_GROUPS: Final = _rule(
    "warm-pool-not-with-groups",
    "a warm pool does not go with instance groups",
    "leave keep_alive= out",
    source=_WARM_POOLS,
)
WARM_POOL_TUNING: Final = _rule(
    "warm-pool-not-in-tuning",
    "the trainings of a tuning have no warm pool of their own",
    "leave KeepAlivePeriodInSeconds out",
    source=_WARM_POOLS,
)
METRIC_EXPRESSION: Final = _rule(
    "metric-expression",
    "the expression that finds a metric in the log does not compile",
    "correct the regular expression",
    source=_GUIDE.format("define-train-metrics"),
)
METRIC_UNDEFINED: Final = _rule(
    "metric-without-definition",
    "no metric definition yields this metric",
    "add it to metric_definitions=, as {'name': 'name: ([0-9.]+)'}",
    why="SageMaker refuses a tuning whose objective is not defined; after a training the metric has no value",
    source=_GUIDE.format("automatic-model-tuning-define-metrics-variables"),
)
EVALUATION: Final = _rule(
    "evaluation-needs-type",
    "a serverless job that evaluates does not say how",
    "pass evaluation_type=",
    source=_API.format("ServerlessJobConfig"),
)

_TOOLKIT: Final = "https://github.com/aws/sagemaker-training-toolkit, version 5.1.4, as docs/own-code.md has measured"
HYPERPARAMETER_TEXT: Final = _rule(
    "hyperparameter-text",
    "a hyperparameter reaches a script as something else than the text that it is",
    "write it in quotes, as JSON has texts",
    why="the toolkit in the container reads hyperparameters as JSON",
    source=_TOOLKIT,
    severity="warning",
)
HYPERPARAMETER_OPTION: Final = _rule(
    "hyperparameter-option",
    "a hyperparameter is taken for the name of an option",
    "begin it with something else than a dash",
    why="argparse says that a value is missing, and the script ends",
    source=_TOOLKIT,
    severity="warning",
)

CHANNEL_VARIABLE: Final = _rule(
    "channel-variable-name",
    "the variable with the folder of a channel has a name that no shell can read",
    "name the channel with letters, digits and underscores, or read the variable with os.environ[...]",
    why="the toolkit in the container leaves dashes and dots of the name of a channel in SM_CHANNEL_NAME",
    source=_TOOLKIT,
    severity="warning",
)

# Of images and roles.
IMAGE_URI: Final = _rule(
    "image-is-no-uri",
    "an image of AWS's is named as in a settings file, and not by its URI",
    "write it in full, or take one of constructs_sm.images",
    source=_API.format("ContainerDefinition"),
)
IMAGE_REGISTRY: Final = _rule(
    "image-without-registry",
    "an image is named without its registry",
    "write it in full: registry/repository:tag",
    source=_API.format("ContainerDefinition"),
    severity="warning",
)
IMAGE_REGION: Final = _rule(
    "image-of-another-region",
    "an image is pulled from a registry of the Region that the job runs in",
    "name the registry of this Region, or take one of constructs_sm.images, which know it",
    source=_ISSUE.format("aws/aws-cdk", 29918),
    severity="warning",
)
TRAINING_IMAGE: Final = _rule(
    "training-image-in-model",
    "an image that AWS publishes for training does not serve a model",
    "take its counterpart: image_scope='inference'",
    why="the container never answers the health check of the endpoint or the transform",
    source="https://github.com/aws/deep-learning-containers/blob/master/available_images.md",
)
INFERENCE_IMAGE: Final = _rule(
    "inference-image-in-training",
    "an image that AWS publishes for inference does not train",
    "take its counterpart: image_scope='training'",
    why="the container serves instead, until the training is stopped",
    source="https://github.com/aws/deep-learning-containers/blob/master/available_images.md",
)
GPU_IMAGE: Final = _rule(
    "gpu-image-on-cpu",
    "an image for GPUs runs on instances without one",
    "take processor='cpu', or instances with GPUs",
    why="the container stops where it finds no GPU, or is slower than the image for CPUs",
    source="https://github.com/aws/deep-learning-containers/blob/master/available_images.md",
    severity="warning",
)
CPU_IMAGE: Final = _rule(
    "cpu-image-on-gpu",
    "an image for CPUs runs on instances with GPUs",
    "take processor='gpu', or instances without GPUs",
    why="the GPUs are paid for and not used",
    source="https://github.com/aws/deep-learning-containers/blob/master/available_images.md",
    severity="warning",
)
ROLE_ACCOUNT: Final = _rule(
    "role-of-another-account",
    "an execution role of another account cannot be passed",
    "name a role of the account that the job runs in",
    why="IAM refuses to pass it: Cross-account pass role is not allowed",
    source=_ISSUE.format("serverless/serverless", 3374),
)

# Of the others.
TAGS: Final = _rule("tags-differ", "two tags have one key", "give each key once", source=_API.format("Tag"))
PROCESSING_TYPE: Final = _rule(
    "processing-instance-type",
    "a processing job has one instance type, or several to choose from",
    "give instance_type= or instance_preferences=",
    source=_API.format("ProcessingClusterConfig"),
)
PROCESSING_INPUT: Final = _rule(
    "processing-input-one-source",
    "an input of a processing job has its data from one source",
    "give one of S3Input and DatasetDefinition",
    source=_API.format("ProcessingInput"),
)
PROCESSING_OUTPUT: Final = _rule(
    "processing-output-one-target",
    "an output of a processing job goes to one target",
    "give one of S3Output and FeatureStoreOutput",
    source=_API.format("ProcessingOutput"),
)
LOCAL_PATH: Final = _rule(
    "processing-local-path-missing",
    "an input that SageMaker fetches does not say where in the container it goes",
    "pass local_path=, or app_managed=True where the application fetches it",
    source=_API.format("ProcessingS3Input"),
)
LOCAL_PATHS_DIFFER: Final = _rule(
    "processing-local-paths-differ",
    "two inputs, or an input and an output, share a local path in the container",
    "give each a path of its own below /opt/ml/processing/",
    why="the job fails, with an empty message",
    source=_ISSUE.format(_SDK, 4939),
)
FEATURE_STORE: Final = _rule(
    "feature-store-output-app-managed",
    "an output to a feature group is written by the application",
    "pass app_managed=True",
    source=_API.format("ProcessingOutput"),
)
FILTER: Final = _rule(
    "transform-filter-is-json-path",
    "a filter of a batch transform is no JSONPath",
    "write $.features, or $[1:]",
    source=_API.format("DataProcessing"),
)
PAYLOAD: Final = _rule(
    "transform-payload-total",
    "payloads that are under way at one time exceed 100 MB",
    "lower max_payload= or max_concurrent_transforms=",
    source=_API.format("CreateTransformJob"),
)
TRANSFORM_MANIFEST: Final = _rule(
    "transform-takes-no-augmented-manifest",
    "a batch transform takes no augmented manifest",
    "pass a prefix, or a ManifestFile",
    source=_API.format("TransformS3DataSource"),
)
TRANSFORM_MODEL: Final = _rule(
    "transform-takes-no-model-data-source",
    "a batch transform takes no model whose data is not compressed",
    "pass model_data= as the s3:// URI of a model.tar.gz, not as a ModelDataSource",
    source=_ISSUE.format(_SDK, 4777),
)
DEFINITIONS: Final = _rule(
    "tuning-definitions",
    "a tuning has one definition or a list of them",
    "give one of them",
    source=_API.format("CreateHyperParameterTuningJob"),
)
TUNED_RESOURCES: Final = _rule(
    "tuning-one-resource-config",
    "a definition says in two ways what its trainings run on, or in none",
    "give one of ResourceConfig and HyperParameterTuningResourceConfig",
    source=_API.format("HyperParameterTrainingJobDefinition"),
)
INSTANCE_CONFIGS: Final = _rule(
    "tuning-instance-configs-exclude-type",
    "a list of instance configurations stands beside one type, volume or count",
    "say them in each configuration",
    source=_API.format("HyperParameterTuningResourceConfig"),
)
HYPERBAND: Final = _rule(
    "hyperband-config-needs-hyperband",
    "settings of Hyperband are given to another strategy",
    "pass strategy='Hyperband', or leave them out",
    source=_API.format("HyperParameterTuningJobStrategyConfig"),
)
HYPERBAND_STOPS: Final = _rule(
    "hyperband-stops-early-itself",
    "Hyperband ends trainings by itself, and takes no early stopping beside it",
    "leave early stopping Off",
    source=_API.format("HyperParameterTuningJobConfig"),
)
GRID: Final = _rule(
    "grid-needs-categories",
    "a grid search goes through categories, not through intervals",
    "pass CategoricalParameterRange, or another strategy",
    source=_TUNING,
)
LABELING_SOURCE: Final = _rule(
    "labeling-source",
    "a labeling job has its objects from S3, from a topic or from both",
    "give the manifest or the topic",
    source=_API.format("LabelingJobDataSource"),
)
LABELING_INTERFACE: Final = _rule(
    "labeling-interface",
    "a labeling job has a template of its own or an interface of AWS's",
    "give one of them",
    source=_API.format("UiConfig"),
)
LABEL_ATTRIBUTE: Final = _rule(
    "labeling-attribute-name",
    "the name of the label ends in -metadata, which SageMaker adds",
    "end it without -metadata",
    source=_API.format("CreateLabelingJob"),
)
CONTAINERS: Final = _rule(
    "model-containers",
    "a model is one container or a list of them",
    "give one of image= and containers=",
    source="https://github.com/aws/amazon-sagemaker-operator-for-k8s/pull/164",
)
CONTAINER: Final = _rule(
    "model-container-has-image",
    "a container has an image or a model package",
    "give image= or model_package=",
    source=_API.format("ContainerDefinition"),
)
HOSTNAMES: Final = _rule(
    "container-hostnames",
    "some containers of a pipeline have a hostname and others do not",
    "give hostname= in all, or in none",
    source=_API.format("ContainerDefinition"),
)
REGISTRY_LOGIN: Final = _rule(
    "registry-credentials-need-vpc",
    "credentials of a private registry are for a registry in a VPC",
    "pass repository_access='Vpc', or leave them out",
    source=_API.format("ImageConfig"),
)
METRICS_INTERVAL: Final = _rule(
    "metrics-interval",
    "metrics are published at some intervals only",
    "pass one of 10, 30, 60, 120, 180, 240 and 300 seconds",
    source=_API.format("MetricsConfig"),
)
VARIANT: Final = _rule(
    "variant-runs-on",
    "a variant runs on instances or without a server",
    "give instance_type=, instance_pools= or serverless=",
    source=_API.format("ProductionVariant"),
)
VARIANT_SERVERLESS: Final = _rule(
    "serverless-excludes-instances",
    "a variant without a server has instances beside it",
    "give serverless= or the instances",
    source=_API.format("ProductionVariant"),
)
VARIANT_MODEL: Final = _rule(
    "variant-needs-model",
    "a variant names no model",
    "give model=, or a role= for an endpoint of inference components",
    source="https://github.com/hashicorp/terraform-provider-aws/pull/44977",
)
SERVERLESS_MEMORY: Final = _rule(
    "serverless-memory",
    "memory without a server comes in whole GB, 1 to 6",
    "pass Size.gibibytes(1) to Size.gibibytes(6)",
    source=_API.format("ProductionVariantServerlessConfig"),
)
SERVERLESS_CONCURRENCY: Final = _rule(
    "serverless-concurrency",
    "provisioned concurrency exceeds the greatest",
    "provision no more than max_concurrency=",
    source=_API.format("ProductionVariantServerlessConfig"),
)
SERVERLESS_VPC: Final = _rule(
    "serverless-takes-no-vpc",
    "a serverless endpoint takes no VPC, of its own or of its model's",
    "leave the VPC out, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_ISOLATION: Final = _rule(
    "serverless-takes-no-isolation",
    "a serverless endpoint takes no network isolation, of its own or of its model's",
    "leave network_isolation= out, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_CAPTURE: Final = _rule(
    "serverless-takes-no-data-capture",
    "a serverless endpoint captures no data",
    "leave data_capture= out, or serve on instances",
    source=_ISSUE.format(_EXAMPLES, 3102),
)
SERVERLESS_ALONE: Final = _rule(
    "serverless-one-variant",
    "a serverless endpoint has one variant",
    "keep one variant, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_MULTI_MODEL: Final = _rule(
    "serverless-takes-no-multi-model",
    "a serverless endpoint serves no multi-model container",
    "leave multi_model= out, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_PIPELINE: Final = _rule(
    "serverless-takes-one-container",
    "a serverless endpoint serves no inference pipeline",
    "make a model of one container, or serve on instances",
    source=_SERVERLESS,
)
SERVERLESS_REGISTRY: Final = _rule(
    "serverless-takes-no-private-registry",
    "a serverless endpoint takes no image of a private registry",
    "copy the image to ECR, or serve on instances",
    source=_SERVERLESS,
)
PREFIX_AWARE: Final = _rule(
    "prefix-aware-routing",
    "routing by prefix and its settings go together",
    "pass a whole PrefixAwareRoutingConfig, or another strategy without one",
    source=_API.format("ProductionVariantRoutingConfig"),
)
NO_VOLUME: Final = _rule(
    "no-volume-on-local-storage",
    "a size of volumes is given, and the instances have local storage instead",
    "leave volume_size= out: the storage is that of the instance type",
    source=_ISSUE.format(_SDK, 4828),
)
SHADOW: Final = _rule(
    "shadow-stands-behind-one",
    "a shadow variant stands behind one variant, and that has no second shadow",
    "give one of each",
    source=_API.format("CreateEndpointConfig"),
)
ASYNC_REGION: Final = _rule(
    "async-stays-in-region",
    "asynchronous inference stays in its Region",
    "leave one of async_inference= and cross_region_traffic= out",
    source=_API.format("CreateEndpointConfig"),
)
DEPLOYMENT: Final = _rule(
    "update-is-of-one-kind",
    "an update of an endpoint is blue/green or rolling",
    "give one of them",
    source=_API.format("DeploymentConfig"),
)
PACKAGE_IN_GROUP: Final = _rule(
    "model-package-in-group",
    "a version in a group has the tags of the group, and a number in place of a name",
    "leave tags= and the name out",
    source=_API.format("CreateModelPackage"),
)
PACKAGE_NAMED: Final = _rule(
    "model-package-named",
    "a model package is in a group, or has a name",
    "give group= or a name",
    source=_API.format("CreateModelPackage"),
)

# What AWS has closed, or is ending.
DEBUGGER: Final = _rule(
    "debugger-is-closed",
    "SageMaker Debugger is closed to new customers since 2026-07-30",
    "follow trainings with MLflow or TensorBoard: mlflow=, tensor_board=",
    why=_ENDS,
    source=_GUIDE.format("train-debugger"),
    severity="info",
)
PROFILER: Final = _rule(
    "profiler-ends",
    "SageMaker Profiler ends on 2027-06-30",
    "use the framework's own profiler, and TensorBoard: tensor_board=",
    why=_ENDS,
    source=_GUIDE.format("train-use-sagemaker-profiler"),
    severity="info",
)
CLARIFY: Final = _rule(
    "clarify-is-closed",
    "SageMaker Clarify is closed to new customers",
    "run the open-source package smclarify, or SHAP, in a processing job",
    why=_ENDS,
    source=_GUIDE.format("clarify-configure-processing-jobs"),
    severity="info",
)
MODEL_MONITOR: Final = _rule(
    "model-monitor-is-closed",
    "SageMaker Model Monitor is closed to new customers",
    "compare what is captured in a processing job of your own",
    why=_ENDS,
    source=_GUIDE.format("model-monitor"),
    severity="info",
)
GROUND_TRUTH: Final = _rule(
    "ground-truth-is-closed",
    "SageMaker Ground Truth is closed to new customers",
    "label with a tool of your own, and hand its output to the next job",
    why=_ENDS,
    source=_GUIDE.format("sms"),
    severity="info",
)
ELASTIC_INFERENCE: Final = _rule(
    "elastic-inference-ended",
    "Elastic Inference is no longer available",
    "leave accelerator_type= out, and take an instance type with an accelerator",
    why="the endpoint is not created",
    source=_API.format("ProductionVariant"),
    severity="warning",
)

# Of tags.
_TAG: Final = _API.format("Tag")
TAG_RESERVED: Final = _rule(
    "tag-key-reserved",
    "the key of a tag begins with aws:, which is reserved to AWS",
    "choose another key",
    source=_TAG,
)
TAG_FORM: Final = _rule(
    "tag-form",
    "SageMaker takes letters, digits, spaces and _.:/=+-@, up to 128 for a key and 256 for a value",
    "correct it, or leave the jobs out with exclude_resource_types= of Tags.of(...).add",
    source=_TAG,
)
TAGS_TOO_MANY: Final = _rule(
    "tags-too-many",
    "a job has more than 50 tags, those of the constructs around it included",
    "take some away, or leave the jobs out with exclude_resource_types= of Tags.of(...).add",
    source=_TAG,
)
