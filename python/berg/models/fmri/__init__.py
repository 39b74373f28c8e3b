"""Models of fMRI responses."""

from berg.models.fmri import things_fmri_1_vit_b_32

__all__ = ["things_fmri_1_vit_b_32"]
