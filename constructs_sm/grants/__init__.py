"""The permissions that a request needs, of the execution role and of the state machine role."""

__all__ = ["access", "data", "execution_role", "scaling", "service_authorization", "state_machine_role", "statements"]
