"""The permissions that a request needs, of the execution role and of the state machine role."""
