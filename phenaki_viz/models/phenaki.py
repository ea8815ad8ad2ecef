"""Phenaki: text to video by filling in tokens, a few more at every step."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import torch
from einops import rearrange, repeat
from torch import nn

from phenaki_viz.errors import ConfigError, ShapeError
from phenaki_viz.models.cvivit import CViViT
from phenaki_viz.models.maskgit import MaskGit, SelfCritic, TokenCritic
from phenaki_viz.models.text import T5Text

Schedule = Literal["fixed", "decay", "increase"]
Texts = Sequence[str] | str
# Words of each text as vectors 'b words c', and which of them are real, 'b words' bool.
EncodeTexts = Callable[[Sequence[str]], tuple[torch.Tensor, torch.Tensor]]
KEPT = -1e4  # score of a token that is settled: it is masked again only when nothing else is left


@dataclass(frozen=True)
class Decoding:
    """How tokens are filled in.

    cond_scale: guidance, 1 is none. starting_temperature: of the choice of codes, falling to 0.
    noise_K: noise on the critic's scores. steps: other than the model's.
    """

    cond_scale: float = 3.0
    starting_temperature: float = 0.9
    noise_K: float = 1.0  # noqa: N815, as published
    steps: int | None = None


PUBLISHED = Decoding()


@dataclass(frozen=True, eq=False)
class _Wanted:
    """The video that is made. prime: its codes that are there already, 'b n', of so many frames.
    grid: of all its tokens. conditions: what every pass of MaskGit and the critic is given.
    """

    prime: torch.Tensor
    primed_frames: int
    grid: tuple[int, int, int]
    conditions: dict[str, Any]


@dataclass(frozen=True, eq=False)
class SampleStep:
    """What one decoding step did to the tokens that are made, 'b n' each; priming excluded.

    step: from 0, of `of`. masked: True where the step had to fill in. codes: afterwards; the
    codes before are those of the step before, `mask_id` where masked. confidence: probability of
    each predicted code under the guided logits. scores: which is masked again next (highest first),
    by 1 − confidence or by the critic; None after the last step.
    """

    step: int
    of: int
    masked: torch.Tensor
    codes: torch.Tensor
    predicted: torch.Tensor
    confidence: torch.Tensor
    scores: torch.Tensor | None
    temperature: float


@dataclass(frozen=True, eq=False)
class Sampled:
    """codes: 'b t h w', priming included. video: 'b c f H W', priming left out."""

    codes: torch.Tensor
    video: torch.Tensor


class Phenaki(nn.Module):
    """C-ViViT, MaskGit and perhaps a critic, to sample from.

    encode_texts: from texts to vectors; when it is a module its weights are saved with the rest.
    t5_name: loads that T5 instead, as published, but only when it is named.
    steps: of decoding, in which the share of masked tokens falls along a cosine.
    Source: Villegas et al. 2022, Phenaki (arXiv 2210.02399), section 2.2 and 2.3; phenaki-pytorch
    0.5.0, Phenaki.
    """

    def __init__(
        self,
        *,
        maskgit: MaskGit,
        cvivit: CViViT,
        critic: TokenCritic | SelfCritic | None = None,
        encode_texts: EncodeTexts | None = None,
        t5_name: str | None = None,
        steps: int = 18,
        self_token_critic: bool = False,
        critic_noise_anneal_schedule: Schedule = "decay",
    ) -> None:
        super().__init__()
        if steps < 1:
            raise ConfigError(f"sampling takes at least 1 step, got {steps}")
        if self_token_critic and critic is not None:
            raise ConfigError("give a critic or ask for a self critic, not both")
        self.cvivit = cvivit
        self.maskgit = maskgit
        self.critic = SelfCritic(maskgit) if self_token_critic else critic
        if encode_texts is None and t5_name is not None:
            encode_texts = T5Text(t5_name)
        self.encode_texts = encode_texts
        self.steps = steps
        self.mask_id = maskgit.mask_id
        self.critic_noise_anneal_schedule = critic_noise_anneal_schedule

    @torch.no_grad()
    def sample(
        self,
        *,
        num_frames: int,
        texts: Texts | None = None,
        prime_frames: torch.Tensor | None = None,
        batch_size: int = 1,
        cond_scale: float = 3.0,
        starting_temperature: float = 0.9,
        noise_K: float = 1.0,  # noqa: N803, as published
    ) -> torch.Tensor:
        """A video 'b c f H W' of `num_frames` new frames; see `sample_steps`."""
        steps = self.sample_steps(
            num_frames=num_frames,
            texts=texts,
            prime_frames=prime_frames,
            batch_size=batch_size,
            decoding=Decoding(cond_scale, starting_temperature, noise_K),
        )
        *_, made = steps
        return cast(Sampled, made).video

    @torch.no_grad()
    def sample_steps(
        self,
        *,
        num_frames: int,
        texts: Texts | None = None,
        prime_frames: torch.Tensor | None = None,
        batch_size: int = 1,
        decoding: Decoding = PUBLISHED,
        generator: torch.Generator | None = None,
        before_step: Callable[[int], None] | None = None,
    ) -> Iterator[SampleStep | Sampled]:
        """Every decoding step as it is done, and at last the video.

        num_frames: frames to make. texts: one a video, or one for all. prime_frames: 'b c f H W'
        that come before. before_step: called with the number of the step that begins. The same
        generator state gives the same video.
        Raises ShapeError when the frames do not fit.
        """
        was_training = self.training
        self.eval()
        try:
            wanted = self._wanted(num_frames, texts, prime_frames, batch_size)
            yield from self._decode_steps(wanted, decoding, generator, before_step)
        finally:
            self.train(was_training)

    def _wanted(
        self,
        num_frames: int,
        texts: Texts | None,
        prime_frames: torch.Tensor | None,
        batch_size: int,
    ) -> _Wanted:
        context, text_mask = self._read(texts)
        batch_size = batch_size if context is None else context.shape[0]
        prime = self._prime(prime_frames, batch_size)
        primed_frames = 0 if prime_frames is None else prime_frames.shape[2]
        grid = self.cvivit.get_video_patch_shape(num_frames + primed_frames)
        conditions = {"video_patch_shape": grid, "context": context, "text_mask": text_mask}
        return _Wanted(prime, primed_frames, grid, conditions)

    def _decode_steps(
        self,
        wanted: _Wanted,
        decoding: Decoding,
        generator: torch.Generator | None,
        before_step: Callable[[int], None] | None,
    ) -> Iterator[SampleStep | Sampled]:
        prime, grid = wanted.prime, wanted.grid
        conditions = wanted.conditions | {"cond_scale": decoding.cond_scale}
        steps = self.steps if decoding.steps is None else decoding.steps
        first, n = prime.shape[1], math.prod(grid) - prime.shape[1]
        codes = torch.full((len(prime), n), self.mask_id, device=prime.device)
        masked = torch.ones_like(codes, dtype=torch.bool)
        for step in range(steps):
            if before_step:
                before_step(step)
            left = (steps - (step + 1)) / steps
            codes = torch.where(masked, self.mask_id, codes)
            holed = torch.cat((prime, codes), dim=1)
            logits = self.maskgit.forward_with_cond_scale(holed, **conditions)[:, first:]
            temperature = decoding.starting_temperature * left
            predicted = gumbel_sample(logits, temperature, generator)
            codes = torch.where(masked, predicted, codes)
            chosen = rearrange(predicted, "b n -> b n 1")
            confidence = logits.softmax(dim=-1).gather(2, chosen)[..., 0]
            scores = None
            if left:
                scores = torch.where(masked, 1 - confidence, KEPT)
                if self.critic is not None:
                    filled = torch.cat((prime, codes), dim=1)
                    scores = self.critic.forward_with_cond_scale(filled, **conditions)[:, first:]
                    scores = scores + decoding.noise_K * self._noise(scores, left, generator)
            yield SampleStep(step, steps, masked, codes, predicted, confidence, scores, temperature)
            if scores is not None:
                masked = highest(scores, masked_tokens(n, (step + 1) / steps))
        codes = torch.cat((prime, codes), dim=1)
        t, h, w = grid
        video = self.cvivit.decode_from_codebook_indices(codes)[:, :, wanted.primed_frames :]
        yield Sampled(rearrange(codes, "b (t h w) -> b t h w", t=t, h=h, w=w), video)

    def _read(self, texts: Texts | None) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        if texts is None or self.maskgit.unconditional:
            return None, None
        if self.encode_texts is None:
            raise ConfigError("this Phenaki has no text encoder: give encode_texts")
        return self.encode_texts([texts] if isinstance(texts, str) else texts)

    def _prime(self, frames: torch.Tensor | None, batch_size: int) -> torch.Tensor:
        """Codes of the frames that come before, 'b n'; none without them."""
        if frames is None:
            device = self.maskgit.token_emb.weight.device
            return torch.zeros((batch_size, 0), dtype=torch.long, device=device)
        if frames.ndim != 5 or frames.shape[0] not in (1, batch_size):
            found = " × ".join(map(str, frames.shape))
            raise ShapeError(
                f"priming frames are {found}: give one video, or {batch_size}, as batch × "
                "channels × frames × height × width"
            )
        codes = rearrange(self.cvivit.codes_of(frames), "b t h w -> b (t h w)")
        if len(codes) == batch_size:
            return codes
        return repeat(codes, "1 n -> b n", b=batch_size)

    def _noise(
        self, scores: torch.Tensor, left: float, generator: torch.Generator | None
    ) -> torch.Tensor:
        """Uniform noise around 0, as strong as the schedule says. left: share of steps to come."""
        strength = {
            "fixed": 1.0,
            "decay": left,
            "increase": 1 - left,
        }[self.critic_noise_anneal_schedule]
        return (uniform_like(scores, generator) - 0.5) * strength


def masked_tokens(n: int, done: float) -> int:
    """How many of n tokens are masked when the share `done` of the steps is done: a cosine."""
    share = torch.cos(torch.tensor(done) * math.pi * 0.5)
    return max(1, int((n * share).round()))


def highest(scores: torch.Tensor, count: int) -> torch.Tensor:
    """True at the `count` highest scores along the last axis, same shape, bool."""
    indices = scores.topk(count, dim=-1).indices
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, indices, True)


def gumbel_sample(
    logits: torch.Tensor, temperature: float, generator: torch.Generator | None = None
) -> torch.Tensor:
    """A code for each place, 'b n codes' → 'b n': by chance as their logits say; at 0 the best.

    The published noise is kept as it is, 1e-10 for 0 included.
    """
    noise = -torch.log(-torch.log(uniform_like(logits, generator) + 1e-10) + 1e-10)
    return (logits / max(temperature, 1e-10) + noise).argmax(dim=-1)


def uniform_like(tensor: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """Uniform in 0..1, of the same shape and on the same device."""
    return torch.rand(tensor.shape, generator=generator, device=tensor.device)
