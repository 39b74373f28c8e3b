"""Models of MEG responses."""

from berg.models.meg import things_meg_1_vit_b_32

__all__ = ["things_meg_1_vit_b_32"]
