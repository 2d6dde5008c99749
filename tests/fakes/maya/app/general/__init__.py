"""maya.app.general of the fake."""
