// Builds elements. Text only ever enters the page as text, never as HTML.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((c) => c || c === 0));
  return node;
}

export function link(url, ...children) {
  if (!/^https?:\/\//i.test(url)) return el("span", {}, ...children);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

export function toast(text, bad = false) {
  const note = el("div", { class: bad ? "toast bad" : "toast" }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), bad ? 6000 : 2500);
}

const zone = "Asia/Shanghai";
const parts = (options) => new Intl.DateTimeFormat("zh-CN", { timeZone: zone, ...options });
const hm = parts({ hour: "2-digit", minute: "2-digit", hour12: false });
const hms = parts({ hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = parts({ month: "numeric", day: "numeric" });
const fullDay = parts({ year: "numeric", month: "long", day: "numeric" });
const weekday = parts({ weekday: "long" });
const short = parts({ weekday: "short" });

export const clockText = (at) => hm.format(at);
export const secondText = (at) => hms.format(at);
export const dayText = (at) => fullDay.format(at);
export const weekdayText = (at) => weekday.format(at);
export const stampText = (at) => `${day.format(at)} ${short.format(at)} ${hm.format(at)}`;
