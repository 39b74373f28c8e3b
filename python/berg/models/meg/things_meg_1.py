"""The name that upstream's module had before: see things_meg_1_vit_b_32."""

from berg.models.meg.things_meg_1_vit_b_32 import MEGEncodingModel

__all__ = ["MEGEncodingModel"]
