// One trial: its sounds, its keys, its answer.

import { waveform } from "./waveform.js";
import { ratings } from "./rating.js";

const MEANINGS = {
  abx: { A: "effect", B: "model", X: "one of the two" },
  closer: { A: "dry", B: "effect", X: "unknown" },
};

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

// Puts a screen in the place of the one before. An answered one takes no more keys until then.
export function draw(screen, ...children) {
  screen.replaceChildren(...children);
  screen.inert = false;
}

// Shows a trial and returns a promise of its answer: {answer} or {ratings}.
export function show(screen, trial, player, say) {
  return new Promise((resolve) => {
    const buttons = new Map();
    const labels = trial.sources.map((each) => each.label);
    const meaning = MEANINGS[trial.kind] || {};
    const play = element("button", { type: "button", className: "play", id: "play" });
    const heading = trial.training ? "Training" : `Trial ${trial.counted} of ${trial.counts}`;

    function refresh() {
      play.textContent = player.playing ? "Stop" : "Play";
      play.setAttribute("aria-keyshortcuts", "Space");
      for (const [label, button] of buttons) {
        button.setAttribute("aria-pressed", String(label === player.heard));
      }
    }
    function hear(label) {
      player.hear(label);
      refresh();
      say(`${spoken(label)}${player.playing ? "" : ", stopped"}`);
    }
    function toggle() {
      if (player.playing) player.stop();
      else {
        player.context.resume?.();
        player.play();
      }
      refresh();
      say(player.playing ? `Playing ${spoken(player.heard)}` : "Stopped");
    }
    const spoken = (label) => (/^\d+$/.test(label) ? `sound ${label}` : label);

    const sounds = element("div", { className: "sounds" });
    sounds.setAttribute("role", "group");
    sounds.setAttribute("aria-label", "What is heard");
    for (const label of labels) {
      const button = element("button", { type: "button", className: "sound" });
      button.dataset.label = label;
      button.append(element("b", {}, label));
      if (meaning[label]) button.append(element("small", {}, meaning[label]));
      if (label.length === 1 && !/\d/.test(label)) button.setAttribute("aria-keyshortcuts", label);
      button.addEventListener("click", () => hear(label));
      buttons.set(label, button);
      sounds.append(button);
    }
    play.addEventListener("click", toggle);

    const done = (given) => {
      document.removeEventListener("keydown", key);
      player.stop();
      screen.inert = true;
      resolve(given);
    };
    const choice = trial.kind === "rating" ? ratings(labels, hear, done) : choices(trial, done);
    const picture = waveform(trial.peaks, trial.seconds, player, ([from, to]) =>
      say(`Loop from ${from.toFixed(2)} to ${to.toFixed(2)} seconds`),
    );
    draw(
      screen,
      element("p", { className: "where" }, heading),
      element("h1", {}, trial.question),
      picture,
      element("div", { className: "transport" }, play, sounds),
      choice,
      element("p", { className: "keys" }, keysOf(trial)),
    );

    function key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=range])")) return;
      const pressed = event.key.toUpperCase();
      if (event.key === " ") {
        event.preventDefault();
        toggle();
      } else if (labels.includes(pressed) && !/\d/.test(pressed)) hear(pressed);
      else if (trial.kind !== "rating" && (event.key === "1" || event.key === "2")) {
        event.preventDefault();
        choice.querySelectorAll("button")[Number(event.key) - 1].click();
      } else if (trial.kind === "rating" && labels.includes(event.key)) hear(event.key);
      else if (trial.kind === "rating" && pressed === "R") hear("Reference");
    }
    document.addEventListener("keydown", key);
    refresh();
    screen.focus({ preventScroll: true });
  });
}

function keysOf(trial) {
  if (trial.kind === "rating") return "Keys: space plays and stops, R the reference, 1, 2, 3 … the sounds.";
  return "Keys: A, B, X choose what is heard, space plays and stops, 1 and 2 answer A and B.";
}

function choices(trial, done) {
  const group = element("div", { className: "choices" });
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Your answer");
  trial.choices.forEach((each, place) => {
    const words = trial.kind === "abx" ? `X is ${each}` : `X is closer to ${each}`;
    const button = element("button", { type: "button", className: "answer" }, words);
    button.dataset.answer = each;
    button.setAttribute("aria-keyshortcuts", String(place + 1));
    button.addEventListener("click", () => done({ answer: each }), { once: true });
    group.append(button);
  });
  return group;
}
