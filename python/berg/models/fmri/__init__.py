"""Models of fMRI responses."""

from berg.models.fmri import nsd_fsaverage_vit_b_32, things_fmri_1_vit_b_32

__all__ = ["nsd_fsaverage_vit_b_32", "things_fmri_1_vit_b_32"]
