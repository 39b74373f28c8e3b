"""What every model offers."""
