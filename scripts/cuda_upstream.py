#!/usr/bin/env python3
"""cuda_upstream.py [COLUMNS]: upstream's pipeline on this machine's GPU, as its code goes: torchvision's ViT-B/32 on the device, the
twelve blocks' outputs to the host, standardisation, PCA and regression there. Random weights, which cost the same. Exit status 77: there is no torch with a device."""
import sys
import time


def main():
    columns = int(sys.argv[1]) if len(sys.argv) > 1 else 211339
    try:
        import numpy as np
        import torch
        import torchvision
    except ImportError as error:
        print(error)
        return 77
    if not torch.cuda.is_available():
        print("this torch sees no device")
        return 77
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    network = torchvision.models.vit_b_32(weights=None).eval().cuda()
    taken = []
    for layer in network.encoder.layers:
        layer.register_forward_hook(lambda module, inputs, output: taken.append(output.detach().cpu().numpy()))
    rng = np.random.default_rng(0)
    features = 12 * 50 * 768
    mean, scale = rng.standard_normal(features), rng.uniform(0.5, 2, features)
    components = rng.standard_normal((250, features), dtype=np.float32)
    coefficients = rng.standard_normal((columns, 250), dtype=np.float32)
    images = torch.randint(0, 256, (100, 3, 224, 224), dtype=torch.uint8)
    middle = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)

    def encode():
        taken.clear()
        with torch.no_grad():
            network(((images / 255 - middle) / deviation).cuda())
        x = np.concatenate([block.reshape(len(images), -1) for block in taken], axis=1)
        return ((x - mean) / scale).astype(np.float32) @ components.T @ coefficients.T

    encode()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        encode()
        seconds.append(time.perf_counter() - start)
    print(f"figure: upstream's pipeline by torch {torch.__version__} on {torch.cuda.get_device_name()}, {columns} columns, "
          f"{len(images)} images: {len(images) / sorted(seconds)[1]:.1f} images/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
