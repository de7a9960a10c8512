// An extraction as a form: each value beside the picture of its place. What a person says of a
// field is saved as a label at once; the machine's value is kept.
import { html, useRef, useState } from "../vendor/preact.js";
import { inOrder, isDoubtful, isShown, layOut, otherKey } from "./extraction.js";
import { Cell, CellDetails, Row } from "./field_row.js";
import { Dialog, useKeys } from "./parts.js";
import { humanName, humanText, may, say } from "./state.js";
import { leafOf, showValue } from "./values.js";

export const KEYS = [
  ["j  k", "next and previous value"], ["Enter", "accept the value, go to the next"],
  ["e", "edit the value; Enter saves, Escape leaves it"], ["x", "the document has no such value"],
  ["[  ]", "previous and next page"], ["+  -  0", "zoom"], ["n", "next document of the review"], ["?", "this help"],
];
/** Stands for all fields that were not found; no path has a space. */
const ABSENT = "not found";

/** onDone: called when the last field has its label. */
export function Fields({ reviewed, schema, save, chosen, onChoose, onDone }) {
  const [help, setHelp] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const list = useRef(null);
  const saving = useRef(new Set());
  const fields = reviewed?.extraction.fields || [];
  const labels = reviewed?.labels || {};
  const blocks = layOut(fields.filter((field) => isShown(field, labels[field.path])));
  const shown = inOrder(blocks);
  const absent = fields.filter((field) => !isShown(field, labels[field.path]));
  const order = [...shown.map((field) => field.path), ...(absent.length ? [ABSENT] : []),
    ...(isOpen ? absent.map((field) => field.path) : [])];
  const rowOf = (path) => list.current?.querySelector(`[data-path="${CSS.escape(path)}"]`);
  const goTo = (path) => {
    onChoose(path);
    const row = rowOf(path);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };
  const isLeft = ({ path }) => !labels[path] && !saving.current.has(path);
  const isLeftAt = (path) => (path === ABSENT ? absent.some(isLeft) : !labels[path] && !saving.current.has(path));

  /** Writes the same verdict for some fields, and goes on to what has none yet. */
  const judge = async (some, from, verdict, value) => {
    if (!may("review")) return say("This key may not review values.", "error");
    for (const { path } of some) saving.current.add(path);
    const at = order.indexOf(from);
    const next = [...order.slice(at + 1), ...order.slice(0, at)].find(isLeftAt);
    if (next) goTo(next);
    const isWhole = (known) => fields.every(({ path }) => known[path]);
    let saved = labels;
    for (const field of some) {
      // Accepting a value without proof makes it the person's own.
      const isOwn = verdict === "accepted" && field.status === "ungrounded" && field.value !== null;
      saved = saved && await save(field, isOwn ? "edited" : verdict, isOwn ? field.value : value);
      saving.current.delete(field.path);
    }
    if (!saved) goTo(from);
    else if (isWhole(saved) && !isWhole(labels)) onDone?.();
    return undefined;
  };
  const judgeAt = (path, verdict, value) => judge(
    path === ABSENT ? absent.filter(isLeft) : fields.filter((field) => field.path === path), path, verdict, value,
  );
  useFieldKeys({ order, chosen, goTo, rowOf, judgeAt, setHelp, setOpen });
  if (!reviewed) return null;

  const { extraction } = reviewed;
  const failed = extraction.checks.filter((check) => check.status === "failed");
  const doubtful = shown.filter((field) => !labels[field.path] && isDoubtful(field, extraction));
  const propsOf = (field) => ({
    id: extraction.document_id, field, label: labels[field.path], leaf: leafOf(schema, field.path),
    failed: failed.filter((check) => check.paths.includes(field.path)), isDoubtful: isDoubtful(field, extraction),
    isChosen: chosen === field.path, onChoose: () => onChoose(field.path), onLeave: () => goTo(field.path),
    onJudge: (verdict, value) => judge([field], field.path, verdict, value),
  });
  return html`<div class="fields">
    <div class="summary">
      <h2>${humanName(extraction.schema)}</h2>
      <span class="quiet" role="status">${shown.filter((field) => labels[field.path]).length} of ${shown.length} checked</span>
      ${doubtful.length > 0 && html`<button class="badge doubt" onClick=${() => goTo(nextOf(doubtful, order, chosen))}>${doubtful.length} to look at</button>`}
      <button class="plain" onClick=${() => setHelp(true)} aria-label="Keys" title="Keys">?</button>
    </div>
    ${failed.length > 0 && html`<${Checks} failed=${failed} />`}
    ${!shown.length && html`<p class="empty">None of the values of this kind of document was found.</p>`}
    <ol ref=${list}>${blocks.map((block) => (block.field
      ? html`<${Row} key=${block.field.path} ...${propsOf(block.field)} />`
      : html`<${Table} key=${block.table} ...${block} propsOf=${propsOf} onAccept=${(some) => judge(some, some.at(-1).path, "accepted")} />`))}
      ${absent.length > 0 && html`<${Absent} key=${ABSENT} absent=${absent} labels=${labels} isOpen=${isOpen} setOpen=${setOpen}
        isChosen=${chosen === ABSENT} onChoose=${() => onChoose(ABSENT)} onAccept=${() => judgeAt(ABSENT, "accepted")} />`}
      ${isOpen && absent.map((field) => html`<${Row} key=${field.path} ...${propsOf(field)} />`)}
    </ol>
    <p class="legend quiet">How sure docagent is: <span class="confidence high">95 % and more</span>
      <span class="confidence middle">80 to 94 %</span> <span class="confidence low">below 80 %: please look</span></p>
    ${extraction.others.map((other, n) => html`<${Other} key=${n} other=${other} chosen=${chosen}
      onChoose=${(field) => onChoose(otherKey(n, field))} isChosen=${(field) => chosen === otherKey(n, field)} />`)}
    ${help && html`<${KeyHelp} onClose=${() => setHelp(false)} />`}
  </div>`;
}

/** The path of the field after the chosen one, from the start again behind the last. */
function nextOf(some, order, chosen) {
  const at = order.indexOf(chosen);
  return (some.find(({ path }) => order.indexOf(path) > at) || some[0]).path;
}

function Checks({ failed }) {
  return html`<div class="checks"><h3>${failed.length === 1 ? "A check failed" : `${failed.length} checks failed`}</h3>
    <ul>${failed.map((check) => html`<li key=${check.name}>${check.kind === "readable"
      ? "Some words could not be read: " : html`Not true that <strong>${check.name}</strong>: `}${humanText(check.message)}</li>`)}</ul></div>`;
}

function Table({ table, columns, rows, propsOf, onAccept }) {
  const title = humanName(table);
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const left = cells.map(propsOf).filter(({ label }) => !label);
  const width = (column) => Math.max(humanName(column).length, ...rows.map((row) => showValue(row.cells[column]?.value).length));
  const isNumber = (column) => rows.every((row) => !row.cells[column] || typeof row.cells[column].value === "number");
  const nameOf = (column, row) => `${humanName(column)}, row ${row.number + 1} of ${title.toLowerCase()}`;
  return html`<li class="list"><div class="summary"><h3>${title}</h3>
      <span class="quiet">${rows.length} ${rows.length === 1 ? "row" : "rows"}</span>
      ${may("review") && left.length > 0 && html`<button class="plain" onClick=${() => onAccept(left.map(({ field }) => field))}>Accept all</button>`}</div>
    <div class="scroll"><table><thead><tr>${columns.map((column) => html`<th key=${column} scope="col" data-number=${String(isNumber(column))}
        style=${{ minWidth: `calc(${Math.min(16, width(column))}ch + 24px)` }}>${humanName(column)}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => {
        const open = columns.map((column) => row.cells[column]).filter(Boolean).map(propsOf).find((props) => props.isChosen);
        const column = open && columns.find((one) => row.cells[one] === open.field);
        return html`<tr key=${row.number}>${columns.map((one) => (row.cells[one]
            ? html`<${Cell} key=${one} ...${propsOf(row.cells[one])} name=${nameOf(one, row)} />`
            : html`<td key=${one} class="quiet">–</td>`))}</tr>
          ${open && html`<tr key=${`${row.number} open`} class="open"><td colspan=${columns.length}>
            <${CellDetails} ...${open} name=${nameOf(column, row)} /></td></tr>`}`;
      })}</tbody></table></div></li>`;
}

/** All fields that were not found, to be confirmed at once. */
function Absent({ absent, labels, isOpen, setOpen, isChosen, onChoose, onAccept }) {
  const left = absent.filter((field) => !labels[field.path]);
  const names = [...new Set(absent.map((field) => humanName(field.path)))];
  return html`<li class="absent" data-path=${ABSENT} tabindex="-1" aria-current=${isChosen ? "true" : undefined}
      data-state=${left.length ? "sure" : "done"} onClick=${onChoose} aria-label="Not found">
    <div class="line"><span class="label">Not found</span><span class="names">${names.join(", ")}</span>
      <button class="plain" aria-expanded=${String(isOpen)} onClick=${() => setOpen(!isOpen)}>${isOpen ? "Hide" : "Show"}</button>
      ${!left.length ? html`<span class="badge done">confirmed</span>` : may("review") && html`<span class="verdicts">
        <button class="tick" aria-label="The document has none of these" title="The document has none of these (Enter)"
          onClick=${(event) => { event.stopPropagation(); onAccept(); }}>✓</button></span>`}
    </div></li>`;
}

export function KeyHelp({ onClose }) {
  return html`<${Dialog} title="Keys" onClose=${onClose}><dl class="keys">${KEYS.map(([key, what]) => html`
    <div key=${key}><dt>${key.split("  ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl><//>`;
}

function useFieldKeys({ order, chosen, goTo, rowOf, judgeAt, setHelp, setOpen }) {
  useKeys((event) => {
    if (!order.length) return undefined;
    if (event.key === "?") return setHelp(true);
    const at = order.indexOf(chosen);
    const step = { j: 1, k: -1 }[event.key];
    if (step) {
      event.preventDefault();
      return goTo(order[Math.min(order.length - 1, Math.max(0, at + step))]);
    }
    if (at < 0) return undefined;
    const isOnControl = ["BUTTON", "A", "SUMMARY", "INPUT"].includes(event.target.tagName);
    if (event.key === "Enter" && !isOnControl) judgeAt(chosen, "accepted");
    else if (event.key === "x" && chosen !== ABSENT) judgeAt(chosen, "not_present");
    else if (event.key === "e") {
      event.preventDefault();
      if (chosen === ABSENT) setOpen(true);
      else rowOf(chosen).querySelector("input, textarea").select();
    }
    return undefined;
  });
}

/** Another document of the same file: its values can be looked at. */
function Other({ other, isChosen, onChoose }) {
  const pages = other.part ? `pages ${other.part.first_page} to ${other.part.last_page}` : "";
  return html`<h2>Another document in this file: ${humanName(other.schema)} ${pages}</h2>
    <ul class="other">${other.fields.filter((field) => field.value !== null).map((field) => html`<li key=${field.path}>
      <button class="plain" aria-pressed=${String(isChosen(field))} onClick=${() => onChoose(field)}>
        <span>${humanName(field.path)}</span> <strong>${showValue(field.value)}</strong></button></li>`)}</ul>`;
}
