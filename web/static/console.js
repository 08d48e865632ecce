// Small comforts; every page works without them.
const LIMIT = 10 * 1024 * 1024;

for (const drop of document.querySelectorAll(".drop")) {
  const input = drop.querySelector("input");
  const name = drop.querySelector("b");
  const hint = drop.querySelector(".hint");
  const button = drop.closest("form").querySelector("button[type=submit]");
  const usual = hint.textContent;
  const show = () => {
    const file = input.files[0];
    if (!file) return;
    const tooLarge = file.size > LIMIT;
    name.textContent = file.name;
    hint.textContent = tooLarge ? "文件超过10MB，请只保留需要的那一张表" : usual;
    button.disabled = tooLarge;
  };
  input.addEventListener("change", show);
  show(); // chosen before this file came, or kept by the browser on the way back
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, () => drop.classList.add("over"));
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
}

// One press is enough.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button[type=submit]");
    if (!button || form.dataset.again !== undefined) return;
    setTimeout(() => { button.disabled = true; }, 0);
  });
}
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("button")) button.disabled = false;
});

// A month opens at today.
for (const frame of document.querySelectorAll(".scroll.at-today")) {
  const today = frame.querySelector("th.today");
  const first = frame.querySelector(".person");
  if (today) frame.scrollLeft = today.offsetLeft - first.offsetWidth - 40;
}

// On a narrow screen the menu opens at the page one is on.
const menu = document.querySelector(".nav");
const here = menu?.querySelector("[aria-current]");
if (here) menu.scrollLeft = here.offsetLeft - menu.offsetLeft - 16;
