"""From notes in Parquet to a table of each patient's drugs, and a chart of the doses.

    python examples/drug_table.py [SOURCE [CHART [PATIENT]]]

The notes are fictional. The chart needs Altair and vl-convert, which draws it offline:
pip install polars-jslner[report].
"""

import sys
from pathlib import Path

import altair as alt
import polars as pl

import polars_jslner as jn

NOTES = Path(__file__).parent / "notes.parquet"

# What stands between a drug and its dose: "was reduced to", "from 25 mg to".
BETWEEN = r"(?: was| is| reduced| increased| resumed| at| to| from [\d.]+ mg to)*"
DOSE = rf"^{BETWEEN} ([\d.]*\d) ?(mg|mcg|g|units)\b"


def find_mentions(notes: pl.LazyFrame) -> pl.LazyFrame:
    """Return a row for each drug in a note, with the dose that stands behind it."""
    entity = pl.col("entity").struct
    behind = pl.col("text").str.slice(entity.field("end"), 40)
    before = pl.col("text").str.head(entity.field("start")).str.tail(10)
    return (
        notes.with_columns(entity=jn.entities("text", labels="Drug", min_score=0.5))
        .explode("entity")
        .drop_nulls("entity")
        .select(
            "patient_id",
            "written",
            drug=entity.field("text").str.to_lowercase(),
            dose=behind.str.extract(DOSE, 1),
            unit=behind.str.extract(DOSE, 2),
            stopped=before.str.contains(r"(?i)\bstop(ped)? $"),
        )
    )


def list_drugs(mentions: pl.LazyFrame) -> pl.LazyFrame:
    """Return a row for each drug of a patient, in the order of its first note."""
    dose = pl.format("{} {}", pl.col("dose"), pl.col("unit"))
    return (
        mentions.sort("written", maintain_order=True)
        .group_by("patient_id", "drug", maintain_order=True)
        .agg(
            notes=pl.col("written").n_unique(),
            first=pl.col("written").first(),
            last=pl.col("written").last(),
            doses=dose.drop_nulls().rle().struct.field("value").str.join(" > "),
            stopped=pl.col("written").filter("stopped").first(),
        )
    )


def draw_doses(mentions: pl.DataFrame) -> alt.FacetChart:
    """Draw the doses of the drugs whose dose changes, one small chart a drug."""
    doses = (
        mentions.drop_nulls("dose")
        .group_by("drug", "unit", "written", maintain_order=True)
        .agg(pl.col("dose").first().cast(pl.Float64))
        .filter(pl.col("dose").n_unique().over("drug") > 1)
        .with_columns(drug=pl.format("{}, {}", "drug", "unit"))
        .sort("drug", "written")
    )
    line = alt.Chart(doses, width=260, height=110).mark_line(
        interpolate="step-after", point=True
    )
    return (
        line.encode(
            x=alt.X("written:T", title=None),
            y=alt.Y("dose:Q", title=None),
        )
        .facet(alt.Facet("drug:N", title=None), columns=2)
        .resolve_scale(y="independent")
    )


def main(
    source: str = str(NOTES), chart: str = "doses.svg", patient: str = "p-01"
) -> None:
    """Print one patient's drugs of the table and draw their doses."""
    mentions = find_mentions(pl.scan_parquet(source)).collect(engine="streaming")
    drugs = list_drugs(mentions.lazy()).filter(pl.col("doses") != "").collect()
    print(f"{len(drugs)} drugs with a dose, {drugs['patient_id'].n_unique()} patients")
    with pl.Config(tbl_rows=30, tbl_width_chars=100, tbl_hide_column_data_types=True):
        print(drugs.filter(patient_id=patient).drop("patient_id"))
    draw_doses(mentions.filter(patient_id=patient)).save(chart)


if __name__ == "__main__":
    main(*sys.argv[1:])
