"""The images AWS publishes: their URIs against the SDK's own, the mapping, the grants, and what is not there."""

from __future__ import annotations

import json
import re

from constructs_sm import ProcessingJob, TrainingJob, images
from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing import definition

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

ECR = re.compile(
    r"\d{12}\.dkr\.ecr\.[a-z]+(-[a-z]+)+-\d\.[a-z0-9.-]+/[a-z0-9][a-z0-9._/-]+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
)

# What sagemaker.core.image_uris.retrieve of sagemaker-core 2.27.0 answers:
# family, scope, version, processor, base framework, Python version, URI.
SDK = [
    "autogluon,inference,1.5.0,gpu,,py311,907027046896.dkr.ecr.ap-southeast-3.amazonaws.com/autogluon-inference:1.5.0-gpu-py311",
    "autogluon,training,1.5.0,gpu,,py311,457447274322.dkr.ecr.ap-southeast-4.amazonaws.com/autogluon-training:1.5.0-gpu-py311",
    "blazingtext,inference,1,,,,991648021394.dkr.ecr.ap-south-1.amazonaws.com/blazingtext:1",
    "blazingtext,training,1,,,,455444449433.dkr.ecr.af-south-1.amazonaws.com/blazingtext:1",
    "chainer,inference,5.0.0,gpu,,py3,422961961927.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-chainer:5.0.0-gpu-py3",
    "chainer,training,5.0.0,gpu,,py3,313743910680.dkr.ecr.af-south-1.amazonaws.com/sagemaker-chainer:5.0.0-gpu-py3",
    "clarify,processing,1.0,,,,834264404009.dkr.ecr.ap-southeast-1.amazonaws.com/sagemaker-clarify-processing:1.0",
    "coach-mxnet,training,0.11.0,gpu,,py3,520713654638.dkr.ecr.ap-southeast-2.amazonaws.com/sagemaker-rl-mxnet:coach0.11.0-gpu-py3",
    "coach-tensorflow,training,1.0.0,gpu,,py3,462105765813.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-rl-coach-container:coach-1.0.0-tf-gpu-py3",
    "data-wrangler,processing,3.x,,,,245909111842.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-data-wrangler-container:3.x",
    "debugger,debugger,latest,,,,314341159256.dkr.ecr.af-south-1.amazonaws.com/sagemaker-debugger-rules:latest",
    "detailed-profiler,detailed-profiler,latest,,,,503895931360.dkr.ecr.us-east-1.amazonaws.com/detailed-profiler-processing:latest",
    "djl-deepspeed,inference,0.27.0,,,,763104351884.dkr.ecr.ap-northeast-2.amazonaws.com/djl-inference:0.27.0-deepspeed0.12.6-cu121",
    "djl-fastertransformer,inference,0.24.0,,,,763104351884.dkr.ecr.ap-northeast-1.amazonaws.com/djl-inference:0.24.0-fastertransformer5.3.0-cu118",
    "djl-lmi,inference,0.38.0,,,,457447274322.dkr.ecr.ap-southeast-4.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130",
    "djl-neuronx,inference,0.29.0,,,,727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/djl-inference:0.29.0-neuronx-sdk2.19.1",
    "djl-tensorrtllm,inference,0.33.0,,,,763104351884.dkr.ecr.ap-northeast-1.amazonaws.com/djl-inference:0.33.0-tensorrtllm0.21.0-cu128",
    "factorization-machines,inference,1,,,,712309505854.dkr.ecr.ap-southeast-2.amazonaws.com/factorization-machines:1",
    "factorization-machines,training,1,,,,390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/factorization-machines:1",
    "forecasting-deepar,inference,1,,,,106583098589.dkr.ecr.ap-southeast-4.amazonaws.com/forecasting-deepar:1",
    "forecasting-deepar,training,1,,,,390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/forecasting-deepar:1",
    "huggingface,inference,5.5.3,cpu,pytorch2.6.0,py312,772153158452.dkr.ecr.ap-south-2.amazonaws.com/huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04",
    "huggingface,inference,4.12,cpu,tensorflow2.5.1,py37,626614931356.dkr.ecr.af-south-1.amazonaws.com/huggingface-tensorflow-inference:2.5.1-transformers4.12.3-cpu-py37-ubuntu18.04",
    "huggingface,training,5.3.0,gpu,pytorch2.9.0,py312,871362719292.dkr.ecr.ap-east-1.amazonaws.com/huggingface-pytorch-training:2.9.0-transformers5.3.0-gpu-py312-cu130-ubuntu22.04",
    "huggingface,training,4.12.3,gpu,tensorflow2.5.1,py37,907027046896.dkr.ecr.ap-southeast-3.amazonaws.com/huggingface-tensorflow-training:2.5.1-transformers4.12.3-gpu-py37-cu112-ubuntu18.04",
    "huggingface-llamacpp,inference,b9522,cpu,,,871362719292.dkr.ecr.ap-east-1.amazonaws.com/huggingface-llamacpp:b9522-cpu-ubuntu24.04",
    "huggingface-llm,inference,3.3.6,gpu,,py311,364406365360.dkr.ecr.ap-northeast-3.amazonaws.com/huggingface-pytorch-tgi-inference:2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04",
    "huggingface-llm-neuronx,inference,0.3.0,inf2,,py310,626614931356.dkr.ecr.af-south-1.amazonaws.com/huggingface-pytorch-tgi-inference:2.7.0-optimum3.3.6-inf2-py310-ubuntu22.04",
    "huggingface-neuron,inference,4.12.3,inf,pytorch1.9,py37,763104351884.dkr.ecr.ap-northeast-1.amazonaws.com/huggingface-pytorch-inference-neuron:1.9.1-transformers4.12.3-neuron-py37-sdk1.17.1-ubuntu18.04",
    "huggingface-neuronx,inference,4.55.4,inf,pytorch2.8,py310,763104351884.dkr.ecr.ap-northeast-1.amazonaws.com/huggingface-pytorch-inference-neuronx:2.8.0-transformers4.55.4-neuronx-py310-sdk2.26.0-ubuntu22.04",
    "huggingface-sglang,inference,0.5.8,gpu,,py312,763104351884.dkr.ecr.ap-northeast-2.amazonaws.com/huggingface-sglang:0.5.8-transformers4.57.3-gpu-py312-cu129-ubuntu24.04",
    "huggingface-tei,inference,1.8.2,gpu,,py310,720646828776.dkr.ecr.ap-south-1.amazonaws.com/tei:2.0.1-tei1.8.2-gpu-py310-cu122-ubuntu22.04",
    "huggingface-tei-cpu,inference,1.8.2,cpu,,py310,510948584623.dkr.ecr.af-south-1.amazonaws.com/tei-cpu:2.0.1-tei1.8.2-cpu-py310-ubuntu22.04",
    "huggingface-training-compiler,training,4.21.1,gpu,pytorch1.11.0,py38,763104351884.dkr.ecr.eu-west-2.amazonaws.com/huggingface-pytorch-trcomp-training:1.11.0-transformers4.21.1-gpu-py38-cu113-ubuntu20.04",
    "huggingface-vllm,inference,0.29.0,gpu,,py312,590183813437.dkr.ecr.ap-southeast-7.amazonaws.com/huggingface-vllm:0.29.0-transformers5.15.0-gpu-py312-cu130-ubuntu24.04-v1.0",
    "huggingface-vllm-neuronx,inference,0.4.4,neuronx,,py310,763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-vllm-inference-neuronx:0.11.0-optimum0.4.4-neuronx-py310-sdk2.26.1-ubuntu22.04",
    "huggingface-vllm-omni,inference,0.20.0,gpu,,py312,763104351884.dkr.ecr.ap-northeast-2.amazonaws.com/huggingface-vllm-omni:0.20.0-transformers5.8.1-gpu-py312-cu130-amzn2023",
    "hyperpod-recipes-neuron,training,2.1.2,neuronx,,py310,763104351884.dkr.ecr.ap-northeast-2.amazonaws.com/pytorch-training-neuronx:2.1.2-neuronx-py310-sdk2.20.2-ubuntu20.04",
    "image-classification,inference,1,,,,501404015308.dkr.ecr.ap-northeast-1.amazonaws.com/image-classification:1",
    "image-classification,training,1,,,,469771592824.dkr.ecr.ca-central-1.amazonaws.com/image-classification:1",
    "image-classification-neo,inference,latest,,,,925152966179.dkr.ecr.ap-northeast-3.amazonaws.com/image-classification-neo:latest",
    "inferentia-mxnet,inference,1.8,inf,,py3,355873309152.dkr.ecr.ap-southeast-2.amazonaws.com/sagemaker-neo-mxnet:1.8-inf-py3",
    "inferentia-pytorch,inference,1.9,inf,,py3,774647643957.dkr.ecr.af-south-1.amazonaws.com/sagemaker-neo-pytorch:1.9-inf-py3",
    "inferentia-tensorflow,inference,2.5.2,inf,,py3,472730292857.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-neo-tensorflow:2.5.2-inf-py3",
    "ipinsights,inference,1,,,,351501993468.dkr.ecr.ap-northeast-1.amazonaws.com/ipinsights:1",
    "ipinsights,training,1,,,,469771592824.dkr.ecr.ca-central-1.amazonaws.com/ipinsights:1",
    "kmeans,inference,1,,,,628508329040.dkr.ecr.ap-south-2.amazonaws.com/kmeans:1",
    "kmeans,training,1,,,,390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/kmeans:1",
    "knn,inference,1,,,,286214385809.dkr.ecr.ap-east-1.amazonaws.com/knn:1",
    "knn,training,1,,,,286214385809.dkr.ecr.ap-east-1.amazonaws.com/knn:1",
    "lda,inference,1,,,,293181348795.dkr.ecr.ap-northeast-2.amazonaws.com/lda:1",
    "lda,training,1,,,,766337827248.dkr.ecr.us-east-1.amazonaws.com/lda:1",
    "linear-learner,inference,1,,,,628508329040.dkr.ecr.ap-south-2.amazonaws.com/linear-learner:1",
    "linear-learner,training,1,,,,390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/linear-learner:1",
    "llama-cpp,inference,1.0.1,gpu,,,763104351884.dkr.ecr.ap-northeast-1.amazonaws.com/llama-cpp:server-sagemaker-cuda-v1.0.1",
    "llama-cpp-arm64,inference,1.0.1,cpu,,,626614931356.dkr.ecr.af-south-1.amazonaws.com/llama-cpp-arm64:server-sagemaker-cpu-v1.0.1",
    "model-monitor,monitoring,,,,,574779866223.dkr.ecr.ap-northeast-1.amazonaws.com/sagemaker-model-monitor-analyzer",
    "mxnet,eia,1.7.0,cpu,,py3,364406365360.dkr.ecr.ap-northeast-3.amazonaws.com/mxnet-inference-eia:1.7.0-cpu-py3",
    "mxnet,inference,1.9.0,gpu,,py38,727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/mxnet-inference:1.9.0-gpu-py38",
    "mxnet,training,1.9.0,gpu,,py38,907027046896.dkr.ecr.ap-southeast-3.amazonaws.com/mxnet-training:1.9.0-gpu-py38",
    "neo-mxnet,inference,1.8,gpu,,py3,472730292857.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-inference-mxnet:1.8-gpu-py3",
    "neo-pytorch,inference,2.0.1,gpu,,py3,472730292857.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-inference-pytorch:2.0.1-gpu-py3",
    "neo-tensorflow,inference,2.9.2,gpu,,py3,472730292857.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-inference-tensorflow:2.9.2-gpu-py3",
    "ntm,inference,1,,,,390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/ntm:1",
    "ntm,training,1,,,,286214385809.dkr.ecr.ap-east-1.amazonaws.com/ntm:1",
    "object-detection,inference,1,,,,455444449433.dkr.ecr.af-south-1.amazonaws.com/object-detection:1",
    "object-detection,training,1,,,,306986355934.dkr.ecr.ap-northeast-2.amazonaws.com/object-detection:1",
    "object2vec,inference,1,,,,455444449433.dkr.ecr.af-south-1.amazonaws.com/object2vec:1",
    "object2vec,training,1,,,,951798379941.dkr.ecr.ap-southeast-3.amazonaws.com/object2vec:1",
    "pca,inference,1,,,,351501993468.dkr.ecr.ap-northeast-1.amazonaws.com/pca:1",
    "pca,training,1,,,,390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/pca:1",
    "pytorch,eia,1.5.1,cpu,,py3,763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference-eia:1.5.1-cpu-py3",
    "pytorch,inference,2.6.0,gpu,,py312,763104351884.dkr.ecr.ap-northeast-2.amazonaws.com/pytorch-inference:2.6.0-gpu-py312",
    "pytorch,inference,1.7.1,gpu,,py3,871362719292.dkr.ecr.ap-east-1.amazonaws.com/pytorch-inference:1.7.1-gpu-py3",
    "pytorch,inference_graviton,2.6.0,cpu,,py312,763104351884.dkr.ecr.ap-southeast-1.amazonaws.com/pytorch-inference-arm64:2.6.0-cpu-py312-ubuntu22.04-sagemaker",
    "pytorch,inference_graviton,2.2,cpu,,py310,907027046896.dkr.ecr.ap-southeast-3.amazonaws.com/pytorch-inference-graviton:2.2-cpu-py310-ubuntu20.04-sagemaker",
    "pytorch,training,2.10.0,gpu,,py313,626614931356.dkr.ecr.af-south-1.amazonaws.com/pytorch-training:2.10.0-gpu-py313",
    "pytorch,training,1.8.0,cpu,,py3,633930458069.dkr.ecr.ap-southeast-6.amazonaws.com/pytorch-training:1.8.0-cpu-py3",
    "pytorch-amzn2023,training,2.14,gpu,,,907027046896.dkr.ecr.ap-southeast-3.amazonaws.com/pytorch:2.14-cu133-amzn2023-sagemaker",
    "pytorch-neuron,training,1.11.0,trn,,py38,763104351884.dkr.ecr.ap-southeast-2.amazonaws.com/pytorch-training-neuron:1.11.0-neuron-py38-sdk2.4.0-ubuntu20.04",
    "pytorch-training-compiler,training,1.13.1,gpu,,py39,364406365360.dkr.ecr.ap-northeast-3.amazonaws.com/pytorch-trcomp-training:1.13.1-gpu-py39",
    "randomcutforest,inference,1,,,,835164637446.dkr.ecr.ap-northeast-2.amazonaws.com/randomcutforest:1",
    "randomcutforest,training,1,,,,286214385809.dkr.ecr.ap-east-1.amazonaws.com/randomcutforest:1",
    "ray-pytorch,training,1.6.0,gpu,,py36,462105765813.dkr.ecr.ap-northeast-2.amazonaws.com/sagemaker-rl-ray-container:ray-1.6.0-torch-gpu-py36",
    "ray-serve,inference,1.4,gpu,,,364406365360.dkr.ecr.ap-northeast-3.amazonaws.com/ray:serve-ml-sagemaker-cuda-v1.4",
    "ray-tensorflow,training,1.6.0,gpu,,py37,462105765813.dkr.ecr.us-east-1.amazonaws.com/sagemaker-rl-ray-container:ray-1.6.0-tf-gpu-py37",
    "sagemaker-distribution,inference,3.2.0,gpu,,,885854791233.dkr.ecr.us-east-1.amazonaws.com/sagemaker-distribution-prod:3.2.0-gpu",
    "sagemaker-geospatial,processing,1.x,,,,081189585635.dkr.ecr.us-west-2.amazonaws.com/sagemaker-geospatial-v1-0:latest",
    "sagemaker-inspect-ai,evaluation,latest,,,,763104351884.dkr.ecr.ap-southeast-1.amazonaws.com/sagemaker-inspect-ai:latest",
    "sagemaker-tritonserver,inference,26.05,gpu,,,637423239942.dkr.ecr.mx-central-1.amazonaws.com/sagemaker-tritonserver:26.05-py3",
    "semantic-segmentation,inference,1,,,,991648021394.dkr.ecr.ap-south-1.amazonaws.com/semantic-segmentation:1",
    "semantic-segmentation,training,1,,,,991648021394.dkr.ecr.ap-south-1.amazonaws.com/semantic-segmentation:1",
    "seq2seq,inference,1,,,,455444449433.dkr.ecr.af-south-1.amazonaws.com/seq2seq:1",
    "seq2seq,training,1,,,,951798379941.dkr.ecr.ap-southeast-3.amazonaws.com/seq2seq:1",
    "sglang,inference,0.5.20,gpu,,py312,763104351884.dkr.ecr.ap-south-1.amazonaws.com/sglang:0.5.20-gpu-py312-cu130-ubuntu24.04-sagemaker",
    "sglang-server,inference,1.4,gpu,,,975050140332.dkr.ecr.ap-east-2.amazonaws.com/sglang:server-sagemaker-cuda-v1.4",
    "sklearn,inference,1.9-0,cpu,,py3,341280168497.dkr.ecr.ca-central-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3",
    "sklearn,inference_graviton,1.0-1,cpu,,py3,867004704886.dkr.ecr.ap-northeast-3.amazonaws.com/sagemaker-scikit-learn:1.0-1-arm64-cpu-py3",
    "sklearn,training,1.9-0,cpu,,py3,450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-scikit-learn:1.9-0-cpu-py3",
    "spark,processing,3.5,cpu,,py312,819679513684.dkr.ecr.ap-southeast-4.amazonaws.com/sagemaker-spark-processing:3.5-cpu-py312",
    "spark,processing,3.2,cpu,,,732049463269.dkr.ecr.ap-east-1.amazonaws.com/sagemaker-spark-processing:3.2-cpu",
    "sparkml-serving,inference,3.3,,,,366743142698.dkr.ecr.ap-northeast-2.amazonaws.com/sagemaker-sparkml-serving:3.3",
    "stabilityai,inference,0.1.0,gpu,,py310,204538143572.dkr.ecr.ca-west-1.amazonaws.com/stabilityai-pytorch-inference:2.0.1-sgm0.1.0-gpu-py310-cu118-ubuntu20.04-sagemaker",
    "tensorflow,eia,2.3.0,cpu,,,763104351884.dkr.ecr.ap-northeast-2.amazonaws.com/tensorflow-inference-eia:2.3.0-cpu",
    "tensorflow,eia,1.14,cpu,,,763104351884.dkr.ecr.ap-southeast-2.amazonaws.com/tensorflow-inference-eia:1.14-cpu",
    "tensorflow,inference,2.20.0,gpu,,py312,763104351884.dkr.ecr.ap-northeast-2.amazonaws.com/tensorflow-inference:2.20.0-gpu-py312",
    "tensorflow,inference,2.2.1,gpu,,,763104351884.dkr.ecr.ap-northeast-2.amazonaws.com/tensorflow-inference:2.2.1-gpu",
    "tensorflow,inference_graviton,2.16.1,cpu,,py310,871362719292.dkr.ecr.ap-east-1.amazonaws.com/tensorflow-inference-graviton:2.16.1-cpu-py310-ubuntu20.04-sagemaker",
    "tensorflow,inference_graviton,2.13.0,cpu,,py310,772153158452.dkr.ecr.ap-south-2.amazonaws.com/tensorflow-inference-graviton:2.13.0-cpu-py310-ubuntu20.04-sagemaker",
    "tensorflow,training,2.21.0,gpu,,py312,871362719292.dkr.ecr.ap-east-1.amazonaws.com/tensorflow-training:2.21.0-gpu-py312",
    "tensorflow,training,2.1.1,cpu,,py3,763104351884.dkr.ecr.ap-southeast-1.amazonaws.com/tensorflow-training:2.1.1-cpu-py3",
    "vllm,inference,0.30.0,gpu,,py312,763104351884.dkr.ecr.ap-southeast-1.amazonaws.com/vllm:0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker",
    "vllm-omni,inference,1.8,gpu,,,590183813437.dkr.ecr.ap-southeast-7.amazonaws.com/vllm:omni-sagemaker-cuda-v1.8",
    "vllm-server,inference,2.6,gpu,,,626614931356.dkr.ecr.af-south-1.amazonaws.com/vllm:server-sagemaker-cuda-v2.6",
    "vw,training,8.7.0,cpu,,,462105765813.dkr.ecr.ap-southeast-2.amazonaws.com/sagemaker-rl-vw-container:vw-8.7.0-cpu",
    "whisperx,inference,3.8.6,gpu,,,763104351884.dkr.ecr.ca-central-1.amazonaws.com/whisperx:3.8.6-cu128-amzn2023-sagemaker",
    "xgboost,inference,3.2-0,,,,190319476487.dkr.ecr.ca-west-1.amazonaws.com/sagemaker-xgboost:3.2-0",
    "xgboost,training,3.2-0,,,,106583098589.dkr.ecr.ap-southeast-4.amazonaws.com/sagemaker-xgboost:3.2-0",
    "xgboost,inference_graviton,1.5-1,,,,651117190479.dkr.ecr.ap-east-1.amazonaws.com/sagemaker-xgboost:1.5-1-arm64",
    "xgboost-neo,inference,latest,,,,472730292857.dkr.ecr.cn-north-1.amazonaws.com.cn/xgboost-neo:latest",
]


def trained(image, region=None, **arguments):
    """A stack with a machine that trains with *image*."""
    stack = Stack(App(), "Stack", env=Environment(region=region) if region else None)
    job = TrainingJob(stack, "Train", image=image, instance_type="ml.m5.large", output="s3://data/", **arguments)
    machine(stack, job)
    return stack


def machine(stack, chain):
    sfn.StateMachine(stack, "Machine", definition_body=sfn.DefinitionBody.from_chainable(chain))


def image_of(stack, state="Train"):
    return definition(stack)["States"][state]["Parameters"]["AlgorithmSpecification"]["TrainingImage"]


def pulled(stack):
    """The repositories that may be pulled from."""
    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    statements = [s for policy in policies for s in policy["Properties"]["PolicyDocument"]["Statement"]]
    return [s["Resource"] for s in statements if "ecr:BatchGetImage" in s["Action"]]


def mappings(stack):
    return Template.from_stack(stack).to_json().get("Mappings", {})


@pytest.mark.parametrize("line", SDK, ids=lambda line: "-".join(filter(None, line.split(",")[:3])))
def test_uri_is_the_one_the_sdk_gives(line):
    family, scope, version, processor, base, python, uri = line.split(",")

    found = images.image(
        family,
        version,
        image_scope=scope,
        processor=processor or None,
        base_framework_version=base or None,
        py_version=python or None,
    )

    assert found.uri(uri.split(".")[3]) == uri


@pytest.mark.parametrize(
    ("image", "region", "uri"),
    [
        (images.xgboost("1.7-1"), "us-east-1", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"),
        (
            images.sklearn("1.2-1"),
            "us-east-1",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
        ),
        (images.kmeans(), "eu-west-1", "438346466558.dkr.ecr.eu-west-1.amazonaws.com/kmeans:1"),
        (
            images.pytorch("2.6", processor="gpu"),
            "us-gov-west-1",
            "442386744353.dkr.ecr.us-gov-west-1.amazonaws.com/pytorch-training:2.6-gpu-py312",
        ),
        (
            images.pytorch("2.4.0", processor="cpu", image_scope="inference_graviton"),
            "us-east-1",
            "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference-graviton:2.4.0-cpu-py311-ubuntu22.04-sagemaker",
        ),
        (
            images.huggingface("4.49", base_framework_version="pytorch2.5"),
            "us-east-1",
            (
                "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-training"
                ":2.5.1-transformers4.49.0-gpu-py311-cu124-ubuntu22.04"
            ),
        ),
        (
            images.spark("3.5", py_version="py39", container_version="1.0"),
            "us-east-1",
            "173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.5-cpu-py39-v1.0",
        ),
        (images.xgboost("latest"), "us-east-1", "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest"),
    ],
    ids=lambda value: value.family if isinstance(value, images.SageMakerImage) else "",
)
def test_uri_is(image, region, uri):
    assert image.uri(region) == uri


def test_every_image_has_the_form_of_ecr_in_every_region():
    seen = 0
    for family in images.families():
        for scopes, rows in images._data()["families"][family].items():  # noqa: SLF001  (to ask for each there is)
            for of_row, _, _, tags in rows:
                for version in of_row:
                    for processor, base, python, _ in tags:
                        image = images.image(
                            family,
                            version,
                            image_scope=scopes.split()[0],
                            processor=processor,
                            base_framework_version=base,
                            py_version=python,
                        )
                        assert image.regions
                        tagged = [image.uri(region) for region in image.regions]
                        assert [uri for uri in tagged if not ECR.fullmatch(uri)] == []
                        seen += len(tagged)
    assert seen > 10_000


@pytest.mark.parametrize("name", [name for name, value in vars(images).items() if isinstance(value, images.Algorithm)])
def test_built_in_algorithm_is_there(name):
    assert "us-east-1" in vars(images)[name]().regions


@pytest.mark.parametrize("name", [name for name, value in vars(images).items() if isinstance(value, images.Framework)])
def test_newest_framework_is_there(name):
    framework = vars(images)[name]
    newest = images.versions(framework.family, image_scope="inference")[-1]

    assert framework(newest, processor="cpu", image_scope="inference").version == newest


@pytest.mark.parametrize(
    ("region", "uri", "repository"),
    [
        (
            "cn-north-1",
            "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1",
            ":ecr:cn-north-1:450853457545:repository/sagemaker-xgboost",
        ),
        (
            "us-iso-east-1",
            "833128469047.dkr.ecr.us-iso-east-1.c2s.ic.gov/sagemaker-xgboost:1.7-1",
            ":ecr:us-iso-east-1:833128469047:repository/sagemaker-xgboost",
        ),
    ],
    ids=["china", "iso"],
)
def test_stack_with_a_region_has_the_literal_uri_and_pulls_from_it_alone(region, uri, repository):
    stack = trained(images.xgboost("1.7-1"), region)

    assert image_of(stack) == uri
    assert [json.dumps(resource).partition(":ecr:")[2].strip('"]} ') for resource in pulled(stack)] == [
        repository.removeprefix(":ecr:")
    ]
    assert mappings(stack) == {}


def test_stack_without_a_region_asks_a_mapping():
    stack = trained(images.xgboost("1.7-1"))

    ((name, accounts),) = mappings(stack).items()
    assert accounts["us-east-1"] == {"account": "683313688378"}
    assert accounts["cn-north-1"] == {"account": "450853457545"}
    assert tuple(accounts) == images.xgboost("1.7-1").regions
    account = {"Fn::FindInMap": [name, {"Ref": "AWS::Region"}, "account"]}
    raw = json.dumps(Template.from_stack(stack).find_resources("AWS::StepFunctions::StateMachine"))
    assert json.dumps(account) in raw
    assert '.dkr.ecr.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}, "/sagemaker-xgboost:1.7-1' in raw
    arn = ["arn:", {"Ref": "AWS::Partition"}, ":ecr:", {"Ref": "AWS::Region"}, ":", account]
    assert pulled(stack) == [{"Fn::Join": ["", [*arn, ":repository/sagemaker-xgboost"]]}]


def test_images_with_the_same_accounts_share_a_mapping(stack):
    first = TrainingJob(stack, "Boost", image=images.xgboost("1.7-1"), instance_type="ml.m5.large", output="s3://data/")
    second = ProcessingJob(stack, "Learn", image=images.sklearn("1.2-1"), instance_type="ml.m5.large")
    machine(stack, first.next(second))

    assert len(mappings(stack)) == 1
    assert len(pulled(stack)) == 2


def test_image_is_taken_in_raw_parameters_too(stack):
    image = images.kmeans()
    raw = {"AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"}}
    job = TrainingJob(stack, "Train", instance_type="ml.m5.large", output="s3://data/", parameters=raw)
    machine(stack, job)

    assert "/kmeans:1" in image_of(stack)


def test_image_that_is_not_in_the_region_of_the_stack_fails_and_names_the_field():
    with pytest.raises(InvalidInputError) as caught:
        trained(images.lda(), "cn-north-1")

    assert "AlgorithmSpecification.TrainingImage: lda 1 is not in this Region, got 'cn-north-1'" in str(caught.value)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: images.xgboost("1.7.1"), "image 'xgboost': no such version, got '1.7.1'; did you mean 1.7-1?"),
        (lambda: images.image("xgbost", "1"), "image 'xgbost': no such image, got 'xgbost'; did you mean xgboost?"),
        (
            lambda: images.pytorch("2.6", processor="tpu"),
            "image 'pytorch': no such processor of version 2.6, got 'tpu'; did you mean gpu?",
        ),
        (
            lambda: images.huggingface("4.49.0", image_scope="inference"),
            "image 'huggingface': processor of version 4.49.0 is missing; use one of gpu, cpu",
        ),
        (
            lambda: images.pytorch("0.4.0", processor="cpu"),
            "image 'pytorch': py_version of version 0.4.0 is missing; use one of py2, py3",
        ),
        (
            lambda: images.image("kmeans", processor="gpu"),
            "image 'kmeans': no such processor of version 1, got 'gpu'; leave it out",
        ),
        (
            lambda: images.image("spark", image_scope="training"),
            "image 'spark': no such image_scope, got 'training'; use one of processing",
        ),
        (
            lambda: images.image("pytorch", "2.6"),
            "image 'pytorch': image_scope is missing; use one of eia, ",
        ),
        (lambda: images.image("spark"), "image 'spark': no such version; use one of 2.4, 3.0, 3.1, "),
        (lambda: images.spark("3.5", py_version="py39"), "image 'spark': py_version and container_version go together"),
        (
            lambda: images.kmeans().uri("eu-wst-1"),
            "image 'kmeans': kmeans 1 is not in this Region, got 'eu-wst-1'; did you mean eu-west-1?",
        ),
    ],
    ids=["version", "family", "processor", "which", "python", "none", "scope", "scopes", "versions", "spark", "region"],
)
def test_what_is_not_there_fails_and_names_what_is(ask, message):
    with pytest.raises(InvalidInputError) as caught:
        ask()

    assert str(caught.value).startswith(message)


def test_importing_the_package_does_not_read_the_data(fresh):
    assert not [file for file in fresh["import"] if file.endswith("images.json")]
