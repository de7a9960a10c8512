// What all parts of the page share: where we are, what the server is, and short messages.
import { signal } from "../vendor/preact.js";
import { api } from "./api.js";

export const session = signal(null);
export const server = signal(null);
export const notice = signal(null);
export const theme = signal(localStorage.getItem("docagent-theme") || "auto");

/** {path: ["documents", id], values: {page, cite, tab, ...}} of the address. */
export const route = signal(parse(location.hash));

function parse(hash) {
  const [path, search] = hash.replace(/^#\/?/, "").split("?");
  const values = Object.fromEntries(new URLSearchParams(search || ""));
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), values };
}

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

/** The address of a part of the page. */
export function link(path, values = {}) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(given).toString();
  return `#/${path}${search ? `?${search}` : ""}`;
}

/** Goes somewhere; `replace` leaves no entry in the history. */
export function go(address, replace = false) {
  if (!replace) {
    location.hash = address;
    return;
  }
  history.replaceState(null, "", address);
  route.value = parse(address);
}

/** The address of a citation: its page, and a box for each line. */
export function citeLink(id, evidence, values = {}) {
  return link(`documents/${id}`, { ...values, page: evidence.page, cite: toCite(evidence) });
}

export function toCite(evidence) {
  const short = (x) => String(Math.round(x * 10000) / 10000);
  return evidence.polygons.map((p) => toBox(p).map(short).join(",")).join(";");
}

/** The polygons of `cite` in an address; boxes that cannot be are left out. */
export function fromCite(cite) {
  return (cite || "")
    .split(";")
    .map((box) => box.split(",").map(Number))
    .filter((box) => box.length === 4 && box.every((x) => x >= 0 && x <= 1))
    .map(([x0, y0, x1, y1]) => [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]);
}

export function toBox(polygon) {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** A short message that is read out too. kind: "info" or "error". */
export function say(text, kind = "info") {
  notice.value = { text, kind, at: Date.now() };
}

export const fail = (error) => say(error.message || String(error), "error");

/** Runs something, and tells when it fails. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    fail(error);
    return undefined;
  }
}

export async function start() {
  session.value = await api.session();
  server.value = await api.server();
}

export function setTheme(name) {
  theme.value = name;
  localStorage.setItem("docagent-theme", name);
  applyTheme();
}

export function applyTheme() {
  document.documentElement.dataset.theme = theme.value;
}

/** Whether the one who is logged in may do this. */
export function may(scope) {
  const scopes = session.value?.scopes || [];
  return scopes.includes(scope) || scopes.includes("admin");
}

export const percent = (share) => `${Math.round(share * 100)} %`;

const ACRONYM = /\b(iban|bic|id|vat|nda|url|sku)\b/g;

/** "line_items[0].unit_price" as "Unit price". */
export function humanName(path) {
  const last = path.split(".").pop().replace(/\[(\d+)\]/g, (_, n) => ` ${Number(n) + 1}`);
  const words = last.replaceAll("_", " ").trim().replace(ACRONYM, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const PATH = /\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?:\[\d*\])?(?:\.[a-z0-9_]+)*|\b[a-z]+\[\d*\](?:\.[a-z0-9_]+)*/g;

/** A message of the library for readers of the page: paths and shares in words. */
export function humanText(message) {
  return (message || "").replace(PATH, inWords)
    .replace(/\bconfidence (0?\.\d+|[01](?:\.0+)?)\b(?! %)/g, (_, share) => `a confidence of ${percent(Number(share))}`);
}

/** "line_items[1].unit_price" as "unit price in row 2 of line items". */
function inWords(path) {
  const [, list, row, rest] = /^(\w+)\[(\d*)\]\.?(.*)$/.exec(path) || [];
  const plain = (text) => text.replace(/[_.]/g, " ");
  if (!list) return plain(path);
  return `${rest ? `${plain(rest)} ` : ""}in ${row ? `row ${Number(row) + 1} of ` : ""}${plain(list)}`.replace(/^in (?=row)/, "");
}
