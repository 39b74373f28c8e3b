"""The models. Importing one registers it."""

from berg.models import eeg, fmri, meg, utah_array

__all__ = ["eeg", "fmri", "meg", "utah_array"]
