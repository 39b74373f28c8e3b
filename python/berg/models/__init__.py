"""The models. Importing one registers it."""

from berg.models import fmri

__all__ = ["fmri"]
