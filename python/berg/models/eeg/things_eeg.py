"""The name that upstream's module had before: see things_eeg2_vit_b_32."""

from berg.models.eeg.things_eeg2_vit_b_32 import EEGEncodingModel

__all__ = ["EEGEncodingModel"]
