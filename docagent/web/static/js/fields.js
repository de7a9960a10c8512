// An extraction as a form: each value beside the picture of its place. What a person says of a
// field is saved as a label at once; the machine's value is kept.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { api } from "./api.js";
import { Confidence, Crop, Dialog, useKeys } from "./parts.js";
import { fail, humanName, may, say } from "./state.js";
import { leafOf, parseValue, showValue } from "./values.js";

const STATUS = {
  not_present: "not on the page", illegible: "illegible", ambiguous: "ambiguous",
  conflicting: "conflicting", ungrounded: "not proven", invalid: "not valid",
};
const DOUBTFUL_BELOW = 0.8;
export const KEYS = [
  ["j  k", "next and previous value"], ["Enter", "accept the value, go to the next"],
  ["e", "edit the value; Enter saves, Escape leaves it"], ["x", "the document has no such value"],
  ["[  ]", "previous and next page"], ["+  -  0", "zoom"], ["n", "next document of the review"], ["?", "this help"],
];

/** {reviewed, schema, save}: an extraction with its labels; save(field, verdict, value) writes one,
    and returns all of them, or null if it failed. */
export function useExtraction(resultId) {
  const [reviewed, setReviewed] = useState(null);
  const [schema, setSchema] = useState(null);
  const labels = useRef({});
  const load = async () => {
    const found = await api.extraction(resultId);
    setReviewed(found);
    labels.current = found.labels;
    return found;
  };
  useEffect(() => {
    setReviewed(null);
    setSchema(null);
    if (!resultId) return;
    load().then(({ extraction }) => api.schema(extraction.schema))
      .then((found) => setSchema(found.json_schema), (error) => error.status !== 404 && fail(error));
  }, [resultId]);
  const save = async (field, verdict, value) => {
    const revision = labels.current[field.path]?.revision ?? 0;
    try {
      const label = await api.label(resultId, field.path, { verdict, value }, revision);
      labels.current = { ...labels.current, [field.path]: label };
      setReviewed((now) => ({ ...now, labels: labels.current }));
      return labels.current;
    } catch (error) {
      if (error.status === 412) await load();
      fail(error);
      return null;
    }
  };
  return { reviewed: reviewed?.result_id === resultId ? reviewed : null, schema, save };
}

/** The places of fields, to be drawn on the pages. */
export function fieldMarks(reviewed) {
  if (!reviewed) return [];
  const mark = (field, key) => field.evidence.map((evidence) => ({
    key, page: evidence.page, polygons: evidence.polygons,
    kind: reviewed.labels[key] ? "done" : isDoubtful(field, reviewed.extraction) ? "doubt" : "field",
    label: `${humanName(field.path)}: ${evidence.quote}`,
  }));
  return [
    ...reviewed.extraction.fields.flatMap((field) => mark(field, field.path)),
    ...reviewed.extraction.others.flatMap((other, n) => other.fields.flatMap((field) => mark(field, otherKey(n, field)))),
  ];
}

const otherKey = (n, field) => `other ${n} ${field.path}`;
const certainty = (field) => (field.value === null && field.status === "not_present" ? field.absence : field.confidence);

function isDoubtful(field, extraction) {
  const failed = extraction.checks.some((check) => check.status === "failed" && check.paths.includes(field.path));
  return failed || (field.status !== "found" && field.status !== "not_present") || !(certainty(field) >= DOUBTFUL_BELOW);
}

/** onDone: called when the last field has its label. */
export function Fields({ reviewed, schema, save, chosen, onChoose, onDone }) {
  const [help, setHelp] = useState(false);
  const list = useRef(null);
  const fields = reviewed?.extraction.fields || [];
  const labels = reviewed?.labels || {};
  const focus = (path) => list.current?.querySelector(`[data-path="${CSS.escape(path)}"]`);
  const goTo = (path) => {
    onChoose(path);
    const row = focus(path);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };
  const saving = useRef(new Set());
  const judge = async (field, verdict, value) => {
    if (!may("review")) return say("This key may not review values.", "error");
    saving.current.add(field.path);
    const at = fields.indexOf(field);
    const isOpen = ({ path }) => !labels[path] && !saving.current.has(path);
    const next = [...fields.slice(at + 1), ...fields.slice(0, at)].find(isOpen);
    if (next) goTo(next.path);
    // Accepting a value without proof makes it the person's own.
    const isOwn = verdict === "accepted" && field.status === "ungrounded" && field.value !== null;
    const saved = await save(field, isOwn ? "edited" : verdict, isOwn ? field.value : value);
    saving.current.delete(field.path);
    const isWhole = (known) => fields.every(({ path }) => known[path]);
    if (!saved) goTo(field.path);
    else if (isWhole(saved) && !isWhole(labels)) onDone?.();
    return undefined;
  };
  useFieldKeys({ fields, chosen, goTo, focus, judge, setHelp });
  if (!reviewed) return null;

  const { extraction } = reviewed;
  const failed = extraction.checks.filter((check) => check.status === "failed");
  const done = fields.filter((field) => labels[field.path]).length;
  let group = "";
  return html`<div class="fields">
    <div class="summary">
      <strong>${humanName(extraction.schema)}</strong>
      <span role="status">${done} of ${fields.length} reviewed</span>
      <button class="plain" onClick=${() => setHelp(true)} aria-label="Keys">?</button>
    </div>
    ${failed.length > 0 && html`<div class="checks"><h2>Failed checks</h2><ul>${failed.map((check) => html`
      <li key=${check.name}><strong>${check.name}</strong>: ${check.message}</li>`)}</ul></div>`}
    <ol ref=${list}>${fields.map((field) => {
      const of = /^(.*\[\d+\])/.exec(field.path)?.[1] || "";
      const heading = of && of !== group ? html`<li class="group" key=${`group ${of}`}>${humanName(of)}</li>` : null;
      group = of;
      return [heading, html`<${Row} key=${field.path} id=${extraction.document_id} field=${field} label=${labels[field.path]}
        leaf=${leafOf(schema, field.path)} failed=${failed.filter((check) => check.paths.includes(field.path))}
        isDoubtful=${isDoubtful(field, extraction)} isChosen=${chosen === field.path} onChoose=${() => onChoose(field.path)}
        onJudge=${(verdict, value) => judge(field, verdict, value)} onLeave=${() => goTo(field.path)} />`];
    })}</ol>
    ${extraction.others.map((other, n) => html`<${Other} key=${n} other=${other} chosen=${chosen}
      onChoose=${(field) => onChoose(otherKey(n, field))} isChosen=${(field) => chosen === otherKey(n, field)} />`)}
    ${help && html`<${KeyHelp} onClose=${() => setHelp(false)} />`}
  </div>`;
}

export function KeyHelp({ onClose }) {
  return html`<${Dialog} title="Keys" onClose=${onClose}><dl class="keys">${KEYS.map(([key, what]) => html`
    <div key=${key}><dt>${key.split("  ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl><//>`;
}

function useFieldKeys({ fields, chosen, goTo, focus, judge, setHelp }) {
  useKeys((event) => {
    if (!fields.length) return undefined;
    if (event.key === "?") return setHelp(true);
    const at = fields.findIndex((field) => field.path === chosen);
    const step = { j: 1, k: -1 }[event.key];
    if (step) {
      event.preventDefault();
      return goTo(fields[Math.min(fields.length - 1, Math.max(0, at + step))].path);
    }
    if (at < 0) return undefined;
    const isOnControl = ["BUTTON", "A", "SUMMARY", "INPUT"].includes(event.target.tagName);
    if (event.key === "Enter" && !isOnControl) judge(fields[at], "accepted");
    else if (event.key === "x") judge(fields[at], "not_present");
    else if (event.key === "e") {
      event.preventDefault();
      focus(fields[at].path).querySelector("input").select();
    }
    return undefined;
  });
}

function Row({ id, field, label, leaf, failed, isDoubtful, isChosen, onChoose, onJudge, onLeave }) {
  const [error, setError] = useState("");
  const name = humanName(field.path);
  const shown = showValue(label?.verdict === "edited" ? label.value : label?.verdict === "not_present" ? null : field.value);
  const input = useRef(null);
  const isSaving = useRef(false);
  useEffect(() => { input.current.value = shown; setError(""); }, [shown]);
  const save = async () => {
    const text = input.current.value.trim();
    if (text === shown || isSaving.current) return;
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
    if (input.current.value.trim() === shown) onJudge("accepted");
    else save();
  };
  const evidence = field.evidence[0];
  const inputId = `value ${field.path}`;
  return html`<li class="field" data-path=${field.path} tabindex="-1" aria-current=${isChosen ? "true" : undefined}
      data-state=${label ? "done" : isDoubtful ? "doubt" : "sure"} onClick=${onChoose} aria-label=${name}>
    <label for=${inputId}>${name}</label>
    <div class="value">
      <input id=${inputId} ref=${input} defaultValue=${shown} onFocus=${onChoose} onBlur=${save} onKeyDown=${onKeyDown}
        readonly=${!may("review")} placeholder="none" autocomplete="off" aria-invalid=${error ? "true" : undefined}
        title=${leaf?.description} />
      <button aria-label=${`Accept ${name}`} title="Accept (Enter)" class="tick" aria-pressed=${String(label?.verdict === "accepted")}
        onClick=${(event) => { event.stopPropagation(); onJudge("accepted"); }}>✓</button>
      <button aria-label=${`${name} is not on the page`} title="Not on the page (x)" class="cross"
        aria-pressed=${String(label?.verdict === "not_present")}
        onClick=${(event) => { event.stopPropagation(); onJudge("not_present"); }}>×</button>
    </div>
    ${evidence && html`<button class="place" onClick=${onChoose} aria-label=${`Show ${name} on the page`}>
      <${Crop} id=${id} evidence=${evidence} /></button>`}
    <p class="facts">
      ${label ? html`<span class="badge done">${{ accepted: "accepted", edited: "edited", not_present: "not present" }[label.verdict]}${label.author && label.author !== "local" ? ` by ${label.author}` : ""}</span>`
        : html`<${Confidence} share=${certainty(field)} label=${field.status === "not_present" ? "absent" : "sure"} />
          ${STATUS[field.status] && html`<span class="badge">${STATUS[field.status]}</span>`}`}
      ${failed.map((check) => html`<span class="badge failed" key=${check.name} title=${check.message}>failed: ${check.name}</span>`)}
      ${!label && field.message && html`<span class="quiet">${field.message}</span>`}
    </p>
    ${error && html`<p class="error" role="alert">${error}</p>`}
  </li>`;
}

/** Another document of the same file: its values can be looked at. */
function Other({ other, isChosen, onChoose }) {
  const pages = other.part ? `pages ${other.part.first_page} to ${other.part.last_page}` : "";
  return html`<h2>Another document in this file: ${humanName(other.schema)} ${pages}</h2>
    <ul class="other">${other.fields.filter((field) => field.value !== null).map((field) => html`<li key=${field.path}>
      <button class="plain" aria-pressed=${String(isChosen(field))} onClick=${() => onChoose(field)}>
        <span>${humanName(field.path)}</span> <strong>${showValue(field.value)}</strong></button></li>`)}</ul>`;
}
