// A mail's HTML, built from the tree of harmless tags that the simulator made of it.

import { el, link } from "./dom.js";

export const letter = (tree) => el("div", { class: "letter" }, tree.map(node));

function node(part) {
  if (typeof part === "string") return part;
  if (part.tag === "img") return el("span", { class: "unloaded" }, part.alt || "图片未加载");
  const inner = part.inner.map(node);
  return part.tag === "a" ? link(part.href, ...inner) : el(part.tag, {}, ...inner);
}
