"""How ``deberta/`` was made: random weights, so that its tags are many and odd.

    pip install torch==2.13.0 transformers==5.24.0 onnx
    python tests/golden/transformers/make_deberta.py

The other folders hold models that were trained for a moment; see README.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import UnigramTrainer
from transformers import (
    DebertaV2Config,
    DebertaV2ForTokenClassification,
    PreTrainedTokenizerFast,
    pipeline,
)

HERE = Path(__file__).parent
OUT = HERE / "deberta"
N_TEXTS = 55  # the hostile ones and ten passages


class Logits(torch.nn.Module):
    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def make_tokenizer(texts: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    trainer = UnigramTrainer(
        vocab_size=1200, special_tokens=special, unk_token="[UNK]", show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return tokenizer


def main() -> None:
    torch.manual_seed(3)
    with (HERE / "bert-cased" / "recorded.jsonl").open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    config = json.loads((HERE / "bert-cased" / "config.json").read_text("utf-8"))
    id2label = {int(index): tag for index, tag in config["id2label"].items()}
    tokenizer = make_tokenizer(texts)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        mask_token="[MASK]",
        model_max_length=512,
    )
    settings = DebertaV2Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
        relative_attention=True,
        position_buckets=64,
        pos_att_type=["p2c", "c2p"],
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        position_biased_input=False,
        type_vocab_size=0,
        id2label=id2label,
        label2id={tag: index for index, tag in id2label.items()},
        pad_token_id=0,
        initializer_range=0.35,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = DebertaV2ForTokenClassification(settings).eval()
    with torch.no_grad():
        model.classifier.weight.mul_(2.0)
    OUT.mkdir(exist_ok=True)
    wrapped.save_pretrained(OUT)
    settings.save_pretrained(OUT)
    ids = torch.tensor([[1, 7, 8, 9, 10, 2], [1, 7, 8, 9, 2, 0]])
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        Logits(model),
        (ids, (ids != 0).long()),
        str(OUT / "model.onnx"),
        input_names=names,
        output_names=["logits"],
        dynamic_axes={n: {0: "batch", 1: "sequence"} for n in [*names, "logits"]},
        opset_version=17,
        dynamo=False,
    )
    strategies = ("none", "simple", "first", "average", "max")
    pipes = {
        strategy: pipeline(
            "token-classification",
            model=model,
            tokenizer=wrapped,
            aggregation_strategy=strategy,
        )
        for strategy in strategies
    }
    with (OUT / "recorded.jsonl").open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts[:N_TEXTS]):
            row = {"id": number, "text": text}
            for strategy, pipe in pipes.items():
                row[strategy] = [plain(entity) for entity in pipe(text)]
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def plain(entity: dict) -> dict:
    entity["score"] = round(float(entity["score"]), 6)
    return {
        key: value if isinstance(value, str | float) else int(value)
        for key, value in entity.items()
    }


if __name__ == "__main__":
    main()
