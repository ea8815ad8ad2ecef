"""What can be wrong with a file: bytes, lengths, and what its header says."""

import json
import struct
from random import Random
from typing import Any

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 255, 2**16, 2**24, 2**31, 2**53, 2**63, 10**30, 0.5, -1e308,
    float("nan"), float("inf"), "", "x", "x" * 2000, "\ud800", "\0", "F64", "I64", "BOOL", "dense",
    "factored", [], [0], [-1], [2**40, 2**40], [0, 0, 0], [[[]]], ["a"] * 50, {}, {"a": {}},
)  # fmt: skip
HEADERS = ("phenaki_viz.recording", "phenaki_viz")


def damaged(content: bytes, chance: Random) -> tuple[str, bytes]:
    """One way of damage, and the file with it."""
    kinds = [flipped, flipped_at_the_start, cut, lengthened, blanked, mislaid]
    if content[8:9] == b"{":
        kinds += [forged] * 6
    kind = chance.choice(kinds)
    return kind.__name__, kind(content, chance)


def flipped(content: bytes, chance: Random) -> bytes:
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def flipped_at_the_start(content: bytes, chance: Random) -> bytes:
    head = min(len(content), chance.choice((8, 64, 4096)))
    return flipped(content[:head], chance) + content[head:]


def cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.choice((chance.randrange(len(content)), chance.randrange(200)))]


def lengthened(content: bytes, chance: Random) -> bytes:
    return content + chance.randbytes(chance.choice((1, 8, 1000)))


def blanked(content: bytes, chance: Random) -> bytes:
    first = chance.randrange(len(content))
    many = min(len(content) - first, chance.choice((1, 16, 4096)))
    return content[:first] + bytes(many) + content[first + many :]


def mislaid(content: bytes, chance: Random) -> bytes:
    """A stretch of bytes from elsewhere in the file."""
    to, start = chance.randrange(len(content)), chance.randrange(len(content))
    some = content[start : start + chance.choice((4, 64, 4096))]
    return content[:to] + some + content[to + len(some) :]


def forged(content: bytes, chance: Random) -> bytes:
    """The header, or what we wrote in it, says something else; digests are taken away."""
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    texts = header.get("__metadata__", {})
    ours = next((key for key in HEADERS if key in texts), None)
    if ours and chance.random() < 0.8:
        said = json.loads(texts[ours])
        said.pop("digests", None)
        for _ in range(chance.choice((1, 1, 2))):
            _twist(said, chance)
        texts[ours] = json.dumps(said)
    else:
        _twist(header, chance)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def _twist(tree: Any, chance: Random) -> None:
    """Change one value somewhere in a tree of dictionaries and lists."""
    while True:
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        if not keys:
            return
        key = chance.choice(keys)
        inner = tree[key]
        if not (isinstance(inner, (dict, list)) and inner and chance.random() < 0.85):
            break
        tree = inner
    way = chance.randrange(4)
    number = isinstance(inner, (int, float)) and not isinstance(inner, bool)
    if way == 0:
        del tree[key]
    elif way == 1 and number:
        tree[key] = inner * chance.choice((-1, 2, 10, 1000, 10**6, 10**12))
    elif way == 2 and isinstance(tree, list):
        tree.append(inner)
    else:
        tree[key] = chance.choice(NASTY)
