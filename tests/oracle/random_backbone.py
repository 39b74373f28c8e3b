"""The backbone `random:SEED` of docs/random-backbone.md in NumPy: the twin of src/vit/random_backbone.c."""
import numpy as np

OUTLIER_CHANNELS = 8
BLOCK = [("ln_1.weight", (768,), "gain"), ("ln_1.bias", (768,), 0.02),
         ("self_attention.in_proj_weight", (2304, 768), 768 ** -0.5),
         ("self_attention.in_proj_bias", (2304,), 0.02),
         ("self_attention.out_proj.weight", (768, 768), 768 ** -0.5),
         ("self_attention.out_proj.bias", (768,), 0.02),
         ("ln_2.weight", (768,), "gain"), ("ln_2.bias", (768,), 0.02),
         ("mlp.0.weight", (3072, 768), 768 ** -0.5), ("mlp.0.bias", (3072,), 0.02),
         ("mlp.3.weight", (768, 3072), 3072 ** -0.5), ("mlp.3.bias", (768,), 0.02)]
TENSORS = [("class_token", (1, 1, 768), 0.1), ("conv_proj.weight", (768, 3, 32, 32), 3072 ** -0.5),
           ("conv_proj.bias", (768,), 0.02), ("encoder.pos_embedding", (1, 50, 768), 0.1)]
TENSORS += [(f"encoder.layers.encoder_layer_{layer}.{name}", shape, std)
            for layer in range(12) for name, shape, std in BLOCK]


def bits(seed, tensor, index):
    """64 mixed bits for each element of `index` (uint64 array), all arithmetic modulo 2^64."""
    start = (seed * 0xD1342543DE82EF95 + (tensor << 40)) % 2 ** 64
    x = (index + np.uint64(start)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def normal(seed, tensor, count, std):
    """float32 (count,): nearly normal values, the sum of four 16-bit uniform ones centred and scaled."""
    scale, values, part = np.float32(std / 37837.2265), np.empty(count, np.float32), 1 << 15
    for start in range(0, count, part):  # pieces that stay in the cache
        x = bits(seed, tensor, np.arange(start, min(start + part, count), dtype=np.uint64))
        fields = x.view(np.uint16).reshape(-1, 4).sum(axis=1, dtype=np.int32)
        values[start:start + part] = (fields - 131070).astype(np.float32) * scale
    return values


def gains(seed, tensor):
    """float32 (768,): LayerNorm gains around 1, up to eight of them twelve times as large."""
    outliers = bits(seed, tensor, 2 ** 32 + np.arange(OUTLIER_CHANNELS, dtype=np.uint64)) % np.uint64(768)
    values = np.float32(1) + normal(seed, tensor, 768, 0.1)
    values[np.unique(outliers).astype(np.intp)] *= np.float32(12)
    return values


def random_backbone(seed):
    """All tensors, float32, under torchvision's names (without encoder.ln and heads)."""
    state = {}
    for t, (name, shape, std) in enumerate(TENSORS):
        values = gains(seed, t) if std == "gain" else normal(seed, t, int(np.prod(shape)), std)
        state[name] = values.reshape(shape)
    return state
