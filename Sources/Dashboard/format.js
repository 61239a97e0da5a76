// How numbers and times are shown. Not after the machine's language, so that everybody of a team sees the same.

const grouped = new Intl.NumberFormat("en-GB", { useGrouping: true, maximumFractionDigits: 0 });

/** 1 234 567, with narrow spaces. */
export const integer = (value) => grouped.format(value).replaceAll(",", "\u202f");

/** With the digits that count. */
export function decimal(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** mL: three digits that count, or more before the point. */
export const millilitres = (value) => value.toFixed(value >= 100 ? 1 : value >= 1 ? 2 : 3);

/** 35 ms, 4.2 s, 3 min 12 s, 2 h 5 min, 3 d 4 h. */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** "3 min ago". */
export function ago(text, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(text)) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} d ago`;
}

/** "in 3 min". */
export function until(text, now = Date.now()) {
  const seconds = (Date.parse(text) - now) / 1000;
  return seconds < 5 ? "any moment" : `in ${duration(seconds)}`;
}

/** "2031-02-03 14:05", by the reader's clock. */
export function moment(text) {
  const date = new Date(text);
  const two = (value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** 1.5 MiB. */
export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  let amount = value;
  while (amount >= 1024 && place + 1 < units.length) {
    amount /= 1024;
    place += 1;
  }
  return place === 0 ? `${value} B` : `${amount.toFixed(1)} ${units[place]}`;
}

/** The begin of a run's identifier: its end is random, its begin a time, so the end tells runs apart. */
export const shortRun = (id) => `…${id.slice(-8)}`;

const kinds = { completed: "good", failed: "bad", cancelled: "quiet", submitted: "quiet" };

/** Whether a state is good, bad, quiet, or work. */
export const kindOfState = (state) => kinds[state] ?? "work";
export const isFinal = (state) => ["completed", "failed", "cancelled"].includes(state);
