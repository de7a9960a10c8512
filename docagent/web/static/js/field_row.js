// One field: its value to read and edit, how sure it is, the picture of its place, and the verdict.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { Confidence, Crop } from "./parts.js";
import { humanName, humanText, may } from "./state.js";
import { parseValue, showValue } from "./values.js";

const STATUS = {
  not_present: "not found", illegible: "cannot be read", ambiguous: "several could be meant",
  conflicting: "the document contradicts itself", ungrounded: "not found on the page", invalid: "not a possible value",
};
const VERDICT = { accepted: "accepted", edited: "edited", not_present: "not there" };
/** Characters of a line of a value; longer ones get several lines. */
const LINE_CHARS = 24;
const MAX_ROWS = 6;

/** Whether two texts differ in nothing but white space; a browser takes the ends of lines out of values. */
const isSame = (one, other) => one.replace(/\s+/g, "") === other.replace(/\s+/g, "");

/** The text of a field that is edited, for a row and for a cell of a table. */
function useValue({ field, label, leaf, onJudge, onLeave }) {
  const [error, setError] = useState("");
  const value = { edited: label?.value, not_present: null }[label?.verdict];
  const shown = value === undefined ? showValue(field.value, field.raw_text) : showValue(value);
  const input = useRef(null);
  const isSaving = useRef(false);
  useEffect(() => { input.current.value = shown; setError(""); }, [shown]);
  const save = async () => {
    const text = input.current?.value.trim();
    if (text === undefined || isSame(text, shown) || isSaving.current) return; // undefined: it is gone already
    const parsed = parseValue(text, leaf, field.value);
    setError(parsed.error || "");
    if (parsed.error) return;
    isSaving.current = true;
    await onJudge(text ? "edited" : "not_present", parsed.value);
    isSaving.current = false;
  };
  const onKeyDown = (event) => {
    if (event.key === "Escape") { input.current.value = shown; setError(""); onLeave(); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (isSame(input.current.value, shown)) onJudge("accepted");
    else save();
  };
  return { shown, error, input, save, onKeyDown };
}

function Value({ known, rows = 1, leaf, onChoose, ...given }) {
  const { shown, error, input, save, onKeyDown } = known;
  const props = {
    ref: input, defaultValue: shown, onFocus: onChoose, onBlur: save, onKeyDown, readonly: !may("review"),
    placeholder: "–", autocomplete: "off", "aria-invalid": error ? "true" : undefined, title: leaf?.description, ...given,
  };
  return rows > 1 ? html`<textarea ...${props} rows=${rows}></textarea>` : html`<input ...${props} />`;
}

function Verdicts({ name, label, onJudge }) {
  const say = (verdict) => (event) => { event.stopPropagation(); onJudge(verdict); };
  if (!may("review")) return null;
  return html`<span class="verdicts">
    <button aria-label=${`Accept ${name}`} title="It is right (Enter)" class="tick"
      aria-pressed=${String(label?.verdict === "accepted")} onClick=${say("accepted")}>✓</button>
    <button aria-label=${`${name} is not in the document`} title="The document has no such value (x)" class="cross"
      aria-pressed=${String(label?.verdict === "not_present")} onClick=${say("not_present")}>×</button>
  </span>`;
}

function State({ field, label, isDoubtful }) {
  if (label) {
    const by = label.author && label.author !== "local" ? ` by ${label.author}` : "";
    return html`<span class="badge done">${VERDICT[label.verdict]}${by}</span>`;
  }
  if (field.value === null && field.status === "not_present") return html`<span class="quiet">not found</span>`;
  return html`<${Confidence} share=${field.confidence} isDoubtful=${isDoubtful} />`;
}

/** What there is to say of a field besides its value: the picture of its place, and why it is in doubt. */
function Details({ id, name, field, label, failed, onChoose }) {
  const evidence = field.evidence[0];
  const status = field.status === "found" || field.status === "not_present" ? "" : STATUS[field.status];
  const why = label ? "" : humanText(field.message);
  const wrong = failed.filter((check) => check.kind !== "readable"); // its status says that it is not
  return html`<div class="details">${evidence && html`<button class="place" onClick=${onChoose} aria-label=${`Show ${name} on the page`}>
      <${Crop} id=${id} evidence=${evidence} /></button>`}
    ${(wrong.length > 0 || status || why) && html`<p class="facts">
      ${!label && status && html`<span class="badge doubt">${status}</span>`}
      ${wrong.length > 0 && html`<span class="badge failed" title=${wrong.map((check) => check.name).join("; ")}>does not fit the other values</span>`}
      ${why && html`<span class="quiet">${why}</span>`}</p>`}</div>`;
}

const stateOf = ({ label, isDoubtful }) => (label ? "done" : isDoubtful ? "doubt" : "sure");

export function Row(given) {
  const { id, field, label, leaf, failed, isDoubtful, isChosen, onChoose, onJudge } = given;
  const known = useValue(given);
  const name = humanName(field.path);
  const inputId = `value ${field.path}`;
  const rows = Math.min(MAX_ROWS, Math.ceil(showValue(field.value).length / LINE_CHARS));
  const isOpen = isChosen || (isDoubtful && !label);
  return html`<li class="field" data-path=${field.path} tabindex="-1" aria-current=${isChosen ? "true" : undefined}
      data-state=${stateOf(given)} onClick=${onChoose} aria-label=${name}>
    <div class="line">
      <label for=${inputId}>${name}</label>
      <${Value} known=${known} rows=${rows} leaf=${leaf} onChoose=${onChoose} id=${inputId} />
      <${State} field=${field} label=${label} isDoubtful=${isDoubtful} />
      <${Verdicts} name=${name} label=${label} onJudge=${onJudge} />
    </div>
    ${isOpen && html`<${Details} id=${id} name=${name} field=${field} label=${label} failed=${failed} onChoose=${onChoose} />`}
    ${known.error && html`<p class="error" role="alert">${known.error}</p>`}
  </li>`;
}

/** A field as a cell of a table; its details stand below its row. */
export function Cell(given) {
  const { name, field, leaf, isChosen, onChoose } = given;
  const known = useValue(given);
  return html`<td class="field" data-path=${field.path} tabindex="-1" aria-current=${isChosen ? "true" : undefined}
      data-state=${stateOf(given)} data-number=${String(typeof field.value === "number")} onClick=${onChoose}>
    <${Value} known=${known} leaf=${leaf} onChoose=${onChoose} aria-label=${name} />
    ${known.error && html`<p class="error" role="alert">${known.error}</p>`}
  </td>`;
}

export function CellDetails({ id, name, field, label, failed, isDoubtful, onChoose, onJudge }) {
  return html`<div class="line"><strong>${name}</strong><${State} field=${field} label=${label} isDoubtful=${isDoubtful} />
      <${Verdicts} name=${name} label=${label} onJudge=${onJudge} /></div>
    <${Details} id=${id} name=${name} field=${field} label=${label} failed=${failed} onChoose=${onChoose} />`;
}
