// An extraction with its labels: loading and saving it, what of it is in doubt, and where it is.
import { useEffect, useRef, useState } from "../vendor/preact.js";
import { api } from "./api.js";
import { fail, humanName, toBox } from "./state.js";

const DOUBTFUL_BELOW = 0.8;

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

export const otherKey = (n, field) => `other ${n} ${field.path}`;

/** Whether there is something to look at: a value, or a place that could not be read. */
export const isShown = (field, label) =>
  field.value !== null || !["found", "not_present"].includes(field.status) || label?.verdict === "edited";

/** Whether a person should look at a field that is shown. */
export function isDoubtful(field, extraction) {
  if (!isShown(field)) return false;
  const failed = extraction.checks.some((check) => check.status === "failed" && check.paths.includes(field.path));
  return failed || field.status !== "found" || !(field.confidence >= DOUBTFUL_BELOW);
}

const CELL = /^(.*)\[(\d+)\]\.([^.[\]]+)$/;

/** Fields in their order, the rows of a list together, its columns as on the page: {field}, or {table, columns, rows}, where a
    row is {number, cells} with a field, or nothing, for each column. */
export function layOut(fields) {
  const blocks = [];
  const tables = new Map();
  for (const field of fields) {
    const [, table, number, column] = CELL.exec(field.path) || [];
    if (!table) {
      blocks.push({ field });
      continue;
    }
    if (!tables.has(table)) {
      tables.set(table, { table, columns: [], rows: [] });
      blocks.push(tables.get(table));
    }
    const block = tables.get(table);
    if (!block.columns.includes(column)) block.columns.push(column);
    let row = block.rows.find((one) => one.number === Number(number));
    if (!row) block.rows.push(row = { number: Number(number), cells: {} });
    row.cells[column] = field;
  }
  for (const block of tables.values()) block.columns.sort((a, b) => leftOf(block, a) - leftOf(block, b));
  return blocks;
}

/** Where a column stands on the page, 0 to 1, by the cell that is furthest left; 1 if it is nowhere. */
function leftOf({ rows }, column) {
  const polygons = rows.flatMap((row) => row.cells[column]?.evidence.flatMap((evidence) => evidence.polygons) || []);
  return Math.min(1, ...polygons.map((polygon) => toBox(polygon)[0]));
}

/** The fields of blocks in the order in which they stand on the screen. */
export const inOrder = (blocks) => blocks.flatMap((block) => (block.field
  ? [block.field]
  : block.rows.flatMap((row) => block.columns.map((column) => row.cells[column]).filter(Boolean))));
