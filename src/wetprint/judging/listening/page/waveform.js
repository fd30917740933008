// The passage as a picture, with the stretch that is looped; by pointer, and by keyboard.

const STEP_SECONDS = 0.25;

export function waveform(peaks, seconds, player, changed) {
  const figure = document.createElement("div");
  figure.className = "waveform";
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  figure.append(canvas);
  const shown = document.createElement("p");
  shown.className = "looped";
  const tell = () => {
    const [from, to] = player.loop;
    shown.textContent = `Loop: ${from.toFixed(2)} s to ${to.toFixed(2)} s`;
  };
  const handles = ["start", "end"].map((which, side) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "range", min: 0, max: seconds, step: STEP_SECONDS, className: `loop-${which}` });
    input.value = side ? seconds : 0;
    input.setAttribute("aria-label", `Loop ${which}, in seconds`);
    input.addEventListener("input", () => {
      const [from, to] = handles.map((each) => Number(each.value));
      player.setLoop(Math.min(from, to - STEP_SECONDS), Math.max(to, from + STEP_SECONDS));
      handles[0].value = player.loop[0];
      handles[1].value = player.loop[1];
      changed(player.loop);
      tell();
      draw();
    });
    return input;
  });
  const sliders = document.createElement("div");
  sliders.className = "loop";
  sliders.append(...handles);
  figure.append(sliders, shown);

  function draw() {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth * ratio;
    const height = canvas.clientHeight * ratio;
    if (!width || !height) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    pen.clearRect(0, 0, width, height);
    const [from, to] = player.loop.map((each) => (each / seconds) * width);
    pen.fillStyle = style.getPropertyValue("--loop");
    pen.fillRect(from, 0, to - from, height);
    const largest = Math.max(...peaks.flat().map(Math.abs), 1e-3);
    pen.fillStyle = style.color;
    peaks.forEach(([low, high], column) => {
      const x = (column / peaks.length) * width;
      const top = (0.5 - (0.46 * high) / largest) * height;
      const bottom = (0.5 - (0.46 * low) / largest) * height;
      pen.fillRect(x, top, Math.ceil(width / peaks.length), Math.max(ratio, bottom - top));
    });
    if (player.playing) {
      pen.fillStyle = style.getPropertyValue("--now");
      pen.fillRect((player.position / seconds) * width, 0, 2 * ratio, height);
    }
  }

  function follow() {
    draw();
    if (figure.isConnected) requestAnimationFrame(follow);
  }
  let dragged = null;
  const moment = (event) => {
    const box = canvas.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * seconds;
  };
  canvas.addEventListener("pointerdown", (event) => {
    dragged = moment(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", (event) => {
    const there = moment(event);
    const [from, to] = [Math.min(dragged, there), Math.max(dragged, there)];
    player.setLoop(...(to - from < STEP_SECONDS ? [0, seconds] : [from, to]));
    handles[0].value = player.loop[0];
    handles[1].value = player.loop[1];
    changed(player.loop);
    tell();
  });
  tell();
  requestAnimationFrame(follow);
  return figure;
}
