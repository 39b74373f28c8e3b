# A model of one's own data, trained and measured; `make docs` runs it over a data set that it simulates.
# %% [markdown]
# # Train a model on your own data
#
# From the responses that a scanner measured to a model of each voxel, how well it predicts pictures that it has never
# seen, and how well any model could. The data are *simulated* here, small enough for a minute: a few voxels, few
# pictures, a random network. Your own data take the same four steps; where they come from and how they lie in files is
# in [training](../training.md), what the numbers mean in [accuracy](../accuracy.md).
# %%
import matplotlib.pyplot as plt
import numpy as np

import berg

name = "fmri-things_fmri_1-vit_b_32"
# %% [markdown]
# ## 1. Data
#
# `simulate` writes pictures and single-trial responses in the layout of THINGS-fMRI1: each picture for training is seen
# once, each of the test pictures in every session, which is what noise ceilings are estimated from.
# %%
berg.simulate("raw", voxels=1500, concepts=20, images_per_concept=12, test_images=40,
              image_size=128, show_progress=False)
# %% [markdown]
# ## 2. Prepared
#
# Split into training and test, z-scored within sessions, test pictures averaged over their repeats, into the folder of
# models.
# %%
berg.prepare("raw", subject=1, berg_dir="models", show_progress=False)
# %% [markdown]
# ## 3. Trained
#
# The network's features of each picture, their principal components, and a regression onto each voxel: ridge, with the
# strength that cross-validation finds best for the voxel. Stopped at any moment, the same call with `resume=True` goes on.
# %%
report = berg.train(name, subject=1, berg_dir="models", images="raw/images",
                    backbone="random:1", components=60, ridge=True, alpha_per_voxel=True,
                    alphas=[1e3, 1e4, 1e5, 1e6, 1e7, 1e8], show_progress=False)
print(f"{report['images']} pictures, {report['components']} components")
# %% [markdown]
# ## 4. Measured
#
# The correlation of what is predicted for the test pictures with what was measured, voxel by voxel, goes into the
# model's metadata, beside the noise ceiling: how well a perfect model would do, given the noise.
# %%
berg.evaluate(name, subject=1, berg_dir="models", images="raw/images",
              backbone="random:1", show_progress=False)
metadata = berg.BERG("models").get_model_metadata(name, subject=1)
accuracy = metadata["encoding_model"]["correlation_results"]
ceiling = np.sqrt(metadata["encoding_model"]["noise_ceiling_testset"] / 100)
for region in ("V1", "V2", "hV4"):
    voxels = metadata["roi"][region]
    print(f"{region}: mean correlation {np.nanmean(accuracy[voxels]):.2f}, "
          f"the most that noise allows {np.nanmean(ceiling[voxels]):.2f}")
# %% [markdown]
# ## By region
#
# The figure of `berg report`: bars are accuracy, the marks above them the ceiling.
# %%
berg.plot_accuracy(name, berg_dir="models", subject=1)
# %% [markdown]
# ## The map
#
# Accuracy where each voxel is, on slices from below to above, and each voxel's accuracy against its ceiling: a voxel on
# the line is predicted as well as can be.
# %%
place = metadata["fmri"]["voxel_coords"]
volume = np.full(place.max(axis=0) + 1, np.nan)
volume[tuple(place.T)] = accuracy
heights = np.linspace(*np.percentile(place[:, 2], (15, 85)), 3).astype(int)

figure, axes = plt.subplots(1, len(heights) + 1, figsize=(11, 3), layout="constrained")
colours = plt.get_cmap("viridis").with_extremes(bad="0.9")
for axis, height in zip(axes, heights):
    drawn = axis.imshow(volume[:, :, height].T, origin="lower", cmap=colours,
                        vmin=0, vmax=np.nanpercentile(accuracy, 99))
    axis.set_title(f"z = {height}")
    axis.axis("off")
figure.colorbar(drawn, ax=axes[:-1], label="correlation", shrink=0.8)
axes[-1].plot(ceiling, accuracy, ".", markersize=2)
axes[-1].plot([0, 1], [0, 1], color="black", linewidth=0.8)
axes[-1].set(xlabel="noise ceiling (correlation)", ylabel="accuracy (correlation)",
             xlim=(0, 1), ylim=(-0.5, 1))
figure
# %% [markdown]
# The model lies in `models` as the published ones do: `berg encode`, `berg report` and [the page about responses](responses.md)
# take it. For features and responses that are in memory already, of any network and any measure, `berg.fit` is the same
# solver:
# %%
random = np.random.default_rng(0)
features, weights = random.standard_normal((300, 50)), random.standard_normal((50, 20))
measured = features @ weights + 5 * random.standard_normal((300, 20))
fit = berg.fit(features[:200], measured[:200], components=50, ridge=True)
predicted = fit.predict(features[200:])
print(f"mean correlation {berg.correlate(predicted, measured[200:]).mean():.2f}")
