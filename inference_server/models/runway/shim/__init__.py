"""The folder that comes first on the path of a model's interpreter."""
