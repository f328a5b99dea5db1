"""The permissions that a request needs, of the execution role and of the state machine role."""

__all__ = [
    "access",
    "call_permissions",
    "data",
    "execution_role",
    "kept_results",
    "resource_arns",
    "sagemaker_keys",
    "scaling",
    "service_authorization",
    "state_machine_role",
    "statements",
]
