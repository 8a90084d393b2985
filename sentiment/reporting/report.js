(() => {
  const page = 50, at = (id) => document.getElementById(id);
  const rows = JSON.parse(at("rows").textContent), names = rows.classes;
  const search = at("search"), truth = at("truth"), said = at("said"), wrong = at("wrong");
  const lower = rows.text.map((text) => text.toLowerCase());
  let start = 0, found = [];
  const find = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    for (let i = 0; i < lower.length; i++) {
      if (truth.value !== "" && rows.label[i] !== +truth.value) continue;
      if (said.value !== "" && rows.said[i] !== +said.value) continue;
      if (wrong.checked && rows.label[i] === rows.said[i]) continue;
      if (words.every((word) => lower[i].includes(word))) found.push(i);
    }
    start = 0;
    draw();
  };
  const cell = (line, text, style, isText) => {
    const made = document.createElement("td");
    made.textContent = text;
    if (style) made.className = style;
    if (isText) made.dir = "auto";
    line.append(made);
    return made;
  };
  const named = (line, code) => {
    const made = cell(line, "", "class"), chip = document.createElement("span"), name = document.createElement("span");
    chip.className = "chip c" + code;
    name.className = "own";
    name.dir = "auto";
    name.textContent = names[code];
    made.append(chip, name);
  };
  const draw = () => {
    const body = at("found");
    body.replaceChildren();
    for (const i of found.slice(start, start + page)) {
      const line = document.createElement("tr");
      cell(line, rows.row[i], "n");
      cell(line, rows.text[i], "text", true);
      named(line, rows.label[i]);
      named(line, rows.said[i]);
      cell(line, rows.prob[i] === null ? "" : (100 * rows.prob[i]).toFixed(0) + "\u202f%", "n");
      body.append(line);
    }
    const last = Math.min(start + page, found.length);
    at("count").textContent = found.length ? `Rows ${start + 1} to ${last} of ${found.length}` : "No row has that.";
    at("back").disabled = start === 0;
    at("on").disabled = last >= found.length;
  };
  for (const control of [search, truth, said, wrong]) control.addEventListener("input", find);
  at("back").addEventListener("click", () => { start = Math.max(0, start - page); draw(); });
  at("on").addEventListener("click", () => { start += page; draw(); });
  document.querySelectorAll("button[data-true]").forEach((button) => button.addEventListener("click", () => {
    truth.value = button.dataset.true;
    said.value = button.dataset.said;
    search.value = "";
    wrong.checked = false;
    find();
    at("all").scrollIntoView();
    search.focus({ preventScroll: true });
  }));
  find();
})();
