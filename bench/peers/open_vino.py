"""OpenVINO: float32 pinned, bf16 by the same hint, int8 by NNCF calibrated on synthetic images."""
from .pipeline import Pipeline

PACKAGES = ("openvino", "nncf", "numpy")
CALIBRATION_IMAGES = 50


def file_of(case, precision):
    return case.path("openvino-int8" if precision == "int8" else "openvino-f32") / "vit.xml"


def prepare(case, precision):
    import openvino
    if precision == "int8":
        prepare(case, "f32")
    with case.making(file_of(case, precision).parent.name) as folder:
        if folder:
            model = quantised(case, openvino.Core().read_model(file_of(case, "f32"))) if precision == "int8" else exported(case)
            openvino.save_model(model, folder / "vit.xml", compress_to_fp16=False)


def exported(case):
    import openvino
    import torch

    from .network import block_outputs
    return openvino.convert_model(block_outputs(case.backbone), example_input=torch.rand(2, 3, 224, 224))


def quantised(case, model):
    import nncf

    from .prepare import CALIBRATION_SEED, synthetic
    images = case.normalised(synthetic(CALIBRATION_IMAGES, CALIBRATION_SEED))
    return nncf.quantize(model, nncf.Dataset([image[None] for image in images]), model_type=nncf.ModelType.TRANSFORMER,
                         subset_size=CALIBRATION_IMAGES)


class Peer(Pipeline):
    def __init__(self, case, precision, figures):
        super().__init__(case, figures)
        self.file, self.requests = file_of(case, precision), {}
        self.properties = {"INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32", "PERFORMANCE_HINT": "LATENCY",
                           "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": case.threads}

    def request(self, images):
        """One for each number of images: static shapes are what its CPU plugin is fastest with."""
        if images not in self.requests:
            import openvino
            core = openvino.Core()
            model = core.read_model(self.file)
            model.reshape([images, 3, 224, 224])
            self.requests[images] = core.compile_model(model, "CPU", self.properties).create_infer_request()
        return self.requests[images]

    def forward(self, inputs):
        """What comes back is the request's own memory, used before the next call."""
        return self.request(len(inputs)).infer([inputs], share_inputs=True, share_outputs=True)[0]
