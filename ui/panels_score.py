"""A file scored on a page: upload, column, progress with Stop, download."""

from dataclasses import dataclass

import streamlit as st

from sentiment import access, data
from sentiment.access import Role
from sentiment.errors import AccessError, DataError
from sentiment.scoring_jobs import JobState, ScoringJob, UploadedFile
from sentiment.training.runs import Run
from ui import text
from ui.guard import guard, show_error
from ui.panels_import import MOST_MEGABYTES, TYPES
from ui.people import show_closed
from ui.state import session

_EVERY = 1.0  # seconds between looks at a job
_TITLES = {".csv": "CSV", ".parquet": "Parquet", ".xlsx": "Excel", ".jsonl": "JSON Lines", ".tsv": "TSV"}
_UPLOAD, _JOB = "score:upload", "score:job"
_PREVIEW = 5


@dataclass(frozen=True)
class _Scoring:
    """A job of this session and the run that scores."""

    job: ScoringJob
    run_id: str
    run_name: str


def show_scoring(run: Run) -> None:
    """Draws everything between a file and the same file with a prediction for each row."""
    st.markdown(
        f"A file of up to {MOST_MEGABYTES} MB (of any size by the command predict), one row per text: every row and "
        "column comes back, its values as text, with the prediction and the probability of each class beside it. Blank "
        "lines are not rows."
    )
    if access.is_demo():
        show_closed(Role.VIEWER, "Files are not scored in a demo.")
        return
    kept = session().kept.get(_JOB)
    if isinstance(kept, _Scoring):
        _show_job(kept, run)
        return
    state = session()
    file = st.file_uploader(
        "File to score: CSV, TSV, Excel, JSON Lines or Parquet",
        type=TYPES,
        key=f"score:{state.uploads}",
        max_upload_size=MOST_MEGABYTES,
    )
    if file is None:
        state.kept.pop(_UPLOAD, None)
        return
    upload = _kept_upload(file.file_id, file.name, file)
    if upload is not None:
        _show_choice(run, upload)


def _kept_upload(file_id: str, name: str, file: "st.runtime.uploaded_file_manager.UploadedFile") -> UploadedFile | None:
    """The file on disk, written once; None where it is no table, after saying so."""
    kept = session().kept
    known = kept.get(_UPLOAD)
    if known is None or known[0] != file_id:
        try:
            with st.spinner("Looking at the file"):
                known = (file_id, UploadedFile(name, file.getbuffer()))
        except (AccessError, DataError) as error:
            show_error(error)
            return None
        kept[_UPLOAD] = known
    upload = known[1]
    assert isinstance(upload, UploadedFile)
    return upload


def _show_choice(run: Run, upload: UploadedFile) -> None:
    columns = [str(name) for name in upload.head.columns]
    proposed = data.propose_columns(upload.head).text
    preferred = run.info.text_column if run.info.text_column in columns else proposed
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = st.selectbox(
            "Column with the texts",
            columns,
            index=columns.index(preferred) if preferred in columns else 0,
            format_func=text.visible,
            key="score:column",
            width=260,
        )
        ending = st.selectbox(
            "Result as",
            list(_TITLES),
            format_func=_TITLES.__getitem__,
            key="score:as",
            width=160,
        )
        pressed = st.button("Score the file", type="primary", icon=":material/play_arrow:")
    if column is not None and not upload.head.empty:
        st.caption("The first rows of this column:")
        st.dataframe(
            {"Text": [text.visible(value) for value in upload.head[column].head(_PREVIEW).fillna("")]}, hide_index=True
        )
    if pressed and column is not None:
        job = ScoringJob(upload, run.folder, text=column, ending=ending)
        session().kept[_JOB] = _Scoring(job, run.id, run.info.name)
        job.start()
        st.rerun()


def _show_job(kept: _Scoring, run: Run) -> None:
    job = kept.job
    st.markdown(f"**{text.literal(job.upload.name)}**, column {text.literal(job.text)}")
    state = job.state
    _show_run(kept, run, done=not state.active)
    if state.active:
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container():
                st.fragment(_show_progress, run_every=_EVERY, key="scoring")(job)
            st.button("Stop", icon=":material/stop:", key="score:stop", on_click=job.stop)
        return
    if state.error is not None:
        show_error(state.error)
    elif state.phase == "stopped":
        st.markdown("Stopped. Nothing of it was kept.")
    else:
        _show_result(kept, state)
    if st.button("Score another file", icon=":material/add:"):
        session().kept.pop(_JOB, None)
        session().kept.pop(_UPLOAD, None)
        session().close_upload()
        st.rerun()


def _show_run(kept: _Scoring, run: Run, *, done: bool) -> None:
    """Draws which run scores, and that it is another one where it is."""
    by = f"{'Scored' if done else 'Being scored'} by {text.literal(kept.run_name, limit=60)} (run {kept.run_id})."
    if kept.run_id == run.id:
        st.caption(by)
    else:
        st.info(f"{by} The run in use is another one: score the file again to see what that says.")


def _show_progress(job: ScoringJob) -> None:
    with guard():
        state = job.state
        if not state.active:
            st.rerun()
        progress = state.progress
        words = {"waiting": "Waiting for another file to finish", "reading": "Looking through the file"}.get(
            state.phase, ""
        )
        if progress is not None:
            left = "" if progress.seconds_left is None else f" · {text.duration(progress.seconds_left)} left"
            words = f"{text.number(progress.n_done)} of {text.count(progress.n_rows, 'row')} scored{left}"
        st.progress(progress.share if progress else 0.0, text=words)


def _show_result(kept: _Scoring, state: JobState) -> None:
    job, scored = kept.job, state.scored
    assert scored is not None
    shares = ", ".join(
        f"{text.literal(label)} {text.number(n)}"
        for label, n in sorted(scored.counts.items(), key=lambda item: -item[1])
    )
    empty = f" {text.count(scored.n_empty, 'row')} without a text have no prediction." if scored.n_empty else ""
    if scored.n_undecided:
        empty += f" {text.count(scored.n_undecided, 'row')} stay undecided by the run's rule."
    st.markdown(f"{text.count(scored.n_rows, 'row')} scored: {shares}.{empty}")
    for warning in scored.warnings:
        st.warning(text.literal(warning, limit=400), icon=":material/warning:")
    stem = job.upload.name.rsplit(".", 1)[0]
    st.download_button(
        "Download the result",
        job.out.read_bytes,
        f"{stem}-scored-{kept.run_id}{job.out.suffix}",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
    if job.out.suffix in (".csv", ".xlsx", ".tsv"):
        st.caption("A text that a spreadsheet program would run as a formula has an apostrophe before it.")
