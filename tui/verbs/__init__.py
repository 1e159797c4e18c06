"""What actions and commands do: each module a group, each function one verb."""
