# Questions asked of scores; `make docs` runs it over a small model of simulated data.
# %% [markdown]
# # Ask questions of the scores
#
# Before the regression a picture is a few hundred numbers, its *scores*. Kept once, a kilobyte a picture, they answer
# whatever is asked of regions, contrasts and similarities without the network: which pictures drive a region most, which
# voxels tell faces from houses, how alike two regions are. What a score is: [scores](../scores.md); the questions:
# [questions](../questions.md), [similarity](../similarity.md), [control](../control.md).
#
# The model is of *simulated* data with a random network: it shows how things are done, and nothing about brains.
# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import berg

name = "fmri-things_fmri_1-vit_b_32"
model = berg.BERG().get_encoding_model(name, subject=1, backbone="random:1")

# A folder of pictures: cuttings of a few, as any folder of yours would do
Path("pictures").mkdir()
random = np.random.default_rng(1)
for path in sorted(Path("photos").iterdir()):
    photo = Image.open(path).convert("RGB")
    for number in range(8):
        side = min(photo.size) * random.uniform(0.5, 1)
        left, top = (random.uniform(0, length - side) for length in photo.size)
        cutting = photo.resize((224, 224), box=(left, top, left + side, top + side))
        cutting.save(f"pictures/{path.stem}-{number}.png")
# %% [markdown]
# ## Scores, once
#
# The network runs here and never again. A store grows: pictures that it holds already are passed over.
# %%
store = berg.score(model, "pictures", "scores", show_progress=False)
print(store)
# %% [markdown]
# ## Which pictures drive a region most?
#
# Any number that can be said of regions ranks pictures: the mean of one, or a difference of two.
# %%
ranking = store.rank("mean(lFFA) - mean(lPPA)", top=6, bottom=6)
ends = ranking["subjects"][0]
figure, axes = plt.subplots(2, 6, figsize=(10, 3.8), layout="constrained")
for row, end in zip(axes, ("top", "bottom")):
    for axis, item in zip(row, ends[end]):
        axis.imshow(Image.open(item["name"]))
        axis.set_title(f"{item['value']:+.2f}")
        axis.axis("off")
figure.suptitle("lFFA more than lPPA (above), lPPA more than lFFA (below)")
figure
# %% [markdown]
# ## Which voxels tell faces from houses?
#
# Two groups of pictures, compared in every voxel. `t` grows with the number of pictures, `d`, the effect size, does not.
# %%
kinds = {kind: [image for image in store.names if Path(image).name.startswith(kind)]
         for kind in ("face", "house")}
contrast = store.contrast(kinds, "face - house")
strongest = contrast["about"]["strongest"]
print(f"voxel {strongest['column']}: t = {strongest['t']:.1f}")

place = model.voxels.coordinates
volume = np.full(place.max(axis=0) + 1, np.nan)
volume[tuple(place.T)] = contrast["t"]
heights = np.linspace(*np.percentile(place[:, 2], (15, 85)), 4).astype(int)
limit = np.nanpercentile(np.abs(contrast["t"]), 99)
colours = plt.get_cmap("RdBu_r").with_extremes(bad="0.88")
figure, axes = plt.subplots(1, len(heights), figsize=(10, 2.8), layout="constrained")
for axis, height in zip(axes, heights):
    drawn = axis.imshow(volume[:, :, height].T, origin="lower", cmap=colours,
                        vmin=-limit, vmax=limit)
    axis.set_title(f"z = {height}")
    axis.axis("off")
figure.colorbar(drawn, ax=axes, label="t, face - house")
figure
# %% [markdown]
# ## How alike are the pictures to a region?
#
# The matrix of similarities: the correlation of a region's patterns for each two pictures. Pictures cut out of one
# photo lie together.
# %%
matrices = store.rsm(["V1", "lLOC"])
photos = [Path(image).stem.rsplit("-", 1)[0] for image in store.names]
starts = [photos.index(photo) for photo in dict.fromkeys(photos)]
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for axis, (region, matrix) in zip(axes, matrices.items()):
    drawn = axis.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
    axis.set_title(region)
    axis.set_xticks(starts, dict.fromkeys(photos), rotation=90)
    axis.set_yticks(starts, dict.fromkeys(photos))
figure.colorbar(drawn, ax=axes, label="correlation of patterns", shrink=0.8)
figure
# %% [markdown]
# ## How alike are regions?
#
# Representational similarity analysis: the correlation of two regions' dissimilarities over all pairs of pictures, with
# intervals by bootstrap over pictures.
# %%
regions = ["V1", "V2", "hV4", "lLOC"]
rsa = store.rsa(regions, subject=1, permutations=200, bootstraps=200)
figure, axis = plt.subplots(figsize=(4.6, 3.6), layout="constrained")
drawn = axis.imshow(rsa["values"], vmin=0, vmax=1, cmap="viridis")
axis.set_xticks(range(len(regions)), regions)
axis.set_yticks(range(len(regions)), regions)
for (row, column), value in np.ndenumerate(rsa["values"]):
    axis.text(column, row, f"{value:.2f}", ha="center", va="center",
              color="black" if value > 0.6 else "white")
figure.colorbar(drawn, label="correlation of dissimilarities")
figure
# %% [markdown]
# ## From the shell
#
# The same, without Python: `berg score`, `berg rank`, `berg contrast`, `berg rsm` and `berg rsa`; [the manual](../../reference/berg.1.md)
# has their options.
# %%
model.cleanup()
