"""From an uploaded file to a dataset: format, columns, preview, label names, import."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from sentiment import data
from sentiment.data import FileFormat
from sentiment.errors import DataError
from sentiment.workspace import Workspace
from ui import cache, text
from ui.guard import show_error
from ui.state import session

TYPES = ["csv", "tsv", "txt", "xlsx", "jsonl", "ndjson", "json", "parquet"]
DELIMITERS = {",": "Comma  ,", ";": "Semicolon  ;", "\t": "Tab", "|": "Bar  |"}
KINDS = {"csv": "delimited text", "xlsx": "an Excel workbook", "jsonl": "JSON Lines", "parquet": "Parquet"}
MOST_MEGABYTES = 500  # a round number a little below server.maxUploadSize
PREVIEW_ROWS, PREVIEW_COLUMNS = 50, 30


@dataclass(frozen=True)
class Upload:
    """An uploaded file: `id` stands for its content."""

    id: str
    name: str
    content: bytes


@dataclass(frozen=True)
class Columns:
    """The columns that a person settled on; None where there is none."""

    text: str
    label: str | None
    group: str | None
    language: str | None = None


def upload_box() -> Upload | None:
    """Draws the upload box; returns the file that is in it."""
    file = st.file_uploader(
        "Add a file: CSV, TSV, Excel, JSON Lines or Parquet",
        type=TYPES,
        key=f"upload:{session().uploads}",
        max_upload_size=MOST_MEGABYTES,
        help="One row per text. A column with labels is welcome, not needed.",
    )
    return None if file is None else Upload(file.file_id, file.name, file.getvalue())


def show_import(upload: Upload, workspace: Workspace) -> None:
    """Draws everything between a file and the Import button."""
    detected = cache.detect_format(upload.id, upload.name, upload.content)
    file_format = _choose_format(upload, detected)
    try:
        draft = cache.read_draft(upload.id, upload.name, file_format, upload.content)
    except DataError as error:
        show_error(error)
        return
    table = draft.table
    _offer_known(table.file_hash, workspace)
    for warning in table.warnings:
        st.warning(text.literal(warning, limit=400), icon=":material/warning:")
    columns = _choose_columns(upload, draft, file_format)
    if columns is None:
        return
    _preview(table.frame, columns)
    mapping = _settle_labels(upload, file_format, table.frame, columns)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name of the dataset", value=_stem(upload.name), max_chars=120, key=f"name:{upload.id}")
        pressed = st.button("Import", type="primary", icon=":material/download_done:", key="import")
    if pressed:
        _import(upload, draft, columns, mapping=mapping, name=name, workspace=workspace)


def _choose_format(upload: Upload, detected: FileFormat) -> FileFormat:
    """Draws what was detected, changeable where there is something to change."""
    key = f"{upload.id}:{{}}".format
    st.caption(f"Recognised as {KINDS[detected.kind]}.")
    facts = st.container(horizontal=True, vertical_alignment="bottom")
    encoding, delimiter, sheet = detected.encoding, detected.delimiter, detected.sheet
    with facts:
        if encoding is not None:
            options = list(dict.fromkeys([encoding, *data.ENCODINGS]))
            encoding = st.selectbox(
                "Encoding", options, key=key("encoding"), width=180, help="Detected. Change it if letters look wrong."
            )
        if delimiter is not None:
            options = list(dict.fromkeys([delimiter, *DELIMITERS]))
            delimiter = st.selectbox(
                "Columns are separated by",
                options,
                format_func=lambda sign: DELIMITERS.get(sign, text.visible(sign)),
                key=key("delimiter"),
                width=220,
                help="Detected. Change it if the preview shows one wide column.",
            )
        if detected.kind == "xlsx":
            table = cache.read_draft(upload.id, upload.name, detected, upload.content).table
            sheet = st.selectbox(
                "Sheet",
                list(table.sheets),
                index=_index(table.sheets, table.file_format.sheet),
                key=key("sheet"),
                width=220,
            )
    return FileFormat(kind=detected.kind, encoding=encoding, delimiter=delimiter, sheet=sheet)


def _offer_known(file_hash: str, workspace: Workspace) -> None:
    """Says that a file was imported before, and offers what it became."""
    known = workspace.find_by_file(file_hash)
    if not known:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"You imported this file on {text.date(known[0].created)} as “{text.literal(known[0].name)}”.",
            width="stretch",
        )
        if st.button("Use it", icon=":material/check:"):
            session().use_dataset(known[0].id)
            session().close_upload()
            st.rerun()


def _choose_columns(upload: Upload, draft: cache.Draft, file_format: FileFormat) -> Columns | None:
    """Draws the proposed columns, changeable, and why they are proposed."""
    proposal, frame = draft.proposal, draft.table.frame
    key = f"{upload.id}:{file_format.encoding}:{file_format.delimiter}:{file_format.sheet}"
    every = [str(name) for name in frame.columns]
    texts = list(proposal.text_candidates) or every
    if proposal.text is None:
        st.warning(text.literal(proposal.why, limit=600), icon=":material/warning:")
    boxes = st.columns(3)
    titles = text.distinct({name: name for name in texts})
    with boxes[0]:
        chosen = st.selectbox(
            "Text",
            texts,
            index=_index(texts, proposal.text),
            format_func=titles.__getitem__,
            key=f"text:{key}",
            placeholder="Choose the column with the texts",
        )
    others = [name for name in every if name != chosen]
    with boxes[1]:
        label = _optional_column("Label", others, proposal.label, key=f"label:{key}", none="No labels yet")
    with boxes[2]:
        group = _optional_column(
            "Document", [name for name in others if name != label], proposal.group, key=f"group:{key}", none="None",
            hint="Rows of one document (one review, one author) stay together when rows are held out for judging. "
            "Without it, a model can look better than it is.",
        )  # fmt: skip
    language = None
    offered = [name for name in proposal.language_candidates if name not in (chosen, label, group)]
    if offered:
        with st.columns(3)[0]:
            language = _optional_column(
                "Language of each row", offered, proposal.language, key=f"language:{key}",
                none="Tell it from the texts",
                hint="Codes such as en or pt-BR, or English names. Without a column, the language is recognised.",
            )  # fmt: skip
    if proposal.why and proposal.text is not None:
        st.caption(text.literal(proposal.why, limit=600))
    return Columns(chosen, label, group, language) if chosen is not None else None


def _optional_column(
    title: str, options: list[str], proposed: str | None, *, key: str, none: str, hint: str = ""
) -> str | None:
    titles: dict[str | None, str] = text.distinct({None: none, **{name: name for name in options}})
    choices = list(titles)
    return st.selectbox(
        title,
        choices,
        index=_index(choices, proposed) or 0,
        format_func=titles.__getitem__,
        key=key,
        help=hint or None,
    )


def _preview(frame: pd.DataFrame, columns: Columns) -> None:
    roles = (columns.text, columns.label, columns.group, columns.language)
    first = [name for name in roles if name is not None]
    rest = [name for name in frame.columns if name not in first][: PREVIEW_COLUMNS - len(first)]
    shown = frame[[*first, *rest]].head(PREVIEW_ROWS)
    titles = text.distinct({name: str(name) for name in shown.columns})
    shown = pd.DataFrame({titles[name]: [_cell(value) for value in shown[name]] for name in shown.columns})
    st.dataframe(
        shown,
        height=min(300, 36 * len(shown) + 40),
        hide_index=True,
        column_config={titles[columns.text]: st.column_config.TextColumn(width="large")},
    )
    hidden = len(frame.columns) - len(shown.columns)
    more = f" {text.count(hidden, 'further column is', 'further columns are')} kept but not shown." if hidden else ""
    st.caption(f"The first {len(shown)} of {text.count(len(frame), 'row')}.{more}")


def _settle_labels(
    upload: Upload, file_format: FileFormat, frame: pd.DataFrame, columns: Columns
) -> dict[str, str] | None:
    """Draws what is offered for the labels; returns the renaming that was accepted."""
    if columns.label is None:
        st.info("Without labels you can look at the texts; to fine-tune, a column with labels is needed.")
        return None
    offers = cache.label_offers(upload.id, file_format, columns.label, frame)
    mapping: dict[str, str] = {}
    if offers.variants:
        names = [
            f"{_quoted([v for v in variants if v != name])} → “{text.literal(name)}”"
            for name, variants in offers.variants.items()
        ]
        if st.toggle("Merge labels that differ only by case or spaces", value=True, key=f"merge:{upload.id}"):
            mapping = {variant: name for name, variants in offers.variants.items() for variant in variants}
        st.caption("; ".join(names[:10]))
    if offers.mapping is not None:
        if st.toggle("Turn ratings into sentiments", value=False, key=f"rate:{upload.id}"):
            rated = offers.mapping.mapping
            mapping = {
                label: rated.get(label, rated.get(mapping.get(label, label), mapping.get(label, label)))
                for label in offers.counts
            }
        pairs = "; ".join(
            f"“{text.literal(old)}” → “{text.literal(new)}”" for old, new in offers.mapping.mapping.items()
        )
        st.caption(f"{text.literal(offers.mapping.why, limit=300)} {pairs}")
    return mapping or None


def _import(
    upload: Upload,
    draft: cache.Draft,
    columns: Columns,
    *,
    mapping: dict[str, str] | None,
    name: str,
    workspace: Workspace,
) -> None:
    with st.spinner("Checking rows, looking for duplicates and conflicting labels"):
        dataset = data.build_dataset(
            draft.table,
            text=columns.text,
            label=columns.label,
            group=columns.group,
            language=columns.language,
            mapping=mapping,
            name=name.strip() or _stem(upload.name),
        )
        info, new = workspace.add_dataset(dataset)
    state = session()
    state.notice = (
        f"Imported {text.count(info.n_rows, 'row')}."
        if new
        else "The same rows with the same labels were imported before: that dataset is in use now."
    )
    state.use_dataset(info.id)
    state.close_upload()
    st.rerun()


def _cell(value: object) -> str:
    return (
        "" if value is None or (isinstance(value, float) and pd.isna(value)) else text.shorten(text.visible(value), 500)
    )


def _quoted(names: list[str]) -> str:
    return text.listing(f"“{text.literal(name, limit=40)}”" for name in names)


def _stem(name: str) -> str:
    return text.shorten(name.rsplit(".", 1)[0] or name, 120)


def _index(options: list | tuple, value: object) -> int | None:
    return options.index(value) if value in options else None
