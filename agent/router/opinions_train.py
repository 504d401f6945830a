"""Trains the opinions: `python -m agent.router.opinions_train`. Needs scikit-learn, takes a minute.

It learns from `data/verdicts/*.tsv` and from the remarks in labelled reviews. It reports how many remarks of one
labelled file in eight, without a known verdict word, it read rightly when it had not seen them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from agent.router import references, slots
from agent.router.normalise import plain_layer
from agent.router.opinions import WEIGHTS, remark
from agent.router.tagger.data import LABELLED
from agent.router.tagger.verdicts import VERDICTS

REGULARISATION = 2.0  # C of scikit-learn


def snippets() -> Iterator[tuple[str, bool]]:
    for file in sorted(VERDICTS.glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            verdict, words = line.split("\t")
            yield words.replace("##", "they").replace("#", "it"), verdict == "yes"


def reviewed() -> Iterator[tuple[str, str, bool]]:
    """(file, remark, kept) of each part of a labelled review that says one thing of the pictures that it names."""
    for file in sorted(LABELLED.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            calls = json.loads(line)["calls"] if line.strip() else []
            for call in calls:
                if call["tool"] == "review_assets":
                    verdicts = {
                        ref: slot == "approve"
                        for slot, parts in call["slots"].items()
                        for part in parts
                        for ref in references.find(plain_layer(part).plain, None).refs
                    }
                    for chunk in slots.chunks(plain_layer(call["span"]).plain):
                        spans = references.find(chunk, None).spans
                        kept = {verdicts.get(ref) for span in spans for ref in span.refs}
                        said = remark(chunk, spans)
                        if len(kept) == 1 and None not in kept and said:
                            yield file.name, said, bool(kept.pop())


def main() -> None:
    from sklearn.linear_model import LogisticRegression

    from memory.embedder import Embedder

    embedder = Embedder()
    made, found = list(snippets()), list(reviewed())
    texts = [words for words, _ in made] + [said for _, said, _ in found]
    kept = np.array([yes for _, yes in made] + [yes for _, _, yes in found])
    vectors = np.asarray(embedder.encode(texts), np.float32)
    held = np.array([False] * len(made) + [name.endswith("-3.jsonl") for name, _, _ in found])
    unknown = np.array([not slots.verdict_words(text) for text in texts])

    def fit(rows: np.ndarray) -> LogisticRegression:
        return LogisticRegression(C=REGULARISATION, max_iter=3000).fit(vectors[rows], kept[rows])

    test = held & unknown
    right = float(np.mean(np.asarray(fit(~held).predict(vectors[test])) == kept[test]))
    print(json.dumps({"remarks": len(texts), "held_out": int(test.sum()), "right": round(right, 3)}))
    model = fit(np.ones(len(texts), bool))
    weights, bias = np.asarray(model.coef_)[0], np.asarray(model.intercept_)[0]
    np.savez_compressed(WEIGHTS, weights=weights.astype(np.float16), bias=np.float32(bias))


if __name__ == "__main__":
    main()
