#!/usr/bin/env python3
"""The accuracy of a model trained on simulated data, region by region, beside what the simulation says could be reached.

    berg simulate raw; berg prepare raw ...; berg train ...; berg evaluate ...
    accuracy_by_region.py BERG_DIR 1 raw

Needs NumPy and the berg package. "accuracy" is the mean correlation with the averaged test responses; "ceiling" the highest that any
model can reach given the noise, as evaluate estimates it from the repeats and as the simulation knows it.
"""
import argparse
import pathlib

import numpy as np

from berg import BERG

MODEL = "fmri-things_fmri_1-vit_b_32"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir")
    parser.add_argument("subject", type=int)
    parser.add_argument("raw", type=pathlib.Path)
    arguments = parser.parse_args()

    metadata = BERG(berg_dir=arguments.berg_dir).get_model_metadata(MODEL, subject=arguments.subject)
    truth = np.load(arguments.raw / "truth" / f"sub-{arguments.subject:02d}.npz")
    accuracy = metadata["encoding_model"]["correlation_results"]
    estimated = np.sqrt(metadata["encoding_model"]["noise_ceiling_testset"] / 100)
    known = np.sqrt(truth["nc_testset"] / 100)

    regions = {name: voxels for name, voxels in metadata["roi"].items() if len(voxels)}
    regions["whole brain"] = np.arange(len(accuracy))
    print(f"{'region':12} {'voxels':>7} {'accuracy':>9} {'ceiling':>8} {'known':>7} {'share':>7}")
    for name, voxels in regions.items():
        r, ceiling, limit = (np.nanmean(values[voxels]) for values in (accuracy, estimated, known))
        print(f"{name:12} {len(voxels):7,} {r:9.3f} {ceiling:8.3f} {limit:7.3f} {r / limit:7.0%}")


if __name__ == "__main__":
    main()
