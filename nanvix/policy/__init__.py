"""What a guest may ask of the host: rules, and the one place that decides."""
