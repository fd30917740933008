// A rating from 0 to 100 for each numbered sound.

const WORDS = ["bad", "poor", "fair", "good", "excellent"];

const inWords = (value) => WORDS[Math.min(4, Math.floor(value / 20))];

export function ratings(labels, hear, done) {
  const form = document.createElement("form");
  form.className = "ratings";
  const rated = labels.filter((each) => /^\d+$/.test(each));
  const touched = new Set();
  const send = document.createElement("button");
  send.type = "submit";
  send.className = "answer";
  send.textContent = "Next";
  send.disabled = true;
  for (const label of rated) {
    const row = document.createElement("label");
    const name = document.createElement("span");
    name.textContent = `Sound ${label}`;
    const input = document.createElement("input");
    Object.assign(input, { type: "range", min: 0, max: 100, value: 50, name: label });
    const shown = document.createElement("output");
    shown.textContent = "not rated";
    const told = () => {
      touched.add(label);
      shown.textContent = `${input.value}, ${inWords(Number(input.value))}`;
      input.setAttribute("aria-valuetext", shown.textContent);
      send.disabled = touched.size < rated.length;
    };
    input.addEventListener("input", told);
    input.addEventListener("change", told);
    input.addEventListener("focus", () => hear(label));
    row.append(name, input, shown);
    form.append(row);
  }
  form.append(send);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, Number(value)]));
    done({ ratings: given });
  });
  return form;
}
