"""What a platform team lets jobs be, read from requests and from the conditions of IAM."""

__all__ = ["judging", "kinds", "limits", "patterns", "rails", "statements", "table"]
