"""Several people: how far they agree, and the rows to settle."""

import pandas as pd
import streamlit as st

from sentiment.access import Role
from sentiment.labeling import Labeling
from sentiment.labels.agreement import agreement_per_class, krippendorff_alpha, pairwise_kappa
from ui import text
from ui.people import may
from ui.state import session
from ui.widgets import page_of_rows


def show_people(labeling: Labeling) -> None:
    """Draws how far people agree, and the rows on which they do not, to be settled."""
    store = labeling.store
    opinions = store.opinions(labeling.id)
    pairs = pairwise_kappa(opinions)
    if pairs.empty:
        st.caption("No row has labels of two people yet. Under Settings, a share of the rows can be put to several.")
        return
    alpha = krippendorff_alpha(opinions)
    if alpha == alpha:  # it has no value where everybody always said the same
        st.markdown(f"Krippendorff's alpha is **{alpha:.2f}**: {_reading(alpha)}")
    classes, people = st.columns(2)
    with classes:
        _show_agreement(agreement_per_class(opinions), {"class": "Class", "n_opinions": "Labels", "alpha": "Alpha"})
    with people:
        _show_agreement(pairs, {"first": "One", "second": "Other", "n_rows": "Rows", "kappa": "Kappa"})
    disputed = store.disagreements(labeling.id)
    if disputed.empty:
        st.markdown("There is no row on which people disagree and that nobody settled.")
        return
    st.markdown(f"{text.count(len(disputed), 'row')} to settle:")
    part = page_of_rows(len(disputed), key=f"disputed:{labeling.id}", size=10)
    for dispute in disputed.iloc[part].to_dict("records"):
        with st.container(border=True):
            st.markdown(text.literal(labeling.text(dispute["row"]), limit=600))
            said = text.listing(
                f"{text.literal(who)}: {text.literal(label)}" for who, label in dispute["labels"].items()
            )
            st.caption(f"Row {text.number(dispute['row'] + 1)} · {said}")
            if not may(Role.OWNER):
                continue
            with st.container(horizontal=True):
                for found in store.classes(labeling.id):
                    if st.button(text.literal(found.name, limit=40), key=f"settle:{dispute['row']}:{found.id}"):
                        store.mark(labeling.id, [dispute["row"]], "settle", who=session().person, label=found.name)
                        st.rerun()


def _reading(alpha: float) -> str:
    """What an alpha means, by the bounds that its author gives (Krippendorff 2004, section 11.4)."""
    if alpha >= 0.8:
        return "people agree well enough to rely on the labels."
    if alpha >= 0.667:
        return "people agree well enough for careful conclusions."
    return "people understand the classes differently; guidelines and settled rows help."


def _show_agreement(table: pd.DataFrame, headings: dict[str, str]) -> None:
    shown = table.rename(columns={**headings, "agreement": "Agreement"})
    for heading in shown.select_dtypes(exclude="number"):
        shown[heading] = [text.visible(value) for value in shown[heading]]
    shown["Agreement"] = (100 * shown["Agreement"]).round()  # the format cuts off what is behind the point
    percent = st.column_config.NumberColumn(format=f"%d{text.THIN}%%")
    plain = st.column_config.NumberColumn(format="%.2f")
    st.dataframe(
        shown, hide_index=True, placeholder="", column_config={"Agreement": percent, "Alpha": plain, "Kappa": plain}
    )
