"""The whole model in float64 NumPy, from its definition: what the library's numbers are held against.

Simple on purpose: no step is fused or reordered for speed. Everything works in the dtype asked for, float64
unless said.
"""
import math
import pathlib

import numpy as np

from random_backbone import random_backbone

LAYERS, TOKENS, CHANNELS, HEADS = 12, 50, 768, 12
FEATURES = LAYERS * TOKENS * CHANNELS
MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
MODEL_FOLDER = "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32"


def load_backbone(source):
    """`random:SEED` or a .npz, as a dict of arrays under torchvision's names."""
    if str(source).startswith("random:"):
        return random_backbone(int(str(source)[len("random:"):]))
    with np.load(source) as archive:
        return {name: archive[name] for name in archive.files}


def load_subject(berg_dir, subject):
    """(weights, metadata): the two dicts of upstream's layout, unpickled, fine for files that we made."""
    folder = pathlib.Path(berg_dir) / MODEL_FOLDER
    return tuple(np.load(folder / part / f"{stem}_sub-0{subject}.npy", allow_pickle=True).item()
                 for part, stem in (("encoding_models_weights", "weights"), ("metadata", "metadata")))


def erf(x):
    values = np.fromiter(map(math.erf, x.ravel().tolist()), np.float64, x.size)
    return values.reshape(x.shape).astype(x.dtype, copy=False)


def layer_norm(x, gain, bias):
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-6) * gain + bias


def attention(x, in_weight, in_bias, out_weight, out_bias):
    """Self-attention of x (images, tokens, channels): q, k, v are thirds of in_proj, heads slices of 64."""
    images, tokens, channels = x.shape
    qkv = (x @ in_weight.T + in_bias).reshape(images, tokens, 3, HEADS, channels // HEADS)
    q, k, v = qkv.transpose(2, 0, 3, 1, 4)  # each (images, heads, tokens, 64)
    logits = q @ k.transpose(0, 1, 3, 2) / math.sqrt(channels // HEADS)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    heads = (weights @ v).transpose(0, 2, 1, 3).reshape(images, tokens, channels)
    return heads @ out_weight.T + out_bias


def mlp(x, in_weight, in_bias, out_weight, out_bias):
    hidden = x @ in_weight.T + in_bias
    hidden = 0.5 * hidden * (1 + erf(hidden * math.sqrt(0.5)))
    return hidden @ out_weight.T + out_bias


def normalise(pixels, dtype=np.float64):
    """uint8 (images, 3, 224, 224) to what the network takes in."""
    mean, std = (constant.astype(dtype)[:, None, None] for constant in (MEAN, STD))
    return (pixels.astype(dtype) / dtype(255) - mean) / std


def embed(backbone, pixels, dtype=np.float64):
    """(images, 50, 768): the class token, then the 49 patches row by row, with their positions added."""
    images = len(pixels)
    grid = normalise(pixels, dtype).reshape(images, 3, 7, 32, 7, 32)
    patches = grid.transpose(0, 2, 4, 1, 3, 5).reshape(images, 49, 3072)
    kernel = backbone["conv_proj.weight"].astype(dtype).reshape(CHANNELS, 3072)
    tokens = patches @ kernel.T + backbone["conv_proj.bias"].astype(dtype)
    class_token = np.broadcast_to(backbone["class_token"].astype(dtype), (images, 1, CHANNELS))
    return np.concatenate([class_token, tokens], axis=1) + backbone["encoder.pos_embedding"].astype(dtype)


def block(backbone, layer, x):
    """Output of encoder block `layer` for its input x (images, 50, 768), in the dtype of x."""
    def weight(name):
        return backbone[f"encoder.layers.encoder_layer_{layer}.{name}"].astype(x.dtype)
    x = attention(layer_norm(x, weight("ln_1.weight"), weight("ln_1.bias")),
                  weight("self_attention.in_proj_weight"), weight("self_attention.in_proj_bias"),
                  weight("self_attention.out_proj.weight"), weight("self_attention.out_proj.bias")) + x
    return x + mlp(layer_norm(x, weight("ln_2.weight"), weight("ln_2.bias")),
                   weight("mlp.0.weight"), weight("mlp.0.bias"), weight("mlp.3.weight"), weight("mlp.3.bias"))


def block_outputs(backbone, pixels, dtype=np.float64):
    """The features, (images, 12, 50, 768), of uint8 pixels (images, 3, 224, 224)."""
    x, outputs = embed(backbone, pixels, dtype), []
    for layer in range(LAYERS):
        x = block(backbone, layer, x)
        outputs.append(x)
    return np.stack(outputs, axis=1)


def scores(weights, features):
    """Principal component scores (images, components) of features, layer after layer."""
    features = features.reshape(len(features), FEATURES)
    scaler, pca = weights["scaler_param"], weights["pca_param"]
    total = 0
    for first in range(0, FEATURES, TOKENS * CHANNELS):
        part = slice(first, first + TOKENS * CHANNELS)
        z = (features[:, part].astype(np.float64) - scaler["mean_"][part]) / scaler["scale_"][part]
        total = total + (z - pca["mean_"][part]) @ pca["components_"][:, part].astype(np.float64).T
    return total


def responses(weights, component_scores):
    """Responses (images, voxels) of scores (images, components)."""
    regression = weights["reg_param"]
    return component_scores @ regression["coef_"].astype(np.float64).T + regression["intercept_"]


def encode(weights, backbone, pixels):
    """Responses (images, voxels), float64, of uint8 pixels (images, 3, 224, 224)."""
    return responses(weights, scores(weights, block_outputs(backbone, pixels)))


def spread_error(values, reference):
    """(largest, rms) error in units of each column's standard deviation over the rows of the reference."""
    relative = (values - reference) / reference.std(axis=0)
    return float(np.abs(relative).max()), float(np.sqrt(np.mean(relative ** 2)))
