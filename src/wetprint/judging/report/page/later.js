// Pictures that are kept as text until they come near, and whatever is folded away until it is printed.

const waiting = new Map(
  [...document.querySelectorAll("script.later")].map((text) => [text.closest("figure"), text]),
);

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      drawIn(target);
    }
  },
  { rootMargin: "100% 0%" },
);

function drawIn(figure) {
  const text = waiting.get(figure);
  near.unobserve(figure);
  waiting.delete(figure);
  text.insertAdjacentHTML("afterend", text.textContent);
  text.remove();
}

for (const figure of waiting.keys()) near.observe(figure);

addEventListener("beforeprint", () => {
  for (const figure of [...waiting.keys()]) drawIn(figure);
  for (const each of document.querySelectorAll("details")) each.open = true;
});
