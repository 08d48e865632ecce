// The clock bar: simulated time, jumps, and progress while the evening is played.

import { api } from "./api.js";
import { clockText, dayText, el, toast, weekdayText } from "./dom.js";

// A time of day that has passed means tomorrow, and the button says so.
const JUMPS = [
  [{ advance: "10m" }, "+10分钟", "+10分钟"],
  [{ advance: "1h" }, "+1小时", "+1小时"],
  [{ to: "20:10" }, "到今晚 20:10", "到明晚 20:10"],
  [{ to: "21:35" }, "到 21:35", "到明晚 21:35"],
  [{ to: "08:00" }, "到今早 8点", "到明早 8点"],
];

export class ClockBar {
  constructor(root) {
    this.time = el("b", {}, "--:--");
    this.date = el("span", {}, "");
    this.busy = false;
    this.fill = el("i");
    this.keys = JUMPS.map(([body, text]) =>
      el("button", { type: "button", onclick: () => this.move(body) }, text));
    this.bar = el("div", { class: "progress", hidden: true }, this.fill);
    root.append(
      el("div", { class: "face-of-clock" }, this.time, this.date),
      el("div", { class: "jumps" }, this.keys), this.bar,
    );
  }

  now() {
    return new Date(this.base + (performance.now() - this.at));
  }

  take(state) {
    this.base = Date.parse(state.now);
    this.at = performance.now();
    this.show(state);
    this.tick();
  }

  show(state) {
    // News from before a move of our own must not free its keys.
    for (const key of this.keys) key.disabled = state.moving || this.busy;
    this.bar.hidden = !state.moving;
    if (!state.moving) return void (this.from = null);
    this.from ??= this.base;
    const whole = Date.parse(state.target) - this.from;
    this.fill.style.transform = `scaleX(${whole > 0 ? Math.min(1, (this.base - this.from) / whole) : 1})`;
  }

  tick() {
    if (!this.base) return;
    const now = this.now();
    this.time.textContent = clockText(now);
    this.date.textContent = `${dayText(now)} ${weekdayText(now)}`;
    JUMPS.forEach(([body, today, tomorrow], i) => {
      this.keys[i].textContent = body.to > this.time.textContent ? today : tomorrow;
    });
  }

  async move(body) {
    this.busy = true;
    for (const key of this.keys) key.disabled = true;
    try {
      const done = await api.moveClock(body);
      if (done.late.length) toast(`${done.late.join("、")} 没有跟上时间`, true);
    } catch (problem) {
      toast(problem.message, true);
    } finally {
      this.busy = false;
      for (const key of this.keys) key.disabled = false;
    }
  }
}
