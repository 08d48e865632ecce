"""How large a sheet may be. A ward's month is 60 × 40 cells; these leave room and no more."""

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED_BYTES = 48 * 1024 * 1024
MAX_MEMBERS = 500
MAX_ROWS = 5_000
MAX_COLUMNS = 400
MAX_CELLS = 200_000
"""Cells with something in them, over all visible sheets."""
MAX_TEXT = 20_000_000
"""Characters over all cells, however often one shared text is referred to."""
MAX_SHEETS = 60
