"""SageMaker, other services and the state machine role, as a rehearsal plays them."""
