// The appointment that a mail carries (.ics), as a calendar would show it.

import { el } from "./dom.js";

const WEEKDAYS = ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"];

export function drawAppointment(event) {
  const [date, from] = event.start.split(" ");
  const [year, month, day] = date.split("-").map(Number);
  const until = event.end?.startsWith(date) ? event.end.split(" ")[1] : event.end;
  const off = event.method === "CANCEL";
  return el("section", { class: off ? "appointment off" : "appointment", "aria-label": "日程" },
    el("div", { class: "leaf", "aria-hidden": "true" },
      el("span", {}, `${month}月`), el("b", {}, String(day)), el("i", {}, weekday(year, month, day))),
    el("div", { class: "when" },
      el("em", {}, off ? "日程已取消" : event.sequence ? "日程有更新" : "日程"),
      el("b", {}, event.summary),
      el("span", {}, `${month}月${day}日 ${weekday(year, month, day)} ${[from, until].filter(Boolean).join("–")}`),
      event.location && el("span", {}, event.location),
      el("details", {}, el("summary", {}, "日历文件"), el("pre", {}, event.source))));
}

const weekday = (year, month, day) => WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] ?? "";
