"""The errors of the Model SDK, which models raise and catch. Python 3.6, standard library."""


class RunwayError(Exception):
    """message: what happened; code: of the HTTP answer that it was."""

    words = "An unknown error occurred"
    code = 500

    def __init__(self, *about: str) -> None:
        self.message = ": ".join((self.words,) + tuple(str(one) for one in about)) + "."
        super().__init__(self.message)

    def to_response(self) -> "dict[str, str]":
        return {"error": self.message, "traceback": ""}


class MissingOptionError(RunwayError):
    words, code = "Missing option", 400


class MissingInputError(RunwayError):
    words, code = "Missing input", 400


class InvalidInputError(RunwayError):
    words, code = "Invalid input", 400


class InvalidArgumentError(RunwayError):
    words, code = "Invalid argument", 400


class MissingArgumentError(RunwayError):
    words = "Missing argument"


class InferenceError(RunwayError):
    words = "Inference error"


class SetupError(RunwayError):
    words = "Setup error"


class UnknownCommandError(RunwayError):
    words, code = "Unknown command", 404
