// A mail's HTML, built from the tree of harmless tags that the simulator made of it.

import { el, link } from "./dom.js";
import { linked } from "./words.js";

export const letter = (tree) => el("div", { class: "letter" }, tree.map((part) => node(part)));

// Bare addresses become links, as mail programs make them, but not within a link.
function node(part, within = false) {
  if (typeof part === "string") return within ? part : linked(part);
  if (part.tag === "img") return el("span", { class: "unloaded" }, part.alt || "图片未加载");
  const inner = part.inner.map((inside) => node(inside, within || part.tag === "a"));
  return part.tag === "a" ? link(part.href, ...inner) : el(part.tag, {}, ...inner);
}
