// Proposed edits of OCR errors, each as a difference with the picture of the word.
import { html, useEffect, useState } from "../vendor/preact.js";
import { api } from "./api.js";
import { run } from "./jobs.js";
import { Crop } from "./parts.js";
import { attempt, humanText, may } from "./state.js";

const keyOf = (edit) => `edit ${edit.span.start}`;

/** The places of edits, to be drawn on the pages. */
export function editMarks(edits) {
  return edits.map((edit) => ({
    key: keyOf(edit), page: edit.page, polygons: [edit.polygon], kind: edit.accepted ? "done" : "doubt",
    label: `${edit.before} → ${edit.after}`,
  }));
}

export function Correction({ id, chosen, onChoose, onEdits }) {
  const [result, setResult] = useState(undefined);
  const [rejected, setRejected] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const load = () => attempt(async () => {
    const { items } = await api.results({ document_id: id, verb: "correct", limit: 1 });
    const found = items[0]?.result || null;
    setResult(found);
    setRejected(found !== null && !found.edits.some((edit) => edit.accepted));
  });
  useEffect(() => { load(); return () => onEdits([]); }, [id]);
  useEffect(() => onEdits(result ? shown(result, rejected) : []), [result, rejected]);
  const start = () => {
    setBusy(true);
    attempt(async () => { await run("correct", id, {}); await load(); }).finally(() => setBusy(false));
  };
  if (result === undefined) return html`<p role="status">Loading …</p>`;
  const edits = result ? shown(result, rejected) : [];
  const hidden = result ? result.edits.length - result.edits.filter((edit) => edit.accepted).length : 0;
  return html`<div class="correction">
    ${!result && html`<p class="empty"><strong>Was every word read right?</strong><br />Words that were likely misread are shown
      beside their picture, each with its correction. The file itself is never changed.</p>`}
    ${may("write") && html`<button class=${result ? "" : "primary"} disabled=${isBusy} onClick=${start}>${result ? "Look again" : "Look for misread words"}</button>`}
    ${result && html`<p role="status">${tally(result.edits.length - hidden, hidden)}</p>
      ${hidden > 0 && html`<label class="toggle"><input type="checkbox" checked=${rejected}
        onChange=${(event) => setRejected(event.target.checked)} /> Show what was left as it is, too</label>`}
      <ul>${edits.map((edit) => html`<li key=${edit.span.start} aria-current=${chosen === keyOf(edit) ? "true" : undefined}>
        <button class="place" onClick=${() => onChoose(keyOf(edit))} aria-label=${`Show ${edit.before} on page ${edit.page}`}>
          <${Crop} id=${id} evidence=${{ page: edit.page, quote: edit.before, polygons: [edit.polygon] }} /></button>
        <p class="diff"><del>${pieces(edit.before, edit.after)}</del> <span aria-hidden="true">→</span> <ins>${pieces(edit.after, edit.before)}</ins></p>
        <p class="facts"><span class=${`badge ${edit.accepted ? "done" : ""}`}>${edit.accepted ? "corrected" : "left as it is"}</span>
          <span class="quiet">${humanText(edit.reason)}</span></p>
      </li>`)}</ul>`}
  </div>`;
}

function tally(made, left) {
  if (!made && !left) return "No word seems to be misread.";
  const words = (count) => (count === 1 ? "1 word" : `${count} words`);
  const corrected = made ? `${words(made)} corrected` : "No correction is sure enough to be made";
  return left ? `${corrected}; ${words(left)} looked odd and stayed as they were read.` : `${corrected}.`;
}

const shown = (result, rejected) => result.edits.filter((edit) => rejected || edit.accepted);

/** A text with the part that differs from the other one in bold. */
function pieces(text, other) {
  let start = 0;
  while (start < text.length && text[start] === other[start]) start += 1;
  let end = 0;
  while (end < Math.min(text.length, other.length) - start && text.at(-1 - end) === other.at(-1 - end)) end += 1;
  return [text.slice(0, start), html`<b>${text.slice(start, text.length - end)}</b>`, text.slice(text.length - end)];
}
