"""Understanding a candidate's free reply to an interview invitation: rules as data, no model."""
