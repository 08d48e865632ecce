"""How large a sheet may be. A ward's month is 60 × 40 cells; these leave room and no more."""

MAX_BYTES = 10 * 1024 * 1024
MAX_UNPACKED_BYTES = 48 * 1024 * 1024
MAX_MEMBERS = 500
MAX_TAGS = 1_000_000
MAX_RECORDS = 400_000
MAX_ROWS = 5_000
MAX_COLUMNS = 400
MAX_CELLS = 150_000
"""Cells with something in them, over all visible sheets."""
MAX_TEXT = 5_000_000
"""Characters over all cells, however often one shared text is referred to."""
MAX_SHEETS = 60
MAX_AREA = MAX_ROWS * MAX_COLUMNS
"""Cells, blank ones included, over all sheets."""
