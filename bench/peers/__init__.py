"""libberg beside other ways to run the same model, in one run and in turns: `make peers`.

systems.py says who takes part; libberg.py, program.py, upstream.py, torch_network.py, onnx_runtime.py and open_vino.py are the
peers; worker.py is the process that each of them lives in; turns.py gives them their turns; table.py makes the table.
"""
