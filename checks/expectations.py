"""How a promise is kept: Great Expectations runs on a table before it is published, and again on request.

The only file that knows how Great Expectations runs. It is imported where it is used (three seconds).
Its results quote the rows that failed, so nothing of them passes through but an allow-list of numbers
and the ids of failing rows.
"""

import logging
import numbers
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation

from assets.ledger import Published, balance, reasons
from assets.tables import TABLES, Table
from checks import Promise, privacy
from dagster_project.metadata import ACCOUNTED, HOME_CHECK, NO_PERSONAL_DATA, STORED_CHECK, always, facts, partitions_of
from dagster_project.proof import prove_home
from dagster_project.resources.lake import WHOLE

MAX_IDS = 5
"""Ids of failing rows shown with a check; all of them rest with the rejected table."""

MAX_PARTITIONS_TOLD = 200
"""Partitions of a range run whose passed checks are reported one by one: half a year of days."""

_NUMBERS = ("element_count", "unexpected_count", "unexpected_percent", "missing_count", "missing_percent")
_SEVERITY = {"critical": dg.AssetCheckSeverity.ERROR, "warning": dg.AssetCheckSeverity.WARN}


@dataclass
class Finding:
    """What one promise came to: numbers and ids, never a value."""

    name: str
    kept: bool
    severity: str
    numbers: dict[str, float] = field(default_factory=dict)
    failing: list[tuple[str | None, str]] = field(default_factory=list)
    """(partition, id) of the rows that broke it, where it is a promise about rows."""


def audited(
    context: dg.AssetExecutionContext, published: Published, promises: Sequence[Promise], **said: Any
) -> Iterator[dg.AssetCheckResult | dg.Output[Published]]:
    """Report every promise as an asset check, then hand the table over; a broken critical one stops here.

    The IO manager writes only after the last yield, so a table that breaks a critical promise
    leaves yesterday's untouched; the rejected candidate rests in the restricted zone. What else
    is `said` becomes metadata of the materialisation.
    """
    table = TABLES[context.asset_key.path[-1]]
    published, leaks = _without_personal_data(context, table, published)
    findings = findings_on(table, published, promises, _rows_in(context, table), leaks)
    for finding in findings:
        yield from _reported(context, table, published, finding)
    broken = [f.name for f in findings if not f.kept and f.severity == "critical"]
    if broken:
        path = context.resources.lake.reject(table.name, context.run_id, published.table)
        if NO_PERSONAL_DATA[0] in broken:
            privacy.withdraw(published.table, context.resources.settings)
        raise dg.Failure(
            f"{table.name} breaks {', '.join(broken)}; nothing was published, the candidate rests in {path}",
            allow_retries=False,
        )
    # A data version is one value for a whole run, so a range of partitions has none; their manifests do.
    one = not table.partitioned or context.has_partition_key
    version = dg.DataVersion(context.resources.lake.version(table.name, published.table)) if one else None
    metadata = facts(table, published) | {k: v for k, v in said.items() if v}
    yield dg.Output(published, metadata=metadata, data_version=version)


def _without_personal_data(
    context: dg.AssetExecutionContext, table: Table, published: Published
) -> tuple[Published, list[int] | None]:
    """Count personal data by row; set such rows aside where a row more or less harms nobody."""
    if table.restricted:
        return published, None
    found = context.resources
    keys = context.partition_keys if table.partitioned else None
    leaks = privacy.personal_data(table, published.table, found.lake, found.settings, keys)
    if table.room in privacy.ROWS_MAY_GO:
        published = privacy.set_aside(published, table.key, leaks)
        leaks = [0] * len(published.table)
    return published, leaks


def findings_on(
    table: Table,
    published: Published,
    promises: Sequence[Promise],
    rows_in: Mapping[str, int] | None = None,
    leaks: Sequence[int] | None = None,
) -> list[Finding]:
    """Run all promises of a table in one pass of Great Expectations, the accounting among them.

    Args:
        table: The table.
        published: Its rows and their ledger.
        promises: Its suite.
        rows_in: By partition how many rows the step was given, where the ledger must account for them all.
        leaks: By row how much personal data was found in it, where that was looked for.
    """
    rows, asked = frame(published.table), list(promises)
    if leaks is not None:
        rows, asked = rows.assign(personal_data=leaks), [NO_PERSONAL_DATA, *promises]
    found = _validate(rows, asked, keys=_keys(table))
    accounts = _validate(_accounts(table, published, rows_in), [ACCOUNTED], keys=["partition"])
    return [*accounts, *found]


def stored_check(table: Table, promises: Sequence[Promise]) -> dg.AssetChecksDefinition:
    """Build the check that reads the stored table again; the others run before the write."""

    @dg.asset_check(
        name=STORED_CHECK,
        asset=table.name,
        description=f"{table.name} as it rests in the lake keeps all {len(promises) + len(always(table))} promises.",
        required_resource_keys={"lake", "settings"},
        partitions_def=partitions_of(table),
    )
    def stored_table_keeps_its_promises(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake = context.resources.lake
        keys = list(context.partition_keys) if table.partitioned else None
        there = lake.manifests(table.name, keys)
        purged = [p for p, m in there.items() if m.purged_at is not None]
        keys = [p for p in there if p not in purged] if table.partitioned else keys
        published = Published(lake.read(table.name, keys), lake.read_ledger(table.name, keys))
        leaks = None
        if not table.restricted:
            leaks = privacy.personal_data(table, published.table, lake, context.resources.settings, keys)
        findings = findings_on(table, published, promises, leaks=leaks)
        broken = [f.name for f in findings if not f.kept]
        return dg.AssetCheckResult(
            passed=not any(f.severity == "critical" for f in findings if not f.kept),
            metadata={
                "rows": len(published.table),
                "promises": len(findings),
                "broken": broken,
                "purged_partitions": len(purged),
            },
        )

    return stored_table_keeps_its_promises


@dg.asset_check(
    name=HOME_CHECK,
    asset="dataset_release",
    description="No file of REFINERY_HOME outside the restricted zone holds personal data: tables and their "
    "statistics, ledgers, reports, releases, models, Dagster's storage and logs.",
    required_resource_keys={"lake", "settings"},
)
def home_check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Scan all there is."""
    found = context.resources
    scanned = prove_home(found.settings, found.lake).found
    return dg.AssetCheckResult(
        passed=scanned.proved_clean,
        metadata={
            "files": scanned.files,
            "bytes": scanned.bytes,
            "unreadable": len(scanned.unreadable),
            "hits_by_type": dg.MetadataValue.json(scanned.by_type()),
            "files_with_hits": dg.MetadataValue.json(sorted({place.file for place in scanned.hits})[:MAX_IDS]),
        },
    )


def frame(table: pa.Table) -> pd.DataFrame:
    r"""Return the scalar view of a table: list column `x` becomes `x_count`, and `x_text` where it holds texts or ids.

    >>> turns = pa.array([[{"speaker": "customer", "text": "Hi"}, {"speaker": "agent", "text": "Hello"}]])
    >>> frame(pa.table({"turns": turns})).to_dict("records")
    [{'turns_count': 2, 'turns_text': 'Hi\nHello'}]
    """
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = table.column(name)
        if not pa.types.is_list(column.type):
            columns[name] = column
            continue
        columns[f"{name}_count"] = pc.fill_null(pc.list_value_length(column), 0)
        texts = _texts(column.type)
        if pa.types.is_string(column.type.value_type):
            columns[f"{name}_text"] = ["\n".join(items or ()) for items in column.to_pylist()]
        elif texts:
            columns[f"{name}_text"] = [
                "\n".join(str(item[t]) for item in items or () for t in texts if item[t])
                for items in column.to_pylist()
            ]
    return pa.table(columns).to_pandas()


def _texts(type_: pa.ListType) -> list[str]:
    item = type_.value_type
    names = [item.field(i).name for i in range(item.num_fields)] if pa.types.is_struct(item) else []
    return [n for n in names if n in ("text", "content", "value", "question", "answer")]


def _keys(table: Table) -> list[str]:
    return ["partition", table.key] if table.partitioned else [table.key]


def _rows_in(context: dg.AssetExecutionContext, table: Table) -> dict[str, int] | None:
    """Count what a step of the record line was given: there every row of every parent has an outcome."""
    parents = [key.path[-1] for key in context.assets_def.asset_deps[context.asset_key]]
    if not table.partitioned or not parents:
        return None
    given = [context.resources.lake.manifests(parent, context.partition_keys) for parent in parents]
    return {p: sum(m[p].rows for m in given if p in m) for p in context.partition_keys}


def _accounts(table: Table, published: Published, rows_in: Mapping[str, int] | None = None) -> pd.DataFrame:
    """Return by partition how many rows table and ledger disagree on, or came in and have no outcome."""
    ledger, rows = published.ledger.to_pandas(), published.table.select(_keys(table)).to_pandas()
    if not table.partitioned:
        ledger["partition"] = rows["partition"] = WHOLE
    out = ledger[ledger["outcome"].isin(["kept", "derived"])]
    said = Counter(zip(out["into"].fillna(out["id"]), out["partition"], strict=True))
    there = Counter(zip(rows[table.key], rows["partition"], strict=True))
    off = Counter(dict.fromkeys(ledger["partition"], 0))
    for (_, partition), number in ((said - there) + (there - said)).items():
        off[partition] += number
    taken = Counter(ledger["partition"][ledger["outcome"] != "derived"])
    for partition, given in (rows_in or {}).items():
        off[partition] += abs(given - taken[partition])
    return pd.DataFrame({"partition": list(off), "rows_unaccounted_for": list(off.values())})


def _validate(data: pd.DataFrame, promises: Sequence[Promise], *, keys: list[str]) -> list[Finding]:
    """Run one suite; a context of its own each time, for a shared one mixes up its frames between threads."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.WARNING)  # the second sets itself to tell of its temporary folders
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("memory")
        .add_dataframe_asset("table")
        .add_batch_definition_whole_dataframe("all")
        .get_batch(batch_parameters={"dataframe": data})
    )
    expectations = [
        getattr(gx.expectations, kind)(**kwargs, meta={"promise": name})
        for name, kind, kwargs, _sentence, _severity in promises
    ]
    outcome = batch.validate(
        gx.ExpectationSuite(name="promises", expectations=expectations),
        result_format={
            "result_format": "COMPLETE",
            "exclude_unexpected_values": True,
            "unexpected_index_column_names": keys,
        },
    )
    severities = {name: severity for name, _kind, _kwargs, _sentence, severity in promises}
    found = {r.expectation_config.meta["promise"]: r for r in outcome.results}  # type: ignore[union-attr] # we set it
    return [_finding(found[name], name, severity, keys) for name, severity in severities.items()]


def _finding(result: Any, name: str, severity: str, keys: list[str]) -> Finding:
    """Take numbers and ids out of a result of Great Expectations, and nothing else."""
    values = {k: float(result.result[k]) for k in _NUMBERS if result.result.get(k) is not None}
    observed = result.result.get("observed_value")
    if isinstance(observed, numbers.Number) and not isinstance(observed, bool):
        values["observed_value"] = float(observed)  # type: ignore[arg-type] # a Number of numpy or Python
    if (result.exception_info or {}).get("raised_exception"):
        values["could_not_be_checked"] = 1.0
    return Finding(name, bool(result.success), severity, values, _failing(result.result, keys))


def _failing(result: Mapping[str, Any], keys: list[str]) -> list[tuple[str | None, str]]:
    rows = []
    for entry in result.get("unexpected_index_list") or []:
        columns = [entry[k] if isinstance(entry[k], list) else [entry[k]] for k in keys]
        rows += [tuple(str(v) for v in row) for row in zip(*columns, strict=True)]
    return [(row[0] if "partition" in keys else None, row[-1]) for row in rows]


def _reported(
    context: dg.AssetExecutionContext, table: Table, published: Published, finding: Finding
) -> Iterator[dg.AssetCheckResult]:
    """Report a finding once for the run, and of a range of partitions for each that holds rows.

    Of a very long range only the partitions that broke it are reported one by one: an event costs ten
    milliseconds, and a backfill of years of days would spend minutes on saying that all is well.
    """
    severity = _SEVERITY[finding.severity]
    metadata: dict[str, Any] = dict(finding.numbers)
    if finding.failing and finding.name != ACCOUNTED[0]:
        metadata["failing_ids"] = dg.MetadataValue.json([row for _, row in finding.failing[:MAX_IDS]])
    if table.partitioned and not context.has_partition_key:
        occupied = _occupied(published)
        # Where a broken promise is not about single rows, no partition can be cleared of it.
        failing = {str(p) for p, _ in finding.failing} or set(() if finding.kept else occupied)
        metadata["failing_partitions"] = dg.MetadataValue.json(sorted(failing))
        for partition in occupied if len(occupied) <= MAX_PARTITIONS_TOLD else sorted(failing):
            context.log_event(
                AssetCheckEvaluation(
                    asset_key=context.asset_key,
                    check_name=finding.name,
                    passed=partition not in failing,
                    metadata={},
                    severity=severity,
                    partition=partition,
                )
            )
    yield dg.AssetCheckResult(check_name=finding.name, passed=finding.kept, severity=severity, metadata=metadata)


def _occupied(published: Published) -> list[str]:
    """The partitions that any row came into, in order; an empty one keeps every promise."""
    return sorted(p for p in pc.unique(published.ledger.column("partition")).to_pylist() if p is not None)


__all__ = ["Finding", "audited", "balance", "findings_on", "frame", "home_check", "reasons", "stored_check"]
