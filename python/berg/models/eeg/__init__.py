"""Models of EEG responses."""

from berg.models.eeg import things_eeg2_vit_b_32

__all__ = ["things_eeg2_vit_b_32"]
