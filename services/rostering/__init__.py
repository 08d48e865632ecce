"""Drafting a ward's month: the problem, its constraints, what came of it, and the draft's way."""
