"""The world that a rehearsal plays: SageMaker, other services, and the role that calls them."""
