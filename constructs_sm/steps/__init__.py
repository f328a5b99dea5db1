"""States that stand between jobs: gates, fan-outs, approvals, deployments, failure handlers."""

__all__ = ["endpoint_deployment", "failure_handler", "gates", "input_guard", "levels", "part_run"]
