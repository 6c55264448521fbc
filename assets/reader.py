"""A language model that scores and writes answers in batches; torch is imported where it is used."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assets.base_model import Encoded, logits_at

if TYPE_CHECKING:
    from torch import Tensor

Ids = Sequence[int]


class Reader:
    """Scores and writes answers with one model, on the GPU where there is one.

    Prompts given together usually begin alike (the same instruction, the same shots). What they share
    is read once and its keys and values are reused, which is what makes five-shot prompts affordable.
    """

    def __init__(self, model: Any, *, pad: int, end: int) -> None:
        import torch

        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model, self._pad, self._end = model.to(self._device), pad, end

    def nll(self, examples: Sequence[Encoded], *, batch_tokens: int) -> list[float]:
        """Return for each example the negative log-likelihood of its answer, nats, summed over its tokens."""
        import torch
        from torch.nn.functional import cross_entropy

        if not examples:
            return []
        shared = _shared([e.input_ids for e in examples], most=min(e.answer_start for e in examples) - 1)
        rests = [e.input_ids[shared:] for e in examples]
        found = [0.0] * len(examples)
        with torch.inference_mode():
            cache = self._read(examples[0].input_ids[:shared])
            for batch in _batches(rests, batch_tokens):
                ids, mask = self._padded([rests[i] for i in batch], left=False)
                at = torch.zeros_like(mask, dtype=torch.bool)
                for row, i in enumerate(batch):
                    at[row, examples[i].answer_start - shared : len(rests[i])] = True
                logits = logits_at(
                    self._model,
                    torch.nn.functional.pad(at[:, 1:], (0, 1)),  # the logits behind a token speak of the next one
                    input_ids=ids,
                    attention_mask=torch.cat([mask.new_ones(len(batch), shared), mask], dim=1),
                    position_ids=torch.arange(shared, shared + ids.shape[1], device=self._device).expand_as(ids),
                    past_key_values=_for(cache, len(batch)),
                    use_cache=shared > 0,
                )
                each = torch.zeros_like(mask, dtype=torch.float64)
                each[at] = cross_entropy(logits.float(), ids[at], reduction="none").double()
                for i, total in zip(batch, each.sum(1).tolist(), strict=True):
                    found[i] = total
        return found

    def write(self, prompts: Sequence[Ids], *, max_new_tokens: int, batch_size: int) -> list[list[int]]:
        """Return for each prompt the tokens of the likeliest answer, step by step, without its end of turn."""
        import torch

        if not prompts:
            return []
        shared = _shared(prompts, most=min(map(len, prompts)) - 1)
        rests = [list(p[shared:]) for p in prompts]
        answers: list[list[int]] = [[] for _ in prompts]
        order = sorted(range(len(rests)), key=lambda i: (len(rests[i]), i))
        with torch.inference_mode():
            cache = self._read(prompts[0][:shared])
            for start in range(0, len(order), batch_size):
                batch = order[start : start + batch_size]
                ids, mask = self._padded([rests[i] for i in batch], left=True)
                prefix = self._tensor([prompts[0][:shared]] * len(batch))
                written = self._model.generate(
                    input_ids=torch.cat([prefix, ids], dim=1),
                    attention_mask=torch.cat([torch.ones_like(prefix), mask], dim=1),
                    past_key_values=_for(cache, len(batch)),
                    max_new_tokens=max_new_tokens,
                    do_sample=False,
                    pad_token_id=self._pad,
                    eos_token_id=self._end,
                )[:, shared + ids.shape[1] :].tolist()
                for i, row in zip(batch, written, strict=True):
                    answers[i] = row[: row.index(self._end)] if self._end in row else row
        return answers

    def _read(self, prefix: Ids) -> Any:
        """Return the keys and values of what all prompts share; None if that is nothing."""
        if not prefix:
            return None
        return self._model(input_ids=self._tensor([prefix]), logits_to_keep=1, use_cache=True).past_key_values

    def _padded(self, rows: Sequence[Ids], *, left: bool) -> tuple[Tensor, Tensor]:
        import torch

        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), self._pad)
        mask = torch.zeros_like(ids)
        for i, row in enumerate(rows):
            place = slice(longest - len(row), longest) if left else slice(0, len(row))
            ids[i, place] = torch.tensor(row)
            mask[i, place] = 1
        return ids.to(self._device), mask.to(self._device)

    def _tensor(self, rows: Sequence[Ids]) -> Tensor:
        import torch

        return torch.tensor([list(row) for row in rows], device=self._device, dtype=torch.long)


def _for(cache: Any, rows: int) -> Any:
    """Return a copy of the shared keys and values for a batch: a forward pass adds its own to it."""
    if cache is None:
        return None
    own = copy.deepcopy(cache)
    own.batch_repeat_interleave(rows)
    return own


def _shared(sequences: Sequence[Ids], *, most: int) -> int:
    """Return how many tokens all sequences begin with alike, `most` at most.

    >>> _shared([[1, 2, 3], [1, 2, 4]], most=5)
    2
    """
    first, last = min(map(tuple, sequences)), max(map(tuple, sequences))  # if these two agree, all do
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return max(0, min(same, most))


def _batches(rows: Sequence[Ids], most_tokens: int) -> Iterator[list[int]]:
    """Cut the rows, by length, into batches of at most `most_tokens`, padding included.

    >>> list(_batches([[1] * 4, [1], [1] * 2], 4))
    [[1, 2], [0]]
    """
    batch: list[int] = []
    for i in sorted(range(len(rows)), key=lambda i: (len(rows[i]), i)):
        if batch and (len(batch) + 1) * len(rows[i]) > most_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


Grouped = Callable[[list[int]], list[Any]]


def by_group(groups: Sequence[str], do: Grouped) -> list[Any]:
    """Apply `do` to the positions of each group of prompts that begin alike, and put the results in order."""
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    found: dict[int, Any] = {}
    for positions in members.values():
        found.update(zip(positions, do(positions), strict=True))
    return [found[i] for i in range(len(groups))]
