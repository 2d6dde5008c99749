"""A stand-in for a coordinator: it tells machines and takes runs by the verbs, one step when the test says so."""

from tests.inference_server.servers import wait_for


class Farm:
    """What a coordinator tells and takes; a run is painted by the server itself, as a piece."""

    def __init__(self, client):
        self.client = client

    def meet(self, *names):
        told = [{"name": name, "slots": 1, "devices": ["cpu"], "version": "1", "own": name == "own"} for name in names]
        self.client.request("told_machines", {"machines": told})

    def take(self, machine):
        taken = {"machine": "farm", "hands_on": True}
        run = wait_for(lambda: self.client.request("take_chunk", taken)[0]["chunk"])
        assert self.told(run, machine, 0)
        return run

    def told(self, run, machine, done):
        body = {"task": run["task"], "machine": "farm", "painter": machine, "done": done}
        return self.client.request("told_chunk", body)[0]["wanted"]

    def paint(self, run, machine):
        names = ("shot", "base", "out", "frames", "layers", "format", "owner", "priority")
        piece = {**{name: run[name] for name in names}, "part": "paint", "of": run["job"], "movie": "none"}
        *_, last = self.client.watch(self.client.submit(piece))
        counts = {name: last["body"][name] for name in ("painted", "kept", "copied")}
        self.client.request("end_chunk", {"task": run["task"], "machine": "farm", "painter": machine, **counts})
