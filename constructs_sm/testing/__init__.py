"""What tests need to look at a synthesized state machine. Used by the library's own tests, and meant for yours."""

from constructs_sm.testing.synthesized import definition, state_machine_policy, template

__all__ = ["definition", "state_machine_policy", "template"]
