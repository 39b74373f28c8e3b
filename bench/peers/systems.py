"""The systems that take part, in the order of the table."""
import dataclasses
import importlib


@dataclasses.dataclass(frozen=True)
class System:
    name: str  # as --systems takes it: "onnxruntime-int8", or the family alone
    label: str
    module: str  # of this package, with a class Peer and, where something is made once and kept on disk, prepare(case, precision)
    precision: str
    alone: bool = False  # a program: every call is a new process, so it has a first response and no turns

    @property
    def family(self):
        return self.name.partition("-")[0]

    def load(self):
        return importlib.import_module(f"peers.{self.module}")


SYSTEMS = [
    System("libberg-f32", "libberg", "libberg", "f32"),
    System("libberg-bf16", "libberg", "libberg", "bf16"),
    System("libberg-int8", "libberg", "libberg", "int8"),
    System("program-f32", "libberg's program", "program", "f32", alone=True),
    System("program-bf16", "libberg's program", "program", "bf16", alone=True),
    System("program-int8", "libberg's program", "program", "int8", alone=True),
    System("upstream", "upstream's pipeline", "upstream", "f32"),
    System("torch-f32", "torch, compiled", "torch_network", "f32"),
    System("torch-bf16", "torch, autocast", "torch_network", "bf16"),
    System("onnxruntime-f32", "ONNX Runtime", "onnx_runtime", "f32"),
    System("onnxruntime-int8", "ONNX Runtime", "onnx_runtime", "int8"),
    System("openvino-f32", "OpenVINO", "open_vino", "f32"),
    System("openvino-bf16", "OpenVINO", "open_vino", "bf16"),
    System("openvino-int8", "OpenVINO", "open_vino", "int8"),
]


def chosen(names):
    """The systems of `names`, which are systems or families of them ("openvino"); None: all. ValueError: no such system."""
    if not names:
        return list(SYSTEMS)
    for name in names:
        if not any(matches(system, name) for system in SYSTEMS):
            raise ValueError(f"no system {name}; there are {', '.join(system.name for system in SYSTEMS)}")
    return [system for system in SYSTEMS if any(matches(system, name) for name in names)]


def matches(system, name):
    return name in (system.name, system.family)
