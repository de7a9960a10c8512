// The review queue: extractions that nobody has looked through, the most expected errors first.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "./api.js";
import { fieldMarks, useExtraction } from "./extraction.js";
import { Fields } from "./fields.js";
import { useKeys } from "./parts.js";
import { attempt, say } from "./state.js";
import { Viewer } from "./viewer.js";

const QUEUE = 50;

export function Review() {
  const [queue, setQueue] = useState(null);
  const [names, setNames] = useState({});
  const [at, setAt] = useState(0);
  useEffect(() => {
    document.title = "Review – docagent";
    attempt(async () => {
      const { items } = await api.review(QUEUE);
      setQueue(items);
      const found = await Promise.all(items.map((item) => api.document(item.document_id).catch(() => null)));
      setNames(Object.fromEntries(found.filter(Boolean).map((stored) => [stored.id, stored])));
    });
  }, []);
  const next = () => setAt((now) => Math.min(now + 1, queue.length));
  const done = () => {
    say(`${names[queue[at].document_id]?.name || "The document"} is reviewed.`);
    setQueue((now) => now.map((item, n) => (n === at ? { ...item, reviewed: true } : item)));
    next();
  };
  useKeys((event) => { if (event.key === "n" && queue) next(); });
  if (!queue) return html`<p role="status">Loading …</p>`;
  const left = queue.filter((item) => !item.reviewed).length;
  const item = queue[at];
  return html`<div class="title"><h1>Review</h1><p role="status" class="quiet">${left
      ? html`${left === 1 ? "1 document" : `${left} documents`} to look through, those with most likely mistakes first<span class="keyed">; press ? for the keys</span>`
      : queue.length ? "All are reviewed." : ""}</p></div>
    ${!queue.length && html`<p class="empty"><strong>Nothing to review</strong><br />Documents whose values nobody has looked through appear here.
      <br /><a href="#/">Go to the library</a></p>`}
    ${queue.length > 0 && html`<ol class="queue" aria-label="Queue">${queue.map((one, n) => html`<li key=${one.id}>
      <button aria-current=${n === at ? "true" : undefined} data-state=${one.reviewed ? "done" : ""} onClick=${() => setAt(n)}>
        ${names[one.document_id]?.name || "…"}
        <small>${one.reviewed ? "reviewed" : expectation(one.expected_errors)}</small></button></li>`)}</ol>`}
    ${item && html`<${Bench} key=${item.id} item=${item} stored=${names[item.document_id]} onDone=${done} />`}
    ${!item && queue.length > 0 && html`<p class="empty"><strong>You are at the end of the queue.</strong><br />
      ${left ? html`<button onClick=${() => setAt(queue.findIndex((one) => !one.reviewed))}>Go to what is left</button>` : html`<a href="#/">Back to the library</a>`}</p>`}`;
}

/** How many of the values are likely wrong, in words. */
function expectation(errors) {
  const count = Math.round(errors);
  if (count < 1) return "probably all right";
  return `about ${count} likely ${count === 1 ? "mistake" : "mistakes"}`;
}

function Bench({ item, stored, onDone }) {
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState(null);
  const extraction = useExtraction(item.id);
  const marks = fieldMarks(extraction.reviewed);
  const choose = (key) => {
    setChosen(key);
    const mark = marks.find((one) => one.key === key);
    if (mark) setPage(mark.page);
  };
  const isLoaded = extraction.reviewed !== null;
  useEffect(() => {
    if (!isLoaded || chosen) return;
    const { extraction: { fields }, labels } = extraction.reviewed;
    const first = fields.find((field) => !labels[field.path]) || fields[0];
    if (!first) return;
    choose(first.path);
    document.querySelector(`[data-path="${CSS.escape(first.path)}"]`)?.focus({ preventScroll: true });
  }, [isLoaded]);
  return html`<div class="bench">
    <${Viewer} id=${item.document_id} page=${page} pages=${stored?.pages ?? null} marks=${marks} chosen=${chosen}
      onChoose=${choose} onPage=${setPage} />
    <section class="side" aria-label="Values"><${Fields} ...${extraction} chosen=${chosen} onChoose=${choose} onDone=${onDone} /></section>
  </div>`;
}
