"""Names of tensors: what trainers wrap around them is taken off, and one set of weights chosen."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from phenaki_viz.errors import CheckpointError

# What torch.compile, data parallelism, FSDP, checkpointed activations and DeepSpeed put between the
# parts of a name, at any depth; no model here has a module of such a name.
WRAPPERS = re.compile(
    r"(?:^|(?<=\.))(?:_orig_mod|module|_fsdp_wrapped_module|_checkpoint_wrapped_module"
    r"|_forward_module)\."
)
# A tensor of each kind of model by which its place in the file is found.
MARKS = re.compile(
    r"(?P<root>(?:.*\.)?)"
    r"(?:spatial_rel_pos_bias\.net|to_patch_emb_first_frame|token_emb\.weight)(?:\.|$)"
)
PARTS = ("cvivit", "maskgit", "critic", "critic.maskgit")  # of a whole Phenaki
AVERAGE = re.compile(r"(?:^|[_.])(?:ema|swa|avg|averaged?|shadow)(?:[_.]|$)")
ONLINE = re.compile(r"(?:^|[_.])(?:online|current_model_state|raw)(?:[_.]|$)")
# Beside the weights of a model that is not wrapped: counters and states of training.
TRAINING = re.compile(
    r"(initted|steps?|global_step|epoch|n_averaged|num_updates|decay|version)$"
    r"|((discr_)?(optim|opt|optimizers?|optimizer_states)|(lr_)?schedulers?|scaler|loops|callbacks"
    r"|rng_states?|hyper_parameters|args|config)(\.|$)"
)
MOST_DEPTH = 16  # of dictionaries in dictionaries
NAMED = 5


@dataclass(frozen=True)
class Naming:
    """Which tensors of a file are the model's.

    chosen: where they are in the file, "" for no place of their own. places: all that could be
    chosen, the likely one first. names: the file's name of each tensor, by the model's name for it.
    notes: what was taken off and left out, in words.
    """

    chosen: str
    places: tuple[str, ...]
    names: Mapping[str, str]
    notes: tuple[str, ...]

    def of(self, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """What the file holds, by the model's names."""
        return {name: tensors[key] for name, key in self.names.items()}

    @property
    def why(self) -> str:
        """Why one of several places was chosen, in a sentence."""
        averages = " and ".join(place for place in self.places if _is_average(place))
        reason = f"{averages} is a moving average" if averages else "nothing says which is meant"
        return f"the file holds several sets of weights; {reason}"


def named(keys: Iterable[str], place: str | None = None) -> Naming:
    """Find the model among names of tensors. place: one of `Naming.places`, else the likely one.

    The moving average is likelier than the weights it was taken of. Raises CheckpointError when the
    place is none of them, or two tensors have one name once their wrappers are off.
    """
    stripped = {key: WRAPPERS.sub("", key) for key in keys}
    places = _places(stripped.values())
    if place is not None and place not in places:
        raise CheckpointError(
            f"there are no weights under {place!r}; the file has {_listed(places) or 'no names'}"
        )
    chosen = places[0] if place is None else place
    root = f"{chosen}." if chosen else ""
    others = tuple(f"{other}." for other in places if other != chosen and other.startswith(root))
    names: dict[str, str] = {}
    left: list[str] = []
    for key, name in stripped.items():
        inside = name.removeprefix(root)
        beside = not name.startswith(root) or (others and name.startswith(others))
        if beside or (not root and TRAINING.match(name)):
            left.append(key)
        elif inside in names:
            raise CheckpointError(
                f"{names[inside]} and {key} are both {inside} once their wrappers are taken off: "
                "save one set of weights"
            )
        else:
            names[inside] = key
    return Naming(chosen, places, names, tuple(_notes(stripped, places, chosen, left)))


def flattened(found: Any, name: str, how: str) -> tuple[dict[str, torch.Tensor], tuple[str, ...]]:
    """Every tensor of a trainer's dictionary by its dotted name; and what else there is, in words.

    name: of the file. how: what to do instead, for the message. Raises CheckpointError when there
    is no tensor in it.
    """
    if not isinstance(found, dict) or not found:
        raise CheckpointError(f"{name} holds a {type(found).__name__}, not named tensors: {how}")
    tensors: dict[str, torch.Tensor] = {}
    others: list[str] = []
    _flatten(found, (), tensors, others)
    if not tensors:
        kinds = ", ".join(f"{_word(key)[:40]} ({type(value).__name__})" for key, value in
                          list(found.items())[:NAMED])  # fmt: skip
        raise CheckpointError(f"{name} is a dictionary of {kinds or 'nothing'}, not of tensors: "
                              f"{how}")  # fmt: skip
    left = tuple(dict.fromkeys(others))
    return tensors, (f"left out: {_listed(left)}",) if left else ()


def _flatten(
    found: dict[Any, Any],
    above: tuple[str, ...],
    tensors: dict[str, torch.Tensor],
    others: list[str],
) -> None:
    if len(above) >= MOST_DEPTH:  # a pickle can hold a dictionary that holds itself
        raise CheckpointError(f"{'.'.join(above)[:60]}… is nested more than {MOST_DEPTH} deep")
    for key, value in found.items():
        path = (*above, _word(key))
        if not above and TRAINING.match(path[0]):
            others.append(path[0][:40])  # of an optimiser: as large as the model, and not wanted
        elif isinstance(value, torch.Tensor):
            tensors[".".join(path)] = value
        elif isinstance(value, dict) and value:
            _flatten(value, path, tensors, others)
        else:
            others.append(path[0][:40])


def _word(key: Any) -> str:
    """A key as a part of a name; what is neither word nor small number is not written out."""
    plain = isinstance(key, str) or (isinstance(key, int) and abs(key) < 2**63)
    return str(key)[:300] if plain else f"a {type(key).__name__}"


def _places(names: Iterable[str]) -> tuple[str, ...]:
    """Where models are, the likely one first; "" where names begin with the model's own parts."""
    seen: dict[str, None] = {}
    for name in names:
        if match := MARKS.match(name):
            seen.setdefault(match["root"].removesuffix("."))
    wholes = {_above(root) for root in seen if _last(root) == "maskgit"}
    wholes &= {_above(root) for root in seen if _last(root) == "cvivit"}
    of_wholes = {f"{whole}.{part}".removeprefix(".") for whole in wholes for part in PARTS}
    found = [root for root in seen if root not in of_wholes]
    return tuple(sorted((*sorted(wholes), *found), key=_unlikelihood)) or ("",)


def _above(root: str) -> str:
    return root.rpartition(".")[0]


def _last(root: str) -> str:
    return root.rpartition(".")[2]


def _is_average(place: str) -> bool:
    """Whether weights are a moving average; the innermost word that says so decides."""
    for part in reversed(place.split(".")):
        if ONLINE.search(part):
            return False
        if AVERAGE.search(part):
            return True
    return False


def _unlikelihood(place: str) -> int:
    return 0 if _is_average(place) else 2 if ONLINE.search(place) else 1


def _notes(
    stripped: Mapping[str, str], places: tuple[str, ...], chosen: str, left: list[str]
) -> Iterable[str]:
    wrapped = {match[0] for key in stripped for match in WRAPPERS.finditer(key)}
    prefixes = sorted(wrapped) + ([f"{chosen}."] if chosen else [])
    if prefixes:
        yield f"taken off the names: {', '.join(prefixes)}"
    if len(places) > 1:
        average = _is_average(chosen)
        what, are = ("the moving average", "is") if average else ("the weights", "are")
        others = [place for place in places if place != chosen]
        yield f"{what} under {_listed([chosen])} {are} used; the file also has {_listed(others)}"
    if left:
        yield f"left out: {_listed(dict.fromkeys(_first(stripped[key], chosen) for key in left))}"


def _first(name: str, chosen: str) -> str:
    """The part of a name by which what is left out is called: the first that is not shared."""
    shared = chosen.split(".")
    parts = name.split(".")
    for at, part in enumerate(parts):
        if at >= len(shared) or part != shared[at]:
            return ".".join(parts[: at + 1])
    return name


def _listed(names: Iterable[str]) -> str:
    names = [one or "the names without a prefix" for one in names]
    more = f", … ({len(names)} in all)" if len(names) > NAMED + 1 else ""
    return ", ".join(names[: NAMED + 1]) + more
