"""States that stand between jobs: gates, fan-outs, approvals, deployments, failure handlers.

`gates` compare, `fan_out` and `parallel_jobs` run many, `approval` asks a person, `endpoint_deployment` serves,
`deletions` take away, `failure_handler` tells what failed, `input_guard` judges the execution's input.
"""

__all__ = ["endpoint_deployment", "failure_handler", "gates", "input_guard", "levels", "part_run"]
