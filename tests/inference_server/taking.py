"""Plans of layers that are painted by a model which takes one more input than labels."""

from inference_server.broker.requests import job_spec
from inference_server.models.cards import load_card
from inference_server.worker.plan import make_plan
from shared import places


def planner(add_sleep_model, takes, base):
    """plan(layer, ...) of passes in the folder `base`; the model takes `takes`, each where nothing else is said."""

    def plan(*layers, takes=takes, base=base, uploaded=False, **shot):
        folder = places.models_folder() / takes
        if not folder.exists():
            add_sleep_model(takes)
            card = places.read_json(folder / "card.json")
            places.write_json(folder / "card.json", {**card, "inputs": {"labels": card["inputs"]["labels"], takes: {}}})
        about = {"name": "s", "fps": 24, "first": 1001, "last": 1002, "model": load_card(folder).name}
        spec = {"shot": {**about, "layers": list(layers), **shot}}
        return make_plan(job_spec(spec, base, base.parent / "out", None, uploaded), "job")

    return plan
