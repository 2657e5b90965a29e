"""Put the small, distinct files of saved Spark NLP models into models/ beside this file.

    python tests/golden/sparknlp/make_models.py FOLDER_OF_SAVED_MODELS

The zips of weights are described in zips.json: their entries are files of
tests/golden/transformers or of weights/. tests/sparknlp_models.py puts all together.
"""

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
GOLDEN = HERE.parent


def digest(data):
    return hashlib.sha256(data).hexdigest()


def main(source):
    target = HERE / "models"
    shutil.rmtree(target, ignore_errors=True)
    known = {
        digest(path.read_bytes()): path.relative_to(GOLDEN).as_posix()
        for path in sorted(GOLDEN.glob("transformers/*/model.onnx"))
    }
    target.mkdir()
    shutil.copy(source.parent / "recorded" / "variants.json", target)
    zips, same = {}, {}
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        name = path.relative_to(source).as_posix()
        data = path.read_bytes()
        if path.name.endswith(".crc") or path.name == "_SUCCESS":
            continue
        if zipfile.is_zipfile(path):
            zips[name] = []
            for info in zipfile.ZipFile(path).infolist():
                content = zipfile.ZipFile(path).read(info)
                if digest(content) not in known:
                    n_same = sum(info.filename in w for w in known.values())
                    weights = target / "weights" / f"{n_same}-{info.filename}"
                    weights.parent.mkdir(parents=True, exist_ok=True)
                    weights.write_bytes(content)
                    known[digest(content)] = weights.relative_to(GOLDEN).as_posix()
                zips[name].append(
                    {
                        "name": info.filename,
                        "time": "{}-{}-{} {}:{}:{}".format(*info.date_time),
                        "bytes": known[digest(content)],
                    }
                )
        elif digest(data) in same and len(data) > 1000:
            same[digest(data)].append(name)
        else:
            same[digest(data)] = [name]
            copy = target / "files" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
    repeated = {names[0]: names[1:] for names in same.values() if names[1:]}
    for name, value in (("zips.json", zips), ("repeated.json", repeated)):
        text = json.dumps(value, indent=1, ensure_ascii=False)
        (target / name).write_text(text + "\n", encoding="utf-8")


main(Path(sys.argv[1]))
