"""torchvision's ViT-B/32 as torch and the exports of it take it."""
import torch
import torchvision


def vit_b_32(backbone):
    """With the weights of a .pth, for evaluation."""
    network = torchvision.models.vit_b_32(weights=None)
    network.load_state_dict(torch.load(backbone, map_location="cpu", weights_only=True))
    return network.eval()


class BlockOutputs(torch.nn.Module):
    """(n, 3, 224, 224) -> (n, 12, 50, 768). Ends with the last block: norm and head give nothing that the model uses."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, inputs):
        network, outputs = self.network, []
        patches = network._process_input(inputs)
        class_tokens = network.class_token.expand(inputs.shape[0], -1, -1)  # len(inputs) would be a constant of the export
        tokens = torch.cat([class_tokens, patches], dim=1) + network.encoder.pos_embedding
        for block in network.encoder.layers:
            tokens = block(tokens)
            outputs.append(tokens)
        return torch.stack(outputs, dim=1)


def block_outputs(backbone):
    # The fast path is one opaque operator, which can be neither exported nor compiled.
    torch.backends.mha.set_fastpath_enabled(False)
    return BlockOutputs(vit_b_32(backbone)).eval()
