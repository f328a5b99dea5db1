"""Limits that a platform team sets to jobs: judged in requests, and as conditions of IAM."""

__all__ = ["further_apis", "judging", "kinds", "limits", "patterns", "rails", "statements", "table"]
