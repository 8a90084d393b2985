"""A box for a text of several lines that tells what is in it while somebody types, not only when they leave it.

Streamlit's own area waits for that; its line of text does not, but holds one line.
"""

from typing import Any

import streamlit as st

PAUSE = 120  # milliseconds without a key after which the text is told

_HTML = '<label for="live-text"></label><textarea id="live-text" dir="auto" spellcheck="false"></textarea>'
_CSS = """
label { display: block; font: 400 0.875rem/1.4 var(--st-font); color: var(--st-text-color); margin-bottom: 0.25rem; }
textarea {
  box-sizing: border-box; width: 100%; min-height: 6.5rem; max-height: 22rem; field-sizing: content; resize: vertical;
  padding: 0.6rem 0.75rem; font: 400 1.05rem/1.55 var(--st-font); color: var(--st-text-color);
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); unicode-bidi: plaintext;
}
textarea:focus { outline: 2px solid var(--st-primary-color); outline-offset: -1px; }
"""
# The server's text replaces what is in the box only where it has another number: while somebody types, what comes back
# is older than what stands there. What was told is not told again when the box is left: a click on the way to another
# page would otherwise ask for a part of this one, which is gone by then, and leave the other one empty.
_JS = """
export default function ({ parentElement, data, setStateValue }) {
  const box = parentElement.querySelector("textarea");
  parentElement.querySelector("label").textContent = data.label;
  box.placeholder = data.placeholder;
  box.maxLength = data.most;
  const tell = () => {
    if (box.told === box.value) return;
    box.told = box.value;
    setStateValue("typed", { number: Number(box.dataset.number), text: box.value });
  };
  if (box.dataset.number !== String(data.number)) {
    clearTimeout(box.pause);
    box.dataset.number = String(data.number);
    box.value = box.told = data.text;
  }
  box.oninput = () => { clearTimeout(box.pause); box.pause = setTimeout(tell, data.pause); };
  box.onchange = () => { clearTimeout(box.pause); tell(); };
}
"""
_component = st.components.v2.component("sentiment_live_text", html=_HTML, css=_CSS, js=_JS)


def live_text(label: str, *, key: str, text: str, number: int, most: int, placeholder: str = "") -> str:
    """Draws the box; returns what is in it.

    Args:
        label: what it is for.
        key: tells it from others.
        text: what it holds at first, and whenever `number` changes.
        number: of the text that was put into it last.
        most: characters at most.
        placeholder: what an empty one says.
    """
    data = {
        "label": label,
        "text": text,
        "number": number,
        "most": most,
        "placeholder": placeholder,
        "pause": PAUSE,
    }
    result = _component(key=key, data=data, default={"typed": None}, on_typed_change=lambda: None)
    typed: Any = result.typed
    if not isinstance(typed, dict) or typed.get("number") != number or not isinstance(typed.get("text"), str):
        return text
    told: str = typed["text"]
    return told[:most]
