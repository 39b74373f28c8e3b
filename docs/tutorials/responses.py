# From pictures to the responses of a region; `make docs` runs it over a small model of simulated data.
# %% [markdown]
# # From pictures to the responses of a region
#
# Some pictures go in, the response that each voxel of a person's visual brain would give comes out, and from the voxels
# the responses of regions: early visual cortex, the fusiform face area, the parahippocampal place area.
#
# The model here was trained on *simulated* data with a random network, as `make demo` does it, so that this page could
# be made without a download: it shows how things are done, and nothing about brains. With the published model, which
# `berg fetch fmri-things_fmri_1-vit_b_32 --subject 1 --backbone` downloads, leave out `backbone=`.
# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from berg import BERG

name = "fmri-things_fmri_1-vit_b_32"
berg = BERG()  # the models are in the environment's BERG_DIR; or BERG(berg_dir="models")
model = berg.get_encoding_model(name, subject=1, backbone="random:1")
print(f"{len(model.voxels):,} voxels, in regions such as", *list(model.metadata["roi"])[:8])
# %% [markdown]
# ## The pictures
#
# Pictures of any size, as one array of whole numbers from 0 to 255: images, then red, green and blue, then rows and
# columns.
# %%
paths = sorted(Path("photos").iterdir())
pictures = [Image.open(path).convert("RGB").resize((256, 256)) for path in paths]
stimulus = np.stack([np.asarray(picture) for picture in pictures]).transpose(0, 3, 1, 2)

figure, axes = plt.subplots(1, len(paths), figsize=(11, 1.9), layout="constrained")
for axis, path, picture in zip(axes, paths, pictures):
    axis.imshow(picture)
    axis.set_title(path.stem)
    axis.axis("off")
figure
# %% [markdown]
# ## Responses
#
# One row a picture, one column a voxel, in units of a scanning session's z-scores: 0 is the voxel's mean in the session,
# 1 a standard deviation above it.
# %%
responses = berg.encode(model, stimulus, show_progress=False)
print(responses.shape, responses.dtype)
print("strongest:", responses.max().round(2), " weakest:", responses.min().round(2))
# %% [markdown]
# ## Regions
#
# `model.voxels` knows of each column where the voxel is and which regions it is in. A region's response is the mean over
# its voxels here; `berg encode ... --mean roi` gives the same from the shell.
# %%
regions = ["V1", "V2", "hV4", "lFFA", "lPPA"]
means = [responses[:, model.voxels.in_roi(region)].mean(axis=1) for region in regions]

figure, axis = plt.subplots(figsize=(9, 3.2), layout="constrained")
width = 0.8 / len(regions)
for number, region in enumerate(regions):
    axis.bar(np.arange(len(paths)) + number * width, means[number], width, label=region)
axis.set_xticks(np.arange(len(paths)) + 0.4 - width / 2, [path.stem for path in paths])
axis.set_ylabel("mean response (z)")
axis.axhline(0, color="black", linewidth=0.8)
axis.legend(ncols=len(regions), frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1))
figure
# %% [markdown]
# ## Where in the brain
#
# Coordinates are places in the subject's own volume, so that a response is put on slices by indexing. White is the mean
# of the session, red above it, blue below; grey is where there are no voxels.
# %%
place = model.voxels.coordinates
heights = np.linspace(*np.percentile(place[:, 2], (15, 85)), 4).astype(int)
figure, axes = plt.subplots(2, len(heights), figsize=(9, 4.6), layout="constrained")
limit = np.percentile(np.abs(responses), 99)
colours = plt.get_cmap("RdBu_r").with_extremes(bad="0.88")
for row, picture in zip(axes, ("face", "house")):
    volume = np.full(place.max(axis=0) + 1, np.nan)
    volume[tuple(place.T)] = responses[[path.stem for path in paths].index(picture)]
    for axis, height in zip(row, heights):
        drawn = axis.imshow(volume[:, :, height].T, origin="lower", cmap=colours,
                            vmin=-limit, vmax=limit)
        axis.set_title(f"{picture}, z = {height}", fontsize=9)
        axis.axis("off")
figure.colorbar(drawn, ax=axes, label="response (z)", shrink=0.8)
figure
# %% [markdown]
# ## Only what you need
#
# A selection is made before the computation, which then reads the weights of these voxels alone. Names of regions, or an
# expression ([selections](../selections.md)): here the voxels of V1 and V2 whose noise ceiling is above 20 %.
# %%
early = berg.get_encoding_model(name, subject=1, backbone="random:1",
                                selection="V1 + V2 & ceiling > 20")
print(berg.encode(early, stimulus, show_progress=False).shape)
model.cleanup()
early.cleanup()
# %% [markdown]
# Next: [ask questions of the scores](questions.md), or [train a model of your own](training.md).
