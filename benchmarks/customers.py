"""Clean the customers of three public sets, make features of them, and hold what is found against what is known.

python benchmarks/customers.py [FOLDER] > benchmarks/results/$(date +%F)-customers.md

FOLDER holds the public sets telco_churn, adult_census and febrl_persons (REFINERY_DATA by default).
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
import tempfile
import time
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from assets import tables
from assets.collection.customers import collect_customers
from assets.collection.params import CollectionParams, SourceParams
from assets.customers.clean import clean_customers, flagged
from assets.customers.features import customer_features
from assets.customers.params import CustomersParams
from assets.ledger import reasons

KEY = b"benchmark"
PERSON = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state",
          "date_of_birth", "soc_sec_id")  # fmt: skip
CENSUS = ("age", "workclass", "fnlwgt", "education", "education_num", "marital", "occupation", "relationship", "race",
          "sex", "capital_gain", "capital_loss", "hours", "country", "income")  # fmt: skip
TELCO_WORDS = ("gender", "MultipleLines", "InternetService", "OnlineSecurity", "OnlineBackup", "DeviceProtection",
               "TechSupport", "StreamingTV", "StreamingMovies", "PaymentMethod")  # fmt: skip
TELCO_ANSWERS = ("Partner", "Dependents", "PhoneService", "PaperlessBilling")
PLANTED = 25
"""One customer in so many gets a monthly charge ten times his own."""

Rows = list[dict[str, Any]]
Floats = NDArray[np.float64]


def main() -> None:
    """Print the figures as Markdown."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["REFINERY_DATA"])
    print("# Customers of three public sets\n")
    persons(folder / "febrl_persons")
    telco(folder / "telco_churn/Telco-Customer-Churn.csv")
    census(folder / "adult_census/adult-test.csv")


def collected(file: Path, **source: Any) -> pa.Table:
    """Read a CSV as the customers of a desk."""
    said = {"name": "people", "gives": "customers", "kind": "csv", "path": str(file)}
    return collect_customers([SourceParams(**said | source)], CollectionParams(), key=KEY).table


def persons(folder: Path) -> None:
    """FEBRL: rows with typing errors, of which rec_id tells which are of one person; no other column tells."""
    print("## Duplicates: febrl_persons\n")
    print("| file | rows | persons | found | precision | recall | F1 | seconds |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    params = CustomersParams(columns={name: {"match": True} for name in PERSON})
    for name in ("dataset1.csv", "dataset3_part.csv"):
        with tempfile.TemporaryDirectory() as scratch:  # its header has a blank before every name
            file = Path(scratch) / name
            with (folder / name).open() as given, file.open("w", newline="") as plain:
                csv.writer(plain).writerows(csv.reader(given, skipinitialspace=True))
            rows = collected(file, fields={"id": "rec_id"}, attributes={n: n for n in PERSON})
        started = time.monotonic()
        made = clean_customers(rows, params)
        seconds = time.monotonic() - started
        truth = {row["customer_id"]: row["source_id"].split("-")[1] for row in rows.to_pylist()}
        stands = {row["customer_id"]: [row["customer_id"], *row["merged_ids"]] for row in made.table.to_pylist()}
        found = {pair for ids in stands.values() for pair in combinations(sorted(ids), 2)}
        people: dict[str, list[str]] = {}
        for id_, person in truth.items():
            people.setdefault(person, []).append(id_)
        true = {pair for ids in people.values() for pair in combinations(sorted(ids), 2)}
        precision, recall = len(found & true) / len(found), len(found & true) / len(true)
        f1 = 2 * precision * recall / (precision + recall)
        print(f"| {name} | {len(rows):,} | {len(people):,} | {len(stands):,} | {precision:.4f} | {recall:.4f} "
              f"| {f1:.4f} | {seconds:.1f} |")  # fmt: skip


def telco(file: Path) -> None:
    """Telephone customers: gaps, planted outliers, and whether the coarse features still tell who leaves."""
    print("\n## Gaps, outliers, features: telco_churn\n")
    columns: dict[str, Any] = {
        "Contract": {"type": "category", "use": "group", "order": ["Month-to-month", "One year", "Two year"]},
        "SeniorCitizen": {"type": "boolean", "use": "group"},
        **{name: {"type": "category", "use": "feature"} for name in TELCO_WORDS},
        **{name: {"type": "boolean", "use": "feature"} for name in TELCO_ANSWERS},
        "tenure": {"type": "number", "minimum": 0, "use": "feature", "bands": 8},
        "MonthlyCharges": {"type": "number", "minimum": 0, "use": "feature", "bands": 8},
        "TotalCharges": {"type": "number", "missing": "median", "outliers": "keep"},
    }  # fmt: skip
    attributes = {name: name for name in (*columns, "Churn")}
    customers = collected(file, fields={"id": "customerID"}, attributes=attributes)
    clean = cleaned(customers, CustomersParams(columns=columns))
    features(clean, CustomersParams(columns=columns), "Churn", "Yes")
    for action in ("flag", "winsorise"):
        columns["MonthlyCharges"] = {"type": "number", "outliers": action}
        planted, ids = with_outliers(customers, "MonthlyCharges")
        made = clean_customers(planted, CustomersParams(columns=columns)).table.to_pylist()
        word = "outlier" if action == "flag" else "winsorised"
        hit = {row["customer_id"] for row in made if f"{word}:MonthlyCharges" in row["flags"]}
        share, others = len(hit & ids) / len(ids), len(hit - ids)
        print(
            f"- {len(ids):,} planted charges ten times too high, {action}: {share:.3f} found, {others:,} others marked"
        )


def census(file: Path) -> None:
    """Census: question marks for gaps, a skewed weight, and whether the coarse features still tell the income."""
    print("\n## Gaps, outliers, features: adult_census\n")
    words = ("workclass", "education", "marital", "occupation", "relationship", "race", "sex")
    columns: dict[str, Any] = {
        "sex": {"type": "category", "use": "group"},
        "race": {"type": "category", "use": "group"},
        "age": {"type": "number", "minimum": 0, "maximum": 120, "use": "group", "bands": [25, 35, 45, 55, 65]},
        **{n: {"type": "category", "missing": "constant", "constant": "unstated", "use": "feature"} for n in words[:5]},
        "country": {"type": "category", "missing": "mode", "use": "feature"},
        "education_num": {"type": "number", "use": "feature", "bands": 8},
        "hours": {"type": "number", "use": "feature", "bands": [20, 35, 40, 50, 60]},
        "capital_gain": {"type": "number", "use": "feature", "bands": [1, 5000, 10000]},
        "capital_loss": {"type": "number", "use": "feature", "bands": [1, 1000, 2000]},
        "fnlwgt": {"type": "number"},
    }
    said = {"header": CENSUS, "nulls": ("?",), "fields": {"id": "{_file} {_row}"}}
    customers = collected(file, attributes={name: name for name in CENSUS}, **said)
    params = CustomersParams(columns=columns)
    features(cleaned(customers, params), params, "income", ">50K.")


def cleaned(customers: pa.Table, params: CustomersParams) -> pa.Table:
    """Clean, and say what that came to."""
    started = time.monotonic()
    made = clean_customers(customers, params)
    left = ", ".join(f"{why} {n:,}" for why, n in reasons(made.ledger).items()) or "none"
    flags = ", ".join(f"{flag} {n:,}" for flag, n in flagged(made.table).items()) or "none"
    print(f"- {len(customers):,} rows in, {len(made.table):,} out in {time.monotonic() - started:.1f} s; left: {left}")
    print(f"- values changed or doubted: {flags}")
    return made.table


def features(clean: pa.Table, params: CustomersParams, target: str, yes: str) -> None:
    """Make the features; say how many share the smallest combination, and how much they tell of a target.

    The target is told by a logistic regression in five folds; beside it stands one on the values as they came.
    """
    records = tables.ANONYMIZED_RECORDS.of([])
    started = time.monotonic()
    made = customer_features(clean, records, params).table.to_pylist()
    seconds = time.monotonic() - started
    groups = Counter(tuple((g["name"], g["value"]) for g in row["groups"]) for row in made)
    rows = [{f["name"]: f["value"] for f in row["features"]} for row in made]
    cells = [
        {c["name"]: c["number"] if c["text"] is None else c["text"] for c in row["cells"]} for row in clean.to_pylist()
    ]
    wanted = np.array([row.get(target) == yes for row in cells], int)
    raw = [{name: row[name] for name in params.columns if row.get(name) is not None} for row in cells]
    told, before = area(rows, wanted), area(raw, wanted)
    names = len({name for row in rows for name in row})
    print(f"- {names} encoded features in {seconds:.1f} s; {len(groups)} combinations of groups, the smallest of "
          f"{min(groups.values())} people (k = {params.min_group})")  # fmt: skip
    print(f"- area under the ROC curve of {target}: {told:.3f} from the coarse features, {before:.3f} from the values")


def area(rows: Rows, wanted: NDArray[np.int64]) -> float:
    """Return the area under the ROC curve of a logistic regression, mean of five folds."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    model = make_pipeline(MaxAbsScaler(), LogisticRegression(max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float(
        cross_val_score(model, DictVectorizer().fit_transform(rows), wanted, cv=folds, scoring="roc_auc").mean()
    )


def with_outliers(customers: pa.Table, name: str) -> tuple[pa.Table, set[str]]:
    """Multiply a column by ten in some rows, chosen by hash; return the table, and whose rows they are."""
    rows, ids = customers.to_pylist(), set()
    for row in rows:
        if int(hashlib.sha256(row["customer_id"].encode()).hexdigest(), 16) % PLANTED == 0:
            ids.add(row["customer_id"])
            for cell in row["attributes"]:
                if cell["name"] == name:
                    cell["value"] = str(10 * float(cell["value"]))
    return tables.CUSTOMERS.of(rows), ids


if __name__ == "__main__":
    main()
