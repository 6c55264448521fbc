"""A BERT token classifier from 4-bit ONNX weights, for inference in torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

from assets.errors import RefineryError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_ZERO = 8
"""What stands for 0 among the sixteen values of a 4-bit weight (MatMulNBits of com.microsoft, without zero points)."""


class Bert:
    """The network; only what inference needs.

    Args:
        path: An ONNX export of `BertForTokenClassification` whose matrices are packed by MatMulNBits.
        config: The model's `config.json`.
        precision: Number format of the matrices.
    """

    def __init__(self, path: Path, config: Mapping[str, Any], precision: torch.dtype) -> None:
        self._weights = {name: w.to(precision) for name, w in _weights(path).items()}
        self._layers, self._heads = config["num_hidden_layers"], config["num_attention_heads"]
        self._epsilon = config["layer_norm_eps"]
        w = self._weights
        for i in range(self._layers):  # one product instead of three
            own = f"bert.encoder.layer.{i}.attention.self."
            for kind in ("weight", "bias"):
                w[f"{own}all.{kind}"] = torch.cat([w.pop(f"{own}{p}.{kind}") for p in ("query", "key", "value")])

    @torch.inference_mode()
    def __call__(self, ids: Sequence[Sequence[int]], length: int, rows: int) -> Tensor:
        """Return label probabilities (rows, length, labels), float32; what lies beyond a text means nothing.

        What a text gets does not depend on its neighbours.

        Args:
            ids: The texts' tokens.
            length: Length to which they are filled up.
            rows: Number of texts to which they are filled up.
        """
        tokens = torch.zeros((rows, length), dtype=torch.long)
        for i, row in enumerate(ids):
            tokens[i, : len(row)] = torch.tensor(row)
        lengths = torch.tensor([*map(len, ids), *[1] * (rows - len(ids))])
        mask = (torch.arange(length) < lengths[:, None])[:, None, None, :]
        x = self._embedded(tokens)
        for i in range(self._layers):
            x = self._layer(f"bert.encoder.layer.{i}.", x, mask)
        return self._linear("classifier", x).float().softmax(-1)

    def _embedded(self, tokens: Tensor) -> Tensor:
        w, own = self._weights, "bert.embeddings."
        places = w[f"{own}position_embeddings.weight"][: tokens.shape[1]] + w[f"{own}token_type_embeddings.weight"][0]
        return self._norm(f"{own}LayerNorm", w[f"{own}word_embeddings.weight"][tokens] + places)

    def _layer(self, own: str, x: Tensor, mask: Tensor) -> Tensor:
        texts, length, width = x.shape
        parts = self._linear(f"{own}attention.self.all", x).view(texts, length, 3, self._heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        seen = seen.transpose(1, 2).reshape(texts, length, width)
        x = self._norm(f"{own}attention.output.LayerNorm", x + self._linear(f"{own}attention.output.dense", seen))
        wide = gelu(self._linear(f"{own}intermediate.dense", x))
        return self._norm(f"{own}output.LayerNorm", x + self._linear(f"{own}output.dense", wide))

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, name: str, x: Tensor) -> Tensor:
        w = self._weights
        return layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], self._epsilon)


def _weights(path: Path) -> dict[str, Tensor]:
    """Read and unpack an ONNX file's weights, by the names they have in `BertForTokenClassification`.

    Raises:
        RefineryError: It holds an operator that is not known here.
    """
    from onnx import load, numpy_helper

    graph = load(path).graph
    raw = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    out = {name: w for name, w in raw.items() if name.endswith((".weight", ".bias"))}
    for node in graph.node:
        if node.op_type == "MatMulNBits":
            shape = {a.name: a.i for a in node.attribute}
            if shape["bits"] != 4 or len(node.input) > 3:
                raise RefineryError(
                    path.name, "its weights are packed in a way not known here", "use the pinned package"
                )
            name = node.name.strip("/").removesuffix("/MatMul_Q4").replace("/", ".")
            packed, scales = raw[node.input[1]], raw[node.input[2]]
            out[f"{name}.weight"] = _unpacked(packed, scales, shape["N"], shape["K"])
    for name in [n.removesuffix("_quantized") for n in raw if n.endswith("_quantized")]:
        levels = raw[f"{name}_quantized"].astype(np.float32) - np.float32(raw[f"{name}_zero_point"])
        out[name] = levels * raw[f"{name}_scale"]
    return {name: torch.from_numpy(np.array(w)) for name, w in out.items()}


def _unpacked(packed: NDArray[np.uint8], scales: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Unpack a matrix (rows, columns) of 4-bit weights: two to a byte, low half first, one scale a block."""
    levels = np.stack([packed & 15, packed >> 4], axis=-1).reshape(rows, scales.size // rows, -1)
    wide = (levels.astype(np.float32) - _ZERO) * scales.reshape(rows, -1, 1)
    return np.ascontiguousarray(wide.reshape(rows, -1)[:, :columns])
