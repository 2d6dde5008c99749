"""Frames that hold still, and frames of any size: what is done around the models, whatever the model.

Pure functions of plain arrays; `tiles` alone knows what a model is. Imports `inference_server.models.base`, `cards`,
`shared`, numpy, cv2 and numba; never the worker, the broker or files.
"""
