"""Pipelines that are made already, as constructs or from settings alone."""

from constructs_sm.blueprints.batch_inference import BatchInference
from constructs_sm.blueprints.train_and_deploy import TrainAndDeploy
from constructs_sm.blueprints.tune_and_deploy import TuneAndDeploy

__all__ = ["BatchInference", "TrainAndDeploy", "TuneAndDeploy"]
