"""ONNX Runtime: float32, and int8 by quantize_dynamic (weights a channel, activations as they come)."""
from .pipeline import Pipeline

PACKAGES = ("onnxruntime", "onnx", "numpy")


def file_of(case, precision):
    return case.path(f"onnxruntime-{precision}") / "vit.onnx"


def prepare(case, precision):
    if precision != "f32":
        prepare(case, "f32")
    with case.making(f"onnxruntime-{precision}") as folder:
        if folder:
            {"f32": export, "int8": quantise}[precision](case, folder)


def export(case, folder):
    import torch

    from .network import block_outputs
    torch.onnx.export(block_outputs(case.backbone), (torch.rand(2, 3, 224, 224),), folder / "vit.onnx", input_names=["images"],
                      output_names=["features"], dynamic_shapes=({0: "batch"},), external_data=False, dynamo=True)


def quantise(case, folder):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process
    shapes = folder / "shapes.onnx"
    quant_pre_process(str(file_of(case, "f32")), str(shapes), skip_symbolic_shape=True)
    quantize_dynamic(str(shapes), str(folder / "vit.onnx"), weight_type=QuantType.QInt8, per_channel=True)
    shapes.unlink()


class Peer(Pipeline):
    def __init__(self, case, precision, figures):
        super().__init__(case, figures)
        self.file, self.sessions = str(file_of(case, precision)), {}

    def session(self, images):
        """One for each number of images: with the shape known, attention is fused and twice as fast."""
        if images not in self.sessions:
            import onnxruntime
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self.case.threads
            options.add_free_dimension_override_by_name("batch", images)
            self.sessions[images] = onnxruntime.InferenceSession(self.file, options, providers=["CPUExecutionProvider"])
        return self.sessions[images]

    def forward(self, inputs):
        return self.session(len(inputs)).run(None, {"images": inputs})[0]
