"""The package's entry point, its exceptions, the registry of models and the checks of their parameters."""
