"""A real OpenAI-compatible server nobody here wrote: llama.cpp, over a model of random weights made on the spot.

It answers nonsense, in the right shape where it enforces one: what a contract test wants.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CONTEXT = 16384  # tokens for the two requests it can serve at once

_SERVE = """
import signal, sys, xllamacpp as x
p = x.CommonParams()
p.model.path = sys.argv[1]
p.port = int(sys.argv[2])
p.n_ctx = int(sys.argv[3])
p.n_parallel = 2
p.cpuparams.n_threads = 2
p.warmup = False
server = x.Server(p)
signal.pause()
"""

_LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789äöüßÄÖÜ.,:;!?"{}[]()-_%'
_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: "


def write_tiny_model(path: Path) -> None:
    """Half a megabyte of random weights in llama's architecture, with a vocabulary of bytes and letters."""
    import gguf

    embedding, layers, heads, forward = 64, 2, 4, 128
    kind = gguf.TokenType
    tokens = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(256))]
    kinds = [kind.UNKNOWN, kind.CONTROL, kind.CONTROL] + [kind.BYTE] * 256
    scores = [0.0] * 259
    for rank, letter in enumerate(["\u2581", *_LETTERS]):
        tokens.append(letter.encode())
        kinds.append(kind.NORMAL)
        scores.append(-float(rank + 1))
    random = np.random.default_rng(0)

    def weights(*shape: int) -> NDArray[np.float32]:
        return (random.standard_normal(shape) * 0.08).astype(np.float32)

    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(embedding)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_rope_dimension_count(embedding // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(_TEMPLATE)
    ones = np.ones(embedding, np.float32)
    writer.add_tensor("token_embd.weight", weights(len(tokens), embedding))
    writer.add_tensor("output_norm.weight", ones)
    writer.add_tensor("output.weight", weights(len(tokens), embedding))
    for block in range(layers):
        for name, shape in (
            ("attn_q", (embedding, embedding)),
            ("attn_k", (embedding, embedding)),
            ("attn_v", (embedding, embedding)),
            ("attn_output", (embedding, embedding)),
            ("ffn_gate", (forward, embedding)),
            ("ffn_up", (forward, embedding)),
            ("ffn_down", (embedding, forward)),
        ):
            writer.add_tensor(f"blk.{block}.{name}.weight", weights(*shape))
        writer.add_tensor(f"blk.{block}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{block}.ffn_norm.weight", ones)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@contextmanager
def llama_server(folder: Path) -> Iterator[str]:
    """The address of a running server; its log is ``folder/server.log``."""
    model = folder / "tiny.gguf"
    write_tiny_model(model)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(model), str(port), str(CONTEXT)], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(server, port, folder / "server.log")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()
            server.wait()


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(1200):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended at once: {log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server was not ready: {log.read_text(errors='replace')[-2000:]}")
