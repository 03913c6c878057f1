"""Contrast cases out of a user's own references: what they say, what they do not say, and what they do not mention."""
