// Where questions come from and answers go: a server, or the files of an exported folder.

class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function asked(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch {
    throw new Refused("The test does not answer at the moment. What you answered is kept.", 0);
  }
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(told.error || "Something went wrong.", response.status);
  return told;
}

function posted(path, body) {
  const headers = { "Content-Type": "application/json", "X-Wetprint": "1" };
  return asked(path, { method: "POST", headers, body: JSON.stringify(body) });
}

const server = {
  isStatic: false,
  test: () => asked("api/test"),
  join: (name, code) => posted("api/join", code ? { name, code } : { name }),
  next: () => asked("api/next"),
  answer: (index, given) => posted("api/answer", { index, ...given }),
  results: () => asked("api/results"),
  async sound(url) {
    const response = await fetch(url, { credentials: "same-origin", cache: "no-store" });
    if (!response.ok) throw new Refused("A sound could not be loaded; reload the page.", response.status);
    return response.arrayBuffer();
  },
};

// An exported folder holds all answers; it is for informal tests, and its first screen says so.
function folder() {
  const kept = "wetprint-listening-answers";
  let whole = null;
  const answers = () => JSON.parse(localStorage.getItem(kept) || "[]");
  const load = async () => (whole ||= await asked("test.json"));
  return {
    isStatic: true,
    async test() {
      const { about } = await load();
      return { ...about, joined: answers().length > 0, needs_code: false };
    },
    async join() {
      localStorage.setItem(kept, JSON.stringify(answers()));
    },
    async next() {
      const { trials } = await load();
      const index = answers().length;
      if (index >= trials.length) return { state: "done" };
      return { state: "trial", index, of: trials.length, ...trials[index].shown };
    },
    async answer(index, given) {
      const { trials } = await load();
      const all = answers();
      if (index !== all.length) throw new Refused("This trial is not the next one; reload the page.", 409);
      localStorage.setItem(kept, JSON.stringify([...all, given.ratings || given.answer]));
      const { right } = trials[index];
      const told = { accepted: true };
      if (trials[index].shown.training && right) told.right = given.answer === right;
      return told;
    },
    async results() {
      const { trials } = await load();
      const all = answers();
      const words = {};
      for (const kind of ["abx", "closer"]) {
        const mine = trials.map((each, i) => [each, all[i]]).filter(([each]) => each.shown.kind === kind && !each.shown.training);
        if (!mine.length) continue;
        const hits = mine.filter(([each, given]) => given === (each.right || "B")).length;
        const what = kind === "abx" ? "right" : "closer to the wet sound";
        words[kind] = { words: `${hits} of ${mine.length} answers were ${what}.` };
      }
      return words;
    },
    sound: async (url) => (await fetch(url)).arrayBuffer(),
  };
}

const mode = document.querySelector('meta[name="wetprint-test"]')?.content;
export const answers = mode === "static" ? folder() : server;
