"""The permissions that a request needs, of the execution role and of the state machine role.

`access` finds what a request uses; `data_access` grants reading and writing of data, a channel's say; `execution_role`
and `state_machine_role` put the statements together.
"""

__all__ = [
    "access",
    "call_permissions",
    "data_access",
    "execution_role",
    "kept_results",
    "resource_arns",
    "sagemaker_keys",
    "scaling",
    "service_authorization",
    "state_machine_role",
    "statements",
]
