"""How fast, how late, how big: measured beside a bare baseline, never asserted in tests."""
