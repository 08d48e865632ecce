"""What the console's pages read. Each read takes the actor and keeps to their scope."""
