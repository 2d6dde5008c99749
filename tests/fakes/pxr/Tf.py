class ErrorException(RuntimeError):
    """What USD's Python raises [docs: Tf.ErrorException is a RuntimeError]."""
