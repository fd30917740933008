// The screens, one after the other: what will happen, the trials, what came of it.

import { answers } from "./answers.js";
import { Player, decoded } from "./player.js";
import { draw, element, show } from "./trial.js";

const screen = document.getElementById("screen");
const live = document.getElementById("live");
const progress = document.getElementById("progress");

const say = (words) => {
  live.textContent = words;
};

const KINDS = {
  abx: "You hear the effect (A), a model of it (B), and X, which is one of the two. You say which.",
  closer: "You hear the dry sound (A), the effect (B), and X. You say which of the two X is closer to.",
  rating: "You hear a reference and several sounds, and rate how like the reference each of them is.",
};

function welcome(test) {
  return new Promise((resolve) => {
    const form = element("form", { className: "welcome" });
    const told = test.kinds.map((kind) => KINDS[kind]);
    const counts = `${test.trials} ${test.trials === 1 ? "trial" : "trials"}`;
    const training = test.training_trials
      ? `, after ${test.training_trials} for training, whose answers are told at once`
      : "";
    const facts = [
      `There are ${counts}${training}.`,
      `It takes about ${test.minutes_estimated} ${test.minutes_estimated === 1 ? "minute" : "minutes"}; you can pause and come back to this page.`,
      "All sounds are equally loud. Use headphones, begin softly, and leave the volume as it is then.",
      "Nothing is told of right and wrong before the last trial.",
    ];
    if (answers.isStatic) facts.push("This is an informal test: the answers lie in this folder, for whoever looks.");
    form.append(...[...told, ...facts].map((each) => element("p", {}, each)));
      // A listener's own link ends in the code; what follows # is never sent to a server.
    if (test.needs_code) form.append(field("code", "Your code", true, location.hash.slice(1)));
    form.append(field("name", "Your name, if you like", false));
    const problem = element("p", { className: "problem", role: "alert" });
    form.append(problem, element("button", { type: "submit", className: "answer" }, "Begin"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await answers.join(form.elements.name.value, form.elements.code?.value);
        resolve();
      } catch (error) {
        problem.textContent = error.message;
      }
    });
    draw(screen, element("h1", {}, `Listening: ${test.title}`), form);
    screen.focus({ preventScroll: true });
  });
}

function field(name, words, required, value = "") {
  const input = element("input", { name, required, value, maxLength: 80, autocomplete: "off" });
  return element("label", { className: "field" }, element("span", {}, words), input);
}

function told(right) {
  return new Promise((resolve) => {
    const button = element("button", { type: "button", className: "answer" }, "Next");
    button.addEventListener("click", resolve, { once: true });
    const words = right ? "Right." : "Not this time: it was the other one.";
    draw(screen, element("p", { className: "where" }, "Training"), element("h1", {}, words), button);
    say(words);
    button.focus();
  });
}

async function trials(player, test) {
  for (;;) {
    const trial = await answers.next();
    if (trial.state === "done") return;
    trial.counted = trial.index + 1 - test.training_trials;
    trial.counts = trial.of - test.training_trials;
    const buffers = await Promise.all(
      trial.sources.map(async ({ label, url }) => [label, await decoded(player.context, await answers.sound(url))]),
    );
    player.load(buffers);
    const answered = show(screen, trial, player, say);
    progress.hidden = false;
    progress.setAttribute("aria-valuemax", trial.of);
    progress.setAttribute("aria-valuenow", trial.index);
    progress.firstElementChild.style.width = `${(100 * trial.index) / trial.of}%`;
    const given = await answered;
    const judged = await kept(() => answers.answer(trial.index, given));
    if (judged.right !== undefined) await told(judged.right);
  }
}

// An answer is sent until it is accepted: the test may be away for a moment.
async function kept(send) {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (error.status) throw error;
      say(error.message);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

async function finished() {
  progress.hidden = true;
  const results = await answers.results();
  const words = ["abx", "closer", "rating"].filter((kind) => results[kind]);
  draw(
    screen,
    element("h1", {}, "Thank you"),
    ...words.map((kind) => element("p", { className: "verdict" }, results[kind].words)),
    element("p", {}, "These are your answers alone. You can close this page."),
  );
  screen.focus({ preventScroll: true });
}

async function run() {
  const test = await answers.test();
  document.title = `Listening: ${test.title}`;
  const player = new Player(new AudioContext());
  if (!test.joined) await welcome(test);
  await trials(player, test);
  await finished();
}

run().catch((error) => {
  draw(
    screen,
    element("h1", {}, "That did not work"),
    element("p", { role: "alert" }, error.message),
    element("button", { type: "button", className: "answer", onclick: () => location.reload() }, "Reload"),
  );
});
