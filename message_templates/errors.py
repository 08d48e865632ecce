"""What can be wrong with a template; every message names the file and the cure."""

from __future__ import annotations


class TemplateError(Exception):
    """A template is missing, does not parse, or cannot be rendered with the facts it got."""
