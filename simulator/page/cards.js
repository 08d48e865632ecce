// Draws cards as the client does; `press(button, selected)` sends a tap.

import { el, link } from "./dom.js";
import { markdown, textcard } from "./words.js";

// WeCom's own cards hold plain words; those of DingTalk hold Markdown.
const PLAIN = new Set([
  "text_notice", "news_notice", "button_interaction", "vote_interaction", "multiple_interaction", "mail",
]);

export function drawCard(message, press) {
  const card = message.card;
  if (card.type === "textcard") return drawTextcard(card);
  const body = [
    source(card), title(card), image(card), emphasis(card), quote(card), imageText(card),
    card.sub_title_text && card.type !== "interactive" && el("p", { class: "c-sub" }, card.sub_title_text),
    facts(card), paragraphs(card), notice(card),
  ];
  return el(
    "article", { class: `card ${card.type}${card.closed ? " closed" : ""}`, "aria-label": card.title || "卡片" },
    el("div", { class: "c-body" }, body), jumps(card), controls(card, press), more(card), status(card),
  );
}

function drawTextcard(card) {
  return el(
    "article", { class: "card textcard" },
    el("div", { class: "c-body" },
      el("h3", { class: "c-title" }, card.title),
      el("div", { class: "c-text" }, textcard(card.desc))),
    el("div", { class: "c-more" }, link(card.link, card.more, el("i", { class: "chevron" }))),
  );
}

const source = (card) => card.source
  && el("div", { class: `c-source ink-${card.source_color}` }, el("i", { class: "dot" }), card.source);

// The title of an action card stands in the list of chats and not on the card.
const title = (card) => [
  card.title && card.type !== "action_card" && el("h3", { class: "c-title" }, card.title),
  card.desc && (PLAIN.has(card.type)
    ? el("p", { class: "c-desc" }, card.desc)
    : el("div", { class: "c-words" }, markdown(card.desc))),
];

const image = (card) => card.image
  && el("div", { class: "c-image" }, el("span", {}, "图片"), el("small", {}, card.image));

const emphasis = (card) => card.emphasis && el("div", { class: "c-emphasis" },
  el("b", {}, card.emphasis.title ?? ""), el("span", {}, card.emphasis.desc ?? ""));

const quote = (card) => card.quote && (card.quote.title || card.quote.quote_text)
  && el("div", { class: "c-quote" },
    card.quote.title && el("b", {}, card.quote.title),
    card.quote.quote_text && el("div", {}, card.quote.quote_text));

const imageText = (card) => card.image_text && el("div", { class: "c-quote" },
  el("b", {}, card.image_text.title ?? ""), el("div", {}, card.image_text.desc ?? ""));

const facts = (card) => card.facts.length > 0 && el("dl", { class: "c-facts" },
  card.facts.map((f) => [el("dt", {}, f.label), el("dd", {}, f.link ? link(f.link, f.value) : f.value)]));

const paragraphs = (card) => card.paragraphs.map((p) =>
  el("div", { class: "c-par" }, el("b", {}, p.title), el("div", {}, p.desc)));

// Interactive cards tell what just happened in a line below the facts.
const notice = (card) => [
  card.type === "interactive" && card.sub_title_text
    && el("p", { class: "c-notice", role: "status" }, card.sub_title_text),
  card.problem && el("p", { class: "c-problem" }, card.problem),
];

// The bar below an OA notice; its colour is the sender's, so only its words are shown.
const status = (card) => card.status && el("div", { class: "c-status" }, card.status);

const jumps = (card) => card.jumps.map((j) =>
  el("div", { class: "c-more" }, link(j.url, j.title, el("i", { class: "chevron" }))));

const more = (card) => card.link && !card.jumps.length
  && el("div", { class: "c-more" }, link(card.link, "查看详情", el("i", { class: "chevron" })));

function controls(card, press) {
  const form = el("form", { class: "c-controls", onsubmit: (e) => e.preventDefault() });
  const asked = [...card.selects.map((s) => (s.multiple ? boxes : selector)(s, card)), card.checkbox && boxes(card.checkbox, card)];
  const rows = [...card.buttons, ...(card.submit ? [{ ...card.submit, style: 1 }] : [])];
  const keys = card.closed
    ? [el("button", { type: "button", class: "grey", disabled: true }, card.replace_text || "已结束")]
    : [...rows, ...card.menu.map((m) => ({ ...m, style: 4 }))].map((b) => key(b, form, press));
  if (!keys.length && !card.selects.length && !card.checkbox) return null;
  form.append(...asked.filter(Boolean), el("div", { class: `c-keys n${card.vertical ? 1 : Math.min(keys.length, 3)}` }, keys));
  return form;
}

function key(button, form, press) {
  if (/^https?:/i.test(button.url)) return link(button.url, el("span", { class: `key s${button.style}` }, button.text));
  const tap = async (event) => {
    const own = event.currentTarget;
    own.classList.add("busy");
    form.inert = true;
    await press(button.key || button.text, choices(form));
    form.inert = false;
    own.classList.remove("busy");
  };
  return el("button", { type: "button", class: `key s${button.style}`, onclick: tap }, button.text);
}

function selector(question, card) {
  const field = el("select", { name: question.question_key, disabled: question.disabled || card.closed },
    question.selected_id ? "" : el("option", { value: "" }, "请选择"),
    question.options.map((o) =>
      el("option", { value: o.id, selected: o.id === question.selected_id }, o.text)));
  return el("label", { class: "c-select" }, el("span", {}, question.title || "请选择"), field);
}

function boxes(box, card) {
  return el("fieldset", { class: "c-boxes", disabled: box.disabled || card.closed },
    box.title && el("legend", {}, box.title),
    box.options.map((o) => el("label", {},
      el("input", {
        type: box.multiple ? "checkbox" : "radio",
        name: box.question_key, value: o.id, checked: o.checked,
      }),
      el("span", {}, o.text))));
}

function choices(form) {
  const chosen = {};
  for (const box of form.querySelectorAll(".c-boxes input")) chosen[box.name] ??= [];
  for (const [question, id] of new FormData(form)) if (id) (chosen[question] ??= []).push(id);
  return Object.keys(chosen).length ? chosen : undefined;
}
