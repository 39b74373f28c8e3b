"""torch alone: the network compiled (f32), or under autocast (bf16). Compiled and under autocast at once was left out: three times
slower than either on a machine without AMX."""
from .pipeline import Pipeline

PACKAGES = ("torch", "torchvision", "numpy")


class Peer(Pipeline):
    def __init__(self, case, precision, figures):
        import os
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(case.path(f"inductor-{case.isa}")))  # compiled once, then found again
        import torch

        from .network import block_outputs
        torch.set_num_threads(case.threads)
        torch.set_grad_enabled(False)
        self.torch, self.precision = torch, precision
        self.network = block_outputs(case.backbone)
        if precision == "f32":
            import torch._inductor.config
            torch._inductor.config.freezing = True  # weights are constants, packed once
            self.network = torch.compile(self.network, dynamic=False)
        super().__init__(case, figures)

    def forward(self, inputs):
        with self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.precision == "bf16"):
            return self.network(self.torch.from_numpy(inputs)).float().numpy()
