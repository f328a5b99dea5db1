"""States that stand between jobs: gates, fan-outs, approvals, deployments, failure handlers."""
