"""Sheets that hospitals really have: read, checked, compared and written. Pure, no clock."""
