// Turns the words of messages into safe nodes: links, the markdown subset, textcard divs.

import { el, link } from "./dom.js";

const ANCHOR = /<a\s+href=["'](https?:\/\/[^"']+)["'][^>]*>([^<]*)<\/a>|(https?:\/\/[^\s<>"'，。；：！？、（）【】]+)/gi;

export function linked(text) {
  const nodes = [];
  let end = 0;
  for (const hit of text.matchAll(ANCHOR)) {
    nodes.push(text.slice(end, hit.index));
    nodes.push(hit[1] ? link(hit[1], hit[2]) : link(hit[3], hit[3]));
    end = hit.index + hit[0].length;
  }
  return [...nodes, text.slice(end)];
}

const INLINE =
  /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)|<font color=["'](info|comment|warning)["']>(.*?)<\/font>/g;

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const hit of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, hit.index));
    if (hit[1]) nodes.push(el("strong", {}, inline(hit[1])));
    else if (hit[2]) nodes.push(el("code", {}, hit[2]));
    else if (hit[3]) nodes.push(link(hit[4], hit[3]));
    else nodes.push(el("span", { class: `ink-${hit[5]}` }, inline(hit[6])));
    end = hit.index + hit[0].length;
  }
  return [...nodes, text.slice(end)];
}

export function markdown(text) {
  return text.split("\n").map((line) => {
    const heading = line.match(/^(#{1,6})\s+(.*)/);
    if (heading) return el("div", { class: `md-h md-h${heading[1].length}` }, inline(heading[2]));
    const item = line.match(/^\s*([-*+]|\d{1,3}[.)])\s+(.*)/);
    if (item) {
      const point = /\d/.test(item[1]) ? item[1] : "•";
      return el("div", { class: "md-item" }, el("i", {}, point), el("span", {}, inline(item[2])));
    }
    if (line.startsWith(">")) return el("blockquote", {}, inline(line.replace(/^>\s?/, "")));
    return el("div", { class: "md-line" }, inline(line));
  });
}

const DIV = /<div class=["'](gray|normal|highlight)["']>([\s\S]*?)<\/div>|<br\s*\/?>/g;

export function textcard(text) {
  const nodes = [];
  let end = 0;
  for (const hit of text.matchAll(DIV)) {
    nodes.push(text.slice(end, hit.index));
    nodes.push(hit[1] ? el("div", { class: `tc-${hit[1]}` }, hit[2]) : el("br"));
    end = hit.index + hit[0].length;
  }
  return [...nodes, text.slice(end)];
}
