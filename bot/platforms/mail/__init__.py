"""E-mail to people outside the organisation, over SMTP."""
