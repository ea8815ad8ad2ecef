"""The shipped model, as the app runs it: one look with every map, and a sampled video.

    python -m benchmarks.trained

Each beside the same without recording, in turns.
"""

import torch

from benchmarks.timing import take_turns
from phenaki_viz.checkpoints import open_checkpoint
from phenaki_viz.data import DIGIT_CLIPS, SHIPPED_MODEL, digit_clip, read_prompt, to_tensor
from phenaki_viz.models import Phenaki
from phenaki_viz.runs.model import RunOptions, run_model
from phenaki_viz.runs.sampled import Sampling, sample


def main() -> None:
    """Print medians, quartiles and ratios."""
    model = open_checkpoint(SHIPPED_MODEL).model
    if not isinstance(model, Phenaki):
        raise TypeError(f"{SHIPPED_MODEL.name} is no whole Phenaki")
    caption = next(iter(DIGIT_CLIPS.values()))
    clip, prompt = digit_clip(caption), read_prompt(caption)
    video = to_tensor(clip, channels=1)

    def plain() -> None:
        with torch.inference_mode():
            quantised, codes, _ = model.cvivit.quantise(
                model.cvivit.encode(model.cvivit.embed(video))
            )
            model.cvivit.decode(quantised)
            context, mask = model.encode_texts([caption])
            model.maskgit(codes, context=context, text_mask=mask)

    ways = {
        "look, every map recorded and verified": lambda: run_model(
            model, clip, prompt, RunOptions(frames=9)
        ),
        "the same forward, nothing recorded": plain,
    }
    _print(take_turns(ways, rounds=15))
    run = run_model(model, clip, prompt, RunOptions(frames=9))
    maps = f"{len(run.recording)} maps, {run.recording.nbytes / 1e6:.2f} MB"
    print(f"recorded forward alone: {1e3 * run.seconds:.1f} ms, {maps}")
    ways = {
        "sample, 18 guided steps, every step's attention recorded": lambda: sample(
            model, prompt, Sampling()
        ),
        "the same sample, nothing recorded": lambda: model.sample(num_frames=9, texts=[caption]),
    }
    _print(take_turns(ways, rounds=5))


def _print(taken) -> None:
    for name, timing in taken.items():
        print(f"{name}: {timing}")
    first, second = (timing.median for timing in taken.values())
    print(f"ratio {first / second:.2f}")


if __name__ == "__main__":
    main()
