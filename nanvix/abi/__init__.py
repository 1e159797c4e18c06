"""The guest-host contract: the one source from which both sides take their constants."""
