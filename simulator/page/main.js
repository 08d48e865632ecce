// Starts the page and keeps it fresh from the simulator's news.

import { api } from "./api.js";
import { ClockBar } from "./clock.js";
import { el, link } from "./dom.js";
import { Faults } from "./faults.js";
import { Log } from "./log.js";
import { Phone } from "./phones.js";
import { Picker } from "./picker.js";

const at = (id) => document.getElementById(id);
const open = new Map();
const clock = new ClockBar(at("clock"));
const log = new Log(at("log"), at("open-log"));
const faults = new Faults(at("faults"), at("open-faults"));
const picker = new Picker(at("tabs"), at("picker"), arrange);
let hospital = { apps: [], links: [], show: [] };
let epoch = null;
let noting = null;
let todos = null;

async function arrange(shown, front, look = false) {
  for (const [id, phone] of open) {
    if (!shown.includes(id)) {
      phone.node.remove();
      open.delete(id);
    }
  }
  const fresh = shown.filter((id) => !open.has(id));
  for (const id of fresh) open.set(id, new Phone(picker.person(id), hospital, (other) => picker.appear(other)));
  at("phones").replaceChildren(...shown.map((id) => open.get(id).node));
  for (const [id, phone] of open) phone.node.classList.toggle("front", id === front);
  for (const phone of open.values()) phone.toBottom();
  await Promise.all(fresh.map((id) => open.get(id).load()));
  if (look) open.get(front).node.scrollIntoView({ inline: "center", block: "nearest" });
  markRead(front);
  tick();
}

// On a wide window every shown phone is looked at; on a narrow one only the front one.
async function markRead(front) {
  const wide = matchMedia("(min-width: 761px)").matches;
  const seen = (wide ? picker.shown : [front]).filter((id) => picker.person(id)?.unread);
  await Promise.all(seen.map((id) => api.read(id)));
  if (seen.length) await picker.noteUnread();
}

async function start() {
  hospital = await api.hospital();
  at("hospital").textContent = hospital.name || "手机模拟台";
  document.title = `${hospital.name} · 手机模拟台`;
  at("links").replaceChildren(...hospital.links.map((n) => link(n.url, el("span", { class: "tool link" }, n.title))));
  at("phones").replaceChildren();
  open.clear();
  log.reset();
  await picker.load(hospital);
}

async function take(news) {
  clock.take(news.clock);
  tick();
  if (epoch !== news.epoch) {
    epoch = news.epoch;
    await start();
  }
  const touched = Object.keys(news.phones);
  await Promise.all(touched.filter((id) => open.has(id)).map((id) => open.get(id).refresh()));
  if (touched.length) noteSoon();
  if (todos !== news.todos) {
    todos = news.todos;
    await Promise.all([...open.values()].map((phone) => phone.todos?.refresh()));
  }
  await Promise.all([...open.values()].map((phone) => phone.windows?.refresh()));
  await Promise.all([...open.values()].map((phone) => phone.desk?.refresh()));
  log.refresh(news.calls);
  faults.refresh(news.faults);
}

// A ward-wide message touches hundreds of phones; one look at the list a second is enough.
function noteSoon() {
  noting ??= setTimeout(async () => {
    noting = null;
    await picker.noteUnread();
    await markRead(picker.front);
  }, 1000);
}

function tick() {
  clock.tick();
  if (clock.base) for (const phone of open.values()) phone.tick(clock.now());
}

let queue = Promise.resolve();
const source = new EventSource("/sim/events");
source.onmessage = (event) => {
  queue = queue.then(() => take(JSON.parse(event.data))).catch((problem) => console.warn(problem));
};
source.onopen = () => document.body.classList.remove("lost");
source.onerror = () => document.body.classList.add("lost");
setInterval(tick, 1000);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  faults.open(false);
  at("picker").hidden = true;
});
if (matchMedia("(min-width: 761px)").matches) log.open(true);
