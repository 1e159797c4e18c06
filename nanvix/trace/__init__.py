"""The event stream: written as JSON Lines, normalised, compared."""
