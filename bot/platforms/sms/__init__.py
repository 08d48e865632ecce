"""Text messages to people outside, through a provider of the hospital's choice."""
