"""The solver of roster drafts: OR-Tools CP-SAT, in a process of its own."""
