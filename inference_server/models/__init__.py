"""The neural renderers, one file per family, behind the interface in `base`.

May import torch, numpy, safetensors, `shared` and `inference_server.cards`; knows no job, file or socket.
"""
