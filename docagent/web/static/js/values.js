// Values of fields as text and back, by their JSON Schema.

/** raw: the text as printed; a number is shown with as many decimals. */
export function showValue(value, raw = "") {
  if (value === null || value === undefined) return "";
  const decimals = typeof value === "number" && /[.,](\d{1,4})\D*$/.exec(raw || "")?.[1].length;
  if (decimals && Number(value.toFixed(decimals)) === value) return value.toFixed(decimals);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The part of a schema that describes a path such as line_items[0].amount; null if unknown. */
export function leafOf(schema, path) {
  let found = schema;
  for (const part of path.match(/[^.[\]]+/g) || []) {
    found = resolve(schema, found);
    if (!found) return null;
    found = /^\d+$/.test(part) && found.items ? found.items : found.properties?.[part];
  }
  return resolve(schema, found) || null;
}

function resolve(schema, part) {
  if (!part) return null;
  const reference = part.$ref?.startsWith("#/") && part.$ref.slice(2).split("/");
  if (reference) return resolve(schema, reference.reduce((at, name) => at?.[name], schema));
  const choice = (part.anyOf || part.oneOf)?.find((one) => one.type !== "null");
  return choice ? resolve(schema, choice) : part;
}

/** {value} or {error} of a text that was typed for a leaf. `before`: the value as it was. */
export function parseValue(text, leaf, before) {
  if (!text) return { value: null };
  const types = [leaf?.type || (typeof before === "number" ? "number" : "string")].flat();
  if (types.includes("number") || types.includes("integer")) {
    const value = parseNumber(text);
    if (value === null) return { error: `“${text}” is not a number` };
    if (!types.includes("number") && !Number.isInteger(value)) return { error: `“${text}” is not a whole number` };
    return { value };
  }
  if (types.includes("boolean")) {
    if (/^(true|yes)$/i.test(text)) return { value: true };
    if (/^(false|no)$/i.test(text)) return { value: false };
    return { error: "give yes or no" };
  }
  if (leaf?.enum && !leaf.enum.includes(text)) return { error: `give one of ${leaf.enum.filter((one) => one !== null).join(", ")}` };
  if (leaf?.format === "date" && !isDate(text)) return { error: `“${text}” is not a date; write it as 2026-01-31` };
  return { value: text };
}

function isDate(text) {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** 1,234.50 and 1.234,50 and 12,5 as numbers; of both marks the last one is the decimal mark. */
function parseNumber(text) {
  let plain = text.replace(/[\s'’]/g, "");
  const comma = plain.lastIndexOf(",");
  const dot = plain.lastIndexOf(".");
  const isGroup = dot < 0 && /^-?[1-9]\d{0,2}(,\d{3})+$/.test(plain);
  if (isGroup || (dot >= 0 && comma < dot)) plain = plain.replaceAll(",", "");
  else if (comma >= 0) plain = plain.replaceAll(".", "").replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null;
}
